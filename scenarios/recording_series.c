/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded series as values over time: counters become rates, series that are taken together are added. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "models/promql_selector.h"
#include "recording.h"
#include "scenarios/series.h"
#include "series/series_text.h"
#include "sim/clock.h"
#include "text/text_source.h"

/* A gap of more than so many usual steps is a gap: nobody knows what was in it. */
enum { GAP_STEPS = 3, SERIES_MAX = 1000 };

/* ---- one series ---- */

static bool is_counter(const struct recorded *set,
                       const struct recorded_series *s,
                       const struct recording_spec *spec)
{
    return spec->kind == RS_KIND_UNTOLD ? rs_series_is_counter(set, s, spec->kind_by_values)
                                        : spec->kind == RS_KIND_COUNTER;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median distance of two samples, s; 0 where there is one sample only. */
static double usual_step(const struct recorded_series *s)
{
    if (s->n < 2) {
        return 0.0;
    }
    double *d = rs_xcalloc(s->n - 1, sizeof(*d));
    for (size_t i = 0; i + 1 < s->n; i++) {
        d[i] = (double)(s->sample[i + 1].t_ms - s->sample[i].t_ms) * 1e-3;
    }
    qsort(d, s->n - 1, sizeof(*d), by_value);
    double median = d[(s->n - 1) / 2];
    free(d);
    return median;
}

/* What sample i tells of the time until the next one. A counter that fell was reset: it began anew at 0. */
static double told_by(const struct recorded_series *s, size_t i, bool counter)
{
    double v = s->sample[i].v;
    if (!counter) {
        return v;
    }
    if (i + 1 == s->n || isnan(v) || isnan(s->sample[i + 1].v)) {
        return NAN;
    }
    double next = s->sample[i + 1].v, more = next >= v ? next - v : next;
    return more / ((double)(s->sample[i + 1].t_ms - s->sample[i].t_ms) * 1e-3);
}

static void series_steps(struct stairs *out,
                         const struct recorded *set,
                         const struct recorded_series *s,
                         bool counter,
                         double every_s)
{
    double usual = every_s > 0.0 && !counter ? every_s : usual_step(s);
    double most = every_s > 0.0 && !counter ? every_s : GAP_STEPS * usual;
    for (size_t i = 0; i < s->n; i++) {
        double t = (double)(s->sample[i].t_ms - set->first_ms) * 1e-3;
        double width = i + 1 < s->n ? (double)(s->sample[i + 1].t_ms - s->sample[i].t_ms) * 1e-3
                                    : (double)INFINITY;
        bool gap = width > most;
        rs_stairs_push(out, t, gap && counter ? (double)NAN : told_by(s, i, counter));
        if (gap && !counter) {
            rs_stairs_push(out, t + usual, NAN);
        }
    }
}

/* ---- several ---- */

struct walk { /* along the steps of one series */
    struct stairs steps;
    int at; /* the step in force; -1 = before the first */
};

static double next_time(const struct walk *w, int n)
{
    double t = INFINITY;
    for (int i = 0; i < n; i++) {
        if (w[i].at + 1 < w[i].steps.n) {
            t = fmin(t, w[i].steps.at_s[w[i].at + 1]);
        }
    }
    return t;
}

static double sum_at(const struct walk *w, int n)
{
    double sum = NAN;
    for (int i = 0; i < n; i++) {
        double v = w[i].at >= 0 ? w[i].steps.v[w[i].at] : (double)NAN;
        sum = isnan(v) ? sum : isnan(sum) ? v : sum + v;
    }
    return sum;
}

static void add_up(struct stairs *out, struct walk *w, int n)
{
    for (double t = next_time(w, n); isfinite(t); t = next_time(w, n)) {
        for (int i = 0; i < n; i++) {
            while (w[i].at + 1 < w[i].steps.n && w[i].steps.at_s[w[i].at + 1] <= t) {
                w[i].at++;
            }
        }
        rs_stairs_add(out, t, sum_at(w, n));
    }
}

static int refuse(const struct recording_spec *spec, struct err_list *errors, const char *text)
{
    return rs_err_list_add(errors, RS_E_REF, (struct mark){spec->path, 0, 0}, "%s", text);
}

static int check_taken(const struct recording_spec *spec, int n, struct err_list *errors)
{
    char text[120];
    if (n == 0) {
        return refuse(spec, errors, "the file has no series that the selector takes");
    }
    if (n > 1 && !spec->selector) {
        snprintf(text, sizeof(text), "the file has %d series: pick them by \"series\"", n);
        return refuse(spec, errors, text);
    }
    if (n > SERIES_MAX) {
        snprintf(text, sizeof(text), "the selector takes %d series, at most %d are added up", n,
                 SERIES_MAX);
        return refuse(spec, errors, text);
    }
    return 0;
}

int rs_recording_series_steps(struct stairs *out,
                              double *end_s,
                              const struct recorded *set,
                              const struct recording_spec *spec,
                              struct err_list *errors)
{
    int n = 0, *taken = rs_xcalloc((size_t)set->n_series + 1, sizeof(*taken));
    for (int i = 0; i < set->n_series; i++) {
        if (!spec->selector ||
            rs_promql_selector_takes(spec->selector, set->labels, set->series[i].labels, NULL)) {
            taken[n++] = i;
        }
    }
    int status = check_taken(spec, n, errors);
    struct walk *w = status == 0 ? rs_xcalloc((size_t)n, sizeof(*w)) : NULL;
    for (int i = 0; w && i < n; i++) {
        const struct recorded_series *s = &set->series[taken[i]];
        w[i].at = -1;
        series_steps(&w[i].steps, set, s, is_counter(set, s, spec), spec->every_s);
    }
    if (w) {
        add_up(out, w, n);
        *end_s = out->n > 0 ? out->at_s[out->n - 1] : 0.0;
        if (out->n == 1 || (out->n > 0 && !isnan(out->v[out->n - 1]))) {
            status = refuse(spec, errors, "one sample tells no step; give \"every\"");
        }
    }
    for (int i = 0; w && i < n; i++) {
        rs_stairs_clear(&w[i].steps);
    }
    free(w);
    free(taken);
    return status;
}

struct recorded *rs_recording_series_read(const char *path, struct err_list *errors)
{
    struct recorded *set = rs_recorded_new(NULL);
    struct series_options opt = {.metric = "value"};
    if (rs_series_read(set, path, &opt, NULL, errors) != 0) {
        rs_recorded_free(set);
        return NULL;
    }
    rs_recorded_sort(set);
    if (set->n_sample == 0) {
        rs_err_list_add(errors, RS_E_RANGE, (struct mark){path, 0, 0}, "the file holds no samples");
        rs_recorded_free(set);
        return NULL;
    }
    return set;
}

/* ---- as traffic ---- */

static int
check_rates(const struct stairs *s, const struct recording_spec *spec, struct err_list *errors)
{
    for (int i = 0; i < s->n; i++) {
        if (!isnan(s->v[i]) && !(s->v[i] >= 0.0 && s->v[i] <= 1e9)) {
            return rs_err_list_add(errors, RS_E_RANGE, (struct mark){spec->path, 0, 0},
                                   "a rate must be 0..1e+09, got %g, %.15gs after the first sample",
                                   s->v[i], s->at_s[i]);
        }
    }
    return 0;
}

int rs_recording_read_series_rate(struct recording *out,
                                  struct arena *arena,
                                  const struct recording_spec *spec,
                                  struct err_list *errors)
{
    struct recorded *set = rs_recording_series_read(spec->path, errors);
    struct stairs steps = {0};
    struct recording_spec told = *spec;
    double end_s = 0.0, from_s = spec->skip_s;
    told.kind_by_values = true;
    int status = set ? rs_recording_series_steps(&steps, &end_s, set, &told, errors) : -1;
    if (status == 0) {
        status = check_rates(&steps, spec, errors);
    }
    if (status == 0 && spec->has_from) {
        from_s = rs_s_from_ns(spec->from_ns - set->first_ms * RS_NS_PER_MS);
        status =
            rs_recorded_is_absolute(set->first_ms)
                ? 0
                : refuse(spec, errors, "\"from\" needs dates, and the times of the file are none");
    }
    if (status == 0) {
        status = rs_stairs_to_recording(out, arena, &steps, end_s, from_s, spec, errors);
    }
    rs_stairs_clear(&steps);
    rs_recorded_free(set);
    return status;
}

/* ---- which format ---- */

static bool is_number(const char *text, size_t n)
{
    char word[64], *end = NULL;
    snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : sizeof(word) - 1), text);
    strtod(word, &end);
    while (*end == ' ' || *end == '\t' || *end == '\r') {
        end++;
    }
    return end != word && *end == '\0';
}

static bool holds(const char *text, size_t n, const char *word)
{
    size_t n_word = strlen(word);
    for (size_t i = 0; i + n_word <= n; i++) {
        if (memcmp(text + i, word, n_word) == 0) {
            return true;
        }
    }
    return false;
}

/* Has a heading two fields, or one that is called as counts are? */
static bool heads_counts(const char *line, size_t n)
{
    static const char *const usual[] = {"count", "requests", "value"};
    int n_field = 1;
    for (size_t from = 0, at = 0; at <= n; at++) {
        if (at < n && line[at] != ',') {
            continue;
        }
        for (int u = 0; u < 3; u++) {
            size_t length = strlen(usual[u]);
            if (from > 0 && at - from == length &&
                strncasecmp(line + from, usual[u], length) == 0) {
                return true;
            }
        }
        n_field += at < n;
        from = at + 1;
    }
    return n_field == 2;
}

/* By the first line that is no comment. */
static int format_of(const char *line, size_t n, bool openmetrics, bool column)
{
    int csv = column || heads_counts(line, n) ? (int)RS_RECORDING_COUNTS : (int)RS_REQUESTS_AUTO;
    size_t name = 0;
    while (name < n &&
           (isalnum((unsigned char)line[name]) || line[name] == '_' || line[name] == ':')) {
        name++;
    }
    bool comma = memchr(line, ',', n) != NULL;
    if (openmetrics) {
        return RS_RECORDING_SERIES;
    }
    if (n > 0 && (line[0] == '{' || line[0] == '[')) {
        return holds(line, n, "\"resultType\"") || holds(line, n, "\"metric\"") ||
                       holds(line, n, "\"__name__\"") || holds(line, n, "__name__=")
                   ? RS_RECORDING_SERIES
                   : RS_REQUESTS_AUTO;
    }
    if (is_number(line, n)) {
        return RS_REQUESTS_TIMES;
    }
    if (holds(line, n, "timeStamp,elapsed") || holds(line, n, "metric_name,timestamp")) {
        return RS_REQUESTS_AUTO;
    }
    if (name > 0 && name < n &&
        (line[name] == '{' || (line[name] == ' ' && !holds(line, n, " [")))) {
        return comma && line[name] == ' ' ? csv : RS_RECORDING_SERIES;
    }
    return comma && !holds(line, n, " [") ? csv : RS_REQUESTS_AUTO;
}

int rs_recording_sniff(const char *path, const char *column, struct err_list *errors)
{
    struct text_source source;
    const char *text = NULL;
    bool openmetrics = false;
    int format = RS_RECORDING_COUNTS;
    if (rs_source_open(&source, path, errors) != 0) {
        return -1;
    }
    size_t n = rs_source_peek(&source, 65536, &text);
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - (text + at)) : n - at;
        const char *line = text + at;
        openmetrics =
            openmetrics ||
            (length > 7 && (memcmp(line, "# HELP ", 7) == 0 || memcmp(line, "# TYPE ", 7) == 0));
        if (length > 0 && line[0] != '#' && line[0] != '\r') {
            format = format_of(line, length, openmetrics, column != NULL);
            break;
        }
        at += length + 1;
    }
    rs_source_close(&source);
    return format;
}
