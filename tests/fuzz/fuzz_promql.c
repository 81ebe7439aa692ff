/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first byte chooses the dialect ('3' is 3, '4' is 2.53, '5' is 2.42), the rest is an expression of any bytes: parsing
 * never crashes, what was parsed prints to a text that parses and prints the same, and it evaluates over a tiny database.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "monitoring/promql/promql_ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 2000.0

/* How often the subqueries evaluate what is inside, all in all: an expression may ask for years of milliseconds. */
static double steps(const struct node *n)
{
    double most = 1.0;

    switch (n->kind) {
    case RS_NODE_SUBQUERY:
        most =
            (double)n->u.sub.range_ms / (double)(n->u.sub.step_ms > 0 ? n->u.sub.step_ms : 60000);
        return (1.0 + most) * steps(n->u.sub.expr);
    case RS_NODE_CALL:
        for (int i = 0; i < n->u.call.n_arg; i++) {
            most = fmax(most, steps(n->u.call.arg[i]));
        }
        return most;
    case RS_NODE_AGGR:
        return fmax(steps(n->u.aggr.expr), n->u.aggr.param != NULL ? steps(n->u.aggr.param) : 1.0);
    case RS_NODE_BINARY: return fmax(steps(n->u.bin.lhs), steps(n->u.bin.rhs));
    case RS_NODE_UNARY: return steps(n->u.unary.expr);
    case RS_NODE_PAREN: return steps(n->u.paren);
    case RS_NODE_NUMBER:
    case RS_NODE_STRING:
    case RS_NODE_SELECTOR: break;
    }
    return most;
}

static void add_series(
    struct tsdb *db, const char *name, const char *label, const char *value, const double *v, int n)
{
    const struct label l[] = {{"__name__", name}, {label, value}};
    int series = rs_tsdb_series(db, rs_labels_intern(rs_tsdb_labels(db), 2, l));

    rs_tsdb_retain(db, series, 600000);
    for (int i = 0; i < n; i++) {
        (void)rs_tsdb_append(db, series, i * 15000, v[i]);
    }
}

static struct tsdb *tiny(struct label_table *labels)
{
    const double rising[] = {0, 1, 2, 4, 8, 1, 3, 3, 7, 9}, falling[] = {9, 8, 7, 7, 6};
    const double odd[] = {NAN, INFINITY, -INFINITY, 1e300, 0, rs_tsdb_stale(), -1, 0.5};
    struct tsdb *db = rs_tsdb_new(labels);

    add_series(db, "up", "a", "1", rising, 10);
    add_series(db, "up", "a", "2", falling, 5);
    add_series(db, "x", "a", "1", odd, 8);
    add_series(db, "x", "b", "p-q", rising, 10);
    add_series(db, "h_bucket", "le", "1", falling, 5);
    add_series(db, "h_bucket", "le", "2.5", rising, 10);
    add_series(db, "h_bucket", "le", "+Inf", rising, 10);
    return db;
}

static void evaluate(const struct promql *q)
{
    static const int64_t at[] = {0, 75000, 150000, 90000, 1000000};
    struct label_table *labels = rs_label_table_new();
    struct tsdb *db = tiny(labels);
    struct promql_eval *e = rs_promql_eval_new(q, db, rs_promql_options_default());

    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        struct err err = {0};
        struct vector v;

        if (rs_promql_eval(e, at[i], &v, &err) < 0 && err.text[0] == '\0') {
            abort(); /* failed without a word */
        }
    }
    rs_promql_eval_free(e);
    rs_tsdb_free(db);
    rs_label_table_free(labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena;
    struct promql_text text = {.at = {"fuzz", 1, 1}};
    struct err err = {0};
    const struct promql *q;

    if (size == 0) {
        return 0;
    }
    arena = rs_arena_new();
    text.dialect = (enum promql_dialect)(data[0] % RS_PROMQL_DIALECT_N);
    text.text = rs_arena_strndup(arena, (const char *)data + 1, size - 1);
    q = rs_promql_parse(arena, &text, &err);
    if (q != NULL) {
        const char *once = rs_promql_print(arena, q);
        struct promql_text printed = text;
        const struct promql *again;

        printed.text = once;
        again = rs_promql_parse(arena, &printed, &err);
        if (again == NULL || strcmp(once, rs_promql_print(arena, again)) != 0 ||
            rs_promql_type(again) != rs_promql_type(q)) {
            (void)fprintf(stderr, "input: %s\nprint: %s\nerror: %s\n", text.text, once, err.text);
            abort();
        }
        if (steps(q->root) <= STEPS_MAX) {
            evaluate(q);
        }
    } else if (err.code == RS_E_NONE || err.text[0] == '\0') {
        abort(); /* refused without a word */
    }
    rs_arena_free(arena);
    return 0;
}
