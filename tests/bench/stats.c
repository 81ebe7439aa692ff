/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread bench_spread(double *x, int n)
{
    if (n == 0) {
        return (struct spread){0, NAN, NAN, NAN};
    }
    qsort(x, (size_t)n, sizeof *x, by_value);
    return (struct spread){n, x[0], (x[(n - 1) / 2] + x[n / 2]) / 2, x[n - 1]};
}

struct fit bench_fit(const double *size, const double *cost, int n)
{
    double x_mean = 0, y_mean = 0, xx = 0, xy = 0, rest = 0;
    assert(n >= 2);
    for (int i = 0; i < n; i++) {
        x_mean += log(size[i]) / n;
        y_mean += log(cost[i]) / n;
    }
    for (int i = 0; i < n; i++) {
        double x = log(size[i]) - x_mean;
        xx += x * x;
        xy += x * (log(cost[i]) - y_mean);
    }
    assert(xx > 0);
    struct fit f = {.exponent = xy / xx};
    for (int i = 0; i < n; i++) {
        double r = log(cost[i]) - y_mean - f.exponent * (log(size[i]) - x_mean);
        rest += r * r;
    }
    f.error = n > 2 ? sqrt(rest / (n - 2) / xx) : 0;
    f.factor = exp(y_mean - f.exponent * x_mean);
    return f;
}
