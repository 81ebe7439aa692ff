/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Series that somebody recorded, whole in memory: filled by the readers of scenarios/, put in order, then handed to a tsdb
 * sample by sample as its time goes on. The set owns the label table that the tsdb must share.
 */
#ifndef MODELS_RECORDED_H
#define MODELS_RECORDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/tsdb.h"

/* What a file says of a series' values; most say nothing. */
enum recorded_type { RS_TYPE_UNTOLD, RS_TYPE_COUNTER, RS_TYPE_GAUGE };

struct recorded_series {
    rs_labels labels; /* with __name__ */
    size_t n;
    struct sample *sample; /* [n]; after rs_recorded_sort times rise */
    size_t cap;
    size_t n_given; /* to the tsdb */
    enum recorded_type type;
    bool left_out; /* not to be attached: somebody else writes this series */
};

/* What putting in order found. */
struct recorded_report {
    uint64_t
        n_out_of_order;   /* samples older than one before them in the file: moved to their place */
    uint64_t n_same_time; /* second and later samples of one time: left out, the first one counts */
    uint64_t n_differing; /* of those, with another value */
    /* The first sample of either kind, for a note that can be acted upon; of none, unset. */
    struct recorded_place {
        rs_labels labels;
        int64_t t_ms;
    } out_of_order, same_time;
};

struct recorded { /* heap: new / free; read-only for others */
    struct label_table *labels;
    bool owns_labels;
    int n_series;
    struct recorded_series
        *series; /* [n_series]; after rs_recorded_sort in the order of their labels */
    uint64_t n_sample;
    int64_t first_ms, last_ms; /* after rs_recorded_sort; of no sample: INT64_MAX, INT64_MIN */
    struct recorded_report report;
    int *by_labels; /* label set -> series, -1 = none */
    int n_by_labels, cap_series;
};

/* Over a label table that outlives it, or with one of its own (NULL). */
struct recorded *rs_recorded_new(struct label_table *labels);
void rs_recorded_free(struct recorded *set); /* NULL ok */

/* The series with these labels, made if new. */
int rs_recorded_series(struct recorded *set, rs_labels labels);
/* Any time, in any order. */
void rs_recorded_add(struct recorded *set, int series, int64_t t_ms, double v);
/* Once, when all is read. */
void rs_recorded_sort(struct recorded *set);

/*
 * Declares all series that are not left out in db, whose label table must be set->labels; their samples arrive when an evaluation asks for them.
 * One tsdb at a time: attaching anew begins from the first sample. With keep_all nothing is ever forgotten, for evaluations
 * that jump in time.
 */
void rs_recorded_attach(struct recorded *set, struct tsdb *db, bool keep_all);

/* Times from 1990 on are dates; smaller ones count from some beginning, and are told in seconds. */
bool rs_recorded_is_absolute(int64_t t_ms);

#endif
