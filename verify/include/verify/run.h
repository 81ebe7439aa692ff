/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run: many replicas of one scenario, reduced in replica order to verdicts, the timing card and bands. */
#ifndef VERIFY_RUN_H
#define VERIFY_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/replica.h"
#include "verify/claim.h"

struct journal; /* verify/journal.h */
struct ranks;   /* sim/ranks.h */

struct run_options {
    uint64_t n_replica, seed; /* n_replica: the most that are run */
    int n_job;                /* >= 1 */
    bool all_replicas; /* run them all; false: no more once every statistical claim is decided */
    bool gsl_samplers; /* replica_options.gsl_samplers */
    int n_left_out; /* claims of the scenario's file that were not asked for, for the reports to say so */
    const char *
        replay_words; /* what `rollsim rehearse` needs to tell these histories, or NULL: " --traffic a=b" */
    const char *
        db_path; /* record here, or NULL. It has its name once it is whole; an existing file is an error unless overwrite */
    bool overwrite;
    /*
     * Goes on with a run that was cut short, which is the one at db_path. Taken, also on failure; what it was run with must agree
     * with these options. NULL: a run begins, and one that was cut short is not written over unless `overwrite`.
     */
    struct journal *resume;
    int64_t commit_ns;   /* how often what was done is made to last; 0 = every second */
    const char *traffic; /* SERVICE=FILE, a line each, for the journal; NULL = none */
    /*
     * Histories that are there already, from a run that was cut short or from shards (verify/journal.h): read gives 1 and replica's
     * history, 0 when it has none of it, -1 on failure. It is asked in the order of the replicas; from the first that it has not on
     * they are simulated. NULL: all are.
     */
    int (*read)(void *ctx,
                const struct scenario *sc,
                uint64_t replica,
                struct history *out,
                struct err *err);
    void *read_ctx;
    bool merge; /* they are all there, in shards: no second copy is kept to go on from */
    /*
     * n_shard > 1: this run is a part of one over several machines. It keeps the histories of the replicas i with
     * i % n_shard == shard in its record's journal and decides nothing; merging the parts does.
     */
    uint64_t shard, n_shard; /* 0, 1 (or 0, 0): the whole */
    struct ranks *ranks;     /* processes that run replicas, too; this is rank 0. NULL: none */
    /* Once it is true the run ends as if the tick had said so, also in the middle of a replica. May be NULL. */
    const atomic_bool *cancel;
    /* Progress: called now and then on the calling thread; return true to stop early (Ctrl-C). May be NULL. */
    bool (*tick)(void *ctx, uint64_t n_done, uint64_t n_total);
    void *tick_ctx;
};

/* One row of the timing card: a leg of the rollback clock for one rollback scenario (fault, procedure). */
struct card_leg {
    enum clock_mark from, to;
    uint64_t n;                        /* episodes with both ends */
    uint64_t n_open;                   /* episodes with `from` and without `to` */
    double s_p50, s_p95, s_p99, s_max; /* seconds; NaN without samples */
    double s_best_world,
        s_worst_world; /* smallest and largest median over the worlds; NaN without samples */
    uint64_t worst_replica;
};

#define RS_CARD_MAX_LEG 16
struct card {           /* one rollback scenario */
    int fault;          /* -1 = false alarms */
    int procedure;      /* -1: the fault came up and nothing was ever executed under it; no legs */
    uint64_t n_present; /* replicas with the fault present and started; fault -1: all replicas */
    uint64_t n_episode; /* of them with this procedure executed */
    uint64_t n_missed;  /* of them where no procedure at all was executed */
    double sla_s;       /* INFINITY = none */
    uint64_t n_within;  /* detected -> completed within the SLA */
    struct interval
        within; /* at 0.95: Clopper-Pearson if all replicas were asked for, else the confidence sequence */
    int n_leg;
    struct card_leg leg[RS_CARD_MAX_LEG]; /* consecutive legs, then detected -> completed last */
};

struct run_result { /* owned: rs_run_result_clear */
    const struct scenario *scenario;
    uint64_t n_replica, seed;
    uint64_t n_budget;        /* replicas that might have been run */
    bool gsl_samplers;        /* as asked for */
    int n_left_out;           /* as asked for, with the next */
    const char *replay_words; /* borrowed */
    bool stopped;             /* the tick said so: fewer than were wanted */
    bool
        enough; /* every statistical claim was decided before the budget was spent, and no more were asked for */
    int n_verdict;
    struct verdict *verdict;
    int n_card;
    struct card *card;
    uint64_t outcome[RS_OUTCOME_N];
    /* outcome by fault: [(fault + 1) * RS_OUTCOME_N + outcome] */
    uint64_t *outcome_by_fault;
    uint64_t n_false_rollback,
        n_no_fault;      /* of n_no_fault replicas without a fault so many were rolled back */
    struct arena *arena; /* owns what the verdicts name */
};

int rs_run(const struct scenario *sc,
           const struct run_options *opt,
           struct run_result *out,
           struct err *err);
void rs_run_result_clear(struct run_result *r);

/*
 * What the other ranks do meanwhile: run replicas for rank 0, with the scenario and the options that it has; only what decides
 * histories and n_job is looked at. Comes back when rank 0 is done with them. sc NULL: this rank cannot, and why.
 */
void rs_run_serve(const struct scenario *sc, const struct run_options *opt, const struct err *why);

/* Exit status of a run: 1 if a claim is violated, else 3 if one is undecided, else 0. */
int rs_run_status(const struct run_result *r);

#endif
