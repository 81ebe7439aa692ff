/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a recording holds, in numbers: of requests in one pass and constant memory, of series over all their samples. Behind
 * `rollsim recording`.
 */
#ifndef SCENARIOS_DESCRIBE_H
#define SCENARIOS_DESCRIBE_H

#include "models/recorded.h"
#include "scenarios/requests.h"
#include "scenarios/series.h"

/* ---- requests ---- */

/*
 * Latencies counted in buckets: 128 to the octave, so that a quantile is told to 0.4 %; below 128 ns to the nanosecond.
 * The idea of buckets that are linear inside of octaves is HdrHistogram's (G. Tene).
 */
enum { RS_LATENCY_BUCKETS = 7168 };
struct latency_counts {
    uint64_t n, *count;         /* [RS_LATENCY_BUCKETS], owned */
    double sum_s, min_s, max_s; /* exact */
};
/* The smallest latency that at least the share q of all are not above, 0 < q <= 1; NaN of none. */
double rs_latency_quantile(const struct latency_counts *l, double q);

/* The same, coarse, for one step in time: 4 to the octave between 1 us and 73 min, told to 12 %. */
enum { RS_STEP_BUCKETS = 128 };
struct request_step {
    uint64_t n, n_5xx, n_told; /* requests; those of status 5xx; those whose status is told */
    uint32_t latency[RS_STEP_BUCKETS];
};
double rs_step_quantile(const struct request_step *s, double q);
/* Adds `from` to `to`. */
void rs_step_add(struct request_step *to, const struct request_step *from);

/* No request in (from_ns, to_ns). */
struct silence {
    int64_t from_ns, to_ns;
};

struct route_count {
    char *name; /* owned */
    uint64_t n, n_5xx;
};

enum { RS_STEPS_MAX = 1024, RS_SILENCES_MAX = 64, RS_ROUTES_MAX = 1024, RS_STATUS_MAX = 600 };

struct request_facts {
    struct requests_report report;
    /* Over time: steps of step_ns, the first one from start_ns on. They grow with the recording: 1 ms, 2 ms, 10 ms, ... */
    int64_t step_ns, start_ns;
    int n_step;
    struct request_step *step;           /* [n_step], owned */
    uint64_t n_by_status[RS_STATUS_MAX]; /* 0 = not told */
    struct latency_counts latency;
    /*
     * Silences: at least 20 times the mean distance of the hundred requests or so before, and 4 times that of all before. The
     * longest ones, in the order of time.
     */
    int n_silence;
    struct silence silence[RS_SILENCES_MAX];
    uint64_t n_silence_all;
    int64_t silent_ns; /* all of them together */
    /* The first routes that occurred, the most frequent ones first; those behind them together. */
    int n_route;
    struct route_count *route; /* [n_route], owned */
    uint64_t n_other_route;
};

/* Step widths that are round, each a multiple of those before it: the smallest that is at least ns. */
int64_t rs_round_step(int64_t ns);

/*
 * The steps merged to at most n_max, on round widths: [*out_n], to be freed; *out_step_ns wide, the first from *out_start_ns on.
 * n_max >= 8.
 */
struct request_step *rs_request_steps(const struct request_facts *f,
                                      int n_max,
                                      int *out_n,
                                      int64_t *out_step_ns,
                                      int64_t *out_start_ns);
/*
 * How long the recording reaches into a step, at least a tenth of it: what its count is to be divided by for a rate. It goes on
 * behind its last request for the mean distance of two.
 */
double rs_request_step_seconds(const struct request_facts *f, int64_t step_ns, int64_t from_ns);

/* ---- series ---- */

enum series_kind { RS_KIND_GAUGE, RS_KIND_COUNTER };

struct series_facts {
    int series; /* number in the set */
    enum series_kind
        kind; /* by its TYPE, else by its name's ending, else by its values: does it rise, but for falls to less than half? */
    size_t n, n_nan, n_stale, n_zero;
    int64_t first_ms, last_ms,
        step_ms;  /* step: the median distance of samples; 0 = fewer than two */
    size_t n_gap; /* distances of more than 2.5 steps that do not begin with a stale marker */
    int64_t gap_ms, longest_gap_ms,
        longest_gap_at_ms;       /* all together; the longest one and where it begins */
    int64_t zero_ms, zero_at_ms; /* the longest run of zeros, and where it begins */
    size_t n_reset;              /* counters: falls, each of them a start anew */
    double min, max, mean, sum;  /* of the values; NaN of none, the sum 0 */
    double increase;             /* counters: over all, resets put right */
};

struct series_set_facts {
    enum series_format format;
    struct recorded *set; /* owned, sorted */
    int n_fact;
    struct series_facts *fact; /* [n_fact], owned: of each series in the order of the set */
    bool irregular;            /* samples at no regular distance: maybe each is one request */
};

/* Where the series has gaps (in ns), and where it began anew (times in ms): up to max of each, how many were written. */
int rs_series_gaps(const struct recorded *set,
                   const struct series_facts *f,
                   struct silence *out,
                   int max);
int rs_series_resets(const struct recorded *set,
                     const struct series_facts *f,
                     int64_t *out_ms,
                     int max);

/* ---- both ---- */

struct describe_options {
    const char *format;        /* NULL: found out; a name of rs_requests_format_name, or "series" */
    struct requests_form form; /* its format is set by the word above */
    int64_t count_every_ns;    /* of counts, one a line, and nothing else: their step; 0 = 1 s */
    const char *metric;        /* as in struct series_options */
};

struct recording_facts {            /* caller's storage: clear */
    const char *file;               /* borrowed */
    const char *packing;            /* "plain", "gzip", "zstd" */
    struct request_facts *requests; /* one of the two, owned */
    struct series_set_facts *series;
};

/* 0, or -1 with errors added; *out is to be cleared either way. */
int rs_recording_describe(struct recording_facts *out,
                          const char *path,
                          const struct describe_options *opt,
                          struct err_list *errors);
/* The same from memory; `file` is what errors call it. */
int rs_recording_describe_text(struct recording_facts *out,
                               const char *file,
                               const void *text,
                               size_t n,
                               const struct describe_options *opt,
                               struct err_list *errors);
void rs_recording_facts_clear(struct recording_facts *f);

#endif
