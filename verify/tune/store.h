/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What came back from the engine: for each stratum and setting the rows of its replicas, counted from the first. A row that
 * settings share, or that is the same to the bit, is kept once in a replica: two settings that have one row did not differ there.
 */
#ifndef VERIFY_TUNE_STORE_H
#define VERIFY_TUNE_STORE_H

#include "sim/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store; /* opaque, heap */

/* first: the replica of the scenario that counts as replica 0 here. */
struct store *rs_store_new(int n_stratum, int n_sample, uint64_t first);
void rs_store_free(struct store *s); /* NULL ok */

/* Another setting, without replicas; returns its number, from 0. */
uint32_t rs_store_add_setting(struct store *s);
uint32_t rs_store_n_setting(const struct store *s);

/* Replica `replica` of the scenario, told by the engine: rows must come in order for each setting; one out of turn is left out. */
void rs_store_put(struct store *s,
                  int stratum,
                  uint64_t replica,
                  uint32_t n,
                  const uint32_t *setting /* [n] */,
                  const double *row /* [n_sample] */);

/* Replicas that a setting has in a stratum, and their rows: numbers that are equal where the rows are. [n] */
uint64_t rs_store_n(const struct store *s, int stratum, uint32_t setting);
const uint32_t *rs_store_rows(const struct store *s, int stratum, uint32_t setting);
const double *rs_store_row(const struct store *s, int stratum, uint32_t row);

uint64_t rs_store_first(const struct store *s);

#endif
