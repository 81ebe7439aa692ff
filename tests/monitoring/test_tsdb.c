/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "series_text.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct label_table *labels;
static struct tsdb *db;

static void setup(void)
{
    labels = rs_label_table_new();
    db = rs_tsdb_new(labels);
}

static void teardown(void)
{
    rs_tsdb_free(db);
    rs_label_table_free(labels);
}

static int make(const char *text)
{
    return rs_tsdb_series(db, series_labels(labels, text));
}

static const struct window_row {
    const char *what;
    int64_t lo, hi;
    bool closed;
    int n;
    double first;
} windows[] = {
    {"left-open leaves the sample on the border", 100, 130, false, 3, 11},
    {"closed takes it", 100, 130, true, 4, 10},
    {"between samples", 101, 109, false, 0, 0},
    {"before all", -50, -1, true, 0, 0},
    {"past the end", 985, 5000, false, 1, 99},
    {"everything", -1, 5000, false, 100, 0},
    {"one", 120, 120, true, 1, 12},
};

START_TEST(window_is_exact)
{
    const struct window_row *row = &windows[_i];
    const struct sample *run[2];
    int n_run[2], s = make("x"), n;

    rs_tsdb_retain(db, s, 2000);
    for (int i = 0; i < 100; i++) {
        ck_assert(rs_tsdb_append(db, s, 10 * i, i));
    }
    n = rs_tsdb_window(db, s, row->lo, row->hi, row->closed, run, n_run);
    ck_assert_msg(n == row->n, "%s: %d samples", row->what, n);
    ck_assert_int_eq(n_run[0] + n_run[1], n);
    if (n > 0) {
        ck_assert_double_eq(run[0][0].v, row->first);
    }
}
END_TEST

/* Every window of a ring that has wrapped many times, against a plain scan. */
START_TEST(ring_keeps_the_retention)
{
    int s = make("x"), t_ms = 0;

    rs_tsdb_retain(db, s, 1000);
    for (int i = 0; i < 1500; i++) {
        const struct sample *run[2];
        int n_run[2], n, expected = 0;

        t_ms = 7 * i + (i % 3);
        ck_assert(rs_tsdb_append(db, s, t_ms, i));
        n = rs_tsdb_window(db, s, t_ms - 1000, t_ms, true, run, n_run);
        for (int k = i; k >= 0 && 7 * k + (k % 3) >= t_ms - 1000; k--) {
            expected++;
        }
        ck_assert_int_eq(n, expected);
        expected = 0;
        for (int k = 0; k < n; k++) {
            double v = k < n_run[0] ? run[0][k].v : run[1][k - n_run[0]].v;

            expected += v == i - n + 1 + k;
        }
        ck_assert_int_eq(n, expected);
    }
}
END_TEST

/*
 * A full ring whose oldest sample is exactly as old as the retention: a closed window still needs
 * it.
 */
START_TEST(ring_keeps_the_border)
{
    int s = make("x");

    rs_tsdb_retain(db, s, 160);
    for (int i = 0; i < 1000; i++) {
        const struct sample *run[2];
        int n_run[2];

        ck_assert(rs_tsdb_append(db, s, 10 * i, i));
        ck_assert_int_eq(rs_tsdb_window(db, s, 10 * i - 160, 10 * i, true, run, n_run),
                         i < 16 ? i + 1 : 17);
    }
}
END_TEST

START_TEST(old_samples_are_refused)
{
    int s = make("x");

    ck_assert(rs_tsdb_append(db, s, 10, 1));
    ck_assert(!rs_tsdb_append(db, s, 10, 2));
    ck_assert(!rs_tsdb_append(db, s, 9, 2));
    ck_assert_double_eq(rs_tsdb_last(db, s, 100)->v, 1);
    ck_assert_ptr_null(rs_tsdb_last(db, s, 9));
}
END_TEST

START_TEST(stale_is_a_certain_nan)
{
    ck_assert(rs_tsdb_is_stale(rs_tsdb_stale()));
    ck_assert(isnan(rs_tsdb_stale()));
    ck_assert(!rs_tsdb_is_stale((double)NAN));
    ck_assert(!rs_tsdb_is_stale(0.0));
}
END_TEST

START_TEST(reset_drops_what_came_after_the_seal)
{
    int a = make("a"), b;
    uint64_t generation;

    (void)rs_tsdb_append(db, a, 1, 1);
    rs_tsdb_seal(db);
    b = make("b");
    (void)rs_tsdb_append(db, b, 1, 1);
    generation = rs_tsdb_generation(db);
    rs_tsdb_reset(db);
    ck_assert_int_eq(rs_tsdb_count(db), 1);
    ck_assert_uint_ne(rs_tsdb_generation(db), generation);
    ck_assert_ptr_null(rs_tsdb_last(db, a, 100));
    ck_assert(rs_tsdb_append(db, a, 1, 1));
    ck_assert_int_eq(make("c"), 1);
    ck_assert_int_eq(make("b"), 2);
    ck_assert_ptr_null(rs_tsdb_last(db, 1, 100)); /* the memory of the dropped one, but empty */
    generation = rs_tsdb_generation(db);
    rs_tsdb_reset(db);
    rs_tsdb_reset(db);
    ck_assert_int_eq(rs_tsdb_count(db), 1);
}
END_TEST

static void fill(void *ctx, uint64_t arg, int series, int64_t t_ms)
{
    struct tsdb *to = ctx;
    const struct sample *last = rs_tsdb_last(to, series, INT64_MAX);

    for (int64_t t = last == NULL ? 0 : last->t_ms + 10; t <= t_ms; t += 10) {
        (void)rs_tsdb_append(to, series, t, (double)(arg + (uint64_t)t));
    }
}

START_TEST(lazy_series_fill_up_to_the_time_asked)
{
    int s = make("x");

    rs_tsdb_set_fill(db, s, fill, db, 5);
    ck_assert_ptr_null(rs_tsdb_last(db, s, 100));
    rs_tsdb_touch(db, s, 35);
    ck_assert_int_eq(rs_tsdb_last(db, s, 100)->t_ms, 30);
    rs_tsdb_touch(db, s, 20);
    rs_tsdb_touch(db, s, 50);
    ck_assert_double_eq(rs_tsdb_last(db, s, 100)->v, 55);
    rs_tsdb_reset(db);
    rs_tsdb_touch(db, s, 10);
    ck_assert_int_eq(rs_tsdb_last(db, s, 100)->t_ms, 10);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tsdb");
    TCase *tc = tcase_create("tsdb");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, window_is_exact, 0, N(windows));
    tcase_add_test(tc, ring_keeps_the_retention);
    tcase_add_test(tc, ring_keeps_the_border);
    tcase_add_test(tc, old_samples_are_refused);
    tcase_add_test(tc, stale_is_a_certain_nan);
    tcase_add_test(tc, reset_drops_what_came_after_the_seal);
    tcase_add_test(tc, lazy_series_fill_up_to_the_time_asked);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
