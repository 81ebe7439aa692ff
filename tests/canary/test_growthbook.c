/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GrowthBook's safe rollouts: the confidence sequence, the look at a metric, the split of users. */
#include <check.h>
#include <math.h>

#include "growthbook.h"
#include "sim/draw.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* At a standard deviation of 1 an observation, alpha 5 % and N* 5000; computed apart from this code. */
static const struct {
    double n, two_sided, one_sided;
} widths[] = {
    {100, 0.6694388617066039, 0.6606888049147894},
    {1000, 0.10637547006557502, 0.09968835103830143},
    {5000, 0.04292433718826846, 0.03930232758693268},
    {20000, 0.022112036165461417, 0.020281212226954073},
    {1000000, 0.0036565364661848066, 0.0034299118891459182},
};

/* The formula as the documentation has it, in long double: mu +- sd sqrt(N) sqrt(2 (N r^2 + 1) / (N^2 r^2) ln(sqrt(N r^2 + 1) / alpha)). */
static double documented(double sd, double n, double alpha, double n_star)
{
    long double l = -2.0L * logl((long double)alpha), r2 = (l + logl(l + 1.0L)) / n_star;
    long double m = n * r2 + 1.0L;
    return (double)(sd * sqrtl(n) * sqrtl(2.0L * m / (n * n * r2) * logl(sqrtl(m) / alpha)));
}

START_TEST(test_width)
{
    double n = widths[_i].n, variance = 1.0 / n;
    double two = rs_sequence_halfwidth(variance, n, 0.05, 5000, true);
    double one = rs_sequence_halfwidth(variance, n, 0.05, 5000, false);
    ck_assert_double_eq_tol(two / widths[_i].two_sided, 1.0, 1e-13);
    ck_assert_double_eq_tol(one / widths[_i].one_sided, 1.0, 1e-13);
    ck_assert_double_eq_tol(two / documented(sqrt(variance), n, 0.05, 5000), 1.0, 1e-13);
    ck_assert_double_eq_tol(rs_sequence_halfwidth(variance, n, 0.01, 800, true) /
                                documented(sqrt(variance), n, 0.01, 800),
                            1.0, 1e-13);
}
END_TEST

/* It is tightest, against an interval for one n, where n is near the tuning parameter. */
START_TEST(test_tuning)
{
    double best = INFINITY, at = 0.0;
    for (double n = 100; n < 1e6; n *= 1.05) {
        double ratio = rs_sequence_halfwidth(1.0 / n, n, 0.05, 5000, true) * sqrt(n);
        if (ratio < best) {
            best = ratio;
            at = n;
        }
    }
    ck_assert(at > 3500 && at < 7000);
}
END_TEST

/*
 * With nothing wrong, a look after every hundred users up to ten thousand fails in at most alpha of the histories. The true share is
 * far below 10 %; by Hoeffding a share that is 10 % shows more than 14.2 % in 4000 histories with a probability of less than 1e-6,
 * and one of 5 % more than 9.2 %.
 */
START_TEST(test_false_alarms)
{
    const struct growthbook_spec spec = {.alpha = 0.05, .tuning = 5000, .split = 0.5};
    const struct growthbook_metric m = {.inverse = true};
    const int n_history = 4000;
    int n_failed = 0;
    for (int h = 0; h < n_history; h++) {
        struct stream r = rs_stream_open(11, (uint64_t)h, rs_stream_hash("users"));
        struct side_totals side[RS_SIDE_N] = {{0}};
        bool failed = false;
        for (int look = 0; look < 100 && !failed; look++) {
            for (int s = 0; s < RS_SIDE_N; s++) {
                side[s].n += 50;
                side[s].sum += (double)rs_draw_binomial(&r, 50, 0.2);
            }
            failed = rs_growthbook_look(&spec, &m, side).status == RS_METRIC_FAILS;
        }
        n_failed += failed;
    }
    double share = (double)n_failed / n_history, slack = sqrt(log(1e6) / (2.0 * n_history));
    ck_assert_msg(share <= spec.alpha + slack && n_failed > 0, "%g", share);
}
END_TEST

static const struct {
    const char *what;
    struct growthbook_metric m;
    struct side_totals control, variation;
    bool two_sided;
    enum metric_status status;
} looks[] = {
    /* 5 % and 9 % of a thousand: 0.04 +- 0.0355 two-sided, 0.0328 one-sided. */
    {"errors rise", {.inverse = true}, {1000, 50, 0}, {1000, 90, 0}, false, RS_METRIC_FAILS},
    {"errors rise, two-sided",
     {.inverse = true},
     {1000, 50, 0},
     {1000, 90, 0},
     true,
     RS_METRIC_FAILS},
    {"conversions rise", {0}, {1000, 50, 0}, {1000, 90, 0}, false, RS_METRIC_NEUTRAL},
    {"conversions rise, two-sided", {0}, {1000, 50, 0}, {1000, 90, 0}, true, RS_METRIC_BETTER},
    {"conversions fall", {0}, {1000, 90, 0}, {1000, 50, 0}, false, RS_METRIC_FAILS},
    {"0.034 is enough one-sided",
     {.inverse = true},
     {1000, 50, 0},
     {1000, 84, 0},
     false,
     RS_METRIC_FAILS},
    {"and not two-sided", {.inverse = true}, {1000, 50, 0}, {1000, 84, 0}, true, RS_METRIC_NEUTRAL},
    {"no variance: no error at all",
     {.inverse = true},
     {1000, 0, 0},
     {1000, 500, 0},
     false,
     RS_METRIC_TOO_FEW},
    {"one user", {.inverse = true}, {1, 1, 0}, {1000, 500, 0}, false, RS_METRIC_TOO_FEW},
    {"fewer than the least sample",
     {.inverse = true, .min_sample = 91},
     {1000, 50, 0},
     {1000, 90, 0},
     false,
     RS_METRIC_TOO_FEW},
    {"as many",
     {.inverse = true, .min_sample = 90},
     {1000, 50, 0},
     {1000, 90, 0},
     false,
     RS_METRIC_FAILS},
    /* Means 1 and 1.5, both with a variance of 1 (squares n (1 + mean^2), less one for n - 1): 0.5 +- 0.14. */
    {"a mean rises",
     {.inverse = true, .mean = true},
     {1000, 1000, 1999},
     {1000, 1500, 3249},
     false,
     RS_METRIC_FAILS},
    {"a mean that is wanted rises",
     {.mean = true},
     {1000, 1000, 1999},
     {1000, 1500, 3249},
     false,
     RS_METRIC_NEUTRAL},
};

START_TEST(test_looks)
{
    const struct growthbook_spec spec = {
        .alpha = 0.05, .tuning = 5000, .split = 0.5, .two_sided = looks[_i].two_sided};
    const struct side_totals side[RS_SIDE_N] = {looks[_i].control, looks[_i].variation};
    struct metric_look got = rs_growthbook_look(&spec, &looks[_i].m, side);
    ck_assert_msg(got.status == looks[_i].status, "%s: %d, %g +- %g", looks[_i].what,
                  (int)got.status, got.difference, got.halfwidth);
}
END_TEST

START_TEST(test_interval)
{
    const struct growthbook_spec spec = {.alpha = 0.05, .tuning = 5000, .two_sided = true};
    const struct side_totals proportion[RS_SIDE_N] = {{1000, 50, 0}, {1000, 90, 0}},
                             mean[RS_SIDE_N] = {{1000, 1000, 1999}, {1000, 1500, 3249}};
    struct metric_look got = rs_growthbook_look(&spec, &(struct growthbook_metric){0}, proportion);
    ck_assert_double_eq_tol(got.difference, 0.04, 1e-15);
    ck_assert_double_eq_tol(got.halfwidth, 0.03553427441608729, 1e-14);
    got = rs_growthbook_look(&spec, &(struct growthbook_metric){.mean = true}, mean);
    ck_assert_double_eq_tol(got.difference, 0.5, 1e-15);
    ck_assert_double_eq_tol(got.halfwidth, documented(sqrt(2.0 / 1000), 2000, 0.05, 5000), 1e-14);
}
END_TEST

START_TEST(test_split)
{
    ck_assert_double_eq(rs_sample_ratio_p(5000, 5000, 0.5), 1.0);
    ck_assert_double_eq_tol(rs_sample_ratio_p(5000, 5200, 0.5), 0.04767038065616144, 1e-12);
    ck_assert_double_eq_tol(rs_sample_ratio_p(4800, 5200, 0.5), 6.334248366623977e-05, 1e-15);
    ck_assert_double_eq(rs_sample_ratio_p(9000, 1000, 0.1), 1.0);
    ck_assert_double_eq(rs_sample_ratio_p(0, 0, 0.5), 1.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("growthbook");
    TCase *tc = tcase_create("growthbook");
    tcase_add_loop_test(tc, test_width, 0, N(widths));
    tcase_add_test(tc, test_tuning);
    tcase_add_test(tc, test_false_alarms);
    tcase_add_loop_test(tc, test_looks, 0, N(looks));
    tcase_add_test(tc, test_interval);
    tcase_add_test(tc, test_split);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
