/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search: which settings are worth having. Small spaces are gone through whole, large ones by NSGA-II (Deb, Pratap, Agarwal &
 * Meyarivan, IEEE Trans. Evol. Comp. 6 (2002) 182-197). Replicas are dealt out in rounds, to the strata (each fault, none) and
 * the settings where a decision is close; a setting is dropped once it is shown to be worse in everything, or to break a claim.
 */
#ifndef VERIFY_TUNE_SEARCH_H
#define VERIFY_TUNE_SEARCH_H

#include <stdatomic.h>

#include "sim/arena.h"
#include "verify/tune_result.h"
#include "verify/tune_share.h"

struct tune_search_options {
    uint64_t seed;
    int n_job;
    bool gsl_samplers;
    const atomic_bool *cancel;
    /* Progress, on the calling thread: done and wanted in replicas times settings still in; true stops. May be NULL. */
    bool (*tick)(void *ctx, uint64_t n_done, uint64_t n_total, uint32_t n_in);
    void *tick_ctx;
};

/*
 * The search over an engine of its own; fills point, method, chosen, chosen_why, unsaved and step of out, whose arena, scenario and plan it
 * sets. 0 or -1.
 */
int rs_tune_search(const struct tune_source *src,
                   const struct tune_search_options *opt,
                   struct tune_result *out,
                   struct err *err);

/*
 * The detection map of each fault that an objective or a kept claim is given and that makes requests fail (verify/tune/map.c); only
 * today's cells where the chosen setting is today's, or there is none. The smallest error ratio of a map is this share of the
 * fault's own. Cut short, it leaves the map at work out and says so in result->stopped.
 */
#define RS_TUNE_MAP_SMALLEST 0.05
int rs_tune_map(const struct tune_source *src,
                const struct tune_search_options *opt,
                struct tune_result *result,
                struct err *err);

/*
 * All claims of the chosen setting, and of today's, on fresh replicas with rs_run: fills chosen_scenario, fresh, fresh_today and
 * fresh_seed. Without a chosen setting it does nothing. 0, or -1 with err; where it was cut short, the runs say so.
 */
int rs_tune_prove(const struct tune_source *src,
                  const struct tune_search_options *opt,
                  struct tune_result *result,
                  struct err *err);

void rs_tune_result_clear(struct tune_result *r);

#endif
