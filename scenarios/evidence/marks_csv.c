/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timelines as tables: an event a line, or an episode a line and an instant a column. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../series/series_text.h"
#include "../text/csv.h"
#include "evidence_read.h"

enum { LINE_MAX_BYTES = 1 << 16, NONE = -1 };

/* ---- lines ---- */

/* Cuts the line in hand; false with an error where it is no text, or a quote is left open. */
static bool split(struct csv *csv)
{
    size_t n = rs_utf8_prefix(csv->text);
    if (csv->text[n] != '\0') {
        rs_csv_refuse(csv, (int)n + 1, "the text is not UTF-8");
        return false;
    }
    return rs_csv_split(csv);
}

/* A last line without an end may be a whole one, and may be what was left of one. */
static void tell_cut(struct marks_reading *m, const struct csv *csv)
{
    if (csv->n_error == 0 && csv->source.unended) {
        rs_evidence_note(m->e, (struct mark){csv->path, csv->source.line - 1, 1},
                         "the last line does not end: is the file cut here? it is read as it "
                         "stands");
    }
}

/* ---- headings ---- */

static int find(const struct csv *csv, const char *word)
{
    for (int i = 0; i < csv->n_field; i++) {
        if (strcmp(csv->field[i], word) == 0) {
            return i;
        }
    }
    return NONE;
}

/* Reads the heading; -1 with an error. *out_n: its fields. */
static int read_heading(struct csv *csv, int *out_n)
{
    if (!rs_csv_next(csv)) {
        return csv->n_error > 0 ? -1 : rs_csv_refuse(csv, 1, "the table has no heading");
    }
    if (!split(csv)) {
        return -1;
    }
    for (int i = 0; i < csv->n_field; i++) {
        for (int k = 0; k < i; k++) {
            if (csv->field[i][0] && strcmp(csv->field[i], csv->field[k]) == 0) {
                return rs_csv_refuse(csv, csv->col[i], "two columns are called \"%.60s\"",
                                     csv->field[i]);
            }
        }
    }
    *out_n = csv->n_field;
    return 0;
}

/* Columns that nobody asks for are told in one note. */
static void tell_others(struct marks_reading *m, const struct csv *csv, const bool *used)
{
    char words[200] = "";
    size_t n = 0;
    int n_other = 0;
    for (int i = 0; i < csv->n_field; i++) {
        if (!used[i] && n < sizeof(words)) {
            n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%.40s", n_other ? ", " : "",
                                  csv->field[i]);
        }
        n_other += !used[i];
    }
    if (n_other > 0) {
        rs_evidence_note(m->e, (struct mark){csv->path, csv->line, 1},
                         "columns that are not read: %s%s", words,
                         n >= sizeof(words) ? ", ..." : "");
    }
}

/* The next row as long as the heading; false at the end, or where reading must stop. Rows that are not are told. */
static bool next_row(struct csv *csv, int n_field)
{
    while (rs_csv_next(csv)) {
        if (!split(csv)) {
            continue;
        }
        if (csv->n_field == n_field) {
            return true;
        }
        rs_csv_refuse(csv, 1, "the line has %d fields, the heading has %d%s", csv->n_field, n_field,
                      rs_source_look(&csv->source) == RS_SOURCE_END ? "; is the file cut here?"
                                                                    : "");
    }
    return false;
}

static const char *field(const struct csv *csv, int column)
{
    return column == NONE || csv->field[column][0] == '\0' ? NULL : csv->field[column];
}

static struct mark place(const struct csv *csv, int column)
{
    return (struct mark){csv->path, csv->line, column == NONE ? 1 : csv->col[column]};
}

/* ---- an event a line ---- */

enum { AT, TIME, DATE, EVENT, ACTOR, STAGE, FLAG, ON, PERCENT, SUBJECT, EPISODE, NOTE, N_COLUMN };
static const char *const column_name[N_COLUMN] = {"at",      "time",    "date",    "event",
                                                  "actor",   "stage",   "flag",    "on",
                                                  "percent", "subject", "episode", "note"};

/* Where each word stands; -1 with errors. */
static int find_columns(struct marks_reading *m, struct csv *csv, int column[N_COLUMN])
{
    bool *used = RS_ARENA_ARRAY(m->r->arena, bool, csv->n_field + 1);
    for (int i = 0; i < N_COLUMN; i++) {
        column[i] = find(csv, column_name[i]);
        if (column[i] != NONE) {
            used[column[i]] = true;
        }
    }
    column[AT] = column[AT] != NONE ? column[AT] : column[TIME];
    tell_others(m, csv, used);
    for (int i = 0; i < 2; i++) {
        const char *word = i == 0 ? "at" : "event";
        if (column[i == 0 ? AT : EVENT] == NONE) {
            return rs_refuse_name(m->r, RS_E_KEY, place(csv, NONE), word,
                                  (const char *const *)csv->field, (size_t)csv->n_field,
                                  "a timeline needs the column \"%s\"%s", word,
                                  i == 0 ? " (or \"time\")" : "");
        }
    }
    return 0;
}

/* The day of a row's date; RS_WHEN_NO_DAY where it has none. -1 with an error. */
static int read_day(struct marks_reading *m, const struct csv *csv, int column, int64_t *out)
{
    const char *text = field(csv, column);
    *out = RS_WHEN_NO_DAY;
    if (!text || rs_when_day(out, text) == 0) {
        return 0;
    }
    return rs_err_list_add(m->r->errors, RS_E_TYPE, place(csv, column),
                           "\"%.40s\" must be a date like 2025-09-29", text);
}

static int read_event(struct marks_reading *m, const struct csv *csv, const int column[N_COLUMN])
{
    int64_t day = RS_WHEN_NO_DAY;
    const struct mark_draft d = {.at = field(csv, column[AT]),
                                 .event = field(csv, column[EVENT]),
                                 .actor = field(csv, column[ACTOR]),
                                 .stage = field(csv, column[STAGE]),
                                 .flag = field(csv, column[FLAG]),
                                 .on = field(csv, column[ON]),
                                 .percent = field(csv, column[PERCENT]),
                                 .subject = field(csv, column[SUBJECT]),
                                 .episode = field(csv, column[EPISODE]),
                                 .note = field(csv, column[NOTE]),
                                 .at_at = place(csv, column[AT]),
                                 .event_at = place(csv, column[EVENT]),
                                 .stage_at = place(csv, column[STAGE]),
                                 .flag_at = place(csv, column[FLAG]),
                                 .on_at = place(csv, column[ON]),
                                 .percent_at = place(csv, column[PERCENT]),
                                 .here = place(csv, NONE)};
    if (!d.at || !d.event) {
        return rs_err_list_add(m->r->errors, RS_E_KEY, d.at ? d.event_at : d.at_at,
                               "the line has no %s", d.at ? "event" : "time");
    }
    return read_day(m, csv, column[DATE], &day) == 0 ? rs_marks_add(m, &d, day) : -1;
}

static int read_events(struct marks_reading *m, struct csv *csv, int n_field)
{
    int column[N_COLUMN], status = 0;
    if (find_columns(m, csv, column) != 0) {
        return -1;
    }
    while (next_row(csv, n_field)) {
        m->e->source[m->source].n_line++;
        status |= read_event(m, csv, column);
    }
    return status;
}

/* ---- an episode a line ---- */

struct episode_name {
    const char *name;
    struct mark at;
};

struct wide {
    const struct episodes_draft *d;
    int name, date, note;
    int *instant; /* [d->columns->n] */
    int n, cap;
    struct episode_name *episode; /* [n] */
};

static int
find_wide(struct marks_reading *m, struct csv *csv, const char *word, struct mark at, bool *used)
{
    int i = word ? find(csv, word) : NONE;
    if (word && i == NONE) {
        return rs_refuse_name(m->r, RS_E_REF, at, word, (const char *const *)csv->field,
                              (size_t)csv->n_field, "\"%s\" has no column \"%s\"", csv->path, word);
    }
    if (i != NONE) {
        used[i] = true;
    }
    return i;
}

static int find_all_wide(struct marks_reading *m, struct csv *csv, struct wide *w)
{
    const struct episodes_draft *d = w->d;
    bool *used = RS_ARENA_ARRAY(m->r->arena, bool, csv->n_field + 1);
    w->name = find_wide(m, csv, d->name, d->at, used);
    w->date = find_wide(m, csv, d->date, d->at, used);
    w->note = find_wide(m, csv, d->note, d->at, used);
    bool bad = w->name == NONE || (d->date && w->date == NONE) || (d->note && w->note == NONE);
    w->instant = RS_ARENA_ARRAY(m->r->arena, int, d->columns->n);
    for (int i = 0; i < d->columns->n; i++) {
        const struct pair *pair = &d->columns->pair[i];
        w->instant[i] = find_wide(m, csv, pair->key, pair->at, used);
        bad = bad || w->instant[i] == NONE;
    }
    tell_others(m, csv, used);
    return bad ? -1 : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct episode_name *x = a, *y = b;
    int by = strcmp(x->name, y->name);
    return by ? by : x->at.line - y->at.line;
}

static int check_names(struct marks_reading *m, struct wide *w)
{
    int status = 0;
    if (w->n > 0) {
        qsort(w->episode, (size_t)w->n, sizeof(*w->episode), by_name);
    }
    for (int i = 1; i < w->n; i++) {
        if (strcmp(w->episode[i - 1].name, w->episode[i].name) == 0) {
            status = rs_err_list_add(m->r->errors, RS_E_KEY, w->episode[i].at,
                                     "two episodes are called \"%.60s\"", w->episode[i].name);
        }
    }
    return status;
}

static int read_episode(struct marks_reading *m, const struct csv *csv, struct wide *w)
{
    int64_t day = RS_WHEN_NO_DAY;
    const char *name = field(csv, w->name), *note = field(csv, w->note);
    if (!name) {
        return rs_err_list_add(m->r->errors, RS_E_KEY, place(csv, w->name),
                               "the line has no \"%s\": what is the episode called?", w->d->name);
    }
    struct episode_name one_name = {rs_arena_strdup(m->r->arena, name), place(csv, w->name)};
    RS_PUSH(m->r->arena, w->episode, w->n, w->cap, one_name);
    int status = read_day(m, csv, w->date, &day), first = m->e->n_mark;
    if (status != 0) {
        return -1;
    }
    for (int i = 0; i < w->d->columns->n; i++) {
        struct mark here = place(csv, w->instant[i]);
        const struct mark_draft one = {.at = field(csv, w->instant[i]),
                                       .event = w->d->columns->pair[i].value->text,
                                       .episode = name,
                                       .note = m->e->n_mark == first ? note : NULL,
                                       .at_at = here,
                                       .event_at = here,
                                       .here = here};
        if (one.at) {
            status |= rs_marks_add(m, &one, day);
        }
    }
    if (m->e->n_mark == first && status == 0) {
        rs_evidence_note(m->e, place(csv, w->name), "episode \"%.60s\" has no instant at all",
                         name);
    }
    return status;
}

static int read_wide(struct marks_reading *m, struct csv *csv, int n_field)
{
    struct wide w = {.d = m->how->episodes};
    int status = 0;
    if (find_all_wide(m, csv, &w) != 0) {
        return -1;
    }
    m->unordered = true;
    while (next_row(csv, n_field)) {
        m->e->source[m->source].n_line++;
        status |= read_episode(m, csv, &w);
    }
    return check_names(m, &w) | status;
}

/* ---- the whole ---- */

int rs_marks_read_csv(struct marks_reading *m, struct text_source *from)
{
    struct csv csv;
    int n_field = 0;
    rs_csv_take(&csv, from, m->r->errors);
    csv.line_max = LINE_MAX_BYTES;
    csv.field_max = 1000;
    int status = read_heading(&csv, &n_field);
    if (status == 0) {
        status = m->how->episodes ? read_wide(m, &csv, n_field) : read_events(m, &csv, n_field);
    }
    status = csv.n_error > 0 ? -1 : status;
    tell_cut(m, &csv);
    rs_csv_close(&csv);
    *from = csv.source; /* closed, which may be said twice */
    return status;
}
