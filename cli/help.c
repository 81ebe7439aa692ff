/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define LEFT_WIDTH 28

static void print_option(const struct option_row *row, FILE *to)
{
    char letter[8] = "   ";
    char left[64];
    if (row->letter) {
        snprintf(letter, sizeof letter, "-%c,", row->letter);
    }
    const char *arg = row->arg ? row->arg : "";
    snprintf(left, sizeof left, "%s --%s%s%s", letter, row->name, *arg ? " " : "", arg);
    if (strlen(left) > LEFT_WIDTH) { /* no room beside it */
        fprintf(to, "  %s\n  %-*s %s\n", left, LEFT_WIDTH, "", row->help);
    } else {
        fprintf(to, "  %-*s %s\n", LEFT_WIDTH, left, row->help);
    }
}

const char *rs_cmd_word(const struct cmd *cmd)
{
    const char *space = strrchr(cmd->name, ' ');
    return space ? space + 1 : cmd->name;
}

static void print_commands(const struct cmd *cmd, FILE *to)
{
    fprintf(to, "Usage: rollsim %s COMMAND [options]\n\n%s\n\nCommands:\n", cmd->name, cmd->about);
    int width = 9;
    for (int i = 0; i < cmd->n_sub; i++) {
        int n = (int)strlen(cmd->sub[i]->args);
        width = n > width ? n : width;
    }
    for (int i = 0; i < cmd->n_sub; i++) {
        fprintf(to, "  %-9s %-*s %s\n", rs_cmd_word(cmd->sub[i]), width, cmd->sub[i]->args,
                cmd->sub[i]->summary);
    }
    fprintf(to, "\nrollsim %s COMMAND --help tells more.\n\nExamples:\n%s", cmd->name,
            cmd->examples);
}

void rs_cmd_print_help(const struct cmd *cmd, FILE *to)
{
    if (cmd->n_sub > 0) {
        print_commands(cmd, to);
        return;
    }
    fprintf(to, "Usage: rollsim %s [options] %s\n\n%s\n\nOptions:\n", cmd->name, cmd->args,
            cmd->about);
    for (int i = 0; i < cmd->n_option; i++) {
        print_option(&cmd->option[i], to);
    }
    fprintf(to, "\nExamples:\n%s", cmd->examples);
}

int rs_err_exit_status(const struct err *err)
{
    switch (err->code) {
    case RS_E_SYNTAX:
    case RS_E_KEY:
    case RS_E_TYPE:
    case RS_E_RANGE:
    case RS_E_REF:
    case RS_E_UNSUPPORTED:
    case RS_E_USAGE:
    case RS_E_LOOP: return RS_EXIT_USAGE;
    case RS_E_STOPPED: return RS_EXIT_UNDECIDED;
    case RS_E_NONE:
    case RS_E_IO:
    case RS_E_INTERNAL: return RS_EXIT_INTERNAL;
    }
    return RS_EXIT_INTERNAL;
}

bool rs_term_has_colour(FILE *to)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    const char *term = getenv("TERM");
    return isatty(fileno(to)) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

int rs_term_width(FILE *to)
{
    struct winsize size;
    if (isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 100;
}

int rs_term_line_width(FILE *to)
{
    return isatty(fileno(to)) ? rs_term_width(to) : INT_MAX;
}
