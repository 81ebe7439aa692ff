/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "monitoring/promql/promql_ast.h"
#include "series_text.h"

static const struct vector_item *find(const struct vector *v, rs_labels labels)
{
    for (int i = 0; i < v->n; i++) {
        if (v->item[i].labels == labels) {
            return &v->item[i];
        }
    }
    return NULL;
}

/* Step i of the expected lines against the result. Returns a word of complaint or NULL. */
static const char *compare(struct label_table *labels,
                           const struct upstream_case *tc,
                           int step,
                           bool ordered,
                           const struct vector *v)
{
    static struct value value[20000];
    int n_expected = 0;

    if (tc->scalar) {
        return v->n == 1 && series_almost(v->item[0].v, tc->number) ? NULL : "another number";
    }
    for (int i = 0; i < tc->n; i++) {
        int n = series_values(series_split(tc->expected[i]), value, 20000);
        const struct vector_item *item;

        if (step >= n || value[step].kind != VALUE_NUMBER) {
            continue;
        }
        item = find(v, series_labels(labels, tc->expected[i]));
        if (item == NULL) {
            return "an element is missing";
        }
        if (!series_almost(item->v, value[step].v)) {
            return "another value";
        }
        if (ordered && item != &v->item[n_expected]) {
            return "another order";
        }
        n_expected++;
    }
    return v->n == n_expected ? NULL : "more elements than expected";
}

static void complain(const struct label_table *labels,
                     const struct upstream_case *tc,
                     const char *how,
                     int64_t t_ms,
                     const char *complaint,
                     const struct vector *v)
{
    char text[512];

    printf("FAIL %s:%d: %s\n    %s at %g s: %s\n", tc->file, tc->line, tc->expr, how,
           (double)t_ms / 1000.0, complaint);
    for (int i = 0; i < v->n && i < 12; i++) {
        printf("    got %s %.17g\n", rs_labels_format(text, sizeof text, labels, v->item[i].labels),
               v->item[i].v);
    }
}

/* One evaluation that must give the expected step (or fail). */
static bool evaluate(struct promql_eval *e,
                     struct label_table *labels,
                     const struct upstream_case *tc,
                     const char *how,
                     int64_t t_ms,
                     int step,
                     bool ordered)
{
    const char *complaint;
    struct err err = {0};
    struct vector v;

    if (rs_promql_eval(e, t_ms, &v, &err) < 0) {
        complaint = tc->fails ? NULL : err.text;
    } else {
        complaint = tc->fails ? "it should fail" : compare(labels, tc, step, ordered, &v);
    }
    if (complaint != NULL) {
        complain(labels, tc, how, t_ms, complaint, &v);
    }
    return complaint == NULL;
}

/* A range is its steps; a failing one fails at one of them. */
static bool run_range(struct promql_eval *e, struct label_table *labels, struct upstream_case *tc)
{
    int step = 0;

    for (int64_t t = tc->start_ms; t <= tc->end_ms; t += tc->step_ms, step++) {
        struct vector v;

        if (tc->fails && rs_promql_eval(e, t, &v, NULL) < 0) {
            return true;
        }
        if (!tc->fails && !evaluate(e, labels, tc, "range", t, step, false)) {
            return false;
        }
    }
    if (tc->fails) {
        printf("FAIL %s:%d: %s\n    it should fail\n", tc->file, tc->line, tc->expr);
    }
    return !tc->fails;
}

/* ---- which series a case needs --------------------------------------------------------------- */

static bool selector_matches(const struct node *n,
                             enum regex_flavour flavour,
                             const struct label_table *labels,
                             rs_labels series)
{
    bool all = n->u.sel.name == NULL ||
               strcmp(n->u.sel.name, rs_labels_get(labels, series, RS_METRIC_NAME)) == 0;

    for (int i = 0; i < n->u.sel.n_matcher && all; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        struct ready_matcher ready;

        rs_matcher_init_as(&ready, flavour, m->name, m->value, m->op);
        all = rs_matcher_matches(&ready, rs_labels_get(labels, series, m->name));
        rs_matcher_clear(&ready);
    }
    return all;
}

static bool selects(const struct node *n,
                    enum regex_flavour flavour,
                    const struct label_table *labels,
                    rs_labels series)
{
    bool any = false;

    switch (n->kind) {
    case RS_NODE_SELECTOR: return selector_matches(n, flavour, labels, series);
    case RS_NODE_SUBQUERY: return selects(n->u.sub.expr, flavour, labels, series);
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            any = any || selects(n->u.call.arg[i], flavour, labels, series);
        }
        return any;
    case RS_NODE_AGGR:
        return selects(n->u.aggr.expr, flavour, labels, series) ||
               (n->u.aggr.param != NULL && selects(n->u.aggr.param, flavour, labels, series));
    case RS_NODE_BINARY:
        return selects(n->u.bin.lhs, flavour, labels, series) ||
               selects(n->u.bin.rhs, flavour, labels, series);
    case RS_NODE_UNARY: return selects(n->u.unary.expr, flavour, labels, series);
    case RS_NODE_PAREN: return selects(n->u.paren, flavour, labels, series);
    case RS_NODE_NUMBER:
    case RS_NODE_STRING: break;
    }
    return false;
}

bool upstream_selects(const struct promql *q, const struct label_table *labels, rs_labels series)
{
    return selects(q->root, rs_promql_regex(q->dialect), labels, series);
}

/* ---- other ways to the same result ----------------------------------------------------------- */

/*
 * Puts @ t_ms on every selector and subquery that has none, but not inside subqueries. False if the expression asks for the
 * time in another way.
 */
static bool pin(struct node *n, int64_t t_ms)
{
    static const char *const unsafe[] = {
        "days_in_month", "day_of_month", "day_of_week",    "day_of_year", "hour",     "minute",
        "month",         "year",         "predict_linear", "time",        "timestamp"};
    struct modifiers *mod = n->kind == RS_NODE_SELECTOR   ? &n->u.sel.mod
                            : n->kind == RS_NODE_SUBQUERY ? &n->u.sub.mod
                                                          : NULL;

    if (mod != NULL) {
        if (mod->at == RS_AT_NONE) {
            mod->at = RS_AT_TIME;
            mod->at_ms = t_ms;
        }
        return mod->at == RS_AT_TIME;
    }
    switch (n->kind) {
    case RS_NODE_CALL:
        for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
            if (strcmp(unsafe[i], n->u.call.fn->name) == 0) {
                return false;
            }
        }
        for (int i = 0; i < n->u.call.n_arg; i++) {
            if (!pin(n->u.call.arg[i], t_ms)) {
                return false;
            }
        }
        return true;
    case RS_NODE_AGGR:
        return pin(n->u.aggr.expr, t_ms) && (n->u.aggr.param == NULL || pin(n->u.aggr.param, t_ms));
    case RS_NODE_BINARY: return pin(n->u.bin.lhs, t_ms) && pin(n->u.bin.rhs, t_ms);
    case RS_NODE_UNARY: return pin(n->u.unary.expr, t_ms);
    case RS_NODE_PAREN: return pin(n->u.paren, t_ms);
    case RS_NODE_NUMBER:
    case RS_NODE_STRING:
    case RS_NODE_SELECTOR:
    case RS_NODE_SUBQUERY: break;
    }
    return true;
}

/* As the middle step of a range: what was remembered from the step before must not show. */
static bool
run_as_middle(struct promql_eval *e, struct label_table *labels, struct upstream_case *tc)
{
    struct vector v;
    bool right;

    (void)rs_promql_eval(e, tc->start_ms - 60000, &v, NULL);
    right = evaluate(e, labels, tc, "middle step", tc->start_ms, 0, false);
    (void)rs_promql_eval(e, tc->start_ms + 60000, &v, NULL);
    tc->n_extra++;
    return right && evaluate(e, labels, tc, "back again", tc->start_ms, 0, false);
}

static bool run_pinned(struct tsdb *db, struct upstream_case *tc, const struct promql *q)
{
    struct label_table *labels = rs_tsdb_labels(db);
    const int64_t t = tc->start_ms, at[] = {-10 * t, 0, t / 5, t, 10 * t};
    struct promql_eval *e;
    bool right = true;

    if (!pin((struct node *)(uintptr_t)q->root, t)) {
        return true;
    }
    e = rs_promql_eval_new(q, db, rs_promql_options_default());
    for (int i = 0; i < 5 && right; i++) {
        right = evaluate(e, labels, tc, "with @", at[i], 0, false);
        tc->n_extra++;
    }
    rs_promql_eval_free(e);
    return right;
}

bool upstream_run(struct tsdb *db, struct upstream_case *tc, const struct promql *q)
{
    struct label_table *labels = rs_tsdb_labels(db);
    struct promql_eval *e = rs_promql_eval_new(q, db, rs_promql_options_default());
    bool right;

    if (tc->range) {
        right = run_range(e, labels, tc);
    } else {
        right = evaluate(e, labels, tc, "instant", tc->start_ms, 0, tc->ordered) &&
                run_as_middle(e, labels, tc);
    }
    rs_promql_eval_free(e);
    return right && (tc->range || run_pinned(db, tc, q));
}
