/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql_window.h"

#include "sim/arena.h"

bool rs_slice_trim(struct slice *w)
{
    while (w->from < w->to && rs_stale_bits(rs_slice_first(w)->v)) {
        w->from++;
    }
    while (w->to > w->from && rs_stale_bits(rs_slice_last(w)->v)) {
        w->to--;
    }
    w->n = (int)(w->to - w->from - rs_series_stales(w->s, w->from, w->to));
    return w->n > 0;
}

/* Without stale markers, copied out. */
static void copy_out(struct ranges *r, const struct slice *from, struct range_window *w)
{
    int n = 0;

    if (from->n > r->cap_scratch) {
        r->cap_scratch = 2 * from->n;
        r->scratch = rs_xrealloc(r->scratch, (size_t)r->cap_scratch * sizeof *r->scratch);
    }
    for (uint64_t i = from->from; i < from->to; i++) {
        const struct sample *sample = rs_series_sample(from->s, i);

        if (!rs_stale_bits(sample->v)) {
            r->scratch[n++] = *sample;
        }
    }
    w->run[0] = r->scratch;
    w->run[1] = NULL;
    w->n_run[0] = n;
    w->n_run[1] = 0;
}

static void in_place(const struct slice *from, struct range_window *w)
{
    const struct series *s = from->s;
    uint64_t wrap =
        (from->from | (s->cap - 1)) + 1; /* where numbers start again at the ring's left */
    uint64_t end = from->to < wrap ? from->to : wrap;

    w->run[0] = rs_slice_first(from);
    w->n_run[0] = (int)(end - from->from);
    w->run[1] = s->ring;
    w->n_run[1] = (int)(from->to - end);
}

void rs_slice_window(struct promql_eval *e,
                     struct ranges *r,
                     const struct slice *from,
                     struct range_window *w)
{
    if ((uint64_t)from->n == from->to - from->from) {
        in_place(from, w);
    } else {
        copy_out(r, from, w);
    }
    w->n = from->n;
    w->lo_ms = r->lo_ms;
    w->hi_ms = r->hi_ms;
    w->toggle = &e->toggle;
}

bool rs_ranges_window(struct promql_eval *e, struct ranges *r, int i, struct range_window *w)
{
    struct slice slice;

    if (!rs_ranges_slice(e, r, i, &slice)) {
        return false;
    }
    rs_slice_window(e, r, &slice, w);
    w->labels = r->pick[i].labels;
    w->bare = r->pick[i].bare;
    return true;
}

struct ranges *rs_call_ranges(struct promql_eval *e, struct cell *c, int64_t t_ms, double *param)
{
    int main_arg = rs_call_params(e, c, t_ms, param);
    struct cell *arg;

    if (main_arg < 0) {
        return NULL;
    }
    arg = c->arg[main_arg];
    c->n = 0;
    c->may_collide = arg->may_collide;
    return arg->prepare(e, arg, t_ms) < 0 ? NULL : arg->state;
}

void rs_ranges_keep_more(struct promql_eval *e, struct cell *matrix)
{
    if (matrix->node->kind == RS_NODE_SELECTOR) {
        rs_selector_keep_more(e, matrix, matrix->node->u.sel.range_ms / 8);
    } else {
        rs_subquery_keep_more(matrix, matrix->node->u.sub.range_ms / 8);
    }
}
