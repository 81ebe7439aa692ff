/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series in CSV: a column per series, or a line per sample. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../text/csv.h"
#include "series_text.h"
#include "sim/arena.h"

enum { LINE_MAX_ = 16 << 20, FIELDS_MAX = 10000, LABELS_MAX = 64 };

struct table {
    struct series_reader *r;
    struct csv csv;
    bool in_ms;   /* the time column says so */
    int n_column; /* of the heading */
    /* Wide: the series of each column, -1 = none. Long: the label of each column, NULL = none. */
    int *series;
    char **label;
    int series_column, metric_column, value_column; /* long; -1 = none */
};

static int read_time(struct table *t, int64_t *out_ms)
{
    struct csv *csv = &t->csv;
    int status = rs_series_seconds(out_ms, csv->field[0]);
    if (status == 0) {
        *out_ms /= t->in_ms ? 1000 : 1;
        status = rs_series_time_fits(*out_ms) ? 0 : RS_SERIES_FAR;
    } else if (!t->in_ms && status != RS_SERIES_FAR) {
        status = rs_series_date(out_ms, csv->field[0]);
    }
    if (status == RS_SERIES_FAR) {
        return rs_csv_refuse(csv, csv->col[0], "the time is " RS_SERIES_RANGE "%s",
                             t->in_ms ? "" : "; milliseconds stand in a column called \"t_ms\"");
    }
    if (status == 0) {
        return 0;
    }
    return rs_csv_refuse(csv, csv->col[0],
                         t->in_ms ? "a time must be a number of milliseconds, got \"%.60s\""
                                  : "a time must be seconds, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, "
                                    "got \"%.60s\"",
                         csv->field[0]);
}

/* One cell as a sample; an empty one is none. */
static void take_cell(struct table *t, int field, int series, int64_t t_ms)
{
    struct csv *csv = &t->csv;
    double v = 0.0;
    if (!csv->field[field][0]) {
        return;
    }
    if (strcasecmp(csv->field[field], "stale") == 0) {
        v = rs_tsdb_stale();
    } else if (rs_series_value(&v, csv->field[field]) != 0) {
        rs_csv_refuse(csv, csv->col[field],
                      "a value must be a number, \"NaN\", \"Inf\", \"stale\" or nothing, got "
                      "\"%.60s\"",
                      csv->field[field]);
        return;
    }
    rs_recorded_add(t->r->set, series, t_ms, v);
}

/* A series as text, in a field that may be written over. -1 with an error. */
static int series_in(struct table *t, int field)
{
    struct csv *csv = &t->csv;
    struct series_fault fault;
    rs_labels labels = 0;
    if (rs_series_labels(&labels, t->r->set->labels, csv->field[field], RS_QUOTING_PROMQL,
                         t->r->opt->metric, &fault) != 0) {
        return rs_csv_refuse(csv, csv->col[field], "%s", fault.text);
    }
    return rs_recorded_series(t->r->set, labels);
}

/* ---- wide ---- */

/* A heading as a spreadsheet has it: words, and no series. */
static bool is_words(const char *heading)
{
    size_t n = strspn(heading, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    return (heading[n] && !strchr(heading, '{')) || !*heading || strchr("0123456789", *heading);
}

/* Where one heading is words, others are: one error tells it. */
static bool refuse_words(struct table *t)
{
    struct csv *csv = &t->csv;
    for (int i = 1; i < csv->n_field; i++) {
        if (is_words(csv->field[i])) {
            rs_csv_refuse(csv, csv->col[i],
                          "the heading \"%.60s\" is no series; headings are like "
                          "time,up{job=\"\"a\"\"},x or time,series,value (docs/rules.md)",
                          csv->field[i]);
            return true;
        }
    }
    return false;
}

static void note_value(const struct table *t)
{
    if (t->r->opt->notes && t->n_column == 2 && t->value_column == 1) {
        rs_err_list_add(
            t->r->opt->notes, RS_E_REF,
            (struct mark){t->r->source->path, t->csv.line, t->csv.col[1]},
            "the column is read as a series called \"%s\"; --metric gives it another name",
            t->csv.field[1]);
    }
}

static void read_wide_heading(struct table *t)
{
    struct csv *csv = &t->csv;
    t->n_column = csv->n_field;
    t->series = rs_xcalloc((size_t)csv->n_field, sizeof(*t->series));
    if (refuse_words(t)) {
        return;
    }
    note_value(t);
    for (int i = 1; i < csv->n_field; i++) {
        t->series[i] = series_in(t, i);
        for (int j = 1; j < i && t->series[i] >= 0; j++) {
            if (t->series[j] == t->series[i]) {
                rs_csv_refuse(csv, csv->col[i], "two columns hold the same series");
                break;
            }
        }
    }
}

static void read_wide_row(struct table *t)
{
    struct csv *csv = &t->csv;
    int64_t t_ms = 0;
    if (csv->n_field > t->n_column) {
        rs_csv_refuse(csv, csv->col[t->n_column], "the line has %d fields, the heading has %d",
                      csv->n_field, t->n_column);
        return;
    }
    if (read_time(t, &t_ms) != 0) {
        return;
    }
    for (int i = 1; i < csv->n_field; i++) {
        take_cell(t, i, t->series[i], t_ms);
    }
}

/* ---- long ---- */

static int column_named(const struct csv *csv, const char *name)
{
    for (int i = 1; i < csv->n_field; i++) {
        if (strcasecmp(csv->field[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void read_long_heading(struct table *t)
{
    struct csv *csv = &t->csv;
    t->n_column = csv->n_field;
    t->label = rs_xcalloc((size_t)csv->n_field, sizeof(*t->label));
    for (int i = 1; i < csv->n_field; i++) {
        if (i == t->series_column || i == t->metric_column || i == t->value_column) {
            continue;
        }
        t->label[i] = rs_xstrdup(csv->field[i]);
        if (t->series_column >= 0) {
            rs_csv_refuse(csv, csv->col[i],
                          "beside a column \"series\" only a time and a value may stand");
        } else if (strcmp(t->label[i], "__name__") == 0) {
            rs_csv_refuse(csv, csv->col[i],
                          "\"__name__\" is the metric's name, for which there is the column "
                          "\"metric\"");
        } else if (!rs_is_utf8(t->label[i]) ||
                   t->label[i][strspn(t->label[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                                                   "VWXYZ0123456789_")] ||
                   strchr("0123456789", t->label[i][0])) {
            rs_csv_refuse(csv, csv->col[i], "the heading \"%.60s\" is no label name", t->label[i]);
        } else if (column_named(csv, t->label[i]) < i) {
            rs_csv_refuse(csv, csv->col[i], "two columns are called \"%.60s\"", t->label[i]);
        }
    }
    if (csv->n_field > LABELS_MAX) {
        rs_csv_refuse(csv, 1, "the heading names more than %d labels", LABELS_MAX - 3);
    }
}

/* The series of a line that names metric and labels in columns. */
static int series_by_columns(struct table *t)
{
    struct csv *csv = &t->csv;
    struct label label[LABELS_MAX + 1];
    int n = 0;
    const char *metric = t->metric_column >= 0 ? csv->field[t->metric_column] : "";
    if (!*metric) {
        metric = t->r->opt->metric;
    }
    if (!metric) {
        return rs_csv_refuse(csv, csv->col[t->metric_column], "the metric has no name");
    }
    label[n++] = (struct label){"__name__", metric};
    for (int i = 1; i < t->n_column; i++) {
        if (t->label[i]) {
            label[n++] = (struct label){t->label[i], csv->field[i]};
        }
    }
    for (int i = 0; i < n; i++) {
        if (!rs_is_utf8(label[i].value)) {
            return rs_csv_refuse(csv, 1, "the line is not UTF-8");
        }
    }
    return rs_recorded_series(t->r->set, rs_labels_intern(t->r->set->labels, n, label));
}

static void read_long_row(struct table *t)
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
    int series = t->series_column >= 0 ? series_in(t, t->series_column) : series_by_columns(t);
    if (series >= 0) {
        take_cell(t, t->value_column, series, t_ms);
    }
}

/* ---- both ---- */

static bool read_heading(struct table *t)
{
    struct csv *csv = &t->csv;
    if (!rs_csv_next(csv)) {
        return false;
    }
    if (!rs_csv_split(csv)) {
        return false;
    }
    size_t n = strlen(csv->field[0]);
    t->in_ms = n >= 3 && strcasecmp(csv->field[0] + n - 3, "_ms") == 0;
    t->value_column = column_named(csv, "value");
    t->series_column = t->value_column >= 0 ? column_named(csv, "series") : -1;
    t->metric_column =
        t->value_column >= 0 && t->series_column < 0 ? column_named(csv, "metric") : -1;
    if (t->value_column >= 0 && t->series_column < 0 && t->metric_column < 0) {
        t->metric_column = column_named(csv, "__name__");
    }
    bool named = t->r->opt->metric && t->value_column >= 0; /* only labels are left to tell */
    if (t->series_column >= 0 || t->metric_column >= 0 || named) {
        read_long_heading(t);
    } else {
        read_wide_heading(t);
    }
    return !csv->failed;
}

int rs_series_read_csv(struct series_reader *r, enum series_format *out_format)
{
    struct table t = {.r = r, .series_column = -1, .metric_column = -1, .value_column = -1};
    rs_csv_take(&t.csv, r->source, r->errors);
    t.csv.line_max = LINE_MAX_;
    t.csv.field_max = FIELDS_MAX;
    if (read_heading(&t)) {
        while (rs_csv_next(&t.csv)) {
            if (!rs_csv_split(&t.csv)) {
                continue;
            }
            if (t.label) {
                read_long_row(&t);
            } else {
                read_wide_row(&t);
            }
        }
    }
    *out_format = t.label ? RS_SERIES_CSV_LONG : RS_SERIES_CSV_WIDE;
    r->n_error += t.csv.n_error;
    int status = t.csv.failed ? -1 : 0;
    for (int i = 0; t.label && i < t.n_column; i++) {
        free(t.label[i]);
    }
    free(t.label);
    free(t.series);
    *r->source = t.csv.source; /* the caller closes it */
    t.csv.source = (struct text_source){0};
    rs_csv_close(&t.csv);
    return status;
}
