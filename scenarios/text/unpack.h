/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of a file, of standard input ("-") or of memory, unpacked on the way where the first bytes say gzip (RFC 1952, several
 * members too) or zstd (RFC 8878, several frames too). Memory use does not depend on the length of the file.
 */
#ifndef SCENARIOS_UNPACK_H
#define SCENARIOS_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/err.h"

enum packing { RS_PACKING_UNKNOWN, RS_PACKING_NONE, RS_PACKING_GZIP, RS_PACKING_ZSTD };

struct unpack { /* caller's storage: open or from_memory, then close */
    int fd;     /* -1: all is in `in` */
    enum packing packing;
    const char *path;  /* as errors call it: "(stdin)" for "-" */
    unsigned char *in; /* owned; in[at..n) is not unpacked yet */
    size_t at, n, cap;
    void *state; /* of the library, owned */
    char *
        ahead; /* owned: unpacked bytes that were looked at and are not read yet, [at_ahead, n_ahead) */
    size_t at_ahead, n_ahead;
    bool in_member; /* a member or frame has begun and not ended */
    bool input_ended;
    bool damaged; /* the packed data broke off or is wrong: nothing more comes */
};

/* 0, or -1 with an error that names the path (borrowed). */
int rs_unpack_open(struct unpack *u, const char *path, struct err_list *errors);
/* The bytes are copied. */
void rs_unpack_from_memory(struct unpack *u, const char *path, const void *bytes, size_t n);
void rs_unpack_close(struct unpack *u);
/* Up to n > 0 bytes; fewer only at the end or where the data is damaged. */
size_t rs_unpack_read(struct unpack *u, char *to, size_t n);
/* Looks at up to n of the bytes that come first, before any is read. Returns how many are at *out. */
size_t rs_unpack_look(struct unpack *u, size_t n, const char **out);
/* "plain", "gzip", "zstd" */
const char *rs_packing_name(enum packing packing);
/* What to say of damaged ones: "the file is damaged: its gzip data cannot be read on". */
const char *rs_unpack_damage(const struct unpack *u);

#endif
