/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages, documents and what comes after the rollout; and settings of flags that the runbook does not name. */
#include <math.h>

#include "conform.h"

static const int64_t hour_ns = 3600 * RS_NS_PER_S;

static bool is_daily(const struct conform *c, const struct conform_step *s)
{
    return s->side >= 0 && c->plan->side_step[s->side].when == RS_STEP_DAILY;
}

/* A daily message has a time of day; so long after it, and what it takes, it is late. */
static bool say_late(struct conform *c, const struct conform_step *s)
{
    if (!is_daily(c, s))
        return false;
    struct retro_instant due = rs_conform_at(s->lo_ns + hour_ns, 0);
    struct conform_span gap = rs_conform_gap(c, &due, &s->at);
    const struct action *a = &c->plan->side_step[s->side].action;
    double takes_s = rs_dist_mean(&a->takes);
    int64_t limit_ns = hour_ns + (isfinite(takes_s) ? rs_ns_from_s(takes_s) : 0);
    if (gap.lo_ns <= limit_ns)
        return false;
    rs_conform_say(c, rs_conform_of_step(c, s), RS_RETRO_DEVIATES,
                   "let a machine send what is due every day, or name a time that is kept",
                   "\"%s\" was due at %s and was done at %s, %s later", s->words,
                   rs_conform_when(c, &due), rs_conform_when(c, &s->at), rs_conform_long(c, gap));
    return true;
}

void rs_conform_sides(struct conform *c, enum retro_rule rule)
{
    for (int i = 0; i < c->n_step; i++) {
        struct conform_step *s = &c->step[i];
        struct conform_about about = rs_conform_of_step(c, s);
        if (about.rule != rule || s->action->kind == RS_ACT_WAIT)
            continue;
        if (s->mark < 0 && s->flag_step < 0) {
            rs_conform_say_missing(c, s);
            continue;
        }
        if (!say_late(c, s))
            rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL, "\"%s\"%s was done at %s", s->words,
                           rs_conform_occasion(c, s), rs_conform_when(c, &s->at));
    }
}

/* ---- flags ---- */

/* Does the setting say what the flag said already? last: the one before it, NULL = it is the first. */
static bool says_nothing_new(const struct conform *c,
                             const struct retro_flag_step *f,
                             const struct retro_flag_step *last)
{
    if (!last)
        return f->on == c->sc->flag[f->flag].initially_on;
    return f->on == last->on && (!f->on || isnan(f->percent) || isnan(last->percent) ||
                                 fabs(f->percent - last->percent) < 0.01);
}

/* The stage in which it was set; -1 = in none. *sure: in no other, within the uncertainty. */
static int stage_of(const struct conform *c, const struct retro_instant *at, bool *sure)
{
    int stage = -1, n = 0;
    for (int i = 0; i < c->plan->n_stage; i++) {
        const struct conform_stage *s = &c->stage[i];
        if (!s->reached || at->hi_ns < s->in.lo_ns || at->lo_ns > s->out.hi_ns)
            continue;
        n++;
        if (stage < 0 || s->in.best_ns <= at->best_ns)
            stage = i;
    }
    *sure = n <= 1;
    return stage;
}

static const char *setting(const struct conform *c, const struct retro_flag_step *f)
{
    const char *flag = c->sc->flag[f->flag].name;
    if (!f->on)
        return rs_arena_printf(c->r->arena, "%s was set off", flag);
    if (isnan(f->percent))
        return rs_arena_printf(c->r->arena, "%s was set on", flag);
    return rs_arena_printf(c->r->arena, "%s was set on for %g%%", flag, f->percent);
}

static void say_unnamed(struct conform *c, int step)
{
    const struct retro_flag_step *f = &c->r->rebuilt.flag_step[step];
    bool sure;
    int stage = stage_of(c, &f->at, &sure);
    struct conform_about about = {
        .rule = RS_CONFORM_FLAG,
        .ref = stage >= 0 ? c->plan->stage[stage].ref : c->sc->flag[f->flag].ref,
        .at = stage >= 0 ? c->plan->stage[stage].at : c->sc->flag[f->flag].at,
        .stage = stage,
        .procedure = -1,
        .episode = -1,
        .when = &f->at};
    const char *where = stage >= 0
                            ? rs_arena_printf(c->r->arena, "in %s", rs_conform_stage_name(c, stage))
                            : "outside of all stages";
    bool known = rs_conform_known(&f->at);
    rs_conform_say(c, about, known ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE,
                   rs_arena_printf(c->r->arena,
                                   "name this setting of %s where it is made, or say "
                                   "that flags are set only by the runbook",
                                   c->sc->flag[f->flag].name),
                   "%s at %s%s, %s, where the runbook does not name it", setting(c, f),
                   rs_conform_when(c, &f->at),
                   sure ? "" : " (at the border of two stages, neither of which names it)", where);
}

void rs_conform_flags(struct conform *c)
{
    for (int flag = 0; flag < c->sc->n_flag; flag++) {
        int n = 0, n_unnamed = 0;
        const struct retro_flag_step *last = NULL;
        for (int i = 0; i < c->r->rebuilt.n_flag_step; i++) {
            const struct retro_flag_step *step = &c->r->rebuilt.flag_step[i];
            if (step->flag != flag)
                continue;
            n++;
            if (!c->flag_used[i] && !says_nothing_new(c, step, last)) {
                n_unnamed++;
                say_unnamed(c, i);
            }
            last = step;
        }
        struct conform_about about = {.rule = RS_CONFORM_FLAG,
                                      .ref = c->sc->flag[flag].ref,
                                      .at = c->sc->flag[flag].at,
                                      .stage = -1,
                                      .procedure = -1,
                                      .episode = -1};
        const char *name = c->sc->flag[flag].name;
        if (n == 1 && n_unnamed == 0)
            rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                           "%s was set once, where the runbook names it", name);
        else if (n > 1 && n_unnamed == 0)
            rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                           "%s was set %d times, each where the runbook names it", name, n);
    }
}
