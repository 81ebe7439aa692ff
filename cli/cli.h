/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands share: the exit statuses, the table row of a command, and small words for people. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"
#include "sim/err.h"

/* Exit statuses of the program (model.md, section 10). */
enum exit_status {
    RS_EXIT_HOLDS = 0,      /* all claims hold, or the command did what was asked */
    RS_EXIT_VIOLATED = 1,   /* a claim is violated */
    RS_EXIT_USAGE = 2,      /* bad input or usage */
    RS_EXIT_UNDECIDED = 3,  /* no claim is violated, one is undecided */
    RS_EXIT_INTERNAL = 4,   /* ours, or the machine's: disk, memory */
    RS_EXIT_CUT_SHORT = 130 /* tune, retro: Ctrl-C, as shells tell it */
};

/* One command. Each cmd_<name>.c ends with its own row; main.c lists them. */
struct cmd {
    const char *name;
    const char *args;     /* positional arguments as usage shows them: "SCENARIO" */
    const char *summary;  /* one line */
    const char *about;    /* what --help says more, before the options; whole lines */
    const char *examples; /* whole lines, each "  rollsim ..." */
    int n_operand_min, n_operand_max;
    int n_option;
    const struct option_row *option;         /* [n_option] */
    int (*run)(const struct cli_args *args); /* returns an exit status */
    /* A command of commands has nothing but these, and no run; their names begin with its own: "rules check". */
    int n_sub;
    const struct cmd *const *sub; /* [n_sub] */
};

extern const struct cmd cmd_check, cmd_rehearse, cmd_verify, cmd_merge, cmd_tune, cmd_retro,
    cmd_plot, cmd_recording, cmd_rules;

/* The last word of a command's name, which is what the user writes. */
const char *rs_cmd_word(const struct cmd *cmd);

/* The usage page of one command, made from its row. */
void rs_cmd_print_help(const struct cmd *cmd, FILE *to);

/* Exit status that an error calls for: the user's input 2, the machine's side and our own 4. */
int rs_err_exit_status(const struct err *err);

/* True when `to` is a terminal that shall have colour: NO_COLOR is unset or empty and TERM is not "dumb". */
bool rs_term_has_colour(FILE *to);

/* Columns of the terminal behind `to`; 100 for files and pipes. */
int rs_term_width(FILE *to);

/* The same for words that are read line by line, as a compiler's are: nothing is broken (INT_MAX) in files and pipes. */
int rs_term_line_width(FILE *to);

#endif
