/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel is held against: plain, good code without its promises (no cancellation, no named streams). */
#ifndef TESTS_BENCH_YARDSTICK_H
#define TESTS_BENCH_YARDSTICK_H

#include <stdint.h>

/* xoshiro256++ (Blackman & Vigna, ACM TOMS 47 (2021)) and the ziggurat (Marsaglia & Tsang, JSS 5(8) (2000)). */
struct xoshiro {
    uint64_t s[4];
};
void ziggurat_prepare(void);
double ziggurat_exponential(struct xoshiro *x); /* mean 1 */

/* Delays of mean 1 s in ns, drawn once: [n_delay], a power of two. */
enum { N_DELAY = 1 << 14 };
const int64_t *bench_delays(void);

/* The measurements; each a bench_fn. */
double heap_hold(double n_pending, uint64_t n);
double heap_hold_lazy(double n_pending, uint64_t n);
double lindley(double rho, uint64_t n_customer);

#endif
