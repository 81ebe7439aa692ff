/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sim/: GSL's samplers on our streams, the reference that ours are held against (struct stream.gsl). GSL counts in
 * 32 bits: where a mean or a number of trials is above 2^30 the functions answer by our own samplers.
 */
#ifndef SIM_DRAW_GSL_H
#define SIM_DRAW_GSL_H

#include <stdint.h>

#include "sim/stream.h"

double rs_gsl_exponential(struct stream *s, double mean);
double rs_gsl_normal(struct stream *s);
double rs_gsl_gamma(struct stream *s, double shape, double scale);
uint64_t rs_gsl_poisson(struct stream *s, double mean);
uint64_t rs_gsl_binomial(struct stream *s, uint64_t n, double p);

#endif
