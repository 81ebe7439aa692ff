/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files with a setting in them are written whole or not at all; and `tune:` alone changes nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/history.h"
#include "models/replica.h"
#include "tune_case.h"

/* ---- with and without ---- */

/* `tune:` changes no history: the records are the same to the bit. */
START_TEST(test_histories)
{
    struct bytes bytes[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        struct scenario *sc = tune_case_loaded(&(struct tune_case){
            .parameters = i ? "    - {path: rules/Errors/for, values: [2m]}\n" : NULL});
        ck_assert((sc->tune != NULL) == (i == 1));
        struct history h;
        struct err err = {0};
        struct simulator *sim = rs_simulator_new(sc, &err);
        rs_history_init(&h);
        ck_assert_int_eq(
            rs_simulator_run(sim, &(struct replica_options){.seed = 5, .replica = 3, .fault = 0},
                             &h, &err),
            0);
        rs_history_encode(&h, &bytes[i]);
        rs_history_clear(&h);
        rs_simulator_free(sim);
        rs_scenario_free(sc);
    }
    ck_assert_uint_gt(bytes[0].n, 100);
    ck_assert_uint_eq(bytes[0].n, bytes[1].n);
    ck_assert_int_eq(memcmp(bytes[0].p, bytes[1].p, bytes[0].n), 0);
    free(bytes[0].p);
    free(bytes[1].p);
}
END_TEST

/* ---- writing ---- */

static char folder[64];

static void in_folder(char *path, const char *name)
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static void copy(const char *name, const char *more)
{
    char from[256], to[128], text[65536];
    snprintf(from, sizeof(from), RS_SOURCE_DIR "/tests/golden/good/%s", name);
    in_folder(to, name);
    FILE *file = fopen(from, "rb");
    size_t n = fread(text, 1, sizeof(text), file);
    fclose(file);
    file = fopen(to, "wb");
    fwrite(text, 1, n, file);
    fputs(more, file);
    fclose(file);
}

static struct scenario *load_folder(void)
{
    char path[128];
    snprintf(folder, sizeof(folder), "/tmp/rollsim-tune-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    copy("minimal.yaml",
         "tune:\n  parameters:\n    - {path: rules/Errors/for, values: [2m]}\n"
         "    - {path: horizon, values: [2d]}\n  minimise: [{false_rollback: true}]\n");
    copy("rules.yml", "");
    copy("am.yml", "");
    in_folder(path, "minimal.yaml");
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

static void clear_folder(void)
{
    static const char *const names[] = {"minimal.yaml", "rules.yml", "am.yml", "real.yml"};
    char path[128];
    for (int i = 0; i < N_ROW(names); i++) {
        in_folder(path, names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0); /* and nothing was left in it */
}

static bool holds(const char *name, const char *text)
{
    char path[128], all_of_it[65536] = "";
    in_folder(path, name);
    FILE *file = fopen(path, "rb");
    size_t n = fread(all_of_it, 1, sizeof(all_of_it) - 1, file);
    all_of_it[n] = '\0';
    fclose(file);
    return strstr(all_of_it, text) != NULL;
}

/* Both files are written; the mode stays, and so does a symbolic link. */
START_TEST(test_write)
{
    struct scenario *sc = load_folder();
    char rules[128], real[128];
    struct err err = {0};
    struct stat info;
    in_folder(rules, "rules.yml");
    in_folder(real, "real.yml");
    ck_assert_int_eq(rename(rules, real), 0);
    ck_assert_int_eq(symlink("real.yml", rules), 0);
    ck_assert_int_eq(chmod(real, 0640), 0);
    ck_assert_int_eq(rs_tune_write(sc->tune, (uint16_t[]){1, 1}, &err), 0);
    ck_assert(holds("real.yml", "        for: 2m\n"));
    ck_assert(holds("minimal.yaml", "\nhorizon: 2d\n"));
    ck_assert_int_eq(lstat(rules, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(stat(real, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0640);
    rs_scenario_free(sc);
    clear_folder();
}
END_TEST

/* One file is not what was read: neither is written. */
START_TEST(test_write_changed)
{
    struct scenario *sc = load_folder();
    struct err err = {0};
    copy("minimal.yaml", "# somebody was here\n");
    ck_assert_int_eq(rs_tune_write(sc->tune, (uint16_t[]){1, 1}, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "has changed since it was read"));
    ck_assert(holds("rules.yml", "        for: 1m\n"));
    ck_assert(holds("minimal.yaml", "\nhorizon: 1d\n"));
    /* What is not touched may have changed. */
    err = (struct err){0};
    ck_assert_int_eq(rs_tune_write(sc->tune, (uint16_t[]){1, 0}, &err), 0);
    ck_assert(holds("rules.yml", "        for: 2m\n"));
    rs_scenario_free(sc);
    clear_folder();
}
END_TEST

/* ---- the manual ---- */

static char *text_of(const char *path)
{
    char *text = rs_xcalloc(1 << 18, 1);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(text, 1, (1 << 18) - 1, file);
    fclose(file);
    ck_assert_uint_gt(n, 0);
    return text;
}

/* Every example of docs/tune-parameters.md, behind the scenario that it speaks of. */
START_TEST(test_manual)
{
    static const char path[] = RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml";
    char *manual = text_of(RS_SOURCE_DIR "/docs/tune-parameters.md"), *own = text_of(path);
    char *cut = strstr(own, "\ntune:"); /* it may have one already, at its end */
    if (cut) {
        *cut = '\0';
    }
    int n = 0;
    for (const char *at = strstr(manual, "```yaml\n"); at; at = strstr(at, "```yaml\n")) {
        at += strlen("```yaml\n");
        size_t length = (size_t)(strstr(at, "```") - at), room = strlen(own) + length + 2;
        char *text = rs_xcalloc(room, 1);
        snprintf(text, room, "%s\n%.*s", own, (int)length, at);
        struct err_list errors;
        rs_err_list_init(&errors);
        struct scenario *sc = rs_scenario_load_texts(
            path, NULL, 0, &(struct text_override){path, text, strlen(text)}, 1, &errors);
        rs_err_list_print(&errors, stderr);
        ck_assert_ptr_nonnull(sc);
        ck_assert_int_gt(sc->tune->n_objective, 0);
        rs_err_list_clear(&errors);
        rs_scenario_free(sc);
        free(text);
        n++;
    }
    ck_assert_int_eq(n, 3);
    free(own);
    free(manual);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_manual);
    tcase_add_test(tc, test_histories);
    tcase_add_test(tc, test_write);
    tcase_add_test(tc, test_write_changed);
}

int main(void)
{
    return run_tests("tune_write", add);
}
