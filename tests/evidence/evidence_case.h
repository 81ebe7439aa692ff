/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence out of small files in a folder of its own. */
#ifndef TESTS_EVIDENCE_CASE_H
#define TESTS_EVIDENCE_CASE_H

#include <check.h>

#include "scenarios/evidence.h"

#define N_ROW(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* A new folder; every file that is written into it goes with it. */
void evidence_case_begin(void);
void evidence_case_end(void);
/* Writes a file of the folder; its path, valid until the end. */
const char *evidence_file(const char *name, const char *text);
/* The sentences of errors, or of notes, a line each: static, valid until the next call. */
const char *evidence_errors(const struct err_list *errors);
const char *evidence_notes(const struct retro_evidence *e);
/* Runs a suite of one case. */
int evidence_main(const char *name, void (*add)(TCase *tc));

#endif
