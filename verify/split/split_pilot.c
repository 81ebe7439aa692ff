/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Levels from pilot runs: adaptive multilevel splitting in its simplest form (Cerou & Guyader, Stochastic Analysis and Applications
 * 25 (2007) 417-443), used for the levels alone; its estimate would be biased and is not looked at.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "split_word.h"
#include "verify/split.h"

/* One of so many trials goes on to the next level: near the e^-2 that is best for many levels, and rounder. */
enum { ONE_IN = 4 };

struct pilot {
    const struct split_model *model;
    void *worker;
    uint64_t seed, effort;
    double top;
    unsigned char *from, *to; /* [(effort + 1) * state_size] */
    uint64_t n_from;          /* 0: from the start */
    double *high, *sorted;    /* [effort] */
    uint64_t *index;          /* [effort] the trial's number, void ones counted */
    uint64_t n;               /* trials of this level */
};

static int run(struct pilot *p,
               int level,
               uint64_t index,
               double target,
               enum split_end *out_end,
               void *to,
               double *out_high,
               struct err *err)
{
    size_t size = p->model->state_size;
    const struct split_trial t = {
        .from = p->n_from == 0 ? NULL : p->from + index % p->n_from * size,
        .target = target,
        .seed = p->seed,
        .word = rs_split_word(p->seed, RS_SPLIT_PILOT, level, index),
    };
    return p->model->run(p->model->ctx, p->worker, &t, out_end, to, out_high, err);
}

/* How far trials come that may go on to the top. */
static int look(struct pilot *p, int level, struct err *err)
{
    p->n = 0;
    uint64_t n_max = p->n_from == 0 ? p->effort * RS_SPLIT_VOID_MAX : p->effort;
    for (uint64_t i = 0; i < n_max && p->n < p->effort; i++) {
        enum split_end end = RS_SPLIT_DEAD;
        double high = -INFINITY;
        if (run(p, level, i, p->top, &end, p->to, &high, err) != 0)
            return -1;
        if (end == RS_SPLIT_VOID)
            continue;
        p->high[p->n] = end == RS_SPLIT_REACHED ? INFINITY : high;
        p->index[p->n++] = i;
    }
    return 0;
}

/* The same trials again, to the level that was chosen: a trial is a function of its number. */
static int enter(struct pilot *p, int level, double target, struct err *err)
{
    uint64_t n_reached = 0;
    size_t size = p->model->state_size;
    for (uint64_t i = 0; i < p->n; i++) {
        enum split_end end = RS_SPLIT_DEAD;
        double high;
        if (p->high[i] < target)
            continue;
        if (run(p, level, p->index[i], target, &end, p->to + n_reached * size, &high, err) != 0)
            return -1;
        n_reached += end == RS_SPLIT_REACHED;
    }
    unsigned char *reached = p->to;
    p->to = p->from;
    p->from = reached;
    p->n_from = n_reached;
    return 0;
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* What about one in ONE_IN exceeds, above `last`; INFINITY when so many reach the top, or none goes beyond `last`. */
static double next_level(struct pilot *p, double last)
{
    if (p->n == 0)
        return INFINITY;
    memcpy(p->sorted, p->high, p->n * sizeof *p->sorted);
    qsort(p->sorted, p->n, sizeof *p->sorted, falling);
    uint64_t rank = (p->n + ONE_IN - 1) / ONE_IN - 1;
    while (rank > 0 && !(p->sorted[rank] > last))
        rank--;
    return p->sorted[rank] > last ? p->sorted[rank] : INFINITY;
}

static int find_levels(struct pilot *p, double *out_level, struct err *err)
{
    double last = -INFINITY;
    int n = 0;
    while (n < RS_SPLIT_LEVEL_MAX - 1) {
        if (look(p, n, err) != 0)
            return -1;
        double next = next_level(p, last);
        if (!(next < p->top))
            break;
        if (enter(p, n, next, err) != 0)
            return -1;
        out_level[n++] = last = next;
        if (p->n_from == 0)
            break;
    }
    out_level[n++] = p->top;
    return n;
}

int rs_split_pilot(const struct split_model *model,
                   double top,
                   uint64_t effort,
                   uint64_t seed,
                   double *out_level,
                   struct err *err)
{
    assert(effort >= 2 && model->state_size > 0);
    struct pilot p = {.model = model, .seed = seed, .effort = effort, .top = top};
    p.worker = model->worker_new(model->ctx, err);
    if (!p.worker)
        return -1;
    p.from = rs_xcalloc(effort + 1, model->state_size);
    p.to = rs_xcalloc(effort + 1, model->state_size);
    p.high = rs_xcalloc(effort, sizeof *p.high);
    p.sorted = rs_xcalloc(effort, sizeof *p.sorted);
    p.index = rs_xcalloc(effort, sizeof *p.index);
    int n = find_levels(&p, out_level, err);
    free(p.from);
    free(p.to);
    free(p.high);
    free(p.sorted);
    free(p.index);
    model->worker_free(model->ctx, p.worker);
    return n;
}
