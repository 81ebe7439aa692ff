/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long after its exposure the fault began. */
#include <math.h>
#include <string.h>

#include "learn.h"
#include "sim/clock.h"

const struct retro_instant *
rs_learn_exposure(const struct retro *r, const struct fault *f, const struct retro_episode *e)
{
    const struct retro_rebuilt *b = &r->rebuilt;
    const struct retro_instant *onset = &e->at[RS_CLOCK_ONSET], *last = NULL;
    if (f->onset == RS_ONSET_STAGE)
        return b->stage[f->onset_stage].how != RS_HOW_UNKNOWN ? &b->stage[f->onset_stage] : NULL;
    for (int i = 0; i < b->n_flag_step; i++) {
        const struct retro_flag_step *s = &b->flag_step[i];
        bool turns = f->onset == RS_ONSET_FLAG_EXPOSED     ? s->on
                     : f->onset == RS_ONSET_FLAG_WITHDRAWN ? !s->on
                                                           : false;
        bool before = onset->how == RS_HOW_UNKNOWN || s->at.lo_ns <= onset->hi_ns;
        /* The first exposure counts: a ramp's later steps widen it. */
        if (s->flag == f->onset_flag && turns && before && !last)
            last = &s->at;
    }
    return last;
}

/* From exposure to onset; exposure itself comes with the flag's way to the first instance. */
static bool onset_of(const struct learning *l,
                     const struct retro *r,
                     const struct fault *f,
                     const struct retro_episode *e,
                     struct retro_duration *out)
{
    const struct retro_instant *from = rs_learn_exposure(r, f, e), *to = &e->at[RS_CLOCK_ONSET];
    if (!from || to->how == RS_HOW_UNKNOWN || to->never || to->hi_ns == RS_NEVER ||
        from->hi_ns == RS_NEVER || from->lo_ns == INT64_MIN || to->lo_ns == INT64_MIN)
        return false;
    double way = 0.0;
    if (f->onset == RS_ONSET_FLAG_EXPOSED) {
        const struct propagation *p = &r->evidence->scenario->flag[f->onset_flag].propagation;
        way = p->kind == RS_PROPAGATION_POLLING ? rs_s_from_ns(p->poll_ns)
                                                : fmin(rs_dist_quantile(&p->delay, 0.9), 60.0);
    }
    double lo = rs_s_from_ns(to->lo_ns - from->hi_ns) - way,
           hi = rs_s_from_ns(to->hi_ns - from->lo_ns);
    double best = rs_s_from_ns(to->best_ns - from->best_ns) - 0.5 * way;
    if (hi <= 0.0)
        return false;
    lo = fmax(lo, 0.0);
    *out = (struct retro_duration){lo, fmin(fmax(best, lo), hi), hi,
                                   rs_arena_printf(l->arena, "%s, %s", r->evidence->name, e->name)};
    return true;
}

void rs_learn_onset_fit(struct learning *l, const struct fault *fault)
{
    struct retro_fit *f = rs_learn_add(l, RS_FIT_FAULT_ONSET,
                                       rs_arena_printf(l->arena, "%s: onset delay", fault->name));
    struct retro_duration *d = RS_ARENA_ARRAY(l->arena, struct retro_duration, l->n_episode_set);
    int n = 0;
    if (fault->onset != RS_ONSET_FLAG_EXPOSED && fault->onset != RS_ONSET_FLAG_WITHDRAWN &&
        fault->onset != RS_ONSET_STAGE) {
        f->refused = "it waits for no flag and no stage";
        return;
    }
    n += onset_of(l, l->r, fault, &l->r->rebuilt.episode[l->fault_episode], &d[n]);
    for (int i = 1; i < l->n_episode_set; i++) {
        const struct retro *r = l->set[i];
        const struct scenario *sc = r->evidence->scenario;
        for (int k = 0; sc && k < sc->n_fault; k++) {
            bool same = strcmp(sc->fault[k].name, fault->name) == 0 && r->rebuilt.n_episode > 0;
            if (same && onset_of(l, r, &sc->fault[k], &r->rebuilt.episode[0], &d[n])) {
                n++;
                break;
            }
        }
    }
    if (n == 0) {
        f->refused = "its onset, or when it was first exposed, is not known";
        return;
    }
    rs_learn_fit_law(l, f, d, n, &fault->onset_delay);
    f->path = rs_arena_printf(l->arena, "faults/%s/onset/delay", fault->name);
}
