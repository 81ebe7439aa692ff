/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and comma-separated fields of a file that may be gzip-compressed. */
#ifndef SCENARIOS_CSV_H
#define SCENARIOS_CSV_H

#include <stdbool.h>

#include "sim/err.h"

enum { RS_CSV_LINE = 4096, RS_CSV_FIELDS = 64, RS_CSV_ERRORS = 20 };

struct csv { /* caller's storage: open / close */
    void *gz;
    const char *path;
    struct err_list *errors;
    int line;    /* of the text in hand, from 1 */
    int n_error; /* told so far */
    bool failed;
    char text[RS_CSV_LINE];
    int n_field;
    char *field[RS_CSV_FIELDS]; /* into text, unquoted; after rs_csv_split */
    int col[RS_CSV_FIELDS];     /* column of each, from 1 */
};

int rs_csv_open(struct csv *csv, const char *path, struct err_list *errors);
void rs_csv_close(struct csv *csv);
/* The next line that is neither blank nor a comment, without its end; false at the end or when reading must stop. */
bool rs_csv_next(struct csv *csv);
/* Cuts the line in hand into fields. */
void rs_csv_split(struct csv *csv);
/* An error at a column of the line in hand. Always returns -1. */
int rs_csv_refuse(struct csv *csv, int col, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
