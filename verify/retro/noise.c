/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro/noise.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "sim/arena.h"

static const double median_of_size = 0.6745; /* of a normal, in standard deviations */

double rs_noise_robust_sd(double *size, size_t n)
{
    if (n == 0)
        return 0.0;
    gsl_sort(size, 1, n);
    return size[n / 2] / median_of_size;
}

double rs_noise_of_steps(double *step, size_t n)
{
    size_t zero = 0;
    if (n == 0)
        return 0.0;
    gsl_sort(step, 1, n);
    while (zero < n && step[zero] == 0.0)
        zero++;
    if (zero == n)
        return 0.0;
    /* A difference has twice the variance of a value. */
    double sd = step[zero + (n - zero) / 2] / median_of_size;
    double variance = 0.5 * sd * sd * (double)(n - zero) / (double)n;
    return fmax(variance, step[zero] * step[zero] / 12.0);
}

double rs_noise_of_signal(const struct retro_signal *s)
{
    if (s->n < 2)
        return 0.0;
    double *step = rs_xcalloc(s->n, sizeof(*step));
    for (size_t i = 1; i < s->n; i++)
        step[i - 1] = fabs(s->point[i].y - s->point[i - 1].y);
    double variance = rs_noise_of_steps(step, s->n - 1);
    free(step);
    return variance;
}
