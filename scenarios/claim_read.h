/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the claims' reader, for whatever else speaks of histories. All return 0, or -1 with errors, where not void. */
#ifndef SCENARIOS_CLAIM_READ_H
#define SCENARIOS_CLAIM_READ_H

#include "reader.h"
#include "verify/claim.h"

/* none, any, all or a fault; node NULL: all. */
void rs_claim_read_given(struct reader *r, const struct node *node, struct claim *c);
/* `from` and `to`, or `of`: sets of, from, to. */
int rs_claim_read_measure(struct reader *r, const struct node *map, struct claim *c);
/* The value of a key of the map in the quantity's unit: ns for times. */
void rs_claim_read_limit(
    struct reader *r, const struct node *map, const char *key, enum quantity q, double *out);
/* A quantity that stands after `of`; -1 with an error. */
int rs_claim_find_quantity(struct reader *r, const struct node *node);
void rs_claim_read_outcome(struct reader *r, const struct node *node, struct claim *c);
/* Must be true. */
void rs_claim_read_false_rollback(struct reader *r, const struct node *node, struct claim *c);

#endif
