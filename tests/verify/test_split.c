/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The splitting itself, over a walk whose overflow has a closed form. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/stream.h"
#include "verify/split.h"

/*
 * A walk that starts at 1, goes up with probability `up`, else down; 0 is death. P(reach b before 0) = (1 - r) / (1 - r^b),
 * r = down / up: the gambler's ruin (Feller I, XIV.2).
 */
struct walk {
    double up;
    double void_share, cut_share; /* of the trials from the start; of all trials */
    int n_made; /* trials so far, for the model below that counts them; one thread */
};

static void *worker_new(void *ctx, struct err *err)
{
    (void)err;
    return ctx;
}

static void worker_free(void *ctx, void *worker)
{
    (void)ctx, (void)worker;
}

static int walk_run(void *ctx,
                    void *worker,
                    const struct split_trial *t,
                    enum split_end *out_end,
                    void *to,
                    double *out_high,
                    struct err *err)
{
    const struct walk *w = ctx;
    (void)worker, (void)err;
    struct stream s = rs_stream_open(t->seed, t->word, rs_stream_hash("walk"));
    double u = rs_stream_uniform(&s);
    if (!t->from && u < w->void_share) {
        *out_end = RS_SPLIT_VOID;
        return 0;
    }
    int at = t->from ? *(const int *)t->from : 1, high = at;
    if (rs_stream_uniform(&s) < w->cut_share) {
        *out_end = RS_SPLIT_CUT;
        *out_high = high;
        return 0;
    }
    while (at > 0 && (double)at < t->target) {
        at += rs_stream_uniform(&s) < w->up ? 1 : -1;
        high = at > high ? at : high;
    }
    *out_high = high;
    *out_end = at > 0 ? RS_SPLIT_REACHED : RS_SPLIT_DEAD;
    if (at > 0)
        *(int *)to = at;
    return 0;
}

static struct split_model model_of(struct walk *w)
{
    return (struct split_model){.ctx = w,
                                .state_size = sizeof(int),
                                .worker_new = worker_new,
                                .worker_free = worker_free,
                                .run = walk_run};
}

static double ruin(double up, double b)
{
    double r = (1.0 - up) / up;
    return (1.0 - r) / (1.0 - pow(r, b));
}

static struct split_result
run(struct walk *w, int n_level, const double *level, uint64_t effort, uint64_t n_macro, int n_job)
{
    struct split_model m = model_of(w);
    struct split_plan plan = {.n_level = n_level,
                              .level = level,
                              .effort = effort,
                              .n_macro = n_macro,
                              .seed = 5,
                              .n_job = n_job,
                              .confidence = 0.999};
    struct split_result r = {0};
    struct err err = {0};
    ck_assert_msg(rs_split_run(&m, &plan, &r, &err) == 0, "%s", err.text);
    return r;
}

static const struct {
    const char *what;
    double up;
    int n_level;
    double level[8];
    uint64_t effort, n_macro;
} rows[] = {
    {"rho 1/2 to 20", 1.0 / 3, 7, {3, 6, 9, 12, 15, 18, 20}, 200, 100},
    {"rho 3/5 to 12", 3.0 / 8, 4, {3, 6, 9, 12}, 200, 60},
    {"rho 9/10 to 40", 9.0 / 19, 3, {5, 15, 40}, 200, 60},
    {"one level is plain sampling", 9.0 / 19, 1, {10}, 500, 40},
    {"levels that are worth nothing", 3.0 / 8, 5, {2, 3, 4, 5, 6}, 50, 100},
    /* Unbiased whatever the effort: with 3 trials a level most repetitions die out, and the mean is right all the same. */
    {"least effort", 3.0 / 8, 3, {2, 4, 6}, 3, 40000},
};

/* 99.9 % interval, and 4.5 sigma as the spread itself says: false alarm about 1e-3 a row, seed fixed. */
START_TEST(test_interval_holds_closed_form)
{
    struct walk w = {.up = rows[_i].up};
    struct split_result r =
        run(&w, rows[_i].n_level, rows[_i].level, rows[_i].effort, rows[_i].n_macro, 1);
    double exact = ruin(rows[_i].up, rows[_i].level[rows[_i].n_level - 1]);
    ck_assert_msg(r.interval.low <= exact && exact <= r.interval.high,
                  "%s: %g in [%g, %g], estimate %g", rows[_i].what, exact, r.interval.low,
                  r.interval.high, r.estimate);
    /* An interval from 0 to 1 would hold everything. */
    ck_assert_msg(r.interval.high < 1.6 * exact && r.interval.low > 0.5 * exact, "%s: [%g, %g]",
                  rows[_i].what, r.interval.low, r.interval.high);
    ck_assert_uint_eq(r.n_macro, rows[_i].n_macro);
}
END_TEST

START_TEST(test_threads_do_not_matter)
{
    struct walk w = {.up = 0.4, .void_share = 0.3, .cut_share = 0.01};
    const double level[] = {3, 6, 9};
    struct split_result one = run(&w, 3, level, 50, 30, 1);
    for (int n = 2; n <= 5; n++) {
        struct split_result many = run(&w, 3, level, 50, 30, n);
        ck_assert(memcmp(&one.estimate, &many.estimate, sizeof one.estimate) == 0);
        ck_assert(memcmp(&one.interval, &many.interval, sizeof one.interval) == 0);
        ck_assert_uint_eq(one.n_trial, many.n_trial);
        ck_assert_uint_eq(one.n_void, many.n_void);
    }
}
END_TEST

/* The condition is met by drawing again: the law is that under the condition. */
START_TEST(test_void_trials_are_drawn_again)
{
    struct walk plain = {.up = 0.4}, some = {.up = 0.4, .void_share = 0.8};
    const double level[] = {3, 6};
    struct split_result a = run(&plain, 2, level, 200, 100, 1);
    struct split_result b = run(&some, 2, level, 200, 100, 1);
    double exact = ruin(0.4, 6);
    ck_assert_uint_eq(a.n_void, 0);
    /* 5 trials for one that counts: 20000 of them, sd of the sum of geometric gaps sqrt(20000 * 0.8) / 0.2 = 632; 6 sigma. */
    ck_assert_double_le(fabs((double)b.n_void - 80000.0), 6 * 632.0);
    ck_assert(b.interval.low <= exact && exact <= b.interval.high);
}
END_TEST

START_TEST(test_a_condition_that_never_comes)
{
    struct walk w = {.up = 0.4, .void_share = 1.0};
    struct split_result r = run(&w, 1, (const double[]){6}, 4, 3, 1);
    ck_assert_uint_eq(r.n_starved, 3);
    ck_assert(r.thin && !r.has_witness);
    ck_assert_double_eq(r.interval.low, 0.0);
    ck_assert_double_eq(r.interval.high, 1.0);
}
END_TEST

/* Cut trials may be hits or misses: the interval holds p of both. */
START_TEST(test_cut_trials_count_both_ways)
{
    struct walk w = {.up = 0.4, .cut_share = 0.1};
    const double level[] = {3, 6};
    struct split_result r = run(&w, 2, level, 200, 100, 1);
    double p1 = ruin(0.4, 3), p2 = ruin(0.4, 6) / p1;
    double missed = 0.9 * p1 * 0.9 * p2, hit = 0.1 + 0.9 * p1 * (0.1 + 0.9 * p2);
    ck_assert_uint_gt(r.n_cut, 0);
    ck_assert(r.interval.low <= missed && hit <= r.interval.high);
    ck_assert_double_ge(r.interval.low, missed * 0.7);
    ck_assert_double_le(r.interval.high, hit * 1.3);
    ck_assert_double_le(r.estimate, missed * 1.2);
}
END_TEST

/* Nothing got through: nothing is known, and the interval says so. */
START_TEST(test_nothing_seen_is_no_zero)
{
    struct walk w = {.up = 0.1};
    struct split_result r = run(&w, 1, (const double[]){40}, 10, 20, 1);
    ck_assert_double_eq(r.estimate, 0.0);
    ck_assert_double_eq(r.interval.low, 0.0);
    /* Hoeffding: sqrt(ln(2000) / 40) */
    ck_assert_double_eq_tol(r.interval.high, 0.43592, 1e-5);
    ck_assert(r.thin && !r.has_witness);
    ck_assert_uint_eq(r.n_extinct, 20);
}
END_TEST

/* Two repetitions with the products 1 and 1/2: mean 3/4, and half the distance times t = tan(pi confidence / 2), one degree of freedom. */
static int counted_run(void *ctx,
                       void *worker,
                       const struct split_trial *t,
                       enum split_end *out_end,
                       void *to,
                       double *out_high,
                       struct err *err)
{
    struct walk *w = ctx;
    (void)worker, (void)t, (void)err;
    *out_end = w->n_made++ == 3 ? RS_SPLIT_DEAD : RS_SPLIT_REACHED;
    *out_high = 1.0;
    *(int *)to = 0;
    return 0;
}

static const double confidences[] = {0.1, 0.3, 0.5, 0.55};

START_TEST(test_students_t)
{
    struct walk w = {0};
    struct split_model m = model_of(&w);
    m.run = counted_run;
    struct split_plan plan = {.n_level = 1,
                              .level = (const double[]){1},
                              .effort = 2,
                              .n_macro = 2,
                              .n_job = 1,
                              .confidence = confidences[_i]};
    int witness = 7;
    struct split_result r = {.witness = &witness};
    ck_assert_int_eq(rs_split_run(&m, &plan, &r, NULL), 0);
    double half = 0.25 * tan(acos(-1.0) * confidences[_i] / 2);
    ck_assert_double_eq(r.estimate, 0.75);
    ck_assert_double_eq_tol(r.interval.low, 0.75 - half, 1e-9);
    ck_assert_double_eq_tol(r.interval.high, fmin(0.75 + half, 1.0), 1e-9);
    ck_assert_double_eq(r.ratio[0], 0.75);
    ck_assert(r.has_witness && witness == 0);
}
END_TEST

START_TEST(test_pilot_chooses_levels)
{
    struct walk w = {.up = 1.0 / 3};
    struct split_model m = model_of(&w);
    double level[RS_SPLIT_LEVEL_MAX];
    int n = rs_split_pilot(&m, 20, 400, 9, level, NULL);
    ck_assert_int_ge(n, 6); /* log(1e6) / log(4) = 10, levels being whole numbers */
    ck_assert_double_eq(level[n - 1], 20.0);
    for (int i = 1; i < n; i++)
        ck_assert_double_gt(level[i], level[i - 1]);
    struct split_result r = run(&w, n, level, 200, 100, 1);
    double exact = ruin(1.0 / 3, 20);
    ck_assert(r.interval.low <= exact && exact <= r.interval.high);
    ck_assert_double_lt(r.interval.high, 1.6 * exact);
    /* A quarter goes on, whatever whole numbers make of it. */
    for (int i = 0; i < n; i++)
        ck_assert(r.ratio[i] > 0.05 && r.ratio[i] < 0.8);
}
END_TEST

/* Where no trial goes beyond the start the pilot gives up, with the event as the only level. */
START_TEST(test_pilot_without_a_way)
{
    struct walk w = {.up = 0.0};
    struct split_model m = model_of(&w);
    double level[RS_SPLIT_LEVEL_MAX];
    int n = rs_split_pilot(&m, 20, 10, 9, level, NULL);
    ck_assert_int_le(n, 2);
    ck_assert_double_eq(level[n - 1], 20.0);
    w.void_share = 1.0;
    ck_assert_int_eq(rs_split_pilot(&m, 20, 10, 9, level, NULL), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("split");
    TCase *tc = tcase_create("split");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, test_interval_holds_closed_form, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, test_threads_do_not_matter);
    tcase_add_test(tc, test_void_trials_are_drawn_again);
    tcase_add_test(tc, test_a_condition_that_never_comes);
    tcase_add_test(tc, test_cut_trials_count_both_ways);
    tcase_add_test(tc, test_nothing_seen_is_no_zero);
    tcase_add_loop_test(tc, test_students_t, 0, (int)(sizeof confidences / sizeof confidences[0]));
    tcase_add_test(tc, test_pilot_chooses_levels);
    tcase_add_test(tc, test_pilot_without_a_way);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed == 0 ? 0 : 1;
}
