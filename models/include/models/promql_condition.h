/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a condition of a runbook, or the expression of an alert, looks at: its comparisons, each with the kind of number that is
 * compared. Read from the syntax tree alone, and from those of the recording rules whose series it reads. What is not
 * recognised is RS_MEASURE_OTHER and is never guessed at.
 */
#ifndef MODELS_PROMQL_CONDITION_H
#define MODELS_PROMQL_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "models/promql.h"
#include "sim/arena.h"

enum measure_kind {
    RS_MEASURE_RATIO, /* sum(rate(x{...}[w])) / sum(rate(y[w])): the share of `of` that `metric` makes up */
    RS_MEASURE_QUANTILE, /* histogram_quantile(q, sum by (le) (rate(x_bucket[w]))), seconds */
    RS_MEASURE_MEAN,     /* sum(rate(x_sum[w])) / sum(rate(x_count[w])) */
    RS_MEASURE_COUNT,    /* sum(increase(x[w])) */
    RS_MEASURE_RATE,     /* sum(rate(x[w])), per second */
    RS_MEASURE_ALERT,    /* ALERTS{alertname="..."}: the alert fires (or is pending) */
    RS_MEASURE_VALUE,    /* the value of a series itself */
    RS_MEASURE_OTHER
};

enum comparison_op {
    RS_CMP_GT,
    RS_CMP_GE,
    RS_CMP_LT,
    RS_CMP_LE,
    RS_CMP_EQ,
    RS_CMP_NE,
    RS_CMP_PRESENT, /* a series is there, whatever its value */
    RS_CMP_ABSENT   /* none is: absent(x) */
};
/* ">", ">=", ..., "present", "absent" */
const char *rs_comparison_op_name(enum comparison_op op);

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
    int64_t window_ms; /* 0 = an instant; RATIO and MEAN: since the counters began */
    bool last_two;     /* irate: of the window only the last two samples */
    bool per_series; /* not summed up over what a service has several of: true when one series is */
    bool per_job;    /* kept apart by job, and none is named: true when one job's is */
    bool averaged;   /* avg() over series */
    enum comparison_op op;
    double limit;   /* in the measure's own unit: seconds, shares of 1, events, events per second */
    double written; /* the limit as it stands in the text: 99 in `100 * a / b < 99` */
    const char *text; /* the comparison alone, canonical */
    struct mark at;   /* of the comparison, in the file that the expression stands in */
};

/* Disjunction of conjunctions: true when all comparisons of one term are. */
struct condition_term {
    int n;
    const struct comparison *comparison; /* [n] */
};
struct promql_condition {
    int n_term;
    const struct condition_term *term; /* [n_term] >= 1 */
};

/* The rule files whose recording rules may be looked into. Borrowed. */
struct rule_file;
struct promql_records {
    int n_file;
    struct rule_file *const *file; /* [n_file] */
};

/*
 * Reads an expression; everything is made in the arena.
 *   records  NULL = a recorded series is read as a VALUE
 * `a unless b` is `a` and one OTHER; an expression that would come to more than 64 terms is one OTHER.
 */
void rs_promql_condition(struct arena *arena,
                         const struct promql *q,
                         const struct promql_records *records,
                         struct promql_condition *out);

/* The same measure of the same thing: kind, metrics, matchers (in any order), q; windows and limits apart. */
bool rs_comparison_same_measure(const struct comparison *a, const struct comparison *b);

/*
 * Do all matchers on this label take this value ("" where a series does not have the label)? True where there is none.
 * Values of regexes have been checked when they were parsed.
 */
bool rs_matchers_allow(const struct matcher_text *matcher, /* [n] */
                       int n,
                       const char *label,
                       const char *value,
                       enum promql_dialect dialect);

#endif
