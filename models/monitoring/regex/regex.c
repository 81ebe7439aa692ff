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
    struct regex_names names;
};

struct regex *rs_regex_new(const char *pattern, enum regex_flavour flavour, char *why, int n)
{
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
                             (flavour == RS_REGEX_3 ? PCRE2_DOTALL : 0);
    const char *strange = NULL;
    struct regex *re = rs_xcalloc(1, sizeof *re);
    char *ours = rs_regex_translate(pattern, flavour != RS_REGEX_2_42, &re->names, &strange);
    char *anchored;
    PCRE2_SIZE where = 0;
    size_t size;
    int code = 0;

    if (ours == NULL) {
        (void)snprintf(why, (size_t)n, "%s", strange);
        rs_regex_free(re);
        return NULL;
    }
    size = strlen(ours) + 16;
    anchored = rs_xcalloc(1, size);
    (void)snprintf(anchored, size, "\\A(?:%s)\\z", ours);
    re->code =
        pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED, options, &code, &where, NULL);
    free(ours);
    free(anchored);
    if (re->code == NULL) {
        PCRE2_UCHAR text[160];

        (void)pcre2_get_error_message(code, text, sizeof text);
        (void)snprintf(why, (size_t)n, "%s", (const char *)text);
        rs_regex_free(re);
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
        rs_regex_names_clear(&re->names);
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

static bool group_matched(const struct regex *re, long group)
{
    return group >= 0 && group < (long)pcre2_get_ovector_count(re->match) &&
           pcre2_get_ovector_pointer(re->match)[2 * group] != PCRE2_UNSET;
}

/* Adds the group called `name`: a number, or a name; unknown and unmatched groups are empty. */
static void add_group(struct buffer *b, const struct regex *re, const char *text, const char *name)
{
    const PCRE2_SIZE *span = pcre2_get_ovector_pointer(re->match);
    long group = -1;

    if (strspn(name, "0123456789") == strlen(name)) {
        group = strlen(name) < 9 ? strtol(name, NULL, 10) : -1;
    }
    for (int i = 0; i < re->names.n && group < 0; i++) {
        if (strcmp(re->names.item[i].text, name) == 0 &&
            group_matched(re, re->names.item[i].group)) {
            group = re->names.item[i].group; /* the first of that name that took part */
        }
    }
    if (group_matched(re, group)) {
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
    rs_matcher_init_as(m, RS_REGEX_3, name, value, op);
}

void rs_matcher_init_as(struct ready_matcher *m,
                        enum regex_flavour flavour,
                        const char *name,
                        const char *value,
                        enum match_op op)
{
    char why[200];

    *m = (struct ready_matcher){name, value, op, NULL};
    if (op == RS_MATCH_RE || op == RS_MATCH_NRE) {
        m->re = rs_regex_new(value, flavour, why, sizeof why);
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
