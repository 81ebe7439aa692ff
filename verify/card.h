/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timing card: rollback clocks gathered replica by replica, rows at the end. */
#ifndef VERIFY_CARD_H
#define VERIFY_CARD_H

#include "spool.h"
#include "verify/run.h"

struct card_book; /* opaque, heap */

/* spill: where the clocks are kept; borrowed, may be NULL, and the caller asks for its status. */
struct card_book *rs_card_book_new(const struct scenario *sc, struct spill *spill);
void rs_card_book_free(struct card_book *b); /* NULL ok */

/* Takes the next replica; replica order. Of a procedure that ran twice under one fault only the first run counts. */
void rs_card_book_add(struct card_book *b, const struct history *h);

/*
 * The rows, by fault (-1 first) and procedure. A fault that started and under which nothing was ever executed has one row
 * with procedure -1 and no legs.
 *   fixed_n  the number of replicas did not depend on what they showed: the interval may be Clopper-Pearson's
 *   out_n    number of rows
 * Returns them; free() them. NULL when there are none.
 */
struct card *rs_card_book_rows(struct card_book *b, bool fixed_n, int *out_n);

#endif
