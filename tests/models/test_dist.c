/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Distributions: quantiles against distribution functions, draws against both, moments against numbers from another way.
 * Statistical cases: seed fixed; each row's test alarms falsely with probability 1e-4.
 */
#include <math.h>

#include "../sim/sim_check.h"
#include "models/dist.h"

#define N_DRAW 4000
#define FALSE_ALARM 1e-4

static const double emp_x[] = {0.1, 0.2, 0.5, 2.0};
static const double emp_p[] = {0.0, 0.3, 0.9, 1.0};
static const double mix_p[] = {0.25, 0.75};
static const struct dist mix_part[] = {
    {.kind = RS_DIST_EXPONENTIAL, .a = 0.5, .cap_s = INFINITY},
    {.kind = RS_DIST_UNIFORM, .a = 1.0, .b = 3.0, .cap_s = INFINITY},
};

static const struct {
    const char *what;
    struct dist d;
    double mean, variance; /* worked out by hand */
} continuous[] = {
    {"uniform", {RS_DIST_UNIFORM, 1.0, 5.0, .cap_s = INFINITY}, 3.0, 16.0 / 12.0},
    {"exponential", {RS_DIST_EXPONENTIAL, 2.0, .cap_s = INFINITY}, 2.0, 4.0},
    {"gamma", {RS_DIST_GAMMA, 3.0, 0.5, .cap_s = INFINITY}, 1.5, 0.75},
    {"lognormal",
     {RS_DIST_LOGNORMAL, -1.0, 0.5, .cap_s = INFINITY},
     0.41686201967850838, /* exp(-1 + 0.125) */
     0.049356216698} /* (exp(0.25) - 1) exp(-2 + 0.25) */,
    {"triangular",
     {RS_DIST_TRIANGULAR, 1.0, 2.0, 6.0, .cap_s = INFINITY},
     3.0,
     (1.0 + 4.0 + 36.0 - 2.0 - 6.0 - 12.0) / 18.0},
    {"empirical",
     {RS_DIST_EMPIRICAL, .cap_s = INFINITY, .n = 4, .x = emp_x, .p = emp_p},
     0.3 * 0.15 + 0.6 * 0.35 + 0.1 * 1.25,
     0.3 * (0.07 / 3) + 0.6 * (0.39 / 3) + 0.1 * (5.25 / 3) - 0.38 * 0.38},
    {"mixture",
     {RS_DIST_MIXTURE, .cap_s = INFINITY, .n = 2, .p = mix_p, .part = mix_part},
     0.25 * 0.5 + 0.75 * 2.0,
     0.25 * 0.5 + 0.75 * (13.0 / 3.0) - 1.625 * 1.625},
};

static double cdf_of(double x, const void *par)
{
    return rs_dist_cdf(par, x);
}

START_TEST(quantiles_invert_the_distribution_function)
{
    const struct dist *d = &continuous[_i].d;
    double last = -1.0;
    for (double q = 0.001; q < 1.0; q += 0.037) {
        double x = rs_dist_quantile(d, q);
        ck_assert_msg(fabs(rs_dist_cdf(d, x) - q) < 1e-9, "%s at %g", continuous[_i].what, q);
        ck_assert(x >= last);
        last = x;
    }
    ck_assert(rs_dist_quantile(d, 0.0) == rs_dist_inf(d));
    ck_assert(rs_dist_quantile(d, 1.0) == rs_dist_sup(d));
}
END_TEST

START_TEST(draws_follow_the_distribution_function)
{
    static double x[N_DRAW];
    struct stream s = rs_stream_open(11, (uint64_t)_i, rs_stream_hash("test/dist"));
    for (int i = 0; i < N_DRAW; i++)
        x[i] = rs_dist_draw(&continuous[_i].d, &s);
    double p = kolmogorov_p(x, N_DRAW, cdf_of, &continuous[_i].d);
    ck_assert_msg(p > FALSE_ALARM, "%s: p = %g", continuous[_i].what, p);
}
END_TEST

START_TEST(moments_are_exact)
{
    const struct dist *d = &continuous[_i].d;
    ck_assert_msg(fabs(rs_dist_mean(d) - continuous[_i].mean) < 1e-9, "%s: mean %.12g",
                  continuous[_i].what, rs_dist_mean(d));
    ck_assert_msg(fabs(rs_dist_variance(d) - continuous[_i].variance) < 1e-7, "%s: variance %.12g",
                  continuous[_i].what, rs_dist_variance(d));
}
END_TEST

/* A cap in the middle: moments against the mean over 20000 mid-quantiles, whose error is far below 1e-4 here. */
START_TEST(a_cap_cuts_samples_and_moments)
{
    struct dist d = continuous[_i].d;
    d.cap_s = rs_dist_quantile(&continuous[_i].d, 0.7);
    double sum = 0.0, square = 0.0, n = 20000;
    for (int i = 0; i < n; i++) {
        double x = rs_dist_quantile(&d, (i + 0.5) / n);
        sum += x / n;
        square += x * x / n;
    }
    ck_assert_msg(fabs(rs_dist_mean(&d) - sum) < 1e-4, "%s", continuous[_i].what);
    ck_assert_msg(fabs(rs_dist_variance(&d) - (square - sum * sum)) < 1e-3, "%s",
                  continuous[_i].what);
    ck_assert(rs_dist_sup(&d) == d.cap_s);
    ck_assert(rs_dist_cdf(&d, d.cap_s) == 1.0);
    ck_assert(rs_dist_cdf(&d, d.cap_s * 0.999) < 0.71);
    struct stream s = rs_stream_open(12, 0, rs_stream_hash("test/dist/cap"));
    int at_cap = 0;
    for (int i = 0; i < 1000; i++) {
        double x = rs_dist_draw(&d, &s);
        ck_assert(x >= 0.0 && x <= d.cap_s);
        at_cap += x == d.cap_s;
    }
    ck_assert(at_cap > 230 && at_cap < 370); /* 300 expected, 4.8 sigma */
}
END_TEST

START_TEST(lognormal_goes_through_its_two_points)
{
    struct dist d = rs_dist_lognormal(0.06, 0.99, 0.3);
    ck_assert(fabs(rs_dist_quantile(&d, 0.5) - 0.06) < 1e-12);
    ck_assert(fabs(rs_dist_quantile(&d, 0.99) - 0.3) < 1e-9);
    ck_assert(isinf(rs_dist_sup(&d)) && rs_dist_inf(&d) == 0.0);
}
END_TEST

START_TEST(a_constant_has_no_width)
{
    struct dist d = rs_dist_constant(2.5);
    struct stream s = rs_stream_open(1, 0, 0);
    ck_assert(rs_dist_draw(&d, &s) == 2.5 && rs_dist_mean(&d) == 2.5 &&
              rs_dist_variance(&d) == 0.0);
    ck_assert(rs_dist_cdf(&d, 2.4) == 0.0 && rs_dist_cdf(&d, 2.5) == 1.0);
    ck_assert(rs_dist_inf(&d) == 2.5 && rs_dist_sup(&d) == 2.5);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, quantiles_invert_the_distribution_function, 0, N_ROW(continuous));
    tcase_add_loop_test(tc, draws_follow_the_distribution_function, 0, N_ROW(continuous));
    tcase_add_loop_test(tc, moments_are_exact, 0, N_ROW(continuous));
    tcase_add_loop_test(tc, a_cap_cuts_samples_and_moments, 0, N_ROW(continuous));
    tcase_add_test(tc, lognormal_goes_through_its_two_points);
    tcase_add_test(tc, a_constant_has_no_width);
}

int main(void)
{
    return run_suite("dist", add_tests);
}
