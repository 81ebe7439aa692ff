/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up system with an alert, people and two faults, for tests of what a search makes of claims. */
#ifndef TESTS_VERIFY_TUNE_SYSTEM_H
#define TESTS_VERIFY_TUNE_SYSTEM_H

#include "toy.h"

/* Value 0 of five: how patient the alert is; today's is 4. Value 1 of three does nothing; today's is 1. */
struct system {
    struct toy toy;
    struct tune_objective objective[3];
    struct claim claim[6];
    int keep[6];
};

/* With the first n_claim of s->claim, all to be kept, and three objectives: two of the time to detection, one of false rollbacks. */
void set_up(struct system *s, int n_claim);

/* P(false rollback) by patience. */
extern const double system_false_alarm[5];

/* At least so many of a fault's legs within so many minutes. */
struct claim leg(int fault, enum clock_mark from, enum clock_mark to, double within, double least);
/* At most 20 % of healthy rollouts. */
extern const struct claim false_rollbacks;

#endif
