/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "cli.h"
#include "progress.h"
#include "retro_args.h"
#include "retro_out.h"
#include "verify/report.h"
#include "verify/retro.h"

/* Returns an exit status, or -1 with errors. */
static int judge(const struct retro_evidence *e,
                 const struct cli_args *args,
                 const char *db,
                 struct err_list *errors)
{
    struct err err = {0};
    struct retro_options opt = rs_retro_args_options(args);
    struct retro *r = NULL;
    struct progress progress;
    rs_progress_start(&progress, true, 0); /* for Ctrl-C: it shows no line */
    int ran = rs_retro_run(&r, e, &opt, errors);
    rs_progress_end(&progress);
    if (ran > 0) {
        fputs("rollsim: cut short: nothing is told of a part of a retrospective\n", stderr);
        return RS_EXIT_CUT_SHORT;
    }
    int status = ran == 0 ? rs_retro_tell(r, args, db, &err) : -1;
    if (status < 0 && err.code != RS_E_NONE)
        rs_err_list_push(errors, &err);
    rs_retro_free(r);
    return status;
}

/* The exit status of the worst of them: what is the machine's fault is not the user's. */
static int status_of(const struct err_list *errors)
{
    int status = RS_EXIT_USAGE;
    for (size_t i = 0; i < errors->n; i++) {
        int of = rs_err_exit_status(&errors->item[i]);
        /* A file of the user's that cannot be read has a place, the disk's words have none. */
        if (of == RS_EXIT_INTERNAL && errors->item[i].line == 0)
            status = of;
    }
    return status;
}

/* What was learnt is told of any evidence, and written into a scenario alone. */
static int
check_scenario(const struct retro_evidence *e, const struct cli_args *args, struct err *err)
{
    if (e->scenario || !(args->diff || args->write))
        return 0;
    return rs_err_set(err, RS_E_USAGE, "--%s wants a scenario, and %s names none",
                      args->diff ? "diff" : "write", e->file);
}

static int load_and_judge(const struct cli_args *args, struct err_list *errors)
{
    struct err err = {0};
    char db[RS_PATH_SIZE];
    if (rs_retro_args_check(args, &err) != 0 || rs_retro_args_record(db, args, &err) != 0) {
        rs_err_list_push(errors, &err);
        return rs_err_exit_status(&err);
    }
    struct retro_files files;
    rs_retro_args_files(&files, args);
    struct retro_evidence *e = rs_evidence_load(args->operand[0], files.file, files.n,
                                                args->rules.item, args->rules.n, errors);
    int status = RS_EXIT_USAGE;
    if (e && check_scenario(e, args, &err) != 0) {
        rs_err_list_push(errors, &err);
    } else if (e) {
        status = judge(e, args, db, errors);
        status = status < 0 ? status_of(errors) : status;
    }
    rs_evidence_close(e);
    rs_retro_files_clear(&files);
    return status;
}

static int run_retro(const struct cli_args *args)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = load_and_judge(args, &errors);
    if (errors.n > 0) {
        rs_err_list_print(&errors, stderr);
        if (args->json)
            rs_run_print_json_errors(stdout, &errors, status);
    }
    rs_err_list_clear(&errors);
    return status;
}

static const struct option_row options[] = {
    RS_LIST(metrics, "metrics", "FILE", "recorded series; each of these may be repeated"),
    RS_LIST(log, "log", "FILE", "an access log, or SERVICE=FILE"),
    RS_LIST(timeline, "timeline", "FILE", "what people noted: YAML or CSV"),
    RS_LIST(annotations, "annotations", "FILE", "Grafana's annotations, JSON"),
    RS_LIST(notifications, "notifications", "FILE", "a log of PagerDuty or Alertmanager"),
    RS_LIST(rules, "rules", "FILE", "rules in force, or beside others a what-if"),
    RS_TEXT('o', output, "output", "RETRO.db", "record the retrospective in this SQLite file"),
    RS_SWITCH('f', force, "force", "replace an existing record"),
    RS_TEXT(0, plots, "plots", "DIR", "draw pictures too; without -o record DIR/retro.db"),
    RS_TEXT(0, markdown, "markdown", "FILE", "write an entry for the evidence log"),
    RS_SWITCH(0, learn, "learn", "fit the scenario, and check by simulation"),
    RS_SWITCH(0, diff, "diff", "learn, and print the patch alone"),
    RS_SWITCH('w', write, "write", "learn, and write it into the scenario"),
    RS_COUNT(0, seed, "seed", 1, UINT64_MAX, "seed of every random stream (7)"),
    RS_COUNT('n', replicas, "replicas", 1, 1000000, "replicas of the check by simulation (200)"),
    RS_COUNT('j', jobs, "jobs", 1, 1024, "threads; no result depends on it (all cores)"),
    RS_ROW_JSON,
    RS_SWITCH('q', quiet, "quiet", "no tables: the exit status, what is asked for"),
    RS_ROW_HELP,
};

const struct cmd cmd_retro = {
    .name = "retro",
    .args = "FILE",
    .summary = "judge a rollout that happened, and learn from it",
    .about = "Takes what was recorded of a rollout and what people wrote down, and tells\n"
             "what happened against what the runbook asked: the sources' clocks, the\n"
             "rollback clock of each episode with the uncertainty of each instant, its SLA\n"
             "(kept, broken, or undecidable), what contradicts what, every deviation from\n"
             "the runbook, what other settings would have done, and with --learn what the\n"
             "model should learn. What nobody recorded is inferred from the series and\n"
             "marked as inferred. Nothing is changed without --write.\n"
             "\n"
             "FILE is a document that says retro: 1 and names its sources (docs/retro.md),\n"
             "or a scenario, with the sources as options. Without a scenario nothing is held\n"
             "against a runbook. A page in a file or a pipe is 100 columns wide, or as\n"
             "COLUMNS says.\n"
             "\n"
             "Exit status: 0 every SLA is kept and nothing deviates, 1 one is broken or\n"
             "something deviates, 2 bad input, 3 something cannot be decided, 4 internal\n"
             "error, 130 cut short.",
    .examples = "  rollsim retro prisma-2025-10.yaml\n"
                "  rollsim retro prisma.yaml --metrics metrics.om.gz --timeline notes.yaml\n"
                "  rollsim retro prisma-2025-10.yaml -o retro.db --plots pictures\n"
                "  rollsim retro prisma-2025-10.yaml --diff | patch -p0\n"
                "  rollsim retro prisma-2025-10.yaml --json | jq '.episode[].verdict'\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_retro,
};
