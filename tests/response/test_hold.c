/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stage that was held or halted and whose runbook says how it goes on. Stage-1 is watched from 3200 to 5000 s with looks
 * every 300 s; held, it is looked at again every 240 s, and given up after an hour: roll back takes 60 s to decide, 20 s to
 * set the flag, 20 s until the last instance has it.
 */
#include <check.h>
#include <stdlib.h>

#include "responder.h"
#include "world.h"

static struct world *w;

static void setup(void)
{
    w = world_new();
    w->stage[1].on_hold = (struct on_hold){.given = true,
                                           .look_again_ns = S(240),
                                           .at_most_ns = S(3600),
                                           .then = RS_THEN_ROLLBACK,
                                           .procedure = REVERT};
    w->gate[0].expr = world_condition(QUIET);
    w->gate[0].then = RS_THEN_HOLD;
}

static void teardown(void)
{
    world_free(w);
}

static void ends(enum outcome o, double at_s)
{
    ck_assert_str_eq(rs_outcome_name(w->h.outcome), rs_outcome_name(o));
    ck_assert_double_eq(rs_s_from_ns(w->h.ended_ns), at_s);
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->settled[0], o);
}

static const struct {
    const char *what;
    enum gate_when when;
    enum gate_then then, at_last;
    double true_from_s, true_until_s;
    enum outcome outcome;
    double ended_s;
} holds[] = {
    {"the rest of the watch is watched", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_ROLLBACK, 3600, 4000,
     RS_OUTCOME_COMPLETED, 4040 + 1200 + 20},
    {"the second look finds it clear", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_ROLLBACK, 3600, 4041,
     RS_OUTCOME_COMPLETED, 4280 + 1200 + 20},
    {"a halt goes on as a hold does", RS_GATE_LOOKS, RS_THEN_HALT, RS_THEN_ROLLBACK, 3600, 4000,
     RS_OUTCOME_COMPLETED, 4040 + 1200 + 20},
    {"at every evaluation", RS_GATE_CONTINUOUS, RS_THEN_HOLD, RS_THEN_ROLLBACK, 3510, 3700,
     RS_OUTCOME_COMPLETED, 3530 + 240 + 1470 + 20},
    {"the watch was over: promoted", RS_GATE_END, RS_THEN_HOLD, RS_THEN_ROLLBACK, 4900, 5100,
     RS_OUTCOME_COMPLETED, 5240 + 20},
    {"a look on the end of the watch", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_ROLLBACK, 4900, 5100,
     RS_OUTCOME_COMPLETED, 5240 + 20},
    {"given up: rolled back", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_ROLLBACK, 3600, 9e4,
     RS_OUTCOME_ROLLED_BACK, 3800 + 3600 + 100},
    {"given up: halted", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_HALT, 3600, 9e4, RS_OUTCOME_HALTED,
     3800 + 3600},
    {"a halt given up: halted", RS_GATE_LOOKS, RS_THEN_HALT, RS_THEN_HALT, 3600, 9e4,
     RS_OUTCOME_HALTED, 3800 + 3600},
    {"a look that falls on the end of the patience", RS_GATE_LOOKS, RS_THEN_HOLD, RS_THEN_ROLLBACK,
     3600, 3800 + 3600, RS_OUTCOME_COMPLETED, 3800 + 3600 + 1200 + 20},
};

START_TEST(test_hold)
{
    w->gate[0].when = holds[_i].when;
    w->gate[0].then = holds[_i].then;
    w->stage[1].on_hold.then = holds[_i].at_last;
    world_true(w, QUIET, holds[_i].true_from_s, holds[_i].true_until_s);
    world_open(w, 0, true);
    world_run(w, 86400);
    ck_assert_msg(w->h.outcome == holds[_i].outcome && w->h.ended_ns == S(holds[_i].ended_s),
                  "%s: %s at %g s", holds[_i].what, rs_outcome_name(w->h.outcome),
                  rs_s_from_ns(w->h.ended_ns));
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->h.n_episode, holds[_i].outcome == RS_OUTCOME_ROLLED_BACK);
}
END_TEST

START_TEST(test_words)
{
    world_true(w, QUIET, 3600, 9e4);
    world_play(w);
    ck_assert(world_said(w, "the stage stands held: no-errors"));
    ck_assert(world_said(w, "On-call engineer looks again: gate no-errors says hold"));
    ck_assert(world_said(w, "On-call engineer gives the stage up, held for too long: roll back"));
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 7400);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_GATE);
    ck_assert_str_eq(w->h.episode[0].detector, "no-errors");
}
END_TEST

/* A gate of the end keeps a stage whose watch was over, and only such a one. */
START_TEST(test_gate_of_the_end)
{
    w->gate[1] = w->gate[0];
    w->gate[1].expr = world_condition(OTHER);
    w->gate[1].when = RS_GATE_END;
    w->gate[1].name = "at-the-end";
    w->stage[1].n_gate = 2;
    world_true(w, QUIET, _i == 0 ? 3600 : 4900, 4000);
    world_true(w, OTHER, 3600, _i == 0 ? 5000 : 5300);
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, _i == 0 ? 4040 + 1200 + 20 : 5480 + 20);
    ck_assert_int_eq(world_said(w, "looks again: gate at-the-end says hold"), _i == 1);
}
END_TEST

/* Two holds, of which the first took 240 s: the second has that much less. */
START_TEST(test_patience_is_for_all_holds)
{
    w->gate[1] = w->gate[0];
    w->gate[1].expr = world_condition(OTHER);
    w->stage[1].n_gate = 2;
    world_true(w, QUIET, 3600, 4000);
    world_true(w, OTHER, 4300, 9e4);
    world_play(w);
    ends(RS_OUTCOME_ROLLED_BACK, 4340 + 3600 - 240 + 100);
}
END_TEST

START_TEST(test_without_end)
{
    w->stage[1].on_hold.at_most_ns = RS_NEVER;
    world_true(w, QUIET, 3600, 9e9);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_HELD);
    ck_assert_int_eq(w->h.ended_ns, RS_NEVER);
    ck_assert_int_eq(w->n_settled, 0);
}
END_TEST

static void set_check(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)ctx, (void)now_ns;
    w->check_ratio = (double)arg;
}

/* Held at 3200; done again at the look of 3440, and passes 180 s later. */
START_TEST(test_check_is_done_again)
{
    w->check_ratio = 1.0;
    w->stage[1].check_then = RS_THEN_HOLD;
    world_open(w, 0, true);
    rs_kernel_at(w->k, S(3300), "mended", set_check, NULL, 0);
    world_run(w, 86400);
    ends(RS_OUTCOME_COMPLETED, 3440 + 180 + 1800 + 20);
    ck_assert_int_eq(w->n_set, 2); /* what came before the check is not done again */
}
END_TEST

/*
 * A check takes 180 s and each hold 240 s: the fifteenth look falls on the end of the patience, comes first, and the check
 * that fails then is the last.
 */
START_TEST(test_check_never_passes)
{
    w->check_ratio = 1.0;
    w->stage[1].check_then = RS_THEN_HOLD;
    world_play(w);
    ends(RS_OUTCOME_ROLLED_BACK, 3200 + 15 * (240 + 180) + 100);
}
END_TEST

/* Three attempts of 20 s fail at 3060; at 3300 it is tried again, in vain: 60 s each time. */
START_TEST(test_action_is_tried_again)
{
    w->entry1[0].fails = 1.0;
    w->entry1[0].max_attempts = 3;
    w->stage[1].on_hold.at_most_ns = S(480);
    w->stage[1].on_hold.then = RS_THEN_HALT;
    world_play(w);
    ends(RS_OUTCOME_HALTED, 3060 + 240 + 60 + 240 + 60);
}
END_TEST

/* 16:50 + 3800 s is 17:53:20; the rhythm of ten minutes comes to 09:03:20 first. */
START_TEST(test_looks_only_in_hours)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, "2025-09-29T16:50:00Z");
    w->stage[1].on_hold.look_again_ns = S(600);
    w->stage[1].on_hold.at_most_ns = S(16 * 3600);
    world_true(w, QUIET, 3600, 3900);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ends(RS_OUTCOME_COMPLETED, 3800 + 15 * 3600 + 600 + 1200 + 20);
}
END_TEST

/* The hour is over at 18:53:20; whoever gives up is back at 09:00. */
START_TEST(test_gives_up_in_hours)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, "2025-09-29T16:50:00Z");
    world_true(w, QUIET, 3600, 9e9);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ends(RS_OUTCOME_ROLLED_BACK, 16 * 3600 + 600 + 100);
}
END_TEST

START_TEST(test_automation_holds_at_any_hour)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, "2025-09-29T16:50:00Z");
    w->stage[1].by = -1; /* watch from 3180, look at 3780 */
    world_true(w, QUIET, 3600, 9e9);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ends(RS_OUTCOME_ROLLED_BACK, 3780 + 3600 + 20); /* no time of its own; the last instance */
}
END_TEST

/* Behind a gate that holds, one that rolls back is read, and the watched trigger is. */
START_TEST(test_rollback_while_held)
{
    w->gate[1] = w->gate[0];
    w->gate[1].expr = world_condition(OTHER);
    w->gate[1].then = RS_THEN_ROLLBACK;
    w->gate[1].procedure = REVERT;
    w->stage[1].n_gate = _i == 0 ? 2 : 1;
    world_true(w, QUIET, 3600, 9e4);
    world_true(w, _i == 0 ? OTHER : ERRORS, 4100, 9e4);
    world_play(w);
    ends(RS_OUTCOME_ROLLED_BACK, 4280 + 100);
    ck_assert_int_eq(w->h.episode[0].by, RS_BY_LOOK);
}
END_TEST

/* Automation rolls back while the stage stands: nothing of the hold is left. */
START_TEST(test_alert_while_held)
{
    w->sc.response.n_automation = 1;
    world_true(w, QUIET, 3600, 9e4);
    world_open(w, 0, true);
    world_fires(w, 3900, 3900);
    world_run(w, 86400);
    ends(RS_OUTCOME_ROLLED_BACK, 3900 + 7 + 20);
    ck_assert_int_eq(w->h.n_episode, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("hold");
    TCase *tc = tcase_create("hold");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_hold, 0, sizeof holds / sizeof *holds);
    tcase_add_test(tc, test_words);
    tcase_add_loop_test(tc, test_gate_of_the_end, 0, 2);
    tcase_add_test(tc, test_patience_is_for_all_holds);
    tcase_add_test(tc, test_without_end);
    tcase_add_test(tc, test_check_is_done_again);
    tcase_add_test(tc, test_check_never_passes);
    tcase_add_test(tc, test_action_is_tried_again);
    tcase_add_test(tc, test_looks_only_in_hours);
    tcase_add_test(tc, test_gives_up_in_hours);
    tcase_add_test(tc, test_automation_holds_at_any_hour);
    tcase_add_loop_test(tc, test_rollback_while_held, 0, 2);
    tcase_add_test(tc, test_alert_while_held);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *sr = srunner_create(suite());
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
