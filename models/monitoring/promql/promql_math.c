/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exponentials, logarithms, powers and what is made of them; the header names the sources. */
#include "promql_math.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LN2 0x1.62e42fefa39efp-1
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG10_E 0.43429448190325182765112891891660508229
#define SQRT_HALF 0x1.6a09e667f3bcdp-1

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

double rs_math_max(double a, double b)
{
    if (a == (double)INFINITY || b == (double)INFINITY) {
        return (double)INFINITY;
    }
    if (isnan(a) || isnan(b)) {
        return (double)NAN;
    }
    if (a == 0.0 && b == 0.0) {
        return signbit(a) ? b : a;
    }
    return a > b ? a : b;
}

double rs_math_min(double a, double b)
{
    return -rs_math_max(-a, -b);
}

/*
 * x = k ln 2 + 16 r; exp(r) - 1 by its Taylor series to the eighth power, then squared four times without losing the 1:
 * (1 + t)^2 - 1 = t (t + 2). The steps are fused where the processor has FMA, which all that Prometheus is run on have had
 * since 2013.
 */
double rs_math_exp(double x)
{
    static const double term[] = {1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0,
                                  1.0 / 24.0,    1.0 / 6.0,    0.5,         1.0};
    double k, t;

    if (!isfinite(x)) {
        return x < 0.0 ? 0.0 : x;
    }
    if (x > 7.09782712893384e+02) {
        return (double)INFINITY;
    }
    if (x < -1000.0) {
        return 0.0;
    }
    k = rint(x * 1.4426950408889634073599246810018920);
    x = fma(-k, 0.69314718055966295651160180568695068359375, x);
    x = fma(-k, 0.28235290563031577122588448175013436025525412068e-12, x);
    x *= 0.0625;
    t = term[0];
    for (int i = 1; i < 8; i++) {
        t = fma(t, x, term[i]);
    }
    x *= t;
    for (int i = 0; i < 3; i++) {
        x *= x + 2.0;
    }
    /* What rounds up to 2^1024 is infinite even if the fraction would still fit. */
    return k > 1023.0 ? (double)INFINITY : ldexp(fma(x, x + 2.0, 1.0), (int)k);
}

/* log(1 + f) of a reduced argument, less f, with what must be added to it: f - (half - s (half + r)). */
static double log_series(double f, double *half)
{
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double odd =
        z * (0x1.5555555555593p-1 +
             w * (0x1.2492494229359p-2 + w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)));
    double even =
        w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3));

    *half = 0.5 * f * f;
    return s * (*half + (odd + even));
}

double rs_math_log(double x)
{
    int exponent;
    double f, k, half, tail;

    if (isnan(x) || x == (double)INFINITY) {
        return x;
    }
    if (x <= 0.0) {
        return x < 0.0 ? (double)NAN : -(double)INFINITY;
    }
    if (x < 0x1p-1022) { /* subnormal: taken as if normal */
        f = from_bits(bits_of(x) | UINT64_C(0x3fe0000000000000));
        exponent = -1022;
    } else {
        f = frexp(x, &exponent);
    }
    if (f < SQRT_HALF) {
        f *= 2.0;
        exponent--;
    }
    f -= 1.0;
    k = exponent;
    tail = log_series(f, &half);
    return k * LN2_HIGH - ((half - (tail + k * LN2_LOW)) - f);
}

/* Exact for powers of two. */
double rs_math_log2(double x)
{
    int exponent;
    double fraction;

    if (!isfinite(x) || x <= 0.0) {
        return rs_math_log(x);
    }
    fraction = frexp(x, &exponent);
    if (fraction == 0.5) {
        return exponent - 1;
    }
    return rs_math_log(fraction) * 1.44269504088896340735992468100189214 + (double)exponent;
}

double rs_math_log10(double x)
{
    return rs_math_log(x) * LOG10_E;
}

/* 1 + x = 2^k u (1 + correction / u), sqrt(1/2) < u < sqrt(2). */
static double log1p_reduced(double x, int k, double f, double correction, uint64_t fraction)
{
    double half = 0.5 * f * f, s, z, r;

    (void)x;
    if (fraction == 0) { /* |f| < 2^-20 */
        if (f == 0.0) {
            return k == 0 ? 0.0 : k * LN2_HIGH + (correction + k * LN2_LOW);
        }
        r = half * (1.0 - 0.66666666666666666 * f);
        return k == 0 ? f - r : k * LN2_HIGH - ((r - (k * LN2_LOW + correction)) - f);
    }
    s = f / (2.0 + f);
    z = s * s;
    r = z * (0x1.5555555555593p-1 +
             z * (0x1.999999997fa04p-2 +
                  z * (0x1.2492494229359p-2 +
                       z * (0x1.c71c51d8e78afp-3 +
                            z * (0x1.7466496cb03dep-3 +
                                 z * (0x1.39a09d078c69fp-3 + z * 0x1.2f112df3e5244p-3))))));
    if (k == 0) {
        return f - (half - s * (half + r));
    }
    return k * LN2_HIGH - ((half - (s * (half + r) + (k * LN2_LOW + correction))) - f);
}

double rs_math_log1p(double x)
{
    double size = fabs(x), u = x, correction = 0.0;
    uint64_t fraction;
    int k;

    if (x < -1.0 || isnan(x)) {
        return (double)NAN;
    }
    if (x == -1.0 || isinf(x)) {
        return x < 0.0 ? -(double)INFINITY : x;
    }
    if (size < 0x1p-29) {
        return size < 0x1p-54 ? x : x - x * x * 0.5;
    }
    if (size < 4.142135623730950488017e-01 && x > -2.928932188134524755992e-01) {
        return log1p_reduced(x, 0, x, 0.0, 1);
    }
    if (size < 0x1p53) {
        u = 1.0 + x;
    }
    fraction = bits_of(u);
    k = (int)(fraction >> 52) - 1023;
    if (size < 0x1p53) {
        correction = (k > 0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
    }
    fraction &= UINT64_C(0x000fffffffffffff);
    if (fraction < UINT64_C(0x0006a09e667f3bcd)) { /* the fraction of sqrt(2) */
        u = from_bits(fraction | UINT64_C(0x3ff0000000000000));
    } else {
        k++;
        u = from_bits(fraction | UINT64_C(0x3fe0000000000000));
        fraction = (UINT64_C(0x0010000000000000) - fraction) >> 2;
    }
    return log1p_reduced(x, k, u - 1.0, correction, fraction);
}

static bool is_odd(double y)
{
    double whole;

    return fabs(y) < 0x1p53 && modf(y, &whole) == 0.0 && fmod(whole, 2.0) != 0.0;
}

/* Zeros, infinities, NaN and the exponents 0, 1, 1/2, -1/2. False if none applies. */
static bool pow_special(double x, double y, double *out)
{
    if (y == 0.0 || x == 1.0) {
        *out = 1.0;
    } else if (y == 1.0) {
        *out = x;
    } else if (isnan(x) || isnan(y)) {
        *out = (double)NAN;
    } else if (x == 0.0 || isinf(x)) {
        bool large = (x == 0.0) == (y < 0.0);
        double size = large ? (double)INFINITY : 0.0;

        *out = signbit(x) && is_odd(y) ? -size : size;
    } else if (isinf(y)) {
        *out = x == -1.0 ? 1.0 : (fabs(x) < 1.0) == (y > 0.0) ? 0.0 : (double)INFINITY;
    } else if (fabs(y) == 0.5) {
        *out = y > 0.0 ? sqrt(x) : 1.0 / sqrt(x);
    } else {
        return false;
    }
    return true;
}

/* x^whole by squaring fraction and exponent apart, times x^part by exp and log, |part| <= 1/2. */
double rs_math_pow(double x, double y)
{
    double whole, part, result = 1.0, base, special;
    int64_t exponent = 0;
    int base_exponent_int;
    int64_t base_exponent;

    if (pow_special(x, y, &special)) {
        return special;
    }
    part = modf(fabs(y), &whole);
    if (part != 0.0 && x < 0.0) {
        return (double)NAN;
    }
    if (whole >= 0x1p63) {
        return x == -1.0 ? 1.0 : (fabs(x) < 1.0) == (y > 0.0) ? 0.0 : (double)INFINITY;
    }
    if (part != 0.0) {
        if (part > 0.5) {
            part -= 1.0;
            whole += 1.0;
        }
        result = rs_math_exp(part * rs_math_log(x));
    }
    base = frexp(x, &base_exponent_int);
    base_exponent = base_exponent_int;
    for (int64_t i = (int64_t)whole; i != 0; i >>= 1) {
        if (base_exponent < -(1 << 12) || base_exponent > (1 << 12)) {
            exponent += base_exponent; /* far over or under already */
            break;
        }
        if (i & 1) {
            result *= base;
            exponent += base_exponent;
        }
        base *= base;
        base_exponent *= 2;
        if (base < 0.5) {
            base += base;
            base_exponent--;
        }
    }
    if (y < 0.0) {
        result = 1.0 / result;
        exponent = -exponent;
    }
    return ldexp(result, (int)exponent);
}

/* ---- hyperbolic ------------------------------------------------------------------------------ */

double rs_math_asinh(double x)
{
    double a = fabs(x), v;

    if (!isfinite(x) || a < 0x1p-28) {
        return x;
    }
    if (a > 0x1p28) {
        v = rs_math_log(a) + LN2;
    } else if (a > 2.0) {
        v = rs_math_log(2.0 * a + 1.0 / (sqrt(a * a + 1.0) + a));
    } else {
        v = rs_math_log1p(a + a * a / (1.0 + sqrt(1.0 + a * a)));
    }
    return x < 0.0 ? -v : v;
}

double rs_math_acosh(double x)
{
    double t;

    if (!(x >= 1.0)) {
        return (double)NAN;
    }
    if (x == 1.0) {
        return 0.0;
    }
    if (x >= 0x1p28) {
        return rs_math_log(x) + LN2;
    }
    if (x > 2.0) {
        return rs_math_log(2.0 * x - 1.0 / (x + sqrt(x * x - 1.0)));
    }
    t = x - 1.0;
    return rs_math_log1p(t + sqrt(2.0 * t + t * t));
}

double rs_math_atanh(double x)
{
    double a = fabs(x), v;

    if (!(a <= 1.0)) {
        return (double)NAN;
    }
    if (a == 1.0) {
        return x < 0.0 ? -(double)INFINITY : (double)INFINITY;
    }
    if (a < 0x1p-28) {
        return x;
    }
    if (a < 0.5) {
        v = a + a;
        v = 0.5 * rs_math_log1p(v + v * a / (1.0 - a));
    } else {
        v = 0.5 * rs_math_log1p((a + a) / (1.0 - a));
    }
    return x < 0.0 ? -v : v;
}

double rs_math_sinh(double x)
{
    double a = fabs(x), z = a * a, v;

    if (x == 0.0) {
        return x;
    }
    if (a > 21.0) {
        v = rs_math_exp(a) * 0.5;
    } else if (a > 0.5) {
        v = rs_math_exp(a);
        v = (v - 1.0 / v) * 0.5;
    } else {
        v = (((-0.2630563213397497062819489e+2 * z - 0.2894211355989563807284660366e+4) * z -
              0.8991272022039509355398013511e+5) *
                 z -
             0.6307673640497716991184787251e+6) *
            a;
        v /= ((z - 0.173678953558233699533450911e+3) * z + 0.1521517378790019070696485176e+5) * z -
             0.6307673640497716991212077277e+6;
    }
    return x < 0.0 ? -v : v;
}

double rs_math_cosh(double x)
{
    double e = rs_math_exp(fabs(x));

    return fabs(x) > 21.0 ? e * 0.5 : (e + 1.0 / e) * 0.5;
}

double rs_math_tanh(double x)
{
    double a = fabs(x), z = x * x, v;

    if (a > 0.5 * 8.8029691931113054295988e+01) {
        return x < 0.0 ? -1.0 : 1.0;
    }
    if (a >= 0.625) {
        v = 1.0 - 2.0 / (rs_math_exp(2.0 * a) + 1.0);
        return x < 0.0 ? -v : v;
    }
    if (x == 0.0) {
        return x;
    }
    return x + x * z *
                   ((-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z -
                    1.61468768441708447952e3) /
                   (((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z +
                    4.84406305325125486048e3);
}
