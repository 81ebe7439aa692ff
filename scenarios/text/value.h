/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scalars of the language: text in, number out. All return 0, or -1 when the text is no such thing. No ranges here. */
#ifndef SCENARIOS_VALUE_H
#define SCENARIOS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

int rs_value_number(double *out, const char *text);      /* decimal, finite; no hex, no nan */
int rs_value_count(uint64_t *out, const char *text);     /* digits only */
int rs_value_bool(bool *out, const char *text);          /* true false on off yes no */
int rs_value_ratio(double *out, const char *text);       /* 0.005 or 0.5% */
int rs_value_percent(double *out, const char *text);     /* 25 or 25% */
int rs_value_rate(double *out_per_s, const char *text);  /* 2, 2/s, 0.6/m, 30/h, 100/d */
int rs_value_daytime(int64_t *out_ns, const char *text); /* 00:00 to 24:00, seconds allowed */
int rs_value_weekday(int *out, const char *text);        /* mon = 0 ... sun = 6 */
/* Does the text end with these letters? It may be no more than them. */
bool rs_text_ends_with(const char *text, const char *end);
/* Duration to seconds without the rounding of a day in nanoseconds: the same words as rs_duration_parse. */
int rs_value_seconds(double *out_s, const char *text);
/* RFC 3339, or "YYYY-MM-DD HH:MM:SS" (UTC), or a number of seconds; seconds since the epoch (or the number).
 * 0, -1, or RS_TIME_FAR of a date beyond what is told in nanoseconds. */
int rs_value_timestamp(double *out_s, const char *text);

#endif
