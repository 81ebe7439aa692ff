/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts: Poisson, binomial, multinomial against GSL's probabilities. Seeds fixed; false-alarm
 * rate 1e-6 a row.
 */
#include "sim/draw.h"

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim_check.h"

enum { N = 200000, N_CELL = 8192 };

/* n = 0: Poisson of mean p. */
struct row {
    unsigned n;
    double p;
};
static const struct row rows[] = {
    {0, 0.01},     {0, 0.1},      {0, 1},          {0, 3.3},          {0, 9.999},
    {0, 10},       {0, 11.7},     {0, 30},         {0, 100},          {0, 1000},
    {0, 1e5},      {1, 0.5},      {10, 0.01},      {100, 0.001},      {19, 0.5},
    {20, 0.5},     {21, 0.51},    {100, 0.1},      {100, 0.9},        {1000, 0.3},
    {1000, 0.999}, {100000, 0.5}, {1000000, 1e-5}, {1000000, 1.5e-5}, {1000000, 0.99999},
};

static double mean_of(const struct row *row)
{
    return row->n ? row->n * row->p : row->p;
}

static double variance_of(const struct row *row)
{
    return row->n ? row->n * row->p * (1 - row->p) : row->p;
}

static uint64_t draw(struct stream *s, const struct row *row)
{
    return row->n ? rs_draw_binomial(s, row->n, row->p) : rs_draw_poisson(s, row->p);
}

static double probability(const struct row *row, double k)
{
    if (k < 0 || (row->n && k > row->n)) {
        return 0;
    }
    return row->n ? gsl_ran_binomial_pdf((unsigned)k, row->p, row->n)
                  : gsl_ran_poisson_pdf((unsigned)k, row->p);
}

/* Row i by our samplers and again by GSL's. Each count is a cell, ten standard deviations to either side; thin ones are pooled. */
START_TEST(test_chi_square)
{
    static uint64_t seen[N_CELL];
    static double expected[N_CELL];
    const struct row *row = &rows[_i / 2];
    const int n_draw = n_or_few(N);
    double first = fmax(0, floor(mean_of(row) - 10 * sqrt(variance_of(row)) - 10));
    struct stream s = rs_stream_open(21, (uint64_t)_i, rs_stream_hash("counts"));
    s.gsl = _i % 2;
    for (int i = 0; i < N_CELL; i++) {
        seen[i] = 0;
        expected[i] = n_draw * probability(row, first + i);
    }
    for (int i = 0; i < n_draw; i++) {
        double cell = (double)draw(&s, row) - first;
        ASSERT_IN_LOOP(cell >= 0 && cell < N_CELL);
        seen[(int)cell]++;
    }
    double p = chi_square_p(seen, expected, N_CELL, 10);
    /*
     * About twenty slices see what changes the shape as a whole, which many fine cells would
     * drown.
     */
    double p_coarse = chi_square_p(seen, expected, N_CELL, n_draw / 20.0);
    ck_assert_msg(p > 1e-6 && p_coarse > 1e-6, "n %u, p %g: p-values %g, %g", row->n, row->p, p,
                  p_coarse);
}
END_TEST

static const double large_rows[] = {1e6, 1e9, 1e12, 1e15};

/*
 * Very large means are normal to within 1e-3/sqrt(12): mean, variance and 40 slices of equal
 * probability.
 */
static void assert_normal(struct stream *s, const struct row *row, double p_poisson, uint64_t n)
{
    enum { N_SLICE = 40 };
    const int n_draw = n_or_few(N);
    uint64_t seen[N_SLICE] = {0};
    double expected[N_SLICE], sum = 0, sum2 = 0;
    double mean = row ? (double)n * row->p : p_poisson;
    double sd = row ? sqrt((double)n * row->p * (1 - row->p)) : sqrt(p_poisson);
    for (int i = 0; i < n_draw; i++) {
        uint64_t k = row ? rs_draw_binomial(s, n, row->p) : rs_draw_poisson(s, p_poisson);
        /* The half centres the cell of a whole number. */
        double z = ((double)k - mean) / sd;
        double u = gsl_cdf_ugaussian_P(z + (rs_stream_uniform(s) - 0.5) / sd);
        seen[(int)fmin(u * N_SLICE, N_SLICE - 1)]++;
        sum += z;
        sum2 += z * z;
    }
    for (int i = 0; i < N_SLICE; i++) {
        expected[i] = (double)n_draw / N_SLICE;
    }
    ck_assert_double_gt(chi_square_p(seen, expected, N_SLICE, 10), 1e-6);
    /* Five standard errors: 6e-7. */
    ck_assert_double_lt(fabs(sum / n_draw), 5 / sqrt(n_draw));
    ck_assert_double_lt(fabs(sum2 / n_draw - 1), 5 * sqrt(2.0 / n_draw));
}

START_TEST(test_large_means)
{
    struct stream s = rs_stream_open(22, (uint64_t)_i, rs_stream_hash("large"));
    assert_normal(&s, NULL, large_rows[_i], 0);
    struct row half = {.p = 0.5}, rare = {.p = 0.001};
    assert_normal(&s, &half, 0, (uint64_t)(2 * large_rows[_i]));
    assert_normal(&s, &rare, 0, (uint64_t)(4 * large_rows[_i]));
}
END_TEST

static const double prepared_rows[] = {0, 1e-12, 0.5, 9.99, 10, 77, 1e7, 1e15};

START_TEST(test_prepared_draws_the_same)
{
    struct stream s = rs_stream_open(23, 0, (uint64_t)_i), t = s;
    struct poisson p = rs_poisson_prepare(prepared_rows[_i]);
    for (int i = 0; i < 2000; i++) {
        ASSERT_IN_LOOP(rs_poisson_draw(&p, &s) == rs_draw_poisson(&t, prepared_rows[_i]));
    }
    ck_assert_uint_eq(rs_stream_u64(&s), rs_stream_u64(&t));
}
END_TEST

START_TEST(test_extremes)
{
    struct stream s = rs_stream_open(24, 0, 0);
    uint64_t n_rare = 0;
    for (int i = 0; i < 10000; i++) {
        ASSERT_IN_LOOP(rs_draw_poisson(&s, 0) == 0);
        n_rare += rs_draw_poisson(&s, 1e-12);
        n_rare += rs_draw_binomial(&s, 1000, 1e-15);
        ASSERT_IN_LOOP(rs_draw_binomial(&s, 1000, 0) == 0);
        ASSERT_IN_LOOP(rs_draw_binomial(&s, 1000, 1) == 1000);
        ASSERT_IN_LOOP(rs_draw_binomial(&s, 0, 0.3) == 0);
        ck_assert_uint_le(rs_draw_binomial(&s, 1, 0.3), 1);
        ck_assert_uint_le(rs_draw_binomial(&s, UINT64_C(1) << 53, 1e-300), 0);
    }
    ck_assert_uint_eq(n_rare, 0); /* false-alarm rate 2e-8 */
}
END_TEST

/* The worst words a stream can give: both ends of the unit interval. */
START_TEST(test_worst_words)
{
    static const double means[] = {1e-12, 0.1, 9.999, 10, 1e15};
    for (int i = 0; i < N_ROW(means); i++) {
        for (int j = 0; j < 4; j++) {
            struct stream s = rs_stream_open(25, 0, 0);
            s.n_left = 2;
            s.word[0] = j & 1 ? UINT64_MAX : 0;
            s.word[1] = j & 2 ? UINT64_MAX : 0;
            double k = (double)rs_draw_poisson(&s, means[i]);
            ck_assert_double_lt(k, means[i] + 40 * sqrt(means[i]) + 40);
        }
    }
}
END_TEST

/* n = 3 over three classes has ten outcomes: their joint law against gsl_ran_multinomial_pdf. */
START_TEST(test_multinomial_joint)
{
    static const double weight[] = {2, 0, 5, 3};
    const int n_draw = n_or_few(N);
    uint64_t seen[64] = {0};
    double expected[64] = {0}, p[4];
    struct stream s = rs_stream_open(26, 0, 0);
    s.gsl = _i;
    for (int i = 0; i < n_draw; i++) {
        uint64_t n[4];
        rs_draw_multinomial(&s, 3, 4, weight, n);
        ASSERT_IN_LOOP(n[1] == 0);
        ASSERT_IN_LOOP(n[0] + n[2] + n[3] == 3);
        seen[16 * n[0] + 4 * n[2] + n[3]]++;
    }
    for (int i = 0; i < 4; i++) {
        p[i] = weight[i] / 10;
    }
    for (unsigned a = 0; a <= 3; a++) {
        for (unsigned b = 0; a + b <= 3; b++) {
            unsigned n[4] = {a, 0, b, 3 - a - b};
            expected[16 * a + 4 * b + n[3]] = n_draw * gsl_ran_multinomial_pdf(4, p, n);
        }
    }
    ck_assert_double_gt(chi_square_p(seen, expected, 64, 10), 1e-6);
}
END_TEST

/* Every class of a histogram is binomial by itself. */
START_TEST(test_multinomial_marginals)
{
    enum { N_CLASS = 12, N_REQUEST = 60 };
    const int n_run = n_or_few(50000);
    static uint64_t seen[N_CLASS][N_REQUEST + 1];
    double weight[N_CLASS], sum = 0, expected[N_REQUEST + 1];
    for (int i = 0; i < N_CLASS; i++) {
        sum += weight[i] = exp(-(i - 4) * (i - 4) / 8.0);
    }
    struct stream s = rs_stream_open(27, 0, 0);
    s.gsl = _i;
    for (int run = 0; run < n_run; run++) {
        uint64_t n[N_CLASS], total = 0;
        rs_draw_multinomial(&s, N_REQUEST, N_CLASS, weight, n);
        for (int i = 0; i < N_CLASS; i++) {
            total += n[i];
            seen[i][n[i]]++;
        }
        ASSERT_IN_LOOP(total == N_REQUEST);
    }
    for (int i = 0; i < N_CLASS; i++) {
        for (unsigned k = 0; k <= N_REQUEST; k++) {
            expected[k] = n_run * gsl_ran_binomial_pdf(k, weight[i] / sum, N_REQUEST);
        }
        ck_assert_double_gt(chi_square_p(seen[i], expected, N_REQUEST + 1, 10), 1e-6);
    }
}
END_TEST

/* Where GSL's counts of 32 bits would not do, its stream answers by our samplers, and stays GSL's. */
START_TEST(test_gsl_has_its_limits)
{
    struct stream own = rs_stream_open(30, 0, 0), gsl = own;
    gsl.gsl = true;
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(rs_draw_poisson(&gsl, 1e12), rs_draw_poisson(&own, 1e12));
        ck_assert_uint_eq(rs_draw_binomial(&gsl, UINT64_C(1) << 50, 0.3),
                          rs_draw_binomial(&own, UINT64_C(1) << 50, 0.3));
        ck_assert(gsl.gsl);
    }
    ck_assert_uint_eq(rs_draw_poisson(&gsl, 0), 0);
    struct poisson p = rs_poisson_prepare(1000);
    int n_same = 0;
    for (int i = 0; i < 100; i++) {
        own = gsl;
        own.gsl = false;
        n_same += rs_poisson_draw(&p, &gsl) == rs_poisson_draw(&p, &own);
    }
    ck_assert_int_lt(n_same, 20); /* another sampler: they agree by chance only, 1 in 100 */
}
END_TEST

/* Weights many orders apart must not starve the small ones of each other, nor break the sum. */
START_TEST(test_multinomial_extremes)
{
    static const double weight[] = {1, 1e-8, 3e-16, 3e-16};
    struct stream s = rs_stream_open(28, 0, 0);
    uint64_t n[4], sum[4] = {0}, n_request = UINT64_C(1) << 53;
    for (int i = 0; i < 1000; i++) {
        rs_draw_multinomial(&s, 1000000, 4, (double[]){1e20, 1, 1, 0}, n);
        ASSERT_IN_LOOP(n[0] == 1000000);
        rs_draw_multinomial(&s, n_request, 4, weight, n);
        ASSERT_IN_LOOP(n[0] + n[1] + n[2] + n[3] == n_request);
        for (int j = 0; j < 4; j++) {
            sum[j] += n[j];
        }
        rs_draw_multinomial(&s, 5, 1, (double[]){0.1}, n);
        ASSERT_IN_LOOP(n[0] == 5);
        rs_draw_multinomial(&s, 0, 2, (double[]){1, 1}, n);
        ASSERT_IN_LOOP(n[0] + n[1] == 0);
    }
    /* Five standard errors: false-alarm rate 6e-7 each. */
    for (int j = 1; j < 4; j++) {
        double mean = 1000 * (double)n_request * weight[j];
        ck_assert_double_lt(fabs((double)sum[j] - mean), 5 * sqrt(mean));
    }
}
END_TEST

START_TEST(test_no_weight_aborts)
{
    struct stream s = rs_stream_open(29, 0, 0);
    uint64_t n[2];
    rs_draw_multinomial(&s, 5, 2, (double[]){0, 0}, n);
}
END_TEST

START_TEST(test_negative_mean_aborts)
{
    struct stream s = rs_stream_open(29, 0, 0);
    rs_draw_poisson(&s, -1);
}
END_TEST

START_TEST(test_probability_above_one_aborts)
{
    struct stream s = rs_stream_open(29, 0, 0);
    rs_draw_binomial(&s, 5, 1.0000001);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_chi_square, 0, 2 * N_ROW(rows));
    tcase_add_loop_test(tc, test_large_means, 0, N_ROW(large_rows));
    tcase_add_loop_test(tc, test_prepared_draws_the_same, 0, N_ROW(prepared_rows));
    tcase_add_test(tc, test_extremes);
    tcase_add_test(tc, test_worst_words);
    tcase_add_loop_test(tc, test_multinomial_joint, 0, 2);
    tcase_add_loop_test(tc, test_multinomial_marginals, 0, 2);
    tcase_add_test(tc, test_multinomial_extremes);
    tcase_add_test(tc, test_gsl_has_its_limits);
    add_abort_test(tc, test_no_weight_aborts);
    add_abort_test(tc, test_negative_mean_aborts);
    add_abort_test(tc, test_probability_above_one_aborts);
}

int main(void)
{
    return run_suite("draw", add_tests);
}
