/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retrospective, told: for a terminal, for machines, for the evidence log, and as a database. None tells a clock of its own. */
#ifndef VERIFY_RETRO_REPORT_H
#define VERIFY_RETRO_REPORT_H

#include <stdio.h>

#include "verify/retro.h"

/* width as in verify/report.h. */
void rs_retro_print_text(FILE *to, const struct retro *r, int width, bool colour);
/* One object, keys sorted (docs/retro.schema.json). 0 or -1. */
int rs_retro_print_json(FILE *to, const struct retro *r, int exit_status);
/* What an entry of the evidence log links to: paths as they are seen from where it lies. */
struct retro_entry {
    int n_picture;
    const char *const *picture;   /* [n_picture] */
    const char *record, *command; /* the database; what makes it again; NULL = not told */
};
/* The entry of the evidence log: verdicts, figures, pictures, deviations, what to change. 0 or -1. */
int rs_retro_print_markdown(FILE *to, const struct retro *r, const struct retro_entry *with);
/* Writes the record (verify/retro.sql), whole or not at all. 0 or -1. */
int rs_retro_record(const struct retro *r, const char *path, bool force, struct err *err);

/*
 * 0: every SLA is kept and nothing deviates; 1: one is broken or something deviates; 3: something is undecidable.
 */
int rs_retro_exit_status(const struct retro *r);

#endif
