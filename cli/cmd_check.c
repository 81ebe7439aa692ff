/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "reports.h"
#include "scenario_args.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/check_report.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_N };
static const char *const format_names[] = {"text", "json", "sarif"};

/* From which severity on findings make the command fail. */
enum bar { BAR_ERROR, BAR_WARNING, BAR_NEVER };

struct wish {
    int format;
    enum bar bar;
};

static int read_bar(enum bar *out, const char *word, struct err *err)
{
    static const char *const names[] = {"error", "warning", "never"};
    for (int i = 0; i < 3; i++) {
        if (!word || strcmp(word, names[i]) == 0) {
            *out = (enum bar)i;
            return 0;
        }
    }
    return rs_err_set(err, RS_E_USAGE, "--fail-on must be warning, error or never, got '%s'", word);
}

static int exit_status(const struct findings *f, enum bar bar)
{
    int n = bar == BAR_NEVER ? 0 : f->n_error + (bar == BAR_WARNING ? f->n_warning : 0);
    return n > 0 ? RS_EXIT_VIOLATED : RS_EXIT_HOLDS;
}

/* What the closer look at the rules would find; its notes of what is ignored stand here already. */
static struct rule_check *look_at_rules(const struct scenario *sc)
{
    static const char *const ignored[] = {"ignored-here"};
    const struct monitoring *m = &sc->monitoring;
    const struct rule_check_spec spec = {
        .n_file = m->n_rule_file,
        .file = (const struct rule_file *const *)m->rule_file,
        .am = m->alertmanager,
        .interval_ms = m->evaluation_interval_ns / RS_NS_PER_MS,
        .lookback_ms = m->lookback_ns / RS_NS_PER_MS,
        .n_ignore = 1,
        .ignore = ignored,
    };
    return m->n_rule_file > 0 ? rs_rule_check_run(&spec) : NULL;
}

static int print_sarif(FILE *to, const void *ctx)
{
    return rs_check_print_sarif(to, ctx);
}

/* Words that could not be written are noticed when stdout is closed (main.c). */
static void print(const struct check_report *r, int format)
{
    switch ((enum format)format) {
    case FORMAT_TEXT:
        if (r->scenario) {
            rs_check_print_text(stdout, r, rs_term_line_width(stdout), rs_term_has_colour(stdout));
        } else {
            rs_err_list_print(r->errors, stderr);
        }
        break;
    case FORMAT_JSON: rs_check_print_json(stdout, r); break;
    case FORMAT_SARIF: rs_check_print_sarif(stdout, r); break;
    case FORMAT_N: break;
    }
}

static struct scenario *load(const char *file, struct err_list *errors)
{
    struct err record = {0};
    if (rs_args_no_record(file, &record)) {
        rs_err_list_push(errors, &record);
        return NULL;
    }
    struct scenario *sc = rs_scenario_load(file, errors);
    rs_err_list_sort(errors);
    return sc;
}

static int check_file(const struct cli_args *args, const struct wish *wish, struct err *err)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = load(args->operand[0], &errors);
    struct findings *findings = sc ? rs_check_run(sc) : NULL;
    struct rule_check *rules = sc ? look_at_rules(sc) : NULL;
    const struct check_report report = {
        .file = args->operand[0],
        .scenario = sc,
        .findings = findings,
        .rules = rules,
        .errors = &errors,
        .exit_status = sc ? exit_status(findings, wish->bar) : RS_EXIT_USAGE,
    };
    print(&report, wish->format);
    int failed = rs_report_file_write(args->sarif, print_sarif, &report, err);
    rs_rule_check_free(rules);
    rs_findings_free(findings);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    return failed ? -1 : report.exit_status;
}

static int unknown_code(const char *word, struct err *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct finding_code *c = rs_finding_codes; c->name && n < 64; c++) {
        names[n++] = c->name;
    }
    const char *near = rs_near_name(word, names, n);
    return near ? rs_err_set(err, RS_E_USAGE, "no finding has the code '%s' (did you mean '%s'?)",
                             word, near)
                : rs_err_set(err, RS_E_USAGE,
                             "no finding has the code '%s'; rollsim check --list prints all", word);
}

static int explain(const char *word, struct err *err)
{
    const struct finding_code *code = rs_finding_code(word);
    if (!code) {
        return unknown_code(word, err);
    }
    const char *page = rs_finding_page(word);
    if (page) {
        fputs(page, stdout);
    } else {
        printf("%s (%s): %s\n", code->name, rs_severity_name(code->severity), code->summary);
    }
    return RS_EXIT_HOLDS;
}

/* What can be asked without a scenario; -2: it is none of that. */
static int answer(const struct cli_args *args, struct err *err)
{
    if (args->print_reference) {
        rs_scenario_print_reference(stdout);
    } else if (args->print_schema) {
        rs_scenario_print_schema(stdout);
    } else if (args->list) {
        rs_finding_codes_print(stdout, rs_term_width(stdout), rs_term_has_colour(stdout));
    } else if (args->explain) {
        return explain(args->explain, err);
    } else {
        return -2;
    }
    return RS_EXIT_HOLDS;
}

static int check(const struct cli_args *args, struct err *err)
{
    struct wish wish;
    int status = answer(args, err);
    if (status != -2) {
        return status;
    }
    if (args->n_operand == 0) {
        return rs_err_set(err, RS_E_USAGE, "rollsim check wants SCENARIO");
    }
    if (rs_args_format(&wish.format, args, format_names, FORMAT_N, err) ||
        read_bar(&wish.bar, args->fail_on, err) ||
        rs_report_file_check("--sarif", args->sarif, err)) {
        return -1;
    }
    return check_file(args, &wish, err);
}

static int run_check(const struct cli_args *args)
{
    struct err err = {0};
    int status = check(args, &err);
    if (status < 0) {
        rs_err_print(&err, stderr);
        status = rs_err_exit_status(&err);
    }
    return status;
}

static const struct option_row options[] = {
    RS_TEXT(0, format, "format", "FORMAT", "text, json or sarif (text)"),
    RS_ROW_JSON_FORMAT,
    RS_TEXT(0, sarif, "sarif", "FILE", "write SARIF 2.1.0 to this file, too"),
    RS_TEXT(0,
            fail_on,
            "fail-on",
            "SEVERITY",
            "findings from which on it fails: warning, error or never (error)"),
    RS_TEXT(0, explain, "explain", "CODE", "tell what a finding means and stop"),
    RS_SWITCH(0, list, "list", "list the codes of all findings and stop"),
    RS_SWITCH(0, print_reference, "print-reference", "print the reference of all keys and stop"),
    RS_SWITCH(0, print_schema, "print-schema", "print the JSON Schema for editors and stop"),
    RS_ROW_HELP,
};

const struct cmd cmd_check = {
    .name = "check",
    .args = "SCENARIO",
    .summary = "find the mistakes in a scenario and the holes in its runbook",
    .about =
        "Reads the scenario and every file that it names. Mistakes in them are told all in one "
        "go, each with\n"
        "file:line:column. A scenario that is well-formed is then searched for holes in the "
        "runbook: triggers that\n"
        "nobody observes, waits longer than the time allowed, states without a way back. Every "
        "finding has a code,\n"
        "its evidence in numbers, and what would mend it. Nothing is simulated.\n"
        "\n"
        "Exit status: 0 no finding of the severity of --fail-on, 1 there is one, 2 bad input or "
        "usage.",
    .examples = "  rollsim check scenarios/prisma/prisma.yaml\n"
                "  rollsim check scenarios/prisma/prisma.yaml --format sarif >check.sarif\n"
                "  rollsim check scenarios/prisma/prisma.yaml --fail-on warning\n"
                "  rollsim check --explain grey-zone\n"
                "  rollsim check --print-schema > scenario.schema.json\n",
    .n_operand_min = 0,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_check,
};
