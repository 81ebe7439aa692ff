/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 3339 timestamps. The calendar is the proleptic Gregorian one; leap seconds are not
 * represented, as in Unix time.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/clock.h"

enum { NS_DIGITS = 9, S_PER_DAY = 86400 };

struct date { /* value */
    int year, month, day;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/*
 * Days since 1970-01-01. Source: H. Hinnant, "chrono-compatible low-level date algorithms",
 * days_from_civil.
 */
static int64_t days_from_date(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year; /* years begin in March here */
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The reverse; same source, civil_from_days. */
static struct date date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int day = (int)(day_of_year - (153 * month_from_march + 2) / 5) + 1;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct date){(int)(year_of_era + era * 400) + (month <= 2), month, day};
}

/* Exactly n digits with a value in low..high, then the character `then` (0: none is read). */
static bool read_field(const char **text, int n, int low, int high, char then, int *out)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (!is_digit(**text)) {
            return false;
        }
        value = 10 * value + (**text - '0');
    }
    *out = value;
    if (value < low || value > high || (then && **text != then)) {
        return false;
    }
    *text += then != 0;
    return true;
}

/* ".25" to nanoseconds; digits past the ninth are cut off. */
static bool read_fraction(const char **text, int64_t *out_ns)
{
    *out_ns = 0;
    if (**text != '.') {
        return true;
    }
    (*text)++;
    int n = 0;
    for (; is_digit(**text); (*text)++, n++) {
        if (n < NS_DIGITS) {
            *out_ns = 10 * *out_ns + (**text - '0');
        }
    }
    for (int i = n; i < NS_DIGITS; i++) {
        *out_ns *= 10;
    }
    return n > 0;
}

/* "Z" or "+02:00", and the end of the text. */
static bool read_offset(const char **text, int64_t *out_s)
{
    char sign = *(*text)++;
    if (sign == 'Z' || sign == 'z') {
        *out_s = 0;
        return **text == '\0';
    }
    int hour = 0, minute = 0;
    if ((sign != '+' && sign != '-') || !read_field(text, 2, 0, 23, ':', &hour) ||
        !read_field(text, 2, 0, 59, 0, &minute)) {
        return false;
    }
    *out_s = (sign == '-' ? -60 : 60) * (60 * hour + minute);
    return **text == '\0';
}

int rs_time_parse(int64_t *out_unix_ns, const char *text)
{
    struct date date = {0, 0, 0};
    int hour = 0, minute = 0, second = 0;
    int64_t fraction_ns = 0, offset_s = 0;
    if (!read_field(&text, 4, 1, 9999, '-', &date.year) ||
        !read_field(&text, 2, 1, 12, '-', &date.month) ||
        !read_field(&text, 2, 1, days_in_month(date.year, date.month), 0, &date.day)) {
        return -1;
    }
    if (*text != 'T' && *text != 't') {
        return -1;
    }
    text++;
    if (!read_field(&text, 2, 0, 23, ':', &hour) || !read_field(&text, 2, 0, 59, ':', &minute) ||
        !read_field(&text, 2, 0, 59, 0, &second) || !read_fraction(&text, &fraction_ns) ||
        !read_offset(&text, &offset_s)) {
        return -1;
    }
    int64_t unix_s =
        days_from_date(date) * S_PER_DAY + 3600 * hour + 60 * minute + second - offset_s;
    int64_t unix_ns = 0;
    if (__builtin_mul_overflow(unix_s, RS_NS_PER_S, &unix_ns) ||
        __builtin_add_overflow(unix_ns, fraction_ns, &unix_ns)) {
        return RS_TIME_FAR;
    }
    *out_unix_ns = unix_ns;
    return 0;
}

/*
 * Three, six or nine digits after the point, the fewest that are exact; nothing for a whole
 * second.
 */
static void format_fraction(char *buf, size_t n, int64_t ns)
{
    if (ns == 0) {
        buf[0] = '\0';
    } else if (ns % RS_NS_PER_MS == 0) {
        snprintf(buf, n, ".%03d", (int)(ns / RS_NS_PER_MS));
    } else if (ns % 1000 == 0) {
        snprintf(buf, n, ".%06d", (int)(ns / 1000));
    } else {
        snprintf(buf, n, ".%09d", (int)ns);
    }
}

char *rs_time_format(char *buf, size_t n, int64_t unix_ns)
{
    assert(n >= 40);
    int64_t ns = unix_ns % RS_NS_PER_S;
    int64_t unix_s = unix_ns / RS_NS_PER_S;
    if (ns < 0) {
        ns += RS_NS_PER_S;
        unix_s--;
    }
    int64_t second_of_day = unix_s % S_PER_DAY;
    int64_t days = unix_s / S_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += S_PER_DAY;
        days--;
    }
    struct date date = date_from_days(days);
    int s = (int)second_of_day;
    char fraction[16];
    format_fraction(fraction, sizeof(fraction), ns);
    snprintf(buf, n, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", date.year, date.month, date.day, s / 3600,
             s / 60 % 60, s % 60, fraction);
    return buf;
}
