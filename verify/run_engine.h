/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run needs from the models, as a table, so that tests can run it over made-up histories. */
#ifndef VERIFY_RUN_ENGINE_H
#define VERIFY_RUN_ENGINE_H

#include "models/promql.h"
#include "verify/check.h"
#include "verify/run.h"

struct run_engine {
    void *(*sim_new)(const struct scenario *sc, struct err *err); /* one per worker */
    void (*sim_free)(void *sim);                                  /* NULL ok */
    /* A function of (scenario, options) alone. 0 or -1. */
    int (*sim_run)(void *sim,
                   const struct replica_options *opt,
                   struct history *out,
                   struct err *err);
    /* What rollsim check finds, for the record; rs_findings_free. */
    struct findings *(*check)(const struct scenario *sc);
    /* The numbers that a condition compares with, as rs_promql_thresholds. */
    int (*thresholds)(struct arena *arena,
                      const struct promql *q,
                      struct promql_threshold *out,
                      int cap);
};

/* rs_run over the models given; rs_run itself is this with rollsim's own. */
int rs_run_with(const struct run_engine *engine,
                const struct scenario *sc,
                const struct run_options *opt,
                struct run_result *out,
                struct err *err);

/* The same of rs_run_serve. */
void rs_run_serve_with(const struct run_engine *engine,
                       const struct scenario *sc,
                       const struct run_options *opt,
                       const struct err *why);

#endif
