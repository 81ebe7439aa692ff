/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts about requests, gathered one by one in their order. */
#ifndef SCENARIOS_REQUEST_FACTS_H
#define SCENARIOS_REQUEST_FACTS_H

#include "scenarios/describe.h"

struct request_gatherer; /* opaque, heap */

struct request_gatherer *rs_gatherer_new(void);
/* An rs_request_fn; ctx is the gatherer. */
int rs_gatherer_take(void *ctx, const struct recorded_request *r);
/* The facts, all but the report; frees the gatherer. */
struct request_facts *rs_gatherer_finish(struct request_gatherer *g);
void rs_request_facts_free(struct request_facts *f); /* NULL ok */

#endif
