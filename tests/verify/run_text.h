/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run comes to, as texts that can be compared. All are for free(). */
#ifndef TESTS_VERIFY_RUN_TEXT_H
#define TESTS_VERIFY_RUN_TEXT_H

#include "verify/run.h"

/* Runs it over made-up histories: its JSON. */
char *run_text_json(const struct scenario *sc, const struct run_options *opt);

/* All rows of all tables of a record, in the order in which they stand. */
char *run_text_dump(const char *path);

#endif
