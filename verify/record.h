/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of a run: one SQLite file, its schema in schema.sql. While the run is under way its histories are kept in
 * PATH.part (verify/journal.h), from which it can go on; the rows of the record are drafted in PATH.new, which is of no use
 * before it is whole and takes PATH's place then. A shard's record is its journal.
 */
#ifndef VERIFY_RECORD_H
#define VERIFY_RECORD_H

#include "band.h"
#include "pick.h"
#include "run_engine.h"
#include "verify/journal.h"

struct record; /* opaque, heap */

struct record_options {
    const char *path;
    bool overwrite;
    const struct journal_key *key;
    struct journal
        *resumed;      /* taken, also on failure: the run goes on with this one; NULL = it begins */
    int64_t commit_ns; /* as rs_journal_create */
};

/* NULL with *err filled when PATH exists and may not be overwritten, when there is an interrupted run, or the disk's word. */
struct record *rs_record_open(const struct record_options *opt,
                              const struct scenario *sc,
                              const struct run_engine *engine,
                              struct err *err);

/* A history of before, as rs_journal_read. */
int rs_record_read(struct record *r, uint64_t replica, struct history *out, struct err *err);
/* Commits what waits when that is due; what goes wrong is told by the next replica. NULL ok. */
void rs_record_tick(struct record *r);

/* All return 0 or -1. */
int rs_record_replica(struct record *r, const struct history *h, struct err *err);
int rs_record_chosen(struct record *r, const struct pick *p, struct err *err);
int rs_record_history(struct record *r,
                      const struct history *h,
                      struct err *err); /* trace and trajectories, once per replica */
int rs_record_result(struct record *r, const struct run_result *result, struct err *err);
int rs_record_bands(struct record *r, const struct band_book *b, struct err *err);

/* Makes it last and gives it its name. Frees r in any case; on failure the histories are kept. */
int rs_record_finish(struct record *r, struct err *err);
/* The run goes on another time: its histories last when this returns 0. Frees r in any case. */
int rs_record_pause(struct record *r, struct err *err);
/* Leaves nothing behind. NULL ok. */
void rs_record_abandon(struct record *r);

#endif
