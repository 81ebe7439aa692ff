/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the engine's side of the differential tests has in common: reading the generated series, and telling label sets so
 * that the Python side can read them.
 *
 * Series file, one item per line: "S" and tab-separated names and values of the labels (__name__ among them), then the
 * samples "MS VALUE", VALUE as strtod reads it (hexadecimal floats keep every bit) or "stale".
 */
#ifndef TESTS_ENGINE_DATA_H
#define TESTS_ENGINE_DATA_H

#include <stdio.h>

#include "models/tsdb.h"

/* The next line without its end, in storage that the following call reuses; NULL at the end. Exits on a line that is too long. */
char *engine_line(FILE *from);
/* All samples of the file at path, in a database that keeps everything. Exits with a word if it cannot be read. */
struct tsdb *engine_load(struct label_table *labels, const char *path);
/* {"a": "b"} */
void engine_print_labels(FILE *to, const struct label_table *labels, rs_labels set);

/* The samples of a series file, sorted by time, for those who must see them as time goes on. */
struct engine_sample {
    int64_t t_ms;
    int series;
    double v;
};
struct engine_sample *engine_read(struct tsdb *db, const char *path, int *out_n);

#endif
