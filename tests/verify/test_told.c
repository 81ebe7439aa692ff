/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one history says of a claim, and in which words. */
#include "verify/told.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_up.h"

#define LEG .of = RS_Q_LEG, .from = RS_CLOCK_DETECTED, .to = RS_CLOCK_COMPLETED

/* A history of fault 0 with a rollback of 7 minutes by procedure 0, 12 users hurt, and a second one by procedure 1 that is not over. */
static const struct {
    const char *words;
    struct claim claim;
    enum told_state state;
    double value, limit;
    const char *line; /* stands in what is printed */
} rows[] = {
    {"a deadline that is missed",
     {LEG, .procedure = -1, .kind = RS_CLAIM_PROBABILITY, .within = 5.0 * MIN_NS, .limit = .95},
     RS_TOLD_BROKEN,
     420,
     300,
     "✘ broken      c      7m00s  ≤ 5m    in ≥ 95% of cases"},
    {"a deadline that is kept",
     {LEG, .procedure = -1, .kind = RS_CLAIM_PROBABILITY, .within = 7.0 * MIN_NS, .limit = .95},
     RS_TOLD_KEPT,
     420,
     420,
     "✔ kept        c      7m00s  ≤ 7m    in ≥ 95% of cases"},
    {"seldom so soon, and it is not",
     {LEG, .procedure = -1, .kind = RS_CLAIM_PROBABILITY, .within = 5.0 * MIN_NS, .limit = .05,
      .at_most = true},
     RS_TOLD_KEPT,
     420,
     300,
     "in ≤ 5% of cases"},
    {"seldom so soon, but it is",
     {LEG, .procedure = -1, .kind = RS_CLAIM_PROBABILITY, .within = 7.0 * MIN_NS, .limit = .05,
      .at_most = true},
     RS_TOLD_BROKEN,
     420,
     420,
     "✘ broken"},
    {"above the quantile's limit",
     {LEG, .procedure = -1, .kind = RS_CLAIM_QUANTILE, .q = .9, .limit = 5.0 * MIN_NS,
      .at_most = true},
     RS_TOLD_BROKEN,
     420,
     300,
     "≤ 5m    as the 90% quantile"},
    {"a mean of at least",
     {.of = RS_Q_USERS_HURT, .kind = RS_CLAIM_EXPECTATION, .limit = 12, .cap = 100},
     RS_TOLD_KEPT,
     12,
     12,
     "✔ kept        c      12     ≥ 12    on average"},
    {"an event that is not to be",
     {.of = RS_Q_FALSE_ROLLBACK, .kind = RS_CLAIM_PROBABILITY, .limit = .01, .at_most = true},
     RS_TOLD_KEPT,
     0,
     0,
     "did not happen  in ≤ 1% of cases"},
    {"an outcome that is wanted",
     {.of = RS_Q_OUTCOME, .outcome = RS_OUTCOME_HELD, .kind = RS_CLAIM_PROBABILITY, .limit = .5},
     RS_TOLD_BROKEN,
     0,
     1,
     "✘ broken      c      did not happen  in ≥ 50% of cases"},
    {"of another fault",
     {LEG, .procedure = -1, .given = RS_GIVEN_FAULT, .given_fault = 1, .kind = RS_CLAIM_PROBABILITY,
      .within = 5},
     RS_TOLD_NOTHING,
     NAN,
     5e-9,
     "  1 of 1 claims say nothing of this history."},
    {"a bound on one procedure",
     {LEG, .kind = RS_CLAIM_BOUND, .within = 8.0 * MIN_NS, .procedure = 0},
     RS_TOLD_KEPT,
     420,
     480,
     "≤ 8m    in every case"},
    {"a bound on what is not over, and late already",
     {LEG, .procedure = -1, .kind = RS_CLAIM_BOUND, .within = 8.0 * MIN_NS},
     RS_TOLD_BROKEN,
     INFINITY,
     480,
     "never  ≤ 8m"},
    {"a bound on what is not over, but may be in time",
     {LEG, .procedure = -1, .kind = RS_CLAIM_BOUND, .within = 600.0 * MIN_NS},
     RS_TOLD_OPEN,
     NAN,
     36000,
     "? open        c      not over  ≤ 10h"},
    {"a bound on what is found by looking",
     {LEG, .procedure = -1, .kind = RS_CLAIM_BOUND, .within = MIN_NS,
      .detected_by = 1u << RS_BY_LOOK},
     RS_TOLD_NOTHING,
     NAN,
     60,
     "say nothing"},
    {"a bound from the condition",
     {LEG, .procedure = -1, .kind = RS_CLAIM_BOUND, .within = MIN_NS, .from_condition = true},
     RS_TOLD_NOTHING,
     NAN,
     60,
     "say nothing"},
    {"over all states", {.kind = RS_CLAIM_NEVER}, RS_TOLD_NOTHING, NAN, 0, "say nothing"},
};

static void tell_history(struct history *h)
{
    rs_history_init(h);
    made_up_history(h, 3, 0);
    h->users_hurt = 12;
    struct episode *e = made_up_episode(h, 0, 0, RS_BY_ALERT);
    e->at_ns[RS_CLOCK_DETECTED] = 10 * MIN_NS;
    e->at_ns[RS_CLOCK_COMPLETED] = 17 * MIN_NS;
    made_up_episode(h, 1, 0, RS_BY_GATE)->at_ns[RS_CLOCK_DETECTED] = 60 * MIN_NS;
}

START_TEST(test_told)
{
    struct claim c = rows[_i].claim;
    c.name = "c";
    struct scenario *sc = made_up_scenario();
    sc->claim = &c;
    sc->n_claim = 1;
    struct history h;
    tell_history(&h);
    struct claim_told t = rs_claim_tell(sc, &c, &h);
    ck_assert_msg(t.state == rows[_i].state, "%s: %s", rows[_i].words, rs_told_state_name(t.state));
    ck_assert_msg(t.value == rows[_i].value || (isnan(t.value) && isnan(rows[_i].value)), "%s: %g",
                  rows[_i].words, t.value);
    ck_assert_double_eq_tol(t.limit, rows[_i].limit, 1e-9);
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    rs_told_print(to, sc, &h, false);
    fclose(to);
    ck_assert_msg(strstr(text, rows[_i].line) != NULL, "%s:\n%s", rows[_i].words, text);
    free(text);
    rs_history_clear(&h);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("told");
    TCase *tc = tcase_create("told");
    tcase_add_loop_test(tc, test_told, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
