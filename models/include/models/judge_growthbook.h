/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A safe rollout of GrowthBook, read (scenarios/judge) and judged (models/judge/growthbook.c). */
#ifndef MODELS_JUDGE_GROWTHBOOK_H
#define MODELS_JUDGE_GROWTHBOOK_H

#include "models/judge.h"

/* The two sides of the experiment. */
enum growthbook_side { RS_CONTROL, RS_VARIATION, RS_SIDE_N };

struct growthbook_metric {
    const char *id;
    struct mark at;
    bool signal;  /* holds the rollout; else a guardrail, which rolls it back */
    bool inverse; /* less is better */
    bool
        mean; /* of a value per user, from sums and sums of squares; else a proportion, from conversions */
    /* Running totals: conversions or sums, and sums of squares (mean only; else NULL). */
    const struct promql *sum[RS_SIDE_N], *squares[RS_SIDE_N];
    double min_sample; /* the larger of both sums must come to it */
};

/* What an unhealthy experiment orders. */
enum growthbook_health { RS_HEALTH_HOLD, RS_HEALTH_ROLLBACK, RS_HEALTH_WARN };

struct growthbook_spec {
    const struct promql *users[RS_SIDE_N]; /* running totals */
    double split;                          /* 0..1, of all users the variation's */
    int n_metric;
    const struct growthbook_metric *metric; /* [n_metric] */
    bool auto_rollback;
    bool two_sided;
    double alpha;  /* 0..0.5, exclusive */
    double tuning; /* N*, > 0 */
    double srm;    /* p-value below which the split is not the one that was meant */
    enum growthbook_health health;
    int64_t update_ns;       /* > 0, between two looks */
    int64_t grace_ns;        /* without users for longer than this is unhealthy */
    int64_t max_duration_ns; /* RS_NEVER = none */
    uint64_t min_users;      /* in all, before a step is left; 0: none */
};

#endif
