/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recording_keys.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql_selector.h"
#include "sim/clock.h"
#include "text/file.h"

/* In the order of enum requests_format, then counts and series. */
const char *const rs_recording_format_words[] = {"auto",  "common", "combined", "log_format",
                                                 "json",  "csv",    "jtl",      "k6",
                                                 "times", "counts", "series",   NULL};

#define KEYS(field) offsetof(struct recording_keys, field)

static const char *const unit_words[] = {"auto", "s", "ms", "us", "ns", NULL};
static const double unit_s[] = {0.0, 1.0, 1e-3, 1e-6, 1e-9};

static const struct key recording_keys[] = {
    {"file", RS_V_FILE, RS_KEY_REQUIRED, .at = KEYS(file),
     .help = "Path, from the scenario's folder; may be packed with gzip or zstd."},
    {"format", RS_V_WORD, .def = "auto", .at = KEYS(format), .words = rs_recording_format_words,
     .help =
         "How requests are written: Apache's `common` and `combined`, nginx's `log_format`, "
         "`json` lines, `csv` with a header, JMeter's `jtl`, `k6`, `times` alone; rates also as "
         "`counts` or `series`."},
    {"log_format", RS_V_TEXT, .at = KEYS(log_format),
     .help = "nginx's log_format, as it stands in its configuration."},
    {"column", RS_V_TEXT, .def = "(the usual names)", .at = KEYS(column),
     .help = "Column of the times of requests in CSV, field in JSON; of `counts`: of the counts, "
             "else count, requests, value or the second one."},
    {"unit", RS_V_WORD, .def = "auto", .at = KEYS(unit), .words = unit_words,
     .help = "Unit of times that are plain numbers; told by their size, else seconds."},
    {"latency_column", RS_V_TEXT, .def = "(the usual names)", .at = KEYS(latency_column),
     .help = "Column or field of the latencies."},
    {"latency_unit", RS_V_WORD, .def = "auto", .at = KEYS(latency_unit), .words = unit_words,
     .help =
         "Unit of the latencies; the format's own, or told by the column's name (_ms, _us, _s), "
         "else seconds."},
    {"status_column", RS_V_TEXT, .def = "(the usual names)", .at = KEYS(status_column),
     .help = "Column or field of the statuses."},
    {"route_column", RS_V_TEXT, .def = "(the usual names)", .at = KEYS(route_column),
     .help = "Column or field of the routes."},
    {"time_is_end", RS_V_BOOL, .def = "off", .at = KEYS(time_is_end),
     .help = "The times are those at which requests ended, also where the format does not say so: "
             "they arrived so much earlier as the latency tells."},
    {"order_within", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .def = "1m",
     .at = KEYS(window_ns), .help = "Lines are put in order of arrival inside this."},
    {"reject", RS_V_RATIO, .def = "5%", .at = KEYS(reject),
     .help = "Share of lines that may be unreadable before the file is refused."},
    {"route", RS_V_OWN, .def = "(all)", .shape = "pattern, or list of patterns",
     .help = "Only requests of these routes: `/api/*`; * is any text, ? any character."},
    {"status", RS_V_OWN, .def = "(all)",
     .shape = "status like 404, 5xx or 200-399, or list of these",
     .help = "Only requests that ended with these."},
    {"errors_from", RS_V_INT, .min = 400, .max = 599, .def = "500", .at = KEYS(errors_from),
     .help = "Smaller statuses count as good answers."},
    RS_RECORDING_WINDOW_KEYS(KEYS(window)),
};

/* ---- lists of one or more ---- */

static const struct node *item_of(const struct node *node, int i)
{
    return node->kind == RS_NODE_LIST ? node->item[i] : node;
}

static int n_item(const struct node *node)
{
    return node->kind == RS_NODE_LIST ? node->n : 1;
}

static int read_routes(struct reader *r, const struct node *node, struct recording_picks *picks)
{
    int n = n_item(node);
    const char **route = RS_ARENA_ARRAY(r->arena, const char *, n);
    if (node->kind == RS_NODE_LIST && rs_read_length(r, "route", node) != 0) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        const struct node *item = item_of(node, i);
        if (item->kind != RS_NODE_SCALAR || rs_node_is_null(item) || item->text[0] == '\0') {
            return rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                                   "\"route\" must be a pattern like /api/*, or a list of these");
        }
        route[i] = item->text;
    }
    picks->n_route = n;
    picks->route = route;
    return n > 0 ? 0
                 : rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"route\" must not be empty");
}

/* "404", "5xx", "200-399" */
static bool read_range(const char *text, int *first, int *last)
{
    int n = 0;
    if (text[0] >= '1' && text[0] <= '5' && strcmp(text + 1, "xx") == 0) {
        *first = (text[0] - '0') * 100;
        *last = *first + 99;
        return true;
    }
    if (sscanf(text, "%3d-%3d%n", first, last, &n) == 2 && text[n] == '\0') {
        return *first >= 100 && *first <= *last && *last < RS_STATUS_N;
    }
    if (sscanf(text, "%3d%n", first, &n) == 1 && text[n] == '\0') {
        *last = *first;
        return *first >= 100 && *first < RS_STATUS_N;
    }
    return false;
}

static int read_statuses(struct reader *r, const struct node *node, struct recording_picks *picks)
{
    bool *status = RS_ARENA_ARRAY(r->arena, bool, RS_STATUS_N);
    int n = n_item(node);
    if (node->kind == RS_NODE_LIST && rs_read_length(r, "status", node) != 0) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        const struct node *item = item_of(node, i);
        int first = 0, last = 0;
        if (item->kind != RS_NODE_SCALAR || !read_range(item->text, &first, &last)) {
            char seen[64];
            return rs_err_list_add(
                r->errors, RS_E_TYPE, item->at,
                "\"status\" must be like 404, 5xx or 200-399, or a list of these, got %s",
                rs_node_describe(seen, sizeof(seen), item));
        }
        for (int s = first; s <= last; s++) {
            status[s] = true;
        }
    }
    picks->status = status;
    return n > 0 ? 0
                 : rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"status\" must not be empty");
}

/* ---- the section ---- */

static int exclude(struct reader *r, const struct node *map, const char *key, const char *other)
{
    if (!rs_node_pair(map, key) || !rs_node_pair(map, other)) {
        return 0;
    }
    return rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, other)->at,
                           "\"%s\" and \"%s\" exclude each other", key, other);
}

int rs_recording_window_check(struct reader *r, const struct node *map, struct recording_window *w)
{
    w->has_from = rs_node_pair(map, "from") != NULL;
    if (exclude(r, map, "from", "skip") != 0 || exclude(r, map, "until", "cut") != 0) {
        return -1;
    }
    if (!rs_node_pair(map, "until")) {
        return 0;
    }
    if (w->until_ns <= w->from_ns) {
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_pair(map, "until")->at,
                               "\"until\" must be later than \"from\"");
    }
    w->cut_s = rs_s_from_ns(w->until_ns - w->from_ns);
    return 0;
}

double rs_recording_use_s(const struct recording_window *w, double horizon_s)
{
    return fmin(w->cut_s, horizon_s * w->speed);
}

static void finish_recording(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct recording_keys *k = draft;
    const struct node *route = rs_node_get(map, "route"), *status = rs_node_get(map, "status");
    (void)out;
    rs_recording_window_check(r, map, &k->window);
    if (route) {
        read_routes(r, route, &k->picks);
    }
    if (status) {
        read_statuses(r, status, &k->picks);
    }
    bool is_log_format = k->format == RS_REQUESTS_LOG_FORMAT;
    if (k->log_format && k->format != RS_REQUESTS_AUTO && !is_log_format) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "log_format")->at,
                        "\"log_format\" goes with no other format");
    }
    if (is_log_format && !k->log_format) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "format")->at,
                        "the format \"log_format\" needs the key \"log_format\"");
    }
}

const struct section rs_section_recording = {
    "recording",
    "A file of requests that were recorded, and the part of it that is meant.",
    recording_keys,
    RS_N_KEY(recording_keys),
    .size = sizeof(struct recording_keys),
    .finish = finish_recording};

const char *rs_recording_open(struct reader *r, const struct node *map, const char *file)
{
    struct mark at = rs_node_get(map, "file")->at;
    const char *path = rs_file_path(r, file, at);
    if (!path || rs_file_check(r->errors, path, at) != 0 || rs_file_hash_file(r, path, at) != 0) {
        return NULL;
    }
    return path;
}

int rs_recording_spec(struct reader *r,
                      const struct node *map,
                      const struct recording_keys *k,
                      double use_s,
                      struct recording_spec *out)
{
    *out = (struct recording_spec){.path = rs_recording_open(r, map, k->file),
                                   .format = k->log_format ? RS_REQUESTS_LOG_FORMAT : k->format,
                                   .skip_s = k->window.skip_s,
                                   .has_from = k->window.has_from,
                                   .from_ns = k->window.from_ns,
                                   .use_s = use_s,
                                   .column = k->column,
                                   .picks = k->picks,
                                   .errors_from = k->errors_from};
    out->form = (struct requests_form){.log_format = k->log_format,
                                       .time = k->column,
                                       .latency = k->latency_column,
                                       .status = k->status_column,
                                       .route = k->route_column,
                                       .time_unit_s = unit_s[k->unit],
                                       .latency_unit_s = unit_s[k->latency_unit],
                                       .window_ns = k->window_ns,
                                       .reject_max = k->reject > 0.0 ? k->reject : -1.0,
                                       .time_is_end = k->time_is_end};
    return out->path ? 0 : -1;
}

/* ---- selectors ---- */

struct found {
    int n;
    struct promql_reading reading;
};

static void take_reading(void *ctx, const struct promql_reading *reading)
{
    struct found *found = ctx;
    found->reading = *reading;
    found->n++;
}

/* name, name{...} or {...} and nothing around it. */
static bool is_bare(const char *text)
{
    while (isalnum((unsigned char)*text) || *text == '_' || *text == ':') {
        text++;
    }
    return *text == '\0' || (*text == '{' && text[strlen(text) - 1] == '}');
}

struct promql_selector *rs_recording_selector(struct reader *r, const struct node *node)
{
    struct err err = {0};
    const struct promql *q = rs_promql_parse(
        r->arena, &(struct promql_text){node->code, node->code_at, node->code_indent, r->dialect},
        &err);
    if (!q) {
        rs_err_list_push(r->errors, &err);
        return NULL;
    }
    struct found found = {0};
    rs_promql_readings(q, take_reading, &found);
    if (found.n != 1 || found.reading.range_ms > 0 || found.reading.moved ||
        !is_bare(rs_promql_print(r->arena, q))) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                        "a selector is expected, like requests_total{job=\"x\"}, got \"%.60s\"",
                        node->text);
        return NULL;
    }
    return rs_promql_selector_of(&found.reading, r->dialect);
}
