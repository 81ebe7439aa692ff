/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/tsdb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "tsdb_private.h"

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
        rs_series_free(&db->series[i]);
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

    db->n_reset++;
    for (int i = 0; i < keep; i++) {
        rs_series_empty(&db->series[i]);
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
        int cap = db->cap ? 2 * db->cap : 32;

        db->series = rs_series_grow(db->series, db->n_slot, cap);
        db->cap = cap;
    }
    s = &db->series[i];
    if (i == db->n_slot) {
        db->n_slot++;
    }
    rs_series_init(s, set);
    s->span_ms = db->least_span_ms;
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
    s->more = fill != NULL ? s->more | RS_SERIES_LAZY : s->more & ~(uint32_t)RS_SERIES_LAZY;
    s->fill_ctx = ctx;
    s->fill_arg = arg;
}

void rs_tsdb_set_promise(struct tsdb *db, int series, rs_tsdb_promise promise)
{
    series_of(db, series)->promise = promise;
}

void rs_tsdb_retain(struct tsdb *db, int series, int64_t span_ms)
{
    struct series *s = series_of(db, series);

    if (span_ms > s->span_ms) {
        s->span_ms = span_ms;
    }
    if (db->noted != NULL && series < db->n_noted && span_ms > db->noted[series]) {
        db->noted[series] = span_ms;
    }
}

void rs_tsdb_keep_all(struct tsdb *db)
{
    db->least_span_ms = INT64_MAX / 4;
    db->wants_alerts = true;
    for (int i = 0; i < db->n; i++) {
        rs_tsdb_retain(db, i, db->least_span_ms);
    }
}

void rs_tsdb_note(struct tsdb *db, int64_t *to, int n)
{
    db->noted = to;
    db->n_noted = n;
}

void rs_tsdb_set_retention(struct tsdb *db, int series, int64_t span_ms)
{
    series_of(db, series)->span_ms = span_ms;
}

int64_t rs_tsdb_retention(const struct tsdb *db, int series)
{
    return series_of(db, series)->span_ms;
}

bool rs_tsdb_append(struct tsdb *db, int series, int64_t t_ms, double v)
{
    return rs_series_append(series_of(db, series), t_ms, v);
}

void rs_tsdb_append_counts(struct tsdb *db, const struct tsdb_count *count, int n, int64_t t_ms)
{
    for (int i = 0; i < n; i++) {
        assert(count[i].series >= 0 && count[i].series < db->n);
        (void)rs_series_append(&db->series[count[i].series], t_ms, (double)*count[i].value);
    }
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
