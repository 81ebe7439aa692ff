/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tune_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pictures.h"
#include "plots/plots.h"
#include "reports.h"
#include "scenario_args.h"
#include "scenarios/tune.h"
#include "verify/report.h"

int rs_tune_record_path(char out[RS_PATH_SIZE], const struct cli_args *args, struct err *err)
{
    const char *text = args->output ? args->output : args->plots ? args->plots : "";
    out[0] = '\0';
    int n =
        snprintf(out, RS_PATH_SIZE, "%s%s", text, !args->output && args->plots ? "/tune.db" : "");
    if (n >= RS_PATH_SIZE) {
        return rs_err_set(err, RS_E_USAGE, "the path %.40s... is too long", text);
    }
    if (out[0] && !args->force && access(out, F_OK) == 0) {
        return rs_err_set(err, RS_E_USAGE, "%s is there already; --force replaces it", out);
    }
    if (args->plots && mkdir(args->plots, 0777) != 0 && errno != EEXIST) {
        return rs_err_set(err, RS_E_USAGE, "cannot make %s: %s", args->plots, strerror(errno));
    }
    return rs_folder_check(out, err);
}

/* ---- words ------------------------------------------------------------------------------------------------------------- */

char *rs_tune_diff_text(const struct tune_result *r)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (r->chosen >= 0) {
        rs_tune_print_diff(to, r->plan, r->point[r->chosen].value);
    }
    fclose(to);
    return text;
}

char *rs_tune_search_options(const struct cli_args *args)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (args->replicas.given) {
        fprintf(to, " --replicas %" PRIu64, args->replicas.value);
    }
    fclose(to);
    return text;
}

char *rs_tune_history_options(const struct cli_args *args)
{
    char *text = NULL, word[RS_PATH_SIZE + 8];
    char *traffic = rs_args_replay_words(args);
    size_t n;
    FILE *to = open_memstream(&text, &n);
    if (args->samplers) {
        fprintf(to, " --samplers %s", rs_shell_word(word, sizeof word, args->samplers));
    }
    fputs(traffic ? traffic : "", to);
    fclose(to);
    free(traffic);
    return text;
}

/* ---- printing ---------------------------------------------------------------------------------------------------------- */

static const char *why_not_written(const struct tune_result *r, int status)
{
    if (r->chosen < 0) {
        return "no setting was chosen";
    }
    switch (status) {
    case RS_EXIT_HOLDS: return NULL;
    case RS_EXIT_VIOLATED: return "on fresh replicas it does not keep what it must";
    case RS_EXIT_CUT_SHORT: return "the search was cut short";
    default: return "the proof did not decide every claim that it must keep";
    }
}

/* Words that could not be written are noticed when stdout is closed (main.c). */
static void
print(const struct tune_result *r, const struct tune_words *words, const struct cli_args *args)
{
    if (args->json) {
        rs_tune_print_json(stdout, r, words);
    } else if (args->diff) {
        const char *why = why_not_written(r, rs_tune_status(r));
        fputs(words->diff, stdout);
        if (why && words->diff[0] && !args->quiet) {
            fprintf(stderr, "rollsim: the patch is not proved: %s\n", why);
        }
    } else if (!args->quiet) {
        rs_tune_print_text(stdout, r, words, rs_term_width(stdout), rs_term_has_colour(stdout));
    }
}

struct rationale {
    const struct tune_result *result;
    const struct tune_words *words;
};

static int print_note(FILE *to, const void *ctx)
{
    const struct rationale *n = ctx;
    return rs_tune_print_markdown(to, n->result, n->words);
}

/* ---- keeping ----------------------------------------------------------------------------------------------------------- */

static int draw(const struct cli_args *args, bool quiet, const char *db, struct err *err)
{
    struct plot_options opt = {.out_dir = args->plots,
                               .format = "svg",
                               .wrote = rs_picture_wrote,
                               .ctx = quiet ? NULL : stdout};
    return args->plots ? rs_plot_search(db, &opt, err) : 0;
}

/* Which of the plan's files the chosen setting changes. */
static bool changes(const struct tune_result *r, int file)
{
    size_t n = 0;
    char *text = rs_tune_file_text(r->plan, file, r->point[r->chosen].value, &n);
    const struct tune_file *today = &r->plan->file[file];
    bool differs = n != today->n_text || memcmp(text, today->text, n) != 0;
    free(text);
    return differs;
}

/* What was not proved is not put into anybody's files. */
static int write_files(const struct tune_result *r, bool quiet, struct err *err)
{
    const char *why = why_not_written(r, rs_tune_status(r));
    if (why) {
        fprintf(stderr, "rollsim: nothing is written: %s; --diff shows the patch\n", why);
        return 0;
    }
    if (r->chosen == r->today) {
        return 0;
    }
    if (rs_tune_write(r->plan, r->point[r->chosen].value, err)) {
        return -1;
    }
    for (int i = 0; !quiet && i < r->plan->n_file; i++) {
        if (changes(r, i)) {
            printf("written: %s\n", r->plan->file[i].path);
        }
    }
    return 0;
}

int rs_tune_tell(const struct tune_result *r,
                 const struct tune_words *words,
                 const struct cli_args *args,
                 const char *db,
                 struct err *err)
{
    bool quiet = args->quiet || args->json || args->diff;
    struct rationale note = {r, words};
    int failed = 0;
    print(r, words, args);
    if (db[0]) {
        failed = rs_tune_record(r, db, args->force, err);
        if (!failed && !quiet) {
            printf("record: %s\n", db);
        }
        failed = failed ? failed : draw(args, quiet, db, err);
    }
    failed = rs_report_file_write(args->markdown, print_note, &note, err) || failed;
    if (!failed && args->markdown && !quiet) {
        printf("note: %s\n", args->markdown);
    }
    if (!failed && args->write) {
        failed = write_files(r, quiet, err);
    }
    return failed ? -1 : 0;
}
