/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unpack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "sim/arena.h"

enum { BLOCK = 1 << 17, MAGIC = 4 };
/* zlib: 32 KiB of window, and gzip's header is expected. */
enum { GZIP_WINDOW = 15 + 16 };

static const unsigned char gzip_magic[] = {0x1f, 0x8b}, zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

const char *rs_packing_name(enum packing packing)
{
    switch (packing) {
    case RS_PACKING_GZIP: return "gzip";
    case RS_PACKING_ZSTD: return "zstd";
    case RS_PACKING_UNKNOWN:
    case RS_PACKING_NONE: break;
    }
    return "plain";
}

const char *rs_unpack_damage(const struct unpack *u)
{
    switch (u->packing) {
    case RS_PACKING_GZIP: return "the file is damaged: its gzip data cannot be read on";
    case RS_PACKING_ZSTD: return "the file is damaged: its zstd data cannot be read on";
    case RS_PACKING_UNKNOWN:
    case RS_PACKING_NONE: break;
    }
    return "the file cannot be read on";
}

static int open_stdin(struct unpack *u, struct err_list *errors)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    u->path = "(stdin)";
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) {
        return rs_err_list_add(errors, RS_E_IO, (struct mark){u->path, 0, 0},
                               "standard input is closed");
    }
    u->fd = dup(STDIN_FILENO);
    return 0;
}

int rs_unpack_open(struct unpack *u, const char *path, struct err_list *errors)
{
    struct stat about;
    *u = (struct unpack){.fd = -1, .path = path};
    if (strcmp(path, "-") == 0) {
        if (open_stdin(u, errors) != 0) {
            return -1;
        }
    } else if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        return rs_err_list_add(errors, RS_E_IO, (struct mark){path, 0, 0},
                               "the file cannot be opened: it is a folder");
    } else {
        u->fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (u->fd < 0) {
        return rs_err_list_add(errors, RS_E_IO, (struct mark){u->path, 0, 0},
                               "the file cannot be opened");
    }
    u->cap = BLOCK;
    u->in = rs_xcalloc(u->cap, 1);
    return 0;
}

void rs_unpack_from_memory(struct unpack *u, const char *path, const void *bytes, size_t n)
{
    *u = (struct unpack){.fd = -1, .path = path, .n = n, .cap = n + 1, .input_ended = true};
    u->in = rs_xcalloc(n + 1, 1);
    if (n > 0) {
        memcpy(u->in, bytes, n);
    }
}

static void end_state(struct unpack *u)
{
    if (u->packing == RS_PACKING_GZIP && u->state) {
        inflateEnd(u->state);
        free(u->state);
    } else if (u->packing == RS_PACKING_ZSTD) {
        ZSTD_freeDCtx(u->state); /* NULL ok */
    }
    u->state = NULL;
}

void rs_unpack_close(struct unpack *u)
{
    end_state(u);
    if (u->fd >= 0) {
        close(u->fd);
    }
    free(u->in);
    free(u->ahead);
    u->in = NULL;
    u->ahead = NULL;
    u->fd = -1;
}

/* Bytes from the file to `to`; 0 at its end. A file that cannot be read on is a damaged one. */
static size_t read_fd(struct unpack *u, void *to, size_t n)
{
    ssize_t got = 0;
    do {
        got = u->input_ended ? 0 : read(u->fd, to, n);
    } while (got < 0 && errno == EINTR);
    u->input_ended = got <= 0;
    u->damaged = u->damaged || got < 0;
    return got > 0 ? (size_t)got : 0;
}

/* Packed bytes behind those that are left, which move to the front. */
static void fill(struct unpack *u)
{
    if (u->input_ended) {
        return;
    }
    memmove(u->in, u->in + u->at, u->n - u->at);
    u->n -= u->at;
    u->at = 0;
    u->n += read_fd(u, u->in + u->n, u->cap - u->n);
}

static bool starts_with(const struct unpack *u, const unsigned char *magic, size_t n)
{
    return u->n - u->at >= n && memcmp(u->in + u->at, magic, n) == 0;
}

/* The first bytes decide; pipes may bring them one by one. */
static void find_packing(struct unpack *u)
{
    while (u->n - u->at < MAGIC && !u->input_ended) {
        fill(u);
    }
    u->packing = RS_PACKING_NONE;
    if (starts_with(u, gzip_magic, sizeof(gzip_magic))) {
        z_stream *z = rs_xcalloc(1, sizeof(*z));
        u->packing = RS_PACKING_GZIP;
        u->state = z;
        int status = inflateInit2(z, GZIP_WINDOW);
        assert(status == Z_OK);
        (void)status;
    } else if (starts_with(u, zstd_magic, sizeof(zstd_magic))) {
        u->packing = RS_PACKING_ZSTD;
        u->state = ZSTD_createDCtx();
        assert(u->state);
    }
}

static size_t read_plain(struct unpack *u, char *to, size_t n)
{
    size_t have = u->n - u->at, take = have < n ? have : n;
    if (take > 0) { /* what was looked at for its first bytes, or all of the memory */
        memcpy(to, u->in + u->at, take);
        u->at += take;
        return take;
    }
    return read_fd(u, to, n);
}

/* One step of the library; what it made is counted in *made. False: nothing more comes. */
static bool inflate_some(struct unpack *u, char *to, size_t n, size_t *made)
{
    z_stream *z = u->state;
    if (!u->in_member) {
        if (!starts_with(u, gzip_magic, sizeof(gzip_magic))) {
            return false; /* as gzip does: what follows the last member is passed over */
        }
        inflateReset(z);
        u->in_member = true;
    }
    z->next_in = u->in + u->at;
    z->avail_in = (uInt)(u->n - u->at);
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)n;
    int status = inflate(z, Z_NO_FLUSH);
    u->at = u->n - z->avail_in;
    *made = n - z->avail_out;
    u->in_member = status != Z_STREAM_END;
    u->damaged = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    return !u->damaged;
}

static bool zstd_some(struct unpack *u, char *to, size_t n, size_t *made)
{
    ZSTD_inBuffer in = {u->in, u->n, u->at};
    ZSTD_outBuffer out = {to, n, 0};
    size_t status = ZSTD_decompressStream(u->state, &out, &in);
    u->at = in.pos;
    *made = out.pos;
    u->damaged = ZSTD_isError(status) != 0;
    u->in_member = status != 0;
    return !u->damaged;
}

static size_t read_packed(struct unpack *u, char *to, size_t n)
{
    size_t total = 0;
    while (total < n && !u->damaged) {
        size_t made = 0, before = u->at;
        /* The magic of the next member may be cut in two; and the library may hold back what it has made already. */
        while (u->n - u->at < MAGIC && !u->input_ended) {
            fill(u);
        }
        if (u->at == u->n && !u->in_member) {
            break;
        }
        bool goes_on = u->packing == RS_PACKING_GZIP ? inflate_some(u, to + total, n - total, &made)
                                                     : zstd_some(u, to + total, n - total, &made);
        total += made;
        if (!goes_on) {
            break;
        }
        if (made == 0 && u->at == before && u->input_ended) {
            u->damaged = u->in_member; /* it breaks off */
            break;
        }
    }
    return total;
}

static size_t read_on(struct unpack *u, char *to, size_t n)
{
    if (u->packing == RS_PACKING_UNKNOWN) {
        find_packing(u);
    }
    if (u->packing != RS_PACKING_NONE) {
        return read_packed(u, to, n);
    }
    size_t total = 0;
    while (total < n) {
        size_t got = read_plain(u, to + total, n - total);
        if (got == 0) {
            break;
        }
        total += got;
    }
    return total;
}

size_t rs_unpack_read(struct unpack *u, char *to, size_t n)
{
    size_t left = u->n_ahead - u->at_ahead, take = left < n ? left : n;
    if (take > 0) {
        memcpy(to, u->ahead + u->at_ahead, take);
        u->at_ahead += take;
    }
    return take == n ? n : take + read_on(u, to + take, n - take);
}

size_t rs_unpack_look(struct unpack *u, size_t n, const char **out)
{
    assert(!u->ahead);
    u->ahead = rs_xcalloc(n + 1, 1);
    u->n_ahead = read_on(u, u->ahead, n);
    *out = u->ahead;
    return u->n_ahead;
}
