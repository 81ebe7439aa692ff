/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Label algebra for the evaluator: projections of sets, and maps from sets to small numbers. */
#ifndef MONITORING_LABELS_PRIVATE_H
#define MONITORING_LABELS_PRIVATE_H

#include <stdbool.h>

#include "models/labels.h"

#define RS_METRIC_NAME "__name__"

/* A list of label names, borrowed. */
struct name_list {
    int n;
    const char *const *name; /* [n] */
};

bool rs_name_list_has(struct name_list list, const char *name);

/* Only the labels in `list` that the set has; __name__ stays only if listed. */
rs_labels rs_labels_keep(struct label_table *t, rs_labels set, struct name_list list);
/* All labels but those in `list` and __name__. */
rs_labels rs_labels_without(struct label_table *t, rs_labels set, struct name_list list);
/* All labels but those in `list`; __name__ is a label like the others. */
rs_labels rs_labels_remove(struct label_table *t, rs_labels set, struct name_list list);
/* All labels but __name__, __type__ and __unit__. */
rs_labels rs_labels_drop_name(struct label_table *t, rs_labels set);
/* The set with one label added or replaced; an empty value removes it. */
rs_labels rs_labels_with(struct label_table *t, rs_labels set, const char *name, const char *value);

/*
 * From a label set to a number >= 0, indexed by the set itself: label sets are dense numbers, so
 * that steady-state
 * evaluation hashes nothing. -1 = not yet known.
 */
struct label_map {
    int32_t *to; /* [cap], owned */
    int cap;
};

static inline int32_t rs_label_map_get(const struct label_map *m, rs_labels from)
{
    return from < m->cap ? m->to[from] : -1;
}
void rs_label_map_put(struct label_map *m, rs_labels from, int32_t to);
void rs_label_map_clear(struct label_map *m);

#endif
