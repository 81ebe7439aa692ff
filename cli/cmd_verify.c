/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pictures.h"
#include "plots/plots.h"
#include "progress.h"
#include "scenario_args.h"
#include "verify/report.h"
#include "verify/run.h"

#define PATH_SIZE 4096

/* Told before the run, not after it: the folder that the record goes to is there. */
static int check_folder(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_SIZE];
    struct stat about;
    if (!slash || slash == path) {
        return 0;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (stat(folder, &about) != 0) {
        return errno == ENOENT ? rs_err_set(err, RS_E_USAGE, "folder %s does not exist", folder)
                               : rs_err_set(err, RS_E_USAGE, "%s: %s", folder, strerror(errno));
    }
    return S_ISDIR(about.st_mode) ? 0 : rs_err_set(err, RS_E_USAGE, "%s is no folder", folder);
}

/* Where the record goes: -o, or run.db beside the pictures, or nowhere (""). */
static int record_path(char out[PATH_SIZE], const struct cli_args *args, struct err *err)
{
    out[0] = '\0';
    const char *text = args->output ? args->output : args->plots ? args->plots : "";
    int n = snprintf(out, PATH_SIZE, "%s%s", text, !args->output && args->plots ? "/run.db" : "");
    if (n >= PATH_SIZE) {
        return rs_err_set(err, RS_E_USAGE, "the path %.40s... is too long", text);
    }
    if (out[0] && !args->force && access(out, F_OK) == 0) {
        return rs_err_set(err, RS_E_USAGE, "%s is there already; --force replaces it", out);
    }
    if (args->plots && mkdir(args->plots, 0777) != 0 && errno != EEXIST) {
        return rs_err_set(err, RS_E_USAGE, "cannot make %s: %s", args->plots, strerror(errno));
    }
    return check_folder(out, err);
}

static struct run_options
options_of(const struct cli_args *args, const struct scenario *sc, const char *db)
{
    long n_cpu = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct run_options){
        .n_replica = args->replicas.given ? args->replicas.value : sc->default_replicas,
        .seed = args->seed.given ? args->seed.value : sc->default_seed,
        .n_job = args->jobs.given ? (int)args->jobs.value
                 : n_cpu > 0      ? (int)n_cpu
                                  : 1,
        .db_path = db[0] ? db : NULL,
        .overwrite = args->force,
    };
}

/* Ctrl-C kept what was done; say how much that is, where it lies, and what to type for the whole. */
static void
tell_stopped(const struct run_result *r, const struct run_options *opt, const char *file)
{
    char word[PATH_SIZE + 8];
    fprintf(stderr,
            "rollsim: stopped after %" PRIu64 " of %" PRIu64
            " replicas; the verdicts rest on those%s%s\n"
            "rollsim: for all of them: rollsim verify %s --replicas %" PRIu64 " --seed %" PRIu64
            "\n",
            r->n_replica, opt->n_replica, opt->db_path ? ", kept in " : "",
            opt->db_path ? opt->db_path : "", rs_shell_word(word, sizeof word, file),
            opt->n_replica, opt->seed);
}

static int draw(const struct cli_args *args, const char *db, struct err *err)
{
    if (!args->plots) {
        return 0;
    }
    struct plot_options opt = {.out_dir = args->plots,
                               .format = "svg",
                               .wrote = rs_picture_wrote,
                               .ctx = args->quiet || args->json ? NULL : stdout};
    return rs_plot_run(db, &opt, err);
}

/* Words that could not be written are noticed when stdout is closed (main.c). */
static void print_result(const struct run_result *r, const struct cli_args *args)
{
    if (args->json) {
        rs_run_print_json(stdout, r);
    } else if (!args->quiet) {
        rs_run_print_text(stdout, r, rs_term_width(stdout), rs_term_has_colour(stdout));
    }
}

/* Runs, prints, draws. Returns an exit status, or -1 with err filled. */
static int verify(const struct scenario *sc, const struct cli_args *args, struct err *err)
{
    char db[PATH_SIZE];
    if (record_path(db, args, err)) {
        return -1;
    }
    struct progress progress;
    struct run_options opt = options_of(args, sc, db);
    opt.tick = rs_progress_tick;
    opt.tick_ctx = &progress;
    struct run_result result;
    rs_progress_start(&progress, args->quiet);
    int failed = rs_run(sc, &opt, &result, err);
    rs_progress_end(&progress);
    if (failed) {
        return -1;
    }
    print_result(&result, args);
    if (args->n_traffic > 0 && !args->json && !args->quiet) {
        puts("\nTraffic came from --traffic: add the same to the commands above.");
    }
    if (opt.db_path && !args->json && !args->quiet) {
        printf("record: %s\n", opt.db_path);
    }
    int status = rs_run_status(&result);
    if (result.stopped) {
        tell_stopped(&result, &opt, args->operand[0]);
        /* A run that was cut short does not say that all holds. */
        status = status == RS_EXIT_HOLDS ? RS_EXIT_UNDECIDED : status;
    }
    if (draw(args, db, err)) {
        status = -1;
    }
    rs_run_result_clear(&result);
    return status;
}

static int run_verify(const struct cli_args *args)
{
    struct scenario *sc = rs_args_scenario(args);
    if (!sc) {
        return RS_EXIT_USAGE;
    }
    struct err err = {0};
    int status = verify(sc, args, &err);
    if (status < 0) {
        rs_err_print(&err, stderr);
        status = rs_err_exit_status(&err);
    }
    rs_scenario_free(sc);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT('o', output, "output", "RUN.db", "record the run in this SQLite file"),
    RS_COUNT('n', replicas, "replicas", 1, 1000000000, "number of histories (the scenario's)"),
    RS_ROW_SEED,
    RS_COUNT('j', jobs, "jobs", 1, 1024, "threads; results do not depend on it (all cores)"),
    RS_TEXT(0, plots, "plots", "DIR", "draw the pictures too; without -o the record is DIR/run.db"),
    RS_SWITCH('f', force, "force", "replace an existing record"),
    RS_ROW_TRAFFIC,
    RS_ROW_JSON,
    RS_SWITCH('q', quiet, "quiet", "no table and no progress: the exit status only"),
    RS_ROW_HELP,
};

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "SCENARIO",
    .summary = "decide every claim of a scenario over many histories",
    .about = "Runs many histories, decides the scenario's claims with error bars, and prints the "
             "table of verdicts\n"
             "and the timing card. Exit status: 0 all hold, 1 one is violated, 2 bad input, 3 "
             "undecided, 4 internal\n"
             "error. Ctrl-C ends cleanly and keeps what was done.",
    .examples =
        "  rollsim verify scenarios/prisma/prisma.yaml\n"
        "  rollsim verify scenarios/prisma/prisma.yaml -o prisma.db --plots pictures\n"
        "  rollsim verify scenarios/prisma/prisma.yaml --replicas 10000 --seed 7 --json\n"
        "  rollsim verify scenarios/prisma/prisma.yaml --traffic portal=requests_per_minute.csv\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_verify,
};
