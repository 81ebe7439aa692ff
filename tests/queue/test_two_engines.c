/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One meaning, two engines: scenarios without queues, simulated by counts and request by request. What a verdict is made of
 * must have the same law: of each quantity two independent samples are compared by Kolmogorov and Smirnov's test and by the
 * rank sum test, each at 1e-4. With eleven scenarios and nine quantities right engines fail with probability below 0.02; the seed
 * is fixed. (Ties make the first test the more careful.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "../sim/sim_check.h"
#include "../system/fixture.h"

#define ALPHA 1e-4
#define N_SAMPLE 160
#define UNTIL_S 420.0

enum {
    REQUESTS,
    ERRORS,
    SLOW,
    HURT,
    FIRST_BAD,
    DETECTED,
    SCRAPED_MIDDLE,
    COUNTER,
    FALLBACKS,
    N_QUANTITY
};

static const char *const quantity_words[N_QUANTITY] = {"requests",
                                                       "errors",
                                                       "slow answers",
                                                       "users hurt",
                                                       "first bad scrape",
                                                       "time of detection",
                                                       "middle bucket as scraped",
                                                       "counter",
                                                       "counter of fallbacks"};

static double at_points_s[] = {0, 100, 200}, per_s[] = {2, 12, 4};
static double recorded_s[2000];

/* ---- scenarios ------------------------------------------------------------------------------------------------------------- */

static void nothing(struct fixture *f)
{
    (void)f;
}

static void slow_fault(struct fixture *f)
{
    f->fault[0].effect = (struct effect){.latency_factor = 4.0, .latency_shift_s = 0.05};
}

static void fallback(struct fixture *f)
{
    f->path[DASH][NEW].errors = (struct error_mix){1, {500}, {0.15}};
    f->path[DASH][NEW].fallback = OLD;
    f->path[DASH][NEW].fallback_counter = 1;
    f->path[DASH][OLD].errors = (struct error_mix){1, {500}, {0.1}};
}

static void by_path(struct fixture *f)
{
    f->service[DASH].by_path = f->service[PORTAL].by_path = true;
}

static void bursts(struct fixture *f)
{
    f->traffic[0].profile = (struct profile){.kind = RS_PROFILE_LINEAR,
                                             .n = 3,
                                             .at_s = at_points_s,
                                             .per_s = per_s,
                                             .period_s = 300.0,
                                             .scale = 0.7,
                                             .bursts = {4.0, 10.0, 40.0}};
}

static void leak(struct fixture *f)
{
    f->fault[0].shape = RS_SHAPE_LEAK;
    f->fault[0].shape_per_request = 0.002;
    f->fault[0].effect.errors.ratio[0] = 0.5;
}

static void residue(struct fixture *f)
{
    f->fault[0].shape = RS_SHAPE_RAMP;
    f->fault[0].shape_period_ns = 100 * RS_NS_PER_S;
    f->fault[0].ends_after_ns = 150 * RS_NS_PER_S;
    f->fault[0].has_residue = true;
    f->fault[0].residue = (struct effect){.errors = {1, {503}, {0.1}}, .latency_factor = 2.0};
    f->fault[0].residue_ttl_ns = 60 * RS_NS_PER_S;
}

static void dependency(struct fixture *f)
{
    static const int uses[] = {0};
    f->dependency.errors = (struct error_mix){1, {500}, {0.01}};
    f->path[DASH][NEW].uses = uses;
    f->path[DASH][NEW].n_uses = 1;
    f->fault[0].target = RS_TARGET_DEPENDENCY;
    f->fault[0].dependency = 0;
    f->fault[0].shape = RS_SHAPE_INTERMITTENT;
    f->fault[0].shape_period_ns = f->fault[0].shape_off_ns = 20 * RS_NS_PER_S;
    f->service[DASH].scrape_loss = 0.2;
    f->service[DASH].scrape_late = 0.2;
    f->service[DASH].scrape_late_ns = 20 * RS_NS_PER_S;
}

static void recorded(struct fixture *f)
{
    for (int i = 0; i < 2000; i++)
        recorded_s[i] = 0.2 * i;
    f->traffic[0].profile = (struct profile){.kind = RS_PROFILE_LOG,
                                             .n = 2000,
                                             .at_s = recorded_s,
                                             .scale = 1.3,
                                             .bursts = {.factor = 1.0}};
}

static const struct {
    const char *words;
    void (*change)(struct fixture *f);
    int fault;
    double percent; /* of the users for whom the new paths are on from 60 s on */
} scenarios[] = {
    {"no fault", nothing, -1, 100},
    {"errors", nothing, 0, 100},
    {"slow", slow_fault, 0, 100},
    {"errors for a quarter", nothing, 0, 25},
    {"fallback", fallback, 0, 60},
    {"by path", by_path, 0, 50},
    {"bursts", bursts, 0, 100},
    {"leak", leak, 0, 100},
    {"ramp and residue", residue, 0, 100},
    {"dependency, scrapes lost and late", dependency, 0, 100},
    {"recorded calls", recorded, 0, 100},
};

/* ---- samples --------------------------------------------------------------------------------------------------------------- */

struct world {
    struct fixture f;
    int error_series[2], bucket_series, counter_series, fallback_series;
};

static void make(struct world *w, int scenario, int engine)
{
    struct fixture *f = &w->f;
    bool whole; /* by path the series have one label more */
    fixture_init(f);
    scenarios[scenario].change(f);
    f->rate[0] = 5.0;
    f->rate[1] = 2.0;
    f->cohort[AGENTS].population = 300;
    f->service[DASH].engine = f->service[PORTAL].engine = engine;
    fixture_start(f);
    whole = !f->service[DASH].by_path;
    for (int i = 0; i < 2; i++)
        w->error_series[i] =
            !whole ? -1 : fixture_series(f, "http_requests_total", DASH, i, "code", "500", 60);
    w->bucket_series = !whole ? -1
                              : fixture_series(f, "http_request_duration_seconds_bucket", DASH, 1,
                                               "le", "0.1", 60);
    w->counter_series = fixture_series(f, "audit_total", DASH, 0, NULL, NULL, 60);
    w->fallback_series = fixture_series(f, "mismatch_total", DASH, 0, NULL, NULL, 60);
}

static double read(struct world *w, int series)
{
    const struct sample *s = series >= 0 ? fixture_read(&w->f, series) : NULL;
    return s && !isnan(s->v) ? s->v : 0.0;
}

static void sample(struct world *w, int scenario, uint64_t replica, double out[N_QUANTITY])
{
    struct fixture *f = &w->f;
    struct observation o;
    double detected_s = UNTIL_S;
    fixture_reset(f, replica, scenarios[scenario].fault);
    fixture_run(f, 60.0);
    rs_system_set_flag(f->sys, READS, true, -1, scenarios[scenario].percent);
    rs_system_set_flag(f->sys, MIGRATE, true, -1, scenarios[scenario].percent);
    for (double t = 75.0; t <= UNTIL_S; t += 15.0) {
        fixture_run(f, t);
        double n = read(w, w->error_series[0]) + read(w, w->error_series[1]);
        if (n >= 12.0 && detected_s == UNTIL_S)
            detected_s = t;
    }
    rs_system_observe(f->sys, DASH, &o);
    out[REQUESTS] = (double)o.n_request;
    out[ERRORS] = (double)o.n_error;
    out[SLOW] = (double)o.n_slow;
    out[HURT] = (double)rs_system_users_hurt(f->sys);
    out[FIRST_BAD] = f->n_first_bad ? rs_s_from_ns(f->first_bad_ns - f->onset_ns) : UNTIL_S;
    out[DETECTED] = detected_s;
    out[SCRAPED_MIDDLE] = read(w, w->bucket_series);
    out[COUNTER] = read(w, w->counter_series);
    out[FALLBACKS] = read(w, w->fallback_series);
}

/* ---- two samples ------------------------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Asymptotic p-value of the greatest distance of two distribution functions (Stephens' form of the argument, 1970). */
static double kolmogorov_smirnov(const double *a, const double *b, int n)
{
    int i = 0, j = 0;
    double far = 0.0, sum = 0.0;
    while (i < n && j < n) {
        double x = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] == x)
            i++;
        while (j < n && b[j] == x)
            j++;
        far = fmax(far, abs(i - j) / (double)n);
    }
    double root = sqrt(n / 2.0), z = (root + 0.12 + 0.11 / root) * far;
    if (z < 0.2)
        return 1.0;
    for (int k = 1; k < 100; k++)
        sum += (k % 2 ? 2.0 : -2.0) * exp(-2.0 * k * k * z * z);
    return sum;
}

/* Wilcoxon, Mann & Whitney: two-sided p-value of the rank sum, normal, with the variance for ties. */
static double rank_sum(const double *a, const double *b, int n)
{
    int i = 0, j = 0;
    double sum = 0.0, ties = 0.0, all = 2.0 * n;
    while (i < n || j < n) {
        double x = j >= n || (i < n && a[i] <= b[j]) ? a[i] : b[j];
        int i0 = i, j0 = j;
        while (i < n && a[i] == x)
            i++;
        while (j < n && b[j] == x)
            j++;
        double t = i - i0 + j - j0;
        sum += (i - i0) * (i0 + j0 + 0.5 * (t + 1.0));
        ties += t * t * t - t;
    }
    double var = n * (double)n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    return var > 0.0 ? 2.0 * gsl_cdf_ugaussian_Q(fabs(sum - n * (all + 1.0) / 2.0) / sqrt(var))
                     : 1.0;
}

static double counted[N_QUANTITY][N_SAMPLE], singly[N_QUANTITY][N_SAMPLE];

static void fill(int scenario, int engine, uint64_t first, double to[N_QUANTITY][N_SAMPLE])
{
    static struct world w;
    double one[N_QUANTITY];
    make(&w, scenario, engine);
    for (int i = 0; i < N_SAMPLE; i++) {
        sample(&w, scenario, first + (uint64_t)i, one);
        for (int k = 0; k < N_QUANTITY; k++)
            to[k][i] = one[k];
    }
    fixture_clear(&w.f);
    for (int k = 0; k < N_QUANTITY; k++)
        qsort(to[k], N_SAMPLE, sizeof to[k][0], ascending);
}

START_TEST(test_scenario)
{
    fill(_i, RS_SERVICE_COUNTS, 0, counted);
    fill(_i, RS_SERVICE_REQUESTS, 10000, singly);
    for (int k = 0; k < N_QUANTITY; k++) {
        double ks = kolmogorov_smirnov(counted[k], singly[k], N_SAMPLE);
        double ranks = rank_sum(counted[k], singly[k], N_SAMPLE);
        ck_assert_msg(ks >= ALPHA && ranks >= ALPHA,
                      "%s, %s: p %.2g and %.2g, medians %g (counts) and %g (requests)",
                      scenarios[_i].words, quantity_words[k], ks, ranks, counted[k][N_SAMPLE / 2],
                      singly[k][N_SAMPLE / 2]);
    }
}
END_TEST

/* The tests themselves: equal laws give any p-value, and a shift of 0.7 deviations is seen. */
START_TEST(test_the_tests)
{
    static double a[N_SAMPLE], b[N_SAMPLE], c[N_SAMPLE];
    for (int i = 0; i < N_SAMPLE; i++) {
        a[i] = gsl_cdf_ugaussian_Pinv((i + 0.5) / N_SAMPLE);
        b[i] = gsl_cdf_ugaussian_Pinv((i + 0.3) / N_SAMPLE);
        c[i] = a[i] + 0.7;
    }
    ck_assert_double_gt(kolmogorov_smirnov(a, b, N_SAMPLE), 0.9);
    ck_assert_double_gt(rank_sum(a, b, N_SAMPLE), 0.9);
    ck_assert_double_lt(kolmogorov_smirnov(a, c, N_SAMPLE), ALPHA);
    ck_assert_double_lt(rank_sum(a, c, N_SAMPLE), ALPHA);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_the_tests);
    tcase_add_loop_test(tc, test_scenario, 0, N_ROW(scenarios));
}

int main(void)
{
    return run_suite("two_engines", add_tests);
}
