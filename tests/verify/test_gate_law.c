/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tails against values that were computed exactly elsewhere, and against sums of all cases. */
#include "check/gate_law.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define CLOSE(got, want)                                                                           \
    ck_assert_msg(fabs((got) - (want)) <= 1e-10 * fabs(want), "%.15g, wanted %.15g", got, want)

static const struct {
    double requests, ratio;
    double at_least, value;
} counts[] = {{3000, .001, 10, .00110248813012},
              {600, .01, 15, .00140035383336},
              {12000, .002, 40, .00173429355823}};

START_TEST(test_counts)
{
    double got = rs_gate_count(counts[_i].requests * counts[_i].ratio, counts[_i].at_least, false);
    CLOSE(got, counts[_i].value);
    CLOSE(rs_gate_count(counts[_i].requests * counts[_i].ratio, counts[_i].at_least - 1.0, true),
          got);
}
END_TEST

/* The tails sum up to 1 and to the density. */
START_TEST(test_poisson)
{
    static const double means[] = {1e-6, 0.5, 3, 40, 1234.5, 1e6};
    double mean = means[_i];
    for (int step = -3; step <= 3; step++) {
        double at = floor(mean + step * sqrt(mean));
        if (at < 0.0)
            continue;
        uint64_t k = (uint64_t)at;
        struct beta_tails t = rs_poisson_tails(k, mean),
                          below = k > 0 ? rs_poisson_tails(k - 1, mean)
                                        : (struct beta_tails){.lower = 0.0, .upper = 1.0};
        double density = exp((double)k * log(mean) - mean - lgamma((double)k + 1.0));
        ck_assert_double_eq_tol(t.lower + t.upper, 1.0, 1e-12);
        ck_assert_double_eq_tol(t.lower - below.lower, density, 1e-8 * density + 1e-12);
    }
}
END_TEST

static const struct {
    uint64_t n;
    double p, limit;
    bool strict;
    uint64_t least;
    double value;
} shares[] = {
    {500, .01, .02, true, 11, .0132435670998},    {100, .01, .02, true, 3, .0793732022522},
    {100, .01, .02, false, 2, .2642380210770443}, {10, .5, 1.0, true, 11, 0.0},
    {10, .5, 1.0, false, 10, 0.0009765625},       {0, .5, .02, true, 1, 0.0},
    {50, .1, 0.0, true, 1, 0.994846224792}};

START_TEST(test_shares)
{
    ck_assert_uint_eq(rs_gate_least(shares[_i].n, shares[_i].limit, shares[_i].strict),
                      shares[_i].least);
    double got = rs_gate_share(shares[_i].n, shares[_i].p, shares[_i].limit, shares[_i].strict);
    ck_assert_msg(fabs(got - shares[_i].value) <= 1e-10 * shares[_i].value, "%.15g, wanted %.15g",
                  got, shares[_i].value);
}
END_TEST

/* The least share that is seen is on the edge, and so is the least number of requests. */
START_TEST(test_detectable)
{
    static const struct {
        uint64_t n;
        double limit;
    } at[] = {{50, .02}, {960, .005}, {9000, .02}, {3, .5}};
    double p = rs_gate_detectable(at[_i].n, at[_i].limit, true, 0.95);
    ck_assert_double_ge(rs_gate_share(at[_i].n, p, at[_i].limit, true), 0.95);
    ck_assert_double_lt(rs_gate_share(at[_i].n, p * (1.0 - 1e-6), at[_i].limit, true), 0.95);
    uint64_t n = rs_gate_needed(2.0 * at[_i].limit < 1.0 ? 2.0 * at[_i].limit : 0.9, at[_i].limit,
                                true, 0.95);
    ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(test_out_of_reach)
{
    ck_assert(isnan(rs_gate_detectable(0, .02, true, .95)));
    ck_assert(isnan(rs_gate_detectable(10, 1.0, true, .95)));
    ck_assert_uint_eq(rs_gate_needed(.01, .02, true, .95), 0);
}
END_TEST

/* Looks: 6 of 5 minutes through 5 minutes are apart; of 30 s through 5 minutes every tenth is. */
START_TEST(test_looks)
{
    struct look_bounds b = rs_look_bounds(6, 300, 300, 0.01);
    ck_assert_double_eq(b.n_apart, 6);
    CLOSE(b.low, 1.0 - pow(0.99, 6));
    CLOSE(b.high, 0.06);
    b = rs_look_bounds(60, 30, 300, 0.01);
    ck_assert_double_eq(b.n_apart, 6);
    CLOSE(b.high, 0.6);
    b = rs_look_bounds(1, 0, 300, 0.3);
    CLOSE(b.low, 0.3);
    ck_assert_double_eq(rs_look_bounds(0, 0, 300, 0.3).low, 0.0);
}
END_TEST

/* All outcomes of n trials that have a run, by counting. */
static double runs_counted(int n, double p, int in_a_row)
{
    double sum = 0.0;
    for (unsigned bits = 0; bits < 1u << n; bits++) {
        double q = 1.0;
        int run = 0, longest = 0;
        for (int i = 0; i < n; i++) {
            bool hit = bits >> i & 1u;
            q *= hit ? p : 1.0 - p;
            run = hit ? run + 1 : 0;
            longest = run > longest ? run : longest;
        }
        sum += longest >= in_a_row ? q : 0.0;
    }
    return sum;
}

START_TEST(test_runs)
{
    for (int n = 0; n <= 12; n++) {
        for (int r = 1; r <= 5; r++) {
            CLOSE(rs_run_of(n, 0.3, r), runs_counted(n, 0.3, r));
            CLOSE(rs_run_of(n, 1e-4, r), runs_counted(n, 1e-4, r));
        }
    }
    ck_assert_double_eq(rs_run_of(7, 0.0, 2), 0.0);
    ck_assert_double_eq(rs_run_of(7, 1.0, 7), 1.0);
    ck_assert_double_eq(rs_run_of(6, 1.0, 7), 0.0);
    /* Feller XIII.7: q_n is close to (1 - p x) / ((r + 1 - r x) q) x^-(n + 1); for a fair coin and r = 2 x is 1.23606798. */
    double q = 1.0 - rs_run_of(15, 0.5, 2), x = 1.23606797749979;
    ck_assert_double_eq_tol(q, (1 - x / 2) / ((3 - 2 * x) * 0.5) * pow(x, -16), 1e-7);
}
END_TEST

/*
 * Three looks in a row. Apart: exact. Of 60 looks of 30 s through 5 minutes blocks of twelve looks are apart: five; a run has no
 * two looks apart, so it is bounded by one look, at 58 places.
 */
START_TEST(test_look_runs)
{
    struct look_bounds b = rs_look_run_bounds(6, 300, 300, 0.1, 3);
    CLOSE(b.low, runs_counted(6, 0.1, 3));
    CLOSE(b.high, b.low);
    b = rs_look_run_bounds(60, 30, 300, 0.001, 3);
    ck_assert_double_eq(b.n_apart, 5);
    CLOSE(b.low, -expm1(5 * log1p(-1e-9)));
    CLOSE(b.high, 0.058);
    b = rs_look_run_bounds(60, 150, 300, 0.001, 3); /* the first and the last of a run are apart */
    CLOSE(b.high, 58e-6);
    b = rs_look_run_bounds(2, 30, 300, 0.5, 3);
    ck_assert_double_eq(b.low, 0.0);
    ck_assert_double_eq(b.high, 0.0);
    b = rs_look_run_bounds(60, 30, 300, 0.01, 1);
    CLOSE(b.low, rs_look_bounds(60, 30, 300, 0.01).low);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate_law");
    TCase *tc = tcase_create("gate_law");
    tcase_add_loop_test(tc, test_counts, 0, N_ROW(counts));
    tcase_add_loop_test(tc, test_poisson, 0, 6);
    tcase_add_loop_test(tc, test_shares, 0, N_ROW(shares));
    tcase_add_loop_test(tc, test_detectable, 0, 4);
    tcase_add_test(tc, test_out_of_reach);
    tcase_add_test(tc, test_looks);
    tcase_add_test(tc, test_runs);
    tcase_add_test(tc, test_look_runs);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
