/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pictures.h"
#include "plots/plots.h"

void rs_picture_wrote(void *ctx, const char *path)
{
    FILE *to = ctx;
    if (to) {
        fprintf(to, "picture: %s\n", path);
    }
}

static int run_plot(const struct cli_args *args)
{
    const char *db = args->operand[0];
    struct err err = {0};
    struct stat about;
    const char *format = args->format ? args->format : "svg";
    if (strcmp(format, "svg") != 0 && strcmp(format, "png") != 0) {
        rs_err_set(&err, RS_E_USAGE, "--format must be svg or png, got '%s'", format);
    } else if (stat(db, &about) != 0 || access(db, R_OK) != 0) {
        rs_err_set(&err, RS_E_USAGE, "cannot read %s: %s", db, strerror(errno));
    } else if (!S_ISREG(about.st_mode)) {
        rs_err_set(&err, RS_E_USAGE, "%s is no file", db);
    } else {
        struct plot_options opt = {.out_dir = args->output ? args->output : ".",
                                   .format = format,
                                   .only = args->only,
                                   .wrote = rs_picture_wrote,
                                   .ctx = args->quiet ? NULL : stdout};
        if (rs_plot_record(db, &opt, &err) == 0) {
            return RS_EXIT_HOLDS;
        }
    }
    rs_err_print(&err, stderr);
    return rs_err_exit_status(&err);
}

static const struct option_row options[] = {
    RS_TEXT('o', output, "output", "DIR", "folder for the pictures, made if missing (.)"),
    RS_TEXT(0, format, "format", "FORMAT", "svg or png (svg)"),
    RS_TEXT(0, only, "only", "NAME", "draw this picture only"),
    RS_SWITCH('q', quiet, "quiet", "do not print the names of the pictures"),
    RS_ROW_HELP,
};

const struct cmd cmd_plot = {
    .name = "plot",
    .args = "RECORD.db",
    .summary = "draw the pictures of a recorded run, search or retrospective again",
    .about =
        "Draws from the record of rollsim verify -o, rollsim tune -o or rollsim retro -o alone: no "
        "scenario is read and nothing is simulated.",
    .examples = "  rollsim plot out/prisma.db -o out/prisma\n"
                "  rollsim plot out/prisma.db -o slides --format png\n"
                "  rollsim plot out/tune.db --only pareto\n"
                "  rollsim plot out/retro.db --only retro-trajectory\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_plot,
};
