/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel is held against: plain, good code without its promises (no cancellation, no
 * named streams).
 */
#ifndef TESTS_BENCH_YARDSTICK_H
#define TESTS_BENCH_YARDSTICK_H

#include <stdint.h>

#include "bench.h"

/*
 * xoshiro256++ (Blackman & Vigna, ACM TOMS 47 (2021)) and the ziggurat (Marsaglia & Tsang, JSS
 * 5(8) (2000)).
 */
struct xoshiro {
    uint64_t s[4];
};
void ziggurat_prepare(void);
double ziggurat_exponential(struct xoshiro *x); /* mean 1 */

/*
 * Delays of mean 1 s: a place in a table of exponential variates and some low digits, from a
 * congruential generator. Both sides pay it, so it has to be cheap, or it would hide what is
 * compared.
 */
struct delays {
    uint64_t state;
    int64_t ns[4096];
};
void delays_init(struct delays *d);

static inline uint64_t delays_random(struct delays *d)
{
    d->state = d->state * 6364136223846793005 + 1442695040888963407;
    return d->state;
}

static inline int64_t delays_next(struct delays *d)
{
    uint64_t random = delays_random(d);
    return d->ns[random >> 52] + (int64_t)(random >> 40 & 0xfff);
}

/* The measurements; each a bench_fn. */
double heap_hold(struct bench *b, double n_pending, uint64_t n);
double heap_hold_lazy(struct bench *b, double n_pending, uint64_t n);
double lindley(struct bench *b, double rho, uint64_t n_customer);

#endif
