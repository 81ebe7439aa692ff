/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No simulated leg takes longer than its bound, or less than its infimum: random scenarios and the shipped ones. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_scenario.h"
#include "scenarios/load.h"

#ifndef N_SCENARIO
#define N_SCENARIO 240
#define N_REPLICA 6
#define N_SHIPPED 40
#endif
#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
enum { N_LOT = 12 };

START_TEST(test_random)
{
    struct keeping k = {0};
    for (int i = _i * N_SCENARIO / N_LOT; i < (_i + 1) * N_SCENARIO / N_LOT; i++) {
        char name[64];
        struct scenario *sc = random_scenario((uint64_t)i);
        snprintf(name, sizeof name, "scenario %d", i);
        run_and_keep(sc, N_REPLICA, 5, name, &k);
        rs_scenario_free(sc);
    }
    ck_assert_uint_eq(k.n_over, 0);
    ck_assert_uint_eq(k.n_under, 0);
    ck_assert_uint_gt(k.n_finite, 100); /* it was about something */
}
END_TEST

static const char *const shipped[] = {"prisma/prisma.yaml", "prisma-mended/prisma-mended.yaml"};

START_TEST(test_shipped)
{
    char path[256];
    struct err_list errors;
    struct keeping k = {0};
    snprintf(path, sizeof path, "%s/scenarios/%s", RS_SOURCE_DIR, shipped[_i]);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    run_and_keep(sc, N_SHIPPED, 7, shipped[_i], &k);
    ck_assert_uint_eq(k.n_over, 0);
    ck_assert_uint_eq(k.n_under, 0);
    ck_assert_uint_gt(k.n_finite, 20);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bounds of histories");
    TCase *tc = tcase_create("bounds of histories");
    tcase_add_loop_test(tc, test_random, 0, N_LOT);
    tcase_add_loop_test(tc, test_shipped, 0, N(shipped));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
