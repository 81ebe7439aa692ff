/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and comma-separated fields of a file that may be packed with gzip or zstd. */
#ifndef SCENARIOS_CSV_H
#define SCENARIOS_CSV_H

#include <stdbool.h>

#include "text_source.h"

enum { RS_CSV_LINE = 4096, RS_CSV_FIELDS = 64, RS_CSV_ERRORS = 20 };

struct csv { /* caller's storage: open / close */
    struct text_source source;
    const char *path;
    struct err_list *errors;
    size_t line_max; /* bytes of a line; rs_csv_open sets it to RS_CSV_LINE - 2 */
    int field_max;   /* fields past it are not cut; rs_csv_open sets it to RS_CSV_FIELDS */
    int line;        /* of the text in hand, from 1 */
    int n_error;     /* told so far */
    bool failed;
    char *text; /* the line in hand, belongs to the source; rs_csv_split writes into it */
    int n_field, cap_field;
    char **field; /* [n_field] into text, unquoted; after rs_csv_split */
    int *col;     /* [n_field] column of each, from 1 */
};

int rs_csv_open(struct csv *csv, const char *path, struct err_list *errors);
/* The same over a source that is open already; it is closed with the csv. */
void rs_csv_take(struct csv *csv, const struct text_source *source, struct err_list *errors);
void rs_csv_close(struct csv *csv);
/* The next line that is neither blank nor a comment, without its end; false at the end or when reading must stop. */
bool rs_csv_next(struct csv *csv);
/* Cuts the line in hand into fields. False with an error when a quote is left open: the rest of its line is the field then. */
bool rs_csv_split(struct csv *csv);
/* An error at a column of the line in hand. Always returns -1. */
int rs_csv_refuse(struct csv *csv, int col, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
