/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The matching half of Alertmanager: the route tree, the inhibition rules and the silences, with their expressions compiled.
 */
#ifndef MONITORING_AM_MATCH_H
#define MONITORING_AM_MATCH_H

#include "../regex/regex.h"
#include "../store/labels_private.h"

struct matcher_set { /* all must match */
    int n;
    struct ready_matcher *m; /* [n], owned */
};

struct am_node { /* a route, ready */
    const struct am_route *route;
    struct matcher_set matcher;
    struct am_node *child; /* [route->n_child] */
    bool send_resolved;    /* of its receiver */
    int index;             /* of all nodes, depth first */
};

struct am_tree { /* value with owned parts: init / clear */
    const struct label_table *labels;
    struct am_node root;
    int n_node;
    int n_inhibit;
    const struct am_inhibit *inhibit;    /* [n_inhibit], borrowed */
    struct matcher_set *source, *target; /* [n_inhibit] */
    int n_silence;
    struct matcher_set *silence; /* [n_silence] */
};

void rs_am_tree_init(struct am_tree *tree,
                     const struct am_config *config,
                     const struct am_settings *settings,
                     const struct label_table *labels);
void rs_am_tree_clear(struct am_tree *tree);

bool rs_am_matches(const struct label_table *labels,
                   const struct matcher_set *set,
                   rs_labels alert);
/* Calls fn for every route that takes the alert, depth first. */
void rs_am_route(const struct am_tree *tree,
                 rs_labels alert,
                 void (*fn)(void *ctx, const struct am_node *node),
                 void *ctx);
/* As rs_am_routes_guess. */
void rs_am_route_guess(const struct am_tree *tree, rs_labels alert, const struct am_guess *guess);
/* The labels of the alert by which the route groups. */
rs_labels
rs_am_group_key(struct label_table *labels, const struct am_route *route, rs_labels alert);

#endif
