/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search came to: filled by the search and by the proof, read by tables, reports, pictures and the record. */
#ifndef VERIFY_TUNE_RESULT_H
#define VERIFY_TUNE_RESULT_H

#include "verify/run.h"
#include "verify/tune.h"

/* A number with what is not ruled out, at the plan's confidence for all that the result tells together. NaN: nothing to tell. */
struct tune_estimate {
    double value, low, high; /* in the objective's unit (seconds for times); INFINITY is possible */
    uint64_t n;              /* histories behind it */
};

enum tune_state {
    RS_POINT_FRONT,     /* no other setting was shown to be better in everything */
    RS_POINT_DOMINATED, /* `beaten_by` was */
    RS_POINT_EXCLUDED,  /* it was shown to break a claim that another setting keeps: `breaks` */
    RS_POINT_ILLEGAL,   /* it makes no legal scenario: `why` */
    RS_POINT_STATE_N
};
const char *rs_tune_state_name(enum tune_state s); /* "front", "dominated", "excluded", "illegal" */

struct tune_point {
    const uint16_t *value; /* [n_param] */
    enum tune_state state;
    int beaten_by;      /* DOMINATED: a point, or -1 */
    int breaks;         /* EXCLUDED: a claim of the scenario, or -1 */
    const char *why;    /* ILLEGAL */
    bool proved_out;    /* EXCLUDED by a bound or by exhaustion: no replica was needed */
    uint64_t n_replica; /* it was looked at so often, over all strata */
    struct tune_estimate *objective; /* [n_objective] */
    struct tune_estimate *
        claim; /* [n_claim of the scenario] of statistical claims: what is held against the limit */
};

/* A claim that no setting of the space can keep. */
enum tune_obstacle {
    RS_OBSTACLE_PEOPLE,      /* what people take alone is too long */
    RS_OBSTACLE_PROPAGATION, /* flags, purges, rotations */
    RS_OBSTACLE_TRAFFIC,     /* too few requests show it: noise, dilution */
    RS_OBSTACLE_RUNBOOK, /* an order of steps, a missing watcher or alert: nothing that is turned touches it */
    RS_OBSTACLE_MONITORING, /* scrapes, evaluations, grouping that are not turned */
    RS_OBSTACLE_N
};
const char *rs_tune_obstacle_name(enum tune_obstacle o);
struct tune_unsaved {
    int claim; /* of the scenario */
    enum tune_obstacle why;
    const char *text;          /* the reason in numbers, one or two sentences */
    int best;                  /* the point that comes nearest, or -1 */
    struct tune_estimate near; /* what the claim comes to there */
    bool proved;               /* by a bound or by exhaustion */
};

/* One parameter moved, the others as at the chosen point (or as today). */
struct tune_step {
    int param, value;
    bool around_chosen;              /* false: around today's setting */
    struct tune_estimate *objective; /* [n_objective] */
    struct tune_estimate *
        difference; /* [n_objective] to the setting around which it moves, paired over the same replicas */
};

/* Detection probability of one fault over its size and the traffic. */
struct tune_cell {
    double error_ratio,
        traffic; /* of the new path while the fault is on; factor on the scenario's traffic of that service */
    double traffic_per_s; /* mean rate that it makes */
    bool chosen;          /* the chosen setting; false: today's */
    uint64_t n, n_detected;
    double low, high;
};
struct tune_map {
    int fault;
    double within_s; /* detected so soon after the onset counts */
    int n_cell;
    struct tune_cell *cell;
};

/* Everything is in the arena, but for what the proof came to, which is cleared with it: rs_tune_result_clear. */
struct tune_result {
    struct arena *arena;
    const struct scenario *scenario; /* as it is today */
    const struct tune_plan *plan;
    uint64_t seed;
    uint64_t n_space;   /* settings that there are */
    uint64_t n_asked;   /* settings times replicas that the search asked for */
    uint64_t n_history; /* of them, histories that had to be simulated (struct tune_cost) */
    const char *method; /* "grid", "nsga-ii" */
    bool stopped;       /* Ctrl-C: what was found so far */
    int n_point;
    struct tune_point *point; /* [n_point] those that were looked at; today's first */
    int today;                /* 0 */
    int chosen;               /* -1: none is to be preferred to another that keeps more */
    const char *chosen_why;   /* one sentence */
    int n_unsaved;
    struct tune_unsaved *unsaved;
    int n_step;
    struct tune_step *step;
    int n_map;
    struct tune_map *map;
    /* The claims of the chosen setting on replicas that the search did not see, decided as in verify; NULL before the proof. */
    struct scenario *chosen_scenario;
    struct run_result *fresh;
    /* Those of today's setting on the same fresh replicas; fresh itself if that is chosen. */
    struct run_result *fresh_today;
    uint64_t fresh_seed;
};

#endif
