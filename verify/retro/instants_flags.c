/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The change that began a rollback, where nobody noted it as such: the last time before the fault began to show, or before it
 * was detected where that is not known, at which a flag that the procedure turns back was turned the other way, or up.
 */
#include <math.h>
#include <stdlib.h>

#include "retro/rebuild.h"

/* How far the flag reaches, by what was noted: a step without a percentage is for all. */
static double reach_of(const struct retro_flag_step *s)
{
    if (!s->on)
        return 0.0;
    return isnan(s->percent) ? 100.0 : s->percent;
}

/* Does a step from one reach to another go the way that the procedure takes back? */
static bool
is_turned_back(const struct retro_flag_step *step, double from, const struct procedure *p)
{
    double to = reach_of(step);
    for (int k = 0; k < p->n_action; k++) {
        const struct action *a = &p->action[k];
        if (a->kind != RS_ACT_SET_FLAG || a->flag != step->flag)
            continue;
        double back = a->on ? a->percent : 0.0;
        if ((to > from && to > back) || (to < from && to < back))
            return true;
    }
    return false;
}

void rs_instants_by_flags(struct rebuild *b, int episode)
{
    const struct scenario *sc = b->r->evidence->scenario;
    const struct retro_rebuilt *t = &b->r->rebuilt;
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    const struct retro_instant *by = &ep->at[RS_CLOCK_ONSET];
    struct retro_instant *at = &ep->at[RS_RETRO_CHANGED];
    bool shown = rs_instant_known(by) && by->how != RS_HOW_BOUNDED;
    if (!shown)
        by = &ep->at[RS_CLOCK_DETECTED];
    if (!sc || ep->procedure < 0 || rs_instant_known(at) || !rs_instant_known(by))
        return;
    int last = -1;
    int64_t lo_ns = INT64_MIN;
    double *reach = rs_xcalloc((size_t)sc->n_flag + 1, sizeof(*reach)); /* before each step */
    for (int i = 0; i < sc->n_flag; i++)
        reach[i] = sc->flag[i].initially_on ? 100.0 : 0.0;
    for (int i = 0; i < t->n_flag_step; i++) {
        const struct retro_instant *set = &t->flag_step[i].at;
        const struct retro_flag_step *step = &t->flag_step[i];
        bool turned =
            is_turned_back(step, reach[step->flag], &sc->response.procedure[ep->procedure]);
        reach[step->flag] = reach_of(step);
        if (set->lo_ns > by->hi_ns || !turned)
            continue;
        /* One that may have come too late leaves the one before it possible. */
        if (last < 0 || set->hi_ns <= by->lo_ns)
            lo_ns = set->lo_ns;
        last = i;
    }
    free(reach);
    if (last < 0)
        return;
    const struct retro_flag_step *step = &t->flag_step[last];
    *at = step->at;
    at->why = rs_arena_printf(b->arena, "%s was turned %s, the last such step before %s%s; %s",
                              sc->flag[step->flag].name, step->on ? "on or up" : "off or down",
                              rs_retro_instant_name(shown ? RS_CLOCK_ONSET : RS_CLOCK_DETECTED),
                              lo_ns < at->lo_ns ? ", or the step before it" : "", step->at.why);
    if (lo_ns < at->lo_ns) {
        at->lo_ns = lo_ns;
        at->own_lo_ns = INT64_MIN;
        at->own_hi_ns = RS_NEVER;
    }
}
