/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The noise of a series of values, by its neighbours: most of them have the same level. */
#ifndef RETRO_NOISE_H
#define RETRO_NOISE_H

#include <stddef.h>

#include "verify/retro_evidence.h"

/*
 * Variance from the sizes of n differences of neighbours, which are sorted in place. The median stands for all that are not 0, so that
 * jumps do not matter, and each counts in proportion to how many there are; never less than the rounding to the smallest of them. 0 = all
 * are alike.
 */
double rs_noise_of_steps(double *step /* [n] */, size_t n);
/* The same of a whole VALUE signal. */
double rs_noise_of_signal(const struct retro_signal *s);
/* Standard deviation by the median of sizes, which are sorted in place; 0 of none. */
double rs_noise_robust_sd(double *size /* [n] */, size_t n);

#endif
