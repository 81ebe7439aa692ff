/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who sees a message, who acknowledges it, and when. The message comes at 3435; on-call
 * acknowledges after 120 s, the lead after 180 s; no acknowledgement for 900 s escalates.
 */
#include <check.h>
#include <stdlib.h>

#include "responder.h"
#include "world.h"

static struct world *w;

static void setup(void)
{
    w = world_new();
    w->stage[1].look_every_ns = RS_NEVER;
    w->stage[1].watch_ns = S(12 * 3600);
}

static void teardown(void)
{
    world_free(w);
}

static const struct {
    const char *what;
    double on_call_sees, lead_sees;
    double on_call_needs_s; /* to acknowledge */
    int channel;
    double acknowledged_s; /* -1 = never */
    const char *words;
} pages[] = {
    {"on call sees it", 1, 1, 120, PAGER, 3435 + 120, "On-call engineer acknowledges HighErrors"},
    {"overlooked: the lead is paged", 0, 1, 120, PAGER, 3435 + 900 + 180,
     "On-call engineer overlooks the message on pager"},
    {"too slow: the lead is paged", 1, 1, 3000, PAGER, 3435 + 900 + 180,
     "the page escalates to Tech Lead: no acknowledgement by On-call engineer"},
    {"late, but before the lead", 1, 1, 1000, PAGER, 3435 + 1000,
     "On-call engineer acknowledges HighErrors"},
    {"just in time", 1, 1, 899, PAGER, 3435 + 899, "On-call engineer acknowledges HighErrors"},
    {"both overlook it", 0, 0, 120, PAGER, -1, "Tech Lead overlooks the message on pager"},
    {"chat is overlooked, the pager escalates", 1, 1, 120, CHAT, 3435 + 900 + 180,
     "On-call engineer overlooks the message on chat"},
};

START_TEST(test_page)
{
    w->on_call_attends[0].sees = pages[_i].on_call_sees;
    w->lead_attends[0].sees = pages[_i].lead_sees;
    w->role[ON_CALL].acknowledge = rs_dist_constant(pages[_i].on_call_needs_s);
    world_open(w, 0, true);
    world_message(w, 3435, pages[_i].channel, 3340, 3400);
    world_run(w, 36000);
    ck_assert_int_eq(w->h.n_episode, 1);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_DETECTED), 3400);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_NOTIFIED), 3435);
    ck_assert_msg(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED) == pages[_i].acknowledged_s, "%s: %g",
                  pages[_i].what, world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED));
    ck_assert_msg(world_said(w, pages[_i].words), "%s: nobody says so", pages[_i].what);
}
END_TEST

/* The rollout goes on while a message lies unread, and stops when somebody takes it. What was completed by then is rolled back. */
START_TEST(test_frozen_when_taken)
{
    w->stage[1].watch_ns = S(300); /* ends at 3500, before the acknowledgement at 3555 */
    world_open(w, 0, false);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_int_eq(w->n_settled, 1);
    ck_assert_int_eq(w->settled[0], RS_OUTCOME_COMPLETED);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
    w->stage[1].watch_ns = S(360); /* ends at 3560 */
    world_open(w, 0, false);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
}
END_TEST

/* Whoever was in the middle of a stage's actions leaves them as they are. */
START_TEST(test_frozen_in_the_middle_of_an_action)
{
    world_open(w, 0, true);
    world_message(w, 2950, PAGER, 2800,
                  2900); /* acknowledged at 3070, the check would end at 3200 */
    world_run(w, 36000);
    ck_assert_int_eq(w->h.stage_reached, 1);
    ck_assert(!world_said(w, "Smoke tests"));
    ck_assert_int_eq(w->n_set, 2);
    ck_assert(!w->set[1].on && w->set[1].at_ns == S(3070 + 60 + 20));
}
END_TEST

/* Between two stages the next one does not begin. */
START_TEST(test_frozen_between_stages)
{
    w->sc.response.lull_ns = S(600);
    world_open(w, 0, false);
    world_message(w, 2950, PAGER, 2800, 2900);
    world_run(w, 36000);
    ck_assert_int_eq(w->h.stage_reached, 0);
    ck_assert_int_eq(w->h.outcome, RS_OUTCOME_ROLLED_BACK);
}
END_TEST

/*
 * Whoever overlooked the message gets another chance by its repeat, and only then. sees = 0.5, so
 * that in some replicas the first is overlooked and the second seen; 64 replicas without one have
 * probability 0.75^64 = 1e-8.
 */
START_TEST(test_repeat)
{
    w->on_call_attends[0].sees = 0.5;
    w->role[ON_CALL].escalates_to = -1;
    int n_first = 0, n_second = 0;
    for (uint64_t i = 0; i < 64; i++) {
        world_open(w, i, false);
        world_message(w, 3435, PAGER, 3340, 3400);
        world_message(w, 7035, PAGER, 3340, 3400);
        world_run(w, 36000);
        double at = world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED);
        ck_assert(at == -1 || at == 3555 || at == 7155);
        n_first += at == 3555;
        n_second += at == 7155;
    }
    ck_assert_int_gt(n_first, 0);
    ck_assert_int_gt(n_second, 0);
    ck_assert_int_lt(n_first + n_second, 64);
}
END_TEST

/*
 * Off hours: a channel that is no pager waits until 09:00, a pager does not. The message comes at
 * 20:00 (39600 s), the next working day starts 86400 s after the first: 86400 + 120 = 86520.
 */
START_TEST(test_off_hours)
{
    w->role[ON_CALL].escalates_to = -1;
    world_open(w, 0, false);
    world_message(w, 39600, PAGER, 39500, 39550);
    world_run(w, 100000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 86520);
    w->on_call_attends[0].off_hours = true;
    world_open(w, 0, false);
    world_message(w, 39600, PAGER, 39500, 39550);
    world_run(w, 100000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 39720);
}
END_TEST

/* What goes unread on a channel without a paging service behind it never escalates. */
START_TEST(test_silent_channel_does_not_escalate)
{
    w->on_call_attends[0].sees = 0.0;
    world_open(w, 0, false);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 3435 + 900 + 180);
    w->channel[PAGER].silent = true;
    world_open(w, 0, false);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), -1);
}
END_TEST

START_TEST(test_repeat_is_ignored_by_whoever_has_it)
{
    world_open(w, 0, false);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_message(w, 3500, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_NOTIFIED), 3435);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 3555);
}
END_TEST

/* The first of the chain who attends the channel is the target. */
START_TEST(test_target)
{
    w->role[ON_CALL].n_attention = 0;
    world_open(w, 0, false);
    ck_assert_int_eq(rs_page_target(w->r->plan, REVERT, PAGER), LEAD);
    ck_assert_int_eq(rs_page_target(w->r->plan, REVERT, CHAT), -1);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), 3435 + 180);
}
END_TEST

START_TEST(test_nobody_attends)
{
    w->role[ON_CALL].n_attention = 0;
    world_open(w, 0, true);
    world_message(w, 3435, CHAT, 3340, 3400);
    world_run(w, 36000);
    ck_assert_int_eq(w->h.n_episode, 0);
    ck_assert(world_said(w, "nobody attends chat"));
}
END_TEST

START_TEST(test_ring_of_escalation)
{
    w->role[LEAD].escalates_to = ON_CALL;
    w->role[LEAD].escalate_after_ns = S(60);
    w->on_call_attends[0].sees = w->lead_attends[0].sees = 0;
    world_open(w, 0, true);
    world_message(w, 3435, PAGER, 3340, 3400);
    world_run(w, 36000);
    ck_assert_double_eq(world_mark(w, 0, RS_CLOCK_ACKNOWLEDGED), -1);
    ck_assert(w->h.episode[0].cut);
    int n = 0;
    for (int i = 0; i < w->h.n_trace; i++)
        n += w->h.trace[i].kind == RS_TRACE_PERSON;
    ck_assert_int_eq(n, 3); /* overlooked, escalated, overlooked: the ring is gone round once */
}
END_TEST

/* ---- working hours --------------------------------------------------------------------------- */

static const struct {
    const char *what;
    int from_h, until_h;
    unsigned weekdays;
    const char *now, *next; /* next == now: within; NULL: never */
} hours[] = {
    {"Monday morning", 9, 18, 0x1f, "2025-09-29T09:00:00Z", "2025-09-29T09:00:00Z"},
    {"the last moment", 9, 18, 0x1f, "2025-09-29T17:59:59Z", "2025-09-29T17:59:59Z"},
    {"the end is out", 9, 18, 0x1f, "2025-09-29T18:00:00Z", "2025-09-30T09:00:00Z"},
    {"before the start", 9, 18, 0x1f, "2025-09-29T03:00:00Z", "2025-09-29T09:00:00Z"},
    {"Friday evening", 9, 18, 0x1f, "2025-10-03T18:00:00Z", "2025-10-06T09:00:00Z"},
    {"Sunday", 9, 18, 0x1f, "2025-10-05T12:00:00Z", "2025-10-06T09:00:00Z"},
    {"always", 0, 24, 0x7f, "2025-10-05T12:00:00Z", "2025-10-05T12:00:00Z"},
    {"only Mondays, just missed", 9, 18, 0x01, "2025-09-29T18:00:00Z", "2025-10-06T09:00:00Z"},
    {"never", 9, 18, 0, "2025-09-29T12:00:00Z", NULL},
    {"night shift before midnight", 22, 6, 0x1f, "2025-09-29T23:00:00Z", "2025-09-29T23:00:00Z"},
    {"Friday's night shift on Saturday", 22, 6, 0x1f, "2025-10-04T05:59:00Z",
     "2025-10-04T05:59:00Z"},
    {"Sunday's morning has none", 22, 6, 0x1f, "2025-10-05T05:00:00Z", "2025-10-06T22:00:00Z"},
    {"before 1970", 9, 18, 0x1f, "1969-12-31T08:00:00Z", "1969-12-31T09:00:00Z"},
};

START_TEST(test_hours)
{
    struct role role = {.from_ns = S(3600 * hours[_i].from_h),
                        .until_ns = S(3600 * hours[_i].until_h),
                        .weekdays = hours[_i].weekdays};
    int64_t now, next = RS_NEVER;
    ck_assert_int_eq(rs_time_parse(&now, hours[_i].now), 0);
    if (hours[_i].next)
        ck_assert_int_eq(rs_time_parse(&next, hours[_i].next), 0);
    ck_assert_msg(rs_hours_next(&role, now) == next, "%s", hours[_i].what);
    ck_assert_msg(rs_hours_within(&role, now) == (next == now), "%s", hours[_i].what);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("people");
    TCase *tc = tcase_create("people");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_page, 0, sizeof pages / sizeof *pages);
    tcase_add_test(tc, test_frozen_when_taken);
    tcase_add_test(tc, test_frozen_in_the_middle_of_an_action);
    tcase_add_test(tc, test_frozen_between_stages);
    tcase_add_test(tc, test_repeat);
    tcase_add_test(tc, test_off_hours);
    tcase_add_test(tc, test_silent_channel_does_not_escalate);
    tcase_add_test(tc, test_repeat_is_ignored_by_whoever_has_it);
    tcase_add_test(tc, test_target);
    tcase_add_test(tc, test_nobody_attends);
    tcase_add_test(tc, test_ring_of_escalation);
    tcase_add_loop_test(tc, test_hours, 0, sizeof hours / sizeof *hours);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
