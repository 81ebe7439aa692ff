/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Series written as Prometheus' own tests write them: name{a="b"} 0+10x5 _ stale. Shared by the
 * tests of this folder.
 */
#ifndef TESTS_SERIES_TEXT_H
#define TESTS_SERIES_TEXT_H

#include "models/tsdb.h"

enum value_kind { VALUE_NUMBER, VALUE_GAP, VALUE_STALE, VALUE_NATIVE };
struct value {
    enum value_kind kind;
    double v;
};

/* Where the values begin: after the first blank outside braces and quotes. */
const char *series_split(const char *line);
/* name{a="b"}, {a="b"}, {"quoted name", a="b"}; reads up to the split. */
rs_labels series_labels(struct label_table *t, const char *line);
/* Expands the values. Returns their number (at most cap), -1 if malformed. */
int series_values(const char *text, struct value *out, int cap);
/* Appends the values of one line at start_ms, start_ms + step_ms ... Returns the series. */
int series_load(struct tsdb *db, const char *line, int64_t start_ms, int64_t step_ms);
/* A bare number: 1e3, 0x10, -Inf, NaN. */
int series_number(const char *text, double *out);
/* promqltest's comparison: relative 1e-6. */
int series_almost(double a, double b);

#endif
