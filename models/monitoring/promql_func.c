/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The functions, one row each. Source: promql/parser/functions.go and promql/functions.go of
 * Prometheus 3.5.
 */
#include <string.h>

#include "promql_eval.h"
#include "sim/err.h"

static double map_abs(double v, const double *param)
{
    (void)param;
    return fabs(v);
}

static double map_ceil(double v, const double *param)
{
    (void)param;
    return ceil(v);
}

static double map_floor(double v, const double *param)
{
    (void)param;
    return floor(v);
}

static double map_sqrt(double v, const double *param)
{
    (void)param;
    return sqrt(v);
}

static double map_exp(double v, const double *param)
{
    (void)param;
    return exp(v);
}

static double map_ln(double v, const double *param)
{
    (void)param;
    return log(v);
}

static double map_log2(double v, const double *param)
{
    (void)param;
    return log2(v);
}

static double map_log10(double v, const double *param)
{
    (void)param;
    return log10(v);
}

static double map_sgn(double v, const double *param)
{
    (void)param;
    return v < 0.0 ? -1.0 : v > 0.0 ? 1.0 : v;
}

/* "inverse first, to avoid floating-point surprises": round(v, to) */
static double map_round(double v, const double *param)
{
    double inverse = 1.0 / param[0];

    return floor(v * inverse + 0.5) / inverse;
}

/* As Go's math.Max: an infinity wins over NaN, NaN over the rest. */
static double go_max(double a, double b)
{
    if (a == (double)INFINITY || b == (double)INFINITY) {
        return (double)INFINITY;
    }
    return isnan(a) || isnan(b) ? (double)NAN : a > b ? a : b;
}

static double map_clamp_min(double v, const double *param)
{
    return go_max(param[0], v);
}

static double map_clamp_max(double v, const double *param)
{
    return -go_max(-param[0], -v);
}

#define S RS_PQL_SCALAR
#define V RS_PQL_VECTOR
#define M RS_PQL_MATRIX
#define T RS_PQL_STRING

/* clang-format off */
static const struct func_row funcs[] = {
    {"abs",                V, 1, {V}, .map = map_abs},
    {"absent",             V, 1, {V}, .call = rs_call_absent},
    {"absent_over_time",   V, 1, {M}, .call = rs_call_absent_over_time},
    {"avg_over_time",      V, 1, {M}, .range = rs_range_avg},
    {"ceil",               V, 1, {V}, .map = map_ceil},
    {"changes",            V, 1, {M}, .range = rs_range_changes},
    {"clamp",              V, 3, {V, S, S}, .call = rs_call_clamp},
    {"clamp_max",          V, 2, {V, S}, .map = map_clamp_max},
    {"clamp_min",          V, 2, {V, S}, .map = map_clamp_min},
    {"count_over_time",    V, 1, {M}, .range = rs_range_count},
    {"delta",              V, 1, {M}, .range = rs_range_delta},
    {"exp",                V, 1, {V}, .map = map_exp},
    {"floor",              V, 1, {V}, .map = map_floor},
    {"histogram_quantile", V, 2, {S, V}, .call = rs_call_histogram_quantile},
    {"idelta",             V, 1, {M}, .range = rs_range_idelta},
    {"increase",           V, 1, {M}, .range = rs_range_increase},
    {"irate",              V, 1, {M}, .range = rs_range_irate},
    {"label_join",         V, 4, {V, T, T, T}, .n_optional = 1, .any = true, .call = rs_call_label_join},
    {"label_replace",      V, 5, {V, T, T, T, T}, .call = rs_call_label_replace},
    {"last_over_time",     V, 1, {M}, .keeps_name = true, .range = rs_range_last},
    {"ln",                 V, 1, {V}, .map = map_ln},
    {"log10",              V, 1, {V}, .map = map_log10},
    {"log2",               V, 1, {V}, .map = map_log2},
    {"max_over_time",      V, 1, {M}, .range = rs_range_max},
    {"min_over_time",      V, 1, {M}, .range = rs_range_min},
    {"present_over_time",  V, 1, {M}, .range = rs_range_present},
    {"quantile_over_time", V, 2, {S, M}, .range = rs_range_quantile},
    {"rate",               V, 1, {M}, .range = rs_range_rate},
    {"resets",             V, 1, {M}, .range = rs_range_resets},
    {"round",              V, 2, {V, S}, .n_optional = 1, .omitted = 1.0, .map = map_round},
    {"scalar",             S, 1, {V}, .call = rs_call_scalar},
    {"sgn",                V, 1, {V}, .map = map_sgn},
    {"sqrt",               V, 1, {V}, .map = map_sqrt},
    {"stddev_over_time",   V, 1, {M}, .range = rs_range_stddev},
    {"stdvar_over_time",   V, 1, {M}, .range = rs_range_stdvar},
    {"sum_over_time",      V, 1, {M}, .range = rs_range_sum},
    {"time",               S, 0, {S}, .call = rs_call_time},
    {"timestamp",          V, 1, {V}, .call = rs_call_timestamp},
    {"vector",             V, 1, {S}, .call = rs_call_vector},
};
/* clang-format on */

#undef S
#undef V
#undef M
#undef T

#define N_FUNC (sizeof funcs / sizeof funcs[0])

/* Functions of Prometheus up to 3.14 that are refused by name. */
static const char *const refused[] = {
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "deriv",
    "double_exponential_smoothing",
    "end",
    "first_over_time",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_quantiles",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "holt_winters",
    "hour",
    "info",
    "mad_over_time",
    "max_of",
    "min_of",
    "minute",
    "month",
    "pi",
    "predict_linear",
    "rad",
    "range",
    "sin",
    "sinh",
    "sort",
    "sort_by_label",
    "sort_by_label_desc",
    "sort_desc",
    "start",
    "step",
    "tan",
    "tanh",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
    "year",
};

const struct func_row *rs_func_find(const char *name)
{
    for (size_t i = 0; i < N_FUNC; i++) {
        if (strcmp(funcs[i].name, name) == 0) {
            return &funcs[i];
        }
    }
    return NULL;
}

bool rs_func_is_known(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const char *rs_func_near(const char *name)
{
    const char *names[N_FUNC + RS_AGGR_N];
    size_t n = 0;

    for (size_t i = 0; i < N_FUNC; i++) {
        names[n++] = funcs[i].name;
    }
    for (int i = 0; i < RS_AGGR_N; i++) {
        if (rs_aggr_table[i].supported) {
            names[n++] = rs_aggr_table[i].name;
        }
    }
    return rs_near_name(name, names, n);
}
