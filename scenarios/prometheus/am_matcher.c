/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matchers of routes, inhibition rules and silences, and lists of label names. Since 0.27 a text that the classic grammar reads
 * means what that one says; the newer grammar gets what the classic one refuses (matcher/compat of Alertmanager).
 */
#include <stdio.h>
#include <string.h>

#include "am_file.h"

/* The regular expression is judged by the one engine that will run it: as a matcher of a PromQL selector. */
int rs_am_regex_check(struct reader *r, const struct am_matcher *m)
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

static void add(struct am_reading *a, struct am_matchers *out, struct am_matcher m)
{
    if (rs_am_regex_check(a->r, &m) == 0) {
        RS_PUSH(a->r->arena, out->m, out->n, out->cap, m);
    }
}

static bool same(const struct am_matchers *a, const struct am_matchers *b)
{
    bool equal = a->n == b->n;
    for (int i = 0; equal && i < a->n; i++) {
        equal = strcmp(a->m[i].name, b->m[i].name) == 0 && a->m[i].op == b->m[i].op &&
                strcmp(a->m[i].value, b->m[i].value) == 0;
    }
    return equal;
}

static void read_text(struct am_reading *a, const struct node *node, struct am_matchers *out)
{
    struct am_matchers classic = {0}, utf8 = {0};
    const char *why_not = rs_am_parse_classic(a->r->arena, node->text, &classic);
    const char *why_not_utf8 = rs_am_parse_utf8(a->r->arena, node->text, &utf8);
    bool new_form = a->r->am_version > RS_AM_0_25 && !why_not_utf8;
    struct mark at = node->code ? node->code_at : node->at;
    if (why_not && !new_form) {
        char seen[64];
        rs_err_list_add(a->r->errors, RS_E_SYNTAX, at,
                        "a matcher must look like severity=\"critical\" or severity=~\"a|b\", got "
                        "%s: %s",
                        rs_node_describe(seen, sizeof(seen), node), why_not);
        return;
    }
    if (!why_not && a->r->am_version > RS_AM_0_25 && (why_not_utf8 || !same(&classic, &utf8))) {
        rs_am_note_add(
            a, at,
            "this matcher is read in the classic form; the form with quoted names, which "
            "Alertmanager will move to, %s",
            why_not_utf8 ? "refuses it" : "reads it otherwise");
    }
    const struct am_matchers *found = why_not ? &utf8 : &classic;
    for (int i = 0; i < found->n; i++) {
        struct am_matcher m = found->m[i];
        m.at = at;
        add(a, out, m);
    }
}

static void
read_list(struct am_reading *a, const struct node *map, const char *key, struct am_matchers *out)
{
    const struct node *list = rs_am_list(a, map, key);
    for (int i = 0; list && i < list->n; i++) {
        const struct node *item = list->item[i];
        if (item->kind != RS_NODE_SCALAR) {
            char seen[64];
            rs_err_list_add(a->r->errors, RS_E_TYPE, item->at,
                            "\"%s\" must be a list of texts like severity=\"critical\", got %s",
                            key, rs_node_describe(seen, sizeof(seen), item));
        } else if (!rs_node_is_null(item)) {
            read_text(a, item, out);
        }
    }
}

static void read_map(struct am_reading *a,
                     const struct node *map,
                     const char *key,
                     enum match_op op,
                     struct am_matchers *out)
{
    const struct node *under = rs_node_get(map, key);
    if (!under || rs_node_is_null(under)) {
        return;
    }
    if (under->kind != RS_NODE_MAP) {
        rs_err_list_add(a->r->errors, RS_E_TYPE, under->at,
                        "\"%s\" must be a map of labels to values", key);
        return;
    }
    for (int i = 0; i < under->n; i++) {
        const struct pair *pair = &under->pair[i];
        if (!rs_is_label_name(pair->key) || pair->value->kind != RS_NODE_SCALAR) {
            rs_err_list_add(a->r->errors, RS_E_TYPE, pair->at,
                            "\"%s\" must be a map of labels to values", key);
            continue;
        }
        const char *value = rs_node_is_null(pair->value) ? "" : pair->value->text;
        add(a, out, (struct am_matcher){pair->key, value, op, pair->value->at});
    }
}

int rs_am_matchers_read(struct am_reading *a,
                        const struct node *map,
                        const char *list,
                        const char *equal,
                        const char *regex,
                        const struct am_matcher **out)
{
    struct am_matchers found = {0};
    if (equal) {
        read_map(a, map, equal, RS_MATCH_EQ, &found);
        read_map(a, map, regex, RS_MATCH_RE, &found);
    }
    read_list(a, map, list, &found);
    *out = found.m;
    return found.n;
}

/* Since 0.27 any text names a label. */
static bool is_label_name(const struct reader *r, const char *text)
{
    return r->am_version > RS_AM_0_25 ? text[0] != '\0' : rs_is_label_name(text);
}

int rs_am_label_names_read(struct am_reading *a,
                           const struct node *map,
                           const char *key,
                           const char *const **out)
{
    const struct node *list = rs_am_list(a, map, key);
    *out = NULL;
    if (!list) {
        return 0;
    }
    const char **name = RS_ARENA_ARRAY(a->r->arena, const char *, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        bool is_name = item->kind == RS_NODE_SCALAR &&
                       (is_label_name(a->r, item->text) || strcmp(item->text, "...") == 0);
        if (!is_name) {
            char seen[64];
            rs_err_list_add(a->r->errors, RS_E_TYPE, item->at,
                            "\"%s\" must be a list of label names, got %s", key,
                            rs_node_describe(seen, sizeof(seen), item));
        }
        name[i] = is_name ? item->text : "";
    }
    *out = name;
    return list->n;
}
