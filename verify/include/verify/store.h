/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a run is one SQLite file; its schema is verify/schema.sql. Readers ask this first and then use SQL. */
#ifndef VERIFY_STORE_H
#define VERIFY_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/err.h"

#define RS_STORE_APPLICATION_ID 0x726f6c6c /* "roll" */
#define RS_STORE_VERSION 3                 /* that is written */
/* That is read: version 1 has fewer columns in verdict and no findings, versions 1 and 2 no sources. */
#define RS_STORE_VERSION_OLDEST 1

/* The record of a search (rollsim tune) is a file of its own kind; its schema is verify/tune.sql. */
#define RS_STORE_TUNE_APPLICATION_ID 0x726f6c74 /* "rolt" */
#define RS_STORE_TUNE_VERSION 1

/* And that of a retrospective (rollsim retro): verify/retro.sql. */
#define RS_STORE_RETRO_APPLICATION_ID 0x726f6c72 /* "rolr" */
#define RS_STORE_RETRO_VERSION 1

/* 0 if the file is a run of rollsim that this version can read, else -1 with what it is instead. */
int rs_store_check(const char *path, struct err *err);
/* The same of a search. */
int rs_store_check_search(const char *path, struct err *err);
/* The same of a retrospective. */
int rs_store_check_retro(const char *path, struct err *err);
/* Whether the file says that it is the record of a search, of any version; or of a retrospective. */
bool rs_store_is_search(const char *path);
bool rs_store_is_retro(const char *path);
/* Tells why a database with that application id is no run's record. -1. */
int rs_store_refuse(int64_t id, const char *path, struct err *err);

/*
 * The verdicts of a finished record, a line each to `to` (NULL: nowhere). Returns the exit status that its run ended with: 1 if a
 * claim is violated, else 3 if one is undecided, else 0; or -1.
 */
int rs_store_verdicts(const char *path, FILE *to, struct err *err);

#endif
