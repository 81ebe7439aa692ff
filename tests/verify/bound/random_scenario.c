/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "random_scenario.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* ---- files ----------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    remove(path);
}

struct scenario *text_scenario(const char *yaml, const char *rules, const char *am)
{
    char folder[] = "/tmp/rollsim-bound-XXXXXX", path[64];
    struct err_list errors;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file(folder, "s.yaml", yaml);
    write_file(folder, "rules.yml", rules ? rules : "groups: []\n");
    write_file(folder, "am.yml", am ? am : "");
    snprintf(path, sizeof path, "%s/s.yaml", folder);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    if (!sc) {
        rs_err_list_print(&errors, stderr);
        fprintf(stderr, "%s\n%s\n%s\n", yaml, rules ? rules : "", am ? am : "");
    }
    rs_err_list_clear(&errors);
    remove_file(folder, "s.yaml");
    remove_file(folder, "rules.yml");
    remove_file(folder, "am.yml");
    rmdir(folder);
    ck_assert_ptr_nonnull(sc);
    return sc;
}

/* ---- the generator --------------------------------------------------------------------------- */

struct text { /* grows; owned */
    char *at;
    size_t n, cap;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    if (t->cap - t->n < 1024) {
        t->cap = t->cap ? 2 * t->cap : 4096;
        t->at = rs_xrealloc(t->at, t->cap);
    }
    va_start(ap, fmt);
    t->n += (size_t)vsnprintf(t->at + t->n, t->cap - t->n, fmt, ap);
    va_end(ap);
    ck_assert_uint_lt(t->n, t->cap);
}

struct dice {
    uint64_t state;
};

/* splitmix64. Source: Steele, Lea, Flood, OOPSLA 2014. */
static uint64_t next(struct dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int below(struct dice *d, int n)
{
    return (int)(next(d) % (uint64_t)n);
}

static bool with(struct dice *d, int percent)
{
    return below(d, 100) < percent;
}

static int one_of(struct dice *d, const int *list, int n)
{
    return list[below(d, n)];
}

/* A time: constant, uniform, or with a cap, now and then without one. */
static void put_time(struct text *t, struct dice *d, int scale_s)
{
    int a = below(d, scale_s + 1), b = a + 1 + below(d, scale_s + 1);
    switch (below(d, 5)) {
    case 0: put(t, "{constant: %ds}", a); return;
    case 1: put(t, "{uniform: {min: %ds, max: %ds}}", a, b); return;
    case 2: put(t, "{triangular: {min: %ds, mode: %ds, max: %ds}}", a, a, b); return;
    case 3:
        if (with(d, 15))
            put(t, "{exponential: {mean: %ds}}", b);
        else
            put(t, "{exponential: {mean: %ds}, cap: %ds}", b, 2 * b);
        return;
    case 4: put(t, "{lognormal: {median: %ds, p95: %ds}, cap: %ds}", b, 3 * b, 5 * b); return;
    default: return;
    }
}

static const int scrapes[] = {5, 10, 15, 20, 30, 60}, evaluations[] = {10, 15, 30, 60};
static const int waits[] = {0, 10, 20, 45, 60, 90};

struct shape { /* what the parts have to agree upon */
    bool two_alerts, automation, second_channel, recorded, per_instance, lookers;
};

static void put_system(struct text *t, struct dice *d)
{
    put(t,
        "rollsim: 1\nname: r\nstarts_at: 2025-01-06T0%d:30:00Z\nhorizon: 90m\ntail: 5m\nworlds: 0\n"
        "cohorts:\n  - {name: all, population: 100}\ncomponents:\n  - {name: cache}\nflags:\n",
        below(d, 10));
    for (int i = 0; i < 2; i++) {
        put(t, "  - name: F%d\n    default: on\n    safe: off\n    propagation: ", i);
        if (with(d, 60)) {
            put(t, "{polling: {every: %ds, delay: ", 5 + below(d, 40));
            put_time(t, d, 3);
            put(t, "}}\n");
        } else {
            put(t, "{streaming: {delay: ");
            put_time(t, d, 4);
            if (with(d, 50)) {
                put(t, ", half_open_ratio: 20%%, half_open_delay: ");
                put_time(t, d, 60);
            }
            put(t, "}}\n");
        }
    }
    put(t, "services:\n  - name: web\n    instances: %d\n    scrape: {every: %ds", 1 + below(d, 4),
        one_of(d, scrapes, 6));
    if (with(d, 20))
        put(t, ", loss: 2%%");
    if (with(d, 20))
        put(t, ", late: 10%%, late_by: %ds", 1 + below(d, 20));
    put(t,
        "}\n    metrics: {requests: http_requests_total}\n    paths:\n"
        "      - {name: new, when: [F0], latency: {constant: 10ms}}\n"
        "      - {name: next, when: [F1], latency: {constant: 10ms}}\n"
        "      - {name: old, latency: {constant: 10ms}}\n"
        "traffic:\n  - {service: web, cohort: all, profile: {constant: {per_s: %d}}}\n",
        2 + below(d, 40));
    put(t,
        "faults:\n  - name: outage\n    title: x\n    probability: 50%%\n"
        "    on: {service: web, path: new}\n"
        "    onset: {at: %dm, delay: {uniform: {min: 0s, max: 10m}}}\n"
        "    effect: {errors: {500: %d%%}}\n    ends: {exposure: true}\n",
        5 + below(d, 20), 5 + below(d, 60));
    if (with(d, 40))
        put(t, "    shape: {intermittent: {mean_on: %ds, mean_off: %ds}}\n", 20 + below(d, 200),
            20 + below(d, 200));
}

static void put_monitoring(struct text *t, struct dice *d, const struct shape *s)
{
    static const char *const versions[] = {"0.33", "0.33", "0.28", "0.25"};
    put(t,
        "monitoring:\n  evaluation_interval: %ds\n  rules: [rules.yml]\n  alertmanager: am.yml\n",
        one_of(d, evaluations, 4));
    put(t, "  alertmanager_version: %s\n", versions[below(d, 4)]);
    if (with(d, 20))
        put(t, "  alertmanager_peer: %d\n", 1 + below(d, 2));
    if (with(d, 25))
        put(t, "  group_offsets: hashed\n  rules_path: /etc/prometheus\n");
    if (with(d, 20))
        put(t, "  silences: [{matchers: ['alertname=\"A\"'], from: %dm, until: %dm}]\n",
            below(d, 20), 20 + below(d, 20));
    put(t, "  channels:\n    - {name: pager, receiver: pager, delivery: ");
    put_time(t, d, 20);
    put(t, "}\n");
    if (s->second_channel) {
        put(t, "    - {name: chat, receiver: %s, delivery: ", with(d, 50) ? "pager" : "chat");
        put_time(t, d, 20);
        put(t, "%s}\n", with(d, 50) ? ", silent: true" : "");
    }
}

static void put_roles(struct text *t, struct dice *d, const struct shape *s)
{
    int n = 1 + below(d, 3);
    put(t, "roles:\n");
    for (int i = 0; i < n; i++) {
        put(t, "  - name: p%d\n    title: P\n    attends: [", i);
        if (i == 0 || with(d, 60))
            put(t, "{channel: pager, sees: %d%%, off_hours: %s}", with(d, 60) ? 100 : 70,
                with(d, 70) ? "true" : "false");
        else
            put(t, "{channel: %s, sees: 100%%, off_hours: true}",
                s->second_channel ? "chat" : "pager");
        if (i == 0 && s->second_channel)
            put(t, ", {channel: chat, sees: %d%%, off_hours: %s}", with(d, 50) ? 100 : 60,
                with(d, 50) ? "true" : "false");
        put(t, "]\n    acknowledge: ");
        put_time(t, d, 120);
        put(t, "\n    decide: ");
        put_time(t, d, 60);
        put(t, "\n    act: ");
        put_time(t, d, 30);
        put(t, "\n");
        if (with(d, 20))
            put(t, "    error_probability: 10%%\n    notice: {constant: 20s}\n");
        if (with(d, 25))
            put(t,
                "    hours: {from: \"04:00\", until: \"0%d:00\", days: [mon, tue, wed, thu, fri, "
                "sat, sun]}\n",
                5 + below(d, 4));
        if (i + 1 < n)
            put(t, "    escalates_to: p%d\n    escalates_after: %ds\n", i + 1, 30 + below(d, 200));
    }
}

static void put_action(struct text *t, struct dice *d, const char *what, bool is_flag)
{
    put(t, "        - {%s", what);
    if (with(d, 50)) {
        put(t, ", takes: ");
        put_time(t, d, 20);
    }
    if (with(d, 15))
        put(t, ", fails: 20%%, max_attempts: %d", 1 + below(d, 3));
    if (with(d, 10))
        put(t, ", overlooked: 10%%");
    if (!is_flag && with(d, 20))
        put(t, ", blocking: false");
    put(t, "}\n");
}

static const char trigger[] = "sum(rate(http_requests_total{code=\"500\"}[1m])) > 0.2";

static void put_runbook(struct text *t, struct dice *d, const struct shape *s)
{
    put(t,
        "runbook:\n  stages:\n    - name: only\n      title: Only\n      by: p0\n"
        "      actions:\n        - {check: Smoke, service: web, cohort: all, requests: 20,"
        " max_failures: %d, takes: %dm}\n      watch: 60m\n",
        below(d, 3), 1 + below(d, 12));
    if (s->lookers) {
        put(t,
            "      check_fails: {then: rollback, procedure: back}\n      look_every: %dm\n"
            "      watched: [back]\n      gates:\n"
            "        - {name: g, fail_if: '%s', when: %s, then: rollback, procedure: back}\n",
            1 + below(d, 10), trigger,
            with(d, 40)   ? "looks"
            : with(d, 50) ? "end"
                          : "continuous");
        if (with(d, 50))
            put(t,
                "      on_hold: {look_again: 2m, at_most: 10m, then: rollback, procedure: back}\n");
    } else {
        put(t, "      check_fails: {then: promote}\n");
    }
    put(t,
        "  procedures:\n    - name: back\n      title: Back\n      trigger: '%s'\n      by: p0\n"
        "      alerts: [A%s]\n      sla: 5m\n      actions:\n",
        trigger, s->two_alerts ? ", B" : "");
    if (with(d, 40))
        put_action(t, d, "document: Look", false);
    put_action(t, d, "set: F0, to: off", true);
    if (with(d, 40))
        put_action(t, d, "purge: cache", false);
    if (with(d, 40))
        put_action(t, d, "check: Health, service: web, cohort: all, requests: 5, max_failures: 0",
                   false);
    if (with(d, 30))
        put_action(t, d, "set: F1, to: off", true);
    put(t,
        "    - {name: other, title: Other, by: p0, alerts: [C], actions: [{set: F%d, to: off}]}\n",
        below(d, 2));
    if (s->automation) {
        put(t, "  automation:\n    - {name: robot, alert: %s, procedure: back, delay: ",
            s->two_alerts && with(d, 50) ? "B" : "A");
        put_time(t, d, 40);
        put(t, "}\n");
    }
}

static void put_rules(struct text *t, struct dice *d, const struct shape *s)
{
    const char *errors =
        s->recorded ? "job:errors" : "sum(rate(http_requests_total{code=\"500\"}[1m]))";
    put(t, "groups:\n");
    if (s->recorded)
        put(t,
            "  - name: rec\n    interval: %ds\n    rules:\n"
            "      - {record: 'job:errors', expr: "
            "'sum(rate(http_requests_total{code=\"500\"}[1m]))'}\n",
            one_of(d, evaluations, 4));
    put(t, "  - name: g\n    interval: %ds\n", one_of(d, evaluations, 4));
    if (with(d, 30))
        put(t, "    query_offset: %ds\n", 1 + below(d, 20));
    put(t, "    rules:\n");
    if (s->per_instance)
        put(t,
            "      - {alert: A, expr: 'rate(http_requests_total{code=\"500\"}[1m]) > 0.1', for: "
            "%ds, labels: {team: x}}\n",
            one_of(d, waits, 6));
    else
        put(t, "      - {alert: A, expr: '%s > 0.1', for: %ds, labels: {team: x}}\n", errors,
            one_of(d, waits, 6));
    put(t, "      - {alert: B, expr: '%s > 0.3', for: %ds, labels: {team: %s}}\n", errors,
        one_of(d, waits, 6), with(d, 50) ? "x" : "y");
    put(t, "      - {alert: C, expr: '%s > 0.05', for: %ds, labels: {team: x}}\n", errors,
        one_of(d, waits, 6));
}

static void put_alertmanager(struct text *t, struct dice *d, const struct shape *s)
{
    static const char *const keys[] = {"[alertname]", "[team]", "[]", "['...']", "[instance]"};
    static const int group_wait[] = {0, 10, 30, 75}, interval[] = {60, 120, 300};
    put(t, "route:\n  receiver: pager\n  group_by: %s\n  group_wait: %ds\n  group_interval: %ds\n",
        keys[below(d, 5)], one_of(d, group_wait, 4), one_of(d, interval, 3));
    if (s->second_channel)
        put(t,
            "  routes:\n    - {receiver: chat, matchers: ['%s'], continue: %s, group_wait: %ds}\n",
            with(d, 50) ? "team=\"x\"" : "instance=\"web-0\"", with(d, 70) ? "true" : "false",
            below(d, 30));
    if (with(d, 15))
        put(t, "inhibit_rules:\n  - {source_matchers: ['alertname=\"C\"'], target_matchers: "
               "['alertname=\"A\"']}\n");
    put(t, "receivers:\n  - name: pager\n  - name: chat\n");
}

struct scenario *random_scenario(uint64_t number)
{
    struct dice d = {number * 7919 + 17};
    struct shape s = {with(&d, 30), with(&d, 25), with(&d, 35),
                      with(&d, 30), with(&d, 25), with(&d, 50)};
    struct text yaml = {0}, rules = {0}, am = {0};
    s.recorded = s.recorded && !s.per_instance;
    put_system(&yaml, &d);
    put_monitoring(&yaml, &d, &s);
    put_roles(&yaml, &d, &s);
    put_runbook(&yaml, &d, &s);
    put_rules(&rules, &d, &s);
    put_alertmanager(&am, &d, &s);
    struct scenario *sc = text_scenario(yaml.at, rules.at, am.at);
    free(yaml.at);
    free(rules.at);
    free(am.at);
    return sc;
}

/* ---- histories against bounds ---------------------------------------------------------------- */

/* The clock is in ns, evaluations are in ms: what is closer than this is equal. */
#define GRAIN_S 1.5e-3

static void look(const struct bound *b,
                 const struct bound_query *q,
                 double s,
                 const char *name,
                 struct keeping *k)
{
    k->n_leg++;
    if (isfinite(b->worst_phase_high_s)) {
        k->n_finite++;
        if (b->worst_phase_high_s > 0.0 && s > k->closest * b->worst_phase_high_s)
            k->closest = s / b->worst_phase_high_s;
    }
    bool over = s > b->worst_phase_high_s + GRAIN_S;
    bool under = s < fmin(b->best_phase_low_s, b->worst_phase_low_s) - GRAIN_S;
    k->n_over += over;
    k->n_under += under;
    if (over || under) {
        fprintf(stderr, "%s: %s -> %s (by %u) took %.3f s, bound %.3f .. %.3f s\n", name,
                rs_clock_name(q->from), rs_clock_name(q->to), q->detected_by, s,
                fmin(b->best_phase_low_s, b->worst_phase_low_s), b->worst_phase_high_s);
        for (int i = 0; i < b->n_leg; i++)
            fprintf(stderr, "    %s: %s: %.3f .. %.3f\n", b->leg[i].name, b->leg[i].why,
                    b->leg[i].low_s, b->leg[i].worst_phase_s);
    }
}

/* A leg that did not end: it may be cut by the end of the history, else its bound must have none. */
static double open_s(const struct history *h, const struct episode *e, const struct bound_query *q)
{
    if (e->gave_up && q->to == RS_CLOCK_COMPLETED)
        return INFINITY;
    return rs_s_from_ns(h->sim_ns - e->at_ns[q->from]);
}

/* Bounds that have been asked for, by procedure, way and marks. */
struct book {
    struct arena *arena;
    const struct bound **of; /* [n_procedure][4][N][N] */
};

static const struct bound *
bound_in(const struct book *book, const struct scenario *sc, const struct bound_query *q, int by)
{
    int at = ((q->procedure * 4 + by) * RS_CLOCK_N + (int)q->from) * RS_CLOCK_N + (int)q->to;
    if (!book->of[at]) {
        struct bound *b = RS_ARENA_ARRAY(book->arena, struct bound, 1);
        rs_bound_chain(book->arena, sc, q, b);
        book->of[at] = b;
    }
    return book->of[at];
}

static void keep_episode(const struct scenario *sc,
                         const struct history *h,
                         const struct episode *e,
                         const struct book *book,
                         const char *name,
                         struct keeping *k)
{
    for (int from = 0; from < RS_CLOCK_N; from++) {
        for (int to = from + 1; to < RS_CLOCK_N; to++) {
            struct bound_query q = {.from = (enum clock_mark)from,
                                    .to = (enum clock_mark)to,
                                    .procedure = e->procedure,
                                    .detected_by = 1U << e->by};
            if (e->at_ns[from] == RS_NEVER)
                continue;
            const struct bound *b = bound_in(book, sc, &q, (int)e->by);
            if (e->at_ns[to] != RS_NEVER) {
                int64_t ns = e->at_ns[to] - e->at_ns[from];
                look(b, &q, rs_s_from_ns(ns > 0 ? ns : 0), name, k);
            } else if (open_s(h, e, &q) > b->worst_phase_high_s + GRAIN_S) {
                look(b, &q, open_s(h, e, &q), name, k);
            }
        }
    }
}

void run_and_keep(
    const struct scenario *sc, int n, uint64_t seed, const char *name, struct keeping *k)
{
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    struct book book = {.arena = rs_arena_new()};
    int n_bound = sc->response.n_procedure * 4 * RS_CLOCK_N * RS_CLOCK_N;
    book.of = RS_ARENA_ARRAY(book.arena, const struct bound *, n_bound);
    ck_assert_ptr_nonnull(sim);
    rs_history_init(&h);
    for (int i = 0; i < n; i++) {
        struct replica_options opt = {
            .seed = seed, .replica = (uint64_t)i, .fault = i % (sc->n_fault + 1) - 1};
        char words[96];
        snprintf(words, sizeof words, "%s, replica %d", name, i);
        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        for (int e = 0; e < h.n_episode; e++)
            keep_episode(sc, &h, &h.episode[e], &book, words, k);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_arena_free(book.arena);
}
