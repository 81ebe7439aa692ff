/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: dispatch/route.go and inhibit/inhibit.go of Alertmanager 0.33. */
#include "am_match.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

struct inhibit_rule {
    const struct am_inhibit *rule;
    struct ready_matcher *source, *target;
};

struct am_tree {
    const struct label_table *labels;
    struct am_node root;
    int n_inhibit;
    struct inhibit_rule *inhibit;
};

static struct ready_matcher *ready(const struct am_matcher *m, int n)
{
    struct ready_matcher *out = rs_xcalloc((size_t)n + 1, sizeof *out);

    for (int i = 0; i < n; i++) {
        rs_matcher_init(&out[i], m[i].name, m[i].value, m[i].op);
    }
    return out;
}

static void unready(struct ready_matcher *m, int n)
{
    for (int i = 0; i < n; i++) {
        rs_matcher_clear(&m[i]);
    }
    free(m);
}

static void
node_init(struct am_node *node, const struct am_config *config, const struct am_route *route)
{
    node->route = route;
    node->matcher = ready(route->matcher, route->n_matcher);
    node->send_resolved = true;
    for (int i = 0; i < config->n_receiver; i++) {
        if (route->receiver != NULL && strcmp(config->receiver[i].name, route->receiver) == 0) {
            node->send_resolved = config->receiver[i].send_resolved;
        }
    }
    node->child = rs_xcalloc((size_t)route->n_child + 1, sizeof *node->child);
    for (int i = 0; i < route->n_child; i++) {
        node_init(&node->child[i], config, &route->child[i]);
    }
}

static void node_clear(struct am_node *node)
{
    for (int i = 0; i < node->route->n_child; i++) {
        node_clear(&node->child[i]);
    }
    free(node->child);
    unready(node->matcher, node->route->n_matcher);
}

struct am_tree *rs_am_tree_new(const struct am_config *config, struct label_table *labels)
{
    struct am_tree *tree = rs_xcalloc(1, sizeof *tree);

    tree->labels = labels;
    node_init(&tree->root, config, &config->root);
    tree->n_inhibit = config->n_inhibit;
    tree->inhibit = rs_xcalloc((size_t)config->n_inhibit + 1, sizeof *tree->inhibit);
    for (int i = 0; i < config->n_inhibit; i++) {
        const struct am_inhibit *rule = &config->inhibit[i];

        tree->inhibit[i] = (struct inhibit_rule){rule, ready(rule->source, rule->n_source),
                                                 ready(rule->target, rule->n_target)};
    }
    return tree;
}

void rs_am_tree_free(struct am_tree *tree)
{
    if (tree == NULL) {
        return;
    }
    for (int i = 0; i < tree->n_inhibit; i++) {
        unready(tree->inhibit[i].source, tree->inhibit[i].rule->n_source);
        unready(tree->inhibit[i].target, tree->inhibit[i].rule->n_target);
    }
    free(tree->inhibit);
    node_clear(&tree->root);
    free(tree);
}

static bool
all_match(const struct label_table *t, const struct ready_matcher *m, int n, rs_labels set)
{
    for (int i = 0; i < n; i++) {
        if (!rs_matcher_matches(&m[i], rs_labels_get(t, set, m[i].name))) {
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
};

/*
 * "Children are tried in order; the first that matches without `continue` ends it; if none
 * matched, the node itself."
 */
static bool route_node(const struct route_walk *w, const struct am_node *node)
{
    bool taken = false;

    if (!all_match(w->labels, node->matcher, node->route->n_matcher, w->alert)) {
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
    struct route_walk w = {tree->labels, alert, fn, ctx};

    (void)route_node(&w, &tree->root);
}

rs_labels rs_am_group_key(struct label_table *labels, const struct am_route *route, rs_labels alert)
{
    if (route->group_by_all) {
        return alert;
    }
    return rs_labels_keep(labels, alert, (struct name_list){route->n_group_by, route->group_by});
}

static bool equal_labels(const struct am_tree *tree,
                         const struct am_inhibit *rule,
                         rs_labels source,
                         rs_labels target)
{
    for (int i = 0; i < rule->n_equal; i++) {
        const char *name = rule->equal[i];

        if (strcmp(rs_labels_get(tree->labels, source, name),
                   rs_labels_get(tree->labels, target, name)) != 0) {
            return false;
        }
    }
    return true;
}

bool rs_am_inhibits(const struct am_tree *tree, rs_labels source, rs_labels target)
{
    for (int i = 0; i < tree->n_inhibit; i++) {
        const struct inhibit_rule *in = &tree->inhibit[i];
        const struct am_inhibit *rule = in->rule;
        bool target_is_source, source_is_target;

        if (!all_match(tree->labels, in->target, rule->n_target, target) ||
            !all_match(tree->labels, in->source, rule->n_source, source) ||
            !equal_labels(tree, rule, source, target)) {
            continue;
        }
        /*
         * "An alert that matches both sides cannot be inhibited by one for which the same is
         * true", itself included.
         */
        target_is_source = all_match(tree->labels, in->source, rule->n_source, target);
        source_is_target = all_match(tree->labels, in->target, rule->n_target, source);
        if (!(target_is_source && source_is_target)) {
            return true;
        }
    }
    return false;
}
