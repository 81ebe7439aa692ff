/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fits against closed forms and against numbers by hand. */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>

#include "retro/fit.h"

static void near(double got, double want, double tolerance)
{
    ck_assert_msg(fabs(got - want) <= tolerance, "%.12g is not %.12g to %.3g", got, want,
                  tolerance);
}

/* ---- known answers ---- */

static const double some_s[] = {31, 44, 52, 60, 75, 80, 97, 120, 150, 333};
enum { N_SOME = 10 };

static void exact(struct fit_span *span)
{
    for (int i = 0; i < N_SOME; i++)
        span[i] = (struct fit_span){some_s[i], some_s[i], 1.0};
}

START_TEST(lognormal_of_exact_durations)
{
    struct fit_span span[N_SOME];
    struct fit_duration fit;
    double mean = 0.0, square = 0.0, n = N_SOME;
    exact(span);
    for (int i = 0; i < N_SOME; i++) {
        mean += log(some_s[i]) / n;
        square += log(some_s[i]) * log(some_s[i]) / n;
    }
    double ml = sqrt(square - mean * mean), s = ml * sqrt(n / (n - 1.0));
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, N_SOME), 0);
    near(fit.log_scale, mean, 1e-5);
    near(exp(fit.log_shape), ml, 1e-4);
    /* Of a normal mean the interval is Student's. */
    struct fit_value v = rs_fit_quantile(&fit, 0.5, span, N_SOME, 0.95);
    double far = gsl_cdf_tdist_Pinv(0.975, n - 1.0) * s / sqrt(n);
    near(log(v.value), mean, 1e-5);
    near(log(v.low), mean - far, 1e-3);
    near(log(v.high), mean + far, 1e-3);
    near(rs_fit_quantile(&fit, NAN, span, N_SOME, 0.95).value, exp(mean + 0.5 * ml * ml), 0.05);
}
END_TEST

START_TEST(gamma_of_exact_durations)
{
    struct fit_span span[N_SOME];
    struct fit_duration fit;
    double mean = 0.0, log_mean = 0.0;
    exact(span);
    for (int i = 0; i < N_SOME; i++) {
        mean += some_s[i] / N_SOME;
        log_mean += log(some_s[i]) / N_SOME;
    }
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_GAMMA, span, N_SOME), 0);
    double shape = exp(fit.log_shape);
    /* The two equations of maximum likelihood. */
    near(log(shape) - gsl_sf_psi(shape), log(mean) - log_mean, 1e-4);
    near(shape * exp(fit.log_scale), mean, 1e-2);
}
END_TEST

START_TEST(exponential_with_some_that_had_not_ended)
{
    const struct fit_span span[] = {{60, 60, 1}, {100, 100, 1}, {40, 40, 1}, {300, INFINITY, 1}};
    struct fit_duration fit;
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_EXPONENTIAL, span, 4), 0);
    near(exp(fit.log_scale), 500.0 / 3.0, 1e-3); /* all the time over those that ended */
    near(fit.n_ended, 3.0, 0.0);
}
END_TEST

START_TEST(nothing_ended_tells_nothing)
{
    const struct fit_span span[] = {{60, INFINITY, 1}, {100, INFINITY, 1}};
    struct fit_duration fit;
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, 2), -1);
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, 0), -1);
}
END_TEST

START_TEST(spans_that_overlap_have_no_spread)
{
    const struct fit_span span[] = {{60, 120, 1}, {90, 180, 1}, {80, 110, 1}, {60, 120, 1}};
    struct fit_duration fit;
    ck_assert_int_eq(rs_fit_duration(&fit, RS_LAW_LOGNORMAL, span, 4), 0);
    ck_assert(fit.at_bound);
}
END_TEST

START_TEST(update_of_exact_durations_is_conjugate)
{
    const struct fit_prior prior = {log(120.0), 0.5, 2.0};
    const struct fit_span span[] = {{300, 300, 1}, {200, 200, 1}, {260, 260, 1}};
    struct fit_posterior post;
    double mean = (log(300.0) + log(200.0) + log(260.0)) / 3.0, ss = 0.0;
    for (int i = 0; i < 3; i++)
        ss += (log(span[i].lo_s) - mean) * (log(span[i].lo_s) - mean);
    double kappa = 5.0, centre = (2.0 * prior.mean_log + 3.0 * mean) / kappa, alpha = 2.5;
    double far = mean - prior.mean_log,
           beta = 0.5 + 0.5 * ss + 0.5 * (2.0 * 3.0 / kappa) * far * far;
    double t = gsl_cdf_tdist_Pinv(0.95, 2.0 * alpha) * sqrt(beta / (alpha * kappa));
    rs_fit_update(&post, &prior, span, 3, 0.9);
    near(log(post.median.value), centre, 0.02);
    near(log(post.median.low), centre - t, 0.03);
    near(log(post.median.high), centre + t, 0.03);
    ck_assert_double_gt(post.p95.value, post.median.value);
}
END_TEST

START_TEST(update_of_a_mean_is_conjugate)
{
    const struct fit_span span[] = {{300, 300, 1}, {500, INFINITY, 1}};
    struct fit_value v = rs_fit_update_mean(100.0, 2.0, span, 2, 0.9);
    /* Inverse gamma of shape 2 + 1, scale 200 + 800. */
    near(v.value / (1000.0 / gsl_cdf_gamma_Pinv(0.5, 3.0, 1.0)), 1.0, 0.01);
    near(v.low / (1000.0 / gsl_cdf_gamma_Pinv(0.95, 3.0, 1.0)), 1.0, 0.01);
    near(v.high / (1000.0 / gsl_cdf_gamma_Pinv(0.05, 3.0, 1.0)), 1.0, 0.01);
}
END_TEST

START_TEST(prior_is_that_of_the_law)
{
    const struct dist law = rs_dist_lognormal(120.0, 0.95, 480.0);
    struct fit_prior p = rs_fit_prior(&law, 2.0);
    near(p.mean_log, log(120.0), 1e-6);
    near(sqrt(p.var_log), log(4.0) / 1.6448536, 0.01);
}
END_TEST

START_TEST(added_ratio_without_a_base)
{
    /* All exposed, no errors before: the size is the ratio after. */
    struct fit_value v = rs_fit_added_ratio((struct fit_count){0, 1e6},
                                            (struct fit_count){80, 1000}, 1.0, 0.0, 0.95);
    near(v.value, 0.08, 1e-4);
    near(v.low, 0.0642, 0.001); /* binomial likelihood ratio of 80 in 1000 */
    near(v.high, 0.0979, 0.001);
    v = rs_fit_added_ratio((struct fit_count){0, 1e6}, (struct fit_count){80, 1000}, 0.1, 0.0,
                           0.95);
    near(v.value, 0.8, 1e-3);
}
END_TEST

START_TEST(factor_of_even_parts)
{
    const double observed[] = {110, 90, 100, 100}, expected[] = {50, 50, 50, 50};
    double dispersion = 0.0;
    struct fit_value v = rs_fit_factor(observed, expected, 4, 0.95, &dispersion);
    near(v.value, 2.0, 1e-12);
    near(dispersion, 1.0, 1e-12); /* never below Poisson's */
    near(log(v.high / v.value), gsl_cdf_tdist_Pinv(0.975, 3) / sqrt(400.0), 1e-9);
}
END_TEST

START_TEST(latency_in_buckets)
{
    static const double bound[] = {0.05, 0.1, 0.2, 0.5, 1.0};
    const struct dist law = rs_dist_lognormal(0.08, 0.99, 0.4);
    double count[6], before = 0.0, p = 0.0;
    struct fit_latency out;
    for (int i = 0; i < 6; i++) {
        double to = i < 5 ? rs_dist_cdf(&law, bound[i]) : 1.0;
        count[i] = 10000.0 * (to - before);
        before = to;
    }
    const struct fit_buckets b = {5, bound, count};
    ck_assert_int_eq(rs_fit_latency(&out, &b, 0.95), 0);
    near(out.median.value, 0.08, 1e-4);
    near(out.p99.value, 0.4, 1e-3);
    ck_assert_double_gt(out.p_value, 0.99);
    struct fit_value v =
        rs_fit_latency_factor(&b, &(struct fit_stretched){&law, &law, 1.0}, 0.95, &p);
    near(v.value, 1.0, 1e-4);
    count[0] += 2000.0; /* a second hill: no lognormal */
    ck_assert_int_eq(rs_fit_latency(&out, &b, 0.95), 0);
    ck_assert_double_lt(out.p_value, 1e-6);
    const double one[] = {0, 100, 0, 0, 0, 0};
    const struct fit_buckets single = {5, bound, one};
    ck_assert_int_eq(rs_fit_latency(&out, &single, 0.95), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit");
    TCase *tc = tcase_create("fit");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, lognormal_of_exact_durations);
    tcase_add_test(tc, gamma_of_exact_durations);
    tcase_add_test(tc, exponential_with_some_that_had_not_ended);
    tcase_add_test(tc, nothing_ended_tells_nothing);
    tcase_add_test(tc, spans_that_overlap_have_no_spread);
    tcase_add_test(tc, update_of_exact_durations_is_conjugate);
    tcase_add_test(tc, update_of_a_mean_is_conjugate);
    tcase_add_test(tc, prior_is_that_of_the_law);
    tcase_add_test(tc, added_ratio_without_a_base);
    tcase_add_test(tc, factor_of_even_parts);
    tcase_add_test(tc, latency_in_buckets);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? 0 : 1;
}
