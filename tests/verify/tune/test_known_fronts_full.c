/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The long form of test_known_fronts.c: fronts that are known in closed form, each searched from 100 seeds. At a confidence of 95 %
 * five searches may be wrong; with more than 16 wrong the confidence is not kept, which happens to a search that is wrong in one of
 * twenty once in 1e5. At a confidence of 60 % forty may be, and more than 61 happen once in 1e5.
 */
#include <check.h>
#include <stdlib.h>

#include "known.h"

static const struct {
    const char *words;
    void (*make)(struct known *k);
    double confidence;
    int most_wrong;
    uint64_t n_replica;
} rows[] = {
    {"a count of a Poisson stream", known_poisson, .95, 16, 256},
    {"a count, more replicas", known_poisson, .95, 16, 1000},
    {"a count, less confidence", known_poisson, .6, 61, 256},
    {"failures in a row", known_run_length, .95, 16, 256},
    {"failures in a row, more replicas", known_run_length, .95, 16, 1000},
    {"failures in a row, less confidence", known_run_length, .6, 61, 256},
};

START_TEST(test_front_is_covered)
{
    struct known k;
    int n_wrong = 0;
    enum { N_SEED = 100 };
    rows[_i].make(&k);
    k.toy.plan.confidence = rows[_i].confidence;
    k.toy.plan.replicas = rows[_i].n_replica;
    for (uint64_t seed = 1000; seed < 1000 + N_SEED; seed++) {
        struct known_faults f = known_search(&k, seed);
        n_wrong += f.n_lost > 0 || f.n_missed > 0 || f.n_worse > 0;
    }
    ck_assert_msg(n_wrong <= rows[_i].most_wrong, "%s: %d of %d are wrong", rows[_i].words, n_wrong,
                  N_SEED);
    known_clear(&k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("known fronts, many seeds");
    TCase *tc = tcase_create("known fronts");
    tcase_set_timeout(tc, 1200);
    tcase_add_loop_test(tc, test_front_is_covered, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
