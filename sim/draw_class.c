/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multinomial counts of n requests from tables. Independent Poisson counts whose means are proportional to the weights are,
 * given their sum, multinomial. So as many requests as a power of two below n are drawn as Poisson counts, one look-up a
 * class; should they sum to more than n they are drawn anew, which depends on the sum alone and so keeps the law; and the
 * requests that are still missing are drawn in the same way, the last few one by one from an alias table.
 */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "poisson_table.h"
#include "sim/arena.h"
#include "sim/draw.h"
#include "sim/draw_table.h"

enum {
    N_LEVEL = 13,    /* means of 1 .. 4096 */
    N_MOST = 8192,   /* above, conditional binomials cost less */
    N_PER_CLASS = 2, /* a level pays when it draws so many requests for each class */
    N_CHUNK = 64,
};

struct class_table {
    int n_class;
    uint32_t mask;   /* cells - 1 */
    double *weight;  /* [n_class] owned, sums to 1 */
    uint64_t *count; /* [n_class] owned, scratch */
    uint64_t *cell;  /* [mask + 1] owned */
    /* [n_class] each, or NULL; owned. Level i has the means 2^i weight[]; made when first needed. */
    struct poisson_table **level[N_LEVEL];
    uint64_t n_least
        [N_LEVEL]; /* a level hardly ever gives more requests than that; UINT64_MAX: it does not pay */
};

struct class_table *rs_class_table_new(int n_class, const double *weight)
{
    assert(n_class >= 1 && n_class <= 1 << RS_ALIAS_BITS_MAX);
    struct class_table *t = rs_xcalloc(1, sizeof(*t));
    double p[1 << RS_ALIAS_BITS_MAX] = {0}, sum = 0;
    t->n_class = n_class;
    unsigned bits = rs_alias_bits((uint64_t)n_class);
    t->mask = (UINT32_C(1) << bits) - 1;
    t->weight = rs_xcalloc((size_t)n_class, sizeof(*t->weight));
    t->count = rs_xcalloc((size_t)n_class, sizeof(*t->count));
    t->cell = rs_xcalloc((size_t)1 << bits, sizeof(*t->cell));
    for (int i = 0; i < n_class; i++) {
        sum += weight[i];
    }
    assert(sum > 0 && sum < INFINITY);
    for (int i = 0; i < n_class; i++) {
        assert(weight[i] >= 0);
        p[i] = t->weight[i] = weight[i] / sum;
    }
    rs_alias_build(bits, p, t->cell);
    for (int i = 0; i < N_LEVEL; i++) {
        double mean = (double)(1 << i);
        bool pays = 1 << i >= N_PER_CLASS * n_class;
        t->n_least[i] = pays ? (uint64_t)ceil(mean + 4 * sqrt(mean)) : UINT64_MAX;
    }
    return t;
}

void rs_class_table_free(struct class_table *t)
{
    if (t) {
        for (int i = 0; i < N_LEVEL; i++) {
            for (int j = 0; t->level[i] && j < t->n_class; j++) {
                rs_poisson_table_free(t->level[i][j]);
            }
            free(t->level[i]);
        }
        free(t->weight);
        free(t->count);
        free(t->cell);
        free(t);
    }
}

/* The highest level for n requests, or -1 when none pays. */
static int level_for(const struct class_table *t, uint64_t n)
{
    int level = n > 0 ? 63 - __builtin_clzll(n) : -1; /* 2^level <= n */
    for (level = level < N_LEVEL ? level : N_LEVEL - 1; level >= 0 && n < t->n_least[level];) {
        level--;
    }
    return level;
}

static void make_level(struct class_table *t, int level)
{
    t->level[level] = rs_xcalloc((size_t)t->n_class, sizeof(*t->level[level]));
    for (int i = 0; i < t->n_class; i++) {
        t->level[level][i] = rs_poisson_table_new((1 << level) * fmin(t->weight[i], 1));
    }
}

/* Half words, made many at a time; what is left of them at the end of a draw is thrown away. */
struct halves {
    struct stream *s;
    size_t at, n;
    uint64_t word[N_CHUNK];
};

static inline uint32_t next_half(struct halves *h)
{
    if (h->at == h->n) {
        rs_stream_words(h->s, h->n / 2, h->word);
        h->at = 0;
    }
    size_t i = h->at++;
    return (uint32_t)(i % 2 ? h->word[i / 2] : h->word[i / 2] >> 32);
}

/* Poisson counts of one level are added to out; returns how many they are, at most n. */
static uint64_t
draw_level(struct class_table *t, int level, struct halves *h, uint64_t n, uint64_t *out)
{
    if (!t->level[level]) {
        make_level(t, level);
    }
    struct poisson_table *const *table = t->level[level];
    uint64_t sum;
    do {
        sum = 0;
        for (int i = 0; i < t->n_class; i++) {
            sum += t->count[i] = rs_poisson_table_half(table[i], next_half(h), h->s);
        }
    } while (sum > n);
    for (int i = 0; i < t->n_class; i++) {
        out[i] += t->count[i];
    }
    return sum;
}

void rs_class_table_draw(struct class_table *t, struct stream *s, uint64_t n, uint64_t *out)
{
    if (n > N_MOST || s->gsl) {
        rs_draw_multinomial(s, n, t->n_class, t->weight, out);
        return;
    }
    int level = level_for(t, n);
    struct halves h;
    h.s = s;
    h.n = level >= 0 || n > 2 * N_CHUNK ? 2 * N_CHUNK : (n + 1) / 2 * 2;
    h.at = h.n;
    memset(out, 0, sizeof(*out) * (size_t)t->n_class);
    for (; level >= 0; level = level_for(t, n)) {
        n -= draw_level(t, level, &h, n, out);
    }
    for (; n > 0; n--) {
        out[rs_alias_half(t->cell, t->mask, next_half(&h), s)]++;
    }
}
