/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What verify and merge have in common: a run from its arguments to the words about it (cmd_verify.c). */
#ifndef CLI_VERIFY_RUN_H
#define CLI_VERIFY_RUN_H

#include "resume.h"

/* Checks what can be checked of --format, --junit and --sarif before anything is run. 0, or it was told and this is the exit status. */
int rs_verify_reports(int *out_format, const struct cli_args *args);
/*
 * Loads the scenario of `from`, which is a run that begins, one to go on with or one to be merged; runs, prints, draws. Returns an
 * exit status, or -1 with err filled; mistakes in the scenario's files are in errors.
 */
int rs_verify_run(struct resume *from, int format, struct err_list *errors, struct err *err);
/* Tells what went wrong, on standard error and in every report that was asked for. Returns the exit status. */
int rs_verify_fail(const struct cli_args *args,
                   int format,
                   const struct err_list *errors,
                   int exit_status);

#endif
