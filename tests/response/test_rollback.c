/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rollback from detection to recovery, by each way of detection. All times are constant, so
 * every instant is exact.
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
    w->gate[0].when = RS_GATE_END; /* with an act of 1 s the looks would be elsewhere */
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
    add_detection(s);
    add_effect(s);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
