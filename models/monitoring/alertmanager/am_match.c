/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: dispatch/route.go and pkg/labels/matcher.go of Alertmanager 0.33. */
#include "am_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

const char *const rs_am_version_names[] = {"0.25", "0.28", "0.33", NULL};

struct am_settings rs_am_settings_default(void)
{
    return (struct am_settings){.version = RS_AM_0_33};
}

static struct matcher_set set_new(const struct am_matcher *from, int n)
{
    struct matcher_set set = {n, rs_xcalloc((size_t)n + 1, sizeof *set.m)};

    for (int i = 0; i < n; i++) {
        /* Here, unlike in PromQL, the dot does not match the end of a line. */
        rs_matcher_init_as(&set.m[i], RS_REGEX_2_53, from[i].name, from[i].value, from[i].op);
    }
    return set;
}

static void set_clear(struct matcher_set *set)
{
    for (int i = 0; i < set->n; i++) {
        rs_matcher_clear(&set->m[i]);
    }
    free(set->m);
}

static void node_init(struct am_tree *tree,
                      struct am_node *node,
                      const struct am_config *config,
                      const struct am_route *route)
{
    node->route = route;
    node->index = tree->n_node++;
    node->matcher = set_new(route->matcher, route->n_matcher);
    node->send_resolved = true;
    for (int i = 0; i < config->n_receiver; i++) {
        if (route->receiver != NULL && strcmp(config->receiver[i].name, route->receiver) == 0) {
            node->send_resolved = config->receiver[i].send_resolved;
        }
    }
    node->child = rs_xcalloc((size_t)route->n_child + 1, sizeof *node->child);
    for (int i = 0; i < route->n_child; i++) {
        node_init(tree, &node->child[i], config, &route->child[i]);
    }
}

static void node_clear(struct am_node *node)
{
    for (int i = 0; i < node->route->n_child; i++) {
        node_clear(&node->child[i]);
    }
    free(node->child);
    set_clear(&node->matcher);
}

void rs_am_tree_init(struct am_tree *tree,
                     const struct am_config *config,
                     const struct am_settings *settings,
                     const struct label_table *labels)
{
    *tree = (struct am_tree){.labels = labels,
                             .n_inhibit = config->n_inhibit,
                             .inhibit = config->inhibit,
                             .n_silence = settings->n_silence};
    node_init(tree, &tree->root, config, &config->root);
    tree->source = rs_xcalloc((size_t)tree->n_inhibit + 1, sizeof *tree->source);
    tree->target = rs_xcalloc((size_t)tree->n_inhibit + 1, sizeof *tree->target);
    for (int i = 0; i < tree->n_inhibit; i++) {
        tree->source[i] = set_new(config->inhibit[i].source, config->inhibit[i].n_source);
        tree->target[i] = set_new(config->inhibit[i].target, config->inhibit[i].n_target);
    }
    tree->silence = rs_xcalloc((size_t)tree->n_silence + 1, sizeof *tree->silence);
    for (int i = 0; i < tree->n_silence; i++) {
        tree->silence[i] = set_new(settings->silence[i].matcher, settings->silence[i].n_matcher);
    }
}

void rs_am_tree_clear(struct am_tree *tree)
{
    for (int i = 0; i < tree->n_inhibit; i++) {
        set_clear(&tree->source[i]);
        set_clear(&tree->target[i]);
    }
    for (int i = 0; i < tree->n_silence; i++) {
        set_clear(&tree->silence[i]);
    }
    free(tree->source);
    free(tree->target);
    free(tree->silence);
    node_clear(&tree->root);
}

bool rs_am_matches(const struct label_table *labels, const struct matcher_set *set, rs_labels alert)
{
    for (int i = 0; i < set->n; i++) {
        if (!rs_matcher_matches(&set->m[i], rs_labels_get(labels, alert, set->m[i].name))) {
            return false;
        }
    }
    return true;
}

struct route_walk {
    const struct label_table *labels;
    rs_labels alert;
    void (*fn)(void *ctx, const struct am_node *node);
    void *ctx;
    const struct am_guess *guess; /* NULL: all labels are known */
};

static bool takes(const struct route_walk *w, const struct am_node *node)
{
    const struct am_guess *guess = w->guess;
    bool sure = true;

    if (guess == NULL) {
        return rs_am_matches(w->labels, &node->matcher, w->alert);
    }
    for (int i = 0; i < node->matcher.n; i++) {
        const struct ready_matcher *m = &node->matcher.m[i];
        bool known = guess->knows(guess->ctx, m->name);

        if (known && !rs_matcher_matches(m, rs_labels_get(w->labels, w->alert, m->name))) {
            return false;
        }
        sure = sure && known;
    }
    return sure || guess->takes(guess->ctx, node->route);
}

/*
 * "Children are tried in order; the first that matches without `continue` ends it; if none
 * matched, the node itself."
 */
static bool route_node(const struct route_walk *w, const struct am_node *node)
{
    bool taken = false;

    if (!takes(w, node)) {
        return false;
    }
    for (int i = 0; i < node->route->n_child; i++) {
        bool child = route_node(w, &node->child[i]);

        taken = taken || child;
        if (child && !node->child[i].route->go_on) {
            break;
        }
    }
    if (!taken) {
        w->fn(w->ctx, node);
    }
    return true;
}

void rs_am_route(const struct am_tree *tree,
                 rs_labels alert,
                 void (*fn)(void *ctx, const struct am_node *node),
                 void *ctx)
{
    struct route_walk w = {tree->labels, alert, fn, ctx, NULL};

    (void)route_node(&w, &tree->root);
}

static void reach_guessed(void *ctx, const struct am_node *node)
{
    const struct am_guess *guess = ctx;

    guess->reached(guess->ctx, node->route);
}

void rs_am_route_guess(const struct am_tree *tree, rs_labels alert, const struct am_guess *guess)
{
    struct am_guess own = *guess;
    struct route_walk w = {tree->labels, alert, reach_guessed, &own, guess};

    (void)route_node(&w, &tree->root);
}

rs_labels rs_am_group_key(struct label_table *labels, const struct am_route *route, rs_labels alert)
{
    if (route->group_by_all) {
        return alert;
    }
    return rs_labels_keep(labels, alert, (struct name_list){route->n_group_by, route->group_by});
}
