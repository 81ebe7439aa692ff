/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hills of one variable. */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "fit.h"

/* Golden section (Kiefer, Proc. AMS 4 (1953) 502-506): no derivative, no failure. */
double rs_fit_top(
    double (*f)(const void *ctx, double x), const void *ctx, double lo, double hi, double near)
{
    const double golden = 0.61803398874989484820;
    double a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
    double fa = f(ctx, a), fb = f(ctx, b);
    for (int i = 0; i < 90 && hi - lo > near * (1e-3 + fabs(lo)); i++) {
        if (fa >= fb) {
            hi = b;
            b = a;
            fb = fa;
            a = hi - golden * (hi - lo);
            fa = f(ctx, a);
        } else {
            lo = a;
            a = b;
            fa = fb;
            b = lo + golden * (hi - lo);
            fb = f(ctx, b);
        }
    }
    return fa >= fb ? a : b;
}

double rs_fit_edge(
    double (*f)(const void *ctx, double x), const void *ctx, double top, double end, double drop)
{
    double level = f(ctx, top) - drop, in = top, out = end;
    double step = 1e-3 * fabs(end - top);
    if (!(f(ctx, end) < level))
        return end;
    /* The hill may be far narrower than the range: outward by doubling, then between the last two. */
    for (double x = step; x < fabs(end - top); x *= 2.0) {
        double at = end > top ? top + x : top - x;
        if (f(ctx, at) < level) {
            out = at;
            break;
        }
        in = at;
    }
    for (int i = 0; i < 60 && fabs(out - in) > 1e-9 * (1.0 + fabs(in)); i++) {
        double mid = 0.5 * (in + out);
        if (f(ctx, mid) < level)
            out = mid;
        else
            in = mid;
    }
    return out;
}

double rs_fit_drop(double confidence)
{
    return 0.5 * gsl_cdf_chisq_Pinv(confidence, 1.0);
}
