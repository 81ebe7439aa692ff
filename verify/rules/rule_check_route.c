/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which receivers an alert would reach, as far as its rule alone tells. */
#include <stdlib.h>
#include <string.h>

#include "models/promql_inspect.h"
#include "models/template.h"
#include "rule_check.h"

struct names { /* in the arena, each once */
    const char **at;
    int n, cap;
};

static void add_name(struct arena *arena, struct names *names, const char *name)
{
    for (int i = 0; i < names->n; i++) {
        if (strcmp(names->at[i], name) == 0) {
            return;
        }
    }
    if (names->n == names->cap) {
        names->cap = names->cap ? 2 * names->cap : 4;
        const char **grown = RS_ARENA_ARRAY(arena, const char *, names->cap);
        if (names->n > 0) {
            memcpy(grown, names->at, sizeof(*grown) * (size_t)names->n);
        }
        names->at = grown;
    }
    names->at[names->n++] = name;
}

/* A route that some label, not known here, might open, with those around it. */
struct opening {
    const struct am_route *route;
    int outer; /* the opening of the route around it, or -1 */
};

struct routing {
    struct checking *c;
    const struct rule *rule;
    struct names receivers, plain; /* in words, and their names alone */
    struct opening *opening;       /* [n_opening] */
    int n_opening, cap_opening;
    int taken;                       /* the opening that is tried, or -1 */
    struct names tried, tried_plain; /* receivers with it */
    bool only_root;                  /* no route but the root takes it */
};

/* The value of a label that the rule fixes; NULL: only the data know it. */
static const char *known_label(const struct rule *rule, const char *name)
{
    if (strcmp(name, "alertname") == 0) {
        return rule->alert;
    }
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, name) == 0) {
            bool fixed = !rule->label_template || !rule->label_template[i];
            return fixed ? rule->label[i].value : NULL;
        }
    }
    return NULL;
}

static bool knows(void *ctx, const char *label)
{
    const struct routing *x = ctx;
    return known_label(x->rule, label) != NULL;
}

/* Is the route the one that is tried, or around it? What is met for the first time is kept to be tried later. */
static bool takes(void *ctx, const struct am_route *route)
{
    struct routing *x = ctx;
    for (int i = x->taken; i >= 0; i = x->opening[i].outer) {
        if (x->opening[i].route == route) {
            return true;
        }
    }
    for (int i = 0; i < x->n_opening; i++) {
        if (x->opening[i].route == route) {
            return false;
        }
    }
    if (x->n_opening == x->cap_opening) {
        x->cap_opening = x->cap_opening ? 2 * x->cap_opening : 8;
        struct opening *grown = RS_ARENA_ARRAY(x->c->arena, struct opening, x->cap_opening);
        if (x->n_opening > 0) {
            memcpy(grown, x->opening, sizeof(*grown) * (size_t)x->n_opening);
        }
        x->opening = grown;
    }
    x->opening[x->n_opening++] = (struct opening){route, x->taken};
    return false;
}

/* "slack (workhours)", "mail (not nights)": a receiver and when its route is silent. */
static const char *receiver_words(struct checking *c, const struct am_route *route)
{
    const struct am_config *am = c->spec->am;
    const char *words = route->receiver;
    for (int i = 0; i < am->n_receiver; i++) {
        bool nobody = strcmp(am->receiver[i].name, route->receiver) == 0 &&
                      am->receiver[i].n_integration == 0;
        words = nobody ? rs_arena_printf(c->arena, "%s (nobody)", words) : words;
    }
    for (int i = 0; i < route->n_active; i++) {
        words =
            rs_arena_printf(c->arena, "%s%s%s", words, i ? " or " : " (", route->active[i]->name);
    }
    for (int i = 0; i < route->n_mute; i++) {
        words = rs_arena_printf(c->arena, "%s%snot %s", words, i || route->n_active ? ", " : " (",
                                route->mute[i]->name);
    }
    return route->n_active + route->n_mute ? rs_arena_printf(c->arena, "%s)", words) : words;
}

static void note_route(void *ctx, const struct am_route *route)
{
    struct routing *x = ctx;
    const char *words = receiver_words(x->c, route);
    if (x->taken < 0) {
        add_name(x->c->arena, &x->receivers, words);
        add_name(x->c->arena, &x->plain, route->receiver);
        x->only_root = x->only_root && route == &x->c->spec->am->root;
    } else {
        add_name(x->c->arena, &x->tried, words);
        add_name(x->c->arena, &x->tried_plain, route->receiver);
    }
}

static rs_labels known_labels(struct label_table *table, const struct rule *rule)
{
    struct label *label = rs_xcalloc((size_t)rule->n_label + 1, sizeof(*label));
    int n = 0;
    for (int i = 0; i < rule->n_label; i++) {
        const char *value = known_label(rule, rule->label[i].name);
        if (value && strcmp(rule->label[i].name, "alertname") != 0) {
            label[n++] = (struct label){rule->label[i].name, value};
        }
    }
    label[n++] = (struct label){"alertname", rule->alert};
    rs_labels set = rs_labels_intern(table, n, label);
    free(label);
    return set;
}

/* The labels that a tried opening asks for, those of the routes around it too. */
static struct names labels_of(const struct routing *x, int opening)
{
    struct names labels = {0};
    for (int i = opening; i >= 0; i = x->opening[i].outer) {
        const struct am_route *route = x->opening[i].route;
        for (int k = 0; k < route->n_matcher; k++) {
            if (!known_label(x->rule, route->matcher[k].name)) {
                add_name(x->c->arena, &labels, route->matcher[k].name);
            }
        }
    }
    return labels;
}

static bool holds_all(const struct names *names, const struct names *of)
{
    int n = 0;
    for (int i = 0; i < of->n; i++) {
        for (int k = 0; k < names->n; k++) {
            n += strcmp(names->at[k], of->at[i]) == 0;
        }
    }
    return n == of->n;
}

/* Outcomes with the same labels and of the same kind are one. */
struct outcome {
    struct names receivers, plain, labels;
    bool instead;
};

/* Adds all but those that are known; NULL: none is. */
static void add_others(struct arena *arena,
                       struct names *to,
                       const struct names *from,
                       const struct names *known)
{
    for (int i = 0; i < from->n; i++) {
        const struct names one = {from->at + i, 1, 1};
        if (!known || !holds_all(known, &one)) {
            add_name(arena, to, from->at[i]);
        }
    }
}

static void add_outcome(struct routing *x, struct outcome *all, int *n, int opening)
{
    struct outcome own = {.labels = labels_of(x, opening),
                          .instead = !holds_all(&x->tried, &x->receivers)};
    if (holds_all(&x->receivers, &x->tried) && !own.instead) {
        return; /* it changes nothing */
    }
    int at = 0;
    while (at < *n && (all[at].instead != own.instead || !holds_all(&all[at].labels, &own.labels) ||
                       !holds_all(&own.labels, &all[at].labels))) {
        at++;
    }
    if (at == *n) {
        all[(*n)++] = own;
    }
    add_others(x->c->arena, &all[at].receivers, &x->tried, own.instead ? NULL : &x->receivers);
    add_others(x->c->arena, &all[at].plain, &x->tried_plain, own.instead ? NULL : &x->plain);
}

static const char *listed(struct arena *arena, const struct names *names)
{
    const char *out = "";
    for (int i = 0; i < names->n; i++) {
        out = rs_arena_printf(arena, "%s%s%s", out, i ? ", " : "", names->at[i]);
    }
    return out;
}

/* Tries every route that a label may open, alone, and keeps what is then reached. */
static void try_openings(struct routing *x,
                         const struct alertmanager *am,
                         rs_labels labels,
                         struct checked_alert *alert)
{
    const struct am_guess guess = {knows, takes, note_route, x};
    struct arena *arena = x->c->arena;
    struct outcome *all = NULL;
    int n = 0, cap = 0;
    for (int i = 0; i < x->n_opening; i++) { /* grows in the loop */
        x->taken = i;
        x->tried = x->tried_plain = (struct names){0};
        rs_am_routes_guess(am, labels, &guess);
        if (n == cap) {
            cap = cap ? 2 * cap : 8;
            struct outcome *grown = RS_ARENA_ARRAY(arena, struct outcome, cap);
            if (n > 0) {
                memcpy(grown, all, sizeof(*grown) * (size_t)n);
            }
            all = grown;
        }
        add_outcome(x, all, &n, i);
    }
    struct maybe_receivers *maybe = RS_ARENA_ARRAY(arena, struct maybe_receivers, n);
    alert->reaches = listed(arena, &x->receivers);
    for (int i = 0; i < n; i++) {
        const struct outcome *o = &all[i];
        maybe[i] = (struct maybe_receivers){o->plain.n, o->labels.n, o->plain.at, o->labels.at,
                                            o->instead};
        alert->reaches =
            rs_arena_printf(arena, "%s; %s %s if %s", alert->reaches, o->instead ? "or" : "also",
                            listed(arena, &o->receivers), listed(arena, &o->labels));
    }
    alert->maybe = maybe;
    alert->n_maybe = n;
}

/* Does any route below ask for this label? */
static bool asks_for(const struct am_route *route, const char *name)
{
    for (int i = 0; i < route->n_matcher; i++) {
        if (strcmp(route->matcher[i].name, name) == 0) {
            return true;
        }
    }
    for (int i = 0; i < route->n_child; i++) {
        if (asks_for(&route->child[i], name)) {
            return true;
        }
    }
    return false;
}

static bool sets_label(const struct rule *rule, const char *name)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void tell(struct checking *c, const struct routing *x)
{
    const struct am_config *am = c->spec->am;
    if (asks_for(&am->root, "severity") && !sets_label(x->rule, "severity")) {
        rs_rule_check_add(c, RS_RULE_WARNING, x->rule->at, "no-severity",
                          "alert %s has no label \"severity\", which the routes of %s ask for",
                          x->rule->alert, am->file);
    } else if (x->only_root && am->root.n_child > 0 && x->n_opening == 0) {
        rs_rule_check_add(c, RS_RULE_NOTE, x->rule->at, "no-route",
                          "alert %s matches no route of %s but the root: it reaches \"%s\"",
                          x->rule->alert, am->file, am->root.receiver);
    }
}

/* ---- labels that no alert has ---- */

/* A label that routing asks for: does a rule set it, can an expression have it, is it the near name of one that a rule sets? */
static void check_label(struct checking *c, const struct am_matcher *m, struct names *told)
{
    struct names set = {0};
    bool carried = strcmp(m->name, "alertname") == 0;
    for (int i = 0; i < c->n_rule && !carried; i++) {
        const struct rule *rule = c->rule[i].rule;
        if (!rule->alert) {
            continue;
        }
        if (sets_label(rule, m->name)) {
            return;
        }
        for (int k = 0; k < rule->n_label; k++) {
            add_name(c->arena, &set, rule->label[k].name);
        }
    }
    for (int i = 0; i < c->n_rule && !carried; i++) {
        carried = c->rule[i].rule->alert && rs_promql_may_carry(c->rule[i].rule->expr, m->name);
    }
    const char *near = rs_near_name(m->name, set.at, (size_t)set.n);
    int n_before = told->n;
    if (set.n == 0 || (carried && !near)) {
        return;
    }
    add_name(c->arena, told, m->name);
    if (told->n == n_before) {
        return;
    }
    rs_rule_check_add(c, RS_RULE_NOTE, m->at, "unknown-label",
                      "no rule sets the label \"%s\"%s%s%s%s", m->name,
                      carried ? "" : ", and no expression has it", near ? ", did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

static void check_route_labels(struct checking *c, const struct am_route *route, struct names *told)
{
    for (int i = 0; i < route->n_matcher; i++) {
        check_label(c, &route->matcher[i], told);
    }
    for (int i = 0; i < route->n_child; i++) {
        check_route_labels(c, &route->child[i], told);
    }
}

static void check_all_labels(struct checking *c)
{
    const struct am_config *am = c->spec->am;
    struct names told = {0};
    check_route_labels(c, &am->root, &told);
    for (int i = 0; i < am->n_inhibit; i++) {
        for (int k = 0; k < am->inhibit[i].n_source; k++) {
            check_label(c, &am->inhibit[i].source[k], &told);
        }
        for (int k = 0; k < am->inhibit[i].n_target; k++) {
            check_label(c, &am->inhibit[i].target[k], &told);
        }
    }
}

void rs_check_routes(struct checking *c, struct checked_alert *alert, int n)
{
    struct label_table *table = rs_label_table_new();
    struct am_settings settings = rs_am_settings_default();
    struct alertmanager *am = rs_am_new(c->spec->am, &settings, table);
    for (int i = 0; i < n; i++) {
        struct routing x = {.c = c, .rule = alert[i].rule, .taken = -1, .only_root = true};
        const struct am_guess guess = {knows, takes, note_route, &x};
        rs_labels labels = known_labels(table, x.rule);
        rs_am_routes_guess(am, labels, &guess);
        try_openings(&x, am, labels, &alert[i]);
        tell(c, &x);
        alert[i].receiver = x.plain.at;
        alert[i].n_receiver = x.plain.n;
    }
    check_all_labels(c);
    rs_am_free(am);
    rs_label_table_free(table);
}
