/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The *_over_time functions. Sums are compensated as in Prometheus, in every version. */
#include <stdlib.h>

#include "promql_eval.h"
#include "sim/arena.h"

bool rs_range_sum(double *out, const struct range_window *w, const double *param)
{
    double sum = 0.0, c = 0.0;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            rs_kahan(w->run[r][i].v, &sum, &c);
        }
    }
    *out = isinf(sum) ? sum : sum + c;
    return true;
}

/* Prometheus >= 3.5: the sum divided, and a running mean only after the sum has overflowed. */
static double mean_direct(const struct range_window *w)
{
    double sum = w->run[0][0].v, c = 0.0, mean = 0.0, n = 1.0;
    bool running = false;

    for (int r = 0; r < 2; r++) {
        for (int i = r == 0; i < w->n_run[r]; i++) {
            double v = w->run[r][i].v;

            n += 1.0;
            if (!running) {
                double sum_next = sum, c_next = c;

                rs_kahan(v, &sum_next, &c_next);
                if (!isinf(sum_next)) {
                    sum = sum_next;
                    c = c_next;
                    continue;
                }
                running = true;
                mean = sum / (n - 1.0);
                c /= n - 1.0;
            }
            mean *= (n - 1.0) / n;
            c *= (n - 1.0) / n;
            rs_kahan(v / n, &mean, &c);
        }
    }
    return running ? mean + c : sum / n + c / n;
}

/* Prometheus 2: the running mean from the start; an infinite mean stays. */
static double mean_running(const struct range_window *w)
{
    double mean = 0.0, c = 0.0, n = 0.0;

    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double v = w->run[r][i].v;

            n += 1.0;
            if (isinf(mean) && ((isinf(v) && (mean > 0.0) == (v > 0.0)) || isfinite(v))) {
                continue;
            }
            rs_kahan(v / n - mean / n, &mean, &c);
        }
    }
    return isinf(mean) ? mean : mean + c;
}

bool rs_range_avg(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    *out = w->toggle->compensated ? mean_direct(w) : mean_running(w);
    return true;
}

bool rs_range_min(double *out, const struct range_window *w, const double *param)
{
    double best = w->run[0][0].v;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double v = w->run[r][i].v;

            best = v < best || isnan(best) ? v : best;
        }
    }
    *out = best;
    return true;
}

bool rs_range_max(double *out, const struct range_window *w, const double *param)
{
    double best = w->run[0][0].v;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double v = w->run[r][i].v;

            best = v > best || isnan(best) ? v : best;
        }
    }
    *out = best;
    return true;
}

bool rs_range_count(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    *out = w->n;
    return true;
}

bool rs_range_last(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    *out = rs_window_last(w, 0)->v;
    return true;
}

bool rs_range_present(double *out, const struct range_window *w, const double *param)
{
    (void)w;
    (void)param;
    *out = 1.0;
    return true;
}

static int compare_nan_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    if (isnan(x) || isnan(y)) {
        return isnan(y) - isnan(x);
    }
    return (x > y) - (x < y);
}

double rs_quantile(double q, double *v, int n)
{
    double rank, low, high, weight;

    if (n == 0 || isnan(q)) {
        return (double)NAN;
    }
    if (q < 0.0 || q > 1.0) {
        return q < 0.0 ? -(double)INFINITY : (double)INFINITY;
    }
    qsort(v, (size_t)n, sizeof *v, compare_nan_first);
    rank = q * (double)(n - 1);
    low = fmax(0.0, floor(rank));
    high = fmin((double)(n - 1), low + 1.0);
    weight = rank - floor(rank);
    return v[(int)low] * (1.0 - weight) + v[(int)high] * weight;
}

bool rs_range_quantile(double *out, const struct range_window *w, const double *param)
{
    double *v = rs_xrealloc(NULL, (size_t)w->n * sizeof *v);
    int n = 0;

    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            v[n++] = w->run[r][i].v;
        }
    }
    *out = rs_quantile(param[0], v, n);
    free(v);
    return true;
}

/* Welford's population variance with compensated mean and sum of squares. */
static double variance(const struct range_window *w)
{
    double n = 0.0, mean = 0.0, c_mean = 0.0, aux = 0.0, c_aux = 0.0;

    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double v = w->run[r][i].v, delta = v - (mean + c_mean);

            n += 1.0;
            rs_kahan(delta / n, &mean, &c_mean);
            rs_kahan(delta * (v - (mean + c_mean)), &aux, &c_aux);
        }
    }
    return (aux + c_aux) / n;
}

bool rs_range_stddev(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    *out = sqrt(variance(w));
    return true;
}

bool rs_range_stdvar(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    *out = variance(w);
    return true;
}
