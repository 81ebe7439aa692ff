/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long tables: what the test of a rate does up to 200,000 replicas, and its errors on a fine grid around each limit. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "walk.h"

/* A limit of 0.001 at an error of 0.01 on either side, at most 200,000 replicas. The digits are those of the published table. */
static const struct {
    double rate, below, above, open, mean_n;
    double tolerance; /* half a unit of the last digit given, for the probabilities */
} table[] = {
    {1e-5, 1, 0, 0, 5634, .0005},
    {1e-4, 1, 0, 0, 7504, .0005},
    {5e-4, 1, 0, 0, 35870, .005},
    {8e-4, .312, .0006, .69, 172316, .0035},
    {1e-3, .0091, .0063, .985, 197288, .0005},
    {1.2e-3, .0019, .302, .70, 172518, .0045},
    {2e-3, 0, 1, 0, 14301, .0005},
    {2e-2, 0, 1, 0, 227, .0005},
};

START_TEST(test_table)
{
    struct walk_plan plan;
    walk_plan_init(&plan, 0.001, 0.01, 200000);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct walk_result r = walk(&plan, table[i].rate);
        ck_assert_msg(fabs(r.below - table[i].below) <= table[i].tolerance &&
                          fabs(r.above - table[i].above) <= table[i].tolerance &&
                          fabs(r.open - table[i].open) <= table[i].tolerance &&
                          fabs(r.mean_n - table[i].mean_n) <= 0.51,
                      "rate %g: %.6f / %.6f / %.6f, %.2f replicas", table[i].rate, r.below, r.above,
                      r.open, r.mean_n);
    }
    walk_plan_clear(&plan);
}
END_TEST

static const struct {
    double limit, alpha;
    uint64_t cap;
} plans[] = {
    {.001, .01, 200000}, {.001, .05, 200000}, {.01, .05, 100000},    {.015, .05, 60000},
    {.02, .01, 60000},   {.02, .05, 60000},   {.05, .00625, 60000},  {.05, .05, 60000},
    {.3, .05, 20000},    {.5, .01, 20000},    {.5, .05, 20000},      {.95, .05, 60000},
    {.98, .01, 60000},   {.999, .01, 200000}, {.999, .0001, 200000}, {.1, .5, 20000},
};

/* At the limit and beyond it, on a grid that is finest around it, a verdict is wrong with no more than alpha. */
START_TEST(test_error_below_nominal)
{
    double limit = plans[_i].limit, alpha = plans[_i].alpha, side = fmin(limit, 1 - limit);
    struct walk_plan plan;
    walk_plan_init(&plan, limit, alpha, plans[_i].cap);
    static const double far[] = {0, .003, .01, .03, .1, .2, .35, .5, .7, 1};
    double worst = 0;
    for (int i = 0; i < 10; i++) {
        struct walk_result over = walk(&plan, limit + side * far[i] * (far[i] < 1 ? 1 : .999)),
                           under = walk(&plan, limit - side * far[i] * (far[i] < 1 ? 1 : .999));
        ck_assert_msg(over.below <= alpha, "rate +%g: %g", far[i], over.below);
        ck_assert_msg(under.above <= alpha, "rate -%g: %g", far[i], under.above);
        worst = fmax(worst, fmax(over.below, under.above));
    }
    /* Not by doing nothing: at the limit itself the error that is allowed is nearly used up. */
    ck_assert_msg(worst > 0.4 * alpha, "worst %g of %g", worst, alpha);
    walk_plan_clear(&plan);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coverage_full");
    TCase *tc = tcase_create("coverage_full");
    tcase_set_timeout(tc, 280);
    tcase_add_test(tc, test_table);
    tcase_add_loop_test(tc, test_error_below_nominal, 0, (int)(sizeof plans / sizeof plans[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
