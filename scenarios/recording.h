/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded traffic, as rates over time or request by request. Rates come from
 *   counts     one count a line, or a CSV file with a header whose first column is a time and another one a count
 *   series     what Prometheus and its neighbours write (scenarios/series.h): counters become rates, gauges are rates
 *   requests   any request log (scenarios/requests.h), counted in steps
 * and requests from a request log. At most 5,000,000 steps and 20,000,000 requests are taken; a request takes 14 bytes.
 */
#ifndef SCENARIOS_RECORDING_H
#define SCENARIOS_RECORDING_H

#include "models/recorded.h"
#include "scenarios/requests.h"
#include "sim/arena.h"
#include "sim/err.h"

enum { RS_RECORDING_STEPS_MAX = 5000000, RS_RECORDING_REQUESTS_MAX = 20000000 };

/* Formats are those of request logs and two more. RS_REQUESTS_AUTO: told by the file. */
enum { RS_RECORDING_COUNTS = RS_REQUESTS_FORMAT_N, RS_RECORDING_SERIES, RS_RECORDING_FORMAT_N };
/* As users write them, NULL-terminated. */
extern const char *const rs_recording_format_words[RS_RECORDING_FORMAT_N + 1];

/* Untold: a TYPE or the name says it, for arrivals also how the values rise. */
enum series_kind { RS_KIND_UNTOLD, RS_KIND_COUNTER, RS_KIND_GAUGE };

enum { RS_STATUS_N = 600 };
/* Which requests of a log are meant. All zero: all. */
struct recording_picks {
    int n_route;
    const char *const
        *route;         /* [n_route] patterns: * is any text, ? one character; one must match */
    const bool *status; /* [RS_STATUS_N] or NULL */
};

struct promql_selector;
struct recording_spec {
    const char *path;
    int format;
    /* The part that is used: so much from skip_s after the beginning, or from an instant on. */
    double skip_s;
    bool has_from;
    int64_t from_ns; /* since 1970 */
    double use_s;    /* > 0, may be INFINITY */
    double
        every_s; /* counts: step; 0 = 1 s, or in CSV the smallest difference of its times. Requests: 0 = 1 min */
    const char *column;                     /* counts: NULL: see value_column */
    const struct promql_selector *selector; /* series; NULL = the only one */
    enum series_kind kind;
    bool kind_by_values; /* untold: a series that rises as a counter does is one */
    bool by_option;      /* the file is named by --traffic */
    struct requests_form form;
    struct recording_picks picks;
    int errors_from; /* request logs: a smaller status is a good answer; 0 = 500 */
};

struct recording { /* in the arena */
    int n;
    const double *at_s; /* [n] from 0; rates: starts of steps, rising; log: requests, not falling */
    const double *per_s;    /* [n] rate until the next step; NULL for a log */
    const float *latency_s; /* [n] log: NaN = not told; NULL = none is */
    const uint16_t *status; /* [n] log: 200, an error's code, 0 = not told; NULL = none is */
    int n_error_code;
    const int *error_code; /* [n_error_code] that occur, rising */
    double span_s;         /* length of what was used, > 0 */
    double mean_per_s;     /* over the span */
};

/* Both: 0, or -1 with errors added. */
int rs_recording_read(struct recording *out,
                      struct arena *arena,
                      const struct recording_spec *spec,
                      struct err_list *errors);
int rs_request_log_read(struct recording *out,
                        struct arena *arena,
                        const struct recording_spec *spec,
                        struct err_list *errors);

/* ---- for the readers of single formats ---- */

/* Values over time: v[i] holds from at_s[i] on. Caller's storage, all zero at first; clear. */
struct stairs {
    int n, cap;
    double *at_s, *v;
};
void rs_stairs_push(struct stairs *s, double at_s, double v);
/* A step at a time not before the last one's: equal neighbours become one, an empty step is overwritten. */
void rs_stairs_add(struct stairs *s, double at_s, double v);
void rs_stairs_clear(struct stairs *s);
/*
 * Rates in steps, times as recorded, to a recording of the part from `from_s` on, use_s long at most; what is not told (NaN) is
 * silence. end_s: where the last step ends. 0, or -1 with an error about the file.
 */
int rs_stairs_to_recording(struct recording *out,
                           struct arena *arena,
                           const struct stairs *s,
                           double end_s,
                           double from_s,
                           const struct recording_spec *spec,
                           struct err_list *errors);

/* Reads a file of series and puts it in order. NULL with errors added. Series without a name are called "value". */
struct recorded *rs_recording_series_read(const char *path, struct err_list *errors);
/*
 * The sum of the series that a selector takes, over time in seconds since the file's first sample: counters as rates, with
 * resets; NaN where none tells anything (gaps of more than three usual steps, stale series). every_s > 0: so long holds a value of a
 * gauge at most. Sets *end_s. 0, or -1 with an error.
 */
int rs_recording_series_steps(struct stairs *out,
                              double *end_s,
                              const struct recorded *set,
                              const struct recording_spec *spec,
                              struct err_list *errors);

int rs_recording_read_log_rate(struct recording *out,
                               struct arena *arena,
                               const struct recording_spec *spec,
                               struct err_list *errors);
int rs_recording_read_series_rate(struct recording *out,
                                  struct arena *arena,
                                  const struct recording_spec *spec,
                                  struct err_list *errors);
/*
 * Which format a file has, by its beginning; RS_REQUESTS_AUTO: some request log; RS_REQUESTS_TIMES: a number a line, which may be
 * times or counts. A CSV file holds counts where a column of them is named, where it has two columns, or one that is called as counts
 * are. -1 with an error.
 */
int rs_recording_sniff(const char *path, const char *column, struct err_list *errors);

#endif
