/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>

#include "internal.h"

static double log_factorial(double n)
{
    int sign; /* lgamma itself writes a global */
    return lgamma_r(n + 1.0, &sign);
}

static double log_choose(double n, double k)
{
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/*
 * Inversion outwards from the mode: the probability of the mode from factorials, its neighbours' by recurrence; about one
 * standard deviation of steps. Source: Kachitvichyanukul & Schmeiser, J. Stat. Comput. Simul. 22 (1985), algorithm HIN, begun
 * at the mode so that nothing underflows.
 */
uint64_t rs_draw_hypergeometric(struct stream *s, uint64_t n_all, uint64_t n_marked, uint64_t n)
{
    assert(n_marked <= n_all && n <= n_all);
    uint64_t plain = n_all - n_marked;
    uint64_t low = n > plain ? n - plain : 0, high = n < n_marked ? n : n_marked;
    if (low == high)
        return low;
    double all = (double)n_all, marked = (double)n_marked, drawn = (double)n;
    double mode = floor((drawn + 1.0) * (marked + 1.0) / (all + 2.0));
    mode = fmin(fmax(mode, (double)low), (double)high);
    double p = exp(log_choose(marked, mode) + log_choose(all - marked, drawn - mode) -
                   log_choose(all, drawn));
    double u = rs_stream_uniform(s) - p, up = mode, down = mode, p_up = p, p_down = p;
    while (u > 0.0 && (up < (double)high || down > (double)low)) {
        if (up < (double)high) {
            p_up *= (marked - up) * (drawn - up) / ((up + 1.0) * (all - marked - drawn + up + 1.0));
            up += 1.0;
            u -= p_up;
            if (u <= 0.0)
                return (uint64_t)up;
        }
        if (down > (double)low) {
            p_down *= down * (all - marked - drawn + down) /
                      ((marked - down + 1.0) * (drawn - down + 1.0));
            down -= 1.0;
            u -= p_down;
            if (u <= 0.0)
                return (uint64_t)down;
        }
        if (p_up + p_down < 1e-18)
            break; /* what is left of u is rounding */
    }
    return (uint64_t)mode;
}
