/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One case of Prometheus' test data: evaluated, compared, evaluated again in other ways that must give the same. */
#ifndef TESTS_UPSTREAM_RUN_H
#define TESTS_UPSTREAM_RUN_H

#include "models/promql.h"

struct upstream_case {
    const char *file;
    int line;
    const char *expr;
    bool range, fails, ordered;
    int64_t start_ms, end_ms, step_ms;
    bool scalar;
    double number;
    int n;
    const char *expected[512]; /* [n] series with values */
    int n_extra;               /* evaluations beyond the case itself, counted here */
};

/* Does a selector of q choose the series? */
bool upstream_selects(const struct promql *q, const struct label_table *labels, rs_labels series);

/* False after telling on stdout what is wrong. q is changed: fit for nothing afterwards. */
bool upstream_run(struct tsdb *db, struct upstream_case *tc, const struct promql *q);

#endif
