/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fronts that are known in closed form: what a search finds covers them, over many seeds. The confidence is 95 %, so that of 20 searches
 * one may be wrong; with more than 8 of 20 wrong it is not kept, which happens to a search that is wrong in one of 20 once in 1e6.
 * test_known_fronts_full.c has many more seeds.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "known.h"

static const struct {
    const char *words;
    void (*make)(struct known *k);
    int n_front_most; /* of all: the search must tell most of them apart */
} rows[] = {
    {"a count of a Poisson stream", known_poisson, 40},
    {"failures in a row", known_run_length, 22},
};

START_TEST(test_front_is_covered)
{
    struct known k;
    int n_wrong = 0, n_wide = 0;
    enum { N_SEED = 20, MOST_WRONG = 8 };
    rows[_i].make(&k);
    for (uint64_t seed = 1; seed <= N_SEED; seed++) {
        struct known_faults f = known_search(&k, seed);
        n_wrong += f.n_lost > 0 || f.n_missed > 0 || f.n_worse > 0;
        n_wide += f.n_front > rows[_i].n_front_most;
        if (getenv("TOY_TELL"))
            printf("%s: lost %d, missed %d of %d, worse %d, front %d, true %d, strictly found %d\n",
                   rows[_i].words, f.n_lost, f.n_missed, f.n_interval, f.n_worse, f.n_front,
                   f.n_true_front, f.n_strict);
        ck_assert_int_gt(f.n_true_front, 3);
    }
    ck_assert_msg(n_wrong <= MOST_WRONG, "%s: %d of %d are wrong", rows[_i].words, n_wrong, N_SEED);
    ck_assert_msg(n_wide <= N_SEED / 10, "%s: %d fronts are too wide", rows[_i].words, n_wide);
    known_clear(&k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("known fronts");
    TCase *tc = tcase_create("known fronts");
    tcase_add_loop_test(tc, test_front_is_covered, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
