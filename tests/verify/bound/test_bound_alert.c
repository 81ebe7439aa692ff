/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the true condition to the alert that fires, against brute force over all phases on a grid of 1 s: once by an enumerator of
 * its own, once by the real rule machine over real series, and Alertmanager's groups by the real machine.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/alertmanager.h"
#include "models/rules.h"
#include "random_scenario.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* The first six are those of the reference, with what it measured; 0 = not in it. */
static const struct {
    int s, e, wait, group_wait;
    int worst, best;
} rows[] = {
    {15, 60, 60, 30, 135, 120}, {15, 60, 90, 30, 195, 180},  {60, 15, 50, 30, 135, 120},
    {20, 15, 40, 30, 80, 75},   {15, 30, 100, 30, 165, 150}, {60, 60, 300, 30, 420, 360},
    {15, 15, 0, 30, 0, 0},      {15, 15, 1, 10, 0, 0},       {15, 15, 15, 0, 0, 0},
    {15, 15, 16, 30, 0, 0},     {10, 15, 0, 30, 0, 0},       {10, 15, 40, 5, 0, 0},
    {10, 60, 0, 30, 0, 0},      {10, 60, 59, 30, 0, 0},      {10, 60, 61, 30, 0, 0},
    {30, 60, 0, 30, 0, 0},      {30, 60, 120, 10, 0, 0},     {30, 30, 45, 30, 0, 0},
    {7, 5, 3, 30, 0, 0},        {7, 5, 12, 30, 0, 0},        {5, 7, 3, 30, 0, 0},
    {5, 7, 21, 1, 0, 0},        {12, 18, 40, 30, 0, 0},      {18, 12, 40, 30, 0, 0},
    {60, 15, 0, 30, 0, 0},      {60, 15, 15, 60, 0, 0},      {60, 20, 70, 30, 0, 0},
    {45, 60, 30, 30, 0, 0},     {45, 30, 100, 30, 0, 0},     {20, 30, 0, 0, 0, 0},
    {20, 30, 31, 30, 0, 0},     {1, 60, 60, 30, 0, 0},       {60, 1, 0, 30, 0, 0},
    {13, 11, 17, 30, 0, 0},     {24, 36, 90, 30, 0, 0},      {30, 20, 20, 45, 0, 0},
};

static struct scenario *plan(int s, int e, int wait, int group_wait)
{
    char yaml[4096], rules[1024], am[512];
    snprintf(
        yaml, sizeof yaml,
        "rollsim: 1\nname: r\nstarts_at: 2025-01-06T00:00:00Z\nhorizon: 90m\n"
        "cohorts: [{name: all, population: 100}]\n"
        "flags: [{name: NEW, default: on, safe: off, propagation: {polling: {every: 15s}}}]\n"
        "services:\n  - name: web\n    instances: 1\n    scrape: {every: %ds}\n"
        "    metrics: {requests: http_requests_total}\n"
        "    paths: [{name: new, when: [NEW], latency: {constant: 10ms}}, {name: old, latency: "
        "{constant: 10ms}}]\n"
        "traffic: [{service: web, cohort: all, profile: {constant: {per_s: 1}}}]\n"
        "monitoring:\n  evaluation_interval: 60s\n  rules: [rules.yml]\n  alertmanager: am.yml\n"
        "  channels: [{name: pager, receiver: pager, delivery: {constant: 0s}}]\n"
        "roles:\n  - {name: sre, title: S, attends: [{channel: pager, sees: 100%%, off_hours: "
        "true}],"
        " acknowledge: {constant: 1s}, decide: {constant: 1s}, act: {constant: 1s}}\n"
        "runbook:\n  stages: [{name: only, title: O, by: sre, watch: 10m}]\n"
        "  procedures: [{name: back, title: B, alerts: [A], by: sre, actions: [{set: NEW, to: "
        "off}]}]\n",
        s);
    snprintf(rules, sizeof rules,
             "groups:\n  - name: g\n    interval: %ds\n    rules:\n"
             "      - {alert: A, expr: 'sum(http_requests_total) > 0', for: %ds}\n",
             e, wait);
    snprintf(
        am, sizeof am,
        "route: {receiver: pager, group_by: [alertname], group_wait: %ds, group_interval: 5m}\n"
        "receivers: [{name: pager}]\n",
        group_wait);
    return text_scenario(yaml, rules, am);
}

/* t0: true from just behind it on. tie: an evaluation at the instant of a scrape runs before it and misses it. */
static int enumerate(int s, int e, int wait, int scrape_at, int evaluate_at, int t0, bool tie)
{
    int scrape = scrape_at, active = evaluate_at, fire;
    while (scrape <= t0)
        scrape += s;
    while (active < scrape || (tie && active == scrape))
        active += e;
    for (fire = active; fire - active < wait; fire += e) {
    }
    return fire - t0;
}

static int brute_sup(int s, int e, int wait, int at, bool tie)
{
    int sup = 0;
    for (int t0 = 0; t0 < s * e; t0++) {
        int t = enumerate(s, e, wait, 0, at, t0, tie);
        sup = t > sup ? t : sup;
    }
    return sup;
}

static struct bound bound_of(const struct scenario *sc,
                             struct arena *arena,
                             bool condition,
                             enum clock_mark from,
                             enum clock_mark to)
{
    struct bound_query q = {
        .from = from, .to = to, .from_condition = condition, .detected_by = 1U << RS_BY_ALERT};
    struct bound b;
    rs_bound_chain(arena, sc, &q, &b);
    return b;
}

START_TEST(test_phases)
{
    int s = rows[_i].s, e = rows[_i].e, wait = rows[_i].wait, worst = 0, best = 1 << 30;
    struct scenario *sc = plan(s, e, wait, rows[_i].group_wait);
    struct arena *arena = rs_arena_new();
    struct bound b = bound_of(sc, arena, true, RS_CLOCK_ONSET, RS_CLOCK_DETECTED);
    for (int at = 0; at < e; at++) { /* only the one phase against the other matters */
        int high = brute_sup(s, e, wait, at, true), low = brute_sup(s, e, wait, at, false);
        worst = high > worst ? high : worst;
        best = low < best ? low : best;
    }
    ck_assert_double_eq(b.worst_phase_high_s, worst);
    ck_assert_double_eq(b.best_phase_high_s, best);
    ck_assert(b.exact);
    ck_assert_int_eq(b.unbounded_leg, -1);
    if (rows[_i].worst > 0) {
        ck_assert_int_eq(worst, rows[_i].worst);
        ck_assert_int_eq(best, rows[_i].best);
    }
    /* And on through a new group. */
    b = bound_of(sc, arena, true, RS_CLOCK_ONSET, RS_CLOCK_NOTIFIED);
    ck_assert_double_eq(b.worst_phase_high_s, worst + rows[_i].group_wait);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* ---- the real rule machine ------------------------------------------------------------------- */

static void note_firing(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    int64_t *at_ms = ctx;
    (void)from;
    if (a->state == RS_ALERT_FIRING)
        *at_ms = t_ms;
}

struct bench {
    struct label_table *labels;
    struct tsdb *db;
    struct rule_runner *runner;
    int series;
};

/* The condition is true for samples behind t0; a base keeps the first samples away from 0. */
static int real(struct bench *x, int s, int e, int at, int t0)
{
    const int base = 2 * s + 2 * e;
    int64_t fired_ms = -1;
    const struct rule_sink sink = {.ctx = &fired_ms, .changed = note_firing};
    rs_tsdb_reset(x->db);
    rs_rule_runner_reset(x->runner);
    for (int t = 0; fired_ms < 0; t++) {
        if (t % s == 0)
            rs_tsdb_append(x->db, x->series, (int64_t)t * 1000, t > base + t0 ? 1.0 : 0.0);
        if ((t + e - at % e) % e == 0)
            rs_rule_runner_eval(x->runner, (int64_t)t * 1000, &sink);
    }
    return (int)(fired_ms / 1000) - base - t0;
}

START_TEST(test_rule_machine)
{
    int s = rows[_i].s, e = rows[_i].e, wait = rows[_i].wait, step = s * e > 400 ? 7 : 1;
    struct scenario *sc = plan(s, e, wait, 30);
    struct bench x = {.labels = rs_label_table_new()};
    const struct label name = {"__name__", "http_requests_total"};
    struct rule_runner_options opt = rs_rule_runner_options_default();
    opt.interval_ms = (int64_t)e * 1000;
    x.db = rs_tsdb_new(x.labels);
    x.series = rs_tsdb_series(x.db, rs_labels_intern(x.labels, 1, &name));
    x.runner = rs_rule_runner_new(&sc->monitoring.rule_file[0]->group[0], x.db, &opt);
    rs_tsdb_seal(x.db);
    for (int at = 0; at < e; at += step) {
        for (int t0 = 0; t0 < s * 2; t0++) {
            int got = real(&x, s, e, at, t0);
            int base = 2 * s + 2 * e;
            ck_assert_int_eq(got, enumerate(s, e, wait, 0, at, base + t0, false));
        }
    }
    rs_rule_runner_free(x.runner);
    rs_tsdb_free(x.db);
    rs_label_table_free(x.labels);
    rs_scenario_free(sc);
}
END_TEST

/* ---- the real Alertmanager ------------------------------------------------------------------- */

static void note_told(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    int64_t *at = ctx;
    for (int i = 0; i < n->n_firing; i++) {
        if (n->firing[i] == (rs_labels)at[1] && at[0] < 0)
            at[0] = now_ns;
    }
}

/* Alert B comes at 0, A `later` seconds behind; how long A waits. */
static double group_wait(const struct am_config *config, int peer, int later)
{
    struct label_table *labels = rs_label_table_new();
    const struct label a[] = {{"alertname", "A"}, {"team", "x"}},
                       b[] = {{"alertname", "B"}, {"team", "x"}};
    struct am_settings settings = rs_am_settings_default();
    settings.peer = peer;
    struct alertmanager *am = rs_am_new(config, &settings, labels);
    int64_t told[2] = {-1, rs_labels_intern(labels, 2, a)};
    int64_t end = 3600 * RS_NS_PER_S;
    rs_am_post(am, 0, rs_labels_intern(labels, 2, b), 0, end);
    bool posted = false;
    while (told[0] < 0) {
        int64_t next = rs_am_next(am);
        if (!posted && next > later * RS_NS_PER_S) {
            rs_am_post(am, later * RS_NS_PER_S, (rs_labels)told[1], later * RS_NS_PER_S, end);
            posted = true;
            continue;
        }
        rs_am_tick(am, next, note_told, told);
    }
    rs_am_free(am);
    rs_label_table_free(labels);
    return rs_s_from_ns(told[0]) - later;
}

static const struct {
    const char *words, *group_by;
    int wait, interval, peer;
    double worst;
    bool live;
} groups[] = {
    {"a group of its own", "[alertname]", 30, 300, 0, 30, false},
    {"another alert in the group", "[team]", 30, 300, 0, 300, true},
    {"no labels at all", "[]", 30, 60, 0, 60, true},
    {"waits longer than its interval", "[team]", 90, 60, 0, 90, true},
    {"the second peer", "[team]", 30, 300, 1, 315, true},
    {"the third peer, a quick group", "[team]", 10, 20, 2, 60, true},
};

START_TEST(test_groups)
{
    char rules[512], am[512];
    struct scenario *base = plan(15, 15, 0, 30);
    char *yaml = rs_xcalloc(1, strlen(base->text) + 64),
         *at = strstr(base->text, "  evaluation_interval");
    snprintf(yaml, strlen(base->text) + 64, "%.*s  alertmanager_peer: %d\n%s",
             (int)(at - base->text), base->text, groups[_i].peer, at);
    snprintf(rules, sizeof rules,
             "groups:\n  - name: g\n    interval: 15s\n    rules:\n"
             "      - {alert: A, expr: 'sum(http_requests_total) > 0', labels: {team: x}}\n"
             "      - {alert: B, expr: 'sum(http_requests_total) > 1', labels: {team: x}}\n");
    snprintf(am, sizeof am,
             "route: {receiver: pager, group_by: %s, group_wait: %ds, group_interval: "
             "%ds}\nreceivers: [{name: pager}]\n",
             groups[_i].group_by, groups[_i].wait, groups[_i].interval);
    struct scenario *sc = text_scenario(yaml, rules, am);
    struct arena *arena = rs_arena_new();
    struct bound b = bound_of(sc, arena, false, RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED);
    double longest = 0.0;
    for (int later = 0; later < 900; later++) /* +1: just behind a tick is a whole interval away */
        longest = fmax(longest, group_wait(sc->monitoring.alertmanager, groups[_i].peer, later));
    ck_assert_double_eq(b.worst_phase_high_s, groups[_i].worst);
    /* On the grid the next tick is at most interval - 1 s away, or a whole one for who comes at the tick itself. */
    ck_assert_double_le(longest, b.worst_phase_high_s);
    ck_assert_double_ge(longest, b.worst_phase_high_s - 1.0);
    rs_arena_free(arena);
    rs_scenario_free(sc);
    rs_scenario_free(base);
    free(yaml);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bounds of alerts");
    TCase *tc = tcase_create("bounds of alerts");
    tcase_add_loop_test(tc, test_phases, 0, N(rows));
    tcase_add_loop_test(tc, test_rule_machine, 0, N(rows));
    tcase_add_loop_test(tc, test_groups, 0, N(groups));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
