/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal that is read: opened, looked over, and its histories one by one. */
#include "verify/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_file.h"
#include "run_file.h"
#include "verify/store.h"

/* No history is larger; what says so is damaged. */
#define RAW_BYTES_MAX (UINT64_C(1) << 30)

/* ---- the open file --------------------------------------------------------------------------------------------------- */

struct journal *rs_journal_blank(const char *path)
{
    struct journal *j = rs_xcalloc(1, sizeof *j);
    j->path = rs_xstrdup(path);
    j->file = rs_run_file_name(path, ".part");
    j->fd = -1;
    j->arena = rs_arena_new();
    pthread_mutex_init(&j->lock, NULL);
    return j;
}

int rs_journal_sql_error(struct journal *j, struct err *err)
{
    int code = sqlite3_errcode(j->sql), why = sqlite3_system_errno(j->sql);
    j->full = code == SQLITE_FULL || (code == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT));
    if (j->full)
        return rs_err_set(err, RS_E_IO, "%s: the disk is full", j->file);
    if (code == SQLITE_NOTADB)
        return rs_err_set(err, RS_E_USAGE, "%s is not the record of a rollsim run", j->file);
    if (code == SQLITE_READONLY)
        return rs_err_set(err, RS_E_USAGE, "%s cannot be written", j->file);
    /* An error in a statement of ours is one in the tables that it speaks of. */
    if (code == SQLITE_CORRUPT || code == SQLITE_ERROR)
        return rs_err_set(err, RS_E_USAGE, "%s is damaged: %s", j->file, sqlite3_errmsg(j->sql));
    if (code == SQLITE_IOERR && why != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s: %s", j->file, sqlite3_errmsg(j->sql),
                          strerror(why));
    return rs_err_set(err, RS_E_IO, "%s: %s", j->file, sqlite3_errmsg(j->sql));
}

int rs_journal_execute(struct journal *j, const char *text, struct err *err)
{
    return sqlite3_exec(j->sql, text, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                     : rs_journal_sql_error(j, err);
}

int rs_journal_connect(struct journal *j, bool write, struct err *err)
{
    int flags = (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(j->file, &j->sql, flags, NULL) != SQLITE_OK)
        return rs_journal_sql_error(j, err);
    /* What is damaged is met with suspicion. */
    if (rs_journal_execute(j, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", err) != 0)
        return -1;
    if (!write)
        return 0;
    /*
     * A transaction that only adds rows touches few old pages, so SQLite's rollback journal is small; FULL waits for it, for the
     * pages, and for the end of the journal. The page size is pinned, so that a file is a function of its content; the
     * cache is small, since rows come in order and memory is not to grow with them.
     */
    return rs_journal_execute(j,
                              "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE;"
                              "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;"
                              "PRAGMA cache_size=-256",
                              err);
}

void rs_journal_disconnect(struct journal *j)
{
    sqlite3_finalize(j->insert);
    sqlite3_finalize(j->select);
    j->insert = j->select = NULL;
    int rc = sqlite3_close(j->sql);
    assert(rc == SQLITE_OK);
    (void)rc;
    j->sql = NULL;
}

void rs_journal_free(struct journal *j)
{
    rs_journal_disconnect(j);
    if (j->fd >= 0)
        close(j->fd);
    pthread_mutex_destroy(&j->lock);
    ZSTD_freeCCtx(j->squeeze);
    ZSTD_freeDCtx(j->unsqueeze);
    free(j->raw.p);
    free(j->packed.p);
    rs_arena_free(j->arena);
    free(j->path);
    free(j->file);
    free(j);
}

void rs_journal_close(struct journal *j)
{
    if (j)
        rs_journal_free(j);
}

/* ---- looked over ----------------------------------------------------------------------------------------------------- */

/* The first row of a query as numbers. 1; 0: no row; -1: the disk's word. */
static int numbers(struct journal *j, const char *text, int n, int64_t *out, struct err *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(j->sql, text, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    for (int i = 0; rc == SQLITE_ROW && i < n; i++)
        out[i] = sqlite3_column_int64(st, i);
    int got = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : rs_journal_sql_error(j, err);
    sqlite3_finalize(st);
    return got;
}

/* SQLite's own look at every page. A damage that it cannot see is one that the check sums of key and histories see. */
static int check_pages(struct journal *j, struct err *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(j->sql, "PRAGMA quick_check(1)", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    int failed = 0;
    if (rc != SQLITE_ROW) {
        failed = rs_journal_sql_error(j, err);
    } else {
        const char *says = (const char *)sqlite3_column_text(st, 0);
        if (!says || strcmp(says, "ok") != 0)
            failed =
                rs_err_set(err, RS_E_USAGE, "%s is damaged: %s", j->file, says ? says : "no word");
    }
    sqlite3_finalize(st);
    return failed;
}

/* Whether the rows are the shard's first replicas without a gap. */
static int check_rows(struct journal *j, struct err *err)
{
    int64_t row[4] = {0};
    const struct journal_key *key = &j->key;
    if (numbers(j, "SELECT count(*), min(replica), max(replica), sum(length(history)) FROM journal",
                4, row, err) < 0)
        return -1;
    uint64_t n = (uint64_t)row[0];
    j->n_committed = n;
    j->n_bytes = (uint64_t)row[3];
    bool whole = n == 0 || ((uint64_t)row[1] == key->shard &&
                            (uint64_t)row[2] == key->shard + (n - 1) * key->n_shard);
    if (whole && n <= rs_journal_share(key) && (!j->finished || n == rs_journal_share(key)))
        return 0;
    return rs_err_set(err, RS_E_USAGE, "%s is damaged: its histories are not without a gap",
                      j->file);
}

enum journal_content rs_journal_load(struct journal *j, struct err *err)
{
    int64_t id = 0, version = 0, n_page = 0, n_table = 0;
    if (numbers(j, "PRAGMA page_count", 1, &n_page, err) < 0)
        return RS_JOURNAL_BAD;
    if (n_page == 0)
        return RS_JOURNAL_EMPTY;
    if (numbers(j, "PRAGMA application_id", 1, &id, err) < 0 ||
        numbers(j, "PRAGMA user_version", 1, &version, err) < 0)
        return RS_JOURNAL_BAD;
    if (id != RS_STORE_APPLICATION_ID)
        return rs_store_refuse(id, j->file, err);
    if (version < RS_STORE_VERSION_OLDEST || version > RS_STORE_VERSION)
        return rs_err_set(err, RS_E_USAGE,
                          "%s has schema version %lld; this rollsim reads versions %d to %d",
                          j->file, (long long)version, RS_STORE_VERSION_OLDEST, RS_STORE_VERSION);
    if (check_pages(j, err) != 0 ||
        numbers(j, "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'journal')", 1,
                &n_table, err) < 0)
        return RS_JOURNAL_BAD;
    j->has_table = n_table == 2;
    j->finished = !j->has_table;
    if (rs_journal_get_key(j, err) != 0 || (j->has_table && check_rows(j, err) != 0))
        return RS_JOURNAL_BAD;
    return RS_JOURNAL_THERE;
}

static int open_part(struct journal *j, struct err *err)
{
    j->fd = rs_run_file_lock(j->file, false, err);
    if (j->fd < 0 || rs_journal_connect(j, true, err) != 0)
        return -1;
    switch (rs_journal_load(j, err)) {
    case RS_JOURNAL_BAD: return -1;
    case RS_JOURNAL_EMPTY:
        return rs_err_set(err, RS_E_USAGE,
                          "%s holds nothing yet: the run ended before it began; start it anew",
                          j->file);
    case RS_JOURNAL_THERE: break;
    }
    if (!j->has_table)
        return rs_err_set(err, RS_E_USAGE, "%s is no journal of a run", j->file);
    if (j->key.merge)
        return rs_err_set(err, RS_E_USAGE,
                          "%s is of a merge that was cut short: merge the shards again", j->file);
    j->finished = false; /* a shard that died before its rename: all that is left to do is that */
    return 0;
}

static int open_finished(struct journal *j, struct err *err)
{
    free(j->file);
    j->file = rs_xstrdup(j->path);
    if (access(j->file, R_OK) != 0)
        return rs_err_set(err, RS_E_USAGE, "%s: %s", j->file, strerror(errno));
    if (rs_journal_connect(j, false, err) != 0)
        return -1;
    enum journal_content content = rs_journal_load(j, err);
    if (content == RS_JOURNAL_EMPTY)
        return rs_err_set(err, RS_E_USAGE, "%s is not the record of a rollsim run", j->file);
    return content == RS_JOURNAL_BAD ? -1 : 0;
}

struct journal *rs_journal_resume(const char *path, struct err *err)
{
    struct journal *j = rs_journal_blank(path);
    if (!rs_run_file_is_there(j->file) && !rs_run_file_is_there(path)) {
        rs_err_set(err, RS_E_USAGE, "there is neither %s nor %s: nothing to go on with", j->file,
                   path);
    } else if ((rs_run_file_is_there(j->file) ? open_part(j, err) : open_finished(j, err)) == 0) {
        return j;
    }
    rs_journal_free(j);
    return NULL;
}

struct journal *rs_journal_open(const char *path, struct err *err)
{
    struct journal *j = rs_journal_blank(path);
    if (!rs_run_file_is_there(path) && rs_run_file_is_there(j->file))
        rs_err_set(err, RS_E_USAGE, "%s is unfinished: rollsim verify --resume %s goes on", j->file,
                   path);
    else if (open_finished(j, err) == 0)
        return j;
    rs_journal_free(j);
    return NULL;
}

const struct journal_key *rs_journal_key(const struct journal *j)
{
    return &j->key;
}

bool rs_journal_is_finished(const struct journal *j)
{
    return j->finished;
}

bool rs_journal_overwrites(const struct journal *j)
{
    return j->overwrite;
}

uint64_t rs_journal_count(const struct journal *j)
{
    return j->n_committed + j->n_waiting;
}

uint64_t rs_journal_wanted(const struct journal *j)
{
    return rs_journal_share(&j->key);
}

/* ---- one history ----------------------------------------------------------------------------------------------------- */

/* Unpacks into j->raw. 0, or -1: no whole frame. */
static int unpack(struct journal *j, const void *p, size_t n)
{
    unsigned long long size = ZSTD_getFrameContentSize(p, n);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > RAW_BYTES_MAX)
        return -1;
    if (size > j->raw.cap) {
        /* Zeroed: what a damaged size asks for takes no memory before it is written to. */
        free(j->raw.p);
        j->raw.p = rs_xcalloc(1, (size_t)size);
        j->raw.cap = (size_t)size;
    }
    if (!j->unsqueeze)
        j->unsqueeze = ZSTD_createDCtx();
    size_t got = ZSTD_decompressDCtx(j->unsqueeze, j->raw.p, j->raw.cap, p, n);
    j->raw.n = ZSTD_isError(got) ? 0 : got;
    return ZSTD_isError(got) || got != size ? -1 : 0;
}

static int decode(struct journal *j,
                  const struct scenario *sc,
                  uint64_t replica,
                  struct history *out,
                  struct err *err)
{
    const void *p = sqlite3_column_blob(j->select, 0);
    struct err why = {0};
    if (p && unpack(j, p, (size_t)sqlite3_column_bytes(j->select, 0)) == 0 &&
        rs_history_decode(out, sc, j->raw.p, j->raw.n, &why) == 0 && out->replica == replica)
        return 1;
    return rs_err_set(err, RS_E_USAGE, "%s is damaged: history %" PRIu64 " cannot be read", j->file,
                      replica);
}

int rs_journal_read(struct journal *j,
                    const struct scenario *sc,
                    uint64_t replica,
                    struct history *out,
                    struct err *err)
{
    if (!j->select &&
        sqlite3_prepare_v3(j->sql, "SELECT history FROM journal WHERE replica = ?", -1,
                           SQLITE_PREPARE_PERSISTENT, &j->select, NULL) != SQLITE_OK)
        return rs_journal_sql_error(j, err);
    sqlite3_bind_int64(j->select, 1, (int64_t)replica);
    int rc = sqlite3_step(j->select);
    int got = rc == SQLITE_ROW    ? decode(j, sc, replica, out, err)
              : rc == SQLITE_DONE ? 0
                                  : rs_journal_sql_error(j, err);
    sqlite3_reset(j->select);
    return got;
}
