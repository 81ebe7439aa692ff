/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pattern on its way from RE2's syntax to PCRE2's. */
#ifndef MONITORING_REGEX_SYNTAX_H
#define MONITORING_REGEX_SYNTAX_H

#include <stddef.h>

#include "regex.h"

struct syntax {
    const char *p; /* next byte */
    char *out;
    size_t n;
    const char *why;  /* set by the first failure */
    bool plain_names; /* (?<name>...) is known */
    int depth, n_group;
    struct regex_names *names;
};

/* Keeps the first reason. Always -1. */
int rs_syntax_fail(struct syntax *s, const char *why);
void rs_syntax_put(struct syntax *s, const char *text, size_t n);
/* Copies n bytes of the pattern. */
void rs_syntax_copy(struct syntax *s, size_t n);

/* regex_class.c */

/* The bytes of the character at p, 0 if it is no UTF-8. */
size_t rs_syntax_rune_length(const char *p);
/* \d and its like, and \p{Name}: bytes behind the backslash, 0 if it is none. */
size_t rs_syntax_class_escape(const char *p);
void rs_syntax_copy_class_escape(struct syntax *s, size_t n, bool inside);
/* An escaped character at s->p. 0 or -1; *rune is the character. */
int rs_syntax_copy_char_escape(struct syntax *s, long *rune);
/* [...] at s->p. 0 or -1. */
int rs_syntax_class(struct syntax *s);

#endif
