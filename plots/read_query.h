/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the readers: one SQL question. Only read.c sees SQLite. */
#ifndef PLOTS_READ_QUERY_H
#define PLOTS_READ_QUERY_H

#include "read.h"

struct query; /* opaque, heap */

/* Prepares sql and binds its ? from left to right: types has i = int64_t, s = const char * (borrowed). NULL = failed. */
struct query *
rs_query_new(struct record *r, struct err *err, const char *sql, const char *types, ...);
void rs_query_free(struct query *q); /* NULL ok */
/* true = a row to read; at the end *status is 0 or -1. q may be NULL: then -1. */
bool rs_query_next(struct record *r, struct query *q, int *status, struct err *err);

bool rs_query_null(struct query *q, int column);
int64_t rs_query_int(struct query *q, int column);
double rs_query_real(struct query *q, int column); /* NaN for NULL */
void rs_query_text(char *buf,
                   size_t n,
                   struct query *q,
                   int column); /* cut to n - 1 bytes, "" for NULL */

/* Makes room for element n of a growing array. */
void *rs_grown(void *array, int n, size_t size);
void rs_push(double **array, int n, double v);

/* Names, thresholds and meta of an opened database. */
int rs_read_info(struct record *r, struct err *err);

#endif
