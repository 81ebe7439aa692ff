/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading and writing a journal share: the open file, and its key as rows of meta. */
#ifndef VERIFY_JOURNAL_FILE_H
#define VERIFY_JOURNAL_FILE_H

#include <pthread.h>

#include <sqlite3.h>
#include <zstd.h>

#include "sim/arena.h"
#include "verify/journal.h"

/* A file that the scenario was read from. */
struct journal_source {
    const char *path, *sha256;
};

struct journal {
    char *path;     /* owned: of the record, without .part */
    char *file;     /* owned: what is open */
    int fd;         /* holds the lock of whoever writes; -1 = nobody may write */
    bool has_table; /* of histories: else it is the record of a run that is over */
    bool finished;  /* nothing is appended any more */
    bool overwrite; /* PATH may be, at the end */
    bool full;      /* it was for want of room that a call failed */
    bool failed;    /* the disk refused a write: no more of them */
    struct err why; /* then: what it said */
    struct arena *arena;
    struct journal_key key; /* texts in the arena */
    int n_source;
    struct journal_source *source; /* [n_source] in the arena */
    sqlite3 *sql;
    sqlite3_stmt *insert, *select;    /* made at first use */
    uint64_t n_committed, n_waiting;  /* histories */
    uint64_t n_bytes;                 /* packed, of all of them */
    pthread_mutex_t lock;             /* of all below, and of writing */
    int64_t commit_ns;                /* a commit is due so long after the last one */
    int64_t committed_at_ns, took_ns; /* the last commit: when it was done, and how long it took */
    struct bytes raw, packed;         /* the history at hand */
    ZSTD_CCtx *squeeze;
    ZSTD_DCtx *unsqueeze;
};

/* An empty struct for PATH; what is open comes later. */
struct journal *rs_journal_blank(const char *path);
/* "FILE: the disk's word", with what the machine itself says. -1. */
int rs_journal_sql_error(struct journal *j, struct err *err);
int rs_journal_execute(struct journal *j, const char *text, struct err *err);
/* Opens j->file with SQLite, to be read or written, and sets how it is written. 0 or -1. */
int rs_journal_connect(struct journal *j, bool write, struct err *err);
/* Ends the connection; the lock stays. */
void rs_journal_disconnect(struct journal *j);
/* Frees all, the lock too. */
void rs_journal_free(struct journal *j);

/* What an open file holds: not a journal, one without a single row of meta, or one whose key, sources and count are read now. */
enum journal_content { RS_JOURNAL_BAD = -1, RS_JOURNAL_EMPTY, RS_JOURNAL_THERE };
/* BAD with err: damaged, no record, of another version. A record without a journal is finished. */
enum journal_content rs_journal_load(struct journal *j, struct err *err);

/* Writes key and sources as rows. Within a transaction. 0 or -1. (journal_key.c) */
int rs_journal_put_key(struct journal *j, struct err *err);
/* Reads them; a check sum that does not fit is damage. 0 or -1. (journal_key.c) */
int rs_journal_get_key(struct journal *j, struct err *err);
/* Copies a key and the scenario's files into the journal. (journal_key.c) */
void rs_journal_take_key(struct journal *j,
                         const struct journal_key *key,
                         const struct scenario *sc);
/* Replicas that belong into this file. (journal_key.c) */
uint64_t rs_journal_share(const struct journal_key *key);

#endif
