/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql_order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* ---- extremes -------------------------------------------------------------------------------- */

static double value_at(const struct slice *w, uint64_t i)
{
    return rs_series_sample(w->s, i)->v;
}

/*
 * Prometheus takes the next value if it is better "or the best so far is NaN": what such a value
 * beats can never be the result again. Of equal values the first stays.
 */
static bool beats(double next, double best, bool max)
{
    return (max ? next > best : next < best) || isnan(best);
}

static void extreme_push(struct extreme *x, const struct slice *w, uint64_t i, bool max)
{
    double v = value_at(w, i);

    while (x->end > x->begin && beats(v, value_at(w, x->at[(x->end - 1) & (x->cap - 1)]), max)) {
        x->end--;
    }
    if (x->end - x->begin == x->cap) {
        uint32_t cap = x->cap ? 2 * x->cap : 16;
        uint64_t *at = rs_xrealloc(NULL, cap * sizeof *at);

        for (uint64_t k = x->begin; k < x->end; k++) {
            at[k & (cap - 1)] = x->at[k & (x->cap - 1)];
        }
        free(x->at);
        x->at = at;
        x->cap = cap;
    }
    x->at[x->end++ & (x->cap - 1)] = i;
}

double rs_extreme_move(
    struct extreme *x, const struct slice *w, uint64_t to, bool anew, bool max, int n_loose)
{
    double best, last = value_at(w, w->to - 1);

    if (anew) {
        x->begin = x->end = 0;
        to = w->from;
    }
    while (x->end > x->begin && x->at[x->begin & (x->cap - 1)] < w->from) {
        x->begin++;
    }
    for (uint64_t i = to > w->from ? to : w->from; i < w->to - (uint64_t)n_loose; i++) {
        if (!rs_stale_bits(value_at(w, i))) {
            extreme_push(x, w, i, max);
        }
    }
    if (x->end == x->begin) {
        return last;
    }
    best = value_at(w, x->at[x->begin & (x->cap - 1)]);
    return n_loose > 0 && beats(last, best, max) ? last : best;
}

void rs_extreme_clear(struct extreme *x)
{
    free(x->at);
    *x = (struct extreme){0};
}

/* ---- ordered values -------------------------------------------------------------------------- */

enum { BLOCK = 256, BLOCK_FEW = BLOCK / 4 };

struct ordered_block {
    int n; /* > 0 */
    int64_t key[BLOCK];
};

int64_t rs_order_key(double v)
{
    union {
        double d;
        int64_t i;
    } x = {.d = v};

    if (isnan(v)) {
        return INT64_MIN;
    }
    return x.i < 0 ? x.i ^ INT64_MAX : x.i;
}

static double value_of(int64_t key)
{
    union {
        int64_t i;
        double d;
    } x = {.i = key < 0 ? key ^ INT64_MAX : key};

    return key == INT64_MIN ? (double)NAN : x.d;
}

/* The first block that ends at or after the key, or the last one. */
static int block_of(const struct ordered *o, int64_t key)
{
    int lo = 0, hi = o->n_block - 1;

    while (lo < hi) {
        int mid = (lo + hi) / 2;

        if (o->block[mid]->key[o->block[mid]->n - 1] < key) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static int place_in(const struct ordered_block *b, int64_t key)
{
    int lo = 0, hi = b->n;

    while (lo < hi) {
        int mid = (lo + hi) / 2;

        if (b->key[mid] < key) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* A fresh block at place i: an emptied one if there is any. */
static struct ordered_block *block_add(struct ordered *o, int i)
{
    struct ordered_block *b;

    if (o->n_block + o->n_spare == o->cap) {
        o->cap = o->cap ? 2 * o->cap : 4;
        o->block = rs_xrealloc(o->block, (size_t)o->cap * sizeof(struct ordered_block *));
    }
    if (o->n_spare > 0) {
        o->n_spare--;
        b = o->block[o->n_block + o->n_spare];
    } else {
        b = rs_xrealloc(NULL, sizeof *b);
    }
    memmove(o->block + i + 1, o->block + i,
            (size_t)(o->n_block + o->n_spare - i) * sizeof(struct ordered_block *));
    o->block[i] = b;
    o->n_block++;
    b->n = 0;
    return b;
}

static void block_drop(struct ordered *o, int i)
{
    struct ordered_block *b = o->block[i];

    memmove(o->block + i, o->block + i + 1,
            (size_t)(o->n_block + o->n_spare - i - 1) * sizeof(struct ordered_block *));
    o->n_block--;
    o->block[o->n_block + o->n_spare++] = b;
}

void rs_ordered_insert(struct ordered *o, double v)
{
    int64_t key = rs_order_key(v);
    struct ordered_block *b;
    int i, at;

    if (o->n_block == 0) {
        (void)block_add(o, 0);
    }
    i = block_of(o, key);
    b = o->block[i];
    if (b->n == BLOCK) {
        struct ordered_block *half = block_add(o, i + 1);

        half->n = BLOCK / 2;
        b->n -= half->n;
        memcpy(half->key, b->key + b->n, (size_t)half->n * sizeof half->key[0]);
        b = key > b->key[b->n - 1] ? half : b;
    }
    at = place_in(b, key);
    memmove(b->key + at + 1, b->key + at, (size_t)(b->n - at) * sizeof b->key[0]);
    b->key[at] = key;
    b->n++;
    o->n++;
}

void rs_ordered_remove(struct ordered *o, double v)
{
    int64_t key = rs_order_key(v);
    int i, at;
    struct ordered_block *b, *next;

    assert(o->n > 0);
    i = block_of(o, key);
    b = o->block[i];
    at = place_in(b, key);
    assert(at < b->n && b->key[at] == key);
    b->n--;
    o->n--;
    memmove(b->key + at, b->key + at + 1, (size_t)(b->n - at) * sizeof b->key[0]);
    if (b->n == 0) {
        block_drop(o, i);
    } else if (b->n < BLOCK_FEW && i + 1 < o->n_block) {
        next = o->block[i + 1];
        if (b->n + next->n <= BLOCK / 2) {
            memcpy(b->key + b->n, next->key, (size_t)next->n * sizeof next->key[0]);
            b->n += next->n;
            block_drop(o, i + 1);
        }
    }
}

double rs_ordered_at(const struct ordered *o, int i)
{
    int k = 0;

    assert(i >= 0 && i < o->n);
    while (i >= o->block[k]->n) {
        i -= o->block[k++]->n;
    }
    return value_of(o->block[k]->key[i]);
}

void rs_ordered_empty(struct ordered *o)
{
    o->n_spare += o->n_block;
    o->n_block = o->n = 0;
}

void rs_ordered_clear(struct ordered *o)
{
    for (int i = 0; i < o->n_block + o->n_spare; i++) {
        free(o->block[i]);
    }
    free(o->block);
    *o = (struct ordered){0};
}
