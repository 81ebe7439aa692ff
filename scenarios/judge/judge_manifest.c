/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of judges' files share: documents, notes, and words that are put in for {{ ... }}. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../text/value.h"
#include "judge_read.h"

void rs_judge_note(struct judge_source *s, struct mark at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = rs_arena_vprintf(s->r->arena, fmt, args);
    va_end(args);
    RS_PUSH(s->r->arena, s->note, s->n_note, s->cap_note, ((struct note){at, text}));
}

int rs_judge_documents(struct judge_source *s, const struct node *const **out)
{
    int n = rs_yaml_parse_all(s->r->arena, s->path, s->text, s->n, s->r->errors, out);
    if (n < 0) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        if ((*out)[i]->kind == RS_NODE_MAP) {
            return n;
        }
    }
    return rs_err_list_add(s->r->errors, RS_E_SYNTAX, (struct mark){s->path, 1, 1},
                           "the file holds no Kubernetes object");
}

const char *rs_judge_text(const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    return node && node->kind == RS_NODE_SCALAR && !rs_node_is_null(node) ? node->text : NULL;
}

int rs_judge_whole(
    struct judge_source *s, const struct node *map, const char *key, int64_t min, int64_t *out)
{
    const double most = 1e9;
    const struct node *node = rs_node_get(map, key);
    char seen[64];
    double v = 0.0;
    if (!node || rs_node_is_null(node)) {
        return 0;
    }
    if (node->kind != RS_NODE_SCALAR || rs_value_number(&v, node->text) != 0 || v != trunc(v)) {
        return rs_err_list_add(s->r->errors, RS_E_TYPE, node->at,
                               "\"%s\" must be a whole number, got %s", key,
                               rs_node_describe(seen, sizeof(seen), node));
    }
    if (!(v >= (double)min && v <= most)) {
        return rs_err_list_add(s->r->errors, RS_E_RANGE, node->at,
                               "\"%s\" must be %lld..1000000000, got %s", key, (long long)min,
                               node->text);
    }
    *out = (int64_t)v;
    return 0;
}

const char *rs_judge_document_kind(const struct node *root)
{
    const char *kind = rs_judge_text(root, "kind");
    return kind ? kind : "";
}

const char *rs_judge_document_name(const struct node *root)
{
    const char *name = rs_judge_text(rs_node_get(root, "metadata"), "name");
    return name ? name : "";
}

void rs_judge_note_ignored(struct judge_source *s, const struct node *map, const char *keys)
{
    for (const char *p = keys; *p;) {
        size_t n = strcspn(p, " ");
        const char *key = rs_arena_strndup(s->r->arena, p, n);
        const struct pair *pair = rs_node_pair(map, key);
        if (pair && !rs_node_is_null(pair->value)) {
            rs_judge_note(s, pair->at, "\"%s\" has no effect here", key);
        }
        p += n + strspn(p + n, " ");
    }
}

/* ---- words that are put in --------------------------------------------------------------------- */

struct text_out {
    struct arena *arena;
    char *text;
    int n, cap;
};

static void put(struct text_out *to, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        RS_PUSH(to->arena, to->text, to->n, to->cap, p[i]);
    }
}

const char *rs_judge_put_in(
    struct judge_source *s, const char *text, struct mark at, judge_lookup lookup, void *ctx)
{
    struct text_out to = {.arena = s->r->arena};
    const char *p = text, *open = strstr(p, "{{");
    if (!open) {
        return text;
    }
    for (; open; open = strstr(p, "{{")) {
        const char *close = strstr(open, "}}"), *word = open + 2;
        if (!close) {
            rs_err_list_add(s->r->errors, RS_E_SYNTAX, at, "\"}}\" is missing after \"{{\"");
            return NULL;
        }
        word += strspn(word, " \t\r\n");
        size_t n = (size_t)(close - word);
        while (n > 0 && strchr(" \t\r\n", word[n - 1])) {
            n--;
        }
        const char *value = lookup(s, ctx, rs_arena_strndup(s->r->arena, word, n), at);
        if (!value) {
            return NULL;
        }
        put(&to, p, (size_t)(open - p));
        put(&to, value, strlen(value));
        p = close + 2;
    }
    put(&to, p, strlen(p) + 1);
    return to.text;
}

static const struct node *
put_in_scalar(struct judge_source *s, const struct node *node, judge_lookup lookup, void *ctx)
{
    const char *text = rs_judge_put_in(s, node->text, node->at, lookup, ctx);
    if (!text || text == node->text) {
        return text ? node : NULL;
    }
    struct node *out = RS_ARENA_ARRAY(s->r->arena, struct node, 1);
    *out = *node;
    out->text = out->code = text;
    return out;
}

static const struct node *
put_in_map(struct judge_source *s, const struct node *node, judge_lookup lookup, void *ctx)
{
    struct node *out = RS_ARENA_ARRAY(s->r->arena, struct node, 1);
    struct pair *pair = RS_ARENA_ARRAY(s->r->arena, struct pair, node->n);
    bool whole = true;
    for (int i = 0; i < node->n; i++) {
        pair[i] = node->pair[i];
        pair[i].value = rs_judge_put_in_all(s, pair[i].value, lookup, ctx);
        whole = whole && pair[i].value;
    }
    *out = *node;
    out->pair = pair;
    return whole ? out : NULL;
}

static const struct node *
put_in_list(struct judge_source *s, const struct node *node, judge_lookup lookup, void *ctx)
{
    struct node *out = RS_ARENA_ARRAY(s->r->arena, struct node, 1);
    const struct node **item = RS_ARENA_ARRAY(s->r->arena, const struct node *, node->n);
    bool whole = true;
    for (int i = 0; i < node->n; i++) {
        item[i] = rs_judge_put_in_all(s, node->item[i], lookup, ctx);
        whole = whole && item[i];
    }
    *out = *node;
    out->item = item;
    return whole ? out : NULL;
}

const struct node *
rs_judge_put_in_all(struct judge_source *s, const struct node *node, judge_lookup lookup, void *ctx)
{
    switch (node->kind) {
    case RS_NODE_SCALAR: return put_in_scalar(s, node, lookup, ctx);
    case RS_NODE_MAP: return put_in_map(s, node, lookup, ctx);
    case RS_NODE_LIST: return put_in_list(s, node, lookup, ctx);
    }
    return NULL;
}

const char *rs_judge_named(const struct judge_source *s, const char *key, const char *name)
{
    return rs_judge_text(rs_node_get(s->map, key), name);
}
