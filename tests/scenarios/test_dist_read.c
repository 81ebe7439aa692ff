/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions as they are written, by what they do. */
#include <math.h>
#include <stdio.h>

#include "changed.h"

/* The time that the on-call role takes to decide is given by each row. */
static const struct {
    const char *yaml;
    enum dist_kind kind;
    double q, at_q_s; /* a quantile, from the definition */
    double sup_s;
} rows[] = {
    {"90s", RS_DIST_CONSTANT, 0.3, 90, 90},
    {"{constant: 1m}", RS_DIST_CONSTANT, 0.9, 60, 60},
    {"{uniform: {min: 10s, max: 30s}}", RS_DIST_UNIFORM, 0.25, 15, 30},
    /* -mean ln(1 - q) */
    {"{exponential: {mean: 1m}}", RS_DIST_EXPONENTIAL, 0.5, 41.58883083359672, INFINITY},
    {"{exponential: {mean: 1m}, cap: 30s}", RS_DIST_EXPONENTIAL, 0.9, 30, 30},
    {"{lognormal: {median: 1m, p90: 2m}}", RS_DIST_LOGNORMAL, 0.9, 120, INFINITY},
    {"{lognormal: {median: 1m, p95: 4m}}", RS_DIST_LOGNORMAL, 0.95, 240, INFINITY},
    {"{lognormal: {median: 1m, p99: 4m}}", RS_DIST_LOGNORMAL, 0.99, 240, INFINITY},
    {"{lognormal: {median: 1m, p999: 4m}}", RS_DIST_LOGNORMAL, 0.999, 240, INFINITY},
    /* shape 1 is exponential */
    {"{gamma: {shape: 1, scale: 1m}}", RS_DIST_GAMMA, 0.5, 41.58883083359672, INFINITY},
    /* at the mode the distribution function is (mode - min) / (max - min) */
    {"{triangular: {min: 0s, mode: 10s, max: 40s}}", RS_DIST_TRIANGULAR, 0.25, 10, 40},
    {"{empirical: {points: [[1s, 0%], [3s, 50%], [11s, 100%]]}}", RS_DIST_EMPIRICAL, 0.75, 7, 11},
    {"{mixture: [{weight: 1, of: 1s}, {weight: 3, of: {constant: 9s}}]}", RS_DIST_MIXTURE, 0.2, 1,
     9},
};

START_TEST(test_row)
{
    char to[256];
    snprintf(to, sizeof(to), "decide: %s", rows[_i].yaml);
    struct scenario *sc = changed_scenario("decide: 1m", to);
    const struct dist *d = &sc->response.role[0].decide;
    ck_assert_int_eq(d->kind, rows[_i].kind);
    /* Quantiles of the lognormal go through two inverse normal functions: 1e-9 relative is far above their error. */
    ck_assert_double_eq_tol(rs_dist_quantile(d, rows[_i].q), rows[_i].at_q_s,
                            1e-7 * rows[_i].at_q_s);
    if (isinf(rows[_i].sup_s)) {
        ck_assert(isinf(rs_dist_sup(d)));
    } else {
        ck_assert_double_eq_tol(rs_dist_sup(d), rows[_i].sup_s, 1e-12);
    }
    ck_assert(!d->placeholder);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_labels)
{
    struct scenario *sc = changed_scenario(
        "decide: 1m", "decide: {constant: 1m, source: a study, placeholder: true}");
    ck_assert(sc->response.role[0].decide.placeholder);
    ck_assert_str_eq(sc->response.role[0].decide.source, "a study");
    rs_scenario_free(sc);
    sc = changed_scenario("decide: 1m", "decide: {mixture: [{weight: 2, of: {constant: 1s, "
                                        "placeholder: true}}, {weight: 6, of: 2s}]}");
    const struct dist *d = &sc->response.role[0].decide;
    ck_assert(d->placeholder); /* a mixture rests on its parts */
    ck_assert_int_eq(d->n, 2);
    ck_assert_double_eq(d->p[0], 0.25);
    ck_assert_double_eq(d->p[1], 0.75);
    rs_scenario_free(sc);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_row, 0, N_ROW(rows));
    tcase_add_test(tc, test_labels);
}

int main(void)
{
    return run_tests("dist_read", add);
}
