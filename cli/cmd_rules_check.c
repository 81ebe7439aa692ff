/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "rules_args.h"
#include "scenarios/rules.h"
#include "verify/rule_check.h"

static void read_files(const struct cli_args *args,
                       enum promql_dialect dialect,
                       struct arena *arena,
                       struct rule_check_spec *spec,
                       struct err_list *errors)
{
    const struct rule_file **file =
        RS_ARENA_ARRAY(arena, const struct rule_file *, args->n_operand);
    for (int i = 0; i < args->n_operand; i++) {
        struct rules_loaded loaded;
        if (rs_rules_load(&loaded, arena, dialect, args->operand[i], errors) != 0) {
            continue;
        }
        if (loaded.file) {
            file[spec->n_file++] = loaded.file;
        } else if (spec->am) {
            rs_err_list_add(errors, RS_E_USAGE, (struct mark){args->operand[i], 0, 0},
                            "a second Alertmanager file; %s is one already", spec->am->file);
        } else {
            spec->am = loaded.am;
        }
    }
    spec->file = file;
}

static int check(const struct cli_args *args, enum promql_dialect dialect)
{
    struct err_list errors;
    struct arena *arena = rs_arena_new();
    struct rule_check_spec spec = {.interval_ms = rs_args_ms(&args->evaluation_interval, 60000),
                                   .scrape_ms = rs_args_ms(&args->scrape_interval, 0),
                                   .query_offset_ms = rs_args_ms(&args->query_offset, 0),
                                   .lookback_ms = rs_args_ms(&args->lookback, 300000),
                                   .n_ignore = args->ignore.n,
                                   .ignore = args->ignore.item};
    rs_err_list_init(&errors);
    read_files(args, dialect, arena, &spec, &errors);
    rs_err_list_sort(&errors);
    struct rule_check *checked = rs_rule_check_run(&spec);
    if (args->json) {
        rs_rule_check_json(stdout, checked, &spec, &errors);
    } else if (errors.n > 0) {
        rs_err_list_print(&errors, stderr);
    } else if (args->quiet) {
        rs_rule_check_print_warnings(stdout, checked, rs_term_width(stdout),
                                     rs_term_has_colour(stdout));
    } else {
        rs_rule_check_print(stdout, checked, &spec, rs_term_width(stdout), isatty(STDOUT_FILENO),
                            rs_term_has_colour(stdout));
    }
    int status = errors.n > 0                                 ? RS_EXIT_USAGE
                 : args->lint_fatal && checked->n_warning > 0 ? RS_EXIT_VIOLATED
                                                              : RS_EXIT_HOLDS;
    rs_rule_check_free(checked);
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
    return status;
}

static int check_codes(const struct cli_args *args, struct err *err)
{
    size_t n = 0;
    while (rs_rule_codes[n]) {
        n++;
    }
    for (int i = 0; i < args->ignore.n; i++) {
        const char *code = args->ignore.item[i];
        size_t k = 0;
        while (k < n && strcmp(rs_rule_codes[k], code) != 0) {
            k++;
        }
        if (k == n) {
            const char *near = rs_near_name(code, rs_rule_codes, n);
            return rs_err_set(err, RS_E_USAGE,
                              near ? "--ignore: no finding has the code '%s' (did you mean '%s'?)"
                                   : "--ignore: no finding has the code '%s'",
                              code, near);
        }
    }
    return 0;
}

static int run_rules_check(const struct cli_args *args)
{
    enum promql_dialect dialect;
    struct err err = {0};
    if (rs_args_dialect(&dialect, args, &err) != 0 || rs_args_interval(args, &err) != 0 ||
        check_codes(args, &err) != 0) {
        rs_err_print(&err, stderr);
        return RS_EXIT_USAGE;
    }
    return check(args, dialect);
}

static const struct option_row options[] = {
    RS_ROW_PROMETHEUS,
    RS_DURATION_ABOVE_0(evaluation_interval,
                        "evaluation-interval",
                        31536000,
                        "of groups that name no interval (1m)"),
    RS_DURATION_ABOVE_0(scrape_interval,
                        "scrape-interval",
                        31536000,
                        "judge windows by it, and add it to the latency"),
    RS_DURATION(query_offset, "query-offset", 0, 31536000, "of groups that name none (0s)"),
    RS_DURATION_ABOVE_0(lookback, "lookback", 31536000, "how long a sample is seen (5m)"),
    RS_LIST(ignore, "ignore", "CODE", "leave findings of this code out; may be repeated"),
    RS_SWITCH('q', quiet, "quiet", "print warnings only"),
    RS_SWITCH(0, lint_fatal, "lint-fatal", "exit with status 1 when there is a warning"),
    RS_ROW_JSON,
    RS_ROW_HELP,
};

const struct cmd cmd_rules_check = {
    .name = "rules check",
    .args = "FILE...",
    .summary = "what rule files say, and what they do not mean",
    .about =
        "Reads rule files, PrometheusRule manifests and an Alertmanager file, told apart by what "
        "stands in\n"
        "them. Prints mistakes, findings, how late each alert is at worst, and whom it reaches.",
    .examples = "  rollsim rules check rules.yml\n"
                "  rollsim rules check rules/*.yml alertmanager.yml --scrape-interval 15s\n"
                "  rollsim rules check rules.yml --lint-fatal --prometheus 2.53\n"
                "  rollsim rules check rules.yml --quiet --ignore no-severity\n",
    .n_operand_min = 1,
    .n_operand_max = RS_MAX_OPERAND,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_rules_check,
};
