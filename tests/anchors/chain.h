/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact answers of small Markov chains, another way than by events: the states are listed, and the equations solved. */
#ifndef TESTS_CHAIN_H
#define TESTS_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

enum { CHAIN_MOVE_MAX = 16 };

struct move {
    uint64_t to;
    double rate;
};

struct chain_model {
    uint64_t start;
    /* The moves out of a state; returns how many. States without any are absorbing. */
    int (*moves)(uint64_t state, struct move *out /* [CHAIN_MOVE_MAX] */);
    bool (*hit)(uint64_t state); /* what is waited for */
};

struct chain; /* opaque, heap */
/* Lists all states that can be reached; from a hit one nothing goes on. */
struct chain *chain_new(const struct chain_model *m);
void chain_free(struct chain *c);
int chain_n(const struct chain *c);
uint64_t chain_state(const struct chain *c, int i);

/* P(hit by time t): uniformisation (Jensen 1953), truncated at 1e-14. out[n] may be NULL: the law over states at t. */
double chain_hit_by(const struct chain *c, double t, double *out);
/* P(hit ever, before an absorbing state that is not a hit), by Gauss and Seidel to 1e-15 relative. */
double chain_hit_ever(const struct chain *c);
/* Long-run share of time in states for which `in` is true; a chain without hits, irreducible. */
double chain_share(const struct chain *c, bool (*in)(uint64_t state));

#endif
