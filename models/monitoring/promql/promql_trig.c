/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Circular functions; the header names the sources. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "promql_math.h"

#define PI 3.14159265358979323846264338327950288
/* pi / 4 in three parts: the first two have so many zero bits at their end that multiples are exact. */
#define QUARTER_A 0x1.921fb4p-1
#define QUARTER_B 0x1.4442dp-25
#define QUARTER_C 0x1.8469898cc517p-49

/* The binary digits of 4 / pi, 64 in a word; the first word is what stands before the point. */
static const uint64_t four_over_pi[] = {
    UINT64_C(0x0000000000000001), UINT64_C(0x45f306dc9c882a53), UINT64_C(0xf84eafa3ea69bb81),
    UINT64_C(0xb6c52b3278872083), UINT64_C(0xfca2c757bd778ac3), UINT64_C(0x6e48dc74849ba5c0),
    UINT64_C(0x0c925dd413a32439), UINT64_C(0xfc3bd63962534e7d), UINT64_C(0xd1046bea5d768909),
    UINT64_C(0xd338e04d68befc82), UINT64_C(0x7323ac7306a673e9), UINT64_C(0x3908bf177bf25076),
    UINT64_C(0x3ff12fffbc0b301f), UINT64_C(0xde5e2316b414da3e), UINT64_C(0xda6cfd9e4f96136e),
    UINT64_C(0x9e8c7ecd3cbfd45a), UINT64_C(0xea4f758fd7cbe2f6), UINT64_C(0x7a0e73ef14a525d4),
    UINT64_C(0xd7f6bf623f1aba10), UINT64_C(0xac06608df8f6d757)};

/* 64 digits of 4 / pi that begin `shift` < 64 bits into a word. */
static uint64_t digits(unsigned word, unsigned shift)
{
    return shift == 0 ? four_over_pi[word]
                      : four_over_pi[word] << shift | four_over_pi[word + 1] >> (64 - shift);
}

/* The upper half of the product of two 64-bit numbers; *lower is the other. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *lower)
{
    uint64_t a_high = a >> 32, a_low = (uint32_t)a, b_high = b >> 32, b_low = (uint32_t)b;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32);
    uint64_t other = a_low * b_high + (uint32_t)middle;

    *lower = a * b;
    return a_high * b_high + (middle >> 32) + (other >> 32);
}

/*
 * Payne and Hanek: only those digits of 4 / pi are multiplied that decide the octant and the fraction within it. `hi` is the
 * product's bits below 8, the octant on top. Returns the fraction of an octant, 0 <= z < 1, and its number.
 */
static double reduce_huge(double x, unsigned *octant)
{
    uint64_t mantissa, hi, lo, below, spare, fraction;
    unsigned word, shift, zeros;
    int exponent;
    double z;

    memcpy(&mantissa, &x, sizeof mantissa);
    exponent = (int)(mantissa >> 52 & 0x7ff) - 1023 - 52;
    mantissa = (mantissa & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x0010000000000000);
    word = (unsigned)(exponent + 61) / 64;
    shift = (unsigned)(exponent + 61) % 64;
    below = multiply(digits(word + 2, shift), mantissa, &spare);
    hi = multiply(digits(word + 1, shift), mantissa, &lo);
    lo += below;
    hi += digits(word, shift) * mantissa + (lo < below);
    *octant = (unsigned)(hi >> 61);
    hi = hi << 3 | lo >> 61;
    zeros = hi == 0 ? 63 : (unsigned)__builtin_clzll(hi);
    fraction = zeros == 63 ? lo : hi << (zeros + 1) | lo >> (63 - zeros);
    fraction = fraction >> 12 | (uint64_t)(1023 - (zeros + 1)) << 52;
    memcpy(&z, &fraction, sizeof z);
    return z;
}

/* x > 0 as an even octant and what is left in -pi/4 .. pi/4. */
static double reduce(double x, unsigned *octant)
{
    double whole;

    if (x >= 0x1p29) {
        double z = reduce_huge(x, octant);

        if (*octant & 1) {
            *octant = (*octant + 1) & 7;
            z -= 1.0;
        }
        return z * (PI / 4.0);
    }
    whole = trunc(x * (4.0 / PI));
    if (fmod(whole, 2.0) != 0.0) {
        whole += 1.0;
    }
    *octant = (unsigned)fmod(whole, 8.0);
    return ((x - whole * QUARTER_A) - whole * QUARTER_B) - whole * QUARTER_C;
}

static double sine_of(double z)
{
    double w = z * z;

    return z + z * w *
                   ((((((1.58962301576546568060e-10 * w) - 2.50507477628578072866e-8) * w +
                       2.75573136213857245213e-6) *
                          w -
                      1.98412698295895385996e-4) *
                         w +
                     8.33333333332211858878e-3) *
                        w -
                    1.66666666666666307295e-1);
}

static double cosine_of(double z)
{
    double w = z * z;

    return 1.0 - 0.5 * w +
           w * w *
               ((((((-1.13585365213876817300e-11 * w) + 2.08757008419747316778e-9) * w -
                   2.75573141792967388112e-7) *
                      w +
                  2.48015872888517045348e-5) *
                     w -
                 1.38888888888730564116e-3) *
                    w +
                4.16666666666665929218e-2);
}

double rs_math_cos(double x)
{
    unsigned octant;
    double z, v;

    if (!isfinite(x)) {
        return (double)NAN;
    }
    z = reduce(fabs(x), &octant);
    v = octant == 2 || octant == 6 ? sine_of(z) : cosine_of(z);
    return octant == 2 || octant == 4 ? -v : v;
}

double rs_math_sin(double x)
{
    unsigned octant;
    double z, v;

    if (x == 0.0 || isnan(x)) {
        return x;
    }
    if (isinf(x)) {
        return (double)NAN;
    }
    z = reduce(fabs(x), &octant);
    v = octant == 2 || octant == 6 ? cosine_of(z) : sine_of(z);
    return (octant >= 4) != (x < 0.0) ? -v : v;
}

double rs_math_tan(double x)
{
    unsigned octant;
    double z, w, v;

    if (x == 0.0 || isnan(x)) {
        return x;
    }
    if (isinf(x)) {
        return (double)NAN;
    }
    z = reduce(fabs(x), &octant);
    w = z * z;
    v = z;
    if (w > 1e-14) {
        v = z + z * (w *
                     (((-1.30936939181383777646e4 * w) + 1.15351664838587416140e6) * w -
                      1.79565251976484877988e7) /
                     ((((w + 1.36812963470692954678e4) * w - 1.32089234440210967447e6) * w +
                       2.50083801823357915839e7) *
                          w -
                      5.38695755929454629881e7));
    }
    if (octant & 2) {
        v = -1.0 / v;
    }
    return x < 0.0 ? -v : v;
}

/* 0 <= x <= 0.66 */
static double atan_series(double x)
{
    double z = x * x;

    z = z *
        ((((-8.750608600031904122785e-01 * z - 1.615753718733365076637e+01) * z -
           7.500855792314704667340e+01) *
              z -
          1.228866684490136173410e+02) *
             z -
         6.485021904942025371773e+01) /
        (((((z + 2.485846490142306297962e+01) * z + 1.650270098316988542046e+02) * z +
           4.328810604912902668951e+02) *
              z +
          4.853903996359136964868e+02) *
             z +
         1.945506571482613964425e+02);
    return x * z + x;
}

static double atan_positive(double x)
{
    const double rest = 6.123233995736765886130e-17; /* pi / 2 is the double and this */

    if (x <= 0.66) {
        return atan_series(x);
    }
    if (x > 2.41421356237309504880) { /* tan(3 pi / 8) */
        return PI / 2.0 - atan_series(1.0 / x) + rest;
    }
    return PI / 4.0 + atan_series((x - 1.0) / (x + 1.0)) + 0.5 * rest;
}

double rs_math_atan(double x)
{
    if (x == 0.0) {
        return x;
    }
    return x > 0.0 ? atan_positive(x) : -atan_positive(-x);
}

double rs_math_asin(double x)
{
    double a = fabs(x), root, v;

    if (x == 0.0) {
        return x;
    }
    if (!(a <= 1.0)) {
        return (double)NAN;
    }
    root = sqrt(1.0 - a * a);
    v = a > 0.7 ? PI / 2.0 - atan_positive(root / a) : atan_positive(a / root);
    return x < 0.0 ? -v : v;
}

double rs_math_acos(double x)
{
    return PI / 2.0 - rs_math_asin(x);
}

double rs_math_atan2(double y, double x)
{
    double v;

    if (isnan(y) || isnan(x)) {
        return (double)NAN;
    }
    if (y == 0.0) {
        return copysign(signbit(x) ? PI : 0.0, y);
    }
    if (x == 0.0) {
        return copysign(PI / 2.0, y);
    }
    if (isinf(x)) {
        double slope = isinf(y) ? PI / 4.0 : 0.0;

        return copysign(x > 0.0 ? slope : isinf(y) ? 3.0 * PI / 4.0 : PI, y);
    }
    if (isinf(y)) {
        return copysign(PI / 2.0, y);
    }
    v = rs_math_atan(y / x);
    if (x < 0.0) {
        return v <= 0.0 ? v + PI : v - PI;
    }
    return v;
}
