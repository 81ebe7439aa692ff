/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantile bands over replicas, from histograms with fixed bins: integer counts, so the bands are the same in whatever order
 * replicas come, and the memory does not grow with their number.
 */
#ifndef VERIFY_BAND_H
#define VERIFY_BAND_H

#include "models/history.h"
#include "models/scenario.h"

enum band_grid { RS_BAND_WHOLE, RS_BAND_CLOSE, RS_BAND_GRID_N };
enum band_metric {
    RS_BAND_ERROR_RATIO,
    RS_BAND_LATENCY_P50,
    RS_BAND_LATENCY_P95,
    RS_BAND_LATENCY_P99,
    RS_BAND_METRIC_N
};
const char *rs_band_grid_name(enum band_grid g);     /* "whole", "close" */
const char *rs_band_metric_name(enum band_metric m); /* "error_ratio", "latency_p50_s", ... */

#define RS_BAND_N_QUANTILE 5 /* 0.05, 0.25, 0.5, 0.75, 0.95 */

/* One point of one band. */
struct band_point {
    int fault; /* -1 = replicas without a fault */
    int service;
    enum band_grid grid;
    enum band_metric metric;
    int i;
    double t_s; /* start of the step: since the start (whole), since the onset (close) */
    uint64_t n; /* replicas with a value here */
    double q[RS_BAND_N_QUANTILE]; /* true to 1.6 % of the value; 0 is exact */
};

struct band_book; /* opaque, heap */

struct band_book *rs_band_book_new(const struct scenario *sc);
void rs_band_book_free(struct band_book *b); /* NULL ok */
void rs_band_book_add(struct band_book *b, const struct history *h);

/* Calls fn for every point with values, in the order (fault, service, grid, metric, i), until it returns not 0; returns that. */
int rs_band_book_each(const struct band_book *b,
                      int (*fn)(void *ctx, const struct band_point *p),
                      void *ctx);

#endif
