/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Unit tests of rules, as `promtool test rules` has them: series in, firing alerts and values of expressions out. scenarios/
 * reads the files (scenarios/rule_test.h). Outcome for outcome the same as the real program's, with its peculiarities: every
 * group is evaluated at every evaluation_interval from the start on, whatever interval it names; only firing alerts are
 * compared; series end with the last evaluation; an expected NaN matches nothing; a rule that fails ends its test.
 */
#ifndef VERIFY_RULE_TEST_H
#define VERIFY_RULE_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/recorded.h"
#include "models/rules.h"
#include "sim/arena.h"

struct exp_alert {
    int n_label;
    const struct label *label; /* [n_label] without alertname */
    int n_annotation;
    const struct label *annotation; /* [n_annotation] */
};

struct alert_case {
    const char *alertname;
    int64_t eval_ns; /* after the test's start */
    int n_alert;
    const struct exp_alert *alert; /* [n_alert] that fire then, and no others of this name */
    struct mark at;
};

struct exp_sample {
    rs_labels labels; /* in the test's label table */
    double value;
};

struct expr_case {
    const struct promql *expr; /* NULL: it could not be parsed, which fails the case */
    const char *text;
    struct err err; /* why */
    int64_t eval_ns;
    int n_sample;
    const struct exp_sample *sample; /* [n_sample] */
    struct mark at;
};

struct rule_test {
    const char *name; /* "" = none */
    struct recorded *data;
    int n_alert_case;
    const struct alert_case *alert_case;
    int n_expr_case;
    const struct expr_case *expr_case;
    int n_external;
    const struct label *external;
    const char *external_url; /* NULL = none */
    int64_t start_ms;
    struct mark at;
};

struct rule_test_file {
    const char *file;
    int n_rule_file;
    const struct rule_file *const *rule_file;
    int64_t interval_ns; /* evaluation_interval */
    int n_order;
    const char *const
        *order; /* [n_order] group_eval_order; groups that it does not name come first */
    bool fuzzy; /* fuzzy_compare: values may be one apart in the last place */
    int n_test;
    const struct rule_test *test;
};

/* One thing that was not as expected, as lines that can be set side by side. */
struct test_failure {
    struct mark at;
    const char *what; /* "alert Down at 5m" */
    const char *why;  /* an error, instead of lines; NULL = none */
    bool of_rule;     /* a rule could not be evaluated, which ends the test; else it is a case */
    int n_want, n_got;
    const char *const *want; /* [n_want] sorted */
    const char *const *got;  /* [n_got] sorted */
};

struct test_outcome {
    const struct rule_test *test;
    int n_case; /* that were looked at */
    int n_failure;
    const struct test_failure *failure;
    double took_s; /* as the caller has measured it; only JUnit's XML tells it */
};

/* Runs one test; what the outcome points to lives in the arena. The test's data is spent: a test runs once. */
struct test_outcome rs_rule_test_run(struct arena *arena,
                                     const struct rule_test_file *file,
                                     const struct rule_test *test);

/* ---- told ---- */

/* What became of one file. */
struct test_report {
    const struct rule_test_file *file;
    int n_outcome; /* tests that were run */
    const struct test_outcome *outcome;
};

/* "✔ file: 3 tests, 12 cases"; of failures what was wanted and not got (-), and got and not wanted (+). */
void rs_test_report_print(FILE *to, const struct test_report *report, bool quiet, bool colour);
void rs_test_report_json(FILE *to, int n, const struct test_report *report /* [n] */);
/* JUnit's XML: a suite per file, a case per test with at most one failure, which tells all. */
void rs_test_report_junit(FILE *to, int n, const struct test_report *report /* [n] */);

#endif
