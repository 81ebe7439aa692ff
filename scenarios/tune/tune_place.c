/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places in files: found by the tree's marks, and tried out before anybody relies on them. */
#include <string.h>

#include "tune_read.h"

/* ---- literals of a scalar ---- */

static int of_promql(struct tuning *t, const char *text, struct promql_literal **out)
{
    struct err err = {0};
    const struct promql *q = rs_promql_parse(
        t->r->arena, &(struct promql_text){.text = text, .dialect = t->r->dialect}, &err);
    if (!q) {
        return rs_tune_refuse(t, t->draft->path, RS_E_TYPE, "the expression cannot be read: %s",
                              err.text);
    }
    int n = rs_promql_literals(q, text, NULL, 0);
    *out = RS_ARENA_ARRAY(t->r->arena, struct promql_literal, n);
    rs_promql_literals(q, text, *out, n);
    return n;
}

int rs_tune_literals(struct tuning *t,
                     const struct tune_target *target,
                     struct promql_literal **out)
{
    const char *text = target->node->text;
    struct promql_literal *all = NULL;
    int n = 0;
    if (target->is_promql) {
        n = of_promql(t, text, &all);
    } else {
        n = rs_text_literals(text, NULL, 0);
        all = RS_ARENA_ARRAY(t->r->arena, struct promql_literal, n);
        rs_text_literals(text, all, n);
    }
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if ((int)all[i].kind == target->literal) {
            all[kept++] = all[i];
        }
    }
    *out = all;
    return n < 0 ? -1 : kept;
}

/* ---- the places ---- */

static int refuse_shape(struct tuning *t, const char *why)
{
    return rs_tune_refuse(t, t->draft->path, RS_E_UNSUPPORTED,
                          "what stands there cannot be written to: %s", why);
}

static const char *cut(struct arena *arena, const char *text, const struct promql_literal *l)
{
    return rs_arena_strndup(arena, text + l->from, (size_t)(l->until - l->from));
}

/* Those that are meant: the k-th, or all of them where they are written alike. */
static int
pick(struct tuning *t, const struct tune_target *target, struct promql_literal *all, int n)
{
    const char *word = rs_literal_words[target->literal], *text = target->node->text;
    struct arena *arena = t->r->arena;
    if (n == 0) {
        return rs_tune_refuse(
            t, t->draft->path, RS_E_REF, "the expression has no %s that is a %s", word,
            target->literal == RS_LITERAL_RANGE || target->literal == RS_LITERAL_STEP ||
                    target->literal == RS_LITERAL_OFFSET
                ? "duration"
                : "number");
    }
    if (target->k > n) {
        return rs_tune_refuse(t, t->draft->path, RS_E_REF,
                              "the expression has %d of these, no %s[%d]", n, word, target->k);
    }
    if (target->k > 0) {
        all[0] = all[target->k - 1];
        return 1;
    }
    for (int i = 1; i < n; i++) {
        const char *first = cut(arena, text, &all[0]), *other = cut(arena, text, &all[i]);
        if (strcmp(first, other) != 0) {
            return rs_tune_refuse(
                t, t->draft->path, RS_E_REF,
                "the expression has several: %s[1] is %s, %s[%d] is %s; name one of "
                "them",
                word, first, word, i + 1, other);
        }
    }
    return n;
}

static int
literal_places(struct tuning *t, const struct tune_target *target, struct target_places *out)
{
    struct promql_literal *literal = NULL;
    const struct node *node = target->node;
    if (node->kind != RS_NODE_SCALAR) {
        return refuse_shape(t, "it is no text");
    }
    int n = rs_tune_literals(t, target, &literal);
    n = n < 0 ? -1 : pick(t, target, literal, n);
    if (n < 0) {
        return -1;
    }
    const size_t *at = rs_tune_align(t->r->arena, target->doc, node);
    if (!at) {
        return refuse_shape(
            t, "its text holds escapes; write it in a block (\"|\") or without quotes");
    }
    out->today = cut(t->r->arena, node->text, &literal[0]);
    out->n = n;
    out->place = RS_ARENA_ARRAY(t->r->arena, struct tune_place, n);
    out->part = RS_ARENA_ARRAY(t->r->arena, struct text_part, n);
    for (int i = 0; i < n; i++) {
        size_t length = (size_t)(literal[i].until - literal[i].from), from = at[literal[i].from];
        if (from + length > target->doc->n ||
            memcmp(target->doc->text + from, node->text + literal[i].from, length) != 0) {
            return refuse_shape(t, "it is broken over two lines");
        }
        out->place[i] = (struct tune_place){
            .from = from, .until = from + length, .before = "", .after = "", .at = node->at};
        out->part[i] = (struct text_part){literal[i].from, literal[i].until};
    }
    return 0;
}

static int
scalar_place(struct tuning *t, const struct tune_target *target, struct target_places *out)
{
    const struct node *node = target->node;
    size_t from = rs_tune_offset(target->doc, node->at),
           until = rs_tune_offset(target->doc, node->end);
    if (node->kind != RS_NODE_SCALAR) {
        return refuse_shape(t, "it is no single value");
    }
    if (node->style == RS_STYLE_BLOCK) {
        return refuse_shape(t, "it is a block of lines");
    }
    if (node->style == RS_STYLE_QUOTED) {
        from++;
        until--;
    }
    /* An anchor or a tag stands in front of its value. */
    size_t n = strlen(node->text);
    if (until >= n && until <= target->doc->n && until > from &&
        memcmp(target->doc->text + until - n, node->text, n) == 0) {
        from = until - n;
    } else {
        return refuse_shape(t, "it is folded or holds escapes");
    }
    out->today = node->text;
    out->n = 1;
    out->place = RS_ARENA_ARRAY(t->r->arena, struct tune_place, 1);
    *out->place = (struct tune_place){
        .from = from, .until = until, .before = "", .after = "", .at = node->at};
    out->part = RS_ARENA_ARRAY(t->r->arena, struct text_part, 1);
    *out->part = (struct text_part){0, (int)n};
    return 0;
}

int rs_tune_places(struct tuning *t, const struct tune_target *target, struct target_places *out)
{
    if (target->literal >= 0) {
        return literal_places(t, target, out);
    }
    if (target->node) {
        return scalar_place(t, target, out);
    }
    out->today = target->today;
    out->n = 1;
    out->place = RS_ARENA_ARRAY(t->r->arena, struct tune_place, 1);
    return rs_tune_insert(t, target, out->place);
}

/* ---- trying out ---- */

struct compare {
    const struct node *target; /* the scalar that has changed, or the map that has grown */
    const char *key;           /* of the pair that was put in; NULL = none */
    const char *expected;      /* the scalar's text, or that of the new pair */
    int n_hit;
};

static bool is_expected(const struct node *node, const char *text)
{
    return node && node->kind == RS_NODE_SCALAR && strcmp(node->text, text) == 0;
}

static bool same(struct compare *c, const struct node *a, const struct node *b);

static bool same_map(struct compare *c, const struct node *a, const struct node *b)
{
    bool has_grown = a == c->target;
    if (b->n != a->n + has_grown ||
        (has_grown && !is_expected(rs_node_get(b, c->key), c->expected))) {
        return false;
    }
    c->n_hit += has_grown;
    int j = 0;
    for (int i = 0; i < b->n; i++) {
        if (has_grown && strcmp(b->pair[i].key, c->key) == 0) {
            continue;
        }
        if (j == a->n || strcmp(a->pair[j].key, b->pair[i].key) != 0 ||
            !same(c, a->pair[j].value, b->pair[i].value)) {
            return false;
        }
        j++;
    }
    return j == a->n;
}

static bool same(struct compare *c, const struct node *a, const struct node *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == RS_NODE_MAP) {
        return same_map(c, a, b);
    }
    if (a->kind == RS_NODE_SCALAR) {
        c->n_hit += a == c->target;
        return strcmp(b->text, a == c->target ? c->expected : a->text) == 0;
    }
    for (int i = 0; i < a->n && a->n == b->n; i++) {
        if (!same(c, a->item[i], b->item[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

/* The scalar's text with the value at the place. */
static const char *expected_text(struct arena *arena,
                                 const struct node *node,
                                 struct text_part part,
                                 const char *value)
{
    return rs_arena_printf(arena, "%.*s%s%s", part.from, node->text, value,
                           node->text + part.until);
}

static bool trees_agree(struct compare *c,
                        const struct tune_doc *doc,
                        const struct node *const *root,
                        int n_root)
{
    if (n_root != doc->n_root) {
        return false;
    }
    for (int i = 0; i < n_root; i++) {
        if (!same(c, doc->root[i], root[i])) {
            return false;
        }
    }
    return c->n_hit == 1;
}

static char *with_value(struct arena *arena,
                        const struct tune_doc *doc,
                        const struct tune_place *p,
                        const char *value)
{
    return rs_arena_printf(arena, "%.*s%s%s%s%s", (int)p->from, doc->text, p->before, value,
                           p->after, doc->text + p->until);
}

int rs_tune_try(struct tuning *t,
                const struct tune_target *target,
                const struct target_places *places,
                int i,
                const char *value)
{
    const struct tune_doc *doc = target->doc;
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    rs_err_list_init(&errors);
    const struct node *node = target->node, *const *root = NULL;
    struct compare c = {.target = node ? node : target->map,
                        .key = node ? NULL : target->key,
                        .expected =
                            node ? expected_text(arena, node, places->part[i], value) : value};
    const char *text = with_value(arena, doc, &places->place[i], value);
    int n_root = rs_yaml_parse_all(arena, doc->path, text, strlen(text), &errors, &root);
    bool ok = n_root >= 0 && trees_agree(&c, doc, root, n_root);
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
    if (ok) {
        return 0;
    }
    return refuse_shape(t, c.n_hit > 1 ? "an alias shares it with other places"
                                       : "the rest of the file would read differently");
}
