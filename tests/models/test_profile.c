/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles: rates at points, integrals against fine sums of the rate, recorded logs against their own list; bursts. */
#include <math.h>

#include "../sim/sim_check.h"
#include "models/traffic.h"
#include "traffic/intensity.h"

static const double at_tri[] = {0.0, 10.0, 30.0};
static const double per_tri[] = {1.0, 5.0, 2.0};
static const double at_shift[] = {3.0, 8.0};
static const double per_shift[] = {4.0, 0.0};
static const double at_closed[] = {0.0, 5.0, 10.0};
static const double per_closed[] = {1.0, 3.0, 1.0};
static const double at_log[] = {0.5, 1.0, 1.0, 4.0};

static const struct {
    const char *what;
    struct profile p;
    double t, rate;
} profiles[] = {
    {"constant", {RS_PROFILE_CONSTANT, 1, NULL, per_tri + 1, .scale = 2.0}, 7.0, 10.0},
    {"linear, held at the ends", {RS_PROFILE_LINEAR, 3, at_tri, per_tri, .scale = 1.0}, 45.0, 2.0},
    {"linear, wraps around", {RS_PROFILE_LINEAR, 3, at_tri, per_tri, 40.0, 1.0}, 75.0, 1.5},
    {"linear, starts late", {RS_PROFILE_LINEAR, 2, at_shift, per_shift, 20.0, 0.5}, 5.5, 1.0},
    {"linear, period closes on a point",
     {RS_PROFILE_LINEAR, 3, at_closed, per_closed, 10.0, 1.0},
     12.5,
     2.0},
    {"steps", {RS_PROFILE_RECORDED, 3, at_tri, per_tri, .scale = 3.0}, 29.0, 15.0},
    {"steps, repeated", {RS_PROFILE_RECORDED, 3, at_tri, per_tri, 35.0, 1.0}, 66.0, 2.0},
};

START_TEST(rate_at_a_point)
{
    double rate = rs_profile_rate(&profiles[_i].p, profiles[_i].t);
    ck_assert_msg(fabs(rate - profiles[_i].rate) < 1e-12, "%s: %g", profiles[_i].what, rate);
}
END_TEST

/* Mid-point sums over steps of 1 ms: exact on linear pieces but for the steps that hold a corner or a jump. */
START_TEST(integral_is_the_sum_of_the_rate)
{
    static const double span[][2] = {{0, 1},   {0, 10},      {2.5, 37}, {0, 200},
                                     {38, 43}, {119.5, 161}, {7, 7}};
    const struct profile *p = &profiles[_i].p;
    struct intensity in;
    rs_intensity_init(&in, p);
    int hint = 0;
    for (size_t j = 0; j < sizeof span / sizeof *span; j++) {
        double a = span[j][0], b = span[j][1], sum = 0.0, dt = 1e-3;
        for (double n = 0; n < (b - a) / dt - 0.5; n++)
            sum += rs_profile_rate(p, a + (n + 0.5) * dt) * dt;
        double whole = rs_profile_integral(p, a, b);
        ck_assert_msg(fabs(whole - sum) < 2e-3, "%s: %.9g, %.9g", profiles[_i].what, whole, sum);
        double walked = rs_intensity_until(&in, b, &hint);
        int fresh = 0;
        walked -= rs_intensity_until(&in, a, &fresh);
        ck_assert_msg(fabs(walked - whole) < 1e-9, "%s: %.12g", profiles[_i].what, walked);
    }
    rs_intensity_clear(&in);
}
END_TEST

START_TEST(integral_by_hand)
{
    /* 30 + 70 = 100 in (0, 30]; per period of 40 another 10 * 1.5 on the way back */
    ck_assert(fabs(rs_profile_integral(&profiles[1].p, 0, 30) - 100.0) < 1e-9);
    ck_assert(fabs(rs_profile_integral(&profiles[2].p, 0, 400) - 1150.0) < 1e-9);
    ck_assert(fabs(rs_profile_integral(&profiles[5].p, 0, 30) - 3.0 * 110.0) < 1e-9);
}
END_TEST

START_TEST(a_log_is_counted_through_its_repeats)
{
    const struct profile p = {RS_PROFILE_LOG, 4, at_log, NULL, 5.0, 0.5};
    static const struct {
        double a, b;
        uint64_t first, past;
    } rows[] = {{0, 0.4, 0, 0}, {0, 0.5, 0, 1}, {0.5, 1.0, 1, 3}, {1.0, 3.9, 3, 3},
                {0, 5, 0, 4},   {4, 6, 4, 7},   {0, 52, 0, 43}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t first, past;
        rs_profile_requests(&p, rows[i].a, rows[i].b, &first, &past);
        ck_assert_uint_eq(first, rows[i].first);
        ck_assert_uint_eq(past, rows[i].past);
        ck_assert(rs_profile_integral(&p, rows[i].a, rows[i].b) == (double)(past - first) * 0.5);
    }
    ck_assert(rs_profile_request_time(&p, 6) == 6.0);
    ck_assert(rs_profile_rate(&p, 1.0) == 0.4);
}
END_TEST

/*
 * Share of time in the on state over 2000 mean cycles of 10 s + 30 s: 1/4, with variance 2 p^2 q^2 cycles^-1
 * (renewal reward); 4.5 sigma, false alarm 7e-6. Reading backwards must find the same path.
 */
START_TEST(bursts_have_their_share_of_time)
{
    const struct bursts bursts = {.factor = 3.0, .mean_on_s = 10.0, .mean_off_s = 30.0};
    struct burst_path b;
    rs_burst_init(&b, &bursts);
    rs_burst_reset(&b, rs_stream_open(5, 1, rs_stream_hash("bursts/test")));
    double end = 80000.0, on = 0.0;
    int hint = 0, last = rs_burst_sojourn(&b, end, &hint);
    for (int i = 0; i < last; i++) {
        double from = i ? b.switch_s[i - 1] : 0.0;
        on += rs_burst_is_on(&b, i) ? b.switch_s[i] - from : 0.0;
    }
    double sigma = 0.25 * 0.75 * sqrt(2.0 / 2000.0);
    ck_assert_msg(fabs(on / end - 0.25) < 4.5 * sigma, "share %g", on / end);
    for (int i = last; i > 0; i--) {
        double mid = 0.5 * (b.switch_s[i] + b.switch_s[i - 1]);
        ck_assert_int_eq(rs_burst_sojourn(&b, mid, &hint), i);
        ck_assert(rs_burst_factor(&b, mid, &hint) == (rs_burst_is_on(&b, i) ? 3.0 : 1.0));
    }
    rs_burst_clear(&b);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, rate_at_a_point, 0, N_ROW(profiles));
    tcase_add_loop_test(tc, integral_is_the_sum_of_the_rate, 0, N_ROW(profiles));
    tcase_add_test(tc, integral_by_hand);
    tcase_add_test(tc, a_log_is_counted_through_its_repeats);
    tcase_add_test(tc, bursts_have_their_share_of_time);
}

int main(void)
{
    return run_suite("profile", add_tests);
}
