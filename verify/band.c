/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "band.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

/*
 * Bins are the leading bits of a float: sign and exponent with 5 bits of the fraction, 32 bins an octave, so finding one is
 * a shift. Values from 2^-32 to 2^31 have their bin, those beyond go to the first or the last.
 */
#define BIN_SHIFT 18
#define BIN_FIRST ((127 - 32) << 5)
#define BIN_LAST ((127 + 31) << 5)

/* The values of all replicas at one point: zeros by number, the others by bins from `first` on. */
struct cell {
    uint32_t n_zero;
    uint16_t first, n_bin;
    uint32_t *count; /* [n_bin] owned */
};

/* One (fault, service, grid): cells by point and metric. */
struct strip {
    int64_t t0_ns, step_ns; /* of point 0; step 0 = no data yet */
    int n_point;
    struct cell *cell; /* [n_point * RS_BAND_METRIC_N] owned */
};

struct band_book {
    int n_fault, n_service;
    struct strip *strip; /* [(n_fault + 1) * n_service * RS_BAND_GRID_N] */
};

const char *rs_band_grid_name(enum band_grid g)
{
    assert(g == RS_BAND_WHOLE || g == RS_BAND_CLOSE);
    return g == RS_BAND_WHOLE ? "whole" : "close";
}

const char *rs_band_metric_name(enum band_metric m)
{
    static const char *const names[RS_BAND_METRIC_N] = {
        [RS_BAND_ERROR_RATIO] = "error_ratio",
        [RS_BAND_LATENCY_P50] = "latency_p50_s",
        [RS_BAND_LATENCY_P95] = "latency_p95_s",
        [RS_BAND_LATENCY_P99] = "latency_p99_s",
    };
    assert(m >= 0 && m < RS_BAND_METRIC_N);
    return names[m];
}

struct band_book *rs_band_book_new(const struct scenario *sc)
{
    struct band_book *b = rs_xcalloc(1, sizeof *b);
    b->n_fault = sc->n_fault;
    b->n_service = sc->n_service;
    size_t n = ((size_t)sc->n_fault + 1) * (size_t)sc->n_service * RS_BAND_GRID_N;
    b->strip = rs_xcalloc(n, sizeof *b->strip);
    return b;
}

static struct strip *
strip_of(const struct band_book *b, int fault, int service, enum band_grid grid)
{
    assert(fault >= -1 && fault < b->n_fault && service >= 0 && service < b->n_service);
    return &b->strip[((fault + 1) * b->n_service + service) * RS_BAND_GRID_N + (int)grid];
}

void rs_band_book_free(struct band_book *b)
{
    if (!b)
        return;
    for (int i = 0; i < (b->n_fault + 1) * b->n_service * RS_BAND_GRID_N; i++) {
        for (int j = 0; j < b->strip[i].n_point * RS_BAND_METRIC_N; j++)
            free(b->strip[i].cell[j].count);
        free(b->strip[i].cell);
    }
    free(b->strip);
    free(b);
}

/* ---- adding ---------------------------------------------------------------------------------------------------------- */

static int bin_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    int bin = (int)(bits >> BIN_SHIFT);
    return bin < BIN_FIRST ? BIN_FIRST : bin > BIN_LAST ? BIN_LAST : bin;
}

static void widen(struct cell *c, int bin)
{
    const int room = 4; /* neighbours are likely to come, too */
    int first = bin > BIN_FIRST + room ? bin - room : BIN_FIRST;
    int end = bin + room + 1;
    if (c->n_bin > 0) {
        first = c->first < bin ? c->first : first;
        end = c->first + c->n_bin > end ? c->first + c->n_bin : end;
    }
    uint32_t *count = rs_xcalloc((size_t)(end - first), sizeof *count);
    if (c->n_bin > 0)
        memcpy(count + (c->first - first), c->count, c->n_bin * sizeof *count);
    free(c->count);
    c->count = count;
    c->first = (uint16_t)first;
    c->n_bin = (uint16_t)(end - first);
}

static void put(struct cell *c, float v)
{
    if (isnan(v))
        return;
    if (v <= 0.0f) {
        c->n_zero++;
        return;
    }
    int bin = bin_of(v);
    if (bin < c->first || bin >= c->first + c->n_bin)
        widen(c, bin);
    c->count[bin - c->first]++;
}

static void grow(struct strip *s, int n_point)
{
    if (n_point <= s->n_point)
        return;
    size_t old = (size_t)s->n_point * RS_BAND_METRIC_N, n = (size_t)n_point * RS_BAND_METRIC_N;
    s->cell = rs_xrealloc(s->cell, n * sizeof *s->cell);
    memset(s->cell + old, 0, (n - old) * sizeof *s->cell);
    s->n_point = n_point;
}

/* Adds points skip .. of a trajectory to points 0 .. of the strip. */
static void add_points(struct strip *s, const struct trajectory *t, int offset)
{
    if (t->n <= 0 || t->n + offset <= 0)
        return;
    grow(s, t->n + offset);
    for (int i = offset < 0 ? -offset : 0; i < t->n; i++) {
        struct cell *c = &s->cell[(i + offset) * RS_BAND_METRIC_N];
        if (t->n_request[i] == 0)
            continue; /* nobody came: neither good nor bad */
        put(&c[RS_BAND_ERROR_RATIO], (float)t->n_error[i] / (float)t->n_request[i]);
        put(&c[RS_BAND_LATENCY_P50], t->latency_s_p50[i]);
        put(&c[RS_BAND_LATENCY_P95], t->latency_s_p95[i]);
        put(&c[RS_BAND_LATENCY_P99], t->latency_s_p99[i]);
    }
}

/*
 * The close grid is laid from five minutes before the onset on, in whole steps from the onset; a replica's points go to the
 * nearest one, at most half a step away.
 */
static void add_close(struct band_book *b, const struct history *h)
{
    const struct trajectory *t = &h->close;
    if (!h->has_close || t->n == 0 || h->onset_ns == RS_NEVER)
        return;
    struct strip *s = strip_of(b, h->fault, t->service, RS_BAND_CLOSE);
    if (s->step_ns == 0) {
        s->step_ns = t->step_ns;
        s->t0_ns = -((300 * RS_NS_PER_S + t->step_ns - 1) / t->step_ns) * t->step_ns;
    }
    assert(s->step_ns == t->step_ns);
    int64_t gap = t->t0_ns - h->onset_ns - s->t0_ns + t->step_ns / 2;
    int64_t whole = gap / t->step_ns - (gap % t->step_ns < 0 ? 1 : 0); /* floor */
    add_points(s, t, (int)whole);
}

void rs_band_book_add(struct band_book *b, const struct history *h)
{
    for (int i = 0; i < h->n_trajectory; i++) {
        const struct trajectory *t = &h->trajectory[i];
        if (t->n == 0)
            continue;
        struct strip *s = strip_of(b, h->fault, t->service, RS_BAND_WHOLE);
        if (s->step_ns == 0) {
            s->t0_ns = t->t0_ns;
            s->step_ns = t->step_ns;
        }
        assert(s->step_ns == t->step_ns && s->t0_ns == t->t0_ns);
        add_points(s, t, 0);
    }
    add_close(b, h);
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static double bin_low(int bin)
{
    uint32_t bits = (uint32_t)bin << BIN_SHIFT;
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

static uint64_t cell_count(const struct cell *c)
{
    uint64_t n = c->n_zero;
    for (int i = 0; i < c->n_bin; i++)
        n += c->count[i];
    return n;
}

/* The value of rank ceil(q n), its place within the bin by the rank's place among the bin's values. */
static double cell_quantile(const struct cell *c, uint64_t n, double q)
{
    uint64_t rank = (uint64_t)ceil(q * (double)n), seen = c->n_zero;
    rank = rank < 1 ? 1 : rank;
    if (rank <= seen)
        return 0.0;
    for (int i = 0; i < c->n_bin; i++) {
        if (rank <= seen + c->count[i]) {
            double low = bin_low(c->first + i), high = bin_low(c->first + i + 1);
            double part = ((double)(rank - seen) - 0.5) / (double)c->count[i];
            return low + part * (high - low);
        }
        seen += c->count[i];
    }
    assert(!"a rank above the count");
    return 0.0;
}

static int each_of_strip(const struct strip *s,
                         struct band_point *p,
                         int (*fn)(void *ctx, const struct band_point *p),
                         void *ctx)
{
    static const double q[RS_BAND_N_QUANTILE] = {0.05, 0.25, 0.5, 0.75, 0.95};
    for (int m = 0; m < RS_BAND_METRIC_N; m++) {
        p->metric = (enum band_metric)m;
        for (p->i = 0; p->i < s->n_point; p->i++) {
            const struct cell *c = &s->cell[p->i * RS_BAND_METRIC_N + m];
            p->n = cell_count(c);
            p->t_s = rs_s_from_ns(s->t0_ns + p->i * s->step_ns);
            for (int k = 0; p->n > 0 && k < RS_BAND_N_QUANTILE; k++)
                p->q[k] = cell_quantile(c, p->n, q[k]);
            int rc = p->n > 0 ? fn(ctx, p) : 0;
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

int rs_band_book_each(const struct band_book *b,
                      int (*fn)(void *ctx, const struct band_point *p),
                      void *ctx)
{
    struct band_point p = {0};
    for (p.fault = -1; p.fault < b->n_fault; p.fault++) {
        for (p.service = 0; p.service < b->n_service; p.service++) {
            for (int g = 0; g < RS_BAND_GRID_N; g++) {
                p.grid = (enum band_grid)g;
                int rc = each_of_strip(strip_of(b, p.fault, p.service, p.grid), &p, fn, ctx);
                if (rc != 0)
                    return rc;
            }
        }
    }
    return 0;
}
