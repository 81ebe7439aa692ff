/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recordings in the counting engine: requests that end as they did, scrape by scrape, with what the model has on top; and paths
 * whose law follows a recording over time. Seed 1 throughout; statistical tests state their false-alarm rate.
 */
#include <math.h>
#include <stdlib.h>

#include "../sim/sim_check.h"
#include "fixture.h"

enum { N = 5000 };
#define SPAN 1000.0
#define METRIC "http_requests_total"
#define HISTOGRAM "http_request_duration_seconds"

static struct fixture f;
static double at[N];
static float latency[N];
static uint16_t status[N];
static const int codes[] = {500, 502};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 90 % good, 6 % 500, 4 % 502; latencies up to 4 s. Staff calls dash, whose old path answers as recorded. */
static void init(double scale, double period)
{
    struct stream s = rs_stream_open(3, 0, 0);
    for (int i = 0; i < N; i++)
        at[i] = SPAN * rs_stream_uniform(&s);
    qsort(at, N, sizeof *at, compare);
    for (int i = 0; i < N; i++) {
        double u = rs_stream_uniform(&s), v = rs_stream_uniform(&s);
        status[i] = u < 0.90 ? 200 : u < 0.96 ? 500 : 502;
        latency[i] = (float)(4.0 * v * v * v);
    }
    fixture_init(&f);
    f.path[DASH][OLD].as_recorded = true;
    f.traffic[0].profile = (struct profile){.kind = RS_PROFILE_LOG,
                                            .n = N,
                                            .at_s = at,
                                            .period_s = period,
                                            .scale = scale,
                                            .bursts = {.factor = 1.0},
                                            .latency_s = latency,
                                            .status = status,
                                            .n_error_code = 2,
                                            .error_code = codes};
}

static uint64_t observed(uint64_t *errors)
{
    struct observation o;
    rs_system_observe(f.sys, DASH, &o);
    *errors = o.n_error;
    return o.n_request;
}

/* ---- exactly ---- */

enum { GOOD, E500, E502, LE_02, LE_1, COUNT, SUM, N_SERIES };
static const struct {
    const char *metric, *label, *value;
} shown[N_SERIES] = {
    {METRIC, "code", "200"},          {METRIC, "code", "500"},
    {METRIC, "code", "502"},          {HISTOGRAM "_bucket", "le", "0.2"},
    {HISTOGRAM "_bucket", "le", "1"}, {HISTOGRAM "_count", NULL, NULL},
    {HISTOGRAM "_sum", NULL, NULL},
};

/* What a scrape at t must show, by hand. */
static double expected(int which, double t)
{
    double n = 0.0;
    for (int i = 0; i < N && at[i] <= t; i++) {
        switch (which) {
        case GOOD: n += status[i] == 200; break;
        case E500: n += status[i] == 500; break;
        case E502: n += status[i] == 502; break;
        case LE_02: n += (double)latency[i] <= 0.2; break;
        case LE_1: n += (double)latency[i] <= 1.0; break;
        case COUNT: n += 1.0; break;
        default: n += (double)latency[i]; break;
        }
    }
    return n;
}

/* How often the series are read, and the truth observed in between. */
static const struct {
    double read_s, observe_s;
    bool with_sum;
} ways[] = {{30, 0, true},   {30, 7, true},     {30, 7, false},
            {400, 0, false}, {400, 110, false}, {900, 0, true}};

START_TEST(a_scrape_shows_what_was_recorded)
{
    int series[N_SERIES];
    init(1.0, 0.0);
    f.service[DASH].n_instance = 1;
    fixture_start(&f);
    for (int i = 0; i < N_SERIES - !ways[_i].with_sum; i++)
        series[i] =
            fixture_series(&f, shown[i].metric, DASH, 0, shown[i].label, shown[i].value, 300.0);
    fixture_reset(&f, 0, -1);
    int n = 0;
    for (double t = 1.0, read = 0.0, look = 0.0; t <= SPAN; t += 1.0) {
        uint64_t errors;
        fixture_run(&f, t);
        if (ways[_i].observe_s > 0.0 && t - look >= ways[_i].observe_s) {
            look = t;
            ck_assert_double_eq((double)observed(&errors), expected(COUNT, t));
            ck_assert_double_eq((double)errors, expected(E500, t) + expected(E502, t));
        }
        if (t - read < ways[_i].read_s)
            continue;
        read = t;
        for (int i = 0; i < N_SERIES - !ways[_i].with_sum; i++) {
            const struct sample *sample = fixture_read(&f, series[i]);
            double scraped = (double)(sample->t_ms - fixture_ms(0.0)) * 1e-3;
            ck_assert_double_eq_tol(sample->v, expected(i, scraped), 1e-6);
            n++;
        }
    }
    ck_assert_int_ge(n, N_SERIES - 1);
    fixture_clear(&f);
}
END_TEST

/* Every instance has its part, copies are whole requests, and looped ones come again: nothing is lost or doubled. */
START_TEST(copies_and_repeats_end_alike)
{
    uint64_t errors, n;
    init(3.0, SPAN);
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 2.0 * SPAN);
    n = observed(&errors);
    ck_assert_uint_eq(n, 6 * N);
    ck_assert_double_eq((double)errors, 6.0 * (expected(E500, SPAN) + expected(E502, SPAN)));
    fixture_clear(&f);
}
END_TEST

/* Thinning keeps each with its probability: of 500 errors and 4500 good ones a part each, 4.5 sigma. */
START_TEST(thinning_is_fair)
{
    uint64_t errors, n;
    init(0.3, 0.0);
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, SPAN);
    n = observed(&errors);
    double bad = expected(E500, SPAN) + expected(E502, SPAN);
    ck_assert(fabs((double)n - 0.3 * N) < 4.5 * sqrt(0.21 * N));
    ck_assert(fabs((double)errors - 0.3 * bad) < 4.5 * sqrt(0.21 * bad));
    fixture_clear(&f);
}
END_TEST

/* ---- what comes on top ---- */

/* A dependency that fails 10 % and a fault of 20 % leave 72 % of what was good, and nothing of what was bad; 4.5 sigma. */
START_TEST(dependency_and_fault_come_on_top)
{
    static const int uses[] = {0};
    uint64_t errors;
    init(1.0, 0.0);
    f.dependency.errors = (struct error_mix){1, {503}, {0.1}};
    f.path[DASH][OLD].n_uses = 1;
    f.path[DASH][OLD].uses = uses;
    f.path[DASH][OLD].errors =
        (struct error_mix){1, {500}, {0.9}}; /* the recording stands for it */
    f.fault[0].path = OLD;
    f.fault[0].onset = RS_ONSET_TIME;
    f.fault[0].onset_delay = rs_dist_constant(0.0);
    f.fault[0].ends_with_exposure = false;
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, SPAN);
    ck_assert_uint_eq(observed(&errors), N);
    double good = expected(GOOD, SPAN);
    ck_assert(fabs((double)(N - errors) - 0.72 * good) < 4.5 * sqrt(good * 0.72 * 0.28));
    fixture_clear(&f);
}
END_TEST

/* A slow fault stretches recorded latencies: above 1 s is then what was above 0.25 s, exactly. */
START_TEST(slowness_stretches_what_was_recorded)
{
    struct observation o;
    uint64_t n = 0;
    init(1.0, 0.0);
    f.fault[0].path = OLD;
    f.fault[0].onset = RS_ONSET_TIME;
    f.fault[0].onset_delay = rs_dist_constant(0.0);
    f.fault[0].ends_with_exposure = false;
    f.fault[0].effect = (struct effect){.latency_factor = 4.0};
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, SPAN);
    rs_system_observe(f.sys, DASH, &o);
    for (int i = 0; i < N; i++)
        n += 4.0 * (double)latency[i] <= 1.0;
    ck_assert_uint_eq(o.bucket[0] + o.bucket[1] + o.bucket[2] + o.bucket[3] + o.bucket[4], n);
    fixture_clear(&f);
}
END_TEST

/* The new path fails 30 %; what it hands to the old one ends as recorded. 4.5 sigma. */
START_TEST(a_fallback_answers_as_recorded)
{
    static const struct condition while_on = {MIGRATE, true};
    struct observation o;
    init(1.0, 0.0);
    struct path *p = &f.path[DASH][NEW];
    p->errors = (struct error_mix){1, {503}, {0.3}};
    p->fallback = OLD;
    p->n_fallback_when = 1;
    p->fallback_when = &while_on;
    f.flag[READS].initially_on = f.flag[MIGRATE].initially_on = true;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, SPAN);
    rs_system_observe(f.sys, DASH, &o);
    double bad = N - expected(GOOD, SPAN);
    ck_assert(fabs((double)o.n_error - 0.3 * bad) < 4.5 * sqrt(0.21 * bad));
    uint64_t n = 0;
    for (int i = 0; i < 7; i++)
        n += o.bucket[i];
    ck_assert_uint_eq(n, N); /* each has one latency, told or drawn */
    fixture_clear(&f);
}
END_TEST

/* Where the recording tells nothing the path's own law does: half of the statuses, no latency. 4.5 sigma. */
START_TEST(what_is_not_told_is_drawn)
{
    struct observation o;
    init(1.0, 0.0);
    double bad = 0.0;
    for (int i = 0; i < N; i++) {
        status[i] = i % 2 ? 0 : status[i];
        bad += status[i] > 200;
        latency[i] = NAN;
    }
    f.path[DASH][OLD].errors = (struct error_mix){1, {503}, {0.4}};
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, SPAN);
    rs_system_observe(f.sys, DASH, &o);
    ck_assert(fabs((double)o.n_error - bad - 0.2 * N) < 4.5 * sqrt(0.24 * N / 2));
    double slow = 1.0 - rs_dist_cdf(&f.path[DASH][OLD].latency, 0.2);
    double above = (double)(o.bucket[3] + o.bucket[4] + o.bucket[5] + o.bucket[6]);
    ck_assert(fabs(above - slow * N) < 4.5 * sqrt(slow * N));
    fixture_clear(&f);
}
END_TEST

/* ---- laws over time ---- */

static const double step_at[] = {0.0, 600.0, 1200.0};
static const float ratio[] = {0.0f, 0.5f, NAN}, mean_s[] = {NAN, 1.5f, 0.2f};
static const float quantiles[] = {0.1f, 0.2f, 0.05f, 2.0f, 4.0f, 6.0f, NAN, NAN, NAN};

/* Errors and requests of each 600 s against the recorded ratio; the third step is the path's own, then all comes again. 4.5 sigma. */
START_TEST(errors_follow_the_recording)
{
    const struct path_recording rec = {
        .n = 3, .at_s = step_at, .period_s = 1800.0, .code = 502, .error_ratio = ratio};
    const double want[] = {0.0, 0.5, 0.001};
    fixture_init(&f);
    f.path[DASH][OLD].recorded = &rec;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    uint64_t n_before = 0, e_before = 0, errors;
    for (int i = 0; i < 6; i++) {
        double p = want[i % 3];
        fixture_run(&f, 600.0 * (i + 1));
        uint64_t now = observed(&errors), n = now - n_before, e = errors - e_before;
        ck_assert_msg(fabs((double)e - p * (double)n) <= 4.5 * sqrt(p * (1.0 - p) * (double)n),
                      "step %d: %lu of %lu", i, (unsigned long)e, (unsigned long)n);
        n_before = now;
        e_before = errors;
    }
    fixture_clear(&f);
}
END_TEST

/*
 * Latency buckets of the second step: [0] the mean stretches the path's own law, [1] quantiles are joined by lines from 0 on.
 * Chi-square, false alarm 1e-4; the first and third steps of [0] are looked at by their mean only.
 */
START_TEST(latency_follows_the_recording)
{
    const struct path_recording by_mean = {
        .n = 3, .at_s = step_at, .n_quantile = 1, .quantile = {NAN}, .latency_s = mean_s};
    const struct path_recording by_quantile = {.n = 3,
                                               .at_s = step_at,
                                               .n_quantile = 3,
                                               .quantile = {0.5, 0.9, 0.99},
                                               .latency_s = quantiles};
    const double x[] = {0.0, 2.0, 4.0, 6.0, 6.2}, q[] = {0.0, 0.5, 0.9, 0.99, 1.0};
    const struct dist lines = {
        .kind = RS_DIST_EMPIRICAL, .n = 5, .x = x, .p = q, .cap_s = INFINITY};
    double expect[7], below = 0.0;
    uint64_t before[7], seen[7], n = 0;
    struct observation o;
    fixture_init(&f);
    f.path[DASH][OLD].recorded = _i == 0 ? &by_mean : &by_quantile;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 600.0);
    rs_system_observe(f.sys, DASH, &o);
    for (int i = 0; i < 7; i++)
        before[i] = o.bucket[i];
    fixture_run(&f, 1200.0);
    rs_system_observe(f.sys, DASH, &o);
    for (int i = 0; i < 7; i++)
        n += seen[i] = o.bucket[i] - before[i];
    const struct dist *own = &f.path[DASH][OLD].latency;
    double factor = 1.5 / rs_dist_mean(own);
    for (int i = 0; i < 7; i++) {
        double bound = i < 6 ? f.service[DASH].bucket_s[i] : (double)INFINITY;
        double upto = i == 6    ? 1.0
                      : _i == 0 ? rs_dist_cdf(own, bound / factor)
                                : rs_dist_cdf(&lines, bound);
        expect[i] = (upto - below) * (double)n;
        below = upto;
    }
    ck_assert(chi_square_p(seen, expect, 7, 5) > 1e-4);
    fixture_clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, a_scrape_shows_what_was_recorded, 0, 6);
    tcase_add_test(tc, copies_and_repeats_end_alike);
    tcase_add_test(tc, thinning_is_fair);
    tcase_add_test(tc, dependency_and_fault_come_on_top);
    tcase_add_test(tc, slowness_stretches_what_was_recorded);
    tcase_add_test(tc, a_fallback_answers_as_recorded);
    tcase_add_test(tc, what_is_not_told_is_drawn);
    tcase_add_test(tc, errors_follow_the_recording);
    tcase_add_loop_test(tc, latency_follows_the_recording, 0, 2);
}

int main(void)
{
    return run_suite("replay", add_tests);
}
