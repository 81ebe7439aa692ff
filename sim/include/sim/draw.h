/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Variates from a stream. Every sampler is exact in distribution up to double rounding; sources stand at each. A stream with
 * `gsl` set has them from GSL's samplers. Faster ones: draw_table.h for counts, draw_fast.h for delays.
 */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include <stdint.h>

#include "sim/stream.h"

double rs_draw_exponential(struct stream *s, double mean); /* mean >= 0 */
double rs_draw_normal(struct stream *s); /* mean 0, sd 1; polar-free: Box-Muller, one pair a call */
double rs_draw_gamma(struct stream *s,
                     double shape,
                     double scale); /* Marsaglia & Tsang, TOMS 26 (2000); shape > 0 */

/*
 * Poisson. mean >= 0 (0 gives 0); mean up to 1e15.
 * Inversion by sequential search below 10 (Devroye 1986, ch. X.3), PTRS transformed rejection above (Hoermann 1993).
 */
uint64_t rs_draw_poisson(struct stream *s, double mean);

/* A mean that recurs: exp(-mean) or the PTRS constants are computed once. Draws the same numbers as rs_draw_poisson. */
struct poisson { /* value */
    double mean;
    double p0;                   /* exp(-mean) below 10 */
    double b, a, inv_alpha, v_r; /* PTRS constants from 10 on */
};
struct poisson rs_poisson_prepare(double mean);
uint64_t rs_poisson_draw(const struct poisson *p, struct stream *s);

/* Binomial, 0 <= p <= 1: inversion below n*min(p,q) = 10, BTRS above (Hoermann 1993). */
uint64_t rs_draw_binomial(struct stream *s, uint64_t n, double p);

/*
 * Multinomial by conditional binomials.
 *   out[n_class]  receives counts that sum to n;  weight[n_class] >= 0, not all 0, need not sum to 1
 */
void rs_draw_multinomial(
    struct stream *s, uint64_t n, int n_class, const double *weight, uint64_t *out);

#endif
