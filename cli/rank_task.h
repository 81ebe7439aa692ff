/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rank 0 of a run tells the other processes of the cluster, and what they do: they read no command line, write no file and
 * print nothing.
 */
#ifndef CLI_RANK_TASK_H
#define CLI_RANK_TASK_H

#include "options.h"
#include "sim/ranks.h"
#include "verify/run.h"

/* Rank 0, before the run: the others load the scenario of these arguments and serve. ranks NULL ok. */
void rs_rank_task_tell(struct ranks *ranks,
                       const struct cli_args *args,
                       const struct run_options *opt);
/* All the others: serves until rank 0 has done. */
void rs_rank_task_serve(struct ranks *ranks);

#endif
