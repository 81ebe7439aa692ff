/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The committed reference page and JSON Schema are what the tables print. UPDATE=1 rewrites them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changed.h"
#include "sim/arena.h"

static const struct {
    const char *path;
    void (*print)(FILE *to);
} rows[] = {
    {RS_SOURCE_DIR "/docs/scenario-reference.md", rs_scenario_print_reference},
    {RS_SOURCE_DIR "/docs/scenario.schema.json", rs_scenario_print_schema},
};

START_TEST(test_committed)
{
    char *want = NULL, *got = rs_xcalloc(1, 1 << 20);
    size_t n = 0;
    FILE *to = open_memstream(&want, &n);
    rows[_i].print(to);
    fclose(to);
    if (getenv("UPDATE")) {
        FILE *file = fopen(rows[_i].path, "wb");
        ck_assert_ptr_nonnull(file);
        fputs(want, file);
        fclose(file);
    }
    FILE *file = fopen(rows[_i].path, "rb");
    ck_assert_ptr_nonnull(file);
    got[fread(got, 1, (1 << 20) - 1, file)] = '\0';
    fclose(file);
    ck_assert_msg(strcmp(got, want) == 0, "%s is not what the tables print; run with UPDATE=1",
                  rows[_i].path);
    free(got);
    free(want);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_committed, 0, N_ROW(rows));
}

int main(void)
{
    return run_tests("print", add);
}
