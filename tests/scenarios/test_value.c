/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scalars of the language. */
#include "../../scenarios/text/value.h"

#include <math.h>

#include "changed.h"

static const struct {
    const char *text;
    double number, ratio, percent, rate; /* NaN: refused */
} rows[] = {
    {"0", 0, 0, 0, 0},
    {"0.005", 0.005, 0.005, 0.005, 0.005},
    {"0.5%", NAN, 0.005, 0.5, NAN},
    {"1e-3", 1e-3, 1e-3, 1e-3, 1e-3},
    {".5", 0.5, 0.5, 0.5, 0.5},
    {"-2", -2, -2, -2, -2},
    {"0.6/m", NAN, NAN, NAN, 0.01},
    {"36/h", NAN, NAN, NAN, 0.01},
    {"864/d", NAN, NAN, NAN, 0.01},
    {"2/s", NAN, NAN, NAN, 2},
    {"2/w", NAN, NAN, NAN, NAN},
    {"nan", NAN, NAN, NAN, NAN},
    {"inf", NAN, NAN, NAN, NAN},
    {"1e999", NAN, NAN, NAN, NAN},
    {"0x10", NAN, NAN, NAN, NAN},
    {" 1", NAN, NAN, NAN, NAN},
    {"1 ", NAN, NAN, NAN, NAN},
    {"", NAN, NAN, NAN, NAN},
    {"1,5", NAN, NAN, NAN, NAN},
};

static void
check_one(const char *what, int (*read)(double *, const char *), const char *text, double want)
{
    double got = 0.0;
    int status = read(&got, text);
    ck_assert_msg(status == (isnan(want) ? -1 : 0), "%s \"%s\": status %d", what, text, status);
    /* Decimal to double and one division: the last bit may differ. */
    ck_assert_msg(status != 0 || fabs(got - want) <= 1e-15 * fabs(want),
                  "%s \"%s\": %.17g, not %.17g", what, text, got, want);
}

START_TEST(test_numbers)
{
    const char *text = rows[_i].text;
    check_one("number", rs_value_number, text, rows[_i].number);
    check_one("ratio", rs_value_ratio, text, rows[_i].ratio);
    check_one("percent", rs_value_percent, text, rows[_i].percent);
    check_one("rate", rs_value_rate, text, rows[_i].rate);
}
END_TEST

static const struct {
    const char *text;
    int64_t s; /* -1: refused */
} days[] = {{"00:00", 0},  {"14:00", 50400}, {"09:30:15", 34215}, {"24:00", 86400},
            {"24:01", -1}, {"25:00", -1},    {"9:00", -1},        {"09:60", -1},
            {"09-00", -1}, {"", -1},         {"09:00:0", -1},     {"0900", -1}};

START_TEST(test_daytime)
{
    int64_t ns = -1;
    int status = rs_value_daytime(&ns, days[_i].text);
    ck_assert_msg(status == (days[_i].s < 0 ? -1 : 0), "\"%s\": %d", days[_i].text, status);
    ck_assert_int_eq(ns, days[_i].s < 0 ? -1 : days[_i].s * 1000000000);
}
END_TEST

static const struct {
    const char *text;
    double s; /* NaN: refused */
} stamps[] = {{"12.5", 12.5},
              {"1970-01-02 00:00:00", 86400},
              {"1970-01-01T01:00:00+01:00", 0},
              {"2023-11-16 18:17:03.9799600", 1700158623.97996},
              {"1998-04-30 21:30:00", 893971800},
              {"1998-04-31 21:30:00", NAN},
              {"yesterday", NAN},
              {"", NAN}};

START_TEST(test_timestamp)
{
    double s = 0.0;
    int status = rs_value_timestamp(&s, stamps[_i].text);
    ck_assert_msg(status == (isnan(stamps[_i].s) ? -1 : 0), "\"%s\"", stamps[_i].text);
    /* A double of the size of Unix time holds a quarter of a microsecond. */
    ck_assert(status != 0 || fabs(s - stamps[_i].s) < 1e-6);
}
END_TEST

START_TEST(test_words)
{
    bool on = false;
    uint64_t n = 0;
    int day = -1;
    ck_assert(rs_value_bool(&on, "on") == 0 && on);
    ck_assert(rs_value_bool(&on, "no") == 0 && !on);
    ck_assert(rs_value_bool(&on, "On") == -1);
    ck_assert(rs_value_count(&n, "18446744073709551615") == 0 && n == UINT64_MAX);
    ck_assert(rs_value_count(&n, "18446744073709551616") == -1);
    ck_assert(rs_value_count(&n, "-1") == -1);
    ck_assert(rs_value_weekday(&day, "sun") == 0 && day == 6);
    ck_assert(rs_value_weekday(&day, "Sun") == -1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_numbers, 0, N_ROW(rows));
    tcase_add_loop_test(tc, test_daytime, 0, N_ROW(days));
    tcase_add_loop_test(tc, test_timestamp, 0, N_ROW(stamps));
    tcase_add_test(tc, test_words);
}

int main(void)
{
    return run_tests("value", add);
}
