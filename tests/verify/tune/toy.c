/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toy.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

/* ---- settings -------------------------------------------------------------------------------------------------------- */

static struct scenario *scenario_with(void *ctx, const uint16_t *value, struct err_list *errors)
{
    const struct toy *toy = ctx;
    if (toy->is_legal && !toy->is_legal(value)) {
        rs_err_list_add(errors, RS_E_RANGE, (struct mark){"toy.yaml", 3, 7}, "no such toy");
        return NULL;
    }
    struct arena *arena = rs_arena_new();
    struct scenario *sc = RS_ARENA_ARRAY(arena, struct scenario, 1);
    *sc = toy->today;
    sc->arena = arena;
    return sc;
}

void toy_init(struct toy *toy, int n_param, const int *n_value, const int *today)
{
    *toy = (struct toy){.today = {.arena = rs_arena_new(), .name = "toy"}};
    struct tune_param *param = RS_ARENA_ARRAY(toy->today.arena, struct tune_param, n_param);
    for (int p = 0; p < n_param; p++)
        param[p] = (struct tune_param){.name = "p",
                                       .type = RS_TUNE_COUNT,
                                       .n_value = n_value[p],
                                       .today = today[p],
                                       .site = -1};
    toy->plan = (struct tune_plan){.n_param = n_param,
                                   .param = param,
                                   .candidates_max = 1000,
                                   .replicas = 256,
                                   .confidence = 0.95};
    toy->today.tune = &toy->plan;
    toy->source = (struct tune_source){
        .ctx = toy, .plan = &toy->plan, .today = &toy->today, .scenario = scenario_with};
}

void toy_clear(struct toy *toy)
{
    rs_arena_free(toy->today.arena);
}

/* ---- the engine ------------------------------------------------------------------------------------------------------ */

struct toy_engine {
    struct toy *toy;
    struct tune_engine_options opt;
};

static void *
engine_new(const struct tune_source *src, const struct tune_engine_options *opt, struct err *err)
{
    struct toy_engine *e = rs_xcalloc(1, sizeof *e);
    (void)err;
    *e = (struct toy_engine){.toy = src->ctx, .opt = *opt};
    return e;
}

static void measure(const struct toy_engine *e,
                    const uint16_t *value,
                    int fault,
                    uint64_t replica,
                    struct history *h,
                    double *row)
{
    rs_history_reset(h);
    h->replica = replica;
    h->fault = fault;
    h->onset_ns = RS_NEVER;
    h->ended_ns = RS_NEVER;
    h->budget_burned = NAN;
    e->toy->replica(value, e->opt.seed, fault, replica, h);
    e->opt.measure(e->opt.measure_ctx, &e->toy->today, h, row);
}

/* Settings whose numbers are the same to the bit are told as sharing a history. */
static int tell(const struct toy_engine *e,
                const struct tune_ask *ask,
                uint64_t replica,
                const double *row,
                rs_tune_told told,
                void *ctx,
                struct err *err)
{
    size_t n = (size_t)e->opt.n_sample;
    uint32_t *of = rs_xcalloc((size_t)ask->n_setting + 1, sizeof *of);
    bool *done = rs_xcalloc((size_t)ask->n_setting + 1, sizeof *done);
    int rc = 0;
    for (uint32_t i = 0; i < ask->n_setting && rc == 0; i++) {
        uint32_t n_of = 0;
        for (uint32_t k = i; k < ask->n_setting && !done[i]; k++) {
            if (k == i || (!done[k] && memcmp(&row[i * n], &row[k * n], n * sizeof *row) == 0))
                of[n_of++] = k;
        }
        for (uint32_t k = 0; k < n_of; k++)
            done[of[k]] = true;
        if (n_of > 0)
            rc = told(ctx, replica, n_of, of, &row[i * n], err);
        e->toy->n_told += n_of > 0;
    }
    free(of);
    free(done);
    return rc;
}

static int
ask_toy(void *engine, const struct tune_ask *ask, rs_tune_told told, void *ctx, struct err *err)
{
    const struct toy_engine *e = engine;
    size_t n_param = (size_t)e->toy->plan.n_param, n = (size_t)e->opt.n_sample;
    double *row = rs_xcalloc(ask->n_setting * n + 1, sizeof *row);
    struct history h;
    int rc = 0;
    e->toy->last_first = ask->first;
    rs_history_init(&h);
    for (uint64_t r = ask->first; r < ask->first + ask->n && rc == 0; r++) {
        for (uint32_t i = 0; i < ask->n_setting; i++)
            measure(e, &ask->value[i * n_param], ask->fault, r, &h, &row[i * n]);
        rc = tell(e, ask, r, row, told, ctx, err);
        if (e->toy->cancel_after && e->toy->n_told >= e->toy->n_until_cancel)
            atomic_store(e->toy->cancel_after, true);
        if (rc == 0 && e->opt.cancel && atomic_load(e->opt.cancel))
            rc = 1;
    }
    rs_history_clear(&h);
    free(row);
    return rc;
}

static struct tune_cost cost(const void *engine)
{
    const struct toy_engine *e = engine;
    return (struct tune_cost){.n_history = e->toy->n_told};
}

const struct tune_machinery toy_machinery = {engine_new, free, ask_toy, cost};

void toy_search(struct toy *toy, uint64_t seed, struct tune_result *out)
{
    struct err err = {0};
    const struct tune_search_options opt = {.seed = seed, .n_job = 1, .cancel = toy->cancel_after};
    int rc = rs_tune_search_with(&toy_machinery, &toy->source, &opt, out, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
}

const struct tune_point *toy_point(const struct tune_result *r, const uint16_t *value)
{
    size_t n_byte = (size_t)r->plan->n_param * sizeof *value;
    for (int i = 0; i < r->n_point; i++) {
        if (memcmp(r->point[i].value, value, n_byte) == 0)
            return &r->point[i];
    }
    ck_abort_msg("no such point");
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

struct tune_objective toy_miss(int fault, int64_t within_ns)
{
    struct tune_objective o = toy_time(RS_STAT_MISS, fault, 0.0, 0.0);
    o.name = "miss";
    o.of.within = (double)within_ns;
    return o;
}

struct tune_objective toy_false_rollback(void)
{
    return (struct tune_objective){
        .name = "false rollback",
        .stat = RS_STAT_PROBABILITY,
        .of = {.given = RS_GIVEN_NO_FAULT, .of = RS_Q_FALSE_ROLLBACK, .procedure = -1},
        .unit = ""};
}

struct tune_objective toy_time(enum tune_stat stat, int fault, double q, double cap_ns)
{
    return (struct tune_objective){.name = "time",
                                   .stat = stat,
                                   .q = q,
                                   .of = {.given = RS_GIVEN_FAULT,
                                          .given_fault = fault,
                                          .of = RS_Q_LEG,
                                          .from = RS_CLOCK_ONSET,
                                          .to = RS_CLOCK_DETECTED,
                                          .procedure = -1,
                                          .cap = cap_ns},
                                   .unit = "s"};
}

void toy_detected(struct history *h, int64_t after_ns)
{
    h->fault_started = true;
    h->onset_ns = 0;
    if (after_ns == RS_NEVER)
        return;
    struct episode *e = rs_history_episode(h);
    e->procedure = 0;
    e->fault = h->fault;
    e->at_ns[RS_CLOCK_ONSET] = 0;
    e->at_ns[RS_CLOCK_DETECTED] = after_ns;
}
