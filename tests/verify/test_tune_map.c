/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The detection map against a closed form: a gate that counts failures sees a Poisson number of them. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/clock.h"
#include "tune/map_parts.h"

/*
 * From 1 min on a request in a hundred fails, and none before; at 10 min a gate reads the counter as it was scraped last, at most
 * 5 s ago at any phase. So the count is Poisson with mean rate * ratio * (540 s - U(0, 5 s)), and the gate sees the fault with
 * P(count > limit). The second fault has no error ratio.
 */
static const char text[] =
    "rollsim: 1\n"
    "name: count-gate\n"
    "starts_at: 2025-01-01T00:00:00Z\n"
    "horizon: 30m\n"
    "trajectory_step: 30m\n"
    "tail: 5m\n"
    "worlds: 0\n"
    "cohorts: [{name: all, population: 100}]\n"
    "flags: [{name: NEW, default: on, safe: off, propagation: {polling: {every: 15s}}}]\n"
    "services:\n"
    "  - name: web\n"
    "    instances: 1\n"
    "    scrape: {every: 5s}\n"
    "    metrics: {requests: http_requests_total}\n"
    "    paths:\n"
    "      - {name: new, when: [NEW], latency: {constant: 10ms}}\n"
    "      - {name: old, latency: {constant: 10ms}}\n"
    "traffic: [{service: web, cohort: all, profile: {constant: {per_s: 1}}}]\n"
    "faults:\n"
    "  - name: outage\n"
    "    title: Some fail\n"
    "    probability: 50%%\n"
    "    on: {service: web, path: new}\n"
    "    onset: {at: 1m}\n"
    "    effect: {errors: {500: 0.6%%, 503: 0.4%%}}\n"
    "    ends: {exposure: true}\n"
    "  - name: slow\n"
    "    title: All are slow\n"
    "    probability: 50%%\n"
    "    on: {service: web, path: new}\n"
    "    onset: {at: 1m}\n"
    "    effect: {latency: {factor: 3}}\n"
    "    ends: {exposure: true}\n"
    "monitoring: {evaluation_interval: 60s}\n"
    "roles:\n"
    "  - {name: sre, title: SRE, acknowledge: {constant: 10s}, decide: {constant: 20s}, act: "
    "{constant: 10s}}\n"
    "runbook:\n"
    "  stages:\n"
    "    - name: only\n"
    "      title: Only\n"
    "      by: sre\n"
    "      watch: 10m\n"
    "      gates:\n"
    "        - name: count\n"
    "          fail_if: sum(http_requests_total{code=~\"5..\"}) > %d\n"
    "          when: end\n"
    "          then: rollback\n"
    "          procedure: back\n"
    "  procedures:\n"
    "    - name: back\n"
    "      title: Switch back\n"
    "      by: sre\n"
    "      sla: 5m\n"
    "      actions: [{set: NEW, to: off}]\n"
    "claims:\n"
    "  - name: caught\n"
    "    says: seen in 10 min\n"
    "    probability: {from: onset, to: detected, within: 10m}\n"
    "    given: outage\n"
    "    at_least: 90%%\n"
    "  - name: slow-caught\n"
    "    says: seen in 10 min\n"
    "    probability: {from: onset, to: detected, within: 10m}\n"
    "    given: slow\n"
    "    at_least: 90%%\n";

enum { LIMIT_TODAY = 4, LIMIT_CHOSEN = 8 };

static struct scenario *load(int limit)
{
    char yaml[sizeof text + 16];
    struct err_list errors;
    rs_err_list_init(&errors);
    int n = snprintf(yaml, sizeof yaml, text, limit);
    struct scenario *sc = rs_scenario_parse(NULL, yaml, (size_t)n, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

/* Valgrind looks for errors of memory, which few histories show. */
static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

/* ---- what the search would hand over --------------------------------------------------------------------------------- */

static struct scenario *with_setting(void *ctx, const uint16_t *value, struct err_list *errors)
{
    (void)ctx, (void)errors;
    return load(value[0] == 0 ? LIMIT_TODAY : LIMIT_CHOSEN);
}

struct made {
    struct tune_source src;
    struct tune_plan plan;
    struct tune_objective objective;
    int keep[2];
    uint16_t value[2];
    struct tune_point point[2];
    struct tune_result result;
    struct scenario *today;
};

static void make(struct made *m, int chosen)
{
    memset(m, 0, sizeof *m);
    m->today = load(LIMIT_TODAY);
    m->objective = (struct tune_objective){.stat = RS_STAT_MISS, .of = m->today->claim[0]};
    m->keep[1] = 1;
    m->plan = (struct tune_plan){.n_param = 1,
                                 .n_objective = 1,
                                 .objective = &m->objective,
                                 .n_keep = 2,
                                 .keep = m->keep,
                                 .replicas = few() ? 3 : 2000,
                                 .confidence = 0.999};
    m->src = (struct tune_source){.plan = &m->plan, .today = m->today, .scenario = with_setting};
    m->value[1] = 1;
    for (int i = 0; i < 2; i++)
        m->point[i].value = &m->value[i];
    m->result = (struct tune_result){.arena = rs_arena_new(),
                                     .scenario = m->today,
                                     .plan = &m->plan,
                                     .n_point = 2,
                                     .point = m->point,
                                     .chosen = chosen};
}

static void clear(struct made *m)
{
    rs_arena_free(m->result.arena);
    rs_scenario_free(m->today);
}

static int map(struct made *m, int n_job, const atomic_bool *cancel)
{
    struct tune_search_options opt = {.seed = 11, .n_job = n_job, .cancel = cancel};
    struct err err = {0};
    int status = rs_tune_map(&m->src, &opt, &m->result, &err);
    ck_assert_msg(status == 0, "%s", err.text);
    return m->result.n_map;
}

/* ---- the closed form ------------------------------------------------------------------------------------------------- */

static double poisson_above(double mean, int limit)
{
    double p = exp(-mean), below = p;
    for (int k = 1; k <= limit; k++)
        below += p *= mean / k;
    return 1 - below;
}

/* Mean over the scrape's phase by Simpson's rule; the integrand is all but linear over these seconds. */
static double exact(double per_s, double ratio, int limit)
{
    double m = per_s * ratio;
    return (poisson_above(m * 540, limit) + 4 * poisson_above(m * 537.5, limit) +
            poisson_above(m * 535, limit)) /
           6;
}

/* The intervals of the 70 cells hold together with 99.9 %: false alarm 1e-3, and the seed is fixed. */
START_TEST(test_closed_form)
{
    struct made m;
    make(&m, 1);
    ck_assert_int_eq(map(&m, 2, NULL), 1); /* `slow` has no error ratio */
    const struct tune_map *map = &m.result.map[0];
    int n_more = 0, n_own = 0;
    ck_assert_int_eq(map->fault, 0);
    ck_assert_double_eq(map->within_s, 600);
    ck_assert_int_eq(map->n_cell, 70);
    for (int i = 0; i < map->n_cell; i++) {
        const struct tune_cell *c = &map->cell[i];
        double p = exact(c->traffic_per_s, c->error_ratio, c->chosen ? LIMIT_CHOSEN : LIMIT_TODAY);
        ck_assert_msg(c->low <= p && p <= c->high,
                      "ratio %g, traffic %g: %" PRIu64 " of %" PRIu64 ", [%g, %g], exact %g",
                      c->error_ratio, c->traffic, c->n_detected, c->n, c->low, c->high, p);
        ck_assert_double_eq_tol(c->traffic_per_s, c->traffic, 1e-12);
        ck_assert_int_eq(c->chosen, i >= 35);
        n_own += c->traffic == 1 && c->error_ratio == 0.01;
        n_more += c->n == 400;
        if (!few()) {
            /* Where 100 replicas leave it open on which side of 1/2 the probability is, there are more. */
            ck_assert(c->n == 400 || (c->n == 100 && (c->low >= 0.5 || c->high <= 0.5)));
            ck_assert_double_le(c->high - c->low, c->n == 400 ? 0.23 : 0.46);
        }
    }
    ck_assert_int_eq(n_own, 2);
    ck_assert(few() || (n_more >= 4 && n_more <= 20));
    ck_assert_double_eq_tol(map->cell[0].error_ratio, 0.01 / 20, 1e-15);
    ck_assert_double_eq_tol(map->cell[34].error_ratio, 0.2, 1e-15);
    clear(&m);
}
END_TEST

/* The same bits for any number of jobs, and without a chosen setting the same as beside one. */
START_TEST(test_same_bits)
{
    struct made one, three, alone;
    make(&one, 1);
    make(&three, 1);
    make(&alone, 0);
    one.plan.replicas = three.plan.replicas = alone.plan.replicas = few() ? 2 : 40;
    ck_assert_int_eq(map(&one, 1, NULL), 1);
    ck_assert_int_eq(map(&three, 3, NULL), 1);
    ck_assert_int_eq(map(&alone, 2, NULL), 1);
    ck_assert_int_eq(alone.result.map[0].n_cell, 35);
    for (int i = 0; i < 70; i++) {
        const struct tune_cell *a = &one.result.map[0].cell[i], *b = &three.result.map[0].cell[i];
        ck_assert(a->n == b->n && a->n_detected == b->n_detected);
        ck_assert(a->low == b->low && a->high == b->high && a->error_ratio == b->error_ratio);
        if (i < 35)
            ck_assert_uint_eq(a->n_detected, alone.result.map[0].cell[i].n_detected);
    }
    clear(&one);
    clear(&three);
    clear(&alone);
}
END_TEST

START_TEST(test_stopped)
{
    struct made m;
    atomic_bool cancel = true;
    make(&m, 1);
    ck_assert_int_eq(map(&m, 2, &cancel), 0);
    ck_assert(m.result.stopped);
    clear(&m);
}
END_TEST

/* ---- scenes ---------------------------------------------------------------------------------------------------------- */

START_TEST(test_scene)
{
    struct scenario *sc = load(LIMIT_TODAY);
    struct arena *arena = rs_arena_new();
    const struct scenario *s =
        rs_tune_map_scene(arena, sc, 0, (struct scene_scale){.errors = 3, .traffic = 0.25});
    ck_assert_double_eq_tol(s->fault[0].effect.errors.ratio[0], 0.018, 1e-15);
    ck_assert_double_eq_tol(s->fault[0].effect.errors.ratio[1], 0.012, 1e-15);
    ck_assert_double_eq(s->traffic[0].profile.scale, 0.25 * sc->traffic[0].profile.scale);
    ck_assert_double_eq_tol(rs_tune_map_traffic(s, 0), 0.25, 1e-12);
    ck_assert_double_eq(sc->fault[0].effect.errors.ratio[0], 0.006); /* it was copied */
    ck_assert_double_eq(s->fault[1].effect.latency_factor, 3);       /* nothing else changed */
    s = rs_tune_map_scene(arena, sc, 0, (struct scene_scale){.errors = 1000, .traffic = 1});
    ck_assert_double_eq_tol(rs_tune_map_ratio(&s->fault[0]), RS_MAP_RATIO_MAX, 1e-12);
    rs_arena_free(arena);
    rs_scenario_free(sc);
}
END_TEST

/* A dependency's fault acts on all that use it, and on nothing else. */
START_TEST(test_scene_of_dependency)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    ck_assert_ptr_nonnull(sc);
    struct arena *arena = rs_arena_new();
    int vault = rs_scenario_fault(sc, "vault-auth-failure"), n_scaled = 0;
    const struct scenario *s =
        rs_tune_map_scene(arena, sc, vault, (struct scene_scale){.errors = 2, .traffic = 4});
    ck_assert_double_eq_tol(rs_tune_map_ratio(&s->fault[vault]), 0.5, 1e-12);
    for (int i = 0; i < sc->n_traffic; i++) {
        bool scaled = s->traffic[i].profile.scale != sc->traffic[i].profile.scale;
        ck_assert(!scaled || strcmp(sc->service[sc->traffic[i].service].name, "settings") == 0);
        n_scaled += scaled;
    }
    ck_assert_int_eq(n_scaled, 1);
    rs_arena_free(arena);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- histories that are not run to their end ------------------------------------------------------------------------- */

/* What is told of a replica does not depend on when the fault was expected to begin. */
START_TEST(test_guess_changes_nothing)
{
    struct err_list errors;
    struct err err = {0};
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    ck_assert_ptr_nonnull(sc);
    struct arena *arena = rs_arena_new();
    struct history h;
    rs_history_init(&h);
    int n_seen[4] = {0}, n_at_deadline = 0, n = few() ? 1 : 12;
    for (int fault = 0; fault < sc->n_fault; fault++) {
        /* Weak faults: those that are missed are the ones whose histories are long. */
        const struct scenario *s =
            rs_tune_map_scene(arena, sc, fault, (struct scene_scale){0.3, 1});
        struct simulator *sim = rs_simulator_new(s, &err);
        ck_assert_ptr_nonnull(sim);
        for (int r = 0; r < n; r++) {
            struct look_options opt = {.seed = 5,
                                       .replica = (uint64_t)r,
                                       .fault = fault,
                                       .within_ns = 1800 * RS_NS_PER_S,
                                       .onset_guess_ns = RS_NEVER};
            struct look whole, cut;
            ck_assert_int_eq(rs_tune_map_look(sim, s, &opt, &h, &whole, &err), 0);
            int64_t sim_ns = h.sim_ns;
            /* An alert that fires right at the deadline is read by people only after the cut. */
            bool at_deadline = whole.seen == RS_SEEN_IN_TIME && h.episode[0].by == RS_BY_ALERT;
            if (at_deadline)
                opt.within_ns = h.episode[0].at_ns[RS_CLOCK_DETECTED] - whole.onset_ns;
            n_at_deadline += at_deadline;
            /* Right for some of them, too early for others. */
            opt.onset_guess_ns = whole.onset_ns == RS_NEVER ? RS_NS_PER_S : whole.onset_ns;
            opt.onset_guess_ns -= r % 3 == 2 ? 2400 * RS_NS_PER_S : 0;
            ck_assert_int_eq(rs_tune_map_look(sim, s, &opt, &h, &cut, &err), 0);
            ck_assert_int_eq(cut.seen, whole.seen);
            ck_assert_int_eq(cut.onset_ns, whole.onset_ns);
            ck_assert_int_le(h.sim_ns, sim_ns);
            n_seen[whole.seen] += h.sim_ns < sim_ns;
        }
        rs_simulator_free(sim);
    }
    /* Both answers came from histories that were cut. */
    ck_assert(few() || (n_seen[RS_SEEN_IN_TIME] > 0 && n_seen[RS_SEEN_NOT] > 0));
    ck_assert(few() || n_at_deadline > 0);
    rs_history_clear(&h);
    rs_arena_free(arena);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tune_map");
    TCase *tc = tcase_create("tune_map");
    tcase_add_test(tc, test_closed_form);
    tcase_add_test(tc, test_same_bits);
    tcase_add_test(tc, test_stopped);
    tcase_add_test(tc, test_scene);
    tcase_add_test(tc, test_scene_of_dependency);
    tcase_add_test(tc, test_guess_changes_nothing);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
