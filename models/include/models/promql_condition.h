/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a condition of a runbook, or the expression of an alert, looks at: its comparisons, each with the kind of number that is
 * compared. Read from the syntax tree alone. What is not recognised is RS_MEASURE_OTHER and is never guessed at.
 */
#ifndef MODELS_PROMQL_CONDITION_H
#define MODELS_PROMQL_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"
#include "sim/arena.h"

enum measure_kind {
    RS_MEASURE_RATIO, /* sum(rate(x{...}[w])) / sum(rate(x[w])): the share of `of` that `metric` makes up */
    RS_MEASURE_QUANTILE, /* histogram_quantile(q, sum by (le) (rate(x_bucket[w]))), seconds */
    RS_MEASURE_MEAN,     /* sum(rate(x_sum[w])) / sum(rate(x_count[w])) */
    RS_MEASURE_COUNT,    /* sum(increase(x[w])) */
    RS_MEASURE_RATE,     /* sum(rate(x[w])), per second */
    RS_MEASURE_ALERT,    /* ALERTS{alertname="..."}: the alert fires (or is pending) */
    RS_MEASURE_VALUE,    /* the value of a series itself */
    RS_MEASURE_OTHER
};

enum comparison_op { RS_OP_GT, RS_OP_GE, RS_OP_LT, RS_OP_LE, RS_OP_EQ, RS_OP_NE, RS_OP_PRESENT };

/* name="value" and the like, of a selector. */
struct matcher_text {
    const char *label, *op, *value; /* "code", "=~", "5.." */
};

/* One comparison: true when `measure op limit`. */
struct comparison {
    enum measure_kind kind;
    const char *
        metric; /* of the numerator; as written, with _bucket, _sum, _total; NULL = matched by regex */
    int n_matcher;
    const struct matcher_text
        *matcher;          /* [n_matcher] of the numerator, without the metric's name */
    const char *of_metric; /* RATIO, MEAN: of the denominator */
    int n_of_matcher;
    const struct matcher_text *of_matcher;
    const char *alert; /* ALERT */
    double q;          /* QUANTILE */
    int64_t window_ms; /* 0 = an instant */
    bool per_series;   /* not summed up: true when one series is */
    enum comparison_op op;
    double limit;
    struct mark at; /* of the comparison, in the file that the expression stands in */
};

/* Disjunction of conjunctions: true when all comparisons of one term are. */
struct condition_term {
    int n;
    const struct comparison *comparison; /* [n] */
};
struct promql_condition {
    int n_term;
    const struct condition_term
        *term; /* [n_term]; `unless` and what else cannot be told apart: one OTHER */
};

/* Reads an expression; everything is made in the arena. */
void rs_promql_condition(struct arena *arena, const struct promql *q, struct promql_condition *out);

#endif
