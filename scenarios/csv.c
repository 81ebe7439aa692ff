/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

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

int rs_csv_open(struct csv *csv, const char *path, struct err_list *errors)
{
    csv->path = path;
    csv->errors = errors;
    csv->line = csv->n_error = csv->n_field = 0;
    csv->failed = false;
    csv->gz = gzopen(path, "rb");
    if (!csv->gz) {
        csv->failed = true;
        return rs_err_list_add(errors, RS_E_IO, (struct mark){path, 0, 0},
                               "the file cannot be opened");
    }
    gzbuffer(csv->gz, 1 << 17);
    return 0;
}

void rs_csv_close(struct csv *csv)
{
    if (csv->gz) {
        gzclose(csv->gz);
    }
    csv->gz = NULL;
}

/* A damaged gzip file gives its error only when asked. */
static bool at_end(struct csv *csv)
{
    int status = Z_OK;
    gzerror(csv->gz, &status);
    if (status != Z_OK && status != Z_STREAM_END) {
        rs_csv_refuse(csv, 1, "the file is damaged: its gzip data cannot be read on");
    }
    return false;
}

bool rs_csv_next(struct csv *csv)
{
    while (csv->n_error < RS_CSV_ERRORS) {
        csv->line++;
        if (!gzgets(csv->gz, csv->text, RS_CSV_LINE)) {
            return at_end(csv);
        }
        size_t n = strlen(csv->text);
        if (n == RS_CSV_LINE - 1 && csv->text[n - 1] != '\n') {
            rs_csv_refuse(csv, 1, "the line is longer than %d characters", RS_CSV_LINE - 2);
            return false;
        }
        while (n > 0 && strchr(" \t\r\n", csv->text[n - 1])) {
            csv->text[--n] = '\0';
        }
        if (n > 0 && csv->text[0] != '#') {
            return true;
        }
    }
    return false;
}

/* One field from p on; quotes are taken off, doubled quotes inside become one. Returns what follows, or NULL at the end. */
static char *cut_field(struct csv *csv, char *p)
{
    while (*p == ' ') {
        p++;
    }
    int i = csv->n_field++;
    csv->col[i] = (int)(p - csv->text) + 1;
    csv->field[i] = p;
    if (*p == '"') {
        char *to = p++;
        for (; *p && !(*p == '"' && p[1] != '"'); p++) {
            p += *p == '"';
            *to++ = *p;
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

void rs_csv_split(struct csv *csv)
{
    csv->n_field = 0;
    for (char *p = csv->text; p && csv->n_field < RS_CSV_FIELDS;) {
        p = cut_field(csv, p);
    }
}
