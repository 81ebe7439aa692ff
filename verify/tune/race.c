/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "race.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "race_parts.h"

/* Replicas of the first round, for each stratum. */
enum { FIRST_ROUND = 64 };

static int n_round(uint64_t n_most)
{
    int n = 1;
    for (uint64_t have = FIRST_ROUND; have < n_most; have *= 2)
        n++;
    return n;
}

/* ---- levels ---------------------------------------------------------------------------------------------------------- */

/*
 * A third of the chance of a wrong word is for what is dropped because another is better, a third for what breaks a claim, a third for
 * the intervals that are told.
 */
static void share_out(struct race *r)
{
    const struct tune_plan *plan = r->src->plan;
    double third = (1.0 - plan->confidence) / 3.0, n_in = 0.0, n_number, n_step = 0.0;
    int n_statistical = 0;
    for (uint32_t i = 0; i < r->n; i++)
        n_in += r->racer[i].in;
    for (int c = 0; c < r->ns->n_claim; c++)
        n_statistical += r->ns->claim[c].n_stratum > 0;
    for (int p = 0; p < plan->n_param; p++)
        n_step += 2.0 * (plan->param[p].n_value - 1);
    double rounds = n_round(r->n_most), n_objective = fmax(r->ns->n_objective, 1.0);
    double n_pair = fmax(n_in * (n_in - 1.0), 1.0);
    n_number = n_in * (n_objective + n_statistical) + n_step * 2.0 * n_objective;
    r->pair_level = (struct level){third / (n_pair * n_objective), rounds};
    r->claim_level = (struct level){third / fmax(n_in * n_statistical, 1.0), rounds};
    /* An interval has two ends; it is told once, at a time that the evidence chose. */
    r->told_level = (struct level){third / fmax(2.0 * n_number, 1.0), rounds};
}

/* ---- asking ---------------------------------------------------------------------------------------------------------- */

struct listener {
    struct race *r;
    int stratum;
    const uint32_t *setting; /* [n of the ask] */
    uint32_t *turned;        /* room for as many */
    uint64_t n_total;        /* for progress */
    uint32_t n_in;
};

static int hear(
    void *ctx, uint64_t replica, uint32_t n, const uint32_t *of, const double *row, struct err *err)
{
    const struct listener *l = ctx;
    struct race *r = l->r;
    (void)err;
    for (uint32_t k = 0; k < n; k++)
        l->turned[k] = l->setting[of[k]];
    rs_store_put(r->store, l->stratum, replica, n, l->turned, row);
    r->n_done += n;
    return r->opt->tick && r->opt->tick(r->opt->tick_ctx, r->n_done, l->n_total, l->n_in) ? 1 : 0;
}

/* Replicas times settings, should all that are in get all that there may be. */
static void foresee(struct listener *l)
{
    const struct race *r = l->r;
    l->n_total = r->n_done;
    for (uint32_t i = 0; i < r->n; i++) {
        l->n_in += r->racer[i].in;
        for (int s = 0; s < r->ns->n_stratum && r->racer[i].in; s++) {
            uint64_t have = rs_store_n(r->store, s, i);
            l->n_total += have < r->n_most ? r->n_most - have : 0;
        }
    }
}

/* Those of the settings that have `have` replicas get the next ones. */
static int ask_group(struct race *r,
                     uint32_t n,
                     const uint32_t *setting,
                     const uint16_t *const *value,
                     int stratum,
                     uint64_t have,
                     uint64_t until,
                     struct err *err)
{
    size_t n_param = (size_t)r->src->plan->n_param;
    uint32_t *mine = rs_xcalloc((size_t)n + 1, sizeof *mine), n_mine = 0;
    uint16_t *all = rs_xcalloc(n * n_param + 1, sizeof *all);
    for (uint32_t k = 0; k < n; k++) {
        if (rs_store_n(r->store, stratum, setting[k]) != have)
            continue;
        memcpy(&all[n_mine * n_param], value[k], n_param * sizeof *all);
        mine[n_mine++] = setting[k];
    }
    struct listener l = {.r = r,
                         .stratum = stratum,
                         .setting = mine,
                         .turned = rs_xcalloc((size_t)n + 1, sizeof *l.turned)};
    foresee(&l);
    const struct tune_ask ask = {.fault = r->ns->fault[stratum],
                                 .first = rs_store_first(r->store) + have,
                                 .n = until - have,
                                 .n_setting = n_mine,
                                 .value = all};
    int rc = r->machinery->ask(r->engine, &ask, hear, &l, err);
    r->stopped = r->stopped || rc > 0;
    for (uint32_t k = 0; k < n_mine && rc == 0; k++) {
        if (rs_store_n(r->store, stratum, mine[k]) < until)
            rc = rs_err_set(err, RS_E_INTERNAL, "the engine left out replicas");
    }
    free(l.turned);
    free(mine);
    free(all);
    return rc < 0 ? -1 : 0;
}

int rs_race_ask(struct race *r,
                uint32_t n,
                const uint32_t *setting,
                const uint16_t *const *value /* [n] their values */,
                int stratum,
                uint64_t until,
                struct err *err)
{
    /* Fewest first: who catches up joins the others. Each turn asks for all that have as many, and at least those are done. */
    for (;;) {
        uint64_t least = until;
        uint64_t next = until;
        for (uint32_t k = 0; k < n; k++) {
            uint64_t have = rs_store_n(r->store, stratum, setting[k]);
            least = have < least ? have : least;
        }
        for (uint32_t k = 0; k < n; k++) {
            uint64_t have = rs_store_n(r->store, stratum, setting[k]);
            next = have > least && have < next ? have : next;
        }
        if (least >= until || r->stopped)
            return 0;
        if (ask_group(r, n, setting, value, stratum, least, next, err) != 0)
            return -1;
    }
}

/* ---- rounds ---------------------------------------------------------------------------------------------------------- */

static void value_all(struct race *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        for (int o = 0; o < r->ns->n_objective && r->racer[i].in; o++)
            r->value[i * (size_t)r->ns->n_objective + (size_t)o] =
                rs_estimate_value(r->store, &r->ns->objective[o], i);
    }
}

static uint32_t bits(const struct race *r, uint32_t a, uint32_t b)
{
    return r->better[a * (size_t)r->n + b];
}

/* Looks whether a is better than b in what is not known yet. */
static void look(struct race *r, uint32_t a, uint32_t b)
{
    const double *x = &r->value[a * (size_t)r->ns->n_objective],
                 *y = &r->value[b * (size_t)r->ns->n_objective];
    for (int o = 0; o < r->ns->n_objective; o++) {
        uint32_t bit = UINT32_C(1) << o;
        if (((bits(r, a, b) | bits(r, b, a)) & bit) || !(x[o] < y[o]))
            continue;
        struct pair_says says =
            rs_pair_look(r->store, &r->ns->objective[o], (struct pair){a, b}, r->pair_level);
        if (says.a_better)
            r->better[a * (size_t)r->n + b] |= bit;
    }
}

struct needs {
    bool *stratum; /* [n * n_stratum] */
};

static void need(struct race *r, struct needs *needs, uint32_t i, const struct number *n)
{
    for (int s = 0; s < n->n_stratum; s++)
        needs->stratum[i * (size_t)r->ns->n_stratum + (size_t)n->stratum[s]] = true;
}

/* What the two would have to be told apart in: nothing, once each was shown to be better in something, unless either may be chosen. */
static void need_of_pair(struct race *r, struct needs *needs, uint32_t a, uint32_t b, bool chosen)
{
    look(r, a, b);
    look(r, b, a);
    if (bits(r, a, b) && bits(r, b, a) && !chosen)
        return;
    for (int o = 0; o < r->ns->n_objective; o++) {
        if ((bits(r, a, b) | bits(r, b, a)) & (UINT32_C(1) << o))
            continue;
        need(r, needs, a, &r->ns->objective[o]);
        need(r, needs, b, &r->ns->objective[o]);
    }
}

static void find_needs(struct race *r, struct needs *needs)
{
    bool *contender = rs_xcalloc((size_t)r->n + 1, sizeof *contender);
    memset(needs->stratum, 0, r->n * (size_t)r->ns->n_stratum * sizeof *needs->stratum);
    rs_race_contenders(r, contender);
    for (uint32_t a = 0; a < r->n; a++) {
        if (!r->racer[a].in)
            continue;
        for (uint32_t b = a + 1; b < r->n; b++) {
            if (r->racer[b].in)
                need_of_pair(r, needs, a, b, contender[a] && contender[b]);
        }
        for (int c = 0; c < r->ns->n_claim; c++) {
            size_t at = a * (size_t)r->ns->n_claim + (size_t)c;
            if (r->ns->kept[c] && !r->bad[at] && !r->good[at])
                need(r, needs, a, &r->ns->claim[c]);
        }
    }
    free(contender);
}

/* Replicas up to `until` where they are needed. */
static int deal(struct race *r, const struct needs *needs, uint64_t until, struct err *err)
{
    uint32_t *setting = rs_xcalloc((size_t)r->n + 1, sizeof *setting);
    const uint16_t **value = rs_xcalloc((size_t)r->n + 1, sizeof *value);
    int rc = 0;
    for (int s = 0; s < r->ns->n_stratum && rc == 0 && !r->stopped; s++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < r->n; i++) {
            if (!r->racer[i].in || !needs->stratum[i * (size_t)r->ns->n_stratum + (size_t)s])
                continue;
            value[n] = r->racer[i].value;
            setting[n++] = i;
        }
        rc = rs_race_ask(r, n, setting, value, s, until, err);
    }
    free(setting);
    free(value);
    return rc;
}

static bool any_need(const struct race *r, const struct needs *needs)
{
    for (size_t k = 0; k < r->n * (size_t)r->ns->n_stratum; k++) {
        if (needs->stratum[k])
            return true;
    }
    return false;
}

int rs_race_run(struct race *r, struct err *err)
{
    struct needs needs = {rs_xcalloc(r->n * (size_t)r->ns->n_stratum + 1, sizeof(bool))};
    int rc = 0;
    memset(needs.stratum, 1, r->n * (size_t)r->ns->n_stratum);
    uint64_t until = r->n_most < FIRST_ROUND ? r->n_most : FIRST_ROUND;
    while (rc == 0 && !r->stopped) {
        rc = deal(r, &needs, until, err);
        if (rc != 0)
            break;
        value_all(r);
        rs_race_look_at_claims(r);
        rs_race_drop(r, until >= r->n_most && !r->stopped);
        if (until >= r->n_most || r->stopped)
            break;
        find_needs(r, &needs);
        if (!any_need(r, &needs))
            break;
        until = 2 * until < r->n_most ? 2 * until : r->n_most;
    }
    if (rc == 0) { /* what the last round says of those that are left */
        memset(needs.stratum, 0, r->n * (size_t)r->ns->n_stratum);
        find_needs(r, &needs);
    }
    free(needs.stratum);
    return rc;
}

/* ---- beginning and end ----------------------------------------------------------------------------------------------- */

int rs_race_init(struct race *r,
                 uint32_t n,
                 const uint16_t *value,
                 uint64_t first,
                 uint64_t n_replica,
                 struct err *err)
{
    size_t n_claim = (size_t)r->ns->n_claim, n_param = (size_t)r->src->plan->n_param;
    if (r->ns->n_objective > RS_RACE_MAX_OBJECTIVE)
        return rs_err_at(err, RS_E_RANGE, r->src->plan->at,
                         "at most %d objectives can be told apart, got %d", RS_RACE_MAX_OBJECTIVE,
                         r->ns->n_objective);
    r->n = n;
    r->n_most = n_replica;
    r->racer = rs_xcalloc((size_t)n + 1, sizeof *r->racer);
    r->bad = rs_xcalloc(n * n_claim + 1, sizeof *r->bad);
    r->good = rs_xcalloc(n * n_claim + 1, sizeof *r->good);
    r->untested = rs_xcalloc(n * n_claim + 1, sizeof *r->untested);
    r->exact_worst_s = rs_xcalloc(n * n_claim + 1, sizeof *r->exact_worst_s);
    r->better = rs_xcalloc((size_t)n * n + 1, sizeof *r->better);
    r->value = rs_xcalloc(n * (size_t)r->ns->n_objective + 1, sizeof *r->value);
    r->store = rs_store_new(r->ns->n_stratum, r->ns->n_sample, first);
    for (uint32_t i = 0; i < n; i++) {
        r->racer[i] = (struct racer){
            .value = &value[i * n_param], .in = true, .beaten_by = RS_NOBODY, .out_by = RS_NOBODY};
        rs_store_add_setting(r->store);
        for (int o = 0; o < r->ns->n_objective; o++)
            r->value[i * (size_t)r->ns->n_objective + (size_t)o] = NAN;
    }
    rs_race_decide_exact(r);
    share_out(r);
    return 0;
}

void rs_race_clear(struct race *r)
{
    free(r->racer);
    free(r->bad);
    free(r->good);
    free(r->untested);
    free(r->exact_worst_s);
    free(r->better);
    free(r->value);
    rs_store_free(r->store);
}
