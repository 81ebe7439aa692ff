/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A profile with the sums that make its integral cheap, and the bursts that modulate it. Private to models/. */
#ifndef MODELS_TRAFFIC_INTENSITY_H
#define MODELS_TRAFFIC_INTENSITY_H

#include <stdint.h>

#include "models/scenario.h"
#include "sim/stream.h"

/* Caller's storage: init / clear. The profile is borrowed. */
struct intensity {
    const struct profile *profile;
    /* [n + 1] requests from at_s[0] to the start of segment i, scale not included; NULL for CONSTANT and LOG */
    double *cum;
    double *slope; /* [n] requests per s^2 in segment i; NULL as cum */
};

void rs_intensity_init(struct intensity *in, const struct profile *p);
void rs_intensity_clear(struct intensity *in);
/*
 * Expected requests from a fixed origin to t_s (scale included); differences are integrals. Not for LOG.
 *   hint  in/out: the segment found last; makes walking forward O(1). Start with 0.
 */
double rs_intensity_until(const struct intensity *in, double t_s, int *hint);

/*
 * One replica's path of the two-state burst process, made as far as it is asked for. Caller's storage: init / clear.
 * Switch i ends sojourn i; sojourn i is an on state when (i even) == on_first.
 */
struct burst_path {
    const struct bursts *bursts; /* borrowed */
    struct stream stream;
    bool on_first;
    int n, cap;
    double *switch_s; /* [n] rising */
};

void rs_burst_init(struct burst_path *b, const struct bursts *bursts);
void rs_burst_clear(struct burst_path *b);
/* Starts a replica; the start state comes from the stationary law. */
void rs_burst_reset(struct burst_path *b, struct stream stream);
/* The sojourn that holds t_s (the one that ends there, at a switch). hint: in/out, any earlier answer or 0. */
int rs_burst_sojourn(struct burst_path *b, double t_s, int *hint);
bool rs_burst_is_on(const struct burst_path *b, int sojourn);
/* The factor in force at t_s. */
double rs_burst_factor(struct burst_path *b, double t_s, int *hint);

#endif
