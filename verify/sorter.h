/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sorting more than memory holds, so that order statistics are exact however many values there are. Sorted runs of a buffer's
 * length are merged, 32 at a time. Knuth, The Art of Computer Programming 3, 5.4.1.
 */
#ifndef VERIFY_SORTER_H
#define VERIFY_SORTER_H

#include "spool.h"

struct sorter; /* opaque, heap; its memory is the same for any number of records */

/*
 *   size     bytes of a record, at most RS_SPOOL_RECORD_MAX
 *   compare  as qsort has it; records that it calls equal may come in any order
 *   spill    borrowed; NULL: all is kept in memory. Nothing else may be appended to it while the sorter lives
 */
struct sorter *
rs_sorter_new(size_t size, int (*compare)(const void *a, const void *b), struct spill *spill);
void rs_sorter_free(struct sorter *s); /* NULL ok */
void rs_sorter_add(struct sorter *s, const void *record);
/* Sorts; nothing may be added afterwards. Returns how many there are. */
uint64_t rs_sorter_finish(struct sorter *s);
/* The i-th smallest, i < n; valid until the next call. */
const void *rs_sorter_at(struct sorter *s, uint64_t i);

#endif
