/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A place's clock from the tz database. libc knows one zone a process, found through its environment; a run must be a function of
 * the files it read, so the compiled file is read here, once, into a table (docs/decisions/0009-time-zones.md).
 * Source: RFC 8536 (TZif) and, for the footer, POSIX.1-2017 chapter 8, TZ.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text/file.h"
#include "am_file.h"

enum { ZONE_BYTES_MAX = 1 << 18, N_HEADER = 44, CYCLE_YEARS = 400 };

/* ---- the footer: what holds behind the last transition ---- */

struct rule_day {
    char kind; /* 'M' month week day, 'J' day 1..365 without 29 February, '0' day 0..365 */
    int month, week, day;
    int32_t at_s; /* local time, may be negative or above a day */
};

struct tz_rule {
    int32_t standard_s, summer_s; /* local time minus UTC */
    bool has_summer;
    struct rule_day begin, end; /* of summer time */
};

static const char *skip_name(const char *p)
{
    if (*p == '<') {
        const char *end = strchr(p, '>');
        return end ? end + 1 : NULL;
    }
    const char *from = p;
    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')) {
        p++;
    }
    return p - from >= 3 ? p : NULL;
}

static const char *read_number(const char *p, int *out)
{
    const char *from = p;
    *out = 0;
    for (; *p >= '0' && *p <= '9' && p - from < 4; p++) {
        *out = 10 * *out + (*p - '0');
    }
    return p > from ? p : NULL;
}

/* [+-]hh[:mm[:ss]] to seconds. */
static const char *read_hms(const char *p, int32_t *out)
{
    int sign = *p == '-' ? -1 : 1, part[3] = {0, 0, 0};
    p += *p == '-' || *p == '+';
    for (int i = 0; i < 3; i++) {
        p = read_number(p, &part[i]);
        if (!p || *p != ':') {
            break;
        }
        p++;
    }
    *out = sign * (3600 * part[0] + 60 * part[1] + part[2]);
    return p;
}

static const char *read_rule_day(const char *p, struct rule_day *out)
{
    *out = (struct rule_day){.kind = *p == 'M' || *p == 'J' ? *p : '0', .at_s = 7200};
    p += out->kind != '0';
    if (out->kind == 'M') {
        p = read_number(p, &out->month);
        p = p && *p == '.' ? read_number(p + 1, &out->week) : NULL;
        p = p && *p == '.' ? read_number(p + 1, &out->day) : NULL;
        if (!p || out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5 ||
            out->day > 6) {
            return NULL;
        }
    } else {
        p = read_number(p, &out->day);
    }
    return p && *p == '/' ? read_hms(p + 1, &out->at_s) : p;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3". Offsets there are UTC minus local time. */
static int read_footer(const char *p, struct tz_rule *out)
{
    int32_t offset = 0;
    *out = (struct tz_rule){0};
    p = skip_name(p);
    p = p ? read_hms(p, &offset) : NULL;
    if (!p) {
        return -1;
    }
    out->standard_s = -offset;
    if (*p == '\0') {
        return 0;
    }
    out->has_summer = true;
    offset -= 3600;
    p = skip_name(p);
    if (p && *p != ',') {
        p = read_hms(p, &offset);
    }
    out->summer_s = -offset;
    p = p && *p == ',' ? read_rule_day(p + 1, &out->begin) : NULL;
    p = p && *p == ',' ? read_rule_day(p + 1, &out->end) : NULL;
    return p && *p == '\0' ? 0 : -1;
}

/* Days from the epoch to 1 January of a year. */
static int64_t year_begin(int64_t year)
{
    int64_t y = year - 1;
    return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) - 477;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The rule's instant in a year, in local seconds since the epoch. */
static int64_t rule_at(const struct rule_day *rule, int64_t year)
{
    static const int begin[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t day = year_begin(year);
    if (rule->kind == 'J') {
        day += rule->day - 1 + (is_leap(year) && rule->day >= 60);
    } else if (rule->kind == '0') {
        day += rule->day;
    } else {
        int n_day =
            begin[rule->month] - begin[rule->month - 1] + (rule->month == 2 && is_leap(year));
        day += begin[rule->month - 1] + (rule->month > 2 && is_leap(year));
        int first =
            (int)((day % 7 + 7 + 4) % 7); /* weekday of the 1st; 1 January 1970 was a Thursday */
        int of_month = (rule->day - first + 7) % 7 + 7 * (rule->week - 1);
        day += of_month >= n_day ? of_month - 7 : of_month;
    }
    return day * 86400 + rule->at_s;
}

/* ---- the file ---- */

struct table {
    int64_t *at_s;
    int32_t *offset_s;
    int n, cap;
};

static void push(struct arena *arena, struct table *t, int64_t at_s, int32_t offset_s)
{
    int n = t->n, cap = t->cap;
    RS_PUSH(arena, t->at_s, n, cap, at_s);
    RS_PUSH(arena, t->offset_s, t->n, t->cap, offset_s);
}

/* 400 years of the footer's rule behind the last transition, after which the calendar repeats. */
static int64_t expand(struct arena *arena, struct table *t, const struct tz_rule *rule)
{
    int64_t last_s = t->n > 0 ? t->at_s[t->n - 1] : INT64_MIN;
    int64_t first_year = 1970;
    if (!rule->has_summer) {
        return INT64_MAX;
    }
    while (t->n > 0 && year_begin(first_year) * 86400 <= last_s) {
        first_year++;
    }
    for (int64_t year = first_year - 1; year <= first_year + CYCLE_YEARS; year++) {
        int64_t begin_s = rule_at(&rule->begin, year) - rule->standard_s;
        int64_t end_s = rule_at(&rule->end, year) - rule->summer_s;
        for (int i = 0; i < 2; i++) {
            bool is_begin = (i == 0) == (begin_s < end_s);
            int64_t at_s = is_begin ? begin_s : end_s;
            if (at_s > last_s) {
                push(arena, t, at_s, is_begin ? rule->summer_s : rule->standard_s);
                last_s = at_s;
            }
        }
    }
    return year_begin(first_year + CYCLE_YEARS) * 86400;
}

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t x = p[0] & 0x80 ? UINT64_MAX : 0; /* two's complement */
    for (int i = 0; i < n; i++) {
        x = x << 8 | p[i];
    }
    return (int64_t)x;
}

struct block {
    int64_t n_utc, n_standard, n_leap, n_time, n_type, n_char;
    int width; /* of a time: 4 or 8 bytes */
};

/* The counts of a header; -1 if there is none at p. */
static int read_header(const unsigned char *p, size_t n, int width, struct block *out)
{
    if (n < N_HEADER || memcmp(p, "TZif", 4) != 0) {
        return -1;
    }
    int64_t count[6];
    for (int i = 0; i < 6; i++) {
        count[i] = big_endian(p + 20 + 4 * i, 4);
        if (count[i] < 0 || count[i] > ZONE_BYTES_MAX) {
            return -1;
        }
    }
    *out = (struct block){count[0], count[1], count[2], count[3], count[4], count[5], width};
    return out->n_type > 0 ? 0 : -1;
}

static size_t block_size(const struct block *b)
{
    return (size_t)(b->n_time * (b->width + 1) + b->n_type * 6 + b->n_char +
                    b->n_leap * (b->width + 4) + b->n_standard + b->n_utc);
}

static int
read_block(struct arena *arena, const unsigned char *p, const struct block *b, struct table *t)
{
    const unsigned char *type = p + b->n_time * b->width, *info = type + b->n_time;
    for (int64_t i = 0; i < b->n_time; i++) {
        int64_t at_s = big_endian(p + i * b->width, b->width);
        if (type[i] >= b->n_type || (i > 0 && at_s <= t->at_s[i - 1])) {
            return -1;
        }
        push(arena, t, at_s, (int32_t)big_endian(info + 6 * (int64_t)type[i], 4));
    }
    return 0;
}

const struct am_zone *rs_am_zone_parse(
    struct arena *arena, const char *name, const unsigned char *bytes, size_t n, const char **why)
{
    struct block b;
    struct table t = {0};
    struct tz_rule rule = {0};
    *why = "it is no compiled time zone (TZif)";
    if (read_header(bytes, n, 4, &b) != 0) {
        return NULL;
    }
    bool has_footer = bytes[4] >= '2';
    size_t skip = N_HEADER + (has_footer ? block_size(&b) : 0);
    if (has_footer && (skip > n || read_header(bytes + skip, n - skip, 8, &b) != 0)) {
        return NULL;
    }
    skip = has_footer ? skip + N_HEADER : N_HEADER;
    if (skip > n || block_size(&b) > n - skip || read_block(arena, bytes + skip, &b, &t) != 0) {
        return NULL;
    }
    const unsigned char *info = bytes + skip + b.n_time * (b.width + 1);
    const char *footer = "";
    if (has_footer) {
        const char *from = (const char *)bytes + skip + block_size(&b);
        size_t n_rest = n - skip - block_size(&b);
        const char *end = n_rest > 1 ? memchr(from + 1, '\n', n_rest - 1) : NULL;
        if (!end || *from != '\n') {
            return NULL;
        }
        footer = rs_arena_strndup(arena, from + 1, (size_t)(end - from) - 1);
    }
    if (*footer && read_footer(footer, &rule) != 0) {
        *why = "its rule for later years cannot be read";
        return NULL;
    }
    struct am_zone *zone = RS_ARENA_ARRAY(arena, struct am_zone, 1);
    zone->name = rs_arena_strdup(arena, name);
    zone->first_offset_s = (int32_t)big_endian(info, 4);
    zone->cycle_s = *footer ? expand(arena, &t, &rule) : INT64_MAX;
    zone->n = t.n;
    zone->at_s = t.at_s;
    zone->offset_s = t.offset_s;
    return zone;
}

static const char folder[] = "/usr/share/zoneinfo";

const struct am_zone *rs_am_zone_read(struct reader *r, const char *name, struct mark at)
{
    if (name[0] == '/' || strchr(name, '\\') || strstr(name, "..")) {
        rs_err_list_add(r->errors, RS_E_REF, at, "\"%s\" cannot be the name of a time zone", name);
        return NULL;
    }
    const char *path = rs_arena_printf(r->arena, "%s/%s", folder, name);
    FILE *from = fopen(path, "rb");
    unsigned char *bytes = rs_xcalloc(ZONE_BYTES_MAX, 1);
    size_t n = from ? fread(bytes, 1, ZONE_BYTES_MAX, from) : 0;
    const char *why = "it is no regular file";
    bool good = from && !ferror(from) && n > 0;
    if (from) {
        fclose(from);
    } else {
        why = "there is no such file";
    }
    const struct am_zone *zone = good ? rs_am_zone_parse(r->arena, name, bytes, n, &why) : NULL;
    if (!zone) {
        rs_err_list_add(r->errors, RS_E_REF, at,
                        "there is no time zone \"%s\": it is looked for in %s (Debian package "
                        "tzdata), and %s",
                        name, folder, why);
    } else if (r->hash) {
        rs_file_hash_text(r->hash, path, (const char *)bytes, n);
    }
    free(bytes);
    return zone;
}
