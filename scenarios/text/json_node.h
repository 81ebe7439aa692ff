/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON value as a tree of nodes with places, in an arena, so that it is looked at as YAML is. */
#ifndef SCENARIOS_JSON_NODE_H
#define SCENARIOS_JSON_NODE_H

#include "json_text.h"
#include "yaml_node.h"

/*
 * The value that comes next. Texts are RS_STYLE_QUOTED scalars, numbers and words plain ones; of doubled keys the first one is
 * found. NULL after a mistake, which is told.
 */
const struct node *rs_json_node(struct arena *arena, struct json_text *j);

#endif
