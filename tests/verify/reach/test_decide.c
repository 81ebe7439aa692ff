/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims of the kinds always and never over rollout.yaml: verdicts, lengths and words of counterexamples, limits. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/reach.h"

#define FOLDER RS_SOURCE_DIR "/tests/verify/reach/"

static const struct {
    const char *words, *claim; /* as YAML */
    uint64_t limit;            /* 0 = the usual one */
    enum verdict_kind verdict;
    enum open_reason reason;
    int n_step;       /* of the counterexample */
    const char *last; /* stands in its last step, or NULL */
} rows[] = {
    {"both flags are never on together before the second stage",
     "never: {all: [{stage: reads}, {flag: READS, is: on}, {flag: PAY, is: on}]}", 0,
     RS_VERDICT_PROVED, RS_OPEN_NONE, 0, NULL},
    /* stage, set, check, watch, ramp, watch, ramp */
    {"the ramp ends with everybody", "never: {flag: READS, is: fully-on}", 0, RS_VERDICT_VIOLATED,
     RS_OPEN_NONE, 7, "set READS on for 100% of all users"},
    {"a check sends the rollout back", "never: {rollout: rolling-back}", 0, RS_VERDICT_VIOLATED,
     RS_OPEN_NONE, 1, "an alert calls for web-back"},
    {"held after the watch", "never: {rollout: held}", 0, RS_VERDICT_VIOLATED, RS_OPEN_NONE, 4,
     "gate reads-errors trips: hold"},
    {"a hold is given up: never halted for good", "never: {rollout: halted}", 0, RS_VERDICT_PROVED,
     RS_OPEN_NONE, 0, NULL},
    {"no path goes before the clean-up",
     "always: {any: [{path: old, service: web, is: present}, {stage: clean-up}]}", 0,
     RS_VERDICT_PROVED, RS_OPEN_NONE, 0, NULL},
    {"the old path is taken until its stage", "never: {path: old, service: pay, is: removed}", 0,
     RS_VERDICT_VIOLATED, RS_OPEN_NONE, 16, "remove path old of pay"},
    {"someone may take the new path", "never: {path: new, service: web, is: taken}", 0,
     RS_VERDICT_VIOLATED, RS_OPEN_NONE, 2, "set READS on for 100% of staff"},
    {"a way back from everywhere before the end",
     "always: {reaches: {flag: PAY, is: off}, from: {not: {rollout: completed}}}", 0,
     RS_VERDICT_PROVED, RS_OPEN_NONE, 0, NULL},
    {"no way back without the flag service",
     "always: {reaches: {flag: PAY, is: off}, from: {down: flag-service}}", 0, RS_VERDICT_VIOLATED,
     RS_OPEN_NONE, 11, "the flag service goes out of order"},
    {"the lead stands in",
     "always: {reaches: {flag: PAY, is: off}, from: {all: [{down: on-call}, {rollout: running}]}}",
     0, RS_VERDICT_PROVED, RS_OPEN_NONE, 0, NULL},
    {"but not for one who has it in hand already",
     "always: {reaches: {flag: PAY, is: off}, from: {down: on-call}}", 0, RS_VERDICT_VIOLATED,
     RS_OPEN_NONE, 12, "on-call cannot be reached any more"},
    {"alerting is out of order at the end",
     "always: {reaches: {flag: PAY, is: off}, from: {all: [{down: alerting}, {rollout: "
     "completed}]}}",
     0, RS_VERDICT_VIOLATED, RS_OPEN_NONE, 17, "alerting goes out of order"},
    {"a condition that never comes up",
     "always: {reaches: {flag: PAY, is: off}, from: {all: [{stage: reads}, {flag: PAY, is: on}]}}",
     0, RS_VERDICT_UNDECIDED, RS_OPEN_NOT_APPLICABLE, 0, NULL},
    {"a search that was cut off proves nothing", "never: {rollout: halted}", 40,
     RS_VERDICT_UNDECIDED, RS_OPEN_TRUNCATED, 0, NULL},
    {"but what it saw, it saw", "never: {flag: READS, is: on}", 40, RS_VERDICT_VIOLATED,
     RS_OPEN_NONE, 2, "set READS on"},
    {"what reaches what is not known of a part", "always: {reaches: {rollout: completed}}", 40,
     RS_VERDICT_UNDECIDED, RS_OPEN_TRUNCATED, 0, NULL},
};

/* rollout.yaml with the one claim; caller frees. */
static struct scenario *with_claim(const char *claim)
{
    static char text[32768];
    struct err_list errors;
    FILE *f = fopen(FOLDER "rollout.yaml", "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    n += (size_t)snprintf(text + n, sizeof text - n,
                          "claims:\n  - name: c\n    says: A sentence\n    %s\n", claim);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(FOLDER "rollout.yaml", text, n, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(sc);
    return sc;
}

START_TEST(test_claims)
{
    struct scenario *sc = with_claim(rows[_i].claim);
    struct arena *arena = rs_arena_new();
    struct verdict v = rs_reach_decide_within(arena, sc, &sc->claim[0],
                                              rows[_i].limit ? rows[_i].limit : RS_REACH_LIMIT);
    ck_assert_msg(v.kind == rows[_i].verdict && v.reason == rows[_i].reason, "%s: %s (%s)",
                  rows[_i].words, rs_verdict_name(v.kind), rs_open_reason_name(v.reason));
    ck_assert_msg(v.n_step == rows[_i].n_step, "%s: %d steps", rows[_i].words, v.n_step);
    if (rows[_i].last)
        ck_assert_msg(strstr(v.step[v.n_step - 1].text, rows[_i].last), "%s: %s", rows[_i].words,
                      v.step[v.n_step - 1].text);
    for (int i = 0; i < v.n_step; i++)
        ck_assert(isnan(v.step[i].low_s) && v.step[i].text[0] != '\0');
    ck_assert(v.engine == RS_ENGINE_EXHAUSTIVE && v.claim == &sc->claim[0] && v.n_state > 0);
    ck_assert(rows[_i].limit == 0 || v.n_state == rows[_i].limit);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* The longest watch of the stage, of 30 minutes, has six looks and sixty evaluations: more in a row there cannot be. */
START_TEST(test_in_a_row)
{
    static const struct {
        enum gate_when when;
        int in_a_row;
        enum verdict_kind verdict;
    } gates[] = {{RS_GATE_LOOKS, 6, RS_VERDICT_VIOLATED},
                 {RS_GATE_LOOKS, 7, RS_VERDICT_PROVED},
                 {RS_GATE_CONTINUOUS, 60, RS_VERDICT_VIOLATED},
                 {RS_GATE_CONTINUOUS, 61, RS_VERDICT_PROVED}};
    struct scenario *sc = with_claim("never: {rollout: held}");
    struct gate *g = (struct gate *)(uintptr_t)&sc->response.stage[0].gate[0];
    g->when = gates[_i].when;
    g->in_a_row = gates[_i].in_a_row;
    sc->monitoring.evaluation_interval_ns = 30LL * 1000000000;
    struct arena *arena = rs_arena_new();
    struct verdict v = rs_reach_decide_within(arena, sc, &sc->claim[0], RS_REACH_LIMIT);
    ck_assert_str_eq(rs_verdict_name(v.kind), rs_verdict_name(gates[_i].verdict));
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("decide");
    TCase *tc = tcase_create("claims on states");
    tcase_add_loop_test(tc, test_claims, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_loop_test(tc, test_in_a_row, 0, 4);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
