/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request engine's parts, and what changes them from outside: a new replica, the fault. */
#include "queue.h"

#include <math.h>
#include <stdlib.h>

#include "sim/clock.h"

#define NEW(type, n) RS_ARENA_ARRAY(sys->arena, type, n)

/* ---- which services ---- */

bool rs_pool_given(const struct scenario *sc, int dependency)
{
    return sc->dependency[dependency].capacity.given;
}

static bool uses_pool(const struct scenario *sc, const struct path *p)
{
    for (int i = 0; i < p->n_uses; i++) {
        if (rs_pool_given(sc, p->uses[i]))
            return true;
    }
    return false;
}

bool rs_service_one_by_one(const struct scenario *sc, int service)
{
    return sc->service[service].engine == RS_SERVICE_REQUESTS || rs_service_queues(sc, service);
}

bool rs_service_queues(const struct scenario *sc, int service)
{
    const struct service *sv = &sc->service[service];
    bool found = false;
    for (int p = 0; p < sv->n_path; p++)
        found |=
            sv->path[p].capacity.given || sv->path[p].cold.given || uses_pool(sc, &sv->path[p]);
    for (int i = 0; i < sc->n_traffic; i++)
        found |= sc->traffic[i].service == service && sc->traffic[i].retries.n_attempt > 1;
    return found;
}

static bool refuses(const struct capacity *c)
{
    return c->given && (c->n_place < RS_UNLIMITED || c->n_connection < RS_UNLIMITED);
}

bool rs_path_refuses(const struct scenario *sc, const struct path *p)
{
    bool found = refuses(&p->capacity);
    for (int i = 0; i < p->n_uses; i++)
        found |= refuses(&sc->dependency[p->uses[i]].capacity);
    return found;
}

bool rs_path_times_out(const struct path *p)
{
    return p->capacity.given && p->capacity.timeout_ns < RS_NEVER;
}

/* ---- parts ---- */

static void build_station(struct station *st, const struct capacity *c)
{
    st->n_worker_full = c->given ? c->n_worker : RS_UNLIMITED;
    st->n_place = c->given ? c->n_place : RS_UNLIMITED;
}

static void build_pools(struct system *sys, struct queue *q)
{
    const struct scenario *sc = sys->sc;
    q->pool = NEW(struct pool, sc->n_dependency);
    q->pool_of = NEW(int, sc->n_dependency);
    q->hold_hash = NEW(uint64_t, sc->n_dependency);
    for (int i = 0; i < sc->n_dependency; i++) {
        q->pool_of[i] = -1;
        if (!rs_pool_given(sc, i))
            continue;
        struct pool *p = &q->pool[q->n_pool];
        *p = (struct pool){.dependency = &sc->dependency[i], .index = i};
        build_station(&p->station, &sc->dependency[i].capacity);
        q->hold_hash[q->n_pool] =
            rs_stream_hash(rs_arena_printf(sys->arena, "pool/%s", sc->dependency[i].name));
        q->pool_of[i] = q->n_pool++;
    }
}

static void build_calls(struct system *sys, struct queue *q, struct site *site)
{
    const struct service *sv = site->service;
    int n_dependency = sys->sc->n_dependency;
    struct pool **calls = NEW(struct pool *, sv->n_path * (n_dependency + 1));
    for (int p = 0; p < sv->n_path; p++) {
        int n = 0;
        for (int i = 0; i < sv->path[p].n_uses; i++) {
            int pool = q->pool_of[sv->path[p].uses[i]];
            if (pool >= 0)
                calls[p * n_dependency + n++] = &q->pool[pool];
        }
        for (int i = 0; i < sv->n_instance; i++)
            site->door[i * sv->n_path + p].n_call = n;
    }
    q->calls[site->index] = calls;
}

static void
build_door(struct system *sys, struct queue *q, struct site *site, int instance, int path)
{
    const struct path *p = &site->service->path[path];
    const char *which = rs_arena_printf(sys->arena, "%s/%s", site->service->name, p->name);
    uint64_t service = rs_stream_hash(rs_arena_printf(sys->arena, "service/%s", which));
    uint64_t fate = rs_stream_hash(rs_arena_printf(sys->arena, "fate/%s", which));
    const struct capacity *c = &p->capacity;
    struct door *d = &q->door[q->n_door];
    q->service_hash[q->n_door] = rs_stream_hash_index(service, (uint64_t)instance);
    q->fate_hash[q->n_door] = rs_stream_hash_index(fate, (uint64_t)instance);
    *d = (struct door){.number = q->n_door++,
                       .target = &site->target[instance],
                       .path = p,
                       .path_index = path,
                       .mix = &site->mix[path],
                       .beyond = p->as_recorded ? &site->beyond[path] : &site->mix[path],
                       .n_connection = c->given ? c->n_connection : RS_UNLIMITED,
                       .timeout_ns = c->given ? c->timeout_ns : RS_NEVER,
                       .slow_ns = rs_ns_from_s(site->service->slow_s),
                       .abandoned = c->abandoned};
    build_station(&d->station, c);
}

static void build_grid(struct system *sys, const struct site *site, struct grid *grid)
{
    int n = 1;
    while (n <= site->n_grid)
        n *= 2;
    int64_t *ns = NEW(int64_t, n);
    for (int i = 0; i < n; i++)
        ns[i] = i < site->n_grid ? rs_ns_from_s(site->grid[i]) : RS_NEVER;
    *grid = (struct grid){n / 2, ns};
}

static void build_site(struct system *sys, struct queue *q, struct site *site)
{
    const struct service *sv = site->service;
    site->door = &q->door[q->n_door];
    for (int i = 0; i < sv->n_instance; i++) {
        for (int p = 0; p < sv->n_path; p++)
            build_door(sys, q, site, i, p);
    }
    build_calls(sys, q, site);
    build_grid(sys, site, &q->grid[site->index]);
}

static void build_source(struct system *sys, struct queue *q, int traffic)
{
    const struct traffic *tr = &sys->sc->traffic[traffic];
    int nth =
        0; /* among those of the same service and cohort, so that others do not rename the stream */
    for (int i = 0; i < traffic; i++)
        nth +=
            sys->sc->traffic[i].service == tr->service && sys->sc->traffic[i].cohort == tr->cohort;
    const char *name = rs_arena_printf(sys->arena, "%s/%s/%d", sys->sc->service[tr->service].name,
                                       sys->sc->cohort[tr->cohort].name, nth);
    q->source[q->n_source++] = (struct source){
        .meter = &sys->meter[traffic],
        .site = &sys->site[tr->service],
        .retries = &tr->retries,
        .cohort = tr->cohort,
        .n_instance = sys->sc->service[tr->service].n_instance,
        .n_path = sys->sc->service[tr->service].n_path,
        .budgeted = tr->retries.n_attempt > 1 && !isinf(tr->retries.budget),
        .gap_hash = rs_stream_hash(rs_arena_printf(sys->arena, "calls/%s", name)),
        .where_hash = rs_stream_hash(rs_arena_printf(sys->arena, "calls/where/%s", name)),
        .who_hash = rs_stream_hash(rs_arena_printf(sys->arena, "calls/who/%s", name)),
        .backoff_hash = rs_stream_hash(rs_arena_printf(sys->arena, "calls/backoff/%s", name)),
    };
}

void rs_queue_build(struct system *sys)
{
    const struct scenario *sc = sys->sc;
    int n_door = 0;
    for (int i = 0; i < sc->n_service; i++)
        n_door +=
            rs_service_one_by_one(sc, i) ? sc->service[i].n_instance * sc->service[i].n_path : 0;
    if (n_door == 0)
        return;
    struct queue *q = sys->queue = NEW(struct queue, 1);
    q->sys = sys;
    q->kernel = sys->kernel;
    q->door = NEW(struct door, n_door);
    q->service_hash = NEW(uint64_t, n_door);
    q->fate_hash = NEW(uint64_t, n_door);
    q->calls = NEW(struct pool **, sc->n_service);
    q->grid = NEW(struct grid, sc->n_service);
    q->source = NEW(struct source, sc->n_traffic);
    build_pools(sys, q);
    for (int i = 0; i < sc->n_service; i++) {
        if (rs_service_one_by_one(sc, i))
            build_site(sys, q, &sys->site[i]);
    }
    for (int i = 0; i < sc->n_traffic; i++) {
        if (sys->site[sc->traffic[i].service].door)
            build_source(sys, q, i);
    }
}

void rs_queue_free(struct queue *q)
{
    if (!q)
        return;
    for (int i = 0; i < q->n_door; i++) {
        free(q->door[i].station.line.item);
        free(q->door[i].patience.item);
    }
    for (int i = 0; i < q->n_pool; i++)
        free(q->pool[i].station.line.item);
    free(q->request);
}

/* ---- the fault ---- */

/* The share of the workers of a path or a pool that are gone. Residues are on a service. */
static double lost(const struct system *sys, const struct site *site, int path, int dependency)
{
    const struct fault_state *fs = &sys->fault;
    const struct fault *f = fs->fault;
    double share = 0.0;
    if (!f)
        return 0.0;
    bool hit = dependency >= 0 ? f->target == RS_TARGET_DEPENDENCY && f->dependency == dependency
                               : f->target != RS_TARGET_DEPENDENCY &&
                                     rs_fault_hits(sys->sc, f, site->index, path);
    if (hit)
        share = f->effect.capacity_lost * fs->level;
    if (fs->residue && site && f->service == site->index)
        share = 1.0 - (1.0 - share) * (1.0 - f->residue.capacity_lost);
    return share;
}

static void staff(struct queue *q, struct station *st, double share)
{
    if (st->n_worker_full < RS_UNLIMITED)
        st->n_worker = st->n_worker_full - (int)(st->n_worker_full * share + 0.5);
    else
        st->n_worker = RS_UNLIMITED;
    if (st->n_wait > 0)
        rs_station_fill(q, st, rs_kernel_now(q->kernel) | 1);
}

/* Slowness of a dependency that is a pool is slowness of its holds. */
static bool slows_a_pool(const struct system *sys, const struct queue *q)
{
    const struct fault *f = sys->fault.fault;
    return f && f->target == RS_TARGET_DEPENDENCY && q->pool_of[f->dependency] >= 0;
}

static void refresh_pool(struct system *sys, struct queue *q, struct pool *p)
{
    const struct fault_state *fs = &sys->fault;
    p->factor = 1.0;
    p->shift = 0.0;
    if (slows_a_pool(sys, q) && fs->fault->dependency == p->index && fs->level > 0.0) {
        p->factor = 1.0 + (fs->fault->effect.latency_factor - 1.0) * fs->level;
        p->shift = fs->fault->effect.latency_shift_s * fs->level;
    }
    staff(q, &p->station, lost(sys, NULL, -1, p->index));
}

static bool calls_short_pool(const struct queue *q, const struct site *site, const struct door *d)
{
    for (int i = 0; i < d->n_call; i++) {
        const struct station *st =
            &q->calls[site->index][d->path_index * q->sys->sc->n_dependency + i]->station;
        if (st->n_worker < st->n_worker_full)
            return true;
    }
    return false;
}

static void refresh_door(struct system *sys, struct queue *q, struct door *d)
{
    struct site *site = d->target->site;
    const struct fault_state *fs = &sys->fault;
    d->factor = d->mix->factor;
    d->shift = d->mix->shift;
    d->told_factor = d->beyond->factor;
    d->told_shift = d->beyond->shift;
    d->slowed = d->mix->slowed;
    d->latency = site->latency[d->path_index];
    d->memoryless = d->latency->kind == RS_DIST_EXPONENTIAL && isinf(d->latency->cap_s);
    d->plain = !(d->mix->sum > 0.0) && !d->path->as_recorded && !d->path->cold.given;
    if (slows_a_pool(sys, q)) { /* what the mix says of it is the pool's; the residue is left */
        bool residue = site->law_residue;
        d->told_factor = residue ? fs->fault->residue.latency_factor : 1.0;
        d->told_shift = d->shift = residue ? fs->fault->residue.latency_shift_s : 0.0;
        d->factor = d->told_factor * rs_recorded_factor(site, d->path_index);
    }
    staff(q, &d->station, lost(sys, site, d->path_index, -1));
    d->short_handed =
        d->station.n_worker < d->station.n_worker_full || calls_short_pool(q, site, d);
}

void rs_queue_refresh(struct system *sys)
{
    struct queue *q = sys->queue;
    if (!q)
        return;
    for (int i = 0; i < sys->sc->n_service; i++) {
        if (sys->site[i].door)
            rs_site_laws(sys, &sys->site[i]);
    }
    for (int i = 0; i < q->n_pool; i++)
        refresh_pool(sys, q, &q->pool[i]);
    for (int i = 0; i < q->n_door; i++)
        refresh_door(sys, q, &q->door[i]);
}

/* ---- a new replica ---- */

static void clear_line(struct line *line)
{
    line->first = line->n = 0;
}

static void clear_station(struct station *st)
{
    st->n_busy = st->n_wait = 0;
    clear_line(&st->line);
}

static void clear_door(struct queue *q, struct door *d)
{
    const struct cold *c = &d->path->cold;
    clear_station(&d->station);
    clear_line(&d->patience);
    d->n_inside = 0;
    d->timing = false;
    d->used_ns = 0;
    d->n_warm = c->warms_by;
    d->warm_from_ns = -c->warms_over_ns;
    d->service = rs_system_stream(q->sys, q->service_hash[d->number]);
    d->quick = rs_stream_bulk(
        rs_system_stream(q->sys, rs_stream_hash_index(q->service_hash[d->number], 0)));
    d->fate = rs_system_stream(q->sys, q->fate_hash[d->number]);
}

/* Counters move with the clock here, so a scrape must be taken when it is due. */
static void on_scrape(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    struct target *t = sys->target[arg];
    rs_kernel_at(sys->kernel, now_ns + t->site->service->scrape_interval_ns, "scrape", on_scrape,
                 sys, arg);
    rs_target_advance(sys, t, now_ns, false);
}

void rs_queue_reset(struct system *sys)
{
    struct queue *q = sys->queue;
    if (!q)
        return;
    q->horizon_s = rs_s_from_ns(sys->sc->horizon_ns);
    q->n_request = 0;
    q->free_request = RS_NOBODY;
    for (int i = 0; i < q->n_door; i++)
        clear_door(q, &q->door[i]);
    for (int i = 0; i < q->n_pool; i++) {
        clear_station(&q->pool[i].station);
        q->pool[i].hold = rs_system_stream(sys, q->hold_hash[i]);
    }
    rs_queue_refresh(sys);
    for (int i = 0; i < sys->n_target; i++) {
        struct target *t = sys->target[i];
        if (t->site->door && t->sampled)
            rs_kernel_at(sys->kernel, t->phase_ns, "scrape", on_scrape, sys, (uint64_t)i);
    }
    for (int i = 0; i < q->n_source; i++)
        rs_source_reset(q, &q->source[i]);
}
