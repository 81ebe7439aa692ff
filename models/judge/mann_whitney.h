/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Mann-Whitney (Wilcoxon rank-sum) interval of a shift between two samples, by the normal approximation with corrections for
 * continuity and ties: the shifts d for which the test of x - d against y does not reject, and the Hodges-Lehmann estimate as the
 * shift at which its statistic is zero. Statistic and variance: Hollander & Wolfe, Nonparametric Statistical Methods (2nd ed.,
 * 1999), 4.1 and 4.3; inversion of the test: Bauer, JASA 67 (1972) 687-690. R's wilcox.test(x, y, conf.int = TRUE, exact = FALSE)
 * and Kayenta both look for the zeros with ZEROIN to a tolerance of 1e-4, whatever the unit of the values; so does this.
 */
#ifndef JUDGE_MANN_WHITNEY_H
#define JUDGE_MANN_WHITNEY_H

#define RS_SHIFT_TOLERANCE 1e-4

struct shift {
    double low, high; /* of the interval */
    double estimate;
};

/* Samples sorted, n_x and n_y > 0, no NaN; +-INFINITY may be among them (then ends may be NaN). */
struct two_samples {
    const double *x; /* [n_x] the experiment */
    int n_x;
    const double *y; /* [n_y] the control */
    int n_y;
};

/*
 * The standardised statistic of x - d against y: falls as d grows, with steps. NaN where all x - d and y are tied.
 */
double rs_shift_statistic(const struct two_samples *s, double d);

/* 0, or -1: somewhere on the way all values were tied. confidence: 0 < confidence < 1, two-sided. */
int rs_mann_whitney(const struct two_samples *s, double confidence, struct shift *out);

/* The share of pairs in which x is above y, ties as half: Vargha & Delaney, J. Educ. Behav. Stat. 25 (2000) 101-132. */
double rs_common_language(const struct two_samples *s);

#endif
