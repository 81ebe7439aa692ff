/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small made-up scenario, a kernel, a tsdb and the system over them. Tests change the scenario before fixture_start. */
#ifndef TESTS_SYSTEM_FIXTURE_H
#define TESTS_SYSTEM_FIXTURE_H

#include "models/system.h"
#include "sim/clock.h"

/* Services: "dash" (2 instances, paths new and old) and "portal" (3 instances, paths new and old). */
enum { DASH, PORTAL, N_SERVICE };
enum { NEW, OLD, N_PATH };
enum {
    READS,
    MIGRATE,
    N_FLAG
}; /* READS: polled every 15 s, chooses dash's path; MIGRATE: streamed at once, portal's */
enum { STAFF, AGENTS, N_COHORT }; /* 500 and 20000 users; staff calls dash, agents call portal */
enum { CACHE, N_COMPONENT };

struct fixture {
    struct arena *arena;
    struct scenario sc;
    struct service service[N_SERVICE];
    struct path path[N_SERVICE][N_PATH];
    struct counter counter[N_SERVICE][2];
    struct flag flag[N_FLAG];
    struct cohort cohort[N_COHORT];
    struct traffic traffic[3];
    struct dependency dependency;
    struct component component[N_COMPONENT];
    struct fault fault[2]; /* [0] on dash's new path, [1] on portal's; sc.n_fault = 2 */
    double rate[3];
    struct kernel *kernel;
    struct label_table *labels;
    struct tsdb *db;
    struct system *sys;
    /* What the sink was told. */
    int n_effective, n_total, n_onset, n_first_bad, n_end, n_residue_end;
    bool residue_left;
    int64_t effective_at_ns[16], onset_ns, first_bad_ns, end_ns, residue_end_ns;
};

void fixture_init(struct fixture *f);
void fixture_start(struct fixture *f); /* makes the system */
/* The series of this metric, service and instance with one more label (NULL = none). Retains span_s of it. */
int fixture_series(struct fixture *f,
                   const char *metric,
                   int service,
                   int instance,
                   const char *name,
                   const char *value,
                   double span_s);
/* A new replica of world 0 (seed 1) at time 0. */
void fixture_reset(struct fixture *f, uint64_t replica, int fault);
void fixture_run(struct fixture *f, double until_s);
void fixture_clear(struct fixture *f);

/* Wall clock of the fixture, ms. */
int64_t fixture_ms(double t_s);
/* Reads a series up to now; its newest sample, or NULL. */
const struct sample *fixture_read(struct fixture *f, int series);

#endif
