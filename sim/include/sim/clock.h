/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated time is int64_t nanoseconds since the scenario's start. This header converts between it and people's words.
 * RS_NEVER is the time of what has not happened.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define RS_NS_PER_S INT64_C(1000000000)
#define RS_NS_PER_MS INT64_C(1000000)
#define RS_NEVER INT64_MAX

/* Seconds to nanoseconds, rounded to nearest, half away from zero; clamps at +-RS_NEVER; NaN is our bug (assert). */
int64_t rs_ns_from_s(double s);
double rs_s_from_ns(int64_t ns);

/*
 * Reads a duration as Prometheus writes it ("5m", "1h30m", "200ms"; units y w d h m s ms, falling, each once), and also
 * decimals with one unit ("1.5s", "7.5s") and "us"/"ns" for short ones. "0" is zero.
 * Returns 0, or -1 when the text is no duration or does not fit; *out_ns untouched then.
 */
int rs_duration_parse(int64_t *out_ns, const char *text);

/* Writes the shortest exact form ("1h30m", "200ms", "0s"); RS_NEVER is "never". n >= 32. Returns buf. */
char *rs_duration_format(char *buf, size_t n, int64_t ns);

/* For people: two leading units, rounded ("4m 07s", "1h 02m", "12.3s", "85ms"). n >= 32. Returns buf. */
char *rs_duration_human(char *buf, size_t n, int64_t ns);

/* RFC 3339 ("2025-09-29T09:00:00Z", fraction and offset allowed) to nanoseconds since the Unix epoch; 0, -1,
 * or RS_TIME_FAR where they do not fit. */
enum { RS_TIME_FAR = -2 };
int rs_time_parse(int64_t *out_unix_ns, const char *text);
/* The reverse, in UTC with 'Z'; no fraction for a whole second, else 3, 6 or 9 digits, the fewest that are exact. n >= 40. Returns buf. */
char *rs_time_format(char *buf, size_t n, int64_t unix_ns);

#endif
