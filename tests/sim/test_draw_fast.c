/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words and exponential delays made many at a time. Seeds fixed; false-alarm rate 1e-6 a test.
 */
#include "sim/draw_fast.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim_check.h"

/* Layers of a ziggurat have one area; the base layer has the tail with it. */
START_TEST(test_layers_have_one_area)
{
    const double *x = rs_ziggurat_x;
    double area = x[0] * exp(-x[1]);
    ck_assert_double_eq_tol(area, x[1] * exp(-x[1]) + exp(-x[1]), 1e-15);
    for (int i = 1; i < 256; i++) {
        ck_assert_double_eq_tol(x[i] * (exp(-x[i + 1]) - exp(-x[i])), area, 1e-15);
        ck_assert_double_lt(x[i + 1], x[i]);
    }
    ck_assert(x[256] == 0);
}
END_TEST

static double exponential_cdf(double x, const void *par)
{
    return gsl_cdf_exponential_P(x, *(const double *)par);
}

static const double mean_rows[] = {1, 1e-9, 3600};

/* Row i of `mean_rows` by our sampler, and again by GSL's. */
START_TEST(test_exponential)
{
    enum { N = 200000 };
    static double x[N];
    const int n = n_or_few(N);
    double mean = mean_rows[_i / 2], sum = 0;
    struct stream s = rs_stream_open(51, (uint64_t)_i, 0);
    s.gsl = _i % 2;
    struct stream_bulk b = rs_stream_bulk(s);
    for (int i = 0; i < n; i++) {
        x[i] = rs_draw_exponential_fast(&b, mean);
        ASSERT_IN_LOOP(x[i] >= 0 && isfinite(x[i]));
        sum += x[i];
    }
    ck_assert_double_lt(fabs(sum / n / mean - 1), 5 / sqrt(n)); /* five standard errors: 6e-7 */
    ck_assert_double_gt(kolmogorov_p(x, (size_t)n, exponential_cdf, &mean), 1e-6);
}
END_TEST

/* Where a ziggurat goes wrong first: the top layer, and the tail beyond 7.697, both by counts of slices. */
START_TEST(test_exponential_ends)
{
    static const double edge[] = {1e-4, 1e-3, 1e-2, 0.1, 0.5,  1,   2,  4,
                                  6,    7,    7.5,  7.8, 8.25, 8.7, 10, INFINITY};
    enum { N_CELL = N_ROW(edge) };
    const int n = n_or_few(4000000);
    uint64_t seen[N_CELL] = {0};
    double expected[N_CELL];
    struct stream_bulk b = rs_stream_bulk(rs_stream_open(52, 0, 0));
    for (int i = 0; i < n; i++) {
        double x = rs_draw_exponential_fast(&b, 1);
        int cell = 0;
        while (x > edge[cell]) {
            cell++;
        }
        seen[cell]++;
    }
    for (int i = 0; i < N_CELL; i++) {
        expected[i] = n * (exp(i > 0 ? -edge[i - 1] : 0) - exp(-edge[i]));
    }
    ck_assert(seen[N_CELL - 1] > 0 || n < 4000000);
    ck_assert_double_gt(chi_square_p(seen, expected, N_CELL, 10), 1e-6);
}
END_TEST

START_TEST(test_nanoseconds)
{
    struct stream_bulk b = rs_stream_bulk(rs_stream_open(53, 0, 0)), same = b;
    for (int i = 0; i < 1000; i++) {
        double ns = rs_draw_exponential_fast(&same, 1e6);
        ASSERT_IN_LOOP(rs_draw_exponential_ns(&b, 1e6) == (int64_t)(ns + 0.5));
    }
    ck_assert_int_eq(rs_draw_exponential_ns(&b, 0), 0);
    ck_assert_int_eq(rs_draw_exponential_ns(&b, 1e300), RS_NEVER);
}
END_TEST

START_TEST(test_bulk_is_the_stream)
{
    struct stream s = rs_stream_open(54, 0, 0);
    rs_stream_u64(&s); /* one word of the block is left */
    struct stream_bulk b = rs_stream_bulk(s);
    for (int i = 0; i < 1000; i++) {
        ASSERT_IN_LOOP(rs_stream_bulk_u64(&b) == rs_stream_u64(&s));
    }
    ck_assert(rs_stream_bulk_uniform(&b) == rs_stream_uniform(&s));
}
END_TEST

START_TEST(test_bulk_heeds_the_branch_word)
{
    uint64_t branch = 0;
    struct stream_bulk tied = rs_stream_bulk(rs_stream_open_branching(1, 2, 3, &branch));
    struct stream_bulk plain = rs_stream_bulk(rs_stream_open(1, 2, 3));
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(rs_stream_bulk_u64(&tied), rs_stream_bulk_u64(&plain));
    }
    branch = 17;
    int n_same = 0;
    for (int i = 0; i < 1000; i++) {
        n_same += rs_stream_bulk_u64(&tied) == rs_stream_bulk_u64(&plain);
    }
    ck_assert_int_eq(n_same, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_layers_have_one_area);
    tcase_add_loop_test(tc, test_exponential, 0, 2 * N_ROW(mean_rows));
    tcase_add_test(tc, test_exponential_ends);
    tcase_add_test(tc, test_nanoseconds);
    tcase_add_test(tc, test_bulk_is_the_stream);
    tcase_add_test(tc, test_bulk_heeds_the_branch_word);
}

int main(void)
{
    return run_suite("draw_fast", add_tests);
}
