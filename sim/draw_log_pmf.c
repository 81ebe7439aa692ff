/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "draw_log_pmf.h"

#include <math.h>

double rs_stirling_error(double k)
{
    /* log(k!) - (k + 1/2) log(k) + k - log(2 pi)/2, to 40 digits and then rounded, for k = 0 (unused) to 15. */
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
    double kk = k * k;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / kk) / kk) / kk) / kk) /
           k;
}

double rs_deviance(double x, double mean)
{
    double difference = x - mean, sum = x + mean;
    if (fabs(difference) >= 0.1 * sum) {
        return x * log(x / mean) + mean - x;
    }
    double v = difference / sum;
    double total = difference * v;
    double term = 2 * x * v;
    v *= v;
    for (int j = 1; j < 1000; j++) {
        term *= v;
        double next = total + term / (2 * j + 1);
        if (next == total) {
            break;
        }
        total = next;
    }
    return total;
}
