/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matchers as Alertmanager reads them (pkg/labels/parse.go): name, operator, value with or without quotes, commas, braces. */
#include <stdio.h>
#include <string.h>

#include "am_file.h"

struct matchers {
    struct am_matcher *m;
    int n, cap;
};

/* The regular expression is judged by the one engine that will run it: as a matcher of a PromQL selector. */
static int check_regex(struct reader *r, const struct am_matcher *m)
{
    if (m->op != RS_MATCH_RE && m->op != RS_MATCH_NRE) {
        return 0;
    }
    size_t n = strlen(m->value);
    char *quoted = RS_ARENA_ARRAY(r->arena, char, 2 * n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (strchr("\\\"", m->value[i])) {
            quoted[used++] = '\\';
        }
        if (m->value[i] == '\n') {
            quoted[used++] = '\\';
            quoted[used++] = 'n';
            continue;
        }
        quoted[used++] = m->value[i];
    }
    struct err err = {0};
    const char *text = rs_arena_printf(r->arena, "x{y=~\"%s\"}", quoted);
    if (rs_promql_parse(r->arena, &(struct promql_text){text, m->at, 0, RS_PROMQL_2_42}, &err)) {
        return 0;
    }
    return rs_err_list_add(r->errors, RS_E_SYNTAX, m->at, "matcher of \"%s\": %s", m->name,
                           err.text);
}

static void add(struct reader *r, struct matchers *out, struct am_matcher m)
{
    if (check_regex(r, &m) == 0) {
        RS_PUSH(r->arena, out->m, out->n, out->cap, m);
    }
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *read_operator(const char *p, enum match_op *op)
{
    static const struct {
        const char *text;
        enum match_op op;
    } ops[] = {{"=~", RS_MATCH_RE}, {"!~", RS_MATCH_NRE}, {"!=", RS_MATCH_NE}, {"=", RS_MATCH_EQ}};
    for (int i = 0; i < 4; i++) {
        size_t n = strlen(ops[i].text);
        if (strncmp(p, ops[i].text, n) == 0) {
            *op = ops[i].op;
            return p + n;
        }
    }
    return NULL;
}

/* A quoted value with \" \\ and \n, or a bare one up to the next comma or brace. NULL on a bad one. */
static const char *read_value(struct arena *arena, const char *p, const char **out)
{
    if (*p != '"') {
        size_t n = strcspn(p, ",}");
        size_t kept = n;
        while (kept > 0 && strchr(" \t\r\n", p[kept - 1])) {
            kept--;
        }
        *out = rs_arena_strndup(arena, p, kept);
        return memchr(p, '"', kept) || memchr(p, '{', kept) ? NULL : p + n;
    }
    char *value = RS_ARENA_ARRAY(arena, char, strlen(p) + 1);
    size_t n = 0;
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\' || p[1] == 'n')) {
            p++;
            value[n++] = *p == 'n' ? '\n' : *p;
        } else {
            value[n++] = *p;
        }
    }
    *out = value;
    return *p == '"' ? p + 1 : NULL;
}

/* One matcher at p; returns what follows it, or NULL with nothing added. */
static const char *read_one(struct reader *r, const char *p, struct mark at, struct matchers *out)
{
    struct am_matcher m = {.at = at};
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789:");
    m.name = rs_arena_strndup(r->arena, p, n);
    if (n == 0 || !rs_is_metric_name(m.name)) {
        return NULL;
    }
    p = read_operator(skip_blanks(p + n), &m.op);
    p = p ? read_value(r->arena, skip_blanks(p), &m.value) : NULL;
    if (p) {
        add(r, out, m);
    }
    return p;
}

static void read_text(struct reader *r, const struct node *node, struct matchers *out)
{
    const char *p = node->kind == RS_NODE_SCALAR ? skip_blanks(node->text) : "";
    bool braces = *p == '{';
    p = skip_blanks(p + braces);
    bool good = *p != '\0';
    while (good && *p != '\0' && *p != '}') {
        p = read_one(r, p, node->code ? node->code_at : node->at, out);
        good = p != NULL;
        p = good ? skip_blanks(p) : p;
        if (good && *p == ',') {
            p = skip_blanks(p + 1);
        } else if (good && *p != '\0' && *p != '}') {
            good = false;
        }
    }
    if (good && (*p == '}') == braces && *skip_blanks(p + braces) == '\0') {
        return;
    }
    char seen[64];
    rs_err_list_add(r->errors, RS_E_SYNTAX, node->at,
                    "a matcher must look like severity=\"critical\" or severity=~\"a|b\", got %s",
                    rs_node_describe(seen, sizeof(seen), node));
}

static void
read_list(struct reader *r, const struct node *list, const char *key, struct matchers *out)
{
    if (!list || rs_node_is_null(list)) {
        return;
    }
    if (list->kind == RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                        "\"%s\" must be a list of matchers, got a map", key);
        return;
    }
    if (list->kind == RS_NODE_SCALAR) {
        read_text(r, list, out);
        return;
    }
    for (int i = 0; i < list->n; i++) {
        read_text(r, list->item[i], out);
    }
}

static void read_map(struct reader *r,
                     const struct node *map,
                     const char *key,
                     enum match_op op,
                     struct matchers *out)
{
    if (!map || rs_node_is_null(map)) {
        return;
    }
    if (map->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, map->at, "\"%s\" must be a map of labels to values",
                        key);
        return;
    }
    for (int i = 0; i < map->n; i++) {
        const struct pair *pair = &map->pair[i];
        if (!rs_is_label_name(pair->key) || pair->value->kind != RS_NODE_SCALAR) {
            rs_err_list_add(r->errors, RS_E_TYPE, pair->at,
                            "\"%s\" must be a map of labels to values", key);
            continue;
        }
        add(r, out, (struct am_matcher){pair->key, pair->value->text, op, pair->value->at});
    }
}

int rs_am_matchers_read(struct reader *r,
                        const struct node *map,
                        const char *list,
                        const char *equal,
                        const char *regex,
                        const struct am_matcher **out)
{
    struct matchers found = {0};
    read_map(r, rs_node_get(map, equal), equal, RS_MATCH_EQ, &found);
    read_map(r, rs_node_get(map, regex), regex, RS_MATCH_RE, &found);
    read_list(r, rs_node_get(map, list), list, &found);
    *out = found.m;
    return found.n;
}

int rs_am_label_names_read(struct reader *r,
                           const struct node *map,
                           const char *key,
                           const char *const **out)
{
    const struct node *list = rs_node_get(map, key);
    *out = NULL;
    if (!list || rs_node_is_null(list)) {
        return 0;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list of label names",
                        key);
        return 0;
    }
    if (rs_read_length(r, key, list) != 0) {
        return 0;
    }
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        bool is_name = item->kind == RS_NODE_SCALAR &&
                       (rs_is_label_name(item->text) || strcmp(item->text, "...") == 0);
        if (!is_name) {
            char seen[64];
            rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                            "\"%s\" must be a list of label names, got %s", key,
                            rs_node_describe(seen, sizeof(seen), item));
        }
        name[i] = is_name ? item->text : "";
        for (int j = 0; j < i && is_name; j++) {
            if (strcmp(name[j], name[i]) == 0) {
                rs_err_list_add(r->errors, RS_E_KEY, item->at,
                                "label \"%s\" stands twice in \"%s\"", name[i], key);
            }
        }
    }
    *out = name;
    return list->n;
}
