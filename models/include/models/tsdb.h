/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Series of samples, as far back as the rules look. One per worker, reset per replica. Timestamps are int64_t milliseconds
 * since the Unix epoch, as in Prometheus; a stale marker is the NaN with bits 0x7ff0000000000002.
 * Series may be lazy: before the evaluator reads one it calls its `fill`, which appends all samples up to that time.
 */
#ifndef MODELS_TSDB_H
#define MODELS_TSDB_H

#include <stdbool.h>
#include <stdint.h>

#include "models/labels.h"

struct sample {
    int64_t t_ms;
    double v;
};

struct tsdb; /* opaque, heap */

/* labels is borrowed and must outlive the tsdb. */
struct tsdb *rs_tsdb_new(struct label_table *labels);
void rs_tsdb_free(struct tsdb *db); /* NULL ok */
/* Forgets samples and drops the series that were not declared before rs_tsdb_seal. Cheap: once per replica. */
void rs_tsdb_reset(struct tsdb *db);
/* The series declared so far survive resets; later ones (rule outputs) are dropped by them. */
void rs_tsdb_seal(struct tsdb *db);
struct label_table *rs_tsdb_labels(const struct tsdb *db);

/* Returns the series with these labels (with __name__), made if new. Numbers are dense from 0 and stay. */
int rs_tsdb_series(struct tsdb *db, rs_labels set);
int rs_tsdb_count(const struct tsdb *db);
rs_labels rs_tsdb_labels_of(const struct tsdb *db, int series);
/* Grows whenever a series is made or dropped: lets selectors know that they must match anew. */
uint64_t rs_tsdb_generation(const struct tsdb *db);

/* fill(ctx, arg, series, t_ms): must append all samples of the series with timestamp <= t_ms that are visible by then. */
typedef void (*rs_tsdb_fill)(void *ctx, uint64_t arg, int series, int64_t t_ms);
void rs_tsdb_set_fill(struct tsdb *db, int series, rs_tsdb_fill fill, void *ctx, uint64_t arg);

/*
 * promise(ctx, arg, series, last), ctx and arg being the fill's: true if each sample that a fill would append now is `last`,
 * the newest value that is no stale marker (or, where there is none yet, if all of them are alike) or a stale marker. It changes
 * nothing. A condition that cannot be true while its counters stand still is then not evaluated, and the samples wait.
 */
typedef bool (*rs_tsdb_promise)(void *ctx, uint64_t arg, int series, double last);
void rs_tsdb_set_promise(struct tsdb *db, int series, rs_tsdb_promise promise);

/* The longest look-back that anybody will ask of this series (ms); the ring keeps at least that. Only grows. */
void rs_tsdb_retain(struct tsdb *db, int series, int64_t span_ms);
int64_t rs_tsdb_retention(const struct tsdb *db, int series);
/* Every series, those to come too, keeps all its samples until the next reset. */
void rs_tsdb_keep_all(struct tsdb *db);
/* Until the next call the look-backs that are asked of the first n series are noted in to[n] too, the longest. NULL: no more. */
void rs_tsdb_note(struct tsdb *db, int64_t *to, int n);
/* The look-back is this, whatever has been asked so far. Before the series are filled. */
void rs_tsdb_set_retention(struct tsdb *db, int series, int64_t span_ms);

/* Timestamps must rise (an equal or older one is dropped and false is returned, as Prometheus drops out-of-order samples). */
bool rs_tsdb_append(struct tsdb *db, int series, int64_t t_ms, double v);
/* A whole scrape: what is counted now becomes a sample of each series. */
struct tsdb_count {
    int series;
    const uint64_t *value; /* borrowed */
};
void rs_tsdb_append_counts(struct tsdb *db, const struct tsdb_count *count, int n, int64_t t_ms);
double rs_tsdb_stale(void);
bool rs_tsdb_is_stale(double v);

/* Runs the fill of a series, if any, up to t_ms. */
void rs_tsdb_touch(struct tsdb *db, int series, int64_t t_ms);

/*
 * The samples with lo < t <= hi (closed_low: lo <= t), oldest first, stale markers included, as up to two runs of the ring.
 * Does not fill. Returns the number of samples; run[0], run[1] and n_run[] receive pointers valid until the next append.
 */
int rs_tsdb_window(const struct tsdb *db,
                   int series,
                   int64_t lo_ms,
                   int64_t hi_ms,
                   bool closed_low,
                   const struct sample *run[2],
                   int n_run[2]);
/* The newest sample with t <= at_ms, or NULL. Does not fill. */
const struct sample *rs_tsdb_last(const struct tsdb *db, int series, int64_t at_ms);

#endif
