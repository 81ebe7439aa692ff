/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipelines, commands and operands. Source: text/template/parse/parse.go and node.go of Go 1.27. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* ---- constants ---- */

/* \x41, \101, \u00e9: `n` digits of a base. -1 if they are not there. */
static int64_t take_digits(const char **p, int n, int base)
{
    int64_t v = 0;

    for (int i = 0; i < n; i++, (*p)++) {
        const char *known = "0123456789abcdef", *at;
        char c = **p >= 'A' && **p <= 'F' ? (char)(**p - 'A' + 'a') : **p;

        at = c != '\0' ? strchr(known, c) : NULL;
        if (at == NULL || at - known >= base) {
            return -1;
        }
        v = v * base + (at - known);
    }
    return v;
}

/* Go's UnquoteChar behind a backslash. is_byte: the result is a byte, not a rune. -1 if malformed. */
static int64_t take_escape(const char **p, char quote, bool *is_byte)
{
    static const char from[] = "abfnrtv\\", as[] = "\a\b\f\n\r\t\v\\";
    char c = *(*p)++;
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    int64_t v;

    *is_byte = false;
    if (known != NULL) {
        return as[known - from];
    }
    switch (c) {
    case 'x': *is_byte = true; return take_digits(p, 2, 16);
    case 'u':
    case 'U':
        v = take_digits(p, c == 'u' ? 4 : 8, 16);
        return v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? -1 : v;
    case '\'':
    case '"': return c == quote ? c : -1;
    default: break;
    }
    if (c >= '0' && c <= '7') {
        (*p)--;
        *is_byte = true;
        v = take_digits(p, 3, 8);
        return v > 255 ? -1 : v;
    }
    return -1;
}

const char *rs_tparse_unquote(struct arena *arena, const char *quoted)
{
    struct text to = {.arena = arena};
    size_t n = strlen(quoted);
    const char *p = quoted + 1, *end = quoted + n - 1;

    if (quoted[0] == '`') {
        return rs_arena_strndup(arena, p, n - 2);
    }
    while (p < end) {
        bool is_byte;
        int64_t rune;
        char byte;

        if (*p != '\\') {
            rs_text_add_n(&to, p++, 1);
            continue;
        }
        p++;
        rune = take_escape(&p, '"', &is_byte);
        if (rune <= 0 || p > end) { /* texts hold no NUL */
            return NULL;
        }
        byte = (char)rune;
        if (is_byte) {
            rs_text_add_n(&to, &byte, 1);
        } else {
            rs_text_add_rune(&to, (uint32_t)rune);
        }
    }
    return rs_text_get(&to);
}

static struct tnode *parse_char(struct tparser *p, const struct token *t)
{
    struct tnode *n = rs_tnode_new(p, TN_NUMBER, t->at);
    const char *at = t->text + 1;
    int step;
    bool is_byte;

    n->text = t->text;
    if (*at == '\'') {
        return rs_tparse_fail(p, t->at, "invalid syntax");
    }
    if (*at == '\\') {
        at++;
        n->i = take_escape(&at, '\'', &is_byte);
    } else {
        n->i = rs_rune_at(at, &step);
        at += step;
    }
    if (n->i < 0) {
        return rs_tparse_fail(p, t->at, "invalid syntax");
    }
    if (strcmp(at, "'") != 0) {
        return rs_tparse_fail(p, t->at, "malformed character constant: %.100s", t->text);
    }
    n->is_int = n->is_float = true;
    n->f = (double)n->i;
    return n;
}

/* Go's ParseInt with base 0: 0x, 0o, 0b, a leading 0 for octal, single underscores between digits. */
static bool parse_int(int64_t *out, const char *words)
{
    bool negative = *words == '-';
    const char *p = words + (*words == '+' || *words == '-');
    int base = 10;
    uint64_t v = 0, most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    bool any = false, underscore_ok = false;

    if (p[0] == '0' && p[1] != '\0') {
        char c = (char)(p[1] | 0x20);

        base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        any = base == 8 && c != 'o';
        p += any ? 1 : 2;
        underscore_ok = true;
    }
    for (; *p != '\0'; p++) {
        const char *q = p;
        int64_t digit;

        if (*p == '_') {
            if (!underscore_ok) {
                return false;
            }
            underscore_ok = false;
            continue;
        }
        digit = take_digits(&q, 1, base);
        if (digit < 0 || v > (most - (uint64_t)digit) / (uint64_t)base) {
            return false;
        }
        v = v * (uint64_t)base + (uint64_t)digit;
        any = underscore_ok = true;
    }
    *out = negative ? (int64_t)-v : (int64_t)v;
    return any && p[-1] != '_';
}

static struct tnode *parse_number(struct tparser *p, const struct token *t)
{
    struct tnode *n = rs_tnode_new(p, TN_NUMBER, t->at);
    bool is_hex = strpbrk(t->text, "xX") != NULL;

    n->text = t->text;
    if (parse_int(&n->i, t->text)) {
        n->is_int = n->is_float = true;
        n->f = (double)n->i;
        return n;
    }
    if (!rs_parse_float(&n->f, t->text)) {
        return rs_tparse_fail(p, t->at, "illegal number syntax: \"%.100s\"", t->text);
    }
    if (strpbrk(t->text, ".eEpP") == NULL) {
        return rs_tparse_fail(p, t->at, "integer overflow: \"%.100s\"", t->text);
    }
    n->is_float = true;
    n->looks_float = !is_hex || strpbrk(t->text, ".pP") != NULL;
    if (fabs(n->f) < 9.2e18 && n->f == floor(n->f)) {
        n->is_int = true;
        n->i = (int64_t)n->f;
    }
    return n;
}

/* ---- operands ---- */

static struct tnode *parse_variable(struct tparser *p, const struct token *t)
{
    struct tnode *n = rs_tnode_new(p, TN_VARIABLE, t->at);

    for (int i = 0; i < p->n_var; i++) {
        if (strcmp(p->var[i], t->text) == 0) {
            rs_tnode_name(p, n, t->text);
            return n;
        }
    }
    return rs_tparse_fail(p, t->at, "undefined variable \"%.100s\"", t->text);
}

static struct tnode *parse_identifier(struct tparser *p, const struct token *t)
{
    struct tnode *n = rs_tnode_new(p, TN_IDENTIFIER, t->at);

    n->text = t->text;
    n->function = rs_tfunction_find(t->text, p->out->dialect);
    if (n->function == NULL) {
        return rs_tparse_fail(p, t->at, "function \"%.100s\" not defined", t->text);
    }
    return n;
}

static struct tnode *parse_string(struct tparser *p, const struct token *t)
{
    struct tnode *n = rs_tnode_new(p, TN_STRING, t->at);

    n->text = t->text;
    n->word = rs_tparse_unquote(p->arena, t->text);
    return n->word != NULL ? n : rs_tparse_fail(p, t->at, "invalid syntax");
}

/* NULL without a mistake where no operand begins. */
static struct tnode *parse_term(struct tparser *p)
{
    const struct token *t = rs_tparse_next_word(p);
    struct tnode *n;

    switch ((int)t->kind) {
    case TOK_IDENTIFIER: return parse_identifier(p, t);
    case TOK_DOT: return rs_tnode_new(p, TN_DOT, t->at);
    case TOK_NIL: return rs_tnode_new(p, TN_NIL, t->at);
    case TOK_VARIABLE: return parse_variable(p, t);
    case TOK_FIELD:
        n = rs_tnode_new(p, TN_FIELD, t->at);
        rs_tnode_name(p, n, t->text + 1);
        return n;
    case TOK_BOOL:
        n = rs_tnode_new(p, TN_BOOL, t->at);
        n->truth = strcmp(t->text, "true") == 0;
        return n;
    case TOK_NUMBER: return parse_number(p, t);
    case TOK_CHAR_CONSTANT: return parse_char(p, t);
    case TOK_STRING:
    case TOK_RAW_STRING: return parse_string(p, t);
    case TOK_LEFT_PAREN:
        if (++p->depth > 100) {
            return rs_tparse_fail(p, t->at, "nested deeper than 100 levels");
        }
        n = rs_tparse_pipe(p, "parenthesized pipeline", TOK_RIGHT_PAREN);
        p->depth--;
        return n;
    default: break;
    }
    p->token = t;
    return NULL;
}

/* A term and the fields behind it. A field's place is that of its last part but the first. */
static struct tnode *parse_operand(struct tparser *p)
{
    struct tnode *n = parse_term(p), *chain;

    if (n == NULL || p->token->kind != TOK_FIELD) {
        return n;
    }
    chain = n;
    if (n->kind == TN_FIELD || n->kind == TN_VARIABLE) {
        n->at = p->token->at;
    } else if (n->kind == TN_BOOL || n->kind == TN_STRING || n->kind == TN_NUMBER ||
               n->kind == TN_NIL || n->kind == TN_DOT) {
        struct text words = {.arena = p->arena};

        rs_tnode_print(&words, n);
        return rs_tparse_fail(p, p->token->at, "unexpected . after term \"%.100s\"", words.at);
    } else {
        chain = rs_tnode_new(p, TN_CHAIN, p->token->at);
        rs_tnode_add(p, chain, n);
    }
    while (p->token->kind == TOK_FIELD) {
        rs_tnode_name(p, chain, rs_tparse_next(p)->text + 1);
    }
    return chain;
}

/* Operands up to a pipe or the end, which stays. */
static struct tnode *parse_command(struct tparser *p)
{
    struct tnode *cmd = rs_tnode_new(p, TN_COMMAND, rs_tparse_peek_word(p)->at);

    for (;;) {
        struct tnode *operand;
        const struct token *t;

        (void)rs_tparse_peek_word(p);
        operand = parse_operand(p);
        if (p->failed) {
            return NULL;
        }
        if (operand != NULL) {
            rs_tnode_add(p, cmd, operand);
        }
        t = rs_tparse_next(p);
        if (t->kind == TOK_SPACE) {
            continue;
        }
        if (t->kind == TOK_RIGHT || t->kind == TOK_RIGHT_PAREN) {
            p->token = t;
        } else if (t->kind != TOK_PIPE) {
            return rs_tparse_unexpected(p, t, "operand");
        }
        return cmd->n > 0 ? cmd : rs_tparse_fail(p, t->at, "empty command");
    }
}

/* ---- pipelines ---- */

/* "$x :=", "$x =", in a range "$i, $x :=". Nothing is taken where none is. */
static bool parse_declarations(struct tparser *p, struct tnode *pipe, bool is_range)
{
    for (;;) {
        const struct token *v = rs_tparse_peek_word(p), *next;

        if (v->kind != TOK_VARIABLE) {
            return true;
        }
        p->token++;
        next = rs_tparse_peek_word(p);
        if (next->kind == TOK_ASSIGN || next->kind == TOK_DECLARE) {
            p->token++;
            pipe->is_assign = next->kind == TOK_ASSIGN;
            rs_tnode_name(p, pipe, v->text);
            rs_tparse_declare(p, v->text);
            return true;
        }
        if (next->kind != TOK_CHAR || next->text[0] != ',') {
            p->token = v;
            return true;
        }
        p->token++;
        rs_tnode_name(p, pipe, v->text);
        rs_tparse_declare(p, v->text);
        if (!is_range || pipe->n_name >= 2) {
            return rs_tparse_fail(p, next->at, "too many declarations in %s",
                                  is_range ? "range" : "command") != NULL;
        }
        next = rs_tparse_peek_word(p);
        if (next->kind != TOK_VARIABLE && next->kind != TOK_RIGHT &&
            next->kind != TOK_RIGHT_PAREN) {
            return rs_tparse_fail(p, next->at, "range can only initialize variables") != NULL;
        }
    }
}

/* "Reject empty pipelines"; only the first command may begin with what cannot be called. */
static struct tnode *check_pipe(struct tparser *p, struct tnode *pipe, const char *context)
{
    if (pipe->n == 0) {
        return rs_tparse_fail(p, p->token[-1].at, "missing value for %s", context);
    }
    for (int i = 1; i < pipe->n; i++) {
        const struct tnode *first = pipe->child[i]->child[0];

        if (first->kind == TN_BOOL || first->kind == TN_DOT || first->kind == TN_NIL ||
            first->kind == TN_NUMBER || first->kind == TN_STRING) {
            return rs_tparse_fail(p, first->at, "non executable command in pipeline stage %d",
                                  i + 1);
        }
    }
    return pipe;
}

struct tnode *rs_tparse_pipe(struct tparser *p, const char *context, enum token_kind end)
{
    struct tnode *pipe = rs_tnode_new(p, TN_PIPE, rs_tparse_peek_word(p)->at);

    if (!parse_declarations(p, pipe, strcmp(context, "range") == 0)) {
        return NULL;
    }
    for (;;) {
        const struct token *t = rs_tparse_peek_word(p);
        struct tnode *cmd;

        if (t->kind == end) {
            p->token++;
            return check_pipe(p, pipe, context);
        }
        switch ((int)t->kind) {
        case TOK_BOOL:
        case TOK_CHAR_CONSTANT:
        case TOK_DOT:
        case TOK_FIELD:
        case TOK_IDENTIFIER:
        case TOK_NUMBER:
        case TOK_NIL:
        case TOK_RAW_STRING:
        case TOK_STRING:
        case TOK_VARIABLE:
        case TOK_LEFT_PAREN: break;
        default: return rs_tparse_unexpected(p, t, context);
        }
        cmd = parse_command(p);
        if (cmd == NULL) {
            return NULL;
        }
        rs_tnode_add(p, pipe, cmd);
    }
}

/* ---- printing ---- */

static void print_fields(struct text *to, const struct tnode *n, int from)
{
    for (int i = from; i < n->n_name; i++) {
        rs_text_add(to, ".");
        rs_text_add(to, n->name[i]);
    }
}

static void print_children(struct text *to, const struct tnode *n, const char *between)
{
    for (int i = 0; i < n->n; i++) {
        bool in_parens = n->kind != TN_PIPE && n->child[i]->kind == TN_PIPE;

        rs_text_add(to, i > 0 ? between : "");
        rs_text_add(to, in_parens ? "(" : "");
        rs_tnode_print(to, n->child[i]);
        rs_text_add(to, in_parens ? ")" : "");
    }
}

static void print_pipe(struct text *to, const struct tnode *n)
{
    for (int i = 0; i < n->n_name; i++) {
        rs_text_add(to, i > 0 ? ", " : "");
        rs_text_add(to, n->name[i]);
    }
    if (n->n_name > 0) {
        rs_text_add(to, n->is_assign ? " = " : " := ");
    }
    print_children(to, n, " | ");
}

void rs_tnode_print(struct text *to, const struct tnode *n)
{
    switch ((int)n->kind) {
    case TN_PIPE: print_pipe(to, n); break;
    case TN_COMMAND: print_children(to, n, " "); break;
    case TN_VARIABLE:
        rs_text_add(to, n->name[0]);
        print_fields(to, n, 1);
        break;
    case TN_FIELD: print_fields(to, n, 0); break;
    case TN_CHAIN:
        print_children(to, n, "");
        print_fields(to, n, 0);
        break;
    case TN_DOT: rs_text_add(to, "."); break;
    case TN_NIL: rs_text_add(to, "nil"); break;
    case TN_BOOL: rs_text_add(to, n->truth ? "true" : "false"); break;
    case TN_ACTION:
        rs_text_add(to, "{{");
        rs_tnode_print(to, n->pipe);
        rs_text_add(to, "}}");
        break;
    case TN_TEMPLATE:
        rs_text_add(to, "{{template ");
        rs_text_quote(to, n->text, '"', false);
        if (n->pipe != NULL) {
            rs_text_add(to, " ");
            rs_tnode_print(to, n->pipe);
        }
        rs_text_add(to, "}}");
        break;
    default: rs_text_add(to, n->text != NULL ? n->text : ""); break;
    }
}
