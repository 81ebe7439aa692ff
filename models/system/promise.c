/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters that stand still. A counter that only faults and fallbacks move has nothing to draw between two of them, and the
 * next fallback is known: its clock runs in operational time. So it can be said, without drawing anything, that all scrapes up
 * to now show the same value; a condition that needs it to rise is then not evaluated, and the scrapes wait until something
 * else asks for them (models/tsdb.h, rs_tsdb_promise).
 */
#include <math.h>

#include "internal.h"

/* Rounding of sums in operational time, by far: nearer than this to an event nothing is promised. */
#define MARGIN 1e-6

static int counter_of(const struct target *t, int series)
{
    const struct site *site = t->site;
    const int *first = t->series + site->n_part * site->n_code;
    for (int i = 0; i < site->service->n_counter; i++) {
        if (first[i] == series)
            return i;
    }
    return -1;
}

/* Its fallbacks count here. */
static bool counts_in(const struct site *site, const struct law *law, int counter)
{
    return law->fallback && site->service->path[law->path].fallback_counter == counter;
}

/* Operational time of a class since its rare requests were drawn last; infinite where it is not known in advance. */
static double expected(struct system *sys, struct target *t, int class)
{
    const struct site *site = t->site;
    double mean = 0.0;
    for (int i = 0; i < site->n_traffic; i++) {
        struct meter *m = &sys->meter[site->traffic[i]];
        if (m->traffic->profile.kind == RS_PROFILE_LOG)
            return (double)INFINITY;
        mean += rs_meter_mean(m, &t->ahead.cursor[i], t->requests_ns, rs_kernel_now(sys->kernel)) *
                t->share[m->traffic->cohort * site->n_class + class];
    }
    return mean;
}

static bool no_fallback_yet(struct system *sys, struct target *t, int counter)
{
    rs_target_refresh(sys, t);
    rs_site_laws(sys, t->site);
    for (int j = 0; j < t->n_active; j++) {
        const struct law *law = &t->site->law[t->active[j]];
        if (!counts_in(t->site, law, counter))
            continue;
        double gone = expected(sys, t, t->active[j]) * law->p_rest;
        if (!law->rare || !(t->rare[t->active[j]].left > gone * (1.0 + MARGIN) + MARGIN))
            return false;
    }
    return true;
}

bool rs_target_promise(void *ctx, uint64_t arg, int series, double last)
{
    struct system *sys = ctx;
    struct target *t = sys->target[arg / 2];
    const struct site *site = t->site;
    const struct fault_state *fs = &sys->fault;
    int i = counter_of(t, series);
    if (i < 0 || site->door || t->a.queue.n > 0)
        return false;
    if (fs->started && (site->fault_touches || fs->fault->service == site->index))
        return false;
    const struct counter *c = &site->service->counter[i];
    if (c->base_per_s > 0.0 || c->base_per_request > 0.0)
        return false;
    if (!isnan(last) && last != (double)t->counter[i])
        return false; /* the next scrape shows a step */
    return no_fallback_yet(sys, t, i);
}
