/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recording.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/clock.h"
#include "text/csv.h"
#include "text/value.h"

/* 1990: a smaller time counts from some beginning. */
static const double first_date_s = 631152000.0;

/* ---- steps ---- */

void rs_stairs_push(struct stairs *s, double at_s, double v)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 1024;
        s->at_s = rs_xrealloc(s->at_s, sizeof(double) * (size_t)s->cap);
        s->v = rs_xrealloc(s->v, sizeof(double) * (size_t)s->cap);
    }
    s->at_s[s->n] = at_s;
    s->v[s->n++] = v;
}

void rs_stairs_add(struct stairs *s, double at_s, double v)
{
    if (s->n > 0 && s->at_s[s->n - 1] >= at_s) {
        s->n--;
    }
    if (s->n > 0 && (s->v[s->n - 1] == v || (isnan(s->v[s->n - 1]) && isnan(v)))) {
        return;
    }
    rs_stairs_push(s, at_s, v);
}

void rs_stairs_clear(struct stairs *s)
{
    free(s->at_s);
    free(s->v);
    *s = (struct stairs){0};
}

static const double *keep(struct arena *arena, const double *v, int n)
{
    double *kept = RS_ARENA_ARRAY(arena, double, n);
    if (n > 0) {
        memcpy(kept, v, sizeof(double) * (size_t)n);
    }
    return kept;
}

int rs_stairs_to_recording(struct recording *out,
                           struct arena *arena,
                           const struct stairs *s,
                           double end_s,
                           double from_s,
                           const struct recording_spec *spec,
                           struct err_list *errors)
{
    struct stairs used = {0};
    double span = fmin(end_s - from_s, spec->use_s), sum = 0.0;
    *out = (struct recording){0};
    rs_stairs_add(&used, 0.0, 0.0);
    for (int i = 0; i < s->n; i++) {
        double from = fmax(s->at_s[i] - from_s, 0.0);
        double to = fmin((i + 1 < s->n ? s->at_s[i + 1] : end_s) - from_s, span);
        double rate = isnan(s->v[i]) ? 0.0 : s->v[i];
        if (to > from) {
            rs_stairs_add(&used, from, rate);
            sum += (to - from) * rate;
        }
    }
    if (span > 0.0) {
        out->n = used.n;
        out->at_s = keep(arena, used.at_s, used.n);
        out->per_s = keep(arena, used.v, used.n);
        out->span_s = span;
        out->mean_per_s = sum / span;
    }
    rs_stairs_clear(&used);
    if (span > 0.0) {
        return 0;
    }
    return rs_err_list_add(errors, RS_E_RANGE, (struct mark){spec->path, 0, 0},
                           "the part that is used holds no values");
}

/* ---- counts ---- */

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

struct counts {
    const struct recording_spec *spec;
    struct stairs row;           /* rows that are used; times from the first row of the file */
    double from, t0, last, step; /* step: smallest difference of two rows */
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
static bool take_row(struct counts *s, struct csv *csv, double t, double count)
{
    double step = s->spec->every_s > 0.0 ? s->spec->every_s : s->has_row ? t - s->last : INFINITY;
    s->step = s->has_row && step < s->step ? step : s->step;
    s->has_row = true;
    s->last = t;
    if (t >= s->from + s->spec->use_s) {
        return false;
    }
    if (s->row.n == RS_RECORDING_STEPS_MAX) {
        rs_csv_refuse(csv, 1, "more than %d values; use a longer step or \"cut\"",
                      RS_RECORDING_STEPS_MAX);
        return false;
    }
    /* Of the rows before the part that is used the last one may still reach into it. */
    if (s->row.n > 0 && t <= s->from) {
        s->row.n = 0;
    }
    rs_stairs_push(&s->row, t, count);
    return true;
}

static void read_counts(struct counts *s, struct csv *csv)
{
    double every = s->spec->every_s > 0.0 ? s->spec->every_s : 1.0;
    double i = 0.0;
    if (s->spec->has_from) {
        rs_csv_refuse(csv, 1, "counts without times have no date; use \"skip\" and \"cut\"");
        return;
    }
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

static bool read_csv_row(struct counts *s, struct csv *csv, int column)
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
    if (!s->has_row) {
        s->t0 = t;
        s->from = s->spec->has_from ? rs_s_from_ns(s->spec->from_ns) - t : s->spec->skip_s;
    }
    t -= s->t0;
    if (s->has_row && !(t > s->last)) {
        rs_csv_refuse(csv, csv->col[0], "times must rise");
        return true;
    }
    return take_row(s, csv, t, count);
}

static void read_csv(struct counts *s, struct csv *csv)
{
    rs_csv_split(csv);
    int column = value_column(csv, s->spec->column);
    if (column < 0) {
        return;
    }
    while (rs_csv_next(csv) && read_csv_row(s, csv, column)) {
    }
}

static int
finish_counts(struct counts *s, struct recording *out, struct arena *arena, struct csv *csv)
{
    if (s->row.n == 0) {
        return rs_csv_refuse(csv, 1, "the part that is used holds no values");
    }
    if (!isfinite(s->step)) {
        return rs_csv_refuse(csv, 1, "one row tells no step; give \"every\"");
    }
    if (s->spec->has_from && s->t0 < first_date_s) {
        return rs_csv_refuse(csv, 1, "\"from\" needs dates, and the times of the file are none");
    }
    struct stairs rate = {0};
    double end = 0.0;
    for (int i = 0; i < s->row.n; i++) {
        double next = i + 1 < s->row.n ? s->row.at_s[i + 1] : INFINITY;
        end = fmin(s->row.at_s[i] + s->step, next);
        rs_stairs_push(&rate, s->row.at_s[i], s->row.v[i] / s->step);
        if (next > end) {
            rs_stairs_push(&rate, end, 0.0); /* gaps between rows are zeros */
        }
    }
    int status = rs_stairs_to_recording(out, arena, &rate, end, s->from, s->spec, csv->errors);
    rs_stairs_clear(&rate);
    return status;
}

static int read_counts_file(struct recording *out,
                            struct arena *arena,
                            const struct recording_spec *spec,
                            struct err_list *errors)
{
    struct csv csv;
    struct counts s = {.spec = spec, .step = INFINITY, .from = spec->skip_s};
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
    int status = csv.failed ? -1 : finish_counts(&s, out, arena, &csv);
    rs_csv_close(&csv);
    rs_stairs_clear(&s.row);
    return status;
}

/* ---- any of them ---- */

int rs_recording_read(struct recording *out,
                      struct arena *arena,
                      const struct recording_spec *spec,
                      struct err_list *errors)
{
    struct recording_spec told = *spec;
    const struct requests_form *form = &spec->form;
    bool is_log = form->latency || form->status || form->route || spec->picks.n_route > 0 ||
                  spec->picks.status;
    *out = (struct recording){0};
    if (told.format == RS_REQUESTS_AUTO) {
        told.format = told.selector
                          ? RS_RECORDING_SERIES
                          : rs_recording_sniff(spec->path, is_log ? NULL : spec->column, errors);
    }
    if (told.format < 0) {
        return -1;
    }
    if (told.format == RS_REQUESTS_TIMES && spec->format == RS_REQUESTS_AUTO) {
        told.format = RS_RECORDING_COUNTS;
    }
    if (told.format == RS_RECORDING_COUNTS) {
        return read_counts_file(out, arena, &told, errors);
    }
    if (told.format == RS_RECORDING_SERIES) {
        return rs_recording_read_series_rate(out, arena, &told, errors);
    }
    return rs_recording_read_log_rate(out, arena, &told, errors);
}
