/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single series, values and times as text: what the readers of recorded series and of rule tests share. */
#ifndef SCENARIOS_SERIES_TEXT_H
#define SCENARIOS_SERIES_TEXT_H

#include "../text/text_source.h"
#include "scenarios/series.h"

/* Where and why a text is no series. */
struct series_fault {
    int col; /* from 1, in characters of the text */
    char text[160];
};

enum series_quoting {
    RS_QUOTING_EXPOSITION, /* "..." with \\ \" \n */
    RS_QUOTING_PROMQL      /* also '...' and `...`, with Go's escapes */
};

/* Behind the series that begins at text: at the first blank outside of braces and quotes, or at the end. */
const char *rs_series_end(const char *text, enum series_quoting quoting);

/*
 * name{a="b"}, {a="b"}, {"quoted name", a="b"}. The text is written over. Returns 0 with *out, or -1 with *fault.
 *   metric  the name of a series that has none; NULL: that is a fault
 */
int rs_series_labels(rs_labels *out,
                     struct label_table *table,
                     char *text,
                     enum series_quoting quoting,
                     const char *metric,
                     struct series_fault *fault);

/* A value as Go reads a float: decimal, 0x1p3, NaN, Inf, in any case. 0 or -1. */
int rs_series_value(double *out, const char *text);
/*
 * Decimal seconds to milliseconds, cut off below, without a detour over floats where they are short. 0, -1, or RS_SERIES_FAR
 * of a number that is no time in any unit. The result may be later than any recording's, since the text may turn out to be
 * milliseconds.
 */
int rs_series_seconds(int64_t *out_ms, const char *text);
/*
 * Seconds or a date to milliseconds that fit: RFC 3339, or "YYYY-MM-DD HH:MM:SS" with a blank or a T, or "YYYY-MM-DD", which are
 * UTC where they name no zone. 0, -1, or RS_SERIES_FAR.
 */
int rs_series_date(int64_t *out_ms, const char *text);

/* Is the text UTF-8? */
bool rs_is_utf8(const char *text);
/* How many bytes from its beginning are. */
size_t rs_utf8_prefix(const char *text);

/* Where a reader stands. */
struct series_reader {
    struct recorded *set;
    const struct series_options *opt;
    struct text_source *source;
    struct err_list *errors;
    int n_error;
};
enum { RS_SERIES_ERRORS = 20 };

/* Adds an error. Always returns -1. */
int rs_series_refuse(
    struct series_reader *r, enum rs_errc code, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Has reading gone wrong so often that it must stop? */
bool rs_series_gives_up(const struct series_reader *r);

/* The readers of the formats; the source stands at the first character. 0, or -1 with errors added. */
int rs_series_read_exposition(struct series_reader *r, enum series_format *out_format);
int rs_series_read_json(struct series_reader *r);
int rs_series_read_csv(struct series_reader *r, enum series_format *out_format);
/* Loosely. */
int rs_series_read_table(struct series_reader *r);
int rs_series_read_counts(struct series_reader *r);
int rs_series_read_json_lines(struct series_reader *r);

/* As rs_series_read, out of a source that is open; it is closed. */
int rs_series_read_from(struct recorded *set,
                        struct text_source *source,
                        const struct series_options *opt,
                        enum series_format *out_format,
                        struct err_list *errors);

/* Of a sorted set: as its TYPE says; else by the ending of its name and, if asked for, by values that rise as a counter's. */
bool rs_series_is_counter(const struct recorded *set,
                          const struct recorded_series *s,
                          bool by_values);

#endif
