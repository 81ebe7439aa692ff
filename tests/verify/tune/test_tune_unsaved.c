/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What no setting keeps, and what stands in the way of it. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "system.h"

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

static const struct {
    const char *words;
    struct claim claim;
    enum tune_obstacle why;
    const char *text;
} unsaved[] = {
    {"people alone take half a minute to 13 minutes",
     {.kind = RS_CLAIM_PROBABILITY,
      .given = RS_GIVEN_FAULT,
      .from = RS_CLOCK_DETECTED,
      .to = RS_CLOCK_COMPLETED,
      .procedure = -1,
      .within = 5.0 * 60e9,
      .limit = .9},
     RS_OBSTACLE_PEOPLE,
     "the way from the notice to the first flag commanded alone takes more than 5m in"},
    {"a flag takes a minute",
     {.kind = RS_CLAIM_QUANTILE,
      .given = RS_GIVEN_FAULT,
      .from = RS_CLOCK_COMMANDED,
      .to = RS_CLOCK_COMPLETED,
      .procedure = -1,
      .q = .9,
      .at_most = true,
      .limit = 50e9},
     RS_OBSTACLE_PROPAGATION,
     "the way of the flags to the last instance alone takes more than 50s in 100% of the "
     "histories; "
     "the claim allows it in 10"},
    {"what comes after takes half a minute",
     {.kind = RS_CLAIM_EXPECTATION,
      .given = RS_GIVEN_FAULT,
      .from = RS_CLOCK_EFFECTIVE,
      .to = RS_CLOCK_COMPLETED,
      .procedure = -1,
      .at_most = true,
      .limit = 20e9,
      .cap = 600e9},
     RS_OBSTACLE_RUNBOOK,
     "the way from there to the end of the procedure alone takes"},
    {"the other fault is mostly not seen",
     {.kind = RS_CLAIM_PROBABILITY,
      .given = RS_GIVEN_FAULT,
      .given_fault = 1,
      .from = RS_CLOCK_ONSET,
      .to = RS_CLOCK_COMPLETED,
      .procedure = -1,
      .within = 60 * 60e9,
      .limit = .9},
     RS_OBSTACLE_TRAFFIC,
     "the way until somebody is notified does not end at all in 100% of the histories that break "
     "it, and is too long in"},
    {"detection takes 2 minutes at least",
     {.kind = RS_CLAIM_PROBABILITY,
      .given = RS_GIVEN_FAULT,
      .from = RS_CLOCK_ONSET,
      .to = RS_CLOCK_DETECTED,
      .procedure = -1,
      .within = 90e9,
      .limit = .9},
     RS_OBSTACLE_MONITORING,
     "the way until somebody is notified alone takes more than 1m30s in 100%"},
    {"users are hurt whatever is turned",
     {.kind = RS_CLAIM_EXPECTATION,
      .given = RS_GIVEN_FAULT,
      .of = RS_Q_USERS_HURT,
      .at_most = true,
      .limit = 50,
      .cap = 200},
     RS_OBSTACLE_RUNBOOK,
     "Nothing that is turned touches it"},
    {"a healthy release is rolled back in 1 % at the quietest",
     {.kind = RS_CLAIM_PROBABILITY,
      .given = RS_GIVEN_NO_FAULT,
      .of = RS_Q_FALSE_ROLLBACK,
      .at_most = true,
      .limit = 0},
     RS_OBSTACLE_TRAFFIC,
     "Even at the setting that comes nearest it is so in"},
};

START_TEST(test_unsaved)
{
    struct system s;
    struct tune_result r;
    s.claim[0] = unsaved[_i].claim;
    s.claim[0].name = "hopeless";
    s.claim[1] = leg(0, RS_CLOCK_ONSET, RS_CLOCK_DETECTED, 60, .5); /* anybody keeps that */
    set_up(&s, 2);
    toy_search(&s.toy, 3, &r);
    ck_assert_msg(r.n_unsaved == 1, "%s: %d", unsaved[_i].words, r.n_unsaved);
    const struct tune_unsaved *u = &r.unsaved[0];
    ck_assert_int_eq(u->claim, 0);
    ck_assert_msg(u->why == unsaved[_i].why, "%s: %s", unsaved[_i].words, u->text);
    ck_assert_msg(strstr(u->text, unsaved[_i].text) != NULL, "%s: %s", unsaved[_i].words, u->text);
    ck_assert(u->best >= 0 && !u->proved && u->near.n > 0);
    /* The claim at its nearest is on the wrong side of its limit, as far as can be told. */
    const struct claim *c = &s.claim[0];
    double limit = c->kind == RS_CLAIM_PROBABILITY ? c->limit
                   : c->of == RS_Q_USERS_HURT      ? c->limit
                                                   : 1e-9 * c->limit;
    ck_assert_msg(c->at_most ? u->near.value > limit : u->near.value < limit, "%s: %g",
                  unsaved[_i].words, u->near.value);
    /* What nobody keeps excludes nobody. */
    for (int i = 0; i < r.n_point; i++)
        ck_assert_int_ne(r.point[i].state, RS_POINT_EXCLUDED);
    ck_assert_int_ge(r.chosen, 0);
    rs_arena_free(r.arena);
    toy_clear(&s.toy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tune unsaved");
    TCase *tc = tcase_create("tune unsaved");
    tcase_add_loop_test(tc, test_unsaved, 0, ROWS(unsaved));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
