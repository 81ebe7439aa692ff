/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rollouts that are simulated, written down badly, and judged: is the truth where the retrospective says it is? Marks are jittered by up
 * to ±20 s (which the document declares) and one in seven is lost, the people's clock is up to two minutes off (which it does not),
 * the recording loses samples and has gaps of minutes.
 */
#ifndef TESTS_RETRO_TRIP_H
#define TESTS_RETRO_TRIP_H

#include "verify/retro_learn.h"

struct hits {
    int n, n_in; /* intervals that were stated; those that hold the truth */
};

struct trip {
    int n_rollout, n_rolled_back,
        n_found; /* simulated; with a rollback; whose episode was rebuilt */
    int n_extra; /* episodes that were none */
    struct hits instant[RS_CLOCK_N][RS_HOW_BOUNDED + 1];
    int n_sla[4];       /* by verdict, of rollbacks that were rebuilt */
    int n_sla_wrong;    /* kept that was broken, or the other way */
    struct hits offset; /* of the people's clock */
    struct hits fit[RS_FIT_KIND_N];
    int n_untied; /* rollouts whose notes nothing ties to the clock of the metrics: their instants are not judged */
    int n_duration; /* observed times that fits rest on */
    double width_s; /* of the offset's interval, mean */
};

/* Runs n rollouts from number `first` on; `learn` fits each, too. Prints the table to `to`. */
void trip_run(struct trip *t, int first, int n, bool learn);
/* What is learnt of people from n rollouts together. */
void trip_pool(struct trip *t, int first, int n);
void trip_print(const struct trip *t, FILE *to);
/* The checks of both over n and n_pooled rollouts, as a program: its exit status. */
int trip_suite(const char *name, int n, int n_pooled);
/* P(at most n_in of n) if each is in with probability p. */
double trip_chance(struct hits h, double p);

#endif
