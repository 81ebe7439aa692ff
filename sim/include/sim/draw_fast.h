/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exponential delays as fast as they come, for the many arrivals and services of simulated requests: words are made 64 at a
 * time and a delay is a look-up in a ziggurat. Exact in law like rs_draw_exponential, but not rising in its word: where two
 * scenarios are compared draw by draw, and a longer mean must give a longer delay for the same word, use that one.
 */
#ifndef SIM_DRAW_FAST_H
#define SIM_DRAW_FAST_H

#include <stdint.h>

#include "sim/clock.h"
#include "sim/stream.h"

extern const double rs_ziggurat_x[257];

/* The rare rest of rs_draw_exponential_fast: x lies outside the sure part of the layer. */
double rs_exponential_slow(struct stream_bulk *b, double x, unsigned layer);
double rs_exponential_gsl(struct stream_bulk *b);

/* mean >= 0 */
inline double rs_draw_exponential_fast(struct stream_bulk *b, double mean)
{
    if (__builtin_expect(b->s.gsl, 0)) {
        return mean * rs_exponential_gsl(b);
    }
    uint64_t word = rs_stream_bulk_u64(b);
    unsigned layer = word & 255;
    double x = (double)(word >> 11) * 0x1p-53 * rs_ziggurat_x[layer];
    if (__builtin_expect(x < rs_ziggurat_x[layer + 1], 1)) {
        return mean * x;
    }
    return mean * rs_exponential_slow(b, x, layer);
}

/* The same in whole nanoseconds, rounded to nearest; from RS_NEVER on it is RS_NEVER. */
inline int64_t rs_draw_exponential_ns(struct stream_bulk *b, double mean_ns)
{
    double ns = rs_draw_exponential_fast(b, mean_ns) + 0.5;
    return ns < 0x1p63 ? (int64_t)ns : RS_NEVER;
}

#endif
