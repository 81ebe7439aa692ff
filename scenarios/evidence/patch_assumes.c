/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of the assumptions when measured values are written. An assumption is settled once all that rested on it was
 * measured: every entry that assumes it assumes nothing else, has numbers that were written, and none that was not. Its source is
 * then the evidence. Where others still rest on it, were it only an action without a number, it stays as it is, and what was
 * written assumes a new one: "measured".
 */
#include <ctype.h>
#include <string.h>

#include "patch_private.h"
#include "verify/retro_evidence.h"

static bool is_written(const struct patch *p, const struct node *node)
{
    for (int i = 0; i < p->n; i++) {
        if (p->place[i].node == node) {
            return true;
        }
    }
    return false;
}

/* A number, a ratio, a duration, a rate, a time of day: what begins with a digit. Texts in quotes are none unless a time. */
static bool is_number(const struct node *scalar)
{
    bool is_time = strchr(scalar->text, ':') && strlen(scalar->text) <= 8;
    return isdigit((unsigned char)scalar->text[0]) && (scalar->style == RS_STYLE_PLAIN || is_time);
}

/* Is every number below it one that was written? */
static bool all_written(const struct patch *p, const struct node *node)
{
    if (is_written(p, node)) {
        return true;
    }
    if (node->kind == RS_NODE_SCALAR) {
        return !is_number(node);
    }
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        if (!all_written(p, below)) {
            return false;
        }
    }
    return true;
}

static bool is_below(const struct node *node, const struct node *top)
{
    bool below = node == top;
    for (int i = 0; i < top->n && !below; i++) {
        below = is_below(node, top->kind == RS_NODE_MAP ? top->pair[i].value : top->item[i]);
    }
    return below;
}

/* Was anything of it measured? What the patch itself adds to `assumes` is no measurement. */
static bool any_written(const struct patch *p, const struct node *node)
{
    for (int i = 0; i < p->n_measured; i++) {
        const struct node *where = p->place[i].node ? p->place[i].node : p->place[i].map;
        if (where && is_below(where, node)) {
            return true;
        }
    }
    return false;
}

static bool assumes(const struct node *list, const char *id)
{
    for (int i = 0; list && list->kind == RS_NODE_LIST && i < list->n; i++) {
        if (strcmp(list->item[i]->text, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Counts the maps below that assume it, and those of them that were measured whole. */
static void
count(const struct patch *p, const struct node *node, const char *id, int *n, int *n_measured)
{
    const struct node *list = rs_node_get(node, "assumes");
    if (assumes(list, id)) {
        (*n)++;
        *n_measured += list->n == 1 && any_written(p, node) && all_written(p, node);
    }
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        count(p, below, id, n, n_measured);
    }
}

static bool is_settled(const struct patch *p, const char *id)
{
    int n = 0, n_measured = 0;
    count(p, p->root, id, &n, &n_measured);
    return n > 0 && n_measured == n;
}

static int settle(struct patch *p, const struct node *assumption, const char *source)
{
    if (rs_patch_put_key(p, assumption, "source", rs_retro_quoted(p->r.arena, source)) != 0) {
        return -1;
    }
    const struct node *placeholder = rs_node_get(assumption, "placeholder");
    return placeholder ? rs_patch_put_key(p, assumption, "placeholder", "false") : 0;
}

/* A name that no assumption has yet. */
static const char *new_id(struct patch *p, const struct node *list)
{
    const char *id = "measured";
    for (int k = 2; k < 1000; k++) {
        bool taken = false;
        for (int i = 0; list && i < list->n; i++) {
            const struct node *other = rs_node_get(list->item[i], "id");
            taken =
                taken || (other && other->kind == RS_NODE_SCALAR && strcmp(other->text, id) == 0);
        }
        if (!taken) {
            break;
        }
        id = rs_arena_printf(p->r.arena, "measured-%d", k);
    }
    return id;
}

/* "[a, b, measured]" */
static const char *longer(struct patch *p, const struct node *list, const char *id)
{
    const char *text = "[";
    for (int i = 0; list && list->kind == RS_NODE_LIST && i < list->n; i++) {
        text = rs_arena_printf(p->r.arena, "%s%s, ", text, list->item[i]->text);
    }
    return rs_arena_printf(p->r.arena, "%s%s]", text, id);
}

/* Does the entry still rest on something that was not measured? */
static bool is_open(const struct patch *p, const struct node *element)
{
    const struct node *list = rs_node_get(element, "assumes");
    if (!list || list->kind != RS_NODE_LIST || list->n != 1) {
        return true;
    }
    return !is_settled(p, list->item[0]->text);
}

/* The assumption that is new, and those that rest on it. */
static int add_measured(struct patch *p, const struct node *list, int n_written, const char *source)
{
    const char *id = new_id(p, list);
    const struct node **element = RS_ARENA_ARRAY(p->r.arena, const struct node *, n_written);
    int n = 0;
    for (int i = 0; i < n_written; i++) {
        const struct node *e = p->place[i].element;
        bool known = !e || e->kind != RS_NODE_MAP || !is_open(p, e);
        for (int k = 0; k < n && !known; k++) {
            known = element[k] == e;
        }
        if (!known) {
            element[n++] = e;
        }
    }
    if (n == 0) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (rs_patch_put_key(p, element[i], "assumes",
                             longer(p, rs_node_get(element[i], "assumes"), id)) != 0) {
            return -1;
        }
    }
    const char *colon = strstr(source, ": ");
    const char *says =
        rs_arena_printf(p->r.arena, "Measured in the rollout %.*s; see the values' own sources.",
                        (int)(colon ? (size_t)(colon - source) : strlen(source)), source);
    const char *text =
        rs_arena_printf(p->r.arena, "{id: %s, text: %s, source: %s}", id,
                        rs_retro_quoted(p->r.arena, says), rs_retro_quoted(p->r.arena, source));
    if (list && list->kind == RS_NODE_LIST && list->n > 0) {
        return rs_patch_append(p, list, text);
    }
    return rs_patch_put_key(p, p->root, "assumptions", rs_arena_printf(p->r.arena, "[%s]", text));
}

int rs_patch_assumptions(struct patch *p, const char *source)
{
    const struct node *list = rs_node_get(p->root, "assumptions");
    p->n_measured = p->n;
    int status = add_measured(p, list, p->n_measured, source);
    for (int i = 0; list && list->kind == RS_NODE_LIST && i < list->n && status == 0; i++) {
        const struct node *id = rs_node_get(list->item[i], "id");
        if (id && id->kind == RS_NODE_SCALAR && is_settled(p, id->text)) {
            status = settle(p, list->item[i], source);
        }
    }
    return status;
}
