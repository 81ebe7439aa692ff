/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal of a run: every replica's history as bytes, in the run's own file, until the run is done. What a run comes to is
 * made by folding histories in replica order, so a run that died goes on by folding the journal and simulating the rest, a
 * shard is a journal of every n-th replica, and merging is folding several journals in turn: the same bits by construction.
 */
#ifndef VERIFY_JOURNAL_H
#define VERIFY_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "sim/err.h"

/* What must agree before histories may be folded together; stored in meta, told in the refusal. */
struct journal_key {
    const char
        *scenario_sha256; /* of the scenario and all the files it names, --traffic included */
    const char *scenario_file;
    const char *rollsim_version;
    uint64_t seed, n_budget;
    bool all_replicas, gsl_samplers;
    const char *claims;      /* those asked for, newline-separated; "" = all */
    uint64_t shard, n_shard; /* this file holds replicas i with i % n_shard == shard; 0, 1 = all */
};

struct
    journal; /* opaque, heap: an open file of another run or of this one's former life, for reading */

/*
 * Opens PATH, or PATH.part where there is only that. NULL with err: no such file, no record, damaged, of another version.
 * A run that is still being written by a living process is refused.
 */
struct journal *rs_journal_open(const char *path, struct err *err);
void rs_journal_close(struct journal *j); /* NULL ok */
/* Borrowed from the journal. */
const struct journal_key *rs_journal_key(const struct journal *j);
/* Is the run that wrote it over? Then its file holds verdicts and no journal (shards keep theirs). */
bool rs_journal_is_finished(const struct journal *j);
uint64_t rs_journal_count(const struct journal *j);
/* 0, or -1 naming the first difference in words: "another scenario (sha256 ...)", "seed 3, not 4". */
int rs_journal_matches(const struct journal *j, const struct journal_key *key, struct err *err);
/* 1 and the history of that replica; 0: it is not there; -1: damaged. */
int rs_journal_read(struct journal *j,
                    const struct scenario *sc,
                    uint64_t replica,
                    struct history *out,
                    struct err *err);

#endif
