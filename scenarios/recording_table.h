/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several values over time side by side: columns of a CSV file, or series. */
#ifndef SCENARIOS_RECORDING_TABLE_H
#define SCENARIOS_RECORDING_TABLE_H

#include "recording_keys.h"

enum { RS_SOURCES_MAX = 8 };

struct recording_table { /* caller's storage: names set, read, clear */
    const char *path;
    int n_source;
    const char *name[RS_SOURCES_MAX]; /* of the columns; of series the selectors */
    int what[RS_SOURCES_MAX];         /* the caller's */
    int n, cap;
    double *at_s; /* [n] since the first row, rising */
    double *
        v; /* [n * n_source] what holds from then on, NaN = nothing is told; so says the last row of all */
    double begin_unix_s; /* of the first row; small numbers where the times are no dates */
};

/*
 * Both: 0, or -1 with errors added. every_s > 0: so long holds a row, or a value of a gauge, at most; 0: the smallest distance
 * of two rows, or what series say.
 */
int rs_table_read_columns(struct recording_table *t, double every_s, struct err_list *errors);
int rs_table_read_series(struct reader *r,
                         const struct node *const *node, /* [n_source] the selectors */
                         struct recording_table *t,
                         double every_s);
void rs_table_clear(struct recording_table *t);

/* An error about the file. Always -1. */
int rs_table_refuse(const struct recording_table *t, struct err_list *errors, const char *text);

#endif
