/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Golden values: scipy for the first rows, mpmath at 30 and 40 digits for the others. */
#include "verify/stats.h"

#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "beta.h"

static const struct {
    uint64_t n_hit, n_run;
    double confidence, low, high;
} exact[] = {
    {0, 10, 0.95, 0.0, 0.3084971078187608},
    {1, 10, 0.95, 0.002528578544461785, 0.4450161170281954},
    {7, 10, 0.95, 0.3475471499400027, 0.9332604888222655},
    {10, 10, 0.95, 0.6915028921812392, 1.0},
    {1, 2, 0.95, 0.01257911709342505, 0.987420882906575},
    {0, 4603, 0.95, 0.0, 0.0008010866175923363},
    {3, 10000, 0.95, 6.187148574838714e-5, 0.0008764745225140009},
    {9995, 10000, 0.95, 0.9988335557909334, 0.9998376320658012},
    {50, 1000, 0.999, 0.0302386920367493, 0.07672916233432702},
    {3, 500, 0.99999999, 6.231750169276431e-6, 0.05340825461428299},
    /* GSL's inverse fails on these. */
    {5000, 10000, 0.95, 0.4901513805899805, 0.5098486194100195},
    {5, 100000, 0.95, 1.623505681705786e-5, 0.000116679430420277},
    {1000, 1000000, 0.95, 0.0009390012079500722, 0.001063918107315228},
    /* GSL's forward function fails on these. */
    {5000000, 10000000, 0.95, 0.4996900525213711, 0.5003099474786289},
    {20, 100000000, 0.95, 1.221651999975658e-7, 3.088837622105292e-7},
    {500000000, 1000000000, 0.95, 0.4999690097484223, 0.5000309902515777},
};

START_TEST(test_clopper_pearson_golden)
{
    struct interval i = rs_clopper_pearson(exact[_i].n_hit, exact[_i].n_run, exact[_i].confidence);
    /* 1e-9 is what the incomplete beta promises at n = 1e9; what 1 - confidence has left of its digits comes on top. */
    double relative = 1e-9 + 1e-16 / (1.0 - exact[_i].confidence);
    ck_assert_double_le(fabs(i.low - exact[_i].low), relative * exact[_i].low);
    ck_assert_double_le(fabs(i.high - exact[_i].high), relative * exact[_i].high);
    double ratio = (double)exact[_i].n_hit / (double)exact[_i].n_run;
    ck_assert(i.low <= ratio && ratio <= i.high);
}
END_TEST

static const uint64_t grid_n[] = {1, 2, 7, 100, 4603, 10000, 100000, 1000000, 10000000};
#define N_GRID (sizeof grid_n / sizeof grid_n[0])

/* Over the region in which the library routine failed: finite, ordered, holding the ratio, and undone by the forward function. */
START_TEST(test_clopper_pearson_sweep)
{
    static const double confidence[] = {0.5, 0.95, 0.999, 0.999999999};
    uint64_t n = grid_n[_i];
    const uint64_t hits[] = {0, 1, 3, 5, n / 1000, n / 100, n / 10, n / 2, n - n / 100, n - 1, n};
    for (size_t h = 0; h < sizeof hits / sizeof hits[0]; h++) {
        uint64_t k = hits[h] < n ? hits[h] : n;
        for (size_t c = 0; c < 4; c++) {
            struct interval i = rs_clopper_pearson(k, n, confidence[c]);
            double alpha = 0.5 * (1.0 - confidence[c]);
            double ratio = (double)k / (double)n;
            ck_assert_msg(0.0 <= i.low && i.low <= ratio && ratio <= i.high && i.high <= 1.0,
                          "%ju of %ju: %g..%g", (uintmax_t)k, (uintmax_t)n, i.low, i.high);
            if (k > 0) /* P(X >= k) at the low end */
                ck_assert_double_eq_tol(rs_binomial_tails(k - 1, n, i.low).upper, alpha,
                                        1e-6 * alpha);
            if (k > 0 && k < n && i.high < 0.9)
                ck_assert_double_eq_tol(rs_binomial_tails(k, n, i.high).lower, alpha, 1e-6 * alpha);
        }
    }
}
END_TEST

START_TEST(test_symmetry)
{
    uint64_t n = grid_n[_i];
    for (uint64_t k = 0; k <= n; k += 1 + n / 13) {
        struct interval a = rs_clopper_pearson(k, n, 0.95);
        struct interval b = rs_clopper_pearson(n - k, n, 0.95);
        ck_assert_double_eq_tol(a.low, 1.0 - b.high, 1e-15);
        ck_assert_double_eq_tol(a.high, 1.0 - b.low, 1e-15);
    }
}
END_TEST

/* What counts nothing ends too, and is not known: a tail of NaN keeps a bound where it was. */
START_TEST(test_beta_ends)
{
    ck_assert(isnan(rs_beta_tails(0.5, INFINITY, 0.5, 0.5).lower));
    ck_assert(isnan(rs_beta_tails(INFINITY, 0.5, 0.5, 0.5).lower));
    ck_assert(isnan(rs_beta_tails(INFINITY, INFINITY, 0.5, 0.5).lower));
    ck_assert(isnan(rs_beta_tails(1e308, 1e308, 0.5, 0.5).lower));
    /* 2^53 of 2^54: sqrt(p q / n) below the middle is one standard deviation. */
    double n = ldexp(1.0, 54), sd = 0.5 / sqrt(n);
    ck_assert_double_eq_tol(rs_beta_tails(n / 2, n / 2, 0.5 - sd, 0.5 + sd).lower, 0.158655253931,
                            1e-7);
}
END_TEST

/* Another implementation, where it works: GSL's forward function away from n = 1e7. */
START_TEST(test_beta_against_gsl)
{
    gsl_error_handler_t *old = gsl_set_error_handler_off();
    static const double shape[] = {0.5, 1, 2, 3.5, 17, 100, 2500, 1e5};
    int n_seen = 0;
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) {
            double a = shape[i], b = shape[j], sd = sqrt(a * b / (a + b + 1)) / (a + b);
            for (int s = -6; s <= 6; s++) {
                double x = a / (a + b) + s * sd * 0.9;
                if (x <= 0 || x >= 1)
                    continue;
                struct beta_tails t = rs_beta_tails(a, b, x, 1 - x);
                double lower = gsl_cdf_beta_P(x, a, b), upper = gsl_cdf_beta_Q(x, a, b);
                ck_assert_msg(fabs(t.lower - lower) < 2e-10 && fabs(t.upper - upper) < 2e-10,
                              "I_%.17g(%g, %g) = %.15g, GSL has %.15g", x, a, b, t.lower, lower);
                n_seen++;
            }
        }
    }
    ck_assert_int_gt(n_seen, 500);
    gsl_set_error_handler(old);
}
END_TEST

/* Gates of the runbook in closed form: exceedances of a count in n requests. From exact binomial sums. */
START_TEST(test_binomial_golden)
{
    ck_assert_double_eq_tol(rs_binomial_tails(10, 500, 0.01).upper, 0.0132435670998, 1e-13);
    ck_assert_double_eq_tol(rs_binomial_tails(2, 100, 0.01).upper, 0.0793732022522, 1e-13);
    ck_assert_double_eq(rs_binomial_tails(5, 5, 0.3).lower, 1.0);
    ck_assert_double_eq_tol(rs_binomial_tails(0, 3, 0.5).lower, 0.125, 1e-15);
}
END_TEST

/* Fixed-n plans: at alpha = 0.01 and a bound of 0.001, n replicas may show at most so many failures. */
static const struct {
    uint64_t n, most;
} plans[] = {{4603, 0}, {10000, 2}, {20000, 9}, {50000, 33}, {100000, 77}};

START_TEST(test_plan_golden)
{
    ck_assert(rs_clopper_pearson_high(plans[_i].most, plans[_i].n, 0.99) <= 0.001);
    ck_assert(rs_clopper_pearson_high(plans[_i].most + 1, plans[_i].n, 0.99) > 0.001);
}
END_TEST

/* Upper 95 % bounds for the 0.999 quantile: one side of a two-sided 90 % interval. */
static const struct {
    uint64_t n, rank;
} upper_rank[] = {{2994, 2995}, {2995, 2995}, {5000, 4999}, {10000, 9996}, {20000, 19988}};

START_TEST(test_quantile_ranks_golden)
{
    struct rank_interval r = rs_quantile_ranks(upper_rank[_i].n, 0.999, 0.90);
    ck_assert_uint_eq(r.rank_high, upper_rank[_i].rank);
}
END_TEST

/* Against the definition, by plain sums: small n, so that every term can be added. */
START_TEST(test_quantile_ranks_by_sums)
{
    static const double qs[] = {0.05, 0.5, 0.9, 0.99};
    uint64_t n = (uint64_t)_i;
    for (int j = 0; j < 4; j++) {
        double q = qs[j], cdf[64], p = pow(1 - q, (double)n);
        cdf[0] = p;
        for (uint64_t k = 1; k <= n; k++) {
            p *= (double)(n - k + 1) / (double)k * q / (1 - q);
            cdf[k] = cdf[k - 1] + p;
        }
        uint64_t low = 0, high = n + 1;
        for (uint64_t r = 1; r <= n; r++) {
            if (cdf[r - 1] <= 0.025)
                low = r;
            if (1 - cdf[n + 1 - r - 1] <= 0.025)
                high = n + 1 - r;
        }
        struct rank_interval got = rs_quantile_ranks(n, q, 0.95);
        ck_assert_uint_eq(got.rank_low, low);
        ck_assert_uint_eq(got.rank_high, high);
    }
}
END_TEST

START_TEST(test_display_helpers)
{
    /* 100 000 points certify a 0.999 quantile to +-0.0043 only: why bands are drawn with it and claims are not decided by it. */
    ck_assert_double_eq_tol(rs_dkw_half_width(100000, 0.95), 0.0042947, 1e-6);
    ck_assert_double_eq(rs_dkw_half_width(0, 0.95), 1.0);
    const double x[] = {1, 2, 4, INFINITY, INFINITY};
    ck_assert_double_eq(rs_quantile_sorted(x, 3, 0.5), 2);
    ck_assert_double_eq(rs_quantile_sorted(x, 3, 0.75), 3);
    ck_assert_double_eq(rs_quantile_sorted(x, 5, 0.5), 4);
    ck_assert(isinf(rs_quantile_sorted(x, 5, 0.7)));
    ck_assert(isinf(rs_quantile_sorted(x, 5, 0.9)));
    ck_assert(isinf(rs_quantile_sorted(x, 5, 1.0)));
    ck_assert_double_eq(rs_quantile_sorted(x, 1, 0.3), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stats");
    TCase *tc = tcase_create("stats");
    tcase_add_loop_test(tc, test_clopper_pearson_golden, 0, (int)(sizeof exact / sizeof exact[0]));
    tcase_add_loop_test(tc, test_clopper_pearson_sweep, 0, (int)N_GRID);
    tcase_add_loop_test(tc, test_symmetry, 0, (int)N_GRID);
    tcase_add_test(tc, test_beta_ends);
    tcase_add_test(tc, test_beta_against_gsl);
    tcase_add_test(tc, test_binomial_golden);
    tcase_add_loop_test(tc, test_plan_golden, 0, 5);
    tcase_add_loop_test(tc, test_quantile_ranks_golden, 0, 5);
    tcase_add_loop_test(tc, test_quantile_ranks_by_sums, 0, 60);
    tcase_add_test(tc, test_display_helpers);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
