/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is assumed of durations, updated by a few of them. */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "fit.h"
#include "sim/arena.h"

enum { N_SIGMA = 81, N_MU = 121, N_CELL = N_SIGMA * N_MU };

struct fit_prior rs_fit_prior(const struct dist *assumed, double weight)
{
    enum { N = 999 };
    double sum = 0.0, square = 0.0;
    /* Middles of equal parts: the far tails, which nobody measured, do not count. */
    for (int i = 0; i < N; i++) {
        double y = log(fmax(rs_dist_quantile(assumed, (i + 0.5) / N), 1e-6));
        sum += y;
        square += y * y;
    }
    double mean = sum / N;
    return (struct fit_prior){mean, fmax(square / N - mean * mean, 0.01), weight};
}

/* ---- weighted values ---- */

struct cell {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct cell *)a)->value, y = ((const struct cell *)b)->value;
    return (x > y) - (x < y);
}

static double weighted_quantile(const struct cell *cell, int n, double q)
{
    double total = 0.0, sum = 0.0;
    for (int i = 0; i < n; i++)
        total += cell[i].weight;
    for (int i = 0; i < n; i++) {
        sum += cell[i].weight;
        if (sum >= q * total)
            return cell[i].value;
    }
    return cell[n - 1].value;
}

/* Sorts the cells. */
static struct fit_value central(struct cell *cell, int n, double confidence)
{
    qsort(cell, (size_t)n, sizeof(*cell), by_value);
    double tail = 0.5 - 0.5 * confidence;
    return (struct fit_value){exp(weighted_quantile(cell, n, 0.5)),
                              exp(weighted_quantile(cell, n, tail)),
                              exp(weighted_quantile(cell, n, 1.0 - tail))};
}

/* ---- normal-inverse-gamma ---- */

static double slab_probability(const struct fit_slab *s, double mu, double sigma)
{
    double lo = s->lo_s > 0.0 ? (log(s->lo_s) - mu) / sigma : -INFINITY;
    if (s->hi_s <= s->lo_s)
        return exp(-0.5 * lo * lo) / sigma;
    double hi = isinf(s->hi_s) ? (double)INFINITY : (log(s->hi_s) - mu) / sigma;
    if (lo > 0.0)
        return gsl_cdf_ugaussian_Q(lo) - (isinf(hi) ? 0.0 : gsl_cdf_ugaussian_Q(hi));
    return (isinf(hi) ? 1.0 : gsl_cdf_ugaussian_P(hi)) -
           (isinf(lo) ? 0.0 : gsl_cdf_ugaussian_P(lo));
}

static double span_probability(const struct fit_span *s, double mu, double sigma)
{
    struct fit_slab slab[RS_FIT_SLABS];
    int n = rs_fit_slabs(s, slab);
    double p = 0.0;
    for (int i = 0; i < n; i++)
        p += slab[i].part * slab_probability(&slab[i], mu, sigma);
    return p;
}

struct grid {
    double centre, sigma, kappa; /* the posterior of a conjugate update with the spans' middles */
    double step_s, step_t, t_lo;
};

static double middle(const struct fit_span *s)
{
    double hi = isinf(s->hi_s) ? 2.0 * s->lo_s : s->hi_s;
    if (s->best_s > s->lo_s && s->best_s < hi)
        return log(fmax(s->best_s, 0.1 * hi));
    return log(fmax(s->lo_s > 0.0 ? sqrt(s->lo_s * hi) : 0.5 * hi, 1e-6));
}

static struct grid grid_for(const struct fit_prior *p, const struct fit_span *span, int n)
{
    double w = 0.0, sum = 0.0, square = 0.0;
    bool is_cut = false;
    for (int i = 0; i < n; i++) {
        double y = middle(&span[i]);
        w += span[i].weight;
        sum += span[i].weight * y;
        square += span[i].weight * y * y;
        is_cut = is_cut || isinf(span[i].hi_s);
    }
    double kappa = p->weight + w, centre = (p->weight * p->mean_log + sum) / kappa;
    double mean = w > 0.0 ? sum / w : 0.0, far = mean - p->mean_log;
    double beta = 0.5 * p->weight * p->var_log + 0.5 * fmax(square - w * mean * mean, 0.0) +
                  0.5 * p->weight * w / kappa * far * far;
    struct grid g = {centre, sqrt(beta / (0.5 * kappa)), kappa, 6.0 / (N_SIGMA - 1), 0.0, -6.0};
    g.step_t = (is_cut ? 20.0 : 12.0) / (N_MU - 1); /* what has not ended yet draws upwards only */
    return g;
}

void rs_fit_update(struct fit_posterior *out,
                   const struct fit_prior *p,
                   const struct fit_span *span,
                   int n,
                   double confidence)
{
    struct grid g = grid_for(p, span, n);
    struct cell *median = rs_xcalloc(N_CELL, sizeof(*median));
    struct cell *p95 = rs_xcalloc(N_CELL, sizeof(*p95));
    double alpha = 0.5 * p->weight, beta = 0.5 * p->weight * p->var_log, top = -INFINITY;
    double z95 = gsl_cdf_ugaussian_Pinv(0.95);
    for (int i = 0; i < N_CELL; i++) {
        double log_sigma = log(g.sigma) - 3.0 + g.step_s * (i / N_MU), sigma = exp(log_sigma);
        double t = g.t_lo + g.step_t * (i % N_MU), mu = g.centre + t * sigma / sqrt(g.kappa);
        double from_prior = (mu - p->mean_log) / sigma;
        /* In log sigma and t: the Jacobian of mu adds a sigma, which the prior's own 1/sigma takes away. */
        double y = -2.0 * alpha * log_sigma - beta / (sigma * sigma) -
                   0.5 * p->weight * from_prior * from_prior;
        for (int k = 0; k < n; k++)
            y += span[k].weight * log(fmax(span_probability(&span[k], mu, sigma), 1e-300));
        median[i] = (struct cell){mu, y};
        p95[i] = (struct cell){mu + z95 * sigma, y};
        top = fmax(top, y);
    }
    for (int i = 0; i < N_CELL; i++)
        median[i].weight = p95[i].weight = exp(median[i].weight - top);
    out->median = central(median, N_CELL, confidence);
    out->p95 = central(p95, N_CELL, confidence);
    free(median);
    free(p95);
}

/* ---- an exponential's mean ---- */

static double log_exponential(const struct fit_span *s, double mean)
{
    struct fit_slab slab[RS_FIT_SLABS];
    int n = rs_fit_slabs(s, slab);
    double p = 0.0;
    if (s->hi_s <= s->lo_s)
        return -log(mean) - s->lo_s / mean;
    for (int i = 0; i < n; i++)
        p += slab[i].part * (exp(-slab[i].lo_s / mean) - exp(-slab[i].hi_s / mean));
    return log(fmax(p, 1e-300));
}

struct fit_value rs_fit_update_mean(
    double assumed_s, double weight, const struct fit_span *span, int n, double confidence)
{
    enum { N = 2001 };
    struct cell *cell = rs_xcalloc(N, sizeof(*cell));
    double top = -INFINITY, sum = weight * assumed_s, m = weight;
    for (int i = 0; i < n; i++) {
        double hi = isinf(span[i].hi_s) ? span[i].lo_s : span[i].hi_s;
        sum += span[i].weight * 0.5 * (span[i].lo_s + hi);
        m += isinf(span[i].hi_s) ? 0.0 : span[i].weight;
    }
    for (int i = 0; i < N; i++) {
        double x = log(sum / m) - 5.0 + 12.0 * i / (N - 1), mean = exp(x);
        /* In log of the mean: an inverse gamma of shape `weight` and scale weight * assumed. */
        double y = -weight * x - weight * assumed_s / mean;
        for (int k = 0; k < n; k++) {
            y += span[k].weight * log_exponential(&span[k], mean);
        }
        cell[i] = (struct cell){x, y};
        top = fmax(top, y);
    }
    for (int i = 0; i < N; i++)
        cell[i].weight = exp(cell[i].weight - top);
    struct fit_value v = central(cell, N, confidence);
    free(cell);
    return v;
}

/* ---- stretched ---- */

struct fit_value rs_fit_stretch(double (*cdf)(const void *ctx, double t_s),
                                const void *ctx,
                                int n_part,
                                const struct fit_span *span,
                                int n,
                                double confidence)
{
    enum { N = 801 };
    struct cell cell[N];
    double top = -INFINITY, sd = log(2.0);
    for (int i = 0; i < N; i++) {
        double x = -8.0 * sd + 16.0 * sd * i / (N - 1), factor = exp(x);
        double y = -0.5 * (x / sd) * (x / sd);
        for (int k = 0; k < n; k++) {
            struct fit_slab slab[RS_FIT_SLABS];
            int m = rs_fit_slabs(&span[k], slab);
            double p = 0.0;
            for (int j = 0; j < m; j++) {
                double lo = pow(cdf(ctx, slab[j].lo_s / factor), n_part);
                double hi =
                    isinf(slab[j].hi_s) ? 1.0 : pow(cdf(ctx, slab[j].hi_s / factor), n_part);
                p += slab[j].part * (hi - lo);
            }
            y += span[k].weight * log(fmax(p, 1e-300));
        }
        cell[i] = (struct cell){x, y};
        top = fmax(top, y);
    }
    for (int i = 0; i < N; i++)
        cell[i].weight = exp(cell[i].weight - top);
    return central(cell, N, confidence);
}
