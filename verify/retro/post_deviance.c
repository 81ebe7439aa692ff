/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a window is told by one change, or by two: what a second change has to better. */
#include <assert.h>
#include <math.h>

#include "retro/posterior.h"

enum { MOST_LEVELS = 3 };

static double log_of(double x, double of)
{
    return x > 0.0 ? x * log(of) : 0.0;
}

/* Of one point, RATIO and COUNT. */
static double deviance(const struct post_window *w, const struct post_point *p, double level)
{
    if (w->kind == RS_SIGNAL_COUNT)
        return -2.0 * w->weight * (log_of(p->k, level) - p->n * level);
    return -2.0 * w->weight * (log_of(p->k, level) + log_of(p->n - p->k, 1.0 - level));
}

/* Of all squares; what was rounded is not known better than its step. */
static double deviance_of_squares(const struct post_window *w, double squares)
{
    double rounding = w->resolution * w->resolution / 12.0 + 1e-18 * w->mean * w->mean;
    return w->weight * w->n * log(squares + w->n * fmax(rounding, 1e-300));
}

double rs_post_deviance(const struct post_window *w, struct post_at at, const struct post_levels *l)
{
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < w->n_point; i++) {
        double share = rs_post_share(&w->point[i], at);
        double level = (1.0 - share) * l->a + share * l->b, off = w->point[i].k - level;
        squares += off * off;
        if (w->kind != RS_SIGNAL_VALUE)
            sum += deviance(w, &w->point[i], level);
    }
    return w->kind == RS_SIGNAL_VALUE ? deviance_of_squares(w, squares) : sum;
}

/* share[j]: of the point under level j. */
static void shares(const struct post_point *p, const double *at_s, int n_cut, double *share)
{
    double left = 1.0;
    for (int j = n_cut; j > 0; j--) {
        double from_here = rs_post_share(p, (struct post_at){at_s[j - 1], 0.0});
        share[j] = from_here - (1.0 - left);
        left = 1.0 - from_here;
    }
    share[0] = left;
}

/* Expectation and maximisation: cut counts are shared out by the levels, then the levels are what was counted there. */
static void find_levels(const struct post_window *w, const double *at_s, int n_cut, double *level)
{
    for (int j = 0; j <= n_cut; j++)
        level[j] = 1.0;
    for (int round = 0; round < 6; round++) {
        double n[MOST_LEVELS] = {0}, k[MOST_LEVELS] = {0};
        for (int i = 0; i < w->n_point; i++) {
            const struct post_point *p = &w->point[i];
            double share[MOST_LEVELS], all = 0.0;
            shares(p, at_s, n_cut, share);
            for (int j = 0; j <= n_cut; j++)
                all += share[j] * (w->kind == RS_SIGNAL_VALUE ? 1.0 : level[j]);
            for (int j = 0; j <= n_cut; j++) {
                double part = share[j] * (w->kind == RS_SIGNAL_VALUE ? 1.0 : level[j]);
                n[j] += share[j] * p->n;
                k[j] += all > 0.0 ? p->k * part / all : 0.0;
            }
        }
        for (int j = 0; j <= n_cut; j++)
            level[j] = n[j] > 0.0 ? k[j] / n[j] : 0.0;
    }
}

double rs_post_deviance_of_steps(const struct post_window *w, const double *at_s, int n_cut)
{
    double level[MOST_LEVELS], sum = 0.0, squares = 0.0;
    assert(n_cut >= 0 && n_cut < MOST_LEVELS);
    find_levels(w, at_s, n_cut, level);
    for (int i = 0; i < w->n_point; i++) {
        double share[MOST_LEVELS], mixed = 0.0;
        shares(&w->point[i], at_s, n_cut, share);
        for (int j = 0; j <= n_cut; j++)
            mixed += share[j] * level[j];
        double off = w->point[i].k - mixed;
        squares += off * off;
        if (w->kind != RS_SIGNAL_VALUE)
            sum += deviance(w, &w->point[i], mixed);
    }
    return w->kind == RS_SIGNAL_VALUE ? deviance_of_squares(w, squares) : sum;
}
