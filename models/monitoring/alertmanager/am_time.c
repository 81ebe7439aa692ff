/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time intervals: is an instant inside? Source: timeinterval/timeinterval.go of Alertmanager 0.33 (ContainsTime). The
 * calendar is computed here and not by libc: a run must not depend on the process' time zone.
 */
#include "models/alertmanager.h"

/* 400 Gregorian years: 146,097 days, which are 20,871 whole weeks. */
#define CYCLE_S INT64_C(12622780800)

struct local_time {
    int year, month, day; /* 1.. */
    int weekday;          /* 0 = Sunday */
    int minute;           /* of the day */
    int n_day;            /* of this month */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

int32_t rs_am_zone_offset(const struct am_zone *zone, int64_t unix_s)
{
    int low = 0, high = zone->n; /* the offset before `low` holds, that from `high` on does not */

    if (unix_s >= zone->cycle_s) {
        unix_s -= CYCLE_S * floor_div(unix_s - zone->cycle_s + CYCLE_S, CYCLE_S);
    }
    while (low < high) {
        int middle = low + (high - low) / 2;

        if (zone->at_s[middle] <= unix_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? zone->first_offset_s : zone->offset_s[low - 1];
}

static int days_in_month(int year, int month)
{
    static const int n_day[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : n_day[month - 1];
}

/*
 * Days since the epoch to a date: years are counted from March, so that the leap day is a year's last. Source: H. Hinnant,
 * "chrono-compatible low-level date algorithms", civil_from_days.
 */
static struct local_time split(int64_t local_s)
{
    int64_t day = floor_div(local_s, 86400), shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    struct local_time t = {.month = (int)(from_march < 10 ? from_march + 3 : from_march - 9),
                           .day = (int)(of_year - (153 * from_march + 2) / 5 + 1),
                           .weekday = (int)(day + 4 - 7 * floor_div(day + 4, 7)),
                           .minute = (int)((local_s - day * 86400) / 60)};

    t.year = (int)(year + era * 400 + (t.month <= 2));
    t.n_day = days_in_month(t.year, t.month);
    return t;
}

/* No range at all says nothing; else the number must be inside one. */
static bool in_ranges(const struct am_range *range, int n, int value)
{
    for (int i = 0; i < n; i++) {
        if (value >= range[i].first && value <= range[i].last) {
            return true;
        }
    }
    return n == 0;
}

static bool in_minutes(const struct am_span *span, int minute)
{
    for (int i = 0; i < span->n_minute; i++) {
        if (minute >= span->minute[i].first && minute < span->minute[i].last) {
            return true;
        }
    }
    return span->n_minute == 0;
}

/* A day below zero counts from the month's end. */
static bool in_days(const struct am_span *span, const struct local_time *t)
{
    for (int i = 0; i < span->n_day; i++) {
        int first = span->day[i].first, last = span->day[i].last;

        first = first < 0 ? t->n_day + first + 1 : first;
        last = last < 0 ? t->n_day + last + 1 : last;
        if (t->day >= first && t->day <= last) {
            return true;
        }
    }
    return span->n_day == 0;
}

bool rs_am_interval_holds(const struct am_time_interval *interval, int64_t unix_s)
{
    for (int i = 0; i < interval->n_span; i++) {
        const struct am_span *span = &interval->span[i];
        struct local_time t =
            split(unix_s + (span->zone ? rs_am_zone_offset(span->zone, unix_s) : 0));

        if (in_minutes(span, t.minute) && in_ranges(span->weekday, span->n_weekday, t.weekday) &&
            in_days(span, &t) && in_ranges(span->month, span->n_month, t.month) &&
            in_ranges(span->year, span->n_year, t.year)) {
            return true;
        }
    }
    return false;
}
