/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which routes of Alertmanager an alert may take, as far as its rule tells. A route that asks for a label which only the data
 * know may be taken or not: all combinations are tried. Silences and inhibitions are put to the same walk, as routes.
 */
#include <stdlib.h>
#include <string.h>

#include "bound_private.h"
#include "models/response.h"
#include "models/promql_inspect.h"

const char *rs_route_label(const struct alert_rule *rule, const char *name)
{
    const struct rule *r = rule->rule;
    if (strcmp(name, "alertname") == 0)
        return r->alert;
    for (int i = r->n_label - 1; i >= 0; i--) {
        if (strcmp(r->label[i].name, name) == 0)
            return r->label_template && r->label_template[i] ? NULL : r->label[i].value;
    }
    return rs_promql_may_carry(r->expr, name) ? NULL : "";
}

/* ---- the machines ---------------------------------------------------------------------------- */

/* Silences, then sources, then targets of inhibitions: one child route each, and all are tried. */
static const struct am_config *config_of_sets(struct bounding *b)
{
    const struct monitoring *m = &b->sc->monitoring;
    const struct am_config *am = m->alertmanager;
    int n = m->n_silence + 2 * am->n_inhibit;
    struct am_route *child = RS_ARENA_ARRAY(b->arena, struct am_route, n);
    struct am_receiver *receiver = RS_ARENA_ARRAY(b->arena, struct am_receiver, 1);
    struct am_config *config = RS_ARENA_ARRAY(b->arena, struct am_config, 1);
    receiver->name = "";
    for (int i = 0; i < n; i++) {
        int k = i - m->n_silence;
        const struct am_inhibit *in = k >= 0 ? &am->inhibit[k % am->n_inhibit] : NULL;
        bool source = k < am->n_inhibit;
        child[i] = (struct am_route){
            .receiver = "",
            .go_on = true,
            .n_matcher = !in      ? m->silence[i].n_matcher
                         : source ? in->n_source
                                  : in->n_target,
            .matcher = !in      ? m->silence[i].matcher
                       : source ? in->source
                                : in->target,
        };
    }
    *config = (struct am_config){.root = {.receiver = "", .n_child = n, .child = child},
                                 .n_receiver = 1,
                                 .receiver = receiver};
    b->set = child;
    return config;
}

void rs_route_open(struct bounding *b)
{
    const struct monitoring *m = &b->sc->monitoring;
    struct am_settings settings = rs_am_settings_default();
    if (!m->alertmanager)
        return;
    settings.version = (enum am_version)m->alertmanager_version;
    b->labels = rs_label_table_new();
    b->am = rs_am_new(m->alertmanager, &settings, b->labels);
    if (m->n_silence + m->alertmanager->n_inhibit > 0)
        b->sets = rs_am_new(config_of_sets(b), &settings, b->labels);
}

void rs_route_close(struct bounding *b)
{
    rs_am_free(b->sets);
    rs_am_free(b->am);
    rs_label_table_free(b->labels);
}

/* ---- one walk -------------------------------------------------------------------------------- */

#define MAX_OPEN 8
struct walk {
    const struct alert_rule *rule;
    int n_open;
    const struct am_route *open[MAX_OPEN]; /* routes that the data decide about */
    unsigned taken;                        /* bits: which of them are taken this time */
    bool too_many, all, lost;
    struct routing now;
};

static bool knows(void *ctx, const char *label)
{
    const struct walk *w = ctx;
    return rs_route_label(w->rule, label) != NULL;
}

static bool takes(void *ctx, const struct am_route *route)
{
    struct walk *w = ctx;
    for (int i = 0; i < w->n_open; i++) {
        if (w->open[i] == route)
            return w->taken >> i & 1U;
    }
    if (w->n_open == MAX_OPEN) {
        w->too_many = true;
        return false;
    }
    w->open[w->n_open++] = route;
    return false;
}

static bool takes_all(void *ctx, const struct am_route *route)
{
    const struct walk *w = ctx;
    (void)route;
    return w->all;
}

static void reached(void *ctx, const struct am_route *route)
{
    struct walk *w = ctx;
    if (w->now.n_route < RS_MAX_DELIVERY)
        w->now.route[w->now.n_route++] = route;
    else
        w->lost = true;
}

static rs_labels known_labels(struct bounding *b, const struct alert_rule *rule)
{
    const struct rule *r = rule->rule;
    struct label *label = RS_ARENA_ARRAY(b->arena, struct label, r->n_label + 1);
    int n = 0;
    label[n++] = (struct label){"alertname", r->alert};
    for (int i = 0; i < r->n_label; i++) {
        bool seen = strcmp(r->label[i].name, "alertname") == 0;
        for (int k = 0; k < i; k++)
            seen = seen || strcmp(r->label[k].name, r->label[i].name) == 0;
        const char *value = seen ? NULL : rs_route_label(rule, r->label[i].name);
        if (value)
            label[n++] = (struct label){r->label[i].name, value};
    }
    return rs_labels_intern(b->labels, n, label);
}

static bool is_new(const struct routings *all, const struct routing *one)
{
    for (int i = 0; i < all->n; i++) {
        if (all->item[i].n_route == one->n_route &&
            memcmp(all->item[i].route, one->route, sizeof *one->route * (size_t)one->n_route) == 0)
            return false;
    }
    return true;
}

void rs_route_list(struct bounding *b, const struct alert_rule *rule, struct routings *out)
{
    struct walk w = {.rule = rule};
    const struct am_guess guess = {knows, takes, reached, &w};
    out->n = 0;
    out->too_many = false;
    if (!b->am)
        return;
    rs_labels labels = known_labels(b, rule);
    for (w.taken = 0; w.taken < 1U << w.n_open; w.taken++) {
        w.now.n_route = 0;
        rs_am_routes_guess(b->am, labels, &guess);
        if (!is_new(out, &w.now))
            continue;
        if (out->n == RS_MAX_ROUTING) {
            w.too_many = true;
            break;
        }
        out->item[out->n] = w.now;
        out->item[out->n++].n = 0;
    }
    out->too_many = w.too_many || w.lost;
}

static bool walk_reaches(struct bounding *b, const struct alert_rule *rule, int set, bool all)
{
    struct walk w = {.rule = rule, .all = all};
    const struct am_guess guess = {knows, takes_all, reached, &w};
    rs_am_routes_guess(b->sets, known_labels(b, rule), &guess);
    for (int i = 0; i < w.now.n_route; i++) {
        if (w.now.route[i] == &b->set[set])
            return true;
    }
    return w.lost && all;
}

enum match_sure rs_route_matches(struct bounding *b, const struct alert_rule *rule, int set)
{
    if (!b->sets || !rule->rule->alert || !walk_reaches(b, rule, set, true))
        return RS_MATCHES_NEVER;
    return walk_reaches(b, rule, set, false) ? RS_MATCHES_SURELY : RS_MATCHES_PERHAPS;
}

/* ---- what is delivered ----------------------------------------------------------------------- */

bool rs_route_leads_to(const struct scenario *sc, int procedure, const char *alert)
{
    const struct procedure *proc = &sc->response.procedure[procedure];
    for (int i = 0; alert && i < proc->n_alert; i++) {
        if (strcmp(proc->alert[i], alert) == 0)
            return true;
    }
    return false;
}

static struct part travel_part(struct bounding *b, const struct channel *c)
{
    struct part part = {.after = RS_STOP_DETECTED,
                        .name = "delivery",
                        .ref = c->ref,
                        .at = c->at,
                        .span = rs_span_dist(&c->delivery)};
    part.why =
        rs_arena_printf(b->arena, "on %s, %s to %s", c->name, rs_bound_words(b, part.span.low),
                        rs_bound_words(b, part.span.worst));
    return part;
}

void rs_route_alert(struct bounding *b,
                    int procedure,
                    const struct alert_rule *rule,
                    struct routings *out)
{
    const struct monitoring *m = &b->sc->monitoring;
    rs_route_list(b, rule, out);
    for (int i = 0; i < out->n; i++) {
        struct routing *r = &out->item[i];
        for (int k = 0; k < r->n_route; k++) {
            struct part group = {0};
            for (int c = 0; c < m->n_channel; c++) {
                const struct channel *ch = &m->channel[c];
                if (!ch->receiver || strcmp(ch->receiver, r->route[k]->receiver) != 0 ||
                    rs_page_target(&b->sc->response, procedure, c) < 0)
                    continue;
                if (!group.name)
                    group = rs_group_part(b, procedure, rule, r->route[k]);
                if (r->n == RS_MAX_DELIVERY) {
                    out->too_many = true;
                    continue;
                }
                r->delivery[r->n++] =
                    (struct delivery){.channel = c, .group = group, .travel = travel_part(b, ch)};
            }
        }
    }
}
