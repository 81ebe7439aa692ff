/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The toll in one world that the evidence leaves possible. What its draws mean stands at the top of harm.c. */
#include <math.h>
#include <stdlib.h>

#include "retro/harm.h"
#include "sim/clock.h"
#include "sim/draw.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- worlds ---- */

/* Between so much below 0 and so much above: triangular, its peak at 0. */
static double triangle(double below, double above, double u)
{
    double width = below + above;
    if (!(width > 0.0))
        return 0.0;
    return u < below / width ? sqrt(u * width * below) - below
                             : above - sqrt((1.0 - u) * width * above);
}

/* An open side counts as none. */
static double side(int64_t from_ns, int64_t to_ns)
{
    return from_ns == INT64_MIN || to_ns == RS_NEVER ? 0.0 : (double)(to_ns - from_ns);
}

/*
 * What a source's clock was off is the same for all that it noted, so times between two of its marks do not suffer from it: that part
 * of a mark's uncertainty is drawn once a world, the rest of it mark by mark.
 */
static int64_t draw_instant(const struct harm *h,
                            const struct retro_instant *at,
                            uint64_t seed,
                            uint64_t world,
                            struct stream *s)
{
    double u = rs_stream_uniform_pos(s), common = 0.0;
    if (!rs_harm_is_known(at))
        return RS_NEVER;
    double below = side(at->lo_ns, at->best_ns), above = side(at->best_ns, at->hi_ns);
    if (at->how == RS_HOW_RECORDED && at->source >= 0) {
        const struct retro_offset *o = &h->r->rebuilt.offset[at->source];
        struct stream clock = rs_stream_open(
            seed, world, rs_stream_hash_index(rs_stream_hash("retro/clock"), (uint64_t)at->source));
        double less = fmin(below, side(o->best_ns, o->hi_ns)),
               more = fmin(above, side(o->lo_ns, o->best_ns));
        common = rs_stream_uniform(&clock) * (less + more) -
                 less; /* nothing makes its middle likelier */
        below -= less;
        above -= more;
    }
    return at->best_ns + (int64_t)(common + triangle(below, above, u));
}

/* When the fault was gone, as the series show it; else half-way to the last instance's switch. */
static int64_t draw_gone(const struct harm *h,
                         const struct harm_world *w,
                         uint64_t seed,
                         uint64_t world,
                         struct stream *s)
{
    int64_t commanded = w->at_ns[RS_CLOCK_COMMANDED], last = w->at_ns[RS_CLOCK_EFFECTIVE];
    const struct retro_change *down = &h->e->down;
    const struct retro_instant at = {.how = RS_HOW_INFERRED,
                                     .lo_ns = down->lo_ns,
                                     .best_ns = down->best_ns,
                                     .hi_ns = down->hi_ns};
    if (!h->rolled_back)
        return h->end_ns;
    if (down->found)
        return later(commanded, draw_instant(h, &at, seed, world, s));
    return last == RS_NEVER ? commanded : commanded + later(0, last - commanded) / 2;
}

void rs_harm_world(const struct harm *h, uint64_t seed, uint64_t world, struct harm_world *w)
{
    struct stream s = rs_stream_open(seed, world, rs_stream_hash("retro/what-if"));
    int64_t last = INT64_MIN;
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++) {
        w->at_ns[i] =
            draw_instant(h, i == RS_CLOCK_ONSET ? &h->onset : &h->e->at[i], seed, world, &s);
        if (i == RS_RETRO_CHANGED || i == RS_CLOCK_FIRST_BAD || i == RS_CLOCK_PENDING ||
            w->at_ns[i] == RS_NEVER)
            continue; /* nothing is reckoned from these */
        /* Nothing on the way from the onset to the completed rollback precedes what came before it. */
        if (i <= RS_CLOCK_COMPLETED)
            w->at_ns[i] = last = later(last, w->at_ns[i]);
    }
    w->gone_ns = draw_gone(h, w, seed, world, &s);
    for (int i = 0; i < RS_HARM_KIND_N; i++) {
        const struct harm_kind *k = &h->kind[i];
        w->base[i] = w->level[i] = 0.0;
        if (!k->given)
            continue;
        w->base[i] = fmin(1.0, rs_draw_gamma(&s, k->base.shape, 1.0) / k->base.exposure);
        double all = fmin(1.0, rs_draw_gamma(&s, k->level.shape, 1.0) / k->level.exposure);
        w->level[i] = fmax(0.0, all - w->base[i]);
    }
    w->noise = rs_stream_open(seed, world, rs_stream_hash("retro/noise"));
}

/* ---- failures ---- */

/* So many of x, each with the same odds; a part of a failure, at the edge of a cell, counts in the mean. */
static double thinned(struct harm_world *w, double x, double share)
{
    double whole = floor(x + 1e-6);
    return (double)rs_draw_binomial(&w->noise, (uint64_t)whole, share) + (x - whole) * share;
}

/* From here on failures are counted: before the onset there are none but the base's, and cells blur the edge. */
static int64_t counted_from(const struct harm *h, const struct harm_flow *f)
{
    int64_t from = h->onset.lo_ns != INT64_MIN ? h->onset.lo_ns : h->onset.best_ns;
    return from - 2 * f->step_ns;
}

/* How many of the failures that were recorded there are the fault's. */
static double
fault_part(const struct harm *h, struct harm_world *w, int kind, int64_t a_ns, int64_t b_ns)
{
    const struct harm_flow *f = &h->kind[kind].flow;
    double k = rs_harm_flow_k(f, a_ns, b_ns);
    if (!(k > 0.0))
        return 0.0;
    return thinned(w, k, 1.0 - fmin(1.0, w->base[kind] * rs_harm_flow_n(f, a_ns, b_ns) / k));
}

/* Before the command; after it, at the level, until the other one; until it is gone; and when the flag no longer matters. */
struct counts {
    double head, middle, tail, residue;
    double all; /* what happened */
};

/* The audience before a time; the real command ends it, however exactly that is known. */
static int level_before(const struct harm *h, int64_t at_ns)
{
    const struct retro_instant *c = &h->e->at[RS_CLOCK_COMMANDED];
    if (h->rolled_back)
        at_ns = earlier(at_ns, c->lo_ns != INT64_MIN ? c->lo_ns : c->best_ns);
    return rs_harm_level_at(&h->crowd, at_ns - 1);
}

static double audience(const struct harm *h, int64_t at_ns)
{
    return h->crowd.n_cohort ? rs_harm_level_share(&h->crowd, level_before(h, at_ns)) : 1.0;
}

/* What is counted around the real command, divided by what each side of it was to have. */
struct around {
    int64_t sure_ns;            /* up to here the counts stand for themselves */
    double head, tail, residue; /* of the fault's */
};

/*
 * Cells blur the edge, so of the failures from two cells before it on those are taken to follow the command which the level
 * and the time that the switch took make of them; what the fault's level cannot explain outlived the switch.
 */
static struct around look_around(const struct harm *h, struct harm_world *w, int kind)
{
    const struct harm_flow *f = &h->kind[kind].flow;
    int64_t command = w->at_ns[RS_CLOCK_COMMANDED];
    struct around x = {.sure_ns = h->end_ns};
    if (!h->rolled_back)
        return x;
    x.sure_ns = later(command - 2 * f->step_ns, counted_from(h, f));
    int64_t onset = later(x.sure_ns, w->at_ns[RS_CLOCK_ONSET]);
    double before = w->level[kind] * rs_harm_flow_n(f, onset, command);
    double after = w->level[kind] * rs_harm_flow_n(f, command, w->gone_ns), both = before + after;
    double all = fault_part(h, w, kind, x.sure_ns, h->end_ns);
    x.residue = fmax(0.0, all - both - 3.0 * sqrt(both + 1.0));
    x.tail = both > 0.0 ? thinned(w, all - x.residue, after / both) : 0.0;
    x.head = all - x.residue - x.tail;
    return x;
}

static double poisson(struct harm_world *w, double mean)
{
    return mean > 0.0 ? (double)rs_draw_poisson(&w->noise, mean) : 0.0;
}

/* What outlived the real switch, after another one: as much, at the traffic of that time. */
static double
residue_after(const struct harm *h, struct harm_world *w, int kind, int64_t command_ns, double seen)
{
    const struct harm_flow *f = &h->kind[kind].flow;
    int64_t actual = w->at_ns[RS_CLOCK_COMMANDED], lasts = h->end_ns - actual;
    double then = rs_harm_requests(h, f, actual, h->end_ns);
    if (!(seen > 0.0) || !(then > 0.0))
        return 0.0;
    double now = rs_harm_requests(h, f, command_ns, command_ns + lasts);
    return poisson(w, rs_draw_gamma(&w->noise, seen, 1.0) * now / then);
}

/* The real command, or where there was none the end; and the one in question, but not outside of the fault's time. */
struct cuts {
    int64_t onset, actual, until, cut;
    bool none; /* no rollback comes */
};

static struct cuts
cuts_of(const struct harm *h, const struct harm_world *w, const struct harm_course *c)
{
    struct cuts x = {.onset = w->at_ns[RS_CLOCK_ONSET],
                     .actual = h->rolled_back ? w->at_ns[RS_CLOCK_COMMANDED] : h->end_ns};
    x.until = c->as_it_happened ? x.actual : earlier(c->commanded_ns, c->until_ns);
    x.cut = earlier(later(x.until, x.onset), x.actual);
    x.none = c->commanded_ns > c->until_ns;
    return x;
}

static void count(const struct harm *h,
                  struct harm_world *w,
                  const struct harm_course *c,
                  int kind,
                  struct counts *out)
{
    const struct harm_flow *f = &h->kind[kind].flow;
    struct cuts x = cuts_of(h, w, c);
    struct around around = look_around(h, w, kind);
    int64_t from = counted_from(h, f), split = earlier(x.cut, around.sure_ns);
    double first = fault_part(h, w, kind, from, split),
           second = fault_part(h, w, kind, split, around.sure_ns);
    double near = rs_harm_flow_n(f, around.sure_ns, x.actual), part = 1.0;
    *out = (struct counts){.all = first + second + around.head + around.tail + around.residue};
    if (c->as_it_happened || (x.until >= x.actual && !h->rolled_back && !h->goes_on)) {
        out->head = first + second + around.head; /* or it had ended of itself by then */
        out->tail = around.tail;
        out->residue = around.residue;
        return;
    }
    if (x.cut < x.actual)
        part = near > 0.0 ? rs_harm_flow_n(f, around.sure_ns, x.cut) / near : 0.0;
    out->head = first + (x.cut >= around.sure_ns ? second : 0.0) + around.head * part;
    if (x.until > x.actual)
        out->middle = poisson(w, w->level[kind] * rs_harm_requests(h, f, x.actual, x.until));
    if (x.until <= x.onset || x.none)
        return; /* before it began; or never */
    double shown = audience(h, x.actual), share = shown > 0.0 ? audience(h, x.cut) / shown : 1.0;
    out->tail =
        poisson(w, w->level[kind] * share * rs_harm_requests(h, f, x.until, x.until + c->lasts_ns));
    if (h->rolled_back)
        out->residue = residue_after(h, w, kind, x.until, around.residue);
}

/* ---- users ---- */

/* Shares out the failures up to `until` over the audiences of that time. */
static void
hit_levels(const struct harm *h, int kind, int64_t until_ns, double failures, double *hits)
{
    const struct harm_flow *f = &h->kind[kind].flow;
    const struct harm_crowd *c = &h->crowd;
    int64_t from = counted_from(h, f);
    double all = rs_harm_flow_k(f, from, until_ns);
    if (!(all > 0.0) || c->n_piece <= 1) {
        hits[level_before(h, until_ns)] += failures;
        return;
    }
    for (int i = 0; i < c->n_piece; i++) {
        int64_t a = later(from, c->piece_at_ns[i]);
        int64_t b = i + 1 < c->n_piece ? earlier(until_ns, c->piece_at_ns[i + 1]) : until_ns;
        if (b > a)
            hits[level_before(h, b)] += failures * rs_harm_flow_k(f, a, b) / all;
    }
}

static double
users(const struct harm *h, struct harm_world *w, const struct cuts *x, const struct counts *counts)
{
    const struct harm_crowd *crowd = &h->crowd;
    double *hits = rs_xcalloc((size_t)crowd->n_level + 1, sizeof(*hits)), sd, most = 0.0, met = 0.0;
    for (int i = 0; i < RS_HARM_KIND_N; i++) {
        if (!h->kind[i].given)
            continue;
        hit_levels(h, i, x->cut, counts[i].head, hits);
        hits[level_before(h, x->cut)] += counts[i].middle + counts[i].tail;
        hits[0] += counts[i].residue;
    }
    double expected = rs_harm_users(crowd, hits, &sd);
    for (int i = 0; i < crowd->n_cohort; i++)
        most += crowd->population[i];
    for (int i = 0; i < crowd->n_level; i++)
        met += hits[i];
    free(hits);
    most = fmin(most, met); /* nobody is hurt but by one of them */
    return fmin(most, fmax(0.0, expected + sd * rs_draw_normal(&w->noise)));
}

struct harm_toll
rs_harm_play(const struct harm *h, struct harm_world *w, const struct harm_course *c)
{
    struct counts counts[RS_HARM_KIND_N] = {{0}};
    struct cuts x = cuts_of(h, w, c);
    for (int i = 0; i < RS_HARM_KIND_N; i++) {
        if (h->kind[i].given)
            count(h, w, c, i, &counts[i]);
    }
    const struct counts *e = &counts[RS_HARM_ERRORS];
    struct harm_toll out = {
        .errors = e->head + e->middle + e->tail + e->residue, .users = NAN, .budget = NAN};
    out.saved = e->all - out.errors;
    const struct counts *slow = &counts[RS_HARM_SLOW];
    out.slow = h->kind[RS_HARM_SLOW].given ? slow->head + slow->middle + slow->tail + slow->residue
                                           : (double)NAN;
    if (h->crowd.n_cohort > 0)
        out.users = users(h, w, &x, counts);
    const struct harm_flow *f = &h->kind[RS_HARM_ERRORS].flow;
    double n = rs_harm_flow_n(f, f->from_ns, h->data_end_ns), beyond = 0.0;
    double k = rs_harm_flow_k(f, f->from_ns, h->data_end_ns);
    if (!c->as_it_happened && x.none)
        beyond = rs_harm_requests(h, f, h->data_end_ns, later(c->until_ns, h->data_end_ns));
    k += out.errors - e->all + w->base[RS_HARM_ERRORS] * beyond;
    if (n + beyond > 0.0)
        out.budget = fmax(0.0, k) / ((n + beyond) * h->allowed);
    return out;
}
