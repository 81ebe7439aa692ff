/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The law of a fault's level, out of whatever a change is said to be. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "retro/harm.h"
#include "sim/draw.h"

/* Whatever a change's level is said to be, and within what: there is a law that can be drawn from, about that level if there is one. */
static const struct {
    double best, lo, hi, mean;
} levels[] = {{0.08, 0.07, 0.09, 0.08},      {0.08, 0.08, 0.08, 0.08},
              {0.08, 0.0, INFINITY, 0.08},   {0.08, NAN, NAN, 0.08},
              {0.08, 0.09, 0.07, 0.08},      {0.08, 0.08 - 1e-17, 0.08 + 1e-17, 0.08},
              {0.5, 0.5, 0.5 + 1e-200, 0.5}, {0.08, 0.0, 1e9, 0.08},
              {1e-200, 0.0, 0.1, 0.0},       {0.0, 0.0, 0.1, 0.0},
              {-2.0, -3.0, -1.0, -1.0},      {NAN, 0.0, 1.0, 0.0},
              {INFINITY, 0.0, INFINITY, 0.0}};

START_TEST(test_rates_can_be_drawn)
{
    struct harm_rate r = rs_harm_rate_of_level(levels[_i].best, levels[_i].lo, levels[_i].hi);
    struct stream s = rs_stream_open(1, 1, rs_stream_hash("rates"));
    ck_assert(r.shape > 0.0 && isfinite(r.shape));
    ck_assert(r.exposure > 0.0 && isfinite(r.exposure));
    if (levels[_i].mean >= 0.0)
        ck_assert_double_eq_tol(r.shape / r.exposure, levels[_i].mean, 1e-6);
    for (int i = 0; i < 100; i++)
        ck_assert(rs_draw_gamma(&s, r.shape, 1.0) >= 0.0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("harm's rates");
    TCase *tc = tcase_create("rates");
    tcase_add_loop_test(tc, test_rates_can_be_drawn, 0, (int)(sizeof(levels) / sizeof(levels[0])));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
