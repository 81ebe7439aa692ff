/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/check_report.h"

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "check/check_words.h"
#include "made_up.h"
#include "sarif.h"
#include "sarif_form.h"
#include "text_table.h"

static struct finding made_findings[] = {
    {.at = {"plan.yaml", 12, 5},
     .ref = "§4 row 2",
     .about = "procedure back",
     .text = "a rollback takes 11m20s at worst, and 5m are allowed for it from the detection on",
     .mend = "let automation act, or poll the flags every 15s",
     .n_evidence = 6,
     .evidence = {{"worst_s", NULL, 680},
                  {"budget_s", NULL, 300},
                  {"p_miss", NULL, 0.032},
                  {"escalation_s", NULL, INFINITY},
                  {"trigger_condition", "sum(increase(rollback_total[10m])) by (job) > 0", 0},
                  {"leg", "acknowledge", 0}}},
    {.at = {"rules/alerts \xff.yml", 3, 1},
     .about = "alert <Portal> & \"co\"",
     .text = "the alert says > 3, its trigger says > 0",
     .mend = "say > 0"},
};
static struct findings found = {.n = 2, .n_error = 1, .n_warning = 1, .item = made_findings};
static struct scenario *sc;
static struct err_list errors;

static void set_up(void)
{
    sc = made_up_scenario();
    rs_err_list_init(&errors);
    made_findings[0].code = rs_finding_code("over-budget");
    made_findings[1].code = rs_finding_code("alert-laxer");
}

static void tear_down(void)
{
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}

static struct check_report report(bool well_formed)
{
    return (struct check_report){.file = "plan.yaml",
                                 .scenario = well_formed ? sc : NULL,
                                 .findings = well_formed ? &found : NULL,
                                 .errors = &errors,
                                 .exit_status = well_formed ? 1 : 2};
}

static char *text_of(int width, bool colour)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    struct check_report r = report(true);
    rs_check_print_text(to, &r, width, colour);
    fclose(to);
    return text;
}

static const int widths[] = {60, 80, 120};

START_TEST(test_text_fits)
{
    char *text = text_of(widths[_i], false), *save = NULL;
    ck_assert_ptr_null(strchr(text, '\033'));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        ck_assert_msg(rs_text_width(line) <= widths[_i], "%s", line);
        ck_assert_msg(line[strlen(line) - 1] != ' ', "ends in a space: %s", line);
    }
    free(text);
}
END_TEST

START_TEST(test_text_says)
{
    static const char *const needed[] = {
        "plan.yaml: scenario is well-formed: 2 services, 1 flag, 3 faults, 2 stages, ",
        "\nplan.yaml:12:5: error: a rollback takes 11m20s at worst, and 5m are allowed for it from "
        "the detection on [over-budget]\n    in: procedure back, §4 row 2\n    evidence: worst "
        "11m20s; budget 5m00s; p miss 3.2%; escalation never; leg: acknowledge\n    trigger "
        "condition: "
        "sum(increase(rollback_total[10m])) by (job) > 0\n    mend: let automation act, or poll "
        "the "
        "flags every 15s\n",
        ": warning: the alert says > 3, its trigger says > 0 [alert-laxer]\n    in: alert",
        "\n1 error and 1 warning in the runbook; rollsim check --explain CODE",
    };
    char *text = text_of(INT_MAX, false);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        ck_assert_msg(strstr(text, needed[i]) != NULL, "no \"%s\" in:\n%s", needed[i], text);
    free(text);
    text = text_of(80, true);
    ck_assert_ptr_nonnull(strstr(text, "plan.yaml:12:5: \033[1;31merror\033[0m: a rollback takes"));
    free(text);
}
END_TEST

START_TEST(test_nothing_found)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    struct findings none = {0};
    struct check_report r = report(true);
    r.findings = &none;
    rs_check_print_text(to, &r, 80, false);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "No holes were found in the runbook.\n"));
    free(text);
}
END_TEST

static char *machine_of(int (*print)(FILE *, const struct check_report *), bool well_formed)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    struct check_report r = report(well_formed);
    ck_assert_int_eq(print(to, &r), 0);
    fclose(to);
    return text;
}

static const char *text_at(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

START_TEST(test_json)
{
    char *text = machine_of(rs_check_print_json, true);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    json_t *rows = json_object_get(root, "findings"), *row = json_array_get(rows, 0);
    ck_assert_uint_eq(json_array_size(rows), 2);
    ck_assert_str_eq(text_at(row, "code"), "over-budget");
    ck_assert_str_eq(text_at(row, "severity"), "error");
    ck_assert_str_eq(text_at(row, "file"), "plan.yaml");
    ck_assert_int_eq(json_integer_value(json_object_get(row, "line")), 12);
    ck_assert_int_eq(json_integer_value(json_object_get(row, "column")), 5);
    ck_assert_str_eq(text_at(row, "ref"), "§4 row 2");
    json_t *evidence = json_object_get(row, "evidence");
    ck_assert_double_eq(json_real_value(json_object_get(evidence, "worst_s")), 680);
    ck_assert_str_eq(text_at(evidence, "escalation_s"), "infinite");
    ck_assert_str_eq(text_at(evidence, "leg"), "acknowledge");
    row = json_array_get(rows, 1);
    ck_assert(json_is_null(json_object_get(row, "ref")));
    ck_assert_str_eq(text_at(row, "file"), "rules/alerts \xef\xbf\xbd.yml"); /* was no UTF-8 */
    ck_assert(json_is_true(json_object_get(root, "well_formed")));
    ck_assert_uint_eq(json_array_size(json_object_get(root, "errors")), 0);
    json_decref(root);
    free(text);
}
END_TEST

START_TEST(test_sarif)
{
    json_t *log;
    char *text = machine_of(rs_check_print_sarif, true);
    json_t *run = sarif_run(text, &log), *results = json_object_get(run, "results");
    ck_assert_uint_eq(json_array_size(results), 2);
    json_t *result = json_array_get(results, 0);
    ck_assert_str_eq(text_at(result, "ruleId"), "over-budget");
    ck_assert_str_eq(text_at(result, "level"), "error");
    ck_assert_str_eq(text_at(json_array_get(results, 1), "level"), "warning");
    ck_assert_ptr_nonnull(strstr(text_at(json_object_get(result, "message"), "text"),
                                 "(§4 row 2). Mend: let automation act"));
    ck_assert_ptr_nonnull(strstr(text, "\"uri\": \"rules/alerts%20%FF.yml\""));
    json_decref(log);
    free(text);
}
END_TEST

START_TEST(test_errors_in_both)
{
    rs_err_list_add(&errors, RS_E_KEY, (struct mark){"plan.yaml", 3, 1}, "unknown key \"x\"");
    rs_err_list_add(&errors, RS_E_IO, (struct mark){NULL, 0, 0}, "no place at all");
    char *text = machine_of(rs_check_print_json, false);
    json_t *root = json_loads(text, 0, NULL), *list = json_object_get(root, "errors");
    ck_assert(json_is_false(json_object_get(root, "well_formed")));
    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(list, 0), "line")), 3);
    ck_assert_ptr_null(json_object_get(root, "findings"));
    json_decref(root);
    free(text);
    text = machine_of(rs_check_print_sarif, false);
    json_t *run = sarif_run(text, &root), *results = json_object_get(run, "results");
    ck_assert_uint_eq(json_array_size(results), 2);
    ck_assert_str_eq(text_at(json_array_get(results, 0), "ruleId"), "scenario-error");
    ck_assert_str_eq(text_at(json_array_get(results, 0), "level"), "error");
    json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
    ck_assert(json_is_false(json_object_get(invocation, "executionSuccessful")));
    json_decref(root);
    free(text);
}
END_TEST

static const struct {
    struct evidence e;
    const char *text;
} evidences[] = {
    {{"window_s", NULL, 90}, "window 1m30s"},
    {{"wait_s", NULL, INFINITY}, "wait never"},
    {{"traffic_per_s", NULL, 12.5}, "traffic 12.5/s"},
    {{"p_false_alarm", NULL, 0.0331}, "p false alarm 3.3%"},
    {{"p_false_alarm", NULL, 3e-9}, "p false alarm 3e-09"},
    {{"error_ratio", NULL, 0.005}, "error ratio 0.5%"},
    {{"n_request", NULL, 48000}, "request 48000"},
    {{"threshold", NULL, 0.12345}, "threshold 0.123"},
    {{"n_step", NULL, INFINITY}, "step without end"},
    {{"requests_in_window", NULL, 1249.7}, "requests in window 1250"},
    {{"known", NULL, NAN}, "known nan"},
    {{"path", "legacy", 0}, "path: legacy"},
};

START_TEST(test_evidence)
{
    char buf[128];
    ck_assert_str_eq(rs_evidence_human(buf, sizeof buf, &evidences[_i].e), evidences[_i].text);
}
END_TEST

static const struct {
    const char *path, *base, *uri;
} uris[] = {
    {"scenarios/a.yaml", "/x/y", "scenarios/a.yaml"},
    {"./a.yaml", "/x/y", "a.yaml"},
    {"../a.yaml", "/x/y", "../a.yaml"},
    {"/x/y/z/a.yaml", "/x/y", "z/a.yaml"},
    {"/x/yy/a.yaml", "/x/y", "../yy/a.yaml"},
    {"/x/a.yaml", "/x/y/z", "../../a.yaml"},
    {"/a.yaml", "/x/y", "../../a.yaml"},
    {"/x/a.yaml", "/", "x/a.yaml"},
    {"/x/a.yaml", NULL, "x/a.yaml"},
    {"a plan/50%:ü.yaml", "/x", "a%20plan/50%25%3A%C3%BC.yaml"},
};

START_TEST(test_uri)
{
    char buf[256];
    ck_assert_str_eq(rs_sarif_uri(buf, sizeof buf, uris[_i].path, uris[_i].base), uris[_i].uri);
}
END_TEST

/* A code without a page, or a page without a code: neither may be. */
START_TEST(test_pages)
{
    for (const struct finding_code *c = rs_finding_codes; c->name; c++) {
        const char *page = rs_finding_page(c->name);
        ck_assert_msg(page != NULL, "docs/findings/%s.md is missing", c->name);
        ck_assert_msg(strstr(page, c->name) != NULL, "%s.md does not name its code", c->name);
    }
    DIR *folder = opendir(RS_SOURCE_DIR "/docs/findings");
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        char name[256];
        snprintf(name, sizeof name, "%s", e->d_name);
        char *ending = strrchr(name, '.');
        if (name[0] == '.' || strcmp(name, "README.md") == 0)
            continue;
        ck_assert_msg(ending && strcmp(ending, ".md") == 0, "docs/findings/%s is no page", name);
        *ending = '\0';
        ck_assert_msg(rs_finding_code(name) != NULL, "docs/findings/%s.md has no code", name);
    }
    closedir(folder);
}
END_TEST

/* The index of the pages names each code with the summary and the severity that the program has. */
START_TEST(test_index)
{
    FILE *from = fopen(RS_SOURCE_DIR "/docs/findings/README.md", "r");
    ck_assert_ptr_nonnull(from);
    static char text[1 << 16];
    text[fread(text, 1, sizeof text - 1, from)] = '\0';
    fclose(from);
    for (const struct finding_code *c = rs_finding_codes; c->name; c++) {
        char row[400];
        snprintf(row, sizeof row, "| [%s](%s.md) | %s | %s |\n", c->name, c->name,
                 rs_severity_name(c->severity), c->summary);
        ck_assert_msg(strstr(text, row) != NULL, "docs/findings/README.md lacks: %s", row);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("check report");
    TCase *tc = tcase_create("reports");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_text_fits, 0, (int)(sizeof widths / sizeof widths[0]));
    tcase_add_test(tc, test_text_says);
    tcase_add_test(tc, test_nothing_found);
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_sarif);
    tcase_add_test(tc, test_errors_in_both);
    suite_add_tcase(s, tc);
    tc = tcase_create("words");
    tcase_add_loop_test(tc, test_evidence, 0, (int)(sizeof evidences / sizeof evidences[0]));
    tcase_add_loop_test(tc, test_uri, 0, (int)(sizeof uris / sizeof uris[0]));
    suite_add_tcase(s, tc);
    tc = tcase_create("pages");
    tcase_add_test(tc, test_pages);
    tcase_add_test(tc, test_index);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
