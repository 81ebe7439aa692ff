/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal of a run: every replica's history as bytes, in a file beside the run's own, until the run is done. What a run
 * comes to is made by folding histories in replica order, so a run that died goes on by folding the journal and simulating
 * the rest, a shard is a journal of every n-th replica, and merging is folding several journals in turn: the same bits by
 * construction.
 *
 * While a run is under way its journal is PATH.part, a SQLite file (verify/journal.sql) whose writer holds a lock on it. What
 * was appended is made to last about every second, by a transaction that survives kill -9, a full disk and a power cut. When
 * the record of the run has its name, the journal goes; a shard's journal is its record and is given the name itself.
 */
#ifndef VERIFY_JOURNAL_H
#define VERIFY_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "sim/err.h"

struct scenario;

/* What must agree before histories may be folded together; stored in meta, told in the refusal. */
struct journal_key {
    const char
        *scenario_sha256; /* of the scenario and all the files it names, --traffic included */
    const char *scenario_file;
    const char *rollsim_version;
    uint64_t seed, n_budget;
    bool all_replicas, gsl_samplers;
    const char *claims;      /* those asked for, newline-separated; "" = all */
    const char *traffic;     /* SERVICE=FILE as given, newline-separated; "" = none */
    uint64_t shard, n_shard; /* this file holds replicas i with i % n_shard == shard; 0, 1 = all */
    bool merge;              /* the shards have the histories: none are here to go on with */
};

struct journal; /* opaque, heap: an open journal, to be written or of another run */

/* ---- reading, and going on ------------------------------------------------------------------------------------------- */

/*
 * Opens the journal for going on: PATH.part, or PATH itself where there is only that, which is then finished. NULL with err:
 * no such file, no record, damaged, of another version, of a merge. A run that is being written by a living process is refused.
 */
struct journal *rs_journal_resume(const char *path, struct err *err);
/* Opens a finished shard for merging, at PATH. Refuses what rs_journal_resume does, and a shard that is unfinished. */
struct journal *rs_journal_open(const char *path, struct err *err);
/* What was appended and not committed is lost. NULL ok. */
void rs_journal_close(struct journal *j);

/* Borrowed from the journal. The key of a finished record that is no shard holds what its meta tells. */
const struct journal_key *rs_journal_key(const struct journal *j);
/* Is the run that wrote it over? Then its file holds verdicts and no journal (shards keep theirs). */
bool rs_journal_is_finished(const struct journal *j);
/* Histories in it, which are those of the shard's first replicas in order: shard, shard + n_shard, ... */
uint64_t rs_journal_count(const struct journal *j);
/* Histories that it is to hold, should no claim be decided before. */
uint64_t rs_journal_wanted(const struct journal *j);
/*
 * 0, or -1 naming the first difference in words: "another scenario (sha256 ...)", "seed 3, not 4". sc, if not NULL, is that
 * of the key: the files that differ are named. Shards of one run match: shard itself is not compared, n_shard is.
 */
int rs_journal_matches(const struct journal *j,
                       const struct journal_key *key,
                       const struct scenario *sc,
                       struct err *err);
/* 1 and the history of that replica; 0: it is not there; -1: damaged. */
int rs_journal_read(struct journal *j,
                    const struct scenario *sc,
                    uint64_t replica,
                    struct history *out,
                    struct err *err);

/* ---- writing --------------------------------------------------------------------------------------------------------- */

/*
 * Makes PATH.part anew, empty. One that is there already is an error when it holds replicas of an interrupted run, unless
 * overwrite; as is one that another process writes, in any case. So is a PATH that may not be overwritten at the end.
 *   commit_ns  appended histories wait so long for the commit; 0 = a second, longer on a disk that is slow
 */
struct journal *rs_journal_create(const char *path,
                                  bool overwrite,
                                  const struct journal_key *key,
                                  const struct scenario *sc,
                                  int64_t commit_ns,
                                  struct err *err);
/* The same for a journal that is gone on with. */
void rs_journal_set_commit(struct journal *j, int64_t commit_ns);
/* Whether PATH may be overwritten at the end, as rs_journal_create was told; kept over a resume. */
bool rs_journal_overwrites(const struct journal *j);

/*
 * Takes the next history, which must be the next in order (assert). Commits when that is due. May be called on any thread.
 * 0 or -1 (the disk's word); after a failure the journal is as at its last commit and takes no more.
 */
int rs_journal_append(struct journal *j, const struct history *h, struct err *err);
/* Commits what waits if that is due: for those who have time while histories are long in coming. 0 or -1. */
int rs_journal_tick(struct journal *j, struct err *err);
/* Whether it was for want of room that a call failed. */
bool rs_journal_is_full(const struct journal *j);
/* Bytes that it takes on the disk. */
uint64_t rs_journal_bytes(const struct journal *j);
/* Commits what waits, now. 0 or -1. */
int rs_journal_commit(struct journal *j, struct err *err);
/* The run goes on another time: commits and closes. Without a single history the file is removed. 0 or -1; closed in any case. */
int rs_journal_pause(struct journal *j, struct err *err);
/* The run is over and its record has its name: removes PATH.part and closes. */
void rs_journal_remove(struct journal *j);
/* A shard is over: commits, marks it finished, syncs, renames PATH.part to PATH. 0 or -1; closed in any case. */
int rs_journal_finish(struct journal *j, struct err *err);

#endif
