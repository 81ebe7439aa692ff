/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/draw_table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "draw_gsl.h"
#include "draw_log_pmf.h"
#include "draw_poisson.h"
#include "poisson_table.h"
#include "sim/arena.h"
#include "sim/draw.h"

enum {
    N_CELL_MAX = 1 << RS_ALIAS_BITS_MAX,
    N_CHUNK = 64, /* words made at a time */
    N_DIGIT = 64, /* of a bank's number system */
    N_UPPER = 16, /* digits of 64 that its means reach */
};

/*
 * P(first), P(first + 1), ... but for a factor: from the mode outwards, so that every step makes numbers smaller and rounding
 * does not grow.
 */
static void weigh_counts(double mean, uint32_t first, uint32_t n, double *p)
{
    uint32_t mode = (uint32_t)mean - first;
    p[mode] = 1;
    for (uint32_t i = mode + 1; i < n; i++) {
        p[i] = p[i - 1] * (mean / (first + i));
    }
    for (uint32_t i = mode; i > 0; i--) {
        p[i - 1] = p[i] * ((first + i) / mean);
    }
}

struct poisson_table *rs_poisson_table_new(double mean)
{
    assert(mean >= 0 && mean <= RS_POISSON_TABLE_MEAN_MAX);
    /* Beyond these ends lies less than 2^-60 (Bennett's bound; test_draw_table.c sums it). */
    double reach = 9.2 * sqrt(mean);
    uint32_t first = mean > reach + 2 ? (uint32_t)(mean - reach - 2) : 0;
    uint32_t past = (uint32_t)(mean + reach + 18);
    unsigned bits = rs_alias_bits(past - first);
    struct poisson_table *t = rs_xcalloc(1, sizeof(*t) + (sizeof(t->cell[0]) << bits));
    double p[N_CELL_MAX] = {0};
    t->mean = mean;
    t->first = first;
    t->mask = (UINT32_C(1) << bits) - 1;
    weigh_counts(mean, first, past - first, p);
    rs_alias_build(bits, p, t->cell);
    return t;
}

void rs_poisson_table_free(struct poisson_table *t)
{
    free(t);
}

double rs_poisson_table_mean(const struct poisson_table *t)
{
    return t->mean;
}

uint64_t rs_poisson_table_draw(const struct poisson_table *t, struct stream *s)
{
    if (s->gsl) {
        return rs_gsl_poisson(s, t->mean);
    }
    return t->first + rs_alias_word(t->cell, t->mask, rs_stream_u64(s));
}

/*
 * One table's outcomes for both halves of n_word words, the upper halves' first: no branch, so that the compiler can put several
 * into the processor's lanes. Returns how many comparisons 32 bits left open.
 */
static inline __attribute__((always_inline)) uint64_t look_up_halves(const struct poisson_table *t,
                                                                     size_t n_word,
                                                                     const uint64_t *word,
                                                                     uint64_t *restrict out)
{
    const uint64_t *cell = t->cell;
    uint64_t mask = t->mask, first = t->first, n_open = 0;
    for (size_t i = 0; i < 2 * n_word; i++) {
        uint64_t half = i < n_word ? word[i] >> 32 : word[i - n_word] & 0xffffffff;
        uint64_t j = half & mask, c = cell[j];
        uint64_t left = half & ~mask, threshold = c >> 32 & ~mask;
        uint64_t own = -(uint64_t)(left < threshold);
        n_open += left == threshold;
        out[i] = first + ((j & own) | (c & RS_ALIAS_INDEX & ~own));
    }
    return n_open;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx512f,avx512dq"))) static uint64_t
look_up_in_lanes(const struct poisson_table *t, size_t n_word, const uint64_t *word, uint64_t *out)
{
    return look_up_halves(t, n_word, word, out);
}

static uint64_t
look_up(const struct poisson_table *t, size_t n_word, const uint64_t *word, uint64_t *out)
{
    return __builtin_cpu_supports("avx512dq") ? look_up_in_lanes(t, n_word, word, out)
                                              : look_up_halves(t, n_word, word, out);
}
#else
static uint64_t
look_up(const struct poisson_table *t, size_t n_word, const uint64_t *word, uint64_t *out)
{
    return look_up_halves(t, n_word, word, out);
}
#endif

/* n <= 2 N_CHUNK draws. */
static void fill_chunk(const struct poisson_table *t, struct stream *s, size_t n, uint64_t *out)
{
    uint64_t word[N_CHUNK];
    size_t n_word = (n + 1) / 2;
    rs_stream_words(s, n_word, word);
    if (n % 2 == 0 && look_up(t, n_word, word, out) == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] =
            rs_poisson_table_half(t, (uint32_t)(i < n_word ? word[i] >> 32 : word[i - n_word]), s);
    }
}

void rs_poisson_table_fill(const struct poisson_table *t, struct stream *s, size_t n, uint64_t *out)
{
    for (size_t i = 0; s->gsl && i < n; i++) {
        out[i] = rs_gsl_poisson(s, t->mean);
    }
    for (size_t done = 0; !s->gsl && done < n; done += 2 * N_CHUNK) {
        fill_chunk(t, s, n - done < 2 * N_CHUNK ? n - done : 2 * N_CHUNK, out + done);
    }
}

void rs_poisson_vector_draw(
    const struct poisson_table *const *t, size_t n, struct stream *s, size_t n_row, uint64_t *out)
{
    uint64_t word[N_CHUNK];
    size_t n_out = n * n_row, at = 0;
    for (size_t i = 0; s->gsl && i < n_out; i++) {
        out[i] = rs_gsl_poisson(s, t[i % n]->mean);
    }
    for (size_t done = 0; !s->gsl && done < n_out;) {
        size_t n_here = n_out - done < 2 * N_CHUNK ? n_out - done : 2 * N_CHUNK;
        rs_stream_words(s, (n_here + 1) / 2, word);
        for (size_t i = 0; i < n_here; i++) {
            uint32_t half = (uint32_t)(i % 2 ? word[i / 2] : word[i / 2] >> 32);
            out[done++] = rs_poisson_table_half(t[at], half, s);
            at = at + 1 < n ? at + 1 : 0;
        }
    }
}

/* ---- any mean ---- */

struct poisson_bank {
    struct poisson_table
        *part[N_DIGIT]; /* of the means i / 64; owned, [0] is NULL here and below */
    struct poisson_table *unit[N_DIGIT];  /* i */
    struct poisson_table *upper[N_UPPER]; /* 64 i */
};

struct poisson_bank *rs_poisson_bank_new(void)
{
    static_assert(N_DIGIT * N_UPPER == (int)RS_POISSON_BANK_MEAN_MAX, "the digits reach all means");
    struct poisson_bank *b = rs_xcalloc(1, sizeof(*b));
    for (int i = 1; i < N_DIGIT; i++) {
        b->part[i] = rs_poisson_table_new(i / (double)N_DIGIT);
        b->unit[i] = rs_poisson_table_new(i);
        if (i < N_UPPER) {
            b->upper[i] = rs_poisson_table_new((double)i * N_DIGIT);
        }
    }
    return b;
}

void rs_poisson_bank_free(struct poisson_bank *b)
{
    if (b) {
        for (int i = 0; i < N_DIGIT; i++) {
            rs_poisson_table_free(b->part[i]);
            rs_poisson_table_free(b->unit[i]);
            rs_poisson_table_free(i < N_UPPER ? b->upper[i] : NULL);
        }
        free(b);
    }
}

/* A mean below 1/64 from 32 bits, and from more only where these do not decide. */
static uint64_t draw_rest(double mean, uint32_t half, struct stream *s)
{
    /* exp(-mean) > 1 - mean, by more than rounding with the margin: most draws need no exp. */
    if (((double)half + 1) * 0x1p-32 <= 1 - mean - 0x1p-50) {
        return 0;
    }
    double u = ((double)half + rs_stream_uniform(s)) * 0x1p-32;
    return rs_poisson_by_inversion(mean, exp(-mean), u, s);
}

static uint64_t
draw_digit(struct poisson_table *const *table, uint64_t digit, uint32_t half, struct stream *s)
{
    return digit == 0 ? 0 : rs_poisson_table_half(table[digit], half, s);
}

uint64_t rs_poisson_bank_draw(const struct poisson_bank *b, struct stream *s, double mean)
{
    if (!(mean > 0 && mean < RS_POISSON_BANK_MEAN_MAX) || s->gsl) {
        return rs_draw_poisson(s, mean);
    }
    uint64_t digits = (uint64_t)(mean * N_DIGIT), word = rs_stream_u64(s);
    double rest = mean - (double)digits / N_DIGIT; /* exact */
    uint64_t count = draw_digit(b->part, digits % N_DIGIT, (uint32_t)(word >> 32), s) +
                     draw_rest(rest, (uint32_t)word, s);
    digits /= N_DIGIT;
    if (digits > 0) {
        word = rs_stream_u64(s);
        count += draw_digit(b->unit, digits % N_DIGIT, (uint32_t)(word >> 32), s) +
                 draw_digit(b->upper, digits / N_DIGIT, (uint32_t)word, s);
    }
    return count;
}
