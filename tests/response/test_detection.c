/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a rollback is called for: by a look, a gate, a check, an alert, automation. All times are
 * constant, so every instant is exact.
 */
#include <check.h>
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

static void check_marks(int episode, const double want[RS_CLOCK_N])
{
    for (int m = 0; m < RS_CLOCK_N; m++)
        ck_assert_msg(world_mark(w, episode, m) == want[m], "%s: %g s, not %g", rs_clock_name(m),
                      world_mark(w, episode, m), want[m]);
}

/*
 * The whole clock by a look: sees at 3500, decides 60 s, sets the flag 20 s, instances at 5, 10,
 * 15, 20 s, purge 20 s.
 */
START_TEST(test_by_look)
{
    world_true(w, OTHER, 3450, 3650);
    world_true(w, ERRORS, 3450, 3650); /* the gate comes first */
    world_open(w, 0, true);
    world_onset(w, 3300);
    world_run(w, 86400);
    static const double want[RS_CLOCK_N] = {3300, 3312, -1,   3500, 3500, 3500, 3560,
                                            3580, 3590, 3600, 3600, 3600, 3670, -1};
    check_marks(0, want);
    const struct episode *e = &w->h.episode[0];
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert(e->by == RS_BY_LOOK && e->procedure == REVERT && e->stage == 1 && e->fault == 0);
    ck_assert_str_eq(e->detector, "no-errors");
    ck_assert(!e->cut && !e->gave_up && !w->h.false_rollback);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
    ck_assert_int_eq(w->h.ended_ns, S(3600));
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert(w->n_cleared == 1 && w->cleared_ns == S(3600));
    ck_assert_int_eq(w->n_set, 2); /* on, off: the rollout did not go on */
}
END_TEST

START_TEST(test_watched_trigger)
{
    world_true(w, ERRORS, 3450, 3590); /* over when the flag is everywhere */
    world_play(w);
    const struct episode *e = &w->h.episode[0];
    ck_assert(e->by == RS_BY_LOOK && e->fault == -1 && w->h.false_rollback);
    ck_assert_str_eq(e->detector, "revert");
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RECOVERED),
                        3610); /* 3580 + 30 s: the first that is read */
}
END_TEST

START_TEST(test_by_gate_at_the_end)
{
    w->gate[0].when = RS_GATE_END;
    world_true(w, OTHER, 4990, 9000);
    world_play(w);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_GATE);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 5000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 5080);
}
END_TEST

START_TEST(test_by_continuous_gate)
{
    w->gate[0].when = RS_GATE_CONTINUOUS;
    world_true(w, OTHER, 3510, 9000);
    world_play(w);
    /* automation needs no time; the purge is done at once; the last instance has it after 20 s */
    static const double want[RS_CLOCK_N] = {-1,   -1,   -1,   3530, -1,   -1,   3530,
                                            3530, 3540, 3550, 3550, 3550, 3560, -1};
    check_marks(0, want);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_GATE);
    ck_assert_int_eq(w->cleared_ns, S(3530));
}
END_TEST

START_TEST(test_by_check)
{
    w->check_ratio = 1.0;
    world_play(w);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_CHECK);
    ck_assert_str_eq(w->h.episode[0].detector, "Smoke tests");
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 3200);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMPLETED), 3300);
}
END_TEST

/* Fires at 3400 after 60 s pending, visible at 3435, acknowledged after 120 s. Clears at 4000. */
START_TEST(test_by_alert)
{
    world_true(w, ERRORS, 3340, 3700);
    w->stage[1].look_every_ns = RS_NEVER;
    world_open(w, 0, true);
    world_onset(w, 3300);
    world_fires(w, 3400, 3340);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_message(w, 3800, PAGER, 3340, 3400); /* a repeat finds it done */
    world_clears(w, 4000);
    world_run(w, 86400);
    static const double want[RS_CLOCK_N] = {3300, 3312, 3340, 3400, 3435, 3555, 3615,
                                            3635, 3645, 3655, 3655, 3655, 3725, 4000};
    check_marks(0, want);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_ALERT);
    ck_assert_str_eq(w->h.episode[0].detector, "HighErrors");
    static const char *const lines[] = {
        "Stage 1: Enable for admins",
        "On-call engineer sets NEW on for 100% of admins",
        "On-call engineer checks shop: Smoke tests: passed, 0 of 30 failed",
        "On-call engineer acknowledges HighErrors",
        "On-call engineer decides: roll back by \"Errors spike\"",
        "On-call engineer sets NEW off",
        "the rollback has reached half of the instances",
        "the rollback has reached the last instance",
        "On-call engineer purges cache",
        "rollback complete: Errors spike",
        "rollout rolled-back: Errors spike",
        "recovered",
        "resolved: HighErrors has cleared",
        "On-call engineer has done: Incident ticket",
    };
    int at = 0; /* in this order */
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        while (at < w->h.n_trace && !strstr(w->h.trace[at].text, lines[i]))
            at++;
        ck_assert_msg(at < w->h.n_trace, "no line \"%s\" after the one before", lines[i]);
    }
    for (int i = 1; i < w->h.n_trace; i++)
        ck_assert_int_ge(w->h.trace[i].at_ns, w->h.trace[i - 1].at_ns);
}
END_TEST

/* Two label sets of one alert: it clears when the last of them does. */
START_TEST(test_alert_with_two_label_sets)
{
    world_open(w, 0, false);
    world_fires(w, 3400, 3340);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 4000);
    rs_responder_alert(w->r, S(4000), "HighErrors", false,
                       S(4000)); /* the port still says firing */
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RESOLVED), -1);
    world_clears(w, 4100);
    world_run(w, 5000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RESOLVED), 4100);
}
END_TEST

START_TEST(test_alert_comes_back)
{
    world_open(w, 0, false);
    world_fires(w, 3400, 3340);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_clears(w, 4000);
    world_fires(w, 4100, 4050);
    world_run(w, 4200);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RESOLVED), -1);
    world_clears(w, 4300);
    world_run(w, 5000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RESOLVED), 4300);
    ck_assert_int_eq(w->h.n_episode, 1);
}
END_TEST

/*
 * The alert fires at 3490, its message comes at 3525; the look at 3500 is first to have it in hand.
 */
START_TEST(test_look_before_the_message)
{
    world_true(w, ERRORS, 3400, 9000);
    world_open(w, 0, false);
    double fires_s = _i == 0 ? 3490 : 3500; /* at the same instant it is the alert too */
    world_fires(w, fires_s, 3400);
    world_message(w, 3525, PAGER, 3400, fires_s);
    world_run(w, 86400);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_ALERT);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_PENDING), 3400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), fires_s);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_NOTIFIED), 3500);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DECIDED), 3560);
}
END_TEST

/* Seen at the look of 3500; the alert, pending since 3480, fires only at 3540. */
START_TEST(test_alert_after_the_look)
{
    world_true(w, ERRORS, 3400, 9000);
    world_open(w, 0, false);
    world_fires(w, 3540, 3480);
    world_message(w, 3575, PAGER, 3480, 3540);
    world_clears(w, 5000);
    world_run(w, 86400);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_LOOK);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_PENDING), 3480);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 3500);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_RESOLVED), -1);
}
END_TEST

/* A message that nobody has taken yet: who looks takes it. */
START_TEST(test_look_takes_the_page)
{
    world_true(w, ERRORS, 3400, 9000);
    w->role[ON_CALL].acknowledge = rs_dist_constant(3000);
    world_open(w, 0, false);
    world_message(w, 3450, PAGER, 3400, 3420);
    world_run(w, 86400);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_NOTIFIED), 3450);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 3500);
}
END_TEST

START_TEST(test_automation)
{
    w->sc.response.n_automation = 1;
    world_open(w, 0, true);
    world_fires(w, 3400, 3340);
    world_message(w, 3435, PAGER, 3340, 3400); /* people find it done */
    world_run(w, 86400);
    static const double want[RS_CLOCK_N] = {-1,   -1,   3340, 3400, -1,   -1,   3400,
                                            3407, 3417, 3427, 3427, 3427, 3437, -1};
    check_marks(0, want);
    ck_assert(world_said(w, "Automation sets NEW off"));
    ck_assert_int_eq(w->h.n_episode, 1);
}
END_TEST

START_TEST(test_procedure_of_automation)
{
    w->procedure[REVERT].by = -1;
    world_open(w, 0, false);
    world_fires(w, 3400, 3340);
    world_run(w, 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 3400);
}
END_TEST

/* A fault that ended before the alarm does not make the rollback a false one. */
START_TEST(test_false_rollback)
{
    world_true(w, ERRORS, 3450, 9000);
    world_open(w, 0, false);
    if (_i == 1)
        world_onset(w, 3300);
    world_run(w, 3400);
    w->fault_live = -1;
    world_run(w, 86400);
    ck_assert_int_eq(w->h.episode[0].fault, -1);
    ck_assert_int_eq(w->h.false_rollback, _i == 0);
}
END_TEST

static void add_detection(Suite *s)
{
    TCase *tc = tcase_create("detection");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_by_look);
    tcase_add_test(tc, test_watched_trigger);
    tcase_add_test(tc, test_by_gate_at_the_end);
    tcase_add_test(tc, test_by_continuous_gate);
    tcase_add_test(tc, test_by_check);
    tcase_add_test(tc, test_by_alert);
    tcase_add_test(tc, test_alert_with_two_label_sets);
    tcase_add_test(tc, test_alert_comes_back);
    tcase_add_loop_test(tc, test_look_before_the_message, 0, 2);
    tcase_add_test(tc, test_alert_after_the_look);
    tcase_add_test(tc, test_look_takes_the_page);
    tcase_add_test(tc, test_automation);
    tcase_add_test(tc, test_procedure_of_automation);
    tcase_add_loop_test(tc, test_false_rollback, 0, 2);
    suite_add_tcase(s, tc);
}

int main(void)
{
    Suite *s = suite_create("detection");
    add_detection(s);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
