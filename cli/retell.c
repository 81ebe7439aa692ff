/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "reports.h"
#include "scenarios/retell.h"
#include "scenarios/tune.h"
#include "verify/report.h"

/* Nothing is simulated, so nothing is drawn by chance and there is no record. */
static int check_options(const struct cli_args *args, struct err *err)
{
    const struct {
        const char *name;
        bool given;
    } foreign[] = {
        {"--output", args->output != NULL},     {"--plots", args->plots != NULL},
        {"--replicas", args->replicas.given},   {"--seed", args->seed.given},
        {"--samplers", args->samplers != NULL}, {"--traffic", args->n_traffic > 0},
    };
    if (args->ranks) {
        return rs_err_set(err, RS_E_USAGE, "rollsim tune is not for mpirun; start it by itself");
    }
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (foreign[i].given) {
            return rs_err_set(err, RS_E_USAGE,
                              "%s is for scenarios: of a recording nothing is simulated",
                              foreign[i].name);
        }
    }
    if (args->diff && args->json) {
        return rs_err_set(err, RS_E_USAGE,
                          "--diff and --json are two forms of one output: give one");
    }
    return rs_report_file_check("--markdown", args->markdown, err);
}

static char *diff_text(const struct retell_result *r)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (r->has_chosen) {
        rs_tune_print_diff(to, r->retell->plan, r->chosen.value);
    }
    fclose(to);
    return text;
}

static int write_markdown(const struct cli_args *args,
                          const struct retell_result *r,
                          const char *diff,
                          struct err *err)
{
    FILE *to = fopen(args->markdown, "w");
    if (!to) {
        return rs_err_set(err, RS_E_IO, "cannot write %s: %s", args->markdown, strerror(errno));
    }
    rs_retell_print_markdown(to, r);
    if (*diff) {
        fprintf(to, "```diff\n%s```\n", diff);
    }
    bool failed = ferror(to) != 0;
    if ((fclose(to) != 0) || failed) {
        return rs_err_set(err, RS_E_IO, "cannot write %s: %s", args->markdown, strerror(errno));
    }
    return 0;
}

static void print(const struct cli_args *args, const struct retell_result *r, const char *diff)
{
    if (args->diff) {
        fputs(diff, stdout);
    } else if (args->json) {
        rs_retell_print_json(stdout, r, diff, r->has_chosen ? RS_EXIT_HOLDS : RS_EXIT_VIOLATED);
    } else if (!args->quiet) {
        bool terminal = isatty(fileno(stdout));
        rs_retell_print(stdout, r, terminal ? rs_term_width(stdout) : 0,
                        rs_term_has_colour(stdout));
        if (*diff) {
            printf("\n%s", diff);
        }
    }
}

/* Returns an exit status. */
static int tell(const struct cli_args *args, const struct retell_result *r, struct err_list *errors)
{
    struct err err = {0};
    char *diff = diff_text(r);
    print(args, r, diff);
    int failed = args->markdown ? write_markdown(args, r, diff, &err) : 0;
    if (failed == 0 && args->write && r->has_chosen) {
        failed = rs_tune_write(r->retell->plan, r->chosen.value, &err);
    }
    free(diff);
    if (failed != 0) {
        rs_err_list_push(errors, &err);
        return rs_err_exit_status(&err);
    }
    return r->has_chosen ? RS_EXIT_HOLDS : RS_EXIT_VIOLATED;
}

static int retell(const struct cli_args *args, struct err_list *errors, struct err_list *notes)
{
    struct retell *d = rs_retell_load(args->operand[0], errors, notes);
    const struct retell_options opt = {.cancel = rs_progress_cancel()};
    struct retell_result *r = NULL;
    int status = RS_EXIT_USAGE;
    if (d && !args->quiet) {
        for (size_t i = 0; i < notes->n; i++) {
            const struct err *note = &notes->item[i];
            fprintf(stderr, "%s:%d:%d: note: %s\n", note->file, note->line, note->col, note->text);
        }
    }
    struct progress progress;
    rs_progress_start(&progress, true,
                      0); /* Ctrl-C ends it; it is over in seconds and shows no line */
    int ran = d ? rs_retell_run(&r, d, &opt, errors) : -1;
    rs_progress_end(&progress);
    if (ran == 0) {
        status = tell(args, r, errors);
    } else if (ran > 0) {
        fputs("rollsim: cut short: nothing is told of a part of the settings\n", stderr);
        status = RS_EXIT_CUT_SHORT;
    }
    rs_retell_free(r);
    rs_retell_close(d);
    return status;
}

int rs_cmd_retell(const struct cli_args *args)
{
    struct err_list errors, notes;
    struct err err = {0};
    rs_err_list_init(&errors);
    rs_err_list_init(&notes);
    int status = RS_EXIT_USAGE;
    if (check_options(args, &err) != 0) {
        rs_err_list_push(&errors, &err);
        status = rs_err_exit_status(&err);
    } else {
        status = retell(args, &errors, &notes);
    }
    if (errors.n > 0) {
        rs_err_list_print(&errors, stderr);
        if (args->json) {
            rs_run_print_json_errors(stdout, &errors, status);
        }
    }
    rs_err_list_clear(&notes);
    rs_err_list_clear(&errors);
    return status;
}
