/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim_check.h"

#define S RS_NS_PER_S
#define REFUSED INT64_MIN

static const struct {
    const char *text;
    int64_t ns;
} duration_rows[] = {
    {"0", 0},
    {"0s", 0},
    {"5m", 300 * S},
    {"1h30m", 5400 * S},
    {"200ms", 200 * RS_NS_PER_MS},
    {"1.5s", 1500 * RS_NS_PER_MS},
    {"7.5s", 7500 * RS_NS_PER_MS},
    {"1.5h", 5400 * S},
    {"0.1s", 100 * RS_NS_PER_MS},
    {"0.000000001s", 1},
    {"0.0000000004s", 0},
    {"0.0000000005s", 1},
    {"250us", 250000},
    {"7ns", 7},
    {"1y", 365 * 86400 * S},
    {"1w", 7 * 86400 * S},
    {"1y2w3d4h5m6s7ms8us9ns",
     ((365 + 14 + 3) * 86400 + 4 * 3600 + 5 * 60 + 6) * S + 7 * RS_NS_PER_MS + 8009},
    {"106751d23h47m16s854ms775us806ns", RS_NEVER - 1},
    {"9223372036854775806ns", REFUSED}, /* 19 digits */
    {"106751d23h47m16s854ms775us807ns", REFUSED},
    {"293y", REFUSED},
    {"999999999999999999y", REFUSED},
    {"99999999999999999999s", REFUSED},
    {"30m1h", REFUSED},
    {"5m5m", REFUSED},
    {"1h1.5s", REFUSED},
    {"1.5h1s", REFUSED},
    {"", REFUSED},
    {"5", REFUSED},
    {"1.5", REFUSED},
    {"00", REFUSED},
    {"s", REFUSED},
    {"1.s", REFUSED},
    {".5s", REFUSED},
    {"-5m", REFUSED},
    {"+5m", REFUSED},
    {" 5m", REFUSED},
    {"5m ", REFUSED},
    {"5 m", REFUSED},
    {"5M", REFUSED},
    {"5min", REFUSED},
    {"5m,", REFUSED},
    {"1e3s", REFUSED},
    {"0x5s", REFUSED},
    {"never", REFUSED},
};

START_TEST(test_duration_parse)
{
    int64_t ns = REFUSED;
    int status = rs_duration_parse(&ns, duration_rows[_i].text);
    ck_assert_msg(ns == duration_rows[_i].ns && status == (ns == REFUSED ? -1 : 0),
                  "'%s' gave %lld, status %d", duration_rows[_i].text, (long long)ns, status);
}
END_TEST

static const struct {
    int64_t ns;
    const char *exact, *human;
} format_rows[] = {
    {0, "0s", "0s"},
    {1, "1ns", "1ns"},
    {1500, "1us500ns", "2us"},
    {999499, "999us499ns", "999us"},
    {999500, "999us500ns", "1.0ms"},
    {8540 * 1000, "8ms540us", "8.5ms"},
    {85 * RS_NS_PER_MS, "85ms", "85ms"},
    {200 * RS_NS_PER_MS, "200ms", "200ms"},
    {999 * RS_NS_PER_MS + 600000, "999ms600us", "1.0s"},
    {12300 * RS_NS_PER_MS, "12s300ms", "12.3s"},
    {59940 * RS_NS_PER_MS, "59s940ms", "59.9s"},
    {59960 * RS_NS_PER_MS, "59s960ms", "1m 00s"},
    {247 * S, "4m7s", "4m 07s"},
    {3599 * S + 500 * RS_NS_PER_MS, "59m59s500ms", "1h 00m"},
    {3720 * S, "1h2m", "1h 02m"},
    {5400 * S, "1h30m", "1h 30m"},
    {86399 * S, "23h59m59s", "1d 00h"},
    {90 * 86400 * S, "90d", "90d 00h"},
    {7 * 86400 * S, "1w", "7d 00h"},
    {365 * 86400 * S, "1y", "365d 00h"},
    {-90 * S, "-1m30s", "-1m 30s"},
    {RS_NEVER, "never", "never"},
    {RS_NEVER - 1, "106751d23h47m16s854ms775us806ns", "106752d 00h"},
    {INT64_MIN, "-9223372036854775808ns", "-106752d 00h"},
};

START_TEST(test_duration_format)
{
    char buf[32];
    ck_assert_str_eq(rs_duration_format(buf, sizeof(buf), format_rows[_i].ns),
                     format_rows[_i].exact);
    int64_t ns = -1;
    if (format_rows[_i].ns >= 0 && format_rows[_i].ns < RS_NEVER) {
        ck_assert_int_eq(rs_duration_parse(&ns, buf), 0);
        ck_assert_int_eq(ns, format_rows[_i].ns);
    }
    ck_assert_str_eq(rs_duration_human(buf, sizeof(buf), format_rows[_i].ns),
                     format_rows[_i].human);
}
END_TEST

static const struct {
    const char *text;
    int64_t unix_s, ns;    /* unix_s REFUSED: an error */
    const char *formatted; /* NULL: as `text` */
} time_rows[] = {
    {"1970-01-01T00:00:00Z", 0, 0, NULL},
    {"2025-09-29T09:00:00Z", 1759136400, 0, NULL},
    {"2025-09-29T11:00:00+02:00", 1759136400, 0, "2025-09-29T09:00:00Z"},
    {"2025-09-29T03:30:00-05:30", 1759136400, 0, "2025-09-29T09:00:00Z"},
    {"2025-09-29t09:00:00z", 1759136400, 0, "2025-09-29T09:00:00Z"},
    {"2025-01-01T00:30:00+01:00", 1735687800, 0, "2024-12-31T23:30:00Z"},
    {"2000-02-29T12:00:00Z", 951825600, 0, NULL},
    {"2024-02-29T00:00:00Z", 1709164800, 0, NULL},
    {"2100-03-01T00:00:00Z", 4107542400, 0, NULL},
    {"2025-09-29T09:00:00.25Z", 1759136400, 250000000, "2025-09-29T09:00:00.250Z"},
    {"2025-09-29T09:00:00.000Z", 1759136400, 0, "2025-09-29T09:00:00Z"},
    {"2025-09-29T09:00:00.000001Z", 1759136400, 1000, NULL},
    {"2025-09-29T09:00:00.123456789Z", 1759136400, 123456789, NULL},
    {"2025-09-29T09:00:00.1234567899Z", 1759136400, 123456789, "2025-09-29T09:00:00.123456789Z"},
    {"1969-12-31T23:59:59.500Z", -1, 500000000, NULL},
    {"1900-02-28T00:00:00Z", -2203977600, 0, NULL},
    {"2262-04-11T23:47:16.854775807Z", 9223372036, 854775807, NULL},
    {"2262-04-11T23:47:16.854775808Z", REFUSED, 0, NULL},
    {"2262-04-12T00:00:00Z", REFUSED, 0, NULL},
    {"9999-12-31T23:59:59Z", REFUSED, 0, NULL},
    {"0001-01-01T00:00:00Z", REFUSED, 0, NULL},
    {"2023-02-29T00:00:00Z", REFUSED, 0, NULL},
    {"2100-02-29T00:00:00Z", REFUSED, 0, NULL},
    {"2025-00-01T00:00:00Z", REFUSED, 0, NULL},
    {"2025-13-01T00:00:00Z", REFUSED, 0, NULL},
    {"2025-04-31T00:00:00Z", REFUSED, 0, NULL},
    {"2025-04-00T00:00:00Z", REFUSED, 0, NULL},
    {"2025-04-01T24:00:00Z", REFUSED, 0, NULL},
    {"2025-04-01T00:60:00Z", REFUSED, 0, NULL},
    {"2025-04-01T00:00:60Z", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00+24:00", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00+00:60", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00+0000", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00.Z", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00", REFUSED, 0, NULL},
    {"2025-04-01 00:00:00Z", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00Zulu", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00Z ", REFUSED, 0, NULL},
    {"2025-04-01T00:00:00+02:00x", REFUSED, 0, NULL},
    {" 2025-04-01T00:00:00Z", REFUSED, 0, NULL},
    {"2025-4-01T00:00:00Z", REFUSED, 0, NULL},
    {"25-04-01T00:00:00Z", REFUSED, 0, NULL},
    {"12025-04-01T00:00:00Z", REFUSED, 0, NULL},
    {"2025-04-01", REFUSED, 0, NULL},
    {"", REFUSED, 0, NULL},
};

START_TEST(test_time)
{
    const char *text = time_rows[_i].text;
    int64_t unix_ns = REFUSED;
    int status = rs_time_parse(&unix_ns, text);
    if (time_rows[_i].unix_s == REFUSED) {
        ck_assert_msg(status < 0 && unix_ns == REFUSED, "'%s' was taken", text);
        return;
    }
    ck_assert_msg(status == 0, "'%s' was refused", text);
    ck_assert_int_eq(unix_ns, time_rows[_i].unix_s * S + time_rows[_i].ns);
    char buf[40];
    const char *formatted = time_rows[_i].formatted;
    ck_assert_str_eq(rs_time_format(buf, sizeof(buf), unix_ns), formatted ? formatted : text);
}
END_TEST

/* Every day that nanoseconds can hold goes there and back, in step with a plain count of days. */
START_TEST(test_every_day)
{
    static const int days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = 0;
    for (int year = 1970; year < 2262; year++) {
        for (int month = 1; month <= 12; month++) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year == 2000);
            int n_day = days_in_month[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= n_day; day++, days++) {
                char text[40], back[40];
                int64_t unix_ns = 0;
                snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", year, month, day);
                ASSERT_IN_LOOP(rs_time_parse(&unix_ns, text) == 0);
                ASSERT_IN_LOOP(unix_ns == days * 86400 * S);
                ASSERT_IN_LOOP(strcmp(rs_time_format(back, sizeof(back), unix_ns), text) == 0);
            }
        }
    }
}
END_TEST

static const struct {
    double s;
    int64_t ns;
} seconds_rows[] = {
    {0, 0},
    {-0.0, 0},
    {1, S},
    {0.1, 100 * RS_NS_PER_MS},
    {1e-9, 1},
    {0.6e-9, 1},
    {0.4e-9, 0},
    {-0.6e-9, -1},
    {0x1.fffffffffffffp-2 * 1e-9, 0}, /* just below a half */
    {0x1p-1 * 1e-9, 1},               /* a half, away from zero */
    {-0x1p-1 * 1e-9, -1},
    {1759136400.25, 1759136400250000000},
    {9223372036.0, 9223372036 * S},
    {9223372037.0, RS_NEVER},
    {-9223372037.0, -RS_NEVER},
    {1e300, RS_NEVER},
    {-1e300, -RS_NEVER},
    {INFINITY, RS_NEVER},
    {-INFINITY, -RS_NEVER},
};

START_TEST(test_seconds)
{
    ck_assert_int_eq(rs_ns_from_s(seconds_rows[_i].s), seconds_rows[_i].ns);
}
END_TEST

START_TEST(test_seconds_back)
{
    ck_assert(rs_s_from_ns(1500 * RS_NS_PER_MS) == 1.5);
    ck_assert(rs_s_from_ns(-1) == -1e-9);
    ck_assert_int_eq(rs_ns_from_s(rs_s_from_ns(RS_NEVER)), RS_NEVER);
}
END_TEST

START_TEST(test_nan_aborts)
{
    rs_ns_from_s(NAN);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_duration_parse, 0, N_ROW(duration_rows));
    tcase_add_loop_test(tc, test_duration_format, 0, N_ROW(format_rows));
    tcase_add_loop_test(tc, test_time, 0, N_ROW(time_rows));
    tcase_add_test(tc, test_every_day);
    tcase_add_loop_test(tc, test_seconds, 0, N_ROW(seconds_rows));
    tcase_add_test(tc, test_seconds_back);
    add_abort_test(tc, test_nan_aborts);
}

int main(void)
{
    return run_suite("clock", add_tests);
}
