/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The timeline held against the runbook. Three parts: what of the runbook was due (each action of a stage that was reached, each
 * action of a procedure that was carried out, each message and document), which mark or flag setting shows it, and what
 * follows. A thing that nobody noted is not a thing that was not done: it deviates only where the log is so complete
 * otherwise that a forgotten note is unlikely (rs_conform_missing).
 */
#ifndef RETRO_CONFORM_H
#define RETRO_CONFORM_H

#include "sim/clock.h"
#include "verify/retro.h"

/* Where a thing that was due stands in the runbook. */
enum conform_list { RS_LIST_ENTRY, RS_LIST_RAMP, RS_LIST_CLOSING, RS_LIST_PROCEDURE, RS_LIST_SIDE };

/* One thing that was due, and what shows that it was done. */
struct conform_step {
    enum conform_list list;
    const struct action *action;
    const char *words;       /* what the action is called */
    const char *things[2];   /* names of what it acts on, either may be NULL */
    int index;               /* in its list */
    int stage;               /* of ENTRY, RAMP, CLOSING and steps for each stage; else -1 */
    int episode;             /* of PROCEDURE and steps for each rollback; else -1 */
    int side;                /* side step, or -1 */
    int64_t lo_ns, hi_ns;    /* when it was due; RS_NEVER = up to the end */
    bool due;                /* it must have been done by what is known of the rollout */
    int mark, flag_step;     /* that show it, or -1 */
    int failed;              /* CHECK: the first mark that says it failed, or -1 */
    bool elsewhere;          /* done, but not when it was due */
    struct retro_instant at; /* of that; how UNKNOWN without */
};

enum conform_left {
    RS_LEFT_NOT,     /* the evidence ends in it */
    RS_LEFT_FORWARD, /* the next stage, or the end of the rollout */
    RS_LEFT_BACK,    /* rolled back */
    RS_LEFT_STOPPED  /* held or halted, and nothing after that */
};
struct conform_stage {
    bool noted;                   /* that it was entered is known by itself */
    bool reached;                 /* noted, or something shows it */
    struct retro_instant in, out; /* out: of NOT the end of the evidence */
    enum conform_left left;
    int next;    /* FORWARD: the stage that was entered then, or -1 for the end of the rollout */
    int episode; /* BACK */
    int from[3], n_step[3]; /* steps of ENTRY, RAMP and CLOSING, in conform.step */
};

struct conform_look {
    int64_t at_ns;
    int mark;
};

struct conform {
    struct retro *r;
    const struct scenario *sc;
    const struct response *plan;
    const struct retro_evidence *e;
    bool dated;                  /* instants are Unix times: people's hours can be told */
    int64_t begin_ns, end_ns;    /* of the evidence */
    struct conform_stage *stage; /* [n_stage of the plan] */
    int n_step, cap_step;
    struct conform_step *step;
    bool *mark_used, *flag_used;
    int64_t n_evaluation; /* of seen.run; 0 = there is none */
    bool *sampled;        /* [n_evaluation] was anything recorded since the evaluation before? */
    bool kind_noted[RS_ACT_WAIT + 1]; /* by enum action_kind: is any of its kind noted at all? */
    int n_due, n_found;               /* of those kinds, and of stages; set by rs_conform_count */
    int n_look;
    struct conform_look *look; /* [n_look] all that were noted, by time */
    int cap_finding;
};

/* ---- instants and spans (conform_words.c) ------------------------------------------------------------------------------ */

struct conform_span { /* shortest and longest; hi = RS_NEVER: no end is known */
    int64_t lo_ns, hi_ns;
};
/* Is it known that it happened, and not only from what came before and after? */
bool rs_conform_known(const struct retro_instant *i);
/* a + b, clamped. */
int64_t rs_conform_add_ns(int64_t a_ns, int64_t b_ns);
/* From a to b. Marks of one source share their clock: its offset does not widen what lies between them. */
struct conform_span rs_conform_gap(const struct conform *c,
                                   const struct retro_instant *a,
                                   const struct retro_instant *b);
/* The same from b to a. */
struct conform_span rs_conform_reverse(struct conform_span gap);
struct retro_instant rs_conform_mark(const struct conform *c, int mark);
struct retro_instant rs_conform_at(int64_t at_ns, int64_t within_ns);
/* "stage reads", and "stage-1" where the name says so itself. In the arena. */
const char *rs_conform_stage_name(const struct conform *c, int stage);
/* "2025-09-29T09:40:07Z", with "± 30s" where it is wider than a second. In the arena. */
const char *rs_conform_when(const struct conform *c, const struct retro_instant *i);
/* "29m 40s", or "29m 40s to 30m 10s". In the arena. */
const char *rs_conform_long(const struct conform *c, struct conform_span s);
const char *rs_conform_duration(const struct conform *c, int64_t ns);
/* What the action is called: its title, else what it does ("purge cloudflare-cache"). In the arena. */
const char *rs_conform_action(const struct conform *c, const struct action *a);
/* " of stage reads", " of portal-outage", or "". In the arena. */
const char *rs_conform_occasion(const struct conform *c, const struct conform_step *s);
/* 0..100: how well somebody's words mean the thing that is called `words`. NULL means nothing. */
int rs_conform_meant(const char *subject, const char *words);

/* ---- findings (conform.c) ---------------------------------------------------------------------------------------------- */

/* What a finding is about. */
struct conform_about {
    enum retro_rule rule;
    const char *ref, *says;
    struct mark at;
    int stage, procedure, episode;    /* -1 = none */
    const struct retro_instant *when; /* NULL = none */
};
struct conform_about rs_conform_of_stage(const struct conform *c, enum retro_rule rule, int stage);
struct conform_about
rs_conform_of_procedure(const struct conform *c, enum retro_rule rule, int procedure, int episode);
struct conform_about rs_conform_of_step(const struct conform *c, const struct conform_step *s);
/* Adds the finding; `fmt` is its sentence. `mend` is borrowed: arena or literal. */
void rs_conform_say(struct conform *c,
                    struct conform_about about,
                    enum retro_verdict verdict,
                    const char *mend,
                    const char *fmt,
                    ...) __attribute__((format(printf, 5, 6)));

/* ---- what was due and what shows it (conform_due.c, conform_match.c) ------------------------------------------------------ */

void rs_conform_stages(struct conform *c);
void rs_conform_due(struct conform *c);
void rs_conform_match(struct conform *c);
/* Steps that follow from others that were found: what stands before a thing that was done was due. */
void rs_conform_due_by_later(struct conform *c);

/* How complete the log is. */
void rs_conform_count(struct conform *c);
/* A thing that was due and that nobody noted: how likely is it that only the note was forgotten? */
struct conform_missing {
    bool deviates;   /* it was not done */
    const char *why; /* "36 of the 36 other things that were due are noted" */
};
/* about: a step of c->step, or NULL for the entry of a stage. */
struct conform_missing rs_conform_missing(const struct conform *c,
                                          const struct conform_step *about);
/* The sentence for it, and the finding. */
void rs_conform_say_missing(struct conform *c, const struct conform_step *s);

/* ---- the rules, each of which adds its findings ----------------------------------------------------------------------- */

void rs_conform_checklist(struct conform *c);              /* conform_stage.c */
void rs_conform_stage_order(struct conform *c, int stage); /* conform_stage.c */
void rs_conform_actions(struct conform *c,
                        int stage,
                        enum conform_list list);           /* conform_action.c */
void rs_conform_procedure(struct conform *c, int episode); /* conform_action.c */
void rs_conform_watch(struct conform *c,
                      int stage); /* conform_watch.c: the watch, and the ramp's */
void rs_conform_gates(struct conform *c, int stage);        /* conform_gate.c */
void rs_conform_triggers(struct conform *c, int procedure); /* conform_trigger.c: missed, late */
void rs_conform_rollback(struct conform *c,
                         int episode); /* conform_rollback.c: uncalled, SLA, escalation */
void rs_conform_sides(struct conform *c, enum retro_rule rule); /* conform_side.c */
void rs_conform_flags(struct conform *c);                       /* conform_side.c */

/* ---- watches and readings (conform_watch.c, conform_read.c) --------------------------------------------------------------- */

/* A watch of a stage: after the entry actions, and after each step of its ramp. */
struct conform_watch {
    int ramp; /* step, or -1 */
    bool begun;
    bool exact_from, exact_to; /* else it may have begun later, or ended earlier */
    bool
        gone_on; /* ended by the runbook's next step, not by a rollback, a hold or the end of the evidence */
    struct retro_instant from, to; /* to: what ended it */
    int64_t asked_ns;
};
enum { RS_CONFORM_WATCHES = 64 };
/* All that were begun, at most RS_CONFORM_WATCHES. Returns how many. */
int rs_conform_watches(const struct conform *c, int stage, struct conform_watch *out);

enum conform_reading {
    RS_READ_BLIND,  /* the recording cannot say */
    RS_READ_NO,     /* at no look can it have been true */
    RS_READ_UNSURE, /* at some, depending on when exactly it was looked */
    RS_READ_YES     /* it must have been seen */
};
struct conform_read {
    enum conform_reading reading;
    bool looks; /* by looks that were noted */
    int64_t
        at_ns; /* YES: the look, or the first moment by which one must have seen it; UNSURE: the first moment */
    int64_t for_ns; /* UNSURE, without looks: the longest time for which it was so */
    int64_t
        gap_ns; /* BLIND, without looks: so long nothing was recorded, enough to hide a look; 0 = all of it */
    const char *idle; /* BLIND, without looks: why none was due, in words; NULL = one was */
    int n_look;
};
struct conform_question {
    int asked;     /* of seen.asked */
    bool trips_on; /* asked is true, or is not */
    int role;      /* who looks, in his hours; -1 = a machine */
    int64_t every_ns;
    int in_a_row;
    int stage;
};
/* Before anything is read. */
void rs_conform_read_begin(struct conform *c);
int64_t rs_conform_every_ns(const struct conform *c); /* between evaluations; > 0 */
/* Looks between from and to, noted or in the stage's rhythm. */
struct conform_read rs_conform_read_looks(const struct conform *c,
                                          const struct conform_question *q,
                                          const struct conform_watch *w);
/* One reading somewhere in lo..hi. */
struct conform_read rs_conform_read_at(const struct conform *c,
                                       const struct conform_question *q,
                                       int64_t lo_ns,
                                       int64_t hi_ns);
/* The rollout was brought to its end, and not by a rollback: when, else NULL. */
const struct retro_instant *rs_conform_finished(const struct conform *c);
/* The first rollback that was commanded at or after that moment, and not after until; -1 = none. */
int rs_conform_rollback_after(const struct conform *c, int64_t at_ns, int64_t until_ns);
/* The first instant at which somebody had the rollback in hand. NULL = nothing is known. */
const struct retro_instant *rs_conform_in_hand(const struct retro_episode *e);

#endif
