/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The elementary functions as Go's library on x86-64 computes them, bit for bit: Prometheus' results carry its last bits, and a
 * C library rounds other arguments the other way (measured over 400 arguments each: 2 % of exp, 9 % of ln, 19 % of pow differ
 * by one unit in the last place). Names, domains and special values are those of <math.h>.
 * Sources: Shibata, "Efficient evaluation methods of elementary functions suitable for SIMD computation", ISC'10 (exp); FreeBSD
 * msun, Sun Microsystems 1993 (log, log1p and the inverse hyperbolic ones); Cephes 2.8, Moshier 2000 (sin, cos, tan, atan,
 * tanh); Hart & Cheney 1968, #2029 (sinh); Ng, "Argument reduction for huge arguments: good to the last bit", 1992.
 * Rounding must be to nearest and no operation be fused or kept in a wider register but where fma() says so.
 */
#ifndef MONITORING_PROMQL_MATH_H
#define MONITORING_PROMQL_MATH_H

/* promql_math.c */
double rs_math_exp(double x);
double rs_math_log(double x);
double rs_math_log2(double x);
double rs_math_log10(double x);
double rs_math_log1p(double x);
double rs_math_pow(double x, double y);
double rs_math_asinh(double x);
double rs_math_acosh(double x);
double rs_math_atanh(double x);
double rs_math_sinh(double x);
double rs_math_cosh(double x);
double rs_math_tanh(double x);

/* promql_trig.c */
double rs_math_sin(double x);
double rs_math_cos(double x);
double rs_math_tan(double x);
double rs_math_asin(double x);
double rs_math_acos(double x);
double rs_math_atan(double x);
double rs_math_atan2(double y, double x);

/* The larger one: +Inf beats NaN, NaN beats the rest, 0 is above -0. */
double rs_math_max(double a, double b);
/* The smaller one: -Inf beats NaN, NaN beats the rest, -0 is below 0. */
double rs_math_min(double a, double b);

#endif
