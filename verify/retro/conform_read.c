/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody who looked must have seen. The recording is evaluated on a grid of its own; the server, and the person, looked
 * at other moments of the same intervals, and what was scraped between two evaluations may have been seen at one look and not
 * at the other. So a look has seen a thing for sure if it is so at every evaluation from one before the look to one after it,
 * and may have seen it if it is so at any of them.
 */
#include <stdlib.h>

#include "models/response.h"

#include "conform.h"

int64_t rs_conform_every_ns(const struct conform *c)
{
    if (c->r->seen.run)
        return c->r->seen.run->interval_ms * RS_NS_PER_MS;
    return c->e->evaluation_interval_ns > 0 ? c->e->evaluation_interval_ns : 30 * RS_NS_PER_S;
}

static int by_time(const void *a, const void *b)
{
    const struct conform_look *x = a, *y = b;
    return x->at_ns != y->at_ns ? (x->at_ns > y->at_ns ? 1 : -1) : x->mark - y->mark;
}

/* Files need not be in order. */
static void gather_looks(struct conform *c)
{
    int n = 0;
    for (int i = 0; i < c->e->n_mark; i++)
        n += c->e->mark[i].event == RS_EVENT_LOOKED;
    c->look = RS_ARENA_ARRAY(c->r->arena, struct conform_look, n);
    for (int i = 0; i < c->e->n_mark; i++) {
        if (c->e->mark[i].event == RS_EVENT_LOOKED)
            c->look[c->n_look++] = (struct conform_look){rs_conform_mark(c, i).best_ns, i};
    }
    if (n > 1)
        qsort(c->look, (size_t)n, sizeof(*c->look), by_time);
}

void rs_conform_read_begin(struct conform *c)
{
    gather_looks(c);
    const struct backtest *run = c->r->seen.run;
    const struct recorded *data = c->r->seen.data;
    if (!run || !data)
        return;
    c->n_evaluation = (run->to_ms - run->from_ms) / run->interval_ms + 1;
    c->sampled = RS_ARENA_ARRAY(c->r->arena, bool, c->n_evaluation);
    for (int i = 0; i < data->n_series; i++) {
        const struct recorded_series *s = &data->series[i];
        for (size_t k = 0; k < s->n; k++) {
            int64_t at = (s->sample[k].t_ms - run->from_ms) / run->interval_ms;
            if (at >= 0 && at < c->n_evaluation)
                c->sampled[at] = true;
        }
    }
}

/* Where nothing at all was recorded, an empty answer is no answer. */
static bool has_data(const struct conform *c, int64_t evaluation)
{
    int64_t back = c->e->lookback_ns / rs_conform_every_ns(c);
    for (int64_t i = evaluation; i >= 0 && i >= evaluation - back; i--) {
        if (i < c->n_evaluation && c->sampled[i])
            return true;
    }
    return false;
}

enum state { UNKNOWN, LETS_PASS, TRIPS };

static enum state state_at(const struct conform *c, const struct conform_question *q, int64_t k)
{
    const struct backtest *run = c->r->seen.run;
    if (k < 0 || k >= c->n_evaluation)
        return UNKNOWN;
    int64_t at_ms = run->from_ms + k * run->interval_ms;
    int is_true = rs_retro_true(c->r, q->asked, at_ms * RS_NS_PER_MS);
    if (is_true < 0 || (is_true == 0 && !has_data(c, k)))
        return UNKNOWN;
    return (is_true == 1) == q->trips_on ? TRIPS : LETS_PASS;
}

/* The last evaluation not after then. */
static int64_t evaluation_at(const struct conform *c, int64_t at_ns)
{
    const struct backtest *run = c->r->seen.run;
    int64_t every_ns = rs_conform_every_ns(c), from_ns = run->from_ms * RS_NS_PER_MS;
    if (at_ns == INT64_MIN || at_ns < from_ns)
        return -1;
    if (at_ns == RS_NEVER || at_ns > run->to_ms * RS_NS_PER_MS + every_ns)
        return c->n_evaluation;
    return (at_ns - from_ns) / every_ns;
}

static int64_t time_of(const struct conform *c, int64_t evaluation)
{
    const struct backtest *run = c->r->seen.run;
    return (run->from_ms + evaluation * run->interval_ms) * RS_NS_PER_MS;
}

struct conform_read rs_conform_read_at(const struct conform *c,
                                       const struct conform_question *q,
                                       int64_t lo_ns,
                                       int64_t hi_ns)
{
    struct conform_read out = {.reading = RS_READ_BLIND, .at_ns = RS_NEVER};
    int64_t n_trip = 0, n_pass = 0, n_unknown = 0;
    if (q->asked < 0 || c->n_evaluation == 0)
        return out;
    int64_t last = evaluation_at(c, hi_ns) + 2;
    for (int64_t k = evaluation_at(c, lo_ns) - 1; k <= last; k++) {
        enum state is = state_at(c, q, k);
        if (is == TRIPS && out.at_ns == RS_NEVER)
            out.at_ns = time_of(c, k);
        n_trip += is == TRIPS;
        n_pass += is == LETS_PASS;
        n_unknown += is == UNKNOWN;
    }
    if (n_trip > 0)
        out.reading = n_pass == 0 && n_unknown <= 1 ? RS_READ_YES : RS_READ_UNSURE;
    else if (n_pass > 0)
        out.reading = RS_READ_NO;
    return out;
}

/* ---- looks ---- */

static bool is_look(const struct conform *c,
                    const struct conform_question *q,
                    const struct conform_watch *w,
                    int mark)
{
    const struct retro_mark *m = &c->e->mark[mark];
    if (m->stage >= 0 && m->stage != q->stage)
        return false;
    struct retro_instant at = rs_conform_mark(c, mark);
    return at.hi_ns >= w->from.lo_ns && at.lo_ns <= w->to.hi_ns;
}

static struct conform_read noted_looks(const struct conform *c,
                                       const struct conform_question *q,
                                       const struct conform_watch *w)
{
    struct conform_read out = {.reading = RS_READ_BLIND, .looks = true, .at_ns = RS_NEVER};
    int n_sure = 0, n_maybe = 0, need = q->in_a_row > 1 ? q->in_a_row : 1;
    for (int i = 0; i < c->n_look; i++) {
        if (!is_look(c, q, w, c->look[i].mark))
            continue;
        struct retro_instant at = rs_conform_mark(c, c->look[i].mark);
        enum conform_reading is = rs_conform_read_at(c, q, at.lo_ns, at.hi_ns).reading;
        out.n_look++;
        n_sure = is == RS_READ_YES ? n_sure + 1 : 0;
        n_maybe = is >= RS_READ_UNSURE ? n_maybe + 1 : 0;
        enum conform_reading now = n_sure >= need        ? RS_READ_YES
                                   : n_maybe >= need     ? RS_READ_UNSURE
                                   : is == RS_READ_BLIND ? RS_READ_BLIND
                                                         : RS_READ_NO;
        if (now > out.reading) {
            out.reading = now;
            out.at_ns = at.best_ns;
        }
    }
    return out;
}

static bool at_work(const struct conform *c, int role, int64_t at_ns)
{
    return role < 0 || !c->dated || rs_hours_within(&c->plan->role[role], at_ns);
}

/* How long something has gone on, evaluation after evaluation, and the longest. */
struct run {
    int64_t began_ns, longest_ns;
};

static int64_t run_on(struct run *run, bool on, int64_t at_ns)
{
    if (!on) {
        run->began_ns = RS_NEVER;
        return -1;
    }
    if (run->began_ns == RS_NEVER)
        run->began_ns = at_ns;
    if (at_ns - run->began_ns > run->longest_ns)
        run->longest_ns = at_ns - run->began_ns;
    return at_ns - run->began_ns;
}

/*
 * Nobody noted when he looked. In a rhythm of `every`, one look falls into any time that is as long; so many in a row, into
 * so many times it. A time of which nothing is recorded can hide looks in the same way.
 */
static struct conform_read
any_looks(const struct conform *c, const struct conform_question *q, const struct conform_watch *w)
{
    struct conform_read out = {.reading = RS_READ_BLIND, .at_ns = RS_NEVER};
    int64_t every_ns = rs_conform_every_ns(c), need_ns = RS_NEVER;
    int row = q->in_a_row > 1 ? q->in_a_row : 1;
    struct run trips = {RS_NEVER, -1}, gap = {RS_NEVER, -1};
    if (q->every_ns != RS_NEVER && q->every_ns > 0)
        need_ns = rs_conform_add_ns(q->every_ns * row, 2 * every_ns);
    int64_t last = evaluation_at(c, w->to.hi_ns);
    for (int64_t k = evaluation_at(c, w->from.lo_ns) + 1; k <= last; k++) {
        int64_t at_ns = time_of(c, k);
        bool works = at_work(c, q->role, at_ns);
        enum state is = works ? state_at(c, q, k) : UNKNOWN;
        run_on(&gap, works && is == UNKNOWN, at_ns);
        int64_t so_long_ns = run_on(&trips, is == TRIPS, at_ns);
        if (so_long_ns >= 0 && so_long_ns >= need_ns) {
            out.reading = RS_READ_YES;
            out.at_ns = trips.began_ns + q->every_ns * row;
            return out;
        }
        if (is == TRIPS && out.reading < RS_READ_UNSURE) {
            out.reading = RS_READ_UNSURE;
            out.at_ns = at_ns;
        } else if (is == LETS_PASS && out.reading == RS_READ_BLIND) {
            out.reading = RS_READ_NO;
        }
    }
    out.for_ns = trips.longest_ns + every_ns;
    if (out.reading == RS_READ_NO && gap.longest_ns >= need_ns) {
        out.reading = RS_READ_BLIND;
        out.gap_ns = gap.longest_ns + every_ns;
    }
    return out;
}

/* The first working moment of a role in from..to, evaluation by evaluation, is there one? */
static bool works_in(const struct conform *c, int role, int64_t from_ns, int64_t to_ns)
{
    for (int64_t at_ns = from_ns; at_ns < to_ns; at_ns += rs_conform_every_ns(c)) {
        if (at_work(c, role, at_ns))
            return true;
    }
    return at_work(c, role, to_ns);
}

/* Why no look had to come in the watch, however long it was within the uncertainty; NULL = one had to. */
static const char *no_look_due(const struct conform *c,
                               const struct conform_question *q,
                               const struct conform_watch *w)
{
    struct conform_span length = rs_conform_gap(c, &w->from, &w->to);
    int row = q->in_a_row > 1 ? q->in_a_row : 1;
    bool rhythm = q->every_ns != RS_NEVER && q->every_ns > 0;
    int64_t every_ns = rhythm ? q->every_ns : rs_conform_every_ns(c);
    if (length.hi_ns == RS_NEVER || w->from.lo_ns == INT64_MIN || w->to.hi_ns == RS_NEVER)
        return NULL;
    if (length.hi_ns < row * every_ns) {
        length.lo_ns = length.lo_ns < 0 ? 0 : length.lo_ns;
        const char *asked = rs_conform_duration(c, every_ns);
        const char *times = row > 1 ? rs_arena_printf(c->r->arena, ", %d times in a row", row) : "";
        return rs_arena_printf(c->r->arena,
                               rhythm ? "the watch lasted %s, and it is read every %s%s"
                                      : "the watch lasted %s, less than one evaluation of %s%s",
                               rs_conform_long(c, length), asked, times);
    }
    if (q->role >= 0 && !works_in(c, q->role, w->from.lo_ns, w->to.hi_ns))
        return rs_arena_printf(c->r->arena, "the watch lay outside of the hours of %s",
                               c->plan->role[q->role].name);
    return NULL;
}

static struct conform_read
looks_of(const struct conform *c, const struct conform_question *q, const struct conform_watch *w)
{
    if (q->asked < 0 || c->n_evaluation == 0)
        return (struct conform_read){.reading = RS_READ_BLIND, .at_ns = RS_NEVER};
    for (int i = 0; i < c->n_look && q->role >= 0; i++) {
        if (is_look(c, q, w, c->look[i].mark))
            return noted_looks(c, q, w);
    }
    return any_looks(c, q, w);
}

struct conform_read rs_conform_read_looks(const struct conform *c,
                                          const struct conform_question *q,
                                          const struct conform_watch *w)
{
    struct conform_read read = looks_of(c, q, w);
    if (read.reading == RS_READ_BLIND && !read.looks)
        read.idle = no_look_due(c, q, w);
    return read;
}
