/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources: RFC 3339; for local times that a clock change skips or doubles, the tz database (RFC 8536). */
#include "when.h"

#include <stdio.h>
#include <string.h>

#include "../prometheus/am_file.h"
#include "sim/clock.h"

enum { DAY_S = 86400, YEAR_MIN = 1700, YEAR_MAX = 2250 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly n digits. */
static const char *read_digits(const char *p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, p++) {
        if (!is_digit(*p)) {
            return NULL;
        }
        *out = 10 * *out + (*p - '0');
    }
    return p;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970 of a date of the proleptic Gregorian calendar. Years from March on, so that leap days come last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "2025-09-29" */
static const char *read_date(const char *p, int64_t *out_day)
{
    int year = 0, month = 0, day = 0;
    p = read_digits(p, 4, &year);
    p = p && *p == '-' ? read_digits(p + 1, 2, &month) : NULL;
    p = p && *p == '-' ? read_digits(p + 1, 2, &day) : NULL;
    if (!p || year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month)) {
        return NULL;
    }
    *out_day = days_of(year, month, day);
    return p;
}

int rs_when_day(int64_t *out_day, const char *text)
{
    const char *end = read_date(text, out_day);
    return end && *end == '\0' ? 0 : -1;
}

/* "13:42", "13:42:07", "13:42:07.25": nanoseconds of the day and the size of the last digit. */
static const char *read_clock(const char *p, int64_t *out_ns, int64_t *out_step_ns)
{
    int hour = 0, minute = 0, second = 0;
    p = read_digits(p, is_digit(p[0]) && is_digit(p[1]) ? 2 : 1, &hour);
    p = p && *p == ':' ? read_digits(p + 1, 2, &minute) : NULL;
    if (!p || hour > 23 || minute > 59) {
        return NULL;
    }
    *out_step_ns = 60 * RS_NS_PER_S;
    if (*p == ':') {
        p = read_digits(p + 1, 2, &second);
        if (!p || second > 60) { /* 60: a leap second, which is the next minute's first one here */
            return NULL;
        }
        *out_step_ns = RS_NS_PER_S;
    }
    *out_ns = (3600 * (int64_t)hour + 60 * (int64_t)minute + second) * RS_NS_PER_S;
    if ((*p == '.' || *p == ',') && *out_step_ns == RS_NS_PER_S && is_digit(p[1])) {
        for (p++; is_digit(*p); p++) {
            if (*out_step_ns > RS_NS_PER_MS) {
                *out_step_ns /= 10;
                *out_ns += (*p - '0') * *out_step_ns;
            }
        }
    }
    return p;
}

/* "Z", "UTC", "GMT", "+02:00", "+0200", "+02". NULL: none. */
static const char *read_offset(const char *p, int32_t *out_s)
{
    *out_s = 0;
    if (*p == 'Z' || *p == 'z') {
        return p + 1;
    }
    if (strncmp(p, "UTC", 3) == 0 || strncmp(p, "GMT", 3) == 0) {
        return p + 3;
    }
    if (*p != '+' && *p != '-') {
        return NULL;
    }
    int sign = *p == '-' ? -1 : 1, hour = 0, minute = 0;
    p = read_digits(p + 1, 2, &hour);
    if (p && (*p == ':' || is_digit(*p))) {
        p = read_digits(p + (*p == ':'), 2, &minute);
    }
    if (!p || hour > 23 || minute > 59) {
        return NULL;
    }
    *out_s = sign * (3600 * hour + 60 * minute);
    return p;
}

int rs_when_zone(struct reader *r, const char *text, struct mark at, struct when_zone *out)
{
    *out = (struct when_zone){.given = true};
    const char *end = read_offset(text, &out->offset_s);
    if (end && *end == '\0') {
        return 0;
    }
    out->zone = rs_am_zone_read(r, text, at);
    return out->zone ? 0 : -1;
}

/*
 * The instants at which a clock of the zone shows local_s: none (skipped when clocks go forward), one, or two. The offset of a
 * solution is that of the zone somewhere within 26 hours: no zone is further from UTC, and none changes twice so soon.
 */
static int local_instants(const struct when_zone *z, int64_t local_s, int64_t out[2])
{
    if (!z->zone) {
        out[0] = out[1] = local_s - z->offset_s;
        return 1;
    }
    int n = 0;
    const int64_t span_s = 26 * INT64_C(3600);
    const int32_t offset[2] = {rs_am_zone_offset(z->zone, local_s - span_s),
                               rs_am_zone_offset(z->zone, local_s + span_s)};
    for (int i = 0; i < 2; i++) {
        int64_t at_s = local_s - offset[i];
        if (rs_am_zone_offset(z->zone, at_s) == offset[i] && (n == 0 || out[0] != at_s)) {
            out[n++] = at_s;
        }
    }
    if (n == 2 && out[1] < out[0]) {
        int64_t later_s = out[0];
        out[0] = out[1];
        out[1] = later_s;
    }
    out[1] = n == 2 ? out[1] : out[0];
    return n;
}

static int refuse(char *why, size_t n, const char *text)
{
    snprintf(why, n, "%s", text);
    return -1;
}

static const char shape[] = "must be a time like 2025-09-29T13:42:07Z";

/* Digits with or without a fraction, and nothing else. */
static int read_number(struct when *out, const char *text)
{
    int64_t whole = 0, ns = 0, step = RS_NS_PER_S;
    const char *p = text;
    int n = 0;
    for (; is_digit(*p) && n < 18; p++, n++) { /* 18 digits fit; what has more is no time of ours */
        whole = 10 * whole + (*p - '0');
    }
    if (n == 0 || (*p && *p != '.')) {
        return -1;
    }
    /* The size tells the unit, as for request logs: from 1e11 on they are thousandths, and so on. */
    int64_t per_s = n > 16 ? RS_NS_PER_S : n > 13 ? 1000000 : n > 11 ? 1000 : 1;
    step /= per_s;
    ns = whole / per_s * RS_NS_PER_S + whole % per_s * step;
    if (*p == '.') {
        for (p++; is_digit(*p); p++) {
            if (step > RS_NS_PER_MS) {
                step /= 10;
                ns += (*p - '0') * step;
            }
        }
    }
    if (*p || whole / per_s > INT64_C(8835696000)) { /* 2250 */
        return -1;
    }
    step = step < RS_NS_PER_MS ? RS_NS_PER_MS : step;
    *out = (struct when){ns, ns + step, ns >= INT64_C(631152000) * RS_NS_PER_S, false};
    return 0;
}

struct parts {
    bool has_date, has_clock, has_offset, next_day;
    int64_t day, clock_ns, step_ns;
    int32_t offset_s;
};

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

static bool skip_next_day(const char **p)
{
    const char *from = skip_blanks(*p);
    if (from[0] != 'd' || from[1] != '+') {
        return false;
    }
    *p = skip_blanks(from + 2);
    return true;
}

/* 0, or -1: no such thing. */
static int read_parts(const char *p, struct parts *out)
{
    *out = (struct parts){.step_ns = DAY_S * RS_NS_PER_S};
    p = skip_blanks(p);
    out->next_day = skip_next_day(&p);
    const char *date = read_date(p, &out->day);
    out->has_date = date != NULL;
    p = date ? date : p;
    if (date && (*p == 'T' || *p == 't' || *p == ' ') && is_digit(p[1])) {
        p++;
        out->has_clock = true;
    }
    if (out->has_clock || !date) {
        p = read_clock(p, &out->clock_ns, &out->step_ns);
        if (!p) {
            return -1;
        }
        out->has_clock = true;
    }
    const char *zone = read_offset(skip_blanks(p), &out->offset_s);
    out->has_offset = zone && out->has_clock;
    p = out->has_offset ? zone : p;
    if (!out->next_day) {
        out->next_day = skip_next_day(&p);
    }
    return *skip_blanks(p) == '\0' ? 0 : -1;
}

int rs_when_read(struct when *out,
                 const char *text,
                 const struct when_zone *zone,
                 int64_t day,
                 char *why,
                 size_t n_why)
{
    struct parts t;
    if (read_number(out, text) == 0) {
        bool of_day = day != RS_WHEN_NO_DAY && !out->dated; /* 1342 beside a date is no time */
        return of_day ? refuse(why, n_why, shape) : 0;
    }
    if (read_parts(text, &t) != 0) {
        return refuse(why, n_why, shape);
    }
    if (!t.has_date && day == RS_WHEN_NO_DAY) {
        return refuse(why, n_why, "has no date");
    }
    struct when_zone z = t.has_offset ? (struct when_zone){true, NULL, t.offset_s} : *zone;
    if (!z.given) {
        return refuse(why, n_why,
                      "has no zone: write it like 13:42Z or 13:42+02:00, or say which \"zone\" "
                      "the source's clock shows");
    }
    int64_t local_s = (t.has_date ? t.day : day) * DAY_S + (t.next_day ? DAY_S : 0);
    local_s += t.clock_ns / RS_NS_PER_S;
    int64_t at_s[2] = {0, 0}, fraction_ns = t.clock_ns % RS_NS_PER_S;
    int n = local_instants(&z, local_s, at_s);
    if (n == 0) {
        return refuse(why, n_why, "does not exist in that zone: clocks went forward over it");
    }
    int64_t end_s[2] = {at_s[0], at_s[1]};
    if (!t.has_clock && local_instants(&z, local_s + DAY_S, end_s) == 0) {
        return refuse(why, n_why, "ends at a time that does not exist in that zone");
    }
    out->lo_ns = at_s[0] * RS_NS_PER_S + fraction_ns;
    out->hi_ns =
        t.has_clock ? at_s[1] * RS_NS_PER_S + fraction_ns + t.step_ns : end_s[1] * RS_NS_PER_S;
    out->dated = true;
    out->doubled = n == 2;
    return 0;
}
