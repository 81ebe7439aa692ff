/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside a run: the books that histories are entered in, one after the other. Whatever a history comes from (this thread or
 * another, another rank, a journal), it goes through rs_run_fold and in the order of the replicas; so what a run comes to does
 * not depend on where they were made.
 */
#ifndef VERIFY_RUN_PARTS_H
#define VERIFY_RUN_PARTS_H

#include "band.h"
#include "card.h"
#include "pick.h"
#include "record.h"
#include "run_engine.h"
#include "tally.h"

/* Everything that grows while replicas come in. */
struct reduction {
    const struct run_engine *engine;
    const struct scenario *scenario;
    const struct run_options *options;
    struct run_result *result;
    struct verdict
        *verdict; /* [n_claim] of claims that no replica decides; claim NULL for the others */
    struct tally *tally; /* [n_claim] in use for the others */
    int n_tally, n_open; /* of them all, and those that are not decided yet */
    struct spill *spill; /* where the books keep what grows with the number of replicas */
    struct card_book *card;
    struct pick_book *pick; /* the last three only when a record is kept, else NULL */
    struct band_book *band;
    struct record *record;
};

/* One of several parts of a run, each of which keeps every n-th history for a merge: it decides nothing. */
bool rs_run_is_shard(const struct run_options *opt);

/* Enters the next history. 0: go on; 1: every claim is decided, and no more are wanted; -1: the record failed. */
int rs_run_fold(struct reduction *r, const struct history *h, struct err *err);

/*
 * Opens the record, of which a run that goes on has the histories already. The last of them is run again: another build of
 * rollsim, or another machine's arithmetic, shows here and not as a record of two minds. 0 or -1. (run_resume.c)
 */
int rs_run_open_record(struct reduction *r, struct err *err);

/* All replicas that are wanted: those that are there already, then the others simulated. Sets result->enough and ->stopped. 0 or -1. */
int rs_run_replicas(struct reduction *r, struct err *err);

#endif
