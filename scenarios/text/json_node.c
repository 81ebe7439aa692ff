/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "json_node.h"

#include "../reader.h"

#include <string.h>

static const struct node *read_object(struct arena *arena, struct json_text *j, struct node *out)
{
    struct pair *pair = NULL;
    int n = 0, cap = 0;
    bool first = true;
    if (rs_json_open(j, '{') != 0) {
        return NULL;
    }
    while (rs_json_element(j, '}', &first)) {
        struct pair one = {
            rs_arena_strdup(arena, j->text), {j->source->path, j->line, j->col}, NULL};
        one.value = rs_json_node(arena, j);
        if (!one.value) {
            return NULL;
        }
        RS_PUSH(arena, pair, n, cap, one);
    }
    out->kind = RS_NODE_MAP;
    out->pair = pair;
    out->n = n;
    return j->failed ? NULL : out;
}

static const struct node *read_array(struct arena *arena, struct json_text *j, struct node *out)
{
    const struct node **item = NULL;
    int n = 0, cap = 0;
    bool first = true;
    if (rs_json_open(j, '[') != 0) {
        return NULL;
    }
    while (rs_json_element(j, ']', &first)) {
        const struct node *one = rs_json_node(arena, j);
        if (!one) {
            return NULL;
        }
        RS_PUSH(arena, item, n, cap, one);
    }
    out->kind = RS_NODE_LIST;
    out->item = item;
    out->n = n;
    return j->failed ? NULL : out;
}

const struct node *rs_json_node(struct arena *arena, struct json_text *j)
{
    enum json_kind kind = rs_json_next(j);
    struct node *out = RS_ARENA_ARRAY(arena, struct node, 1);
    out->at = (struct mark){j->source->path, j->line, j->col};
    out->weight = 1;
    if (kind == RS_JSON_OBJECT) {
        return read_object(arena, j, out);
    }
    if (kind == RS_JSON_ARRAY) {
        return read_array(arena, j, out);
    }
    if (kind == RS_JSON_END) {
        rs_json_refuse(j, "not JSON: the text breaks off");
        return NULL;
    }
    if (rs_json_scalar(j) != 0) {
        return NULL;
    }
    out->kind = RS_NODE_SCALAR;
    out->style = kind == RS_JSON_STRING ? RS_STYLE_QUOTED : RS_STYLE_PLAIN;
    out->text = rs_arena_strdup(arena, j->text);
    return out;
}
