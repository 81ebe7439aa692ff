/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Down a tree along a path, with the key tables beside it where they know the file. */
#include <string.h>

#include "tune_descend.h"

static const struct pair *longest_key(const struct node *map, const char *rest)
{
    const struct pair *best = NULL;
    for (int i = 0; i < map->n; i++) {
        bool longer = !best || strlen(map->pair[i].key) > strlen(best->key);
        if (longer && rs_path_after(rest, map->pair[i].key)) {
            best = &map->pair[i];
        }
    }
    return best;
}

static const char *name_of(const struct node *item)
{
    static const char *const keys[] = {
        "name", "id",    "metric", "receiver", /* of an action what it is done to */
        "set",  "purge", "rotate", "check",    "remove", "notify", "document", "wait"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct node *name = rs_node_get(item, keys[i]);
        if (name && name->kind == RS_NODE_SCALAR) {
            return name->text;
        }
    }
    return "";
}

static const struct section *section_below(const struct key *row)
{
    if (!row) {
        return NULL;
    }
    return row->type == RS_V_DIST ? &rs_section_dist : row->of;
}

int rs_path_refuse_key(struct descent *d, const struct node *map)
{
    const char **name = RS_ARENA_ARRAY(d->t->r->arena, const char *, map->n + 128);
    int n = 0;
    for (int i = 0; i < map->n; i++) {
        name[n++] = map->pair[i].key;
    }
    for (const struct section *s = d->section; s; s = s->also) {
        for (int i = 0; i < s->n_key && n < map->n + 128; i++) {
            name[n++] = s->key[i].name;
        }
    }
    return rs_tune_refuse_name(d->t, d->rest, name, n, "there is no \"%s\" in %s",
                               rs_path_word(d->t->r->arena, d->rest), d->owner);
}

/* The item that the path names, with the rest moved on. */
const struct node *rs_path_step_item(struct descent *d, const struct node *list)
{
    const char **name = RS_ARENA_ARRAY(d->t->r->arena, const char *, list->n);
    const struct node *found = NULL;
    int k = 0, n_found = 0;
    const char *after = rs_path_index(d->rest, &k);
    if (after) {
        if (k > list->n) {
            rs_tune_refuse(d->t, d->rest, RS_E_REF, "%s has %d entries, there is no [%d]", d->owner,
                           list->n, k);
            return NULL;
        }
        d->rest = after;
        d->item = rs_arena_printf(d->t->r->arena, "%s[%d]", d->key, k);
        return list->item[k - 1];
    }
    size_t length = 0;
    for (int i = 0; i < list->n; i++) {
        name[i] = name_of(list->item[i]);
        size_t n = strlen(name[i]);
        if (rs_path_after(d->rest, name[i]) && n >= length) {
            n_found = n > length ? 1 : n_found + 1;
            length = n;
            found = list->item[i];
        }
    }
    if (n_found == 1) {
        d->item = d->owner = rs_arena_strndup(d->t->r->arena, d->rest, length);
        d->rest = rs_path_after(d->rest, d->owner);
        return found;
    }
    if (n_found > 1) {
        rs_tune_refuse(d->t, d->rest, RS_E_REF,
                       "%d entries of %s are called \"%.*s\"; name one by "
                       "its number in brackets",
                       n_found, d->owner, (int)length, d->rest);
        return NULL;
    }
    rs_tune_refuse_name(d->t, d->rest, name, list->n, "there is no \"%s\" in %s",
                        rs_path_word(d->t->r->arena, d->rest), d->owner);
    return NULL;
}

/* A key that is not in the file. What it is then, the table or the caller must know. */
static int find_absent(struct descent *d, const struct node *map, struct tune_target *out)
{
    const struct key *row = d->section ? rs_section_find(d->section, d->rest) : NULL;
    out->map = map;
    out->key = row ? row->name : rs_arena_strdup(d->t->r->arena, d->rest);
    out->node = NULL;
    if (!d->section) {
        return 0;
    }
    if (!row) {
        return rs_path_refuse_key(d, map);
    }
    bool is_never = row->def && strcmp(row->def, "(never)") == 0;
    if (row->of || !row->def || (row->def[0] == '(' && !is_never)) {
        return rs_tune_refuse(d->t, d->rest, RS_E_REF,
                              "\"%s\" is not in the file and has no value there that could be "
                              "compared; write it into the file first",
                              row->name);
    }
    out->today = is_never ? "never" : row->def;
    out->row = *row;
    return 0;
}

/* The scalar at the end of the path, and what follows it. */
static int find_scalar(struct descent *d, const struct node *scalar, struct tune_target *out)
{
    out->node = scalar;
    out->is_promql = d->row && d->row->type == RS_V_PROMQL;
    if (d->row && d->row->type != RS_V_OWN && d->row->type != RS_V_ERRORS) {
        out->check = RS_CHECK_ROW;
        out->row = *d->row;
    }
    if (*d->rest == '\0' && !out->is_promql) {
        return rs_node_is_null(scalar)
                   ? rs_tune_refuse(d->t, d->rest, RS_E_TYPE, "\"%s\" has no value", out->key)
                   : 0;
    }
    if (*d->rest != '\0' && rs_path_literal(d->rest, &out->literal, &out->k) == 0) {
        out->check = RS_CHECK_LITERAL;
        return 0;
    }
    if (!out->is_promql) {
        return rs_tune_refuse(d->t, d->rest, RS_E_REF,
                              "\"%s\" is a single value: nothing is below it", out->key);
    }
    return rs_tune_refuse_name(
        d->t, d->rest, rs_literal_words, RS_LITERAL_N,
        "in an expression threshold, range, number, offset or step is turned, "
        "or one of several by its number, threshold[2]; got \"%s\"",
        d->rest);
}

int rs_path_descend(struct descent *d, const struct node *node, struct tune_target *out)
{
    while (node->kind != RS_NODE_SCALAR) {
        if (*d->rest == '\0') {
            return rs_tune_refuse(d->t, d->rest, RS_E_TYPE,
                                  "the path must lead to a single value, not to %s",
                                  node->kind == RS_NODE_MAP ? "a map" : "a list");
        }
        if (node->kind == RS_NODE_LIST) {
            node = rs_path_step_item(d, node);
            if (!node) {
                return -1;
            }
            d->section = node->kind == RS_NODE_MAP ? section_below(d->row) : NULL;
            d->row = NULL; /* of the list, not of what is in it */
            out->map = NULL;
            continue;
        }
        const struct pair *pair = longest_key(node, d->rest);
        if (!pair) {
            bool is_last = strpbrk(d->rest, "/[") == NULL;
            return is_last ? find_absent(d, node, out) : rs_path_refuse_key(d, node);
        }
        const struct key *row = d->section ? rs_section_find(d->section, pair->key) : NULL;
        if (d->row && d->row->type == RS_V_ERRORS) { /* codes and their ratios */
            static const struct key ratio = {.name = "ratio", .type = RS_V_RATIO};
            row = &ratio;
        }
        d->row = row;
        out->map = node;
        out->key = pair->key;
        node = pair->value;
        d->key = node->kind == RS_NODE_SCALAR ? d->key : pair->key;
        d->section = node->kind == RS_NODE_MAP ? section_below(row) : NULL;
        d->rest = rs_path_after(d->rest, pair->key);
        d->owner = node->kind != RS_NODE_SCALAR
                       ? rs_arena_printf(d->t->r->arena, "\"%s\"", pair->key)
                       : d->owner;
    }
    return find_scalar(d, node, out);
}
