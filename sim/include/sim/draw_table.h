/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts whose law recurs: tables that answer random bits with one look-up. Exact as far as doubles are: a table holds the
 * law's probabilities as whole multiples of 2^-57 or less, and leaves out only counts that have less than 2^-60 together.
 *
 * A draw is a function of (table's parameters, stream) alone: a table made anew gives the same numbers as one that was kept,
 * so a cache never shows. But it does not give the numbers of rs_draw_poisson, rs_draw_binomial and rs_draw_multinomial, only
 * their distribution: which of the two is used must follow from the scenario, not from what happens to be in a cache.
 *
 * A table is heap memory of its owner. Poisson tables and banks are read-only once made, so threads may share them.
 */
#ifndef SIM_DRAW_TABLE_H
#define SIM_DRAW_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/stream.h"

/* Above it a table is larger than it is worth: rs_draw_poisson takes less than 1/10 of GSL's time there by itself. */
#define RS_POISSON_TABLE_MEAN_MAX 4096.0
#define RS_POISSON_BANK_MEAN_MAX 1024.0

/* ---- Poisson, one mean ---- */

struct
    poisson_table; /* opaque, 8 bytes for each of some 32 + 19 sqrt(mean) counts; some microseconds to make */

/* 0 <= mean <= RS_POISSON_TABLE_MEAN_MAX */
struct poisson_table *rs_poisson_table_new(double mean);
void rs_poisson_table_free(struct poisson_table *t); /* NULL ok */
double rs_poisson_table_mean(const struct poisson_table *t);

/* One draw, one word of the stream (hardly ever more). */
uint64_t rs_poisson_table_draw(const struct poisson_table *t, struct stream *s);

/*
 * Many draws at once, two a word and the words made several blocks at a time.
 *   out[n]   receives the counts; not the numbers that n single draws would give
 */
void rs_poisson_table_fill(const struct poisson_table *t,
                           struct stream *s,
                           size_t n,
                           uint64_t *out);

/*
 * n_row times a draw from each of n tables, two a word: increments of a histogram whose buckets are Poisson. Many rows at once
 * cost less each.
 *   t[n], out[n_row][n]
 */
void rs_poisson_vector_draw(
    const struct poisson_table *const *t, size_t n, struct stream *s, size_t n_row, uint64_t *out);

/* ---- Poisson, any mean ---- */

/*
 * Any mean is a sum of multiples of 64, 1 and 1/64 and a small rest, and a Poisson count of it the sum of theirs: one table
 * for each digit serves all means, so nothing is ever missing and nothing is ever made anew. About 0.2 MB and half a
 * millisecond to make: one for a process or a worker.
 */
struct poisson_bank; /* opaque */

struct poisson_bank *rs_poisson_bank_new(void);
void rs_poisson_bank_free(struct poisson_bank *b); /* NULL ok */

/* mean as in rs_draw_poisson; from RS_POISSON_BANK_MEAN_MAX on it is rs_draw_poisson. Up to four draws, two a word. */
uint64_t rs_poisson_bank_draw(const struct poisson_bank *b, struct stream *s, double mean);

/* ---- multinomial, one set of weights and any number of requests ---- */

struct
    class_table; /* opaque; grows with the largest n it was asked for, so it belongs to one thread */

/*   weight[n_class] >= 0, not all 0, need not sum to 1; 1 <= n_class <= 2048 */
struct class_table *rs_class_table_new(int n_class, const double *weight);
void rs_class_table_free(struct class_table *t); /* NULL ok */

/*   out[n_class]  receives counts that sum to n */
void rs_class_table_draw(struct class_table *t, struct stream *s, uint64_t n, uint64_t *out);

#endif
