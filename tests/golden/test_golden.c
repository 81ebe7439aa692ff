/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mistake, one file: every bad/NAME.yaml must be refused with exactly the lines of bad/NAME.err, every good/NAME.yaml must
 * be read. With UPDATE=1 in the environment the .err files are rewritten instead; look at the change before you keep it.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/evidence.h"
#include "scenarios/load.h"
#include "scenarios/retell.h"
#include "sim/arena.h"

enum { CASES_MAX = 512, NAME_MAX_ = 128 };

struct names {
    char name[CASES_MAX][NAME_MAX_]; /* without the suffix */
    int n;
};

static struct names bad, good;

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_name(struct names *to, const char *file, const char *suffix)
{
    size_t n = strlen(file), n_suffix = strlen(suffix);
    if (n <= n_suffix || strcmp(file + n - n_suffix, suffix) != 0) {
        return;
    }
    char name[NAME_MAX_];
    snprintf(name, sizeof(name), "%.*s", (int)(n - n_suffix), file);
    for (int i = 0; i < to->n; i++) {
        if (strcmp(to->name[i], name) == 0) {
            return;
        }
    }
    if (to->n == CASES_MAX) { /* outside of a test Check's own asserts cannot be used */
        abort();
    }
    memcpy(to->name[to->n++], name, sizeof(name));
}

/* A .err without a .yaml is the case of a missing file. */
static void find_names(struct names *to, const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return; /* test_there_are_cases tells */
    }
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        add_name(to, entry->d_name, ".yaml");
        add_name(to, entry->d_name, ".err");
    }
    closedir(dir);
    qsort(to->name, (size_t)to->n, sizeof(to->name[0]), by_name);
}

/* What loading prints, from inside the folder so that paths are those of a user who stands there. Caller frees. */
static char *load_output(const char *folder, const char *name, bool *loaded, size_t *n_error)
{
    char file[NAME_MAX_ + 8];
    char *text = NULL;
    size_t n = 0;
    struct err_list errors;
    ck_assert_int_eq(chdir(folder), 0);
    snprintf(file, sizeof(file), "%s.yaml", name);
    rs_err_list_init(&errors);
    struct retell *retold = NULL;
    struct retro_evidence *evidence = NULL;
    struct scenario *sc = NULL;
    if (rs_is_evidence(file)) {
        evidence = rs_evidence_load(file, NULL, 0, NULL, 0, &errors);
    } else if (rs_is_retell(file)) {
        retold = rs_retell_load(file, &errors, NULL);
    } else {
        sc = rs_scenario_load(file, &errors);
    }
    *loaded = sc != NULL || retold != NULL || evidence != NULL;
    *n_error = errors.n;
    FILE *to = open_memstream(&text, &n);
    rs_err_list_print(&errors, to);
    fclose(to);
    rs_scenario_free(sc);
    rs_retell_close(retold);
    rs_evidence_close(evidence);
    rs_err_list_clear(&errors);
    return text;
}

static char *read_file(const char *path)
{
    char *text = rs_xcalloc(1, 65536);
    FILE *from = fopen(path, "rb");
    if (from) {
        size_t n = fread(text, 1, 65535, from);
        text[n] = '\0';
        fclose(from);
    }
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    fclose(to);
}

START_TEST(test_bad)
{
    const char *name = bad.name[_i];
    bool loaded = true;
    size_t n_error = 0;
    char err_file[NAME_MAX_ + 8];
    char *got = load_output(RS_SOURCE_DIR "/tests/golden/bad", name, &loaded, &n_error);
    snprintf(err_file, sizeof(err_file), "%s.err", name);
    if (getenv("UPDATE")) {
        write_file(err_file, got);
    }
    char *want = read_file(err_file);
    ck_assert_msg(!loaded, "%s.yaml was read without a word", name);
    ck_assert_msg(n_error > 0, "%s.yaml was refused without a word", name);
    ck_assert_msg(strcmp(got, want) == 0, "%s.yaml said\n%swanted\n%s", name, got, want);
    free(want);
    free(got);
}
END_TEST

START_TEST(test_good)
{
    const char *name = good.name[_i];
    bool loaded = false;
    size_t n_error = 0;
    char *got = load_output(RS_SOURCE_DIR "/tests/golden/good", name, &loaded, &n_error);
    ck_assert_msg(loaded && n_error == 0, "%s.yaml was refused:\n%s", name, got);
    free(got);
}
END_TEST

/* A forgotten folder must not look like a passed test. */
START_TEST(test_there_are_cases)
{
    ck_assert_int_ge(bad.n, 45);
    ck_assert_int_ge(good.n, 1);
}
END_TEST

int main(void)
{
    find_names(&bad, RS_SOURCE_DIR "/tests/golden/bad");
    find_names(&good, RS_SOURCE_DIR "/tests/golden/good");
    Suite *suite = suite_create("golden scenarios");
    TCase *tc = tcase_create("files");
    tcase_add_test(tc, test_there_are_cases);
    tcase_add_loop_test(tc, test_bad, 0, bad.n);
    tcase_add_loop_test(tc, test_good, 0, good.n);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
