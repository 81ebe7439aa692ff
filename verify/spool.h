/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that are kept until the end of a run and read again then, in memory that does not grow with their number: what is
 * more than a block goes to a temporary file that has no name, one for all spools of a run.
 */
#ifndef VERIFY_SPOOL_H
#define VERIFY_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "sim/err.h"

/* ---- the file -------------------------------------------------------------------------------------------------------- */

struct
    spill; /* opaque, heap; the file is made when something is written first, in $TMPDIR or /tmp */

struct spill *rs_spill_new(void);
void rs_spill_free(struct spill *f); /* NULL ok */

/* Writes n bytes to its end, returns where they are. A failure is kept for rs_spill_status, and all is harmless from then on. */
uint64_t rs_spill_append(struct spill *f, const void *p, size_t n);
void rs_spill_write(struct spill *f, uint64_t at, const void *p, size_t n);
/* Zeros after a failure. */
void rs_spill_read(struct spill *f, uint64_t at, void *p, size_t n);
uint64_t rs_spill_end(const struct spill *f);
/* Forgets what was appended after the end was there: its place is used again. */
void rs_spill_cut(struct spill *f, uint64_t end);
/* 0, or -1 with the first failure in err. */
int rs_spill_status(const struct spill *f, struct err *err);

/* ---- records --------------------------------------------------------------------------------------------------------- */

struct spool { /* caller's storage: init / clear */
    struct spill *spill;
    size_t size;
    uint64_t n; /* records in it */
    /* Those since the last full block, which was written at last_at; the first one at first_at. */
    unsigned char *block; /* owned */
    size_t n_in_block, cap, n_block;
    uint64_t first_at, last_at;
};

/*
 *   size   bytes of a record, at most RS_SPOOL_RECORD_MAX
 *   spill  borrowed; NULL: all is kept in memory
 */
enum { RS_SPOOL_RECORD_MAX = 256 };
void rs_spool_init(struct spool *s, size_t size, struct spill *spill);
void rs_spool_clear(struct spool *s);
void rs_spool_add(struct spool *s, const void *record);
/* Hands over all records in the order in which they came; a record is borrowed for the call. */
void rs_spool_each(const struct spool *s, void (*fn)(void *ctx, const void *record), void *ctx);

#endif
