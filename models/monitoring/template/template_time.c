/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and durations of templates: UTC, printed as Go's time package prints them. */
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

struct civil {
    int64_t year;
    int month, day, hour, minute, second, weekday, yearday; /* month 1..12, Sunday = 0 */
    int64_t unix_s;
    int ms;
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Source: Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. */
static struct civil civil_of(int64_t t_ms)
{
    struct civil c = {.unix_s = floor_div(t_ms, 1000)};
    int64_t days = floor_div(c.unix_s, 86400), rest = c.unix_s - days * 86400;
    int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100),
            shifted = (5 * of_year + 2) / 153;

    c.ms = (int)(t_ms - c.unix_s * 1000);
    c.day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    c.month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    c.year = year + era * 400 + (c.month <= 2);
    c.hour = (int)(rest / 3600);
    c.minute = (int)(rest / 60 % 60);
    c.second = (int)(rest % 60);
    c.weekday = (int)(((days + 4) % 7 + 7) % 7);
    for (int m = 1; m < c.month; m++) {
        bool leap = c.year % 4 == 0 && (c.year % 100 != 0 || c.year % 400 == 0);

        c.yearday += m == 2 ? 28 + leap : 30 + (m % 2 == (m < 8));
    }
    c.yearday += c.day;
    return c;
}

/* ".128", without zeros at its end; nothing for whole seconds. */
static void put_fraction(struct text *to, int ms)
{
    char buf[8];
    size_t n = 4;

    if (ms == 0) {
        return;
    }
    buf[0] = '.';
    buf[1] = (char)('0' + ms / 100);
    buf[2] = (char)('0' + ms / 10 % 10);
    buf[3] = (char)('0' + ms % 10);
    while (buf[n - 1] == '0') {
        n--;
    }
    rs_text_add_n(to, buf, n);
}

void rs_text_time(struct text *to, int64_t t_ms)
{
    struct civil c = civil_of(t_ms);

    rs_text_printf(to, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)c.year, c.month, c.day, c.hour,
                   c.minute, c.second);
    put_fraction(to, c.ms);
    rs_text_add(to, " +0000 UTC");
}

/* A whole part and a fraction of `digits` digits, its zeros cut off. */
static void put_parts(struct text *to, uint64_t whole, uint64_t fraction, int digits)
{
    rs_text_printf(to, "%llu", (unsigned long long)whole);
    if (fraction > 0) {
        for (; fraction % 10 == 0; fraction /= 10) {
            digits--;
        }
        rs_text_printf(to, ".%0*llu", digits, (unsigned long long)fraction);
    }
}

/* "1h15m30.918s", below a second "1.5ms": Go's Duration.String. */
void rs_text_duration(struct text *to, int64_t ns)
{
    uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, s = u / 1000000000;

    rs_text_add(to, ns < 0 ? "-" : "");
    if (u == 0) {
        rs_text_add(to, "0s");
    } else if (u < 1000) {
        rs_text_printf(to, "%lluns", (unsigned long long)u);
    } else if (u < 1000000) {
        put_parts(to, u / 1000, u % 1000, 3);
        rs_text_add(to, "\xc2\xb5s");
    } else if (u < 1000000000) {
        put_parts(to, u / 1000000, u % 1000000, 6);
        rs_text_add(to, "ms");
    } else {
        if (s >= 3600) {
            rs_text_printf(to, "%lluh", (unsigned long long)(s / 3600));
        }
        if (s >= 60) {
            rs_text_printf(to, "%llum", (unsigned long long)(s / 60 % 60));
        }
        put_parts(to, s % 60, u % 1000000000, 9);
        rs_text_add(to, "s");
    }
}

/* ---- layouts ---- */

enum piece {
    P_MONTH_LONG,
    P_MONTH,
    P_WEEKDAY_LONG,
    P_WEEKDAY,
    P_ZONE_NAME,
    P_YEAR_LONG,
    P_YEARDAY,
    P_MONTH_TWO,
    P_DAY_TWO,
    P_HOUR_TWELVE_TWO,
    P_MINUTE_TWO,
    P_SECOND_TWO,
    P_YEAR,
    P_HOUR,
    P_DAY_PADDED,
    P_AM,
    P_AM_LOW,
    P_OFFSET_COLON_Z,
    P_OFFSET_Z,
    P_OFFSET_COLON,
    P_OFFSET,
    P_FRACTION_3,
    P_FRACTION_9,
    P_MONTH_ONE,
    P_DAY_ONE,
    P_HOUR_TWELVE,
    P_MINUTE,
    P_SECOND,
    P_NONE
};

/* Longer words before those that they begin with. */
static const struct {
    const char *word;
    enum piece piece;
} pieces[] = {
    {"January", P_MONTH_LONG},
    {"Jan", P_MONTH},
    {"Monday", P_WEEKDAY_LONG},
    {"Mon", P_WEEKDAY},
    {"MST", P_ZONE_NAME},
    {"2006", P_YEAR_LONG},
    {"002", P_YEARDAY},
    {"01", P_MONTH_TWO},
    {"02", P_DAY_TWO},
    {"03", P_HOUR_TWELVE_TWO},
    {"04", P_MINUTE_TWO},
    {"05", P_SECOND_TWO},
    {"06", P_YEAR},
    {"15", P_HOUR},
    {"_2", P_DAY_PADDED},
    {"PM", P_AM},
    {"pm", P_AM_LOW},
    {"Z07:00", P_OFFSET_COLON_Z},
    {"Z0700", P_OFFSET_Z},
    {"-07:00", P_OFFSET_COLON},
    {"-0700", P_OFFSET},
    {".000000000", P_FRACTION_9},
    {".000", P_FRACTION_3},
    {"1", P_MONTH_ONE},
    {"2", P_DAY_ONE},
    {"3", P_HOUR_TWELVE},
    {"4", P_MINUTE},
    {"5", P_SECOND},
};

static void put_piece(struct text *to, const struct civil *c, enum piece piece)
{
    int twelve = c->hour % 12 == 0 ? 12 : c->hour % 12;

    switch (piece) {
    case P_MONTH_LONG: rs_text_add(to, months[c->month - 1]); break;
    case P_MONTH: rs_text_add_n(to, months[c->month - 1], 3); break;
    case P_WEEKDAY_LONG: rs_text_add(to, weekdays[c->weekday]); break;
    case P_WEEKDAY: rs_text_add_n(to, weekdays[c->weekday], 3); break;
    case P_ZONE_NAME: rs_text_add(to, "UTC"); break;
    case P_YEAR_LONG: rs_text_printf(to, "%04lld", (long long)c->year); break;
    case P_YEARDAY: rs_text_printf(to, "%03d", c->yearday); break;
    case P_MONTH_TWO: rs_text_printf(to, "%02d", c->month); break;
    case P_DAY_TWO: rs_text_printf(to, "%02d", c->day); break;
    case P_HOUR_TWELVE_TWO: rs_text_printf(to, "%02d", twelve); break;
    case P_MINUTE_TWO: rs_text_printf(to, "%02d", c->minute); break;
    case P_SECOND_TWO: rs_text_printf(to, "%02d", c->second); break;
    case P_YEAR: rs_text_printf(to, "%02d", (int)(c->year % 100)); break;
    case P_HOUR: rs_text_printf(to, "%02d", c->hour); break;
    case P_DAY_PADDED: rs_text_printf(to, "%2d", c->day); break;
    case P_AM: rs_text_add(to, c->hour < 12 ? "AM" : "PM"); break;
    case P_AM_LOW: rs_text_add(to, c->hour < 12 ? "am" : "pm"); break;
    case P_OFFSET_COLON_Z:
    case P_OFFSET_Z: rs_text_add(to, "Z"); break;
    case P_OFFSET_COLON: rs_text_add(to, "+00:00"); break;
    case P_OFFSET: rs_text_add(to, "+0000"); break;
    case P_FRACTION_3: rs_text_printf(to, ".%03d", c->ms); break;
    case P_FRACTION_9: rs_text_printf(to, ".%03d000000", c->ms); break;
    case P_MONTH_ONE: rs_text_printf(to, "%d", c->month); break;
    case P_DAY_ONE: rs_text_printf(to, "%d", c->day); break;
    case P_HOUR_TWELVE: rs_text_printf(to, "%d", twelve); break;
    case P_MINUTE: rs_text_printf(to, "%d", c->minute); break;
    case P_SECOND: rs_text_printf(to, "%d", c->second); break;
    case P_NONE: break;
    }
}

void rs_text_time_layout(struct text *to, int64_t t_ms, const char *layout)
{
    struct civil c = civil_of(t_ms);

    while (*layout != '\0') {
        size_t i = 0, n_piece = sizeof pieces / sizeof *pieces;

        while (i < n_piece && strncmp(layout, pieces[i].word, strlen(pieces[i].word)) != 0) {
            i++;
        }
        if (i == n_piece) {
            rs_text_add_n(to, layout++, 1);
        } else {
            put_piece(to, &c, pieces[i].piece);
            layout += strlen(pieces[i].word);
        }
    }
}

/* ---- methods ---- */

static int duration_method(struct trun *x, int64_t ns, const char *name, struct tvalue *out)
{
    struct text to = {.arena = x->arena};

    if (strcmp(name, "String") == 0) {
        rs_text_duration(&to, ns);
        *out = rs_tv_string(to.at);
    } else if (strcmp(name, "Seconds") == 0) {
        *out = rs_tv_float((double)(ns / 1000000000) + (double)(ns % 1000000000) / 1e9);
    } else if (strcmp(name, "Minutes") == 0) {
        *out = rs_tv_float((double)(ns / 60000000000) + (double)(ns % 60000000000) / 6e10);
    } else if (strcmp(name, "Hours") == 0) {
        *out = rs_tv_float((double)(ns / 3600000000000) + (double)(ns % 3600000000000) / 3.6e12);
    } else if (strcmp(name, "Milliseconds") == 0) {
        *out = rs_tv_int(ns / 1000000);
    } else if (strcmp(name, "Nanoseconds") == 0) {
        *out = rs_tv_int(ns);
    } else {
        return 1;
    }
    return 0;
}

int rs_time_method(struct trun *x,
                   const struct tvalue *v,
                   const char *name,
                   const char *layout,
                   struct tvalue *out)
{
    struct civil c = civil_of(v->i);
    const struct {
        const char *name;
        struct tvalue value;
    } methods[] = {
        {"Year", rs_tv_int(c.year)},
        {"Month", rs_tv_string(months[c.month - 1])},
        {"Day", rs_tv_int(c.day)},
        {"Hour", rs_tv_int(c.hour)},
        {"Minute", rs_tv_int(c.minute)},
        {"Second", rs_tv_int(c.second)},
        {"Nanosecond", rs_tv_int(c.ms * INT64_C(1000000))},
        {"Weekday", rs_tv_string(weekdays[c.weekday])},
        {"YearDay", rs_tv_int(c.yearday)},
        {"Unix", rs_tv_int(c.unix_s)},
        {"UnixMilli", rs_tv_int(v->i)},
        {"UTC", *v},
    };
    struct text to = {.arena = x->arena};

    if (v->kind == TV_DURATION) {
        return duration_method(x, v->i, name, out);
    }
    if (strcmp(name, "Format") == 0 && layout != NULL) {
        rs_text_time_layout(&to, v->i, layout);
        *out = rs_tv_string(rs_text_get(&to));
        return 0;
    }
    if (strcmp(name, "String") == 0) {
        rs_text_time(&to, v->i);
        *out = rs_tv_string(to.at);
        return 0;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            *out = methods[i].value;
            return 0;
        }
    }
    return 1;
}
