/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times as people and tools write them. What is written is an interval: "13:42" the minute, "13:42:07" the second, a fraction its
 * last digit (nothing finer than a millisecond is kept), a date alone its day.
 *   2025-09-29T13:42:07.5Z   RFC 3339, the T may be a blank, "+0200" and "UTC" will do for the zone
 *   2025-09-29 13:42         on the clock of the source's zone
 *   13:42                    on a day that is told beside it; "d+" before or behind a time is the next day
 *   1759153327.5             seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size; small numbers are
 *                            seconds since the evidence's own zero
 */
#ifndef SCENARIOS_EVIDENCE_WHEN_H
#define SCENARIOS_EVIDENCE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;
struct mark;
struct am_zone;

struct when_zone { /* value; the zone is in the reader's arena */
    bool given;
    const struct am_zone *zone; /* NULL: always `offset_s` */
    int32_t offset_s;           /* local time minus UTC */
};

/* An IANA name, "UTC", "Z" or an offset like +02:00. 0, or -1 with an error at `at`. */
int rs_when_zone(struct reader *r, const char *text, struct mark at, struct when_zone *out);

struct when {
    int64_t lo_ns, hi_ns; /* lo <= instant < hi */
    bool dated;           /* since 1970, else since the evidence's own zero */
    bool doubled;         /* local time that a clock change has twice: the interval holds both */
};

#define RS_WHEN_NO_DAY INT64_MIN
/*
 * day: whole days since 1970 of a time of day alone, or RS_WHEN_NO_DAY. Returns 0, or -1 with what is wrong in why ("must be ...",
 * "has no zone ...").
 */
int rs_when_read(struct when *out,
                 const char *text,
                 const struct when_zone *zone,
                 int64_t day,
                 char *why,
                 size_t n_why);
/* "2025-09-29" alone, as whole days since 1970: 0 or -1. */
int rs_when_day(int64_t *out_day, const char *text);

#endif
