/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a request would meet that came now, in the state of the queues that it would find. Its wait is taken as what the work
 * ahead of it takes on average: (those waiting + 1) mean services, shared by the workers.
 */
#include <math.h>

#include "queue.h"
#include "sim/clock.h"

static double wait_s(const struct station *st, double mean_s)
{
    if (st->n_busy < st->n_worker)
        return 0.0;
    return st->n_worker > 0 ? (st->n_wait + 1) * mean_s / st->n_worker : INFINITY;
}

static bool is_full(const struct station *st)
{
    return st->n_busy >= st->n_worker && st->n_wait >= st->n_place;
}

struct stay { /* in one door */
    bool refused;
    double before_s; /* waits and calls, all but the service itself */
};

static struct stay stay_of(const struct queue *q, const struct door *d)
{
    const struct site *site = d->target->site;
    struct stay s = {.refused = d->n_inside >= d->n_connection || is_full(&d->station)};
    for (int i = 0; i < d->n_call; i++) {
        const struct pool *p = q->calls[site->index][d->path_index * q->sys->sc->n_dependency + i];
        double held_s = rs_dist_mean(&p->dependency->hold) * p->factor + p->shift;
        s.refused |= is_full(&p->station);
        s.before_s += held_s + wait_s(&p->station, held_s);
    }
    double mean_s = rs_dist_mean(d->latency) * d->factor + d->shift;
    s.before_s += wait_s(&d->station, mean_s + s.before_s);
    return s;
}

/* P(the time in the door is at most x). */
static double within(const struct door *d, const struct stay *s, double x_s)
{
    double left = x_s - s->before_s - d->shift;
    if (!(left >= 0.0))
        return 0.0;
    return d->factor > 0.0 ? rs_dist_cdf(d->latency, left / d->factor) : 1.0;
}

static double fails(const struct queue *q, const struct door *d, bool fallback)
{
    struct stay s = stay_of(q, d);
    double in_time = d->timeout_ns < RS_NEVER ? within(d, &s, rs_s_from_ns(d->timeout_ns)) : 1.0;
    double failed = s.refused ? 1.0 : d->mix->sum;
    double late = s.refused ? 0.0 : 1.0 - in_time;
    if (fallback)
        failed *= fails(q, d + (d->path->fallback - d->path_index), false);
    return late + (1.0 - late) * failed;
}

struct outlook
rs_queue_outlook(struct system *sys, const struct target *t, int class, double slow_s)
{
    const struct site *site = t->site;
    const struct law *law = &site->law[class];
    struct outlook out = {.error_ratio = 1.0};
    if (law->path < 0)
        return out;
    const struct door *d = &site->door[t->instance * site->service->n_path + law->path];
    struct stay s = stay_of(sys->queue, d);
    out.error_ratio = fails(sys->queue, d, law->fallback);
    /* Of one that is answered; what a second try adds is as rare as errors are. */
    if (isfinite(slow_s))
        out.slow_ratio = 1.0 - within(d, &s, slow_s);
    return out;
}
