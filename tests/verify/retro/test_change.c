/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of known instant: the stated intervals hold it at their rate, and where nothing changed a change is found no oftener
 * than the odds say. Seeds are fixed. Each rate is held against an interval that a right one leaves with probability 1e-4, so that
 * with the rows of this file a right program is called wrong by fewer than one choice of seeds in a hundred. The long form prints
 * its counts as the rows of a table in docs/retro-changes.md.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "made_signal.h"
#include "sim/clock.h"
#include "verify/stats.h"

#ifndef TRIALS
#define TRIALS 60 /* test_change_full has more, and tells */
#define tell(...) ((void)0)
#else
#define tell(...) printf(__VA_ARGS__)
#endif
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
    {"errors, weaker", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .0012, .003},
    {"values, few", RS_SIGNAL_VALUE, 1, 60, 900, 0, 1, 6, .sd = 1},
    {"errors, that scatter", RS_SIGNAL_RATIO, 3, 30, 3600, 20, .02, .06, .scatter = .5},
};

static double uniform(struct stream *s)
{
    return (double)(rs_stream_u64(s) >> 11) * 0x1p-53;
}

START_TEST(test_intervals_hold)
{
    const struct made_law *law = &changing[_i];
    uint64_t n_found = 0, n_held = 0, n_level = 0;
    double width_s = 0.0;
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
            n_level += c.after_lo <= law->after && law->after <= c.after_hi;
            width_s += rs_s_from_ns(c.hi_ns - c.lo_ns);
        }
        made_signal_clear(&m);
    }
    tell("| %s | %d | %.1f %% | %.0f s | %.1f %% |\n", law->name, (int)n_found,
         100.0 * (double)n_held / (double)n_found, width_s / (double)n_found,
         100.0 * (double)n_level / (double)n_found);
    (void)n_level;
    (void)width_s;
    struct interval rate = rs_clopper_pearson(n_held, n_found, 1.0 - ALPHA);
    ck_assert_msg(n_found * 2 >= TRIALS, "%s: %d found", law->name, (int)n_found);
    ck_assert_msg(rate.low <= 0.9 && 0.9 <= rate.high, "%s: %d of %d hold it", law->name,
                  (int)n_held, (int)n_found);
}
END_TEST

/* Ramps of a length that nobody told: lo..hi holds where they begin, and the length is about right. */
static const struct made_law ramps[] = {
    {"errors, over five minutes", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .0012, .05, .ramp_s = 300},
    {"values, over ten minutes", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 9, .sd = 1, .ramp_s = 600},
};

START_TEST(test_ramps)
{
    enum { FEW = TRIALS / 6 };
    const struct made_law *law = &ramps[_i];
    uint64_t n_held = 0, n_length = 0;
    for (uint64_t r = 0; r < FEW; r++) {
        struct stream s = rs_stream_open(7, r, rs_stream_hash(law->name));
        double change_s = law->span_s * (0.2 + 0.5 * uniform(&s));
        struct made_signal m;
        made_signal_draw(&m, &s, law, change_s);
        struct retro_change c;
        const struct retro_change_options opt = {.confidence = 0.9, .ramps = true};
        ck_assert(rs_retro_change_at(&c, &m.signal, 0, rs_ns_from_s(law->span_s), &opt));
        n_held += c.lo_ns <= rs_ns_from_s(change_s) && rs_ns_from_s(change_s) <= c.hi_ns;
        n_length += c.ramp_s > 0.5 * law->ramp_s && c.ramp_s < 2.0 * law->ramp_s;
        made_signal_clear(&m);
    }
    tell("| %s | %d of %d | %d | |\n", law->name, (int)n_held, (int)FEW, (int)n_length);
    struct interval rate = rs_clopper_pearson(n_held, FEW, 1.0 - ALPHA);
    ck_assert_msg(rate.low <= 0.9 && 0.9 <= rate.high, "%s: %d hold it", law->name, (int)n_held);
    ck_assert_msg(n_length >= FEW * 8 / 10, "%s: %d lengths", law->name, (int)n_length);
}
END_TEST

/*
 * Where nothing changes. Odds of 10 against none are seen by chance in at most a tenth of all windows, odds of 100 in a hundredth: the
 * mean of the odds is 1 there (Markov).
 */
static const struct made_law still[] = {
    {"no errors to speak of", RS_SIGNAL_RATIO, 3, 30, 3600, 1, .0005, .0005},
    {"errors all the time", RS_SIGNAL_RATIO, 3, 30, 3600, 10, .03, .03},
    {"errors that scatter", RS_SIGNAL_RATIO, 3, 30, 3600, 20, .02, .02, .scatter = .5},
    {"rare events", RS_SIGNAL_COUNT, 2, 30, 3600, 0, .002, .002},
    {"events", RS_SIGNAL_COUNT, 2, 30, 3600, 0, 1, 1},
    {"values", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 1, .sd = 1},
    {"few values", RS_SIGNAL_VALUE, 1, 60, 900, 0, 1, 1, .sd = 1},
    {"values that follow each other", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 1, .sd = 1, .follow = .5},
    {"values that follow closely", RS_SIGNAL_VALUE, 1, 60, 7200, 0, 1, 1, .sd = 1, .follow = .6},
};

START_TEST(test_nothing_changes)
{
    const struct made_law *law = &still[_i];
    uint64_t n_ten = 0, n_hundred = 0, n_any = 0;
    for (uint64_t r = 0; r < TRIALS; r++) {
        struct stream s = rs_stream_open(7, r, rs_stream_hash(law->name));
        struct made_signal m;
        made_signal_draw(&m, &s, law, INFINITY);
        struct retro_change c;
        const struct retro_change_options opt = {.confidence = 0.9};
        rs_retro_change_at(&c, &m.signal, 0, rs_ns_from_s(law->span_s), &opt);
        n_ten += c.log10_odds >= 1.0;
        n_hundred += c.found;
        int n = 0;
        free(rs_retro_changes(&m.signal, &opt, &n));
        n_any += n > 0;
        made_signal_clear(&m);
    }
    tell("| %s | %d | %d | %d |\n", law->name, (int)n_ten, (int)n_hundred, (int)n_any);
    ck_assert_msg(rs_clopper_pearson(n_ten, TRIALS, 1.0 - ALPHA).low <= 0.1, "%s: %d of ten",
                  law->name, (int)n_ten);
    /* So strong a correlation can only be estimated, and now and then it is taken for less. */
    double most = law->follow > 0.5 ? 0.05 : 0.01;
    ck_assert_msg(rs_clopper_pearson(n_hundred, TRIALS, 1.0 - ALPHA).low <= most,
                  "%s: %d of a hundred", law->name, (int)n_hundred);
    ck_assert_msg(rs_clopper_pearson(n_any, TRIALS, 1.0 - ALPHA).low <= most, "%s: %d with changes",
                  law->name, (int)n_any);
}
END_TEST

/* A fault that comes and goes is two changes, no more: the intervals that it cuts are none of their own. */
static const struct made_law passing[] = {
    {"errors for ten minutes", RS_SIGNAL_RATIO, 3, 30, 14400, 10, .0012, .08, .lasts_s = 600},
    {"errors for two minutes", RS_SIGNAL_RATIO, 3, 30, 14400, 10, .0012, .08, .lasts_s = 120},
    {"errors of a tenth", RS_SIGNAL_RATIO, 3, 30, 14400, 10, .0012, .01, .lasts_s = 900},
    {"events for a while", RS_SIGNAL_COUNT, 2, 30, 14400, 0, .02, .2, .lasts_s = 600},
    {"values for a while", RS_SIGNAL_VALUE, 1, 60, 14400, 0, 1, 7, .sd = 1, .lasts_s = 600},
    {"errors that scatter, for a while", RS_SIGNAL_RATIO, 3, 30, 14400, 20, .02, .12, .scatter = .5,
     .lasts_s = 1200},
};

START_TEST(test_comes_and_goes)
{
    enum { SOME = TRIALS / 4 };
    const struct made_law *law = &passing[_i];
    uint64_t n_two = 0, n_held = 0;
    for (uint64_t r = 0; r < SOME; r++) {
        struct stream s = rs_stream_open(7, r, rs_stream_hash(law->name));
        double change_s = law->span_s * (0.1 + 0.7 * uniform(&s));
        struct made_signal m;
        made_signal_draw(&m, &s, law, change_s);
        const struct retro_change_options opt = {.confidence = 0.9};
        int n = 0;
        struct retro_change *c = rs_retro_changes(&m.signal, &opt, &n);
        if (n == 2) {
            int64_t up = rs_ns_from_s(change_s), down = rs_ns_from_s(change_s + law->lasts_s);
            n_two++;
            n_held += c[0].lo_ns <= up && up <= c[0].hi_ns;
            n_held += c[1].lo_ns <= down && down <= c[1].hi_ns;
            ck_assert_double_gt(c[0].after, c[0].before);
            ck_assert_double_lt(c[1].after, c[1].before);
        }
        free(c);
        made_signal_clear(&m);
    }
    tell("| %s | %d of %d | %d of %d |\n", law->name, (int)n_two, (int)SOME, (int)n_held,
         (int)(2 * n_two));
    ck_assert_msg(n_two >= SOME * 95 / 100, "%s: %d times two", law->name, (int)n_two);
    struct interval rate = rs_clopper_pearson(n_held, 2 * n_two, 1.0 - ALPHA);
    /* Of scattering ratios the intervals hold less often than is said; docs/retro-changes.md tells how often. */
    double least = law->scatter > 0.0 ? 0.7 : 0.9;
    ck_assert_msg(rate.low <= 0.9 && least <= rate.high, "%s: %d of %d hold it", law->name,
                  (int)n_held, (int)(2 * n_two));
}
END_TEST

START_TEST(test_one_way)
{
    struct stream s = rs_stream_open(7, 0, rs_stream_hash("one way"));
    struct made_signal m;
    made_signal_draw(&m, &s, &passing[0], 5000.0);
    struct retro_change_options opt = {.confidence = 0.9, .direction = RS_UPWARDS};
    int n = 0;
    struct retro_change *c = rs_retro_changes(&m.signal, &opt, &n);
    ck_assert_int_eq(n, 1);
    ck_assert_double_gt(c[0].after, c[0].before);
    free(c);
    struct retro_change at;
    ck_assert(rs_retro_change_at(&at, &m.signal, rs_ns_from_s(4000), rs_ns_from_s(5500), &opt));
    opt.direction = RS_DOWNWARDS;
    ck_assert(!rs_retro_change_at(&at, &m.signal, rs_ns_from_s(4000), rs_ns_from_s(5500), &opt));
    /* With hardly a point there is nothing to be found, whatever is asked for. */
    ck_assert(!rs_retro_change_at(&at, &m.signal, rs_ns_from_s(4999), rs_ns_from_s(5000), &opt));
    ck_assert(!rs_retro_change_at(&at, &m.signal, rs_ns_from_s(5500), rs_ns_from_s(4000), &opt));
    made_signal_clear(&m);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change");
    TCase *tc = tcase_create("change");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, test_intervals_hold, 0, sizeof(changing) / sizeof(changing[0]));
    tcase_add_loop_test(tc, test_ramps, 0, sizeof(ramps) / sizeof(ramps[0]));
    tcase_add_loop_test(tc, test_nothing_changes, 0, sizeof(still) / sizeof(still[0]));
    tcase_add_loop_test(tc, test_comes_and_goes, 0, sizeof(passing) / sizeof(passing[0]));
    tcase_add_test(tc, test_one_way);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
