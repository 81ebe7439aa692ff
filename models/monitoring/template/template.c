/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A template from its text: compiled, placed in its file, and asked what it depends on. */
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* "{{$labels := .Labels}}" and so on: what Prometheus puts in front of every text. Columns in its messages count it. */
const char rs_template_prefix[] =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}"
    "{{$value := .Value}}";

bool rs_template_has_action(const char *text)
{
    return strstr(text, "{{") != NULL;
}

/* A byte offset of the text as a place in the file. */
static struct mark place(const struct template_text *src, size_t offset)
{
    struct mark at = src->at;

    if (at.line == 0) {
        return at;
    }
    for (size_t i = 0; i < offset && src->text[i] != '\0'; i++) {
        if (src->text[i] == '\n') {
            at.line++;
            at.col = 1 + src->indent;
        } else if (((unsigned char)src->text[i] & 0xc0) != 0x80) {
            at.col++;
        }
    }
    return at;
}

/* What any part of the tree needs besides labels. on_root: "." may be the whole, whose text holds the value. */
static unsigned needs(const struct tnode *n, bool on_root)
{
    bool inside = n != NULL && n->kind != TN_WITH && n->kind != TN_RANGE && on_root;
    unsigned sum = 0;

    if (n == NULL) {
        return 0;
    }
    if (n->kind == TN_IDENTIFIER) {
        sum = n->function->needs;
    } else if (n->kind == TN_VARIABLE || n->kind == TN_FIELD) {
        const char *first = n->kind == TN_FIELD || n->n_name < 2 ? n->name[0] : n->name[1];

        if (strcmp(n->name[0], "$value") == 0 || strcmp(first, "Value") == 0 ||
            (strcmp(n->name[0], "$") == 0 && n->n_name < 2)) {
            sum = RS_NEEDS_VALUE;
        }
    } else if (n->kind == TN_DOT) {
        sum = on_root ? RS_NEEDS_VALUE : 0;
    }
    for (int i = 0; i < n->n; i++) {
        sum |= needs(n->child[i], on_root);
    }
    return sum | needs(n->pipe, on_root) | needs(n->list, inside) | needs(n->otherwise, on_root);
}

static bool only_needs_labels(const struct template *t)
{
    enum { N_PREFIX = 4 }; /* the declarations in front, $value's among them */
    unsigned sum = 0;

    for (int i = N_PREFIX; i < t->root->n; i++) {
        sum |= needs(t->root->child[i], true);
    }
    for (int i = 0; i < t->n_definition; i++) {
        sum |= needs(t->definition[i].root, false); /* who hands the whole to it has said so */
    }
    return sum == 0;
}

const struct template *
rs_template_parse(struct arena *arena, const struct template_text *src, struct err *err)
{
    struct template *out = RS_ARENA_ARRAY(arena, struct template, 1);
    struct tparser p = {.arena = arena, .out = out};
    size_t prefix = strlen(rs_template_prefix);

    out->name = rs_arena_printf(arena, "__alert_%s", src->alert);
    out->dialect = src->dialect;
    out->text = rs_arena_printf(arena, "%s%s", rs_template_prefix, src->text);
    p.token = rs_template_lex(arena, out->text);
    rs_tparse_declare(&p, "$");
    rs_tparse_all(&p);
    if (p.failed) {
        size_t at = p.err_at > prefix ? p.err_at - prefix : 0;

        (void)rs_err_at(err, RS_E_SYNTAX, place(src, at), "template: %s", p.err_text);
        return NULL;
    }
    out->only_labels = only_needs_labels(out);
    return out;
}

bool rs_template_only_needs_labels(const struct template *t)
{
    return t->only_labels;
}

/* query "x", and "x" | query. */
static void queries_below(const struct tnode *n, void (*fn)(void *ctx, const char *text), void *ctx)
{
    if (n == NULL) {
        return;
    }
    for (int i = 0; i < n->n; i++) {
        const struct tnode *one = n->child[i], *word = NULL;

        if (n->kind == TN_COMMAND && i == 0 && one->kind == TN_IDENTIFIER && n->n == 2 &&
            strcmp(one->text, "query") == 0) {
            word = n->child[1];
        } else if (n->kind == TN_PIPE && i > 0 && one->n == 1 &&
                   one->child[0]->kind == TN_IDENTIFIER &&
                   strcmp(one->child[0]->text, "query") == 0 && n->child[i - 1]->n == 1) {
            word = n->child[i - 1]->child[0];
        }
        if (word != NULL && word->kind == TN_STRING) {
            fn(ctx, word->word);
        }
        queries_below(one, fn, ctx);
    }
    queries_below(n->pipe, fn, ctx);
    queries_below(n->list, fn, ctx);
    queries_below(n->otherwise, fn, ctx);
}

void rs_template_queries(const struct template *t,
                         void (*fn)(void *ctx, const char *text),
                         void *ctx)
{
    queries_below(t->root, fn, ctx);
    for (int i = 0; i < t->n_definition; i++) {
        queries_below(t->definition[i].root, fn, ctx);
    }
}
