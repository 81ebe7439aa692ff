/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time intervals as they are written, against instants; the rules are those of Alertmanager's timeinterval package. */
#include <stdio.h>
#include <string.h>

#include "changed.h"
#include "sim/arena.h"
#include "sim/clock.h"

static const struct {
    const char *span, *at;
    bool inside;
} rows[] = {
    {"{}", "2025-01-06T09:00:00Z", true},
    {"null", "2025-01-06T09:00:00Z", true},
    /* Times of the day: the end is outside, and seconds do not count. */
    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2025-01-06T08:59:59Z", false},
    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2025-01-06T09:00:00Z", true},
    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2025-01-06T16:59:59Z", true},
    {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2025-01-06T17:00:00Z", false},
    {"{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: "
     "'06:00'}]}",
     "2025-01-06T23:59:59Z", true},
    {"{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: "
     "'06:00'}]}",
     "2025-01-07T05:59:00Z", true},
    {"{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: "
     "'06:00'}]}",
     "2025-01-07T06:00:00Z", false},
    /* Days of the week; 6 January 2025 is a Monday. */
    {"{weekdays: [monday]}", "2025-01-06T00:00:00Z", true},
    {"{weekdays: ['monday:friday']}", "2025-01-10T23:59:59Z", true},
    {"{weekdays: ['monday:friday']}", "2025-01-11T00:00:00Z", false},
    {"{weekdays: [Saturday, SUNDAY]}", "2025-01-12T12:00:00Z", true},
    {"{weekdays: ['sunday:saturday']}", "2025-01-12T12:00:00Z", true},
    /* Days of the month, from both ends. */
    {"{days_of_month: ['-1']}", "2025-01-31T12:00:00Z", true},
    {"{days_of_month: ['-1']}", "2025-01-30T12:00:00Z", false},
    {"{days_of_month: ['-1']}", "2024-02-29T12:00:00Z", true},
    {"{days_of_month: ['-1']}", "2024-02-28T12:00:00Z", false},
    {"{days_of_month: ['-1']}", "2100-02-28T12:00:00Z", true},
    {"{days_of_month: ['-3:-1']}", "2025-04-28T12:00:00Z", true},
    {"{days_of_month: ['-3:-1']}", "2025-04-27T12:00:00Z", false},
    {"{days_of_month: ['20:-5']}", "2025-02-24T12:00:00Z", true},
    {"{days_of_month: ['20:-5']}", "2025-02-25T12:00:00Z", false},
    {"{days_of_month: ['31']}", "2025-02-28T12:00:00Z", false},
    {"{days_of_month: ['29:31']}", "2025-02-28T12:00:00Z", false},
    {"{days_of_month: ['-31:-1']}", "2025-02-01T12:00:00Z", true},
    {"{days_of_month: ['1:5', '10']}", "2025-02-10T12:00:00Z", true},
    /* Months and years. A month of no year is never. */
    {"{months: ['december', 'january:march']}", "2025-02-10T12:00:00Z", true},
    {"{months: ['12', '1:3']}", "2025-04-01T00:00:00Z", false},
    {"{months: ['13']}", "2025-04-01T00:00:00Z", false},
    {"{years: ['2024:2026']}", "2026-12-31T23:59:59Z", true},
    {"{years: ['2024:2026', 2030]}", "2027-01-01T00:00:00Z", false},
    /* All kinds must hold at once. */
    {"{weekdays: [monday], months: [january], times: [{start_time: '09:00', end_time: '10:00'}]}",
     "2025-01-06T09:30:00Z", true},
    {"{weekdays: [monday], months: [february], times: [{start_time: '09:00', end_time: '10:00'}]}",
     "2025-01-06T09:30:00Z", false},
    /* Elsewhere: another hour, another day, another month, another year. */
    {"{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}",
     "2025-01-06T08:30:00Z", true},
    {"{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}",
     "2025-07-07T08:30:00Z", false},
    {"{location: Europe/Berlin, times: [{start_time: '09:00', end_time: '10:00'}]}",
     "2025-07-07T07:30:00Z", true},
    {"{location: Pacific/Auckland, weekdays: [tuesday]}", "2025-01-06T12:00:00Z", true},
    {"{location: America/New_York, days_of_month: ['-1']}", "2025-02-01T03:00:00Z", true},
    {"{location: America/New_York, years: [2024]}", "2025-01-01T04:59:59Z", true},
    {"{location: Asia/Kolkata, times: [{start_time: '14:30', end_time: '14:31'}]}",
     "2025-01-06T09:00:30Z", true},
    /* The hour that a spring night leaves out, and the one that an autumn night has twice. */
    {"{location: Europe/Berlin, times: [{start_time: '02:00', end_time: '03:00'}]}",
     "2025-03-30T01:30:00Z", false},
    {"{location: Europe/Berlin, times: [{start_time: '02:00', end_time: '03:00'}]}",
     "2025-10-26T00:30:00Z", true},
    {"{location: Europe/Berlin, times: [{start_time: '02:00', end_time: '03:00'}]}",
     "2025-10-26T01:30:00Z", true},
    {"{location: Local, times: [{start_time: '09:00', end_time: '10:00'}]}", "2025-01-06T09:30:00Z",
     true},
    {"{times: [{start_time: '23:00', end_time: '24:00'}]}", "1969-12-31T23:30:00Z", true},
};

START_TEST(test_inside)
{
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    int64_t unix_ns = 0;
    char text[512];

    rs_err_list_init(&errors);
    snprintf(text, sizeof(text),
             "route: {receiver: r, routes: [{mute_time_intervals: [a]}]}\nreceivers: [{name: r}]\n"
             "time_intervals: [{name: a, time_intervals: [%s]}]\n",
             rows[_i].span);
    const struct am_config *am = rs_am_config_parse(arena, "am.yml", text, strlen(text), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(am);
    ck_assert_ptr_eq(am->root.child[0].mute[0], &am->interval[0]);
    ck_assert_int_eq(rs_time_parse(&unix_ns, rows[_i].at), 0);
    int64_t unix_s = unix_ns / RS_NS_PER_S - (unix_ns % RS_NS_PER_S < 0);
    ck_assert_msg(rs_am_interval_holds(&am->interval[0], unix_s) == rows[_i].inside,
                  "%s at %s: wanted %s", rows[_i].span, rows[_i].at,
                  rows[_i].inside ? "inside" : "outside");
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_inside, 0, N_ROW(rows));
}

int main(void)
{
    return run_tests("am_interval", add);
}
