/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What settings come to, over shared histories: settings that differ only at sites (verify/tune.h) run in one simulator with lanes;
 * where they part the process is forked, so that the past is simulated once. Settings that differ elsewhere have a simulator each.
 * All settings see the same draws (common random numbers): replica r of one is replica r of the other.
 */
#ifndef VERIFY_TUNE_SHARE_H
#define VERIFY_TUNE_SHARE_H

#include <stdatomic.h>

#include "models/history.h"
#include "verify/tune.h"

struct tune_engine; /* opaque, heap */

/*
 * What is looked at in a history: out[n_sample]. NaN: it is not one of those that the number speaks of; INFINITY: never;
 * -INFINITY: the history ended too early to tell. Called in the process that made the history; sc is the setting's own scenario
 * (same names in the same order as today's). Must depend on nothing but its arguments.
 */
typedef void (*rs_tune_measure)(void *ctx,
                                const struct scenario *sc,
                                const struct history *h,
                                double *out /* [n_sample] */);

struct tune_engine_options {
    uint64_t seed;
    int n_job; /* >= 1 worker processes */
    bool gsl_samplers;
    int n_sample;
    rs_tune_measure measure;
    void *measure_ctx;
    bool pending; /* a measure looks at RS_CLOCK_PENDING */
    bool plain;   /* every setting by itself, nothing shared: the measure of all that shares */
    const atomic_bool *cancel; /* may be NULL */
};

/* src and opt's pointers are borrowed. */
struct tune_engine *rs_tune_engine_new(const struct tune_source *src,
                                       const struct tune_engine_options *opt,
                                       struct err *err);
void rs_tune_engine_free(struct tune_engine *e); /* NULL ok */

struct tune_ask {
    int fault;         /* as replica_options.fault: -2 as drawn, -1 none, else that one for sure */
    uint64_t first, n; /* replicas first .. first + n - 1 */
    uint32_t n_setting;
    const uint16_t *value; /* [n_setting * n_param] */
};

/*
 * Told once for every history: the settings (indices into the ask, rising) that share it, and its samples. By replica, and within
 * one by the first setting; so it does not depend on n_job. Returns 0 to go on, 1 to stop, -1 with err.
 */
typedef int (*rs_tune_told)(void *ctx,
                            uint64_t replica,
                            uint32_t n,
                            const uint32_t *setting /* [n] */,
                            const double *sample /* [n_sample] */,
                            struct err *err);

/* 0; 1: told or cancel said stop; -1 with err (a setting that makes no legal scenario is named with its mistakes). */
int rs_tune_ask(struct tune_engine *e,
                const struct tune_ask *ask,
                rs_tune_told told,
                void *told_ctx,
                struct err *err);

/* How much was shared, since the engine was made. */
struct tune_cost {
    uint64_t n_asked;   /* settings times replicas */
    uint64_t n_history; /* histories that were different, and so simulated to their end */
    uint64_t n_fork;    /* times that settings parted */
    uint64_t sim_ns;    /* simulated time, pasts counted once */
    double cpu_s;       /* of all processes: for people, never part of a result */
};
struct tune_cost rs_tune_engine_cost(const struct tune_engine *e);

#endif
