/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types: what each operator, aggregator and function may be given. */
#include <inttypes.h>
#include <string.h>

#include "../regex/regex.h"
#include "promql_ast.h"
#include "promql_eval.h"

#define POINTS_MAX 50000000

const char *rs_type_words(enum promql_type t)
{
    switch (t) {
    case RS_PQL_SCALAR: return "a scalar";
    case RS_PQL_VECTOR: return "an instant vector";
    case RS_PQL_MATRIX: return "a range vector";
    case RS_PQL_STRING: return "a string";
    }
    return "?";
}

enum regex_flavour rs_promql_regex(enum promql_dialect dialect)
{
    switch (dialect) {
    case RS_PROMQL_3: return RS_REGEX_3;
    case RS_PROMQL_2_53: return RS_REGEX_2_53;
    case RS_PROMQL_2_42:
    case RS_PROMQL_DIALECT_N: break;
    }
    return RS_REGEX_2_42;
}

const struct node *rs_node_bare(const struct node *n)
{
    while (n->kind == RS_NODE_PAREN) {
        n = n->u.paren;
    }
    return n;
}

static bool is_number_like(enum promql_type t)
{
    return t == RS_PQL_SCALAR || t == RS_PQL_VECTOR;
}

/* Label names may be any UTF-8 in Prometheus 3. */
static bool is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p != '\0') {
        int more = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : (*p & 0xf0) == 0xe0 ? 2 : 3;

        if ((*p >= 0x80 && *p < 0xc2) || *p > 0xf4) {
            return false;
        }
        for (p++; more > 0; more--, p++) {
            if ((*p & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return text[0] != '\0';
}

/* A label name in a string: any text in 3, letters, digits and underscores before. */
static int check_label(const struct source *src, const struct node *text, const char *of)
{
    if (src->dialect == RS_PROMQL_3 ? is_utf8(text->u.string) : rs_legal_label(text->u.string)) {
        return 0;
    }
    return rs_source_fail(src, text->pos, RS_E_RANGE, "invalid label name \"%.60s\" in %s",
                          text->u.string, of);
}

/*
 * Label names and regular expressions of calls are literals: Prometheus refuses bad ones in every evaluation, we do it when
 * parsing.
 */
static int check_label_call(const struct source *src, const struct node *n)
{
    const struct func_row *fn = n->u.call.fn;
    const struct node *re;
    struct regex *compiled;
    char why[200];

    if (fn->call != rs_call_label_replace && fn->call != rs_call_label_join) {
        return 0;
    }
    if (check_label(src, rs_node_bare(n->u.call.arg[1]), fn->name) < 0) {
        return -1;
    }
    if (fn->call == rs_call_label_join) {
        for (int i = 3; i < n->u.call.n_arg; i++) {
            if (check_label(src, rs_node_bare(n->u.call.arg[i]), fn->name) < 0) {
                return -1;
            }
        }
        return 0;
    }
    re = rs_node_bare(n->u.call.arg[4]);
    compiled = rs_regex_new(re->u.string, rs_promql_regex(src->dialect), why, sizeof why);
    if (compiled == NULL) {
        return rs_source_fail(src, re->pos, RS_E_SYNTAX, "bad regular expression: %s", why);
    }
    rs_regex_free(compiled);
    return 0;
}

static int check_arg_count(const struct source *src, const struct node *n)
{
    const struct func_row *fn = n->u.call.fn;
    int n_arg = n->u.call.n_arg, least = fn->n_arg - fn->n_optional;

    if (n_arg < least || (!fn->any && n_arg > fn->n_arg)) {
        const char *bound = fn->any              ? "at least "
                            : least == fn->n_arg ? ""
                            : n_arg < least      ? "at least "
                                                 : "at most ";
        int expected = n_arg < least ? least : fn->n_arg;

        return rs_source_fail(src, n->pos, RS_E_TYPE, "%s takes %s%d argument%s, got %d", fn->name,
                              bound, expected, expected == 1 ? "" : "s", n_arg);
    }
    return 0;
}

static int check_call(const struct source *src, struct node *n)
{
    const struct func_row *fn = n->u.call.fn;

    n->type = fn->returns;
    if (check_arg_count(src, n) < 0) {
        return -1;
    }
    for (int i = 0; i < n->u.call.n_arg; i++) {
        struct node *arg = n->u.call.arg[i];
        enum promql_type want = fn->arg[i < fn->n_arg ? i : fn->n_arg - 1];

        if (rs_promql_check(src, arg) < 0) {
            return -1;
        }
        if (arg->type != want) {
            return rs_source_fail(src, arg->pos, RS_E_TYPE, "argument %d of %s must be %s, got %s",
                                  i + 1, fn->name, rs_type_words(want), rs_type_words(arg->type));
        }
    }
    return check_label_call(src, n);
}

static int check_aggr(const struct source *src, struct node *n)
{
    const char *name = rs_aggr_table[n->u.aggr.op].name;
    struct node *param = n->u.aggr.param, *expr = n->u.aggr.expr;
    enum promql_type wanted = n->u.aggr.op == RS_AGGR_COUNT_VALUES ? RS_PQL_STRING : RS_PQL_SCALAR;

    n->type = RS_PQL_VECTOR;
    if ((param != NULL && rs_promql_check(src, param) < 0) || rs_promql_check(src, expr) < 0) {
        return -1;
    }
    if (param != NULL && param->type != wanted) {
        return rs_source_fail(src, param->pos, RS_E_TYPE, "the parameter of %s must be %s, got %s",
                              name, rs_type_words(wanted), rs_type_words(param->type));
    }
    if (wanted == RS_PQL_STRING && check_label(src, rs_node_bare(param), name) < 0) {
        return -1;
    }
    if (expr->type != RS_PQL_VECTOR) {
        return rs_source_fail(src, expr->pos, RS_E_TYPE, "%s takes an instant vector, got %s", name,
                              rs_type_words(expr->type));
    }
    return 0;
}

/* on, ignoring and group_x belong between two vectors only. */
static int check_matching(const struct source *src, const struct node *n, bool vectors)
{
    const struct matching *m = &n->u.bin.match;
    bool set = rs_op_table[n->u.bin.op].class == RS_OPS_SET;

    if (!vectors && m->given) {
        return rs_source_fail(src, n->pos, RS_E_TYPE,
                              "on and ignoring are only allowed between instant vectors");
    }
    if (!vectors && set) {
        return rs_source_fail(src, n->pos, RS_E_TYPE,
                              "operator %s is only allowed between instant vectors",
                              rs_op_table[n->u.bin.op].text);
    }
    if (set && m->card != RS_MANY_TO_MANY) {
        return rs_source_fail(src, n->pos, RS_E_TYPE, "no grouping allowed for %s",
                              rs_op_table[n->u.bin.op].text);
    }
    for (int i = 0; m->on && i < m->include.n; i++) {
        if (rs_name_list_has(m->label, m->include.name[i])) {
            return rs_source_fail(src, n->pos, RS_E_SYNTAX,
                                  "label %.60s must not be both in on and in the group clause",
                                  m->include.name[i]);
        }
    }
    return 0;
}

static int check_binary(const struct source *src, struct node *n)
{
    const struct op_row *op = &rs_op_table[n->u.bin.op];
    struct node *lhs = n->u.bin.lhs, *rhs = n->u.bin.rhs;
    bool vectors, scalars;

    if (rs_promql_check(src, lhs) < 0 || rs_promql_check(src, rhs) < 0) {
        return -1;
    }
    if (!is_number_like(lhs->type) || !is_number_like(rhs->type)) {
        const struct node *bad = is_number_like(lhs->type) ? rhs : lhs;

        return rs_source_fail(src, bad->pos, RS_E_TYPE,
                              "operator %s takes scalars and instant vectors, got %s", op->text,
                              rs_type_words(bad->type));
    }
    vectors = lhs->type == RS_PQL_VECTOR && rhs->type == RS_PQL_VECTOR;
    scalars = lhs->type == RS_PQL_SCALAR && rhs->type == RS_PQL_SCALAR;
    n->type = scalars ? RS_PQL_SCALAR : RS_PQL_VECTOR;
    if (n->u.bin.returns_bool && op->class != RS_OPS_COMPARE) {
        return rs_source_fail(src, n->pos, RS_E_TYPE, "bool is only allowed with comparisons");
    }
    if (scalars && op->class == RS_OPS_COMPARE && !n->u.bin.returns_bool) {
        return rs_source_fail(src, n->pos, RS_E_TYPE,
                              "a comparison between scalars must use bool: %s bool", op->text);
    }
    return check_matching(src, n, vectors);
}

static int check_unary(const struct source *src, struct node *n)
{
    struct node *below = n->u.unary.expr;

    if (rs_promql_check(src, below) < 0) {
        return -1;
    }
    if (!is_number_like(below->type)) {
        return rs_source_fail(src, n->pos, RS_E_TYPE,
                              "a sign is only allowed before scalars and instant vectors, got %s",
                              rs_type_words(below->type));
    }
    n->type = below->type;
    return 0;
}

static int check_subquery(const struct source *src, struct node *n)
{
    struct node *below = n->u.sub.expr;

    if (rs_promql_check(src, below) < 0) {
        return -1;
    }
    if (below->type != RS_PQL_VECTOR) {
        return rs_source_fail(src, n->pos, RS_E_TYPE,
                              "a subquery is only allowed over an instant vector, got %s",
                              rs_type_words(below->type));
    }
    /* The real one stops at as many samples. */
    if (n->u.sub.step_ms > 0 && n->u.sub.range_ms / n->u.sub.step_ms > POINTS_MAX) {
        return rs_source_fail(src, n->pos, RS_E_RANGE,
                              "a subquery may have at most %d points, got %" PRId64, POINTS_MAX,
                              n->u.sub.range_ms / n->u.sub.step_ms);
    }
    n->type = RS_PQL_MATRIX;
    return 0;
}

int rs_promql_check(const struct source *src, struct node *n)
{
    switch (n->kind) {
    case RS_NODE_NUMBER: n->type = RS_PQL_SCALAR; return 0;
    case RS_NODE_STRING: n->type = RS_PQL_STRING; return 0;
    case RS_NODE_SELECTOR:
        n->type = n->u.sel.range_ms > 0 ? RS_PQL_MATRIX : RS_PQL_VECTOR;
        return 0;
    case RS_NODE_SUBQUERY: return check_subquery(src, n);
    case RS_NODE_CALL: return check_call(src, n);
    case RS_NODE_AGGR: return check_aggr(src, n);
    case RS_NODE_BINARY: return check_binary(src, n);
    case RS_NODE_UNARY: return check_unary(src, n);
    case RS_NODE_PAREN:
        if (rs_promql_check(src, n->u.paren) < 0) {
            return -1;
        }
        n->type = n->u.paren->type;
        return 0;
    }
    return -1;
}
