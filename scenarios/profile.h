/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys of a profile say, and the rates made of it. */
#ifndef SCENARIOS_PROFILE_H
#define SCENARIOS_PROFILE_H

#include "recording_keys.h"

struct profile_draft {
    double per_s;
    double mean_per_s, low;
    int64_t peak_at_ns;
    double day_factor[7]; /* Monday first */
    struct profile of;
    double repeat_s;
    struct recording_keys rec;
    double every_s, scale;
    int series_kind;
    struct bursts bursts;
};

/* Section finish: draft is a struct profile_draft, out a struct profile. Needs starts_at and the horizon of r->sc. */
void rs_profile_finish(struct reader *r, const struct node *map, void *draft, void *out);

/* Mean rate over one period, or over the horizon where the profile does not repeat; bursts included. */
double rs_profile_mean(const struct profile *p, double horizon_s);

/* Drives the streams that the overrides name by their files. Errors go to the reader. */
void rs_profile_override(struct reader *r, struct traffic *traffic, int n_traffic);

#endif
