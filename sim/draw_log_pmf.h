/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sim/: log probabilities that keep their digits for counts up to 2^53, where lgamma differences would not.
 * Source: C. Loader, "Fast and accurate computation of binomial probabilities", 2000 (the method of R's dbinom).
 */
#ifndef SIM_DRAW_LOG_PMF_H
#define SIM_DRAW_LOG_PMF_H

/* log(k!) - log(sqrt(2 pi k) (k/e)^k), k >= 1 a whole number: the error of Stirling's formula. */
double rs_stirling_error(double k);

/* x log(x/mean) + mean - x without cancellation; x > 0, mean > 0. */
double rs_deviance(double x, double mean);

#endif
