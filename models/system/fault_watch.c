/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first scrape that carries the fault. From the onset on every scrape of the instances concerned is looked at until one
 * holds a count that the fault caused (the drawing code thins the counts by the fault's part in them).
 */
#include "internal.h"
#include "sim/clock.h"

static void on_scrape(void *ctx, int64_t now_ns, uint64_t arg);

static void await(struct system *sys, struct target *t, int number)
{
    int64_t now = rs_kernel_now(sys->kernel), interval = t->site->service->scrape_interval_ns;
    int64_t at = t->phase_ns;
    if (now >= at)
        at += ((now - at) / interval + 1) * interval;
    sys->fault.n_watch++;
    rs_kernel_at(sys->kernel, at, "first bad scrape", on_scrape, sys, (uint64_t)number);
}

static bool gone(const struct fault_state *fs)
{
    return fs->over && !fs->residue;
}

static void on_scrape(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    struct fault_state *fs = &sys->fault;
    struct target *t = sys->target[arg];
    fs->n_watch--;
    if (!fs->watching)
        return;
    rs_target_advance(sys, t, now_ns, false);
    bool silent = rs_fault_telemetry_lost(sys, t->site);
    if (silent || (t->n_bad > 0 && !t->last_lost)) {
        fs->watching = false;
        if (sys->sink.fault_first_bad)
            sys->sink.fault_first_bad(sys->sink.ctx, now_ns, fs->index);
        return;
    }
    if (!gone(fs) || t->n_bad > 0)
        await(sys, t, (int)arg);
    if (fs->n_watch == 0)
        fs->watching = false; /* it went by unseen */
}

void rs_fault_watch(struct system *sys)
{
    for (int i = 0; i < sys->n_target; i++) {
        if (sys->target[i]->site->fault_touches)
            await(sys, sys->target[i], i);
    }
}
