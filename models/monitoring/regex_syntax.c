/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The syntax of RE2 as Go's regexp/syntax reads it (Perl flags), checked and written down for PCRE2. Most of it means the same
 * to both and is copied; what PCRE2 reads otherwise is rewritten: \v, \s, \S and braces that are no repetition.
 * Source: the RE2 syntax page, https://github.com/google/re2/wiki/Syntax, and what promtool says of each construct
 * (tests/monitoring/data/promql_accept.txt).
 */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "regex.h"
#include "sim/arena.h"

#define DEPTH_MAX 1000
#define REPEAT_MAX 1000

struct syntax {
    const char *p; /* next byte */
    char *out;
    size_t n;
    const char *why;  /* set by the first failure */
    bool plain_names; /* (?<name>...) is known */
    int depth, n_group;
    struct regex_names *names;
};

static int parse_alternatives(struct syntax *s);

static int fail(struct syntax *s, const char *why)
{
    if (s->why == NULL) {
        s->why = why;
    }
    return -1;
}

static void put(struct syntax *s, const char *text, size_t n)
{
    memcpy(s->out + s->n, text, n);
    s->n += n;
}

/* Copies n bytes of the pattern. */
static void copy(struct syntax *s, size_t n)
{
    put(s, s->p, n);
    s->p += n;
}

/* The bytes of the character at p, 0 if it is no UTF-8. */
static size_t rune_length(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;

    if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return n;
}

/* \x41 or \x{41}; p stands on the x. Returns its bytes, 0 if malformed; *rune is the character. */
static size_t hex_escape(const char *p, long *rune)
{
    char *end;
    size_t n;

    if (p[1] == '{') {
        n = strspn(p + 2, "0123456789abcdefABCDEF");
        *rune = n == 0 || n > 8 ? -1 : strtol(p + 2, &end, 16);
        return p[2 + n] == '}' && *rune >= 0 && *rune <= 0x10ffff ? n + 3 : 0;
    }
    if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])) {
        return 0;
    }
    *rune = strtol((char[]){p[1], p[2], 0}, &end, 16);
    return 3;
}

/* One escaped character at p, behind its backslash. Returns its bytes, 0 if RE2 has no such escape. */
static size_t char_escape(const char *p, long *rune)
{
    static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
    const char *hit;
    size_t n = 1;

    if (*p == '\0') {
        return 0;
    }
    if (*p == 'x') {
        return hex_escape(p, rune);
    }
    hit = strchr(from, *p);
    if (hit != NULL) {
        *rune = (unsigned char)to[hit - from];
        return 1;
    }
    if (*p >= '0' && *p <= '7' && (*p == '0' || (p[1] >= '0' && p[1] <= '7'))) {
        for (*rune = 0, n = 0; n < 3 && p[n] >= '0' && p[n] <= '7'; n++) {
            *rune = 8 * *rune + (p[n] - '0');
        }
        return n;
    }
    *rune = (unsigned char)*p;
    return (unsigned char)*p < 0x80 && !isalnum((unsigned char)*p) ? 1 : 0;
}

/* \d and its like, and \p{Name}: bytes behind the backslash, 0 if it is none. */
static size_t class_escape(const char *p)
{
    if (*p == '\0') {
        return 0;
    }
    if (strchr("dDsSwW", *p) != NULL) {
        return 1;
    }
    if (*p != 'p' && *p != 'P') {
        return 0;
    }
    if (p[1] == '{') {
        const char *end = strchr(p, '}');

        return end == NULL ? 0 : (size_t)(end - p) + 1;
    }
    return isalpha((unsigned char)p[1]) ? 2 : 0;
}

/* Space as RE2 has it: no vertical tab. */
static void copy_class_escape(struct syntax *s, size_t n, bool inside)
{
    if (s->p[1] == 's') {
        const char *text = inside ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]";

        put(s, text, strlen(text));
        s->p += 1 + n;
    } else if (s->p[1] == 'S') {
        const char *text = inside ? "\\S\\x0b" : "[^\\t\\n\\f\\r\\x20]";

        put(s, text, strlen(text));
        s->p += 1 + n;
    } else {
        copy(s, 1 + n);
    }
}

static int copy_char_escape(struct syntax *s, long *rune)
{
    size_t n = char_escape(s->p + 1, rune);

    if (n == 0) {
        return fail(s, s->p[1] >= '1' && s->p[1] <= '9' ? "RE2 has no back references"
                                                        : "unknown escape");
    }
    if (s->p[1] == 'v') {
        put(s, "\\x0b", 4);
        s->p += 2;
    } else {
        copy(s, 1 + n);
    }
    return 0;
}

/* One end of a range in brackets. */
static int parse_class_char(struct syntax *s, long *rune)
{
    size_t n;

    if (*s->p == '\0') {
        return fail(s, "missing closing ]");
    }
    if (*s->p == '\\') {
        return copy_char_escape(s, rune);
    }
    n = rune_length(s->p);
    if (n == 0) {
        return fail(s, "invalid UTF-8");
    }
    *rune = 0;
    for (size_t i = 0; i < n; i++) { /* any number that orders as the characters do */
        *rune = *rune << 8 | (unsigned char)s->p[i];
    }
    if (*s->p == '[') {
        put(s, "\\", 1);
    }
    copy(s, n);
    return 0;
}

static int parse_class_item(struct syntax *s)
{
    long low, high;
    size_t n;

    if (s->p[0] == '[' && s->p[1] == ':' && strstr(s->p + 2, ":]") != NULL) {
        copy(s, (size_t)(strstr(s->p + 2, ":]") - s->p) + 2); /* PCRE2 knows the same names */
        return 0;
    }
    if (*s->p == '\\' && (n = class_escape(s->p + 1)) > 0) {
        copy_class_escape(s, n, true);
        if (s->p[0] == '-' && s->p[1] != ']') {
            put(s, "\\", 1); /* a class begins no range */
        }
        return 0;
    }
    if (parse_class_char(s, &low) < 0) {
        return -1;
    }
    if (s->p[0] != '-' || s->p[1] == ']') {
        return 0;
    }
    copy(s, 1);
    if (parse_class_char(s, &high) < 0) {
        return -1;
    }
    return high < low ? fail(s, "a range in brackets falls") : 0;
}

static int parse_class(struct syntax *s)
{
    bool first = true;

    copy(s, 1);
    if (*s->p == '^') {
        copy(s, 1);
    }
    for (; *s->p != ']' || first; first = false) {
        if (parse_class_item(s) < 0) {
            return -1;
        }
    }
    copy(s, 1);
    return 0;
}

static int parse_name(struct syntax *s)
{
    const char *start = strchr(s->p, '<') + 1;
    struct regex_names *names = s->names;
    size_t n = 0;

    while (isalnum((unsigned char)start[n]) || start[n] == '_') {
        n++;
    }
    if (n == 0 || start[n] != '>') {
        return fail(s, "bad group name");
    }
    names->item = rs_xrealloc(names->item, (size_t)(names->n + 1) * sizeof *names->item);
    names->item[names->n].text = rs_xcalloc(n + 1, 1);
    memcpy(names->item[names->n].text, start, n);
    names->item[names->n++].group = ++s->n_group;
    put(s, "(", 1);
    s->p = start + n + 1;
    return 0;
}

void rs_regex_names_clear(struct regex_names *names)
{
    for (int i = 0; i < names->n; i++) {
        free(names->item[i].text);
    }
    free(names->item);
    *names = (struct regex_names){0};
}

/* Behind "(?": flags, and ':' or ')'. Returns 1 if a group follows, 0 if not, -1. */
static int parse_flags(struct syntax *s)
{
    bool minus = false, some = false;

    copy(s, 2);
    for (; *s->p != ':' && *s->p != ')'; copy(s, 1)) {
        if (*s->p == '-' && !minus) {
            minus = true;
            some = false;
        } else if (*s->p != '\0' && strchr("imsU", *s->p) != NULL) {
            some = true;
        } else {
            return fail(s, "RE2 has no look-around and no special groups");
        }
    }
    if (minus && !some) {
        return fail(s, "a minus without flags");
    }
    copy(s, 1);
    return s->p[-1] == ':';
}

/* Returns the greatest product of nested repetitions inside, or -1. */
static int parse_group(struct syntax *s)
{
    int size, follows = 1;

    if (s->p[1] == '?' && (strncmp(s->p, "(?P<", 4) == 0 || (s->plain_names && s->p[2] == '<'))) {
        follows = parse_name(s) < 0 ? -1 : 1;
    } else if (s->p[1] == '?') {
        follows = parse_flags(s);
    } else {
        s->n_group++;
        copy(s, 1);
    }
    if (follows <= 0) {
        return follows < 0 ? -1 : 0;
    }
    if (++s->depth > DEPTH_MAX) {
        return fail(s, "nested too deeply");
    }
    size = parse_alternatives(s);
    s->depth--;
    if (size >= 0 && *s->p != ')') {
        return fail(s, "missing closing )");
    }
    if (size >= 0) {
        copy(s, 1);
    }
    return size;
}

/* \Q ... \E: what is between stands for itself, up to the end if there is no \E. */
static void parse_quoted(struct syntax *s)
{
    const char *end = strstr(s->p, "\\E");

    if (end != NULL) {
        copy(s, (size_t)(end - s->p) + 2);
    } else {
        copy(s, strlen(s->p));
        put(s, "\\E", 2);
    }
}

/* One thing that can be repeated. Returns its size as parse_group does, 0 for flags, which cannot. */
static int parse_atom(struct syntax *s)
{
    size_t n;
    long rune;

    switch (*s->p) {
    case '(': return parse_group(s);
    case '[': return parse_class(s) < 0 ? -1 : 1;
    case '*':
    case '+':
    case '?': return fail(s, "a repetition of nothing");
    case '{': put(s, "\\", 1); break; /* no repetition, as the caller has seen */
    case '\\':
        if (s->p[1] == 'Q' && !s->plain_names && strstr(s->p, "\\E") == NULL) {
            return fail(s, "missing \\E"); /* it swallows the anchor that 2.42 puts behind */
        }
        if (s->p[1] == 'Q') {
            parse_quoted(s);
            return 1;
        }
        if (s->p[1] != '\0' && strchr("AbBz", s->p[1]) != NULL) {
            copy(s, 2);
            return 1;
        }
        n = class_escape(s->p + 1);
        if (n > 0) {
            copy_class_escape(s, n, false);
            return 1;
        }
        return copy_char_escape(s, &rune) < 0 ? -1 : 1;
    default: break;
    }
    n = rune_length(s->p);
    if (n == 0) {
        return fail(s, "invalid UTF-8");
    }
    copy(s, n);
    return 1;
}

/* A count without leading zeros. Returns its bytes, 0 if there is none. */
static size_t read_count(const char *p, int *count)
{
    size_t n = strspn(p, "0123456789");
    char *end;

    if (n == 0 || (n > 1 && p[0] == '0')) {
        return 0;
    }
    *count = n > 8 ? REPEAT_MAX + 1 : (int)strtol(p, &end, 10);
    return n;
}

/* {2}, {2,}, {2,3} at p. Returns its bytes, 0 if the brace stands for itself; at most -1 = without end. */
static size_t read_repeat(const char *p, int *least, int *most)
{
    size_t n = *p == '{' ? read_count(p + 1, least) + 1 : 0, k;

    if (n < 2) {
        return 0;
    }
    *most = *least;
    if (p[n] == ',') {
        n++;
        *most = -1;
        if (p[n] != '}') {
            k = read_count(p + n, most);
            if (k == 0) {
                return 0;
            }
            n += k;
        }
    }
    return p[n] == '}' ? n + 1 : 0;
}

/* What follows an atom of that size. Returns the size with it, or -1. */
static int parse_repeat(struct syntax *s, int size)
{
    int least = 0, most = 0, times;
    size_t n = read_repeat(s->p, &least, &most);

    if (n == 0 && (*s->p == '\0' || strchr("*+?", *s->p) == NULL)) {
        return size;
    }
    if (n > 0) {
        times = most < 0 ? least : most;
        if (least > REPEAT_MAX || most > REPEAT_MAX || (most >= 0 && most < least)) {
            return fail(s, "a repetition count must be 0..1000 and not fall");
        }
        if (times >= 2 && size * times > REPEAT_MAX) {
            return fail(s, "nested repetitions must not exceed 1000");
        }
        size = times > 1 ? size * times : size;
    }
    copy(s, n > 0 ? n : 1);
    if (*s->p == '?') {
        copy(s, 1);
    }
    if ((*s->p != '\0' && strchr("*+?", *s->p) != NULL) || read_repeat(s->p, &least, &most) > 0) {
        return fail(s, "a repetition of a repetition");
    }
    return size;
}

static int parse_alternatives(struct syntax *s)
{
    int largest = 1, least, most;
    bool operand = false;

    while (*s->p != '\0' && *s->p != ')') {
        int size;

        if (*s->p == '|') {
            copy(s, 1);
            operand = false;
            continue;
        }
        if (!operand && read_repeat(s->p, &least, &most) > 0) {
            return fail(s, "a repetition of nothing");
        }
        size = parse_atom(s);
        if (size < 0) {
            return -1;
        }
        operand = size > 0;
        if (operand) {
            size = parse_repeat(s, size);
            if (size < 0) {
                return -1;
            }
            largest = size > largest ? size : largest;
        }
    }
    return largest;
}

char *rs_regex_translate(const char *pattern,
                         bool plain_names,
                         struct regex_names *names,
                         const char **why)
{
    /* The longest rewriting makes 17 bytes of 2. */
    struct syntax s = {.p = pattern,
                       .out = rs_xcalloc(9 * strlen(pattern) + 16, 1),
                       .plain_names = plain_names,
                       .names = names};
    int size = parse_alternatives(&s);

    if (size >= 0 && *s.p == ')') {
        size = fail(&s, "unexpected )");
    }
    *why = s.why;
    if (size < 0) {
        free(s.out);
        return NULL;
    }
    s.out[s.n] = '\0';
    return s.out;
}
