/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Conditions over counters that mostly stand still: what is left out gives the same as evaluating it, step by step, over
 * counters that rise now and then, are reset, lost and missing at first; and something is left out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rule_text.h"
#include "sim/stream.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

enum { N_SERIES = 6, N_STEP = 1500, STEP_MS = 15000 };

/* The whole of it, told beforehand: NaN = no sample. */
struct told {
    struct tsdb *db;
    double v[N_SERIES][N_STEP];
    int series[N_SERIES], done[N_SERIES];
    int now, n_fill;
};

static int number_of(const struct told *w, int series)
{
    int i = 0;

    while (w->series[i] != series) {
        i++;
    }
    return i;
}

static void fill(void *ctx, uint64_t arg, int series, int64_t t_ms)
{
    struct told *w = ctx;
    int i = number_of(w, series);

    (void)arg;
    w->n_fill++;
    for (; (int64_t)STEP_MS * w->done[i] <= t_ms; w->done[i]++) {
        double v = w->v[i][w->done[i]];

        if (!isnan(v) || rs_tsdb_is_stale(v)) {
            (void)rs_tsdb_append(w->db, series, (int64_t)STEP_MS * w->done[i], v);
        }
    }
}

/* All that is still to come up to now is like the last one. */
static bool promise(void *ctx, uint64_t arg, int series, double last)
{
    const struct told *w = ctx;
    int i = number_of(w, series);

    (void)arg;
    for (int k = w->done[i]; k <= w->now; k++) {
        double v = w->v[i][k];

        if (isnan(v)) {
            continue;
        }
        if (!isnan(last) && v != last) {
            return false;
        }
        last = v;
    }
    return true;
}

/* One value in so many steps is another one; one rise in five is a reset. */
static void tell(struct told *w, int one_in)
{
    struct stream s = rs_stream_open(5, (uint64_t)one_in, 0);

    for (int i = 0; i < N_SERIES; i++) {
        double v = 0.0;
        uint64_t from = rs_stream_below(&s, 200);

        for (int k = 0; k < N_STEP; k++) {
            if (rs_stream_below(&s, (uint64_t)one_in) == 0) {
                v = rs_stream_below(&s, 5) == 0 ? 0.0 : v + 1.0 + (double)rs_stream_below(&s, 3);
            }
            w->v[i][k] = (uint64_t)k < from || rs_stream_below(&s, 40) == 0 ? (double)NAN : v;
            if ((uint64_t)k > from && rs_stream_below(&s, 60) == 0) {
                w->v[i][k] = rs_tsdb_stale();
            }
        }
    }
}

static void declare(struct told *w, struct label_table *labels, bool lazy)
{
    static const char *const names[N_SERIES] = {"a", "b", "c", "d", "e", "f"};

    w->db = rs_tsdb_new(labels);
    for (int i = 0; i < N_SERIES; i++) {
        struct label label[] = {{"__name__", i < 4 ? "x" : "y"}, {"i", names[i]}};

        w->series[i] = rs_tsdb_series(w->db, rs_labels_intern(labels, 2, label));
        rs_tsdb_set_fill(w->db, w->series[i], fill, w, 0);
        if (lazy) {
            rs_tsdb_set_promise(w->db, w->series[i], promise);
        }
    }
}

static const struct row {
    const char *expr;
    bool idle; /* there is a time at which nothing need be read */
} rows[] = {
    {"sum(increase(x[10m])) > 3", true},
    {"sum(rate(x[5m])) > 0 and sum(increase(y[10m] offset 1m)) > 0", true},
    {"sum by (i) (increase(x[10m])) >= 1 or max(delta(y[5m])) > 0", true},
    {"increase(x[10m]) > 2 unless increase(y[10m]) > 0", true},
    {"0 < avg(rate(x[5m]))", true},
    {"sum(rate(x[5m])) < 0", true},
    {"sum(rate(x[5m])) >= 0", false},
    {"sum(rate(x[5m])) < 1", false},
    {"sum(rate(x[5m])) > bool 0", false},
    {"sum(rate(x[5m])) / sum(rate(y[5m])) > 0.5", false},
    {"sum(increase(x[10m])) > 3 or y > 5", false},
    {"max_over_time(x[5m]) > 2", false},
    {"absent(rate(x[5m])) > 0", false},
};

/* Rare changes leave most out, frequent ones nothing much. */
static const int one_in[] = {1000, 100, 3};

static bool same(const struct vector *a, const struct vector *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (int i = 0; i < a->n; i++) {
        if (a->item[i].labels != b->item[i].labels ||
            memcmp(&a->item[i].v, &b->item[i].v, sizeof(double)) != 0) {
            return false;
        }
    }
    return true;
}

START_TEST(nothing_is_missed)
{
    const struct row *row = &rows[_i / N(one_in)];
    struct label_table *labels = rs_label_table_new();
    struct arena *arena = rs_arena_new();
    struct promql_options plain = rs_promql_options_default();
    struct told *lazy = calloc(1, sizeof *lazy), *eager = calloc(1, sizeof *eager);
    struct promql_eval *e, *measure;

    plain.plain = true;
    declare(lazy, labels, true);
    declare(eager, labels, false);
    tell(lazy, one_in[_i % N(one_in)]);
    memcpy(eager->v, lazy->v, sizeof lazy->v);
    e = rs_promql_eval_new(expression(arena, row->expr), lazy->db, rs_promql_options_default());
    measure = rs_promql_eval_new(expression(arena, row->expr), eager->db, plain);
    for (int k = 0; k < N_STEP; k++) {
        struct vector got, want;

        lazy->now = k;
        ck_assert_int_eq(rs_promql_eval(e, (int64_t)STEP_MS * k, &got, NULL), 0);
        ck_assert_int_eq(rs_promql_eval(measure, (int64_t)STEP_MS * k, &want, NULL), 0);
        ck_assert_msg(same(&got, &want), "%s: step %d, %d instead of %d", row->expr, k, got.n,
                      want.n);
    }
    if (one_in[_i % N(one_in)] == 1000) {
        ck_assert_msg(row->idle == (lazy->n_fill < eager->n_fill / 2), "%s: %d fills of %d",
                      row->expr, lazy->n_fill, eager->n_fill);
    }
    rs_promql_eval_free(e);
    rs_promql_eval_free(measure);
    rs_tsdb_free(lazy->db);
    rs_tsdb_free(eager->db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
    free(lazy);
    free(eager);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("idle");
    TCase *tc = tcase_create("idle");
    SRunner *sr = srunner_create(s);
    int n_failed;

    tcase_add_loop_test(tc, nothing_is_missed, 0, N(rows) * N(one_in));
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
