/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nsga.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* All that was looked at, and the population as numbers into it. */
struct breeding {
    const struct nsga_problem *p;
    struct stream *stream;
    size_t n_param;
    uint32_t n, n_most;
    uint16_t *value;   /* [n_most * n_param] */
    double *objective; /* [n_most * n_objective] */
    double *violation; /* [n_most] */
    uint32_t n_population, n_parent;
    uint32_t *population;   /* [2 * n_population] parents, then what came of them */
    struct nsga_rank *rank; /* [2 * n_population] of those */
};

static const uint16_t *genes(const struct breeding *b, uint32_t i)
{
    return &b->value[i * b->n_param];
}

/* The number of a setting that was looked at, or b->n. */
static uint32_t find(const struct breeding *b, const uint16_t *value)
{
    for (uint32_t i = 0; i < b->n; i++) {
        if (memcmp(genes(b, i), value, b->n_param * sizeof *value) == 0)
            return i;
    }
    return b->n;
}

/* ---- variation ------------------------------------------------------------------------------------------------------- */

static void draw_any(struct breeding *b, uint16_t *value)
{
    for (size_t p = 0; p < b->n_param; p++)
        value[p] = (uint16_t)rs_stream_below(b->stream, (uint64_t)b->p->plan->param[p].n_value);
}

static void mutate(struct breeding *b, uint16_t *value, double chance)
{
    for (size_t p = 0; p < b->n_param; p++) {
        const struct tune_param *param = &b->p->plan->param[p];
        uint64_t n = (uint64_t)param->n_value;
        if (rs_stream_uniform(b->stream) >= chance)
            continue;
        bool far = param->type == RS_TUNE_WORD || rs_stream_uniform(b->stream) < 0.25;
        if (far) {
            value[p] = (uint16_t)((value[p] + 1 + rs_stream_below(b->stream, n - 1)) % n);
            continue;
        }
        bool up =
            value[p] == 0 || (value[p] + UINT64_C(1) < n && rs_stream_uniform(b->stream) < 0.5);
        value[p] = (uint16_t)(up ? value[p] + 1 : value[p] - 1);
    }
}

/* The better of two, of which the second may be the first. */
static uint32_t tournament(struct breeding *b)
{
    uint32_t x = (uint32_t)rs_stream_below(b->stream, b->n_parent),
             y = (uint32_t)rs_stream_below(b->stream, b->n_parent);
    return b->population[rs_nsga_is_before(&b->rank[y], &b->rank[x]) ? y : x];
}

static void breed(struct breeding *b, uint16_t *value)
{
    uint32_t mother = tournament(b), father = tournament(b);
    bool mix = rs_stream_uniform(b->stream) < 0.9;
    for (size_t p = 0; p < b->n_param; p++) {
        bool of_father = mix && rs_stream_uniform(b->stream) < 0.5;
        value[p] = genes(b, of_father ? father : mother)[p];
    }
    mutate(b, value, 1.0 / (double)b->n_param);
}

/* What a generation says besides "go on", "stop" and "failed". */
enum { USED_UP = 2 };

/* ---- generations ----------------------------------------------------------------------------------------------------- */

/*
 * Up to n new settings behind those that there are, each one that was not looked at yet. One that was is changed on, now and then; a space
 * that is nearly used up gives fewer.
 */
static uint32_t make_new(struct breeding *b, uint32_t n, bool at_random)
{
    enum { N_TRY = 40 };
    uint32_t before = b->n;
    for (uint32_t k = 0; k < n && b->n < b->n_most; k++) {
        uint16_t *value = &b->value[b->n * b->n_param];
        if (at_random)
            draw_any(b, value);
        else
            breed(b, value);
        int i = 0;
        for (; i < N_TRY && find(b, value) < b->n; i++)
            mutate(b, value, fmin(1.0, (1.0 + i) / (double)b->n_param));
        b->n += i < N_TRY;
    }
    return b->n - before;
}

static int evaluate(struct breeding *b, uint32_t from, struct err *err)
{
    size_t m = (size_t)b->p->plan->n_objective;
    if (b->n == from)
        return 0;
    return b->p->evaluate(b->p->ctx, b->n - from, genes(b, from), &b->objective[from * m],
                          &b->violation[from], err);
}

static void
rank_some(const struct breeding *b, const uint32_t *of, uint32_t n, struct nsga_rank *out)
{
    size_t m = (size_t)b->p->plan->n_objective;
    double *objective = rs_xcalloc(n * m + 1, sizeof *objective),
           *violation = rs_xcalloc((size_t)n + 1, sizeof *violation);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(&objective[i * m], &b->objective[of[i] * m], m * sizeof *objective);
        violation[i] = b->violation[of[i]];
    }
    rs_nsga_rank(n, (int)m, objective, violation, out);
    free(objective);
    free(violation);
}

/* Sorts the first n of `of`, the best first; ties stay as they were. */
static void best_first(uint32_t *of, struct nsga_rank *rank, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        uint32_t k = i, me = of[i];
        struct nsga_rank mine = rank[i];
        for (; k > 0 && rs_nsga_is_before(&mine, &rank[k - 1]); k--) {
            of[k] = of[k - 1];
            rank[k] = rank[k - 1];
        }
        of[k] = me;
        rank[k] = mine;
    }
}

static void select_parents(struct breeding *b, uint32_t n)
{
    rank_some(b, b->population, n, b->rank);
    best_first(b->population, b->rank, n);
    b->n_parent = n < b->n_population ? n : b->n_population;
}

static int begin(struct breeding *b, struct err *err)
{
    rs_tune_today(b->p->plan, b->value);
    b->n = 1;
    make_new(b, b->n_population - 1, true);
    int rc = evaluate(b, 0, err);
    for (uint32_t i = 0; i < b->n && rc == 0; i++)
        b->population[i] = i;
    if (rc == 0)
        select_parents(b, b->n);
    return rc;
}

static int generation(struct breeding *b, struct err *err)
{
    uint32_t from = b->n, n = make_new(b, b->n_population, false);
    int rc = evaluate(b, from, err);
    if (rc != 0) {
        b->n = from; /* what was not looked at to its end is left out */
        return rc;
    }
    for (uint32_t i = 0; i < n; i++)
        b->population[b->n_parent + i] = from + i;
    select_parents(b, b->n_parent + n);
    return n == 0 ? USED_UP : 0;
}

/* Today's, then all by rank and room. */
static void hand_over(const struct breeding *b, uint16_t **out_value, uint32_t *out_n)
{
    uint32_t *of = rs_xcalloc((size_t)b->n + 1, sizeof *of), n = 0;
    struct nsga_rank *rank = rs_xcalloc((size_t)b->n + 1, sizeof *rank);
    *out_value = rs_xcalloc(b->n * b->n_param + 1, sizeof **out_value);
    for (uint32_t i = 0; i < b->n; i++)
        of[i] = i;
    rank_some(b, of, b->n, rank);
    best_first(of, rank, b->n);
    if (b->n > 0)
        memcpy(*out_value, genes(b, 0), b->n_param * sizeof **out_value);
    n = b->n > 0;
    for (uint32_t i = 0; i < b->n; i++) {
        if (of[i] != 0)
            memcpy(*out_value + b->n_param * n++, genes(b, of[i]), b->n_param * sizeof **out_value);
    }
    *out_n = b->n;
    free(of);
    free(rank);
}

/* A twenty-fifth of what may be looked at, so that there are some two dozen generations; fewer than twenty mix too little. */
static uint32_t population_for(uint32_t n_evaluation)
{
    uint32_t n = n_evaluation / 25;
    n = n < 20 ? 20 : n > 100 ? 100 : n;
    return n < n_evaluation ? n : n_evaluation;
}

int rs_nsga_search(const struct nsga_problem *p,
                   struct stream *stream,
                   uint16_t **out_value,
                   uint32_t *out_n,
                   struct err *err)
{
    assert(p->n_evaluation > 0 && p->plan->n_param > 0);
    size_t m = (size_t)p->plan->n_objective, n = p->n_evaluation;
    struct breeding b = {.p = p,
                         .stream = stream,
                         .n_param = (size_t)p->plan->n_param,
                         .n_most = p->n_evaluation,
                         .n_population = population_for(p->n_evaluation)};
    b.value = rs_xcalloc((n + 1) * b.n_param, sizeof *b.value);
    b.objective = rs_xcalloc((n + 1) * m + 1, sizeof *b.objective);
    b.violation = rs_xcalloc(n + 1, sizeof *b.violation);
    b.population = rs_xcalloc((size_t)2 * b.n_population + 1, sizeof *b.population);
    b.rank = rs_xcalloc((size_t)2 * b.n_population + 1, sizeof *b.rank);
    int rc = begin(&b, err);
    if (rc != 0)
        b.n = rc > 0; /* today's is there in any case */
    while (rc == 0 && b.n < b.n_most)
        rc = generation(&b, err);
    if (rc == USED_UP)
        rc = 0;
    if (rc >= 0)
        hand_over(&b, out_value, out_n);
    free(b.value);
    free(b.objective);
    free(b.violation);
    free(b.population);
    free(b.rank);
    return rc;
}
