/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "nsga.h"
#include "sim/arena.h"

struct field {
    uint32_t n;
    int n_objective;
    const double *objective, *violation;
};

static double at(const struct field *f, uint32_t i, int o)
{
    double x = f->objective[i * (size_t)f->n_objective + (size_t)o];
    return isnan(x) ? (double)INFINITY : x;
}

/* Constraint domination: the smaller violation first; among those that keep everything, the objectives. */
static bool dominates(const struct field *f, uint32_t a, uint32_t b)
{
    bool better = false;
    if (f->violation[a] != f->violation[b])
        return f->violation[a] < f->violation[b];
    for (int o = 0; o < f->n_objective; o++) {
        double x = at(f, a, o), y = at(f, b, o);
        if (x > y)
            return false;
        better = better || x < y;
    }
    return better;
}

/* Front after front: who is dominated by nobody of those that are left. */
static void sort_fronts(const struct field *f, struct nsga_rank *out)
{
    uint32_t *n_above = rs_xcalloc((size_t)f->n + 1, sizeof *n_above);
    uint32_t left = f->n, rank = 0;
    bool *now = rs_xcalloc((size_t)f->n + 1, sizeof *now),
         *done = rs_xcalloc((size_t)f->n + 1, sizeof *done);
    for (uint32_t a = 0; a < f->n; a++) {
        for (uint32_t b = 0; b < f->n; b++)
            n_above[b] += dominates(f, a, b);
    }
    for (; left > 0; rank++) {
        for (uint32_t i = 0; i < f->n; i++) {
            now[i] = !done[i] && n_above[i] == 0;
            if (now[i])
                out[i].rank = rank;
        }
        for (uint32_t a = 0; a < f->n; a++) {
            if (!now[a])
                continue;
            done[a] = true;
            left--;
            for (uint32_t b = 0; b < f->n; b++)
                n_above[b] -= !done[b] && dominates(f, a, b);
        }
    }
    free(n_above);
    free(now);
    free(done);
}

struct by_objective {
    double x;
    uint32_t i;
};

static int compare(const void *a, const void *b)
{
    const struct by_objective *x = a, *y = b;
    if (x->x != y->x)
        return x->x < y->x ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

/* One objective's part of the crowding distances of a front; infinite values are as far apart as anything. */
static void crowd(struct by_objective *m, uint32_t n, struct nsga_rank *out)
{
    qsort(m, n, sizeof *m, compare);
    double range = m[n - 1].x - m[0].x;
    out[m[0].i].crowding = out[m[n - 1].i].crowding = (double)INFINITY;
    for (uint32_t k = 1; k + 1 < n; k++) {
        double gap = (m[k + 1].x - m[k - 1].x) / range;
        out[m[k].i].crowding += isnan(gap) ? 0.0 : gap;
    }
}

void rs_nsga_rank(uint32_t n,
                  int n_objective,
                  const double *objective,
                  const double *violation,
                  struct nsga_rank *out)
{
    const struct field f = {n, n_objective, objective, violation};
    struct by_objective *m = rs_xcalloc((size_t)n + 1, sizeof *m);
    uint32_t last = 0;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (struct nsga_rank){0, 0.0};
    sort_fronts(&f, out);
    for (uint32_t i = 0; i < n; i++)
        last = out[i].rank > last ? out[i].rank : last;
    for (uint32_t rank = 0; rank <= last; rank++) {
        for (int o = 0; o < n_objective; o++) {
            uint32_t n_front = 0;
            for (uint32_t i = 0; i < n; i++) {
                if (out[i].rank == rank)
                    m[n_front++] = (struct by_objective){at(&f, i, o), i};
            }
            if (n_front > 0)
                crowd(m, n_front, out);
        }
    }
    free(m);
}

bool rs_nsga_is_before(const struct nsga_rank *a, const struct nsga_rank *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->crowding > b->crowding;
}
