/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "beta.h"

#include <assert.h>
#include <math.h>

#define HALF_LOG_2PI 0.91893853320467274178

/* log(a!) minus Stirling's formula for it; a > 0, need not be whole. Loader (2000), sec. 2. */
static double stirling_rest(double a)
{
    if (a < 16.0)
        return lgamma(a + 1.0) - (a + 0.5) * log(a) + a - HALF_LOG_2PI;
    double r = 1.0 / (a * a);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - r / 1188) * r) * r) * r) / a;
}

/* Deviance a log(a / m) + m - a without cancellation near a = m. Loader (2000), sec. 3. */
static double deviance(double a, double m)
{
    double gap = a - m;
    if (fabs(gap) >= 0.1 * (a + m))
        return a * log(a / m) + m - a;
    double v = gap / (a + m);
    double sum = gap * v;
    double term = 2.0 * a * v;
    for (int j = 1; j < 1000; j++) {
        term *= v * v;
        double next = sum + term / (2 * j + 1);
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

double rs_beta_log_density(double a, double b, double x, double y)
{
    double n = a + b;
    double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    double log_binomial = rest - deviance(a, n * x) - deviance(b, n * y);
    /* The binomial's density has the factor sqrt(n / 2 pi a b); ours has a b / n more. */
    return log_binomial - HALF_LOG_2PI + 0.5 * log(a / n * b);
}

static double away_from_zero(double v)
{
    const double tiny = 1e-300;
    return fabs(v) < tiny ? tiny : v;
}

/* Steps of the continued fraction: those of 10^12 trials; more would keep somebody waiting for what is not better known. */
#define STEPS_MAX 2e7

/*
 * The continued fraction of I_x(a, b) a / (x^a y^b / B); settles fast for x below the mean. NaN if it does not, or where a or b
 * is not finite.
 */
static double fraction(double a, double b, double x)
{
    if (!isfinite(a + b))
        return NAN;
    double cap = fmin(1000.0 + 20.0 * sqrt(fmax(a, b)), STEPS_MAX);
    double c = 1.0;
    double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    double h = d;
    for (double m = 1.0; m <= cap; m += 1.0) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1.0) < 4e-16 || isnan(h))
            return h;
    }
    return NAN;
}

struct beta_tails rs_beta_tails(double a, double b, double x, double y)
{
    assert(a > 0.0 && b > 0.0 && x >= 0.0 && y >= 0.0);
    if (x == 0.0)
        return (struct beta_tails){.lower = 0.0, .upper = 1.0};
    if (y == 0.0)
        return (struct beta_tails){.lower = 1.0, .upper = 0.0};
    double factor = exp(rs_beta_log_density(a, b, x, y));
    double tail; /* a NaN must pass, so no fmin here */
    if (x < (a + 1.0) / (a + b + 2.0)) {
        tail = factor * fraction(a, b, x) / a;
        tail = tail > 1.0 ? 1.0 : tail;
        return (struct beta_tails){.lower = tail, .upper = 1.0 - tail};
    }
    tail = factor * fraction(b, a, y) / b;
    tail = tail > 1.0 ? 1.0 : tail;
    return (struct beta_tails){.lower = 1.0 - tail, .upper = tail};
}

double rs_beta_log_tail_ratio(double a, double b, double x, double y)
{
    assert(a > 0.0 && b > 0.0 && x > 0.0 && y > 0.0);
    if (x < (a + 1.0) / (a + b + 2.0))
        return log(fraction(a, b, x) / a); /* the density cancels: nothing can underflow */
    double log_density = rs_beta_log_density(a, b, x, y);
    double upper = exp(log_density) * fraction(b, a, y) / b;
    return log1p(-(upper > 1.0 ? 1.0 : upper)) - log_density; /* a NaN passes */
}

struct beta_tails rs_binomial_tails(uint64_t k, uint64_t n, double p)
{
    if (k >= n)
        return (struct beta_tails){.lower = 1.0, .upper = 0.0};
    struct beta_tails t = rs_beta_tails((double)k + 1.0, (double)(n - k), p, 1.0 - p);
    return (struct beta_tails){.lower = t.upper, .upper = t.lower};
}
