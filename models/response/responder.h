/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the response share: the running state of one replica. The plan is `struct
 * response` (scenario.h); here lives only what changes.
 *
 *   responder.c  make, reset, and the door through which the rest of the loop speaks
 *   runbook.c    the rollout: stages, watches, ramps (a state machine)
 *   hold.c       what becomes of a stage that was held or halted
 *   gates.c      reading gates and triggers, and what a tripped one orders
 *   judges.c     canary judges at work
 *   rollback.c   one rollback procedure from detection to completion (a state machine)
 *   effect.c     the marks that wait for the system: commanded, in force, recovered
 *   people.c     who sees a message, acknowledges it, and to whom it escalates
 *   hours.c      working hours
 *   action.c     doing a list of actions one after another
 *   side.c       communication and post-rollout steps
 *   trace.c      the words of the trace
 *   source.c     named random streams
 */
#ifndef RESPONSE_RESPONDER_H
#define RESPONSE_RESPONDER_H

#include <stdbool.h>
#include <stdint.h>

#include "models/response.h"
#include "sim/clock.h"
#include "sim/stream.h"

struct responder;

/* ---- random streams (source.c) --------------------------------------------------------------- */

/* One named stream, opened at its first use in a replica; only its owner draws from it. */
struct source {
    uint64_t hash;
    uint64_t epoch; /* the reset for which `s` is open */
    struct stream s;
};

/*
 * The draws of one action, one stream for each purpose: a new probability of failing leaves the
 * times as they were.
 */
struct action_sources {
    struct source time, fails, slip, notice, overlooked, check;
};

struct source rs_source_new(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct stream *rs_source_stream(struct responder *r, struct source *src);
/* A duration, ns, >= 0. */
int64_t rs_source_ns(struct responder *r, struct source *src, const struct dist *d);
/* true with probability p; one number is drawn whatever p is. */
bool rs_source_chance(struct responder *r, struct source *src, double p);
/* [n] for the actions "<stem>/<0..n-1>"; owned by the caller (free). NULL for none. */
struct action_sources *rs_action_sources_new(const char *stem, const char *name, int n);
/* now + delay, at most RS_NEVER. */
int64_t rs_time_after(int64_t now_ns, int64_t delay_ns);

/* ---- state machines (runbook.c, rollback.c) -------------------------------------------------- */

struct machine_state {
    const char *name;
    unsigned next; /* bit i: state i may follow */
};

enum rollout_state {
    RS_ROLLOUT_WAITING, /* for the time at which the stage may begin */
    RS_ROLLOUT_ACTING,  /* entry actions */
    RS_ROLLOUT_WATCHING,
    RS_ROLLOUT_RAMPING, /* the next percentage is being set */
    RS_ROLLOUT_CLOSING, /* closing actions */
    RS_ROLLOUT_HELD,
    RS_ROLLOUT_HALTED,
    RS_ROLLOUT_ROLLED_BACK, /* somebody has a rollback in hand: the rollout does not go on */
    RS_ROLLOUT_DONE,
    RS_ROLLOUT_N
};

enum rollback_state {
    RS_ROLLBACK_NONE,
    RS_ROLLBACK_DETECTED,
    RS_ROLLBACK_NOTIFIED, /* a message is visible; nobody has taken it yet */
    RS_ROLLBACK_ACKNOWLEDGED,
    RS_ROLLBACK_DECIDED,
    RS_ROLLBACK_ACTING,
    RS_ROLLBACK_WAITING, /* all blocking actions done; a flag is not in force everywhere yet */
    RS_ROLLBACK_COMPLETED,
    RS_ROLLBACK_GAVE_UP,
    RS_ROLLBACK_N
};

/* ---- lists of actions (action.c) ------------------------------------------------------------- */

enum task_end {
    RS_TASK_DONE,
    RS_TASK_CHECK_FAILED, /* a check of a stage: `at` is the action; the rest of the list is left */
    RS_TASK_GIVEN_UP      /* an action of a stage failed for good; the rest of the list is left */
};

enum task_part { RS_PART_ALL, RS_PART_BLOCKING, RS_PART_REST };

struct rollback;

/* One person, or automation (doer -1), doing a list of actions one after another. */
struct task {
    struct responder *r;
    const struct action *list;      /* [n] borrowed */
    struct action_sources *sources; /* [n] borrowed */
    int n;
    enum task_part part; /* which of them */
    int doer;
    bool stage;                /* a failing check or an action given up ends the list */
    bool side;                 /* trace lines are of the kind RS_TRACE_SIDE */
    struct rollback *rollback; /* whose actions these are, or NULL */
    void (*done)(struct task *t, int64_t now_ns, enum task_end end);
    bool running;
    int at;        /* the action under way */
    int n_attempt; /* of that action, failed so far */
    bool missed;   /* an action was overlooked or given up */
    rs_event event;
};

/* Starts; `done` is called in the same call when there is nothing to do. */
void rs_task_start(struct task *t, int64_t now_ns);
/* Goes on with a list that ended early: the action at which it ended is done again, with all its attempts. */
void rs_task_resume(struct task *t, int64_t now_ns);
void rs_task_cancel(struct task *t);

/* ---- the rollout (runbook.c, hold.c, gates.c) ------------------------------------------------ */

/* A stage that was held or halted and whose runbook says how it goes on. */
struct hold {
    rs_event look, give_up;
    int64_t since_ns, look_ns; /* look_ns: RS_NEVER = none */
    int64_t held_ns;           /* all holds of the stage that are over, taken together */
    enum rollout_state from;   /* what it was doing */
    int64_t rest_ns;           /* WATCHING: what was left of the watch */
    const char *why;           /* gate or check; belongs to the scenario */
};

struct rollout {
    enum rollout_state state;
    int stage; /* entered or waited for; n_stage when done */
    int ramp;  /* the step being set or watched; -1 = the stage's own watch */
    rs_event start, watch_end, look, tick;
    int64_t watch_end_ns, look_ns, tick_ns; /* RS_NEVER = none */
    struct task task;
    struct hold hold;
};

extern const struct machine_state rs_rollout_states[RS_ROLLOUT_N];
/* Moves the rollout; an illegal move is our bug and aborts. */
void rs_rollout_move(struct responder *r, enum rollout_state to);
void rs_rollout_begin(struct responder *r);
/* Somebody has a rollback in hand: whatever the rollout was doing stops for good. */
void rs_rollout_freeze(struct responder *r);
void rs_rollout_hold(struct responder *r, int64_t now_ns, const char *why);
void rs_rollout_halt(struct responder *r, int64_t now_ns, const char *why);
/* Nothing holds the stage up any more: it goes on where it was. */
void rs_rollout_go_on(struct responder *r, int64_t now_ns);
/* The end of the present watch, early or in time. */
void rs_rollout_watch_over(struct responder *r, int64_t now_ns);
/*
 * Tells history and port of the outcome, once. A rollout that was held or halted and is then rolled
 * back is rolled back.
 */
void rs_rollout_settle(struct responder *r, int64_t now_ns, enum outcome o, const char *why);

/* The stage has just been held or halted, and on_hold says what becomes of it. */
void rs_hold_begin(struct responder *r, int64_t now_ns, const struct hold *h);
/* The stage leaves that state, whatever comes next. */
void rs_hold_end(struct responder *r);

/*
 * Reads the gates of one kind, and at a look the watched triggers. false: one has tripped and its
 * order was carried out.
 */
bool rs_gates_read(struct responder *r, int64_t now_ns, enum gate_when when);
bool rs_gates_any(const struct stage *st, enum gate_when when);
/* No read has called for anything yet. */
void rs_gates_forget(struct responder *r);
/*
 * Somebody looks again at a stage that is held: all its gates, those of the end only if its watch was over, and the watched
 * triggers. true: nothing trips. A rollback that one orders is begun.
 */
bool rs_gates_read_again(struct responder *r, int64_t now_ns, bool watch_over);
/* A check among the stage's actions has failed. false: the stage does not go on. */
bool rs_gates_check_failed(struct responder *r, int64_t now_ns, const struct action *check);

/* ---- canary judges (judges.c) ---------------------------------------------------------------- */

struct judging;

struct judging *rs_judges_new(struct responder *r); /* [n_judge], freed by rs_judges_free */
void rs_judges_free(struct responder *r);
void rs_judges_reset(struct responder *r);
/* A watch begins: starts the stage's judges that are not at work or done with the stage. */
void rs_judges_watch(struct responder *r, int64_t now_ns);
/* What falls on this instant is measured before the watch ends. false: the stage does not go on. */
bool rs_judges_due(struct responder *r, int64_t now_ns);
/* A watch is over, the stage's last or not: ends the judges that end with it. false: the stage does not go on. */
bool rs_judges_watch_over(struct responder *r, int64_t now_ns, bool last);
/* The stage is not watched and ramped any more: whatever they were doing stops without a word. */
void rs_judges_drop(struct responder *r);

/* ---- rollbacks (rollback.c, effect.c) -------------------------------------------------------- */

/* A flag that the procedure has set. */
struct flag_wait {
    bool set, effective;
    uint64_t version;
};

/* One procedure in one replica: it is carried out at most once. */
struct rollback {
    struct responder *r;
    int procedure;
    enum rollback_state state;
    int episode; /* in history */
    int doer;    /* role, or -1 = automation */
    /* people */
    int on_call;   /* the role paged last */
    int channel;   /* of the latest message */
    bool *paged;   /* [n_role] owned */
    rs_event *ack; /* [n_role] owned */
    rs_event escalate, begin;
    /* effect */
    struct flag_wait *flag; /* [n_flag] owned */
    int first_flag;         /* set first; -1 = none yet */
    int n_set;              /* blocking SET_FLAG actions carried out */
    rs_event recover;
    struct task actions, rest;
    struct action_sources *sources; /* [n_action] owned */
};

extern const struct machine_state rs_rollback_states[RS_ROLLBACK_N];
void rs_rollback_move(struct rollback *rb, enum rollback_state to);
/* Its episode in history; valid until the next one is opened. */
struct episode *rs_rollback_episode(const struct rollback *rb);
void rs_rollback_mark(struct rollback *rb, enum clock_mark m, int64_t at_ns);

/* How a procedure came to be called for. */
struct detection {
    enum detected_by by;
    const char *detector; /* belongs to the scenario */
    int64_t pending_ns, detected_ns;
    int fault; /* live then, or -1 */
    int stage;
};
/* Opens the episode. */
void rs_rollback_open(struct rollback *rb, const struct detection *d);
/*
 * Somebody (role), or automation (-1), sees by himself at this moment that the procedure is called
 * for.
 */
void rs_rollback_seen(
    struct rollback *rb, int64_t now_ns, enum detected_by by, const char *detector, int role);
/* A role takes it in hand. */
void rs_rollback_acknowledge(struct rollback *rb, int64_t now_ns, int role);
/* Automation takes it in hand and begins after the delay. */
void rs_rollback_automate(struct rollback *rb, int64_t now_ns, int64_t delay_ns);

/*
 * All flags that the procedure sets are in force everywhere; completes it if that was the last
 * thing to wait for.
 */
void rs_rollback_effective(struct rollback *rb, int64_t now_ns);

/* Called by action.c when a blocking action of the procedure has had its effect. */
void rs_effect_action(struct rollback *rb,
                      int64_t now_ns,
                      const struct action *a,
                      uint64_t version);
void rs_effect_flag(
    struct rollback *rb, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total);
bool rs_effect_all(const struct rollback *rb);

/* ---- people (people.c) ----------------------------------------------------------------------- */

/*
 * A message about the procedure is visible on the channel; the episode is open and nobody has taken
 * it.
 */
void rs_people_page(struct rollback *rb, int64_t now_ns, int channel);
/* Nobody else needs to take it any more. */
void rs_people_stand_down(struct rollback *rb);

/* ---- side steps (side.c) --------------------------------------------------------------------- */

void rs_side_begin(struct responder *r);
void rs_side_run(struct responder *r, int64_t now_ns, enum step_when when);

/* ---- words (trace.c); all are free of cost when there is no trace ---------------------------- */

const char *rs_role_words(const struct responder *r, int role);
const char *rs_procedure_words(const struct responder *r, int procedure);
void rs_trace_say(struct responder *r, enum trace_kind kind, int a, int b, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void rs_trace_stage(struct responder *r, int stage);
void rs_trace_done(struct responder *r, const struct task *t, const struct action *a);
void rs_trace_check(struct responder *r,
                    const struct task *t,
                    const struct action *a,
                    uint64_t n_failed);
/* The gate of which the last line speaks let pass. */
void rs_trace_passed(struct responder *r);
/* "<who> <what>: <the action>", for what went wrong. */
void rs_trace_hitch(struct responder *r,
                    const struct task *t,
                    const struct action *a,
                    const char *what);

/* ---- the whole ------------------------------------------------------------------------------- */

/* What is known of an alert that a procedure or an automation waits for. */
struct alert_watch {
    const char *name;
    bool firing;
    int64_t pending_ns, firing_ns;
    int fault, stage; /* when it began to fire */
};

struct responder {
    const struct scenario *sc;
    const struct response *plan;
    struct kernel *k;
    struct response_port port;
    struct history *out;
    bool trace;
    uint64_t seed, replica, epoch;
    const uint64_t *branch; /* borrowed, or NULL */
    bool gsl_samplers;

    struct rollout rollout;
    int *
        in_a_row; /* [most gates of any stage] reads in a row that called for the present stage's */
    bool settled;
    struct judging *judging;   /* [n_judge] */
    struct rollback *rollback; /* [n_procedure] */
    int n_watch;
    struct alert_watch *watch;
    int64_t *onset_ns, *first_bad_ns; /* [n_fault] */
    int64_t first_onset_ns;

    /* random streams */
    struct action_sources **entry, **ramp, **closing; /* [n_stage][...] */
    struct source *sees;                              /* [n_role * n_channel] */
    struct source *acknowledge, *decide;              /* [n_role * n_procedure] */
    struct source *delay;                             /* [n_automation] */
    struct action_sources *side;                      /* [n_side_step] */

    struct action **ramp_action; /* [n_stage][n_ramp] the actions behind the ramp steps */
    int n_side_task;
    struct task **side_task; /* [n_side_task] owned; those not running are used again */
};

/* The watch of that alert, or NULL. */
struct alert_watch *rs_responder_watch(struct responder *r, const char *alert);

#endif
