/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Subqueries: an instant expression evaluated on a grid of absolute times, its results taken as
 * samples.
 */
#include <stdlib.h>
#include <string.h>

#include "promql_eval.h"
#include "sim/arena.h"

struct track { /* the points of one label set */
    rs_labels labels;
    int n, cap;
    struct sample *point; /* [n] */
};

struct subquery {
    struct track *track; /* [n] in order of appearance */
    int n, cap;
    struct label_map by_labels; /* index in track; may be out of date, so the track is asked too */
    int64_t lo_ms, hi_ms;
};

static void subquery_free(void *state)
{
    struct subquery *s = state;

    for (int i = 0; i < s->cap; i++) {
        free(s->track[i].point);
    }
    free(s->track);
    rs_label_map_clear(&s->by_labels);
    free(s);
}

static struct track *track_of(struct subquery *s, rs_labels labels)
{
    int i = rs_label_map_get(&s->by_labels, labels);

    if (i >= 0 && i < s->n && s->track[i].labels == labels) {
        return &s->track[i];
    }
    if (s->n == s->cap) {
        int cap = s->cap ? 2 * s->cap : 8;

        s->track = rs_xrealloc(s->track, (size_t)cap * sizeof *s->track);
        memset(s->track + s->cap, 0, (size_t)(cap - s->cap) * sizeof *s->track);
        s->cap = cap;
    }
    i = s->n++;
    s->track[i].labels = labels;
    s->track[i].n = 0;
    rs_label_map_put(&s->by_labels, labels, i);
    return &s->track[i];
}

static void track_add(struct track *k, int64_t t_ms, double v)
{
    if (k->n == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 32;
        k->point = rs_xrealloc(k->point, (size_t)k->cap * sizeof *k->point);
    }
    k->point[k->n++] = (struct sample){t_ms, v};
}

/*
 * "Inner evaluations at multiples of the step in absolute time": the first one past lo (at lo
 * where ranges are closed).
 */
static int64_t first_step(int64_t lo_ms, int64_t step_ms, bool left_open)
{
    int64_t first = step_ms * (lo_ms / step_ms);

    return first < lo_ms + left_open ? first + step_ms : first;
}

static int prepare(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct subquery *s = c->state;
    struct cell *inner = c->arg[0];
    int64_t step = c->node->u.sub.step_ms > 0 ? c->node->u.sub.step_ms : e->opt.subquery_step_ms;

    s->hi_ms = rs_modified_time(e, &c->node->u.sub.mod, t_ms);
    s->lo_ms = s->hi_ms - c->node->u.sub.range_ms;
    s->n = 0;
    for (int64_t t = first_step(s->lo_ms, step, e->toggle.left_open); t <= s->hi_ms; t += step) {
        if (inner->eval(e, inner, t) < 0) {
            return -1;
        }
        for (int i = 0; i < inner->n; i++) {
            track_add(track_of(s, inner->item[i].labels), t, inner->item[i].v);
        }
    }
    rs_eval_new_pass(e);
    c->may_collide = false;
    for (int i = 0; i < s->n; i++) {
        rs_labels bare = rs_cell_bare(e, c, s->track[i].labels);

        c->may_collide = !rs_eval_meet(e, bare) || c->may_collide;
    }
    return s->n;
}

static bool window(struct promql_eval *e, struct cell *c, int i, struct range_window *w)
{
    struct subquery *s = c->state;
    const struct track *k = &s->track[i];

    w->run[0] = k->point;
    w->run[1] = NULL;
    w->n_run[0] = w->n = k->n;
    w->n_run[1] = 0;
    w->rises = false;
    w->lo_ms = s->lo_ms;
    w->hi_ms = s->hi_ms;
    w->toggle = &e->toggle;
    w->labels = k->labels;
    w->bare = rs_cell_bare(e, c, k->labels);
    return k->n > 0;
}

struct cell *rs_subquery_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c = rs_cell_make(n, NULL, 1);

    c->arg[0] = rs_cell_new(e, n->u.sub.expr);
    c->prepare = prepare;
    c->window = window;
    c->state = rs_xcalloc(1, sizeof(struct subquery));
    c->state_free = subquery_free;
    return c;
}
