/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
};

/* What PCRE2 reads but RE2 refuses. Returns the name of the construct, or NULL. */
static const char *not_re2(const char *p)
{
    bool in_class = false, after_repeat = false;

    for (; *p != '\0'; p++) {
        bool repeat = false;

        if (*p == '\\') {
            if (p[1] == '\0') {
                return NULL; /* PCRE2 complains of it */
            }
            p++;
            if (!in_class && ((*p >= '1' && *p <= '9') || *p == 'k' || *p == 'g')) {
                return "a back reference";
            }
            if (strchr("GKRXHVNh", *p) != NULL) {
                return "this escape";
            }
        } else if (in_class) {
            in_class = *p != ']';
        } else if (*p == '[') {
            in_class = true;
            p += p[1] == '^';
            p += p[1] == ']';
        } else if (*p == '(' && p[1] == '*') {
            return "a verb";
        } else if (*p == '(' && p[1] == '?') {
            if (strchr("=!>|(&+-R#0123456789C'", p[2]) != NULL && p[2] != '\0' && p[2] != '-') {
                return "look-around or a special group";
            }
            if (p[2] == '<' && (p[3] == '=' || p[3] == '!')) {
                return "look-behind";
            }
        } else if (*p == '*' || *p == '+' || *p == '?') {
            if (after_repeat && *p == '+') {
                return "a possessive repetition";
            }
            repeat = true;
        }
        after_repeat = repeat;
    }
    return NULL;
}

struct regex *rs_regex_new(const char *pattern, char *why, int n)
{
    const uint32_t options =
        PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
    const char *strange = not_re2(pattern);
    struct regex *re;
    PCRE2_SIZE where = 0;
    size_t size = strlen(pattern) + 16;
    char *anchored;
    int code = 0;

    if (strange != NULL) {
        (void)snprintf(why, (size_t)n, "Prometheus' regular expressions do not have %s", strange);
        return NULL;
    }
    re = rs_xcalloc(1, sizeof *re);
    anchored = rs_xcalloc(1, size);
    /* Compiled alone first, so that "a)(b" cannot break out of the anchors. */
    re->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &where, NULL);
    if (re->code != NULL) {
        pcre2_code_free(re->code);
        (void)snprintf(anchored, size, "\\A(?:%s)\\z", pattern);
        re->code = pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED, options, &code,
                                 &where, NULL);
    }
    free(anchored);
    if (re->code == NULL) {
        PCRE2_UCHAR text[160];

        (void)pcre2_get_error_message(code, text, sizeof text);
        (void)snprintf(why, (size_t)n, "%s", (const char *)text);
        free(re);
        return NULL;
    }
    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    assert(re->match != NULL);
    return re;
}

void rs_regex_free(struct regex *re)
{
    if (re != NULL) {
        pcre2_match_data_free(re->match);
        pcre2_code_free(re->code);
        free(re);
    }
}

bool rs_regex_match(const struct regex *re, const char *text)
{
    return pcre2_match(re->code, (PCRE2_SPTR)text, strlen(text), 0, 0, re->match, NULL) > 0;
}

struct buffer {
    char *text;
    size_t n, cap;
};

static void buffer_add(struct buffer *b, const char *text, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = 2 * b->cap + n + 32;
        b->text = rs_xrealloc(b->text, b->cap);
    }
    memcpy(b->text + b->n, text, n);
    b->n += n;
    b->text[b->n] = '\0';
}

/* Adds the group called `name`: a number, or a name; unknown and unmatched groups are empty. */
static void add_group(struct buffer *b, const struct regex *re, const char *text, const char *name)
{
    PCRE2_SIZE *span = pcre2_get_ovector_pointer(re->match);
    long group = -1;

    if (isdigit((unsigned char)name[0])) {
        char *rest;

        group = strtol(name, &rest, 10);
        group = *rest == '\0' ? group : -1;
    } else {
        group = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)name);
    }
    if (group >= 0 && group < (long)pcre2_get_ovector_count(re->match) &&
        span[2 * group] != PCRE2_UNSET) {
        buffer_add(b, text + span[2 * group], span[2 * group + 1] - span[2 * group]);
    }
}

/*
 * Reads the name after a '$' into name[64]. Returns how much of the template it took, 0 if it is
 * malformed.
 */
static size_t group_name(const char *p, char name[64])
{
    bool braced = *p == '{';
    size_t n = 0, skip = braced;

    while (isalnum((unsigned char)p[skip + n]) || p[skip + n] == '_') {
        n++;
    }
    if (n == 0 || n >= 64 || (braced && p[skip + n] != '}')) {
        return 0;
    }
    memcpy(name, p + skip, n);
    name[n] = '\0';
    return skip + n + braced;
}

char *rs_regex_expand(const struct regex *re, const char *text, const char *template)
{
    struct buffer b = {0};

    if (!rs_regex_match(re, text)) {
        return NULL;
    }
    buffer_add(&b, "", 0);
    for (const char *p = template; *p != '\0';) {
        char name[64];
        size_t took;

        if (*p != '$') {
            buffer_add(&b, p++, 1);
        } else if (p[1] == '$') {
            buffer_add(&b, "$", 1);
            p += 2;
        } else if ((took = group_name(p + 1, name)) > 0) {
            add_group(&b, re, text, name);
            p += 1 + took;
        } else {
            buffer_add(&b, p++, 1); /* malformed: treated as a plain $ */
        }
    }
    return b.text;
}

void rs_matcher_init(struct ready_matcher *m, const char *name, const char *value, enum match_op op)
{
    char why[200];

    *m = (struct ready_matcher){name, value, op, NULL};
    if (op == RS_MATCH_RE || op == RS_MATCH_NRE) {
        m->re = rs_regex_new(value, why, sizeof why);
        assert(m->re != NULL);
    }
}

void rs_matcher_clear(struct ready_matcher *m)
{
    rs_regex_free(m->re);
    m->re = NULL;
}

bool rs_matcher_matches(const struct ready_matcher *m, const char *value)
{
    switch (m->op) {
    case RS_MATCH_EQ: return strcmp(m->value, value) == 0;
    case RS_MATCH_NE: return strcmp(m->value, value) != 0;
    case RS_MATCH_RE: return rs_regex_match(m->re, value);
    case RS_MATCH_NRE: return !rs_regex_match(m->re, value);
    }
    return false;
}
