/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of numbers over time, read loosely: headings are any words, columns of numbers are series called by their heading,
 * columns of words are labels of all of them. And counts, one a line.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../requests/scan.h"
#include "../text/csv.h"
#include "series_text.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { LINE_MAX_ = 16 << 20, FIELDS_MAX = 10000, LABELS_MAX = 64 };

enum column_kind { COLUMN_VALUE, COLUMN_LABEL, COLUMN_TIME };

struct column {
    enum column_kind kind;
    char *name; /* owned */
    int series; /* of a table without labels; -1 = not asked for yet */
};

struct table {
    struct series_reader *r;
    struct csv csv;
    struct time_reader time;
    int n_column, n_label, n_value, time_column;
    struct column *column; /* [n_column], owned */
};

static struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static bool is_number(const char *text)
{
    double unused = 0.0;
    return rs_series_value(&unused, text) == 0;
}

/* Which column is the time: the one that was named, the one whose name is surest to be a time's, or the first. */
static int find_time(struct table *t)
{
    struct csv *csv = &t->csv;
    int best = 0, best_rank = -1;
    for (int i = 0; i < csv->n_field; i++) {
        const char *name = csv->field[i];
        int rank = rs_time_name_rank(name, strlen(name));
        if (t->r->opt->time && strcmp(t->r->opt->time, name) == 0) {
            return i;
        }
        if (rank >= 0 && (best_rank < 0 || rank < best_rank)) {
            best = i;
            best_rank = rank;
        }
    }
    if (!t->r->opt->time) {
        return best;
    }
    const char *near =
        rs_near_name(t->r->opt->time, (const char *const *)csv->field, (size_t)csv->n_field);
    return rs_csv_refuse(csv, 1,
                         near ? "there is no column \"%s\", did you mean \"%s\"?"
                              : "there is no column \"%s\"",
                         t->r->opt->time, near);
}

static bool read_heading(struct table *t)
{
    struct csv *csv = &t->csv;
    if (!rs_csv_next(csv) || !rs_csv_split(csv)) {
        return false;
    }
    t->time_column = find_time(t);
    if (t->time_column < 0) {
        return false;
    }
    t->n_column = csv->n_field;
    t->column = rs_xcalloc((size_t)csv->n_field, sizeof(*t->column));
    for (int i = 0; i < csv->n_field; i++) {
        char number[32];
        snprintf(number, sizeof(number), "column_%d", i + 1);
        const char *name = *csv->field[i] ? csv->field[i] : number;
        for (int j = 0; j < i; j++) {
            if (strcmp(t->column[j].name, name) == 0) {
                rs_csv_refuse(csv, csv->col[i], "two columns are called \"%.60s\"", name);
                break;
            }
        }
        if (!rs_is_utf8(name)) {
            rs_csv_refuse(csv, csv->col[i], "the heading is not UTF-8");
        }
        t->column[i] = (struct column){COLUMN_VALUE, rs_xstrdup(name), -1};
    }
    const char *time = t->column[t->time_column].name;
    size_t unused = 0;
    double unit = t->r->opt->time_unit_s;
    rs_time_reader_init(&t->time, unit > 0.0 ? unit : rs_unit_of_name(time, strlen(time), &unused));
    return !csv->failed;
}

/* The first row tells words from numbers. An empty cell may become a number yet. */
static bool tell_columns(struct table *t)
{
    struct csv *csv = &t->csv;
    for (int i = 0; i < t->n_column && i < csv->n_field; i++) {
        const char *cell = csv->field[i];
        bool words = *cell && !is_number(cell) && strcasecmp(cell, "stale") != 0;
        t->column[i].kind = i == t->time_column ? COLUMN_TIME : words ? COLUMN_LABEL : COLUMN_VALUE;
        t->n_label += t->column[i].kind == COLUMN_LABEL;
        t->n_value += t->column[i].kind == COLUMN_VALUE;
    }
    if (t->n_value == 0) {
        rs_csv_refuse(csv, 1, "no column but the time holds numbers");
    } else if (t->n_label > LABELS_MAX) {
        rs_csv_refuse(csv, 1, "more than %d columns hold words", LABELS_MAX);
    }
    return !csv->failed;
}

static int read_time(struct table *t, int64_t *out_ms)
{
    struct csv *csv = &t->csv;
    int64_t ns = 0;
    const char *cell = csv->field[t->time_column];
    if (rs_scan_time(&t->time, span_of(cell), &ns) != 0 ||
        !rs_series_time_fits(ns / RS_NS_PER_MS)) {
        return rs_csv_refuse(csv, csv->col[t->time_column],
                             "a time must be a number, \"YYYY-MM-DD HH:MM:SS\" or ISO 8601, got "
                             "\"%.60s\"",
                             cell);
    }
    *out_ms = ns / RS_NS_PER_MS;
    return 0;
}

/* The series of a column in this row. */
static int series_of(struct table *t, int i)
{
    struct csv *csv = &t->csv;
    struct label label[LABELS_MAX + 1];
    int n = 0;
    if (t->column[i].series >= 0) {
        return t->column[i].series;
    }
    label[n++] = (struct label){"__name__", t->column[i].name};
    for (int k = 0; k < t->n_column && t->n_label > 0; k++) {
        if (t->column[k].kind == COLUMN_LABEL) {
            if (!rs_is_utf8(csv->field[k])) {
                return rs_csv_refuse(csv, csv->col[k], "the text is not UTF-8");
            }
            label[n++] = (struct label){t->column[k].name, csv->field[k]};
        }
    }
    int series = rs_recorded_series(t->r->set, rs_labels_intern(t->r->set->labels, n, label));
    t->column[i].series = t->n_label == 0 ? series : -1;
    return series;
}

static void read_row(struct table *t)
{
    struct csv *csv = &t->csv;
    int64_t t_ms = 0;
    if (csv->n_field != t->n_column) {
        rs_csv_refuse(csv, 1, "the line has %d fields, the heading has %d", csv->n_field,
                      t->n_column);
        return;
    }
    if (read_time(t, &t_ms) != 0) {
        return;
    }
    for (int i = 0; i < t->n_column; i++) {
        const char *cell = csv->field[i];
        double v = 0.0;
        if (t->column[i].kind != COLUMN_VALUE || !*cell) {
            continue;
        }
        if (strcasecmp(cell, "stale") == 0) {
            v = rs_tsdb_stale();
        } else if (rs_series_value(&v, cell) != 0) {
            rs_csv_refuse(csv, csv->col[i],
                          "a number or nothing is expected in the column \"%.60s\", got \"%.60s\"",
                          t->column[i].name, cell);
            continue;
        }
        int series = series_of(t, i);
        if (series < 0) {
            return;
        }
        rs_recorded_add(t->r->set, series, t_ms, v);
    }
}

/* The source goes back to the caller, who closes it. */
static int end(struct series_reader *r, struct csv *csv)
{
    int status = csv->failed ? -1 : 0;
    r->n_error += csv->n_error;
    *r->source = csv->source;
    csv->source = (struct text_source){0};
    rs_csv_close(csv);
    return status;
}

static void begin(struct series_reader *r, struct csv *csv)
{
    rs_csv_take(csv, r->source, r->errors);
    csv->line_max = LINE_MAX_;
    csv->field_max = FIELDS_MAX;
}

int rs_series_read_table(struct series_reader *r)
{
    struct table t = {.r = r};
    begin(r, &t.csv);
    bool told = false;
    for (bool goes_on = read_heading(&t); goes_on && rs_csv_next(&t.csv);) {
        if (!rs_csv_split(&t.csv)) {
            continue;
        }
        if (!told) {
            told = true;
            goes_on = tell_columns(&t);
        }
        if (goes_on) {
            read_row(&t);
        }
    }
    for (int i = 0; i < t.n_column; i++) {
        free(t.column[i].name);
    }
    free(t.column);
    return end(r, &t.csv);
}

int rs_series_read_counts(struct series_reader *r)
{
    struct csv csv;
    struct label name = {"__name__",
                         strcmp(r->opt->metric, "value") == 0 ? "count" : r->opt->metric};
    int series = rs_recorded_series(r->set, rs_labels_intern(r->set->labels, 1, &name));
    int64_t every_ns = r->opt->count_every_ns > 0 ? r->opt->count_every_ns : RS_NS_PER_S, t_ns = 0;
    begin(r, &csv);
    while (rs_csv_next(&csv)) {
        double v = 0.0;
        if (rs_series_value(&v, csv.text) != 0) {
            rs_csv_refuse(&csv, 1, "one number a line is expected, got \"%.60s\"", csv.text);
            continue;
        }
        if (!rs_series_time_fits(t_ns / RS_NS_PER_MS)) {
            rs_csv_refuse(&csv, 1, "the counts reach farther than the year 2258");
            break;
        }
        rs_recorded_add(r->set, series, t_ns / RS_NS_PER_MS, v);
        t_ns = t_ns > INT64_MAX - every_ns ? INT64_MAX : t_ns + every_ns;
    }
    return end(r, &csv);
}
