/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pictures.h"
#include "plots/plots.h"
#include "progress.h"
#include "rank_task.h"
#include "reports.h"
#include "resume.h"
#include "scenario_args.h"
#include "shard.h"
#include "verify/report.h"
#include "verify/run.h"
#include "verify_run.h"

#define PATH_SIZE 4096

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT, FORMAT_SARIF, FORMAT_N };
static const char *const format_names[] = {"text", "json", "junit", "sarif"};

/* Where the record goes: -o, or run.db beside the pictures, or nowhere (""). */
static int record_path(char out[PATH_SIZE], const struct cli_args *args, struct err *err)
{
    out[0] = '\0';
    const char *text = args->output ? args->output : args->plots ? args->plots : "";
    int n = snprintf(out, PATH_SIZE, "%s%s", text, !args->output && args->plots ? "/run.db" : "");
    if (n >= PATH_SIZE) {
        return rs_err_set(err, RS_E_USAGE, "the path %.40s... is too long", text);
    }
    /* A run that goes on has been through this; one that died at its last breath has made the file. */
    if (out[0] && !args->force && !args->resume && access(out, F_OK) == 0) {
        return rs_err_set(err, RS_E_USAGE, "%s is there already; --force replaces it", out);
    }
    if (args->plots && mkdir(args->plots, 0777) != 0 && errno != EEXIST) {
        return rs_err_set(err, RS_E_USAGE, "cannot make %s: %s", args->plots, strerror(errno));
    }
    return rs_folder_check(out, err);
}

static struct run_options
options_of(const struct cli_args *args, const struct scenario *sc, const char *db)
{
    long n_cpu = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct run_options){
        .n_replica = args->replicas.given ? args->replicas.value : sc->default_replicas,
        .all_replicas = args->all,
        .gsl_samplers = args->samplers && strcmp(args->samplers, "gsl") == 0,
        .seed = args->seed.given ? args->seed.value : sc->default_seed,
        .n_job = args->jobs.given ? (int)args->jobs.value
                 : args->ranks    ? rs_ranks_threads(args->ranks)
                 : n_cpu > 0      ? (int)n_cpu
                                  : 1,
        .ranks = args->ranks,
        .db_path = db[0] ? db : NULL,
        .overwrite = args->force,
    };
}

/* What to type for the whole. */
static void tell_how_to_go_on(const struct cli_args *args, const struct run_options *opt)
{
    char word[PATH_SIZE + 8];
    char *words = rs_resume_words(args);
    fprintf(stderr, "rollsim: to go on: rollsim verify --resume %s%s\n",
            rs_shell_word(word, sizeof word, opt->db_path), words);
    free(words);
}

/* A merge keeps nothing of its own: the shards have it all. */
static void tell_merge_again(void)
{
    fputs("rollsim: the shards are as they were: merge again for all replicas\n", stderr);
}

/* Ctrl-C kept what was done; say how much that is, where it lies, and how to go on. */
static void
tell_stopped(const struct run_result *r, const struct run_options *opt, const struct cli_args *args)
{
    char word[PATH_SIZE + 8];
    fprintf(stderr,
            "rollsim: stopped after %" PRIu64 " of %" PRIu64
            " replicas; the verdicts rest on those",
            r->n_replica, opt->n_replica);
    if (opt->merge) {
        fputc('\n', stderr);
        tell_merge_again();
        return;
    }
    if (opt->db_path && r->n_replica > 0) {
        fprintf(stderr, ", kept in %s.part\n", opt->db_path);
        tell_how_to_go_on(args, opt);
        return;
    }
    char *words = rs_resume_anew_words(args);
    fprintf(stderr,
            "\nrollsim: for all of them: rollsim verify %s --replicas %" PRIu64 " --seed %" PRIu64
            "%s\n",
            rs_shell_word(word, sizeof word, args->operand[0]), opt->n_replica, opt->seed, words);
    free(words);
}

/*
 * The machine failed, or we did: what was done is there still. Going on helps where the machine failed; a mistake of ours is made
 * again from the same histories.
 */
static void tell_kept(const struct run_options *opt, const struct cli_args *args, enum rs_errc why)
{
    struct err none = {0};
    if (opt->merge) {
        tell_merge_again();
        return;
    }
    struct journal *j = opt->db_path ? rs_journal_resume(opt->db_path, &none) : NULL;
    if (j && !rs_journal_is_finished(j) && rs_journal_count(j) > 0) {
        fprintf(stderr, "rollsim: %" PRIu64 " of %" PRIu64 " replicas are kept in %s.part\n",
                rs_journal_count(j), rs_journal_key(j)->n_budget, opt->db_path);
        if (why == RS_E_INTERNAL) {
            fprintf(stderr, "rollsim: this is a mistake in rollsim, which --resume would meet "
                            "again: please report it\n");
        } else {
            tell_how_to_go_on(args, opt);
        }
    }
    rs_journal_close(j);
}

static int draw(const struct cli_args *args, bool quiet, const char *db, struct err *err)
{
    if (!args->plots) {
        return 0;
    }
    struct plot_options opt = {.out_dir = args->plots,
                               .format = "svg",
                               .wrote = rs_picture_wrote,
                               .ctx = quiet ? NULL : stdout};
    return rs_plot_run(db, &opt, err);
}

static int print_junit(FILE *to, const void *ctx)
{
    return rs_run_print_junit(to, ctx);
}

static int print_sarif(FILE *to, const void *ctx)
{
    return rs_run_print_sarif(to, ctx);
}

/* Words that could not be written are noticed when stdout is closed (main.c). */
static int
print_result(const struct run_result *r, const struct cli_args *args, int format, struct err *err)
{
    switch ((enum format)format) {
    case FORMAT_TEXT:
        if (!args->quiet) {
            rs_run_print_text(stdout, r, rs_term_width(stdout), rs_term_has_colour(stdout));
        }
        break;
    case FORMAT_JSON: rs_run_print_json(stdout, r); break;
    case FORMAT_JUNIT: rs_run_print_junit(stdout, r); break;
    case FORMAT_SARIF: rs_run_print_sarif(stdout, r); break;
    case FORMAT_N: break;
    }
    return rs_report_file_write(args->junit, print_junit, r, err) ||
                   rs_report_file_write(args->sarif, print_sarif, r, err)
               ? -1
               : 0;
}

/* Runs, prints, draws. Returns an exit status, or -1 with err filled. */
static int run(const struct scenario *sc,
               const struct cli_args *args,
               struct run_options *opt,
               int format,
               uint64_t n_before,
               struct err *err)
{
    struct progress progress;
    opt->tick = rs_progress_tick;
    opt->tick_ctx = &progress;
    struct run_result result;
    opt->cancel = rs_progress_cancel();
    rs_progress_start(&progress, args->quiet, n_before);
    int failed = rs_run(sc, opt, &result, err);
    rs_progress_end(&progress);
    if (failed) {
        return -1;
    }
    if (opt->n_shard > 1) {
        int told = rs_shard_tell(&result, opt, args);
        rs_run_result_clear(&result);
        return told;
    }
    bool quiet = args->quiet || format != FORMAT_TEXT;
    int status = rs_run_status(&result);
    if (print_result(&result, args, format, err)) {
        status = -1;
    }
    if (opt->db_path && !quiet && !result.stopped) {
        printf("record: %s\n", opt->db_path);
    }
    if (result.stopped) {
        tell_stopped(&result, opt, args);
        /* A run that was cut short does not say that all holds. */
        status = status == RS_EXIT_HOLDS ? RS_EXIT_UNDECIDED : status;
    }
    if (!result.stopped && draw(args, quiet, opt->db_path, err)) {
        status = -1;
    }
    rs_run_result_clear(&result);
    return status;
}

/* A run with the claims that are wanted and the options complete. Returns as run does. */
static int verify_chosen(const struct scenario *sc,
                         struct resume *from,
                         struct run_options *opt,
                         int format,
                         struct err *err)
{
    const struct cli_args *args = &from->args;
    char *replay_words = rs_args_replay_words(args), *traffic = rs_args_traffic_lines(args);
    opt->replay_words = replay_words;
    opt->traffic = traffic;
    opt->read = from->read;
    opt->read_ctx = from->read_ctx;
    opt->merge = from->read != NULL;
    opt->resume = from->journal;
    from->journal = NULL; /* the run takes it */
    struct err why = {0};
    rs_rank_task_tell(args->ranks, args, opt);
    int status = run(sc, args, opt, format, from->n_before, &why);
    if (status < 0) {
        rs_err_set(err, why.code, "%s", why.text);
    }
    if (status < 0 && (why.code == RS_E_IO || why.code == RS_E_INTERNAL)) {
        tell_kept(opt, args, why.code);
    }
    free(traffic);
    free(replay_words);
    return status;
}

static int verify(const struct scenario *sc, struct resume *from, int format, struct err *err)
{
    char db[PATH_SIZE];
    struct scenario chosen;
    struct claim *claim = NULL;
    const struct cli_args *args = &from->args;
    int status = -1;
    if (rs_args_claims(&chosen, &claim, args, sc, err) == 0 && record_path(db, args, err) == 0) {
        struct run_options opt = options_of(args, sc, db);
        opt.n_left_out = sc->n_claim - chosen.n_claim;
        opt.shard = from->shard;
        opt.n_shard = from->n_shard;
        if (rs_shard_args(&opt, args, err) == 0) {
            status = verify_chosen(&chosen, from, &opt, format, err);
        }
    }
    free(claim);
    return status;
}

/* ---- what went wrong --------------------------------------------------------------------------------------------------- */

struct failure {
    const char *file;
    const struct err_list *errors;
    int exit_status;
};

static int print_junit_failure(FILE *to, const void *ctx)
{
    const struct failure *f = ctx;
    return rs_run_print_junit_errors(to, f->file, f->errors);
}

static int print_sarif_failure(FILE *to, const void *ctx)
{
    const struct failure *f = ctx;
    return rs_run_print_sarif_errors(to, f->errors, f->exit_status);
}

/* On standard error for people, and in every report that was asked for: a pipeline shows those alone. */
int rs_verify_fail(const struct cli_args *args,
                   int format,
                   const struct err_list *errors,
                   int exit_status)
{
    const char *file = args->n_operand > 0 ? args->operand[0] : args->resume;
    const struct failure f = {file ? file : "verify", errors, exit_status};
    struct err err = {0};
    rs_err_list_print(errors, stderr);
    switch ((enum format)format) {
    case FORMAT_TEXT: break;
    case FORMAT_JSON: rs_run_print_json_errors(stdout, errors, exit_status); break;
    case FORMAT_JUNIT: print_junit_failure(stdout, &f); break;
    case FORMAT_SARIF: print_sarif_failure(stdout, &f); break;
    case FORMAT_N: break;
    }
    if (rs_report_file_write(args->junit, print_junit_failure, &f, &err) ||
        rs_report_file_write(args->sarif, print_sarif_failure, &f, &err)) {
        rs_err_print(&err, stderr);
    }
    return exit_status;
}

/* A finished run has its verdicts in its record, and its reports are made by the run alone. */
static int tell_finished(const struct resume *r, int format, struct err *err)
{
    const struct cli_args *args = &r->args;
    if (format != FORMAT_TEXT || args->junit || args->sarif) {
        return rs_err_set(err, RS_E_USAGE,
                          "%s is finished, and reports are made by the run alone: begin it anew",
                          r->path);
    }
    int status = rs_resume_tell_finished(r, args->quiet, err);
    if (status >= 0 && args->plots && mkdir(args->plots, 0777) != 0 && errno != EEXIST) {
        return rs_err_set(err, RS_E_USAGE, "cannot make %s: %s", args->plots, strerror(errno));
    }
    return status >= 0 && draw(args, args->quiet, r->path, err) ? -1 : status;
}

int rs_verify_run(struct resume *resume, int format, struct err_list *errors, struct err *err)
{
    struct scenario *sc = rs_args_scenario_load(&resume->args, errors);
    int status = sc ? verify(sc, resume, format, err) : RS_EXIT_USAGE;
    rs_scenario_free(sc);
    return status;
}

/* Loads and runs; mistakes and failures come back in the list, with the exit status that they call for. */
static int load_and_verify(const struct cli_args *args, int format, struct err_list *errors)
{
    struct err err = {0};
    struct resume resume;
    int status = rs_resume_open(&resume, args, &err);
    if (status == 0) {
        status = rs_resume_is_finished(&resume) ? tell_finished(&resume, format, &err)
                                                : rs_verify_run(&resume, format, errors, &err);
    }
    rs_resume_close(&resume);
    if (status < 0) {
        rs_err_list_push(errors, &err);
        status = rs_err_exit_status(&err);
    }
    return status;
}

int rs_verify_reports(int *out_format, const struct cli_args *args)
{
    bool gsl;
    struct err err = {0};
    if (rs_args_format(out_format, args, format_names, FORMAT_N, &err) ||
        rs_args_samplers(&gsl, args, &err) || rs_report_file_check("--junit", args->junit, &err) ||
        rs_report_file_check("--sarif", args->sarif, &err)) {
        rs_err_print(&err, stderr);
        return rs_err_exit_status(&err);
    }
    return RS_EXIT_HOLDS;
}

static int run_verify(const struct cli_args *args)
{
    int format, refused = rs_verify_reports(&format, args);
    if (refused) {
        return refused;
    }
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = load_and_verify(args, format, &errors);
    if (errors.n > 0) {
        status = rs_verify_fail(args, format, &errors, status);
    }
    rs_err_list_clear(&errors);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT('o', output, "output", "RUN.db", "record the run in this SQLite file"),
    RS_COUNT('n', replicas, "replicas", 1, 1000000000, "histories at most (the scenario's)"),
    RS_SWITCH(0, all, "all", "run them all, also when every claim is decided before"),
    RS_LIST(claim, "claim", "NAME", "decide this claim only; may be repeated"),
    RS_ROW_SEED,
    RS_ROW_SAMPLERS,
    RS_COUNT('j', jobs, "jobs", 1, 1024, "threads; results do not depend on it (all cores)"),
    RS_TEXT(0, plots, "plots", "DIR", "draw the pictures too; without -o the record is DIR/run.db"),
    RS_SWITCH('f', force, "force", "replace an existing record, or an interrupted run's"),
    RS_TEXT(0, resume, "resume", "RUN.db", "go on with this run, which was interrupted"),
    RS_TEXT(0,
            shard,
            "shard",
            "I/N",
            "run part I of N of it, for rollsim merge (docs/running-large.md)"),
    RS_ROW_TRAFFIC,
    RS_ROWS_VERDICTS,
};

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "SCENARIO | --resume RUN.db",
    .summary = "decide every claim of a scenario over many histories",
    .about =
        "Decides every claim of the scenario: worst cases and reachable states from the scenario "
        "alone, the others\n"
        "by as many histories as it takes, up to --replicas, at the confidence that they share. "
        "Prints the table of\n"
        "verdicts and the timing card.\n"
        "\n"
        "With -o nothing is lost: while it runs, every history is kept in RUN.db.part, about every "
        "second. After Ctrl-C,\n"
        "kill -9, a full disk or a power cut, rollsim verify --resume RUN.db goes on where it "
        "was, with the same\n"
        "scenario and options, and ends with the same bits.\n"
        "\n"
        "Exit status: 0 all are proved or hold, 1 one is violated, refuted or unbounded, 2 bad "
        "input, 3 none is and\n"
        "one is undecided, 4 internal error.",
    .examples =
        "  rollsim verify scenarios/prisma/prisma.yaml\n"
        "  rollsim verify scenarios/prisma/prisma.yaml -o prisma.db --plots pictures\n"
        "  rollsim verify --resume prisma.db\n"
        "  rollsim verify scenarios/prisma/prisma.yaml --claim portal-in-5m --replicas 20000\n"
        "  rollsim verify scenarios/prisma/prisma.yaml --junit verify.xml --sarif verify.sarif\n"
        "  rollsim verify scenarios/prisma/prisma.yaml --traffic portal=requests_per_minute.csv\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_verify,
};
