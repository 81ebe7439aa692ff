/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people read them. */
#ifndef VERIFY_REPORT_WORDS_H
#define VERIFY_REPORT_WORDS_H

#include <stddef.h>

#include "verify/claim.h"

/* "97.3%": a decimal more the nearer the ratio is to 0 or 1, so that 99.98% is not 100%. NaN is "-". n >= 24. Returns buf. */
char *rs_percent_human(char *buf, size_t n, double ratio);
/* Seconds, for tables: "4m07s"; NaN is "-", infinity "never". n >= 32. Returns buf. */
char *rs_seconds_human(char *buf, size_t n, double s);
/* A value of the claim's quantity (in ns or plain, as claims keep it), with its unit where it is a time or a ratio. */
char *rs_quantity_human(char *buf, size_t n, const struct claim *c, double value);
/* An estimate, a bound or a limit of the claim: a percentage for PROBABILITY, else the quantity. */
char *rs_estimate_human(char *buf, size_t n, const struct claim *c, double value);
/* What the claim wants, as its author would write it: "≥ 95%", "≤ 15m", "≤ 600", "always", "never". n >= 48. Returns buf. */
char *rs_wanted_human(char *buf, size_t n, const struct claim *c);

#endif
