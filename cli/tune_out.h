/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tune prints, writes and keeps of a search that is over. */
#ifndef CLI_TUNE_OUT_H
#define CLI_TUNE_OUT_H

#include "options.h"
#include "verify/tune_report.h"

#define RS_PATH_SIZE 4096

/* Where the record goes: -o, or tune.db beside the pictures, or nowhere (""). Told before the search, not after it. 0 or -1. */
int rs_tune_record_path(char out[RS_PATH_SIZE], const struct cli_args *args, struct err *err);

/* The chosen setting's patch, for free(); "" where nothing changes. */
char *rs_tune_diff_text(const struct tune_result *r);
/* Options that the words of struct tune_words want, as given; for free(). */
char *rs_tune_search_options(const struct cli_args *args);
char *rs_tune_history_options(const struct cli_args *args);

/*
 * Prints in the form that was asked for, keeps the record, draws, writes the note and, with --write, the chosen values. Returns 0,
 * or -1 with err filled; what could be done was.
 */
int rs_tune_tell(const struct tune_result *r,
                 const struct tune_words *words,
                 const struct cli_args *args,
                 const char *db,
                 struct err *err);

#endif
