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

static uint64_t *ring_entry(const struct target *t, uint64_t k)
{
    size_t width = (size_t)(t->site->n_class * RS_KIND_N);
    return t->ring.n + (size_t)(k % (uint64_t)t->ring.cap) * width;
}

static void fold_oldest(struct target *t)
{
    const uint64_t *old = ring_entry(t, t->ring.first++);
    for (int i = 0; i < t->site->n_class * RS_KIND_N; i++)
        t->lump[i] += old[i];
}

/* Puts what is pending aside as scrape k's. A scrape that no longer fits cannot be seen any more: it joins the lump. */
void rs_ring_push(struct target *t, uint64_t k)
{
    size_t width = (size_t)(t->site->n_class * RS_KIND_N);
    struct ring *r = &t->ring;
    bool jumped = r->past != k;
    while (r->first < r->past && (jumped || r->past - r->first == (uint64_t)r->cap))
        fold_oldest(t);
    if (jumped)
        r->first = r->past = k;
    memcpy(ring_entry(t, k), t->pending, sizeof *t->pending * width);
    memset(t->pending, 0, sizeof *t->pending * width);
    r->past = k + 1;
}

/* ---- drawing ---- */

static double one_latency(struct site *site, int class, int tries, struct stream *s)
{
    int path = site->law[class].path;
    double sum = 0.0;
    for (int i = 0; i < tries && path >= 0; i++) {
        const struct mix *m = &site->mix[path];
        sum += rs_dist_draw(&site->service->path[path].latency, s) * m->factor + m->shift;
        path = site->service->path[path].fallback;
    }
    return sum;
}

/* The exact sum is not tractable given the buckets; it is drawn by itself. */
static double draw_sum(struct site *site, int class, int tries, uint64_t n, struct stream *s)
{
    double sum = 0.0;
    if (n <= SUM_SINGLY) {
        for (uint64_t i = 0; i < n; i++)
            sum += one_latency(site, class, tries, s);
        return sum;
    }
    const struct split *split = rs_site_split(site, class, tries);
    sum = (double)n * split->mean + sqrt((double)n * split->variance) * rs_draw_normal(s);
    return sum > 0.0 ? sum : 0.0;
}

/* Spreads n requests over the grid; returns how many of them were slow. */
static uint64_t spread(struct target *t, const struct split *split, uint64_t n, struct stream *s)
{
    const struct site *site = t->site;
    uint64_t slow = 0;
    for (int i = 0; n > 0; i++) {
        uint64_t here = split->given[i] >= 1.0 ? n : rs_draw_binomial(s, n, split->given[i]);
        t->cell[split->order[i]] += here;
        slow += split->order[i] >= site->slow_from ? here : 0;
        n -= here;
    }
    return slow;
}

/*
 * Gives latencies to n[class][kind] requests, counted at `t`.
 *   slow[n_class]  receives the good answers that were slow
 */
static void draw_latencies(struct target *t, const uint64_t *n, uint64_t *slow, struct stream *s)
{
    struct site *site = t->site;
    for (int k = 0; k < site->n_class; k++) {
        for (int kind = 0; kind < RS_KIND_N; kind++) {
            uint64_t m = n[k * RS_KIND_N + kind];
            int tries = kind >= RS_KIND_FALLBACK_OK ? 2 : 1;
            if (m == 0)
                continue;
            uint64_t n_slow = spread(t, rs_site_split(site, k, tries), m, s);
            if (!(kind & RS_KIND_ERROR))
                slow[k] += n_slow;
            if (t->sum_wanted)
                t->latency_sum += draw_sum(site, k, tries, m, s);
        }
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

static void settle_batch(struct system *sys, struct target *t, const uint64_t *n, struct stream *s)
{
    uint64_t slow[64] = {0};
    assert(t->site->n_class <= 64);
    if (t->site->n_grid > 0 || t->site->service->latency_metric)
        draw_latencies(t, n, slow, s);
    hurt_errors(sys, t, n);
    for (int k = 0; k < t->site->n_class; k++) {
        if (slow[k])
            rs_hurt_users(sys, t, k, slow[k]);
    }
}

static bool any(const uint64_t *n, int width)
{
    for (int i = 0; i < width; i++) {
        if (n[i])
            return true;
    }
    return false;
}

/* ---- one target by itself ---- */

static void expose_buckets(struct target *t)
{
    const struct site *site = t->site;
    int n_bucket = site->service->n_bucket, at = 0;
    uint64_t sum = 0;
    for (int b = 0; b <= n_bucket; b++) {
        for (; at <= site->n_grid && site->cell_bucket[at] <= b; at++)
            sum += t->cell[at];
        t->le[b] = sum;
    }
}

static void settle_alone(struct system *sys, struct target *t, int64_t to_ns)
{
    int width = t->site->n_class * RS_KIND_N;
    struct ring *r = &t->ring;
    if (t->b.queue.n > 0)
        rs_group_drain(sys, &t->b, to_ns);
    if (any(t->lump, width)) {
        settle_batch(sys, t, t->lump, rs_lane_aside(&t->latency, r->first));
        memset(t->lump, 0, sizeof *t->lump * (size_t)width);
    }
    for (; r->first < r->past; r->first++) {
        settle_batch(sys, t, ring_entry(t, r->first), rs_lane_at(&t->latency, r->first));
        expose_buckets(t);
        rs_group_emit(sys, t, &t->b, r->first, to_ns);
    }
    if (any(t->pending, width)) {
        settle_batch(sys, t, t->pending, rs_lane_at(&t->latency, t->next_k));
        memset(t->pending, 0, sizeof *t->pending * (size_t)width);
    }
    memset(t->weight, 0, sizeof *t->weight * (size_t)t->site->n_traffic);
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
        draw_latencies(site->target, sys->pool_n, slow, &site->pool);
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
        settle_alone(sys, t, to_ns);
}
