/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lanes look at. Counts between two scrapes that nobody can look back to are drawn in one (models/system/scrape.c), so the
 * draws of a history depend on which series are read and how far back. Lanes of one history must agree on that; but for how far
 * back where a rule looks at a service's counters so often that no scrape is ever left out.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* A target that is brought up to date so often, in scrape intervals, never leaves one out: it keeps three more than are looked at. */
enum { AWAKE_SCRAPES = 3 };

struct combination { /* of the sites' ways to look */
    uint16_t *of;    /* [n_site] */
    uint32_t class;
};

struct reach {
    int n_series;
    int64_t *fixed;       /* [n_series] how far back all that has no lanes looks */
    bool *awake;          /* [n_series] some rule that has no lanes looks at it all the time */
    int *service;         /* [n_series] -1 = none of a service */
    bool *counts;         /* [n_series] no part of a histogram */
    int64_t *often_ms;    /* [n_service] what is often enough to leave no scrape out */
    int64_t *span;        /* [n_series] scratch */
    int64_t *key;         /* [2 * n_series] scratch */
    bool *service_awake;  /* scratch */
    int64_t **class_key;  /* [n_class] owned */
    int64_t **class_span; /* [n_class] owned: the longest of its combinations */
    uint32_t n_class, cap_class;
    struct combination *combination;
    int n_combination, cap_combination;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

struct reach *rs_reach_new(struct simulator *sim)
{
    struct reach *r = rs_xcalloc(1, sizeof *r);
    size_t n = (size_t)rs_tsdb_count(sim->db) + 1, n_service = (size_t)sim->sc->n_service + 1;
    r->n_series = rs_tsdb_count(sim->db);
    r->fixed = rs_xcalloc(n, sizeof *r->fixed);
    r->awake = rs_xcalloc(n, sizeof *r->awake);
    r->service = rs_xcalloc(n, sizeof *r->service);
    r->counts = rs_xcalloc(n, sizeof *r->counts);
    r->span = rs_xcalloc(n, sizeof *r->span);
    r->key = rs_xcalloc(2 * n, sizeof *r->key);
    r->often_ms = rs_xcalloc(n_service, sizeof *r->often_ms);
    r->service_awake = rs_xcalloc(n_service, sizeof *r->service_awake);
    for (int i = 0; i < r->n_series; i++) {
        rs_labels set = rs_tsdb_labels_of(sim->db, i);
        const char *name = rs_labels_get(sim->labels, set, "__name__");
        const char *job = rs_labels_get(sim->labels, set, "job");
        r->service[i] = -1;
        for (int k = 0; k < sim->sc->n_service; k++) {
            if (strcmp(sim->sc->service[k].name, job) == 0)
                r->service[i] = k;
        }
        r->counts[i] =
            !ends_with(name, "_bucket") && !ends_with(name, "_sum") && !ends_with(name, "_count");
    }
    for (int k = 0; k < sim->sc->n_service; k++)
        r->often_ms[k] = AWAKE_SCRAPES * (sim->sc->service[k].scrape_interval_ns / RS_NS_PER_MS);
    rs_tsdb_note(sim->db, r->fixed, r->n_series);
    return r;
}

void rs_reach_free(struct reach *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < r->n_class; i++) {
        free(r->class_key[i]);
        free(r->class_span[i]);
    }
    for (int i = 0; i < r->n_combination; i++)
        free(r->combination[i].of);
    free(r->class_key);
    free(r->class_span);
    free(r->combination);
    free(r->fixed);
    free(r->awake);
    free(r->service);
    free(r->counts);
    free(r->often_ms);
    free(r->span);
    free(r->key);
    free(r->service_awake);
    free(r);
}

/* ---- rules that are evaluated all the time ---- */

static int64_t every_ms(const struct simulator *sim, const struct rule_group *g)
{
    int64_t interval_ns =
        g->interval_ns ? g->interval_ns : sim->sc->monitoring.evaluation_interval_ns;
    return (interval_ns + (g->has_query_offset ? g->query_offset_ns : 0)) / RS_NS_PER_MS;
}

/* Marks the counters that a rule which is never idle looks at, where that is often enough. */
static void note_awake(const struct reach *r, const int64_t *span, int64_t interval_ms, bool *awake)
{
    for (int i = 0; i < r->n_series; i++) {
        if (span[i] > 0 && r->service[i] >= 0 && interval_ms <= r->often_ms[r->service[i]])
            awake[i] = true;
    }
}

static bool has_lanes(const struct simulator *sim, int file, int group, int rule)
{
    for (int i = 0; i < sim->lane_plan->n_site; i++) {
        const struct lane_site *p = &sim->lane_plan->site[i];
        if (p->kind == RS_LANE_RULE && p->file == file && p->group == group && p->rule == rule)
            return true;
    }
    return false;
}

/* A second evaluator of the rule, for looking at; what it asks of the series has been asked already. */
static void look_at_rule(struct simulator *sim, const struct rule_group *g, int rule)
{
    struct promql_options opt = rs_promql_options_default();
    struct promql_variants *v = rs_promql_variants_new(&g->rule[rule].expr, 1, sim->db, opt);
    bool awake;
    const int64_t *span = rs_promql_variants_reach(v, 0, &awake);
    if (awake)
        note_awake(sim->lanes->reach, span, every_ms(sim, g), sim->lanes->reach->awake);
    rs_promql_variants_free(v);
}

static const int64_t *reach_of(const struct site *s, int variant, bool *awake)
{
    return s->plan->kind == RS_LANE_RULE
               ? rs_rule_runner_reach(s->runner, s->plan->rule, variant, awake)
               : rs_promql_variants_reach(s->exprs, variant, awake);
}

/* Numbers the variants of a site by what they look at. */
static void number_variants(const struct reach *r, struct site *s)
{
    size_t n_bytes = (size_t)r->n_series * sizeof(int64_t);
    s->reach_of = rs_xcalloc((size_t)s->plan->n_variant, sizeof *s->reach_of);
    s->reach_like = rs_xcalloc((size_t)s->plan->n_variant, sizeof *s->reach_like);
    if (s->plan->kind == RS_LANE_CONDITION && !s->exprs)
        return; /* nobody asks for it */
    for (int i = 0; i < s->plan->n_variant; i++) {
        bool awake, awake_like;
        const int64_t *span = reach_of(s, i, &awake);
        int k = 0;
        for (; k < s->n_reach; k++) {
            const int64_t *like = reach_of(s, s->reach_like[k], &awake_like);
            if (like == span || (awake == awake_like && memcmp(like, span, n_bytes) == 0))
                break;
        }
        if (k == s->n_reach)
            s->reach_like[s->n_reach++] = i;
        s->reach_of[i] = (uint16_t)k;
    }
}

void rs_reach_ready(struct simulator *sim)
{
    struct lanes *l = sim->lanes;
    const struct monitoring *m = &sim->sc->monitoring;
    rs_tsdb_note(sim->db, NULL, 0);
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_group; j++) {
            const struct rule_group *g = &m->rule_file[i]->group[j];
            for (int k = 0; k < g->n_rule; k++) {
                if (!has_lanes(sim, i, j, k))
                    look_at_rule(sim, g, k);
            }
        }
    }
    for (int i = 0; i < sim->lane_plan->n_site; i++)
        number_variants(l->reach, &l->site[i]);
}

/* ---- what a combination of variants looks at ---- */

/* Every instance of the service has a counter that is looked at all the time. */
static void note_services(const struct simulator *sim, const bool *awake)
{
    struct reach *r = sim->lanes->reach;
    for (int k = 0; k < sim->sc->n_service; k++) {
        int n_awake = 0;
        for (int i = 0; i < r->n_series; i++) {
            bool is_new = awake[i] && r->counts[i] && r->service[i] == k;
            rs_labels set = rs_tsdb_labels_of(sim->db, i);
            const char *instance = rs_labels_get(sim->labels, set, "instance");
            for (int j = 0; is_new && j < i; j++) {
                is_new = !(awake[j] && r->counts[j] && r->service[j] == k) ||
                         strcmp(instance, rs_labels_get(sim->labels, rs_tsdb_labels_of(sim->db, j),
                                                        "instance")) != 0;
            }
            n_awake += is_new;
        }
        r->service_awake[k] = n_awake == sim->sc->service[k].n_instance;
    }
}

/* Fills r->span, and r->key: equal keys, equal draws. */
static void look(const struct simulator *sim, const uint16_t *of)
{
    struct reach *r = sim->lanes->reach;
    bool *awake = rs_xcalloc((size_t)r->n_series + 1, sizeof *awake);
    memcpy(r->span, r->fixed, (size_t)r->n_series * sizeof *r->span);
    memcpy(awake, r->awake, (size_t)r->n_series * sizeof *awake);
    for (int i = 0; i < sim->lane_plan->n_site; i++) {
        const struct site *s = &sim->lanes->site[i];
        bool is_awake;
        if (s->n_reach == 0)
            continue;
        const int64_t *span = reach_of(s, s->reach_like[of[i]], &is_awake);
        for (int k = 0; k < r->n_series; k++)
            r->span[k] = span[k] > r->span[k] ? span[k] : r->span[k];
        if (s->plan->kind == RS_LANE_RULE && is_awake) {
            const struct rule_file *f = sim->sc->monitoring.rule_file[s->plan->file];
            note_awake(r, span, every_ms(sim, &f->group[s->plan->group]), awake);
        }
    }
    note_services(sim, awake);
    for (int k = 0; k < r->n_series; k++) {
        bool is_awake = r->counts[k] && r->service[k] >= 0 && r->service_awake[r->service[k]];
        r->key[2 * k] = is_awake;
        r->key[2 * k + 1] = is_awake ? r->span[k] > 0 : r->span[k];
    }
    free(awake);
}

static uint32_t class_of(const struct simulator *sim, const uint16_t *of)
{
    struct reach *r = sim->lanes->reach;
    size_t n_key = 2 * (size_t)r->n_series * sizeof *r->key;
    uint32_t k = 0;
    look(sim, of);
    while (k < r->n_class && memcmp(r->class_key[k], r->key, n_key) != 0)
        k++;
    if (k == r->n_class) {
        if (r->n_class == r->cap_class) {
            r->cap_class = r->cap_class ? 2 * r->cap_class : 4;
            r->class_key = rs_xrealloc(r->class_key, r->cap_class * sizeof(int64_t *));
            r->class_span = rs_xrealloc(r->class_span, r->cap_class * sizeof(int64_t *));
        }
        r->class_key[k] = rs_xcalloc(2 * (size_t)r->n_series + 1, sizeof(int64_t));
        r->class_span[k] = rs_xcalloc((size_t)r->n_series + 1, sizeof(int64_t));
        memcpy(r->class_key[k], r->key, n_key);
        r->n_class++;
    }
    for (int i = 0; i < r->n_series; i++) {
        if (r->span[i] > r->class_span[k][i])
            r->class_span[k][i] = r->span[i];
    }
    return k;
}

static uint32_t class_of_lane(const struct simulator *sim, uint32_t lane, uint16_t *of)
{
    struct lanes *l = sim->lanes;
    struct reach *r = l->reach;
    size_t n_site = (size_t)sim->lane_plan->n_site;
    for (size_t i = 0; i < n_site; i++)
        of[i] = l->site[i].reach_of[rs_lane_variant(l, lane, &l->site[i])];
    for (int i = 0; i < r->n_combination; i++) {
        if (memcmp(r->combination[i].of, of, n_site * sizeof *of) == 0)
            return r->combination[i].class;
    }
    if (r->n_combination == r->cap_combination) {
        r->cap_combination = r->cap_combination ? 2 * r->cap_combination : 8;
        r->combination =
            rs_xrealloc(r->combination, (size_t)r->cap_combination * sizeof *r->combination);
    }
    struct combination *c = &r->combination[r->n_combination++];
    c->of = rs_xcalloc(n_site + 1, sizeof *c->of);
    memcpy(c->of, of, n_site * sizeof *of);
    c->class = class_of(sim, of);
    return c->class;
}

uint32_t rs_reach_classes(struct simulator *sim)
{
    struct lanes *l = sim->lanes;
    uint16_t *of = rs_xcalloc((size_t)sim->lane_plan->n_site + 1, sizeof *of);
    for (uint32_t i = 0; i < l->n; i++)
        l->class[i] = class_of_lane(sim, l->lane[i], of);
    free(of);
    return l->reach->n_class;
}

void rs_reach_keep(struct simulator *sim)
{
    struct lanes *l = sim->lanes;
    struct reach *r = l->reach;
    uint16_t *of = rs_xcalloc((size_t)sim->lane_plan->n_site + 1, sizeof *of);
    uint32_t class = class_of_lane(sim, l->lane[0], of);
    free(of);
    for (int i = 0; i < r->n_series; i++)
        rs_tsdb_set_retention(sim->db, i, r->class_span[class][i]);
}
