/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fits of small models to what was recorded. Pure functions of their data: no clock, no file, no retrospective. Durations are in
 * seconds.
 */
#ifndef VERIFY_RETRO_FIT_H
#define VERIFY_RETRO_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "models/dist.h"
#include "verify/stats.h"

/* ---- durations ------------------------------------------------------------------------------------------------------- */

/* Families with a scale (log seconds) and, but for the exponential, a shape (log of sigma, or of the gamma's shape). */
enum fit_law { RS_LAW_LOGNORMAL, RS_LAW_GAMMA, RS_LAW_EXPONENTIAL, RS_LAW_N };
const char *rs_fit_law_name(enum fit_law law); /* "lognormal", ... */

/*
 * `weight` durations that lie in lo < x <= hi: 0 <= lo <= hi; hi = INFINITY: longer than lo (right-censored); lo = hi: exactly known.
 * Within it all is alike, or, with lo < best < hi, less and less towards the ends: the difference of two instants that are both
 * known to within so much. (Taken as flat such spans would leave too little spread to the law.) Lo may then be below 0.
 */
struct fit_span {
    double lo_s, hi_s, weight, best_s;
};
/* The span as slabs that are flat: [*n] of them, each with its part of the whole. */
enum { RS_FIT_SLABS = 3 };
struct fit_slab {
    double lo_s, hi_s, part;
};
int rs_fit_slabs(const struct fit_span *span, struct fit_slab slab[RS_FIT_SLABS]);

struct fit_value {
    double value, low,
        high; /* low <= value <= high; low 0, high INFINITY: the data do not bound it */
};

struct fit_duration {
    enum fit_law law;
    double log_scale, log_shape; /* lognormal: mu, log sigma; gamma: log of scale, of shape */
    double log_likelihood, aic;
    double n; /* durations, and of them those not right-censored */
    double n_ended;
    bool
        at_bound; /* sigma or the shape ended at the edge of what is tried: the data do not tell it */
};

/*
 * Maximum likelihood, every duration known only within its span. 0, or -1 where nothing ended or there is nothing.
 * The spread is searched in sigma 0.02..8, shape 0.05..200: spans that all overlap would else give a law without any.
 * Source: Turnbull, J. Roy. Stat. Soc. B 38 (1976) 290-295, for the likelihood; one hill inside of another is climbed by golden section.
 */
int rs_fit_duration(struct fit_duration *out, enum fit_law law, const struct fit_span *span, int n);
/* All three laws, by AIC (Akaike 1974), the best first. Returns how many could be fitted. */
int rs_fit_laws(struct fit_duration out[RS_LAW_N], const struct fit_span *span, int n);
/*
 * Quantile q of the fitted law with its profile-likelihood interval. Its threshold is n log(1 + t^2 / (n - 1)), t Student's with
 * n - 1 degrees of freedom and n the durations that ended: for a normal mean this is Student's own interval, and tends to
 * chi-square with n (Barndorff-Nielsen & Cox, Inference and Asymptotics (1994), sec. 3.4). Mean: q = NaN.
 */
struct fit_value rs_fit_quantile(const struct fit_duration *fit,
                                 double q,
                                 const struct fit_span *span,
                                 int n,
                                 double confidence);
/* As a law of the model, capped at cap_s (INFINITY: not). */
struct dist rs_fit_dist(const struct fit_duration *fit, double cap_s);
/*
 * Anderson & Darling's A^2 of the durations that ended, each at its middle by probability, against the fitted law; its p-value by
 * n_draw data sets drawn from that law, with the same spans, fitted anew (Stute, Gonzalez Manteiga & Presedo Quindimil, Metrika
 * 40 (1993) 243-256). NaN with fewer than 3 ended. A function of its arguments: `seed` fixes the draws.
 */
double rs_fit_duration_p(const struct fit_duration *fit,
                         const struct fit_span *span,
                         int n,
                         int n_draw,
                         uint64_t seed,
                         double *out_a2);

/*
 * A lognormal law updated: normal-inverse-gamma on log seconds. The assumption counts as `weight` durations with its own mean
 * and variance of log seconds. The posterior is summed over a grid, each span by its probability, so that spans need not be
 * narrow; exactly known durations give the conjugate answer (Gelman et al., Bayesian Data Analysis, 3rd ed., sec. 3.3).
 */
struct fit_prior {
    double mean_log, var_log; /* var_log > 0 */
    double weight;            /* > 0 */
};
struct fit_prior rs_fit_prior(const struct dist *assumed, double weight);
struct fit_posterior {
    struct fit_value median, p95; /* posterior medians with central credible intervals */
};
void rs_fit_update(struct fit_posterior *out,
                   const struct fit_prior *prior,
                   const struct fit_span *span,
                   int n,
                   double confidence);

/* The same of an exponential law's mean: inverse gamma, `weight` durations of the assumed mean; posterior median. */
struct fit_value rs_fit_update_mean(
    double assumed_s, double weight, const struct fit_span *span, int n, double confidence);

/*
 * By what factor a law of propagation is stretched: `n_part` parts, each by cdf(ctx, t / factor), and what is known is when the
 * last one had it. The factor's prior is lognormal around 1, one standard deviation a factor of 2.
 */
struct fit_value rs_fit_stretch(double (*cdf)(const void *ctx, double t_s),
                                const void *ctx,
                                int n_part,
                                const struct fit_span *span,
                                int n,
                                double confidence);

/* ---- counts ---------------------------------------------------------------------------------------------------------- */

struct fit_count {
    double k, n; /* events; requests, or seconds */
};
/* k/n of requests: Clopper & Pearson. */
struct fit_value rs_fit_ratio(struct fit_count c, double confidence);
/*
 * Errors that a fault adds to requests of which the share x is exposed: after = before + x * (1 - failing) * size. `failing`: the
 * share that fails anyway, by any code. Profile likelihood over two binomials, chi-square with one degree of freedom. 0..1.
 */
struct fit_value rs_fit_added_ratio(struct fit_count before,
                                    struct fit_count after,
                                    double exposed,
                                    double failing,
                                    double confidence);
/*
 * The same beside something that fails all requests alike, exposed or not: after = before + (1 - failing) * (rest + x * size *
 * (1 - rest)). Either the rest is given, or it was seen alone (left.n > 0): left = before + (1 - failing) * rest; then three
 * binomials, and the rest is profiled out.
 */
struct fit_rest {
    double assumed;        /* 0..1 */
    struct fit_count left; /* n = 0: not seen alone */
};
struct fit_value rs_fit_added_beside(struct fit_count before,
                                     struct fit_count after,
                                     const struct fit_rest *rest,
                                     double exposed,
                                     double failing,
                                     double confidence);
/* Events per second that are added to a rate: two Poisson counts, the same way. */
struct fit_value
rs_fit_added_rate(struct fit_count before, struct fit_count after, double confidence);

/*
 * observed[i] requests in parts of a recording where expected[i] were assumed: the factor between them. Parts differ by more
 * than Poisson (bursts, weather): quasi-Poisson, dispersion by Pearson, at least 1; Student's t with n - 1 degrees of freedom.
 * *out_dispersion may be NULL. n >= 2, else the interval is Poisson's own.
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed. (1989), sec. 6.2.3.
 */
struct fit_value rs_fit_factor(const double *observed,
                               const double *expected,
                               int n,
                               double confidence,
                               double *out_dispersion);

/* Counts in buckets (bound[n_bound], the last count above all bounds) against a lognormal. */
struct fit_buckets {
    int n_bound;
    const double *bound_s; /* [n_bound] rising */
    const double *count;   /* [n_bound + 1] */
};
struct fit_latency {
    struct fit_duration fit;
    struct fit_value median, p99;
    double g,
        p_value; /* likelihood ratio against the counts themselves; NaN: no degree of freedom left */
    int n_cell;
};
/* 0, or -1 where fewer than two buckets hold anything: the buckets do not tell a law. */
int rs_fit_latency(struct fit_latency *out, const struct fit_buckets *b, double confidence);
/*
 * Of the share `exposed` of the requests the law of latency is that of `hit`, multiplied by a factor; of the others that of
 * `spared`. The factor by profile likelihood, in 1/100..1000; *out_p_value as above.
 */
struct fit_stretched {
    const struct dist *spared, *hit;
    double exposed; /* 0..1 */
};
struct fit_value rs_fit_latency_factor(const struct fit_buckets *b,
                                       const struct fit_stretched *laws,
                                       double confidence,
                                       double *out_p_value);

/* ---- for all --------------------------------------------------------------------------------------------------------- */

/*
 * A function of one variable, to be made large: where it is largest in [lo, hi], for one hill; to within `near` of the place.
 * A hill is flat at its top: what depends on its height may be found from afar (1e-4), a place is worth 1e-7.
 */
double rs_fit_top(
    double (*f)(const void *ctx, double x), const void *ctx, double lo, double hi, double near);
/* Where f falls by `drop` below f(top), towards `end`; end itself if it does not. */
double rs_fit_edge(
    double (*f)(const void *ctx, double x), const void *ctx, double top, double end, double drop);
/* Half of the chi-square quantile with one degree of freedom: by how much a log-likelihood may fall. */
double rs_fit_drop(double confidence);

#endif
