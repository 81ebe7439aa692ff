/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Go's regular expressions for templates, unanchored, on PCRE2; and upper and lower case of all of Unicode. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "../regex/regex.h"
#include "sim/arena.h"
#include "template_private.h"

/* RE2 takes time in proportion to the text; PCRE2 may try long, and then the text counts as not matching. */
enum { MATCH_LIMIT = 1000000 };

static const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;

struct pattern {
    pcre2_code *re;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    struct regex_names names;
};

static void pattern_clear(struct pattern *p)
{
    pcre2_match_context_free(p->limits);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->re);
    rs_regex_names_clear(&p->names);
}

/* The next match at or behind `at`; where it lies is in p->match. */
static bool match_from(const struct pattern *p, const char *words, size_t n, size_t at)
{
    return pcre2_match(p->re, (PCRE2_SPTR)words, n, at, 0, p->match, p->limits) > 0;
}

/* What RE2 refuses is refused. -1 with c->why set. */
static int pattern_init(struct pattern *p, struct tcall *c, const char *text)
{
    const char *why = NULL;
    bool plain_names = c->x->t->dialect != RS_PROMQL_2_42;
    char *ours;
    int code = 0;
    PCRE2_SIZE where = 0;

    *p = (struct pattern){.names = {NULL, 0}};
    ours = rs_regex_translate(text, plain_names, &p->names, &why);
    if (ours != NULL) {
        p->re =
            pcre2_compile((PCRE2_SPTR)ours, PCRE2_ZERO_TERMINATED, options, &code, &where, NULL);
        free(ours);
    }
    if (p->re == NULL) {
        pattern_clear(p);
        return rs_tcall_fail(c, "error parsing regexp: %s", why != NULL ? why : "not readable");
    }
    p->match = pcre2_match_data_create_from_pattern(p->re, NULL);
    p->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(p->limits, MATCH_LIMIT);
    return 0;
}

int rs_template_match(struct tcall *c, const char *pattern, const char *words, bool *out)
{
    struct pattern p;

    if (pattern_init(&p, c, pattern) < 0) {
        return -1;
    }
    *out = match_from(&p, words, strlen(words), 0);
    pattern_clear(&p);
    return 0;
}

/* The group called by n bytes at `name`: a number or a name; one that is not there is empty. */
static void put_group(struct text *to, const struct pattern *p, const char *words, const char *name)
{
    PCRE2_SIZE *span = pcre2_get_ovector_pointer(p->match);
    long group;

    if (strspn(name, "0123456789") == strlen(name)) {
        group = strtol(name, NULL, 10);
    } else {
        group = -1;
        for (int i = 0; i < p->names.n; i++) {
            group = strcmp(p->names.item[i].text, name) == 0 ? p->names.item[i].group : group;
        }
    }
    if (group >= 0 && group < (long)pcre2_get_ovector_count(p->match) &&
        span[2 * group] != PCRE2_UNSET) {
        rs_text_add_n(to, words + span[2 * group], span[2 * group + 1] - span[2 * group]);
    }
}

/* Go's Expand: $1, ${name}, $$; a name takes as many letters, digits and underscores as it can. */
static void expand(struct text *to, const struct pattern *p, const char *words, const char *with)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    while (*with != '\0' && to->n < RS_TEXT_MAX) {
        bool braced = with[0] == '$' && with[1] == '{';
        size_t n = *with == '$' ? strspn(with + 1 + braced, word) : 0;

        if (with[0] == '$' && with[1] == '$') {
            rs_text_add(to, "$");
            with += 2;
        } else if (n > 0 && (!braced || with[2 + n] == '}')) {
            put_group(to, p, words, rs_arena_strndup(to->arena, with + 1 + braced, n));
            with += 1 + n + 2 * (size_t)braced;
        } else {
            rs_text_add_n(to, with++, 1);
        }
    }
}

/* Go's ReplaceAll: an empty match right behind another match does not count. */
static void
replace_all(struct text *to, const struct pattern *p, const char *with, const char *words)
{
    PCRE2_SIZE n = strlen(words), at = 0, last = 0;
    bool after_match = false;

    while (at <= n && to->n < RS_TEXT_MAX && match_from(p, words, n, at)) {
        PCRE2_SIZE *span = pcre2_get_ovector_pointer(p->match);
        PCRE2_SIZE from = span[0], end = span[1];
        int step = 1;

        if (end < from) {
            break;
        }
        rs_text_add_n(to, words + last, from - last);
        if (end > from || !(after_match && from == last)) {
            expand(to, p, words, with);
        }
        last = end;
        after_match = end > from;
        at = end;
        if (end == from) { /* goes on behind the next rune */
            if (from < n) {
                (void)rs_rune_at(words + from, &step);
                rs_text_add_n(to, words + from, (size_t)step);
            }
            at = end + (PCRE2_SIZE)step;
            last = from < n ? at : n;
        }
    }
    if (last < n) {
        rs_text_add(to, words + last);
    }
}

int rs_template_replace(
    struct tcall *c, const char *pattern, const char *with, const char *words, const char **out)
{
    struct text to = {.arena = c->x->arena};
    struct pattern p;

    if (pattern_init(&p, c, pattern) < 0) {
        return rs_tcall_fail(c, "regexp: Compile(`%s`): %s", pattern, c->why);
    }
    replace_all(&to, &p, with, words);
    pattern_clear(&p);
    *out = rs_text_get(&to);
    return 0;
}

const char *rs_template_case(struct arena *arena, const char *words, char which)
{
    int code = 0;
    PCRE2_SIZE where = 0, n = 4 * strlen(words) + 16;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR) "(?s).+", PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP, &code, &where, NULL);
    char *out = rs_arena_alloc(arena, n);
    static const char capital_sharp_s[] = "\xe1\xba\x9e";
    const char *with = which == 'U' ? "\\U$0" : "\\L$0";

    if (re == NULL || pcre2_substitute(re, (PCRE2_SPTR)words, PCRE2_ZERO_TERMINATED, 0,
                                       PCRE2_SUBSTITUTE_EXTENDED, NULL, NULL, (PCRE2_SPTR)with,
                                       PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)out, &n) < 0) {
        out = rs_arena_strdup(arena, words); /* not UTF-8 */
    }
    if (which == 'U' &&
        strstr(words, capital_sharp_s) == NULL) { /* Go leaves the small one alone */
        for (char *p = out; (p = strstr(p, capital_sharp_s)) != NULL;) {
            memcpy(p, "\xc3\x9f", 2);
            memmove(p + 2, p + 3, strlen(p + 3) + 1);
        }
    }
    pcre2_code_free(re);
    return out;
}
