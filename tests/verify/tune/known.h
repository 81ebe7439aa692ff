/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two gates whose laws are known exactly, as toys, and what a search of them must come to. */
#ifndef TESTS_VERIFY_TUNE_KNOWN_H
#define TESTS_VERIFY_TUNE_KNOWN_H

#include "toy.h"

#define KNOWN_N_OBJECTIVE 2

struct known {
    struct toy toy;
    struct tune_objective objective[KNOWN_N_OBJECTIVE];
    /* The objectives of a setting, exactly, in the unit that is told. */
    void (*exact)(const uint16_t *value, double *out);
    double range[KNOWN_N_OBJECTIVE]; /* the largest that they can be */
};

/*
 * Errors come as a Poisson stream, one unit of time after another, 24 of them; the gate counts them in windows that do not overlap and
 * trips at k or more. Value 0: which of the windows 1, 2, 3, 4, 6, 12; value 1: k - 1. False rollbacks at 0.4 a unit, misses at 1.5.
 */
void known_poisson(struct known *k);

/*
 * Independent looks, one each minute or each second, third, fifth or sixth one of an hour, fail with a probability of 0.05 when all is well
 * and of 0.45 when not; the gate trips after k failures in a row. Value 0: the rhythm; value 1: k - 1. False rollbacks, and the mean time
 * to detection, an hour at most.
 */
void known_run_length(struct known *k);

void known_clear(struct known *k);

/* What a search got wrong. */
struct known_faults {
    int n_lost; /* settings of the true front that were dropped for one that is worse by more than could be seen */
    int n_missed; /* intervals without the truth, of points, of steps and of their differences */
    int n_worse; /* the point chosen is worse in the first objective than the best, by more than is told */
    int n_interval;                      /* of so many */
    int n_front, n_true_front, n_strict; /* found, true, and of the true ones found */
};
struct known_faults known_search(struct known *k, uint64_t seed);

#endif
