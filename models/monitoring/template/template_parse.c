/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates, text to tree. Source: text/template/parse/parse.go of Go 1.27, whose messages are kept. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

enum { DEPTH_MAX = 100 };

struct tnode *rs_tnode_new(struct tparser *p, enum tnode_kind kind, size_t at)
{
    struct tnode *n = RS_ARENA_ARRAY(p->arena, struct tnode, 1);

    n->kind = kind;
    n->at = at;
    return n;
}

void rs_tnode_add(struct tparser *p, struct tnode *to, struct tnode *child)
{
    if (to->n == to->cap) {
        struct tnode **grown;

        to->cap = to->cap ? 2 * to->cap : 4;
        grown = RS_ARENA_ARRAY(p->arena, struct tnode *, to->cap);
        for (int i = 0; i < to->n; i++) {
            grown[i] = to->child[i];
        }
        to->child = grown;
    }
    to->child[to->n++] = child;
}

static void names_push(struct arena *arena, const char ***names, int *n, int *cap, const char *one)
{
    if (*n == *cap) {
        const char **grown;

        *cap = *cap ? 2 * *cap : 4;
        grown = RS_ARENA_ARRAY(arena, const char *, *cap);
        for (int i = 0; i < *n; i++) {
            grown[i] = (*names)[i];
        }
        *names = grown;
    }
    (*names)[(*n)++] = one;
}

void rs_tnode_name(struct tparser *p, struct tnode *to, const char *name)
{
    names_push(p->arena, &to->name, &to->n_name, &to->cap_name, name);
}

void rs_tparse_declare(struct tparser *p, const char *name)
{
    names_push(p->arena, &p->var, &p->n_var, &p->cap_var, name);
}

void *rs_tparse_fail(struct tparser *p, size_t at, const char *fmt, ...)
{
    if (!p->failed) {
        char buf[256];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(buf, sizeof buf, fmt, args);
        va_end(args);
        p->failed = true;
        p->err_at = at;
        p->err_text = rs_arena_strdup(p->arena, buf);
    }
    return NULL;
}

void *rs_tparse_unexpected(struct tparser *p, const struct token *t, const char *context)
{
    struct text words = {.arena = p->arena};

    if (t->kind == TOK_ERROR) {
        return rs_tparse_fail(p, t->at, "%s", t->text);
    }
    if (t->kind == TOK_EOF) {
        return rs_tparse_fail(p, t->at, "unexpected EOF");
    }
    if (t->kind >= TOK_DOT) {
        rs_text_printf(&words, "<%.100s>", t->text);
    } else if (rs_rune_count(t->text) > 10) {
        rs_text_quote(&words, rs_arena_strndup(p->arena, t->text, 10), '"', false);
        rs_text_add(&words, "...");
    } else {
        rs_text_quote(&words, t->text, '"', false);
    }
    return rs_tparse_fail(p, t->at, "unexpected %s in %s", words.at, context);
}

const struct token *rs_tparse_next(struct tparser *p)
{
    const struct token *t = p->token;

    p->token += t->kind != TOK_EOF && t->kind != TOK_ERROR;
    return t;
}

const struct token *rs_tparse_next_word(struct tparser *p)
{
    while (p->token->kind == TOK_SPACE) {
        p->token++;
    }
    return rs_tparse_next(p);
}

const struct token *rs_tparse_peek_word(struct tparser *p)
{
    while (p->token->kind == TOK_SPACE) {
        p->token++;
    }
    return p->token;
}

/* ---- statements ---- */

static struct tnode *parse_statement(struct tparser *p);

/* Up to {{end}} or {{else}}, which is stored in *end. opened_at: where a mistake stands if neither comes. */
static struct tnode *parse_list(struct tparser *p, size_t opened_at, struct tnode **end)
{
    struct tnode *list = rs_tnode_new(p, TN_LIST, p->token->at);

    if (++p->depth > DEPTH_MAX) {
        return rs_tparse_fail(p, p->token->at, "nested deeper than %d levels", DEPTH_MAX);
    }
    while (rs_tparse_peek_word(p)->kind != TOK_EOF) {
        struct tnode *one = parse_statement(p);

        if (one == NULL) {
            return NULL;
        }
        if (one->kind == TN_END || one->kind == TN_ELSE) {
            *end = one;
            p->depth--;
            return list;
        }
        rs_tnode_add(p, list, one);
    }
    return rs_tparse_fail(p, opened_at, "unexpected EOF");
}

static struct tnode *parse_control(struct tparser *p, enum tnode_kind kind, size_t at);

/* Behind {{else}}: a list, or the next condition of "else if" and "else with". */
static bool parse_else(struct tparser *p, struct tnode *node, struct tnode *end)
{
    enum token_kind next = p->token->kind;
    struct tnode *last = NULL, *inner;

    if ((node->kind == TN_IF && next == TOK_IF) || (node->kind == TN_WITH && next == TOK_WITH)) {
        const struct token *t = rs_tparse_next(p);

        if (++p->depth > DEPTH_MAX) {
            return rs_tparse_fail(p, t->at, "nested deeper than %d levels", DEPTH_MAX) != NULL;
        }
        inner = parse_control(p, node->kind, t->at);
        p->depth--;
        if (inner == NULL) {
            return false;
        }
        node->otherwise = rs_tnode_new(p, TN_LIST, end->at);
        rs_tnode_add(p, node->otherwise, inner);
        return true;
    }
    node->otherwise = parse_list(p, end->at, &last);
    if (node->otherwise == NULL || last == NULL) {
        return false;
    }
    return last->kind == TN_END ||
           rs_tparse_fail(p, last->at, "expected end; found {{else}}") != NULL;
}

static struct tnode *parse_control(struct tparser *p, enum tnode_kind kind, size_t at)
{
    const char *context = kind == TN_IF ? "if" : kind == TN_WITH ? "with" : "range";
    struct tnode *node = rs_tnode_new(p, kind, at), *end = NULL;
    int n_var = p->n_var;

    node->pipe = rs_tparse_pipe(p, context, TOK_RIGHT);
    if (node->pipe == NULL) {
        return NULL;
    }
    p->range_depth += kind == TN_RANGE;
    node->list = parse_list(p, at, &end);
    p->range_depth -= kind == TN_RANGE;
    if (node->list == NULL || end == NULL || (end->kind == TN_ELSE && !parse_else(p, node, end))) {
        return NULL;
    }
    p->n_var = n_var;
    return node;
}

static struct tnode *parse_break(struct tparser *p, enum tnode_kind kind, size_t at)
{
    const char *words = kind == TN_BREAK ? "{{break}}" : "{{continue}}";
    const struct token *t = rs_tparse_next_word(p);

    if (t->kind != TOK_RIGHT) {
        return rs_tparse_unexpected(p, t, words);
    }
    if (p->range_depth == 0) {
        return rs_tparse_fail(p, at, "%s outside {{range}}", words);
    }
    return rs_tnode_new(p, kind, at);
}

static struct tnode *parse_end(struct tparser *p, size_t at)
{
    const struct token *t = rs_tparse_next_word(p);

    return t->kind == TOK_RIGHT ? rs_tnode_new(p, TN_END, at) : rs_tparse_unexpected(p, t, "end");
}

/* {{else}}, or the first half of {{else if}}; {{else with}} came with Go 1.23. */
static struct tnode *parse_else_word(struct tparser *p, size_t at)
{
    const struct token *t = rs_tparse_peek_word(p);

    if (t->kind == TOK_IF || (t->kind == TOK_WITH && p->out->dialect != RS_PROMQL_2_42)) {
        return rs_tnode_new(p, TN_ELSE, t->at);
    }
    t = rs_tparse_next(p);
    return t->kind == TOK_RIGHT ? rs_tnode_new(p, TN_ELSE, at) : rs_tparse_unexpected(p, t, "else");
}

/* The name in quotes behind `template`, `block` and `define`. */
static const char *parse_name(struct tparser *p, const char *context)
{
    const struct token *t = rs_tparse_next_word(p);
    const char *name;

    if (t->kind != TOK_STRING && t->kind != TOK_RAW_STRING) {
        return rs_tparse_unexpected(p, t, context);
    }
    name = rs_tparse_unquote(p->arena, t->text);
    return name != NULL ? name : rs_tparse_fail(p, t->at, "invalid syntax");
}

/* A definition that is empty does not replace one. */
static bool define(struct tparser *p, const char *name, const struct tnode *root, size_t at)
{
    struct template *out = p->out;
    bool empty = true;

    for (int i = 0; i < root->n; i++) {
        empty = empty && root->child[i]->kind == TN_TEXT &&
                strspn(root->child[i]->text, " \t\r\n") == strlen(root->child[i]->text);
    }
    for (int i = 0; i < out->n_definition; i++) {
        if (strcmp(out->definition[i].name, name) == 0) {
            return empty || rs_tparse_fail(p, at, "multiple definition of template \"%s\"", name);
        }
    }
    if (out->n_definition == out->cap_definition) {
        struct definition *grown;

        out->cap_definition = out->cap_definition ? 2 * out->cap_definition : 4;
        grown = RS_ARENA_ARRAY(p->arena, struct definition, out->cap_definition);
        for (int i = 0; i < out->n_definition; i++) {
            grown[i] = out->definition[i];
        }
        out->definition = grown;
    }
    out->definition[out->n_definition++] = (struct definition){name, root};
    return true;
}

/* The body of {{define}} or {{block}}, which sees no variables of its surroundings. */
static bool parse_body(struct tparser *p, const char *name, const char *context, size_t at)
{
    struct tparser inner = *p;
    struct tnode *end = NULL, *list;

    inner.var = NULL;
    inner.n_var = inner.cap_var = inner.range_depth = 0;
    rs_tparse_declare(&inner, "$");
    list = parse_list(&inner, at, &end);
    p->token = inner.token;
    p->failed = inner.failed;
    p->err_at = inner.err_at;
    p->err_text = inner.err_text;
    if (list == NULL || end == NULL) {
        return false;
    }
    if (end->kind != TN_END) {
        return rs_tparse_fail(p, end->at, "unexpected {{else}} in %s", context) != NULL;
    }
    return define(p, name, list, at);
}

static struct tnode *parse_template(struct tparser *p, bool is_block, size_t at)
{
    const char *context = is_block ? "block clause" : "template clause";
    struct tnode *node = rs_tnode_new(p, TN_TEMPLATE, rs_tparse_peek_word(p)->at);

    node->text = parse_name(p, context);
    if (node->text == NULL) {
        return NULL;
    }
    if (is_block || rs_tparse_peek_word(p)->kind != TOK_RIGHT) {
        node->pipe = rs_tparse_pipe(p, context, TOK_RIGHT);
        if (node->pipe == NULL) {
            return NULL;
        }
    } else {
        (void)rs_tparse_next(p);
    }
    return !is_block || parse_body(p, node->text, context, at) ? node : NULL;
}

static struct tnode *parse_action(struct tparser *p)
{
    const struct token *t = rs_tparse_next_word(p);
    struct tnode *node;

    switch ((int)t->kind) {
    case TOK_BLOCK: return parse_template(p, true, t->at);
    case TOK_TEMPLATE: return parse_template(p, false, t->at);
    case TOK_BREAK: return parse_break(p, TN_BREAK, t->at);
    case TOK_CONTINUE: return parse_break(p, TN_CONTINUE, t->at);
    case TOK_ELSE: return parse_else_word(p, t->at);
    case TOK_END: return parse_end(p, t->at);
    case TOK_IF: return parse_control(p, TN_IF, t->at);
    case TOK_RANGE: return parse_control(p, TN_RANGE, t->at);
    case TOK_WITH: return parse_control(p, TN_WITH, t->at);
    default: break;
    }
    p->token = t;
    node = rs_tnode_new(p, TN_ACTION, t->at);
    node->pipe = rs_tparse_pipe(p, "command", TOK_RIGHT);
    return node->pipe != NULL ? node : NULL;
}

static struct tnode *parse_statement(struct tparser *p)
{
    const struct token *t = rs_tparse_next_word(p);
    struct tnode *node;

    if (t->kind == TOK_LEFT) {
        return parse_action(p);
    }
    if (t->kind != TOK_TEXT) {
        return rs_tparse_unexpected(p, t, "input");
    }
    node = rs_tnode_new(p, TN_TEXT, t->at);
    node->text = t->text;
    return node;
}

/* {{define "name"}} stands only at the top. Returns 0 if there is none here, 1 if it was read, -1 on a mistake. */
static int parse_definition(struct tparser *p)
{
    const struct token *left = p->token;
    const char *name;
    const struct token *t;

    if (left->kind != TOK_LEFT) {
        return 0;
    }
    p->token++;
    t = rs_tparse_next_word(p);
    if (t->kind != TOK_DEFINE) {
        p->token = left;
        return 0;
    }
    name = parse_name(p, "define clause");
    if (name == NULL) {
        return -1;
    }
    t = rs_tparse_next_word(p);
    if (t->kind != TOK_RIGHT) {
        (void)rs_tparse_unexpected(p, t, "define clause");
        return -1;
    }
    return parse_body(p, name, "define clause", left->at) ? 1 : -1;
}

void rs_tparse_all(struct tparser *p)
{
    struct tnode *root = rs_tnode_new(p, TN_LIST, 0);

    while (!p->failed && p->token->kind != TOK_EOF) {
        struct tnode *one = NULL;

        if (parse_definition(p) != 0) {
            continue;
        }
        one = parse_statement(p);
        if (one != NULL && (one->kind == TN_END || one->kind == TN_ELSE)) {
            (void)rs_tparse_fail(p, one->at, "unexpected {{%s}}",
                                 one->kind == TN_END ? "end" : "else");
        } else if (one != NULL) {
            rs_tnode_add(p, root, one);
        }
    }
    p->out->root = root;
}
