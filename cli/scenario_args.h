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

/* --samplers: is it gsl? Returns 0, or -1 when it is neither that nor own. */
int rs_args_samplers(bool *out_gsl, const struct cli_args *args, struct err *err);

/* --fault: index, -1 for "none", -2 when not given. Returns 0 or -1 with a near name in err. */
int rs_args_fault(int *out,
                  const struct cli_args *args,
                  const struct scenario *sc,
                  struct err *err);

struct traffic_override; /* scenarios/load.h */
/* --traffic as the loader takes it: out[n_traffic] borrows from copy[n_traffic], which is freed with the second. */
void rs_args_overrides(struct traffic_override *out, char **out_copy, const struct cli_args *args);
void rs_args_overrides_free(char **copy, const struct cli_args *args);

/* The same, with the mistakes in the caller's list, sorted, instead of on standard error. */
struct scenario *rs_args_scenario_load(const struct cli_args *args, struct err_list *errors);

/*
 * The scenario with the claims that --claim names and no others; all of them without it. *out borrows from sc.
 *   out_claim  their array, for free(); NULL without --claim
 * Returns 0 or -1 with a near name in err.
 */
int rs_args_claims(struct scenario *out,
                   struct claim **out_claim,
                   const struct cli_args *args,
                   const struct scenario *sc,
                   struct err *err);

/* What a witness needs to be told again besides seed and replica: " --traffic a=b ..."; NULL: nothing. For free(). */
char *rs_args_replay_words(const struct cli_args *args);

/* The values of --traffic, a line each; NULL: none. For free(). */
char *rs_args_traffic_lines(const struct cli_args *args);

#endif
