/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats_mean.h"

#include <assert.h>
#include <math.h>

/*
 * The best stake for a gap d between limit and mean and a variance v is about d / (v + d^2), and one that is off by a factor of
 * 1.3 still earns more than nine tenths. The stakes go by a factor of 1.6 from 5e-5, which serves a gap of that size, to 0.99,
 * which serves values that are nearly always 0.
 */
static double stake(int i)
{
    const double first = -10.0, last = 5.0;
    return 1.0 / (1.0 + exp(-(first + (last - first) * i / (RS_MEAN_N_STAKE - 1))));
}

void rs_mean_watch_init(struct mean_watch *w, double limit, double alpha)
{
    assert(limit >= 0.0 && limit <= 1.0 && alpha >= 0.0 && alpha < 1.0);
    *w = (struct mean_watch){.limit = limit, .log_need = -log(alpha)};
}

double rs_mean_log_e_below(const struct mean_watch *w, double m, double times)
{
    double term[RS_MEAN_N_STAKE], most = -(double)INFINITY, sum = 0.0;
    for (int i = 0; i < RS_MEAN_N_STAKE; i++) {
        term[i] = times * (w->sum[i] - (double)w->n * log1p(-stake(i) * m));
        most = fmax(most, term[i]);
    }
    for (int i = 0; i < RS_MEAN_N_STAKE; i++)
        sum += exp(term[i] - most);
    return most + log(sum / RS_MEAN_N_STAKE);
}

bool rs_mean_watch_add(struct mean_watch *w, double x)
{
    assert(x >= 0.0 && x <= 1.0);
    w->n++;
    for (int i = 0; i < RS_MEAN_N_STAKE; i++)
        w->sum[i] += log1p(-stake(i) * x);
    w->crossed = w->crossed || rs_mean_log_e_below(w, w->limit, 1.0) >= w->log_need;
    return w->crossed;
}

void rs_mean_watch_forget(struct mean_watch *w, uint64_t n)
{
    for (int i = 0; i < RS_MEAN_N_STAKE; i++)
        w->sum[i] -= (double)n * log1p(-stake(i));
}

double rs_mean_bound(const struct mean_watch *w)
{
    double low = 0.0, high = 1.0;
    if (!(rs_mean_log_e_below(w, high, 1.0) >= w->log_need))
        return 1.0;
    for (int i = 0; i < 60; i++) {
        double mid = 0.5 * (low + high);
        if (rs_mean_log_e_below(w, mid, 1.0) >= w->log_need)
            high = mid;
        else
            low = mid;
    }
    return high;
}
