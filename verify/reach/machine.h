/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The runbook of a scenario as a machine with finitely many states.
 *
 *   machine.c    the scenario's lists compiled: what each action can come to
 *   next.c       the relation: from a state to its successors
 *   paths.c      which code path the flags choose
 *   predicate.c  what can be said of a state
 *   trace.c      a transition in words
 *   search.c     breadth-first search over any machine
 *   decide.c     claims
 *
 * A state is a row of words: head, one value for each flag, one for each procedure, the removed paths as bits. Actions without
 * an effect on it (purges, messages, documents, waits, and checks of a procedure) are passed over, unless they can be missed
 * and are then counted against a rollback.
 */
#ifndef REACH_MACHINE_H
#define REACH_MACHINE_H

#include "search.h"
#include "verify/reach.h"

enum reach_phase { /* as models/response/runbook.c has them */
                   RS_PHASE_WAITING,
                   RS_PHASE_ACTING,
                   RS_PHASE_WATCHING,
                   RS_PHASE_RAMPING,
                   RS_PHASE_CLOSING,
                   RS_PHASE_HELD,
                   RS_PHASE_HALTED,
                   RS_PHASE_STOPPED, /* somebody has, or had, a rollback in hand */
                   RS_PHASE_DONE
};

/* Words of the head. */
enum {
    RS_WORD_PHASE, /* phase | what it was held from << 4 (0: nothing leads on) */
    RS_WORD_STAGE, /* stages entered so far: 0 none, i + 1 after stage i was entered */
    RS_WORD_AT,    /* step of the list that is being done */
    RS_WORD_RAMP,  /* 0 the stage's own watch, i + 1 step i of its ramp */
    RS_WORD_DOWN,  /* 0 nothing, else index + 1 of the part that is out of order */
    RS_HEAD
};

enum step_kind { RS_STEP_NOTHING, RS_STEP_SET, RS_STEP_REMOVE, RS_STEP_CHECK };

/* One action that matters. */
struct step {
    const struct action *action;
    enum step_kind kind;
    int flag;
    uint16_t value; /* SET: of the flag */
    int gone;       /* REMOVE: bit */
    bool can_do;    /* false: it never succeeds */
    bool can_skip;  /* overlooked */
    bool can_fail;  /* given up after its attempts */
    bool can_trip;  /* CHECK: it may fail */
};

struct steps {
    int n;
    struct step *step; /* [n] */
};

/* What the flag service may hold for a flag. Value 0 is the default. */
struct flag_value {
    bool on;
    int cohort;     /* -1 all */
    double percent; /* > 0 when on */
};

struct stage_plan {
    struct steps entry, closing;
    struct step *ramp; /* [n_ramp] */
    int doer;
    bool ever_starts;
};

struct procedure_plan {
    struct steps
        steps; /* blocking ones, then one that stands for completion (no action), then the others */
    int n_blocking;     /* completion included */
    bool by_automation; /* an alert starts it by itself */
    bool *by_message;   /* [n_doer] an alert's message may reach somebody who then does it */
};

struct removed_path {
    int service, path;
};

/* What may go out of order. */
struct part {
    enum reach_part part;
    int role; /* ROLE */
};

struct machine_options {
    int n_part;
    const struct part *part; /* [n_part] one of them at most, at any moment, for good */
    bool book;               /* somebody may take up any procedure at any moment, seen or not */
};

struct machine { /* compiled once, read-only afterwards but for `scratch` and `on` */
    const struct scenario *sc;
    struct arena *arena;
    int n_part;
    const struct part *part;
    bool book;
    bool too_large; /* does not fit the words: nothing can be said */
    int n_word;
    int *n_value;              /* [n_flag] */
    struct flag_value **value; /* [n_flag][n_value] */
    struct stage_plan *stage;  /* [n_stage] */
    struct procedure_plan *procedure;
    int n_gone;
    struct removed_path *gone; /* [n_gone] paths that something removes */
    int n_doer;                /* 1 + parts: doer 0 is anybody (or anything) that is no part */
    int **flags_of;            /* [n_service] flags that its choice looks at, -1 at the end */
    uint16_t *scratch;         /* [n_word] */
    bool *on;                  /* [n_flag] */
};

/* Transitions: kind << 24 | index. */
enum reach_move {
    RS_MOVE_STAGE,       /* the next stage begins */
    RS_MOVE_DO,          /* index: step */
    RS_MOVE_SKIP,        /* index: step that is overlooked */
    RS_MOVE_FAIL,        /* index: step that is given up */
    RS_MOVE_TRIP,        /* index: check that fails */
    RS_MOVE_GATE,        /* index: gate that trips */
    RS_MOVE_JUDGE,       /* index: judge << 4 | its verdict */
    RS_MOVE_PASS,        /* the watch is over and nothing trips */
    RS_MOVE_LOOK,        /* index: procedure whose trigger is seen */
    RS_MOVE_RESUME,      /* a held stage goes on, at most for a time that is bounded */
    RS_MOVE_RESUME_FREE, /* the same without a bound */
    RS_MOVE_STILL_HELD,  /* looked again, without a bound: still held */
    RS_MOVE_GIVE_UP,     /* a held stage is given up */
    RS_MOVE_ALERT,       /* index: procedure */
    RS_MOVE_AUTOMATION,
    RS_MOVE_BOOK,
    RS_MOVE_PROCEDURE_DO, /* index: procedure << 12 | step */
    RS_MOVE_PROCEDURE_MISS,
    RS_MOVE_BREAK /* index: part */
};

static inline uint32_t rs_move(enum reach_move kind, int index)
{
    return (uint32_t)kind << 24 | (uint32_t)index;
}

static inline enum reach_move rs_move_kind(uint32_t label)
{
    return (enum reach_move)(label >> 24);
}

static inline int rs_move_index(uint32_t label)
{
    return (int)(label & 0xffffff);
}

/* ---- machine.c ---- */

/* options' parts are borrowed. Everything is in the arena. */
struct machine *
rs_machine_new(struct arena *arena, const struct scenario *sc, const struct machine_options *opt);
void rs_machine_initial(const struct machine *m, uint16_t *state /* [n_word] */);
/* The doer that stands for a role (-1 = automation). */
int rs_machine_doer(const struct machine *m, int role);

static inline enum reach_phase rs_state_phase(const uint16_t *s)
{
    return (enum reach_phase)(s[RS_WORD_PHASE] & 15);
}

static inline enum reach_phase rs_state_held_from(const uint16_t *s)
{
    return (enum reach_phase)(s[RS_WORD_PHASE] >> 4);
}

/* -1: none was entered yet. */
static inline int rs_state_stage(const uint16_t *s)
{
    return s[RS_WORD_STAGE] - 1;
}

static inline const struct flag_value *
rs_state_flag(const struct machine *m, const uint16_t *s, int flag)
{
    return &m->value[flag][s[RS_HEAD + flag]];
}

static inline bool rs_state_gone(const struct machine *m, const uint16_t *s, int bit)
{
    const uint16_t *words = s + RS_HEAD + m->sc->n_flag + m->sc->response.n_procedure;
    return words[bit / 16] >> bit % 16 & 1;
}

/* How far a procedure is. */
struct progress {
    bool begun;
    int step; /* to be done next; n = all done */
    bool missed;
    int doer;
};
struct progress rs_state_progress(const struct machine *m, const uint16_t *s, int procedure);
void rs_state_set_progress(const struct machine *m, uint16_t *s, int procedure, struct progress p);
/* In somebody's hands: begun, and its blocking actions are not through. */
bool rs_state_in_hand(const struct machine *m, const uint16_t *s, int procedure);
enum reach_rollout rs_state_rollout(const struct machine *m, const uint16_t *s);

/* ---- next.c ---- */

void rs_machine_next(const void *machine, const uint16_t *state, struct search *to);
/* Searches the machine's states. */
void rs_machine_search(const struct machine *m,
                       uint64_t limit,
                       bool keep_edges,
                       struct search *out);

/* ---- paths.c ---- */

/* What becomes of one cohort's requests to a service. */
struct choice {
    bool *taken;   /* [n_path] some of them take it */
    bool none;     /* some of them find no path */
    int none_flag; /* a flag that is then off, or -1 */
    int removed;   /* path that the flags mean for some of them and that was removed, or -1 */
};
/* choice->taken belongs to the caller. */
void rs_machine_choose(
    const struct machine *m, const uint16_t *s, int service, int cohort, struct choice *out);
/* Has the cohort requests to the service? Without any traffic to it everybody counts. */
bool rs_machine_has_traffic(const struct machine *m, int service, int cohort);
/* Share 0..1 of the cohort that a flag's value is on for. */
double rs_flag_value_share(const struct flag_value *v, int cohort);

/* ---- predicate.c ---- */

bool rs_predicate_holds(const struct machine *m, const uint16_t *s, const struct predicate *p);

/* ---- trace.c ---- */

/* The transition from `before` by `label` in words; strings in the arena. */
struct verdict_step
rs_move_words(struct arena *arena, const struct machine *m, const uint16_t *before, uint32_t label);
/* The step that the transition does, in a stage or in a procedure; NULL if it does none. */
const struct step *rs_move_step(const struct machine *m, const uint16_t *before, uint32_t label);
/* All transitions up to a state. */
const struct verdict_step *rs_trace_to(
    struct arena *arena, const struct machine *m, const struct search *s, uint32_t to, int *n);

#endif
