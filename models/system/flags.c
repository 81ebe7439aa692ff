/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags: commands at the flag service, and how they reach the instances. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "internal.h"
#include "models/traffic.h"
#include "sim/clock.h"

/* What an event is about: flag, instance and version in one number. */
static uint64_t pack(int flag, int inst, uint64_t version)
{
    assert(flag < 1 << 12 && inst < 1 << 20 && version < UINT64_C(1) << 32);
    return (uint64_t)flag << 52 | (uint64_t)inst << 32 | version;
}

const struct command *rs_flag_value(const struct flag_state *f, const struct flag_inst *inst)
{
    return &f->command[inst->version];
}

static void push_command(struct flag_state *f, struct command value)
{
    if (f->version + 1 >= f->cap) {
        f->cap = f->cap ? 2 * f->cap : 16;
        f->command = rs_xrealloc(f->command, sizeof *f->command * f->cap);
    }
    f->command[++f->version] = value;
}

void rs_flags_reset(struct system *sys)
{
    for (int i = 0; i < sys->sc->n_flag; i++) {
        struct flag_state *f = &sys->flag[i];
        f->version = UINT64_MAX; /* so that the default becomes command 0 */
        push_command(
            f, (struct command){f->flag->initially_on, -1, f->flag->initially_on ? 100.0 : 0.0});
        f->n_done = f->n_inst;
        for (int j = 0; j < f->n_inst; j++) {
            uint64_t hash = rs_stream_hash_index(f->phase_hash, (uint64_t)j);
            struct stream s = rs_stream_open(sys->seed, sys->world, hash);
            f->inst[j].version = 0;
            f->inst[j].polling = false;
            f->inst[j].phase_ns =
                f->flag->propagation.kind == RS_PROPAGATION_POLLING
                    ? (int64_t)rs_stream_below(&s, (uint64_t)f->flag->propagation.poll_ns)
                    : 0;
        }
    }
}

bool rs_flag_shown_anywhere(struct system *sys, int flag)
{
    struct flag_state *f = &sys->flag[flag];
    for (int i = 0; i < f->n_inst; i++) {
        for (int c = 0; c < sys->sc->n_cohort; c++) {
            if (rs_flag_shown(sys, flag, &f->inst[i], c) > 0.0)
                return true;
        }
    }
    return false;
}

/* ---- propagation ---- */

/* The instance takes a version, unless it already has a newer one. */
static void apply(struct system *sys, int flag, int number, uint64_t version, int64_t now_ns)
{
    struct flag_state *f = &sys->flag[flag];
    struct flag_inst *inst = &f->inst[number];
    if (version <= inst->version)
        return;
    if (inst->target) {
        /* A fault that hangs on a path being taken changes for all instances of the service. */
        if (inst->target->site->fault_touches && sys->fault.started)
            rs_site_flush(sys, inst->target->site);
        else
            rs_target_flush(sys, inst->target);
        inst->target->stale_shares = true;
    }
    inst->version = version;
    if (version == f->version) {
        f->n_done++;
        if (sys->sink.flag_effective)
            sys->sink.flag_effective(sys->sink.ctx, now_ns, flag, version, f->n_done, f->n_inst);
    }
    rs_fault_look(sys);
}

static void on_arrival(void *ctx, int64_t now_ns, uint64_t arg)
{
    apply(ctx, (int)(arg >> 52), (int)(arg >> 32 & 0xfffff), arg & 0xffffffff, now_ns);
}

/* Each (flag, version, instance) has a stream of its own: an added change does not move the delays of the others. */
static struct stream delay_stream(struct system *sys, int flag, int inst, uint64_t version)
{
    uint64_t hash = rs_stream_hash_index(sys->flag[flag].stream_hash, version);
    return rs_system_stream(sys, rs_stream_hash_index(hash, (uint64_t)inst));
}

static void arrive_after(struct system *sys, double delay_s, uint64_t what)
{
    int64_t now = rs_kernel_now(sys->kernel), delay_ns = rs_ns_from_s(delay_s);
    int64_t at = delay_ns < RS_NEVER - now ? now + delay_ns : RS_NEVER;
    rs_kernel_at(sys->kernel, at, "flag arrives", on_arrival, sys, what);
}

/* An instance polls and takes the newest command known now. */
static void on_poll(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    int flag = (int)(arg >> 52), inst = (int)(arg >> 32 & 0xfffff);
    struct flag_state *f = &sys->flag[flag];
    struct stream s = delay_stream(sys, flag, inst, f->version);
    double delay_s = rs_dist_draw(&f->flag->propagation.delay, &s);
    f->inst[inst].polling = false;
    if (delay_s > 0.0)
        arrive_after(sys, delay_s, pack(flag, inst, f->version));
    else
        apply(sys, flag, inst, f->version, now_ns);
}

/* The first instant phase + i * interval strictly after now. */
static int64_t next_poll(const struct flag_inst *inst, int64_t interval_ns, int64_t now_ns)
{
    if (now_ns < inst->phase_ns)
        return inst->phase_ns;
    return inst->phase_ns + ((now_ns - inst->phase_ns) / interval_ns + 1) * interval_ns;
}

static void propagate(struct system *sys, int flag, int number)
{
    struct flag_state *f = &sys->flag[flag];
    struct flag_inst *inst = &f->inst[number];
    const struct propagation *how = &f->flag->propagation;
    uint64_t what = pack(flag, number, f->version);
    struct stream s;
    switch (how->kind) {
    case RS_PROPAGATION_POLLING:
        if (inst->polling) /* that poll will find the newest command */
            return;
        inst->polling = true;
        rs_kernel_at(sys->kernel, next_poll(inst, how->poll_ns, rs_kernel_now(sys->kernel)),
                     "flag poll", on_poll, sys, what);
        return;
    case RS_PROPAGATION_STREAMING:
        s = delay_stream(sys, flag, number, f->version);
        if (how->half_open_ratio > 0.0 && rs_stream_uniform(&s) < how->half_open_ratio)
            arrive_after(sys, rs_dist_draw(&how->half_open_delay, &s), what);
        else
            arrive_after(sys, rs_dist_draw(&how->delay, &s), what);
        return;
    }
    assert(!"kind of propagation");
}

uint64_t rs_system_set_flag(struct system *sys, int flag, bool on, int cohort, double percent)
{
    struct flag_state *f = &sys->flag[flag];
    bool was_on = f->command[f->version].on;
    assert(percent >= 0.0 && percent <= 100.0);
    push_command(f, (struct command){on, cohort, on ? percent : 0.0});
    f->n_done = 0;
    for (int i = 0; i < f->n_inst; i++)
        propagate(sys, flag, i);
    if (was_on && !on)
        rs_fault_withdrawn(sys, flag);
    return f->version;
}

/* ---- questions ---- */

bool rs_system_flag_on(const struct system *sys, int flag)
{
    return sys->flag[flag].command[sys->flag[flag].version].on;
}

double rs_system_flag_percent(const struct system *sys, int flag)
{
    return sys->flag[flag].command[sys->flag[flag].version].percent;
}

bool rs_system_flag_settled(const struct system *sys, int flag)
{
    return sys->flag[flag].n_done == sys->flag[flag].n_inst;
}

/* The flag is meant for the cohort: by the last command, or by one that an instance still obeys. */
static bool in_audience(const struct flag_state *f, int cohort)
{
    const struct command *last = &f->command[f->version];
    bool meant = last->on && (last->cohort < 0 || last->cohort == cohort);
    for (int i = 0; i < f->n_inst && !meant; i++) {
        const struct command *c = &f->command[f->inst[i].version];
        meant = c->on && (c->cohort < 0 || c->cohort == cohort);
    }
    return meant;
}

double rs_system_flag_exposure(const struct system *sys, int flag)
{
    /* Only the tables of buckets are made on the way, which nobody can see. */
    struct system *mutable = (struct system *)(uintptr_t)sys;
    const struct flag_state *f = &sys->flag[flag];
    double sum = 0.0, all = 0.0;
    for (int c = 0; c < sys->sc->n_cohort; c++) {
        double users = (double)sys->sc->cohort[c].population;
        if (!in_audience(f, c))
            continue;
        all += users;
        for (int i = 0; i < f->n_inst; i++)
            sum += users * rs_flag_shown(mutable, flag, &f->inst[i], c) / f->n_inst;
    }
    return all > 0.0 ? sum / all : 0.0;
}
