/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counting engine against closed forms. Seed 1 throughout; each statistical test states its false-alarm rate, and with the
 * seed fixed it either always passes or always fails.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "../sim/sim_check.h"
#include "fixture.h"

static struct fixture f;

static uint64_t observed(int service, uint64_t *errors)
{
    struct observation o;
    rs_system_observe(f.sys, service, &o);
    if (errors)
        *errors = o.n_error;
    return o.n_request;
}

/*
 * A profile that rises, falls and repeats; counts of 10 bins over 200 replicas against the integral: chi-square (false alarm
 * 1e-4), and the dispersion index of each bin, which is chi-square with 199 degrees of freedom (1e-4 for all bins together).
 */
START_TEST(counts_of_a_non_homogeneous_profile)
{
    static const double at[] = {0.0, 100.0, 250.0}, per[] = {1.0, 9.0, 0.5};
    enum { N_BIN = 10, N_REPLICA = 200 };
    static double seen[N_BIN][N_REPLICA];
    fixture_init(&f);
    f.traffic[0].profile =
        (struct profile){RS_PROFILE_LINEAR, 3, at, per, 300.0, 1.0, {.factor = 1.0}};
    fixture_start(&f);
    fixture_series(&f, "http_requests_total", DASH, 0, "code", "200", 300.0);
    for (int r = 0; r < N_REPLICA; r++) {
        uint64_t before = 0;
        fixture_reset(&f, (uint64_t)r, -1);
        for (int b = 0; b < N_BIN; b++) {
            fixture_run(&f, 70.0 * (b + 1));
            uint64_t now = observed(DASH, NULL);
            seen[b][r] = (double)(now - before);
            before = now;
        }
    }
    double chi2 = 0.0;
    for (int b = 0; b < N_BIN; b++) {
        /* by hand: sums of trapezia, so that the profile's own integral is not trusted */
        double mean = 0.0, total = 0.0, spread = 0.0;
        for (int i = 0; i < 7000; i++) {
            double t = fmod(70.0 * b + (i + 0.5) * 0.01, 300.0);
            mean += 0.01 * (t < 100   ? 1 + 8 * t / 100
                            : t < 250 ? 9 - 8.5 * (t - 100) / 150
                                      : 0.5 + 0.5 * (t - 250) / 50);
        }
        for (int r = 0; r < N_REPLICA; r++)
            total += seen[b][r];
        for (int r = 0; r < N_REPLICA; r++)
            spread += pow(seen[b][r] - total / N_REPLICA, 2) * N_REPLICA / total;
        chi2 += pow(total - mean * N_REPLICA, 2) / (mean * N_REPLICA);
        double p = gsl_cdf_chisq_Q(spread, N_REPLICA - 1);
        ck_assert_msg(p > 0.5e-5 && p < 1 - 0.5e-5, "bin %d: dispersion %g", b,
                      spread / (N_REPLICA - 1));
    }
    ck_assert_msg(gsl_cdf_chisq_Q(chi2, N_BIN) > 1e-4, "chi-square %g", chi2);
    fixture_clear(&f);
}
END_TEST

/* Bursts of factor 3 for a quarter of the time: mean rate 4 * 1.5; 100 replicas of 40 mean cycles. 4.5 sigma, 7e-6. */
START_TEST(bursts_raise_the_mean)
{
    fixture_init(&f);
    f.traffic[0].profile.bursts = (struct bursts){3.0, 10.0, 30.0};
    fixture_start(&f);
    double sum = 0.0, square = 0.0;
    for (int r = 0; r < 100; r++) {
        fixture_reset(&f, (uint64_t)r, -1);
        fixture_run(&f, 1600.0);
        double n = (double)observed(DASH, NULL);
        sum += n;
        square += n * n;
    }
    double mean = sum / 100, sigma = sqrt((square / 100 - mean * mean) / 100);
    ck_assert_msg(fabs(mean - 9600.0) < 4.5 * sigma, "mean %g +- %g", mean, sigma);
    ck_assert(sigma > 1.5 * 9.8); /* more than a Poisson count of that mean has */
    fixture_clear(&f);
}
END_TEST

/*
 * Codes of the new path with a dependency in its way: path 500 0.2 and 503 0.1, then the dependency 503 0.25, so
 * P = 0.2, 0.1 + 0.7 * 0.25, rest. Chi-square over the codes of about 40000 requests; false alarm 1e-4.
 */
START_TEST(codes_are_thinned)
{
    static const int uses[] = {0};
    fixture_init(&f);
    f.path[DASH][NEW].errors = (struct error_mix){2, {500, 503}, {0.2, 0.1}};
    f.path[DASH][NEW].n_uses = 1;
    f.path[DASH][NEW].uses = uses;
    f.dependency.errors = (struct error_mix){1, {503}, {0.25}};
    f.flag[READS].initially_on = true;
    fixture_start(&f);
    static const char *const code[] = {"200", "500", "503"};
    uint64_t seen[3] = {0};
    int series[3][2];
    for (int i = 0; i < 6; i++)
        series[i / 2][i % 2] =
            fixture_series(&f, "http_requests_total", DASH, i % 2, "code", code[i / 2], 60.0);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 10000.0);
    for (int i = 0; i < 6; i++)
        seen[i / 2] += (uint64_t)fixture_read(&f, series[i / 2][i % 2])->v;
    double all = (double)(seen[0] + seen[1] + seen[2]);
    double expected[3] = {all * 0.7 * 0.75, all * 0.2, all * (0.1 + 0.7 * 0.25)};
    ck_assert(all > 39000 && all < 41000);
    ck_assert(chi_square_p(seen, expected, 3, 5) > 1e-4);
    struct outlook o = rs_system_outlook(f.sys, DASH, STAFF, INFINITY);
    ck_assert(fabs(o.error_ratio - (1 - 0.7 * 0.75)) < 1e-12);
    fixture_clear(&f);
}
END_TEST

static double gamma_5(double x, const void *par)
{
    return gsl_cdf_gamma_P(x, 5.0, *(const double *)par);
}

/*
 * Time to the 5th error is Gamma(5, 1 / rate). Read off at 50 ms steps, small against its 50 s; KS over 400 replicas, false
 * alarm 1e-4.
 */
START_TEST(time_to_the_fifth_error)
{
    static double when[400];
    double scale = 1.0 / (4.0 * 0.025);
    fixture_init(&f);
    f.path[DASH][OLD].errors.ratio[0] = 0.025;
    fixture_start(&f);
    for (int r = 0; r < 400; r++) {
        uint64_t errors = 0;
        double t = 0.0;
        fixture_reset(&f, (uint64_t)r, -1);
        while (errors < 5) {
            t += 0.05;
            fixture_run(&f, t);
            observed(DASH, &errors);
        }
        when[r] = t - 0.025;
    }
    ck_assert(kolmogorov_p(when, 400, gamma_5, &scale) > 1e-4);
    fixture_clear(&f);
}
END_TEST

/* ---- fallback ---- */

/*
 * The new path fails 30 %, the old one 10 %: with the fallback 3 % fail in the end, and 30 % are counted as fallbacks.
 * 4.5 sigma each.
 */
START_TEST(a_fallback_takes_what_failed)
{
    static const struct condition while_on = {MIGRATE, true};
    fixture_init(&f);
    struct path *p = &f.path[DASH][NEW];
    p->errors = (struct error_mix){1, {500}, {0.3}};
    p->fallback = OLD;
    p->n_fallback_when = 1;
    p->fallback_when = &while_on;
    p->fallback_counter = 1;
    f.counter[DASH][1].base_per_s = 0.0;
    f.path[DASH][OLD].errors = (struct error_mix){1, {502}, {0.1}};
    f.flag[READS].initially_on = f.flag[MIGRATE].initially_on = true;
    fixture_start(&f);
    int counter[2];
    for (int i = 0; i < 2; i++)
        counter[i] = fixture_series(&f, "mismatch_total", DASH, i, NULL, NULL, 60.0);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 20000.0);
    double first = fixture_read(&f, counter[0])->v + fixture_read(&f, counter[1])->v;
    uint64_t errors;
    double n = (double)observed(DASH, &errors);
    ck_assert_msg(fabs(first - 0.3 * n) < 4.5 * sqrt(0.21 * n) + 60, "%g of %g", first, n);
    ck_assert_msg(fabs((double)errors - 0.03 * n) < 4.5 * sqrt(0.03 * n), "%lu",
                  (unsigned long)errors);
    ck_assert(fabs(rs_system_outlook(f.sys, DASH, STAFF, INFINITY).error_ratio - 0.03) < 1e-12);
    /* The fallback's condition falls: the first try's errors are the end. */
    rs_system_set_flag(f.sys, MIGRATE, false, -1, 0.0);
    fixture_run(&f, 20001.0);
    ck_assert(fabs(rs_system_outlook(f.sys, DASH, STAFF, INFINITY).error_ratio - 0.3) < 1e-12);
    fixture_clear(&f);
}
END_TEST

/* ---- recorded logs ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void log_fixture(double scale, double period)
{
    static double at[5000];
    struct stream s = rs_stream_open(3, 0, 0);
    for (int i = 0; i < 5000; i++)
        at[i] = 1000.0 * rs_stream_uniform(&s);
    qsort(at, 5000, sizeof *at, compare);
    fixture_init(&f);
    f.traffic[0].profile =
        (struct profile){RS_PROFILE_LOG, 5000, at, NULL, period, scale, {.factor = 1.0}};
    fixture_start(&f);
}

START_TEST(a_recorded_log_is_counted_exactly)
{
    log_fixture(1.0, 1000.0);
    const double *at = f.traffic[0].profile.at_s;
    for (uint64_t r = 0; r < 3; r++) {
        fixture_reset(&f, r, -1);
        for (double t = 37.0; t < 2500.0; t += 37.0) {
            uint64_t n = (uint64_t)(t / 1000.0) * 5000;
            for (int i = 0; i < 5000; i++)
                n += at[i] <= fmod(t, 1000.0);
            fixture_run(&f, t);
            ck_assert_uint_eq(observed(DASH, NULL), n);
        }
    }
    fixture_clear(&f);
}
END_TEST

/* How often anybody looks does not move a single recorded request or its outcome. */
START_TEST(a_replayed_log_is_a_function_of_the_replica)
{
    static const double scale[] = {0.3, 1.0, 2.4};
    log_fixture(scale[_i], 1000.0);
    uint64_t errors[3], n[3];
    for (int pass = 0; pass < 3; pass++) {
        fixture_reset(&f, pass == 2, -1);
        for (double t = 100.0; pass == 1 && t < 2000.0; t += 100.0) {
            fixture_run(&f, t);
            observed(DASH, NULL);
        }
        fixture_run(&f, 2000.0);
        n[pass] = observed(DASH, &errors[pass]);
    }
    ck_assert_uint_eq(n[0], n[1]);
    ck_assert_uint_eq(errors[0], errors[1]);
    ck_assert(scale[_i] == 1.0 || n[0] != n[2]);
    /* binomial copies: 10000 requests, 4.5 sigma */
    double rest = scale[_i] - floor(scale[_i]);
    ck_assert(fabs((double)n[0] - 1e4 * scale[_i]) <= 4.5 * sqrt(1e4 * rest * (1 - rest)));
    fixture_clear(&f);
}
END_TEST

/* Latency buckets of what was observed: chi-square against the lognormal, 40000 requests, false alarm 1e-4. */
START_TEST(latencies_follow_their_law)
{
    fixture_init(&f);
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    for (double t = 1000.0; t <= 10000.0; t += 1000.0) {
        fixture_run(&f, t);
        observed(DASH, NULL);
    }
    struct observation o;
    rs_system_observe(f.sys, DASH, &o);
    double expected[7], below = 0.0;
    for (int i = 0; i < 7; i++) {
        double upto =
            i < 6 ? rs_dist_cdf(&f.path[DASH][OLD].latency, f.service[DASH].bucket_s[i]) : 1.0;
        expected[i] = (upto - below) * (double)o.n_request;
        below = upto;
    }
    ck_assert(chi_square_p(o.bucket, expected, 7, 5) > 1e-4);
    double slow = 1.0 - rs_dist_cdf(&f.path[DASH][OLD].latency, 0.75);
    double n = slow * (double)o.n_request;
    ck_assert(fabs((double)o.n_slow - n) < 4.5 * sqrt(n) + 1);
    ck_assert(fabs(rs_system_outlook(f.sys, DASH, STAFF, 0.75).slow_ratio - slow) < 1e-12);
    fixture_clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, counts_of_a_non_homogeneous_profile);
    tcase_add_test(tc, bursts_raise_the_mean);
    tcase_add_test(tc, codes_are_thinned);
    tcase_add_test(tc, time_to_the_fifth_error);
    tcase_add_test(tc, a_fallback_takes_what_failed);
    tcase_add_test(tc, a_recorded_log_is_counted_exactly);
    tcase_add_loop_test(tc, a_replayed_log_is_a_function_of_the_replica, 0, 3);
    tcase_add_test(tc, latencies_follow_their_law);
}

int main(void)
{
    return run_suite("counting", add_tests);
}
