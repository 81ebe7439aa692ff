/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded requests in: access logs and load tests, one request a line, read as a stream. The memory it takes does not grow
 * with the file. Any of them may be packed with gzip or zstd (told by the first bytes); path "-" is standard input.
 *   Common, Combined     Apache's and nginx' usual logs
 *   a log_format         nginx' words as they stand in its configuration: '$remote_addr [$time_local] "$request" $status $request_time'
 *   JSON lines           an object a line; the names of its fields may be given
 *   CSV                  with a header; the names of its columns may be given
 *   JMeter JTL           CSV with timeStamp, elapsed, responseCode
 *   k6 CSV               metric_name,timestamp,metric_value,...: its http_req_duration rows
 * Times are CLF's ("17/May/2015:10:05:03 +0200"), ISO 8601 (UTC where no zone is named) or plain numbers. nginx and k6 write
 * the time of the end: of log formats, of k6, and of JSON whose time is called as nginx' variables are, the arrival is so much
 * earlier as the latency says. A load test's request that got no answer has the status 599.
 * Servers write a line when a request ends, so lines are not in the order of arrival: they are put in order inside a window
 * (which holds 2^20 requests at most), and what comes later than that is counted and still handed on, at the time that is due
 * then. Where more come too late than lines may be rejected the file is refused as well.
 */
#ifndef SCENARIOS_REQUESTS_H
#define SCENARIOS_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/err.h"

enum requests_format {
    RS_REQUESTS_AUTO, /* told by the first lines */
    RS_REQUESTS_COMMON,
    RS_REQUESTS_COMBINED,
    RS_REQUESTS_LOG_FORMAT,
    RS_REQUESTS_JSON,
    RS_REQUESTS_CSV,
    RS_REQUESTS_JTL,
    RS_REQUESTS_K6,
    RS_REQUESTS_TIMES, /* one time a line and nothing else */
    RS_REQUESTS_FORMAT_N
};
/* "combined", "k6", ...: as the user writes it. */
const char *rs_requests_format_name(enum requests_format f);

/* How to read; all zero = find out. Texts are borrowed. */
/* Where the file was named, for the advice of an error. */
enum requests_named { RS_NAMED_BY_COMMAND, RS_NAMED_BY_SCENARIO, RS_NAMED_BY_TRAFFIC };

struct requests_form {
    enum requests_named named;
    enum requests_format format;
    const char *log_format; /* RS_REQUESTS_LOG_FORMAT */
    const char *time, *latency, *status,
        *route; /* JSON fields ("a.b" goes into objects), CSV columns; NULL: the usual names */
    double
        time_unit_s; /* of times that are plain numbers; 0: told by their size (s, ms, us, ns since 1970), else seconds */
    double
        latency_unit_s; /* 0: the format's own; JSON and CSV: told by the name's ending (_ms, _us, _s), else seconds */
    int64_t window_ns; /* lines are put in order inside this; 0 = 60 s */
    double
        reject_max; /* share of lines that may be rejected, 0..1, before the file is refused; 0 = 0.05; < 0 = none may */
    bool
        time_is_end; /* times are those of the end: the arrival is so much earlier as the latency says */
};

/* One request. Texts are valid until the callback returns. */
struct recorded_request {
    int64_t
        at_ns; /* arrival, since 1970 (or since the file's own beginning, where its times are small numbers) */
    double latency_s;  /* NaN = not told */
    int status;        /* 100..599; 0 = not told */
    const char *route; /* "/a/b" of "GET /a/b?c HTTP/1.1", a label; NULL = not told */
};

/* Why a line was not taken. */
enum requests_reject {
    RS_REJECT_SHAPE,   /* not of the format: too few fields, no closing quote, not JSON */
    RS_REJECT_TIME,    /* no time that can be read, or none of the years 1840 to 2099 */
    RS_REJECT_STATUS,  /* a status that is no number 100..599 */
    RS_REJECT_LATENCY, /* a latency that is negative, no number, or three years and more */
    RS_REJECT_LONG,    /* longer than a line may be (64 KiB) */
    RS_REJECT_BINARY,  /* holds bytes that are no text */
    RS_REJECT_N
};
const char *rs_requests_reject_words(enum requests_reject r);

#define RS_REJECT_SHOWN 5 /* positions kept of each reason */
struct requests_report {
    enum requests_format format;
    uint64_t n_line, n_request,
        n_blank; /* blank, a comment, a heading, a row of another metric: nothing to say about requests */
    uint64_t n_rejected[RS_REJECT_N];
    struct mark first_rejected[RS_REJECT_N][RS_REJECT_SHOWN]; /* file borrowed from the caller */
    int n_shown[RS_REJECT_N];
    uint64_t n_out_of_order; /* lines earlier than one before them: put right */
    uint64_t
        n_too_late; /* of these, later than the window: handed on at the time that was due then */
    int64_t first_ns, last_ns; /* arrivals */
    bool absolute;             /* times since 1970 */
    bool has_latency, has_status, has_route;
    bool time_is_end; /* the times of the file are those of the end */
};

/* Handed every request in the order of arrival; not 0 stops the reading, without an error. */
typedef int (*rs_request_fn)(void *ctx, const struct recorded_request *r);

/* 0, or -1 with errors added (no such file, no known format, damaged archive, too many lines rejected). out may be NULL. */
int rs_requests_read(const char *path,
                     const struct requests_form *form,
                     rs_request_fn fn,
                     void *ctx,
                     struct requests_report *out,
                     struct err_list *errors);
/* The same from memory; `file` is what errors call it. For tests and fuzzing. */
int rs_requests_parse(const char *file,
                      const void *text,
                      size_t n,
                      const struct requests_form *form,
                      rs_request_fn fn,
                      void *ctx,
                      struct requests_report *out,
                      struct err_list *errors);

#endif
