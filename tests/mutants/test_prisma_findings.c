/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * docs/prisma-findings.md tells the runbook's owner what the check finds, all of it and nothing else: every finding's place,
 * class and sentence stand there as the tool prints them, and no place and no class that was not found.
 */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "verify/check.h"

#define PAGE RS_SOURCE_DIR "/docs/prisma-findings.md"
#define MAX_TEXT 262144

static struct scenario *sc;
static struct findings *found;
static char page[MAX_TEXT];

/* Quoted lines are joined and blanks made single, so that the page may be wrapped. */
static void read_page(void)
{
    FILE *f = fopen(PAGE, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = 0;
    bool line_begins = true, blank = false;
    for (int c = fgetc(f); c != EOF && n + 2 < MAX_TEXT; c = fgetc(f)) {
        bool quote = line_begins && c == '>';
        line_begins = c == '\n';
        blank = blank || isspace(c) || quote;
        if (isspace(c) || quote)
            continue;
        if (blank)
            page[n++] = ' ';
        blank = false;
        page[n++] = (char)c;
    }
    page[n] = '\0';
    fclose(f);
}

static void set_up(void)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    sc = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(sc);
    found = rs_check_run(sc);
    read_page();
}

static void tear_down(void)
{
    rs_findings_free(found);
    rs_scenario_free(sc);
}

static const char *place_of(const struct finding *f)
{
    static char text[256];
    const char *slash = strrchr(f->at.file, '/');
    snprintf(text, sizeof text, "%s:%d", slash ? slash + 1 : f->at.file, f->at.line);
    return text;
}

/* The text, not followed by another digit. */
static bool mentions(const char *text)
{
    for (const char *at = page; (at = strstr(at, text)); at++) {
        if (!isdigit((unsigned char)at[strlen(text)]))
            return true;
    }
    return false;
}

START_TEST(test_all_of_it)
{
    ck_assert_int_gt(found->n, 0);
    int n_missing = 0;
    for (int i = 0; i < found->n; i++) {
        const struct finding *f = &found->item[i];
        char link[128];
        snprintf(link, sizeof link, "(findings/%s.md)", f->code->name);
        if (mentions(link) && mentions(place_of(f)) && mentions(f->text))
            continue;
        fprintf(stderr, "not on the page: %s: %s [%s]\n", place_of(f), f->text, f->code->name);
        n_missing++;
    }
    ck_assert_int_eq(n_missing, 0);
}
END_TEST

static bool code_found(const char *name, size_t n)
{
    for (int i = 0; i < found->n; i++) {
        const char *code = found->item[i].code->name;
        if (strlen(code) == n && strncmp(code, name, n) == 0)
            return true;
    }
    return false;
}

static bool place_found(const char *at, size_t n)
{
    for (int i = 0; i < found->n; i++) {
        const char *place = place_of(&found->item[i]);
        if (strlen(place) == n && strncmp(place, at, n) == 0)
            return true;
    }
    return false;
}

START_TEST(test_nothing_else)
{
    static const char link[] = "(findings/";
    for (const char *at = page; (at = strstr(at, link)); at++) {
        const char *name = at + sizeof link - 1;
        size_t n = strcspn(name, ".)");
        ck_assert_msg(strncmp(name, "README", n) == 0 || code_found(name, n), "%.*s is not found",
                      (int)n, name);
    }
    static const char *const files[] = {"prisma.yaml:", "alerts.yml:", "alertmanager.yml:"};
    for (int i = 0; i < 3; i++) {
        for (const char *at = page; (at = strstr(at, files[i])); at++) {
            size_t n = strlen(files[i]) + strspn(at + strlen(files[i]), "0123456789");
            ck_assert_msg(place_found(at, n), "nothing is found at %.*s", (int)n, at);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prisma findings");
    TCase *tc = tcase_create("page");
    tcase_add_unchecked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_all_of_it);
    tcase_add_test(tc, test_nothing_else);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
