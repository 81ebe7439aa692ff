/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one replica leaves behind. Filled by models/loop, read by verify, cli and plots. Caller's storage: init / clear. */
#ifndef MODELS_HISTORY_H
#define MODELS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/err.h"

/* The clock of a rollback. Instants of one episode; RS_NEVER = did not happen. */
enum clock_mark {
    RS_CLOCK_ONSET,     /* the fault starts */
    RS_CLOCK_FIRST_BAD, /* first scrape that carries it */
    RS_CLOCK_PENDING,   /* the detecting alert becomes pending (a look or gate: RS_NEVER) */
    RS_CLOCK_DETECTED,  /* the alert fires, the watcher sees it, the check fails */
    RS_CLOCK_NOTIFIED,  /* the message is visible to people */
    RS_CLOCK_ACKNOWLEDGED,
    RS_CLOCK_DECIDED,
    RS_CLOCK_COMMANDED,     /* the flag service accepted the first rollback flag */
    RS_CLOCK_EFFECTIVE_P50, /* half of the instances have it */
    RS_CLOCK_EFFECTIVE_P95,
    RS_CLOCK_EFFECTIVE, /* the last instance has it */
    RS_CLOCK_COMPLETED, /* all blocking actions done, last instance effective */
    RS_CLOCK_RECOVERED, /* the metric is back under its threshold */
    RS_CLOCK_RESOLVED,  /* the alert clears */
    RS_CLOCK_N
};
const char *
rs_clock_name(enum clock_mark m); /* "onset", "first_bad_sample", "pending", "detected", ... */

enum detected_by { RS_BY_ALERT, RS_BY_LOOK, RS_BY_GATE, RS_BY_CHECK };

/* The detector's name where a stage was held because an action had been given up, and the hold was given up in turn. */
#define RS_DETECTOR_GIVEN_UP "an action failed for good"

/* One execution of a rollback procedure. */
struct episode {
    int procedure;
    int stage; /* in which it was detected */
    int fault; /* live at detection, or -1: a false alarm */
    enum detected_by by;
    const char *
        detector; /* alert, gate, judge or action name; belongs to the scenario, or RS_DETECTOR_GIVEN_UP */
    int64_t at_ns[RS_CLOCK_N];
    bool gave_up; /* a blocking action failed for good: never completed */
    bool cut;     /* the replica ended before it was completed */
};

enum outcome {
    RS_OUTCOME_COMPLETED,   /* all stages done */
    RS_OUTCOME_ROLLED_BACK, /* in `stage` by episode 0 */
    RS_OUTCOME_HELD,        /* a gate refused to promote and nothing says how to go on */
    RS_OUTCOME_HALTED,
    RS_OUTCOME_MISSED,  /* a fault was live at the end and nobody acted */
    RS_OUTCOME_RUNNING, /* the horizon came first */
    RS_OUTCOME_N
};
const char *rs_outcome_name(enum outcome o);

enum trace_kind {
    RS_TRACE_STAGE,    /* a = stage: entered */
    RS_TRACE_ACTION,   /* text: what was done */
    RS_TRACE_FLAG_SET, /* a = flag, x = percent (0 = off) */
    RS_TRACE_FLAG_AT,  /* a = flag, x = exposure 0..1 after an instance got it */
    RS_TRACE_FAULT,    /* onset, end, residue: a = fault */
    RS_TRACE_ALERT,    /* state change */
    RS_TRACE_NOTICE,   /* a message becomes visible */
    RS_TRACE_PERSON,   /* acknowledged, decided, overlooked, escalated */
    RS_TRACE_GATE,     /* a gate was read */
    RS_TRACE_CLOCK,    /* a = clock_mark, b = episode */
    RS_TRACE_SIDE,     /* communication, documents */
    RS_TRACE_OUTCOME,
    RS_TRACE_KIND_N
};

struct action; /* models/scenario.h */

struct trace_event {
    int64_t at_ns;
    enum trace_kind kind;
    int a, b;
    double x;
    const struct action *action; /* of ACTION, SIDE: what was done; borrowed from the scenario */
    bool passed;                 /* of a check, of a gate: it let pass */
    char *text;                  /* owned; one line for people, no time in it */
};

/* One service over one time grid: point i covers (t0 + i*step, t0 + (i+1)*step]. */
struct trajectory {
    int service;
    int64_t t0_ns, step_ns;
    int n, cap;
    uint32_t *n_request, *n_error; /* [n] owned */
    float *latency_s_p50, *latency_s_p95,
        *latency_s_p99; /* [n] owned; NaN = no traffic or no buckets */
};

struct history {
    uint64_t replica, world;
    int fault; /* present in this replica, or -1 */
    bool fault_started;
    int64_t onset_ns; /* RS_NEVER */
    enum outcome outcome;
    int stage_reached;
    int64_t *stage_at_ns; /* [n_stage] entered, RS_NEVER = not */
    int n_stage;
    int64_t
        ended_ns; /* rollout settled: finished, rolled back (completed), held, halted; RS_NEVER = horizon */
    int n_episode, cap_episode;
    struct episode *episode; /* [n_episode] in order of detection */
    bool false_rollback; /* an episode with no fault live at detection and none present before */
    uint64_t n_request, n_error, n_slow, users_hurt;
    uint64_t
        users_hurt_since_onset; /* of the fault's service, for the first time from the onset on */
    uint64_t n_request_fault, n_error_fault; /* from onset on */
    double budget_burned; /* share of the run's error budget, worst service; NaN = none declared */
    uint32_t n_page;      /* messages sent to channels by Alertmanager */
    uint32_t n_alert_fired;
    int64_t sim_ns;   /* where the clock stood at the end */
    int n_trajectory; /* coarse: one per service, whole replica */
    struct trajectory *trajectory;
    bool
        has_close; /* the fault's service, fine grid (its scrape interval) from close.t0 = onset - 5 min on */
    struct trajectory close;
    int n_trace, cap_trace;
    struct trace_event *trace; /* only when asked for */
};

void rs_history_init(struct history *h);
/* Empties for the next replica, keeps the memory. */
void rs_history_reset(struct history *h);
void rs_history_clear(struct history *h);

struct scenario;

/*
 * A history as bytes, and back: how replicas travel between ranks, shards and a checkpoint. All but the trace; exact, every bit
 * of every number. The same on every machine. out is emptied first.
 */
void rs_history_encode(const struct history *h, struct bytes *out);
/*
 * 0, or -1 with RS_E_IO "damaged" in err for bytes that encode made of no history of this scenario; never reads or writes outside.
 * Detectors are looked up in the scenario, so they stay valid as long as it does.
 */
int rs_history_decode(
    struct history *h, const struct scenario *sc, const void *p, size_t n, struct err *err);

/* Appends a line to the trace. Call it only when a trace is wanted: formatting costs. */
void rs_history_trace(struct history *h,
                      int64_t at_ns,
                      enum trace_kind kind,
                      int a,
                      int b,
                      double x,
                      const char *fmt,
                      ...) __attribute__((format(printf, 7, 8)));
const char *rs_trace_kind_name(enum trace_kind k); /* "stage", "action", "flag_set", ... */

/* Appends an episode with all instants RS_NEVER, fault -1, and returns it; valid until the next append. */
struct episode *rs_history_episode(struct history *h);

/* from -> to of an episode; -1 if either did not happen. */
int64_t rs_episode_leg(const struct episode *e, enum clock_mark from, enum clock_mark to);

#endif
