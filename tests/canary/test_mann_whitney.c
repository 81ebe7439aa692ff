/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Mann-Whitney interval. Nothing here uses the code's own ranks: statistics come from counting pairs, variances from all ways
 * to deal the values to the two samples, ends of intervals from all differences of pairs, among which they must lie.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "mann_whitney.h"
#include "sim/stream.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Pairs in which x is above y, ties as half. */
static double pairs_above(const double *x, int n_x, const double *y, int n_y)
{
    double sum = 0.0;
    for (int i = 0; i < n_x; i++) {
        for (int k = 0; k < n_y; k++)
            sum += x[i] > y[k] ? 1.0 : x[i] == y[k] ? 0.5 : 0.0;
    }
    return sum;
}

/* Mean square of pairs_above about its mean, over all ways to choose n_x of the n values. */
static double variance_enumerated(const double *all, int n, int n_x)
{
    double sum = 0.0, squares = 0.0, ways = 0.0;
    for (unsigned bits = 0; bits < 1u << n; bits++) {
        double x[16], y[16];
        int i = 0, k = 0;
        for (int v = 0; v < n; v++) {
            if (bits >> v & 1u)
                x[i++] = all[v];
            else
                y[k++] = all[v];
        }
        if (i != n_x)
            continue;
        double u = pairs_above(x, i, y, k);
        sum += u;
        squares += u * u;
        ways += 1.0;
    }
    return squares / ways - sum / ways * (sum / ways);
}

static double
statistic_counted(const double *x, int n_x, const double *y, int n_y, double d, double variance)
{
    double shifted[64];
    for (int i = 0; i < n_x; i++)
        shifted[i] = x[i] - d;
    double above = pairs_above(shifted, n_x, y, n_y) - n_x * n_y / 2.0;
    return (above - (above > 0.0 ? 0.5 : above < 0.0 ? -0.5 : 0.0)) / sqrt(variance);
}

static const struct {
    int n_x, n_y;
    double x[8], y[8];
} samples[] = {
    {4, 4, {10, 20, 30, 40}, {1, 2, 3, 4}},
    {3, 5, {1, 1, 2}, {1, 2, 2, 3, 3}},
    {5, 3, {0, 0, 0, 1, 4}, {0, 0, 0}},
    {1, 6, {7}, {1, 2, 3, 4, 5, 6}},
    {6, 6, {1.5, 2, 2, 2.5, 3, 9}, {1, 1.5, 2, 2, 2.5, 2.5}},
};

START_TEST(test_statistic)
{
    double all[16];
    int n_x = samples[_i].n_x, n_y = samples[_i].n_y;
    struct two_samples s = {samples[_i].x, n_x, samples[_i].y, n_y};
    for (double d = -3.0; d <= 3.0; d += 0.5) {
        for (int i = 0; i < n_x; i++)
            all[i] = samples[_i].x[i] - d;
        for (int k = 0; k < n_y; k++)
            all[n_x + k] = samples[_i].y[k];
        double variance = variance_enumerated(all, n_x + n_y, n_x);
        double want = statistic_counted(samples[_i].x, n_x, samples[_i].y, n_y, d, variance);
        double got = rs_shift_statistic(&s, d);
        ck_assert_msg(fabs(got - want) < 1e-9, "d = %g: %.12g, wanted %.12g", d, got, want);
    }
}
END_TEST

/* The statistic falls through the level within the tolerance of that place. */
static void falls_there(const struct two_samples *s, double at, double level)
{
    double slack = 1.01 * RS_SHIFT_TOLERANCE;
    ck_assert_msg(rs_shift_statistic(s, at - slack) >= level - 1e-12 &&
                      rs_shift_statistic(s, at + slack) <= level + 1e-12,
                  "at %.9g the statistic goes from %g to %g, not through %g", at,
                  rs_shift_statistic(s, at - slack), rs_shift_statistic(s, at + slack), level);
}

/* How far the nearest difference of a pair is. */
static double off_difference(const struct two_samples *s, double at)
{
    double best = INFINITY;
    for (int i = 0; i < s->n_x; i++) {
        for (int k = 0; k < s->n_y; k++)
            best = fmin(best, fabs(s->x[i] - s->y[k] - at));
    }
    return best;
}

/* 20 to 50 values a side, some tied, of random scales above the tolerance: ends are differences of pairs, and levels are crossed. */
START_TEST(test_intervals)
{
    const double z = 2.3263478740408408; /* of 98 % */
    struct stream r = rs_stream_open(17, (uint64_t)_i, rs_stream_hash("samples"));
    double x[50], y[50], scale = pow(10.0, 3.0 * rs_stream_uniform(&r));
    int n_x = 20 + (int)(30 * rs_stream_uniform(&r)), n_y = 20 + (int)(30 * rs_stream_uniform(&r));
    double shift = 2.0 * rs_stream_uniform(&r) - 1.0;
    for (int i = 0; i < n_x; i++)
        x[i] = scale * (shift + floor(40.0 * rs_stream_uniform(&r)) / 40.0);
    for (int k = 0; k < n_y; k++)
        y[k] = scale * floor(40.0 * rs_stream_uniform(&r)) / 40.0;
    qsort(x, (size_t)n_x, sizeof *x, compare);
    qsort(y, (size_t)n_y, sizeof *y, compare);
    struct two_samples s = {x, n_x, y, n_y};
    struct shift got;
    ck_assert_int_eq(rs_mann_whitney(&s, 0.98, &got), 0);
    falls_there(&s, got.low, z);
    falls_there(&s, got.high, -z);
    falls_there(&s, got.estimate, 0.0);
    ck_assert_double_le(off_difference(&s, got.low), RS_SHIFT_TOLERANCE);
    ck_assert_double_le(off_difference(&s, got.high), RS_SHIFT_TOLERANCE);
    ck_assert(got.low <= got.estimate && got.estimate <= got.high);
}
END_TEST

/*
 * Four against four at 95 %: the least difference, 6, and the greatest, 39, are the ends; the estimate is between the two middle
 * ones of the 16 differences.
 */
START_TEST(test_by_hand)
{
    struct two_samples s = {samples[0].x, 4, samples[0].y, 4};
    struct shift got;
    double differences[16];
    ck_assert_int_eq(rs_mann_whitney(&s, 0.95, &got), 0);
    ck_assert_double_eq_tol(got.low, 6.0, RS_SHIFT_TOLERANCE);
    ck_assert_double_eq_tol(got.high, 39.0, RS_SHIFT_TOLERANCE);
    for (int i = 0; i < 16; i++)
        differences[i] = samples[0].x[i / 4] - samples[0].y[i % 4];
    qsort(differences, 16, sizeof *differences, compare);
    ck_assert(got.estimate >= differences[7] - RS_SHIFT_TOLERANCE &&
              got.estimate <= differences[8] + RS_SHIFT_TOLERANCE);
}
END_TEST

/* So few that not even the least difference is ruled out: the ends are the least and the greatest. */
START_TEST(test_ends)
{
    struct two_samples s = {samples[3].x, 1, samples[3].y, 6};
    struct shift got;
    ck_assert_int_eq(rs_mann_whitney(&s, 0.98, &got), 0);
    ck_assert_double_eq(got.low, 1.0);
    ck_assert_double_eq(got.high, 6.0);
}
END_TEST

START_TEST(test_all_tied)
{
    static const double zero[] = {0, 0, 0}, one[] = {1, 1};
    struct two_samples s = {one, 2, zero, 3};
    struct shift got;
    ck_assert(isnan(rs_shift_statistic(&s, 1.0)));
    ck_assert_int_eq(rs_mann_whitney(&s, 0.98, &got), -1);
}
END_TEST

START_TEST(test_common_language)
{
    struct two_samples s = {samples[_i].x, samples[_i].n_x, samples[_i].y, samples[_i].n_y};
    double want = pairs_above(s.x, s.n_x, s.y, s.n_y) / (s.n_x * s.n_y);
    ck_assert_double_eq_tol(rs_common_language(&s), want, 1e-12);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mann_whitney");
    TCase *tc = tcase_create("mann_whitney");
    tcase_add_loop_test(tc, test_statistic, 0, N(samples));
    tcase_add_loop_test(tc, test_intervals, 0, 40);
    tcase_add_test(tc, test_by_hand);
    tcase_add_test(tc, test_ends);
    tcase_add_test(tc, test_all_tied);
    tcase_add_loop_test(tc, test_common_language, 0, N(samples));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
