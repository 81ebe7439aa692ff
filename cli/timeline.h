/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One history told: as a timeline for people, or as JSON for machines. */
#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdbool.h>
#include <stdio.h>

#include "models/history.h"
#include "models/scenario.h"

/* What was asked for, to say how to repeat it. */
struct told_run {
    const char *file;
    uint64_t seed, replica;
    const char *fault;    /* as given with --fault, or NULL = drawn */
    const char *branch;   /* as given with --branch, or NULL */
    const char *samplers; /* as given with --samplers, or NULL */
    int n_traffic;
    const char *const *traffic; /* [n_traffic] as given with --traffic */
};

/* The header, the trace grouped by stage, the clock of every rollback, the outcome, what it says of the claims. */
void rs_timeline_print(const struct scenario *sc,
                       const struct history *h,
                       const struct told_run *run,
                       bool colour,
                       FILE *to);

/* The same as one JSON object. Times: "at" in RFC 3339, "at_s" in seconds since the scenario's start; null = did not happen. */
void rs_timeline_print_json(const struct scenario *sc,
                            const struct history *h,
                            const struct told_run *run,
                            FILE *to);

/* Room for a command line with its paths. */
#define RS_AGAIN_SIZE 8192
/* The command line that tells this history again, cut at n bytes. n >= 1. Returns buf. */
char *rs_told_run_command(char *buf, size_t n, const struct told_run *run);

/* "alert", "look", "gate", "check". */
const char *rs_told_by_name(enum detected_by by);

#endif
