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
/* {"a": "b"} */
void engine_print_labels(FILE *to, const struct label_table *labels, rs_labels set);

struct engine_sample {
    int64_t t_ms;
    int series; /* its number in every database that engine_database makes */
    double v;
};

struct engine_data { /* caller's storage: read / clear */
    struct label_table *labels;
    rs_labels *series; /* [n_series] */
    int n_series;
    struct engine_sample *sample; /* [n_sample] by time */
    int n_sample;
};

/* Exits with a word if the file cannot be read. */
void engine_read(struct engine_data *d, const char *path);
void engine_clear(struct engine_data *d);

/* A new database with the series of d, none of which has a sample yet; they outlive its resets. */
struct tsdb *engine_database(const struct engine_data *d);
/* Appends the samples from number `next` on whose time has come by t_ms; returns the number of the next one. */
int engine_feed(const struct engine_data *d, struct tsdb *db, int next, int64_t t_ms);

#endif
