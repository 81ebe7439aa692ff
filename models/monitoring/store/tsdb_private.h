/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a tsdb, for the evaluator: rings read in place. Nobody outside this folder
 * includes it.
 */
#ifndef MONITORING_TSDB_PRIVATE_H
#define MONITORING_TSDB_PRIVATE_H

#include "labels_private.h"
#include "models/tsdb.h"
#include "series.h"

struct tsdb {
    struct label_table *labels;
    struct series
        *series; /* [n_slot]; the first n live, the rest keep their rings for the next replica */
    int n, n_slot, cap;
    int n_sealed; /* -1 = not sealed */
    struct label_map by_labels;
    uint64_t generation; /* a series was made or dropped */
    uint64_t epoch;      /* series were dropped */
    uint64_t n_reset;    /* all samples were dropped */
    int64_t *noted;      /* [n_noted] borrowed: rs_tsdb_note; NULL = nobody asks */
    int n_noted;
    int64_t least_span_ms; /* that every series keeps: rs_tsdb_keep_all */
    bool wants_alerts; /* some selector may read ALERTS or ALERTS_FOR_STATE */
};

static inline void rs_series_touch(struct tsdb *db, int i, int64_t t_ms)
{
    struct series *s = &db->series[i];

    if ((s->more & RS_SERIES_LAZY) && s->filled_ms < t_ms) {
        s->filled_ms = t_ms;
        s->fill(s->fill_ctx, s->fill_arg, i, t_ms);
    }
}

#endif
