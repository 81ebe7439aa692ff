/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much an observation is worth: residuals held against the law that is assumed. */
#include <math.h>

#include "retro/posterior.h"

/*
 * Pearson's X2 over its freedom. Its variance is 2 per point, and 1 / expected more where few events are expected: only what is
 * three standard deviations beyond counts, else the chance of one window would widen or narrow its own interval.
 */
static double
worth_of_counts(const struct post_window *w, struct post_at at, const struct post_levels *l)
{
    double x2 = 0.0, variance = 0.0, freedom = -2.0;
    for (int i = 0; i < w->n_point; i++) {
        const struct post_point *p = &w->point[i];
        double share = rs_post_share(p, at), level = (1.0 - share) * l->a + share * l->b;
        double off = p->k - p->n * level;
        double v = w->kind == RS_SIGNAL_RATIO ? p->n * level * (1.0 - level) : p->n * level;
        if (!(v > 0.0))
            continue;
        x2 += off * off / v;
        variance += 2.0 + 1.0 / v;
        freedom += 1.0;
    }
    if (freedom < 6.0)
        return 1.0;
    double dispersion = x2 / freedom;
    return dispersion > 1.0 + 3.0 * sqrt(variance) / freedom ? 1.0 / dispersion : 1.0;
}

/* Neighbours' correlation; of independent values its standard deviation is 1 / sqrt(n). */
static double
worth_of_values(const struct post_window *w, struct post_at at, const struct post_levels *l)
{
    double together = 0.0, alone = 0.0, before = 0.0;
    for (int i = 0; i < w->n_point; i++) {
        double share = rs_post_share(&w->point[i], at);
        double off = w->point[i].k - (1.0 - share) * l->a - share * l->b;
        together += i > 0 ? off * before : 0.0;
        alone += off * off;
        before = off;
    }
    if (w->n_point < 10 || !(alone > 0.0))
        return 1.0;
    double r = together / alone;
    if (r < 2.0 / sqrt((double)w->n_point))
        return 1.0;
    return fmax((1.0 - r) / (1.0 + r), 4.0 / w->n_point);
}

double rs_post_worth(const struct post_window *w, struct post_at at, const struct post_levels *l)
{
    return w->kind == RS_SIGNAL_VALUE ? worth_of_values(w, at, l) : worth_of_counts(w, at, l);
}
