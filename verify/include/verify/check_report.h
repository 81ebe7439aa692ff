/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rollsim check found, told to people and to machines; the pages of the findings. */
#ifndef VERIFY_CHECK_REPORT_H
#define VERIFY_CHECK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/err.h"
#include "verify/check.h"
#include "verify/rule_check.h"

struct check_report {                /* borrowed */
    const char *file;                /* the scenario, as the user named it */
    const struct scenario *scenario; /* NULL: it could not be read, and the next two are NULL */
    const struct findings *findings;
    const struct rule_check *rules; /* the closer look at the rule files, or NULL: there are none */
    const struct err_list *errors;  /* why it could not be read */
    int exit_status;                /* of the program, for reports that tell it */
};

/*
 * The findings, each with place, severity, code, element, evidence and mend; notes of what is ignored; a last line that
 * counts. Errors are not printed here: they go to another stream (rs_err_list_print).
 *   width   columns to fit into, at least 60; INT_MAX: every line stays whole, for grep and editors
 *   colour  ANSI colours; every colour has a word beside it
 */
void rs_check_print_text(FILE *to, const struct check_report *r, int width, bool colour);

/* One JSON object (docs/check.schema.json). Returns 0, or -1 when it could not be written. */
int rs_check_print_json(FILE *to, const struct check_report *r);

/* SARIF 2.1.0: findings and errors as results, pages as help. Returns 0 or -1. */
int rs_check_print_sarif(FILE *to, const struct check_report *r);

/* Every code with its severity and its summary. */
void rs_finding_codes_print(FILE *to, int width, bool colour);

/* The page of a code in Markdown, or NULL when there is none. */
const char *rs_finding_page(const char *code);

#endif
