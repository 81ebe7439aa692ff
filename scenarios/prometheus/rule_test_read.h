/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the unit-test file's reader. */
#ifndef SCENARIOS_RULE_TEST_READ_H
#define SCENARIOS_RULE_TEST_READ_H

#include "../reader.h"
#include "verify/rule_test.h"

/* rule_test_case.c: reads all tests; out->interval_ns is known already. */
void rs_test_read_all(struct reader *r, const struct node *list, struct rule_test_file *out);

/* The list under a key; an empty one where there is none or, with an error, something else. Of any length. */
const struct node *rs_test_list(struct reader *r, const struct node *map, const char *key);
/* The map of texts under a key, values may be empty. Returns their number. */
int rs_test_labels(struct reader *r,
                   const struct node *map,
                   const char *key,
                   const struct label **out);

#endif
