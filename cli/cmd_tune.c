/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "reports.h"
#include "retell.h"
#include "scenario_args.h"
#include "scenarios/retell.h"
#include "scenarios/tune.h"
#include "tune_out.h"
#include "verify/report.h"
#include "verify/tune_search.h"

/* A scenario that may be turned, with how it was asked for. */
struct tuning {
    const struct cli_args *args;
    const struct scenario *scenario;
    struct tune_plan plan; /* the scenario's, with --replicas */
    struct tune_source source;
    struct tune_search_options options;
    struct progress progress;
    const char *db; /* "" = no record */
};

/* Ctrl-C is no failure: what was found is told. */
static int unless_stopped(struct tune_result *r, int failed, struct err *err)
{
    if (atomic_load(rs_progress_cancel())) {
        r->stopped = true;
        *err = (struct err){0};
        return 0;
    }
    return failed;
}

/* The map is drawn from the record alone, so without one nobody would see it. */
static int search(struct tuning *t, struct tune_result *r, struct err *err)
{
    t->options.tick = rs_progress_tick_settings;
    t->options.tick_ctx = &t->progress;
    t->options.cancel = rs_progress_cancel();
    rs_progress_start(&t->progress, t->args->quiet, 0);
    rs_progress_phase(&t->progress, "search");
    int failed = rs_tune_search(&t->source, &t->options, r, err);
    if (!failed && !r->stopped) {
        rs_progress_phase(&t->progress, "proof");
        failed = unless_stopped(r, rs_tune_prove(&t->source, &t->options, r, err), err);
    }
    if (!failed && !r->stopped && t->db[0]) {
        rs_progress_phase(&t->progress, "detection map");
        failed = unless_stopped(r, rs_tune_map(&t->source, &t->options, r, err), err);
    }
    rs_progress_end(&t->progress);
    return failed;
}

static int tell(struct tuning *t, const struct tune_result *r, struct err *err)
{
    char *diff = rs_tune_diff_text(r), *of_search = rs_tune_search_options(t->args),
         *of_histories = rs_tune_history_options(t->args);
    struct tune_words words = {of_search, of_histories, diff};
    int failed = rs_tune_tell(r, &words, t->args, t->db, err);
    free(of_histories);
    free(of_search);
    free(diff);
    return failed;
}

/* Returns an exit status, or -1 with err filled. What was found before a failure is told all the same. */
static int search_and_tell(struct tuning *t, struct err *err)
{
    struct tune_result result = {.chosen = -1};
    int failed = search(t, &result, err);
    if (failed && result.n_point == 0) {
        rs_tune_result_clear(&result);
        if (!atomic_load(rs_progress_cancel())) {
            return -1;
        }
        fputs("rollsim: cut short before anything was found\n", stderr);
        *err = (struct err){0};
        return RS_EXIT_CUT_SHORT;
    }
    int status = rs_tune_status(&result);
    if (result.stopped) {
        fputs("rollsim: cut short: what follows is what was found so far\n", stderr);
    }
    failed = tell(t, &result, err) || failed;
    rs_tune_result_clear(&result);
    return failed ? -1 : status;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------------- */

/* How a scenario begins to be one that can be tuned, in the words of its own first alert where it has one. */
static int refuse_without_tune(const struct scenario *sc, struct err *err)
{
    const char *alert = "ALERT";
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int i = file->group[g].n_rule - 1; i >= 0; i--) {
                if (file->group[g].rule[i].alert) {
                    alert = file->group[g].rule[i].alert;
                }
            }
        }
    }
    fprintf(stderr,
            "rollsim: %s says nothing of what may be turned. It could begin with\n\n"
            "  tune:\n"
            "    parameters:\n"
            "      - {path: rules/%s/for, values: [0s, 1m, 2m]}\n"
            "    minimise:\n"
            "      - {miss: %s, within: 15m}\n"
            "      - {rate: pages, per: 1w}\n\n",
            sc->file, alert, sc->n_fault > 0 ? sc->fault[0].name : "FAULT");
    return rs_err_set(err, RS_E_USAGE,
                      "%s has no \"tune:\"; docs/tune.md and docs/tune-parameters.md tell more",
                      sc->file);
}

static struct tune_search_options options_of(const struct cli_args *args, const struct scenario *sc)
{
    long n_cpu = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct tune_search_options){
        .seed = args->seed.given ? args->seed.value : sc->default_seed,
        .n_job = args->jobs.given ? (int)args->jobs.value
                 : n_cpu > 0      ? (int)n_cpu
                                  : 1,
        .gsl_samplers = args->samplers && strcmp(args->samplers, "gsl") == 0,
    };
}

static int tune(const struct cli_args *args, const struct scenario *sc, struct err *err)
{
    char db[RS_PATH_SIZE];
    struct traffic_override override[RS_MAX_TRAFFIC];
    if (!sc->tune) {
        return refuse_without_tune(sc, err);
    }
    if (rs_tune_record_path(db, args, err)) {
        return -1;
    }
    char *copy[RS_MAX_TRAFFIC];
    rs_args_overrides(override, copy, args);
    struct tune_texts *texts = rs_tune_texts_new(sc, args->operand[0], override, args->n_traffic);
    struct tuning t = {.args = args,
                       .scenario = sc,
                       .plan = *sc->tune,
                       .source = rs_tune_source(texts),
                       .options = options_of(args, sc),
                       .db = db};
    if (args->replicas.given) {
        t.plan.replicas = args->replicas.value;
        t.source.plan = &t.plan;
    }
    int status = search_and_tell(&t, err);
    rs_tune_texts_free(texts);
    rs_args_overrides_free(copy, args);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------------- */

/* What can be refused before anything is read. */
static int check_options(const struct cli_args *args, struct err *err)
{
    bool gsl;
    if (args->ranks) {
        return rs_err_set(err, RS_E_USAGE,
                          "rollsim tune is not for mpirun: it shares histories between processes "
                          "of one machine; start it by itself");
    }
    if (args->diff && args->json) {
        return rs_err_set(
            err, RS_E_USAGE,
            "--diff and --json exclude each other: the JSON has the patch as \"diff\"");
    }
    return rs_args_samplers(&gsl, args, err) ||
                   rs_report_file_check("--markdown", args->markdown, err)
               ? -1
               : 0;
}

/* On standard error for people, and as JSON where that was asked for: a program reads that alone. */
static int fail(const struct cli_args *args, const struct err_list *errors, int status)
{
    rs_err_list_print(errors, stderr);
    if (args->json) {
        rs_run_print_json_errors(stdout, errors, status);
    }
    return status;
}

static int load_and_tune(const struct cli_args *args, struct err_list *errors)
{
    struct err err = {0};
    int status = check_options(args, &err);
    if (status == 0) {
        struct scenario *sc = rs_args_scenario_load(args, errors);
        status = sc ? tune(args, sc, &err) : RS_EXIT_USAGE;
        rs_scenario_free(sc);
    }
    if (status < 0) {
        rs_err_list_push(errors, &err);
        status = rs_err_exit_status(&err);
    }
    return status;
}

static int run_tune(const struct cli_args *args)
{
    if (rs_is_retell(args->operand[0])) {
        return rs_cmd_retell(args);
    }
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = load_and_tune(args, &errors);
    if (errors.n > 0) {
        status = fail(args, &errors, status);
    }
    rs_err_list_clear(&errors);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT('o', output, "output", "TUNE.db", "record the search in this SQLite file"),
    RS_TEXT(
        0, plots, "plots", "DIR", "draw the pictures too; without -o the record is DIR/tune.db"),
    RS_SWITCH(0, diff, "diff", "print the chosen setting's patch alone, for patch -p0"),
    RS_SWITCH('w', write, "write", "put the chosen values into the files, if fresh replicas prove them"),
    RS_TEXT(0, markdown, "markdown", "FILE", "write a rationale to paste into a review"),
    RS_COUNT('n',
             replicas,
             "replicas",
             1,
             1000000000,
             "for each fault and for none, at most (the scenario's)"),
    RS_ROW_SEED,
    RS_ROW_SAMPLERS,
    RS_COUNT('j', jobs, "jobs", 1, 1024, "processes; results do not depend on it (all cores)"),
    RS_SWITCH('f', force, "force", "replace an existing record"),
    RS_ROW_TRAFFIC,
    RS_ROW_JSON,
    RS_SWITCH(
        'q', quiet, "quiet", "no tables and no progress: the exit status, and what is asked for"),
    RS_ROW_HELP,
};

const struct cmd cmd_tune = {
    .name = "tune",
    .args = "SCENARIO",
    .summary = "choose thresholds, windows and waits on evidence",
    .about =
        "Turns what the scenario's tune: lets be turned, over histories that all settings share; "
        "prints the settings\n"
        "worth having (the Pareto front) with intervals, what each parameter buys and costs, the "
        "claims that no\n"
        "setting can save and why, and the patch. The chosen setting's claims are decided anew, as "
        "in rollsim verify,\n"
        "on replicas that the search did not see. Nothing is changed without --write.\n"
        "\n"
        "Of a document that says retell: 1 the alert rules are tuned on recorded series with known "
        "incidents; nothing\n"
        "is simulated.\n"
        "\n"
        "Ctrl-C ends the search and tells what was found so far.\n"
        "\n"
        "Exit status: 0 the chosen setting keeps every claim that it must and can keep, 1 one is "
        "violated on fresh\n"
        "replicas, 2 bad input, 3 one is undecided, 4 internal error, 130 cut short.",
    .examples = "  rollsim tune scenarios/prisma/prisma.yaml\n"
                "  rollsim tune scenarios/prisma/prisma.yaml -o tune.db --plots pictures\n"
                "  rollsim tune scenarios/prisma/prisma.yaml --diff | patch -p0\n"
                "  rollsim tune scenarios/prisma/prisma.yaml --write --markdown rationale.md\n"
                "  rollsim tune incidents.yaml\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_tune,
};
