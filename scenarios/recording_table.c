/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recording_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql_selector.h"
#include "text/csv.h"
#include "text/value.h"

enum { ROWS_MAX = 1000000 };

static double *new_row(struct recording_table *t, double at_s)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 256;
        t->at_s = rs_xrealloc(t->at_s, sizeof(double) * (size_t)t->cap);
        t->v = rs_xrealloc(t->v, sizeof(double) * (size_t)t->cap * (size_t)t->n_source);
    }
    t->at_s[t->n] = at_s;
    return &t->v[(size_t)t->n++ * (size_t)t->n_source];
}

int rs_table_refuse(const struct recording_table *t, struct err_list *errors, const char *text)
{
    return rs_err_list_add(errors, RS_E_RANGE, (struct mark){t->path, 0, 0}, "%s", text);
}

/* ---- columns ---- */

static int
find_columns(struct csv *csv, const struct recording_table *t, int column[RS_SOURCES_MAX])
{
    for (int s = 0; s < t->n_source; s++) {
        column[s] = -1;
        for (int i = 1; i < csv->n_field; i++) {
            if (strcmp(csv->field[i], t->name[s]) == 0) {
                column[s] = i;
            }
        }
        if (column[s] >= 0) {
            continue;
        }
        const char *near =
            rs_near_name(t->name[s], (const char *const *)csv->field, (size_t)csv->n_field);
        rs_csv_refuse(csv, 1,
                      near ? "there is no column \"%s\", did you mean \"%s\"?"
                           : "there is no column \"%s\"",
                      t->name[s], near);
    }
    return csv->failed ? -1 : 0;
}

static void read_cells(struct csv *csv, const int column[RS_SOURCES_MAX], int n, double *v)
{
    for (int s = 0; s < n; s++) {
        v[s] = NAN;
        if (column[s] >= csv->n_field) {
            rs_csv_refuse(csv, 1, "the line has no field %d", column[s] + 1);
        } else if (csv->field[column[s]][0] && rs_value_number(&v[s], csv->field[column[s]]) != 0 &&
                   strcmp(csv->field[column[s]], "NaN") != 0) {
            rs_csv_refuse(csv, csv->col[column[s]],
                          "a value must be a number or nothing, got \"%.60s\"",
                          csv->field[column[s]]);
        }
    }
}

static void read_rows(struct csv *csv, struct recording_table *t)
{
    int column[RS_SOURCES_MAX];
    double begin = 0.0, time = 0.0;
    rs_csv_split(csv);
    if (find_columns(csv, t, column) != 0) {
        return;
    }
    while (rs_csv_next(csv)) {
        rs_csv_split(csv);
        if (rs_value_timestamp(&time, csv->field[0]) != 0) {
            rs_csv_refuse(
                csv, csv->col[0],
                "a time must be seconds, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, got \"%.60s\"",
                csv->field[0]);
            continue;
        }
        begin = t->n == 0 ? time : begin;
        if (t->n > 0 && !(time - begin > t->at_s[t->n - 1])) {
            rs_csv_refuse(csv, csv->col[0], "times must rise");
            continue;
        }
        if (t->n == ROWS_MAX) {
            rs_csv_refuse(csv, 1, "more than %d rows", ROWS_MAX);
            return;
        }
        read_cells(csv, column, t->n_source, new_row(t, time - begin));
    }
    t->begin_unix_s = begin;
}

/* After a row that does not reach the next one nothing is told. */
static int close_gaps(struct recording_table *t, double every_s, struct err_list *errors)
{
    double step = every_s;
    for (int i = 1; i < t->n && every_s <= 0.0; i++) {
        double d = t->at_s[i] - t->at_s[i - 1];
        step = step <= 0.0 || d < step ? d : step;
    }
    if (t->n == 0) {
        return rs_table_refuse(t, errors, "the file holds no values");
    }
    if (step <= 0.0) {
        return rs_table_refuse(t, errors, "one row tells no step; give \"every\"");
    }
    struct recording_table closed = {.n_source = t->n_source};
    size_t row = sizeof(double) * (size_t)t->n_source;
    for (int i = 0; i < t->n; i++) {
        memcpy(new_row(&closed, t->at_s[i]), &t->v[(size_t)i * (size_t)t->n_source], row);
        /* A thousandth of a step is the rounding of times. */
        if (i + 1 < t->n && t->at_s[i + 1] - t->at_s[i] <= 1.001 * step) {
            continue;
        }
        double *none = new_row(&closed, t->at_s[i] + step);
        for (int s = 0; s < t->n_source; s++) {
            none[s] = NAN;
        }
    }
    free(t->at_s);
    free(t->v);
    t->n = closed.n;
    t->cap = closed.cap;
    t->at_s = closed.at_s;
    t->v = closed.v;
    return 0;
}

int rs_table_read_columns(struct recording_table *t, double every_s, struct err_list *errors)
{
    struct csv csv;
    if (rs_csv_open(&csv, t->path, errors) != 0) {
        return -1;
    }
    if (rs_csv_next(&csv)) {
        read_rows(&csv, t);
    } else if (!csv.failed) {
        rs_csv_refuse(&csv, 1, "the file holds no values");
    }
    int status = csv.failed ? -1 : close_gaps(t, every_s, errors);
    rs_csv_close(&csv);
    return status;
}

/* ---- series ---- */

/* Rows at every time at which one of the sources changes. */
static void join(struct recording_table *t, const struct stairs *s)
{
    int at[RS_SOURCES_MAX] = {0}; /* steps of each that are past */
    for (;;) {
        double next = INFINITY;
        for (int i = 0; i < t->n_source; i++) {
            if (at[i] < s[i].n) {
                next = fmin(next, s[i].at_s[at[i]]);
            }
        }
        if (!isfinite(next)) {
            return;
        }
        double *row = new_row(t, next);
        for (int i = 0; i < t->n_source; i++) {
            at[i] += at[i] < s[i].n && s[i].at_s[at[i]] <= next;
            row[i] = at[i] > 0 ? s[i].v[at[i] - 1] : (double)NAN;
        }
    }
}

int rs_table_read_series(struct reader *r,
                         const struct node *const *node,
                         struct recording_table *t,
                         double every_s)
{
    struct recorded *set = rs_recording_series_read(t->path, r->errors);
    struct stairs steps[RS_SOURCES_MAX] = {{0}};
    int status = set ? 0 : -1;
    for (int i = 0; set && i < t->n_source; i++) {
        double end_s = 0.0;
        struct promql_selector *selector = rs_recording_selector(r, node[i]);
        struct recording_spec spec = {.path = t->path, .selector = selector, .every_s = every_s};
        status |=
            selector ? rs_recording_series_steps(&steps[i], &end_s, set, &spec, r->errors) : -1;
        rs_promql_selector_free(selector);
    }
    if (status == 0) {
        join(t, steps);
        t->begin_unix_s =
            rs_recorded_is_absolute(set->first_ms) ? (double)set->first_ms * 1e-3 : 0.0;
    }
    for (int i = 0; i < RS_SOURCES_MAX; i++) {
        rs_stairs_clear(&steps[i]);
    }
    rs_recorded_free(set);
    return status;
}

void rs_table_clear(struct recording_table *t)
{
    free(t->at_s);
    free(t->v);
}
