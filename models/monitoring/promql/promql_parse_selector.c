/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selector half of the parser: matchers, label lists, ranges, offset and @. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "../regex/regex.h"
#include "promql_parse.h"

bool rs_legal_metric(const char *name)
{
    if (name[0] == '\0' || isdigit((unsigned char)name[0])) {
        return false;
    }
    for (const char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != ':') {
            return false;
        }
    }
    return true;
}

bool rs_legal_label(const char *name)
{
    return rs_legal_metric(name) && strchr(name, ':') == NULL;
}

/* Of by, without, on, ignoring and group_x: 3 takes colons and quoted names too. */
static bool is_listed_label(const struct parser *ps, const struct token *t)
{
    bool new = ps->src->dialect == RS_PROMQL_3;

    if (t->kind == RS_TOK_WORD) {
        return (new || strchr(t->text, ':') == NULL) && strcasecmp(t->text, "inf") != 0 &&
               strcasecmp(t->text, "nan") != 0;
    }
    return new && t->kind == RS_TOK_STRING && t->text[0] != '\0';
}

int rs_parse_names(struct parser *ps, struct name_list *out)
{
    const char *name[64];
    const char **copy;
    int n = 0;

    if (rs_parser_expect(ps, RS_TOK_LPAREN, "label list", "\"(\"") < 0) {
        return -1;
    }
    while (rs_parser_peek(ps)->kind != RS_TOK_RPAREN) {
        const struct token *t = rs_parser_peek(ps);

        if (n == 64 || !is_listed_label(ps, t)) {
            return rs_parser_unexpected(ps, "label list", "a label name");
        }
        name[n++] = rs_parser_take(ps)->text;
        if (!rs_parser_accept(ps, RS_TOK_COMMA)) {
            break;
        }
    }
    if (rs_parser_expect(ps, RS_TOK_RPAREN, "label list", "\",\" or \")\"") < 0) {
        return -1;
    }
    copy = rs_arena_alloc(ps->arena, sizeof *copy * (size_t)(n + 1));
    memcpy(copy, name, sizeof *copy * (size_t)n);
    *out = (struct name_list){n, copy};
    return 0;
}

static bool matcher_op(const struct token *t, enum match_op *op)
{
    if (t->kind == RS_TOK_ASSIGN) {
        *op = RS_MATCH_EQ;
    } else if (t->kind == RS_TOK_OP && t->op == RS_OP_NE) {
        *op = RS_MATCH_NE;
    } else if (t->kind == RS_TOK_MATCH) {
        *op = RS_MATCH_RE;
    } else if (t->kind == RS_TOK_NMATCH) {
        *op = RS_MATCH_NRE;
    } else {
        return false;
    }
    return true;
}

static int check_regex(const struct parser *ps, const struct token *value)
{
    char why[200];
    struct regex *re =
        rs_regex_new(value->text, rs_promql_regex(ps->src->dialect), why, sizeof why);

    if (re == NULL) {
        return rs_source_fail(ps->src, value->pos, RS_E_SYNTAX, "bad regular expression: %s", why);
    }
    rs_regex_free(re);
    return 0;
}

/* name op "value", or "metric name" alone. */
static int parse_matcher(struct parser *ps, struct pql_matcher *m, bool named, int pos)
{
    const struct token *name = rs_parser_peek(ps), *value;

    if (name->kind == RS_TOK_STRING && ps->src->dialect == RS_PROMQL_2_42) {
        return rs_source_fail(ps->src, name->pos, RS_E_SYNTAX,
                              "names in quotes are unknown in Prometheus 2.42");
    }
    if (name->kind != RS_TOK_WORD && name->kind != RS_TOK_STRING) {
        return rs_parser_unexpected(ps, "label matching", "a label name or \"}\"");
    }
    (void)rs_parser_take(ps);
    if (name->kind == RS_TOK_STRING &&
        (rs_parser_peek(ps)->kind == RS_TOK_COMMA || rs_parser_peek(ps)->kind == RS_TOK_RBRACE)) {
        if (named) { /* two names in quotes are allowed, and match nothing */
            return rs_source_fail(ps->src, pos, RS_E_SYNTAX, "the metric name is given twice");
        }
        *m = (struct pql_matcher){RS_METRIC_NAME, name->text, RS_MATCH_EQ};
        return 0;
    }
    if (!matcher_op(rs_parser_peek(ps), &m->op)) {
        return rs_parser_unexpected(ps, "label matching", "one of = != =~ !~");
    }
    (void)rs_parser_take(ps);
    value = rs_parser_peek(ps);
    if (value->kind != RS_TOK_STRING) {
        return rs_parser_unexpected(ps, "label matching", "a string");
    }
    (void)rs_parser_take(ps);
    m->name = name->text;
    m->value = value->text;
    return m->op == RS_MATCH_RE || m->op == RS_MATCH_NRE ? check_regex(ps, value) : 0;
}

static int parse_matchers(struct parser *ps, struct node *n)
{
    struct pql_matcher m[64];
    bool named = n->u.sel.name != NULL;
    int k = 0;

    if (!rs_parser_accept(ps, RS_TOK_LBRACE)) {
        return 0;
    }
    while (rs_parser_peek(ps)->kind != RS_TOK_RBRACE) {
        if (k == 64) {
            return rs_parser_unexpected(ps, "label matching", "at most 64 matchers");
        }
        if (parse_matcher(ps, &m[k], named, n->pos) < 0) {
            return -1;
        }
        k++;
        if (!rs_parser_accept(ps, RS_TOK_COMMA)) {
            break;
        }
    }
    if (rs_parser_expect(ps, RS_TOK_RBRACE, "label matching", "\",\" or \"}\"") < 0) {
        return -1;
    }
    n->u.sel.n_matcher = k;
    n->u.sel.matcher = rs_arena_alloc(ps->arena, sizeof *m * (size_t)(k + 1));
    memcpy(n->u.sel.matcher, m, sizeof *m * (size_t)k);
    return 0;
}

static bool matches_empty(const struct parser *ps, const struct pql_matcher *m)
{
    struct ready_matcher ready;
    bool matches;

    rs_matcher_init_as(&ready, rs_promql_regex(ps->src->dialect), m->name, m->value, m->op);
    matches = rs_matcher_matches(&ready, "");
    rs_matcher_clear(&ready);
    return matches;
}

/* "must contain a matcher that does not match the empty string", and one name only */
static int check_selector(const struct parser *ps, const struct node *n)
{
    bool selective = n->u.sel.name != NULL;

    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];

        if (n->u.sel.name != NULL && strcmp(m->name, RS_METRIC_NAME) == 0) {
            return rs_source_fail(ps->src, n->pos, RS_E_SYNTAX,
                                  "the metric name is given twice: %.60s and %.60s", n->u.sel.name,
                                  m->value);
        }
        selective = selective || !matches_empty(ps, m);
    }
    if (!selective) {
        return rs_source_fail(ps->src, n->pos, RS_E_SYNTAX,
                              "a selector must have a matcher that refuses the empty string");
    }
    return 0;
}

struct node *rs_parse_selector(struct parser *ps)
{
    struct node *n = rs_parser_node(ps, RS_NODE_SELECTOR, rs_parser_peek(ps)->pos);

    if (rs_parser_peek(ps)->kind == RS_TOK_WORD) {
        n->u.sel.name = rs_parser_take(ps)->text;
    }
    if (parse_matchers(ps, n) < 0 || check_selector(ps, n) < 0) {
        return NULL;
    }
    return n;
}

/* What begins an expression where a duration is due: 3 has them behind a flag. */
static int refuse_arithmetic(const struct parser *ps)
{
    const struct token *t = rs_parser_peek(ps);

    if (ps->src->dialect == RS_PROMQL_3 &&
        (t->kind == RS_TOK_OP || t->kind == RS_TOK_LPAREN ||
         (t->kind == RS_TOK_WORD && t[1].kind == RS_TOK_LPAREN))) {
        return rs_source_fail(ps->src, t->pos, RS_E_UNSUPPORTED,
                              "arithmetic on durations is experimental in Prometheus 3, which has "
                              "it switched off");
    }
    return 0;
}

/* A duration, in 3 also a number of seconds, which may have signs. 0 or -1. */
static int parse_duration(struct parser *ps, const char *context, int64_t *out_ms)
{
    bool new = ps->src->dialect == RS_PROMQL_3;
    const struct token *t = rs_parser_peek(ps);
    double sign = 1.0, ms;

    for (; new && t->kind == RS_TOK_OP && (t->op == RS_OP_ADD || t->op == RS_OP_SUB); t++) {
        sign = rs_parser_take(ps)->op == RS_OP_SUB ? -sign : sign;
    }
    if (t->kind != RS_TOK_DURATION && !(new && t->kind == RS_TOK_NUMBER)) {
        return refuse_arithmetic(ps) < 0 ? -1 : rs_parser_unexpected(ps, context, "a duration");
    }
    ms = trunc(rint(sign * t->number * 1e9) / 1e6); /* by way of whole nanoseconds */
    if (!(fabs(ms) <= RS_DURATION_MAX_MS)) {
        return rs_source_fail(ps->src, t->pos, RS_E_RANGE, "the duration is out of range");
    }
    (void)rs_parser_take(ps);
    *out_ms = (int64_t)ms;
    return 0;
}

static int parse_positive(struct parser *ps, const char *context, int64_t *out_ms)
{
    int pos = rs_parser_peek(ps)->pos;

    if (parse_duration(ps, context, out_ms) < 0) {
        return -1;
    }
    if (*out_ms <= 0) {
        return rs_source_fail(ps->src, pos, RS_E_RANGE, "the duration must be greater than 0");
    }
    return rs_parser_peek(ps)->kind == RS_TOK_OP ? refuse_arithmetic(ps) : 0;
}

static struct node *make_range(struct parser *ps, struct node *n, int64_t range_ms, int pos)
{
    const char *why = NULL;

    if (n->kind != RS_NODE_SELECTOR) {
        why = "a range is only allowed after a selector";
    } else if (n->u.sel.range_ms > 0) {
        why = "a range is only allowed once";
    } else if (n->u.sel.mod.has_offset) {
        why = "offset must come after the range";
    } else if (n->u.sel.mod.at != RS_AT_NONE) {
        why = "@ must come after the range";
    }
    if (why != NULL) {
        (void)rs_source_fail(ps->src, pos, RS_E_SYNTAX, "%s", why);
        return NULL;
    }
    n->u.sel.range_ms = range_ms;
    return n;
}

struct node *rs_parse_range(struct parser *ps, struct node *n)
{
    int pos = rs_parser_take(ps)->pos; /* [ */
    int range_pos = rs_parser_peek(ps)->pos;
    int64_t range_ms = 0;
    struct node *sub;

    if (parse_positive(ps, "range", &range_ms) < 0) {
        return NULL;
    }
    if (rs_parser_accept(ps, RS_TOK_RBRACKET)) {
        n = make_range(ps, n, range_ms, pos);
        if (n != NULL) {
            n->u.sel.range_pos = range_pos;
        }
        return n;
    }
    if (rs_parser_expect(ps, RS_TOK_COLON, "range", "\":\" or \"]\"") < 0) {
        return NULL;
    }
    sub = rs_parser_node(ps, RS_NODE_SUBQUERY, pos);
    sub->u.sub.expr = n;
    sub->u.sub.range_ms = range_ms;
    sub->u.sub.range_pos = range_pos;
    sub->u.sub.step_pos = rs_parser_peek(ps)->pos;
    if (rs_parser_peek(ps)->kind != RS_TOK_RBRACKET &&
        parse_positive(ps, "subquery", &sub->u.sub.step_ms) < 0) {
        return NULL;
    }
    if (rs_parser_expect(ps, RS_TOK_RBRACKET, "subquery", "\"]\"") < 0) {
        return NULL;
    }
    return sub;
}

static struct modifiers *modifiers_of(struct node *n)
{
    if (n->kind == RS_NODE_SELECTOR) {
        return &n->u.sel.mod;
    }
    return n->kind == RS_NODE_SUBQUERY ? &n->u.sub.mod : NULL;
}

struct node *rs_parse_offset(struct parser *ps, struct node *n)
{
    int pos = rs_parser_take(ps)->pos;
    struct modifiers *mod = modifiers_of(n);
    bool old = ps->src->dialect != RS_PROMQL_3, minus = false;
    const struct token *t = rs_parser_peek(ps);

    if (mod == NULL || mod->has_offset) {
        (void)rs_source_fail(ps->src, pos, RS_E_SYNTAX,
                             mod == NULL ? "offset is only allowed after a selector or a subquery"
                                         : "offset is only allowed once");
        return NULL;
    }
    if (old && t->kind == RS_TOK_OP && t->op == RS_OP_SUB) {
        (void)rs_parser_take(ps);
        minus = true;
    }
    mod->offset_pos = t->pos;
    if ((old ? parse_positive : parse_duration)(ps, "offset", &mod->offset_ms) < 0) {
        return NULL;
    }
    mod->offset_ms = minus ? -mod->offset_ms : mod->offset_ms;
    mod->has_offset = true;
    return n;
}

/* start() or end(); RS_AT_NONE if neither. */
static enum at_kind parse_at_word(struct parser *ps)
{
    enum at_kind kind = rs_parser_is_word(ps, "start") ? RS_AT_START
                        : rs_parser_is_word(ps, "end") ? RS_AT_END
                                                       : RS_AT_NONE;

    if (kind != RS_AT_NONE) {
        (void)rs_parser_take(ps);
        if (!rs_parser_accept(ps, RS_TOK_LPAREN) || !rs_parser_accept(ps, RS_TOK_RPAREN)) {
            return RS_AT_NONE;
        }
    }
    return kind;
}

struct node *rs_parse_at(struct parser *ps, struct node *n)
{
    int pos = rs_parser_take(ps)->pos;
    struct modifiers *mod = modifiers_of(n);
    const struct token *t = rs_parser_peek(ps);
    double sign = 1.0, ms;

    if (mod == NULL || mod->at != RS_AT_NONE) {
        (void)rs_source_fail(ps->src, pos, RS_E_SYNTAX,
                             mod == NULL ? "@ is only allowed after a selector or a subquery"
                                         : "@ is only allowed once");
        return NULL;
    }
    if (t->kind == RS_TOK_WORD && (mod->at = parse_at_word(ps)) != RS_AT_NONE) {
        return n;
    }
    if (t->kind == RS_TOK_OP && (t->op == RS_OP_SUB || t->op == RS_OP_ADD)) {
        sign = rs_parser_take(ps)->op == RS_OP_SUB ? -1.0 : 1.0;
    }
    t = rs_parser_peek(ps);
    if (t->kind != RS_TOK_NUMBER &&
        !(t->kind == RS_TOK_DURATION && ps->src->dialect == RS_PROMQL_3)) {
        (void)rs_parser_unexpected(ps, "@", "a time in seconds, start() or end()");
        return NULL;
    }
    ms = round(sign * t->number * 1000.0);
    if (!(fabs(ms) < 9.2e15)) {
        (void)rs_source_fail(ps->src, t->pos, RS_E_RANGE, "the time is out of range");
        return NULL;
    }
    (void)rs_parser_take(ps);
    mod->at = RS_AT_TIME;
    mod->at_ms = (int64_t)ms;
    return n;
}
