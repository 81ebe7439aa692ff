/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of known instant: the stated intervals hold it at their rate, and where nothing changed a change is found no oftener
 * than the odds say. Seeds are fixed. Each rate is held against an interval that a right one leaves with probability 1e-4, so that
 * with the rows of this file a right program is called wrong by fewer than one choice of seeds in a hundred.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "made_signal.h"
#include "sim/clock.h"
#include "verify/stats.h"

enum { TRIALS = 250 };
#define ALPHA 1e-4

static const struct made_law changing[] = {
    {"errors, strong", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .0012, .08},
    {"errors, a tenth of the users", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .0012, .01},
    {"errors, weak", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .0012, .004},
    {"errors, few requests", RS_SIGNAL_RATIO, 3, 30, 3600, 1, .0005, .08},
    {"errors, going away", RS_SIGNAL_RATIO, 3, 30, 3600, 1, .08, .0005},
    {"errors, scrapes lost", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .01, .05, .lost = .2},
    {"events, from none", RS_SIGNAL_COUNT, 2, 30, 3600, 0, 1e-9, .02},
    {"events, weak", RS_SIGNAL_COUNT, 2, 30, 3600, 0, .02, .06},
    {"events, strong", RS_SIGNAL_COUNT, 2, 30, 3600, 0, 2, 6},
    {"values, strong", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 6, .sd = 1},
    {"values, weak", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 2.5, .sd = 1},
    {"values, that follow each other", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 5, .sd = 1,
     .follow = .5},
};

static double uniform(struct stream *s)
{
    return (double)(rs_stream_u64(s) >> 11) * 0x1p-53;
}

START_TEST(test_intervals_hold)
{
    const struct made_law *law = &changing[_i];
    uint64_t n_found = 0, n_held = 0;
    for (uint64_t r = 0; r < TRIALS; r++) {
        struct stream s = rs_stream_open(7, r, rs_stream_hash(law->name));
        double change_s = law->span_s * (0.1 + 0.8 * uniform(&s));
        struct made_signal m;
        made_signal_draw(&m, &s, law, change_s);
        struct retro_change c;
        const struct retro_change_options opt = {.confidence = 0.9};
        if (rs_retro_change_at(&c, &m.signal, 0, rs_ns_from_s(law->span_s), &opt)) {
            ck_assert_int_le(c.lo_ns, c.best_ns);
            ck_assert_int_le(c.best_ns, c.hi_ns);
            n_found++;
            n_held += c.lo_ns <= rs_ns_from_s(change_s) && rs_ns_from_s(change_s) <= c.hi_ns;
        }
        made_signal_clear(&m);
    }
    struct interval rate = rs_clopper_pearson(n_held, n_found, 1.0 - ALPHA);
    ck_assert_msg(n_found >= TRIALS / 2, "%s: %d found", law->name, (int)n_found);
    ck_assert_msg(rate.low <= 0.9 && 0.9 <= rate.high, "%s: %d of %d hold it", law->name,
                  (int)n_held, (int)n_found);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change");
    TCase *tc = tcase_create("change");
    tcase_add_loop_test(tc, test_intervals_hold, 0, sizeof(changing) / sizeof(changing[0]));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
