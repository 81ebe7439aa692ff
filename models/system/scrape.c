/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scrapes: when they happen, what they show, and what of it is drawn one by one. Scrapes that nobody can look back to any
 * more are not drawn singly: the counts jump to the first one that can still be seen.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sim/clock.h"

int64_t rs_target_scrape_ns(const struct target *t, uint64_t k)
{
    return t->phase_ns + (int64_t)k * t->site->service->scrape_interval_ns;
}

/* Scrapes at or before to_ns. */
static uint64_t scrapes_until(const struct target *t, int64_t to_ns)
{
    if (to_ns < t->phase_ns)
        return 0;
    return (uint64_t)((to_ns - t->phase_ns) / t->site->service->scrape_interval_ns) + 1;
}

/* ---- samples ---- */

static void queue_sample(struct late_queue *q, struct late_sample sample)
{
    if (q->n == 0)
        q->first = 0;
    if (q->first > q->n &&
        q->first + q->n == q->cap) { /* it never runs empty: what left makes room */
        memmove(q->item, q->item + q->first, sizeof *q->item * (size_t)q->n);
        q->first = 0;
    }
    if (q->first + q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 64;
        q->item = rs_xrealloc(q->item, sizeof *q->item * (size_t)q->cap);
    }
    if (q->n > 0 && q->item[q->first + q->n - 1].visible_ns > sample.visible_ns)
        sample.visible_ns = q->item[q->first + q->n - 1].visible_ns; /* samples keep their order */
    q->item[q->first + q->n++] = sample;
}

void rs_group_drain(struct system *sys, struct group *g, int64_t to_ns)
{
    struct late_queue *q = &g->queue;
    while (q->n > 0 && q->item[q->first].visible_ns <= to_ns) {
        const struct late_sample *s = &q->item[q->first++];
        rs_tsdb_append(sys->db, s->series, s->t_ms, s->v);
        q->n--;
    }
}

struct emission { /* how the samples of one scrape reach the tsdb */
    struct group *group;
    bool held;
    int64_t visible_ns, t_ms;
};

static void emit(struct system *sys, const struct emission *e, int series, double v)
{
    if (e->held)
        queue_sample(&e->group->queue, (struct late_sample){e->visible_ns, e->t_ms, series, v});
    else
        rs_tsdb_append(sys->db, series, e->t_ms, v);
}

static bool sum_read(const struct system *sys, const struct target *t, int part)
{
    return t->sum_series[part] >= 0 && rs_tsdb_retention(sys->db, t->sum_series[part]) > 0;
}

/* A failed scrape ends all series of the target with a stale marker, once; only `up` says 0 each time. */
static void
emit_stale(struct system *sys, struct target *t, const struct emission *e, struct group *g)
{
    if (!g->fresh)
        return;
    g->fresh = false;
    for (int i = 0; i < g->n_want; i++)
        emit(sys, e, g->want[i].series, rs_tsdb_stale());
    for (int p = 0; g == &t->b && t->sum_wanted && p < t->site->n_part; p++) {
        if (sum_read(sys, t, p))
            emit(sys, e, t->sum_series[p], rs_tsdb_stale());
    }
}

static void
emit_values(struct system *sys, struct target *t, const struct emission *e, struct group *g)
{
    g->fresh = true;
    if (!e->held)
        rs_tsdb_append_counts(sys->db, g->want, g->n_want, e->t_ms);
    for (int i = 0; e->held && i < g->n_want; i++)
        emit(sys, e, g->want[i].series, (double)*g->want[i].value);
    for (int p = 0; g == &t->b && t->sum_wanted && p < t->site->n_part; p++) {
        if (sum_read(sys, t, p))
            emit(sys, e, t->sum_series[p], t->latency_sum[p]);
    }
}

void rs_group_emit(
    struct system *sys, struct target *t, struct group *g, struct scrape scrape, int64_t to_ns)
{
    int64_t at_ns = rs_target_scrape_ns(t, scrape.k);
    bool late = rs_marks_hit(&g->late, scrape.k);
    struct emission e = {.group = g, .t_ms = sys->start_ms + at_ns / RS_NS_PER_MS};
    e.visible_ns = late ? at_ns + t->site->service->scrape_late_ns : at_ns;
    if (g->queue.n > 0)
        rs_group_drain(sys, g, to_ns);
    e.held = e.visible_ns > to_ns || g->queue.n > 0;
    if (g == &t->a && t->up_wanted)
        emit(sys, &e, t->up_series, scrape.lost ? 0.0 : 1.0);
    if (scrape.lost)
        emit_stale(sys, t, &e, g);
    else
        emit_values(sys, t, &e, g);
}

/* ---- going forward ---- */

static void one_scrape(struct system *sys, struct target *t, int64_t to_ns)
{
    int64_t at_ns = t->next_ns;
    bool watched = sys->fault.watching && t->site->fault_touches;
    if (t->needs_requests || watched)
        rs_target_requests(sys, t, at_ns, t->needs_main || watched);
    if (t->counts_alone || sys->fault.started)
        rs_target_counters(sys, t, at_ns);
    else
        t->counters_ns = at_ns;
    t->last_lost = rs_marks_hit(&t->lost, t->next_k) ||
                   (sys->fault.started && rs_fault_telemetry_lost(sys, t->site));
    rs_group_emit(sys, t, &t->a, (struct scrape){t->next_k, t->last_lost}, to_ns);
    if (t->ring.cap > 0)
        rs_ring_push(t, t->next_k, t->last_lost);
    if (t->ring.cap > 0 && t->site->door)
        rs_histogram_read(sys, t, to_ns); /* what comes after this scrape is not told apart later */
    t->next_k++;
    t->next_ns += t->site->service->scrape_interval_ns;
}

/* Skips the scrapes that are too far back to be seen from to_ns. */
static void jump(struct system *sys, struct target *t, int64_t to_ns)
{
    bool watched = sys->fault.watching && t->site->fault_touches;
    int64_t keep = t->sampled || watched ? t->keep : 0;
    int64_t interval_ns = t->site->service->scrape_interval_ns, behind_ns = to_ns - t->next_ns;
    if (behind_ns < interval_ns || behind_ns / interval_ns < keep)
        return;
    uint64_t past = scrapes_until(t, to_ns);
    if (past - t->next_k > (uint64_t)keep) {
        t->next_k = past - (uint64_t)keep;
        t->next_ns = rs_target_scrape_ns(t, t->next_k);
    }
}

void rs_target_advance(struct system *sys, struct target *t, int64_t to_ns, bool partial)
{
    if (t->a.queue.n > 0)
        rs_group_drain(sys, &t->a, to_ns);
    jump(sys, t, to_ns);
    while (t->next_ns <= to_ns)
        one_scrape(sys, t, to_ns);
    if (partial) {
        rs_target_requests(sys, t, to_ns, true);
        rs_target_counters(sys, t, to_ns);
    }
}

void rs_target_fill(void *ctx, uint64_t arg, int series, int64_t t_ms)
{
    struct system *sys = ctx;
    struct target *t = sys->target[arg / 2];
    int64_t to_ns = (t_ms - sys->start_ms) * RS_NS_PER_MS;
    (void)series;
    if (to_ns <= t->filled_ns[arg % 2])
        return;
    int64_t now_ns = rs_kernel_now(sys->kernel);
    to_ns = to_ns < now_ns ? to_ns : now_ns; /* what comes later is not known yet */
    t->filled_ns[arg % 2] = to_ns;
    rs_target_advance(sys, t, to_ns, false);
    if (arg % 2) {
        rs_site_laws(sys, t->site);
        rs_histogram_read(sys, t, to_ns);
    }
}

void rs_target_flush(struct system *sys, struct target *t)
{
    int64_t now_ns = rs_kernel_now(sys->kernel);
    rs_target_advance(sys, t, now_ns, true);
    rs_target_settle(sys, t, now_ns);
}

void rs_site_flush(struct system *sys, struct site *site)
{
    int64_t now_ns = rs_kernel_now(sys->kernel);
    for (int i = 0; i < site->service->n_instance; i++)
        rs_target_advance(sys, &site->target[i], now_ns, true);
    for (int i = 0; i < site->service->n_instance; i++) {
        rs_target_settle(sys, &site->target[i], now_ns);
        if (site->pooled)
            return; /* one settles for all */
    }
}

/* ---- who reads what ---- */

static void want(struct system *sys, struct group *g, int series, const uint64_t *value)
{
    int64_t span = series >= 0 ? rs_tsdb_retention(sys->db, series) : 0;
    if (span <= 0)
        return;
    g->want[g->n_want++] = (struct tsdb_count){series, value};
    g->retention_ms = span > g->retention_ms ? span : g->retention_ms;
}

/* A span longer than the replica itself reaches back to its start. */
static int64_t within_replica(const struct system *sys, int64_t span_ms)
{
    int64_t whole_ms = sys->sc->horizon_ns / RS_NS_PER_MS + 1;
    return span_ms < whole_ms ? span_ms : whole_ms;
}

static int scrapes_in(const struct target *t, int64_t span_ms)
{
    int64_t interval_ms = t->site->service->scrape_interval_ns / RS_NS_PER_MS;
    int64_t n = (span_ms + interval_ms - 1) / interval_ms + 3;
    return n < INT_MAX ? (int)n : INT_MAX; /* everything */
}

static void reset_group(struct system *sys, struct target *t, struct group *g)
{
    uint64_t instance = (uint64_t)t->instance;
    const struct service *sv = t->site->service;
    uint64_t late = rs_stream_hash_index(t->site->late_hash, instance);
    /* Both groups of a target find the same scrapes late. */
    rs_marks_open(&g->late, rs_system_stream(sys, late), sv->scrape_late);
    g->queue.n = g->queue.first = 0;
    g->fresh = false;
    g->n_want = 0;
    g->retention_ms = 0;
}

/* Does anybody read the series of a code that a class' first cell counts in: 200, or 503 where no path holds? */
static bool shows_main(const struct target *t)
{
    const struct site *site = t->site;
    for (int i = 0; i < t->a.n_want; i++) {
        int code = (int)((t->a.want[i].value - t->count) % (site->n_code + 1));
        if (code == 0 || code == site->slot_503)
            return true;
    }
    return false;
}

/* Recorded requests come one by one, whatever they end in. */
static bool replays(const struct system *sys, const struct site *site)
{
    for (int i = 0; i < site->n_traffic; i++) {
        if (sys->meter[site->traffic[i]].traffic->profile.kind == RS_PROFILE_LOG)
            return true;
    }
    return false;
}

static void want_counters(struct system *sys, struct target *t, const int *series)
{
    const struct service *sv = t->site->service;
    for (int i = 0; i < sv->n_counter; i++) {
        int before = t->a.n_want;
        want(sys, &t->a, series[i], &t->counter[i]);
        t->counter_read[i] = t->a.n_want > before;
        t->reads_counters |= t->counter_read[i];
        if (!t->counter_read[i])
            continue;
        t->counts_alone |= sv->counter[i].base_per_s > 0.0 || sv->counter[i].base_per_request > 0.0;
        t->needs_requests |= sv->counter[i].base_per_request > 0.0;
        t->needs_main |= sv->counter[i].base_per_request > 0.0;
        for (int p = 0; p < sv->n_path; p++)
            t->needs_requests |= sv->path[p].fallback >= 0 && sv->path[p].fallback_counter == i;
    }
}

/* Returns how far back the sums are looked at, ms; 0 = never. */
static int64_t want_histogram(struct system *sys, struct target *t, const int *series)
{
    int n_bucket = t->site->service->n_bucket;
    int64_t sum = 0;
    for (int p = 0; p < t->site->n_part; p++) {
        const uint64_t *le = t->le + p * (n_bucket + 1);
        for (int i = 0; i <= n_bucket; i++)
            want(sys, &t->b, *series++, &le[i]);
        want(sys, &t->b, *series++, &le[n_bucket]);
        int64_t span = t->sum_series[p] >= 0 ? rs_tsdb_retention(sys->db, t->sum_series[p]) : 0;
        sum = span > sum ? span : sum;
    }
    return sum;
}

void rs_target_reset_scrapes(struct system *sys, struct target *t)
{
    const struct service *sv = t->site->service;
    const struct site *site = t->site;
    const int *series = t->series;
    uint64_t lost = rs_stream_hash_index(t->site->lost_hash, (uint64_t)t->instance);
    rs_marks_open(&t->lost, rs_system_stream(sys, lost), sv->scrape_loss);
    reset_group(sys, t, &t->a);
    reset_group(sys, t, &t->b);
    t->filled_ns[0] = t->filled_ns[1] = -1;
    t->reads_counters = t->counts_alone = false;
    t->next_ns = rs_target_scrape_ns(t, t->next_k);
    for (int i = 0; i < site->n_part * site->n_code; i++)
        want(sys, &t->a, *series++,
             &t->count[i / site->n_code * (site->n_code + 1) + i % site->n_code]);
    t->needs_requests = t->a.n_want > 0;
    t->needs_main = shows_main(t) || replays(sys, site);
    want_counters(sys, t, series);
    series += sv->n_counter;
    int64_t sum = want_histogram(sys, t, series);
    int64_t up = rs_tsdb_retention(sys->db, t->up_series);
    t->up_wanted = up > 0;
    t->sum_wanted = sum > 0;
    t->a.retention_ms = up > t->a.retention_ms ? up : t->a.retention_ms;
    t->b.retention_ms = sum > t->b.retention_ms ? sum : t->b.retention_ms;
    int64_t longest = t->a.retention_ms > t->b.retention_ms ? t->a.retention_ms : t->b.retention_ms;
    t->sampled = longest > 0;
    t->needs_requests |= t->b.retention_ms > 0;
    t->needs_main |= t->b.retention_ms > 0;
    t->keep = scrapes_in(t, longest);
    rs_ring_reset(t, t->b.retention_ms > 0 ? scrapes_in(t, within_replica(sys, t->b.retention_ms))
                                           : 0);
}
