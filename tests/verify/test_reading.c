/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims said back in English. */
#include "reading.h"

#include <check.h>
#include <stdlib.h>

#include "made_up.h"
#include "verify/reach.h"

static const struct predicate halted = {.op = RS_PREDICATE_ROLLOUT, .value = RS_REACH_HALTED},
                              portal_on = {.op = RS_PREDICATE_FLAG, .value = RS_IS_ON},
                              portal_off = {.op = RS_PREDICATE_FLAG, .value = RS_IS_OFF},
                              reads = {.op = RS_PREDICATE_STAGE, .index = 1},
                              at_first = {.op = RS_PREDICATE_STAGE, .index = -1},
                              no_pages = {.op = RS_PREDICATE_DOWN, .value = RS_PART_ALERTING},
                              nobody = {.op = RS_PREDICATE_DOWN, .value = RS_PART_ROLE, .index = 1};
static const struct predicate not_halted = {.op = RS_PREDICATE_NOT, .n = 1, .part = &halted};
static const struct predicate both[] = {
    {.op = RS_PREDICATE_ROLLOUT, .value = RS_REACH_ROLLED_BACK},
    {.op = RS_PREDICATE_FLAG, .value = RS_IS_FULLY_ON},
};
static const struct predicate all = {.op = RS_PREDICATE_ALL, .n = 2, .part = both};
static const struct predicate not_all = {.op = RS_PREDICATE_NOT, .n = 1, .part = &all};

static const struct {
    struct claim claim;
    const char *text;
} readings[] = {
    {{.kind = RS_CLAIM_NEVER, .state = &halted}, "In no reachable state, the rollout is halted."},
    {{.kind = RS_CLAIM_ALWAYS, .state = &not_halted},
     "In every reachable state, it is not so that the rollout is halted."},
    {{.kind = RS_CLAIM_ALWAYS, .state = &portal_off, .reaches = true},
     "From every reachable state one can be reached in which PORTAL is off."},
    {{.kind = RS_CLAIM_NEVER, .state = &portal_on},
     "In no reachable state, PORTAL is on for somebody."},
    {{.kind = RS_CLAIM_NEVER, .state = &reads}, "In no reachable state, the stage is reads."},
    {{.kind = RS_CLAIM_NEVER, .state = &at_first}, "In no reachable state, no stage was entered."},
    {{.kind = RS_CLAIM_NEVER, .state = &no_pages},
     "In no reachable state, alerting is out of order."},
    {{.kind = RS_CLAIM_NEVER, .state = &nobody}, "In no reachable state, lead is missing."},
    {{.kind = RS_CLAIM_NEVER, .state = &all},
     "In no reachable state, the rollout is rolled-back and PORTAL is on for everybody."},
    {{.kind = RS_CLAIM_ALWAYS, .state = &not_all},
     "In every reachable state, it is not so that (the rollout is rolled-back and PORTAL is on for "
     "everybody)."},
    {{.kind = RS_CLAIM_QUANTILE,
      .of = RS_Q_LEG,
      .from = RS_CLOCK_ONSET,
      .to = RS_CLOCK_DETECTED,
      .procedure = -1,
      .q = 0.9,
      .at_most = true,
      .limit = 15.0 * MIN_NS},
     "In at least 90% of the histories, the time from onset to detected is at most 15m."},
    {{.kind = RS_CLAIM_QUANTILE,
      .of = RS_Q_LEG,
      .from = RS_CLOCK_ONSET,
      .to = RS_CLOCK_DETECTED,
      .procedure = 1,
      .given = RS_GIVEN_ANY_FAULT,
      .q = 0.1,
      .limit = 2.0 * MIN_NS},
     "In at most 10% of the histories with a fault, the time from onset to detected by "
     "portal-rollback is below 2m."},
    {{.kind = RS_CLAIM_EXPECTATION,
      .of = RS_Q_USERS_HURT,
      .given = RS_GIVEN_NO_FAULT,
      .at_most = true,
      .limit = 600,
      .cap = 2000},
     "On average over the histories without a fault, the number of users hurt is at most 600, each "
     "counted up to 2000."},
    {{.kind = RS_CLAIM_PROBABILITY, .of = RS_Q_FALSE_ROLLBACK, .at_most = true, .limit = 0.01},
     "In at most 1% of the histories, something is rolled back before any fault."},
    {{.kind = RS_CLAIM_BOUND,
      .of = RS_Q_LEG,
      .from = RS_CLOCK_DETECTED,
      .to = RS_CLOCK_COMPLETED,
      .procedure = -1,
      .within = 5.0 * MIN_NS},
     "In no history, whatever the phases and draws, the time from detected to completed is more "
     "than 5m."},
};

START_TEST(test_reading)
{
    struct scenario *sc = made_up_scenario();
    struct arena *arena = rs_arena_new();
    ck_assert_str_eq(rs_claim_reading(arena, sc, &readings[_i].claim), readings[_i].text);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("reading");
    TCase *tc = tcase_create("reading");
    tcase_add_loop_test(tc, test_reading, 0, (int)(sizeof readings / sizeof readings[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
