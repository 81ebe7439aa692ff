/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and references. Names are collected from the tree before anything is read, so that order in the file is free. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

const char *rs_name_kind_words(enum name_kind kind)
{
    static const char *const words[RS_NAME_N] = {
        [RS_NAME_NONE] = "name",           [RS_NAME_COHORT] = "cohort",
        [RS_NAME_COMPONENT] = "component", [RS_NAME_DEPENDENCY] = "dependency",
        [RS_NAME_FLAG] = "flag",           [RS_NAME_SERVICE] = "service",
        [RS_NAME_PATH] = "path",           [RS_NAME_COUNTER] = "counter",
        [RS_NAME_FAULT] = "fault",         [RS_NAME_CHANNEL] = "channel",
        [RS_NAME_ROLE] = "role",           [RS_NAME_STAGE] = "stage",
        [RS_NAME_PROCEDURE] = "procedure", [RS_NAME_ASSUMPTION] = "assumption",
        [RS_NAME_ALERT] = "alert",         [RS_NAME_RECEIVER] = "receiver",
        [RS_NAME_JUDGE] = "judge",
    };
    return words[kind];
}

int rs_refuse_name(struct reader *r,
                   enum rs_errc code,
                   struct mark at,
                   const char *word,
                   const char *const *names,
                   size_t n,
                   const char *fmt,
                   ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const char *near = rs_near_name(word, names, n);
    if (near) {
        return rs_err_list_add(r->errors, code, at, "%s, did you mean \"%s\"?", text, near);
    }
    return rs_err_list_add(r->errors, code, at, "%s", text);
}

void rs_names_add(struct reader *r, enum name_kind kind, const char *name)
{
    struct name_table *t = &r->names[kind];
    /* Room doubles at powers of two: no capacity to keep. */
    if ((t->n & (t->n - 1)) == 0) {
        const char **grown = RS_ARENA_ARRAY(r->arena, const char *, t->n ? 2 * t->n : 1);
        if (t->n > 0) {
            memcpy(grown, t->name, sizeof(*grown) * (size_t)t->n);
        }
        t->name = grown;
    }
    t->name[t->n++] = name;
}

static int find(const struct name_table *t, const char *name)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->name[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Every item takes a number, even a nameless one: indices must be those of the list. */
void rs_names_collect(
    struct reader *r, enum name_kind kind, const struct node *list, const char *key, bool tell)
{
    r->names[kind] = (struct name_table){NULL, 0, list && list->kind != RS_NODE_LIST};
    if (!list || list->kind != RS_NODE_LIST) {
        return;
    }
    if (list->n > RS_LIST_MAX) { /* told where the list is read */
        r->names[kind].unknown = true;
        return;
    }
    for (int i = 0; i < list->n; i++) {
        const struct node *name = rs_node_get(list->item[i], key);
        bool is_name = name && name->kind == RS_NODE_SCALAR;
        if (is_name && tell && find(&r->names[kind], name->text) >= 0) {
            rs_err_list_add(r->errors, RS_E_KEY, name->at, "%s \"%s\" is named twice",
                            rs_name_kind_words(kind), name->text);
        }
        rs_names_add(r, kind, is_name ? name->text : "");
    }
}

static const struct node *find_service(const struct reader *r, const char *service)
{
    const struct node *list = rs_node_get(r->root, "services");
    for (int i = 0; list && list->kind == RS_NODE_LIST && i < list->n; i++) {
        const struct node *name = rs_node_get(list->item[i], "name");
        if (name && name->kind == RS_NODE_SCALAR && strcmp(name->text, service) == 0) {
            return list->item[i];
        }
    }
    return NULL;
}

void rs_names_scope(struct reader *r, const char *service, bool tell)
{
    const struct node *node = service ? find_service(r, service) : NULL;
    if (!node) {
        r->names[RS_NAME_PATH] = (struct name_table){NULL, 0, true};
        r->names[RS_NAME_COUNTER] = (struct name_table){NULL, 0, true};
        return;
    }
    const struct node *counters = rs_node_get(rs_node_get(node, "metrics"), "counters");
    rs_names_collect(r, RS_NAME_PATH, rs_node_get(node, "paths"), "name", tell);
    rs_names_collect(r, RS_NAME_COUNTER, counters, "name", tell);
}

int rs_names_find(struct reader *r, enum name_kind kind, const char *name, struct mark at)
{
    assert(kind > RS_NAME_NONE && kind < RS_NAME_N);
    const struct name_table *t = &r->names[kind];
    int index = find(t, name);
    if (index < 0 && !t->unknown) {
        rs_refuse_name(r, RS_E_REF, at, name, t->name, (size_t)t->n, "there is no %s \"%s\"",
                       rs_name_kind_words(kind), name);
    }
    return index;
}
