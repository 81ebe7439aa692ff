/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include <math.h>

#include "models/response.h"

struct planning {
    const struct scenario *sc;
    struct schedule *out;
    int64_t now_ns;
};

static int64_t median_ns(const struct dist *d)
{
    double s = rs_dist_quantile(d, 0.5);
    return isfinite(s) ? rs_ns_from_s(s) : RS_NEVER;
}

static int64_t after(int64_t t_ns, int64_t more_ns)
{
    return more_ns > RS_NEVER - t_ns ? RS_NEVER : t_ns + more_ns;
}

/* What a person needs for one step of his own, automation does at once. */
static int64_t act_ns(const struct scenario *sc, int by)
{
    return by < 0 ? 0 : median_ns(&sc->response.role[by].act);
}

static void note_flag(struct planning *p, int flag, bool on)
{
    if (on == p->sc->flag[flag].safe_on)
        p->out->back_ns[flag] = p->now_ns;
    else {
        p->out->back_ns[flag] = RS_NEVER;
        if (p->out->away_ns[flag] == RS_NEVER)
            p->out->away_ns[flag] = p->now_ns;
    }
}

static void do_actions(struct planning *p, const struct action *a, int n, int by)
{
    for (int i = 0; i < n; i++) {
        bool own = !(a[i].takes.kind == RS_DIST_CONSTANT && isnan(a[i].takes.a));
        p->now_ns = after(p->now_ns, own ? median_ns(&a[i].takes) : act_ns(p->sc, by));
        if (a[i].kind == RS_ACT_SET_FLAG)
            note_flag(p, a[i].flag, a[i].on && a[i].percent > 0.0);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void watch(struct planning *p, int stage, int step, int64_t watch_ns)
{
    int64_t until_ns = after(p->now_ns, watch_ns);
    int64_t end_ns = p->sc->horizon_ns;
    p->out->span[p->out->n_span++] =
        (struct watch_span){stage, step, sooner(p->now_ns, end_ns), sooner(until_ns, end_ns)};
    p->now_ns = until_ns;
}

static void plan_stage(struct planning *p, int i)
{
    const struct stage *st = &p->sc->response.stage[i];
    p->out->start_ns[i] = p->now_ns;
    do_actions(p, st->action, st->n_action, st->by);
    watch(p, i, -1, st->watch_ns);
    for (int k = 0; k < st->n_ramp; k++) {
        p->now_ns = after(p->now_ns, act_ns(p->sc, st->by));
        note_flag(p, st->ramp_flag, st->ramp[k].percent > 0.0);
        watch(p, i, k, st->ramp[k].watch_ns);
    }
    do_actions(p, st->closing, st->n_closing, st->by);
    p->out->end_ns[i] = p->now_ns;
}

/* As the runbook's own clock has it: after the lull, not before its time, within the hours of whoever performs it. */
static int64_t stage_start(const struct planning *p, int i)
{
    const struct stage *st = &p->sc->response.stage[i];
    int64_t at = after(p->now_ns, i > 0 ? p->sc->response.lull_ns : 0);
    at = at > st->not_before_ns ? at : st->not_before_ns;
    if (st->by < 0 || at == RS_NEVER)
        return at;
    int64_t epoch_ns = p->sc->starts_at_unix_ns;
    int64_t unix_ns = rs_hours_next(&p->sc->response.role[st->by], epoch_ns + at);
    return unix_ns == RS_NEVER ? RS_NEVER : unix_ns - epoch_ns;
}

void rs_schedule_make(struct arena *arena, const struct scenario *sc, struct schedule *out)
{
    const struct response *plan = &sc->response;
    int n_span = plan->n_stage;
    for (int i = 0; i < plan->n_stage; i++)
        n_span += plan->stage[i].n_ramp;
    *out = (struct schedule){
        .start_ns = RS_ARENA_ARRAY(arena, int64_t, plan->n_stage),
        .end_ns = RS_ARENA_ARRAY(arena, int64_t, plan->n_stage),
        .span = RS_ARENA_ARRAY(arena, struct watch_span, n_span),
        .away_ns = RS_ARENA_ARRAY(arena, int64_t, sc->n_flag),
        .back_ns = RS_ARENA_ARRAY(arena, int64_t, sc->n_flag),
    };
    struct planning p = {sc, out, 0};
    for (int f = 0; f < sc->n_flag; f++) {
        out->away_ns[f] = sc->flag[f].initially_on != sc->flag[f].safe_on ? 0 : RS_NEVER;
        out->back_ns[f] = RS_NEVER;
    }
    for (int i = 0; i < plan->n_stage; i++) {
        p.now_ns = stage_start(&p, i);
        if (p.now_ns >= sc->horizon_ns)
            break;
        plan_stage(&p, i);
        out->n_stage = i + 1;
    }
    int64_t end_ns = out->n_stage > 0 ? out->end_ns[out->n_stage - 1] : 0;
    for (int f = 0; f < sc->n_flag; f++)
        out->back_ns[f] = sooner(out->back_ns[f], sooner(end_ns, sc->horizon_ns));
}

bool rs_schedule_exposed(const struct scenario *sc,
                         const struct schedule *s,
                         int procedure,
                         int64_t *from_ns,
                         int64_t *until_ns)
{
    const struct procedure *p = &sc->response.procedure[procedure];
    bool sets = false;
    *from_ns = RS_NEVER;
    *until_ns = 0;
    for (int i = 0; i < p->n_action; i++) {
        const struct action *a = &p->action[i];
        if (a->kind != RS_ACT_SET_FLAG || a->on != sc->flag[a->flag].safe_on)
            continue;
        sets = true;
        if (s->away_ns[a->flag] == RS_NEVER)
            continue;
        *from_ns = sooner(*from_ns, s->away_ns[a->flag]);
        *until_ns = *until_ns > s->back_ns[a->flag] ? *until_ns : s->back_ns[a->flag];
    }
    if (!sets && s->n_stage > 0) {
        *from_ns = s->start_ns[0];
        *until_ns = sooner(s->end_ns[s->n_stage - 1], sc->horizon_ns);
    }
    return *from_ns < *until_ns;
}
