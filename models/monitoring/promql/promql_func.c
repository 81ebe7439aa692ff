/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The functions, one row for each and for what it is in which dialect. Source: promql/parser/functions.go and
 * promql/functions.go of Prometheus 2.42, 2.53 and 3.5; what promtool of these three says of each name is a row of
 * tests/monitoring/data/promql_accept.txt.
 */
#include <stdio.h>
#include <string.h>

#include "promql_eval.h"
#include "sim/err.h"

#define S RS_PQL_SCALAR
#define V RS_PQL_VECTOR
#define M RS_PQL_MATRIX
#define T RS_PQL_STRING
#define ALL RS_IN_ALL

/* clang-format off */
static const struct func_row funcs[] = {
    {"abs", ALL, V, 1, {V}, .map = rs_map_abs},
    {"absent", ALL, V, 1, {V}, .call = rs_call_absent},
    {"absent_over_time", ALL, V, 1, {M}, .call = rs_call_absent_over_time},
    {"acos", ALL, V, 1, {V}, .map = rs_map_acos},
    {"acosh", ALL, V, 1, {V}, .map = rs_map_acosh},
    {"asin", ALL, V, 1, {V}, .map = rs_map_asin},
    {"asinh", ALL, V, 1, {V}, .map = rs_map_asinh},
    {"atan", ALL, V, 1, {V}, .map = rs_map_atan},
    {"atanh", ALL, V, 1, {V}, .map = rs_map_atanh},
    {"avg_over_time", ALL, V, 1, {M}, .range = rs_range_avg},
    {"ceil", ALL, V, 1, {V}, .map = rs_map_ceil},
    {"changes", ALL, V, 1, {M}, .range = rs_range_changes},
    {"clamp", ALL, V, 3, {V, S, S}, .call = rs_call_clamp},
    {"clamp_max", ALL, V, 2, {V, S}, .map = rs_map_clamp_max},
    {"clamp_min", ALL, V, 2, {V, S}, .map = rs_map_clamp_min},
    {"cos", ALL, V, 1, {V}, .map = rs_map_cos},
    {"cosh", ALL, V, 1, {V}, .map = rs_map_cosh},
    {"count_over_time", ALL, V, 1, {M}, .range = rs_range_count},
    {"day_of_month", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_day_of_month},
    {"day_of_week", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_day_of_week},
    {"day_of_year", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_day_of_year},
    {"days_in_month", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_days_in_month},
    {"deg", ALL, V, 1, {V}, .map = rs_map_deg},
    {"delta", ALL, V, 1, {M}, .range = rs_range_delta},
    {"deriv", ALL, V, 1, {M}, .range = rs_range_deriv},
    {"double_exponential_smoothing", RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"end", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"exp", ALL, V, 1, {V}, .map = rs_map_exp},
    {"first_over_time", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"floor", ALL, V, 1, {V}, .map = rs_map_floor},
    {"histogram_avg", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_NATIVE},
    {"histogram_count", ALL, .refused = RS_REFUSE_NATIVE},
    {"histogram_fraction", RS_IN_3, V, 3, {S, S, V}, .call = rs_call_histogram_fraction},
    {"histogram_fraction", RS_IN_2, .refused = RS_REFUSE_NATIVE},
    {"histogram_quantile", ALL, V, 2, {S, V}, .call = rs_call_histogram_quantile},
    {"histogram_quantiles", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"histogram_stddev", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_NATIVE},
    {"histogram_stdvar", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_NATIVE},
    {"histogram_sum", ALL, .refused = RS_REFUSE_NATIVE},
    {"holt_winters", RS_IN_2, V, 3, {M, S, S}, .call = rs_call_holt_winters},
    {"hour", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_hour},
    {"idelta", ALL, V, 1, {M}, .range = rs_range_idelta},
    {"increase", ALL, V, 1, {M}, .range = rs_range_increase},
    {"info", RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"integral", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"irate", ALL, V, 1, {M}, .range = rs_range_irate},
    {"label_join", ALL, V, 4, {V, T, T, T}, .n_optional = 1, .any = true, .call = rs_call_label_join},
    {"label_replace", ALL, V, 5, {V, T, T, T, T}, .call = rs_call_label_replace},
    {"last_over_time", ALL, V, 1, {M}, .keeps_name = true, .range = rs_range_last},
    {"ln", ALL, V, 1, {V}, .map = rs_map_ln},
    {"log10", ALL, V, 1, {V}, .map = rs_map_log10},
    {"log2", ALL, V, 1, {V}, .map = rs_map_log2},
    {"mad_over_time", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"max_over_time", ALL, V, 1, {M}, .range = rs_range_max},
    {"min_over_time", ALL, V, 1, {M}, .range = rs_range_min},
    {"minute", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_minute},
    {"month", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_month},
    {"pi", ALL, S, 0, {S}, .call = rs_call_pi},
    {"predict_linear", ALL, V, 2, {M, S}, .call = rs_call_predict_linear},
    {"present_over_time", ALL, V, 1, {M}, .range = rs_range_present},
    {"quantile_over_time", ALL, V, 2, {S, M}, .range = rs_range_quantile},
    {"rad", ALL, V, 1, {V}, .map = rs_map_rad},
    {"range", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"rate", ALL, V, 1, {M}, .range = rs_range_rate},
    {"resets", ALL, V, 1, {M}, .range = rs_range_resets},
    {"round", ALL, V, 2, {V, S}, .n_optional = 1, .omitted = 1.0, .map = rs_map_round},
    {"scalar", ALL, S, 1, {V}, .call = rs_call_scalar},
    {"sgn", ALL, V, 1, {V}, .map = rs_map_sgn},
    {"sin", ALL, V, 1, {V}, .map = rs_map_sin},
    {"sinh", ALL, V, 1, {V}, .map = rs_map_sinh},
    {"sort", ALL, V, 1, {V}, .call = rs_call_sort},
    {"sort_by_label", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"sort_by_label_desc", RS_IN_2_53 | RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"sort_desc", ALL, V, 1, {V}, .call = rs_call_sort_desc},
    {"sqrt", ALL, V, 1, {V}, .map = rs_map_sqrt},
    {"start", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"stddev_over_time", ALL, V, 1, {M}, .range = rs_range_stddev},
    {"stdvar_over_time", ALL, V, 1, {M}, .range = rs_range_stdvar},
    {"step", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"sum_over_time", ALL, V, 1, {M}, .range = rs_range_sum},
    {"tan", ALL, V, 1, {V}, .map = rs_map_tan},
    {"tanh", ALL, V, 1, {V}, .map = rs_map_tanh},
    {"time", ALL, S, 0, {S}, .call = rs_call_time},
    {"timestamp", ALL, V, 1, {V}, .call = rs_call_timestamp},
    {"ts_of_first_over_time", RS_IN_3, .refused = RS_REFUSE_LATER},
    {"ts_of_last_over_time", RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"ts_of_max_over_time", RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"ts_of_min_over_time", RS_IN_3, .refused = RS_REFUSE_EXPERIMENTAL},
    {"vector", ALL, V, 1, {S}, .call = rs_call_vector},
    {"year", ALL, V, 1, {V}, .n_optional = 1, .call = rs_call_year},
};
/* clang-format on */

#undef S
#undef V
#undef M
#undef T
#undef ALL

#define N_FUNC (sizeof funcs / sizeof funcs[0])

const struct func_row *rs_func_find(enum promql_dialect dialect, const char *name)
{
    for (size_t i = 0; i < N_FUNC; i++) {
        if ((funcs[i].in & RS_IN(dialect)) != 0 && strcmp(funcs[i].name, name) == 0) {
            return &funcs[i];
        }
    }
    return NULL;
}

unsigned rs_func_in(const char *name)
{
    unsigned in = 0;

    for (size_t i = 0; i < N_FUNC; i++) {
        if (strcmp(funcs[i].name, name) == 0) {
            in |= funcs[i].in;
        }
    }
    return in;
}

const char *rs_func_near(enum promql_dialect dialect, const char *name)
{
    const char *names[N_FUNC + RS_AGGR_N];
    size_t n = 0;

    for (size_t i = 0; i < N_FUNC; i++) {
        if ((funcs[i].in & RS_IN(dialect)) != 0 && funcs[i].refused == RS_REFUSE_NOT) {
            names[n++] = funcs[i].name;
        }
    }
    for (int i = 0; i < RS_AGGR_N; i++) {
        if ((rs_aggr_table[i].in & RS_IN(dialect)) != 0 &&
            rs_aggr_table[i].refused == RS_REFUSE_NOT) {
            names[n++] = rs_aggr_table[i].name;
        }
    }
    return rs_near_name(name, names, n);
}

int rs_func_refuse(
    const struct source *src, int pos, const char *what, const char *name, enum refusal refused)
{
    const char *release = rs_promql_dialect_names[src->dialect];

    switch (refused) {
    case RS_REFUSE_NOT: break;
    case RS_REFUSE_EXPERIMENTAL:
        return rs_source_fail(src, pos, RS_E_UNSUPPORTED,
                              "%s %s is experimental in Prometheus %s, which has it switched off",
                              what, name, release);
    case RS_REFUSE_NATIVE:
        return rs_source_fail(src, pos, RS_E_UNSUPPORTED,
                              "%s %s needs native histograms, which are not supported", what, name);
    case RS_REFUSE_LATER:
        return rs_source_fail(src, pos, RS_E_UNSUPPORTED, "%s %s is of a Prometheus later than 3.5",
                              what, name);
    }
    return -1;
}

int rs_func_unknown(const struct source *src, int pos, const char *name)
{
    const char *near = rs_func_near(src->dialect, name);
    const char *release = rs_promql_dialect_names[src->dialect];
    unsigned in = rs_func_in(name);

    if (in != 0) {
        enum promql_dialect other = (in & RS_IN_3) == 0      ? RS_PROMQL_2_53
                                    : (in & RS_IN_2_53) != 0 ? RS_PROMQL_2_53
                                                             : RS_PROMQL_3;

        return rs_source_fail(
            src, pos, RS_E_REF, "function %s is unknown in Prometheus %s, known %s %s", name,
            release, (in & RS_IN_3) == 0 ? "up to" : "from", rs_promql_dialect_names[other]);
    }
    if (near != NULL) {
        return rs_source_fail(src, pos, RS_E_REF, "unknown function %.80s, did you mean %s?", name,
                              near);
    }
    return rs_source_fail(src, pos, RS_E_REF, "unknown function %.80s", name);
}
