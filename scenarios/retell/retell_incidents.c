/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Incidents: one by one in the document, or a file of them. */
#include <stdlib.h>
#include <string.h>

#include "../text/csv.h"
#include "../text/file.h"
#include "retell_read.h"
#include "sim/clock.h"

struct incidents {
    struct reader *r;
    const struct recorded *data;
    int n, cap;
    struct retell_incident *item;
};

static int add(struct incidents *to, struct retell_incident in)
{
    if (in.until_ms <= in.from_ms) {
        return rs_err_list_add(to->r->errors, RS_E_RANGE, in.at,
                               "incident \"%s\" ends before it begins", in.name);
    }
    if (in.from_ms < to->data->first_ms || in.from_ms > to->data->last_ms) {
        char from[40], first[40], last[40];
        return rs_err_list_add(to->r->errors, RS_E_RANGE, in.at,
                               "incident \"%s\" begins at %s, and the data are of %s to %s",
                               in.name, rs_backtest_time(from, sizeof(from), in.from_ms),
                               rs_backtest_time(first, sizeof(first), to->data->first_ms),
                               rs_backtest_time(last, sizeof(last), to->data->last_ms));
    }
    if (to->n == RS_LIST_MAX) {
        return rs_err_list_add(to->r->errors, RS_E_RANGE, in.at, "at most %d incidents are read",
                               RS_LIST_MAX);
    }
    RS_PUSH(to->r->arena, to->item, to->n, to->cap, in);
    return 0;
}

static int add_one(struct incidents *to, const struct incident_draft *d)
{
    struct retell_incident in = {.at = d->at};
    in.name = d->name ? d->name : rs_arena_printf(to->r->arena, "%d", to->n + 1);
    int status =
        rs_retell_time(to->r, to->data, rs_retell_at(d->map, "from"), "from", d->from, &in.from_ms);
    in.until_ms = in.from_ms + d->lasts_ns / RS_NS_PER_MS;
    if (d->until) {
        status |= rs_retell_time(to->r, to->data, rs_retell_at(d->map, "until"), "until", d->until,
                                 &in.until_ms);
    }
    return status == 0 ? add(to, in) : -1;
}

/* ---- a file ---- */

struct columns {
    int from, until, name;
    int *where; /* [d->where->n] */
};

/* Index of the column that a key names; -1 with an error. */
static int
find_column(struct incidents *to, const struct csv *csv, struct mark at, const char *word)
{
    for (int i = 0; i < csv->n_field; i++) {
        if (strcmp(csv->field[i], word) == 0) {
            return i;
        }
    }
    return rs_refuse_name(to->r, RS_E_REF, at, word, (const char *const *)csv->field,
                          (size_t)csv->n_field, "\"%s\" has no column \"%s\"", csv->path, word);
}

static int find_columns(struct incidents *to,
                        const struct incident_draft *d,
                        const struct csv *csv,
                        struct columns *out)
{
    out->until = out->name = 0;
    out->from = find_column(to, csv, rs_retell_at(d->map, "from"), d->from);
    if (d->until) {
        out->until = find_column(to, csv, rs_retell_at(d->map, "until"), d->until);
    }
    if (d->name) {
        out->name = find_column(to, csv, rs_retell_at(d->map, "name"), d->name);
    }
    bool bad = out->from < 0 || out->until < 0 || out->name < 0;
    out->where = RS_ARENA_ARRAY(to->r->arena, int, d->where ? d->where->n : 0);
    for (int i = 0; d->where && i < d->where->n; i++) {
        out->where[i] = find_column(to, csv, d->where->pair[i].at, d->where->pair[i].key);
        bad = bad || out->where[i] < 0;
    }
    return bad ? -1 : 0;
}

static bool is_value(const struct node *wanted, const char *cell)
{
    if (wanted->kind == RS_NODE_SCALAR) {
        return strcmp(wanted->text, cell) == 0;
    }
    for (int i = 0; wanted->kind == RS_NODE_LIST && i < wanted->n; i++) {
        if (wanted->item[i]->kind == RS_NODE_SCALAR && strcmp(wanted->item[i]->text, cell) == 0) {
            return true;
        }
    }
    return false;
}

static int add_row(struct incidents *to,
                   const struct incident_draft *d,
                   const struct csv *csv,
                   const struct columns *column)
{
    for (int i = 0; d->where && i < d->where->n; i++) {
        if (!is_value(d->where->pair[i].value, csv->field[column->where[i]])) {
            return 0;
        }
    }
    struct retell_incident in = {.at = {csv->path, csv->line, csv->col[column->from]}};
    in.name = d->name ? rs_arena_strdup(to->r->arena, csv->field[column->name])
                      : rs_arena_printf(to->r->arena, "%d", to->n + 1);
    int status =
        rs_retell_time(to->r, to->data, in.at, d->from, csv->field[column->from], &in.from_ms);
    in.until_ms = in.from_ms + d->lasts_ns / RS_NS_PER_MS;
    if (d->until) {
        struct mark at = {csv->path, csv->line, csv->col[column->until]};
        status |=
            rs_retell_time(to->r, to->data, at, d->until, csv->field[column->until], &in.until_ms);
    }
    return status == 0 ? add(to, in) : -1;
}

static int read_rows(struct incidents *to, const struct incident_draft *d, struct csv *csv)
{
    struct columns column;
    int n_before = to->n, status = 0;
    if (!rs_csv_next(csv) || !rs_csv_split(csv)) {
        return rs_err_list_add(to->r->errors, RS_E_SYNTAX, rs_retell_at(d->map, "file"),
                               "\"%s\" has no heading", csv->path);
    }
    int n_field = csv->n_field;
    if (find_columns(to, d, csv, &column) != 0) {
        return -1;
    }
    while (status == 0 && rs_csv_next(csv) && rs_csv_split(csv)) {
        status = csv->n_field == n_field
                     ? add_row(to, d, csv, &column)
                     : rs_csv_refuse(csv, 1, "the line has %d fields, the heading has %d",
                                     csv->n_field, n_field);
    }
    if (status == 0 && to->n == n_before) {
        status = rs_err_list_add(to->r->errors, RS_E_RANGE, d->at, "\"%s\" has no incident%s",
                                 csv->path, d->where ? " with what \"where\" asks for" : "");
    }
    return status;
}

static int add_file(struct incidents *to, const struct incident_draft *d)
{
    struct mark at = rs_retell_at(d->map, "file");
    const char *path = rs_file_path(to->r, d->file, at);
    struct csv csv;
    if (!path || rs_file_check(to->r->errors, path, at) != 0 ||
        rs_csv_open(&csv, path, to->r->errors) != 0) {
        return -1;
    }
    int status = read_rows(to, d, &csv);
    status = csv.failed || csv.n_error > 0 ? -1 : status;
    rs_csv_close(&csv);
    return status;
}

static int by_from(const void *a, const void *b)
{
    const struct retell_incident *x = a, *y = b;
    return x->from_ms != y->from_ms ? (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms)
                                    : strcmp(x->name, y->name);
}

int rs_retell_incidents(struct reader *r, const struct retell_draft *d, struct retell *out)
{
    struct incidents to = {.r = r, .data = out->spec.data};
    int status = 0;
    for (int i = 0; i < d->n_incident; i++) {
        const struct incident_draft *in = &d->incident[i];
        status |= in->file ? add_file(&to, in) : add_one(&to, in);
    }
    if (to.n > 0) {
        qsort(to.item, (size_t)to.n, sizeof(*to.item), by_from);
    }
    out->incident = to.item;
    out->n_incident = to.n;
    return status;
}
