/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request does: its way through doors and pools, and what its client does meanwhile. */
#include <assert.h>
#include <math.h>

#include "queue.h"
#include "sim/clock.h"

#define LONGEST_S 4e9 /* no time is longer: its nanoseconds still fit */

static struct request *at(struct queue *q, uint32_t i)
{
    return &q->request[i];
}

static struct ticket ticket_of(const struct request *r)
{
    return (struct ticket){r->number, r->serial};
}

static bool is_void(const struct queue *q, struct ticket t)
{
    return q->request[t.request].serial != t.serial;
}

/* Even, so that what is odd stays odd. */
static int64_t even_ns(double s)
{
    return s < LONGEST_S ? ((int64_t)(s * 1e9) + 1) & ~INT64_C(1) : RS_NEVER;
}

static void on_done(void *ctx, int64_t now_ns, uint64_t arg);
static void enter(struct queue *q, struct request *r, struct door *d, int64_t now_ns);

static void done_after(struct queue *q, struct request *r, double s, int64_t now_ns)
{
    int64_t ns = even_ns(s);
    int64_t at_ns = ns < RS_NEVER - now_ns ? now_ns + ns : RS_NEVER;
    r->event = rs_kernel_at(q->kernel, at_ns, "request", on_done, q, r->number);
}

/* ---- requests come and go ---- */

/* May move all requests. */
static struct request *take(struct queue *q)
{
    uint32_t i = q->free_request;
    if (i != RS_NOBODY) {
        q->free_request = q->request[i].next_free;
        return &q->request[i];
    }
    if (q->n_request == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 64;
        q->request = rs_xrealloc(q->request, sizeof *q->request * q->cap);
    }
    struct request *r = &q->request[q->n_request];
    r->number = q->n_request++;
    r->serial = 0;
    return r;
}

static void give_back(struct queue *q, struct request *r)
{
    r->serial++;
    r->state = RS_REQUEST_FREE;
    r->next_free = q->free_request;
    q->free_request = r->number;
}

/* ---- service ---- */

/* How slow a path that has been idle still is. */
static double coldness(struct door *d, int64_t now_ns)
{
    const struct cold *c = &d->path->cold;
    if (now_ns - d->used_ns >= c->after_ns) {
        d->warm_from_ns = now_ns;
        d->n_warm = 0;
    }
    d->used_ns = now_ns;
    double warm = c->warms_by > 0
                      ? (double)d->n_warm++ / (double)c->warms_by
                      : rs_s_from_ns(now_ns - d->warm_from_ns) / rs_s_from_ns(c->warms_over_ns);
    return warm < 1.0 ? c->factor + (1.0 - c->factor) * warm : 1.0;
}

/* Slot of the status code; 0 where all is well. Notes whether the fault had a part in it. */
static int draw_code(struct queue *q, struct request *r, struct door *d, const struct mix *m)
{
    double u = rs_stream_uniform(&d->fate);
    if (u >= m->sum)
        return 0;
    int n = d->target->site->n_code, code = 0;
    for (int i = 1; i < n; i++) {
        if (m->p[i] <= 0.0)
            continue;
        code = i;
        if (u < m->p[i])
            break;
        u -= m->p[i];
    }
    if (q->sys->fault.watching && m->p_bad[code] > 0.0)
        r->bad |= rs_stream_uniform(&d->fate) * m->p[code] < m->p_bad[code];
    return code;
}

/* As recorded where that is told: what the model has beyond it can only add to it. Returns the time of service. */
static double replay(struct queue *q, struct request *r, struct door *d)
{
    const struct profile *p = &r->source->meter->traffic->profile;
    int status = p->status ? p->status[r->replayed] : 0;
    double told_s = p->latency_s ? (double)p->latency_s[r->replayed] : (double)NAN;
    if (status >= 400)
        r->code = (uint16_t)rs_site_code_slot(d->target->site, status);
    else
        r->code = (uint16_t)draw_code(q, r, d, status > 0 ? d->beyond : d->mix);
    if (isnan(told_s))
        return rs_dist_draw(d->latency, &d->service) * d->factor + d->shift;
    return told_s * d->told_factor + d->told_shift;
}

static double service_s(struct door *d)
{
    if (d->memoryless)
        return rs_draw_exponential_fast(&d->quick, d->latency->a) * d->factor + d->shift;
    return rs_dist_draw(d->latency, &d->service) * d->factor + d->shift;
}

/* A worker has been found. */
static void serve(struct queue *q, struct request *r, int64_t now_ns)
{
    struct door *d = r->door;
    double s;
    if (d->plain) {
        s = service_s(d);
        r->code = 0;
    } else if (d->path->as_recorded && r->replayed != RS_NOBODY) {
        s = replay(q, r, d);
    } else {
        s = service_s(d);
        r->code = d->mix->sum > 0.0 ? (uint16_t)draw_code(q, r, d, d->mix) : 0;
    }
    if (!d->plain && d->path->cold.given)
        s *= coldness(d, now_ns);
    if (d->slowed && q->sys->fault.only_slow)
        r->bad |= q->sys->fault.watching;
    r->call = 0;
    r->state = RS_REQUEST_SERVED;
    done_after(q, r, s, now_ns);
}

static struct pool *pool_of(struct queue *q, const struct request *r)
{
    const struct site *site = r->door->target->site;
    return q->calls[site->index][r->door->path_index * q->sys->sc->n_dependency + r->call];
}

static void hold(struct queue *q, struct request *r, int64_t now_ns)
{
    struct pool *p = pool_of(q, r);
    r->state = RS_REQUEST_HOLDS;
    done_after(q, r, rs_dist_draw(&p->dependency->hold, &p->hold) * p->factor + p->shift, now_ns);
}

static void release(struct queue *q, struct station *st, int64_t now_ns)
{
    st->n_busy--;
    if (st->n_wait > 0)
        rs_station_fill(q, st, now_ns);
}

void rs_station_fill(struct queue *q, struct station *st, int64_t now_ns)
{
    while (st->n_wait > 0 && st->n_busy < st->n_worker) {
        struct ticket t = *rs_line_first(&st->line);
        rs_line_pop(&st->line);
        if (is_void(q, t))
            continue;
        st->n_wait--;
        st->n_busy++;
        struct request *r = at(q, t.request);
        if (r->state == RS_REQUEST_WAITS)
            serve(q, r, now_ns);
        else
            hold(q, r, now_ns);
    }
}

static void stand_in_line(struct queue *q, struct station *st, struct request *r)
{
    /* What left the line before its turn is swept out at the head, so that a line that stands does not grow for ever. */
    while (st->line.n > 0 && is_void(q, *rs_line_first(&st->line)))
        rs_line_pop(&st->line);
    rs_line_push(&st->line, ticket_of(r));
    st->n_wait++;
}

/* ---- attempts ---- */

static void on_retry(void *ctx, int64_t now_ns, uint64_t arg);

static bool tries_again(struct request *r, enum ending end)
{
    static const unsigned bit[] = {0, RS_RETRY_ERRORS, RS_RETRY_TIMEOUTS, RS_RETRY_REFUSED};
    const struct retries *how = r->source->retries;
    if (r->n_attempt >= how->n_attempt || !(how->on & bit[end]))
        return false;
    if (isinf(how->budget))
        return true;
    if (r->source->tokens < 1.0)
        return false;
    r->source->tokens -= 1.0;
    return true;
}

static void back_off(struct queue *q, struct request *r, int64_t now_ns)
{
    const struct retries *how = r->source->retries;
    double s = rs_dist_draw(&how->backoff, &r->source->backoff);
    for (int i = 1; i < r->n_attempt; i++)
        s *= how->factor;
    int64_t ns = even_ns(s < how->at_most_s ? s : how->at_most_s);
    r->serial++;
    r->state = RS_REQUEST_BACKS_OFF;
    if (ns < RS_NEVER - now_ns)
        rs_kernel_at(q->kernel, now_ns + ns, "retry", on_retry, q, r->number);
    else
        give_back(q, r);
}

/* The attempt is over for its client. */
static void answer(struct queue *q, struct request *r, enum ending end, int64_t now_ns)
{
    rs_queue_count(q, r, r->code, end, now_ns);
    if (end != RS_END_OK && r->n_attempt < r->source->retries->n_attempt && tries_again(r, end)) {
        back_off(q, r, now_ns);
        return;
    }
    if (end != RS_END_OK || now_ns - r->called_ns > r->door->slow_ns)
        rs_queue_hurt(q, r);
    give_back(q, r);
}

/* It has left its door, well or not; a fallback may stand by. */
static void conclude(struct queue *q, struct request *r, enum ending end, int64_t now_ns)
{
    const struct site *site = r->door->target->site;
    int fallback = r->door->path->fallback;
    if (end != RS_END_OK && !r->second && site->law[r->class].fallback &&
        !site->path_gone[fallback]) {
        r->second = true;
        r->serial++;
        enter(q, r, r->door + (fallback - r->door->path_index), now_ns);
        return;
    }
    answer(q, r, end, now_ns);
}

static void refuse(struct queue *q, struct request *r, int64_t now_ns)
{
    r->code = (uint16_t)r->door->target->site->slot_503;
    r->bad |= q->sys->fault.watching && (r->door->short_handed || r->door->slowed);
    conclude(q, r, RS_END_REFUSED, now_ns);
}

/* Gives the door's worker back. */
static void leave(struct queue *q, struct request *r, enum ending end, int64_t now_ns)
{
    struct door *d = r->door;
    release(q, &d->station, now_ns);
    if (r->deserted) {
        give_back(q, r);
        return;
    }
    d->n_inside--;
    if (d->short_handed && q->sys->fault.watching)
        r->bad = true;
    if (end == RS_END_REFUSED)
        refuse(q, r, now_ns);
    else
        conclude(q, r, r->code ? RS_END_ERROR : RS_END_OK, now_ns);
}

/* The next pool, or out. */
static void go_on(struct queue *q, struct request *r, int64_t now_ns)
{
    if (r->call == r->door->n_call) {
        leave(q, r, RS_END_OK, now_ns);
        return;
    }
    struct station *st = &pool_of(q, r)->station;
    if (st->n_busy < st->n_worker) {
        st->n_busy++;
        hold(q, r, now_ns);
    } else if (st->n_wait < st->n_place) {
        r->state = RS_REQUEST_QUEUES;
        stand_in_line(q, st, r);
    } else {
        leave(q, r, RS_END_REFUSED, now_ns);
    }
}

static void on_done(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    struct request *r = at(q, (uint32_t)arg);
    if (r->state == RS_REQUEST_HOLDS) {
        release(q, &pool_of(q, r)->station, now_ns);
        r->call++;
    }
    go_on(q, r, now_ns);
}

/* ---- patience ---- */

static void on_timer(void *ctx, int64_t now_ns, uint64_t arg);

static void set_timer(struct queue *q, struct door *d, int64_t entered_ns)
{
    d->timing = true;
    rs_kernel_at(q->kernel, entered_ns + d->timeout_ns, "timeout", on_timer, q,
                 (uint64_t)d->number);
}

/* All have the same patience, so those who came first give up first: one timer, for the head. */
static void watch(struct queue *q, struct door *d, struct request *r)
{
    while (d->patience.n > 0 && is_void(q, *rs_line_first(&d->patience)))
        rs_line_pop(&d->patience);
    rs_line_push(&d->patience, ticket_of(r));
    if (!d->timing)
        set_timer(q, d, r->entered_ns);
}

/* The client's side goes on in a request of its own; the work stays behind, for nobody. */
static struct request *desert(struct queue *q, struct request *r)
{
    uint32_t work = r->number;
    struct request *client = take(q);
    uint32_t number = client->number, serial = client->serial;
    r = at(q, work);
    *client = *r;
    client->number = number;
    client->serial = serial;
    r->deserted = true;
    return client;
}

/* Takes the request out of where it stands and frees what it holds. */
static void pull_out(struct queue *q, struct request *r, int64_t now_ns)
{
    struct door *d = r->door;
    enum request_state state = (enum request_state)r->state;
    r->serial++;
    switch (state) {
    case RS_REQUEST_WAITS: d->station.n_wait--; return;
    case RS_REQUEST_QUEUES:
        pool_of(q, r)->station.n_wait--;
        release(q, &d->station, now_ns);
        return;
    case RS_REQUEST_HOLDS:
        rs_kernel_cancel(q->kernel, r->event);
        release(q, &pool_of(q, r)->station, now_ns);
        release(q, &d->station, now_ns);
        return;
    case RS_REQUEST_SERVED:
        rs_kernel_cancel(q->kernel, r->event);
        release(q, &d->station, now_ns);
        return;
    case RS_REQUEST_FREE:
    case RS_REQUEST_BACKS_OFF: break;
    }
    assert(!"a request that is nowhere");
}

static void give_up(struct queue *q, struct request *r, int64_t now_ns)
{
    struct door *d = r->door;
    bool waits = r->state == RS_REQUEST_WAITS || r->state == RS_REQUEST_QUEUES;
    d->n_inside--;
    if (d->abandoned == RS_ABANDONED_CANCELLED || (d->abandoned == RS_ABANDONED_DROPPED && waits))
        pull_out(q, r, now_ns);
    else
        r = desert(q, r);
    r->code = (uint16_t)rs_site_code_slot(d->target->site, 504);
    r->bad |= q->sys->fault.watching && (d->short_handed || d->slowed);
    answer(q, r, RS_END_TIMEOUT, now_ns);
}

static void on_timer(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    struct door *d = &q->door[arg];
    d->timing = false;
    while (d->patience.n > 0) {
        struct ticket t = *rs_line_first(&d->patience);
        if (!is_void(q, t)) {
            int64_t entered_ns = at(q, t.request)->entered_ns;
            if (now_ns - entered_ns < d->timeout_ns) {
                set_timer(q, d, entered_ns);
                return;
            }
        }
        rs_line_pop(&d->patience);
        if (!is_void(q, t))
            give_up(q, at(q, t.request), now_ns);
    }
}

/* ---- the way in ---- */

static void enter(struct queue *q, struct request *r, struct door *d, int64_t now_ns)
{
    struct station *st = &d->station;
    bool free = st->n_busy < st->n_worker;
    r->door = d;
    r->entered_ns = now_ns;
    if (d->n_inside >= d->n_connection || !(free || st->n_wait < st->n_place)) {
        refuse(q, r, now_ns);
        return;
    }
    d->n_inside++;
    if (free) {
        st->n_busy++;
        serve(q, r, now_ns);
    } else {
        r->state = RS_REQUEST_WAITS;
        stand_in_line(q, st, r);
    }
    if (d->timeout_ns < RS_NEVER)
        watch(q, d, r);
}

/* Which class takes the user on this instance. One of a cohort that a flag divides is somebody. */
static int class_of(struct queue *q, struct target *t, struct request *r)
{
    struct system *sys = q->sys;
    struct source *src = r->source;
    if (t->stale_shares)
        rs_target_refresh(sys, t);
    const struct divide *d = &t->divide[src->cohort];
    if (d->flag == -1)
        return d->class_off;
    if (r->user == RS_NOBODY)
        r->user = (uint32_t)rs_stream_below(&src->who, sys->sc->cohort[src->cohort].population);
    return rs_target_class_of(sys, t, src->cohort, r->user);
}

static void attempt(struct queue *q, struct request *r, int64_t now_ns)
{
    struct site *site = r->source->site;
    int n = r->source->n_instance, n_path = r->source->n_path;
    int i = n > 1 ? (int)rs_stream_below(&r->source->where, (uint64_t)n) : 0;
    struct target *t = &site->target[i];
    int class = class_of(q, t, r), path = site->law[class].path;
    r->class = (uint8_t) class;
    r->arrived_ns = now_ns;
    r->second = r->deserted = r->bad = false;
    r->n_attempt++;
    r->door = &site->door[i * n_path + (path >= 0 ? path : 0)];
    if (path >= 0) {
        enter(q, r, r->door, now_ns);
        return;
    }
    r->code = (uint16_t)site->slot_503;
    answer(q, r, RS_END_ERROR, now_ns);
}

static void on_retry(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    attempt(q, at(q, (uint32_t)arg), now_ns);
}

void rs_queue_call(struct queue *q, struct source *src, uint32_t replayed, int64_t now_ns)
{
    struct request *r = take(q);
    r->source = src;
    r->replayed = replayed;
    r->called_ns = now_ns;
    r->user = RS_NOBODY;
    r->n_attempt = 0;
    if (src->budgeted) {
        src->tokens += src->retries->budget;
        src->tokens = src->tokens < RS_TOKENS_MAX ? src->tokens : RS_TOKENS_MAX;
    }
    attempt(q, r, now_ns);
}
