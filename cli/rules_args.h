/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands of `rollsim rules` have in common. */
#ifndef CLI_RULES_ARGS_H
#define CLI_RULES_ARGS_H

#include "models/promql.h"
#include "options.h"
#include "sim/arena.h"

extern const struct cmd cmd_rules_check, cmd_rules_eval, cmd_rules_test;

/* --prometheus. 0 or -1. */
int rs_args_dialect(enum promql_dialect *out, const struct cli_args *args, struct err *err);
/* --evaluation-interval, --lookback and --scrape-interval, where given, are more than nothing. 0 or -1. */
int rs_args_interval(const struct cli_args *args, struct err *err);
/*
 * The files that the words name: a word that names none and is a pattern stands for those that it matches, in the order of their
 * names. *out_n paths in the arena; a folder, and a pattern without a file, are errors.
 */
const char *const *rs_args_files(struct arena *arena,
                                 const struct list_arg *words,
                                 int *out_n,
                                 struct err_list *errors);
/* The given duration in ms, or the default. */
int64_t rs_args_ms(const struct duration_arg *arg, int64_t default_ms);

#endif
