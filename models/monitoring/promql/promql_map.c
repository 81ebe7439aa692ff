/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions of one value, element by element. */
#include <math.h>

#include "promql_eval.h"
#include "promql_math.h"

#define PI 3.14159265358979323846264338327950288

/* One that takes no parameter. */
#define MAP(name, expression)                                                                      \
    double rs_map_##name(double v, const double *param)                                            \
    {                                                                                              \
        (void)param;                                                                               \
        return expression;                                                                         \
    }

MAP(abs, fabs(v))
MAP(ceil, ceil(v))
MAP(floor, floor(v))
MAP(sqrt, sqrt(v))
MAP(exp, rs_math_exp(v))
MAP(ln, rs_math_log(v))
MAP(log2, rs_math_log2(v))
MAP(log10, rs_math_log10(v))
MAP(sin, rs_math_sin(v))
MAP(cos, rs_math_cos(v))
MAP(tan, rs_math_tan(v))
MAP(asin, rs_math_asin(v))
MAP(acos, rs_math_acos(v))
MAP(atan, rs_math_atan(v))
MAP(sinh, rs_math_sinh(v))
MAP(cosh, rs_math_cosh(v))
MAP(tanh, rs_math_tanh(v))
MAP(asinh, rs_math_asinh(v))
MAP(acosh, rs_math_acosh(v))
MAP(atanh, rs_math_atanh(v))
MAP(deg, v * 180.0 / PI)
MAP(rad, v *PI / 180.0)
MAP(sgn, v<0.0 ? -1.0 : v> 0.0 ? 1.0 : v)

/* "inverse first, to avoid floating-point surprises": round(v, to) */
double rs_map_round(double v, const double *param)
{
    double inverse = 1.0 / param[0];

    return floor(v * inverse + 0.5) / inverse;
}

double rs_map_clamp_min(double v, const double *param)
{
    return rs_math_max(param[0], v);
}

double rs_map_clamp_max(double v, const double *param)
{
    return rs_math_min(param[0], v);
}
