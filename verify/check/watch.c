/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the watches of a rollout are, and what the flags are in them. */
#include "watch.h"

#include <math.h>
#include <string.h>

#include "models/response.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* How long actions of people are taken to last at most: nearly all keep it. */
#define LATE 0.99

struct plan {
    const struct scenario *sc;
    struct arena *arena;
    double *share;  /* [n_flag * n_cohort] as of now */
    uint32_t *gone; /* [n_service] */
    double early_s, late_s;
    struct watch *out;
    int n;
};

static void *copy(struct arena *arena, const void *from, size_t n_bytes)
{
    void *to = rs_arena_alloc(arena, n_bytes);
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
    return to;
}

static const double *shares_now(const struct plan *p)
{
    return copy(p->arena, p->share, sizeof(double) * (size_t)(p->sc->n_flag * p->sc->n_cohort));
}

static void set_flag(struct plan *p, int flag, bool on, int cohort, double percent)
{
    for (int c = 0; c < p->sc->n_cohort; c++) {
        bool meant = on && (cohort < 0 || cohort == c);
        p->share[flag * p->sc->n_cohort + c] = meant ? percent / 100.0 : 0.0;
    }
}

static void take_time(struct plan *p, const struct dist *d)
{
    p->early_s += rs_dist_inf(d);
    p->late_s += rs_dist_quantile(d, LATE);
}

static void act(struct plan *p, const struct action *a, int by)
{
    bool own_time = a->takes.kind != RS_DIST_CONSTANT || !isnan(a->takes.a);
    if (own_time)
        take_time(p, &a->takes);
    else if (by >= 0)
        take_time(p, &p->sc->response.role[by].act);
    if (a->kind == RS_ACT_SET_FLAG)
        set_flag(p, a->flag, a->on, a->cohort, a->percent);
    if (a->kind == RS_ACT_REMOVE && a->path < 32)
        p->gone[a->service] |= 1u << a->path;
}

static double within_hours(const struct plan *p, int role, double at_s)
{
    if (role < 0 || at_s > 1e9)
        return at_s;
    int64_t at_ns = p->sc->starts_at_unix_ns + (int64_t)(at_s * 1e9);
    int64_t next_ns = rs_hours_next(&p->sc->response.role[role], at_ns);
    return next_ns == RS_NEVER ? at_s : (double)(next_ns - p->sc->starts_at_unix_ns) / 1e9;
}

static void add_watch(
    struct plan *p, int stage, int step, int64_t watch_ns, const double *before, double set_at_s)
{
    double watch_s = (double)watch_ns / 1e9;
    p->out[p->n++] =
        (struct watch){.sc = p->sc,
                       .stage = stage,
                       .step = step,
                       .watch_s = watch_s,
                       .begins_s = p->early_s,
                       .begins_late_s = p->late_s,
                       .exposed_s = isnan(set_at_s) ? 0.0 : p->early_s - set_at_s,
                       .before = before,
                       .now = shares_now(p),
                       .gone = copy(p->arena, p->gone, sizeof *p->gone * (size_t)p->sc->n_service)};
    p->early_s += watch_s;
    p->late_s += watch_s;
}

static void walk_stage(struct plan *p, int stage)
{
    const struct stage *st = &p->sc->response.stage[stage];
    double not_before_s = (double)st->not_before_ns / 1e9;
    const double *before = shares_now(p);
    p->early_s = within_hours(p, st->by, fmax(p->early_s, not_before_s));
    p->late_s = within_hours(p, st->by, fmax(p->late_s, not_before_s));
    double set_at_s = NAN;
    for (int i = 0; i < st->n_action; i++) {
        act(p, &st->action[i], st->by);
        if (st->action[i].kind == RS_ACT_SET_FLAG && isnan(set_at_s))
            set_at_s = p->early_s;
    }
    add_watch(p, stage, -1, st->watch_ns, before, set_at_s);
    for (int i = 0; i < st->n_ramp; i++) {
        if (st->by >= 0)
            take_time(p, &p->sc->response.role[st->by].act);
        set_flag(p, st->ramp_flag, true, st->ramp_cohort, st->ramp[i].percent);
        add_watch(p, stage, i, st->ramp[i].watch_ns, before, set_at_s);
    }
    for (int i = 0; i < st->n_closing; i++)
        act(p, &st->closing[i], st->by);
    p->early_s += (double)p->sc->response.lull_ns / 1e9;
    p->late_s += (double)p->sc->response.lull_ns / 1e9;
}

const struct watch *rs_watches(struct arena *arena, const struct scenario *sc, int *n)
{
    struct plan p = {.sc = sc, .arena = arena};
    int total = 0;
    for (int s = 0; s < sc->response.n_stage; s++)
        total += 1 + sc->response.stage[s].n_ramp;
    p.share = RS_ARENA_ARRAY(arena, double, sc->n_flag * sc->n_cohort);
    p.gone = RS_ARENA_ARRAY(arena, uint32_t, sc->n_service);
    p.out = RS_ARENA_ARRAY(arena, struct watch, total);
    for (int f = 0; f < sc->n_flag; f++)
        set_flag(&p, f, sc->flag[f].initially_on, -1, 100.0);
    for (int s = 0; s < sc->response.n_stage; s++)
        walk_stage(&p, s);
    *n = p.n;
    return p.out;
}

struct watch_looks rs_watch_looks(const struct watch *w, enum gate_when when)
{
    const struct stage *st = &w->sc->response.stage[w->stage];
    double every_s = 0.0;
    switch (when) {
    case RS_GATE_END: return (struct watch_looks){1, 0.0};
    case RS_GATE_LOOKS:
        if (st->look_every_ns == RS_NEVER || st->look_every_ns <= 0)
            return (struct watch_looks){0, 0.0};
        every_s = (double)st->look_every_ns / 1e9;
        break;
    case RS_GATE_CONTINUOUS:
        every_s = (double)w->sc->monitoring.evaluation_interval_ns / 1e9;
        break;
    }
    double n = every_s > 0.0 ? floor(w->watch_s / every_s + 1e-9) : 0.0;
    return (struct watch_looks){n > 1e9 ? 1000000000 : (int)n, every_s};
}

const char *rs_watch_name(struct arena *arena, const struct watch *w)
{
    const struct stage *st = &w->sc->response.stage[w->stage];
    return w->step < 0 ? st->name
                       : rs_arena_printf(arena, "%s at %g %%", st->name, st->ramp[w->step].percent);
}
