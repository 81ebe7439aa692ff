/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two grammars of matchers. Sources: the classic one pkg/labels/parse.go, the one with quoted names matcher/parse/lexer.go and
 * parse.go, both of Alertmanager 0.33.
 */
#include <string.h>

#include "am_file.h"

static const char blanks[] = " \t\r\n\f";

static const struct {
    const char *text;
    enum match_op op;
} ops[] = {{"=~", RS_MATCH_RE}, {"!~", RS_MATCH_NRE}, {"!=", RS_MATCH_NE}, {"=", RS_MATCH_EQ}};

static const char *read_operator(const char *p, enum match_op *op)
{
    for (int i = 0; i < 4; i++) {
        size_t n = strlen(ops[i].text);
        if (strncmp(p, ops[i].text, n) == 0) {
            *op = ops[i].op;
            return p + n;
        }
    }
    return NULL;
}

/* ---- classic ---- */

/* The text without blanks at both ends. */
static char *trim(struct arena *arena, const char *from, size_t n)
{
    while (n > 0 && strchr(blanks, *from)) {
        from++, n--;
    }
    while (n > 0 && strchr(blanks, from[n - 1])) {
        n--;
    }
    return rs_arena_strndup(arena, from, n);
}

/* Undoes \" \\ and \n; any other backslash stands for itself. The quotes are both there or both away. */
static const char *unescape(struct arena *arena, const char *raw, const char **out)
{
    bool quoted = *raw == '"';
    char *value = RS_ARENA_ARRAY(arena, char, strlen(raw) + 1);
    size_t n = 0;
    const char *p = raw + quoted;
    for (; *p; p++) {
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\' || p[1] == 'n')) {
            p++;
            value[n++] = *p == 'n' ? '\n' : *p;
        } else if (*p == '\\' && p[1]) {
            value[n++] = *p++;
            value[n++] = *p;
        } else if (*p == '"') {
            if (!quoted || p[1]) {
                return "a quote inside the value needs a backslash";
            }
            *out = value;
            return NULL;
        } else {
            value[n++] = *p;
        }
    }
    *out = value;
    return quoted ? "the closing quote is missing" : NULL;
}

static const char *
classic_one(struct arena *arena, const char *from, size_t n, struct am_matchers *out)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    const char *p = trim(arena, from, n);
    size_t n_name = *p >= '0' && *p <= '9' ? 0 : strspn(p, letters);
    if (n_name == 0) {
        return "a label name is missing";
    }
    struct am_matcher m = {.name = rs_arena_strndup(arena, p, n_name)};
    p += n_name;
    p = read_operator(p + strspn(p, blanks), &m.op);
    if (!p) {
        return "one of = != =~ !~ is missing behind the label name";
    }
    const char *why = unescape(arena, p + strspn(p, blanks), &m.value);
    if (!why) {
        RS_PUSH(arena, out->m, out->n, out->cap, m);
    }
    return why;
}

const char *rs_am_parse_classic(struct arena *arena, const char *text, struct am_matchers *out)
{
    size_t n = strlen(text);
    if (*text == '{') { /* each brace may also stand alone */
        text++, n--;
    }
    if (n > 0 && text[n - 1] == '}') {
        n--;
    }
    bool inside = false, escaped = false;
    size_t begin = 0;
    const char *why = NULL;
    for (size_t i = 0; i < n && !why; i++) {
        if (text[i] == ',' && !inside) {
            why = classic_one(arena, text + begin, i - begin, out);
            begin = i + 1;
        } else if (text[i] == '"') {
            inside = escaped ? inside : !inside;
            escaped = false;
        } else {
            escaped = text[i] == '\\' && !escaped;
        }
    }
    if (why || *trim(arena, text + begin, n - begin) == '\0') {
        return why; /* nothing behind the last comma, or nothing at all */
    }
    return classic_one(arena, text + begin, n - begin, out);
}

/* ---- with quoted names ---- */

/* The next character of UTF-8 text that has been checked; its length in *n. */
static unsigned decode(const char *p, int *n)
{
    const unsigned char *s = (const unsigned char *)p;
    *n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    unsigned c = *n == 1 ? s[0] : s[0] & (0xffU >> (*n + 1));
    for (int i = 1; i < *n; i++) {
        c = c << 6 | (s[i] & 0x3fU);
    }
    return c;
}

/* Unicode's White_Space. */
static bool is_space(unsigned c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

static const char *skip_space(const char *p)
{
    int n = 0;
    while (*p && is_space(decode(p, &n))) {
        p += n;
    }
    return p;
}

static void put_utf8(char *to, size_t *n, unsigned c)
{
    if (c < 0x80) {
        to[(*n)++] = (char)c;
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[(*n)++] = (char)(lead[more] | c >> (6 * more));
    while (more-- > 0) {
        to[(*n)++] = (char)(0x80U | (c >> (6 * more) & 0x3fU));
    }
}

/* Digits of \x41, \u00e4, \U0001f642 and \101. Returns what follows, or NULL. */
static const char *code_point(const char *p, unsigned *c)
{
    int n = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 3;
    unsigned base = n == 3 ? 8 : 16;
    p += n != 3;
    *c = 0;
    for (int i = 0; i < n; i++, p++) {
        static const char digits[] = "0123456789abcdef";
        const char *at = *p ? strchr(digits, *p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p) : NULL;
        if (!at || (unsigned)(at - digits) >= base || *c > 0x10ffff) {
            return NULL;
        }
        *c = *c * base + (unsigned)(at - digits);
    }
    return p;
}

/* A string as Go writes it (strconv.Unquote). Returns what follows it, or NULL. */
static const char *read_quoted(struct arena *arena, const char *p, const char **out)
{
    static const char names[] = "abfnrtv\\\"", codes[] = "\a\b\f\n\r\t\v\\\"";
    char *value = RS_ARENA_ARRAY(arena, char, strlen(p) + 4);
    size_t n = 0;
    for (p++; *p && *p != '"' && *p != '\n';) {
        if (*p != '\\') {
            value[n++] = *p++;
            continue;
        }
        p++;
        const char *name = *p ? strchr(names, *p) : NULL;
        if (name) {
            value[n++] = codes[name - names];
            p++;
            continue;
        }
        bool is_byte = *p == 'x' || (*p >= '0' && *p <= '7');
        unsigned c = 0;
        p = is_byte || *p == 'u' || *p == 'U' ? code_point(p, &c) : NULL;
        /* A byte above 0x7f would have to be half of a character; NUL cannot stand in a label. */
        if (!p || c == 0 || c > 0x10ffff || (is_byte && c > 0x7f) || (c >= 0xd800 && c < 0xe000)) {
            return NULL;
        }
        put_utf8(value, &n, c);
    }
    *out = value;
    return *p == '"' ? p + 1 : NULL;
}

/* A word without quotes: up to a blank or a character of the grammar. */
static const char *read_word(struct arena *arena, const char *p, const char **out)
{
    const char *from = p;
    int n = 0;
    while (*p && !strchr("{}!=~,\\\"'`", *p) && !is_space(decode(p, &n))) {
        p += n;
    }
    *out = rs_arena_strndup(arena, from, (size_t)(p - from));
    return p > from ? p : NULL;
}

static const char *read_token(struct arena *arena, const char *p, const char **out)
{
    return *p == '"' ? read_quoted(arena, p, out) : read_word(arena, p, out);
}

static const char *
utf8_one(struct arena *arena, const char *p, struct am_matchers *out, const char **why)
{
    struct am_matcher m = {0};
    p = read_token(arena, p, &m.name);
    if (!p) {
        *why = "a label name is missing";
        return NULL;
    }
    p = read_operator(skip_space(p), &m.op);
    if (!p) {
        *why = "one of = != =~ !~ is missing behind the label name";
        return NULL;
    }
    p = read_token(arena, skip_space(p), &m.value);
    if (!p) {
        *why = "the value behind the operator cannot be read";
        return NULL;
    }
    RS_PUSH(arena, out->m, out->n, out->cap, m);
    return skip_space(p);
}

const char *rs_am_parse_utf8(struct arena *arena, const char *text, struct am_matchers *out)
{
    const char *p = skip_space(text), *why = NULL;
    bool braces = *p == '{';
    if (*p == '\0') {
        return NULL;
    }
    p = skip_space(p + braces);
    while (*p != '}' && *p != '\0') {
        p = utf8_one(arena, p, out, &why);
        if (!p) {
            return why;
        }
        if (*p == ',') {
            p = skip_space(p + 1);
        } else if (*p != '\0' && *p != '}') {
            return "a comma is missing between two matchers";
        }
    }
    if ((*p == '}') != braces) {
        return braces ? "the closing brace is missing" : "the opening brace is missing";
    }
    return *skip_space(p + braces) ? "something stands behind the closing brace" : NULL;
}
