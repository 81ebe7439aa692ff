/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interned label sets. A set of labels (the metric name is the label __name__) has one small number for its life, so that the
 * evaluator compares, groups and matches integers. Not shared between threads; each worker has its own table.
 */
#ifndef MODELS_LABELS_H
#define MODELS_LABELS_H

#include <stdint.h>

struct label_table;        /* opaque, heap */
typedef int32_t rs_labels; /* index into the table; 0 is the empty set */

struct label {
    const char *name, *value; /* an empty value is no label */
};

struct label_table *rs_label_table_new(void);
void rs_label_table_free(struct label_table *t); /* NULL ok */

/* Sorts, drops empty values; names must be distinct (assert). Strings are copied. */
rs_labels rs_labels_intern(struct label_table *t, int n, const struct label *label /* [n] */);

int rs_labels_count(const struct label_table *t, rs_labels set);
/* How many sets there are; the table only grows. */
int rs_label_table_sets(const struct label_table *t);
/* The i-th label, sorted by name. Belongs to the table; valid until it is freed. */
struct label rs_labels_at(const struct label_table *t, rs_labels set, int i);
/* The value of a name, "" if absent. */
const char *rs_labels_get(const struct label_table *t, rs_labels set, const char *name);
/* Total order of sets: by sorted (name, value) pairs, as Prometheus sorts series. */
int rs_labels_compare(const struct label_table *t, rs_labels a, rs_labels b);
/* {a="b", c="d"} with the metric name in front. Returns buf; cut at n. */
char *rs_labels_format(char *buf, int n, const struct label_table *t, rs_labels set);

#endif
