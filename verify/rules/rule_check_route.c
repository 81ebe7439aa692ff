/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which receivers an alert would reach, as far as its rule alone tells. */
#include <stdlib.h>
#include <string.h>

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

struct routing {
    struct arena *arena;
    const struct rule *rule;
    struct names receivers, unknown;
    bool only_root; /* no route but the root takes it */
    const struct am_route *root;
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

/* Routes below this one that some label, not known here, might open. A known label that does not match shuts a route. */
static void find_unknown(struct routing *x, const struct am_route *route)
{
    for (int i = 0; i < route->n_child; i++) {
        const struct am_route *child = &route->child[i];
        bool shut = false;
        for (int k = 0; k < child->n_matcher; k++) {
            const struct am_matcher *m = &child->matcher[k];
            const char *value = known_label(x->rule, m->name);
            if (value && (m->op == RS_MATCH_EQ || m->op == RS_MATCH_NE)) {
                shut = shut || (strcmp(value, m->value) == 0) != (m->op == RS_MATCH_EQ);
            }
        }
        for (int k = 0; !shut && k < child->n_matcher; k++) {
            if (!known_label(x->rule, child->matcher[k].name)) {
                add_name(x->arena, &x->unknown, child->matcher[k].name);
            }
        }
        if (!shut) {
            find_unknown(x, child);
        }
    }
}

static void note_route(void *ctx, const struct am_route *route)
{
    struct routing *x = ctx;
    add_name(x->arena, &x->receivers, route->receiver);
    x->only_root = x->only_root && route == x->root;
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

static void tell(struct checking *c, const struct routing *x)
{
    const struct am_config *am = c->spec->am;
    bool by_severity = asks_for(&am->root, "severity");
    bool has_severity = false;
    for (int i = 0; i < x->rule->n_label; i++) {
        has_severity = has_severity || strcmp(x->rule->label[i].name, "severity") == 0;
    }
    if (by_severity && !has_severity) {
        rs_check_add(c, RS_RULE_WARNING, x->rule->at, "no-severity",
                     "alert %s has no label \"severity\", which the routes of %s ask for",
                     x->rule->alert, am->file);
    } else if (x->only_root && am->root.n_child > 0 && x->unknown.n == 0) {
        rs_check_add(c, RS_RULE_NOTE, x->rule->at, "no-route",
                     "alert %s matches no route of %s but the root: it reaches \"%s\"",
                     x->rule->alert, am->file, am->root.receiver);
    }
}

void rs_check_routes(struct checking *c, struct checked_alert *alert, int n)
{
    struct label_table *table = rs_label_table_new();
    struct am_settings settings = rs_am_settings_default();
    struct alertmanager *am = rs_am_new(c->spec->am, &settings, table);
    for (int i = 0; i < n; i++) {
        struct routing x = {.arena = c->arena,
                            .rule = alert[i].rule,
                            .only_root = true,
                            .root = &c->spec->am->root};
        rs_am_routes_of(am, known_labels(table, x.rule), note_route, &x);
        find_unknown(&x, x.root);
        tell(c, &x);
        alert[i].receiver = x.receivers.at;
        alert[i].n_receiver = x.receivers.n;
        alert[i].unknown = x.unknown.at;
        alert[i].n_unknown = x.unknown.n;
    }
    rs_am_free(am);
    rs_label_table_free(table);
}
