/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <jansson.h>

#include "../machine.h"
#include "../text_table.h"
#include "verify/rule_test.h"

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

/* ---- the terminal ---- */

struct lines { /* a text, line by line */
    const char *rest;
};

static bool next_line(struct lines *from, char *line, size_t n)
{
    if (!*from->rest) {
        return false;
    }
    size_t length = strcspn(from->rest, "\n");
    snprintf(line, n, "%.*s", (int)length, from->rest);
    from->rest += length + (from->rest[length] == '\n');
    return true;
}

static void
print_line(FILE *to, const char *sign, enum text_style style, bool colour, const char *line)
{
    fputs("      ", to);
    rs_text_styled(to, style, colour, sign);
    rs_text_styled(to, style, colour, line);
    fputc('\n', to);
}

enum { LINE = 4096 };

static void
print_all(FILE *to, const char *sign, enum text_style style, bool colour, const char *text)
{
    struct lines lines = {text};
    char line[LINE];
    while (next_line(&lines, line, sizeof(line))) {
        print_line(to, sign, style, colour, line);
    }
}

static bool has_line(const char *text, const char *wanted)
{
    struct lines lines = {text};
    char line[LINE];
    while (next_line(&lines, line, sizeof(line))) {
        if (strcmp(line, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* What was wanted in its order, then what was got and not wanted. */
static void print_merged(FILE *to, const char *want, const char *got, bool colour)
{
    struct lines w = {want}, g = {got};
    char line[LINE];
    while (next_line(&w, line, sizeof(line))) {
        bool both = has_line(got, line);
        print_line(to, both ? "  " : "- ", both ? RS_STYLE_PLAIN : RS_STYLE_BAD, colour, line);
    }
    while (next_line(&g, line, sizeof(line))) {
        if (!has_line(want, line)) {
            print_line(to, "+ ", RS_STYLE_GOOD, colour, line);
        }
    }
}

static bool same_head(const char *a, const char *b)
{
    size_t n = strcspn(a, "\n");
    return n == strcspn(b, "\n") && strncmp(a, b, n) == 0;
}

/*
 * Both lists are sorted, so that a merge finds what stands in both; it runs twice, since what was wanted is told first.
 */
static void print_difference(FILE *to, const struct test_failure *f, bool colour)
{
    for (int round = 0; round < 2; round++) {
        int i = 0, k = 0;
        while (i < f->n_want || k < f->n_got) {
            if (i < f->n_want && k < f->n_got && same_head(f->want[i], f->got[k])) {
                if (round == 0) {
                    print_merged(to, f->want[i], f->got[k], colour);
                }
                i++;
                k++;
            } else if (k == f->n_got || (i < f->n_want && strcmp(f->want[i], f->got[k]) < 0)) {
                if (round == 0) {
                    print_all(to, "- ", RS_STYLE_BAD, colour, f->want[i]);
                }
                i++;
            } else {
                if (round == 1) {
                    print_all(to, "+ ", RS_STYLE_GOOD, colour, f->got[k]);
                }
                k++;
            }
        }
    }
}

static void print_failure(FILE *to, const struct test_failure *f, bool colour)
{
    fprintf(to, "    %s:%d: ", f->at.file, f->at.line);
    rs_text_tame(to, f->what);
    fputc('\n', to);
    if (f->why) {
        fprintf(to, "      %s\n", f->why);
    }
    print_difference(to, f, colour);
}

void rs_test_report_print(FILE *to, const struct test_report *report, bool quiet, bool colour)
{
    int n_case = 0, n_failed = 0, n_failed_case = 0;
    for (int i = 0; i < report->n_outcome; i++) {
        n_case += report->outcome[i].n_case;
        n_failed += report->outcome[i].n_failure > 0;
        for (int k = 0; k < report->outcome[i].n_failure; k++) {
            n_failed_case += !report->outcome[i].failure[k].of_rule;
        }
    }
    if (quiet && n_failed == 0) {
        return;
    }
    rs_text_styled(to, n_failed ? RS_STYLE_BAD : RS_STYLE_GOOD, colour, n_failed ? "✘ " : "✔ ");
    fprintf(to, "%s: %d test%s, %d case%s", report->file->file, report->n_outcome,
            plural(report->n_outcome), n_case, plural(n_case));
    if (n_failed > 0) {
        fprintf(to, "; %d test%s failed", n_failed, plural(n_failed));
    }
    if (n_failed_case > 0) {
        fprintf(to, " (%d case%s)", n_failed_case, plural(n_failed_case));
    }
    fputc('\n', to);
    for (int i = 0; i < report->n_outcome; i++) {
        const struct test_outcome *o = &report->outcome[i];
        if (o->n_failure == 0) {
            continue;
        }
        if (o->test->name && *o->test->name) {
            fputs("  test \"", to);
            rs_text_tame(to, o->test->name);
            fprintf(to, "\", line %d\n", o->test->at.line);
        } else {
            fprintf(to, "  test of line %d\n", o->test->at.line);
        }
        for (int k = 0; k < o->n_failure; k++) {
            print_failure(to, &o->failure[k], colour);
        }
    }
    if (n_failed > 0) {
        fputs("  (- wanted and not got, + got and not wanted)\n", to);
    }
}

/* ---- machines ---- */

static json_t *texts_json(int n, const char *const *text)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, json_string(text[i]));
    }
    return list;
}

static json_t *failures_json(const struct test_outcome *o)
{
    json_t *list = json_array();
    for (int i = 0; i < o->n_failure; i++) {
        const struct test_failure *f = &o->failure[i];
        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s?, s:o, s:o}", "file", f->at.file,
                                              "line", f->at.line, "what", f->what, "why", f->why,
                                              "want", texts_json(f->n_want, f->want), "got",
                                              texts_json(f->n_got, f->got)));
    }
    return list;
}

void rs_test_report_json(FILE *to, int n, const struct test_report *report)
{
    json_t *root = json_array();
    for (int i = 0; i < n; i++) {
        json_t *tests = json_array();
        for (int k = 0; k < report[i].n_outcome; k++) {
            const struct test_outcome *o = &report[i].outcome[k];
            json_array_append_new(tests,
                                  json_pack("{s:s, s:i, s:i, s:b, s:o}", "name",
                                            o->test->name ? o->test->name : "", "line",
                                            o->test->at.line, "cases", o->n_case, "passed",
                                            o->n_failure == 0, "failures", failures_json(o)));
        }
        json_array_append_new(
            root, json_pack("{s:s, s:o}", "file", report[i].file->file, "tests", tests));
    }
    json_dumpf(root, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(root);
}

static void put_failure(FILE *to, const struct test_failure *f)
{
    rs_xml_put(to, f->at.file);
    fprintf(to, ":%d: ", f->at.line);
    rs_xml_put(to, f->what);
    fputc('\n', to);
    if (f->why) {
        rs_xml_put(to, f->why);
        fputc('\n', to);
    }
    for (int i = 0; i < f->n_want; i++) {
        fputs("wanted: ", to);
        rs_xml_put(to, f->want[i]);
        fputc('\n', to);
    }
    for (int i = 0; i < f->n_got; i++) {
        fputs("got: ", to);
        rs_xml_put(to, f->got[i]);
        fputc('\n', to);
    }
}

/* One <failure> a test: readers of the format look at the first alone. */
static void put_test(FILE *to, const char *file, const struct test_outcome *o)
{
    fputs("    <testcase name=\"", to);
    if (o->test->name && *o->test->name) {
        rs_xml_put(to, o->test->name);
    } else {
        fprintf(to, "line %d", o->test->at.line);
    }
    fputs("\" classname=\"", to);
    rs_xml_put(to, file);
    fprintf(to, "\" time=\"%.6f\"%s>\n", o->took_s, o->n_failure ? "" : "/");
    if (o->n_failure == 0) {
        return;
    }
    fputs("      <failure message=\"", to);
    rs_xml_put(to, o->failure[0].what);
    if (o->n_failure > 1) {
        fprintf(to, " and %d more", o->n_failure - 1);
    }
    fputs("\">", to);
    for (int i = 0; i < o->n_failure; i++) {
        put_failure(to, &o->failure[i]);
    }
    fputs("</failure>\n    </testcase>\n", to);
}

void rs_test_report_junit(FILE *to, int n, const struct test_report *report)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", to);
    for (int i = 0; i < n; i++) {
        int n_failed = 0;
        double took_s = 0.0;
        for (int k = 0; k < report[i].n_outcome; k++) {
            n_failed += report[i].outcome[k].n_failure > 0;
            took_s += report[i].outcome[k].took_s;
        }
        fputs("  <testsuite name=\"", to);
        rs_xml_put(to, report[i].file->file);
        fprintf(to, "\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"0\" time=\"%.6f\">\n",
                report[i].n_outcome, n_failed, took_s);
        for (int k = 0; k < report[i].n_outcome; k++) {
            put_test(to, report[i].file->file, &report[i].outcome[k]);
        }
        fputs("  </testsuite>\n", to);
    }
    fputs("</testsuites>\n", to);
}
