/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Date functions: the UTC calendar of a number of seconds since 1970. Days are counted in whole cycles of 400 years from
 * 1 January of a year that begins one, far enough back for every int64_t: Go's "absolute" years, so that numbers without a
 * sensible date give the dates that Go gives.
 */
#include <math.h>

#include "promql_eval.h"

#define SECONDS_PER_DAY 86400
#define DAYS_PER_CYCLE 146097 /* 400 years */
#define FIRST_YEAR INT64_C(-292277022399)
#define FIRST_TO_1970_S UINT64_C(9223372028715321600)

struct date {
    int64_t year;
    int month, day;  /* from 1 */
    int day_of_year; /* from 1 */
    int day_of_week; /* 0 is Sunday */
    int days_in_month;
    int hour, minute;
};

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day of the year, from 0, as month and day. */
static void split_year(struct date *d, int day)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    d->day_of_year = day + 1;
    for (d->month = 1;; d->month++) {
        d->days_in_month = days[d->month - 1] + (d->month == 2 && is_leap(d->year));
        if (day < d->days_in_month) {
            break;
        }
        day -= d->days_in_month;
    }
    d->day = day + 1;
}

static struct date date_of(int64_t seconds)
{
    uint64_t from_first = (uint64_t)seconds + FIRST_TO_1970_S; /* wraps, as Go's does */
    uint64_t days = from_first / SECONDS_PER_DAY;
    int rest = (int)(from_first % SECONDS_PER_DAY), day = (int)(days % DAYS_PER_CYCLE);
    struct date d = {.hour = rest / 3600,
                     .minute = rest / 60 % 60,
                     .day_of_week = (int)((days + 1) % 7), /* the first day was a Monday */
                     .year = FIRST_YEAR + (int64_t)(days / DAYS_PER_CYCLE * 400)};

    for (int length; day >= (length = 365 + is_leap(d.year)); d.year++) {
        day -= length;
    }
    split_year(&d, day);
    return d;
}

/* Seconds of a sample; what does not fit becomes the least number, as on x86-64. */
static int64_t whole_seconds(double v)
{
    return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

typedef double (*part_fn)(const struct date *d);

static int eval_dates(struct promql_eval *e, struct cell *c, int64_t t_ms, part_fn part)
{
    struct cell *arg = c->n_arg > 0 ? c->arg[0] : NULL;
    struct date d;

    if (arg == NULL) {
        d = date_of(t_ms / 1000);
        c->n = 0;
        rs_cell_push(c, 0, part(&d));
        return 0;
    }
    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        d = date_of(whole_seconds(arg->item[i].v));
        rs_cell_push(c, rs_cell_bare(e, c, arg->item[i].labels), part(&d));
    }
    return rs_eval_unique(e, c);
}

#define DATE_FUNCTION(name, field)                                                                 \
    static double part_##name(const struct date *d)                                                \
    {                                                                                              \
        return (double)d->field;                                                                   \
    }                                                                                              \
    int rs_call_##name(struct promql_eval *e, struct cell *c, int64_t t_ms)                        \
    {                                                                                              \
        return eval_dates(e, c, t_ms, part_##name);                                                \
    }

DATE_FUNCTION(year, year)
DATE_FUNCTION(month, month)
DATE_FUNCTION(day_of_month, day)
DATE_FUNCTION(day_of_week, day_of_week)
DATE_FUNCTION(day_of_year, day_of_year)
DATE_FUNCTION(days_in_month, days_in_month)
DATE_FUNCTION(hour, hour)
DATE_FUNCTION(minute, minute)
