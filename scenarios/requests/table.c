/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests in tables: CSV with a heading (RFC 4180, quoted fields over several lines too), which JMeter's JTL and k6's CSV output
 * are forms of; and one time a line.
 * Sources: JMeter's user manual, "CSV Log format" (timeStamp is the start in ms, elapsed in ms, responseCode a text that is no
 * number where no answer came); k6's documentation, "CSV" output (a row a metric sample; http_req_duration in ms, timestamp when
 * the sample was taken, which is when the request has ended; status 0 where no answer came).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser.h"
#include "sim/arena.h"

/* What load tests count as the status where none came: what proxies say of a connection that timed out. */
enum { NO_ANSWER = 599 };

/* The next field from *p on; *p behind it and its separator, NULL at the end of the line. False: a quote is open. */
static bool
next_field(const char **p, const char *end, char separator, struct span *out, bool *quoted)
{
    const char *start = *p;
    *quoted = false;
    if (start < end && *start == '"') {
        *quoted = true;
        for (const char *q = ++start;; q += 2) {
            q = q < end ? memchr(q, '"', (size_t)(end - q)) : NULL;
            if (!q) {
                return false;
            }
            if (q + 1 == end || q[1] != '"') {
                *out = (struct span){start, (size_t)(q - start)};
                const char *behind = memchr(q, separator, (size_t)(end - q));
                *p = behind ? behind + 1 : NULL;
                return true;
            }
        }
    }
    const char *stop = start < end ? memchr(start, separator, (size_t)(end - start)) : NULL;
    *out = (struct span){start, (size_t)((stop ? stop : end) - start)};
    *p = stop ? stop + 1 : NULL;
    return true;
}

/* Blanks around a field say nothing. */
static struct span trim(struct span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* Doubled quotes become one, in the parser's own room. */
static struct span unquote(struct request_parser *p, struct span s)
{
    if (s.n == 0 || !memchr(s.p, '"', s.n)) {
        return s;
    }
    char *to = p->scratch;
    for (size_t i = 0; i < s.n; i++) {
        *to++ = s.p[i];
        i += s.p[i] == '"' && i + 1 < s.n && s.p[i + 1] == '"';
    }
    return (struct span){p->scratch, (size_t)(to - p->scratch)};
}

/* The fields that matter. Returns RS_PARSED, RS_PARSED_OPEN, RS_PARSED_NOTHING (a metric that is no request's) or a reason. */
static int cut(struct request_parser *p, struct span line, struct span *value, struct parsed *out)
{
    const char *at = line.p, *end = line.p + line.n;
    int i = 0;
    for (; at; i++) {
        struct span field;
        bool quoted = false;
        const char *start = at;
        if (!next_field(&at, end, p->separator, &field, &quoted)) {
            rs_reject(out, line, start, RS_REJECT_SHAPE);
            return RS_PARSED_OPEN;
        }
        if (i == p->metric_column &&
            !(field.n == 17 && memcmp(field.p, "http_req_duration", 17) == 0)) {
            return RS_PARSED_NOTHING;
        }
        for (int k = 0; k < RS_FIELD_N; k++) {
            if (p->column[k] == i) {
                value[k] = quoted ? field : trim(field);
            }
        }
    }
    if (i > p->n_column) {
        return rs_reject(out, line, line.p, RS_REJECT_SHAPE);
    }
    for (int k = 0; k < RS_FIELD_N; k++) {
        if (p->column[k] >= i) {
            return rs_reject(out, line, end, RS_REJECT_SHAPE);
        }
    }
    return RS_PARSED;
}

/* A load test's code is a text where no answer came. */
static int take_code(struct request_parser *p, struct span s, struct parsed *out)
{
    bool load_test = p->format == RS_REQUESTS_JTL || p->format == RS_REQUESTS_K6;
    bool none = s.n > 0 && !(s.n == 1 && *s.p == '-') &&
                (s.p[0] < '0' || s.p[0] > '9' || (s.n == 1 && *s.p == '0'));
    if (load_test && none) {
        out->status = NO_ANSWER;
        return RS_PARSED;
    }
    return rs_take_status(p, s, out);
}

static bool is_heading(const struct request_parser *p, struct span line)
{
    return line.n == p->n_heading && memcmp(line.p, p->heading, line.n) == 0;
}

int rs_parse_csv(struct request_parser *p, struct span line, struct parsed *out)
{
    struct span value[RS_FIELD_N] = {{0}};
    int why = cut(p, line, value, out);
    if (why != RS_PARSED) {
        return why;
    }
    if (rs_take_time(p, value[RS_FIELD_TIME], out) != RS_PARSED) {
        return is_heading(p, line) ? RS_PARSED_NOTHING
                                   : rs_reject(out, line, value[RS_FIELD_TIME].p, RS_REJECT_TIME);
    }
    if (value[RS_FIELD_LATENCY].p &&
        rs_take_latency(p, value[RS_FIELD_LATENCY], out) != RS_PARSED) {
        return rs_reject(out, line, value[RS_FIELD_LATENCY].p, RS_REJECT_LATENCY);
    }
    if (value[RS_FIELD_STATUS].p && take_code(p, value[RS_FIELD_STATUS], out) != RS_PARSED) {
        return rs_reject(out, line, value[RS_FIELD_STATUS].p, RS_REJECT_STATUS);
    }
    struct span route = value[RS_FIELD_ROUTE];
    if (route.n > 0) {
        out->route = unquote(p, route);
    }
    return RS_PARSED;
}

int rs_parse_time(struct request_parser *p, struct span line, struct parsed *out)
{
    struct span s = trim(line);
    return rs_take_time(p, s, out) == RS_PARSED ? RS_PARSED
                                                : rs_reject(out, line, s.p, RS_REJECT_TIME);
}

/* ---- the heading ---- */

/* Names of columns as people write them, without their units; of several the one that stands first here. */
static const char *const usual_time[] = {"timestamp",  "time",       "@timestamp", "ts",
                                         "datetime",   "date",       "start_time", "starttime",
                                         "start",      "start_unix", "unix_ts",    "arrival",
                                         "arrived_at", "seconds",    "t",          NULL};
static const char *const usual_latency[] = {"latency",      "duration",      "elapsed",
                                            "request_time", "response_time", "responsetime",
                                            "time_taken",   "ttime",         NULL};
static const char *const usual_status[] = {
    "status",       "status_code", "statuscode", "response_code",
    "responsecode", "http_status", "code",       NULL};
static const char *const usual_route[] = {"route", "path",     "uri",         "url",  "endpoint",
                                          "label", "resource", "route_guess", "name", NULL};
static const char *const *const usual[RS_FIELD_N] = {usual_time, usual_latency, usual_status,
                                                     usual_route};

static bool same_name(struct span s, const char *name)
{
    return strlen(name) == s.n && strncasecmp(s.p, name, s.n) == 0;
}

int rs_time_name_rank(const char *name, size_t n)
{
    struct span bare = {name, n};
    for (int i = 0; usual_time[i]; i++) {
        if (same_name((struct span){name, n}, usual_time[i]) ||
            (rs_unit_of_name(name, n, &bare.n) > 0.0 && same_name(bare, usual_time[i]))) {
            return i;
        }
    }
    return -1;
}

struct heading {
    struct span name[512];
    int n;
    char separator;
};

/* False: no heading that can be cut. */
static bool cut_heading(struct heading *h, struct span line)
{
    static const char separators[] = ",\t;";
    size_t most = 0;
    h->separator = ',';
    for (const char *c = separators; *c; c++) {
        size_t n = 0;
        for (size_t i = 0; i < line.n; i++) {
            n += line.p[i] == *c;
        }
        if (n > most) {
            most = n;
            h->separator = *c;
        }
    }
    h->n = 0;
    for (const char *at = line.p; at;) {
        bool quoted = false;
        struct span field;
        if (h->n == 512 || !next_field(&at, line.p + line.n, h->separator, &field, &quoted)) {
            return false;
        }
        h->name[h->n++] = trim(field);
    }
    return true;
}

/* The column of one of the usual names, with or without a unit behind it; -1. */
static int find_usual(const struct heading *h, const char *const *names)
{
    for (; *names; names++) {
        for (int i = 0; i < h->n; i++) {
            struct span bare = h->name[i];
            if (same_name(bare, *names)) {
                return i;
            }
            if (rs_unit_of_name(bare.p, bare.n, &bare.n) > 0.0 && same_name(bare, *names)) {
                return i;
            }
        }
    }
    return -1;
}

/* The field of a row at a column; n = 0 if there is none. */
static struct span field_at(struct span row, char separator, int column)
{
    struct span field = {row.p, 0};
    const char *at = row.p;
    for (int i = 0; i <= column; i++) {
        bool quoted = false;
        if (!at || !next_field(&at, row.p + row.n, separator, &field, &quoted)) {
            return (struct span){row.p, 0};
        }
    }
    return trim(field);
}

/* The column whose name is a time's and whose first value can be read as one: of "starttime" and "seconds" maybe the latter. */
static int find_time(struct request_parser *p, const struct heading *h, const struct sample *sample)
{
    for (const char *const *name = usual_time; *name; name++) {
        const char *const one[] = {*name, NULL};
        struct time_reader reader = p->time;
        int64_t unused = 0;
        int i = find_usual(h, one);
        struct span first = {"", 0};
        if (i >= 0 && sample->n > 1) {
            first = field_at(sample->line[1], h->separator, i);
        }
        if (i >= 0 && (sample->n < 2 || rs_scan_time(&reader, first, &unused) == 0)) {
            return i;
        }
    }
    return find_usual(h, usual_time);
}

int rs_csv_recognise(struct request_parser *p, const struct sample *sample)
{
    struct heading *h = rs_xcalloc(1, sizeof(*h));
    /* A table of counts is a series, whatever else stands in it. */
    static const char *const counts[] = {"value", "count", "counts", "requests", NULL};
    int n = 0;
    if (cut_heading(h, sample->line[0]) && find_time(p, h, sample) >= 0 &&
        find_usual(h, counts) < 0) {
        for (int k = 0; k < RS_FIELD_N; k++) {
            n += find_usual(h, usual[k]) >= 0;
        }
    }
    free(h);
    return n;
}

/* The column that the user named, or an error that tells the nearest one. */
static int
find_named(const struct heading *h, const char *name, struct mark at, struct err_list *errors)
{
    char *copy[512];
    int found = -1;
    for (int i = 0; i < h->n && found < 0; i++) {
        found =
            strlen(name) == h->name[i].n && memcmp(name, h->name[i].p, h->name[i].n) == 0 ? i : -1;
    }
    if (found >= 0) {
        return found;
    }
    for (int i = 0; i < h->n; i++) {
        copy[i] = rs_xcalloc(h->name[i].n + 1, 1);
        memcpy(copy[i], h->name[i].p, h->name[i].n);
    }
    const char *near = rs_near_name(name, (const char *const *)copy, (size_t)h->n);
    rs_err_list_add(errors, RS_E_REF, at,
                    near ? "there is no column \"%s\", did you mean \"%s\"?"
                         : "there is no column \"%s\"",
                    name, near);
    for (int i = 0; i < h->n; i++) {
        free(copy[i]);
    }
    return -1;
}

/* Usual names of the two load tests, whose units are known. */
static const char *const jtl_names[RS_FIELD_N] = {"timeStamp", "elapsed", "responseCode", "label"};
static const char *const k6_names[RS_FIELD_N] = {"timestamp", "metric_value", "status", "name"};

static int assign(struct request_parser *p,
                  const struct heading *h,
                  const struct sample *sample,
                  struct err_list *errors)
{
    struct mark at = {sample->file, sample->number[0], 1};
    const char *const asked[RS_FIELD_N] = {p->form->time, p->form->latency, p->form->status,
                                           p->form->route};
    const char *const *fixed = p->format == RS_REQUESTS_JTL  ? jtl_names
                               : p->format == RS_REQUESTS_K6 ? k6_names
                                                             : NULL;
    int status = 0;
    for (int k = 0; k < RS_FIELD_N; k++) {
        if (asked[k]) {
            p->column[k] = find_named(h, asked[k], at, errors);
            status = p->column[k] < 0 ? -1 : status;
        } else if (fixed) {
            const char *const one[] = {fixed[k], NULL};
            p->column[k] = find_usual(h, one);
        } else {
            p->column[k] = k == RS_FIELD_TIME ? find_time(p, h, sample) : find_usual(h, usual[k]);
        }
    }
    if (status == 0 && p->column[RS_FIELD_TIME] < 0) {
        return rs_err_list_add(errors, RS_E_REF, at,
                               "no column is called \"%s\" or the like: the time of the request "
                               "needs one",
                               fixed ? fixed[RS_FIELD_TIME] : "time");
    }
    return status;
}

/* The units that the names of the columns tell. */
static void assign_units(struct request_parser *p, const struct heading *h)
{
    size_t unused = 0;
    int k = p->column[RS_FIELD_LATENCY];
    if (p->latency_unit_s == 0.0) {
        double unit = k >= 0 ? rs_unit_of_name(h->name[k].p, h->name[k].n, &unused) : 0.0;
        /* JMeter, k6 and ApacheBench tell milliseconds. */
        bool ms = p->format == RS_REQUESTS_JTL || p->format == RS_REQUESTS_K6 ||
                  (k >= 0 && same_name(h->name[k], "ttime"));
        p->latency_unit_s = ms ? 1e-3 : unit > 0.0 ? unit : 1.0;
    }
    if (p->time.unit_s == 0.0) {
        struct span name = h->name[p->column[RS_FIELD_TIME]];
        rs_time_reader_init(&p->time, rs_unit_of_name(name.p, name.n, &unused));
    }
}

int rs_csv_columns(struct request_parser *p, const struct sample *sample, struct err_list *errors)
{
    static const char *const metric[] = {"metric_name", NULL};
    struct span heading = sample->line[0];
    struct heading *h = rs_xcalloc(1, sizeof(*h));
    int status = -1;
    if (!cut_heading(h, heading)) {
        rs_err_list_add(errors, RS_E_SYNTAX, (struct mark){sample->file, sample->number[0], 1},
                        "the heading cannot be cut into columns");
    } else {
        status = assign(p, h, sample, errors);
    }
    p->n_column = h->n;
    p->separator = h->separator;
    p->heading = rs_xcalloc(heading.n + 1, 1);
    memcpy(p->heading, heading.p, heading.n);
    p->n_heading = heading.n;
    if (p->format == RS_REQUESTS_K6) {
        p->metric_column = find_usual(h, metric);
        p->time_is_end = true;
    }
    if (status == 0) {
        assign_units(p, h);
    }
    free(h);
    return status;
}
