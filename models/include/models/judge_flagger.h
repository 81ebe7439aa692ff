/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Flagger Canary with its MetricTemplates, read (scenarios/judge) and judged (models/judge/flagger.c). */
#ifndef MODELS_JUDGE_FLAGGER_H
#define MODELS_JUDGE_FLAGGER_H

#include "models/judge.h"

struct flagger_metric {
    const char *name;
    struct mark at;
    const struct promql *query;
    bool whole_ms;   /* request-duration: value and range are cut to whole milliseconds */
    double min, max; /* a value below or above fails the check; -INFINITY, INFINITY = no such end */
};

struct flagger_spec {
    int64_t interval_ns; /* >= 10 s */
    int64_t threshold;   /* >= 1 failed checks, in all */
    int64_t n_pass;      /* checks without a failure after which it promotes; >= 1 */
    int n_metric;
    const struct flagger_metric *metric; /* [n_metric] in the order in which they are checked */
};

#endif
