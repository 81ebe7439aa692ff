/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kayenta and GrowthBook in the loop: they measure what Prometheus has scraped of the two paths, judge when they should, and what
 * they say is done. The seed is fixed, so every outcome is.
 */
#include <check.h>
#include <string.h>

#include "models/judge.h"
#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/clock.h"

#define S(seconds) ((int64_t)((seconds)*1e9))

enum { N_REPLICA = 6 };

static struct scenario *sc;
static struct simulator *sim;
static struct history h;

static void setup(void)
{
    struct err_list errors;
    struct err err = {0};
    rs_err_list_init(&errors);
    sc = rs_scenario_load(RS_SOURCE_DIR "/tests/canary/scenarios/judges.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    sim = rs_simulator_new(sc, &err);
    ck_assert_msg(sim != NULL, "%s", err.text);
    rs_history_init(&h);
}

static void teardown(void)
{
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}

static void run(uint64_t replica, const char *fault)
{
    struct err err = {0};
    struct replica_options opt = {.seed = 29,
                                  .replica = replica,
                                  .fault = fault ? rs_scenario_fault(sc, fault) : -1,
                                  .trace = true};
    int status = rs_simulator_run(sim, &opt, &h, &err);
    ck_assert_msg(status == 0, "%s", err.text);
}

static bool said(const char *text)
{
    for (int i = 0; i < h.n_trace; i++) {
        if (strstr(h.trace[i].text, text))
            return true;
    }
    return false;
}

static void detected_by(const char *judge, int stage, double least_s, double most_s)
{
    ck_assert_int_eq(h.outcome, RS_OUTCOME_ROLLED_BACK);
    ck_assert_int_eq(h.n_episode, 1);
    const struct episode *e = &h.episode[0];
    ck_assert_int_eq(e->by, RS_BY_GATE);
    ck_assert_str_eq(e->detector, judge);
    ck_assert(!h.false_rollback);
    int64_t after = e->at_ns[RS_CLOCK_DETECTED] - h.stage_at_ns[stage];
    ck_assert_msg(after >= S(least_s) && after <= S(most_s), "detected after %g s", after / 1e9);
    ck_assert_int_eq(after % S(600), 0); /* at a judgement, or a look */
}

/* Five minutes of nothing, then a fifth of the answers fail: not seen in ten minutes of which half are good, but in twenty. */
START_TEST(test_kayenta)
{
    for (uint64_t r = 0; r < N_REPLICA; r++) {
        run(r, "early");
        detected_by("canary", 0, 1200, 1200);
        ck_assert(said("error share High (critical)"));
    }
}
END_TEST

/* 2 % and 5 % of some 3000 answers a side every ten minutes, five of which are good at first. */
START_TEST(test_growthbook)
{
    for (uint64_t r = 0; r < N_REPLICA; r++) {
        run(r, "late");
        detected_by("guardrails", 1, 600, 3600);
        ck_assert(said("guardrail fact__errors fails"));
        ck_assert(said("score 100"));
    }
}
END_TEST

START_TEST(test_nothing_wrong)
{
    for (uint64_t r = 0; r < N_REPLICA; r++) {
        run(r, NULL);
        ck_assert_int_eq(h.outcome, RS_OUTCOME_COMPLETED);
        ck_assert_int_eq(h.n_episode, 0);
        ck_assert(said("judgement 6 of 6: score"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canary_loop");
    TCase *tc = tcase_create("canary_loop");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_kayenta);
    tcase_add_test(tc, test_growthbook);
    tcase_add_test(tc, test_nothing_wrong);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
