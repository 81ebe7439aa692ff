/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Latencies. Given how many requests of a class and kind there were, their counts over the latency grid are multinomial; so
 * they can be drawn long after the requests, as long as nothing changed. Errors and good answers are drawn apart: only good
 * answers that are slow hurt on top of the errors.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "internal.h"
#include "sim/clock.h"

/* Up to so many latencies are drawn one by one for the _sum; above, their sum is taken as normal with the exact moments. */
#define SUM_SINGLY 32
/* Up to so many latencies come out of a table where the law recurs; above, a chain of binomials costs less. */
#define TABLE_MOST 8192

/* ---- drawing ---- */

static double one_latency(struct site *site, int class, int tries, struct stream *s)
{
    int path = site->law[class].path;
    double sum = 0.0;
    for (int i = 0; i < tries && path >= 0; i++) {
        const struct mix *m = &site->mix[path];
        sum += rs_dist_draw(site->latency[path], s) * m->factor + m->shift;
        path = site->service->path[path].fallback;
    }
    return sum;
}

/* The exact sum is not tractable given the buckets; it is drawn by itself. */
static double
draw_sum(struct system *sys, struct site *site, int class, int tries, uint64_t n, struct stream *s)
{
    double sum = 0.0;
    if (n <= SUM_SINGLY) {
        for (uint64_t i = 0; i < n; i++)
            sum += one_latency(site, class, tries, s);
        return sum;
    }
    const struct split *split = rs_site_split(sys, site, class, tries);
    sum = (double)n * split->mean + sqrt((double)n * split->variance) * rs_draw_normal(s);
    return sum > 0.0 ? sum : 0.0;
}

/* So many requests fell into a cell; returns how many of them were slow. */
static uint64_t add_cell(struct target *t, int cell, uint64_t n, struct spread_to to)
{
    t->cell[cell] += n;
    if (to.flat)
        to.flat[cell] += n;
    if (to.by)
        to.by[cell] += n;
    return cell >= t->site->slow_from ? n : 0;
}

/* Spreads n requests over the grid; returns how many of them were slow. */
static uint64_t spread(struct system *sys,
                       struct target *t,
                       struct split *split,
                       uint64_t n,
                       struct spread_to to,
                       struct stream *s)
{
    uint64_t slow = 0;
    if (split->recurs && n <= TABLE_MOST) {
        uint64_t *count = sys->grid_n;
        int n_cell = t->site->n_grid + 1;
        if (!split->table)
            split->table = rs_class_table_new(n_cell, split->p);
        rs_class_table_draw(split->table, s, n, count);
        for (int i = 0; i < n_cell; i++)
            slow += add_cell(t, i, count[i], to);
        return slow;
    }
    for (int i = 0; n > 0; i++) {
        uint64_t here = split->given[i] >= 1.0 ? n : rs_draw_binomial(s, n, split->given[i]);
        slow += add_cell(t, split->order[i], here, to);
        n -= here;
    }
    return slow;
}

/*
 * Gives latencies to n[class][kind] requests, counted at `t`.
 *   slow[n_class]  receives the good answers that were slow
 */
static void draw_latencies(struct system *sys,
                           struct target *t,
                           const uint64_t *n,
                           uint64_t *slow,
                           struct spread_to to,
                           struct stream *s)
{
    struct site *site = t->site;
    for (int i = 0; i < site->n_class * RS_KIND_N; i++) {
        int class = i / RS_KIND_N, kind = i % RS_KIND_N,
            tries = kind >= RS_KIND_FALLBACK_OK ? 2 : 1;
        if (n[i] == 0)
            continue;
        size_t n_cell = (size_t)site->n_grid + 1, part = (size_t)site->law[class].part;
        struct spread_to one = {to.flat ? to.flat + part * n_cell : NULL,
                                to.by ? to.by + (size_t)i * n_cell : NULL};
        uint64_t n_slow = spread(sys, t, rs_site_split(sys, site, class, tries), n[i], one, s);
        if (!(kind & RS_KIND_ERROR))
            slow[class] += n_slow;
        if (t->sum_wanted)
            t->latency_sum[part] += draw_sum(sys, site, class, tries, n[i], s);
    }
}

static void hurt_errors(struct system *sys, struct target *t, const uint64_t *n)
{
    for (int k = 0; k < t->site->n_class; k++) {
        uint64_t errors =
            n[k * RS_KIND_N + RS_KIND_ERROR] + n[k * RS_KIND_N + RS_KIND_FALLBACK_ERROR];
        if (errors)
            rs_hurt_users(sys, t, k, errors);
    }
}

void rs_target_latencies(
    struct system *sys, struct target *t, const uint64_t *n, struct spread_to to, struct stream *s)
{
    uint64_t slow[64] = {0};
    assert(t->site->n_class <= 64);
    draw_latencies(sys, t, n, slow, to, s);
    hurt_errors(sys, t, n);
    for (int k = 0; k < t->site->n_class; k++) {
        if (slow[k])
            rs_hurt_users(sys, t, k, slow[k]);
    }
}

/* ---- all instances together ---- */

/* One of the instances, in proportion to the good answers that it gave in this class. */
static struct target *pick_target(struct site *site, int class, uint64_t good)
{
    uint64_t at = rs_stream_below(&site->pool, good);
    struct target *t = site->target;
    for (;; t++) {
        const uint64_t *n = t->pending + class * RS_KIND_N;
        uint64_t here = n[RS_KIND_OK] + n[RS_KIND_FALLBACK_OK];
        if (at < here)
            return t;
        at -= here;
    }
}

static void hurt_pooled(struct system *sys, struct site *site, const uint64_t *slow)
{
    for (int k = 0; k < site->n_class; k++) {
        const uint64_t *n = sys->pool_n + k * RS_KIND_N;
        uint64_t good = n[RS_KIND_OK] + n[RS_KIND_FALLBACK_OK];
        for (uint64_t i = 0; i < slow[k]; i++)
            rs_hurt_users(sys, pick_target(site, k, good), k, 1);
    }
}

static void settle_pool(struct system *sys, struct site *site)
{
    int width = site->n_class * RS_KIND_N;
    uint64_t slow[64] = {0};
    assert(site->n_class <= 64);
    memset(sys->pool_n, 0, sizeof *sys->pool_n * (size_t)width);
    for (int i = 0; i < site->service->n_instance; i++) {
        for (int j = 0; j < width; j++)
            sys->pool_n[j] += site->target[i].pending[j];
    }
    if (site->n_grid > 0)
        draw_latencies(sys, site->target, sys->pool_n, slow, (struct spread_to){0}, &site->pool);
    for (int i = 0; i < site->service->n_instance; i++)
        hurt_errors(sys, &site->target[i], site->target[i].pending);
    hurt_pooled(sys, site, slow);
    for (int i = 0; i < site->service->n_instance; i++) {
        struct target *t = &site->target[i];
        memset(t->pending, 0, sizeof *t->pending * (size_t)width);
        memset(t->weight, 0, sizeof *t->weight * (size_t)site->n_traffic);
    }
}

void rs_target_settle(struct system *sys, struct target *t, int64_t to_ns)
{
    rs_site_laws(sys, t->site);
    if (t->site->pooled)
        settle_pool(sys, t->site);
    else
        rs_histogram_settle(sys, t, to_ns);
}
