/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of the fault that is present in this replica: onset, shape, end, and what stays behind. */
#include <assert.h>
#include <math.h>

#include "internal.h"
#include "sim/clock.h"

#define RAMP_STEPS 20
#define DECAY_STEPS 10   /* per halving */
#define DECAY_FLOOR 1e-3 /* a level below this is over */
#define LOAD_LOOK_NS (60 * RS_NS_PER_S)

static bool uses(const struct path *p, int dependency)
{
    for (int i = 0; i < p->n_uses; i++) {
        if (p->uses[i] == dependency)
            return true;
    }
    return false;
}

/* May the fault change requests or counters of this service at all? */
bool rs_fault_touches(const struct system *sys, const struct fault *f, int service)
{
    const struct service *sv = &sys->sc->service[service];
    if (f->service == service)
        return true;
    for (int p = 0; f->target == RS_TARGET_DEPENDENCY && p < sv->n_path; p++) {
        if (uses(&sv->path[p], f->dependency))
            return true;
    }
    return false;
}

bool rs_fault_used_on(struct system *sys, struct target *t)
{
    const struct fault *f = sys->fault.fault;
    const struct service *sv = t->site->service;
    rs_target_refresh(sys, t);
    switch (f->target) {
    case RS_TARGET_SERVICE: return t->site->index == f->service;
    case RS_TARGET_PATH: return t->site->index == f->service && t->path_used[f->path];
    case RS_TARGET_DEPENDENCY:
        for (int p = 0; p < sv->n_path; p++) {
            if (t->path_used[p] && uses(&sv->path[p], f->dependency))
                return true;
        }
        return false;
    }
    assert(!"target of a fault");
    return false;
}

static bool used_anywhere(struct system *sys)
{
    for (int i = 0; i < sys->n_target; i++) {
        if (sys->target[i]->site->fault_touches && rs_fault_used_on(sys, sys->target[i]))
            return true;
    }
    return false;
}

/* Is that there on which the fault hangs: its flag, or else what it hits? */
static bool shown(struct system *sys)
{
    int flag = sys->fault.fault->onset_flag;
    return flag >= 0 ? rs_flag_shown_anywhere(sys, flag) : used_anywhere(sys);
}

static void flush(struct system *sys)
{
    for (int i = 0; i < sys->sc->n_service; i++) {
        if (sys->site[i].fault_touches)
            rs_site_flush(sys, &sys->site[i]);
    }
}

static void set_level(struct system *sys, double level)
{
    if (level == sys->fault.level)
        return;
    flush(sys);
    sys->fault.level = level;
    rs_queue_refresh(sys);
}

/* ---- ends ---- */

static void end_residue(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    if (!fs->residue)
        return;
    flush(sys);
    fs->residue = false;
    rs_queue_refresh(sys);
    rs_kernel_cancel(sys->kernel, fs->residue_event);
    if (sys->sink.residue_end)
        sys->sink.residue_end(sys->sink.ctx, rs_kernel_now(sys->kernel), fs->index);
}

static void on_residue_end(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)now_ns;
    (void)arg;
    end_residue(ctx);
}

static void finish(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    int64_t now = rs_kernel_now(sys->kernel), ttl = fs->fault->residue_ttl_ns;
    if (!fs->started || fs->over)
        return;
    set_level(sys, 0.0);
    fs->over = true;
    rs_kernel_cancel(sys->kernel, fs->shape_event);
    rs_kernel_cancel(sys->kernel, fs->end_event);
    if (fs->residue && ttl < RS_NEVER - now)
        fs->residue_event =
            rs_kernel_at(sys->kernel, now + ttl, "residue ends", on_residue_end, sys, 0);
    if (sys->sink.fault_end)
        sys->sink.fault_end(sys->sink.ctx, now, fs->index, fs->residue);
}

static void on_end(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)now_ns;
    (void)arg;
    finish(ctx);
}

/* ---- shapes ---- */

static uint64_t served_by(const struct target *t, const struct fault *f)
{
    const struct service *sv = t->site->service;
    uint64_t sum = 0;
    for (int k = 0; k < t->site->n_class; k++) {
        int path = t->site->law[k].path;
        if (f->target == RS_TARGET_SERVICE ||
            (path >= 0 && (f->target == RS_TARGET_PATH ? path == f->path
                                                       : uses(&sv->path[path], f->dependency))))
            sum += t->served[k];
        if (f->target == RS_TARGET_PATH && t->site->law[k].fallback &&
            sv->path[path].fallback == f->path)
            sum += t->served_fallback[k];
    }
    return sum;
}

static uint64_t served(struct system *sys)
{
    const struct fault *f = sys->fault.fault;
    uint64_t sum = 0;
    for (int i = 0; i < sys->n_target; i++) {
        const struct target *t = sys->target[i];
        if (f->target == RS_TARGET_DEPENDENCY ? t->site->fault_touches
                                              : t->site->index == f->service)
            sum += served_by(t, f);
    }
    return sum;
}

static void on_shape(void *ctx, int64_t now_ns, uint64_t arg);

static void shape_after(struct system *sys, int64_t delay_ns)
{
    int64_t now = rs_kernel_now(sys->kernel);
    if (delay_ns >= RS_NEVER - now)
        return;
    sys->fault.shape_event = rs_kernel_at(sys->kernel, now + (delay_ns > 1 ? delay_ns : 1),
                                          "fault shape", on_shape, sys, 0);
}

static void step_ramp(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    int64_t period = fs->fault->shape_period_ns;
    if (fs->step >= RAMP_STEPS || period <= 0) {
        set_level(sys, 1.0);
        return;
    }
    set_level(sys, (fs->step + 0.5) / RAMP_STEPS);
    shape_after(sys, period / RAMP_STEPS);
}

/* The mean level of each step, so that the effect in sum is that of the smooth curve. */
static void step_decay(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    double from = exp2(-(double)fs->step / DECAY_STEPS);
    if (from < DECAY_FLOOR || fs->fault->shape_period_ns <= 0) {
        finish(sys);
        return;
    }
    set_level(sys, from * (1.0 - exp2(-1.0 / DECAY_STEPS)) * DECAY_STEPS / log(2.0));
    shape_after(sys, fs->fault->shape_period_ns / DECAY_STEPS);
}

static int64_t shortest_interval(const struct system *sys)
{
    int64_t shortest = RS_NEVER;
    for (int i = 0; i < sys->sc->n_service; i++) {
        int64_t interval = sys->sc->service[i].scrape_interval_ns;
        if (sys->site[i].fault_touches && interval < shortest)
            shortest = interval;
    }
    return shortest;
}

/* Looked at once per scrape interval. */
static void step_leak(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    flush(sys);
    double level = (double)(served(sys) - fs->served_before) * fs->fault->shape_per_request;
    set_level(sys, level < 1.0 ? level : 1.0);
    if (level < 1.0)
        shape_after(sys, shortest_interval(sys));
}

static void step_intermittent(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    bool on = fs->step % 2 == 0;
    int64_t mean_ns = on ? fs->fault->shape_period_ns : fs->fault->shape_off_ns;
    set_level(sys, on ? 1.0 : 0.0);
    shape_after(sys, rs_ns_from_s(rs_draw_exponential(&fs->shape, rs_s_from_ns(mean_ns))));
}

static void step_shape(struct system *sys)
{
    switch (sys->fault.fault->shape) {
    case RS_SHAPE_STEP: set_level(sys, 1.0); return;
    case RS_SHAPE_RAMP: step_ramp(sys); return;
    case RS_SHAPE_INTERMITTENT: step_intermittent(sys); return;
    case RS_SHAPE_DECAY: step_decay(sys); return;
    case RS_SHAPE_LEAK: step_leak(sys); return;
    }
    assert(!"shape of a fault");
}

static void on_shape(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    (void)now_ns;
    (void)arg;
    sys->fault.step++;
    step_shape(sys);
}

/* ---- onset ---- */

static void begin(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    int64_t now = rs_kernel_now(sys->kernel);
    flush(sys);
    fs->started = fs->watching = true;
    fs->residue = fs->fault->has_residue;
    fs->onset_ns = now;
    fs->served_before = served(sys);
    fs->was_shown = shown(sys);
    if (sys->sink.fault_onset)
        sys->sink.fault_onset(sys->sink.ctx, now, fs->index);
    rs_queue_refresh(sys); /* a residue is there at once */
    step_shape(sys);
    if (!fs->over && fs->fault->ends_after_ns < RS_NEVER - now)
        fs->end_event =
            rs_kernel_at(sys->kernel, now + fs->fault->ends_after_ns, "fault ends", on_end, sys, 0);
    rs_fault_watch(sys);
}

static void on_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    struct fault_state *fs = &sys->fault;
    (void)now_ns;
    (void)arg;
    /* The flag was withdrawn while the delay ran: the fault waits for the next exposure. */
    if (fs->fault->onset == RS_ONSET_FLAG_EXPOSED && fs->fault->ends_with_exposure && !shown(sys))
        fs->armed = true;
    else
        begin(sys);
}

static void trigger(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    int64_t now = rs_kernel_now(sys->kernel);
    if (!fs->armed)
        return;
    fs->armed = false;
    int64_t delay = rs_ns_from_s(rs_dist_draw(&fs->fault->onset_delay, &fs->onset));
    int64_t at = delay < RS_NEVER - now ? now + delay : RS_NEVER;
    rs_kernel_at(sys->kernel, at, "fault onset", on_due, sys, 0);
}

void rs_fault_look(struct system *sys)
{
    struct fault_state *fs = &sys->fault;
    if (!fs->fault)
        return;
    if (fs->armed && fs->fault->onset == RS_ONSET_FLAG_EXPOSED && shown(sys))
        trigger(sys);
    if (!fs->started || fs->over || !fs->fault->ends_with_exposure)
        return;
    if (shown(sys))
        fs->was_shown = true;
    else if (fs->was_shown)
        finish(sys);
}

void rs_fault_withdrawn(struct system *sys, int flag)
{
    const struct fault *f = sys->fault.fault;
    if (f && f->onset == RS_ONSET_FLAG_WITHDRAWN && f->onset_flag == flag)
        trigger(sys);
}

void rs_fault_stage(struct system *sys, int stage)
{
    const struct fault *f = sys->fault.fault;
    if (f && f->onset == RS_ONSET_STAGE && f->onset_stage == stage)
        trigger(sys);
}

void rs_fault_clear(struct system *sys, int component)
{
    struct fault_state *fs = &sys->fault;
    if (!fs->fault || !fs->started || component < 0)
        return;
    if (fs->residue && fs->fault->residue_component == component)
        end_residue(sys);
    if (fs->fault->ends_with_component == component)
        finish(sys);
}

/* ---- onsets that hang on the clock ---- */

static void on_look(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)now_ns;
    (void)arg;
    rs_fault_look(ctx);
}

static void on_time(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)now_ns;
    (void)arg;
    trigger(ctx);
}

static void on_load(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    const struct fault *f = sys->fault.fault;
    (void)arg;
    if (rs_system_rate(sys, f->onset_service) > f->onset_load_per_s)
        trigger(sys);
    else
        rs_kernel_at(sys->kernel, now_ns + LOAD_LOOK_NS, "fault load", on_load, sys, 0);
}

/* A lease that runs out does harm only if what needs it is in use; else the next one may. */
static void on_lease(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    const struct fault *f = sys->fault.fault;
    (void)arg;
    if (used_anywhere(sys))
        trigger(sys);
    else if (f->onset_every_ns > 0 && f->onset_every_ns < RS_NEVER - now_ns)
        rs_kernel_at(sys->kernel, now_ns + f->onset_every_ns, "fault lease", on_lease, sys, 0);
}

static bool touches_latency(const struct effect *e)
{
    return e->latency_factor != 1.0 || e->latency_shift_s != 0.0;
}

static bool counts(const struct effect *e)
{
    return e->errors.n > 0 || e->n_counter > 0;
}

void rs_fault_reset(struct system *sys, int fault)
{
    struct fault_state *fs = &sys->fault;
    *fs = (struct fault_state){.index = fault};
    for (int i = 0; i < sys->sc->n_service; i++)
        sys->site[i].fault_touches = fault >= 0 && rs_fault_touches(sys, &sys->sc->fault[fault], i);
    if (fault < 0)
        return;
    const struct fault *f = fs->fault = &sys->sc->fault[fault];
    fs->armed = true;
    fs->only_slow = touches_latency(&f->effect) && !counts(&f->effect) &&
                    !(f->has_residue && counts(&f->residue));
    fs->onset = rs_system_stream(sys, sys->fault_hash[fault].onset);
    fs->shape = rs_system_stream(sys, sys->fault_hash[fault].shape);
    switch (f->onset) {
    case RS_ONSET_FLAG_EXPOSED: rs_kernel_at(sys->kernel, 0, "fault look", on_look, sys, 0); return;
    case RS_ONSET_FLAG_WITHDRAWN:
    case RS_ONSET_STAGE: return;
    case RS_ONSET_LOAD: rs_kernel_at(sys->kernel, 0, "fault load", on_load, sys, 0); return;
    case RS_ONSET_TIME:
        rs_kernel_at(sys->kernel, f->onset_at_ns, "fault time", on_time, sys, 0);
        return;
    case RS_ONSET_LEASE:
        rs_kernel_at(sys->kernel, f->onset_at_ns, "fault lease", on_lease, sys, 0);
        return;
    }
    assert(!"onset of a fault");
}

/* ---- effect ---- */

bool rs_fault_live(struct system *sys)
{
    const struct fault_state *fs = &sys->fault;
    if (!fs->fault || !fs->started)
        return false;
    return fs->residue || (fs->level > 0.0 && used_anywhere(sys));
}

bool rs_fault_telemetry_lost(struct system *sys, struct site *site)
{
    const struct fault_state *fs = &sys->fault;
    if (!fs->started || site->index != fs->fault->service)
        return false;
    if (fs->residue && fs->fault->residue.telemetry_lost)
        return true;
    return fs->level > 0.0 && fs->fault->effect.telemetry_lost && used_anywhere(sys);
}

static double counter_rate(const struct effect *e, int counter)
{
    double sum = 0.0;
    for (int i = 0; i < e->n_counter; i++)
        sum += e->counter[i] == counter ? e->counter_per_s[i] : 0.0;
    return sum;
}

double rs_fault_counter_rate(struct system *sys, struct target *t, int counter)
{
    const struct fault_state *fs = &sys->fault;
    const struct fault *f = fs->fault;
    double sum = 0.0;
    if (!fs->started || t->site->index != f->service)
        return 0.0;
    if (fs->level > 0.0 && f->effect.n_counter > 0 && rs_fault_used_on(sys, t))
        sum += counter_rate(&f->effect, counter) * fs->level;
    if (fs->residue)
        sum += counter_rate(&f->residue, counter);
    return sum / t->site->service->n_instance;
}
