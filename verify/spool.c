/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/arena.h"

/* A block is a page: where the next one is, then records. */
enum { BLOCK_BYTES = 4096, LINK_BYTES = 8 };

/* ---- the file -------------------------------------------------------------------------------------------------------- */

struct spill {
    int fd; /* -1: not made yet */
    uint64_t end;
    struct err err; /* the first failure */
};

struct spill *rs_spill_new(void)
{
    struct spill *f = rs_xcalloc(1, sizeof *f);
    f->fd = -1;
    return f;
}

void rs_spill_free(struct spill *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f);
}

static const char *folder(void)
{
    const char *named = getenv("TMPDIR");
    return named && named[0] ? named : "/tmp";
}

static void fail(struct spill *f, const char *what)
{
    rs_err_set(&f->err, RS_E_IO, "cannot %s a temporary file in %s (TMPDIR): %s", what, folder(),
               strerror(errno));
}

/* A name that nobody sees: it is gone as soon as the file is there, so that nothing is left behind however the run ends. */
static void make_file(struct spill *f)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/rollsim-XXXXXX", folder());
    if (n >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        fail(f, "make");
        return;
    }
    f->fd = mkstemp(path);
    if (f->fd < 0) {
        fail(f, "make");
        return;
    }
    unlink(path);
    fcntl(f->fd, F_SETFD, FD_CLOEXEC);
}

void rs_spill_write(struct spill *f, uint64_t at, const void *p, size_t n)
{
    const unsigned char *from = p;
    if (f->fd < 0 && f->err.code == RS_E_NONE)
        make_file(f);
    while (n > 0 && f->err.code == RS_E_NONE) {
        ssize_t done = pwrite(f->fd, from, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno;
            fail(f, "write");
            return;
        }
        from += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
}

uint64_t rs_spill_append(struct spill *f, const void *p, size_t n)
{
    uint64_t at = f->end;
    rs_spill_write(f, at, p, n);
    f->end += n;
    return at;
}

void rs_spill_read(struct spill *f, uint64_t at, void *p, size_t n)
{
    unsigned char *to = p;
    while (n > 0 && f->err.code == RS_E_NONE) {
        ssize_t done = pread(f->fd, to, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? EIO : errno;
            fail(f, "read");
            break;
        }
        to += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    if (n > 0)
        memset(to, 0, n);
}

uint64_t rs_spill_end(const struct spill *f)
{
    return f->end;
}

void rs_spill_cut(struct spill *f, uint64_t end)
{
    assert(end <= f->end);
    f->end = end;
}

int rs_spill_status(const struct spill *f, struct err *err)
{
    if (f->err.code == RS_E_NONE)
        return 0;
    if (err && err->code == RS_E_NONE)
        *err = f->err;
    return -1;
}

/* ---- records --------------------------------------------------------------------------------------------------------- */

void rs_spool_init(struct spool *s, size_t size, struct spill *spill)
{
    assert(size > 0 && size <= RS_SPOOL_RECORD_MAX);
    *s = (struct spool){.spill = spill, .size = size};
}

void rs_spool_clear(struct spool *s)
{
    free(s->block);
    *s = (struct spool){.spill = s->spill, .size = s->size};
}

static size_t block_bytes(const struct spool *s)
{
    return LINK_BYTES + s->cap * s->size;
}

/* The full block goes to the file, and the one before it learns where. */
static void write_block(struct spool *s)
{
    uint64_t nowhere = 0;
    memcpy(s->block, &nowhere, sizeof nowhere);
    uint64_t at = rs_spill_append(s->spill, s->block, block_bytes(s));
    if (s->n_block++ == 0)
        s->first_at = at;
    else
        rs_spill_write(s->spill, s->last_at, &at, sizeof at);
    s->last_at = at;
    s->n_in_block = 0;
}

static void make_room(struct spool *s)
{
    if (s->n_in_block < s->cap)
        return;
    if (s->cap > 0 && s->spill) {
        write_block(s);
        return;
    }
    s->cap = s->cap ? 2 * s->cap : (BLOCK_BYTES - LINK_BYTES) / s->size;
    s->block = rs_xrealloc(s->block, block_bytes(s));
}

void rs_spool_add(struct spool *s, const void *record)
{
    make_room(s);
    memcpy(s->block + LINK_BYTES + s->n_in_block * s->size, record, s->size);
    s->n_in_block++;
    s->n++;
}

static void each_of_block(const struct spool *s,
                          const unsigned char *block,
                          size_t n,
                          void (*fn)(void *ctx, const void *record),
                          void *ctx)
{
    _Alignas(max_align_t) unsigned char record[RS_SPOOL_RECORD_MAX];
    for (size_t i = 0; i < n; i++) {
        memcpy(record, block + LINK_BYTES + i * s->size, s->size);
        fn(ctx, record);
    }
}

void rs_spool_each(const struct spool *s, void (*fn)(void *ctx, const void *record), void *ctx)
{
    unsigned char block[BLOCK_BYTES];
    uint64_t at = s->first_at;
    for (size_t i = 0; i < s->n_block; i++) {
        rs_spill_read(s->spill, at, block, block_bytes(s));
        each_of_block(s, block, s->cap, fn, ctx);
        memcpy(&at, block, sizeof at);
    }
    if (s->block)
        each_of_block(s, s->block, s->n_in_block, fn, ctx);
}
