/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a user's request takes on an instance, and which share of a cohort takes which. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "models/traffic.h"

static bool counts_as_on(const struct scenario *sc, const bool *raw, int flag)
{
    if (!raw[flag])
        return false;
    for (int i = 0; i < sc->flag[flag].n_requires; i++) {
        if (!counts_as_on(sc, raw, sc->flag[flag].requires[i]))
            return false;
    }
    return true;
}

bool rs_conditions_hold(const struct scenario *sc,
                        const bool *raw,
                        int n,
                        const struct condition *when)
{
    for (int i = 0; i < n; i++) {
        if (counts_as_on(sc, raw, when[i].flag) != when[i].on)
            return false;
    }
    return true;
}

static int class_for(const struct system *sys, const struct site *site, const bool *raw)
{
    const struct service *sv = site->service;
    bool last_left = site->n_gone > 0 && site->n_gone == sv->n_path - 1;
    for (int i = 0; i < sv->n_path; i++) {
        const struct path *p = &sv->path[i];
        if (site->path_gone[i] ||
            !(last_left || rs_conditions_hold(sys->sc, raw, p->n_when, p->when)))
            continue;
        bool helped = p->fallback >= 0 && !site->path_gone[p->fallback] &&
                      rs_conditions_hold(sys->sc, raw, p->n_fallback_when, p->fallback_when);
        return site->path_class[i] + helped;
    }
    return site->n_class - 1;
}

/* A cohort of more users than this is searched by rejection: the list of its users would be too large. */
#define LIST_MAX (UINT64_C(1) << 22)

static void make_buckets(struct system *sys, struct flag_state *f, int cohort)
{
    uint64_t population = sys->sc->cohort[cohort].population, hash = f->bucket_hash[cohort];
    uint32_t *upto = rs_arena_alloc(sys->arena, sizeof *upto * 10001);
    for (uint64_t user = 0; user < population; user++)
        upto[rs_bucket_of_user(hash, user) + 1]++;
    for (int i = 0; i < 10000; i++)
        upto[i + 1] += upto[i];
    f->bucket_upto[cohort] = upto;
    if (population > LIST_MAX)
        return;
    uint32_t *next = rs_xcalloc(10001, sizeof *next);
    memcpy(next, upto, sizeof *next * 10001);
    f->by_bucket[cohort] = rs_arena_alloc(sys->arena, sizeof **f->by_bucket * population);
    for (uint64_t user = 0; user < population; user++)
        f->by_bucket[cohort][next[rs_bucket_of_user(hash, user)]++] = (uint32_t)user;
    free(next);
}

/* Buckets 0..threshold-1 are < percent * 100. */
static int threshold(const struct command *value)
{
    return (int)ceil(value->percent * 100.0);
}

/* Share of the cohort that this value of the flag is on for, requirements aside. */
static double raw_share(struct system *sys, int flag, const struct command *value, int cohort)
{
    struct flag_state *f = &sys->flag[flag];
    if (!value->on || (value->cohort >= 0 && value->cohort != cohort) || value->percent <= 0.0)
        return 0.0;
    if (value->percent >= 100.0)
        return 1.0;
    if (!f->bucket_upto[cohort])
        make_buckets(sys, f, cohort);
    return f->bucket_upto[cohort][threshold(value)] / (double)sys->sc->cohort[cohort].population;
}

/* Adds P(all flags are so) to the class of every combination of the partly exposed flags. */
static void spread(struct system *sys,
                   const struct site *site,
                   const int *flags,
                   int n_flag,
                   double *share /* [n_class] */,
                   struct divide *divide)
{
    int partial[RS_MAX_PARTIAL], n = 0;
    for (int i = 0; i < n_flag; i++) {
        double p = sys->raw_p[flags[i]];
        sys->raw[flags[i]] = p >= 1.0;
        if (p > 0.0 && p < 1.0) {
            assert(n < RS_MAX_PARTIAL);
            partial[n++] = flags[i];
        }
    }
    divide->flag = n == 0 ? -1 : n == 1 ? partial[0] : -2;
    for (unsigned set = 0; set < 1u << n; set++) {
        double p = 1.0;
        for (int i = 0; i < n; i++) {
            bool on = set >> i & 1;
            sys->raw[partial[i]] = on;
            p *= on ? sys->raw_p[partial[i]] : 1.0 - sys->raw_p[partial[i]];
        }
        int class = class_for(sys, site, sys->raw);
        share[class] += p;
        *(set ? &divide->class_on : &divide->class_off) = class;
    }
}

static void find_active(struct system *sys, struct target *t)
{
    const struct site *site = t->site;
    memset(t->path_used, 0, sizeof *t->path_used * (size_t)site->service->n_path);
    t->n_active = 0;
    for (int k = 0; k < site->n_class; k++) {
        double sum = 0.0;
        for (int i = 0; i < site->n_traffic; i++)
            sum += t->share[sys->sc->traffic[site->traffic[i]].cohort * site->n_class + k];
        if (sum <= 0.0)
            continue;
        t->active[t->n_active++] = k;
        int path = site->law[k].path;
        if (path >= 0)
            t->path_used[path] = true;
        if (site->law[k].fallback)
            t->path_used[site->service->path[path].fallback] = true;
    }
}

void rs_target_refresh(struct system *sys, struct target *t)
{
    const struct site *site = t->site;
    if (!t->stale_shares)
        return;
    t->stale_shares = false;
    rs_ahead_forget(&t->ahead);
    memset(t->share, 0, sizeof *t->share * (size_t)(sys->sc->n_cohort * site->n_class));
    for (int c = 0; c < sys->sc->n_cohort; c++) {
        for (int i = 0; i < site->n_flag; i++) {
            int f = site->flag[i];
            const struct flag_inst *inst = &sys->flag[f].inst[t->flag_inst[f]];
            sys->raw_p[f] = raw_share(sys, f, rs_flag_value(&sys->flag[f], inst), c);
        }
        struct divide *d = &t->divide[c];
        spread(sys, site, site->flag, site->n_flag, t->share + c * site->n_class, d);
        if (d->flag >= 0) {
            const struct flag_inst *inst = &sys->flag[d->flag].inst[t->flag_inst[d->flag]];
            d->below = threshold(rs_flag_value(&sys->flag[d->flag], inst));
        }
    }
    find_active(sys, t);
}

/* P(flag counts as on), its requirements as they are on the same instance; flags taken as independent. */
double rs_flag_shown(struct system *sys, int flag, const struct flag_inst *inst, int cohort)
{
    struct flag_state *f = &sys->flag[flag];
    double p = raw_share(sys, flag, rs_flag_value(f, inst), cohort);
    for (int i = 0; p > 0.0 && i < f->flag->n_requires; i++) {
        int other = f->flag->requires[i];
        struct flag_state *o = &sys->flag[other];
        int at = inst->target ? inst->target->flag_inst[other] : 0;
        p *= rs_flag_shown(sys, other, &o->inst[at >= 0 ? at : 0], cohort);
    }
    return p;
}

int rs_target_class_of(struct system *sys, const struct target *t, int cohort, uint64_t user)
{
    const struct site *site = t->site;
    for (int i = 0; i < site->n_flag; i++) {
        struct flag_state *f = &sys->flag[site->flag[i]];
        const struct command *v = rs_flag_value(f, &f->inst[t->flag_inst[site->flag[i]]]);
        bool on = v->on && (v->cohort < 0 || v->cohort == cohort) && v->percent > 0.0;
        if (on && v->percent < 100.0)
            on = rs_bucket_of_user(f->bucket_hash[cohort], user) < v->percent * 100.0;
        sys->raw[site->flag[i]] = on;
    }
    return class_for(sys, site, sys->raw);
}
