/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws without replacement against the probabilities themselves; chi-square, seed fixed, false alarm 1e-4 each row. */
#include <math.h>
#include <stdlib.h>

#include "../sim/sim_check.h"
#include "system/internal.h"

enum { N_DRAW = 20000 };

static const struct {
    uint64_t all, marked, n;
} rows[] = {
    {10, 4, 3},         {10, 9, 5},           {200, 100, 60},           {1000, 3, 500},
    {5000, 2500, 2500}, {100000, 40000, 300}, {4000000, 1000, 2000000},
};

static double log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

START_TEST(draws_follow_their_probabilities)
{
    double all = (double)rows[_i].all, marked = (double)rows[_i].marked, n = (double)rows[_i].n;
    size_t n_cell = (size_t)(marked < n ? marked : n) + 1;
    uint64_t *seen = rs_xcalloc(n_cell, sizeof *seen);
    double *expected = rs_xcalloc(n_cell, sizeof *expected);
    struct stream s = rs_stream_open(9, (uint64_t)_i, rs_stream_hash("test/hypergeometric"));
    for (size_t k = 0; k < n_cell; k++) {
        double x = (double)k;
        if (n - x <= all - marked)
            expected[k] = N_DRAW * exp(log_choose(marked, x) + log_choose(all - marked, n - x) -
                                       log_choose(all, n));
    }
    for (int i = 0; i < N_DRAW; i++)
        seen[rs_draw_hypergeometric(&s, rows[_i].all, rows[_i].marked, rows[_i].n)]++;
    double p = chi_square_p(seen, expected, n_cell, 10);
    ck_assert_msg(p > 1e-4, "row %d: p = %g", _i, p);
    free(seen);
    free(expected);
}
END_TEST

START_TEST(sure_results)
{
    struct stream s = rs_stream_open(9, 0, 0);
    ck_assert_uint_eq(rs_draw_hypergeometric(&s, 0, 0, 0), 0);
    ck_assert_uint_eq(rs_draw_hypergeometric(&s, 50, 0, 20), 0);
    ck_assert_uint_eq(rs_draw_hypergeometric(&s, 50, 50, 20), 20);
    ck_assert_uint_eq(rs_draw_hypergeometric(&s, 50, 13, 50), 13);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, draws_follow_their_probabilities, 0, N_ROW(rows));
    tcase_add_test(tc, sure_results);
}

int main(void)
{
    return run_suite("hypergeometric", add_tests);
}
