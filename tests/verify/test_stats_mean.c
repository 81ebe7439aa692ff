/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence on a bounded mean: a martingale as an identity, a bound by its definition, and how much it needs. */
#include "stats_mean.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static struct mean_watch with(const struct mean_watch *w, double x)
{
    struct mean_watch next = *w;
    rs_mean_watch_add(&next, x);
    return next;
}

/* Two values whose mean is m: the mean of E over them is E as it was. With a smaller mean it rises, with a larger one it falls. */
START_TEST(test_martingale)
{
    static const struct {
        double low, high, share; /* of high */
    } rows[] = {{0, 1, .5}, {0, 1, .001}, {.2, .3, .7}, {.4, .4, .5}, {.9, 1, .999}, {0, .01, .5}};
    struct mean_watch w;
    double m = rows[_i].low + rows[_i].share * (rows[_i].high - rows[_i].low);
    rs_mean_watch_init(&w, m, 0.01);
    for (int n = 0; n < 500; n++) {
        struct mean_watch low = with(&w, rows[_i].low), high = with(&w, rows[_i].high);
        double now = rs_mean_log_e_below(&w, m, 1);
        double if_low = exp(rs_mean_log_e_below(&low, m, 1) - now),
               if_high = exp(rs_mean_log_e_below(&high, m, 1) - now);
        double share = rows[_i].share;
        ck_assert_double_eq_tol((1 - share) * if_low + share * if_high, 1.0, 1e-9);
        ck_assert(if_high <= 1 + 1e-12 && if_low >= 1 - 1e-12);
        share = 0.5 * (1 + share);
        ck_assert_double_le((1 - share) * if_low + share * if_high, 1.0 + 1e-9);
        w = (n * 7) % 10 < 10 * rows[_i].share ? high : low;
    }
}
END_TEST

/* The bound is where the evidence stands at 1 / alpha, and an e-value rises with the mean that it is against. */
START_TEST(test_bound)
{
    static const double values[] = {0, .1, .5, .02, 1, .3, 0, 0, .77};
    struct mean_watch w;
    rs_mean_watch_init(&w, 0.5, 0.05);
    ck_assert_double_eq(rs_mean_bound(&w), 1.0);
    double before = 1.0;
    for (int i = 0; i < 3000; i++) {
        rs_mean_watch_add(&w, values[i % 9]);
        if (i % 100 != 99)
            continue;
        double bound = rs_mean_bound(&w);
        ck_assert(bound > 2.69 / 9 && bound < before);
        ck_assert_double_ge(rs_mean_log_e_below(&w, bound + 1e-6, 1), w.log_need);
        ck_assert_double_lt(rs_mean_log_e_below(&w, bound - 1e-6, 1), w.log_need);
        ck_assert((bound <= w.limit) == (rs_mean_log_e_below(&w, w.limit, 1) >= w.log_need));
        before = bound;
    }
    /* Three thousand values of this spread, with a normal law and a fixed n: 1.645 * 0.341 / sqrt(3000) = 0.0102. */
    ck_assert_double_lt(before - 2.69 / 9, 2.5 * 0.0102);
}
END_TEST

/* Nothing but zeros: no test can certify with fewer than the fixed plan's n; this one needs less than half as many more. */
START_TEST(test_certified_by_zeros)
{
    static const double limits[] = {.5, .1, .01, .001, .0001};
    double limit = limits[_i], least = log(0.01) / log1p(-limit);
    struct mean_watch w;
    rs_mean_watch_init(&w, limit, 0.01);
    while (!rs_mean_watch_add(&w, 0.0))
        continue;
    ck_assert_double_ge((double)w.n, least);
    ck_assert_double_le((double)w.n, 1.5 * least + 1);
    for (int i = 0; i < 1000; i++)
        ck_assert(rs_mean_watch_add(&w, 1.0)); /* latched */
}
END_TEST

/* To a billion values and beyond, by the forecast: finite, and on one side only growing. */
START_TEST(test_sweep_to_a_billion)
{
    struct mean_watch below, above;
    rs_mean_watch_init(&below, 0.3, 0.01);
    rs_mean_watch_init(&above, 0.7, 0.01);
    for (int i = 0; i < 1000; i++) { /* a mean of 0.29 */
        rs_mean_watch_add(&below, i * 37 % 100 < 29 ? 1.0 : 0.0);
        rs_mean_watch_add(&above, i * 37 % 100 < 29 ? 0.0 : 1.0);
    }
    double before = rs_mean_log_e_below(&below, 0.3, 1);
    ck_assert(!below.crossed && !above.crossed);
    for (double times = 10; times <= 1e9; times *= 10) {
        double e = rs_mean_log_e_below(&below, 0.3, times);
        ck_assert(isfinite(e) && e > before);
        ck_assert(rs_mean_log_e_below(&above, 0.7, times) < 0);
        before = e;
    }
    ck_assert_double_ge(before, 1000);
}
END_TEST

START_TEST(test_forget)
{
    struct mean_watch ones, zeros;
    rs_mean_watch_init(&ones, 0.5, 0.01);
    zeros = ones;
    for (int i = 0; i < 20; i++) {
        rs_mean_watch_add(&ones, i % 2 ? 1.0 : 0.25);
        rs_mean_watch_add(&zeros, i % 2 ? 0.0 : 0.25);
    }
    rs_mean_watch_forget(&ones, 10);
    ck_assert_double_eq_tol(rs_mean_log_e_below(&ones, 0.5, 1), rs_mean_log_e_below(&zeros, 0.5, 1),
                            1e-12);
}
END_TEST

START_TEST(test_ends)
{
    struct mean_watch none, all;
    rs_mean_watch_init(&none, 0.0, 0.01);
    rs_mean_watch_init(&all, 1.0, 0.01);
    for (int i = 0; i < 5000; i++) {
        ck_assert(!rs_mean_watch_add(&none, 0.0)); /* no mean is below 0 */
        rs_mean_watch_add(&all, 0.999);
    }
    ck_assert(all.crossed);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stats_mean");
    TCase *tc = tcase_create("stats_mean");
    tcase_add_loop_test(tc, test_martingale, 0, 6);
    tcase_add_test(tc, test_bound);
    tcase_add_loop_test(tc, test_certified_by_zeros, 0, 5);
    tcase_add_test(tc, test_sweep_to_a_billion);
    tcase_add_test(tc, test_forget);
    tcase_add_test(tc, test_ends);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
