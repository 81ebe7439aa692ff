/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a run is one SQLite file; its schema is verify/schema.sql. Readers ask this first and then use SQL. */
#ifndef VERIFY_STORE_H
#define VERIFY_STORE_H

#include <stdio.h>

#include "sim/err.h"

#define RS_STORE_APPLICATION_ID 0x726f6c6c /* "roll" */
#define RS_STORE_VERSION 3                 /* that is written */
/* That is read: version 1 has fewer columns in verdict and no findings, versions 1 and 2 no sources. */
#define RS_STORE_VERSION_OLDEST 1

/* 0 if the file is a run of rollsim that this version can read, else -1 with what it is instead. */
int rs_store_check(const char *path, struct err *err);

/*
 * The verdicts of a finished record, a line each to `to` (NULL: nowhere). Returns the exit status that its run ended with: 1 if a
 * claim is violated, else 3 if one is undecided, else 0; or -1.
 */
int rs_store_verdicts(const char *path, FILE *to, struct err *err);

#endif
