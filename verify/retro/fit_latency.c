/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latencies that were counted in buckets. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "fit.h"
#include "sim/arena.h"

static struct fit_span *spans_of(const struct fit_buckets *b, int *out_n)
{
    struct fit_span *span = rs_xcalloc((size_t)b->n_bound + 1, sizeof(*span));
    int n = 0;
    for (int i = 0; i <= b->n_bound; i++) {
        if (b->count[i] > 0.0)
            span[n++] =
                (struct fit_span){i > 0 ? b->bound_s[i - 1] : 0.0,
                                  i < b->n_bound ? b->bound_s[i] : (double)INFINITY, b->count[i]};
    }
    *out_n = n;
    return span;
}

/* G = 2 sum count log(count / expected), over cells of at least 5 expected: smaller ones join the next (Cochran's rule). */
static double g_test(const struct fit_buckets *b,
                     double (*cdf)(const void *ctx, double x),
                     const void *ctx,
                     int n_parameter,
                     int *out_cell,
                     double *out_p)
{
    double total = 0.0, g = 0.0, seen = 0.0, expected = 0.0, left = 0.0;
    int cells = 0;
    for (int i = 0; i <= b->n_bound; i++)
        total += b->count[i];
    for (int i = 0; i <= b->n_bound; i++) {
        double from = i > 0 ? cdf(ctx, b->bound_s[i - 1]) : 0.0;
        double to = i < b->n_bound ? cdf(ctx, b->bound_s[i]) : 1.0;
        seen += b->count[i];
        expected += total * fmax(to - from, 0.0);
        left = total * (1.0 - to);
        if (i < b->n_bound && (expected < 5.0 || left < 5.0))
            continue;
        g += seen > 0.0 ? 2.0 * seen * log(seen / fmax(expected, 1e-9)) : 0.0;
        cells++;
        seen = expected = 0.0;
    }
    int df = cells - 1 - n_parameter;
    *out_cell = cells;
    *out_p = df > 0 ? gsl_cdf_chisq_Q(fmin(fmax(g, 0.0), 1000.0), df) : (double)NAN;
    return g;
}

static double law_cdf(const void *ctx, double x)
{
    return rs_dist_cdf(ctx, x);
}

int rs_fit_latency(struct fit_latency *out, const struct fit_buckets *b, double confidence)
{
    int n = 0;
    struct fit_span *span = spans_of(b, &n);
    int status = n < 2 ? -1 : rs_fit_duration(&out->fit, RS_LAW_LOGNORMAL, span, n);
    if (status == 0) {
        struct dist law = rs_fit_dist(&out->fit, INFINITY);
        out->median = rs_fit_quantile(&out->fit, 0.5, span, n, confidence);
        out->p99 = rs_fit_quantile(&out->fit, 0.99, span, n, confidence);
        out->g = g_test(b, law_cdf, &law, 2, &out->n_cell, &out->p_value);
    }
    free(span);
    return status;
}

/* ---- a factor ---- */

struct stretched {
    const struct fit_buckets *b;
    const struct fit_stretched *laws;
    double factor;
};

static double mixed(const void *ctx, double x)
{
    const struct stretched *s = ctx;
    return (1.0 - s->laws->exposed) * rs_dist_cdf(s->laws->spared, x) +
           s->laws->exposed * rs_dist_cdf(s->laws->hit, x / s->factor);
}

static double of_factor(const void *ctx, double log_factor)
{
    struct stretched s = *(const struct stretched *)ctx;
    double sum = 0.0, before = 0.0;
    s.factor = exp(log_factor);
    for (int i = 0; i <= s.b->n_bound; i++) {
        double to = i < s.b->n_bound ? mixed(&s, s.b->bound_s[i]) : 1.0;
        sum += s.b->count[i] > 0.0 ? s.b->count[i] * log(fmax(to - before, 1e-300)) : 0.0;
        before = to;
    }
    return sum;
}

struct fit_value rs_fit_latency_factor(const struct fit_buckets *b,
                                       const struct fit_stretched *laws,
                                       double confidence,
                                       double *out_p_value)
{
    struct stretched s = {b, laws, 1.0};
    double lo = log(0.01), hi = log(1000.0), best = lo;
    /* A mixture may have more than one hill: the highest of a grid is climbed. */
    for (double x = lo; x <= hi; x += 0.05)
        best = of_factor(&s, x) > of_factor(&s, best) ? x : best;
    double top = rs_fit_top(of_factor, &s, fmax(lo, best - 0.05), fmin(hi, best + 0.05), 1e-7);
    double drop = rs_fit_drop(confidence);
    double from = rs_fit_edge(of_factor, &s, top, lo, drop),
           to = rs_fit_edge(of_factor, &s, top, hi, drop);
    int cells = 0;
    s.factor = exp(top);
    (void)g_test(b, mixed, &s, 1, &cells, out_p_value);
    return (struct fit_value){exp(top), exp(from), to >= hi ? (double)INFINITY : exp(to)};
}
