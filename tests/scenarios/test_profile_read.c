/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles as they are written. The scenario starts on a Monday at 09:00 UTC. */
#include <math.h>

#include "changed.h"
#include "models/traffic.h"

static const double hour_s = 3600.0, day_s = 86400.0;

START_TEST(test_constant)
{
    struct scenario *sc = scenario_with_profile("{constant: {per_s: 90/m}}");
    ck_assert_int_eq(sc->traffic[0].profile.kind, RS_PROFILE_CONSTANT);
    ck_assert_double_eq(rs_profile_rate(&sc->traffic[0].profile, 1000.0), 1.5);
    ck_assert_double_eq(sc->traffic[0].profile.bursts.factor, 1.0);
    rs_scenario_free(sc);
}
END_TEST

/* Peak 2 * 2 / 1.25 = 3.2 at 14:00, which is 5 h after the start; a quarter of it 12 h later. */
START_TEST(test_diurnal)
{
    struct scenario *sc = changed_scenario(NULL, NULL);
    const struct profile *p = &sc->traffic[0].profile;
    ck_assert_int_ge(p->n, 48);
    ck_assert_double_eq(p->period_s, day_s);
    ck_assert_double_eq_tol(rs_profile_rate(p, 5 * hour_s), 3.2, 1e-12);
    ck_assert_double_eq_tol(rs_profile_rate(p, 17 * hour_s), 0.8, 1e-12);
    ck_assert_double_eq_tol(rs_profile_rate(p, 11 * hour_s), 2.0, 1e-12);
    ck_assert_double_eq_tol(rs_profile_rate(p, 29 * hour_s), 3.2, 1e-12);
    /* The mean is exact: only the rounding of 97 sums is left. */
    ck_assert_double_eq_tol(rs_profile_integral(p, 0.0, day_s) / day_s, 2.0, 1e-12);
    rs_scenario_free(sc);
}
END_TEST

static const struct {
    const char *profile;
    double at_h, per_s;
} pieces[] = {
    {"{piecewise: {points: [[1h, 1], [3h, 3]]}}", 0.0, 1.0}, /* held before the first point */
    {"{piecewise: {points: [[1h, 1], [3h, 3]]}}", 2.0, 2.0},
    {"{piecewise: {points: [[1h, 1], [3h, 3]]}}", 50.0, 3.0}, /* and after the last */
    {"{piecewise: {points: [[0s, 1], [2h, 3]], repeat: 4h}}", 3.0,
     2.0}, /* back to the first point */
    {"{piecewise: {points: [[0s, 1], [2h, 3]], repeat: 4h}}", 6.0, 3.0},
    {"{piecewise: {points: [[1h, 1], [3h, 3]], repeat: 4h}}", 4.0, 2.0},
    {"{piecewise: {points: [[1h, 1], [3h, 3]], repeat: 4h}}", 0.0, 2.0},
    {"{piecewise: {points: [[0s, 0.2], [9h, 0.2], [10h, 0.02], [23h, 0.02], [24h, 0.2]], repeat: "
     "24h}}",
     9.5, 0.11},
    {"{piecewise: {points: [[0s, 0.2], [9h, 0.2], [10h, 0.02], [23h, 0.02], [24h, 0.2]], repeat: "
     "24h}}",
     47.5, 0.11},
    /* Monday 09:00 + 15 h is Tuesday 00:00; the factor changes within a second. */
    {"{weekly: {days: {tue: 0.5}, of: {constant: {per_s: 4}}}}", 14.9, 4.0},
    {"{weekly: {days: {tue: 0.5}, of: {constant: {per_s: 4}}}}", 15.1, 2.0},
    {"{weekly: {days: {tue: 0.5}, of: {constant: {per_s: 4}}}}", 39.1, 4.0},
    {"{weekly: {days: {mon: 3}, of: {constant: {per_s: 4}}}}", 167.9,
     12.0}, /* next Monday morning */
    {"{weekly: {days: {mon: 3}, of: {constant: {per_s: 4}}}}", 152.9, 4.0}, /* late on Sunday */
    {"{weekly: {days: {tue: 0}, of: {diurnal: {mean_per_s: 2, low: 25%, peak_at: \"14:00\"}}}}",
     5.0, 3.2},
    {"{weekly: {days: {tue: 0}, of: {diurnal: {mean_per_s: 2, low: 25%, peak_at: \"14:00\"}}}}",
     29.0, 0.0},
};

START_TEST(test_pieces)
{
    struct scenario *sc = scenario_with_profile(pieces[_i].profile);
    double got = rs_profile_rate(&sc->traffic[0].profile, pieces[_i].at_h * hour_s);
    ck_assert_msg(fabs(got - pieces[_i].per_s) < 1e-9, "%s at %g h: %.12g, not %.12g",
                  pieces[_i].profile, pieces[_i].at_h, got, pieces[_i].per_s);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_weekly_mean)
{
    struct scenario *sc = scenario_with_profile("{weekly: {days: {sat: 0.5, sun: 0}, of: {diurnal: "
                                                "{mean_per_s: 2, low: 25%, peak_at: \"14:00\"}}}}");
    const struct profile *p = &sc->traffic[0].profile;
    ck_assert_double_eq(p->period_s, 7 * day_s);
    /* Seven seconds of the week are blends of two factors. */
    ck_assert_double_eq_tol(rs_profile_integral(p, 0.0, 7 * day_s), 5.5 * 2.0 * day_s, 14.0);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_bursts)
{
    struct scenario *sc = scenario_with_profile(
        "{constant: {per_s: 1}, bursts: {factor: 1.6, mean_on: 10m, mean_off: 3h}}");
    const struct bursts *b = &sc->traffic[0].profile.bursts;
    ck_assert_double_eq(b->factor, 1.6);
    ck_assert_double_eq(b->mean_on_s, 600.0);
    ck_assert_double_eq(b->mean_off_s, 10800.0);
    rs_scenario_free(sc);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_constant);
    tcase_add_test(tc, test_diurnal);
    tcase_add_loop_test(tc, test_pieces, 0, N_ROW(pieces));
    tcase_add_test(tc, test_weekly_mean);
    tcase_add_test(tc, test_bursts);
}

int main(void)
{
    return run_tests("profile_read", add);
}
