/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The *_over_time functions. Sums are compensated as in Prometheus, in every version. */
#include <stdlib.h>

#include "promql_order.h"
#include "sim/arena.h"

bool rs_range_sum(double *out, const struct range_window *w, const double *param)
{
    double sum = 0.0, c = 0.0;

    (void)param;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            rs_kahan_as(w->run[r][i].v, &sum, &c, w->toggle->compensated);
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
            rs_kahan_as(v / n - mean / n, &mean, &c, false);
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

bool rs_quantile_rank(double q, int n, struct rank *rank)
{
    double at;

    *rank = (struct rank){.v = (double)NAN};
    if (n == 0 || isnan(q)) {
        return false;
    }
    if (q < 0.0 || q > 1.0) {
        rank->v = q < 0.0 ? -(double)INFINITY : (double)INFINITY;
        return false;
    }
    at = q * (double)(n - 1);
    rank->low = (int)fmax(0.0, floor(at));
    rank->high = (int)fmin((double)(n - 1), (double)rank->low + 1.0);
    rank->weight = at - floor(at);
    return true;
}

static void sift_down(double *v, int i, int n)
{
    for (int child = 2 * i + 1; child < n; child = 2 * i + 1) {
        double moved = v[i];

        if (child + 1 < n && rs_order_key(v[child]) < rs_order_key(v[child + 1])) {
            child++;
        }
        if (rs_order_key(v[child]) <= rs_order_key(moved)) {
            return;
        }
        v[i] = v[child];
        v[child] = moved;
        i = child;
    }
}

/* Heapsort: in place, and the C library's qsort may ask for memory. */
static void sort(double *v, int n)
{
    for (int i = n / 2 - 1; i >= 0; i--) {
        sift_down(v, i, n);
    }
    for (int end = n - 1; end > 0; end--) {
        double top = v[0];

        v[0] = v[end];
        v[end] = top;
        sift_down(v, 0, end);
    }
}

/* Go sorts so few by insertion: 0 and -0, which are equal, stay in the order in which they came. */
static void sort_few(double *v, int n)
{
    for (int i = 1; i < n; i++) {
        double moved = v[i];
        int at = i;

        for (; at > 0 && (isnan(moved) || moved < v[at - 1]); at--) {
            v[at] = v[at - 1];
        }
        v[at] = moved;
    }
}

double rs_quantile(double q, double *v, int n)
{
    struct rank rank;

    if (rs_quantile_rank(q, n, &rank)) {
        (n <= RS_SORT_FEW ? sort_few : sort)(v, n);
        rank.v = v[rank.low] * (1.0 - rank.weight) + v[rank.high] * rank.weight;
    }
    return rank.v;
}

/* Sorted anew each time: the measure of promql_order.c, which moves the order along. */
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
            rs_kahan_as(delta / n, &mean, &c_mean, w->toggle->compensated);
            rs_kahan_as(delta * (v - (mean + c_mean)), &aux, &c_aux, w->toggle->compensated);
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
