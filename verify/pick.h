/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which replicas are kept whole: per fault, and for none, the first, the median and the worst rollback. */
#ifndef VERIFY_PICK_H
#define VERIFY_PICK_H

#include "models/history.h"
#include "spool.h"
#include "verify/run.h"

/* What a replica must show again when it is repeated for the record. */
struct pick {
    uint64_t replica;
    int fault;
    int64_t
        rollback_ns; /* detected -> completed of the first episode; RS_NEVER = not completed; -1 = no episode */
    uint64_t n_error;
    bool started;
    const char *why; /* "first", "median", "worst", "witness: <claim>"; belongs to the book */
};

struct pick_book; /* opaque, heap */

/* spill: where most of it is kept; borrowed, may be NULL, and the caller asks for its status. */
struct pick_book *rs_pick_book_new(const struct scenario *sc, struct spill *spill);
void rs_pick_book_free(struct pick_book *b);                         /* NULL ok */
void rs_pick_book_add(struct pick_book *b, const struct history *h); /* replica order */

/*
 * The chosen, by replica and then in the order of reasons; witnesses of violated claims among them.
 *   out_n  number of picks; a replica stands once for each reason
 * Belongs to the book, valid until it is freed.
 */
const struct pick *rs_pick_book_choose(struct pick_book *b, const struct run_result *r, int *out_n);

#endif
