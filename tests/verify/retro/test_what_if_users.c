/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users hurt: how many distinct ones, whom a fault reaches, and what bounds their number. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_what_if.h"

static const int64_t min_ns = 60 * RS_NS_PER_S;

/* ---- distinct users -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *title;
    int n_level;
    double users[3], hits[3];
} crowds[] = {
    {"few hits", 1, {500}, {40}},
    {"everybody, many times", 1, {50}, {600}},
    {"one user", 1, {1}, {3}},
    {"an audience that grew", 2, {1000, 100}, {300, 200}},
    {"three audiences", 3, {400, 300, 20}, {100, 500, 40}},
    {"nothing happened", 2, {1000, 10}, {0, 0}},
};

/* The closed form against balls thrown: 4,000 times, means within 4.5 standard errors (two-sided false alarms: 7e-6 a row). */
START_TEST(test_distinct_users)
{
    enum { N_THROW = 4000 };
    double weight = 1.0, hits[3], sum = 0.0, square = 0.0, sd;
    struct harm_crowd c = {.n_cohort = 1, .weight = &weight, .n_level = crowds[_i].n_level};
    double users[3];
    memcpy(users, crowds[_i].users, sizeof(users));
    memcpy(hits, crowds[_i].hits, sizeof(hits));
    c.users = users;
    c.population = users;
    struct stream s = rs_stream_open(5, (uint64_t)_i, rs_stream_hash("balls"));
    bool *met = rs_xcalloc((size_t)users[0], sizeof(*met));
    for (int i = 0; i < N_THROW; i++) {
        double n = 0.0;
        memset(met, 0, (size_t)users[0] * sizeof(*met));
        for (int l = 0; l < c.n_level; l++) {
            for (int k = 0; k < (int)hits[l]; k++) {
                bool *who = &met[rs_stream_below(&s, (uint64_t)users[l])];
                n += !*who;
                *who = true;
            }
        }
        sum += n;
        square += n * n;
    }
    double expected = rs_harm_users(&c, hits, &sd), mean = sum / N_THROW;
    double seen_sd = sqrt(fmax(0.0, square / N_THROW - mean * mean));
    ck_assert_msg(fabs(mean - expected) <= 4.5 * seen_sd / sqrt(N_THROW) + 1e-9,
                  "%s: %g users expected, %g seen", crowds[_i].title, expected, mean);
    /* The sample's deviation is off by 1.1 % itself. */
    ck_assert_msg(fabs(seen_sd - sd) <= 0.05 * seen_sd + 0.02, "%s: deviation %g, seen %g",
                  crowds[_i].title, sd, seen_sd);
    free(met);
}
END_TEST

/*
 * NEW was shown to a quarter. OLD is a condition of the other path alone: turned on, on the way back or before the fault, it shows the
 * fault to nobody; and without a fault in the scenario a switch whose safe side is on does not either.
 */
static const struct {
    const char *title;
    int old_on_min;
    bool fault;
} switches[] = {
    {"on the way back", 71, true},
    {"before the fault", 40, true},
    {"on the way back, and no fault is known", 71, false},
    {"before the fault, and no fault is known", 40, false},
};

START_TEST(test_whom_it_reaches)
{
    struct made m;
    made_by_hand(&m, 75.0);
    int64_t zero = m.sc->starts_at_unix_ns;
    struct retro_flag_step off = m.step[1];
    m.step[0].percent = 25.0;
    const struct retro_flag_step old = {.flag = 1,
                                        .on = true,
                                        .percent = 100.0,
                                        .at = made_at(zero + switches[_i].old_on_min * min_ns, 0)};
    m.step[1] = switches[_i].old_on_min < 70 ? old : off;
    m.step[2] = switches[_i].old_on_min < 70 ? off : old;
    m.r.rebuilt.n_flag_step = 3;
    m.episode.down.found = false;
    if (!switches[_i].fault)
        m.sc->n_fault = 0;
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, "as it happened");
    ck_assert_msg(strstr(o->rests_on, "to whom NEW was shown"), "%s: %s", switches[_i].title,
                  o->rests_on);
    /* 3,000 failures among some 750. */
    ck_assert_msg(o->users_hurt.best > 650.0 && o->users_hurt.high < 850.0, "%s: %g users",
                  switches[_i].title, o->users_hurt.best);
    made_clear(&m);
}
END_TEST

/* A fault of the whole service is shown by no flag: 3,000 failures among 3,000 users. */
START_TEST(test_whole_service)
{
    struct made m;
    made_by_hand(&m, 75.0);
    m.step[0].percent = 25.0;
    struct fault whole = m.sc->fault[0];
    whole.target = RS_TARGET_SERVICE;
    m.sc->fault = &whole;
    made_ask(&m);
    const struct retro_outcome *o = made_outcome(&m, "as it happened");
    ck_assert_msg(strstr(o->rests_on, "everybody who calls the service"), "%s", o->rests_on);
    ck_assert_double_eq_tol(o->users_hurt.best, 3000.0 * (1.0 - exp(-1.0)), 8.0);
    made_clear(&m);
}
END_TEST

/* Forty failures among 3,000 users hurt forty at most, in every question. */
START_TEST(test_no_more_users_than_failures)
{
    struct made m;
    made_by_hand(&m, 1.0);
    made_ask(&m);
    for (int i = 0; i < m.r.n_counterfactual; i++) {
        const struct retro_outcome *o = &m.r.counterfactual[i].outcome[0];
        ck_assert_msg(o->users_hurt.best > 0.0 && o->users_hurt.high <= o->errors.high + 1e-9,
                      "%s: %g users, %g failures", m.r.counterfactual[i].name, o->users_hurt.high,
                      o->errors.high);
    }
    ck_assert_double_eq_tol(made_outcome(&m, "as it happened")->users_hurt.high, 40.0, 0.5);
    made_clear(&m);
}
END_TEST

/* A fault that fails nothing: what it would do without a rollback is not measured, and that is said. */
START_TEST(test_nothing_failed)
{
    static const char says[] = "no more requests failed than usual, of 5";
    struct made m;
    made_by_hand(&m, 0.0);
    made_ask(&m);
    ck_assert_ptr_nonnull(strstr(made_outcome(&m, "no rollback")->rests_on, says));
    ck_assert_ptr_null(strstr(made_outcome(&m, "as it happened")->rests_on, "than usual"));
    made_clear(&m);
    made_by_hand(&m, 75.0);
    made_ask(&m);
    ck_assert_ptr_null(strstr(made_outcome(&m, "no rollback")->rests_on, "than usual"));
    made_clear(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("what_if_users");
    TCase *tc = tcase_create("what_if_users");
    tcase_set_timeout(tc, 280.0);
    tcase_add_loop_test(tc, test_distinct_users, 0, (int)(sizeof(crowds) / sizeof(crowds[0])));
    tcase_add_loop_test(tc, test_whom_it_reaches, 0, (int)(sizeof(switches) / sizeof(switches[0])));
    tcase_add_test(tc, test_whole_service);
    tcase_add_test(tc, test_no_more_users_than_failures);
    tcase_add_test(tc, test_nothing_failed);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
