/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run as JUnit's XML. The format has no standard; what is written is what GitLab's and Jenkins' readers agree on: testsuites,
 * testsuite with counts, testcase with name, classname, file and time, and in it failure, error or skipped. time is 0: a verdict
 * is no measurement of a clock, and a report shall not differ from machine to machine.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "machine.h"
#include "report_parts.h"
#include "words.h"

#define WIDTH 100 /* of the text in a failure, as readers show it */

static void put_attribute(FILE *to, const char *name, const char *value)
{
    fprintf(to, " %s=\"", name);
    rs_xml_put(to, value);
    fputc('"', to);
}

static void put_property(FILE *to, const char *name, const char *value)
{
    fputs("      <property", to);
    put_attribute(to, "name", name);
    put_attribute(to, "value", value);
    fputs("/>\n", to);
}

static void put_properties(FILE *to, const struct run_result *r)
{
    char number[32];
    fputs("    <properties>\n", to);
    put_property(to, "rollsim_version", RS_VERSION);
    put_property(to, "scenario_sha256", r->scenario->sha256);
    snprintf(number, sizeof number, "%" PRIu64, r->seed);
    put_property(to, "seed", number);
    snprintf(number, sizeof number, "%" PRIu64, r->n_replica);
    put_property(to, "n_replica", number);
    snprintf(number, sizeof number, "%.15g", r->scenario->confidence);
    put_property(to, "confidence", number);
    snprintf(number, sizeof number, "%d", rs_family_size(r->scenario));
    put_property(to, "family_size", number);
    fputs("    </properties>\n", to);
}

/* All that the terminal says of it, too. */
static void put_note(FILE *to, const struct run_result *r, const struct verdict *v)
{
    char *text = NULL;
    size_t n;
    FILE *note = open_memstream(&text, &n);
    rs_verdict_print_note(note, r, v, WIDTH, false);
    fclose(note);
    fputc('\n', to);
    rs_xml_put_lines(to, text);
    free(text);
}

static void put_case(FILE *to, const struct run_result *r, const struct verdict *v)
{
    struct arena *arena = rs_arena_new();
    fputs("    <testcase", to);
    put_attribute(to, "name", v->claim->name);
    put_attribute(to, "classname", r->scenario->name);
    if (v->claim->at.file)
        put_attribute(to, "file", v->claim->at.file);
    fputs(" time=\"0\"", to);
    if (rs_verdict_is_good(v->kind)) {
        fputs("/>\n", to);
    } else if (rs_verdict_is_bad(v->kind)) {
        fputs(">\n      <failure", to);
        put_attribute(to, "message", rs_verdict_line(arena, v));
        put_attribute(to, "type", rs_verdict_name(v->kind));
        fputc('>', to);
        put_note(to, r, v);
        fputs("</failure>\n    </testcase>\n", to);
    } else {
        fputs(">\n      <skipped", to);
        put_attribute(to, "message",
                      rs_arena_printf(arena, "%s. %s", rs_verdict_line(arena, v),
                                      rs_open_reason_text(arena, v)));
        fputs("/>\n    </testcase>\n", to);
    }
    rs_arena_free(arena);
}

static void
put_suite(FILE *to, const char *name, int n_test, int n_failure, int n_error, int n_skipped)
{
    const char *const element[] = {"testsuites", "  <testsuite"};
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", to);
    for (int i = 0; i < 2; i++) {
        fputs(element[i], to);
        put_attribute(to, "name", i == 0 ? "rollsim verify" : name);
        fprintf(to, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"0\">\n",
                n_test, n_failure, n_error, n_skipped);
    }
}

static int put_end(FILE *to)
{
    fputs("  </testsuite>\n</testsuites>\n", to);
    return ferror(to) ? -1 : 0;
}

int rs_run_print_junit(FILE *to, const struct run_result *r)
{
    int n_bad = 0, n_open = 0;
    for (int i = 0; i < r->n_verdict; i++) {
        n_bad += rs_verdict_is_bad(r->verdict[i].kind);
        n_open += r->verdict[i].kind == RS_VERDICT_UNDECIDED;
    }
    put_suite(to, r->scenario->name, r->n_verdict, n_bad, 0, n_open);
    put_properties(to, r);
    for (int i = 0; i < r->n_verdict; i++)
        put_case(to, r, &r->verdict[i]);
    return put_end(to);
}

/* One test case with one error: readers of the format look at the first alone. */
int rs_run_print_junit_errors(FILE *to, const char *file, const struct err_list *errors)
{
    char *text = NULL;
    size_t n;
    FILE *list = open_memstream(&text, &n);
    rs_err_list_print(errors, list);
    fclose(list);
    put_suite(to, file, 1, 0, 1, 0);
    fputs("    <testcase name=\"the scenario can be run\"", to);
    put_attribute(to, "classname", file);
    put_attribute(to, "file", file);
    fputs(" time=\"0\">\n      <error", to);
    put_attribute(to, "message", errors->n > 0 ? errors->item[0].text : "");
    fputs(" type=\"error\">\n", to);
    rs_xml_put_lines(to, text);
    fputs("</error>\n    </testcase>\n", to);
    free(text);
    return put_end(to);
}
