/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prometheus' regular expressions (RE2 syntax, anchored at both ends) on PCRE2, and label matchers. */
#ifndef MONITORING_REGEX_H
#define MONITORING_REGEX_H

#include <stdbool.h>

#include "models/alertmanager.h"

struct regex; /* opaque, heap */

/* Whose expressions: the ends are anchored always. */
enum regex_flavour {
    RS_REGEX_3,    /* Prometheus 3: dot matches a newline */
    RS_REGEX_2_53, /* it does not */
    RS_REGEX_2_42  /* and groups are named (?P<name>...) only */
};

/*
 * Compiles ^(?:pattern)$. NULL if it is no regular expression, or one that RE2 does not have
 * (look-around, back references, atomic groups): then why[n] says so in words.
 */
struct regex *rs_regex_new(const char *pattern, enum regex_flavour flavour, char *why, int n);

/* The names of groups: RE2 allows more names than PCRE2, so that the groups lose theirs to this. */
struct regex_names {
    struct regex_name {
        char *text; /* owned */
        int group;
    } * item; /* [n], owned */
    int n;
};
void rs_regex_names_clear(struct regex_names *names);

/*
 * The pattern as PCRE2 must be given it, heap; NULL if RE2 refuses it, with *why in words.
 * plain_names: (?<name>...) names a group too.
 */
char *rs_regex_translate(const char *pattern,
                         bool plain_names,
                         struct regex_names *names,
                         const char **why);
void rs_regex_free(struct regex *re); /* NULL ok */
bool rs_regex_match(const struct regex *re, const char *text);

/*
 * Go's Regexp.Expand: writes `template` with $1, ${1}, $name, ${name} and $$ replaced from a match
 * of `text`.
 * Returns heap text, or NULL if the expression does not match.
 */
char *rs_regex_expand(const struct regex *re, const char *text, const char *template);

/* A matcher made ready: for = and != re is NULL. */
struct ready_matcher {
    const char *name, *value; /* borrowed */
    enum match_op op;
    struct regex *re; /* owned */
};

/* The expressions have been checked before (assert). Dot matches a newline. */
void rs_matcher_init(struct ready_matcher *m,
                     const char *name,
                     const char *value,
                     enum match_op op);
/* The same for another flavour. */
void rs_matcher_init_as(struct ready_matcher *m,
                        enum regex_flavour flavour,
                        const char *name,
                        const char *value,
                        enum match_op op);
void rs_matcher_clear(struct ready_matcher *m);
/* value "" = the label is absent. */
bool rs_matcher_matches(const struct ready_matcher *m, const char *value);

#endif
