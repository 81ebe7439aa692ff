/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A rollout that happened, judged: clocks put right, the rollback clock of each episode rebuilt with its uncertainty, the
 * runbook held against it, questions "what if", and what the model should learn. docs/retro.md.
 */
#ifndef VERIFY_RETRO_H
#define VERIFY_RETRO_H

#include <stdatomic.h>

#include "verify/backtest.h"
#include "verify/retro_change.h"
#include "verify/retro_evidence.h"
#include "verify/stats.h"

/* ---- clocks -------------------------------------------------------------------------------------------------------- */

enum retro_clock_how {
    RS_CLOCK_IS_REFERENCE,
    RS_CLOCK_GIVEN,
    RS_CLOCK_ESTIMATED,
    RS_CLOCK_ASSUMED
};
/* Offset of a source: its clock minus the reference's, lo <= offset <= hi. */
struct retro_offset {
    enum retro_clock_how how;
    int64_t lo_ns, best_ns, hi_ns;
    int n_pair, n_agree; /* pairs of marks that bear on it; those that the offset satisfies */
    const char *why;     /* one line: what it rests on */
};

/* ---- what the rules and the runbook's conditions say over the recorded series ---------------------------------------- */

enum retro_asks { RS_ASKS_GATE, RS_ASKS_TRIGGER, RS_ASKS_RECOVERED };
/* One condition of the runbook, evaluated at every evaluation interval over the whole recording. */
struct retro_asked {
    enum retro_asks what;
    int stage, gate, procedure; /* by `what`; -1 */
    const char *text;
    int answer;  /* of seen.run->answer */
    bool scalar; /* true by its value; a vector is true by having anything in it */
    bool blind;  /* a metric that it asks for is in no series: it says nothing */
};
struct retro_seen {
    struct recorded *data; /* the evidence's series, all on the clock of reference */
    bool owns_data;        /* data is a copy of the evidence's own */
    struct backtest *
        run; /* rule files of the evidence and all conditions; NULL = no series, or no rules and no conditions */
    int n_asked;
    struct retro_asked *asked;
};

/* ---- the clock of a rollback ----------------------------------------------------------------------------------------- */

enum retro_how {
    RS_HOW_UNKNOWN,  /* nothing bears on it */
    RS_HOW_RECORDED, /* somebody or something noted it */
    RS_HOW_COMPUTED, /* the rules over the recorded series say so */
    RS_HOW_INFERRED, /* a change point of a series */
    RS_HOW_BOUNDED   /* only by what came before and after */
};
const char *rs_retro_how_name(enum retro_how h); /* "unknown", "recorded", ... */

/* An instant on the clock of reference. lo <= best <= hi; lo = INT64_MIN, hi = RS_NEVER: open on that side. */
struct retro_instant {
    enum retro_how how;
    bool never; /* known not to have happened by the end of the evidence */
    int64_t lo_ns, best_ns, hi_ns;
    double
        confidence; /* that it lies within: 1 for what follows from the marks, else that of the change point */
    int source, mark; /* that it rests on, or -1 */
    /* Of a mark: the same with the offset of its source taken as exactly known. Between two marks of one source that offset
     * does not matter (rs_retro_leg). lo = INT64_MIN, hi = RS_NEVER: no mark. */
    int64_t own_lo_ns, own_hi_ns;
    const char *why; /* "timeline.yaml:12, as written to the second; clock 3.2 s ahead" */
};

/* The instants of an episode: those of the clock, and the change that began it. */
enum { RS_RETRO_CHANGED = RS_CLOCK_N, RS_RETRO_INSTANT_N };
const char *rs_retro_instant_name(int i); /* rs_clock_name, or "changed" */

enum retro_sla { RS_SLA_NONE, RS_SLA_KEPT, RS_SLA_BROKEN, RS_SLA_UNDECIDABLE };
const char *rs_retro_sla_name(enum retro_sla s); /* "none", "kept", "broken", "undecidable" */

struct retro_episode {
    const char *name;     /* as marked, else "portal-outage", "portal-outage 2", else "episode 1" */
    int procedure, stage; /* or -1 */
    int service;          /* whose signal shows it, or -1 */
    const char *alert;    /* that detected it, or NULL */
    const char *
        detector; /* what detected it where that was no alert: a look, a check, a gate in its words; or NULL */
    bool had_rollback; /* a rollback was commanded */
    struct retro_instant at[RS_RETRO_INSTANT_N];
    int64_t sla_ns; /* RS_NEVER = none */
    enum retro_sla sla;
    const char *sla_why;      /* one line, for all but NONE */
    int signal;               /* that shows the fault best, or -1 */
    struct retro_change up;   /* in it: the fault begins to show; found = false: not seen */
    struct retro_change down; /* and is gone */
};
/* Shortest, likeliest, longest time from one instant to another, as far as it is known. false: nothing is known. */
bool rs_retro_leg(const struct retro_episode *e,
                  int from,
                  int to,
                  int64_t *lo_ns,
                  int64_t *best_ns,
                  int64_t *hi_ns);

/* A flag was set, as far as the evidence tells. */
struct retro_flag_step {
    int flag;
    bool on;
    double percent;
    struct retro_instant at;
};

/* Two things that cannot both be true as they are written. */
struct retro_contradiction {
    const char *text;   /* one sentence with both times */
    int mark_a, mark_b; /* or -1 */
    int episode;        /* or -1 */
};

struct retro_rebuilt {
    struct retro_offset *offset; /* [n_source] */
    struct retro_instant *stage; /* [n_stage of the scenario] entered */
    struct retro_instant finished;
    int n_flag_step;
    struct retro_flag_step *flag_step; /* by best_ns */
    int n_signal;
    struct retro_signal *signal;
    int n_change;                /* all changes of all signals */
    struct retro_change *change; /* by best_ns */
    int n_episode;
    struct retro_episode *episode; /* by detection, else by the first known instant */
    int n_contradiction;
    struct retro_contradiction *contradiction;
};

/* ---- conformance ----------------------------------------------------------------------------------------------------- */

enum retro_rule { /* what of the runbook is held against the timeline; the code is "RR" and the number + 101 */
                  RS_CONFORM_CHECKLIST, /* an item not checked off before the first stage */
                  RS_CONFORM_ORDER,     /* stages out of order, skipped, entered twice */
                  RS_CONFORM_NOT_BEFORE,
                  RS_CONFORM_ACTION, /* an entry or closing action missing, late, or out of order */
                  RS_CONFORM_CHECK,  /* a smoke test missing, or failed and passed over */
                  RS_CONFORM_WATCH,  /* a watch window cut short */
                  RS_CONFORM_GATE,   /* gone on against a gate */
                  RS_CONFORM_RAMP,   /* steps skipped or cut short */
                  RS_CONFORM_MISSED, /* a trigger was true and no rollback came */
                  RS_CONFORM_LATE,   /* a rollback long after its trigger was true */
                  RS_CONFORM_UNCALLED,  /* a rollback that no trigger called for */
                  RS_CONFORM_PROCEDURE, /* an action of the rollback missing, or out of order */
                  RS_CONFORM_SLA,
                  RS_CONFORM_ESCALATION,
                  RS_CONFORM_COMMUNICATION,
                  RS_CONFORM_DOCUMENT,
                  RS_CONFORM_POST_ROLLOUT,
                  RS_CONFORM_FLAG, /* a flag set that the runbook does not name there */
                  RS_CONFORM_N
};
enum retro_verdict {
    RS_RETRO_CONFORMS,
    RS_RETRO_DEVIATES,
    RS_RETRO_UNDECIDABLE, /* within the uncertainty, or nothing was noted: `text` says which */
};
struct retro_finding {
    enum retro_rule rule;
    enum retro_verdict verdict;
    const char *ref, *says; /* of the runbook's element; NULL */
    struct mark at;         /* in the scenario */
    struct retro_instant when;
    int stage, procedure, episode; /* or -1 */
    const char *text;              /* one sentence: what was asked, what was seen */
    const char *mend;              /* what to change in the runbook, or NULL */
};
const char *rs_retro_rule_name(enum retro_rule r); /* "checklist", "order", ... */

struct retro_conformance {
    int n_finding;
    struct retro_finding *finding; /* in the order of the runbook; conforming ones included */
    int n_by_verdict[3];
};

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

struct retro_counterfactual; /* verify/retro_counter.h */
struct retro_learnt;         /* verify/retro_learn.h */

struct retro { /* heap: run / free; all in the arena or owned by its parts */
    struct arena *arena;
    const struct retro_evidence *evidence;
    struct retro_seen seen;
    struct retro_rebuilt rebuilt;
    struct retro_conformance conformance; /* without a scenario: empty */
    int n_counterfactual;
    struct retro_counterfactual *counterfactual;
    struct retro_learnt *learnt; /* NULL: not asked for */
};

struct retro_options {
    const atomic_bool *cancel; /* may be NULL */
    bool learn;                /* fit, and check by simulation */
    uint64_t seed, replicas;   /* of the predictive check and of bands; 0 = 7, 200 */
    int n_jobs;
};

/* 0 with *out; 1: cancelled; -1 with errors. */
int rs_retro_run(struct retro **out,
                 const struct retro_evidence *e,
                 const struct retro_options *opt,
                 struct err_list *errors);
void rs_retro_free(struct retro *r); /* NULL ok */

/* ---- the parts, in the order in which they are run; each fills its piece of r and reads those before it --------------- */

/* All return 0 or -1. The offsets of sources of series, by what was counted in both: rebuilt.offset, the others still 0. */
int rs_retro_align_series(struct retro *r, struct err_list *errors);
int rs_retro_see(struct retro *r, struct err_list *errors);
void rs_retro_seen_clear(struct retro_seen *s);
/* Is condition i of seen true at the last evaluation up to then? -1: not evaluated there, or blind. */
int rs_retro_true(const struct retro *r, int asked, int64_t at_ns);
/* First and last evaluation in [from, until] at which it is true; RS_NEVER = at none. On the clock of reference. */
int64_t rs_retro_first_true(const struct retro *r, int asked, int64_t from_ns, int64_t until_ns);
int64_t rs_retro_last_true(const struct retro *r, int asked, int64_t from_ns, int64_t until_ns);
/* The condition of a gate, a trigger, or a recovery: index in seen.asked, or -1. */
int rs_retro_asked(const struct retro *r, enum retro_asks what, int stage_or_procedure, int gate);

int rs_retro_rebuild(struct retro *r, struct err_list *errors);
int rs_retro_conform(struct retro *r, struct err_list *errors);
int rs_retro_what_if(struct retro *r, const struct retro_options *opt, struct err_list *errors);
int rs_retro_learn(struct retro *r, const struct retro_options *opt, struct err_list *errors);

/* A mark's instant on the clock of reference: written, less the offset, widened by accuracy and by the offset's own interval. */
void rs_retro_mark_instant(const struct retro *r, int mark, int64_t *lo_ns, int64_t *hi_ns);

#endif
