/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gate_law.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/arena.h"

uint64_t rs_gate_least(uint64_t n, double limit, bool strict)
{
    double k = limit * (double)n, whole = round(k);
    bool is_whole = fabs(k - whole) <= 1e-9 * fmax(1.0, fabs(whole));
    double least = is_whole ? whole + (strict ? 1.0 : 0.0) : ceil(k);
    return least <= 0.0 ? 0 : least > (double)n ? n + 1 : (uint64_t)least;
}

double rs_gate_share(uint64_t n, double p, double limit, bool strict)
{
    uint64_t least = rs_gate_least(n, limit, strict);
    if (n == 0 || least > n)
        return 0.0;
    if (least == 0)
        return 1.0;
    double tail = rs_binomial_tails(least - 1, n, p).upper;
    assert(!isnan(tail));
    return tail;
}

/* log(k!) less Stirling's formula for it. Loader, "Fast and accurate computation of binomial probabilities" (2000). */
static double stirling_rest(double k)
{
    const double half_log_2pi = 0.91893853320467274178;
    if (k < 16.0)
        return lgamma(k + 1.0) - (k + 0.5) * log(k) + k - half_log_2pi;
    double r = 1.0 / (k * k);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - r / 1188) * r) * r) * r) / k;
}

/*
 * Log of the Poisson density at k. k log k and log k! nearly cancel where k is large, so the deviance and the rest of Stirling's
 * formula stand in their place.
 */
static double log_density(double k, double mean)
{
    const double two_pi = 6.28318530717958647693;
    if (k == 0.0)
        return -mean;
    double d = (k - mean) / mean;
    double deviance = mean * ((1.0 + d) * log1p(d) - d);
    return -deviance - stirling_rest(k) - 0.5 * log(two_pi * k);
}

struct beta_tails rs_poisson_tails(uint64_t k, double mean)
{
    assert(mean >= 0.0 && mean < 1e9);
    if (mean == 0.0)
        return (struct beta_tails){.lower = 1.0, .upper = 0.0};
    double at = (double)k, sum = 0.0, term;
    if (at < mean) { /* downwards from k: the terms fall */
        term = exp(log_density(at, mean));
        for (double i = at; i >= 0.0 && term > sum * 1e-18; i -= 1.0) {
            sum += term;
            term *= i / mean;
        }
        sum = fmin(sum, 1.0);
        return (struct beta_tails){.lower = sum, .upper = 1.0 - sum};
    }
    term = exp(log_density(at + 1.0, mean));
    for (double i = at + 1.0; term > sum * 1e-18; i += 1.0) {
        sum += term;
        term *= mean / (i + 1.0);
    }
    sum = fmin(sum, 1.0);
    return (struct beta_tails){.lower = 1.0 - sum, .upper = sum};
}

double rs_gate_count(double mean, double limit, bool strict)
{
    double least = strict ? floor(limit) + 1.0 : ceil(limit);
    return least <= 0.0 ? 1.0 : rs_poisson_tails((uint64_t)least - 1, mean).upper;
}

double rs_any_of(double n, double p)
{
    return p >= 1.0 ? (n > 0.0 ? 1.0 : 0.0) : -expm1(n * log1p(-p));
}

struct look_bounds rs_look_bounds(int n_look, double every_s, double window_s, double p_one)
{
    double apart = n_look;
    if (n_look > 1 && every_s > 0.0) {
        double stride = fmax(1.0, ceil(window_s / every_s - 1e-9));
        apart = floor((n_look - 1) / stride) + 1.0;
    }
    return (struct look_bounds){
        .n_apart = apart, .low = rs_any_of(apart, p_one), .high = fmin(1.0, n_look * p_one)};
}

double rs_run_of(int n, double p, int in_a_row)
{
    assert(n >= 0 && in_a_row >= 1);
    if (n < in_a_row)
        return 0.0;
    /* The first run ends at trial i behind a failure and i - r - 1 trials without one; all terms are positive. */
    double run = pow(p, in_a_row), found = run, *none = rs_xcalloc((size_t)n + 1, sizeof *none);
    for (int i = 0; i < in_a_row; i++)
        none[i] = 1.0;
    none[in_a_row] = 1.0 - found;
    for (int i = in_a_row + 1; i <= n; i++) {
        found += (1.0 - p) * run * none[i - in_a_row - 1];
        none[i] = 1.0 - found;
    }
    free(none);
    return fmin(found, 1.0);
}

struct look_bounds
rs_look_run_bounds(int n_look, double every_s, double window_s, double p_one, int in_a_row)
{
    struct look_bounds one = rs_look_bounds(n_look, every_s, window_s, p_one);
    if (in_a_row <= 1)
        return one;
    if (one.n_apart == n_look) {
        double p = rs_run_of(n_look, p_one, in_a_row);
        return (struct look_bounds){.n_apart = n_look, .low = p, .high = p};
    }
    double stride = ceil(window_s / every_s - 1e-9), block = in_a_row - 1 + stride;
    double n_block = n_look < in_a_row ? 0.0 : floor((n_look - in_a_row) / block) + 1.0;
    double apart = floor((in_a_row - 1) / stride) + 1.0; /* of the looks of one run */
    double n_begin = n_look < in_a_row ? 0.0 : n_look - in_a_row + 1.0;
    return (struct look_bounds){.n_apart = n_block,
                                .low = rs_any_of(n_block, pow(p_one, in_a_row)),
                                .high = fmin(1.0, n_begin * pow(p_one, apart))};
}

double rs_gate_detectable(uint64_t n, double limit, bool strict, double power)
{
    double low = 0.0, high = 1.0;
    if (rs_gate_share(n, 1.0, limit, strict) < power)
        return NAN;
    for (int i = 0; i < 200 && high - low > 1e-10 * high; i++) {
        double mid = 0.5 * (low + high);
        if (rs_gate_share(n, mid, limit, strict) >= power)
            high = mid;
        else
            low = mid;
    }
    return high;
}

uint64_t rs_gate_needed(double p, double limit, bool strict, double power)
{
    uint64_t high = 1, low;
    while (high < UINT64_C(1000000000) && rs_gate_share(high, p, limit, strict) < power)
        high *= 2;
    if (rs_gate_share(high, p, limit, strict) < power)
        return 0;
    for (low = high / 2; low + 1 < high;) {
        uint64_t mid = low + (high - low) / 2;
        if (rs_gate_share(mid, p, limit, strict) >= power)
            high = mid;
        else
            low = mid;
    }
    return high;
}
