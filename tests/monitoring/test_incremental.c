/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The evaluator that remembers against one that walks every window anew (promql_options.plain), at
 * every step of random histories: the same labels in the same order, the same bits.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_text.h"
#include "sim/stream.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

enum { N_SERIES = 6, N_STEP = 260, STEP_MS = 15000 };

/* How the values of a series come about. */
enum flavour { COUNTER, GAUGE, ODD, HUGE_ONES, LATE, SPARSE };

struct world {
    struct label_table *labels;
    struct tsdb *db;
    struct stream stream;
    int series[N_SERIES + 1];
    double count[N_SERIES + 1];
    bool goes_back;                /* looks at earlier times too; then no series forgets anything */
    int64_t owed_ms[N_SERIES + 1]; /* LATE: the sample of this time has yet to come; 0 = none */
};

static const char *const names[N_SERIES + 1] = {"a", "b", "c", "d", "e", "f", "new"};

static int make_series(struct world *w, int i)
{
    struct label label[] = {{"__name__", i % 2 == 0 ? "x" : "y"}, {"i", names[i]}, {"g", "1"}};

    label[2].value = i < 3 ? "1" : "2";
    return rs_tsdb_series(w->db, rs_labels_intern(w->labels, 3, label));
}

static double odd_value(struct world *w)
{
    switch (rs_stream_below(&w->stream, 8)) {
    case 0: return (double)NAN;
    case 1: return (double)INFINITY;
    case 2: return -(double)INFINITY;
    case 3: return 0.0;
    case 4: return -0.0;
    default: return (double)rs_stream_below(&w->stream, 5) - 2.0;
    }
}

static double next_value(struct world *w, int i)
{
    struct stream *s = &w->stream;

    switch ((enum flavour)(i % N_SERIES)) {
    case COUNTER:
    case LATE:
    case SPARSE:
        w->count[i] += (double)rs_stream_below(s, 50);
        if (rs_stream_below(s, 25) == 0) {
            w->count[i] = (double)rs_stream_below(s, 3);
        }
        return w->count[i];
    case GAUGE: return rs_stream_uniform(s) - 0.3;
    case ODD: return rs_stream_below(s, 3) == 0 ? odd_value(w) : rs_stream_uniform(s);
    case HUGE_ONES:
        return rs_stream_below(s, 3) == 0 ? ldexp(rs_stream_uniform(s) - 0.5, 1024)
                                          : (double)(rs_stream_u64(s) >> 12);
    }
    return 0.0;
}

/* One scrape at t, with gaps, stale markers, and samples that come only after the evaluation. */
static void scrape(struct world *w, int n, int64_t t_ms)
{
    for (int i = 0; i < n; i++) {
        struct stream *s = &w->stream;
        int64_t at_ms = t_ms - (int64_t)rs_stream_below(s, 3) * 1000 * (i % 2);
        double v = next_value(w, i);

        if (rs_stream_below(s, i == SPARSE ? 2 : 12) == 0) {
            continue;
        }
        if (rs_stream_below(s, 20) == 0) {
            v = rs_tsdb_stale();
        }
        if (i == LATE && rs_stream_below(s, 2) == 0) {
            w->owed_ms[i] = at_ms;
            continue;
        }
        (void)rs_tsdb_append(w->db, w->series[i], at_ms, v);
    }
}

/* What was late arrives: after an evaluation that has looked at its time already. */
static void settle(struct world *w)
{
    for (int i = 0; i < N_SERIES; i++) {
        if (w->owed_ms[i] > 0) {
            (void)rs_tsdb_append(w->db, w->series[i], w->owed_ms[i], next_value(w, i));
            w->owed_ms[i] = 0;
        }
    }
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void compare(
    struct world *w, struct promql_eval *e, const char *text, int64_t t_ms, const struct promql *q)
{
    struct promql_options opt = rs_promql_options_default();
    struct promql_eval *plain;
    struct vector got, want;
    char labels[200];
    int status = rs_promql_eval(e, t_ms, &got, NULL);

    opt.plain = true;
    plain = rs_promql_eval_new(q, w->db, opt);
    ck_assert_int_eq(rs_promql_eval(plain, t_ms, &want, NULL), status);
    ck_assert_msg(got.n == want.n, "%s at %ld s: %d elements, expected %d", text,
                  (long)(t_ms / 1000), got.n, want.n);
    for (int i = 0; i < got.n; i++) {
        ck_assert_int_eq(got.item[i].labels, want.item[i].labels);
        ck_assert_msg(same_bits(got.item[i].v, want.item[i].v), "%s at %ld s, %s: %a, expected %a",
                      text, (long)(t_ms / 1000),
                      rs_labels_format(labels, sizeof labels, w->labels, got.item[i].labels),
                      got.item[i].v, want.item[i].v);
    }
    rs_promql_eval_free(plain);
}

static void run_history(struct world *w, const char *text, enum promql_dialect dialect)
{
    struct arena *arena = rs_arena_new();
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){text, {"test", 1, 1}, 0, dialect}, &err);
    struct promql_eval *e;
    int64_t t_ms = 0;

    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    e = rs_promql_eval_new(q, w->db, rs_promql_options_default());
    for (int k = 0; k < N_STEP; k++) {
        int n = k < N_STEP / 3 ? N_SERIES : N_SERIES + 1;

        if (k == N_STEP / 6) { /* another replica, and nothing in it yet */
            rs_tsdb_reset(w->db);
            compare(w, e, text, t_ms, q);
        }
        if (k == N_STEP / 3) { /* a series that nobody knew of */
            w->series[N_SERIES] = make_series(w, N_SERIES);
            rs_tsdb_retain(w->db, w->series[N_SERIES], w->goes_back ? INT64_MAX / 4 : 0);
        }
        if (k == N_STEP * 2 / 3) { /* the next replica: all samples go, and time starts again */
            rs_tsdb_reset(w->db);
            w->series[N_SERIES] = make_series(w, N_SERIES);
            rs_tsdb_retain(w->db, w->series[N_SERIES], w->goes_back ? INT64_MAX / 4 : 0);
            t_ms = 0;
        }
        t_ms += STEP_MS * (rs_stream_below(&w->stream, 30) == 0 ? 9 : 1);
        scrape(w, n, t_ms);
        if (rs_stream_below(&w->stream, 8) == 0) { /* a round is missed */
            continue;
        }
        compare(w, e, text, t_ms, q);
        if (w->goes_back && rs_stream_below(&w->stream, 6) == 0) { /* an earlier instant between */
            compare(w, e, text, t_ms - 1000 * (int64_t)rs_stream_below(&w->stream, 400), q);
            compare(w, e, text, t_ms, q);
        }
        settle(w);
        if (rs_stream_below(&w->stream, 4) == 0) { /* the same instant again */
            compare(w, e, text, t_ms, q);
        }
    }
    rs_promql_eval_free(e);
    rs_arena_free(arena);
}

static void history(const char *text, enum promql_dialect dialect, uint64_t seed)
{
    struct world w = {.labels = rs_label_table_new(),
                      .stream = rs_stream_open(seed, 0, rs_stream_hash(text))};

    w.db = rs_tsdb_new(w.labels);
    for (int i = 0; i < N_SERIES; i++) {
        w.series[i] = make_series(&w, i);
    }
    rs_tsdb_seal(w.db);
    w.goes_back = rs_stream_below(&w.stream, 2) == 0;
    for (int i = 0; i < N_SERIES && w.goes_back; i++) {
        rs_tsdb_retain(w.db, w.series[i], INT64_MAX / 4);
    }
    run_history(&w, text, dialect);
    rs_tsdb_free(w.db);
    rs_label_table_free(w.labels);
}

static const char *const functions[] = {
    "rate(%s)",
    "increase(%s)",
    "delta(%s)",
    "irate(%s)",
    "idelta(%s)",
    "changes(%s)",
    "resets(%s)",
    "count_over_time(%s)",
    "present_over_time(%s)",
    "last_over_time(%s)",
    "absent_over_time(%s)",
    "sum_over_time(%s)",
    "avg_over_time(%s)",
    "min_over_time(%s)",
    "max_over_time(%s)",
    "stddev_over_time(%s)",
    "stdvar_over_time(%s)",
    "quantile_over_time(0.9, %s)",
    "quantile_over_time(scalar(x{i=\"c\"}), %s)",
    "sum by (g) (increase(%s))",
};

static const char *const windows[] = {
    "x[5m]",
    "y[90s]",
    "{g=~\".+\"}[1m]",
    "x[20m] offset 1m",
    "y[5m:30s]",
    "x[3m:15s] offset 30s",
    "(x + on (i) group_left () x)[2m:30s]",
    "rate(x[1m])[10m:1m]",
    "(y offset 45s)[4m:1m]",
    "(x offset -1m)[4m:1m]",
    "max_over_time(y[1m:15s])[5m:1m]",
    "(x @ 600)[3m:1m]",
    "topk by (g) (1, x or y)[6m:45s]",
};

START_TEST(remembering_changes_nothing)
{
    for (int k = 0; k < N(windows); k++) {
        char text[200];

        (void)snprintf(text, sizeof text, functions[_i], windows[k]);
        for (enum promql_dialect d = RS_PROMQL_3; d < RS_PROMQL_DIALECT_N; d++) {
            int every = getenv("RS_UNDER_VALGRIND") != NULL ? 29 : 3;

            if ((_i + k) % every == (int)d) {
                history(text, d, (uint64_t)d + 1);
            }
        }
    }
}
END_TEST

/* So many and so large whole numbers that their sums are no longer exact. */
START_TEST(large_sums_are_walked)
{
    static const char *const rows[] = {"sum_over_time(x[11000s])", "avg_over_time(x[11000s])",
                                       "increase(x[11000s])", "increase(x[7000s])",
                                       "sum_over_time(x[7000s])"};
    struct world w = {.labels = rs_label_table_new(), .stream = rs_stream_open(1, 0, 0)};
    struct arena *arena = rs_arena_new();
    const struct promql *q = expression(arena, rows[_i]);
    struct promql_eval *e;

    w.db = rs_tsdb_new(w.labels);
    w.series[0] = make_series(&w, 0);
    e = rs_promql_eval_new(q, w.db, rs_promql_options_default());
    for (int i = 1; i <= 22000; i++) {
        double v = i % 2 == 0 ? 0x1p39 : 0x1p40 - (double)rs_stream_below(&w.stream, 1000);

        (void)rs_tsdb_append(w.db, w.series[0], 1000 * i, i % 97 == 0 ? 7.0 : v);
        if (i % 1000 == 0) {
            compare(&w, e, rows[_i], 1000 * i, q);
        }
    }
    rs_promql_eval_free(e);
    rs_tsdb_free(w.db);
    rs_label_table_free(w.labels);
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("incremental");
    TCase *tc = tcase_create("incremental");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, remembering_changes_nothing, 0, N(functions));
    tcase_add_loop_test(tc, large_sums_are_walked, 0, 5);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
