/* SPDX-License-Identifier: GPL-3.0-or-later */
/* promtool's unit-test files in. */
#ifndef SCENARIOS_RULE_TEST_H
#define SCENARIOS_RULE_TEST_H

#include "sim/err.h"
#include "verify/rule_test.h"

/*
 * Reads a unit-test file and the rule files that it names (patterns, from its own folder). NULL with errors added; a pattern that
 * nothing matches is a note to `notes` (may be NULL), as it is with promtool. Free with rs_rule_test_file_free before the arena.
 */
struct rule_test_file *rs_rule_test_read(struct arena *arena,
                                         enum promql_dialect dialect,
                                         const char *path,
                                         struct err_list *notes,
                                         struct err_list *errors);
/* From memory, for tests and fuzzing: rule files are not opened. */
struct rule_test_file *rs_rule_test_parse(struct arena *arena,
                                          enum promql_dialect dialect,
                                          const char *file,
                                          const char *text,
                                          size_t n,
                                          struct err_list *errors);
/* Frees the series of its tests; NULL ok. */
void rs_rule_test_file_free(struct rule_test_file *file);

#endif
