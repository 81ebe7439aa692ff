/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "draw_gsl.h"
#include "draw_log_pmf.h"
#include "sim/draw.h"

static const double TWO_PI = 6.283185307179586476925;
static const double COUNT_MAX = 0x1p53; /* beyond it a double does not hold every count */

/* Sequential search, n * p < 10 and p <= 1/2: Devroye (1986), ch. X.4.2. */
static double draw_by_inversion(struct stream *s, double n, double p)
{
    double p0 = exp(n * log1p(-p)), odds = p / (1 - p);
    double k_max = fmin(n, 200); /* P(count > 200) < 1e-150 here */
    for (;;) {
        double u = rs_stream_uniform(s), term = p0;
        for (double k = 0; k <= k_max; k++) {
            if (u < term) {
                return k;
            }
            u -= term;
            term *= odds * (n - k) / (k + 1);
        }
    }
}

/*
 * log P(count = k) of a binomial but for a constant and -log(k (1 - k/n)) / 2; 0 < k < n whole
 * numbers. Loader 2000.
 */
static double log_binomial(double k, double n, double p)
{
    return -rs_stirling_error(k) - rs_stirling_error(n - k) - rs_deviance(k, n * p) -
           rs_deviance(n - k, n * (1 - p));
}

/* Whether x <= P(count = k) / P(count = mode), one logarithm for all. */
static bool below_binomial(double x, double k, double n, double p)
{
    double mode = floor((n + 1) * p);
    double log_mode = log_binomial(mode, n, p);
    double mode_square = mode * (1 - mode / n);
    if (k == 0 || k == n) {
        double log_k = k == 0 ? n * log1p(-p) : n * log(p);
        return log(x / sqrt(TWO_PI * mode_square)) <= log_k - rs_stirling_error(n) - log_mode;
    }
    double k_square = k * (1 - k / n);
    return log(x * sqrt(k_square / mode_square)) <= log_binomial(k, n, p) - log_mode;
}

/* The same near the mode: P(count = k) / P(count = mode) as a product, which takes no logarithm. */
static bool below_near_mode(double x, double k, double mode, double n, double p)
{
    double odds = p / (1 - p), above = 1, below = 1;
    double first = k < mode ? k + 1 : mode + 1, last = k < mode ? mode : k;
    for (double i = first; i <= last; i++) {
        above *= (n + 1 - i) * odds;
        below *= i;
    }
    return k < mode ? x * above <= below : x * below <= above;
}

/*
 * Hoermann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993)
 * 101-110, algorithm BTRS.
 */
static double draw_by_rejection(struct stream *s, double n, double p)
{
    double sd = sqrt(n * p * (1 - p));
    double b = 1.15 + 2.53 * sd;
    double a = -0.0873 + 0.0248 * b + 0.01 * p;
    double v_r = 0.92 - 4.2 / b;
    for (;;) {
        double u = rs_stream_uniform(s) - 0.5, v = rs_stream_uniform_pos(s);
        double us = 0.5 - fabs(u);
        double x = (2 * a / us + b) * u + n * p + 0.5;
        if (!(x >= 0 && x < n + 1)) {
            continue;
        }
        double k = (double)(int64_t)x;
        if (us >= 0.07 && v <= v_r) {
            return k;
        }
        double alpha = (2.83 + 5.1 / b) * sd;
        double x_k = v * alpha / (a / (us * us) + b), mode = floor((n + 1) * p);
        /* So few factors, none above 2^53, stay within a double. */
        bool near = fabs(k - mode) <= 16;
        if (near ? below_near_mode(x_k, k, mode, n, p) : below_binomial(x_k, k, n, p)) {
            return k;
        }
    }
}

uint64_t rs_draw_binomial(struct stream *s, uint64_t n, double p)
{
    assert(p >= 0 && p <= 1 && (double)n <= COUNT_MAX);
    if (n == 0 || p == 0 || p == 1) {
        return p == 1 ? n : 0;
    }
    if (s->gsl) {
        return rs_gsl_binomial(s, n, p);
    }
    double rarer = p <= 0.5 ? p : 1 - p;
    double count = (double)n * rarer < 10 ? draw_by_inversion(s, (double)n, rarer)
                                          : draw_by_rejection(s, (double)n, rarer);
    assert(count >= 0 && count <= (double)n);
    return p <= 0.5 ? (uint64_t)count : n - (uint64_t)count;
}

/* The sum of weight[first .. n_class-1], and in *out_last the last class with any weight. */
static double weight_left(int first, int n_class, const double *weight, int *out_last)
{
    double sum = 0;
    for (int i = first; i < n_class; i++) {
        assert(weight[i] >= 0 && weight[i] < INFINITY);
        sum += weight[i];
        *out_last = weight[i] > 0 ? i : *out_last;
    }
    return sum;
}

void rs_draw_multinomial(
    struct stream *s, uint64_t n, int n_class, const double *weight, uint64_t *out)
{
    int last = -1;
    double left = weight_left(0, n_class, weight, &last);
    assert(last >= 0 && left < INFINITY);
    double left_when_summed = left;
    for (int i = 0; i < n_class; i++) {
        if (i == last) {
            out[i] = n;
        } else if (n == 0 || weight[i] == 0) {
            out[i] = 0;
        } else {
            out[i] = rs_draw_binomial(s, n, fmin(weight[i] / left, 1));
        }
        n -= out[i];
        left -= weight[i];
        if (left < 1e-3 * left_when_summed && i + 1 < last) {
            /* Subtraction has eaten digits: sum what is left anew. */
            left_when_summed = left = weight_left(i + 1, n_class, weight, &last);
        }
    }
}
