/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recording.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/csv.h"
#include "text/value.h"

enum { SERIES_MAX = 5000000, LOG_MAX = 10000000 };

struct numbers { /* owned: free(v) */
    double *v;
    int n, cap;
};

static void push(struct numbers *a, double x)
{
    if (a->n == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 1024;
        a->v = rs_xrealloc(a->v, sizeof(double) * (size_t)a->cap);
    }
    a->v[a->n++] = x;
}

static const double *keep(struct arena *arena, struct numbers *a)
{
    double *kept = RS_ARENA_ARRAY(arena, double, a->n);
    if (a->n > 0) {
        memcpy(kept, a->v, sizeof(double) * (size_t)a->n);
    }
    return kept;
}

static bool starts_like_number(const char *text)
{
    return (text[0] >= '0' && text[0] <= '9') || strchr("+-.", text[0]);
}

/* Index of the named column among the header's fields, or -1 with an error. */
static int find_column(struct csv *csv, const char *name)
{
    for (int i = 0; i < csv->n_field; i++) {
        if (strcmp(csv->field[i], name) == 0) {
            return i;
        }
    }
    const char *near = rs_near_name(name, (const char *const *)csv->field, (size_t)csv->n_field);
    if (near) {
        return rs_csv_refuse(csv, 1, "there is no column \"%s\", did you mean \"%s\"?", name, near);
    }
    return rs_csv_refuse(csv, 1, "there is no column \"%s\"", name);
}

/* ---- rate series ---- */

struct series {
    const struct recording_spec *spec;
    struct numbers at, count; /* rows that are used; times from the first row of the file */
    double t0, last, step;    /* step: smallest difference of two rows */
    bool has_row;
};

static int read_count(struct csv *csv, int field, double *out)
{
    if (rs_value_number(out, csv->field[field]) == 0 && *out >= 0.0) {
        return 0;
    }
    return rs_csv_refuse(csv, csv->col[field], "a count must be a number, 0 or more, got \"%.60s\"",
                         csv->field[field]);
}

/* Takes a row; false when reading can stop: it lies behind what is used, or there are too many. */
static bool take_row(struct series *s, struct csv *csv, double t, double count)
{
    double step = s->spec->every_s > 0.0 ? s->spec->every_s : s->has_row ? t - s->last : INFINITY;
    s->step = s->has_row && step < s->step ? step : s->step;
    s->has_row = true;
    s->last = t;
    if (t >= s->spec->skip_s + s->spec->use_s) {
        return false;
    }
    if (s->at.n == SERIES_MAX) {
        rs_csv_refuse(csv, 1, "more than %d values; use a longer step or \"cut\"", SERIES_MAX);
        return false;
    }
    /* Of the rows before the part that is used the last one may still reach into it. */
    if (s->at.n > 0 && t <= s->spec->skip_s) {
        s->at.n = s->count.n = 0;
    }
    push(&s->at, t);
    push(&s->count, count);
    return true;
}

static void read_counts(struct series *s, struct csv *csv)
{
    double every = s->spec->every_s > 0.0 ? s->spec->every_s : 1.0;
    double i = 0.0;
    do {
        double count = 0.0;
        rs_csv_split(csv);
        if (csv->n_field != 1) {
            rs_csv_refuse(csv, csv->col[1], "one count a line is expected");
        } else if (read_count(csv, 0, &count) == 0 && !take_row(s, csv, i * every, count)) {
            break;
        }
        i += 1.0;
    } while (rs_csv_next(csv));
    s->step = every;
}

static int value_column(struct csv *csv, const char *name)
{
    static const char *const usual[] = {"count", "requests", "value"};
    if (name) {
        return find_column(csv, name);
    }
    for (int u = 0; u < 3; u++) {
        for (int i = 1; i < csv->n_field; i++) {
            if (strcmp(csv->field[i], usual[u]) == 0) {
                return i;
            }
        }
    }
    if (csv->n_field < 2) {
        return rs_csv_refuse(csv, 1,
                             "the header must name a time and a count, separated by commas");
    }
    return 1;
}

static bool read_csv_row(struct series *s, struct csv *csv, int column)
{
    double t = 0.0, count = 0.0;
    rs_csv_split(csv);
    if (csv->n_field <= column) {
        rs_csv_refuse(csv, 1, "the line has no field %d, which holds the count", column + 1);
        return true;
    }
    if (rs_value_timestamp(&t, csv->field[0]) != 0) {
        rs_csv_refuse(csv, csv->col[0],
                      "a time must be seconds, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, got \"%.60s\"",
                      csv->field[0]);
        return true;
    }
    if (read_count(csv, column, &count) != 0) {
        return true;
    }
    s->t0 = s->has_row ? s->t0 : t;
    t -= s->t0;
    if (s->has_row && !(t > s->last)) {
        rs_csv_refuse(csv, csv->col[0], "times must rise");
        return true;
    }
    return take_row(s, csv, t, count);
}

static void read_csv(struct series *s, struct csv *csv)
{
    rs_csv_split(csv);
    int column = value_column(csv, s->spec->column);
    if (column < 0) {
        return;
    }
    while (rs_csv_next(csv) && read_csv_row(s, csv, column)) {
    }
}

/* Steps of equal rate become one; later ones overwrite an empty step. */
static void add_step(struct numbers *at, struct numbers *rate, double t, double per_s)
{
    if (at->n > 0 && at->v[at->n - 1] >= t) {
        at->n--, rate->n--;
    }
    if (rate->n > 0 && rate->v[rate->n - 1] == per_s) {
        return;
    }
    push(at, t);
    push(rate, per_s);
}

/* Rows to a step function from 0 to the span's end; gaps between rows are zeros. */
static void
make_steps(struct series *s, struct recording *out, struct numbers *at, struct numbers *rate)
{
    double sum = 0.0, end = 0.0;
    add_step(at, rate, 0.0, 0.0);
    for (int i = 0; i < s->at.n; i++) {
        double from = s->at.v[i] - s->spec->skip_s, to = from + s->step;
        double next = i + 1 < s->at.n ? s->at.v[i + 1] - s->spec->skip_s : INFINITY;
        to = fmin(fmin(to, next), s->spec->use_s);
        from = fmax(from, 0.0);
        if (!(to > from)) {
            continue;
        }
        add_step(at, rate, from, s->count.v[i] / s->step);
        if (next > to) {
            add_step(at, rate, to, 0.0);
        }
        sum += (to - from) * s->count.v[i] / s->step;
        end = to;
    }
    if (at->n > 1 && at->v[at->n - 1] >= end) {
        at->n--, rate->n--; /* the zero behind the last row lies outside the span */
    }
    out->span_s = end;
    out->mean_per_s = end > 0.0 ? sum / end : 0.0;
}

static int
finish_series(struct series *s, struct recording *out, struct arena *arena, struct csv *csv)
{
    struct numbers at = {0}, rate = {0};
    if (s->at.n == 0) {
        return rs_csv_refuse(csv, 1, "the part that is used holds no values");
    }
    if (!isfinite(s->step)) {
        return rs_csv_refuse(csv, 1, "one row tells no step; give \"every\"");
    }
    make_steps(s, out, &at, &rate);
    if (out->span_s > 0.0) {
        out->n = at.n;
        out->at_s = keep(arena, &at);
        out->per_s = keep(arena, &rate);
    }
    free(at.v);
    free(rate.v);
    return out->span_s > 0.0 ? 0 : rs_csv_refuse(csv, 1, "the part that is used holds no values");
}

int rs_recording_read(struct recording *out,
                      struct arena *arena,
                      const struct recording_spec *spec,
                      struct err_list *errors)
{
    struct csv csv;
    struct series s = {.spec = spec, .step = INFINITY};
    *out = (struct recording){0};
    if (rs_csv_open(&csv, spec->path, errors) != 0) {
        return -1;
    }
    if (!rs_csv_next(&csv)) {
        if (!csv.failed) {
            rs_csv_refuse(&csv, 1, "the file holds no values");
        }
    } else if (starts_like_number(csv.text)) {
        read_counts(&s, &csv);
    } else {
        read_csv(&s, &csv);
    }
    int status = csv.failed ? -1 : finish_series(&s, out, arena, &csv);
    rs_csv_close(&csv);
    free(s.at.v);
    free(s.count.v);
    return status;
}

/* ---- request logs ---- */

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int read_request(struct csv *csv, int column, double unit_s, struct numbers *at)
{
    double t = 0.0;
    rs_csv_split(csv);
    if (csv->n_field <= column) {
        return rs_csv_refuse(csv, 1, "the line has no field %d, which holds the time", column + 1);
    }
    if (at->n == LOG_MAX) {
        rs_csv_refuse(csv, 1, "more than %d requests", LOG_MAX);
        csv->n_error = RS_CSV_ERRORS;
        return -1;
    }
    if (rs_value_number(&t, csv->field[column]) == 0) {
        t *= unit_s;
    } else if (rs_value_timestamp(&t, csv->field[column]) != 0) {
        return rs_csv_refuse(
            csv, csv->col[column],
            "a request's time must be a number, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, got \"%.60s\"",
            csv->field[column]);
    }
    push(at, t);
    return 0;
}

static void read_requests(struct csv *csv, const struct recording_spec *spec, struct numbers *at)
{
    int column = 0;
    bool has_line = rs_csv_next(csv);
    if (has_line && (spec->column || !starts_like_number(csv->text))) {
        rs_csv_split(csv);
        column = spec->column ? find_column(csv, spec->column) : 0;
        has_line = column >= 0 && rs_csv_next(csv);
    }
    for (; has_line; has_line = rs_csv_next(csv)) {
        read_request(csv, column, spec->unit_s, at);
    }
    if (!csv->failed && at->n == 0) {
        rs_csv_refuse(csv, 1, "the file holds no requests");
    }
}

/* Sorted (servers write a request when it ends), counted from the first one, cut to the part that is used. */
static int finish_log(struct recording *out,
                      struct arena *arena,
                      const struct recording_spec *spec,
                      struct csv *csv,
                      struct numbers *at)
{
    assert(at->v && at->n > 0);
    qsort(at->v, (size_t)at->n, sizeof(double), by_time);
    double t0 = at->v[0], last = at->v[at->n - 1] - t0;
    double gap = at->n > 1 && last > 0.0 ? last / (at->n - 1) : 1.0;
    int n_used = 0;
    for (int i = 0; i < at->n; i++) {
        double t = at->v[i] - t0 + 0.5 * gap - spec->skip_s; /* intervals leave out their start */
        if (t >= 0.0 && t < spec->use_s) {
            at->v[n_used++] = t;
        }
    }
    at->n = n_used;
    out->span_s = fmin(last + gap - spec->skip_s, spec->use_s);
    if (n_used == 0 || !(out->span_s > 0.0)) {
        return rs_csv_refuse(csv, 1, "the part that is used holds no requests");
    }
    out->n = n_used;
    out->at_s = keep(arena, at);
    out->mean_per_s = n_used / out->span_s;
    return 0;
}

int rs_request_log_read(struct recording *out,
                        struct arena *arena,
                        const struct recording_spec *spec,
                        struct err_list *errors)
{
    struct csv csv;
    struct numbers at = {0};
    *out = (struct recording){0};
    if (rs_csv_open(&csv, spec->path, errors) != 0) {
        return -1;
    }
    read_requests(&csv, spec, &at);
    int status = csv.failed ? -1 : finish_log(out, arena, spec, &csv, &at);
    rs_csv_close(&csv);
    free(at.v);
    return status;
}
