/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rollouts, simulated, written down badly, and judged. What follows from marks and from the rules must hold whenever it is
 * stated; what is inferred from the series, and each fitted number, at 95 %: fewer hits than happen once in 1e5 at that rate are
 * a failure. An SLA verdict is never the wrong one.
 */
#include <check.h>
#include <stdlib.h>

#include "trip.h"

/* The number of the loop is that of rollouts. */
START_TEST(test_truth_is_covered)
{
    static struct trip t;
    trip_run(&t, 0, _i, true);
    trip_print(&t, stdout);
    ck_assert_int_ge(t.n_found * 100, t.n_rolled_back * 95);
    ck_assert_int_eq(t.n_sla_wrong, 0);
    for (int m = 0; m < RS_CLOCK_N; m++) {
        for (int h = RS_HOW_RECORDED; h <= RS_HOW_BOUNDED; h++) {
            struct hits hits = t.instant[m][h];
            double p = h == RS_HOW_INFERRED ? 0.95 : 0.999;
            ck_assert_msg(trip_chance(hits, p) > 1e-5, "%s, %s: %d of %d",
                          rs_clock_name((enum clock_mark)m), rs_retro_how_name((enum retro_how)h),
                          hits.n_in, hits.n);
        }
    }
    ck_assert_msg(trip_chance(t.offset, 0.999) > 1e-5, "offset: %d of %d", t.offset.n_in,
                  t.offset.n);
    for (int k = 0; k < RS_FIT_KIND_N; k++)
        ck_assert_msg(trip_chance(t.fit[k], 0.95) > 1e-5, "%s: %d of %d",
                      rs_retro_fit_kind_name((enum retro_fit_kind)k), t.fit[k].n_in, t.fit[k].n);
}
END_TEST

/* So many parameters missed as make it fail are missed less than once in 1e4. */
START_TEST(test_people_are_learnt)
{
    static struct trip t;
    trip_pool(&t, 500, _i);
    trip_print(&t, stdout);
    struct hits h = t.fit[RS_FIT_PEOPLE];
    ck_assert_int_ge(h.n, 4);
    ck_assert_int_ge(t.n_duration, _i);
    ck_assert_msg(trip_chance(h, 0.95) > 1e-4, "%d of %d", h.n_in, h.n);
}
END_TEST

int trip_suite(const char *name, int n, int n_pooled)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create("round trip");
    tcase_set_timeout(tc, 1800);
    tcase_add_loop_test(tc, test_truth_is_covered, n, n + 1);
    tcase_add_loop_test(tc, test_people_are_learnt, n_pooled, n_pooled + 1);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
