/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char path[16][160];
static int n_path;

void evidence_case_begin(void)
{
    strcpy(folder, "/tmp/rollsim_evidence_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    n_path = 0;
}

void evidence_case_end(void)
{
    for (int i = 0; i < n_path; i++) {
        unlink(path[i]);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

const char *evidence_file(const char *name, const char *text)
{
    ck_assert_int_lt(n_path, N_ROW(path));
    snprintf(path[n_path], sizeof(path[0]), "%s/%s", folder, name);
    FILE *to = fopen(path[n_path], "wb");
    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    fclose(to);
    return path[n_path++];
}

static char said[1 << 16];

const char *evidence_errors(const struct err_list *errors)
{
    size_t used = 0;
    said[0] = '\0';
    for (size_t i = 0; i < errors->n && used < sizeof(said); i++) {
        const struct err *e = &errors->item[i];
        const char *slash = strrchr(e->file, '/');
        used += (size_t)snprintf(said + used, sizeof(said) - used, "%s:%d:%d: %s\n",
                                 slash ? slash + 1 : e->file, e->line, e->col, e->text);
    }
    return said;
}

const char *evidence_notes(const struct retro_evidence *e)
{
    size_t used = 0;
    said[0] = '\0';
    for (int i = 0; i < e->n_note && used < sizeof(said); i++) {
        const char *file = e->note[i].at.file ? e->note[i].at.file : "";
        const char *slash = strrchr(file, '/');
        used += (size_t)snprintf(said + used, sizeof(said) - used, "%s:%d:%d: %s\n",
                                 slash ? slash + 1 : file, e->note[i].at.line, e->note[i].at.col,
                                 e->note[i].text);
    }
    return said;
}

int evidence_main(const char *name, void (*add)(TCase *tc))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    add(tc);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
