/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "draw_log_pmf.h"

#include <math.h>

double rs_stirling_error(double k)
{
    /*
     * log(k!) - (k + 1/2) log(k) + k - log(2 pi)/2, to 40 digits and then rounded, for k = 0
     * (unused) to 15.
     */
    static const double exact[16] = {0.0,
                                     0.08106146679532726,
                                     0.0413406959554093,
                                     0.02767792568499834,
                                     0.020790672103765093,
                                     0.016644691189821193,
                                     0.013876128823070748,
                                     0.01189670994589177,
                                     0.010411265261972096,
                                     0.009255462182712733,
                                     0.00833056343336287,
                                     0.007573675487951841,
                                     0.00694284010720953,
                                     0.006408994188004207,
                                     0.0059513701127588475,
                                     0.005554733551962801};
    if (k < 16) {
        return exact[(int)k];
    }
    double r = 1 / k, rr = r * r;
    return r * (1.0 / 12 - rr * (1.0 / 360 - rr * (1.0 / 1260 - rr * (1.0 / 1680 - rr / 1188))));
}

double rs_deviance(double x, double mean)
{
    double difference = x - mean, sum = x + mean;
    if (fabs(difference) >= 0.1 * sum) {
        return x * log(x / mean) + mean - x;
    }
    /*
     * With v = (x - mean) / (x + mean) it is v (x - mean) + 2 x (v^3/3 + v^5/5 + ...). The terms
     * left out are below rounding: v^2 < 0.01 needs eight, v^2 < 1e-4 four.
     */
    double v = difference / sum, w = v * v;
    double more = 0;
    if (w >= 1e-4) {
        more = w * (1.0 / 11 + w * (1.0 / 13 + w * (1.0 / 15 + w * (1.0 / 17))));
    }
    double series = w * (1.0 / 3 + w * (1.0 / 5 + w * (1.0 / 7 + w * (1.0 / 9 + more))));
    return v * (difference + 2 * x * series);
}
