/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a run is one SQLite file; its schema is verify/schema.sql. Readers ask this first and then use SQL. */
#ifndef VERIFY_STORE_H
#define VERIFY_STORE_H

#include "sim/err.h"

#define RS_STORE_APPLICATION_ID 0x726f6c6c /* "roll" */
#define RS_STORE_VERSION 2                 /* that is written */
#define RS_STORE_VERSION_OLDEST                                                                    \
    1 /* that is read: version 1 has fewer columns in verdict and no findings */

/* 0 if the file is a run of rollsim that this version can read, else -1 with what it is instead. */
int rs_store_check(const char *path, struct err *err);

#endif
