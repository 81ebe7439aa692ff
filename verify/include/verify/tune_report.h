/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a search came to, for people (a terminal, a review), for machines (JSON) and for later (SQLite). All are functions of the
 * result alone: no clock, no number of jobs.
 */
#ifndef VERIFY_TUNE_REPORT_H
#define VERIFY_TUNE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "verify/tune_result.h"

/* What only the caller knows: how it was called, and what the chosen setting changes in the files. "" = nothing. */
struct tune_words {
    const char
        *search_options; /* that the search was asked for beside file and seed: " --replicas 100" */
    const char *history_options; /* that decide histories, for verify too: " --traffic a=b" */
    const char *diff;            /* the chosen setting's unified diff */
};

/*
 * What was turned, the front, the claims at today's and the chosen setting, what each parameter buys and costs, what no setting
 * can save, the proof, the patch. UTF-8.
 *   width   columns to fit into; 60..200, others are brought there; the patch is never broken
 *   colour  ANSI colours; every colour has a word or a sign beside it
 */
void rs_tune_print_text(
    FILE *to, const struct tune_result *r, const struct tune_words *words, int width, bool colour);

/* A rationale to paste into a review, in Markdown; no absolute path is in it. 0, or -1 when it could not be written. */
int rs_tune_print_markdown(FILE *to, const struct tune_result *r, const struct tune_words *words);

/* One object, as rs_run_print_json prints (docs/tune.md tells its keys). 0, or -1 when it could not be written. */
int rs_tune_print_json(FILE *to, const struct tune_result *r, const struct tune_words *words);

/*
 * Records it as TUNE.db (verify/tune.sql), which appears when it is whole. An existing record is an error unless overwrite; what
 * is no record is never overwritten. 0 or -1.
 */
int rs_tune_record(const struct tune_result *r, const char *path, bool overwrite, struct err *err);

/*
 * Exit status: 0 the chosen setting keeps every kept claim that some setting can keep, on fresh replicas; 1 one is violated there;
 * 3 one is undecided, or there was nothing to prove; 130 it was cut short.
 */
int rs_tune_status(const struct tune_result *r);

#endif
