/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How likely the points of a window are if the level changed at one instant, at once or over a while, the levels themselves
 * integrated out. Times are seconds since the window began.
 *
 * With w the share of a point's interval that lies after the change (on a ramp: the mean of the way gone), the point is
 *   RATIO  k ~ binomial(n, (1-w) a + w b)     requests of an interval are spread evenly over it
 *   COUNT  k ~ Poisson(n ((1-w) a + w b))     so the counts fall to either side as they would, split by split
 *   VALUE  y ~ normal((1-w) a + w b, sd)      sd unknown and the same on both sides
 * Prior: of RATIO and COUNT the level before is Jeffreys' (of COUNT: as much as half an event at the mean rate of the window,
 * so that it is proper), and the logarithm of the odds, or of the rate, moves by a normal of standard deviation 2, so that a
 * factor of seven is a usual change and one of a hundred none too rare. These integrals are Laplace's, in the logarithm (Tierney &
 * Kadane, JASA 81 (1986) 82-86). Of VALUE the level and ln sd are flat and the change is normal of 3 sd; the integral is exact
 * (Zellner's prior: Liang et al., JASA 103 (2008) 410-423, sec. 2), but for what is known of the noise of the
 * whole signal.
 */
#ifndef RETRO_POSTERIOR_H
#define RETRO_POSTERIOR_H

#include "verify/retro_change.h"

/* A point in the window's own time. */
struct post_point {
    double lo_s, hi_s;
    double n, k; /* VALUE: n = 1, k = y - the window's mean */
};

/* What is known of a signal's noise beside a window's own points. */
struct post_noise {
    double variance; /* VALUE */
    double freedom;  /* worth so many observations; 0 = nothing is known */
    double worth;    /* of one observation; 0..1 */
    bool whole;      /* by the residuals of the whole signal: a window does not look at its own */
};
/* By its neighbours, as worth four observations: else a window of a few points would know nothing of it. */
struct post_noise rs_post_noise_of(const struct retro_signal *s);

struct post_window { /* heap: new / free */
    enum retro_signal_kind kind;
    double span_s;           /* of the window; the change is in 0..span_s */
    double longest_s;        /* of an interval */
    double spacing_s;        /* between neighbours, the median */
    double mean;             /* VALUE: taken off */
    double resolution;       /* VALUE: smallest step between two different values */
    struct post_noise noise; /* of the whole signal */
    double
        weight; /* of one observation: less than 1 where neighbours agree too well, or counts scatter too much */
    double n, k, kk; /* sums; kk: VALUE, of squares */
    int n_point;
    struct post_point *point;  /* [n_point] by hi */
    double *n_until, *k_until; /* [n_point + 1] sums of the first i points */
    double *lo;                /* [n_point] starts, rising */
    double *n_from, *k_from;   /* [n_point + 1] sums of the points from the i-th start on */
    double log_null;           /* of no change */
};

/* Points of s with from < hi <= until; NULL if there are fewer than three. */
struct post_window *rs_post_window_new(const struct retro_signal *s,
                                       int64_t from_ns,
                                       int64_t until_ns,
                                       const struct post_noise *noise);
void rs_post_window_free(struct post_window *w); /* NULL ok */
/* Sets weight, and what follows from it. */
void rs_post_window_weigh(struct post_window *w, double weight);

/* A change at at_s that is through at at_s + ramp_s. */
struct post_at {
    double at_s, ramp_s;
};
struct post_levels {
    double log_odds;   /* natural: of this change against none */
    double a, b;       /* levels, the window's mean not yet put back */
    double n_a, k_a;   /* how much of the points lies before, as likely as not: RATIO, COUNT */
    double n_b, k_b;   /* and after */
    double sd_a, sd_b; /* VALUE: scale of the levels, Student with `freedom` */
    double freedom;
};
struct post_levels
rs_post_levels(const struct post_window *w, struct post_at at, enum retro_direction d);

/* The share of a point that lies after the change. */
double rs_post_share(const struct post_point *p, struct post_at at);

/*
 * Minus twice the log likelihood, at the likeliest levels: of one change as told by l, and of steps at n_cut instants (at most 2),
 * their levels found anew. Of VALUE n ln of the squares that are left. Only the difference of two of one window says anything.
 */
double
rs_post_deviance(const struct post_window *w, struct post_at at, const struct post_levels *l);
double rs_post_deviance_of_steps(const struct post_window *w, const double *at_s, int n_cut);

/*
 * How much one observation is worth under these levels: 1 / dispersion where the residuals scatter significantly more than the law
 * says, VALUE: (1 - r) / (1 + r) for the correlation r of neighbours where it is significant. 0 < it <= 1.
 */
double rs_post_worth(const struct post_window *w, struct post_at at, const struct post_levels *l);

/* rs_retro_change_at, with the noise told. */
bool rs_post_change(struct retro_change *out,
                    const struct retro_signal *s,
                    int64_t from_ns,
                    int64_t until_ns,
                    const struct post_noise *noise,
                    const struct retro_change_options *opt);

#endif
