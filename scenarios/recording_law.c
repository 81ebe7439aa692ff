/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was recorded of a path over time: a share of failed requests, a latency, each a column or a series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording_table.h"
#include "sim/clock.h"
#include "text/value.h"

enum { N_LATENCY = 6 };
enum { RATIO, OF, LATENCY }; /* sources: the first two and N_LATENCY from the third on */
enum { LAW_AUTO, LAW_COLUMNS, LAW_SERIES };
enum { ZERO_COUNTS, ZERO_IS_NOTHING };

struct latency_keys {
    const char *told[N_LATENCY]; /* the mean, then quantiles */
    int unit;
};

struct law_keys {
    const char *file;
    int format, code, in, zero, stamp;
    const char *errors, *success, *of;
    struct latency_keys latency;
    double every_s;
    struct recording_window window;
};

#define LAW(field) offsetof(struct law_keys, field)
#define LATENCY_KEYS(field) offsetof(struct latency_keys, field)

static const double quantile[N_LATENCY] = {NAN, 0.5, 0.9, 0.95, 0.99, 0.999};
static const char *const latency_word[N_LATENCY] = {"mean", "p50", "p90", "p95", "p99", "p999"};
static const char *const unit_words[] = {"auto", "s", "ms", "us", "ns", NULL};
static const double unit_s[] = {1.0, 1.0, 1e-3, 1e-6, 1e-9};
static const char *const format_words[] = {"auto", "columns", "series", NULL};
static const char *const in_words[] = {"auto", "ratio", "percent", NULL};
static const char *const zero_words[] = {"zero", "nothing", NULL};
static const char *const stamp_words[] = {"start", "end", NULL};

#define TOLD(name, i, text)                                                                        \
    {                                                                                              \
        name, RS_V_TEXT, .at = LATENCY_KEYS(told) + (i) * sizeof(const char *), .help = text,      \
    }
static const struct key latency_keys[] = {
    TOLD("mean", 0, "Of the mean; stands alone."),
    TOLD("p50", 1, "Of the median."),
    TOLD("p90", 2, "Of the 90th percentile."),
    TOLD("p95", 3, "Of the 95th percentile."),
    TOLD("p99", 4, "Of the 99th percentile."),
    TOLD("p999", 5, "Of the 99.9th percentile."),
    {"unit", RS_V_WORD, .def = "auto", .at = LATENCY_KEYS(unit), .words = unit_words,
     .help = "Unit of the values; auto: the name's ending says it (_ms, _us, _ns), else seconds."},
};
static const struct section latency_section = {
    "recorded quantiles",
    "Columns or series of latencies. One of them alone stretches the path's own latency so that it "
    "has that mean or quantile; several are joined by straight lines, from 0 on.",
    latency_keys, RS_N_KEY(latency_keys)};

static const struct key law_keys[] = {
    {"file", RS_V_FILE, RS_KEY_REQUIRED, .at = LAW(file),
     .help = "Path, from the scenario's folder; may be packed with gzip or zstd."},
    {"format", RS_V_WORD, .def = "auto", .at = LAW(format), .words = format_words,
     .help =
         "`columns`: CSV with a header, whose first column is the time, and the names below are "
         "columns. `series`: what Prometheus and its neighbours write, and they are selectors."},
    {"errors", RS_V_TEXT, .at = LAW(errors), .help = "Share of the requests that failed."},
    {"success", RS_V_TEXT, .at = LAW(success),
     .help = "Share of the requests that did not, instead of \"errors\"."},
    {"of", RS_V_TEXT, .at = LAW(of), .with = "errors success",
     .help = "They are numbers or rates of requests: divide them by this one."},
    {"in", RS_V_WORD, .def = "auto", .at = LAW(in), .words = in_words, .with = "errors success",
     .help = "Unit of the share; auto: in percent where the name ends with pct, percent or %."},
    {"code", RS_V_INT, .min = 400, .max = 599, .def = "500", .at = LAW(code),
     .with = "errors success", .help = "Status of the requests that failed."},
    {"latency", RS_V_MAP, .at = LAW(latency), .of = &latency_section, .help = "Time to answer."},
    {"zero", RS_V_WORD, .def = "zero", .at = LAW(zero), .words = zero_words, .with = "latency",
     .help = "A latency of 0 is one, or says that there was nothing to be measured."},
    {"every", RS_V_SECONDS, RS_KEY_POSITIVE, .def = "(the smallest difference of two times)",
     .at = LAW(every_s), .help = "So long holds a row at most; of series: a value of a gauge."},
    {"stamp", RS_V_WORD, .def = "start", .at = LAW(stamp), .words = stamp_words,
     .help = "A row tells of the time from its own on, or until then, as the results of rate() do; "
             "`end` goes with \"every\"."},
    RS_RECORDING_WINDOW_KEYS(LAW(window)),
    RS_RECORDING_PACE_KEYS(LAW(window)),
};

/* ---- the law of the rows ---- */

static double share_unit(const struct law_keys *k)
{
    const char *name = k->errors ? k->errors : k->success;
    bool percent =
        k->in == 2 || (k->in == 0 && !k->of &&
                       (rs_text_ends_with(name, "pct") || rs_text_ends_with(name, "percent") ||
                        rs_text_ends_with(name, "%") || rs_text_ends_with(name, "%)")));
    return percent ? 0.01 : 1.0;
}

static double latency_unit(const struct law_keys *k, const char *name)
{
    if (k->latency.unit != 0) {
        return unit_s[k->latency.unit];
    }
    return rs_text_ends_with(name, "_ms")   ? 1e-3
           : rs_text_ends_with(name, "_us") ? 1e-6
           : rs_text_ends_with(name, "_ns") ? 1e-9
                                            : 1.0;
}

static int refuse_value(
    const struct recording_table *t, int row, struct err_list *errors, const char *must, double v)
{
    return rs_err_list_add(errors, RS_E_RANGE, (struct mark){t->path, 0, 0},
                           "%s, got %g, %.15gs after the first row", must, v, t->at_s[row]);
}

static int share_of(const struct recording_table *t,
                    int row,
                    const struct law_keys *k,
                    double *out,
                    struct err_list *errors)
{
    const double *v = &t->v[(size_t)row * (size_t)t->n_source];
    double share = v[0] * share_unit(k);
    if (k->of) {
        share = v[1] > 0.0 ? v[0] / v[1] : (double)NAN; /* of nothing: nothing is told */
    }
    if (!isnan(share) && !(share >= -1e-9 && share <= 1.0 + 1e-9)) {
        return refuse_value(t, row, errors,
                            "a share of requests must be 0..1 (percent: \"in: percent\")", share);
    }
    share = k->success ? 1.0 - share : share;
    *out = isnan(share) ? share : fmin(fmax(share, 0.0), 1.0);
    return 0;
}

static int latency_of(const struct recording_table *t,
                      int row,
                      const struct law_keys *k,
                      int first,
                      float *out,
                      struct err_list *errors)
{
    const double *v = &t->v[(size_t)row * (size_t)t->n_source];
    bool all = true;
    double below = 0.0;
    for (int i = first; i < t->n_source; i++) {
        double x = v[i] * latency_unit(k, t->name[i]);
        all = all && !isnan(x) && (x > 0.0 || k->zero == ZERO_COUNTS);
        if (x < 0.0 || isinf(x)) {
            return refuse_value(t, row, errors, "a latency must be 0s or more", v[i]);
        }
        below = fmax(x, below);
        out[i - first] = (float)below;
    }
    if (!all) {
        out[0] = NAN;
    }
    return 0;
}

/* The rows in the window, at their pace; the last one ends the telling, unless all starts anew. */
struct cut {
    double from_s, span_s;
    int first, past; /* rows */
};

static int cut_rows(struct reader *r,
                    const struct recording_table *t,
                    const struct law_keys *k,
                    struct cut *out)
{
    const struct recording_window *w = &k->window;
    double horizon = r->sc->horizon_ns > 0 ? rs_s_from_ns(r->sc->horizon_ns) : (double)INFINITY;
    double end = t->at_s[t->n - 1];
    if (w->has_from && t->begin_unix_s < 631152000.0) {
        return rs_table_refuse(t, r->errors,
                               "\"from\" needs dates, and the times of the file are none");
    }
    out->from_s = w->has_from ? rs_s_from_ns(w->from_ns) - t->begin_unix_s : w->skip_s;
    out->span_s = fmin(end - out->from_s, rs_recording_use_s(w, horizon));
    if (!(out->span_s > 0.0)) {
        return rs_table_refuse(t, r->errors, "the part that is used holds no values");
    }
    out->first = 0;
    while (out->first + 1 < t->n && t->at_s[out->first + 1] <= out->from_s) {
        out->first++;
    }
    out->past = out->first;
    while (out->past < t->n && t->at_s[out->past] < out->from_s + out->span_s) {
        out->past++;
    }
    return 0;
}

static int make(struct reader *r,
                const struct recording_table *t,
                const struct law_keys *k,
                struct path_recording *out)
{
    struct cut cut = {0};
    int first_latency = (k->errors || k->success) + (k->of != NULL), n = 0;
    int n_latency = t->n_source - first_latency;
    if (cut_rows(r, t, k, &cut) != 0) {
        return -1;
    }
    int most = cut.past - cut.first + 2;
    if (cut.span_s / k->window.speed / most < 1e-3) {
        return rs_err_list_add(r->errors, RS_E_RANGE, (struct mark){t->path, 0, 0},
                               "a step must last 1ms or more, \"speed\" included; it lasts %gs",
                               cut.span_s / k->window.speed / most);
    }
    double *at_s = RS_ARENA_ARRAY(r->arena, double, most);
    float *ratio = RS_ARENA_ARRAY(r->arena, float, most);
    float *latency = RS_ARENA_ARRAY(r->arena, float, (size_t)most *(size_t)(n_latency + 1));
    if (t->at_s[cut.first] > cut.from_s) { /* the window begins before the recording */
        ratio[n] = latency[0] = NAN;
        at_s[n++] = 0.0;
    }
    for (int row = cut.first; row < cut.past; row++, n++) {
        double share = NAN;
        at_s[n] = fmax(t->at_s[row] - cut.from_s, 0.0) / k->window.speed;
        if ((first_latency > 0 && share_of(t, row, k, &share, r->errors) != 0) ||
            latency_of(t, row, k, first_latency, &latency[(size_t)n * (size_t)n_latency],
                       r->errors) != 0) {
            return -1;
        }
        ratio[n] = (float)share;
    }
    if (!k->window.loop) {
        ratio[n] = latency[(size_t)n * (size_t)n_latency] = NAN;
        at_s[n++] = cut.span_s / k->window.speed;
    }
    *out = (struct path_recording){.n = n,
                                   .at_s = at_s,
                                   .period_s = k->window.loop ? cut.span_s / k->window.speed : 0.0,
                                   .code = k->code,
                                   .error_ratio = first_latency > 0 ? ratio : NULL,
                                   .n_quantile = n_latency,
                                   .latency_s = latency};
    for (int i = 0; i < n_latency; i++) {
        out->quantile[i] = quantile[t->what[first_latency + i] - LATENCY];
    }
    return 0;
}

/* ---- the section ---- */

static void add_source(struct recording_table *t,
                       const struct node **node,
                       const char *name,
                       int what,
                       const struct node *from)
{
    if (name) {
        node[t->n_source] = from;
        t->name[t->n_source] = name;
        t->what[t->n_source++] = what;
    }
}

static int
check_keys(struct reader *r, const struct node *map, const struct law_keys *k, int n_latency)
{
    if (k->errors && k->success) {
        return rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "success")->at,
                               "\"errors\" and \"success\" exclude each other");
    }
    if (k->stamp != 0 && !(k->every_s > 0.0)) {
        return rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "stamp")->at,
                               "rows that tell of the time before them need \"every\"");
    }
    if (!k->errors && !k->success && n_latency == 0) {
        return rs_err_list_add(r->errors, RS_E_KEY, map->at,
                               "a recorded law needs \"errors\", \"success\" or \"latency\"");
    }
    if (k->latency.told[0] && n_latency > 1) {
        return rs_err_list_add(r->errors, RS_E_KEY,
                               rs_node_pair(rs_node_get(map, "latency"), "mean")->at,
                               "\"mean\" stands alone");
    }
    return 0;
}

static void finish_law(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct law_keys *k = draft;
    struct recording_table t = {.n_source = 0};
    const struct node *node[RS_SOURCES_MAX], *latency = rs_node_get(map, "latency");
    int n_before = (k->errors || k->success) + (k->of != NULL);
    add_source(&t, node, k->errors, RATIO, rs_node_get(map, "errors"));
    add_source(&t, node, k->errors ? NULL : k->success, RATIO, rs_node_get(map, "success"));
    add_source(&t, node, k->of, OF, rs_node_get(map, "of"));
    for (int i = 0; i < N_LATENCY; i++) {
        add_source(&t, node, k->latency.told[i], LATENCY + i,
                   rs_node_get(latency, latency_word[i]));
    }
    if (check_keys(r, map, k, t.n_source - n_before) != 0 ||
        rs_recording_window_check(r, map, &k->window) != 0) {
        return;
    }
    t.path = rs_recording_open(r, map, k->file);
    int format = t.path && k->format == LAW_AUTO ? rs_recording_sniff(t.path, NULL, r->errors) : 0;
    bool series =
        k->format == LAW_SERIES || (k->format == LAW_AUTO && format == RS_RECORDING_SERIES);
    if (t.path && format >= 0 &&
        (series ? rs_table_read_series(r, node, &t, k->every_s)
                : rs_table_read_columns(&t, k->every_s, r->errors)) == 0) {
        t.begin_unix_s -= k->stamp != 0 ? k->every_s : 0.0;
        make(r, &t, k, out);
    }
    rs_table_clear(&t);
}

const struct section rs_section_path_recording = {
    "recorded law",
    "What was recorded of a path over time. It holds from row to row; where it tells nothing the "
    "path's "
    "own errors or latency do.",
    law_keys,
    RS_N_KEY(law_keys),
    .size = sizeof(struct path_recording),
    .draft_size = sizeof(struct law_keys),
    .finish = finish_law};
