/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Legs by rows: supports, people, actions, propagation; and the verdicts that claims come to. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_scenario.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* What a row may change, and what stands there otherwise. */
enum part {
    SCRAPE,
    FLAG,
    MONITORING,
    CHANNEL,
    ATTENDS,
    ROLE,
    LEAD,
    STAGE,
    PROCEDURE,
    ACTIONS,
    AUTOMATION,
    CLAIM,
    RULES,
    N_PART
};
static const char *const usual[N_PART] = {
    [SCRAPE] = "every: 15s",
    [FLAG] = "polling: {every: 20s, delay: {uniform: {min: 1s, max: 2s}}}",
    [MONITORING] = "",
    [CHANNEL] = "delivery: {uniform: {min: 2s, max: 8s}}",
    [ATTENDS] = "sees: 100%, off_hours: true",
    [ROLE] = "",
    [LEAD] = "sees: 100%, off_hours: true",
    [STAGE] = "",
    [PROCEDURE] = "alerts: [A], by: sre",
    [ACTIONS] = "{set: NEW, to: off}, {purge: cache, takes: {uniform: {min: 3s, max: 9s}}}",
    [AUTOMATION] = "",
    [CLAIM] = "from: detected, to: completed, within: 10m",
    [RULES] = "",
};

static struct scenario *plan_of(const char *const changed[N_PART])
{
    const char *t[N_PART];
    char yaml[8192], rules[1024];
    for (int i = 0; i < N_PART; i++)
        t[i] = changed[i] ? changed[i] : usual[i];
    int n = snprintf(
        yaml, sizeof yaml,
        "rollsim: 1\nname: r\nstarts_at: 2025-01-06T10:00:00Z\nhorizon: 90m\n"
        "cohorts: [{name: all, population: 100}]\ncomponents: [{name: cache}]\n"
        "flags:\n  - {name: NEW, default: on, safe: off, propagation: {%s}}\n"
        "  - {name: IDLE, default: on, safe: off, propagation: {polling: {every: 10s}}}\n"
        "services:\n  - name: web\n    instances: 4\n    scrape: {%s}\n"
        "    metrics: {requests: http_requests_total}\n"
        "    paths: [{name: new, when: [NEW], latency: {constant: 10ms}}, {name: old, latency: "
        "{constant: 10ms}}]\n"
        "traffic: [{service: web, cohort: all, profile: {constant: {per_s: 1}}}]\n"
        "monitoring:\n  evaluation_interval: 30s\n  rules: [rules.yml]\n  alertmanager: am.yml\n%s"
        "  channels:\n    - {name: pager, receiver: pager, %s}\n"
        "roles:\n  - name: sre\n    title: S\n    attends: [{channel: pager, %s}]\n"
        "    acknowledge: {uniform: {min: 10s, max: 60s}}\n    decide: {uniform: {min: 5s, max: "
        "30s}}\n"
        "    act: {uniform: {min: 4s, max: 12s}}\n    escalates_to: lead\n    escalates_after: "
        "40s\n%s"
        "  - name: lead\n    title: L\n    attends: [{channel: pager, %s}]\n"
        "    acknowledge: {constant: 15s}\n    decide: {constant: 20s}\n    act: {constant: 6s}\n"
        "runbook:\n  stages: [{name: only, title: O, by: sre, watch: 10m, look_every: 5m%s}]\n"
        "  procedures:\n    - {name: back, title: B, trigger: 'sum(http_requests_total) > 9', %s, "
        "actions: [%s]}\n%s"
        "claims:\n  - {name: c, says: C, bound: {%s}}\n",
        t[FLAG], t[SCRAPE], t[MONITORING], t[CHANNEL], t[ATTENDS], t[ROLE], t[LEAD], t[STAGE],
        t[PROCEDURE], t[ACTIONS], t[AUTOMATION], t[CLAIM]);
    ck_assert_int_lt(n, (int)sizeof yaml);
    snprintf(rules, sizeof rules,
             "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: 'sum(http_requests_total) "
             "> 9'}\n%s",
             t[RULES]);
    return text_scenario(
        yaml, rules,
        "route: {receiver: pager, group_by: [alertname], group_wait: 30s, group_interval: 5m}\n"
        "receivers: [{name: pager}]\n");
}

#define INF INFINITY
static const struct row {
    const char *words;
    const char *part[N_PART];
    enum verdict_kind kind;
    double low, best, worst;
    const char *leg; /* this word stands in one of the steps */
} rows[] = {
    /* group 30, delivery 2..8, acknowledge min(60, 40 + 15) = 10..55, decide 5..30, act 4..12, then max(purge 3..9, poll 0..20 + 1..2) */
    {"the whole chain", {0}, RS_VERDICT_PROVED, 30 + 2 + 10 + 5 + 4 + 3, 157, 157, "polls"},
    {"one second too long",
     {[CLAIM] = "from: detected, to: completed, within: 156s"},
     RS_VERDICT_REFUTED,
     54,
     157,
     157,
     "group_wait"},
    {"just in time",
     {[CLAIM] = "from: detected, to: completed, within: 157s"},
     RS_VERDICT_PROVED,
     54,
     157,
     157,
     "delivery"},
    {"to the message",
     {[CLAIM] = "from: detected, to: notified, within: 1m"},
     RS_VERDICT_PROVED,
     32,
     38,
     38,
     "pager"},
    {"escalation counts, the first may still answer",
     {[CLAIM] = "from: notified, to: acknowledged, within: 1m"},
     RS_VERDICT_PROVED,
     10,
     55,
     55,
     "lead"},
    {"overlooked by the first: the second has it",
     {[ATTENDS] = "sees: 90%, off_hours: true",
      [CLAIM] = "from: notified, to: acknowledged, within: 1m"},
     RS_VERDICT_PROVED,
     10,
     55,
     55,
     "lead"},
    {"both may overlook it",
     {[ATTENDS] = "sees: 90%, off_hours: true", [LEAD] = "sees: 99%, off_hours: true"},
     RS_VERDICT_UNBOUNDED,
     54,
     INF,
     INF,
     "notices"},
    {"nothing escalates from a silent channel",
     {[CHANNEL] = "delivery: {constant: 2s}, silent: true",
      [CLAIM] = "from: notified, to: acknowledged, within: 2m"},
     RS_VERDICT_PROVED,
     10,
     60,
     60,
     "sre"},
    {"a silent one that may be overlooked",
     {[CHANNEL] = "delivery: {constant: 2s}, silent: true", [ATTENDS] = "sees: 60%"},
     RS_VERDICT_UNBOUNDED,
     54,
     INF,
     INF,
     "silent"},
    {"waits for the morning",
     {[ATTENDS] = "sees: 100%",
      [ROLE] = "    hours: {from: \"11:00\", until: \"12:00\"}\n",
      [LEAD] = "sees: 99%, off_hours: true",
      [CLAIM] = "from: notified, to: acknowledged, within: 2m"},
     RS_VERDICT_UNDECIDED,
     10,
     3660,
     3660,
     "working hours"},
    {"delivery without an end",
     {[CHANNEL] = "delivery: {exponential: {mean: 2s}}"},
     RS_VERDICT_UNBOUNDED,
     52,
     INF,
     INF,
     "no end"},
    {"a capped one",
     {[CHANNEL] = "delivery: {exponential: {mean: 2s}, cap: 8s}"},
     RS_VERDICT_PROVED,
     52,
     157,
     157,
     "delivery"},
    {"done wrongly, again and again",
     {[ROLE] = "    error_probability: 1%\n    notice: {constant: 1s}\n"},
     RS_VERDICT_UNBOUNDED,
     54,
     INF,
     INF,
     "wrong"},
    {"overlooked for good",
     {[ACTIONS] = "{set: NEW, to: off}, {purge: cache, overlooked: 1%}"},
     RS_VERDICT_UNBOUNDED,
     52,
     INF,
     INF,
     "overlooked"},
    {"given up",
     {[ACTIONS] = "{set: NEW, to: off, fails: 1%, max_attempts: 3}"},
     RS_VERDICT_UNBOUNDED,
     52,
     INF,
     INF,
     "given up"},
    {"a check is tried so often and left",
     {[ACTIONS] = "{set: NEW, to: off, takes: 1s}, {check: H, service: web, cohort: all, requests: "
                  "3, max_failures: 0, takes: 20s, max_attempts: 3}"},
     RS_VERDICT_PROVED,
     30 + 2 + 10 + 5 + 1 + 20,
     30 + 8 + 55 + 30 + 1 + 60,
     30 + 8 + 55 + 30 + 1 + 60,
     "3 tries"},
    {"what does not block does not count",
     {[ACTIONS] = "{set: NEW, to: off}, {purge: cache, takes: 1h, blocking: false}"},
     RS_VERDICT_PROVED,
     52,
     157,
     157,
     "polls"},
    {"half of the instances",
     {[CLAIM] = "from: commanded, to: effective_p50, within: 30s"},
     RS_VERDICT_PROVED,
     1,
     12,
     22,
     "2 of 4"},
    {"all of the instances",
     {[CLAIM] = "from: commanded, to: effective, within: 30s"},
     RS_VERDICT_PROVED,
     1,
     22,
     22,
     "4 of 4"},
    {"a flag that nothing uses",
     {[ACTIONS] = "{set: IDLE, to: off}", [CLAIM] = "from: commanded, to: effective, within: 9s"},
     RS_VERDICT_REFUTED,
     0,
     10,
     10,
     "1 of 1"},
    {"half-open streams",
     {[FLAG] = "streaming: {delay: {uniform: {min: 1s, max: 2s}}, half_open_ratio: 1%, "
               "half_open_delay: {uniform: {min: 0s, max: 5m}}}",
      [CLAIM] = "from: commanded, to: effective, within: 5m"},
     RS_VERDICT_PROVED,
     0,
     300,
     300,
     "half-open"},
    {"from the condition on",
     {[CLAIM] = "from: condition, to: detected, within: 45s"},
     RS_VERDICT_PROVED,
     0,
     30,
     45,
     "scrape"},
    {"a lost scrape",
     {[SCRAPE] = "every: 15s, loss: 1%", [CLAIM] = "from: condition, to: detected, within: 1h"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "lost"},
    {"a late scrape",
     {[SCRAPE] = "every: 15s, late: 1%, late_by: 10s",
      [CLAIM] = "from: condition, to: detected, within: 1h"},
     RS_VERDICT_PROVED,
     0,
     40,
     55,
     "late"},
    {"from the onset nothing is sure",
     {[CLAIM] = "from: onset, to: detected, within: 1h"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "random"},
    {"nor when it recovers",
     {[CLAIM] = "from: completed, to: recovered, within: 1h"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "random"},
    {"automation is at it at once",
     {[AUTOMATION] = "  automation: [{name: robot, alert: A, procedure: back, delay: {uniform: "
                     "{min: 1s, max: 3s}}}]\n"},
     RS_VERDICT_PROVED,
     4,
     25,
     25,
     "robot"},
    {"and acknowledges nothing",
     {[AUTOMATION] = "  automation: [{name: robot, alert: A, procedure: back, delay: {uniform: "
                     "{min: 1s, max: 3s}}}]\n",
      [CLAIM] = "from: detected, to: acknowledged, within: 1h"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "never happens"},
    {"automation by another alert takes over",
     {[PROCEDURE] = "alerts: [A], by: sre",
      [RULES] = "      - {alert: B, expr: 'sum(http_requests_total) > 99'}\n",
      [AUTOMATION] =
          "  automation: [{name: robot, alert: B, procedure: back, delay: {constant: 1h}}]\n",
      [CLAIM] = "from: detected, to: commanded, within: 10m"},
     RS_VERDICT_REFUTED,
     51,
     3693,
     3693,
     "robot"},
    {"looks while the stage is watched",
     {[STAGE] = ", watched: [back]",
      [CLAIM] = "from: condition, to: detected, within: 6m, by: look"},
     RS_VERDICT_PROVED,
     0,
     315,
     315,
     "look"},
    {"the alert alone",
     {[STAGE] = ", watched: [back]",
      [CLAIM] = "from: condition, to: detected, within: 45s, by: [alert]"},
     RS_VERDICT_PROVED,
     0,
     30,
     45,
     "evaluation"},
    {"a continuous gate",
     {[STAGE] = ", gates: [{name: g, fail_if: 'sum(http_requests_total) > 9', when: continuous, "
                "then: rollback, procedure: back}]",
      [CLAIM] = "from: condition, to: commanded, within: 1m, by: gate"},
     RS_VERDICT_PROVED,
     0,
     45,
     45,
     "gate"},
    {"a continuous gate that wants three evaluations in a row",
     {[STAGE] = ", gates: [{name: g, fail_if: 'sum(http_requests_total) > 9', when: continuous, "
                "in_a_row: 3, then: rollback, procedure: back}]",
      [CLAIM] = "from: condition, to: commanded, within: 1m, by: gate"},
     RS_VERDICT_REFUTED,
     60,
     105,
     105,
     "gate"},
    {"a gate that wants more evaluations than its watch has",
     {[STAGE] = ", gates: [{name: g, fail_if: 'sum(http_requests_total) > 9', when: continuous, "
                "in_a_row: 9999, then: rollback, procedure: back}]",
      [CLAIM] = "from: condition, to: commanded, within: 1m, by: gate"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "9999 reads in a row"},
    {"looks of which two in a row are wanted",
     {[STAGE] = ", gates: [{name: g, fail_if: 'sum(http_requests_total) > 9', in_a_row: 2, "
                "then: rollback, procedure: back}]",
      [CLAIM] = "from: condition, to: detected, within: 11m, by: look"},
     RS_VERDICT_PROVED,
     300,
     615,
     615,
     "look"},
    {"nobody looks",
     {[CLAIM] = "from: condition, to: detected, within: 1h, by: look"},
     RS_VERDICT_UNBOUNDED,
     0,
     INF,
     INF,
     "nobody"},
    {"a silence",
     {[MONITORING] = "  silences: [{matchers: [alertname=A], from: 10m, until: 25m}]\n",
      [CLAIM] = "from: detected, to: notified, within: 21m"},
     RS_VERDICT_PROVED,
     2,
     1208,
     1208,
     "silent"},
    {"a silence for good",
     {[MONITORING] = "  silences: [{matchers: [alertname=~\"A|B\"], until: 365d}]\n",
      [CLAIM] = "from: detected, to: notified, within: 20m"},
     RS_VERDICT_UNDECIDED,
     2,
     -1,
     -1,
     "silent"},
    {"one that is for others",
     {[MONITORING] = "  silences: [{matchers: [alertname=B], until: 365d}]\n",
      [CLAIM] = "from: detected, to: notified, within: 38s"},
     RS_VERDICT_PROVED,
     32,
     38,
     38,
     "group_wait"},
    {"an older release keeps empty groups",
     {[MONITORING] = "  alertmanager_version: 0.28\n",
      [CLAIM] = "from: detected, to: notified, within: 1m"},
     RS_VERDICT_UNDECIDED,
     2,
     308,
     308,
     "swept"},
};

START_TEST(test_row)
{
    const struct row *r = &rows[_i];
    struct scenario *sc = plan_of(r->part);
    struct arena *arena = rs_arena_new();
    struct verdict v = rs_bound_decide(arena, sc, &sc->claim[0]);
    bool named = false;
    for (int i = 0; i < v.n_step; i++) {
        ck_assert_ptr_nonnull(v.step[i].text);
        named = named || strstr(v.step[i].text, r->leg);
    }
    if (v.kind != r->kind || !named ||
        fabs(fmin(v.best_phase_low_s, v.worst_phase_low_s) - r->low) > 1e-6) {
        for (int i = 0; i < v.n_step; i++)
            fprintf(stderr, "%s: %g .. %g\n", v.step[i].text, v.step[i].low_s, v.step[i].high_s);
    }
    ck_assert_msg(v.kind == r->kind, "%s: %s", r->words, rs_verdict_name(v.kind));
    ck_assert_msg(named, "%s: no step says \"%s\"", r->words, r->leg);
    ck_assert_msg(fabs(fmin(v.best_phase_low_s, v.worst_phase_low_s) - r->low) < 1e-6,
                  "%s: from %g s", r->words, v.best_phase_low_s);
    if (r->worst >= 0.0) {
        ck_assert_msg(v.best_phase_high_s == r->best || fabs(v.best_phase_high_s - r->best) < 1e-6,
                      "%s: at best %g s", r->words, v.best_phase_high_s);
        ck_assert_msg(v.worst_phase_high_s == r->worst ||
                          fabs(v.worst_phase_high_s - r->worst) < 1e-6,
                      "%s: at worst %g s", r->words, v.worst_phase_high_s);
        ck_assert(isinf(r->worst) ||
                  fabs(v.margin_s - (sc->claim[0].within / 1e9 - r->worst)) < 1e-6);
    }
    ck_assert_int_eq(v.reason, v.kind == RS_VERDICT_UNDECIDED ? RS_OPEN_LOOSE : RS_OPEN_NONE);
    ck_assert_int_eq(v.engine, RS_ENGINE_BOUND);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* A leg that starts where no history ever comes says nothing. */
START_TEST(test_no_start)
{
    static const char *const part[N_PART] = {
        [AUTOMATION] =
            "  automation: [{name: robot, alert: A, procedure: back, delay: {constant: 1s}}]\n",
        [CLAIM] = "from: acknowledged, to: completed, within: 1h"};
    struct scenario *sc = plan_of(part);
    struct arena *arena = rs_arena_new();
    struct verdict v = rs_bound_decide(arena, sc, &sc->claim[0]);
    ck_assert_int_eq(v.kind, RS_VERDICT_UNDECIDED);
    ck_assert_int_eq(v.reason, RS_OPEN_NOT_APPLICABLE);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* Histories of the rows keep to them too, and the unhurried ones come near. */
START_TEST(test_rows_keep)
{
    struct scenario *sc = plan_of(rows[_i].part);
    struct keeping k = {0};
    run_and_keep(sc, 3, 3, rows[_i].words, &k);
    ck_assert_uint_eq(k.n_over, 0);
    ck_assert_uint_eq(k.n_under, 0);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bounds of claims");
    TCase *tc = tcase_create("bounds of claims");
    tcase_add_loop_test(tc, test_row, 0, N(rows));
    tcase_add_loop_test(tc, test_rows_keep, 0, N(rows));
    tcase_add_test(tc, test_no_start);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
