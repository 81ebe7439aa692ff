/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which format a recording has, told by its first lines, and what all parsers do with the text of a field. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser.h"
#include "recognise.h"
#include "sim/arena.h"

const char *rs_requests_format_name(enum requests_format f)
{
    switch (f) {
    case RS_REQUESTS_AUTO: return "auto";
    case RS_REQUESTS_COMMON: return "common";
    case RS_REQUESTS_COMBINED: return "combined";
    case RS_REQUESTS_LOG_FORMAT: return "log-format";
    case RS_REQUESTS_JSON: return "json";
    case RS_REQUESTS_CSV: return "csv";
    case RS_REQUESTS_JTL: return "jtl";
    case RS_REQUESTS_K6: return "k6";
    case RS_REQUESTS_TIMES: return "times";
    case RS_REQUESTS_FORMAT_N: break;
    }
    return "?";
}

double rs_unit_of_name(const char *name, size_t n, size_t *out_n)
{
    static const struct {
        const char *word;
        double s;
    } units[] = {{"_ms", 1e-3},     {"_us", 1e-6},    {"_ns", 1e-9},    {"_s", 1.0},
                 {"_msec", 1e-3},   {"_usec", 1e-6},  {"_sec", 1.0},    {"_secs", 1.0},
                 {"_seconds", 1.0}, {"(s)", 1.0},     {"(ms)", 1e-3},   {"_millis", 1e-3},
                 {"_micros", 1e-6}, {"_nanos", 1e-9}, {"Millis", 1e-3}, {"Ms", 1e-3}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t n_word = strlen(units[i].word);
        if (n > n_word && memcmp(name + n - n_word, units[i].word, n_word) == 0) {
            *out_n = n - n_word;
            return units[i].s;
        }
    }
    *out_n = n;
    return 0.0;
}

/* ---- fields ---- */

static bool is_empty(struct span s)
{
    return s.n == 0 || (s.n == 1 && *s.p == '-');
}

/* Times of whom nobody has requests: so that all differences of two can be told in nanoseconds. */
#define TIME_NS_MAX INT64_C(4100000000000000000) /* the years 1840 to 2099 */
#define LATENCY_S_MAX 1e8

int rs_take_time(struct request_parser *p, struct span s, struct parsed *out)
{
    bool read = s.n > 0 && rs_scan_time(&p->time, s, &out->at_ns) == 0;
    return read && out->at_ns > -TIME_NS_MAX && out->at_ns < TIME_NS_MAX ? RS_PARSED
                                                                         : RS_REJECT_TIME;
}

int rs_take_latency(struct request_parser *p, struct span s, struct parsed *out)
{
    if (is_empty(s)) {
        return RS_PARSED;
    }
    bool is_number = rs_scan_seconds(&out->latency_s, s, p->latency_unit_s) == 0;
    return is_number && out->latency_s >= 0.0 && out->latency_s < LATENCY_S_MAX ? RS_PARSED
                                                                                : RS_REJECT_LATENCY;
}

int rs_take_status(struct request_parser *p, struct span s, struct parsed *out)
{
    (void)p;
    return rs_scan_status(&out->status, s) == 0 ? RS_PARSED : RS_REJECT_STATUS;
}

int rs_parse_line(struct request_parser *p, struct span line, struct parsed *out)
{
    *out = (struct parsed){.latency_s = NAN};
    switch (p->format) {
    case RS_REQUESTS_COMMON:
    case RS_REQUESTS_COMBINED: return rs_parse_clf(p, line, out);
    case RS_REQUESTS_LOG_FORMAT: return rs_parse_log_format(p, line, out);
    case RS_REQUESTS_JSON: return rs_parse_json(p, line, out);
    case RS_REQUESTS_CSV:
    case RS_REQUESTS_JTL:
    case RS_REQUESTS_K6: return rs_parse_csv(p, line, out);
    case RS_REQUESTS_TIMES: return rs_parse_time(p, line, out);
    case RS_REQUESTS_AUTO:
    case RS_REQUESTS_FORMAT_N: break;
    }
    return RS_REJECT_SHAPE;
}

/* ---- JSON: which fields ---- */

static const char *const usual_time[] = {"time",         "@timestamp", "timestamp",  "ts",
                                         "time_iso8601", "msec",       "time_local", "start_time",
                                         "datetime",     "date",       "StartUTC",   NULL};
static const char *const usual_latency[] = {"latency",       "latency_s",
                                            "latency_ms",    "latency_us",
                                            "elapsed",       "elapsed_ms",
                                            "duration",      "duration_s",
                                            "duration_ms",   "duration_us",
                                            "duration_ns",   "request_time",
                                            "response_time", "response_time_ms",
                                            "responseTime",  "upstream_response_time",
                                            "time_taken",    NULL};
static const char *const usual_status[] = {
    "status",           "status_code",      "statusCode", "code",
    "response_code",    "responseCode",     "response",   "http_status",
    "http.status_code", "DownstreamStatus", NULL};
static const char *const usual_route[] = {"route",       "path",        "request_uri", "uri",
                                          "request",     "request.uri", "url",         "endpoint",
                                          "RequestPath", "label",       "name",        NULL};

enum { JSON_SAMPLE = 20 };

/* Of these the one that most lines of the sample have, the first one of several; NULL. */
static const char *
find_usual(struct request_parser *p, const struct sample *sample, const char *const *names)
{
    struct span unused;
    const char *best = NULL;
    int n_best = 0;
    for (; *names; names++) {
        int n = 0;
        for (int i = 0; i < sample->n && i < JSON_SAMPLE; i++) {
            n += rs_json_has(p, sample->line[i], *names, &unused);
        }
        best = n > n_best ? *names : best;
        n_best = n > n_best ? n : n_best;
    }
    return best;
}

static const char *const *const usual[RS_FIELD_N] = {usual_time, usual_latency, usual_status,
                                                     usual_route};

/* How many of the four it has; 0 without a time. */
static int json_fields(struct request_parser *p, const struct sample *sample)
{
    int n = 0;
    for (int k = 0; k < RS_FIELD_N; k++) {
        n += find_usual(p, sample, usual[k]) != NULL;
    }
    return find_usual(p, sample, usual_time) ? n : 0;
}

int rs_json_names(struct request_parser *p, const struct sample *sample, struct err_list *errors)
{
    const char *const asked[RS_FIELD_N] = {p->form->time, p->form->latency, p->form->status,
                                           p->form->route};
    int status = 0;
    for (int k = 0; k < RS_FIELD_N; k++) {
        const char *const one[] = {asked[k], NULL};
        p->name[k] = find_usual(p, sample, asked[k] ? one : usual[k]);
        if (asked[k] && !p->name[k]) {
            status = rs_err_list_add(errors, RS_E_REF, (struct mark){sample->file, 1, 1},
                                     "no line of the first %d has a field \"%s\" with a text or a "
                                     "number",
                                     sample->n < JSON_SAMPLE ? sample->n : JSON_SAMPLE, asked[k]);
        }
    }
    if (status == 0 && !p->name[RS_FIELD_TIME]) {
        return rs_err_list_add(errors, RS_E_REF, (struct mark){sample->file, 1, 1},
                               "no field is called \"time\" or the like: the time of the request "
                               "needs one (--time names it)");
    }
    const char *time = p->name[RS_FIELD_TIME], *latency = p->name[RS_FIELD_LATENCY];
    if (status == 0 && p->latency_unit_s == 0.0) {
        size_t unused = 0;
        double unit = latency ? rs_unit_of_name(latency, strlen(latency), &unused) : 0.0;
        p->latency_unit_s = unit > 0.0 ? unit : 1.0;
    }
    /* nginx' own variables: written when the request ends. */
    if (status == 0 && (strcmp(time, "msec") == 0 || strcmp(time, "time_local") == 0 ||
                        strcmp(time, "time_iso8601") == 0)) {
        p->time_is_end = true;
    }
    return status;
}

/* ---- which format ---- */

/* How many lines of the sample are in the format. */
static int count_right(struct request_parser *p, const struct sample *sample)
{
    struct parsed unused;
    int n = 0;
    for (int i = 0; i < sample->n; i++) {
        n += rs_parse_line(p, sample->line[i], &unused) == RS_PARSED;
    }
    return n;
}

static bool begins_with(struct span line, const char *text)
{
    size_t n = strlen(text);
    return line.n >= n && strncasecmp(line.p, text, n) == 0;
}

/*
 * Times alone, a line each: dates, or numbers that do not fall and are no counts, which is to say since 1970 or with a point
 * in them.
 */
static bool looks_like_times(struct request_parser *p, const struct sample *sample)
{
    struct parsed parsed;
    int64_t last = INT64_MIN;
    bool rising = true, told = false;
    for (int i = 0; i < sample->n; i++) {
        struct span line = sample->line[i];
        if (rs_parse_time(p, line, &parsed) != RS_PARSED) {
            return false;
        }
        rising = rising && parsed.at_ns >= last;
        last = parsed.at_ns;
        told = told || parsed.at_ns >= INT64_C(100000000000000000) ||
               memchr(line.p, '.', line.n) != NULL;
    }
    return told && (rising || last >= INT64_C(100000000000000000));
}

/* The format that the lines have; AUTO if none of ours. */
static enum requests_format detect(struct request_parser *p, const struct sample *sample)
{
    static const enum requests_format logs[] = {RS_REQUESTS_COMBINED, RS_REQUESTS_COMMON};
    struct span first = sample->line[0];
    bool named = p->form->time || p->form->latency || p->form->status || p->form->route;
    if (*first.p == '{') {
        return named || json_fields(p, sample) >= 2 ? RS_REQUESTS_JSON : RS_REQUESTS_AUTO;
    }
    if (begins_with(first, "metric_name,timestamp,metric_value")) {
        return RS_REQUESTS_K6;
    }
    if (begins_with(first, "timeStamp,elapsed,") ||
        begins_with(first, "\"timeStamp\",\"elapsed\"")) {
        return RS_REQUESTS_JTL;
    }
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        p->format = logs[i];
        if (2 * count_right(p, sample) > sample->n) {
            return p->format;
        }
    }
    p->format = RS_REQUESTS_AUTO;
    rs_time_reader_init(&p->time, p->form->time_unit_s);
    if (looks_like_times(p, sample)) {
        return RS_REQUESTS_TIMES;
    }
    return rs_csv_recognise(p, sample) >= 2 || named ? RS_REQUESTS_CSV : RS_REQUESTS_AUTO;
}

static int
refuse_unknown(const struct sample *sample, enum requests_named named, struct err_list *errors)
{
    static const char *const advice[] = {
        "--format tells which",
        "\"format\" tells which",
        "\"requests\" or \"recorded\" of the scenario, with \"format\", tell which",
    };
    static const char *const log_advice[] = {
        "give --log-format '...'",
        "give \"log_format\"",
        "give \"log_format\" in \"requests\" or \"recorded\" of the scenario",
    };
    struct mark at = {sample->file, sample->number[0], 1};
    if (rs_requests_looks_like_log(sample->line[0].p, sample->line[0].n)) {
        return rs_err_list_add(
            errors, RS_E_SYNTAX, at,
            "this is an access log, like Common with more in it or behind it: %s",
            log_advice[named]);
    }
    return rs_err_list_add(
        errors, RS_E_SYNTAX, at,
        "this is no recording of requests that is known: an access log (common, combined, "
        "log-format), json, csv with a time and a latency, status or route, jtl, k6, or times "
        "(%s)",
        advice[named]);
}

/* 17/May/2015:10:05:03 in brackets, and a request in quotes somewhere. */
bool rs_requests_looks_like_log(const char *p, size_t n)
{
    const char *end = p + n, *open = n > 0 && *p != '{' ? memchr(p, '[', n) : NULL;
    for (; open && end - open > 21; open = memchr(open + 1, '[', (size_t)(end - open - 1))) {
        if (open[3] == '/' && open[7] == '/' && open[12] == ':' && open[15] == ':' &&
            open[18] == ':') {
            return memchr(p, '"', n) != NULL;
        }
    }
    return false;
}

int rs_request_parser_init(struct request_parser *p,
                           const struct requests_form *form,
                           const struct sample *sample,
                           int *out_n_heading,
                           struct err_list *errors)
{
    *p = (struct request_parser){.form = form,
                                 .format = form->log_format ? RS_REQUESTS_LOG_FORMAT : form->format,
                                 .latency_unit_s = form->latency_unit_s,
                                 .time_is_end = form->time_is_end,
                                 .column = {-1, -1, -1, -1},
                                 .metric_column = -1};
    rs_time_reader_init(&p->time, form->time_unit_s);
    p->scratch = rs_xrealloc(NULL, RS_LINE_MAX + 1);
    *out_n_heading = 0;
    if (p->format == RS_REQUESTS_AUTO && sample->n > 0) {
        p->format = detect(p, sample);
        rs_time_reader_init(&p->time, form->time_unit_s); /* the sample has taught it its unit */
    }
    if (sample->n == 0) {
        return 0;
    }
    switch (p->format) {
    case RS_REQUESTS_AUTO: return refuse_unknown(sample, form->named, errors);
    case RS_REQUESTS_LOG_FORMAT:
        if (!form->log_format) {
            return rs_err_list_add(errors, RS_E_USAGE, (struct mark){sample->file, 0, 0},
                                   "the format log-format needs its words (--log-format)");
        }
        p->pattern = rs_log_pattern_new(form->log_format, errors);
        p->latency_unit_s = p->latency_unit_s > 0.0 ? p->latency_unit_s : 1.0;
        p->time_is_end = true;
        return p->pattern ? 0 : -1;
    case RS_REQUESTS_JSON: return rs_json_names(p, sample, errors);
    case RS_REQUESTS_CSV:
    case RS_REQUESTS_JTL:
    case RS_REQUESTS_K6: *out_n_heading = 1; return rs_csv_columns(p, sample, errors);
    case RS_REQUESTS_COMMON:
    case RS_REQUESTS_COMBINED:
    case RS_REQUESTS_TIMES:
    case RS_REQUESTS_FORMAT_N: break;
    }
    return 0;
}

void rs_request_parser_clear(struct request_parser *p)
{
    rs_log_pattern_free(p->pattern);
    free(p->heading);
    free(p->scratch);
    *p = (struct request_parser){0};
}
