/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Once an evaluator has met the labels and the sizes, it asks for no memory: a second replica of
 * the same history runs without one allocation. The linker sends malloc and its kin here (--wrap).
 */
#include <check.h>
#include <stdlib.h>

#include "rule_text.h"
#include "sim/stream.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static uint64_t n_alloc;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
int __real_posix_memalign(void **out, size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
int __wrap_posix_memalign(void **out, size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
    n_alloc++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    n_alloc++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    n_alloc++;
    return __real_realloc(old, n);
}

int __wrap_posix_memalign(void **out, size_t align, size_t n)
{
    n_alloc++;
    return __real_posix_memalign(out, align, n);
}

enum { N_SERIES = 12, N_STEP = 600 };

static const char *const rows[] = {
    "sum by (g) (rate(x[5m]))",
    "increase(x[20m] offset 1m)",
    "delta(x[1m]) + on (i) group_left () irate(x[1m])",
    "changes(x[10m]) > 2 or resets(x[10m]) unless x == 0",
    "min_over_time(x[10m]) - max_over_time(x[10m])",
    "sum_over_time(x[10m]) / count_over_time(x[10m]) - avg_over_time(x[10m])",
    "quantile_over_time(0.9, x[10m])",
    "stddev_over_time(x[10m])",
    "quantile_over_time(0.5, rate(x[1m])[10m:1m])",
    "max_over_time(sum by (g) (x)[10m:30s])",
    "max_over_time((x @ 60)[3m:1m])",
    "topk by (g) (2, x)",
    "quantile by (g) (0.3, x)",
    "quantile(0.3, x)",
    "avg by (g) (x)",
    "stddev(x)",
    "sort_desc(x)",
    "histogram_quantile(0.9, sum by (le) (rate(x[5m])))",
    "label_replace(x, \"j\", \"$1\", \"i\", \"(.*)\")",
    "label_join(x, \"j\", \"-\", \"i\", \"g\")",
    "absent(x{i=\"no\"}) or absent_over_time(x[1m])",
    "predict_linear(x[5m], 60)",
    "deriv(x[5m])",
    "clamp(abs(x - 100), 0, 50) * scalar(count(x))",
    "timestamp(x) - time()",
};

/* Returns how many evaluations erred. Without Check's assertions: they allocate. */
static int replica(struct tsdb *db, const int *series, struct promql_eval *e)
{
    struct stream s = rs_stream_open(3, 0, 0);
    double v[N_SERIES] = {0};
    int n_bad = 0;

    for (int k = 1; k <= N_STEP; k++) {
        struct vector result;

        for (int i = 0; i < N_SERIES; i++) {
            v[i] = rs_stream_below(&s, 50) == 0 ? 0.0
                                                : v[i] + (double)rs_stream_below(&s, 10) / (i + 1);
            if (rs_stream_below(&s, 30) != 0) {
                (void)rs_tsdb_append(db, series[i], INT64_C(15000) * k,
                                     rs_stream_below(&s, 60) == 0 ? rs_tsdb_stale() : v[i]);
            }
        }
        n_bad += rs_promql_eval(e, INT64_C(15000) * k, &result, NULL) < 0;
    }
    return n_bad;
}

START_TEST(a_second_replica_asks_for_no_memory)
{
    static const char *const names[N_SERIES] = {"a", "b", "c", "d", "e", "f",
                                                "g", "h", "i", "j", "k", "l"};
    struct label_table *labels = rs_label_table_new();
    struct tsdb *db = rs_tsdb_new(labels);
    struct arena *arena = rs_arena_new();
    struct promql_eval *e =
        rs_promql_eval_new(expression(arena, rows[_i]), db, rs_promql_options_default());
    int series[N_SERIES], n_bad;
    uint64_t n;

    for (int i = 0; i < N_SERIES; i++) {
        struct label label[] = {
            {"__name__", "x"}, {"i", names[i]}, {"g", names[i % 3]}, {"le", "0.1"}};

        label[3].value = i % 3 == 0 ? "+Inf" : i % 3 == 1 ? "1" : "2";
        series[i] = rs_tsdb_series(db, rs_labels_intern(labels, 4, label));
    }
    rs_tsdb_seal(db);
    n = n_alloc;
    ck_assert_int_eq(replica(db, series, e), 0);
    ck_assert_uint_gt(n_alloc, n + 1); /* they are counted */
    rs_tsdb_reset(db);
    n = n_alloc;
    n_bad = replica(db, series, e);
    n = n_alloc - n;
    ck_assert_msg(n == 0, "%s: %lu allocations", rows[_i], (unsigned long)n);
    ck_assert_int_eq(n_bad, 0);
    rs_promql_eval_free(e);
    rs_arena_free(arena);
    rs_tsdb_free(db);
    rs_label_table_free(labels);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("no_alloc");
    TCase *tc = tcase_create("no_alloc");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, a_second_replica_asks_for_no_memory, 0, N(rows));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
