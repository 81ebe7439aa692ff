/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rollout: stages, watches, gates, ramps, and how it ends. All times are constant, so every
 * instant is exact.
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

static void ends(enum outcome o, double at_s)
{
    ck_assert_str_eq(rs_outcome_name(w->h.outcome), rs_outcome_name(o));
    ck_assert_double_eq(rs_s_from_ns(w->h.ended_ns), at_s);
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->settled[0], o);
}

START_TEST(test_nothing_happens)
{
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, 5020);
    ck_assert_int_eq(w->h.n_episode, 0);
    ck_assert_int_eq(w->h.stage_reached, 1);
    ck_assert_int_eq(w->h.stage_at_ns[0], 0);
    ck_assert_int_eq(w->h.stage_at_ns[1], S(3000));
    ck_assert_int_eq(w->n_set, 2);
    ck_assert_int_eq(w->set[0].at_ns, S(3020));
    ck_assert(w->set[0].flag == NEW && w->set[0].on);
    ck_assert_int_eq(w->set[1].at_ns, S(5020));
    ck_assert(w->set[1].flag == FALLBACK && !w->set[1].on);
    ck_assert_int_eq(w->n_asked,
                     2 * 6); /* a gate and a trigger at 300, ..., 1800 s: the last is the end */
}
END_TEST

/*
 * When stage-1 begins: after the lull, not before its time, in the hours of whoever performs it
 * (09:00 to 18:00, Mon-Fri).
 */
static const struct {
    const char *what, *starts_at;
    double lull_s, not_before_s;
    int by;
    double begins_s;
} starts[] = {
    {"at once", "2025-09-29T09:00:00Z", 0, 0, ON_CALL, 3000},
    {"after the lull", "2025-09-29T09:00:00Z", 600, 0, ON_CALL, 3600},
    {"not before its time", "2025-09-29T09:00:00Z", 600, 7200, ON_CALL, 7200},
    {"the lull is later", "2025-09-29T09:00:00Z", 600, 3100, ON_CALL, 3600},
    {"the next morning", "2025-09-29T17:30:00Z", 0, 0, ON_CALL, 15.5 * 3600},
    {"after the week-end", "2025-10-03T17:30:00Z", 0, 0, ON_CALL, 15.5 * 3600 + 2 * 86400},
    {"automation needs no hours", "2025-09-29T17:30:00Z", 0, 0, -1, 3000},
    {"the lead works at any hour", "2025-09-29T17:30:00Z", 0, 0, LEAD, 3000},
};

START_TEST(test_stage_begins)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, starts[_i].starts_at);
    w->sc.response.lull_ns = S(starts[_i].lull_s);
    w->stage[1].not_before_ns = S(starts[_i].not_before_s);
    w->stage[1].by = starts[_i].by;
    world_open(w, 0, false);
    world_run(w, 4 * 86400);
    ck_assert_msg(w->h.stage_at_ns[1] == S(starts[_i].begins_s), "%s: %g s", starts[_i].what,
                  rs_s_from_ns(w->h.stage_at_ns[1]));
}
END_TEST

START_TEST(test_nobody_ever_works)
{
    w->role[ON_CALL].weekdays = 0;
    world_play(w);
    ck_assert_int_eq(w->h.stage_reached, -1);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_RUNNING);
    ck_assert_int_eq(w->n_settled, 0);
}
END_TEST

START_TEST(test_no_stages)
{
    w->sc.response.n_stage = 0;
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, 0);
}
END_TEST

/* What a gate of stage-1 that trips orders. Watch from 3200 to 5000; looks every 300 s. */
static const struct {
    const char *what;
    enum gate_when when;
    enum gate_then then;
    bool require;
    double true_from_s, true_until_s;
    enum outcome outcome;
    double ended_s;
} gates[] = {
    {"hold at the first look that sees it", RS_GATE_LOOKS, RS_THEN_HOLD, false, 3600, 9e3,
     RS_OUTCOME_HELD, 3800},
    {"between two looks nobody sees it", RS_GATE_LOOKS, RS_THEN_HOLD, false, 3510, 3790,
     RS_OUTCOME_COMPLETED, 5020},
    {"halt", RS_GATE_LOOKS, RS_THEN_HALT, false, 3500, 9e3, RS_OUTCOME_HALTED, 3500},
    {"a look falls on the end of the watch", RS_GATE_LOOKS, RS_THEN_HALT, false, 4900, 9e3,
     RS_OUTCOME_HALTED, 5000},
    {"promote ends the watch", RS_GATE_LOOKS, RS_THEN_PROMOTE, false, 3600, 9e3,
     RS_OUTCOME_COMPLETED, 3820},
    {"read at the end only", RS_GATE_END, RS_THEN_HOLD, false, 3300, 4999, RS_OUTCOME_COMPLETED,
     5020},
    {"hold at the end", RS_GATE_END, RS_THEN_HOLD, false, 5000, 9e3, RS_OUTCOME_HELD, 5000},
    {"required and true", RS_GATE_END, RS_THEN_HOLD, true, 5000, 9e3, RS_OUTCOME_COMPLETED, 5020},
    {"required and not true", RS_GATE_END, RS_THEN_HOLD, true, 3300, 4999, RS_OUTCOME_HELD, 5000},
    {"promote at the end changes nothing", RS_GATE_END, RS_THEN_PROMOTE, false, 3300, 9e3,
     RS_OUTCOME_COMPLETED, 5020},
    {"at every evaluation", RS_GATE_CONTINUOUS, RS_THEN_HALT, false, 3510, 9e3, RS_OUTCOME_HALTED,
     3530},
    {"not before the watch", RS_GATE_CONTINUOUS, RS_THEN_HALT, false, 3000, 9e3, RS_OUTCOME_HALTED,
     3230},
    {"an evaluation on the end of the watch", RS_GATE_CONTINUOUS, RS_THEN_HALT, false, 4999, 9e3,
     RS_OUTCOME_HALTED, 5000},
};

START_TEST(test_gate)
{
    w->gate[0].expr = world_condition(QUIET);
    w->gate[0].when = gates[_i].when;
    w->gate[0].then = gates[_i].then;
    w->gate[0].require = gates[_i].require;
    world_true(w, QUIET, gates[_i].true_from_s, gates[_i].true_until_s);
    world_open(w, 0, true);
    world_run(w, 86400);
    ck_assert_msg(w->h.outcome == gates[_i].outcome && w->h.ended_ns == S(gates[_i].ended_s),
                  "%s: %s at %g s", gates[_i].what, rs_outcome_name(w->h.outcome),
                  rs_s_from_ns(w->h.ended_ns));
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->h.n_episode, 0);
}
END_TEST

START_TEST(test_looks_only_in_hours)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, "2025-09-29T16:50:00Z"); /* stage-1 at 17:40 */
    w->stage[1].watch_ns = S(16 * 3600);                             /* 17:43:20 to 09:43:20 */
    world_true(w, ERRORS, 4300,
               1e6); /* from 18:01:40 on: the looks of 17:48 to 17:58 see nothing */
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ck_assert_int_eq(w->h.n_episode, 1);
    /* the rhythm goes on from 17:43:20: the first look in hours is at 09:03:20 */
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 3200 + 15.0 * 3600 + 1200);
}
END_TEST

START_TEST(test_automation_looks_at_any_hour)
{
    rs_time_parse(&w->sc.starts_at_unix_ns, "2025-09-29T16:50:00Z");
    w->stage[1].by = -1; /* sets the flag at 3000, check ends at 3180 */
    w->stage[1].watch_ns = S(16 * 3600);
    world_true(w, ERRORS, 4300, 1e6);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 3180 + 4 * 300);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), -1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_COMMANDED), 3180 + 4 * 300);
}
END_TEST

START_TEST(test_ramp)
{
    w->stage[1].n_ramp = 2;
    w->ramp[0] = (struct ramp_step){.percent = 25, .watch_ns = S(600)};
    w->ramp[1] = (struct ramp_step){.percent = 100, .watch_ns = S(900)};
    world_play(w);
    ck_assert_int_eq(w->n_set, 4);
    ck_assert_int_eq(w->set[1].at_ns, S(5020)); /* 20 s of manual work after each watch */
    ck_assert_double_eq(w->set[1].percent, 25);
    ck_assert_int_eq(w->set[2].at_ns, S(5640));
    ck_assert_double_eq(w->set[2].percent, 100);
    ck_assert_int_eq(w->set[3].flag, FALLBACK);
    ends(RS_OUTCOME_COMPLETED, 5640 + 900 + 20);
}
END_TEST

START_TEST(test_gates_hold_during_the_ramp)
{
    w->stage[1].n_ramp = 2;
    w->ramp[0] = (struct ramp_step){.percent = 25, .watch_ns = S(600)};
    w->ramp[1] = (struct ramp_step){.percent = 100, .watch_ns = S(900)};
    w->gate[0].when = RS_GATE_END;
    w->gate[0].then = RS_THEN_HOLD;
    world_true(w, OTHER, 5600, 9000);
    world_play(w);
    ends(RS_OUTCOME_HELD, 5620);
    ck_assert_double_eq(w->set[w->n_set - 1].percent, 25);
}
END_TEST

START_TEST(test_failed_attempts_take_time)
{
    w->entry1[0].fails = 1.0;
    w->entry1[0].max_attempts = 3;
    world_play(w);
    ends(RS_OUTCOME_HELD, 3060); /* three times 20 s, then given up: nothing says how to go on */
    ck_assert_int_eq(w->n_set, 0);
    ck_assert(world_said(w, "fails: sets NEW on for 100% of admins"));
}
END_TEST

START_TEST(test_overlooked_step_is_skipped)
{
    w->entry1[0].overlooked = 1.0;
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, 5000); /* 20 s sooner */
    ck_assert_int_eq(w->n_set, 1);
}
END_TEST

START_TEST(test_other_actions)
{
    w->entry0[0].kind = RS_ACT_REMOVE;
    w->entry0[0].service = 0;
    w->entry0[0].path = 1;
    w->closing[0].kind = RS_ACT_ROTATE;
    w->closing[0].component = 0;
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, 5020);
    ck_assert_int_eq(w->n_removed, 1);
    ck_assert_int_eq(w->n_cleared, 1);
    ck_assert_int_eq(w->cleared_ns, S(5020));
    ck_assert(world_said(w, "On-call engineer removes the path legacy of shop"));
    ck_assert(world_said(w, "On-call engineer rotates cache"));
}
END_TEST

static const struct {
    enum gate_then then;
    enum outcome outcome;
    double ended_s;
} checks[] = {
    {RS_THEN_HOLD, RS_OUTCOME_HELD, 3200},
    {RS_THEN_HALT, RS_OUTCOME_HALTED, 3200},
    {RS_THEN_PROMOTE, RS_OUTCOME_COMPLETED, 5020},
    {RS_THEN_ROLLBACK, RS_OUTCOME_ROLLED_BACK, 3200 + 60 + 20 + 20},
};

START_TEST(test_failed_check)
{
    w->check_ratio = 1.0;
    w->stage[1].check_then = checks[_i].then;
    world_play(w);
    ends(checks[_i].outcome, checks[_i].ended_s);
    ck_assert(world_said(w, "FAILED, 30 of 30 failed"));
}
END_TEST

/* As many failures as allowed pass; one more does not. */
START_TEST(test_failures_allowed)
{
    w->check_ratio = 1.0;
    w->entry1[1].n_request = 3;
    w->entry1[1].max_failures = _i == 0 ? 3 : 2;
    w->stage[1].check_then = RS_THEN_HOLD;
    world_play(w);
    ck_assert_int_eq(w->h.outcome, _i == 0 ? RS_OUTCOME_COMPLETED : RS_OUTCOME_HELD);
}
END_TEST

START_TEST(test_side_steps_do_not_count)
{
    w->sc.response.n_side_step = 1;
    world_play(w);
    ends(RS_OUTCOME_COMPLETED, 5020);
    ck_assert(world_said(w, "On-call engineer writes on chat: Stage transition"));
    uint64_t with_trace = rs_kernel_fired(w->k);
    world_open(w, 0, false);
    world_run(w, 86400);
    ends(RS_OUTCOME_COMPLETED, 5020);
    ck_assert_uint_lt(rs_kernel_fired(w->k), with_trace);
    ck_assert_int_eq(w->h.n_trace, 0);
}
END_TEST

START_TEST(test_daily_step)
{
    w->sc.response.n_side_step = 1;
    w->side[0].when = RS_STEP_DAILY;
    w->side[0].at_day_ns = S(18 * 3600);
    world_open(w, 0, true);
    world_run(w, 2 * 86400);
    int n = 0;
    for (int i = 0; i < w->h.n_trace; i++) {
        if (w->h.trace[i].kind != RS_TRACE_SIDE)
            continue;
        ck_assert_int_eq(w->h.trace[i].at_ns, S(9 * 3600 + n * 86400 + 20));
        n++;
    }
    ck_assert_int_eq(n, 2);
}
END_TEST

START_TEST(test_illegal_move_aborts)
{
    world_open(w, 0, false);
    rs_rollout_move(w->r, RS_ROLLOUT_CLOSING);
}
END_TEST

START_TEST(test_done_is_final)
{
    world_play(w);
    ck_assert_int_eq(w->r->rollout.state, RS_ROLLOUT_DONE);
    rs_rollout_move(w->r, RS_ROLLOUT_WAITING);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("rollout");
    TCase *tc = tcase_create("rollout");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_nothing_happens);
    tcase_add_loop_test(tc, test_stage_begins, 0, sizeof starts / sizeof *starts);
    tcase_add_test(tc, test_nobody_ever_works);
    tcase_add_test(tc, test_no_stages);
    tcase_add_loop_test(tc, test_gate, 0, sizeof gates / sizeof *gates);
    tcase_add_test(tc, test_looks_only_in_hours);
    tcase_add_test(tc, test_automation_looks_at_any_hour);
    tcase_add_test(tc, test_ramp);
    tcase_add_test(tc, test_gates_hold_during_the_ramp);
    tcase_add_test(tc, test_failed_attempts_take_time);
    tcase_add_test(tc, test_overlooked_step_is_skipped);
    tcase_add_test(tc, test_other_actions);
    tcase_add_loop_test(tc, test_failed_check, 0, sizeof checks / sizeof *checks);
    tcase_add_loop_test(tc, test_failures_allowed, 0, 2);
    tcase_add_test(tc, test_side_steps_do_not_count);
    tcase_add_test(tc, test_daily_step);
    suite_add_tcase(s, tc);
    TCase *bug = tcase_create("bugs");
    tcase_add_checked_fixture(bug, setup, teardown);
    const char *fork = getenv("CK_FORK"); /* valgrind runs without */
    if (!fork || strcmp(fork, "no") != 0) {
        tcase_add_test_raise_signal(bug, test_illegal_move_aborts, SIGABRT);
        tcase_add_test_raise_signal(bug, test_done_is_final, SIGABRT);
    }
    suite_add_tcase(s, bug);
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
