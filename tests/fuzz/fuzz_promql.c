/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes: parsing never crashes, and what was parsed prints to a text that parses and prints
 * the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = rs_arena_new();
    char *text = rs_arena_strndup(arena, (const char *)data, size);
    struct mark at = {"fuzz", 1, 1};
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){text, at, 0, RS_PROMQL_3}, &err);

    if (q != NULL) {
        const char *once = rs_promql_print(arena, q);
        const struct promql *again =
            rs_promql_parse(arena, &(struct promql_text){once, at, 0, RS_PROMQL_3}, &err);

        if (again == NULL || strcmp(once, rs_promql_print(arena, again)) != 0) {
            (void)fprintf(stderr, "input: %s\nprint: %s\nerror: %s\n", text, once, err.text);
            abort();
        }
    } else if (err.code == RS_E_NONE || err.text[0] == '\0') {
        abort(); /* refused without a word */
    }
    rs_arena_free(arena);
    return 0;
}
