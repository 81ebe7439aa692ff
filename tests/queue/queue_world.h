/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service, one path or two, up to two pools; the request engine without anything around it. */
#ifndef TESTS_QUEUE_WORLD_H
#define TESTS_QUEUE_WORLD_H

#include "models/system.h"
#include "sim/clock.h"
#include "system/queue.h"

/* Tests change what they need between world_init and world_start. */
struct world {
    struct scenario sc;
    struct service service;
    struct path path[2]; /* the first is taken; the second, if any, is for fallbacks */
    struct cohort cohort;
    struct traffic traffic;
    struct dependency dependency[2];
    struct fault fault;
    double rate;
    const int *uses;
    struct kernel *kernel;
    struct label_table *labels;
    struct tsdb *db;
    struct system *sys;
};

/* Poisson at 1/s, service exponential of mean 1 s, nothing limited; histogram bounds 0.5, 1, 2, ... 64 s. */
void world_init(struct world *w);
/* Recorded calls at these instants instead. */
void world_calls(struct world *w, int n, const double *at_s);
void world_start(struct world *w);
void world_reset(struct world *w, uint64_t replica, bool fault);
void world_run(struct world *w, double until_s);
void world_clear(struct world *w);

/* No limit but these. */
struct capacity world_capacity(int n_worker, int n_place, double timeout_s);

struct seen { /* so far */
    uint64_t n_ok, n_500, n_503, n_504, n;
    double latency_s; /* sum over all answers, also those that failed */
};
struct seen world_seen(struct world *w);

#endif
