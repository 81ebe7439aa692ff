/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/system.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sim/clock.h"

struct system *rs_system_new(const struct scenario *sc, struct kernel *k, struct tsdb *db)
{
    struct system *sys = rs_xcalloc(1, sizeof *sys);
    sys->sc = sc;
    sys->kernel = k;
    sys->db = db;
    sys->arena = rs_arena_new();
    sys->bank = rs_poisson_bank_new();
    sys->start_ms = sc->starts_at_unix_ns / RS_NS_PER_MS;
    rs_system_build(sys);
    return sys;
}

static void free_bits(const struct system *sys, uint64_t **bits)
{
    for (int c = 0; c < sys->sc->n_cohort; c++)
        free(bits[c]);
}

void rs_system_free(struct system *sys)
{
    if (!sys)
        return;
    for (int i = 0; i < sys->n_target; i++) {
        rs_ring_free(&sys->target[i]->ring);
        rs_told_free(&sys->target[i]->told);
        free(sys->target[i]->a.queue.item);
        free(sys->target[i]->b.queue.item);
    }
    for (int i = 0; i < sys->sc->n_service; i++) {
        for (int p = 0; p < sys->site[i].service->n_path; p++)
            free(sys->site[i].first_quantile[p]);
        for (int k = 0; k < sys->site[i].n_class; k++)
            rs_law_free(sys, &sys->site[i].law[k]);
        free_bits(sys, sys->site[i].hurt_bits);
    }
    free_bits(sys, sys->hurt_bits);
    for (int i = 0; i < sys->sc->n_flag; i++)
        free(sys->flag[i].command);
    for (int i = 0; i < sys->sc->n_traffic; i++) {
        rs_intensity_clear(&sys->meter[i].intensity);
        rs_burst_clear(&sys->meter[i].burst);
    }
    rs_queue_free(sys->queue);
    rs_arena_free(sys->arena);
    rs_poisson_bank_free(sys->bank);
    free(sys);
}

/* ---- a new replica ---- */

#define ZERO(array, n) memset((array), 0, sizeof *(array) * (size_t)(n))

static void zero_counts(struct target *t)
{
    const struct site *site = t->site;
    int n_counter = site->service->n_counter;
    ZERO(t->weight, site->n_traffic);
    ZERO(t->count, site->n_part * (site->n_code + 1));
    ZERO(t->served, site->n_class);
    ZERO(t->served_fallback, site->n_class);
    ZERO(t->counter, n_counter);
    ZERO(t->counted, n_counter);
    ZERO(t->pending, site->n_class * RS_KIND_N);
    ZERO(t->lump, site->n_class * RS_KIND_N);
    ZERO(t->cell, site->n_grid + 1);
    ZERO(t->shown, site->n_part * (site->n_grid + 1));
    ZERO(t->carry, site->n_part * (site->n_grid + 1));
    ZERO(t->le, site->n_part * (site->service->n_bucket + 1));
    ZERO(t->latency_sum, site->n_part);
    t->n_bad = t->next_k = 0;
    t->told.n = 0;
    t->requests_ns = t->main_ns = t->counters_ns = 0;
    t->last_lost = false;
    t->stale_shares = true;
    rs_ahead_forget(&t->ahead);
    for (int i = 0; i < site->n_traffic; i++)
        t->cursor[i] = t->ahead.cursor[i] = (struct cursor){.at_ns = -1};
}

static void open_lanes(struct system *sys, struct target *t)
{
    const struct site *site = t->site;
    const struct fault_hash *fault =
        sys->fault.fault ? &sys->fault_hash[sys->fault.index] : &(struct fault_hash){0};
    uint64_t instance = (uint64_t)t->instance;
    uint64_t cause = rs_stream_hash_index(fault->cause, (uint64_t)site->index);
    uint64_t extra = rs_stream_hash_index(fault->counter, instance);
    uint64_t requests = rs_stream_hash_index(site->requests_hash, instance);
    rs_lane_open(&t->requests, sys, requests);
    for (int k = 0; k < site->n_class; k++)
        rs_main_open(&t->ahead.lane[k], sys, rs_stream_hash_index(requests, (uint64_t)k));
    rs_lane_open(&t->latency, sys, rs_stream_hash_index(site->latency_hash, instance));
    rs_lane_open(&t->apart, sys, rs_stream_hash_index(site->apart_hash, instance));
    t->together = rs_system_stream(sys, rs_stream_hash_index(site->together_hash, instance));
    rs_lane_open(&t->cause, sys, rs_stream_hash_index(cause, instance));
    for (int k = 0; k < site->n_class; k++) {
        uint64_t class = rs_stream_hash_index(site->rare_hash, (uint64_t)k);
        t->rare[k].stream = rs_system_stream(sys, rs_stream_hash_index(class, instance));
        t->rare[k].left = rs_draw_exponential(&t->rare[k].stream, 1.0);
    }
    for (int i = 0; i < site->service->n_counter; i++) {
        uint64_t base = rs_stream_hash_index(site->counter_hash[i], instance);
        rs_lane_open(&t->counter_lane[i], sys, base);
        rs_lane_open(&t->extra_lane[i], sys, rs_stream_hash_index(extra, (uint64_t)i));
    }
}

/* Phases are whole milliseconds, as the timestamps of samples are. They belong to the world. */
static int64_t draw_phase(const struct system *sys, const struct target *t)
{
    uint64_t hash = rs_stream_hash_index(t->site->phase_hash, (uint64_t)t->instance);
    struct stream s = rs_stream_open(sys->seed, sys->world, hash);
    int64_t interval_ms = t->site->service->scrape_interval_ns / RS_NS_PER_MS;
    return (int64_t)rs_stream_below(&s, (uint64_t)interval_ms) * RS_NS_PER_MS;
}

static void reset_site(struct system *sys, struct site *site)
{
    ZERO(site->path_gone, site->service->n_path);
    site->n_gone = 0;
    site->hurt = rs_system_stream(sys, site->hurt_hash);
    site->pool = rs_system_stream(sys, site->pool_hash);
    site->pooled = true;
    for (int i = 0; i < site->service->n_instance; i++) {
        struct target *t = &site->target[i];
        zero_counts(t);
        open_lanes(sys, t);
        t->phase_ns = draw_phase(sys, t);
        rs_target_reset_scrapes(sys, t);
        site->pooled &= t->ring.cap == 0;
    }
}

static void reset_meter(struct system *sys, struct meter *m)
{
    if (m->bursty)
        rs_burst_reset(&m->burst, rs_system_stream(sys, m->burst_hash));
    struct stream log = rs_system_stream(sys, m->log_hash);
    m->log_key = rs_stream_u64(&log);
}

void rs_system_samplers(struct system *sys, bool gsl)
{
    sys->gsl_samplers = gsl;
}

void rs_system_branch(struct system *sys, const uint64_t *branch)
{
    sys->branch = branch;
}

void rs_system_reset(struct system *sys,
                     uint64_t seed,
                     uint64_t replica,
                     uint64_t world,
                     int fault,
                     const struct system_sink *sink)
{
    assert(rs_kernel_now(sys->kernel) == 0);
    assert(fault >= -1 && fault < sys->sc->n_fault);
    sys->seed = seed;
    sys->replica = replica;
    sys->world = world;
    sys->sink = sink ? *sink : (struct system_sink){0};
    rs_fault_reset(sys, fault);
    rs_flags_reset(sys);
    for (int i = 0; i < sys->sc->n_traffic; i++)
        reset_meter(sys, &sys->meter[i]);
    for (int i = 0; i < sys->sc->n_service; i++)
        reset_site(sys, &sys->site[i]);
    rs_hurt_reset(sys);
    rs_recorded_reset(sys);
    rs_queue_reset(sys);
}

/* ---- what happens to it ---- */

void rs_system_flush(struct system *sys)
{
    for (int i = 0; i < sys->sc->n_service; i++)
        rs_site_flush(sys, &sys->site[i]);
}

void rs_system_stage_entered(struct system *sys, int stage)
{
    rs_fault_stage(sys, stage);
}

void rs_system_clear_component(struct system *sys, int component)
{
    rs_fault_clear(sys, component);
}

void rs_system_remove_path(struct system *sys, int service, int path)
{
    struct site *site = &sys->site[service];
    assert(path >= 0 && path < site->service->n_path);
    if (site->path_gone[path])
        return;
    rs_site_flush(sys, site);
    site->path_gone[path] = true;
    site->n_gone++;
    for (int i = 0; i < site->service->n_instance; i++)
        site->target[i].stale_shares = true;
    rs_fault_look(sys);
}

bool rs_system_path_exists(const struct system *sys, int service, int path)
{
    return !sys->site[service].path_gone[path];
}

bool rs_system_fault_live(const struct system *sys)
{
    /* Shares are brought up to date on the way, which nobody can see. */
    return rs_fault_live((struct system *)(uintptr_t)sys);
}

bool rs_system_fault_present(const struct system *sys)
{
    const struct fault_state *fs = &sys->fault;
    return fs->started && (!fs->over || fs->residue);
}
