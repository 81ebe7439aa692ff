/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The histogram of one target, as its scrapes show it. Latencies are drawn when they are asked for: scrape by scrape when the
 * series is read, all scrapes together when only the total is (an observation, or a change of state). Scrapes drawn together
 * are told apart later, if ever, by dealing the totals out: given the totals, what each scrape has of them is multivariate
 * hypergeometric. Scrapes too old to be seen are never told apart.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int width(const struct target *t)
{
    return t->site->n_class * RS_KIND_N;
}

static size_t n_cell(const struct target *t)
{
    return (size_t)t->site->n_grid + 1;
}

/* Cells of all parts together. */
static size_t n_flat(const struct target *t)
{
    return (size_t)t->site->n_part * n_cell(t);
}

/* The cells in which class and kind number i of a width is shown. */
static uint64_t *shown_of(const struct target *t, int i)
{
    return t->shown + (size_t)t->site->law[i / RS_KIND_N].part * n_cell(t);
}

static uint64_t *entry(const struct target *t, uint64_t k)
{
    return t->ring.n + (size_t)(k & (uint64_t)(t->ring.cap - 1)) * (size_t)width(t);
}

static void add(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* Moves counts: from is empty afterwards. */
static void move(uint64_t *to, uint64_t *from, size_t n)
{
    add(to, from, n);
    memset(from, 0, sizeof *from * n);
}

static bool any(const uint64_t *n, int n_item)
{
    for (int i = 0; i < n_item; i++) {
        if (n[i])
            return true;
    }
    return false;
}

/* ---- the ring and its batches ---- */

void rs_ring_reset(struct target *t, int keep)
{
    struct ring *r = &t->ring;
    /* A batch stays until its last scrape is out of sight. */
    int cap = keep > 0 ? 4 : 0;
    while (keep > 0 && cap < 2 * keep + 2)
        cap *= 2;
    if (cap > r->cap) {
        r->n = rs_xrealloc(r->n, sizeof *r->n * (size_t)cap * (size_t)width(t));
        r->lost = rs_xrealloc(r->lost, sizeof *r->lost * (size_t)cap);
        r->cap = cap;
    }
    r->keep = keep;
    r->first = r->drawn = r->past = 0;
    r->n_batch = r->first_batch = 0;
}

void rs_ring_free(struct ring *r)
{
    for (int i = 0; i < r->cap_batch; i++) {
        free(r->batch[i].n);
        free(r->batch[i].head);
    }
    free(r->batch);
    free(r->n);
    free(r->lost);
}

static struct batch *batch_at(struct ring *r, int i)
{
    return &r->batch[(r->first_batch + i) % r->cap_batch];
}

static void grow_batches(struct ring *r)
{
    int cap = r->cap_batch ? 2 * r->cap_batch : 8;
    struct batch *batch = rs_xcalloc((size_t)cap, sizeof *batch);
    for (int i = 0; i < r->cap_batch; i++)
        batch[i] = *batch_at(r, i);
    free(r->batch);
    r->batch = batch;
    r->cap_batch = cap;
    r->first_batch = 0;
}

static struct batch *add_batch(struct target *t)
{
    struct ring *r = &t->ring;
    size_t n = (size_t)width(t) * n_cell(t);
    if (r->n_batch == r->cap_batch)
        grow_batches(r);
    struct batch *b = batch_at(r, r->n_batch++);
    if (!b->n) {
        b->n = rs_xcalloc(n, sizeof *b->n);
        b->head = rs_xcalloc(n_flat(t), sizeof *b->head);
    }
    memset(b->n, 0, sizeof *b->n * n);
    return b;
}

static void drop_batch(struct ring *r)
{
    r->first_batch = (r->first_batch + 1) % r->cap_batch;
    r->n_batch--;
}

/* The oldest batch is out of sight: its scrapes are never told apart. */
static void retire_batch(struct target *t)
{
    struct batch *b = batch_at(&t->ring, 0);
    move(t->shown, b->head, n_flat(t));
    for (int i = 0; i < width(t); i++)
        add(shown_of(t, i), b->n + (size_t)i * n_cell(t), n_cell(t));
    t->ring.first = b->past;
    drop_batch(&t->ring);
}

/* The oldest scrape without latencies is out of sight: it joins the lump. */
static void fold_oldest(struct target *t)
{
    struct ring *r = &t->ring;
    move(t->shown, t->carry, n_flat(t));
    add(t->lump, entry(t, r->first), (size_t)width(t));
    r->drawn = ++r->first;
}

/* Puts what is pending aside as scrape k's. */
void rs_ring_push(struct target *t, uint64_t k, bool lost)
{
    struct ring *r = &t->ring;
    bool jumped = r->past != k;
    uint64_t seen_from = k + 1 > (uint64_t)r->keep ? k + 1 - (uint64_t)r->keep : 0;
    while (r->n_batch > 0 && (jumped || batch_at(r, 0)->past <= seen_from))
        retire_batch(t);
    while (r->n_batch == 0 && r->first < r->past && (jumped || r->first < seen_from))
        fold_oldest(t);
    if (jumped)
        r->first = r->drawn = r->past = k;
    assert(r->past - r->first < (uint64_t)r->cap);
    memset(entry(t, k), 0, sizeof *r->n * (size_t)width(t));
    move(entry(t, k), t->pending, (size_t)width(t));
    r->lost[k & (uint64_t)(r->cap - 1)] = lost;
    r->past = k + 1;
}

/* ---- together ---- */

static void draw_lump(struct system *sys, struct target *t)
{
    if (!any(t->lump, width(t)))
        return;
    assert(t->ring.n_batch == 0); /* they would be older, and out of sight */
    rs_target_latencies(sys, t, t->lump, (struct spread_to){.flat = t->shown}, &t->together);
    memset(t->lump, 0, sizeof *t->lump * (size_t)width(t));
}

static void draw_batch(struct system *sys, struct target *t)
{
    struct ring *r = &t->ring;
    if (r->drawn == r->past)
        return;
    struct batch *b = add_batch(t);
    for (uint64_t k = r->drawn; k < r->past; k++)
        add(t->lump, entry(t, k), (size_t)width(t)); /* the lump is empty: it serves as scratch */
    rs_target_latencies(sys, t, t->lump, (struct spread_to){.by = b->n}, &t->together);
    memset(t->lump, 0, sizeof *t->lump * (size_t)width(t));
    memset(b->head, 0, sizeof *b->head * n_flat(t));
    move(b->head, t->carry, n_flat(t));
    b->past = r->drawn = r->past;
}

void rs_histogram_settle(struct system *sys, struct target *t, int64_t to_ns)
{
    if (t->sum_wanted)
        rs_histogram_read(sys, t, to_ns); /* sums are not dealt out */
    draw_lump(sys, t);
    draw_batch(sys, t);
    if (any(t->pending, width(t))) {
        rs_target_latencies(sys, t, t->pending, (struct spread_to){.flat = t->carry}, &t->together);
        memset(t->pending, 0, sizeof *t->pending * (size_t)width(t));
    }
    memset(t->weight, 0, sizeof *t->weight * (size_t)t->site->n_traffic);
}

/* ---- one by one ---- */

/* Deals scrape k its part of the batch. */
static void deal(struct target *t, struct batch *b, uint64_t k)
{
    struct stream *s = rs_lane_at(&t->apart, k);
    const uint64_t *n = entry(t, k);
    for (int i = 0; i < width(t); i++) {
        uint64_t *left = b->n + (size_t)i * n_cell(t), all = 0, need = n[i];
        for (size_t j = 0; need > 0 && j < n_cell(t); j++)
            all += left[j];
        for (size_t j = 0; need > 0; j++) {
            uint64_t marked = left[j], here = rs_draw_hypergeometric(s, all, marked, need);
            all -= marked;
            left[j] -= here;
            need -= here;
            shown_of(t, i)[j] += here;
        }
    }
}

static void accumulate(struct target *t, int part)
{
    const struct site *site = t->site;
    const uint64_t *shown = t->shown + (size_t)part * n_cell(t);
    uint64_t *le = t->le + part * (site->service->n_bucket + 1), sum = 0;
    int at = 0;
    for (int b = 0; b <= site->service->n_bucket; b++) {
        for (; at <= site->n_grid && site->cell_bucket[at] <= b; at++)
            sum += shown[at];
        le[b] = sum;
    }
}

static void show(struct system *sys, struct target *t, uint64_t k, int64_t to_ns)
{
    if (t->told.n > 0)
        rs_told_show(t, k);
    for (int p = 0; p < t->site->n_part; p++)
        accumulate(t, p);
    struct scrape scrape = {k, t->ring.lost[k & (uint64_t)(t->ring.cap - 1)]};
    rs_group_emit(sys, t, &t->b, scrape, to_ns);
}

void rs_histogram_read(struct system *sys, struct target *t, int64_t to_ns)
{
    struct ring *r = &t->ring;
    if (t->b.queue.n > 0)
        rs_group_drain(sys, &t->b, to_ns);
    for (; r->n_batch > 0; drop_batch(r)) {
        struct batch *b = batch_at(r, 0);
        move(t->shown, b->head, n_flat(t));
        for (; r->first < b->past; r->first++) {
            deal(t, b, r->first);
            show(sys, t, r->first, to_ns);
        }
    }
    draw_lump(sys, t);
    for (; r->first < r->past; r->first++) {
        struct stream *s = rs_lane_at(&t->latency, r->first);
        move(t->shown, t->carry, n_flat(t));
        rs_target_latencies(sys, t, entry(t, r->first), (struct spread_to){.flat = t->shown}, s);
        show(sys, t, r->first, to_ns);
    }
    r->drawn = r->past;
}
