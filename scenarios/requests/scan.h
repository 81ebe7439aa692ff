/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times, numbers and routes inside a line, read where they stand: no copies, no locale, and a day is converted once. This is
 * the hot path of reading recordings.
 */
#ifndef SCENARIOS_SCAN_H
#define SCENARIOS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text inside a line. p NULL: there is none. */
struct span {
    const char *p;
    size_t n;
};

/* What was found out about the file's times, and the day seen last. */
struct time_reader {
    double unit_s;   /* of plain numbers; 0 = not known yet: the first one decides by its size */
    int64_t unit_ns; /* the same where it is a whole number of nanoseconds, else 0 */
    char clf_day[12], clf_zone[6];
    int64_t clf_day_ns; /* midnight of that day in that zone, since 1970 */
    char iso_day[10];
    int64_t iso_day_ns; /* midnight UTC */
};
/* unit_s as in struct requests_form. */
void rs_time_reader_init(struct time_reader *t, double unit_s);

enum { RS_CLF_TIME = 26 }; /* characters of 17/May/2015:10:05:03 +0000 */
/* That at p, RS_CLF_TIME characters. 0 or -1. */
int rs_scan_clf(struct time_reader *t, const char *p, int64_t *out_ns);
/* "2023-11-16 18:17:03.9799600", with a T, with Z, +02:00 or +0200 behind; UTC where no zone is named. 0 or -1. */
int rs_scan_iso(struct time_reader *t, struct span s, int64_t *out_ns);
/* Either, or a number in the file's unit. 0 or -1. */
int rs_scan_time(struct time_reader *t, struct span s, int64_t *out_ns);

/* A decimal number as it stands: (-1)^minus * digits / 10^n_frac. */
struct decimal {
    uint64_t digits;
    int n_frac;
    bool minus;
};
/* Digits with one point at most, a sign in front; no exponent. Digits of the fraction past the 19th are cut off. 0 or -1. */
int rs_scan_decimal(struct decimal *out, struct span s);
/*
 * A number of units of `unit_s` seconds, with or without an exponent, as seconds. 0, or -1: no finite number. A word for the
 * unit behind it ("12ms") wins over unit_s.
 */
int rs_scan_seconds(double *out_s, struct span s, double unit_s);

/* Three digits 100..599; *out = 0 of "-", "", "0", "000" and "009" (HTTP/0.9). 0 or -1. */
int rs_scan_status(int *out, struct span s);

/* The path of "GET /a/b?c=d HTTP/1.1", "GET http://host/a" or "/a/b?c"; of another text the text itself. */
struct span rs_scan_request(struct span s);
struct span rs_scan_path(struct span s);

/* Is it a name that a time has, "unix_ts" or "Time_ms"? The smaller the surer, from 0; -1: it is none. */
int rs_time_name_rank(const char *name, size_t n);
/* Seconds that a name ends with: "duration_ms" 1e-3; 0 if it names no unit. *out_n: length of the name without it. */
double rs_unit_of_name(const char *name, size_t n, size_t *out_n);

#endif
