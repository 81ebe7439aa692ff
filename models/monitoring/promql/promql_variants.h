/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What evaluating variants side by side needs from the rest of this folder. */
#ifndef MONITORING_PROMQL_VARIANTS_PRIVATE_H
#define MONITORING_PROMQL_VARIANTS_PRIVATE_H

#include "models/promql_variants.h"
#include "promql_eval.h"
#include "sim/arena.h"

/* promql_bytes.c: appends all of a tree that its evaluation depends on. Parentheses do not matter, nor does where it stands. */
void rs_node_bytes(struct bytes *out, const struct node *n);

#endif
