/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "changed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/arena.h"

static const char path[] = RS_SOURCE_DIR "/tests/golden/good/minimal.yaml";

char *changed_text(const char *from, const char *to)
{
    char *text = rs_xcalloc(1, 65536);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(text, 1, 32768, file);
    fclose(file);
    if (from) {
        char *at = strstr(text, from);
        ck_assert_msg(at, "the minimal scenario has no \"%s\"", from);
        size_t n_from = strlen(from), n_to = strlen(to);
        memmove(at + n_to, at + n_from, n - (size_t)(at - text) - n_from + 1);
        memcpy(at, to, n_to);
    }
    return text;
}

struct scenario *changed_scenario(const char *from, const char *to)
{
    char *text = changed_text(from, to);
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(path, text, strlen(text), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    ck_assert_uint_eq(errors.n, 0);
    rs_err_list_clear(&errors);
    free(text);
    return sc;
}

struct scenario *scenario_with_profile(const char *profile)
{
    return changed_scenario("{diurnal: {mean_per_s: 2, low: 25%, peak_at: \"14:00\"}}", profile);
}

const char *written_file(const char *name, const char *text)
{
    static char file[256];
    const char *folder = getenv("TMPDIR");
    snprintf(file, sizeof(file), "%s/rollsim-%d-%s", folder ? folder : "/tmp", (int)getpid(), name);
    FILE *to = fopen(file, "wb");
    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    fclose(to);
    return file;
}

int run_tests(const char *name, void (*add)(TCase *tc))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    add(tc);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
