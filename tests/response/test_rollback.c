/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rollback does once it is called for: flags, checks, slips, giving up, recovery. Most of these
 * are seen at the look of 3500 and decided at 3560.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "responder.h"
#include "world.h"

static struct world *w;

static void setup(void)
{
    w = world_new();
}

static void teardown(void)
{
    world_free(w);
}

/* Two flags: P50 and P95 are of the first; EFFECTIVE waits for both, COMPLETED too. */
START_TEST(test_two_flags)
{
    w->revert[1] = w->second[0];
    world_true(w, ERRORS, 3450, 9000);
    world_play(w);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 3580);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE_P50), 3590);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE_P95), 3600);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE), 3620); /* set at 3600 */
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3620);
}
END_TEST

/* The second flag is everywhere before the first has reached anybody. */
START_TEST(test_first_flag_is_the_measure)
{
    w->revert[1] = w->second[0];
    w->role[ON_CALL].act = rs_dist_constant(1);
    w->settles_at_once[FALLBACK] = true;
    w->gate[0].when = RS_GATE_END;
    world_true(w, OTHER, 3300, 9000);
    world_play(w);
    double commanded = world_mark(w, 0, RS_CLOCK_COMMANDED);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE_P50), commanded + 10);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE_P95), commanded + 20);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), commanded + 20);
}
END_TEST

/* Instances that learn of an older change do not count. */
START_TEST(test_older_change)
{
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, false);
    world_run(w, 3580);
    rs_responder_flag(w->r, S(3580), NEW, 1, N_INSTANCE, N_INSTANCE);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE), -1);
    rs_responder_flag(w->r, S(3580), NEW, 2, N_INSTANCE, N_INSTANCE);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE), 3580);
}
END_TEST

START_TEST(test_flag_in_force_at_once)
{
    w->settles_at_once[NEW] = true;
    world_true(w, ERRORS, 3450, 9000);
    world_play(w);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 3580);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE_P50), 3580);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE), 3580);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3600); /* the purge */
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RECOVERED), 9010); /* 3580 + 181 * 30 s */
}
END_TEST

START_TEST(test_no_flag_at_all)
{
    w->revert[0] = w->revert[1];
    world_true(w, ERRORS, 3450, 9000);
    world_play(w);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 3580);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_EFFECTIVE), -1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3600);
}
END_TEST

START_TEST(test_recovered_expression)
{
    w->procedure[REVERT].recovered = world_condition(QUIET);
    world_true(w, ERRORS, 3450, 3600);
    world_true(w, QUIET, 3900, 9000);
    world_play(w);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RECOVERED), 3910); /* 3580 + 11 * 30 s */
}
END_TEST

START_TEST(test_recovers_when_the_alert_clears)
{
    w->procedure[REVERT].trigger = NULL;
    world_open(w, 0, false);
    world_fires(w, 3400, 3340);
    world_message(w, 3435, PAGER, 3340, 3400); /* commanded at 3635 */
    world_clears(w, 4000);
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RECOVERED), 4025);
}
END_TEST

/*
 * A blocking step that is given up, or overlooked: the procedure is never completed; the rest is
 * done all the same.
 */
START_TEST(test_gives_up)
{
    if (_i == 0) {
        w->revert[0].fails = 1.0;
        w->revert[0].max_attempts = 3;
    } else {
        w->revert[0].overlooked = 1.0;
    }
    world_true(w, ERRORS, 3450, 9000);
    world_play(w);
    const struct episode *e = &w->h.episode[0];
    double acts_s = _i == 0 ? 3 * 20 + 20 : 20;
    ck_assert(e->gave_up && !e->cut);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), -1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), -1);
    ck_assert_int_eq(w->cleared_ns, S(3560 + acts_s));
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
    ck_assert_int_eq(w->h.ended_ns, S(3560 + acts_s));
    ck_assert(world_said(w, _i == 0 ? "gives up: sets NEW off" : "overlooks: sets NEW off"));
}
END_TEST

/* A failing check inside a rollback is repeated, then the procedure goes on. */
START_TEST(test_check_in_a_rollback)
{
    w->revert[1] = w->entry1[1];
    w->revert[1].max_attempts = 3;
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, true);
    world_run(w, 3300);
    w->check_ratio = 1.0; /* after the stage's own check */
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3580 + 3 * 180);
}
END_TEST

/* Every action has its own attempts. */
START_TEST(test_two_checks_in_a_rollback)
{
    w->revert[0] = w->revert[1] = w->entry1[1];
    w->revert[0].max_attempts = w->revert[1].max_attempts = 2;
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, false);
    world_run(w, 3300);
    w->check_ratio = 1.0;
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3560 + 4 * 180);
}
END_TEST

/*
 * Each slip costs 45 s until it is noticed and 20 s of work: commanded = 3580 + n * 65. 300
 * replicas at P(slip) = 0.5: P(no slip) within 0.5 +- 0.15 fails by chance with probability below
 * 3e-7 (5.2 standard errors).
 */
START_TEST(test_slips)
{
    w->role[ON_CALL].error_ratio = 0.5;
    w->entry1[0].kind = RS_ACT_WAIT; /* one does not slip while waiting */
    w->entry1[1].kind = RS_ACT_WAIT;
    w->entry0[0].kind = RS_ACT_WAIT;
    world_true(w, ERRORS, 3450, 9000);
    int n_clean = 0;
    for (uint64_t i = 0; i < 300; i++) {
        world_open(w, i, false);
        world_run(w, 86400);
        double late = world_mark(w, 0, RS_CLOCK_COMMANDED) - 3580;
        ck_assert_double_eq(fmod(late, 65), 0);
        n_clean += late == 0;
        ck_assert_int_eq(w->n_set, 1); /* a slip has no effect */
    }
    ck_assert_int_ge(n_clean, 105);
    ck_assert_int_le(n_clean, 195);
}
END_TEST

/*
 * While one procedure is carried out another is called for; both are done, the first decides the
 * outcome.
 */
START_TEST(test_two_procedures)
{
    static const char *const other[] = {"Other", "Unknown"};
    static const int64_t times[] = {S(3400), S(3400)};
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, true);
    world_run(w, 3550);
    rs_responder_notice(w->r, S(3550), PAGER, 2, other, times, times);
    world_run(w, 86400);
    ck_assert_int_eq(w->h.n_episode, 2);
    ck_assert_int_eq(w->h.episode[1].procedure, SECOND);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3600);
    ck_assert_double_eq(world_mark(w, 1, RS_CLOCK_ACKNOWLEDGED), 3550 + 180);
    ck_assert_double_eq(world_mark(w, 1, RS_CLOCK_COMPLETED), 3730 + 90 + 30 + 20);
    ck_assert_int_eq(w->h.ended_ns, S(3600));
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert(world_said(w, "no procedure names Unknown"));
}
END_TEST

START_TEST(test_halted_then_rolled_back)
{
    w->gate[0].then = RS_THEN_HALT;
    world_true(w, OTHER, 3450, 9000);
    world_open(w, 0, false);
    world_message(w, 3600, PAGER, 3500, 3570);
    world_run(w, 86400);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->settled[0], RS_OUTCOME_HALTED);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3600 + 120 + 60 + 20 + 20);
}
END_TEST

START_TEST(test_cut_by_the_end)
{
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, false);
    world_run(w, 3590);
    ck_assert(w->h.episode[0].cut && !w->h.episode[0].gave_up);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_RUNNING);
}
END_TEST

START_TEST(test_same_replica_twice)
{
    w->role[ON_CALL].error_ratio = 0.3;
    w->role[ON_CALL].decide =
        (struct dist){.kind = RS_DIST_LOGNORMAL, .a = 4.0, .b = 1.0, .cap_s = INFINITY};
    w->revert[0].fails = 0.3;
    w->revert[0].max_attempts = 5;
    world_true(w, ERRORS, 3450, 9000);
    int64_t first[RS_CLOCK_N];
    world_open(w, 3, false);
    world_run(w, 86400);
    memcpy(first, w->h.episode[0].at_ns, sizeof first);
    world_open(w, 4, true);
    world_run(w, 86400);
    ck_assert_int_ne(memcmp(first, w->h.episode[0].at_ns, sizeof first), 0);
    world_open(w, 3, true); /* the trace changes nothing */
    world_run(w, 86400);
    ck_assert_int_eq(memcmp(first, w->h.episode[0].at_ns, sizeof first), 0);
}
END_TEST

/* Common random numbers: another chance of failing leaves the other draws as they were. */
START_TEST(test_streams_are_apart)
{
    w->role[ON_CALL].decide =
        (struct dist){.kind = RS_DIST_LOGNORMAL, .a = 4.0, .b = 1.0, .cap_s = INFINITY};
    w->role[ON_CALL].act = w->role[ON_CALL].decide;
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 3, false);
    world_run(w, 86400);
    double decided = world_mark(w, 0, RS_CLOCK_DECIDED);
    double commanded = world_mark(w, 0, RS_CLOCK_COMMANDED);
    double purged = rs_s_from_ns(w->cleared_ns);
    w->revert[0].fails = 0.999;
    w->revert[0].max_attempts = 100;
    world_open(w, 3, false);
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DECIDED), decided);
    w->revert[0].fails = 0;
    w->role[ON_CALL].error_ratio = 1e-9;
    world_open(w, 3, false);
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), commanded);
    ck_assert_double_eq(rs_s_from_ns(w->cleared_ns), purged);
}
END_TEST

START_TEST(test_illegal_move_aborts)
{
    world_true(w, ERRORS, 3450, 9000);
    world_play(w);
    rs_rollback_move(&w->r->rollback[REVERT], RS_ROLLBACK_ACTING);
}
END_TEST

static void add_effect(Suite *s)
{
    TCase *tc = tcase_create("effect");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_two_flags);
    tcase_add_test(tc, test_first_flag_is_the_measure);
    tcase_add_test(tc, test_older_change);
    tcase_add_test(tc, test_flag_in_force_at_once);
    tcase_add_test(tc, test_no_flag_at_all);
    tcase_add_test(tc, test_recovered_expression);
    tcase_add_test(tc, test_recovers_when_the_alert_clears);
    tcase_add_loop_test(tc, test_gives_up, 0, 2);
    tcase_add_test(tc, test_check_in_a_rollback);
    tcase_add_test(tc, test_two_checks_in_a_rollback);
    tcase_add_test(tc, test_slips);
    tcase_add_test(tc, test_two_procedures);
    tcase_add_test(tc, test_halted_then_rolled_back);
    tcase_add_test(tc, test_cut_by_the_end);
    tcase_add_test(tc, test_same_replica_twice);
    tcase_add_test(tc, test_streams_are_apart);
    const char *fork = getenv("CK_FORK"); /* valgrind runs without */
    if (!fork || strcmp(fork, "no") != 0)
        tcase_add_test_raise_signal(tc, test_illegal_move_aborts, SIGABRT);
    suite_add_tcase(s, tc);
}

int main(void)
{
    Suite *s = suite_create("rollback");
    add_effect(s);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
