/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrival intensities: rate and exact integral of a profile, the bursts that modulate it, and who is in an audience. */
#ifndef MODELS_TRAFFIC_H
#define MODELS_TRAFFIC_H

#include <stdint.h>

#include "models/scenario.h"

/* Requests per second at t (seconds since start), scale included, bursts not. LOG: mean rate over the log's span. */
double rs_profile_rate(const struct profile *p, double t_s);

/* Expected requests in (a, b], exact for every kind (piecewise polynomials); a <= b. LOG: the number of requests, scaled. */
double rs_profile_integral(const struct profile *p, double a_s, double b_s);

/* LOG: index range [*first, *past) of requests with a < t <= b, counted through the repeats (index + repeat * n). */
void rs_profile_requests(
    const struct profile *p, double a_s, double b_s, uint64_t *first, uint64_t *past);
/* LOG: time of request i (through the repeats), seconds. */
double rs_profile_request_time(const struct profile *p, uint64_t i);

/*
 * Sticky bucketing: user u of a cohort has a fixed bucket 0..9999 for a flag; the flag shows to users with bucket < percent*100.
 * So the exposed set only grows with the percentage. Hash: XXH64 over the user number, seeded with the hash of
 * "flag/<flag name>/<cohort name>".
 */
uint32_t rs_bucket_of_user(uint64_t flag_cohort_hash, uint64_t user);
/* Users of a cohort with bucket < percent * 100: a definite number. percent 0..100. */
uint64_t rs_bucket_count(uint64_t flag_cohort_hash, uint64_t population, double percent);

#endif
