/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "series.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

#define RING_MIN 16u
#define LOG_MIN 4u

void rs_series_init(struct series *s, rs_labels labels)
{
    s->labels = labels;
    s->span_ms = 0;
    s->fill = NULL;
    s->promise = NULL;
    s->more &= ~(uint32_t)RS_SERIES_LAZY;
    rs_series_empty(s);
}

struct series *rs_series_grow(struct series *old, int n_old, int n)
{
    struct series *series = rs_xcalloc_lines((size_t)n, sizeof *series);

    if (n_old > 0) {
        memcpy(series, old, (size_t)n_old * sizeof *old);
    }
    free(old);
    return series;
}

void rs_series_free(struct series *s)
{
    free(s->ring);
    free(s->tally);
    free(s->drops.drop);
    free(s->stales.at);
    *s = (struct series){0};
}

void rs_series_empty(struct series *s)
{
    s->begin = s->end;
    s->last_ms = INT64_MIN;
    s->last = (double)NAN;
    s->stale_end = s->drop_end = s->begin;
    s->filled_ms = INT64_MIN;
    s->drops.begin = s->drops.end;
    s->stales.begin = s->stales.end;
}

/* ---- the logs of rare events ----------------------------------------------------------------- */

/* First of the numbers [lo, hi) whose drop is at or after sample i. */
static uint64_t drop_search(const struct drops *d, uint64_t i)
{
    uint64_t lo = d->begin, hi = d->end;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (d->drop[mid & (d->cap - 1)].at < i) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static uint64_t stale_search(const struct stales *m, uint64_t i)
{
    uint64_t lo = m->begin, hi = m->end;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;

        if (m->at[mid & (m->cap - 1)] < i) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

uint64_t rs_series_stales(const struct series *s, uint64_t from, uint64_t to)
{
    return s->stale_end <= from ? 0 : stale_search(&s->stales, to) - stale_search(&s->stales, from);
}

uint64_t rs_series_drops(const struct series *s, uint64_t from, uint64_t to, uint64_t *first)
{
    *first = drop_search(&s->drops, from + 1);
    return to >= s->end ? s->drops.end : drop_search(&s->drops, to);
}

static void log_drop(struct series *s, double before)
{
    struct drops *d = &s->drops;
    struct drop next = {.at = s->end, .before = before};

    if (d->end - d->begin == d->cap) {
        if (d->cap > 0 && d->drop[d->begin & (d->cap - 1)].at <= s->begin) {
            d->begin++;
        } else {
            uint32_t cap = d->cap ? 2 * d->cap : LOG_MIN;
            struct drop *drop = rs_xrealloc(NULL, cap * sizeof *drop);

            for (uint64_t i = d->begin; i < d->end; i++) {
                drop[i & (cap - 1)] = d->drop[i & (d->cap - 1)];
            }
            free(d->drop);
            d->drop = drop;
            d->cap = cap;
        }
    }
    if (d->end > d->begin) {
        const struct drop *last = &d->drop[(d->end - 1) & (d->cap - 1)];

        next.lost = last->lost;
        next.size = last->size;
        next.n_odd = last->n_odd;
    }
    if (rs_is_whole(before)) {
        next.lost = (int64_t)((uint64_t)next.lost + (uint64_t)(int64_t)before);
        next.size += (uint64_t)fabs(before);
    } else {
        next.n_odd++;
    }
    d->drop[d->end++ & (d->cap - 1)] = next;
    s->drop_end = s->end + 1;
}

static void log_stale(struct series *s)
{
    struct stales *m = &s->stales;

    if (m->end - m->begin == m->cap) {
        if (m->cap > 0 && m->at[m->begin & (m->cap - 1)] < s->begin) {
            m->begin++;
        } else {
            uint32_t cap = m->cap ? 2 * m->cap : LOG_MIN;
            uint64_t *at = rs_xrealloc(NULL, cap * sizeof *at);

            for (uint64_t i = m->begin; i < m->end; i++) {
                at[i & (cap - 1)] = m->at[i & (m->cap - 1)];
            }
            free(m->at);
            m->at = at;
            m->cap = cap;
        }
    }
    m->at[m->end++ & (m->cap - 1)] = s->end;
    s->stale_end = s->end + 1;
}

/* ---- the ring -------------------------------------------------------------------------------- */

static void ring_grow(struct series *s)
{
    uint32_t cap = s->cap ? 2 * s->cap : RING_MIN;
    struct sample *ring = rs_xrealloc(NULL, cap * sizeof *ring);
    struct tally *tally = s->tally != NULL ? rs_xrealloc(NULL, cap * sizeof *tally) : NULL;

    for (uint64_t i = s->begin; i < s->end; i++) {
        ring[i & (cap - 1)] = *rs_series_sample(s, i);
        if (tally != NULL) {
            tally[i & (cap - 1)] = *rs_series_tally(s, i);
        }
    }
    free(s->ring);
    free(s->tally);
    s->ring = ring;
    s->tally = tally;
    s->cap = cap;
}

/* The tally of a value after `last` that comes after the totals so far. */
static struct tally tally_next(struct tally so_far, double last, bool first, double v)
{
    if (rs_stale_bits(v)) {
        return so_far;
    }
    so_far.n_change += !first && v != last && !(isnan(v) && isnan(last));
    if (rs_is_whole(v)) {
        so_far.sum = (int64_t)((uint64_t)so_far.sum + (uint64_t)(int64_t)v);
        so_far.size += (uint64_t)fabs(v);
    } else {
        so_far.n_odd++;
    }
    return so_far;
}

static void put_tally(struct series *s, double v)
{
    struct tally so_far = s->end > s->begin ? *rs_series_tally(s, s->end - 1) : (struct tally){0};

    s->tally[s->end & (s->cap - 1)] = tally_next(so_far, s->last, s->end == s->begin, v);
}

void rs_series_keep_tally(struct series *s)
{
    struct tally so_far = {0};
    double last = (double)NAN;

    if (s->tally != NULL) {
        return;
    }
    if (s->cap == 0) {
        ring_grow(s);
    }
    s->tally = rs_xrealloc(NULL, s->cap * sizeof *s->tally);
    s->more |= RS_SERIES_TALLY;
    for (uint64_t i = s->begin; i < s->end; i++) {
        double v = rs_series_sample(s, i)->v;

        so_far = tally_next(so_far, last, i == s->begin, v);
        s->tally[i & (s->cap - 1)] = so_far;
        last = rs_stale_bits(v) ? last : v;
    }
}

void rs_series_make_room(struct series *s, int64_t t_ms)
{
    while (s->begin < s->end && t_ms - rs_series_sample(s, s->begin)->t_ms > s->span_ms) {
        s->begin++;
    }
    if (s->end - s->begin == s->cap) {
        ring_grow(s);
    }
}

void rs_series_note(struct series *s, double v)
{
    if (s->more & RS_SERIES_TALLY) {
        put_tally(s, v);
    }
    if (rs_stale_bits(v)) {
        log_stale(s);
    } else if (v < s->last) {
        log_drop(s, s->last);
    }
}

void rs_series_cut(struct series *s, int64_t t_ms)
{
    uint64_t end = rs_series_after(s, t_ms - 1, s->end), i;

    if (end == s->end) {
        return;
    }
    s->end = end;
    s->n_cut++;
    s->cut_at = end;
    s->last_ms = end > s->begin ? rs_series_sample(s, end - 1)->t_ms : INT64_MIN;
    s->last = (double)NAN;
    for (i = end; i > s->begin; i--) {
        if (!rs_stale_bits(rs_series_sample(s, i - 1)->v)) {
            s->last = rs_series_sample(s, i - 1)->v;
            break;
        }
    }
    s->drops.end = drop_search(&s->drops, end);
    s->drop_end = s->drops.end > s->drops.begin
                      ? s->drops.drop[(s->drops.end - 1) & (s->drops.cap - 1)].at + 1
                      : s->begin;
    s->stales.end = stale_search(&s->stales, end);
    s->stale_end = s->stales.end > s->stales.begin
                       ? s->stales.at[(s->stales.end - 1) & (s->stales.cap - 1)] + 1
                       : s->begin;
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
