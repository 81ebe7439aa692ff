/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/tsdb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "tsdb_private.h"

#define RING_MIN 16u

struct tsdb *rs_tsdb_new(struct label_table *labels)
{
    struct tsdb *db = rs_xcalloc(1, sizeof *db);

    db->labels = labels;
    db->n_sealed = -1;
    return db;
}

void rs_tsdb_free(struct tsdb *db)
{
    if (db == NULL) {
        return;
    }
    for (int i = 0; i < db->n_slot; i++) {
        free(db->series[i].ring);
        free(db->series[i].trail);
    }
    free(db->series);
    rs_label_map_clear(&db->by_labels);
    free(db);
}

void rs_tsdb_seal(struct tsdb *db)
{
    db->n_sealed = db->n;
}

void rs_tsdb_reset(struct tsdb *db)
{
    int keep = db->n_sealed < 0 ? db->n : db->n_sealed;

    for (int i = 0; i < keep; i++) {
        db->series[i].begin = db->series[i].end = 0;
        db->series[i].filled_ms = INT64_MIN;
    }
    if (keep == db->n) {
        return;
    }
    for (int i = keep; i < db->n; i++) {
        rs_label_map_put(&db->by_labels, db->series[i].labels, -1);
    }
    db->n = keep;
    db->generation++;
    db->epoch++;
}

struct label_table *rs_tsdb_labels(const struct tsdb *db)
{
    return db->labels;
}

int rs_tsdb_series(struct tsdb *db, rs_labels set)
{
    int i = rs_label_map_get(&db->by_labels, set);
    struct series *s;

    if (i >= 0) {
        return i;
    }
    i = db->n++;
    if (i == db->cap) {
        db->cap = db->cap ? 2 * db->cap : 32;
        db->series = rs_xrealloc(db->series, (size_t)db->cap * sizeof *db->series);
    }
    s = &db->series[i];
    if (i == db->n_slot) {
        *s = (struct series){0};
        db->n_slot++;
    }
    s->labels = set;
    s->begin = s->end = 0;
    s->span_ms = 0;
    s->filled_ms = INT64_MIN;
    s->fill = NULL;
    rs_label_map_put(&db->by_labels, set, i);
    db->generation++;
    return i;
}

int rs_tsdb_count(const struct tsdb *db)
{
    return db->n;
}

static struct series *series_of(const struct tsdb *db, int series)
{
    assert(series >= 0 && series < db->n);
    return &db->series[series];
}

rs_labels rs_tsdb_labels_of(const struct tsdb *db, int series)
{
    return series_of(db, series)->labels;
}

uint64_t rs_tsdb_generation(const struct tsdb *db)
{
    return db->generation;
}

void rs_tsdb_set_fill(struct tsdb *db, int series, rs_tsdb_fill fill, void *ctx, uint64_t arg)
{
    struct series *s = series_of(db, series);

    s->fill = fill;
    s->fill_ctx = ctx;
    s->fill_arg = arg;
}

void rs_tsdb_retain(struct tsdb *db, int series, int64_t span_ms)
{
    struct series *s = series_of(db, series);

    if (span_ms > s->span_ms) {
        s->span_ms = span_ms;
    }
}

int64_t rs_tsdb_retention(const struct tsdb *db, int series)
{
    return series_of(db, series)->span_ms;
}

static void ring_grow(struct series *s)
{
    uint32_t cap = s->cap ? 2 * s->cap : RING_MIN;
    struct sample *ring = rs_xrealloc(NULL, cap * sizeof *ring);
    struct trail *trail = rs_xrealloc(NULL, cap * sizeof *trail);

    for (uint64_t i = s->begin; i < s->end; i++) {
        ring[i & (cap - 1)] = *rs_series_sample(s, i);
        trail[i & (cap - 1)] = *rs_series_trail(s, i);
    }
    free(s->ring);
    free(s->trail);
    s->ring = ring;
    s->trail = trail;
    s->cap = cap;
}

/*
 * Makes room for a sample at t_ms: the oldest goes if no look-back can reach it any more, else the
 * ring grows.
 */
static void ring_make_room(struct series *s, int64_t t_ms)
{
    if (s->end - s->begin < s->cap) {
        return;
    }
    if (s->cap > 0 && t_ms - rs_series_sample(s, s->begin)->t_ms > s->span_ms) {
        s->begin++;
    } else {
        ring_grow(s);
    }
}

bool rs_tsdb_append(struct tsdb *db, int series, int64_t t_ms, double v)
{
    struct series *s = series_of(db, series);
    struct trail trail = {0, 0};

    if (s->end > s->begin) {
        const struct sample *last = rs_series_sample(s, s->end - 1);

        if (t_ms <= last->t_ms) {
            return false;
        }
        trail = *rs_series_trail(s, s->end - 1);
        trail.n_drop += v < last->v;
    }
    trail.n_stale += rs_stale_bits(v);
    ring_make_room(s, t_ms);
    s->ring[s->end & (s->cap - 1)] = (struct sample){t_ms, v};
    s->trail[s->end & (s->cap - 1)] = trail;
    s->end++;
    return true;
}

double rs_tsdb_stale(void)
{
    union {
        uint64_t u;
        double d;
    } x = {.u = UINT64_C(0x7ff0000000000002)};

    return x.d;
}

bool rs_tsdb_is_stale(double v)
{
    return rs_stale_bits(v);
}

void rs_tsdb_touch(struct tsdb *db, int series, int64_t t_ms)
{
    assert(series >= 0 && series < db->n);
    rs_series_touch(db, series, t_ms);
}

/* First number in [lo, hi) whose sample is later than t_ms, or hi. */
static uint64_t bisect(const struct series *s, int64_t t_ms, uint64_t lo, uint64_t hi)
{
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (rs_series_sample(s, mid)->t_ms > t_ms) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return lo;
}

uint64_t rs_series_search(const struct series *s, int64_t lo_ms, uint64_t hint)
{
    uint64_t at = hint < s->begin ? s->begin : hint > s->end ? s->end : hint;

    if (at > s->begin && rs_series_sample(s, at - 1)->t_ms > lo_ms) {
        return bisect(s, lo_ms, s->begin, at - 1);
    }
    return bisect(s, lo_ms, at, s->end);
}

int rs_tsdb_window(const struct tsdb *db,
                   int series,
                   int64_t lo_ms,
                   int64_t hi_ms,
                   bool closed_low,
                   const struct sample *run[2],
                   int n_run[2])
{
    const struct series *s = series_of(db, series);
    uint64_t from = rs_series_after(s, closed_low ? lo_ms - 1 : lo_ms, s->begin);
    uint64_t to = rs_series_after(s, hi_ms, s->end);
    uint64_t wrap;

    run[0] = run[1] = NULL;
    n_run[0] = n_run[1] = 0;
    if (from >= to) {
        return 0;
    }
    wrap =
        (from | (s->cap - 1)) + 1; /* the first number that starts again at the left of the ring */
    run[0] = rs_series_sample(s, from);
    n_run[0] = (int)((to < wrap ? to : wrap) - from);
    if (to > wrap) {
        run[1] = s->ring;
        n_run[1] = (int)(to - wrap);
    }
    return n_run[0] + n_run[1];
}

const struct sample *rs_tsdb_last(const struct tsdb *db, int series, int64_t at_ms)
{
    const struct series *s = series_of(db, series);
    uint64_t to = rs_series_after(s, at_ms, s->end);

    return to > s->begin ? rs_series_sample(s, to - 1) : NULL;
}
