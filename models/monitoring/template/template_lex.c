/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens of a template. Source: text/template/parse/lex.go of Go 1.27, whose messages are kept. */
#include <ctype.h>
#include <string.h>

#include "template_private.h"

struct lexer {
    struct arena *arena;
    const char *text;
    size_t at;
    struct token *token;
    int n, cap;
    int paren_depth;
    bool failed;
};

static const struct {
    const char *word;
    enum token_kind kind;
} keywords[] = {
    {"block", TOK_BLOCK},   {"break", TOK_BREAK},       {"continue", TOK_CONTINUE},
    {"define", TOK_DEFINE}, {"else", TOK_ELSE},         {"end", TOK_END},
    {"if", TOK_IF},         {"range", TOK_RANGE},       {"nil", TOK_NIL},
    {"with", TOK_WITH},     {"template", TOK_TEMPLATE}, {"true", TOK_BOOL},
    {"false", TOK_BOOL},
};

static void push(struct lexer *l, enum token_kind kind, size_t from, const char *words)
{
    if (l->n == l->cap) {
        struct token *grown;

        l->cap = l->cap ? 2 * l->cap : 64;
        grown = RS_ARENA_ARRAY(l->arena, struct token, l->cap);
        if (l->n > 0) {
            memcpy(grown, l->token, sizeof *grown * (size_t)l->n);
        }
        l->token = grown;
    }
    l->token[l->n++] = (struct token){kind, from, words};
}

/* The text from `from` to here as a token. */
static void emit(struct lexer *l, enum token_kind kind, size_t from)
{
    push(l, kind, from, rs_arena_strndup(l->arena, l->text + from, l->at - from));
}

static void fail(struct lexer *l, size_t at, const char *words)
{
    push(l, TOK_ERROR, at, words);
    l->failed = true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Letters beyond ASCII are all taken for letters. */
static bool is_word(char c)
{
    return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* "}}", or " -}}". */
static bool at_right(const struct lexer *l, bool *trims)
{
    const char *p = l->text + l->at;

    *trims = is_space(p[0]) && strncmp(p + 1, "-}}", 3) == 0;
    return *trims || strncmp(p, "}}", 2) == 0;
}

/* What may follow a word. */
static bool at_terminator(const struct lexer *l)
{
    bool trims;
    char c = l->text[l->at];

    return c == '\0' || is_space(c) || strchr(".,|:()", c) != NULL || at_right(l, &trims);
}

static void bad_character(struct lexer *l, const char *what)
{
    int n;
    uint32_t rune = rs_rune_at(l->text + l->at, &n);
    const char *words =
        rune < 0x20 || rune == 0x7f
            ? rs_arena_printf(l->arena, "%s U+%04X", what, rune)
            : rs_arena_printf(l->arena, "%s U+%04X '%.*s'", what, rune, n, l->text + l->at);

    fail(l, l->at, words);
}

static void lex_quote(struct lexer *l)
{
    size_t from = l->at;
    char quote = l->text[l->at++];

    for (;; l->at++) {
        char c = l->text[l->at];

        if (c == quote) {
            break;
        }
        if (quote != '`' && c == '\\' && l->text[l->at + 1] != '\0' && l->text[l->at + 1] != '\n') {
            l->at++;
        } else if (c == '\0' || (quote != '`' && c == '\n')) {
            fail(l, from,
                 quote == '"'   ? "unterminated quoted string"
                 : quote == '`' ? "unterminated raw quoted string"
                                : "unterminated character constant");
            return;
        }
    }
    l->at++;
    emit(l, quote == '"' ? TOK_STRING : quote == '`' ? TOK_RAW_STRING : TOK_CHAR_CONSTANT, from);
}

static bool accept(struct lexer *l, const char *any)
{
    if (l->text[l->at] != '\0' && strchr(any, l->text[l->at]) != NULL) {
        l->at++;
        return true;
    }
    return false;
}

static void accept_all(struct lexer *l, const char *any)
{
    while (accept(l, any)) {
    }
}

static void lex_number(struct lexer *l)
{
    size_t from = l->at;
    const char *digits = "0123456789_";
    bool is_decimal = true, is_hex = false;

    (void)accept(l, "+-");
    if (accept(l, "0")) {
        if (accept(l, "xX")) {
            digits = "0123456789abcdefABCDEF_", is_decimal = false, is_hex = true;
        } else if (accept(l, "oO")) {
            digits = "01234567_", is_decimal = false;
        } else if (accept(l, "bB")) {
            digits = "01_", is_decimal = false;
        }
    }
    accept_all(l, digits);
    if (accept(l, ".")) {
        accept_all(l, digits);
    }
    if ((is_decimal && accept(l, "eE")) || (is_hex && accept(l, "pP"))) {
        (void)accept(l, "+-");
        accept_all(l, "0123456789_");
    }
    if (is_word(l->text[l->at])) {
        l->at++;
        fail(l, from,
             rs_arena_printf(l->arena, "bad number syntax: \"%.*s\"", (int)(l->at - from),
                             l->text + from));
        return;
    }
    emit(l, TOK_NUMBER, from);
}

/* A word, or with a '.' or '$' in front a field or variable. */
static void lex_word(struct lexer *l, enum token_kind kind)
{
    size_t from = l->at, n;

    l->at += kind != TOK_IDENTIFIER;
    if (kind != TOK_IDENTIFIER && at_terminator(l)) {
        emit(l, kind == TOK_FIELD ? TOK_DOT : TOK_VARIABLE, from);
        return;
    }
    while (is_word(l->text[l->at])) {
        l->at++;
    }
    if (!at_terminator(l)) {
        bad_character(l, "bad character");
        return;
    }
    n = l->at - from;
    for (size_t i = 0; kind == TOK_IDENTIFIER && i < sizeof keywords / sizeof *keywords; i++) {
        if (strlen(keywords[i].word) == n && strncmp(keywords[i].word, l->text + from, n) == 0) {
            kind = keywords[i].kind;
            break;
        }
    }
    emit(l, kind, from);
}

static void lex_space(struct lexer *l)
{
    size_t from = l->at;
    bool trims;

    while (is_space(l->text[l->at])) {
        if (at_right(l, &trims) && trims) {
            break; /* the blank belongs to the marker */
        }
        l->at++;
    }
    if (l->at > from) {
        emit(l, TOK_SPACE, from);
    }
}

static void skip_spaces(struct lexer *l)
{
    while (is_space(l->text[l->at])) {
        l->at++;
    }
}

/* "}}" with its marker. Returns false where there is none. */
static bool take_right(struct lexer *l, bool tell)
{
    bool trims;
    size_t from = l->at;

    if (!at_right(l, &trims)) {
        return false;
    }
    l->at += trims ? 4 : 2;
    if (tell) {
        push(l, TOK_RIGHT, from, "}}");
    }
    if (trims) {
        skip_spaces(l);
    }
    return true;
}

static void take_char(struct lexer *l, enum token_kind kind)
{
    l->at++;
    emit(l, kind, l->at - 1);
}

static void lex_symbol(struct lexer *l)
{
    char c = l->text[l->at];

    switch (c) {
    case '\0': fail(l, l->at, "unclosed action"); break;
    case '=': take_char(l, TOK_ASSIGN); break;
    case ':':
        if (l->text[l->at + 1] != '=') {
            fail(l, l->at, "expected :=");
            break;
        }
        l->at += 2;
        emit(l, TOK_DECLARE, l->at - 2);
        break;
    case '|': take_char(l, TOK_PIPE); break;
    case '(':
        l->paren_depth++;
        take_char(l, TOK_LEFT_PAREN);
        break;
    case ')':
        if (--l->paren_depth < 0) {
            fail(l, l->at, "unexpected right paren");
            break;
        }
        take_char(l, TOK_RIGHT_PAREN);
        break;
    default:
        if ((unsigned char)c >= 0x80 || !isprint((unsigned char)c)) {
            bad_character(l, "unrecognized character in action:");
        } else {
            take_char(l, TOK_CHAR);
        }
    }
}

/* One token inside an action. Returns false behind its end. */
static bool lex_inside(struct lexer *l)
{
    char c = l->text[l->at];
    bool trims;

    if (at_right(l, &trims)) {
        if (l->paren_depth > 0) {
            fail(l, l->at, "unclosed left paren");
            return false;
        }
        (void)take_right(l, true);
        return false;
    }
    if (is_space(c)) {
        lex_space(l);
    } else if (c == '"' || c == '`' || c == '\'') {
        lex_quote(l);
    } else if (c == '$') {
        lex_word(l, TOK_VARIABLE);
    } else if (c == '.' && !isdigit((unsigned char)l->text[l->at + 1])) {
        lex_word(l, TOK_FIELD);
    } else if (c == '.' || c == '+' || c == '-' || isdigit((unsigned char)c)) {
        lex_number(l);
    } else if (is_word(c)) {
        lex_word(l, TOK_IDENTIFIER);
    } else {
        lex_symbol(l);
    }
    return !l->failed;
}

static void lex_comment(struct lexer *l)
{
    const char *end = strstr(l->text + l->at + 2, "*/");

    if (end == NULL) {
        fail(l, l->at, "unclosed comment");
        return;
    }
    l->at = (size_t)(end - l->text) + 2;
    if (!take_right(l, false)) {
        fail(l, l->at, "comment ends before closing delimiter");
    }
}

/* From "{{" on. */
static void lex_action(struct lexer *l)
{
    size_t from = l->at;

    l->at += 2;
    if (l->text[l->at] == '-' && is_space(l->text[l->at + 1])) {
        l->at += 2;
        if (strncmp(l->text + l->at, "/*", 2) != 0) {
            l->at -= 1; /* the blank is read again as space */
        }
    }
    if (strncmp(l->text + l->at, "/*", 2) == 0) {
        lex_comment(l);
        return;
    }
    push(l, TOK_LEFT, from, "{{");
    l->paren_depth = 0;
    while (lex_inside(l)) {
    }
}

const struct token *rs_template_lex(struct arena *arena, const char *text)
{
    struct lexer l = {.arena = arena, .text = text};

    while (!l.failed && l.text[l.at] != '\0') {
        const char *begin = text + l.at, *left = strstr(begin, "{{");
        size_t from = l.at, n = left == NULL ? strlen(begin) : (size_t)(left - begin);

        l.at += n;
        if (left != NULL && left[2] == '-' && is_space(left[3])) {
            while (n > 0 && is_space(begin[n - 1])) {
                n--;
            }
        }
        if (n > 0) {
            push(&l, TOK_TEXT, from, rs_arena_strndup(arena, begin, n));
        }
        if (left != NULL) {
            lex_action(&l);
        }
    }
    if (!l.failed) {
        push(&l, TOK_EOF, l.at, "");
    }
    return l.token;
}
