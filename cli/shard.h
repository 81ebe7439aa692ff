/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run over several machines that do not speak with each other: --shard I/N, and the words about it. */
#ifndef CLI_SHARD_H
#define CLI_SHARD_H

#include "options.h"
#include "verify/run.h"

/*
 * --shard I/N into the options, which are filled otherwise: I counts from 1. Without it nothing is touched. 0, or -1: no such
 * shard, or an option beside it that a shard, which decides nothing, has no answer to.
 */
int rs_shard_args(struct run_options *opt, const struct cli_args *args, struct err *err);

/* What the run of a shard came to, and what comes next. Returns an exit status. */
int rs_shard_tell(const struct run_result *r,
                  const struct run_options *opt,
                  const struct cli_args *args);

#endif
