/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pictures of a retrospective are made of: curves, ticks, distribution functions, names. */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot_parts.h"
#include "retro_page.h"
#include "retro_past.h"

/* ---- curves ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    enum past_kind kind;
    int n;
    double at[4], until[4], n_of[4], k_of[4], level[4];
    double half;       /* of the interval around each level */
    const char *steps; /* "from-until=level ", '|' = a gap */
} curves[] = {
    {"intervals one after the other",
     RS_PAST_RATIO,
     2,
     {0, 50},
     {50, 100},
     {10, 10},
     {1, 2},
     {0.1, 0.2},
     1,
     "0-50=0.1 50-100=0.2 "},
    {"a gap",
     RS_PAST_RATIO,
     2,
     {0, 60},
     {50, 100},
     {10, 10},
     {1, 2},
     {0.1, 0.2},
     1,
     "0-50=0.1 | 60-100=0.2 "},
    {"instances that are scraped in turn are summed",
     RS_PAST_RATIO,
     4,
     {0, 20, 50, 70},
     {50, 70, 100, 100},
     {10, 30, 10, 30},
     {1, 3, 4, 0},
     {0.1, 0.1, 0.4, 0},
     0,
     "0-50=0.1 50-100=0.1 "},
    {"what is too narrow to be seen is joined",
     RS_PAST_RATIO,
     3,
     {0, 1, 50},
     {1, 50, 100},
     {10, 90, 10},
     {10, 0, 1},
     {1, 0, 0.1},
     0.6,
     "0-50=0.1 50-100=0.1 "},
    {"but not a spike",
     RS_PAST_RATIO,
     3,
     {0, 1, 50},
     {1, 50, 100},
     {10, 90, 10},
     {10, 0, 1},
     {1, 0, 0.1},
     0.4,
     "0-1=1 1-50=0 50-100=0.1 "},
    {"nor what has no interval",
     RS_PAST_VALUE,
     2,
     {0, 1},
     {1, 50},
     {NAN, NAN},
     {NAN, NAN},
     {1, 1},
     NAN,
     "0-1=1 1-50=1 "},
    {"events of several instances",
     RS_PAST_COUNT,
     2,
     {0, 20},
     {50, 70},
     {50, 50},
     {5, 10},
     {0.1, 0.2},
     NAN,
     "0-50=0.15 "},
    {"the mean of values",
     RS_PAST_VALUE,
     2,
     {0, 20},
     {50, 70},
     {NAN, NAN},
     {NAN, NAN},
     {3, 5},
     NAN,
     "0-50=4 "},
    {"a ratio of nothing",
     RS_PAST_RATIO,
     2,
     {0, 50},
     {50, 100},
     {0, 10},
     {0, 1},
     {NAN, 0.1},
     1,
     "0-50=nan 50-100=0.1 "},
    {"cut at the axis",
     RS_PAST_RATIO,
     2,
     {-90, 60},
     {10, 190},
     {10, 10},
     {1, 2},
     {0.1, 0.2},
     1,
     "0-10=0.1 | 60-100=0.2 "},
    {"outside of the axis", RS_PAST_RATIO, 1, {200}, {300}, {10}, {1}, {0.1}, 1, ""},
};

START_TEST(test_curve)
{
    struct past_signal s = {.kind = curves[_i].kind, .n = curves[_i].n};
    struct panel p = {.box = {0, 0, 400, 100}, .x = {RS_SCALE_LINEAR, 0, 100}};
    double at[4], until[4], n_of[4], k_of[4], level[4], low[4], high[4];
    char all[256] = "";
    memcpy(at, curves[_i].at, sizeof at);
    memcpy(until, curves[_i].until, sizeof until);
    memcpy(n_of, curves[_i].n_of, sizeof n_of);
    memcpy(k_of, curves[_i].k_of, sizeof k_of);
    memcpy(level, curves[_i].level, sizeof level);
    s.at = at, s.until = until, s.n_of = n_of, s.k_of = k_of, s.level = level;
    for (int i = 0; i < s.n; i++) {
        low[i] = level[i] - curves[_i].half;
        high[i] = level[i] + curves[_i].half;
    }
    s.low = low, s.high = high;
    struct past_curve c = rs_past_curve(&p, &s);
    for (int i = 0; i < c.n;) {
        size_t used = strlen(all);
        bool gap = isnan(c.level[i]) && (i + 1 == c.n || !isnan(c.level[i + 1]));
        if (gap)
            snprintf(all + used, sizeof all - used, "| ");
        else
            snprintf(all + used, sizeof all - used, "%g-%g=%g ", c.x[i], c.x[i + 1], c.level[i]);
        i += gap ? 1 : 2;
    }
    ck_assert_msg(strcmp(all, curves[_i].steps) == 0, "%s: %s", curves[_i].what, all);
    rs_past_curve_clear(&c);
}
END_TEST

/* Joined ratios have the interval of their sum: 0 of 20 is at most 16.84 % (R's binom.test). */
START_TEST(test_curve_interval)
{
    double at[] = {0, 20}, until[] = {50, 70}, n[] = {10, 10}, k[] = {0, 0}, half[] = {0.3, 0.3};
    struct past_signal s = {.kind = RS_PAST_RATIO,
                            .n = 2,
                            .at = at,
                            .until = until,
                            .n_of = n,
                            .k_of = k,
                            .level = k,
                            .low = k,
                            .high = half};
    struct panel p = {.box = {0, 0, 400, 100}, .x = {RS_SCALE_LINEAR, 0, 100}};
    struct past_curve c = rs_past_curve(&p, &s);
    ck_assert_double_eq_tol(c.high[0], 0.16843347, 1e-7);
    rs_past_curve_clear(&c);
    s.n = 1;
    c = rs_past_curve(&p, &s);
    ck_assert_double_eq(c.high[0], 0.3); /* the record's own */
    rs_past_curve_clear(&c);
}
END_TEST

/* ---- ticks ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    double lo, hi; /* Unix seconds */
    int n_want;
    const char *labels;
} clocks[] = {
    {"minutes", 1759838400, 1759838700, 6, "12:00 12:01 12:02 12:03 12:04 12:05 "},
    {"seconds", 1759838401, 1759838436, 4, "12:00:10 12:00:20 12:00:30 "},
    {"a midnight", 1759874400, 1759888800, 4, "22:00 23:00 8 Oct 01:00 02:00 "},
    {"days", 1759838400, 1760184000, 4, "8 Oct 9 Oct 10 Oct 11 Oct "},
    {"years", 1735689600, 1830384000, 4, "2025-12-18 2026-12-18 2027-12-18 "},
    {"before 1970", -86400, 86400, 3, "31 Dec 1 Jan 2 Jan "},
};

START_TEST(test_clock)
{
    char all[256] = "";
    struct ticks t = rs_ticks_clock(clocks[_i].lo, clocks[_i].hi, clocks[_i].n_want);
    for (int i = 0; i < t.n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", t.at[i].label);
    ck_assert_msg(strcmp(all, clocks[_i].labels) == 0, "%s: %s", clocks[_i].what, all);
}
END_TEST

/* ---- times known within bounds --------------------------------------------------------------------------------------- */

static const struct {
    double at, wider, low, high;
} bounds[] = {
    {0.5, 0, 0, 0},       {1.5, 0, 0.25, 0.25}, {2.5, 0, 0.25, 0.5},
    {3.5, 0, 0.25, 0.75}, {4.5, 0, 0.5, 0.75},  {6.5, 0, 0.5, 1},
    {9.5, 0, 0.75, 1},    {2.5, 0.3, 0, 0.8},   {9.5, 0.3, 0.45, 1},
};

/* Of 1, 2 to 4, 3 to 9, and one that was not over at 6. */
START_TEST(test_bounds)
{
    struct past_band times[] = {{3, 5, 9}, {1, 1, 1}, {6, 6, INFINITY}, {2, 3, 4}};
    struct past_fit f = {.n_duration = 4, .duration = times};
    struct axis x = {RS_SCALE_LINEAR, 0, 10};
    struct past_bounds b = rs_past_bounds(&f, &x, bounds[_i].wider);
    bool seen = false;
    ck_assert(b.x[0] == 0 && b.x[b.n - 1] == 10);
    for (int i = 0; i + 1 < b.n; i += 2) {
        if (!(bounds[_i].at > b.x[i] && bounds[_i].at < b.x[i + 1]))
            continue;
        seen = true;
        ck_assert_double_eq_tol(b.low[i], bounds[_i].low, 1e-12);
        ck_assert_double_eq_tol(b.high[i], bounds[_i].high, 1e-12);
    }
    ck_assert(seen);
    rs_past_bounds_clear(&b);
}
END_TEST

/* ---- names ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *episode, *file;
} names[] = {
    {"portal-outage", "retro-portal-outage"},
    {"portal-outage 2", "retro-portal-outage-2"},
    {"a/b <c>", "retro-a-b--c-"},
    {"known", "retro-known-episode"},
    {"what-if", "retro-what-if-episode"},
    {"", "retro-"},
};

START_TEST(test_names)
{
    char buf[128];
    ck_assert_str_eq(rs_past_picture_name(buf, sizeof buf, names[_i].episode), names[_i].file);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("retro_parts");
    TCase *tc = tcase_create("retro_parts");
    tcase_add_loop_test(tc, test_curve, 0, sizeof curves / sizeof *curves);
    tcase_add_test(tc, test_curve_interval);
    tcase_add_loop_test(tc, test_clock, 0, sizeof clocks / sizeof *clocks);
    tcase_add_loop_test(tc, test_bounds, 0, sizeof bounds / sizeof *bounds);
    tcase_add_loop_test(tc, test_names, 0, sizeof names / sizeof *names);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
