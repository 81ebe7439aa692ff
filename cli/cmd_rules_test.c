/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "rules_args.h"
#include "scenarios/rule_test.h"

struct work {
    const struct cli_args *args;
    struct arena *arena;
    enum promql_dialect dialect;
    regex_t run;
    struct rule_test_file **file; /* [n_operand], NULL = it had mistakes */
    struct test_report *report;   /* [n_operand] */
};

static int read_files(struct work *w)
{
    struct err_list errors, notes;
    rs_err_list_init(&errors);
    rs_err_list_init(&notes);
    for (int i = 0; i < w->args->n_operand; i++) {
        w->file[i] = rs_rule_test_read(w->arena, w->dialect, w->args->operand[i], &notes, &errors);
    }
    for (size_t i = 0; i < notes.n && !w->args->quiet; i++) {
        const struct err *note = &notes.item[i];
        fprintf(stderr, "%s:%d:%d: note: %s\n", note->file, note->line, note->col, note->text);
    }
    rs_err_list_sort(&errors);
    rs_err_list_print(&errors, stderr);
    int status = errors.n > 0 ? -1 : 0;
    rs_err_list_clear(&notes);
    rs_err_list_clear(&errors);
    return status;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Runs the chosen tests of one file. Returns the number of those that failed. */
static int run_tests(struct work *w, const struct rule_test_file *file, struct test_report *out)
{
    struct test_outcome *outcome = RS_ARENA_ARRAY(w->arena, struct test_outcome, file->n_test);
    int n_failed = 0;
    *out = (struct test_report){.file = file, .outcome = outcome};
    for (int i = 0; i < file->n_test; i++) {
        const struct rule_test *test = &file->test[i];
        if (w->args->run && regexec(&w->run, test->name, 0, NULL, 0) != 0) {
            continue;
        }
        double began_s = now_s();
        outcome[out->n_outcome] = rs_rule_test_run(w->arena, file, test);
        outcome[out->n_outcome].took_s = now_s() - began_s;
        n_failed += outcome[out->n_outcome++].n_failure > 0;
    }
    return n_failed;
}

static int write_junit(const struct work *w)
{
    FILE *to = fopen(w->args->junit, "wb");
    if (to) {
        rs_test_report_junit(to, w->args->n_operand, w->report);
    }
    if (!to || fclose(to) != 0) {
        fprintf(stderr, "rollsim: error: cannot write %s: %s\n", w->args->junit, strerror(errno));
        return -1;
    }
    return 0;
}

static int test_files(struct work *w)
{
    int n_failed = 0, n_run = 0;
    if (read_files(w) != 0) {
        return RS_EXIT_USAGE;
    }
    for (int i = 0; i < w->args->n_operand; i++) {
        n_failed += run_tests(w, w->file[i], &w->report[i]);
        n_run += w->report[i].n_outcome;
        /* Of a file none of whose tests were chosen there is nothing to tell. */
        if (!w->args->json && (w->report[i].n_outcome > 0 || !w->args->run)) {
            rs_test_report_print(stdout, &w->report[i], w->args->quiet, rs_term_has_colour(stdout));
        }
    }
    if (w->args->json) {
        rs_test_report_json(stdout, w->args->n_operand, w->report);
    }
    if (w->args->junit && write_junit(w) != 0) {
        return RS_EXIT_USAGE; /* the name was given on the command line */
    }
    if (w->args->run && n_run == 0) {
        fprintf(stderr, "rollsim: error: no test has a name that matches '%s'\n", w->args->run);
        return RS_EXIT_USAGE;
    }
    return n_failed > 0 ? RS_EXIT_VIOLATED : RS_EXIT_HOLDS;
}

static int run_rules_test(const struct cli_args *args)
{
    struct work w = {.args = args};
    struct err err = {0};
    if (rs_args_dialect(&w.dialect, args, &err) != 0) {
        rs_err_print(&err, stderr);
        return RS_EXIT_USAGE;
    }
    if (args->run && regcomp(&w.run, args->run, REG_EXTENDED | REG_NOSUB) != 0) {
        fprintf(stderr, "rollsim: error: --run must be a regular expression, got '%s'\n",
                args->run);
        return RS_EXIT_USAGE;
    }
    w.arena = rs_arena_new();
    w.file = RS_ARENA_ARRAY(w.arena, struct rule_test_file *, args->n_operand);
    w.report = RS_ARENA_ARRAY(w.arena, struct test_report, args->n_operand);
    int status = test_files(&w);
    for (int i = 0; i < args->n_operand; i++) {
        rs_rule_test_file_free(w.file[i]);
    }
    if (args->run) {
        regfree(&w.run);
    }
    rs_arena_free(w.arena);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT(0, run, "run", "REGEX", "only tests whose name matches"),
    RS_ROW_PROMETHEUS,
    RS_TEXT(0, junit, "junit", "FILE", "write JUnit's XML, too"),
    RS_ROW_JSON,
    RS_SWITCH('q', quiet, "quiet", "print failures only"),
    RS_ROW_HELP,
};

const struct cmd cmd_rules_test = {
    .name = "rules test",
    .args = "FILE...",
    .summary = "run promtool's unit tests of rules",
    .about =
        "Runs unit-test files as promtool test rules does, with the same outcome. The exit status "
        "is 1 when\n"
        "a test fails.",
    .examples = "  rollsim rules test rules_test.yml\n"
                "  rollsim rules test tests/*.yml --run latency --junit results.xml\n",
    .n_operand_min = 1,
    .n_operand_max = RS_MAX_OPERAND,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_rules_test,
};
