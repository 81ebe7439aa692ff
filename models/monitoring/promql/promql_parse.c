/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recursive descent with precedence levels, as the grammar of Prometheus 3 has it. */
#include "promql_parse.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* A parsed text nests at most so deep: everything that walks the tree recurses. */
#define DEPTH_MAX 250
/* label_join takes any number. */
#define ARGS_MAX 64

static struct node *parse_expr(struct parser *ps, int level);

const struct token *rs_parser_peek(const struct parser *ps)
{
    return &ps->tok[ps->at];
}

const struct token *rs_parser_take(struct parser *ps)
{
    const struct token *t = &ps->tok[ps->at];

    if (t->kind != RS_TOK_END) {
        ps->at++;
    }
    return t;
}

bool rs_parser_accept(struct parser *ps, enum token_kind kind)
{
    if (rs_parser_peek(ps)->kind != kind) {
        return false;
    }
    (void)rs_parser_take(ps);
    return true;
}

int rs_parser_unexpected(const struct parser *ps, const char *context, const char *expected)
{
    const struct token *t = rs_parser_peek(ps);
    const char *comma = expected[0] != '\0' ? ", expected " : "";
    int n = t->n > 40 ? 40 : t->n;

    if (t->kind == RS_TOK_END) {
        return rs_source_fail(ps->src, t->pos, RS_E_SYNTAX, "unexpected end of %s%s%s", context,
                              comma, expected);
    }
    return rs_source_fail(ps->src, t->pos, RS_E_SYNTAX, "unexpected \"%.*s\" in %s%s%s", n,
                          ps->src->text + t->pos, context, comma, expected);
}

int rs_parser_expect(struct parser *ps, enum token_kind kind, const char *context, const char *what)
{
    return rs_parser_accept(ps, kind) ? 0 : rs_parser_unexpected(ps, context, what);
}

bool rs_parser_is_word(const struct parser *ps, const char *word)
{
    const struct token *t = rs_parser_peek(ps);

    return t->kind == RS_TOK_WORD && strcasecmp(t->text, word) == 0;
}

struct node *rs_parser_node(struct parser *ps, enum node_kind kind, int pos)
{
    struct node *n = rs_arena_alloc(ps->arena, sizeof *n);

    n->kind = kind;
    n->pos = pos;
    n->at = rs_source_mark(ps->src, pos);
    return n;
}

/* Sets the height of a node from a child's; NULL when the text is nested too deeply. */
static struct node *over(struct parser *ps, struct node *n, const struct node *child)
{
    if (child->depth + 1 > n->depth) {
        n->depth = child->depth + 1;
    }
    if (n->depth > DEPTH_MAX) {
        (void)rs_source_fail(ps->src, n->pos, RS_E_SYNTAX, "the expression is nested too deeply");
        return NULL;
    }
    return n;
}

static int aggr_of(const struct parser *ps, const char *word)
{
    for (int i = 0; i < RS_AGGR_N; i++) {
        if ((rs_aggr_table[i].in & RS_IN(ps->src->dialect)) != 0 &&
            strcasecmp(rs_aggr_table[i].name, word) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- calls and aggregations ------------------------------------------------------------------ */

/* ( expr, expr ... ) -> n->u.call.arg */
static int parse_args(struct parser *ps, struct node *n, struct node ***out, const char *context)
{
    struct node *arg[ARGS_MAX];
    int n_arg = 0;

    if (rs_parser_expect(ps, RS_TOK_LPAREN, context, "\"(\"") < 0) {
        return -1;
    }
    while (n_arg > 0 || rs_parser_peek(ps)->kind != RS_TOK_RPAREN) {
        if (n_arg == ARGS_MAX) {
            return rs_parser_unexpected(ps, context, "at most 64 arguments");
        }
        arg[n_arg] = parse_expr(ps, 1);
        if (arg[n_arg] == NULL || over(ps, n, arg[n_arg]) == NULL) {
            return -1;
        }
        n_arg++;
        if (!rs_parser_accept(ps, RS_TOK_COMMA)) {
            break;
        }
    }
    if (rs_parser_expect(ps, RS_TOK_RPAREN, context, "\",\" or \")\"") < 0) {
        return -1;
    }
    *out = rs_arena_alloc(ps->arena, sizeof **out * (size_t)(n_arg + 1));
    memcpy(*out, arg, sizeof **out * (size_t)n_arg);
    return n_arg;
}

static struct node *parse_call(struct parser *ps)
{
    const struct token *name = rs_parser_take(ps);
    struct node *n = rs_parser_node(ps, RS_NODE_CALL, name->pos);

    n->u.call.fn = rs_func_find(ps->src->dialect, name->text);
    if (n->u.call.fn == NULL) {
        (void)rs_func_unknown(ps->src, name->pos, name->text);
        return NULL;
    }
    if (n->u.call.fn->refused != RS_REFUSE_NOT) {
        (void)rs_func_refuse(ps->src, name->pos, "function", name->text, n->u.call.fn->refused);
        return NULL;
    }
    n->u.call.n_arg = parse_args(ps, n, &n->u.call.arg, "call");
    return n->u.call.n_arg < 0 ? NULL : n;
}

/* by (a, b) or without (a, b), if there is one. */
static int parse_grouping(struct parser *ps, struct node *n)
{
    if (!rs_parser_is_word(ps, "by") && !rs_parser_is_word(ps, "without")) {
        return 0;
    }
    if (n->u.aggr.grouped) {
        return rs_parser_unexpected(ps, "aggregation", "one grouping");
    }
    n->u.aggr.grouped = true;
    n->u.aggr.without = rs_parser_is_word(ps, "without");
    (void)rs_parser_take(ps);
    return rs_parse_names(ps, &n->u.aggr.label);
}

static struct node *parse_aggr(struct parser *ps, int op)
{
    const struct token *name = rs_parser_take(ps);
    struct node *n = rs_parser_node(ps, RS_NODE_AGGR, name->pos), **arg = NULL;
    const struct aggr_row *row = &rs_aggr_table[op];
    int n_arg;

    n->u.aggr.op = (enum aggr_kind)op;
    if (row->refused != RS_REFUSE_NOT) {
        (void)rs_func_refuse(ps->src, name->pos, "aggregator", row->name, row->refused);
        return NULL;
    }
    if (parse_grouping(ps, n) < 0 || (n_arg = parse_args(ps, n, &arg, "aggregation")) < 0 ||
        parse_grouping(ps, n) < 0) {
        return NULL;
    }
    if (n_arg != 1 + row->takes_param) {
        (void)rs_source_fail(ps->src, name->pos, RS_E_TYPE, "%s takes %d argument%s, got %d",
                             row->name, 1 + row->takes_param, row->takes_param ? "s" : "", n_arg);
        return NULL;
    }
    n->u.aggr.param = row->takes_param ? arg[0] : NULL;
    n->u.aggr.expr = arg[row->takes_param];
    return n;
}

/* ---- primaries and what follows them --------------------------------------------------------- */

static bool is_number_word(const char *word, double *out)
{
    if (strcasecmp(word, "inf") == 0) {
        *out = (double)INFINITY;
        return true;
    }
    if (strcasecmp(word, "nan") == 0) {
        *out = (double)NAN;
        return true;
    }
    return false;
}

/*
 * Keywords that cannot be metric names; aggregators, and, or, unless, by, without, offset, start
 * and end can.
 */
static bool is_reserved(const char *word)
{
    static const char *const reserved[] = {"on",          "ignoring", "group_left",
                                           "group_right", "bool",     "atan2"};

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(reserved[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static struct node *parse_word(struct parser *ps)
{
    const struct token *t = rs_parser_peek(ps), *next = &ps->tok[ps->at + 1];
    bool group = next->kind == RS_TOK_WORD &&
                 (strcasecmp(next->text, "by") == 0 || strcasecmp(next->text, "without") == 0);
    int op = aggr_of(ps, t->text);
    double number;

    if (op >= 0 && (next->kind == RS_TOK_LPAREN || group)) {
        return parse_aggr(ps, op);
    }
    if (is_number_word(t->text, &number)) {
        struct node *n = rs_parser_node(ps, RS_NODE_NUMBER, t->pos);

        n->u.number = number;
        (void)rs_parser_take(ps);
        return n;
    }
    if (is_reserved(t->text)) {
        (void)rs_parser_unexpected(ps, "expression", "");
        return NULL;
    }
    if (next->kind == RS_TOK_LPAREN) {
        return parse_call(ps);
    }
    return rs_parse_selector(ps);
}

static struct node *parse_paren(struct parser *ps)
{
    const struct token *open = rs_parser_take(ps);
    struct node *n = rs_parser_node(ps, RS_NODE_PAREN, open->pos);

    n->u.paren = parse_expr(ps, 1);
    if (n->u.paren == NULL || rs_parser_expect(ps, RS_TOK_RPAREN, "expression", "\")\"") < 0) {
        return NULL;
    }
    return over(ps, n, n->u.paren);
}

static struct node *parse_primary(struct parser *ps)
{
    const struct token *t = rs_parser_peek(ps);
    struct node *n;

    switch (t->kind) {
    case RS_TOK_DURATION:
        if (ps->src->dialect != RS_PROMQL_3) {
            (void)rs_source_fail(ps->src, t->pos, RS_E_SYNTAX,
                                 "a duration is no number in Prometheus %s",
                                 rs_promql_dialect_names[ps->src->dialect]);
            return NULL;
        }
        n = rs_parser_node(ps, RS_NODE_NUMBER, t->pos);
        n->has_unit = true;
        n->u.number = rs_parser_take(ps)->number;
        return n;
    case RS_TOK_NUMBER:
        n = rs_parser_node(ps, RS_NODE_NUMBER, t->pos);
        n->u.number = rs_parser_take(ps)->number;
        return n;
    case RS_TOK_STRING:
        n = rs_parser_node(ps, RS_NODE_STRING, t->pos);
        n->u.string = rs_parser_take(ps)->text;
        return n;
    case RS_TOK_LPAREN: return parse_paren(ps);
    case RS_TOK_LBRACE: return rs_parse_selector(ps);
    case RS_TOK_WORD: return parse_word(ps);
    case RS_TOK_END:
    case RS_TOK_RPAREN:
    case RS_TOK_RBRACE:
    case RS_TOK_LBRACKET:
    case RS_TOK_RBRACKET:
    case RS_TOK_COMMA:
    case RS_TOK_COLON:
    case RS_TOK_AT:
    case RS_TOK_ASSIGN:
    case RS_TOK_MATCH:
    case RS_TOK_NMATCH:
    case RS_TOK_OP: break;
    }
    (void)rs_parser_unexpected(ps, "expression", "");
    return NULL;
}

static struct node *parse_postfix(struct parser *ps)
{
    struct node *n = parse_primary(ps);

    while (n != NULL) {
        if (rs_parser_peek(ps)->kind == RS_TOK_LBRACKET) {
            n = rs_parse_range(ps, n);
            if (n != NULL && n->kind == RS_NODE_SUBQUERY) {
                n = over(ps, n, n->u.sub.expr);
            }
        } else if (rs_parser_is_word(ps, "offset")) {
            n = rs_parse_offset(ps, n);
        } else if (rs_parser_peek(ps)->kind == RS_TOK_AT) {
            n = rs_parse_at(ps, n);
        } else {
            break;
        }
    }
    return n;
}

static struct node *parse_unary(struct parser *ps)
{
    const struct token *t = rs_parser_peek(ps);
    struct node *n, *below;

    if (t->kind != RS_TOK_OP || (t->op != RS_OP_SUB && t->op != RS_OP_ADD)) {
        return parse_postfix(ps);
    }
    (void)rs_parser_take(ps);
    below = parse_expr(ps, RS_LEVEL_UNARY + 1);
    if (below == NULL) {
        return NULL;
    }
    if (below->kind == RS_NODE_NUMBER) { /* a sign in front of a number belongs to it */
        below->u.number = t->op == RS_OP_SUB ? -below->u.number : below->u.number;
        below->pos = t->pos;
        below->at = rs_source_mark(ps->src, t->pos);
        return below;
    }
    n = rs_parser_node(ps, RS_NODE_UNARY, t->pos);
    n->u.unary.minus = t->op == RS_OP_SUB;
    n->u.unary.expr = below;
    return over(ps, n, below);
}

/* ---- binary operators ------------------------------------------------------------------------ */

/* The operator that comes next, or RS_OP_N. */
static enum op_kind next_op(const struct parser *ps)
{
    const struct token *t = rs_parser_peek(ps);

    return t->kind == RS_TOK_OP || t->kind == RS_TOK_WORD ? t->op : RS_OP_N;
}

static int parse_group_side(struct parser *ps, struct matching *m)
{
    bool left = rs_parser_is_word(ps, "group_left");

    if (!left && !rs_parser_is_word(ps, "group_right")) {
        return 0;
    }
    m->card = left ? RS_MANY_TO_ONE : RS_ONE_TO_MANY;
    (void)rs_parser_take(ps);
    return rs_parser_peek(ps)->kind == RS_TOK_LPAREN ? rs_parse_names(ps, &m->include) : 0;
}

/* [bool] [on|ignoring (...) [group_left|group_right [(...)]]] */
static int parse_matching(struct parser *ps, struct node *n)
{
    struct matching *m = &n->u.bin.match;

    m->card = rs_op_table[n->u.bin.op].class == RS_OPS_SET ? RS_MANY_TO_MANY : RS_ONE_TO_ONE;
    if (rs_parser_is_word(ps, "bool")) {
        n->u.bin.returns_bool = true;
        (void)rs_parser_take(ps);
    }
    if (!rs_parser_is_word(ps, "on") && !rs_parser_is_word(ps, "ignoring")) {
        return 0;
    }
    m->given = true;
    m->on = rs_parser_is_word(ps, "on");
    (void)rs_parser_take(ps);
    return rs_parse_names(ps, &m->label) < 0 ? -1 : parse_group_side(ps, m);
}

static struct node *parse_binary(struct parser *ps, struct node *lhs, enum op_kind op)
{
    const struct op_row *row = &rs_op_table[op];
    struct node *n = rs_parser_node(ps, RS_NODE_BINARY, rs_parser_take(ps)->pos);

    n->u.bin.op = op;
    n->u.bin.lhs = lhs;
    if (parse_matching(ps, n) < 0) {
        return NULL;
    }
    n->u.bin.rhs = parse_expr(ps, row->right ? row->level : row->level + 1);
    if (n->u.bin.rhs == NULL || over(ps, n, lhs) == NULL) {
        return NULL;
    }
    return over(ps, n, n->u.bin.rhs);
}

static struct node *parse_expr(struct parser *ps, int level)
{
    struct node *n;

    if (ps->depth == DEPTH_MAX) {
        (void)rs_source_fail(ps->src, rs_parser_peek(ps)->pos, RS_E_SYNTAX,
                             "the expression is nested too deeply");
        return NULL;
    }
    ps->depth++;
    n = parse_unary(ps);
    while (n != NULL) {
        enum op_kind op = next_op(ps);

        if (op == RS_OP_N || rs_op_table[op].level < level) {
            break;
        }
        n = parse_binary(ps, n, op);
    }
    ps->depth--;
    return n;
}

const char *const rs_promql_dialect_names[RS_PROMQL_DIALECT_N + 1] = {
    [RS_PROMQL_3] = "3", [RS_PROMQL_2_53] = "2.53", [RS_PROMQL_2_42] = "2.42"};

const struct promql *
rs_promql_parse(struct arena *arena, const struct promql_text *text, struct err *err)
{
    struct source src = {text->text, text->at, text->indent, text->dialect, err};
    struct parser ps = {.arena = arena, .src = &src};
    struct promql *q = rs_arena_alloc(arena, sizeof *q);
    struct node *root;

    if (rs_promql_lex(arena, &src, &ps.tok) < 0) {
        return NULL;
    }
    if (ps.tok[0].kind == RS_TOK_END) {
        (void)rs_source_fail(&src, 0, RS_E_SYNTAX, "the expression is empty");
        return NULL;
    }
    root = parse_expr(&ps, 1);
    if (root == NULL) {
        return NULL;
    }
    if (rs_parser_peek(&ps)->kind != RS_TOK_END) {
        (void)rs_parser_unexpected(&ps, "expression", "an operator or the end");
        return NULL;
    }
    if (rs_promql_check(&src, root) < 0) {
        return NULL;
    }
    q->root = root;
    q->dialect = text->dialect;
    return q;
}

enum promql_dialect rs_promql_dialect(const struct promql *q)
{
    return q->dialect;
}

enum promql_type rs_promql_type(const struct promql *q)
{
    return q->root->type;
}
