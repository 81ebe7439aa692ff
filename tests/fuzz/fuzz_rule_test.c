/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a unit-test file of rules: never a crash; refused with words, or read, and then run where that is short. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/rule_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rounds that a test would take; a fuzzer soon writes a year at 1 ms. */
static int64_t rounds(const struct rule_test_file *file, const struct rule_test *test)
{
    int64_t last_ns = 0;
    for (int i = 0; i < test->n_alert_case; i++) {
        last_ns = test->alert_case[i].eval_ns > last_ns ? test->alert_case[i].eval_ns : last_ns;
    }
    for (int i = 0; i < test->n_expr_case; i++) {
        last_ns = test->expr_case[i].eval_ns > last_ns ? test->expr_case[i].eval_ns : last_ns;
    }
    return last_ns / file->interval_ns;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct arena *arena = rs_arena_new();
    struct rule_test_file *file =
        rs_rule_test_parse(arena, RS_PROMQL_3, "fuzz", (const char *)data, size, &errors);
    if ((file != NULL) != (errors.n == 0)) {
        abort();
    }
    for (int i = 0; file && i < file->n_test && i < 20; i++) {
        const struct rule_test *test = &file->test[i];
        if (rounds(file, test) < 1000 && test->data->n_sample < 10000 && test->n_expr_case == 0) {
            struct test_outcome outcome = rs_rule_test_run(arena, file, test);
            if (outcome.n_failure > outcome.n_case) {
                abort();
            }
        }
    }
    rs_rule_test_file_free(file);
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
    return 0;
}
