/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run_engine.h"

#include "models/promql.h"

static void *sim_new(const struct scenario *sc, struct err *err)
{
    return rs_simulator_new(sc, err);
}

static void sim_free(void *sim)
{
    rs_simulator_free(sim);
}

static int
sim_run(void *sim, const struct replica_options *opt, struct history *out, struct err *err)
{
    return rs_simulator_run(sim, opt, out, err);
}

static const struct run_engine engine = {
    .sim_new = sim_new,
    .sim_free = sim_free,
    .sim_run = sim_run,
    .check = rs_check_run,
    .thresholds = rs_promql_thresholds,
};

int rs_run(const struct scenario *sc,
           const struct run_options *opt,
           struct run_result *out,
           struct err *err)
{
    return rs_run_with(&engine, sc, opt, out, err);
}

void rs_run_serve(const struct scenario *sc, const struct run_options *opt, const struct err *why)
{
    rs_run_serve_with(&engine, sc, opt, why);
}
