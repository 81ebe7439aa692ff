/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the scenario that a command names, and the words of its options that only the scenario can judge. */
#ifndef CLI_SCENARIO_ARGS_H
#define CLI_SCENARIO_ARGS_H

#include "models/scenario.h"
#include "options.h"

/* Loads operand[0] with its --traffic; every mistake goes to stderr. NULL = exit status 2. */
struct scenario *rs_args_scenario(const struct cli_args *args);

/* 0 if the file is none of rollsim's records (or cannot be read: the loader tells that), else -1 with what to do with one. */
int rs_args_no_record(const char *file, struct err *err);

/* --fault: index, -1 for "none", -2 when not given. Returns 0 or -1 with a near name in err. */
int rs_args_fault(int *out,
                  const struct cli_args *args,
                  const struct scenario *sc,
                  struct err *err);

#endif
