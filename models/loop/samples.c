/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that a replica's monitoring wrote, as a recording. */
#include "models/recorded.h"
#include "sim/clock.h"
#include "simulator.h"

void rs_simulator_keep_samples(struct simulator *sim)
{
    rs_tsdb_keep_all(sim->db);
}

static void add_series(struct recorded *set, struct tsdb *db, int series, int64_t until_ms)
{
    const struct sample *run[2];
    int n_run[2];
    rs_tsdb_touch(db, series, until_ms);
    if (rs_tsdb_window(db, series, INT64_MIN / 2, until_ms, false, run, n_run) == 0)
        return;
    int to = rs_recorded_series(set, rs_tsdb_labels_of(db, series));
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < n_run[k]; i++)
            rs_recorded_add(set, to, run[k][i].t_ms, run[k][i].v);
    }
}

struct recorded *rs_simulator_samples(struct simulator *sim)
{
    struct recorded *set = rs_recorded_new(sim->labels);
    int64_t until_ms = rs_loop_ms(sim, rs_kernel_now(sim->kernel));
    for (int i = 0; i < rs_tsdb_count(sim->db); i++)
        add_series(set, sim->db, i, until_ms);
    rs_recorded_sort(set);
    return set;
}
