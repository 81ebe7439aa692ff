/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that a retrospective has for times, spans and numbers, and which change shows a known fault. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_told.h"
#include "retro/retro_words.h"
#include "sim/clock.h"

static struct made_retro made;

static void set_up(void)
{
    made_retro(&made);
}

static void tear_down(void)
{
    made_retro_clear(&made);
}

static const struct {
    int64_t lo_ms, best_ms, hi_ms; /* -1: open */
    const char *wanted;
} arounds[] = {
    {0, 15000, 30000, "±15s"},
    {0, 50000, 64000, "−50s +14s"},
    {5000, 5000, 35000, "+30s"},
    {0, 15200, 31000, "±16s"}, /* shown as 15 s: -15 s, +16 s */
    {1000, 1500, 2000, "+1s"}, /* written to the second, shown as it is written */
    {1000, 1000, 1000, ""},
    {1000, 1010, 1020, "±10ms"},
    {60000, 60000, -1, "or later"},
    {-1, 60000, 60000, "or earlier"},
    {30000, 60000, -1, "−30s or later"},
    {-1, 60000, -1, "open"},
};

START_TEST(test_arounds)
{
    char text[128];
    int64_t lo = arounds[_i].lo_ms, hi = arounds[_i].hi_ms;
    const struct retro_instant at = {.lo_ns = lo < 0 ? INT64_MIN : lo * RS_NS_PER_MS,
                                     .best_ns = arounds[_i].best_ms * RS_NS_PER_MS,
                                     .hi_ns = hi < 0 ? RS_NEVER : hi * RS_NS_PER_MS};
    ck_assert_str_eq(rs_retro_around(text, sizeof text, &at), arounds[_i].wanted);
}
END_TEST

static const struct {
    int64_t lo_s, best_s, hi_s; /* -1: open */
    const char *wanted;
} spans[] = {
    {372, 372, 372, "6m12s"},         {350, 372, 391, "6m12s [5m50s, 6m31s]"},
    {350, 372, -1, "at least 5m50s"}, {-1, 372, 391, "at most 6m31s"},
    {-1, 0, -1, "not told"},          {0, 0, 0, "0s"},
};

START_TEST(test_spans)
{
    char text[128];
    int64_t lo = spans[_i].lo_s, hi = spans[_i].hi_s;
    rs_retro_span_words(text, sizeof text, lo < 0 ? INT64_MIN : lo * RS_NS_PER_S,
                        spans[_i].best_s * RS_NS_PER_S, hi < 0 ? RS_NEVER : hi * RS_NS_PER_S);
    ck_assert_str_eq(text, spans[_i].wanted);
}
END_TEST

static const struct {
    double x;
    const char *unit, *wanted;
} numbers[] = {
    {0.125, "ratio", "12.5%"}, {75, "s", "1m15s"},
    {0.84, "1/s", "0.84/s"},   {1234.5, "", "1234"},
    {NAN, "s", "-"},           {NAN, "1/s", "-"},
    {-0.0, "", "0"},           {0.00123456, "", "0.00123"},
    {INFINITY, "s", "never"},  {12, "requests", "12 requests"},
};

START_TEST(test_numbers)
{
    char text[64];
    rs_retro_in_unit(text, sizeof text, numbers[_i].x, numbers[_i].unit);
    ck_assert_str_eq(text, numbers[_i].wanted);
}
END_TEST

/* Seconds after 10:00; -1 = open. */
static const struct {
    double lo_s, best_s, hi_s;
    const char *at, *within;
} instants[] = {
    {1.25, 1.75, 2.5, "10:00:01.750", "10:00:01.250–10:00:02.500"},
    {1.25, 1.75, 3.25, "10:00:02", "10:00:01–10:00:04"}, /* two seconds wide: outwards */
    {1.25, 1.49, 3.25, "10:00:01", "10:00:01–10:00:04"},
    {-1, 1.75, 3.25, "10:00:02", "up to 10:00:04"},
    {1.25, 1.75, -1, "10:00:02", "from 10:00:01 on"},
    {-1, 1.75, -1, "10:00:02", "open"},
    {1.5, 1.5, 1.5, "10:00:01.500", ""},
};

START_TEST(test_instants)
{
    struct retro_instant at = {
        .how = RS_HOW_RECORDED,
        .lo_ns = instants[_i].lo_s < 0 ? INT64_MIN : made_at(10, 0, instants[_i].lo_s),
        .best_ns = made_at(10, 0, instants[_i].best_s),
        .hi_ns = instants[_i].hi_s < 0 ? RS_NEVER : made_at(10, 0, instants[_i].hi_s)};
    char text[100];
    rs_retro_time_of_day(text, sizeof text, &made.retro, rs_retro_shown(&at));
    ck_assert_str_eq(text, instants[_i].at);
    rs_retro_interval(text, sizeof text, &made.retro, &at);
    ck_assert_str_eq(text, instants[_i].within);
}
END_TEST

static const struct {
    struct retro_range x;
    const char *unit, *wanted;
} ranges[] = {
    {{0.125, 0.118, 0.132}, "ratio", "12.5% [11.8%, 13.2%]"},
    {{0.84, 0.8, 0.9}, "1/s", "0.84 [0.8, 0.9]/s"},
    {{75, 60, (double)INFINITY}, "s", "1m15s [1m00s, no end]"},
    {{12, (double)NAN, (double)NAN}, "requests", "12 requests"},
    {{75, 75, 75}, "s", "1m15s"},
    {{(double)NAN, 1, 2}, "1/s", "-"},
};

START_TEST(test_ranges)
{
    char text[128];
    rs_retro_range(text, sizeof text, ranges[_i].x, ranges[_i].unit);
    ck_assert_str_eq(text, ranges[_i].wanted);
}
END_TEST

/* A known fault takes the nearest change that hurts, in its time. */
static const struct {
    int from_min, until_min; /* after 10:00; -1 = no end */
    int change;
} faults[] = {
    {10, 16, 0},  {11, 16, 0},
    {14, 18, -1}, /* the change lies before it by more than half its length */
    {12, 14, 0},  /* by less than a minute and a bit: within the length of two */
    {17, 21, -1}, /* the only change in it is for the better */
    {10, -1, 0},  {13, -1, -1},
};

START_TEST(test_known_faults)
{
    struct retro_known known = {"x",
                                made_at(10, faults[_i].from_min, 0),
                                faults[_i].until_min < 0 ? RS_NEVER
                                                         : made_at(10, faults[_i].until_min, 0),
                                {0}};
    ck_assert_int_eq(rs_retro_change_of(&made.retro, &known), faults[_i].change);
}
END_TEST

#define ADD_ROWS(tc, test, rows)                                                                   \
    tcase_add_loop_test(tc, test, 0, (int)(sizeof(rows) / sizeof *(rows)))

int main(void)
{
    Suite *suite = suite_create("retro words");
    TCase *tc = tcase_create("words");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    ADD_ROWS(tc, test_spans, spans);
    ADD_ROWS(tc, test_arounds, arounds);
    ADD_ROWS(tc, test_numbers, numbers);
    ADD_ROWS(tc, test_instants, instants);
    ADD_ROWS(tc, test_ranges, ranges);
    ADD_ROWS(tc, test_known_faults, faults);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
