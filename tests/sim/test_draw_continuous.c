/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exponential, normal and gamma variates against GSL's distribution functions: seeds fixed,
 * false-alarm rate 1e-6 a row.
 */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/draw.h"
#include "sim_check.h"

enum law { EXPONENTIAL, NORMAL, GAMMA };

struct row {
    enum law law;
    double shape, scale;
};
static const struct row rows[] = {
    {EXPONENTIAL, 1, 1}, {EXPONENTIAL, 1, 1e-9}, {NORMAL, 0, 1},   {GAMMA, 0.1, 3}, {GAMMA, 0.5, 1},
    {GAMMA, 1, 2},       {GAMMA, 2.5, 0.01},     {GAMMA, 50, 1e6}, {GAMMA, 1e4, 1},
};

static double draw(struct stream *s, const struct row *row)
{
    switch (row->law) {
    case EXPONENTIAL: return rs_draw_exponential(s, row->scale);
    case NORMAL: return rs_draw_normal(s);
    case GAMMA: return rs_draw_gamma(s, row->shape, row->scale);
    }
    return NAN;
}

static double cdf(double x, const void *par)
{
    const struct row *row = par;
    switch (row->law) {
    case EXPONENTIAL: return gsl_cdf_exponential_P(x, row->scale);
    case NORMAL: return gsl_cdf_ugaussian_P(x);
    case GAMMA: return gsl_cdf_gamma_P(x, row->shape, row->scale);
    }
    return NAN;
}

enum { N = 50000 };

/* Row i by our samplers, and again by GSL's. */
START_TEST(test_distribution)
{
    const struct row *row = &rows[_i / 2];
    static double x[N];
    const int n = n_or_few(N);
    struct stream s = rs_stream_open(11, (uint64_t)_i, rs_stream_hash("continuous"));
    s.gsl = _i % 2;
    for (int i = 0; i < n; i++) {
        x[i] = draw(&s, row);
        ASSERT_IN_LOOP(isfinite(x[i]));
    }
    ck_assert_double_gt(kolmogorov_p(x, (size_t)n, cdf, row), 1e-6);
}
END_TEST

/*
 * Kolmogorov-Smirnov hardly sees tails: counts in slices of the distribution down to 1e-4 at
 * both ends.
 */
START_TEST(test_tails)
{
    static const double edge[] = {1e-4, 3e-4, 1e-3,  1e-2,   0.1,    0.5,
                                  0.9,  0.99, 0.999, 0.9997, 0.9999, 1};
    enum { N_CELL = N_ROW(edge) };
    const int n_draw = n_or_few(200000);
    uint64_t seen[N_CELL] = {0};
    double expected[N_CELL];
    struct stream s = rs_stream_open(12, (uint64_t)_i, rs_stream_hash("tails"));
    for (int i = 0; i < n_draw; i++) {
        double p = cdf(draw(&s, &rows[_i]), &rows[_i]);
        int cell = 0;
        while (p > edge[cell]) {
            cell++;
        }
        seen[cell]++;
    }
    for (int i = 0; i < N_CELL; i++) {
        expected[i] = n_draw * (edge[i] - (i > 0 ? edge[i - 1] : 0));
    }
    ck_assert_double_gt(chi_square_p(seen, expected, N_CELL, 10), 1e-6);
}
END_TEST

START_TEST(test_degenerate)
{
    struct stream s = rs_stream_open(1, 2, 3);
    ck_assert(rs_draw_exponential(&s, 0) == 0);
    ck_assert(rs_draw_gamma(&s, 3, 0) == 0);
    ck_assert(rs_draw_exponential(&s, INFINITY) == INFINITY);
    for (int i = 0; i < 1000; i++) {
        double x = rs_draw_gamma(&s, 0.01, 1);
        ck_assert(x >= 0 && isfinite(x));
    }
}
END_TEST

START_TEST(test_negative_mean_aborts)
{
    struct stream s = rs_stream_open(1, 2, 3);
    rs_draw_exponential(&s, -1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_distribution, 0, 2 * N_ROW(rows));
    tcase_add_loop_test(tc, test_tails, 0, N_ROW(rows));
    tcase_add_test(tc, test_degenerate);
    add_abort_test(tc, test_negative_mean_aborts);
}

int main(void)
{
    return run_suite("draw_continuous", add_tests);
}
