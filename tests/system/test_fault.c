/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults: when they start, what they do, when they end, what they leave, and the first scrape that shows them. */
#include <math.h>

#include "../sim/sim_check.h"
#include "fixture.h"

static struct fixture f;

static double error_ratio(int service)
{
    return rs_system_outlook(f.sys, service, service == DASH ? STAFF : AGENTS, INFINITY)
        .error_ratio;
}

static double now_s(int64_t ns)
{
    return rs_s_from_ns(ns);
}

/* ---- onsets ---- */

static void run_script(double until)
{
    /* READS on at 100 s, off at 300 s, on again at 400 s; stage 3 at 200 s. Streamed at once. */
    static const double at[] = {100, 200, 300, 400};
    for (int i = 0; i < N_ROW(at) && at[i] <= until; i++) {
        fixture_run(&f, at[i]);
        if (i == 1)
            rs_system_stage_entered(f.sys, 3);
        else
            rs_system_set_flag(f.sys, READS, i != 2, -1, i != 2 ? 100.0 : 0.0);
    }
    fixture_run(&f, until);
}

static const struct {
    const char *what;
    enum onset_kind onset;
    int flag, service, path;
    double at_s, every_s, load, delay_s;
    double starts; /* NaN: never */
} onset[] = {
    {"flag exposed", RS_ONSET_FLAG_EXPOSED, READS, DASH, NEW, 0, 0, 0, 20, 120},
    {"flag exposed, withdrawn during the delay, exposed anew", RS_ONSET_FLAG_EXPOSED, READS, DASH,
     NEW, 0, 0, 0, 250, 650},
    {"flag never exposed", RS_ONSET_FLAG_EXPOSED, MIGRATE, DASH, NEW, 0, 0, 0, 1, NAN},
    {"flag withdrawn", RS_ONSET_FLAG_WITHDRAWN, READS, DASH, OLD, 0, 0, 0, 5, 305},
    {"stage", RS_ONSET_STAGE, -1, DASH, OLD, 0, 0, 0, 7, 207},
    {"time", RS_ONSET_TIME, -1, DASH, OLD, 333, 0, 0, 0, 333},
    {"load is above from the start", RS_ONSET_LOAD, -1, DASH, OLD, 0, 0, 3.9, 0, 0},
    {"load is never above", RS_ONSET_LOAD, -1, DASH, OLD, 0, 0, 4.1, 0, NAN},
    {"the second lease finds the path in use", RS_ONSET_LEASE, -1, DASH, NEW, 50, 60, 0, 1, 111},
    {"a single lease finds it unused", RS_ONSET_LEASE, -1, DASH, NEW, 50, 0, 0, 1, NAN},
};

START_TEST(onsets)
{
    fixture_init(&f);
    f.flag[READS].propagation =
        (struct propagation){RS_PROPAGATION_STREAMING, rs_dist_constant(0.0)};
    struct fault *x = &f.fault[0];
    x->onset = onset[_i].onset;
    x->onset_flag = onset[_i].flag;
    x->path = onset[_i].path;
    x->onset_stage = 3;
    x->onset_service = DASH;
    x->onset_at_ns = rs_ns_from_s(onset[_i].at_s);
    x->onset_every_ns = rs_ns_from_s(onset[_i].every_s);
    x->onset_load_per_s = onset[_i].load;
    x->onset_delay = rs_dist_constant(onset[_i].delay_s);
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    run_script(1000.0);
    ck_assert_msg(f.n_onset == !isnan(onset[_i].starts), "%s: %d onsets", onset[_i].what,
                  f.n_onset);
    if (f.n_onset)
        ck_assert_msg(now_s(f.onset_ns) == onset[_i].starts, "%s: %g", onset[_i].what,
                      now_s(f.onset_ns));
    fixture_clear(&f);
}
END_TEST

/* ---- effect and end ---- */

START_TEST(a_fault_ends_with_exposure)
{
    fixture_init(&f);
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 16.0);
    ck_assert(!rs_system_fault_present(f.sys));
    ck_assert(fabs(error_ratio(DASH) - 0.003) < 1e-12);
    fixture_run(&f, 100.0);
    ck_assert(rs_system_fault_present(f.sys) && rs_system_fault_live(f.sys));
    ck_assert(fabs(error_ratio(DASH) - (1 - 0.997 * 0.8)) < 1e-12);
    ck_assert(fabs(error_ratio(PORTAL) - 0.001) < 1e-12);
    rs_system_set_flag(f.sys, READS, false, -1, 0.0);
    fixture_run(&f, 116.0);
    ck_assert_int_eq(f.n_end, 1);
    ck_assert(!f.residue_left && f.end_ns == f.effective_at_ns[3]);
    ck_assert(!rs_system_fault_present(f.sys) && !rs_system_fault_live(f.sys));
    ck_assert(fabs(error_ratio(DASH) - 0.001) < 1e-12);
    rs_system_set_flag(f.sys, READS, true, -1,
                       100.0); /* it was there once; it does not come back */
    fixture_run(&f, 1000.0);
    ck_assert_int_eq(f.n_onset, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_fault_on_a_path_that_nobody_takes_does_nothing)
{
    fixture_init(&f);
    f.fault[0].onset = RS_ONSET_TIME;
    f.fault[0].onset_at_ns = 0;
    f.fault[0].ends_with_exposure = false;
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, 200.0);
    ck_assert(rs_system_fault_present(f.sys) && !rs_system_fault_live(f.sys) && f.n_first_bad == 0);
    ck_assert(fabs(error_ratio(DASH) - 0.001) < 1e-12);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 300.0);
    ck_assert(rs_system_fault_live(f.sys) && f.n_first_bad == 1);
    fixture_clear(&f);
}
END_TEST

/* The cache stays poisoned when the flag is off everywhere, until it is purged or the time to live is over. */
START_TEST(residue_lives_until_the_purge)
{
    bool purge = _i == 0;
    fixture_init(&f);
    f.fault[0].has_residue = true;
    f.fault[0].residue = (struct effect){.errors = {1, {504}, {0.1}}, .latency_factor = 1.0};
    f.fault[0].residue_component = CACHE;
    f.fault[0].residue_ttl_ns = 500 * RS_NS_PER_S;
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 200.0);
    ck_assert(fabs(error_ratio(DASH) - (1 - 0.997 * 0.8 * 0.9)) < 1e-12);
    rs_system_set_flag(f.sys, READS, false, -1, 0.0);
    fixture_run(&f, 300.0);
    ck_assert(f.n_end == 1 && f.residue_left && f.n_residue_end == 0);
    ck_assert(rs_system_fault_live(f.sys) && rs_system_fault_present(f.sys));
    ck_assert(fabs(error_ratio(DASH) - (1 - 0.999 * 0.9)) < 1e-12);
    if (purge)
        rs_system_clear_component(f.sys, CACHE);
    fixture_run(&f, 1000.0);
    ck_assert_int_eq(f.n_residue_end, 1);
    ck_assert(f.residue_end_ns == (purge ? 300 * RS_NS_PER_S : f.end_ns + 500 * RS_NS_PER_S));
    ck_assert(!rs_system_fault_live(f.sys) && fabs(error_ratio(DASH) - 0.001) < 1e-12);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_fault_ends_with_its_component_or_its_time)
{
    fixture_init(&f);
    f.fault[0].ends_with_exposure = false;
    f.fault[0].ends_with_component = CACHE;
    f.fault[0].ends_after_ns = 400 * RS_NS_PER_S;
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 300.0);
    if (_i == 0)
        rs_system_clear_component(f.sys, CACHE);
    fixture_run(&f, 900.0);
    ck_assert_int_eq(f.n_end, 1);
    ck_assert(f.end_ns == (_i == 0 ? 300 * RS_NS_PER_S : f.onset_ns + 400 * RS_NS_PER_S));
    fixture_clear(&f);
}
END_TEST

/* ---- shapes: level at some times after the onset, read off the error ratio ---- */

static double level(void)
{
    return (1.0 - (1.0 - error_ratio(DASH)) / 0.997) / 0.2;
}

static void start_shape(enum shape_kind shape, double period_s)
{
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].shape = shape;
    f.fault[0].shape_period_ns = rs_ns_from_s(period_s);
    f.fault[0].shape_off_ns = rs_ns_from_s(period_s);
    f.fault[0].shape_per_request = 1e-3;
    fixture_start(&f);
    fixture_reset(&f, 0, 0); /* onset at 60 s */
}

START_TEST(a_ramp_rises_in_steps)
{
    start_shape(RS_SHAPE_RAMP, 200.0);
    for (double t = 0.5; t < 300.0; t += 1.0) {
        fixture_run(&f, 60.0 + t);
        double expected = t < 200 ? (floor(t / 10.0) + 0.5) / 20 : 1.0;
        ck_assert_msg(fabs(level() - expected) < 1e-9, "%g at %g", level(), t);
    }
    fixture_clear(&f);
}
END_TEST

START_TEST(a_decay_halves)
{
    start_shape(RS_SHAPE_DECAY, 100.0);
    double sum = 0.0;
    for (double t = 0.5; t < 1010.0; t += 1.0) {
        fixture_run(&f, 60.0 + t);
        sum += level();
        ck_assert(fabs(level() - exp2(-t / 100.0)) < 0.04 || t > 990);
    }
    ck_assert_msg(fabs(sum - 100.0 / log(2.0)) < 0.5, "%g", sum); /* the area under the curve */
    ck_assert(f.n_end == 1 && !rs_system_fault_present(f.sys));
    fixture_clear(&f);
}
END_TEST

/* On and off for exponential times of mean 10 s: half of 4000 s, renewal variance 2 * (1/4)^2 / 200 cycles; 4.5 sigma. */
START_TEST(an_intermittent_fault_comes_and_goes)
{
    start_shape(RS_SHAPE_INTERMITTENT, 10.0);
    double on = 0.0;
    fixture_run(&f, 60.0);
    ck_assert(fabs(level() - 1.0) < 1e-9);
    for (int i = 0; i < 40000; i++) {
        fixture_run(&f, 60.05 + 0.1 * i);
        double x = level();
        ck_assert(fabs(x) < 1e-9 || fabs(x - 1.0) < 1e-9);
        on += 0.1 * x;
    }
    ck_assert_msg(fabs(on / 4000 - 0.5) < 4.5 * 0.25 * sqrt(2.0 / 200), "%g", on / 4000);
    fixture_clear(&f);
}
END_TEST

/* 4 requests/s at 1e-3 each: full after 250 s. Looked at once per scrape interval: lags by at most 30 s. */
START_TEST(a_leak_grows_with_served_requests)
{
    start_shape(RS_SHAPE_LEAK, 0.0);
    for (double t = 5.0; t < 400.0; t += 30.0) {
        struct observation before;
        fixture_run(&f, 60.0 + t);
        rs_system_observe(f.sys, DASH, &before);
        double most = fmin(1.0, (double)before.n_request * 1e-3);
        ck_assert(level() <= most + 1e-9 && level() >= fmin(1.0, 0.004 * (t - 30.0)) - 0.15);
    }
    ck_assert(fabs(level() - 1.0) < 1e-9);
    fixture_clear(&f);
}
END_TEST

/* ---- counters, latency, telemetry ---- */

/* 0.5/s over all instances on top of 2 x 0.01/s: 2000 s, 4.5 sigma. */
START_TEST(a_fault_moves_counters)
{
    static const int which[] = {1};
    static const double per_s[] = {0.5};
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].onset_delay = rs_dist_constant(0.0);
    f.fault[0].effect = (struct effect){
        .latency_factor = 1.0, .n_counter = 1, .counter = which, .counter_per_s = per_s};
    fixture_start(&f);
    int s[4];
    for (int i = 0; i < 2; i++) {
        s[i] = fixture_series(&f, "mismatch_total", DASH, i, NULL, NULL, 60.0);
        s[2 + i] = fixture_series(&f, "audit_total", DASH, i, NULL, NULL, 60.0);
    }
    fixture_reset(&f, 0, 0);
    fixture_run(&f, 2030.0);
    double sum = fixture_read(&f, s[0])->v + fixture_read(&f, s[1])->v, mean = 0.52 * 2000;
    ck_assert_msg(fabs(sum - mean) < 4.5 * sqrt(mean) + 16, "%g", sum);
    double audit = fixture_read(&f, s[2])->v + fixture_read(&f, s[3])->v;
    ck_assert(fabs(audit / 1.5 - 8060) < 4.5 * 90 + 60);
    ck_assert(f.n_first_bad == 1 && f.first_bad_ns > f.onset_ns);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_fault_slows_answers)
{
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].effect = (struct effect){.latency_factor = 5.0, .latency_shift_s = 0.3};
    fixture_start(&f);
    int le =
        fixture_series(&f, "http_request_duration_seconds_bucket", DASH, 0, "le", "0.5", 3000.0);
    int all =
        fixture_series(&f, "http_request_duration_seconds_count", DASH, 0, NULL, NULL, 3000.0);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, 59.0);
    double before = rs_system_outlook(f.sys, DASH, STAFF, 0.5).slow_ratio;
    ck_assert(fabs(before - (1 - rs_dist_cdf(&f.path[DASH][NEW].latency, 0.5))) < 1e-12);
    fixture_run(&f, 100.0);
    double n0 = fixture_read(&f, all)->v, low0 = fixture_read(&f, le)->v;
    fixture_run(&f, 3000.0);
    double slow = rs_system_outlook(f.sys, DASH, STAFF, 0.5).slow_ratio;
    ck_assert(fabs(slow - (1 - rs_dist_cdf(&f.path[DASH][NEW].latency, 0.2 / 5))) < 1e-12);
    double n = fixture_read(&f, all)->v - n0, low = fixture_read(&f, le)->v - low0;
    ck_assert(fabs(low - n * (1 - slow)) < 4.5 * sqrt(n * slow * (1 - slow)));
    /* The first scrape after the onset on any instance carries slow answers (4 requests/s). */
    ck_assert(f.n_first_bad == 1 && f.first_bad_ns - f.onset_ns <= 30 * RS_NS_PER_S);
    fixture_clear(&f);
}
END_TEST

START_TEST(lost_telemetry_is_silence)
{
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].effect = (struct effect){.latency_factor = 1.0, .telemetry_lost = true};
    f.fault[0].ends_after_ns = 300 * RS_NS_PER_S;
    fixture_start(&f);
    int up = fixture_series(&f, "up", DASH, 0, NULL, NULL, 900.0);
    int ok = fixture_series(&f, "http_requests_total", DASH, 0, "code", "200", 900.0);
    int other = fixture_series(&f, "up", PORTAL, 0, NULL, NULL, 900.0);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, 59.0);
    double before = fixture_read(&f, ok)->v;
    fixture_run(&f, 100.0);
    ck_assert(fixture_read(&f, up)->v == 0.0 && rs_tsdb_is_stale(fixture_read(&f, ok)->v));
    ck_assert(fixture_read(&f, other)->v == 1.0);
    ck_assert(f.n_first_bad == 1 && f.first_bad_ns - f.onset_ns <= 30 * RS_NS_PER_S);
    int64_t marker = fixture_read(&f, ok)->t_ms;
    fixture_run(&f, 340.0);
    ck_assert(fixture_read(&f, ok)->t_ms == marker); /* one marker only */
    fixture_run(&f, 400.0);
    ck_assert(fixture_read(&f, up)->v == 1.0);
    ck_assert(fixture_read(&f, ok)->v > before + 300 * 2 - 150); /* the counts went on */
    fixture_clear(&f);
}
END_TEST

/*
 * First bad scrape: errors of the fault come at 4 * 0.997 * 0.2 per s over two instances, so within a scrape interval
 * nearly surely; at a hundredth of the size the mean wait is 125 s and the next scrape: mean of 300 replicas, 4.5 sigma.
 */
START_TEST(the_first_bad_scrape_waits_for_a_count)
{
    double sum = 0.0, square = 0.0;
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].effect.errors.ratio[0] = 0.002;
    f.sc.horizon_ns = 3600 * RS_NS_PER_S;
    fixture_start(&f);
    int s[2];
    for (int i = 0; i < 2; i++)
        s[i] = fixture_series(&f, "http_requests_total", DASH, i, "code", "500", 60.0);
    for (uint64_t r = 0; r < 300; r++) {
        fixture_reset(&f, r, 0);
        fixture_run(&f, 6000.0);
        ck_assert_int_eq(f.n_first_bad, 1);
        double wait = now_s(f.first_bad_ns - f.onset_ns);
        sum += wait;
        square += wait * wait;
        int64_t at_ms = fixture_ms(now_s(f.first_bad_ns));
        rs_tsdb_touch(f.db, s[0], at_ms);
        ck_assert(f.first_bad_ns > f.onset_ns);
    }
    double mean = sum / 300, sigma = sqrt((square / 300 - mean * mean) / 300);
    /* 1 / (4 * 0.997 * 0.002) = 125.4 s to the first count, and about half an interval to its scrape */
    ck_assert_msg(fabs(mean - 125.4 - 15.0) < 4.5 * sigma + 5.0, "mean %g", mean);
    fixture_clear(&f);
}
END_TEST

/* A dependency's fault reaches every path that uses it, on whatever service. */
START_TEST(a_dependency_fault_reaches_its_users)
{
    static const int uses[] = {0};
    fixture_init(&f);
    f.path[DASH][OLD].n_uses = f.path[PORTAL][OLD].n_uses = 1;
    f.path[DASH][OLD].uses = f.path[PORTAL][OLD].uses = uses;
    f.fault[0].target = RS_TARGET_DEPENDENCY;
    f.fault[0].dependency = 0;
    f.fault[0].onset = RS_ONSET_TIME;
    f.fault[0].onset_at_ns = 0;
    f.fault[0].ends_with_exposure = false;
    fixture_start(&f);
    fixture_reset(&f, 0, 0);
    fixture_run(&f, 100.0);
    ck_assert(fabs(error_ratio(DASH) - (1 - 0.999 * 0.8)) < 1e-12);
    ck_assert(fabs(error_ratio(PORTAL) - (1 - 0.999 * 0.8)) < 1e-12);
    fixture_clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, onsets, 0, N_ROW(onset));
    tcase_add_test(tc, a_fault_ends_with_exposure);
    tcase_add_test(tc, a_fault_on_a_path_that_nobody_takes_does_nothing);
    tcase_add_loop_test(tc, residue_lives_until_the_purge, 0, 2);
    tcase_add_loop_test(tc, a_fault_ends_with_its_component_or_its_time, 0, 2);
    tcase_add_test(tc, a_ramp_rises_in_steps);
    tcase_add_test(tc, a_decay_halves);
    tcase_add_test(tc, an_intermittent_fault_comes_and_goes);
    tcase_add_test(tc, a_leak_grows_with_served_requests);
    tcase_add_test(tc, a_fault_moves_counters);
    tcase_add_test(tc, a_fault_slows_answers);
    tcase_add_test(tc, lost_telemetry_is_silence);
    tcase_add_test(tc, the_first_bad_scrape_waits_for_a_count);
    tcase_add_test(tc, a_dependency_fault_reaches_its_users);
}

int main(void)
{
    return run_suite("fault", add_tests);
}
