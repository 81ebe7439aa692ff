/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to sim/: the part of the Poisson samplers that the tables use too. */
#ifndef SIM_DRAW_POISSON_H
#define SIM_DRAW_POISSON_H

#include <stdint.h>

#include "sim/stream.h"

/*
 * Sequential search from the uniform u for a mean below 10: Devroye, Non-Uniform Random Variate Generation (1986), ch. X.3.3.
 *   p0   exp(-mean)
 */
uint64_t rs_poisson_by_inversion(double mean, double p0, double u, struct stream *s);

#endif
