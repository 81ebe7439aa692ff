/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How claims and verdicts are worded, the same in the terminal, in JSON and in the database. */
#ifndef VERIFY_WORDS_H
#define VERIFY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "verify/claim.h"

/* The generator behind every random stream, as records and reports name it. */
#define RS_RANDOM_STREAM "philox4x32-10"

const char *rs_claim_kind_name(enum claim_kind k);    /* "probability", "quantile", "expectation" */
const char *rs_detected_by_name(enum detected_by by); /* "alert", "look", "gate", "check" */

/* "all", "no fault", "fault NAME", "any fault". Returns buf. */
char *rs_claim_given_text(char *buf, size_t n, const struct scenario *sc, const struct claim *c);

/* Whether the claim speaks of a quantity; ALWAYS and NEVER speak of states. */
bool rs_claim_has_quantity(const struct claim *c);
/* Whether the verdict counts replicas in which the event happened; trials of splitting have weights instead. */
bool rs_verdict_counts_hits(const struct verdict *v);
/* Whether the claim's quantity is a time, kept in ns. */
bool rs_claim_is_time(const struct claim *c);
/* A value of the claim's quantity as people measure it: seconds for times, else as it is. */
double rs_claim_in_unit(const struct claim *c, double value);
/* Unit of the quantity: "s", "users", "requests", "ratio", "budgets", "pages", "" for events. */
const char *rs_claim_quantity_unit(const struct claim *c);
/* Unit of estimate, interval and limit: "ratio" for PROBABILITY, else the quantity's. */
const char *rs_claim_unit(const struct claim *c);
/* What is wanted of the estimate, in that unit: the limit, or a bound's deadline; NaN for ALWAYS and NEVER. */
double rs_claim_wanted_in_unit(const struct claim *c);
/* "<=" or ">="; NULL for ALWAYS and NEVER. */
const char *rs_claim_direction(const struct claim *c);
/* Estimate, interval and limit in that unit. */
double rs_claim_estimate_in_unit(const struct claim *c, double value);

#endif
