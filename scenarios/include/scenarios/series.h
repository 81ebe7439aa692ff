/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded series in: what Prometheus and its neighbours write. The format is told by the text itself; any of them may be
 * packed with gzip or zstd.
 *   OpenMetrics text     (it ends with "# EOF"): timestamps in seconds; what `promtool tsdb dump-openmetrics` prints
 *   Prometheus text      without that end: timestamps in milliseconds; what `promtool tsdb dump` prints
 *   query_range JSON     answers of the API as they are, bare results, or several of either one after the other
 *   CSV, wide            a time column, then one column per series whose heading is the series: x{a="b"}; empty = no sample
 *   CSV, long            time,series,value or time,metric,LABEL...,value; with a name for series that have none also
 *                        time,LABEL...,value
 * Loosely also, where no rule is to read them:
 *   a table              CSV whose headings are any words: columns of numbers are series called by their heading, columns of
 *                        words are labels; the time stands anywhere
 *   counts               one number a line and nothing else
 *   JSON lines           objects with a time: each number in them is a series called by its path
 * Times in CSV are seconds, "YYYY-MM-DD HH:MM:SS" or RFC 3339; the value "stale" is a stale marker. Exemplars, HELP and UNIT
 * are passed over; native histograms are refused.
 */
#ifndef SCENARIOS_SERIES_H
#define SCENARIOS_SERIES_H

#include <stddef.h>

#include "models/recorded.h"
#include "sim/err.h"

enum series_format {
    RS_SERIES_OPENMETRICS,
    RS_SERIES_PROMETHEUS,
    RS_SERIES_JSON,
    RS_SERIES_CSV_WIDE,
    RS_SERIES_CSV_LONG,
    RS_SERIES_TABLE, /* these loosely */
    RS_SERIES_COUNTS,
    RS_SERIES_JSON_LINES
};
/* "OpenMetrics text" */
const char *rs_series_format_words(enum series_format format);

struct series_options {
    const char *metric;     /* name of series that have none; NULL: such a series is an error */
    struct err_list *notes; /* what was read, and may be meant otherwise; NULL: not told */
    /*
     * Read what is no series of Prometheus', too: the last three formats, and of several answers in one file each under its own
     * query. Series without a name are called "value".
     */
    bool loose;
    const char *time;       /* loose: column or field of the time; NULL: the usual names */
    double time_unit_s;     /* loose: of times that are plain numbers; 0: told by their size */
    int64_t count_every_ns; /* counts: their step; 0 = 1 s */
};

/*
 * Adds what the file holds to set. Returns 0 with *out_format told (may be NULL), or -1 with errors added, at most 20 of one
 * file; what was read before them stays in the set. path "-" is standard input.
 */
int rs_series_read(struct recorded *set,
                   const char *path,
                   const struct series_options *opt,
                   enum series_format *out_format,
                   struct err_list *errors);
/* The same from memory; `file` is what errors call it. */
int rs_series_parse(struct recorded *set,
                    const char *file,
                    const char *text,
                    size_t n,
                    const struct series_options *opt,
                    enum series_format *out_format,
                    struct err_list *errors);

/* Of times: a number or a date, but none of ours. */
enum { RS_SERIES_FAR = -2 };
#define RS_SERIES_RANGE "out of range, the years 1682 to 2258"
/*
 * A time of the command line: seconds, RFC 3339, a date with or without a time of day (UTC where it names no zone), or a duration
 * ("2d12h", "-1h"), which is relative to whatever the caller says. 0, -1, or RS_SERIES_FAR.
 */
int rs_series_time(int64_t *out_ms, bool *out_relative, const char *text);
/* Is that a time of ours: not so far from the epoch that its nanoseconds cannot be told? */
bool rs_series_time_fits(int64_t ms);
/* Is the text a legal name of a metric, of a label? */
bool rs_series_is_metric(const char *text);
bool rs_series_is_label(const char *text);

#endif
