/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Users hurt, in closed form. Answers that go wrong fall upon the users of an audience as balls into cells: after H of them a
 * definite one of N users has been spared with probability (1 - 1/N)^H. Audiences of one cohort are nested, since buckets are
 * sticky; so the cohort falls into strata, and whoever is in a stratum was within reach at all levels that hold it:
 *     E = sum over strata of n * (1 - p),    p = product over those levels of (1 - 1/N_l)^H_l.
 * The variance is that of independent users, less what a fixed number of hits takes away from it (the occupancy problem):
 *     V = sum of n p (1 - p) - sum over levels of H_l * (sum over its strata of n p / N_l)^2,
 * for one level N e^-m (1 - (1 + m) e^-m) with m = H / N.
 * Source: Johnson & Kotz, Urn Models and Their Application (1977), sec. 3.2; Kolchin, Sevastyanov & Chistyakov, Random
 * Allocations (1978), ch. I.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/traffic.h"
#include "retro/harm.h"
#include "sim/clock.h"

/* ---- who calls the service ---- */

/* Seconds of the scenario; of evidence without dates, its own. */
static double scenario_s(const struct retro *r, int64_t at_ns)
{
    bool dated = rs_recorded_is_absolute(at_ns / RS_NS_PER_MS);
    return rs_s_from_ns(dated ? at_ns - r->evidence->scenario->starts_at_unix_ns : at_ns);
}

/* The service's cohorts, by the scenario's traffic in the hours around. Returns their numbers, [n_cohort]. */
static int *find_cohorts(struct harm_crowd *out, const struct retro *r, int service, int64_t at_ns)
{
    const struct scenario *sc = r->evidence->scenario;
    int *cohort = RS_ARENA_ARRAY(r->arena, int, sc->n_cohort);
    double *weight = RS_ARENA_ARRAY(r->arena, double, sc->n_cohort), sum = 0.0;
    double at_s = scenario_s(r, at_ns);
    at_s = at_s > 0.0 ? at_s : 0.0;
    for (int i = 0; i < sc->n_traffic; i++) {
        if (sc->traffic[i].service != service)
            continue;
        double n = rs_profile_integral(&sc->traffic[i].profile, at_s, at_s + 3600.0);
        weight[sc->traffic[i].cohort] += n;
        sum += n;
    }
    out->population = RS_ARENA_ARRAY(r->arena, double, sc->n_cohort);
    out->weight = RS_ARENA_ARRAY(r->arena, double, sc->n_cohort);
    for (int c = 0; c < sc->n_cohort; c++) {
        if (weight[c] <= 0.0)
            continue;
        cohort[out->n_cohort] = c;
        out->population[out->n_cohort] = (double)sc->cohort[c].population;
        out->weight[out->n_cohort++] = weight[c] / sum;
    }
    return cohort;
}

/* ---- whom the flag reaches ---- */

static bool chooses(const struct path *p, int flag)
{
    for (int k = 0; k < p->n_when; k++) {
        if (p->when[k].flag == flag && p->when[k].on)
            return true;
    }
    return false;
}

static bool uses(const struct path *p, int dependency)
{
    for (int i = 0; i < p->n_uses; i++) {
        if (p->uses[i] == dependency)
            return true;
    }
    return false;
}

/* Is the fault one of the service's, and as far as the runbook says so, what the episode's procedure is for? */
static bool may_be(const struct scenario *sc,
                   const struct fault *f,
                   const struct retro_episode *e,
                   bool same_ref)
{
    const char *ref = e->procedure >= 0 ? sc->response.procedure[e->procedure].ref : NULL;
    if (same_ref && !(ref && f->ref && strcmp(ref, f->ref) == 0))
        return false;
    if (f->target != RS_TARGET_DEPENDENCY)
        return f->service == e->service;
    const struct service *sv = &sc->service[e->service];
    for (int i = 0; i < sv->n_path; i++) {
        if (uses(&sv->path[i], f->dependency))
            return true;
    }
    return false;
}

/*
 * Which of the service's paths the fault may be on: those of the scenario's faults that the procedure is for, else of any of the
 * service's. One of the whole service is on none, whatever flags say. false: no fault of the scenario tells.
 */
static bool faulty_paths(const struct scenario *sc, const struct retro_episode *e, bool *faulty)
{
    const struct service *sv = &sc->service[e->service];
    bool told = false;
    for (int same_ref = 1; same_ref >= 0 && !told; same_ref--) {
        for (int f = 0; f < sc->n_fault; f++) {
            const struct fault *fault = &sc->fault[f];
            if (!may_be(sc, fault, e, same_ref == 1))
                continue;
            told = true;
            for (int i = 0; i < sv->n_path; i++)
                faulty[i] = faulty[i] || (fault->target == RS_TARGET_PATH && fault->path == i) ||
                            (fault->target == RS_TARGET_DEPENDENCY &&
                             uses(&sv->path[i], fault->dependency));
        }
    }
    return told;
}

/* May the flag have shown the fault to somebody? A switch whose safe side is on does not, but where a fault is known to be there. */
static bool may_show(
    const struct scenario *sc, const struct service *sv, const bool *faulty, bool told, int flag)
{
    for (int i = 0; i < sv->n_path; i++) {
        if ((told ? faulty[i] : !sc->flag[flag].safe_on) && chooses(&sv->path[i], flag))
            return true;
    }
    return false;
}

/*
 * The flag of the faulty path's conditions that was switched on last before the rollback, or before the fault was over; -1 = none.
 * What is switched on from the command on is part of the way back.
 */
static int blamed_flag(const struct retro *r, const struct retro_episode *e, int64_t until_ns)
{
    const struct scenario *sc = r->evidence->scenario;
    const struct service *sv = &sc->service[e->service];
    const struct retro_instant *command = &e->at[RS_CLOCK_COMMANDED];
    bool *faulty = RS_ARENA_ARRAY(r->arena, bool, sv->n_path);
    bool told = faulty_paths(sc, e, faulty);
    int flag = -1;
    if (e->had_rollback && rs_harm_is_known(command) && command->hi_ns < until_ns)
        until_ns = command->hi_ns;
    for (int i = 0; i < r->rebuilt.n_flag_step; i++) {
        const struct retro_flag_step *s = &r->rebuilt.flag_step[i];
        if (s->on && s->percent != 0.0 && s->at.how != RS_HOW_UNKNOWN &&
            s->at.best_ns <= until_ns && may_show(sc, sv, faulty, told, s->flag))
            flag = s->flag;
    }
    return flag;
}

/* The cohort that the runbook's stages name with the flag; -1 = all. */
static int audience_of(const struct response *plan, int flag)
{
    for (int i = 0; i < plan->n_stage; i++) {
        const struct stage *st = &plan->stage[i];
        if (st->n_ramp > 0 && st->ramp_flag == flag)
            return st->ramp_cohort;
        for (int k = 0; k < st->n_action; k++) {
            const struct action *a = &st->action[k];
            if (a->kind == RS_ACT_SET_FLAG && a->flag == flag && a->on)
                return a->cohort;
        }
    }
    return -1;
}

static int add_level(struct harm_crowd *out,
                     const struct scenario *sc,
                     const int *cohort,
                     int flag,
                     int meant,
                     double percent)
{
    double *users = &out->users[out->n_level * out->n_cohort];
    for (int c = 0; c < out->n_cohort; c++) {
        char name[512];
        const struct cohort *whose = &sc->cohort[cohort[c]];
        snprintf(name, sizeof(name), "flag/%s/%s", sc->flag[flag].name, whose->name);
        users[c] = meant >= 0 && meant != cohort[c] ? 0.0
                   : percent >= 100.0
                       ? (double)whose->population
                       : (double)rs_bucket_count(rs_stream_hash(name), whose->population, percent);
    }
    return out->n_level++;
}

/* The level of a percentage that was set before: to count users takes time, and a flag goes up and down by few steps. */
static int find_level(const struct harm_crowd *out, const double *percent, double wanted)
{
    for (int i = 1; i < out->n_level; i++) {
        if (percent[i] == wanted)
            return i;
    }
    return -1;
}

static void add_piece(struct harm_crowd *out, int64_t at_ns, int level)
{
    out->piece_at_ns[out->n_piece] = at_ns;
    out->piece_level[out->n_piece++] = level;
}

void rs_harm_crowd(struct harm_crowd *out, const struct retro *r, const struct retro_episode *e)
{
    const struct scenario *sc = r->evidence->scenario;
    *out =
        (struct harm_crowd){.why = "users are not told: no cohort of a scenario calls the service"};
    if (!sc || e->service < 0)
        return;
    int64_t around_ns = e->up.found ? e->up.best_ns : e->at[RS_CLOCK_ONSET].best_ns;
    int64_t until_ns = e->down.found ? e->down.best_ns : RS_NEVER;
    const int *cohort = find_cohorts(out, r, e->service, around_ns);
    if (out->n_cohort == 0)
        return;
    int n_step = r->rebuilt.n_flag_step, flag = blamed_flag(r, e, until_ns);
    out->users = RS_ARENA_ARRAY(r->arena, double, (n_step + 1) * out->n_cohort);
    out->piece_at_ns = RS_ARENA_ARRAY(r->arena, int64_t, n_step + 1);
    out->piece_level = RS_ARENA_ARRAY(r->arena, int, n_step + 1);
    for (int c = 0; c < out->n_cohort; c++)
        out->users[c] = out->population[c];
    out->n_level = 1;
    add_piece(out, INT64_MIN, 0);
    out->why = "everybody who calls the service is taken to be within reach: no flag is known that "
               "showed the fault to some of them";
    if (flag < 0)
        return;
    int meant = audience_of(&sc->response, flag);
    double *level_percent = rs_xcalloc((size_t)n_step + 1, sizeof(*level_percent));
    for (int i = 0; i < n_step; i++) {
        const struct retro_flag_step *s = &r->rebuilt.flag_step[i];
        if (s->flag != flag || s->at.how == RS_HOW_UNKNOWN)
            continue;
        double percent = !s->on ? 0.0 : isnan(s->percent) ? 100.0 : s->percent;
        int level = percent > 0.0 ? find_level(out, level_percent, percent) : 0;
        if (level < 0) {
            level = add_level(out, sc, cohort, flag, meant, percent);
            level_percent[level] = percent;
        }
        if (level > 0 && rs_harm_level_share(out, level) <= 0.0)
            level = 0; /* meant for nobody who calls: then it is not what is to blame */
        add_piece(out, s->at.best_ns, level);
    }
    free(level_percent);
    out->why = rs_arena_printf(r->arena, "within reach are those to whom %s was shown",
                               sc->flag[flag].name);
}

int rs_harm_level_at(const struct harm_crowd *c, int64_t at_ns)
{
    int level = 0;
    for (int i = 0; i < c->n_piece && c->piece_at_ns[i] <= at_ns; i++)
        level = c->piece_level[i];
    return level;
}

double rs_harm_level_share(const struct harm_crowd *c, int level)
{
    double share = 0.0;
    for (int i = 0; i < c->n_cohort; i++)
        share += c->weight[i] * c->users[level * c->n_cohort + i] / c->population[i];
    return share;
}

/* ---- distinct users ---- */

/* Levels of one cohort by the size of their audience. */
struct ladder {
    int n;
    double *users, *hits,
        *left; /* left: log of P(spared) by this level, then by this and all above */
};

static void
fill_ladder(struct ladder *l, const struct harm_crowd *c, int cohort, const double *hits)
{
    l->n = 0;
    for (int level = 0; level < c->n_level; level++) {
        double users = c->users[level * c->n_cohort + cohort],
               share = rs_harm_level_share(c, level);
        if (users <= 0.0 || hits[level] <= 0.0)
            continue;
        double mine = hits[level] * c->weight[cohort] * users / c->population[cohort] / share;
        int i = l->n++;
        for (; i > 0 && l->users[i - 1] > users; i--) {
            l->users[i] = l->users[i - 1];
            l->hits[i] = l->hits[i - 1];
        }
        l->users[i] = users;
        l->hits[i] = mine;
    }
}

static double cohort_hurt(struct ladder *l, double *variance)
{
    double expected = 0.0, above = 0.0;
    for (int i = l->n - 1; i >= 0; i--) {
        above += l->users[i] > 1.0 ? l->hits[i] * log1p(-1.0 / l->users[i]) : -(double)INFINITY;
        l->left[i] = above;
    }
    double spared = 0.0; /* of the strata up to here */
    for (int i = 0; i < l->n; i++) {
        double n = l->users[i] - (i ? l->users[i - 1] : 0.0), p = exp(l->left[i]);
        expected += n * (1.0 - p);
        spared += n * p;
        *variance += n * p * (1.0 - p) - l->hits[i] * pow(spared / l->users[i], 2.0);
    }
    return expected;
}

double rs_harm_users(const struct harm_crowd *c, const double *hits, double *sd)
{
    double expected = 0.0, variance = 0.0;
    double *room = rs_xcalloc(3 * (size_t)c->n_level, sizeof(*room));
    struct ladder l = {.users = room, .hits = room + c->n_level, .left = room + 2 * c->n_level};
    for (int i = 0; i < c->n_cohort; i++) {
        fill_ladder(&l, c, i, hits);
        expected += cohort_hurt(&l, &variance);
    }
    free(room);
    *sd = variance > 0.0 ? sqrt(variance) : 0.0;
    return expected;
}
