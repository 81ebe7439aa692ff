/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The matching half of Alertmanager: the route tree and the inhibition rules, with their
 * expressions compiled.
 */
#ifndef MONITORING_AM_MATCH_H
#define MONITORING_AM_MATCH_H

#include "labels_private.h"
#include "regex.h"

struct am_node { /* a route, ready */
    const struct am_route *route;
    struct ready_matcher *matcher; /* [route->n_matcher] */
    struct am_node *child;         /* [route->n_child] */
    bool send_resolved;            /* of its receiver */
};

struct am_tree; /* opaque, heap */

struct am_tree *rs_am_tree_new(const struct am_config *config, struct label_table *labels);
void rs_am_tree_free(struct am_tree *tree); /* NULL ok */

/* Calls fn for every route that takes the alert, depth first. */
void rs_am_route(const struct am_tree *tree,
                 rs_labels alert,
                 void (*fn)(void *ctx, const struct am_node *node),
                 void *ctx);
/* The labels of the alert by which the route groups. */
rs_labels
rs_am_group_key(struct label_table *labels, const struct am_route *route, rs_labels alert);
/* Does a live `source` silence `target` by some rule? */
bool rs_am_inhibits(const struct am_tree *tree, rs_labels source, rs_labels target);

#endif
