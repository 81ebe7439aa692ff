/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text_source.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

enum { BLOCK = 1 << 16 };

int rs_source_open(struct text_source *s, const char *path, struct err_list *errors)
{
    *s = (struct text_source){.line = 1, .col = 1};
    int status = rs_unpack_open(&s->bytes, path, errors);
    s->path = s->bytes.path;
    return status;
}

void rs_source_take(struct text_source *s, const struct unpack *bytes)
{
    *s = (struct text_source){.bytes = *bytes, .path = bytes->path, .line = 1, .col = 1};
}

void rs_source_from_memory(struct text_source *s, const char *path, const char *text, size_t n)
{
    *s = (struct text_source){.path = path, .line = 1, .col = 1};
    rs_unpack_from_memory(&s->bytes, path, text, n);
}

void rs_source_close(struct text_source *s)
{
    rs_unpack_close(&s->bytes);
    free(s->buf);
    s->buf = NULL;
}

/* Reads one more block behind what is there; what was read already is moved out of the way first. */
static void read_block(struct text_source *s)
{
    if (s->ended) {
        return;
    }
    if (s->at > 0) {
        memmove(s->buf, s->buf + s->at, s->n - s->at);
        s->n -= s->at;
        s->at = 0;
    }
    if (s->n + BLOCK + 1 > s->cap) {
        s->cap = 2 * s->cap > s->n + BLOCK + 1 ? 2 * s->cap : s->n + BLOCK + 1;
        s->buf = rs_xrealloc(s->buf, s->cap);
    }
    size_t got = rs_unpack_read(&s->bytes, s->buf + s->n, BLOCK);
    s->ended = got < BLOCK;
    s->damaged = s->bytes.damaged;
    s->n += got;
}

const char *rs_source_damage(const struct text_source *s)
{
    return rs_unpack_damage(&s->bytes);
}

size_t rs_source_peek(struct text_source *s, size_t n, const char **out)
{
    while (s->n - s->at < n && !s->ended) {
        read_block(s);
    }
    *out = s->buf ? s->buf + s->at : "";
    return s->n - s->at;
}

int rs_source_look(struct text_source *s)
{
    while (s->at == s->n) {
        if (s->ended) {
            return RS_SOURCE_END;
        }
        read_block(s);
    }
    return (unsigned char)s->buf[s->at];
}

int rs_source_get(struct text_source *s)
{
    int c = rs_source_look(s);
    if (c == RS_SOURCE_END) {
        return c;
    }
    s->at++;
    if (c == '\n') {
        s->line++;
        s->col = 1;
    } else {
        s->col += (c & 0xc0) != 0x80; /* the later bytes of a character stand in no column */
    }
    return c;
}

char *rs_source_line(struct text_source *s, size_t n_max, size_t *out_n, bool *too_long)
{
    size_t seen = 0;
    char *end = NULL;
    *too_long = false;
    for (;;) {
        if (s->n > s->at + seen) {
            end = memchr(s->buf + s->at + seen, '\n', s->n - s->at - seen);
        }
        seen = s->n - s->at;
        if (end || s->ended || seen > n_max) {
            break;
        }
        read_block(s);
    }
    if (!end && (seen == 0 || s->damaged)) { /* a line that breaks off says nothing by itself */
        return NULL;
    }
    char *line = s->buf + s->at;
    size_t n = end ? (size_t)(end - line) : seen;
    if (n > n_max) {
        *too_long = true;
        return NULL;
    }
    s->unended = end == NULL;
    s->at += n + (end != NULL);
    s->line++;
    s->col = 1;
    n -= n > 0 && line[n - 1] == '\r';
    line[n] = '\0'; /* there is always room for one more byte */
    *out_n = n;
    return line;
}
