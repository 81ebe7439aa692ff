/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A judge alone: its file as text, and measurements out of a script, one letter each. */
#ifndef TESTS_JUDGE_PLAY_H
#define TESTS_JUDGE_PLAY_H

#include "models/judge.h"

#define MAX_ASKED 200

/*
 * What a query of one metric gives, measurement by measurement; the last letter goes on for ever.
 *   g 0.99   b 0.5   i 0.9   N NaN   n no value   e the query fails   2 two series, 0.5 and 0.99   3 the same, turned round
 */
struct play {
    const char *script[3]; /* by the order in which the judge tells its expressions */
    /* what came of it */
    enum judge_verdict verdict;
    int64_t at_ns;
    char why[480];
    int n_asked[3];
    int64_t asked_ns[3][MAX_ASKED]; /* when each was measured */
};

/* The judge out of its file's text. NULL given: no arguments. Aborts the test where it is refused. */
const struct judge *play_read(struct arena *arena,
                              enum judge_kind kind,
                              const char *text,
                              int64_t query_time_ns,
                              const char *const *given,
                              int n_given);
/* Starts it at start_ns and steps it whenever it wants, to its verdict or to until_ns, where it is ended. */
void play(struct play *p, const struct judge *j, int64_t start_ns, int64_t until_ns);

#endif
