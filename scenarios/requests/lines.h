/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a large file, found where they lie in one block. Memory use is that block. */
#ifndef SCENARIOS_LINES_H
#define SCENARIOS_LINES_H

#include <stdint.h>

#include "../text/unpack.h"

enum { RS_LINE_MAX = 64 << 10, RS_LINES_BLOCK = 256 << 10 };

struct lines {            /* caller's storage: start / clear */
    struct unpack *bytes; /* borrowed */
    char *buf;            /* owned; [at, n) is not read yet; buf[n] can be written */
    size_t at, n;
    bool ended;   /* nothing follows buf[n) */
    int number;   /* of the line in hand, from 1 */
    int n_inner;  /* line ends inside it, where it was extended */
    bool has_nul; /* something in the block is NUL: worth a look */
};

void rs_lines_start(struct lines *l, struct unpack *bytes);
void rs_lines_clear(struct lines *l);

/* Reads the first block, if nothing was read yet: it lies in buf[0..n) then. */
void rs_lines_look(struct lines *l);

enum line_kind { RS_LINE_NONE, RS_LINE_TEXT, RS_LINE_LONG };
/*
 * The next line, without its end (\n or \r\n); valid until the next call. Of one that is too long nothing is handed out and
 * all is passed over. A last line without an end counts, but not where packed data breaks off.
 */
enum line_kind rs_lines_next(struct lines *l, const char **out, size_t *out_n);
/*
 * Adds the line that follows to the one in hand, as CSV needs it whose quotes hold line ends. The text may move. False if
 * there is none, or both are too long together; then nothing has changed.
 */
bool rs_lines_extend(struct lines *l, const char **out, size_t *out_n);
/* Back to the first physical line of the one in hand: what followed it will be read again. */
void rs_lines_shorten(struct lines *l, const char **out, size_t *out_n);

#endif
