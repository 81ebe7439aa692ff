/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence on paired differences: a martingale as an identity, the chance of a wrong word exactly, and how much it needs. */
#include "tune/bet.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

static double after(struct bet b, double d)
{
    rs_bet_add(&b, d, 1);
    return rs_bet_log_e(&b);
}

/* Two differences whose mean is 0: the mean of E over them is E as it was. With a smaller mean it falls, with a larger one it rises. */
START_TEST(test_martingale)
{
    static const struct {
        double reach, low, high, share; /* of high, for a mean of 0 */
    } rows[] = {{1, -1, 1, .5}, {1, -.2, .8, .2}, {.05, -.05, .95, .05}, {.95, -.95, .05, .95}};
    struct bet b;
    double share = rows[_i].share;
    rs_bet_init(&b, rows[_i].reach);
    for (int n = 0; n < 300; n++) {
        double now = rs_bet_log_e(&b), if_low = exp(after(b, rows[_i].low) - now),
               if_high = exp(after(b, rows[_i].high) - now);
        ck_assert_double_eq_tol((1 - share) * if_low + share * if_high, 1.0, 1e-9);
        ck_assert(if_low < 1 && if_high > 1);
        rs_bet_add(&b, (n * 7) % 10 < 10 * share ? rows[_i].high : rows[_i].low, 1);
    }
}
END_TEST

/* Zeros say nothing, and n alike are n one after the other. */
START_TEST(test_counts)
{
    struct bet a, b;
    rs_bet_init(&a, 1);
    rs_bet_init(&b, 1);
    for (int i = 0; i < 40; i++) {
        rs_bet_add(&a, .25, 1);
        rs_bet_add(&a, 0, 1);
    }
    rs_bet_add(&b, .25, 40);
    ck_assert_double_eq_tol(rs_bet_log_e(&a), rs_bet_log_e(&b), 1e-9);
}
END_TEST

/*
 * The chance that a bet on -1, 0, 1 is ever won up to `cap`, by dynamic programming over the counts: at most alpha where the mean is 0 or
 * below, whatever else; nearly 1 where it is clearly above.
 */
static double ever_won(double alpha, double p_up, double p_down, int cap)
{
    int side = cap + 1;
    double *p = calloc((size_t)side * (size_t)side, sizeof *p), won = 0;
    p[0] = 1;
    for (int n = 0; n < cap; n++) {
        for (int up = n; up >= 0; up--) {
            for (int down = n - up; down >= 0; down--) {
                double w = p[up * side + down];
                if (w == 0)
                    continue;
                p[up * side + down] = w * (1 - p_up - p_down);
                for (int k = 0; k < 2; k++) {
                    double more = w * (k ? p_up : p_down);
                    struct bet b;
                    rs_bet_init(&b, 1);
                    rs_bet_add(&b, 1, (uint64_t)(up + k));
                    rs_bet_add(&b, -1, (uint64_t)(down + 1 - k));
                    if (rs_bet_is_won(&b, alpha))
                        won += more;
                    else
                        p[(up + k) * side + down + 1 - k] += more;
                }
            }
        }
    }
    free(p);
    return won;
}

START_TEST(test_error)
{
    static const struct {
        double up, down;
    } rows[] = {{.5, .5}, {.05, .05}, {.3, .3}, {.2, .3}, {.01, .02}, {0, .4}};
    const double alpha = .1;
    double error = ever_won(alpha, rows[_i].up, rows[_i].down, 50);
    ck_assert_double_le(error, alpha + 1e-12);
    if (_i == 0)
        ck_assert_double_gt(error, alpha / 20); /* else the test could not fail */
}
END_TEST

/* All on one side: a sign test of fixed size needs log2(1 / alpha) differences; this one some more, and not twice as many. */
START_TEST(test_need)
{
    static const double alphas[] = {.05, .001, 1e-6, 1e-9};
    struct bet b;
    int n = 0;
    rs_bet_init(&b, 1);
    for (; !rs_bet_is_won(&b, alphas[_i]); n++)
        rs_bet_add(&b, 1, 1);
    ck_assert_double_ge(n, -log2(alphas[_i]));
    ck_assert_double_le(n, -1.15 * log2(alphas[_i]) + 3);
    rs_bet_add(&b, -1, (uint64_t)n);
    ck_assert(!rs_bet_is_won(&b, alphas[_i]));
}
END_TEST

/* What screens out bets that cannot be won (tune/pair.c): no bet has more than 0.84 of the squared sum over the sum of squares. */
START_TEST(test_screen)
{
    uint64_t word = 12345 + (uint64_t)_i;
    for (int row = 0; row < 200; row++) {
        struct bet b;
        double sum = 0, sq = 0;
        rs_bet_init(&b, 1);
        for (int k = 0; k < 1 + row; k++) {
            word = word * 6364136223846793005U + 1442695040888963407U;
            double d = (double)(word >> 40) / 16777216.0 * 1.3 - .3;
            rs_bet_add(&b, d, 1);
            sum += d;
            sq += d * d;
        }
        if (sum > 0)
            ck_assert_double_le(rs_bet_log_e(&b), .84 * sum * sum / sq + 1e-9);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bet");
    TCase *tc = tcase_create("bet");
    tcase_add_loop_test(tc, test_martingale, 0, 4);
    tcase_add_test(tc, test_counts);
    tcase_add_loop_test(tc, test_error, 0, 6);
    tcase_add_loop_test(tc, test_need, 0, 4);
    tcase_add_loop_test(tc, test_screen, 0, 5);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
