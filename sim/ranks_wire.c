/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ranks_wire.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned char *room(struct bytes *b, size_t n)
{
    if (b->cap - b->n < n) {
        b->cap = 2 * (b->n + n) + 64;
        b->p = rs_xrealloc(b->p, b->cap);
    }
    unsigned char *at = b->p + b->n;
    b->n += n;
    return at;
}

void rs_wire_put(struct bytes *b, uint64_t v)
{
    unsigned char *to = room(b, 8);
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(v >> (8 * i));
    }
}

void rs_wire_put_bytes(struct bytes *b, const void *p, size_t n)
{
    rs_wire_put(b, n);
    if (n > 0) {
        memcpy(room(b, n), p, n);
    }
}

void rs_wire_put_text(struct bytes *b, const char *text)
{
    rs_wire_put_bytes(b, text, strlen(text));
}

void rs_wire_put_err(struct bytes *b, const struct err *err)
{
    rs_wire_put(b, (uint64_t)err->code);
    rs_wire_put(b, (uint64_t)err->line);
    rs_wire_put(b, (uint64_t)err->col);
    rs_wire_put_text(b, err->file);
    rs_wire_put_text(b, err->text);
}

uint64_t rs_wire_get(struct wire_reader *r)
{
    uint64_t v = 0;
    assert(r->end - r->p >= 8);
    for (int i = 0; i < 8; i++) {
        v |= (uint64_t)*r->p++ << (8 * i);
    }
    return v;
}

const unsigned char *rs_wire_get_bytes(struct wire_reader *r, size_t *out_n)
{
    *out_n = (size_t)rs_wire_get(r);
    assert((size_t)(r->end - r->p) >= *out_n);
    const unsigned char *p = r->p;
    r->p += *out_n;
    return p;
}

static void get_text(struct wire_reader *r, char *out, size_t size)
{
    size_t n;
    const unsigned char *p = rs_wire_get_bytes(r, &n);
    snprintf(out, size, "%.*s", (int)n, (const char *)p);
}

void rs_wire_get_err(struct wire_reader *r, struct err *out)
{
    *out = (struct err){.code = (enum rs_errc)rs_wire_get(r)};
    out->line = (int)rs_wire_get(r);
    out->col = (int)rs_wire_get(r);
    get_text(r, out->file, sizeof(out->file));
    get_text(r, out->text, sizeof(out->text));
}

double rs_wire_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
