/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals in the record: their intervals joined so far that pictures can be drawn of them. */
#include <math.h>

#include "store.h"
#include "verify/stats.h"

#define MAX_POINT 2000
/* Around an episode intervals are joined as little as if they lay so far from it. */
#define NEAR_S 600.0

/* ---- where it is worth looking closely --------------------------------------------------------------------------------- */

/* Instants that a picture will be cut around: those of the episodes, else the signal's own changes. By time. */
struct places {
    int n;
    int64_t *at_ns;
};

static void add_place(struct places *p, int64_t at_ns)
{
    int k = p->n++;
    for (; k > 0 && p->at_ns[k - 1] > at_ns; k--)
        p->at_ns[k] = p->at_ns[k - 1];
    p->at_ns[k] = at_ns;
}

static struct places places_of(struct arena *arena, const struct retro *r, int signal)
{
    const struct retro_rebuilt *b = &r->rebuilt;
    struct places p = {
        0, RS_ARENA_ARRAY(arena, int64_t, b->n_episode * RS_RETRO_INSTANT_N + b->n_change + 1)};
    for (int i = 0; i < b->n_episode; i++) {
        for (int k = 0; k < RS_RETRO_INSTANT_N; k++) {
            if (rs_retro_is_told(&b->episode[i].at[k]))
                add_place(&p, b->episode[i].at[k].best_ns);
        }
    }
    for (int i = 0; p.n == 0 && i < b->n_change; i++) {
        if (b->change[i].signal == signal)
            add_place(&p, b->change[i].best_ns);
    }
    return p;
}

/* Seconds to the nearest place; `next` is the first place not before the last instant asked for: instants rise. */
static double distance_s(const struct places *p, int *next, int64_t at_ns)
{
    double away_s = INFINITY;
    while (*next < p->n && p->at_ns[*next] < at_ns)
        (*next)++;
    if (*next < p->n)
        away_s = rs_s_from_ns(p->at_ns[*next] - at_ns);
    if (*next > 0)
        away_s = fmin(away_s, rs_s_from_ns(at_ns - p->at_ns[*next - 1]));
    return away_s;
}

/*
 * How much of the room for points an interval is worth: its length over its distance from the nearest place, so that a cell is
 * as wide as it is far away. Without places every second is worth the same.
 */
static double worth(const struct places *p, int *next, const struct retro_point *point)
{
    double length_s = fmax(rs_s_from_ns(point->hi_ns - point->lo_ns), 1e-3);
    return p->n == 0 ? length_s : length_s / (NEAR_S + distance_s(p, next, point->hi_ns));
}

/* ---- joining ----------------------------------------------------------------------------------------------------------- */

struct joined {
    int64_t lo_ns, hi_ns;
    int64_t first_ns; /* end of the first interval */
    double n, k, y;   /* y: sum of values */
    uint64_t n_point;
};

static void join(struct joined *to, const struct retro_point *p)
{
    if (to->n_point == 0) {
        to->lo_ns = p->lo_ns;
        to->first_ns = p->hi_ns;
    }
    to->hi_ns = p->hi_ns > to->hi_ns || to->n_point == 0 ? p->hi_ns : to->hi_ns;
    to->n += p->n;
    to->k += p->k;
    to->y += p->y;
    to->n_point++;
}

/* Instances are scraped at phases of their own: what begins before the first interval has ended is of the same time. */
static bool is_of_the_same_time(const struct joined *j, const struct retro_point *p)
{
    return p->lo_ns < j->first_ns || p->lo_ns <= j->lo_ns;
}

static int put_joined(struct database *db,
                      int signal,
                      const struct retro_signal *s,
                      const struct joined *j,
                      struct err *err)
{
    struct interval of_ratio = {NAN, NAN};
    bool is_value = s->kind == RS_SIGNAL_VALUE;
    double level = is_value ? j->y / (double)j->n_point : j->n > 0.0 ? j->k / j->n : (double)NAN;
    if (s->kind == RS_SIGNAL_RATIO && j->n >= 1.0 && j->k <= j->n)
        of_ratio = rs_clopper_pearson((uint64_t)llround(j->k), (uint64_t)llround(j->n), 0.95);
    return RS_INSERT(db, T_POINT, err, int_value(signal), instant_value(j->lo_ns),
                     instant_value(j->hi_ns), real_value(is_value ? (double)NAN : j->n),
                     real_value(is_value ? (double)NAN : j->k), real_value(level),
                     real_value(of_ratio.low), real_value(of_ratio.high));
}

static int put_points(struct database *db, const struct retro *r, int signal, struct err *err)
{
    const struct retro_signal *s = &r->rebuilt.signal[signal];
    struct arena *arena = rs_arena_new();
    struct places places = places_of(arena, r, signal);
    double all = 0.0, so_far = 0.0;
    int next = 0, rc = 0;
    long cell = -1;
    struct joined j = {0};
    for (size_t i = 0; i < s->n; i++)
        all += worth(&places, &next, &s->point[i]);
    next = 0;
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        double w = worth(&places, &next, &s->point[i]), middle = (so_far + w / 2.0) / all;
        so_far += w;
        long of = s->n <= MAX_POINT ? (long)i : (long)fmin(middle * MAX_POINT, MAX_POINT - 1);
        if (j.n_point > 0 && of != cell && !is_of_the_same_time(&j, &s->point[i])) {
            j.hi_ns = s->point[i].lo_ns < j.hi_ns ? s->point[i].lo_ns : j.hi_ns;
            rc = put_joined(db, signal, s, &j, err);
            j = (struct joined){0};
        }
        cell = j.n_point == 0 ? of : cell;
        join(&j, &s->point[i]);
    }
    if (rc == 0 && j.n_point > 0)
        rc = put_joined(db, signal, s, &j, err);
    rs_arena_free(arena);
    return rc;
}

static int put_signal(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_signal *s = &r->rebuilt.signal[i];
    int rc = RS_INSERT(db, T_SIGNAL, err, int_value(i), text_value(s->name), text_value(s->unit),
                       text_value(rs_retro_signal_kind_name(s->kind)),
                       text_value(rs_retro_service_name(r, s->service)));
    return rc ? rc : put_points(db, r, i, err);
}

static int put_change(struct database *db, int i, const struct retro_change *c, struct err *err)
{
    return RS_INSERT(db, T_CHANGE, err, int_value(i), int_value(c->signal), instant_value(c->lo_ns),
                     instant_value(c->best_ns), instant_value(c->hi_ns), real_value(c->before),
                     real_value(c->after), real_value(c->after_lo), real_value(c->after_hi),
                     real_value(c->ramp_s), real_value(c->log10_odds));
}

int rs_retro_put_series(struct database *db, const struct retro *r, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < r->rebuilt.n_signal; i++)
        rc = put_signal(db, r, i, err);
    for (int i = 0; rc == 0 && i < r->rebuilt.n_change; i++)
        rc = put_change(db, i, &r->rebuilt.change[i], err);
    return rc;
}
