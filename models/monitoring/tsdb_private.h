/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a tsdb, for the evaluator: rings read in place. Nobody outside this folder
 * includes it.
 */
#ifndef MONITORING_TSDB_PRIVATE_H
#define MONITORING_TSDB_PRIVATE_H

#include "labels_private.h"
#include "models/tsdb.h"

/*
 * Running counts up to and including a sample: windows learn from two of them whether they hold
 * anything out of the ordinary.
 */
struct trail {
    uint32_t n_stale; /* stale markers */
    uint32_t n_drop;  /* values below the sample before them: counter resets */
};

struct series {
    rs_labels labels;
    uint32_t cap;        /* of the ring; a power of two, or 0 */
    struct sample *ring; /* sample number i is ring[i & (cap - 1)] */
    struct trail *trail; /* [cap] */
    uint64_t begin, end; /* numbers of the oldest sample and of the next one */
    int64_t span_ms;     /* how far back it must reach */
    int64_t filled_ms;   /* its fill has run up to here */
    rs_tsdb_fill fill;   /* NULL = eager */
    void *fill_ctx;
    uint64_t fill_arg;
};

struct tsdb {
    struct label_table *labels;
    struct series
        *series; /* [n_slot]; the first n live, the rest keep their rings for the next replica */
    int n, n_slot, cap;
    int n_sealed; /* -1 = not sealed */
    struct label_map by_labels;
    uint64_t generation; /* a series was made or dropped */
    uint64_t epoch;      /* series were dropped */
    bool wants_alerts;   /* some selector may read ALERTS or ALERTS_FOR_STATE */
};

static inline const struct sample *rs_series_sample(const struct series *s, uint64_t i)
{
    return &s->ring[i & (s->cap - 1)];
}

static inline const struct trail *rs_series_trail(const struct series *s, uint64_t i)
{
    return &s->trail[i & (s->cap - 1)];
}

/* The same by bisection, for hints that are far off. */
uint64_t rs_series_search(const struct series *s, int64_t lo_ms, uint64_t hint);

/*
 * Number of the first sample with t > lo_ms, looked for from a hint (any number); `end` if none.
 * Windows mostly move on by a sample or two, so a few steps from the last answer find the next.
 */
static inline uint64_t rs_series_after(const struct series *s, int64_t lo_ms, uint64_t hint)
{
    if (hint < s->begin || hint > s->end ||
        (hint > s->begin && rs_series_sample(s, hint - 1)->t_ms > lo_ms)) {
        return rs_series_search(s, lo_ms, hint);
    }
    for (int step = 0; step < 4; step++, hint++) {
        if (hint == s->end || rs_series_sample(s, hint)->t_ms > lo_ms) {
            return hint;
        }
    }
    return rs_series_search(s, lo_ms, hint);
}

static inline bool rs_stale_bits(double v)
{
    union {
        double d;
        uint64_t u;
    } x = {.d = v};

    return x.u == UINT64_C(0x7ff0000000000002);
}

static inline void rs_series_touch(struct tsdb *db, int i, int64_t t_ms)
{
    struct series *s = &db->series[i];

    if (s->fill != NULL && s->filled_ms < t_ms) {
        s->filled_ms = t_ms;
        s->fill(s->fill_ctx, s->fill_arg, i, t_ms);
    }
}

#endif
