/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run for people (a terminal) and for machines (JSON). Both are functions of the result alone: no clock, no number of jobs. */
#ifndef VERIFY_REPORT_H
#define VERIFY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "verify/run.h"

/*
 * Outcomes, the verdict table with what broke and how to see it, and the timing card of every rollback scenario. UTF-8.
 *   width   columns to fit into; 60..200, others are brought there; tables give way in names and refs first
 *   colour  ANSI colours; every colour has a word and a sign beside it
 */
void rs_run_print_text(FILE *to, const struct run_result *r, int width, bool colour);

/* The parts of it. */
void rs_run_print_outcomes(FILE *to, const struct run_result *r, int width, bool colour);
void rs_run_print_verdicts(FILE *to, const struct run_result *r, int width, bool colour);
void rs_run_print_cards(FILE *to, const struct run_result *r, int width, bool colour);

/*
 * For machines. All return 0, or -1 when they could not be written, and none tells a clock: the same run gives the same bytes.
 *   json   one object, keys sorted, two spaces of indent, reals to 15 digits, times in seconds; NaN is null, and so is infinity
 *          but where a key says "infinite" (docs/verify.schema.json)
 *   junit  a suite with a test case a claim: a failure where it is violated, refuted or unbounded, skipped where undecided
 *   sarif  2.1.0: a result a claim that is not good, at its line, with the trace of a counterexample as a code flow
 */
int rs_run_print_json(FILE *to, const struct run_result *r);
int rs_run_print_junit(FILE *to, const struct run_result *r);
int rs_run_print_sarif(FILE *to, const struct run_result *r);

/* The same of a run that did not come about. file: the scenario as the user named it; exit_status: the program's. */
int rs_run_print_json_errors(FILE *to, const struct err_list *errors, int exit_status);
int rs_run_print_junit_errors(FILE *to, const char *file, const struct err_list *errors);
int rs_run_print_sarif_errors(FILE *to, const struct err_list *errors, int exit_status);

/* A word as a shell wants it: as it is, or between single quotes; cut to fit n bytes. n >= 8. Returns buf. */
char *rs_shell_word(char *buf, size_t n, const char *word);

#endif
