/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted when an attempt ends: the same counters, histogram and users as the counting engine fills, at the instant
 * of the answer.
 */
#include <assert.h>

#include "queue.h"
#include "sim/clock.h"

/* Bounds below the latency: by halving, without a branch that chance decides. */
static int grid_cell(const struct grid *g, int64_t latency_ns)
{
    int cell = 0;
    for (int step = g->half; step > 0; step /= 2)
        cell += latency_ns > g->ns[cell + step - 1] ? step : 0;
    return cell;
}

static void count_fallback(struct target *t, const struct request *r)
{
    const struct law *law = &t->site->law[r->class];
    int counter = t->site->service->path[law->path].fallback_counter;
    t->served_fallback[r->class]++;
    if (counter >= 0)
        t->counter[counter]++;
}

/* The first try's failure shows in an answer that is well only where fallbacks are counted. */
static bool shows_fault(const struct target *t, const struct request *r, enum ending end)
{
    if (!r->bad)
        return false;
    int path = t->site->law[r->class].path;
    return !r->second || end != RS_END_OK || t->site->service->path[path].fallback_counter >= 0;
}

void rs_queue_count(
    struct queue *q, const struct request *r, int code, enum ending end, int64_t now_ns)
{
    struct target *t = r->door->target;
    const struct site *site = t->site;
    int part = site->law[r->class].part;
    int64_t latency_ns = now_ns - r->arrived_ns;
    int cell = grid_cell(&q->grid[site->index], latency_ns);
    t->count[part * (site->n_code + 1) + code]++;
    t->served[r->class]++;
    t->cell[cell]++;
    t->carry[part * (site->n_grid + 1) + cell]++;
    if (t->sum_wanted)
        t->latency_sum[part] += rs_s_from_ns(latency_ns);
    if (r->second)
        count_fallback(t, r);
    if (q->sys->fault.watching && shows_fault(t, r, end))
        t->n_bad++;
}

void rs_queue_hurt(struct queue *q, struct request *r)
{
    struct site *site = r->door->target->site;
    int cohort = r->source->cohort;
    if (r->user == RS_NOBODY)
        r->user = (uint32_t)rs_stream_below(&site->hurt, q->sys->sc->cohort[cohort].population);
    rs_hurt_mark(q->sys, site, cohort, r->user);
}
