/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multinomial counts of n requests from tables. Independent Poisson counts whose means are proportional to the weights are,
 * given their sum, multinomial. So as many requests as a power of two below n are drawn as Poisson counts, one look-up a
 * class; should they sum to more than n they are drawn anew, which depends on the sum alone and so keeps the law; and the
 * requests that are still missing are drawn in the same way, the last few one by one from an alias table.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
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
    unsigned bits;
    double *weight; /* [n_class] owned, sums to 1 */
    uint64_t *cell; /* [2^bits] owned */
    /* [n_class] each, or NULL; owned. Level i has the means 2^i weight[]; made when first needed. */
    struct poisson_table **level[N_LEVEL];
};

struct class_table *rs_class_table_new(int n_class, const double *weight)
{
    assert(n_class >= 1 && n_class <= 1 << RS_ALIAS_BITS_MAX);
    struct class_table *t = rs_xcalloc(1, sizeof(*t));
    double p[1 << RS_ALIAS_BITS_MAX] = {0}, sum = 0;
    t->n_class = n_class;
    t->bits = rs_alias_bits((uint64_t)n_class);
    t->weight = rs_xcalloc((size_t)n_class, sizeof(*t->weight));
    t->cell = rs_xcalloc((size_t)1 << t->bits, sizeof(*t->cell));
    for (int i = 0; i < n_class; i++) {
        sum += weight[i];
    }
    assert(sum > 0 && sum < INFINITY);
    for (int i = 0; i < n_class; i++) {
        assert(weight[i] >= 0);
        p[i] = t->weight[i] = weight[i] / sum;
    }
    rs_alias_build(t->bits, p, t->cell);
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
        free(t->cell);
        free(t);
    }
}

/* The highest level that hardly ever gives more than n requests, or -1 when none pays. */
static int level_for(const struct class_table *t, uint64_t n)
{
    for (int i = N_LEVEL - 1; i >= 0 && 1 << i >= N_PER_CLASS * t->n_class; i--) {
        double mean = (double)(1 << i);
        if (mean + 4 * sqrt(mean) <= (double)n) {
            return i;
        }
    }
    return -1;
}

static void make_level(struct class_table *t, int level)
{
    t->level[level] = rs_xcalloc((size_t)t->n_class, sizeof(*t->level[level]));
    for (int i = 0; i < t->n_class; i++) {
        t->level[level][i] = rs_poisson_table_new((1 << level) * fmin(t->weight[i], 1));
    }
}

/* Poisson counts of one level are added to out; returns how many they are, at most n. */
static uint64_t
draw_level(struct class_table *t, int level, struct stream *s, uint64_t n, uint64_t *out)
{
    uint64_t count[1 << RS_ALIAS_BITS_MAX], sum;
    if (!t->level[level]) {
        make_level(t, level);
    }
    do {
        sum = 0;
        rs_poisson_vector_draw((const struct poisson_table *const *)t->level[level],
                               (size_t)t->n_class, s, count);
        for (int i = 0; i < t->n_class; i++) {
            sum += count[i];
        }
    } while (sum > n);
    for (int i = 0; i < t->n_class; i++) {
        out[i] += count[i];
    }
    return sum;
}

static void draw_singly(const struct class_table *t, struct stream *s, uint64_t n, uint64_t *out)
{
    uint64_t word[N_CHUNK];
    while (n > 0) {
        uint64_t n_here = n < 2 * N_CHUNK ? n : 2 * N_CHUNK;
        rs_stream_words(s, (n_here + 1) / 2, word);
        for (uint64_t i = 0; i < n_here; i++) {
            uint32_t half = (uint32_t)(i % 2 ? word[i / 2] : word[i / 2] >> 32);
            out[rs_alias_half(t->cell, t->bits, half, s)]++;
        }
        n -= n_here;
    }
}

void rs_class_table_draw(struct class_table *t, struct stream *s, uint64_t n, uint64_t *out)
{
    if (n > N_MOST || s->gsl) {
        rs_draw_multinomial(s, n, t->n_class, t->weight, out);
        return;
    }
    memset(out, 0, sizeof(*out) * (size_t)t->n_class);
    for (int level; n > 0 && (level = level_for(t, n)) >= 0;) {
        n -= draw_level(t, level, s, n, out);
    }
    draw_singly(t, s, n, out);
}
