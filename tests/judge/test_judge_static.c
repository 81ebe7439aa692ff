/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of judges before anything runs: reachability, bounds, rollsim check. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"
#include "models/judge.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/bound.h"
#include "verify/check.h"
#include "verify/reach.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* A judge's text with keys; without a procedure where it cannot order a rollback. */
static const char *judge_text(const char *format, const char *keys, bool rolls_back)
{
    static char text[1200];
    snprintf(text, sizeof text, format, keys);
    char *procedure = strstr(text, "procedure: back, ");
    ck_assert_ptr_nonnull(procedure);
    if (!rolls_back)
        memset(procedure, ' ', strlen("procedure: back, "));
    return text;
}

static const char ramped[] =
    "    - name: only\n"
    "      watch: 0s\n"
    "      ramp: {flag: NEW, steps: [{percent: 10, watch: 90s}, {percent: 100, watch: 2h}]}\n";

static const struct {
    const char *format, *keys;
    bool rolls_back;
    const char *stages, *claim;
    enum verdict_kind kind;
    const char *step; /* a text in the trace, or NULL */
} reach[] = {
    /* argo.yaml has one condition: it fails or errs, and both roll back */
    {ARGO, "", true, NULL, "    never: {rollout: held}\n", RS_VERDICT_PROVED, NULL},
    {ARGO, ", erred: hold", true, NULL, "    never: {rollout: held}\n", RS_VERDICT_VIOLATED,
     "only: judge analysis says erred: hold"},
    {ARGO, ", erred: halt", true, NULL, "    never: {rollout: held}\n", RS_VERDICT_PROVED, NULL},
    {ARGO, "", true, NULL, "    never: {rollout: rolled-back}\n", RS_VERDICT_VIOLATED,
     "only: judge analysis says failed"},
    {ARGO, "", true, ramped, "    never: {rollout: rolled-back}\n", RS_VERDICT_VIOLATED,
     "judge analysis says failed"},
    {ARGO, ", failed: promote, undecided: promote", false, NULL,
     "    never: {rollout: rolled-back}\n", RS_VERDICT_PROVED, NULL},
    /* Flagger is never undecided */
    {FLAGGER, "", true, NULL, "    never: {rollout: held}\n", RS_VERDICT_PROVED, NULL},
    {FLAGGER, ", failed: hold", false, NULL, "    never: {rollout: held}\n", RS_VERDICT_VIOLATED,
     "only: judge flag says failed: hold"},
    /* another stage's judge says nothing here */
    {ARGO, "", true,
     "    - {name: only, watch: 0s}\n    - name: later\n      watch: 1h\n"
     "      actions: [{set: NEW, to: off}]\n",
     "    never: {all: [{rollout: rolled-back}, {stage: later}]}\n", RS_VERDICT_PROVED, NULL},
};

START_TEST(test_reach)
{
    struct arena *arena = rs_arena_new();
    struct scenario *sc = made_scenario(
        &(struct made){.judges = judge_text(reach[_i].format, reach[_i].keys, reach[_i].rolls_back),
                       .stages = reach[_i].stages,
                       .claim = reach[_i].claim});
    struct verdict v = rs_reach_decide(arena, sc, &sc->claim[0]);
    bool told = !reach[_i].step;
    for (int i = 0; i < v.n_step; i++)
        told = told || strstr(v.step[i].text, reach[_i].step);
    ck_assert_msg(v.kind == reach[_i].kind, "row %d: %s", _i, rs_verdict_name(v.kind));
    ck_assert_msg(told, "row %d: no step says %s", _i, reach[_i].step);
    rs_scenario_free(sc);
    rs_arena_free(arena);
}
END_TEST

static const struct {
    const char *format, *claim;
    enum verdict_kind kind;
} bound[] = {
    /* automation begins at once, and the flag's stream takes a second */
    {ARGO, "    bound: {from: detected, to: commanded, within: 0s}\n", RS_VERDICT_PROVED},
    {ARGO, "    bound: {from: detected, to: completed, within: 1s}\n", RS_VERDICT_PROVED},
    {ARGO, "    bound: {from: detected, to: completed, within: 900ms}\n", RS_VERDICT_REFUTED},
    /* a scrape, an interval, three more: 245 s at most; it may be sooner, so a shorter time is left open and not refuted */
    {ARGO, "    bound: {from: condition, to: detected, within: 245s}\n", RS_VERDICT_PROVED},
    {ARGO, "    bound: {from: condition, to: detected, within: 244s}\n", RS_VERDICT_UNDECIDED},
    {ARGO, "    bound: {from: condition, to: detected, within: 6s}\n", RS_VERDICT_UNDECIDED},
    {ARGO, "    bound: {from: condition, to: detected, within: 4s}\n",
     RS_VERDICT_REFUTED}, /* the scrape */
    {ARGO, "    bound: {from: onset, to: detected, within: 1d}\n", RS_VERDICT_UNBOUNDED},
    {FLAGGER, "    bound: {from: condition, to: detected, within: 245s}\n", RS_VERDICT_PROVED},
    {FLAGGER, "    bound: {from: condition, to: detected, within: 200s}\n", RS_VERDICT_UNDECIDED},
};

START_TEST(test_bound)
{
    struct arena *arena = rs_arena_new();
    struct scenario *sc = made_scenario(
        &(struct made){.judges = judge_text(bound[_i].format, "", true), .claim = bound[_i].claim});
    struct verdict v = rs_bound_decide(arena, sc, &sc->claim[0]);
    ck_assert_msg(v.kind == bound[_i].kind, "row %d: %s, %g s", _i, rs_verdict_name(v.kind),
                  v.worst_phase_high_s);
    rs_scenario_free(sc);
    rs_arena_free(arena);
}
END_TEST

static const char trigger[] =
    "      trigger: sum(rate(http_requests_total{code=\"500\"}[1m])) > 0.1\n";

static int count_of(const struct findings *f, const char *code, const char *about)
{
    int n = 0;
    for (int i = 0; i < f->n; i++)
        n += strcmp(f->item[i].code->name, code) == 0 && strcmp(f->item[i].about, about) == 0;
    return n;
}

/* A stage that exposes: something must be able to end it but time. */
static const char exposing[] = "    - {name: only, watch: 2h, actions: [{set: NEW, to: on}]}\n";

static const char steps[] =
    "    - name: only\n"
    "      watch: 90s\n"
    "      ramp: {flag: NEW, steps: [{percent: 10, watch: 90s}, {percent: 100, watch: 90s}]}\n";

static const struct {
    const char *format, *keys;
    bool rolls_back;
    const char *stages, *code, *about;
    int n;
} check[] = {
    {NULL, NULL, false, exposing, "trigger-unwatched", "procedure back", 1},
    {ARGO, "", true, exposing, "trigger-unwatched", "procedure back", 0},
    {FLAGGER, "", true, exposing, "trigger-unwatched", "procedure back", 0},
    {ARGO, ", failed: hold, erred: hold", false, exposing, "trigger-unwatched", "procedure back",
     1},
    {NULL, NULL, false, exposing, "unbounded-stage", "stage only", 1},
    {ARGO, "", true, exposing, "unbounded-stage", "stage only", 0},
    {ARGO, ", failed: hold", false, exposing, "unbounded-stage", "stage only", 0},
    /* a limit of 3 every 60 s takes 180 s; a threshold of 3 takes 240 s */
    {ARGO, "", true, "    - {name: only, watch: 180s}\n", "judge-late", "judge analysis", 0},
    {ARGO, "", true, "    - {name: only, watch: 179s}\n", "judge-late", "judge analysis", 1},
    {ARGO, ", query_time: 1s", true, "    - {name: only, watch: 183s}\n", "judge-late",
     "judge analysis", 1},
    {FLAGGER, "", true, "    - {name: only, watch: 240s}\n", "judge-late", "judge flag", 0},
    {FLAGGER, "", true, "    - {name: only, watch: 239s}\n", "judge-late", "judge flag", 1},
    {ARGO, "", true, steps, "judge-late", "judge analysis", 0},
    {ARGO, ", each_step: on", true, steps, "judge-late", "judge analysis", 1},
    {ARGO, ", failed: promote, undecided: promote", false, exposing, "unbounded-stage",
     "stage only", 1},
};

START_TEST(test_check)
{
    struct scenario *sc = made_scenario(&(struct made){
        .judges = check[_i].format
                      ? judge_text(check[_i].format, check[_i].keys, check[_i].rolls_back)
                      : NULL,
        .stages = check[_i].stages,
        .procedure = trigger});
    struct findings *f = rs_check_run(sc);
    ck_assert_msg(count_of(f, check[_i].code, check[_i].about) == check[_i].n, "row %d", _i);
    rs_findings_free(f);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judges, before anything runs");
    TCase *tc = tcase_create("static");
    tcase_add_loop_test(tc, test_reach, 0, N(reach));
    tcase_add_loop_test(tc, test_bound, 0, N(bound));
    tcase_add_loop_test(tc, test_check, 0, N(check));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
