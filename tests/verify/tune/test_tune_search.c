/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole search over made-up histories: claims and the choice; stops, and what is not legal. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "system.h"

/* Detection within 5 minutes wants a patience below 3, false rollbacks one of 2 and more: only 2 keeps both. */
static void set_up_two_claims(struct system *s)
{
    s->claim[0] = leg(0, RS_CLOCK_ONSET, RS_CLOCK_DETECTED, 5.05, .95);
    s->claim[1] = false_rollbacks;
    set_up(s, 2);
}

/* ---- states and the choice ------------------------------------------------------------------------------------------- */

START_TEST(test_claims_exclude)
{
    static const struct {
        enum tune_state state;
        int breaks;
    } by_patience[] = {{RS_POINT_EXCLUDED, 1},
                       {RS_POINT_EXCLUDED, 1},
                       {RS_POINT_FRONT, -1},
                       {RS_POINT_EXCLUDED, 0},
                       {RS_POINT_EXCLUDED, 0}};
    struct system s;
    struct tune_result r;
    set_up_two_claims(&s);
    toy_search(&s.toy, 3, &r);
    ck_assert_str_eq(r.method, "grid");
    ck_assert(r.n_space == 15 && r.n_point == 15 && r.today == 0 && r.n_unsaved == 0 && !r.stopped);
    for (int i = 0; i < r.n_point; i++) {
        const struct tune_point *p = &r.point[i];
        ck_assert_int_eq(p->state, by_patience[p->value[0]].state);
        ck_assert_int_eq(p->breaks, by_patience[p->value[0]].breaks);
        ck_assert(!p->proved_out && p->beaten_by == -1);
    }
    /* Value 1 does nothing: today's stays. */
    ck_assert_int_eq(r.point[r.chosen].value[0], 2);
    ck_assert_int_eq(r.point[r.chosen].value[1], 1);
    ck_assert_str_eq(
        r.chosen_why,
        "It was not shown to break any of the 2 claims to be kept; those that do so were "
        "not shown to differ in any objective; of the 3 that were not shown to differ "
        "there it changes least: 1 parameter is moved.");
    /* What leaves at once costs little. */
    uint64_t most = r.point[r.chosen].n_replica,
             least = toy_point(&r, (const uint16_t[]){0, 0})->n_replica;
    ck_assert_msg(2 * least < most, "%d %d", (int)least, (int)most);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* Without claims: impatience is quick, patience quiet, so all five are on the front; the first objective decides. */
START_TEST(test_objectives_choose)
{
    struct system s;
    struct tune_result r;
    set_up(&s, 0);
    toy_search(&s.toy, 3, &r);
    for (int i = 0; i < r.n_point; i++) {
        bool may_go = r.point[i].value[0] == 3 || r.point[i].value[0] == 4;
        ck_assert(r.point[i].state == RS_POINT_FRONT ||
                  may_go); /* 3 % and 1 % are hard to tell apart from 4 % */
    }
    ck_assert_int_eq(r.point[r.chosen].value[0], 0);
    ck_assert_int_eq(r.point[r.chosen].value[1], 1);
    ck_assert_ptr_nonnull(
        strstr(r.chosen_why,
               "There is no claim to keep; of those that do so it was shown to be ahead in time"));
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* What is quicker and quieter hurts more users than are allowed; only the slowest and loudest does not: value 0. */
static void trade(const uint16_t *value, uint64_t seed, int fault, uint64_t r, struct history *h)
{
    struct stream s = rs_stream_open(seed, r, rs_stream_hash("toy/trade"));
    double luck = rs_stream_uniform(&s);
    h->sim_ns = 600 * TOY_MIN_NS;
    h->false_rollback = fault < 0 && luck < 1 - .2 * value[0];
    if (fault >= 0)
        toy_detected(h, (5 - value[0]) * TOY_MIN_NS);
    h->users_hurt = (uint64_t)((value[0] == 0 ? 30 : 50) + 20 * luck);
}

/* Being better in all objectives is nothing beside a claim that is broken for it. */
START_TEST(test_claims_come_first)
{
    struct system s;
    struct tune_result r;
    s.claim[0] = (struct claim){.name = "hurt",
                                .kind = RS_CLAIM_EXPECTATION,
                                .given = RS_GIVEN_FAULT,
                                .of = RS_Q_USERS_HURT,
                                .at_most = true,
                                .limit = 50,
                                .cap = 100};
    set_up(&s, 1);
    s.toy.replica = trade;
    toy_search(&s.toy, 3, &r);
    for (int i = 0; i < r.n_point; i++)
        ck_assert_int_eq(r.point[i].state,
                         r.point[i].value[0] == 0 ? RS_POINT_FRONT : RS_POINT_EXCLUDED);
    ck_assert_int_eq(r.point[r.chosen].value[0], 0);
    rs_arena_free(r.arena);
    /* Nobody asks for the claim: then the quickest has beaten all. */
    s.toy.plan.n_keep = 0;
    toy_search(&s.toy, 3, &r);
    ck_assert_int_eq(r.point[r.chosen].value[0], 4);
    for (int i = 0; i < r.n_point; i++) {
        const struct tune_point *p = &r.point[i];
        ck_assert_int_eq(p->state, p->value[0] == 4 ? RS_POINT_FRONT : RS_POINT_DOMINATED);
        ck_assert(p->value[0] == 4 || r.point[p->beaten_by].value[0] == 4);
    }
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* The same, but each hurts about as many as are allowed, other ones in other histories. */
static void
trade_alike(const uint16_t *value, uint64_t seed, int fault, uint64_t r, struct history *h)
{
    struct stream s = rs_stream_open(seed, r, rs_stream_hash("toy/alike"));
    trade(value, seed, fault, r, h);
    double luck = 0.0;
    for (int v = 0; v <= value[0]; v++)
        luck = rs_stream_uniform(&s);
    h->users_hurt = (uint64_t)(40 + 21 * luck);
}

/* As long as a claim is open, and was kept in some histories by the one that is behind only, nobody leaves for it. */
START_TEST(test_open_claims_keep_in)
{
    struct system s;
    struct tune_result r;
    s.claim[0] = (struct claim){.name = "hurt",
                                .kind = RS_CLAIM_EXPECTATION,
                                .given = RS_GIVEN_FAULT,
                                .of = RS_Q_USERS_HURT,
                                .at_most = true,
                                .limit = 50,
                                .cap = 100};
    set_up(&s, 1);
    s.toy.replica = trade_alike;
    toy_search(&s.toy, 3, &r);
    for (int i = 0; i < r.n_point; i++)
        ck_assert_int_eq(r.point[i].state, RS_POINT_FRONT);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* Value 0 is quicker, and is rolled back for nothing in other histories than the rest, a little less often. */
static void
other_luck(const uint16_t *value, uint64_t seed, int fault, uint64_t r, struct history *h)
{
    struct stream s = rs_stream_open(seed, r, rs_stream_hash("toy/luck"));
    double luck = rs_stream_uniform(&s);
    h->sim_ns = 600 * TOY_MIN_NS;
    h->false_rollback = fault < 0 && (value[0] == 0 ? luck < .2 : luck > .75);
    if (fault >= 0)
        toy_detected(h, (1 + value[0]) * TOY_MIN_NS);
}

/* Ahead in one, and in the other by an estimate that shows nothing, since each is ahead in some histories: nobody is beaten by that. */
START_TEST(test_estimates_beat_nobody)
{
    struct system s;
    struct tune_result r;
    set_up(&s, 0);
    s.toy.replica = other_luck;
    toy_search(&s.toy, 3, &r);
    for (int i = 0; i < r.n_point; i++) {
        const struct tune_point *p = &r.point[i];
        ck_assert_double_le(toy_point(&r, (const uint16_t[]){0, 1})->objective[1].value,
                            p->objective[1].value);
        ck_assert(p->value[0] != 1 || p->state == RS_POINT_FRONT);
        ck_assert(p->value[0] < 2 || p->state == RS_POINT_DOMINATED); /* the same, and slower */
    }
    ck_assert_int_eq(r.point[r.chosen].value[0], 0);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

static bool not_four(const uint16_t *value)
{
    return value[0] != 4 || value[1] == 1; /* today's is legal */
}

START_TEST(test_illegal)
{
    struct system s;
    struct tune_result r;
    set_up_two_claims(&s);
    s.toy.is_legal = not_four;
    toy_search(&s.toy, 3, &r);
    for (int i = 0; i < r.n_point; i++) {
        const struct tune_point *p = &r.point[i];
        bool legal = not_four(p->value);
        ck_assert((p->state == RS_POINT_ILLEGAL) == !legal);
        if (!legal) {
            ck_assert_str_eq(p->why, "toy.yaml:3:7: no such toy");
            ck_assert(p->n_replica == 0 && p->objective[0].n == 0 && isnan(p->objective[0].value));
        }
    }
    for (int k = 0; k < r.n_step; k++) /* around today's, value 1 can only stay */
        ck_assert(r.step[k].around_chosen || r.step[k].param == 0);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* ---- steps ----------------------------------------------------------------------------------------------------------- */

START_TEST(test_steps)
{
    struct system s;
    struct tune_result r;
    int n_around_today = 0;
    set_up_two_claims(&s);
    toy_search(&s.toy, 3, &r);
    ck_assert_int_eq(r.n_step, 2 * (4 + 2));
    for (int k = 0; k < r.n_step; k++) {
        const struct tune_step *step = &r.step[k];
        n_around_today += !step->around_chosen;
        int from = step->around_chosen ? 2 : 4;
        for (int o = 0; o < 3; o++)
            ck_assert_uint_eq(step->objective[o].n, r.point[r.chosen].objective[o].n);
        /* A step of patience is a minute, whatever the noise, which is the same in both. */
        double minutes = step->param == 0 ? step->value - from : 0;
        ck_assert_double_eq_tol(step->difference[2].value, 60 * minutes, 1e-6);
        ck_assert(step->difference[2].low <= 60 * minutes + 1e-6 &&
                  step->difference[2].high >= 60 * minutes - 1e-6);
        ck_assert_double_lt(step->difference[2].high - step->difference[2].low, 25);
    }
    ck_assert_int_eq(n_around_today, 6);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

/* ---- many settings --------------------------------------------------------------------------------------------------- */

/* More settings than may be looked at: bred, then raced on replicas that the breeding did not see. The result is a function of the seed. */
START_TEST(test_large_space)
{
    struct system s;
    struct tune_result a, b;
    set_up_two_claims(&s);
    struct tune_param *param = RS_ARENA_ARRAY(s.toy.today.arena, struct tune_param, 4);
    for (int p = 0; p < 4; p++)
        param[p] = (struct tune_param){
            .name = "p", .type = RS_TUNE_COUNT, .n_value = p == 0 ? 5 : 9, .today = 4, .site = -1};
    s.toy.plan.n_param = 4;
    s.toy.plan.param = param;
    s.toy.plan.candidates_max = 60;
    toy_search(&s.toy, 8, &a);
    toy_search(&s.toy, 8, &b);
    ck_assert_str_eq(a.method, "nsga-ii");
    ck_assert_uint_ge(s.toy.last_first, 64); /* the race does not use what was bred on */
    ck_assert_uint_eq(a.n_space, 5 * 9 * 9 * 9);
    ck_assert(a.n_point == 30 && b.n_point == 30 && a.chosen == b.chosen);
    for (int i = 0; i < a.n_point; i++) {
        ck_assert(memcmp(a.point[i].value, b.point[i].value, 4 * sizeof(uint16_t)) == 0);
        ck_assert(memcmp(&a.point[i].objective[1], &b.point[i].objective[1],
                         sizeof(struct tune_estimate)) == 0);
    }
    ck_assert(a.point[0].value[0] == 4 && a.point[0].value[3] == 4);
    ck_assert_int_eq(a.point[a.chosen].value[0], 2);
    rs_arena_free(a.arena);
    rs_arena_free(b.arena);
    toy_clear(&s.toy);
}
END_TEST

/* ---- stopping -------------------------------------------------------------------------------------------------------- */

/* Cut short after so many histories: what there is by then is told, with intervals that say how little it is. */
START_TEST(test_stop)
{
    static const uint64_t after[] = {1, 40, 400, 3000};
    struct system s;
    struct tune_result r;
    atomic_bool cancel = false;
    set_up_two_claims(&s);
    s.toy.cancel_after = &cancel;
    s.toy.n_until_cancel = after[_i];
    toy_search(&s.toy, 3, &r);
    ck_assert(r.stopped && r.n_point == 15 && r.chosen >= 0);
    for (int i = 0; i < r.n_point; i++) {
        const struct tune_estimate *e = &r.point[i].objective[1];
        double truth = system_false_alarm[r.point[i].value[0]];
        ck_assert(e->n == 0 ? isnan(e->value) : e->low <= truth && e->high >= truth);
    }
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tune search");
    TCase *tc = tcase_create("tune search");
    tcase_add_test(tc, test_claims_exclude);
    tcase_add_test(tc, test_objectives_choose);
    tcase_add_test(tc, test_claims_come_first);
    tcase_add_test(tc, test_open_claims_keep_in);
    tcase_add_test(tc, test_estimates_beat_nobody);
    tcase_add_test(tc, test_illegal);
    tcase_add_test(tc, test_steps);
    tcase_add_test(tc, test_large_space);
    tcase_add_loop_test(tc, test_stop, 0, 4);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
