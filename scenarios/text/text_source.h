/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text that is read once, front to back: a file, standard input ("-"), or memory, packed with gzip or zstd or not. By lines or
 * by characters, with the place kept. Memory use is one block, and the longest line.
 */
#ifndef SCENARIOS_TEXT_SOURCE_H
#define SCENARIOS_TEXT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/err.h"
#include "unpack.h"

struct text_source { /* caller's storage: open / close */
    struct unpack bytes;
    const char *path;
    char *buf; /* owned; buf[at..n) is not read yet */
    size_t at, n, cap;
    bool ended;    /* nothing follows buf[n) */
    bool damaged;  /* the packed data broke off */
    bool unended;  /* the newest line has no end: it is the last one, and may be cut */
    int line, col; /* of the character that comes next, by characters: from 1 */
};

enum { RS_SOURCE_END = -1 };

/* 0, or -1 with an error that names the path (borrowed). */
int rs_source_open(struct text_source *s, const char *path, struct err_list *errors);
/* Out of bytes that are open already, which it takes over. */
void rs_source_take(struct text_source *s, const struct unpack *bytes);
/* The text is copied; it may be packed too. */
void rs_source_from_memory(struct text_source *s, const char *path, const char *text, size_t n);
void rs_source_close(struct text_source *s);

/* Looks ahead without reading: at least n characters are at *out if that many are left. Returns how many are there. */
size_t rs_source_peek(struct text_source *s, size_t n, const char **out);
/* The next byte as 0..255, or RS_SOURCE_END. */
int rs_source_get(struct text_source *s);
int rs_source_look(struct text_source *s);
/*
 * The next line, without its end (\n or \r\n), NUL-terminated, writable, valid until the next call; NULL at the end. Lines
 * longer than n_max bytes are not read: *too_long is set and NULL returned.
 */
char *rs_source_line(struct text_source *s, size_t n_max, size_t *out_n, bool *too_long);
/* What to say of a damaged one. */
const char *rs_source_damage(const struct text_source *s);

#endif
