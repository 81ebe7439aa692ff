/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "outcome_parts.h"
#include "report_words.h"
#include "sim/clock.h"
#include "verify/bound.h"
#include "verify/reach.h"

enum { BUF = 64 };

enum tune_obstacle rs_obstacle_of_part(int part, bool never)
{
    switch ((enum leg_part)part) {
    case RS_PART_NOTICE: return never ? RS_OBSTACLE_TRAFFIC : RS_OBSTACLE_MONITORING;
    case RS_PART_HANDS: return RS_OBSTACLE_PEOPLE;
    case RS_PART_PROPAGATION: return RS_OBSTACLE_PROPAGATION;
    case RS_PART_REST: return RS_OBSTACLE_RUNBOOK;
    case RS_LEG_PART_N: break;
    }
    assert(!"a part of no leg");
    return RS_OBSTACLE_RUNBOOK;
}

const char *rs_leg_part_text(int part)
{
    static const char *const text[RS_LEG_PART_N] = {
        [RS_PART_NOTICE] = "the way until somebody is notified",
        [RS_PART_HANDS] = "the way from the notice to the first flag commanded",
        [RS_PART_PROPAGATION] = "the way of the flags to the last instance",
        [RS_PART_REST] = "the way from there to the end of the procedure",
    };
    assert(part >= 0 && part < RS_LEG_PART_N);
    return text[part];
}

/* ---- bounds ---------------------------------------------------------------------------------------------------------- */

/* The claim cut down to a part of its leg; false where they do not meet. */
static bool part_of(const struct claim *c, int part, struct claim *out)
{
    static const struct {
        enum clock_mark from, to;
    } marks[RS_LEG_PART_N] = {{RS_CLOCK_ONSET, RS_CLOCK_NOTIFIED},
                              {RS_CLOCK_NOTIFIED, RS_CLOCK_COMMANDED},
                              {RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE},
                              {RS_CLOCK_EFFECTIVE, RS_CLOCK_RESOLVED}};
    *out = *c;
    out->from = c->from > marks[part].from ? c->from : marks[part].from;
    out->to = c->to < marks[part].to ? c->to : marks[part].to;
    out->from_condition = c->from_condition && part == RS_PART_NOTICE;
    return out->from < out->to;
}

/* The step that has no end, or the longest. */
static const struct verdict_step *longest(const struct verdict *v)
{
    const struct verdict_step *worst = NULL;
    for (int i = 0; i < v->n_step; i++) {
        if (!isnan(v->step[i].high_s) && (!worst || v->step[i].high_s > worst->high_s))
            worst = &v->step[i];
    }
    return worst;
}

/* Which part is too long by itself, in the order of the clock from the people on: what is turned is mostly before them. */
static int part_too_long(struct arena *arena,
                         const struct scenario *sc,
                         const struct claim *c,
                         struct verdict *out)
{
    static const int order[] = {RS_PART_HANDS, RS_PART_PROPAGATION, RS_PART_REST, RS_PART_NOTICE};
    int most = RS_PART_HANDS;
    double longest_s = -1.0;
    for (int i = 0; i < RS_LEG_PART_N; i++) {
        struct claim part, *kept;
        if (!part_of(c, order[i], &part))
            continue;
        kept = RS_ARENA_ARRAY(arena, struct claim, 1); /* the verdict points to it */
        *kept = part;
        struct verdict v = rs_bound_decide(arena, sc, kept);
        double high_s = isnan(v.worst) ? 0.0 : v.worst;
        if (high_s > longest_s) {
            *out = v;
            most = order[i];
            longest_s = high_s;
        }
        if (high_s > rs_s_from_ns((int64_t)c->within))
            return most;
    }
    return most;
}

static void of_bound(struct arena *arena,
                     const struct scenario *sc,
                     const struct claim *c,
                     struct tune_unsaved *u)
{
    struct verdict v = {0};
    char alone[BUF], within[BUF];
    int part = part_too_long(arena, sc, c, &v);
    const struct verdict_step *step = longest(&v);
    bool never = isinf(v.worst) && part == RS_PART_NOTICE;
    u->why = rs_obstacle_of_part(part, never);
    const char *how_long = isinf(v.worst)
                               ? "has no upper end"
                               : rs_arena_printf(arena, "takes %s in the worst case",
                                                 rs_seconds_human(alone, sizeof alone, v.worst));
    u->text =
        rs_arena_printf(arena, "At the setting that comes nearest %s alone %s; %s are allowed%s%s.",
                        rs_leg_part_text(part), how_long,
                        rs_duration_format(within, sizeof within, (int64_t)c->within),
                        step ? ". Most of it: " : "", step ? step->text : "");
}

/* ---- states ---------------------------------------------------------------------------------------------------------- */

static void of_states(struct arena *arena,
                      const struct scenario *sc,
                      const struct claim *c,
                      struct tune_unsaved *u)
{
    struct verdict v = rs_reach_decide(arena, sc, c);
    u->why = RS_OBSTACLE_RUNBOOK;
    u->text =
        v.n_step == 0
            ? "The state that breaks it is there from the start, whatever is turned."
            : rs_arena_printf(arena,
                              "The runbook itself leads to a state that breaks it, in %d step%s, "
                              "whatever is turned; the last: %s.",
                              v.n_step, v.n_step == 1 ? "" : "s", v.step[v.n_step - 1].text);
}

void rs_obstacle_of_proof(
    const struct race *r, struct arena *arena, int claim, uint32_t best, struct tune_unsaved *u)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = r->src->scenario(r->src->ctx, r->racer[best].value, &errors);
    assert(sc); /* it was legal before */
    /* What is kept of a verdict are texts of the arena and of the scenario, so the latter are copied with it. */
    const struct claim *c = &sc->claim[claim];
    if (c->kind == RS_CLAIM_BOUND)
        of_bound(arena, sc, c, u);
    else
        of_states(arena, sc, c, u);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
