/* SPDX-License-Identifier: GPL-3.0-or-later */
/* promtool as the yardstick of the rules: found, run on files of ours, its CPU time taken. */
#ifndef TESTS_BENCH_RULES_PEER_H
#define TESTS_BENCH_RULES_PEER_H

#include "bench_rules_data.h"

struct peer_time { /* CPU seconds of the child, user and system */
    double load_s; /* the series loaded and one trivial rule evaluated at every step */
    double all_s;  /* the same with the ten rules instead */
};

/*
 * The program: $ROLLSIM_PROMTOOL, build/oracles/<any>/usr/bin/promtool (the last by name, so the
 * newest Debian release), or promtool on the PATH. NULL if there is none.
 */
const char *peer_find(void);
/* "2.42.0", or "?" */
const char *peer_version(const char *promtool);
/* false with a word on stderr if promtool did not succeed: then there is nothing to compare with. */
bool peer_measure(const char *promtool, const struct metrics *m, struct peer_time *out);

#endif
