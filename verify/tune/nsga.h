/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NSGA-II over settings: fast non-dominated sort, crowding distance, constraint domination, binary tournaments.
 * Source: Deb, Pratap, Agarwal & Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Trans. Evol. Comp. 6
 * (2002) 182-197. Genes are indices of values, so the variation is ours: uniform crossover (Syswerda 1989), and mutation to a
 * neighbouring value, or for words and now and then to any. All chance comes from one stream.
 */
#ifndef VERIFY_TUNE_NSGA_H
#define VERIFY_TUNE_NSGA_H

#include "sim/stream.h"
#include "verify/tune.h"

/* Rank 0: no other dominates it; 1: none of what is left without rank 0; and so on. */
struct nsga_rank {
    uint32_t rank;
    double crowding; /* INFINITY at the ends of a front */
};

/*
 *   objective[n * n_objective]  all to be small; NaN counts as the worst
 *   violation[n]                of the constraints, >= 0; a smaller one dominates, whatever the objectives; INFINITY: no legal setting
 *   out[n]
 */
void rs_nsga_rank(uint32_t n,
                  int n_objective,
                  const double *objective,
                  const double *violation,
                  struct nsga_rank *out);

/* Better by rank, then by more room around it. */
bool rs_nsga_is_before(const struct nsga_rank *a, const struct nsga_rank *b);

struct nsga_problem {
    const struct tune_plan *plan;
    uint32_t n_evaluation; /* different settings at most */
    void *ctx;
    /* Fills objective and violation of n settings. 0, 1: stop, -1 with err. */
    int (*evaluate)(void *ctx,
                    uint32_t n,
                    const uint16_t *value /* [n * n_param] */,
                    double *objective,
                    double *violation,
                    struct err *err);
};

/*
 * All settings that were looked at, the best first (today's first of all): out_value[*out_n * n_param], the caller frees it. A function of
 * the problem and the stream. 0; 1: stopped, with what there was; -1.
 */
int rs_nsga_search(const struct nsga_problem *p,
                   struct stream *stream,
                   uint16_t **out_value,
                   uint32_t *out_n,
                   struct err *err);

#endif
