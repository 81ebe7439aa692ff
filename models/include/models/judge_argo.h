/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An Argo Rollouts AnalysisTemplate, read (scenarios/judge) and judged (models/judge/argo.c). */
#ifndef MODELS_JUDGE_ARGO_H
#define MODELS_JUDGE_ARGO_H

#include "models/judge.h"
#include "models/judge_condition.h"

/* What Argo takes where the template is silent. */
#define RS_ARGO_ERROR_LIMIT 4
#define RS_ARGO_ERROR_RETRY_NS INT64_C(10000000000)

struct argo_metric {
    const char *name;
    struct mark at;
    const struct promql *query;
    const struct judge_condition *success, *failure; /* NULL = not given */
    int64_t
        interval_ns; /* 0 = not given: one measurement, but for what is measured again after an error */
    int64_t initial_delay_ns;
    int64_t count;              /* of measurements without an error; 0 = as long as it is let */
    int64_t failure_limit;      /* < 0: failures are not limited */
    int64_t inconclusive_limit; /* >= 0 */
    int64_t error_limit;        /* >= 0, in a row */
    int64_t success_limit;      /* in a row; <= 0: successes in a row decide nothing */
    bool dry_run;               /* evaluated, does not count */
};

struct argo_spec {
    int n_metric;
    const struct argo_metric *metric; /* [n_metric] names differ */
    int64_t query_time_ns; /* a query takes so long; the next period counts from its end */
};

#endif
