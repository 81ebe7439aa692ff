/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking a finished tree. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "yaml_node.h"

const struct pair *rs_pair_find(const struct pair *pair, int n, const char *key)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(pair[i].key, key) == 0) {
            return &pair[i];
        }
    }
    return NULL;
}

const struct pair *rs_node_pair(const struct node *map, const char *key)
{
    if (!map || map->kind != RS_NODE_MAP) {
        return NULL;
    }
    return rs_pair_find(map->pair, map->n, key);
}

const struct node *rs_node_get(const struct node *map, const char *key)
{
    const struct pair *pair = rs_node_pair(map, key);
    return pair ? pair->value : NULL;
}

bool rs_node_is_null(const struct node *node)
{
    if (node->kind != RS_NODE_SCALAR || node->style != RS_STYLE_PLAIN) {
        return false;
    }
    return strcmp(node->text, "") == 0 || strcmp(node->text, "~") == 0 ||
           strcmp(node->text, "null") == 0;
}

char *rs_node_describe(char *buf, size_t n, const struct node *node)
{
    assert(n >= 64);
    if (node->kind != RS_NODE_SCALAR) {
        snprintf(buf, n, node->kind == RS_NODE_MAP ? "a map" : "a list");
    } else if (rs_node_is_null(node)) {
        snprintf(buf, n, "nothing");
    } else {
        size_t shown = strcspn(node->text, "\n");
        bool cut = shown > 40 || node->text[shown] != '\0';
        shown = shown > 40 ? 40 : shown;
        while (cut && shown > 0 && ((unsigned char)node->text[shown] & 0xc0) == 0x80) {
            shown--; /* not through the middle of a character */
        }
        snprintf(buf, n, "\"%.*s%s\"", (int)shown, node->text, cut ? "..." : "");
    }
    return buf;
}
