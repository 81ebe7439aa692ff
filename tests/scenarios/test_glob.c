/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File patterns, and what Go's filepath.Glob finds for them in one folder. */
#include "../../scenarios/text/glob.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const folders[] = {"h", "h/sub", "g"};
static const char *const files[] = {"ok.yml",     "!k.yml",       "ak.yml",  "[k.yml",
                                    "h/.hid.yml", "h/a.yml",      "h/b.yml", "h/sub/c.yml",
                                    "g/a.yml",    "\xc3\xa9.yml", "a-b.yml", "star*.yml"};
enum { N_FOLDER = sizeof(folders) / sizeof(folders[0]), N_FILE = sizeof(files) / sizeof(files[0]) };

static const struct {
    const char *pattern;
    const char *found; /* NULL = malformed */
} rows[] = {
    {"ok.yml", "ok.yml"},
    {"no.yml", ""},
    {"h/*.yml", "h/.hid.yml h/a.yml h/b.yml"},
    {"h/.*", "h/.hid.yml"},
    {"*/a.yml", "g/a.yml h/a.yml"},
    {"*/*/c.yml", "h/sub/c.yml"},
    {"h/*/", ""},
    {"[!o]k.yml", "!k.yml ok.yml"},
    {"[^o]k.yml", "!k.yml [k.yml ak.yml"},
    {"[a-z]k.yml", "ak.yml ok.yml"},
    {"[[:alpha:]]k.yml", ""},
    {"\\[k.yml", "[k.yml"},
    {"[\\[]k.yml", "[k.yml"},
    {"[\\]a]k.yml", "ak.yml"},
    {"?.yml", "\xc3\xa9.yml"},
    {"??.yml", "!k.yml [k.yml ak.yml ok.yml"},
    {"[\xc3\xa8-\xc3\xaa].yml", "\xc3\xa9.yml"},
    {"*[^\xc3\xa9].yml", "!k.yml [k.yml a-b.yml ak.yml ok.yml star*.yml \xc3\xa9.yml"},
    {"a[\\-]b.yml", "a-b.yml"},
    {"star\\*.yml", "star*.yml"},
    {"*a*b*l", "a-b.yml"},
    {"**", "!k.yml [k.yml a-b.yml ak.yml g h ok.yml star*.yml \xc3\xa9.yml"},
    {"{ok,ak}.yml", ""},
    {"[", NULL},
    {"[a-", NULL},
    {"[a-]k.yml", NULL},
    {"[]a]k.yml", NULL},
    {"[-a]k.yml", NULL},
    {"[^]k.yml", NULL},
    {"[a/b]", NULL},
    {"none/*/[", NULL},
    {"o\\", NULL},
    {"[a\\", NULL},
};

static char home[] = "/tmp/rollsim-test-XXXXXX";

static void begin(void)
{
    strcpy(home + strlen(home) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
    for (int i = 0; i < N_FOLDER; i++) {
        ck_assert_int_eq(mkdir(folders[i], 0700), 0);
    }
    for (int i = 0; i < N_FILE; i++) {
        FILE *to = fopen(files[i], "wb");
        ck_assert_ptr_nonnull(to);
        fclose(to);
    }
}

static void end(void)
{
    for (int i = 0; i < N_FILE; i++) {
        ck_assert_int_eq(unlink(files[i]), 0);
    }
    ck_assert_int_eq(rmdir("h/sub"), 0);
    ck_assert_int_eq(rmdir("h"), 0);
    ck_assert_int_eq(rmdir("g"), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(home), 0);
}

START_TEST(test_patterns)
{
    struct arena *arena = rs_arena_new();
    struct glob_paths found = {0};
    char text[512] = "";
    int status = rs_glob(arena, rows[_i].pattern, &found);
    ck_assert_msg((status == 0) == (rows[_i].found != NULL), "%s", rows[_i].pattern);
    for (int i = 0; i < found.n; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", found.at[i]);
    }
    ck_assert_msg(strcmp(text, rows[_i].found ? rows[_i].found : "") == 0, "%s found %s",
                  rows[_i].pattern, text);
    rs_arena_free(arena);
}
END_TEST

START_TEST(test_clean)
{
    static const char *const paths[][2] = {
        {"", "."},        {"a//b/./c/", "a/b/c"},      {"a/../b", "b"},
        {"a/..", "."},    {"../a/../../b", "../../b"}, {"/../a", "/a"},
        {"/", "/"},       {"./x.yml", "x.yml"},        {"a/b/../../..", ".."},
        {"/a/../..", "/"}};
    struct arena *arena = rs_arena_new();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_str_eq(rs_path_clean(arena, paths[i][0]), paths[i][1]);
    }
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file patterns");
    TCase *tc = tcase_create("patterns");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_patterns, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tc, test_clean);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
