/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The syntax of RE2 as Go's regexp/syntax reads it (Perl flags), checked and written down for PCRE2. Most of it means the same
 * to both and is copied; what PCRE2 reads otherwise is rewritten: \v, \s, \S and braces that are no repetition.
 * Source: the RE2 syntax page, https://github.com/google/re2/wiki/Syntax, and what promtool says of each construct
 * (tests/monitoring/data/promql_accept.txt).
 */
#include "regex_syntax.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

#define DEPTH_MAX 1000
#define REPEAT_MAX 1000

static int parse_alternatives(struct syntax *s);

int rs_syntax_fail(struct syntax *s, const char *why)
{
    if (s->why == NULL) {
        s->why = why;
    }
    return -1;
}

void rs_syntax_put(struct syntax *s, const char *text, size_t n)
{
    memcpy(s->out + s->n, text, n);
    s->n += n;
}

void rs_syntax_copy(struct syntax *s, size_t n)
{
    rs_syntax_put(s, s->p, n);
    s->p += n;
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
        return rs_syntax_fail(s, "bad group name");
    }
    names->item = rs_xrealloc(names->item, (size_t)(names->n + 1) * sizeof *names->item);
    names->item[names->n].text = rs_xcalloc(n + 1, 1);
    memcpy(names->item[names->n].text, start, n);
    names->item[names->n++].group = ++s->n_group;
    rs_syntax_put(s, "(", 1);
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

    rs_syntax_copy(s, 2);
    for (; *s->p != ':' && *s->p != ')'; rs_syntax_copy(s, 1)) {
        if (*s->p == '-' && !minus) {
            minus = true;
            some = false;
        } else if (*s->p != '\0' && strchr("imsU", *s->p) != NULL) {
            some = true;
        } else {
            return rs_syntax_fail(s, "RE2 has no look-around and no special groups");
        }
    }
    if (minus && !some) {
        return rs_syntax_fail(s, "a minus without flags");
    }
    rs_syntax_copy(s, 1);
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
        rs_syntax_copy(s, 1);
    }
    if (follows <= 0) {
        return follows < 0 ? -1 : 0;
    }
    if (++s->depth > DEPTH_MAX) {
        return rs_syntax_fail(s, "nested too deeply");
    }
    size = parse_alternatives(s);
    s->depth--;
    if (size >= 0 && *s->p != ')') {
        return rs_syntax_fail(s, "missing closing )");
    }
    if (size >= 0) {
        rs_syntax_copy(s, 1);
    }
    return size;
}

/* \Q ... \E: what is between stands for itself, up to the end if there is no \E. */
static void parse_quoted(struct syntax *s)
{
    const char *end = strstr(s->p, "\\E");

    if (end != NULL) {
        rs_syntax_copy(s, (size_t)(end - s->p) + 2);
    } else {
        rs_syntax_copy(s, strlen(s->p));
        rs_syntax_put(s, "\\E", 2);
    }
}

/* One thing that can be repeated. Returns its size as parse_group does, 0 for flags, which cannot. */
static int parse_atom(struct syntax *s)
{
    size_t n;
    long rune;

    switch (*s->p) {
    case '(': return parse_group(s);
    case '[': return rs_syntax_class(s) < 0 ? -1 : 1;
    case '*':
    case '+':
    case '?': return rs_syntax_fail(s, "a repetition of nothing");
    case '{': rs_syntax_put(s, "\\", 1); break; /* no repetition, as the caller has seen */
    case '\\':
        if (s->p[1] == 'Q' && !s->plain_names && strstr(s->p, "\\E") == NULL) {
            return rs_syntax_fail(s,
                                  "missing \\E"); /* it swallows the anchor that 2.42 puts behind */
        }
        if (s->p[1] == 'Q') {
            parse_quoted(s);
            return 1;
        }
        if (s->p[1] != '\0' && strchr("AbBz", s->p[1]) != NULL) {
            rs_syntax_copy(s, 2);
            return 1;
        }
        n = rs_syntax_class_escape(s->p + 1);
        if (n > 0) {
            rs_syntax_copy_class_escape(s, n, false);
            return 1;
        }
        return rs_syntax_copy_char_escape(s, &rune) < 0 ? -1 : 1;
    default: break;
    }
    n = rs_syntax_rune_length(s->p);
    if (n == 0) {
        return rs_syntax_fail(s, "invalid UTF-8");
    }
    rs_syntax_copy(s, n);
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
            return rs_syntax_fail(s, "a repetition count must be 0..1000 and not fall");
        }
        if (times >= 2 && size * times > REPEAT_MAX) {
            return rs_syntax_fail(s, "nested repetitions must not exceed 1000");
        }
        size = times > 1 ? size * times : size;
    }
    rs_syntax_copy(s, n > 0 ? n : 1);
    if (*s->p == '?') {
        rs_syntax_copy(s, 1);
    }
    if ((*s->p != '\0' && strchr("*+?", *s->p) != NULL) || read_repeat(s->p, &least, &most) > 0) {
        return rs_syntax_fail(s, "a repetition of a repetition");
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
            rs_syntax_copy(s, 1);
            operand = false;
            continue;
        }
        if (!operand && read_repeat(s->p, &least, &most) > 0) {
            return rs_syntax_fail(s, "a repetition of nothing");
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
        size = rs_syntax_fail(&s, "unexpected )");
    }
    *why = s.why;
    if (size < 0) {
        free(s.out);
        return NULL;
    }
    s.out[s.n] = '\0';
    return s.out;
}
