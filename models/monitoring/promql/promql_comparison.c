/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons: their operators, and when two of them look at the same thing. */
#include <assert.h>
#include <string.h>

#include "promql_quantity.h"

const char *rs_comparison_op_name(enum comparison_op op)
{
    static const char *const names[] = {">", ">=", "<", "<=", "==", "!=", "present", "absent"};
    assert((unsigned)op < sizeof names / sizeof names[0]);
    return names[op];
}

/* ---- the same measure ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool has_matcher(const struct matcher_text *list, int n, const struct matcher_text *m)
{
    for (int i = 0; i < n; i++) {
        if (same_text(list[i].label, m->label) && same_text(list[i].op, m->op) &&
            same_text(list[i].value, m->value)) {
            return true;
        }
    }
    return false;
}

static bool
same_matchers(const struct matcher_text *a, int n_a, const struct matcher_text *b, int n_b)
{
    for (int i = 0; i < n_a; i++) {
        if (!has_matcher(b, n_b, &a[i])) {
            return false;
        }
    }
    for (int i = 0; i < n_b; i++) {
        if (!has_matcher(a, n_a, &b[i])) {
            return false;
        }
    }
    return true;
}

bool rs_comparison_same_measure(const struct comparison *a, const struct comparison *b)
{
    return a->kind == b->kind && a->kind != RS_MEASURE_OTHER && a->q == b->q &&
           a->averaged == b->averaged && same_text(a->metric, b->metric) &&
           same_text(a->of_metric, b->of_metric) && same_text(a->alert, b->alert) &&
           same_matchers(a->matcher, a->n_matcher, b->matcher, b->n_matcher) &&
           same_matchers(a->of_matcher, a->n_of_matcher, b->of_matcher, b->n_of_matcher);
}

/* ---- operators ---- */

enum comparison_op rs_comparison_flipped(enum comparison_op op)
{
    switch (op) {
    case RS_CMP_GT: return RS_CMP_LT;
    case RS_CMP_GE: return RS_CMP_LE;
    case RS_CMP_LT: return RS_CMP_GT;
    case RS_CMP_LE: return RS_CMP_GE;
    case RS_CMP_EQ:
    case RS_CMP_NE:
    case RS_CMP_PRESENT:
    case RS_CMP_ABSENT: return op;
    }
    return op;
}

enum comparison_op rs_comparison_negated(enum comparison_op op)
{
    switch (op) {
    case RS_CMP_GT: return RS_CMP_LE;
    case RS_CMP_GE: return RS_CMP_LT;
    case RS_CMP_LT: return RS_CMP_GE;
    case RS_CMP_LE: return RS_CMP_GT;
    case RS_CMP_EQ: return RS_CMP_NE;
    case RS_CMP_NE: return RS_CMP_EQ;
    case RS_CMP_PRESENT: return RS_CMP_ABSENT;
    case RS_CMP_ABSENT: return RS_CMP_PRESENT;
    }
    return op;
}

/* ---- matchers ---- */

static bool allows(const struct matcher_text *m, const char *value, enum promql_dialect dialect)
{
    static const struct {
        const char *text;
        enum match_op op;
    } ops[] = {{"=", RS_MATCH_EQ}, {"!=", RS_MATCH_NE}, {"=~", RS_MATCH_RE}, {"!~", RS_MATCH_NRE}};
    size_t i = 0;
    while (strcmp(ops[i].text, m->op) != 0)
        i++;
    struct ready_matcher ready;
    rs_matcher_init_as(&ready, rs_promql_regex(dialect), m->label, m->value, ops[i].op);
    bool yes = rs_matcher_matches(&ready, value);
    rs_matcher_clear(&ready);
    return yes;
}

bool rs_matchers_allow(const struct matcher_text *matcher,
                       int n,
                       const char *label,
                       const char *value,
                       enum promql_dialect dialect)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(matcher[i].label, label) == 0 && !allows(&matcher[i], value, dialect)) {
            return false;
        }
    }
    return true;
}
