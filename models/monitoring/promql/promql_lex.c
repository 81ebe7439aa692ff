/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql_lex.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct op_row rs_op_table[RS_OP_N] = {
    [RS_OP_OR] = {"or", RS_OPS_SET, 1, false},
    [RS_OP_AND] = {"and", RS_OPS_SET, 2, false},
    [RS_OP_UNLESS] = {"unless", RS_OPS_SET, 2, false},
    [RS_OP_EQ] = {"==", RS_OPS_COMPARE, 3, false},
    [RS_OP_NE] = {"!=", RS_OPS_COMPARE, 3, false},
    [RS_OP_GT] = {">", RS_OPS_COMPARE, 3, false},
    [RS_OP_LT] = {"<", RS_OPS_COMPARE, 3, false},
    [RS_OP_GE] = {">=", RS_OPS_COMPARE, 3, false},
    [RS_OP_LE] = {"<=", RS_OPS_COMPARE, 3, false},
    [RS_OP_ADD] = {"+", RS_OPS_ARITHMETIC, 4, false},
    [RS_OP_SUB] = {"-", RS_OPS_ARITHMETIC, 4, false},
    [RS_OP_MUL] = {"*", RS_OPS_ARITHMETIC, 5, false},
    [RS_OP_DIV] = {"/", RS_OPS_ARITHMETIC, 5, false},
    [RS_OP_MOD] = {"%", RS_OPS_ARITHMETIC, 5, false},
    [RS_OP_ATAN2] = {"atan2", RS_OPS_ARITHMETIC, 5, false},
    [RS_OP_POW] = {"^", RS_OPS_ARITHMETIC, 6, true},
};

struct lexer {
    const struct source *src;
    struct arena *arena;
    const char *text;
    int at; /* next byte */
    bool in_brace, in_bracket;
    struct token tok; /* being made */
};

static int fail(const struct lexer *lx, int pos, const char *what)
{
    return rs_source_fail(lx->src, pos, RS_E_SYNTAX, "%s", what);
}

static bool word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool word_part(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void skip_space(struct lexer *lx)
{
    for (;;) {
        lx->at += (int)strspn(lx->text + lx->at, " \t\r\n");
        if (lx->text[lx->at] != '#') {
            return;
        }
        lx->at += (int)strcspn(lx->text + lx->at, "\n");
    }
}

static void put_utf8(char **out, unsigned long c)
{
    char *p = *out;

    if (c < 0x80) {
        *p++ = (char)c;
    } else if (c < 0x800) {
        *p++ = (char)(0xc0 | c >> 6);
        *p++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *p++ = (char)(0xe0 | c >> 12);
        *p++ = (char)(0x80 | (c >> 6 & 0x3f));
        *p++ = (char)(0x80 | (c & 0x3f));
    } else {
        *p++ = (char)(0xf0 | c >> 18);
        *p++ = (char)(0x80 | (c >> 12 & 0x3f));
        *p++ = (char)(0x80 | (c >> 6 & 0x3f));
        *p++ = (char)(0x80 | (c & 0x3f));
    }
    *out = p;
}

/*
 * \ooo, \xHH, \uHHHH, \UHHHHHHHH at p (after the backslash). Returns the bytes taken, 0 if
 * malformed.
 */
static int numeric_escape(const char *p, char **out)
{
    int base = 16, n = 0, skip = 1;
    unsigned long c = 0;

    switch (*p) {
    case 'x': n = 2; break;
    case 'u': n = 4; break;
    case 'U': n = 8; break;
    default:
        base = 8;
        n = 3;
        skip = 0;
        break;
    }
    for (int i = 0; i < n; i++) {
        char d = p[skip + i];
        int digit = isdigit((unsigned char)d)    ? d - '0'
                    : isxdigit((unsigned char)d) ? tolower((unsigned char)d) - 'a' + 10
                                                 : 99;

        if (digit >= base) {
            return 0;
        }
        c = c * (unsigned long)base + (unsigned long)digit;
    }
    if (n <= 3) {
        if (c == 0 || c > 255) {
            return 0; /* a zero byte cannot be in our strings */
        }
        *(*out)++ = (char)c;
    } else {
        if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
            return 0;
        }
        put_utf8(out, c);
    }
    return n + skip;
}

/* One escape of Go's at p (after the backslash). Returns the bytes taken, 0 if malformed. */
static int escape(const char *p, char quote, char **out)
{
    static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
    const char *hit = *p != '\0' ? strchr(from, *p) : NULL;

    if (hit != NULL) {
        *(*out)++ = to[hit - from];
        return 1;
    }
    if (*p == quote) {
        *(*out)++ = quote;
        return 1;
    }
    return numeric_escape(p, out);
}

static int lex_string(struct lexer *lx)
{
    const char *p = lx->text + lx->at;
    char quote = *p++;
    char *out = rs_arena_alloc(lx->arena, strlen(p) + 1), *to = out;

    while (*p != quote) {
        if (*p == '\0' || (*p == '\n' && quote != '`')) {
            return fail(lx, lx->at, "unterminated string");
        }
        if (*p == '\\' && quote != '`') {
            int took = escape(p + 1, quote, &to);

            if (took == 0) {
                return fail(lx, (int)(p - lx->text), "unknown escape in string");
            }
            p += 1 + took;
        } else {
            *to++ = *p++;
        }
    }
    *to = '\0';
    lx->tok.kind = RS_TOK_STRING;
    lx->tok.text = out;
    lx->at = (int)(p + 1 - lx->text);
    return 0;
}

static void lex_word(struct lexer *lx)
{
    const char *p = lx->text + lx->at;
    int n = 0;

    while (word_part(p[n]) || (p[n] == ':' && !lx->in_brace && !lx->in_bracket)) {
        n++;
    }
    lx->tok.kind = RS_TOK_WORD;
    lx->tok.text = rs_arena_strndup(lx->arena, p, (size_t)n);
    lx->at += n;
    for (int op = 0; op < RS_OP_N && !lx->in_brace; op++) {
        if (strcasecmp(rs_op_table[op].text, lx->tok.text) == 0) {
            lx->tok.op = (enum op_kind)op; /* the parser decides from where it stands */
        }
    }
}

static int set(struct lexer *lx, enum token_kind kind, int n)
{
    lx->tok.kind = kind;
    lx->at += n;
    return 0;
}

static int set_op(struct lexer *lx, enum op_kind op, int n)
{
    lx->tok.op = op;
    return set(lx, RS_TOK_OP, n);
}

/* '=', '!', '<' and '>' and what they begin. */
static int lex_comparison(struct lexer *lx)
{
    const char *p = lx->text + lx->at;

    if (p[0] == '=' && p[1] == '~') {
        return set(lx, RS_TOK_MATCH, 2);
    }
    if (p[0] == '!' && p[1] == '~') {
        return set(lx, RS_TOK_NMATCH, 2);
    }
    if (p[0] == '=' && p[1] == '=') {
        return set_op(lx, RS_OP_EQ, 2);
    }
    if (p[0] == '!' && p[1] == '=') {
        return set_op(lx, RS_OP_NE, 2);
    }
    if (p[0] == '=') {
        return set(lx, RS_TOK_ASSIGN, 1);
    }
    if (p[0] == '<') {
        return p[1] == '=' ? set_op(lx, RS_OP_LE, 2) : set_op(lx, RS_OP_LT, 1);
    }
    if (p[0] == '>') {
        return p[1] == '=' ? set_op(lx, RS_OP_GE, 2) : set_op(lx, RS_OP_GT, 1);
    }
    return fail(lx, lx->at, "unexpected character after '!', expected != or !~");
}

/* Within braces words are no keywords, within brackets a colon stands alone. */
static int lex_bracket(struct lexer *lx, char c)
{
    switch (c) {
    case '(': return set(lx, RS_TOK_LPAREN, 1);
    case ')': return set(lx, RS_TOK_RPAREN, 1);
    case '{': lx->in_brace = true; return set(lx, RS_TOK_LBRACE, 1);
    case '}': lx->in_brace = false; return set(lx, RS_TOK_RBRACE, 1);
    case '[': lx->in_bracket = true; return set(lx, RS_TOK_LBRACKET, 1);
    default: lx->in_bracket = false; return set(lx, RS_TOK_RBRACKET, 1);
    }
}

static int lex_one(struct lexer *lx)
{
    const char *p = lx->text + lx->at;

    switch (*p) {
    case '\0': return set(lx, RS_TOK_END, 0);
    case '(':
    case ')':
    case '{':
    case '}':
    case '[':
    case ']': return lex_bracket(lx, *p);
    case ',': return set(lx, RS_TOK_COMMA, 1);
    case '@': return set(lx, RS_TOK_AT, 1);
    case '+': return set_op(lx, RS_OP_ADD, 1);
    case '-': return set_op(lx, RS_OP_SUB, 1);
    case '*': return set_op(lx, RS_OP_MUL, 1);
    case '/': return set_op(lx, RS_OP_DIV, 1);
    case '%': return set_op(lx, RS_OP_MOD, 1);
    case '^': return set_op(lx, RS_OP_POW, 1);
    case '=':
    case '!':
    case '<':
    case '>': return lex_comparison(lx);
    case '"':
    case '\'':
    case '`': return lex_string(lx);
    default: break;
    }
    if (isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]))) {
        int took = rs_lex_number(lx->src, lx->at, &lx->tok);

        lx->at += took;
        return took > 0 ? 0 : -1;
    }
    if (*p == ':' && lx->in_bracket) {
        return set(lx, RS_TOK_COLON, 1);
    }
    if (word_start(*p) || (*p == ':' && !lx->in_brace)) {
        lex_word(lx);
        return 0;
    }
    if (isprint((unsigned char)*p)) {
        return rs_source_fail(lx->src, lx->at, RS_E_SYNTAX, "unexpected character '%c'", *p);
    }
    return rs_source_fail(lx->src, lx->at, RS_E_SYNTAX, "unexpected byte 0x%02x",
                          (unsigned)(unsigned char)*p);
}

int rs_promql_lex(struct arena *arena, const struct source *src, struct token **out)
{
    struct lexer lx = {.src = src, .arena = arena, .text = src->text};
    /* A token has at least one byte; one more for the end. */
    struct token *tok = rs_arena_alloc(arena, (strlen(src->text) + 1) * sizeof *tok);
    int n = 0;

    do {
        skip_space(&lx);
        lx.tok = (struct token){.pos = lx.at, .op = RS_OP_N};
        if (lex_one(&lx) < 0) {
            return -1;
        }
        lx.tok.n = lx.at - lx.tok.pos;
        tok[n++] = lx.tok;
    } while (tok[n - 1].kind != RS_TOK_END);
    *out = tok;
    return n;
}

struct mark rs_source_mark(const struct source *src, int pos)
{
    struct mark at = src->at;

    for (int i = 0; i < pos; i++) {
        if (src->text[i] == '\n') {
            at.line++;
            at.col = src->indent + 1;
        } else if (((unsigned char)src->text[i] & 0xc0) != 0x80) {
            at.col++; /* columns count characters, not the bytes of UTF-8 */
        }
    }
    return at;
}

int rs_source_fail(const struct source *src, int pos, enum rs_errc code, const char *fmt, ...)
{
    char text[sizeof((struct err *)0)->text];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return rs_err_at(src->err, code, rs_source_mark(src, pos), "%s", text);
}
