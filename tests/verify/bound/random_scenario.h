/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small scenarios made from a number, and the question whether a history keeps to its bounds. */
#ifndef TESTS_RANDOM_SCENARIO_H
#define TESTS_RANDOM_SCENARIO_H

#include "models/replica.h"
#include "verify/bound.h"

/* The YAML with its rules and its Alertmanager file written to a folder of its own under /tmp; read, and removed again. */
struct scenario *random_scenario(uint64_t number);
/* Reads a scenario from texts; NULL rules or am: none is named. */
struct scenario *text_scenario(const char *yaml, const char *rules, const char *am);

/* Every leg of every episode against rs_bound_chain; prints what breaks. */
struct keeping {
    uint64_t n_leg, n_finite; /* legs that were looked at; those with an upper end */
    uint64_t n_over, n_under; /* that broke their bound */
    double closest;           /* the largest share of a finite upper end that was reached */
};
/* n replicas, none and each fault in turn. */
void run_and_keep(
    const struct scenario *sc, int n, uint64_t seed, const char *name, struct keeping *k);

#endif
