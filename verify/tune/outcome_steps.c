/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One parameter moved at a time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

struct walk {
    struct race *r;
    struct arena *arena;
    uint32_t n; /* settings that are looked at, centres among them */
    uint32_t *setting;
    const uint16_t **value;
    int n_step, n_most;
    struct tune_step *step;
    uint32_t *of, *around; /* [n_step] settings */
};

/* The setting in the store with these values; a new one if there is none. RS_NOBODY: it makes no legal scenario. */
static uint32_t setting_of(struct walk *w, const uint16_t *value)
{
    struct race *r = w->r;
    size_t n_byte = (size_t)r->src->plan->n_param * sizeof *value;
    for (uint32_t i = 0; i < r->n; i++) {
        if (memcmp(r->racer[i].value, value, n_byte) == 0)
            return r->racer[i].illegal ? RS_NOBODY : i;
    }
    for (uint32_t k = 0; k < w->n; k++) {
        if (memcmp(w->value[k], value, n_byte) == 0)
            return w->setting[k];
    }
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = r->src->scenario(r->src->ctx, value, &errors);
    rs_err_list_clear(&errors);
    if (!sc)
        return RS_NOBODY;
    rs_scenario_free(sc);
    return rs_store_add_setting(r->store);
}

static void visit(struct walk *w, uint32_t setting, const uint16_t *value)
{
    for (uint32_t k = 0; k < w->n; k++) {
        if (w->setting[k] == setting)
            return;
    }
    w->setting[w->n] = setting;
    w->value[w->n++] = value;
}

static void walk_around(struct walk *w, uint32_t centre, bool chosen)
{
    const struct tune_plan *plan = w->r->src->plan;
    size_t n_param = (size_t)plan->n_param;
    const uint16_t *from = w->r->racer[centre].value;
    visit(w, centre, from);
    for (int p = 0; p < plan->n_param; p++) {
        for (int v = 0; v < plan->param[p].n_value; v++) {
            uint16_t *value = RS_ARENA_ARRAY(w->arena, uint16_t, n_param);
            memcpy(value, from, n_param * sizeof *value);
            value[p] = (uint16_t)v;
            uint32_t setting = v == from[p] ? RS_NOBODY : setting_of(w, value);
            if (setting == RS_NOBODY)
                continue;
            visit(w, setting, value);
            w->step[w->n_step] =
                (struct tune_step){.param = p, .value = v, .around_chosen = chosen};
            w->of[w->n_step] = setting;
            w->around[w->n_step++] = centre;
        }
    }
}

/* Everybody gets as many replicas as anybody has, so that a step is told over the replicas of what it is held against. */
static int catch_up(struct walk *w, struct err *err)
{
    struct race *r = w->r;
    int rc = 0;
    for (int s = 0; s < r->ns->n_stratum && rc == 0 && !r->stopped; s++) {
        uint64_t most = 0;
        for (uint32_t i = 0; i < r->n; i++) {
            uint64_t have = rs_store_n(r->store, s, i);
            most = have > most ? have : most;
        }
        rc = rs_race_ask(r, w->n, w->setting, w->value, s, most, err);
    }
    return rc;
}

static void tell(struct walk *w)
{
    const struct race *r = w->r;
    int n = r->ns->n_objective;
    for (int k = 0; k < w->n_step; k++) {
        struct tune_step *step = &w->step[k];
        step->objective = RS_ARENA_ARRAY(w->arena, struct tune_estimate, n);
        step->difference = RS_ARENA_ARRAY(w->arena, struct tune_estimate, n);
        for (int o = 0; o < n; o++) {
            const struct number *number = &r->ns->objective[o];
            step->objective[o] = rs_estimate(r->store, number, w->of[k], r->told_level);
            step->difference[o] = rs_pair_difference(
                r->store, number, (struct pair){w->of[k], w->around[k]}, r->told_level);
        }
    }
}

int rs_outcome_steps(struct race *r, struct tune_result *out, struct err *err)
{
    const struct tune_plan *plan = r->src->plan;
    struct walk w = {.r = r, .arena = out->arena};
    size_t most = 2;
    for (int p = 0; p < plan->n_param; p++)
        most += 2 * (size_t)(plan->param[p].n_value);
    w.setting = rs_xcalloc(most, sizeof *w.setting);
    w.value = rs_xcalloc(most, sizeof *w.value);
    w.of = rs_xcalloc(most, sizeof *w.of);
    w.around = rs_xcalloc(most, sizeof *w.around);
    w.step = RS_ARENA_ARRAY(out->arena, struct tune_step, most);
    if (out->chosen >= 0)
        walk_around(&w, (uint32_t)out->chosen, true);
    if (out->chosen != out->today && !r->racer[out->today].illegal)
        walk_around(&w, (uint32_t)out->today, false);
    int rc = catch_up(&w, err);
    if (rc == 0)
        tell(&w);
    out->n_step = rc == 0 ? w.n_step : 0;
    out->step = w.step;
    free(w.setting);
    free(w.value);
    free(w.of);
    free(w.around);
    return rc;
}
