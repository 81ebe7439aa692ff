/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

int rs_csv_refuse(struct csv *csv, int col, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    csv->failed = true;
    csv->n_error++;
    return rs_err_list_add(csv->errors, RS_E_SYNTAX, (struct mark){csv->path, csv->line, col}, "%s",
                           text);
}

void rs_csv_take(struct csv *csv, const struct text_source *source, struct err_list *errors)
{
    *csv = (struct csv){.source = *source,
                        .path = source->path,
                        .errors = errors,
                        .line_max = RS_CSV_LINE - 2,
                        .field_max = RS_CSV_FIELDS};
}

int rs_csv_open(struct csv *csv, const char *path, struct err_list *errors)
{
    struct text_source source;
    int status = rs_source_open(&source, path, errors);
    rs_csv_take(csv, &source, errors);
    csv->failed = status != 0;
    return status;
}

void rs_csv_close(struct csv *csv)
{
    rs_source_close(&csv->source);
    free(csv->field);
    free(csv->col);
    csv->field = NULL;
    csv->col = NULL;
}

bool rs_csv_next(struct csv *csv)
{
    while (csv->n_error < RS_CSV_ERRORS) {
        size_t n = 0;
        bool too_long = false;
        csv->line = csv->source.line;
        csv->text = rs_source_line(&csv->source, csv->line_max, &n, &too_long);
        if (too_long) {
            rs_csv_refuse(csv, 1, "the line is longer than %zu characters", csv->line_max);
            return false;
        }
        if (!csv->text) {
            if (csv->source.damaged) {
                rs_csv_refuse(csv, 1, "%s", rs_source_damage(&csv->source));
            }
            return false;
        }
        if (strlen(csv->text) < n) {
            rs_csv_refuse(csv, 1, "the line holds a NUL character");
            return false;
        }
        while (n > 0 && strchr(" \t\r", csv->text[n - 1])) {
            csv->text[--n] = '\0';
        }
        if (n > 0 && csv->text[0] != '#') {
            return true;
        }
    }
    return false;
}

static void make_room(struct csv *csv)
{
    if (csv->n_field == csv->cap_field) {
        csv->cap_field = csv->cap_field ? 2 * csv->cap_field : RS_CSV_FIELDS;
        csv->field = rs_xrealloc(csv->field, sizeof(*csv->field) * (size_t)csv->cap_field);
        csv->col = rs_xrealloc(csv->col, sizeof(*csv->col) * (size_t)csv->cap_field);
    }
}

/* One field from p on; quotes are taken off, doubled quotes inside become one. Returns what follows, or NULL at the end. */
static char *cut_field(struct csv *csv, char *p)
{
    while (*p == ' ') {
        p++;
    }
    make_room(csv);
    int i = csv->n_field++;
    csv->col[i] = (int)(p - csv->text) + 1;
    csv->field[i] = p;
    if (*p == '"') {
        char *to = p++;
        for (; *p && !(*p == '"' && p[1] != '"'); p++) {
            p += *p == '"';
            *to++ = *p;
        }
        if (*p == '\0') {
            rs_csv_refuse(csv, csv->col[i], "the quote that begins here does not end on its line");
        }
        p += *p == '"';
        char *comma = strchr(p, ',');
        *to = '\0';
        return comma ? comma + 1 : NULL;
    }
    char *comma = strchr(p, ',');
    if (comma) {
        *comma = '\0';
    }
    for (size_t n = strlen(p); n > 0 && p[n - 1] == ' '; n--) {
        p[n - 1] = '\0';
    }
    return comma ? comma + 1 : NULL;
}

bool rs_csv_split(struct csv *csv)
{
    int n_error = csv->n_error;
    csv->n_field = 0;
    for (char *p = csv->text; p && csv->n_field < csv->field_max;) {
        p = cut_field(csv, p);
    }
    return csv->n_error == n_error;
}
