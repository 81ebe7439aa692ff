/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a Prometheus rule file: never a crash; refused with words, or read without any. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct arena *arena = rs_arena_new();
    const struct rule_file *read =
        rs_rule_file_parse(arena, RS_PROMQL_3, "fuzz", (const char *)data, size, &errors);
    if ((read != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0') {
            abort();
        }
    }
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
    return 0;
}
