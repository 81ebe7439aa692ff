/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the check find what was broken, and where, and nothing in what is whole? */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mutants.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/check.h"

#define FOLDER RS_SOURCE_DIR "/scenarios/prisma-mended/"
#define MAX_TEXT 65536
#define MIN_MUTANT 60

static const char *const names[N_MUTANT_FILE] = {"prisma-mended.yaml", "alerts.yml",
                                                 "alertmanager.yml"};
static char original[N_MUTANT_FILE][MAX_TEXT], changed[N_MUTANT_FILE][MAX_TEXT];
static char folder[256];

/* ---- files ---- */

static void read_originals(void)
{
    for (int i = 0; i < N_MUTANT_FILE; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s%s", FOLDER, names[i]);
        FILE *f = fopen(path, "rb");
        ck_assert_ptr_nonnull(f);
        size_t n = fread(original[i], 1, MAX_TEXT - 1, f);
        fclose(f);
        ck_assert_uint_lt(n, MAX_TEXT / 2);
        original[i][n] = '\0';
    }
}

static const char *path_of(int file)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, names[file]);
    return path;
}

static void write_changed(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rollsim-mutant-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < N_MUTANT_FILE; i++) {
        FILE *f = fopen(path_of(i), "wb");
        ck_assert_ptr_nonnull(f);
        fputs(changed[i], f);
        fclose(f);
    }
}

static void remove_changed(void)
{
    for (int i = 0; i < N_MUTANT_FILE; i++)
        unlink(path_of(i));
    rmdir(folder);
}

/* ---- texts ---- */

/* Where the text stands, which it must do exactly once. */
static char *once(char *in, const char *text, const char *what)
{
    char *at = strstr(in, text);
    ck_assert_msg(at, "%s: nowhere: %s", what, text);
    ck_assert_msg(!strstr(at + 1, text), "%s: more than once: %s", what, text);
    return at;
}

static void replace(char *in /* [MAX_TEXT] */, const char *from, const char *to, const char *what)
{
    char *at = once(in, from, what);
    size_t n_rest = strlen(at + strlen(from)) + 1;
    ck_assert_str_ne(from, to);
    ck_assert_uint_lt((size_t)(at - in) + strlen(to) + n_rest, MAX_TEXT);
    memmove(at + strlen(to), at + strlen(from), n_rest);
    memcpy(at, to, strlen(to));
}

static void apply(const struct mutant *m)
{
    memcpy(changed, original, sizeof changed);
    replace(changed[m->file], m->from, m->to, m->what);
    if (m->and_from)
        replace(changed[m->file], m->and_from, m->and_to, m->what);
}

static int line_of(const struct mutant *m)
{
    char *in = changed[m->at_file];
    const char *at = once(in, m->at, m->what);
    int line = 1;
    for (; in < at; in++)
        line += *in == '\n';
    return line;
}

/* ---- the check ---- */

static struct findings *check_changed(struct scenario **sc, const char *what)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    write_changed();
    *sc = rs_scenario_load(path_of(THE_RUNBOOK), &errors);
    remove_changed();
    rs_err_list_print(&errors, stderr);
    ck_assert_msg(*sc, "%s: the scenario cannot be read", what);
    rs_err_list_clear(&errors);
    return rs_check_run(*sc);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_word_of(const char *word, const char *list)
{
    size_t n = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)); at += n) {
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

static void print_findings(const struct findings *f)
{
    for (int i = 0; i < f->n; i++) {
        const struct finding *x = &f->item[i];
        fprintf(stderr, "    %s:%d: %s: %s\n", base_name(x->at.file ? x->at.file : "?"), x->at.line,
                x->code->name, x->text);
    }
}

static const struct mutant *mutant(int i)
{
    const struct mutant *const tables[] = {rs_mutants_of_conditions, rs_mutants_of_rollbacks,
                                           rs_mutants_of_stages};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const struct mutant *m = tables[t]; m->what; m++) {
            if (i-- == 0)
                return m;
        }
    }
    return NULL;
}

static int n_mutant(void)
{
    int n = 0;
    while (mutant(n))
        n++;
    return n;
}

START_TEST(test_mutant)
{
    const struct mutant *m = mutant(_i);
    apply(m);
    int line = line_of(m);
    struct scenario *sc;
    struct findings *f = check_changed(&sc, m->what);
    int n_right = 0, n_odd = 0;
    for (int i = 0; i < f->n; i++) {
        const struct finding *x = &f->item[i];
        bool ours = strcmp(x->code->name, m->code) == 0;
        n_right +=
            ours && x->at.line == line && strcmp(base_name(x->at.file), names[m->at_file]) == 0;
        n_odd += !ours && !is_word_of(x->code->name, m->also);
    }
    if (n_right == 0 || n_odd > 0) {
        fprintf(stderr, "%s: wanted %s at %s:%d, found %d:\n", m->what, m->code, names[m->at_file],
                line, f->n);
        print_findings(f);
    }
    ck_assert_msg(n_right > 0, "%s: no %s at %s:%d", m->what, m->code, names[m->at_file], line);
    ck_assert_msg(n_odd == 0, "%s: findings of other classes", m->what);
    rs_findings_free(f);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_original)
{
    struct scenario *sc;
    memcpy(changed, original, sizeof changed);
    struct findings *f = check_changed(&sc, "the original");
    print_findings(f);
    ck_assert_int_eq(f->n, 0);
    rs_findings_free(f);
    rs_scenario_free(sc);
}
END_TEST

/* Every class has a mutant, and there are enough of them. */
START_TEST(test_spread)
{
    ck_assert_int_ge(n_mutant(), MIN_MUTANT);
    for (const struct finding_code *c = rs_finding_codes; c->name; c++) {
        int n = 0;
        for (int i = 0; mutant(i); i++)
            n += strcmp(mutant(i)->code, c->name) == 0;
        /* A search that is cut off takes a runbook much larger than this one; a judge takes a file of its own (tests/judge). */
        bool elsewhere =
            strcmp(c->name, "states-unsearched") == 0 || strcmp(c->name, "judge-late") == 0;
        ck_assert_msg(n > 0 || elsewhere, "no mutant of %s", c->name);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mutants");
    TCase *tc = tcase_create("mutants");
    tcase_add_unchecked_fixture(tc, read_originals, NULL);
    tcase_add_test(tc, test_original);
    tcase_add_test(tc, test_spread);
    tcase_add_loop_test(tc, test_mutant, 0, n_mutant());
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
