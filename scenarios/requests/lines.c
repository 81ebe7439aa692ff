/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

void rs_lines_start(struct lines *l, struct unpack *bytes)
{
    *l = (struct lines){.bytes = bytes};
    l->buf = rs_xrealloc(NULL, RS_LINES_BLOCK + 1);
}

void rs_lines_clear(struct lines *l)
{
    free(l->buf);
    l->buf = NULL;
}

/* More bytes behind what is there; buf[keep..] moves to the front. Returns how many came. */
static size_t refill(struct lines *l, size_t keep)
{
    size_t left = l->n - keep;
    if (keep > 0) {
        memmove(l->buf, l->buf + keep, left);
    }
    l->n = left;
    l->at -= keep;
    size_t room = RS_LINES_BLOCK - left;
    size_t got = l->ended ? 0 : rs_unpack_read(l->bytes, l->buf + left, room);
    l->ended = l->ended || got < room;
    l->has_nul = (l->has_nul && left > 0) || memchr(l->buf + left, '\0', got) != NULL;
    l->n += got;
    return got;
}

void rs_lines_look(struct lines *l)
{
    if (l->n == 0 && !l->ended) {
        refill(l, 0);
    }
}

/* Where the line that begins at `from` ends: at its \n, or at the end of all; NULL if it is too long. *keep moves with the text. */
static char *find_end(struct lines *l, size_t *keep, size_t from, size_t n_max)
{
    size_t seen = from;
    for (;;) {
        char *end = l->n > seen ? memchr(l->buf + seen, '\n', l->n - seen) : NULL;
        size_t n = (end ? (size_t)(end - l->buf) : l->n) - *keep;
        if (n > n_max) {
            return NULL;
        }
        if (end || l->ended) {
            return end ? end : l->buf + l->n;
        }
        seen = l->n - *keep;
        refill(l, *keep);
        *keep = 0;
    }
}

/* Reads on to the end of a line that is not wanted. */
static void pass_over(struct lines *l)
{
    for (;;) {
        char *end = memchr(l->buf + l->at, '\n', l->n - l->at);
        l->at = end ? (size_t)(end - l->buf) + 1 : l->n;
        if (end || l->ended) {
            return;
        }
        refill(l, l->at);
    }
}

static void hand_out(const char *line, const char *end, const char **out, size_t *out_n)
{
    *out = line;
    *out_n = (size_t)(end - line);
    *out_n -= *out_n > 0 && end[-1] == '\r';
}

enum line_kind rs_lines_next(struct lines *l, const char **out, size_t *out_n)
{
    l->number += 1 + l->n_inner;
    l->n_inner = 0;
    if (l->at == l->n && !l->ended) {
        refill(l, l->at);
    }
    if (l->at == l->n) {
        return RS_LINE_NONE;
    }
    size_t line = l->at;
    char *end = find_end(l, &line, line, RS_LINE_MAX);
    if (!end) {
        pass_over(l);
        return RS_LINE_LONG;
    }
    bool whole = end < l->buf + l->n;
    if (!whole && l->bytes->damaged) {
        l->at = l->n; /* a line that breaks off says nothing by itself */
        return RS_LINE_NONE;
    }
    l->at = (size_t)(end - l->buf) + whole;
    hand_out(l->buf + line, end, out, out_n);
    return RS_LINE_TEXT;
}

bool rs_lines_extend(struct lines *l, const char **out, size_t *out_n)
{
    size_t line = (size_t)(*out - l->buf), n = *out_n;
    if (l->at == l->n && l->ended) {
        return false;
    }
    size_t next = l->at - line;
    char *end = find_end(l, &line, l->at, RS_LINE_MAX);
    *out = l->buf + line;
    *out_n = n;
    l->at = line + next;
    if (!end) {
        return false;
    }
    l->at = (size_t)(end - l->buf) + (end < l->buf + l->n);
    l->n_inner++;
    hand_out(l->buf + line, end, out, out_n);
    return true;
}

void rs_lines_shorten(struct lines *l, const char **out, size_t *out_n)
{
    const char *end = memchr(*out, '\n', *out_n);
    if (end) {
        l->at = (size_t)(end - l->buf) + 1;
        l->n_inner = 0;
        hand_out(*out, end, out, out_n);
    }
}
