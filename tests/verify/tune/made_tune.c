/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_tune.h"

#include <assert.h>
#include <math.h>

#include "made_up.h"
#include "sim/clock.h"
#include "verify/tune_search.h"

#define S(x) ((double)(x) * (double)RS_NS_PER_S)

const char made_tune_diff[] = "--- /srv/alerts/alerts.yml\n"
                              "+++ /srv/alerts/alerts.yml\n"
                              "@@ -3,5 +3,5 @@\n"
                              "       - alert: PortalSlow\n"
                              "-        for: 2m\n"
                              "+        for: 1m\n";

/* ---- what was asked ---------------------------------------------------------------------------------------------------- */

static const struct tune_value fors[] = {{"0s", 0}, {"1m", S(60)}, {"2m", S(120)}, {"4m", S(240)}};
static const struct tune_value thresholds[] = {{"0.5%", 0.005}, {"1%", 0.01}, {"2%", 0.02}};
static const struct tune_value waits[] = {{"0s", 0},     {"10s", S(10)}, {"30s", S(30)},
                                          {"1m", S(60)}, {"90s", S(90)}, {"2m", S(120)}};
static const struct tune_value routes[] = {{"slack", NAN}, {"pager", NAN}};

static const struct tune_param params[] = {
    {.name = "for",
     .path = "rules/PortalSlow/for",
     .ref = "§5",
     .what = "for of alert PortalSlow",
     .type = RS_TUNE_DURATION,
     .n_value = 4,
     .value = fors,
     .today = 2},
    {.name = "threshold",
     .path = "rules/PortalSlow/threshold",
     .what = "threshold of alert PortalSlow",
     .type = RS_TUNE_RATIO,
     .n_value = 3,
     .value = thresholds,
     .today = 2},
    {.name = "alertmanager/route/group_wait",
     .path = "alertmanager/route/group_wait",
     .what = "group_wait of the root route",
     .type = RS_TUNE_DURATION,
     .n_value = 6,
     .value = waits,
     .today = 2,
     .site = -1},
    {.name = "route",
     .path = "alertmanager/route/receiver",
     .what = "receiver of the root route",
     .type = RS_TUNE_WORD,
     .n_value = 2,
     .value = routes,
     .today = 0,
     .site = -1},
};

static const struct tune_objective objectives[] = {
    {.name = "miss portal-errors", .stat = RS_STAT_MISS, .unit = ""},
    {.name = "time to detect",
     .says = "Soon",
     .ref = "§5",
     .stat = RS_STAT_QUANTILE,
     .q = 0.95,
     .unit = "s"},
    {.name = "false rollback", .stat = RS_STAT_PROBABILITY, .unit = ""},
    {.name = "pages", .stat = RS_STAT_RATE, .per_ns = 7 * 24 * 60 * MIN_NS, .unit = "pages/w"},
};
static const int keep[] = {0, 1, 2, 3, 4, 7};
static const struct tune_plan plan = {.n_param = 4,
                                      .param = params,
                                      .n_objective = 4,
                                      .objective = objectives,
                                      .n_keep = 6,
                                      .keep = keep,
                                      .candidates_max = 10000,
                                      .replicas = 1000,
                                      .fresh_replicas = 400,
                                      .confidence = 0.95};

/* ---- what came of it --------------------------------------------------------------------------------------------------- */

#define E(v, l, h)                                                                                 \
    {                                                                                              \
        v, l, h, 1000                                                                              \
    }

static const struct {
    uint16_t value[4];
    enum tune_state state;
    struct tune_estimate objective[4];
} points[] = {
    {{2, 2, 2, 0},
     RS_POINT_DOMINATED,
     {E(0.31, 0.27, 0.35), E(540, 520, 561), E(0.004, 0.001, 0.012), E(2.1, 1.9, 2.4)}},
    {{0, 0, 0, 1},
     RS_POINT_FRONT,
     {E(0.001, 0, 0.006), E(95, 90, 101.5), E(0.12, 0.1, 0.143), E(9.3, 8.8, 9.9)}},
    {{1, 0, 0, 1},
     RS_POINT_FRONT,
     {E(0.002, 0.0003, 0.008), E(155, 149, 162), E(0.05, 0.04, 0.064), E(5.1, 4.7, 5.6)}},
    {{0, 1, 0, 1},
     RS_POINT_FRONT,
     {E(0.02, 0.012, 0.03), E(99, 93, 106), E(0.03, 0.021, 0.042), E(3.3, 3, 3.7)}},
    {{1, 1, 1, 1},
     RS_POINT_FRONT,
     {E(0.024, 0.015, 0.036), E(168, 160, 177), E(0.009, 0.005, 0.016), E(1.2, 1, 1.45)}},
    {{2, 1, 1, 1},
     RS_POINT_FRONT,
     {E(0.06, 0.05, 0.075), E(INFINITY, 240, INFINITY), E(0.006, 0.003, 0.011), E(0.9, 0.75, 1.1)}},
    {{3, 2, 5, 1},
     RS_POINT_EXCLUDED,
     {E(0.61, 0.55, 0.66), E(NAN, NAN, NAN), E(0, 0, 0.004), E(0.2, 0.1, 0.3)}},
    {{3, 0, 5, 1}, RS_POINT_ILLEGAL, {{0}}},
};
#define N_POINT ((int)(sizeof points / sizeof points[0]))

static void fill_points(struct tune_result *r)
{
    r->n_point = N_POINT;
    r->point = RS_ARENA_ARRAY(r->arena, struct tune_point, N_POINT);
    for (int i = 0; i < N_POINT; i++) {
        struct tune_point *p = &r->point[i];
        *p = (struct tune_point){.value = points[i].value,
                                 .state = points[i].state,
                                 .beaten_by = -1,
                                 .breaks = -1,
                                 .n_replica = 1000};
        if (p->state == RS_POINT_ILLEGAL) {
            p->why = "group_wait is longer than group_interval";
            continue;
        }
        p->objective = RS_ARENA_ARRAY(r->arena, struct tune_estimate, 4);
        p->claim = RS_ARENA_ARRAY(r->arena, struct tune_estimate, r->scenario->n_claim);
        for (int k = 0; k < 4; k++)
            p->objective[k] = points[i].objective[k];
        for (int k = 0; k < r->scenario->n_claim; k++)
            p->claim[k] = (struct tune_estimate)E(0.9, 0.85, 0.94);
    }
    r->point[0].beaten_by = 4;
    r->point[6].breaks = 3;
}

static const struct {
    int param, value;
    struct tune_estimate difference[4];
} steps[] = {
    {0, 0, {E(-0.001, -0.004, 0.002), E(-68, -75, -61), E(0.024, 0.015, 0.034), E(2.1, 1.8, 2.5)}},
    {0, 2, {E(0.036, 0.027, 0.046), E(62, 55, 70), E(-0.003, -0.006, 0.0001), E(-0.3, -0.4, -0.2)}},
    {0,
     3,
     {E(0.3, 0.27, 0.33), E(INFINITY, 170, INFINITY), E(-0.006, -0.009, -0.003),
      E(-0.9, -1.05, -0.75)}},
    {1, 0, {E(-0.02, -0.03, -0.01), E(-3, -9, 4), E(0.041, 0.03, 0.05), E(3.9, 3.4, 4.5)}},
    {2, 0, {E(0, 0, 0), E(0, 0, 0), E(0, 0, 0), E(0, -0.01, 0.01)}},
    {3, 0, {E(0, 0, 0), E(0, 0, 0), E(0.001, -0.001, 0.002), E(-0.6, -0.7, -0.5)}},
};
#define N_STEP ((int)(sizeof steps / sizeof steps[0]))

static void fill_steps(struct tune_result *r)
{
    r->n_step = N_STEP;
    r->step = RS_ARENA_ARRAY(r->arena, struct tune_step, N_STEP);
    for (int i = 0; i < N_STEP; i++) {
        struct tune_step *s = &r->step[i];
        *s = (struct tune_step){
            .param = steps[i].param, .value = steps[i].value, .around_chosen = true};
        s->objective = RS_ARENA_ARRAY(r->arena, struct tune_estimate, 4);
        s->difference = RS_ARENA_ARRAY(r->arena, struct tune_estimate, 4);
        for (int k = 0; k < 4; k++) {
            const struct tune_estimate *base = &points[4].objective[k],
                                       *d = &steps[i].difference[k];
            s->difference[k] = *d;
            s->objective[k] = (struct tune_estimate)E(base->value + d->value, base->low + d->low,
                                                      base->high + d->high);
        }
    }
}

static void fill_unsaved(struct tune_result *r)
{
    r->n_unsaved = 2;
    r->unsaved = RS_ARENA_ARRAY(r->arena, struct tune_unsaved, 2);
    r->unsaved[0] = (struct tune_unsaved){
        .claim = 0,
        .why = RS_OBSTACLE_PEOPLE,
        .text = "Of the 5m00s people take 3m10s in half of the cases, whatever the alerts do.",
        .best = 1,
        .near = E(0.71, 0.66, 0.75)};
    r->unsaved[1] =
        (struct tune_unsaved){.claim = 7,
                              .why = RS_OBSTACLE_RUNBOOK,
                              .text = "Procedure portal-rollback is never called for read-errors.",
                              .best = -1,
                              .near = E(NAN, NAN, NAN),
                              .proved = true};
}

static void fill_map(struct tune_result *r)
{
    r->n_map = 1;
    r->map = RS_ARENA_ARRAY(r->arena, struct tune_map, 1);
    r->map[0] = (struct tune_map){.fault = 1, .within_s = 1800, .n_cell = 2};
    r->map[0].cell = RS_ARENA_ARRAY(r->arena, struct tune_cell, 2);
    r->map[0].cell[0] = (struct tune_cell){0.02, 0.5, 1.5, false, 100, 31, 0.22, 0.41};
    r->map[0].cell[1] = (struct tune_cell){0.02, 0.5, 1.5, true, 100, 97, 0.91, 0.99};
}

static struct run_result *decided(const struct tune_result *r, uint64_t seed)
{
    struct run_options opt = {.n_replica = 400, .seed = seed, .n_job = 1};
    struct run_result *run = RS_ARENA_ARRAY(r->arena, struct run_result, 1);
    int rc = rs_run_with(&made_up_engine, r->scenario, &opt, run, NULL);
    assert(rc == 0);
    (void)rc;
    return run;
}

void made_tune(struct tune_result *out, bool proved)
{
    *out = (struct tune_result){
        .arena = rs_arena_new(),
        .scenario = made_up_scenario(),
        .plan = &plan,
        .seed = 7,
        .n_space = 144,
        .n_asked = 8000,
        .n_history = 2345,
        .method = "nsga-ii",
        .today = 0,
        .chosen = 4,
        .chosen_why = "It misses least among those that keep every claim that can be kept."};
    fill_points(out);
    fill_steps(out);
    fill_unsaved(out);
    fill_map(out);
    if (proved) {
        out->fresh_seed = 2024;
        out->fresh = decided(out, 2024);
        out->fresh_today = decided(out, 99);
    }
}

void made_tune_clear(struct tune_result *r)
{
    struct scenario *sc = (struct scenario *)(uintptr_t)r->scenario;
    rs_tune_result_clear(r);
    rs_scenario_free(sc);
}
