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
 * One JSON object, keys sorted, two spaces of indent, reals to 15 digits, times in seconds; NaN and infinity are null.
 * Returns 0, or -1 when it could not be written.
 */
int rs_run_print_json(FILE *to, const struct run_result *r);

/* A word as a shell wants it: as it is, or between single quotes; cut to fit n bytes. n >= 8. Returns buf. */
char *rs_shell_word(char *buf, size_t n, const char *word);

#endif
