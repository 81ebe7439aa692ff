/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed loop: traffic -> system -> monitoring -> response -> flags. One simulator per worker, one history per replica. */
#ifndef MODELS_REPLICA_H
#define MODELS_REPLICA_H

#include "models/history.h"
#include "models/scenario.h"

struct simulator; /* opaque, heap */

struct simulator *rs_simulator_new(const struct scenario *sc, struct err *err);
void rs_simulator_free(struct simulator *sim); /* NULL ok */

struct replica_options {
    uint64_t seed, replica;
    int fault; /* -2: drawn from the faults' probabilities; -1: none; else that one, present for sure */
    bool trace; /* keep the trace */
};

/* Runs one replica. A function of (scenario, options): nothing else. 0, or -1 (a zero-delay loop, named). */
int rs_simulator_run(struct simulator *sim,
                     const struct replica_options *opt,
                     struct history *out,
                     struct err *err);

#endif
