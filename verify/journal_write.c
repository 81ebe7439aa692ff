/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A journal that is written: made, appended to, committed now and then, and ended. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal_file.h"
#include "run_file.h"
#include "schema_text.h"
#include "sim/clock.h"

/* Fast and close to what the higher levels reach: histories are packed closely already. */
#define ZSTD_LEVEL 1
/* Waiting for a slow disk may take a fiftieth of the time. */
#define COMMIT_SHARE 50

static int64_t wall_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * RS_NS_PER_S + now.tv_nsec;
}

/* What the machine keeps beside an open database; of no use without it. */
static void remove_companion(const struct journal *j)
{
    char *name = rs_run_file_name(j->file, "-journal");
    (void)unlink(name);
    free(name);
}

/* ---- made ------------------------------------------------------------------------------------------------------------ */

/* An old file of that name: of no loss (1), or what is to be said. A file that nobody can read is replaced when asked to. */
static int look_at_old(struct journal *j, bool overwrite, struct err *err)
{
    struct err why = {0};
    enum journal_content content =
        rs_journal_connect(j, true, &why) == 0 ? rs_journal_load(j, &why) : RS_JOURNAL_BAD;
    uint64_t n = rs_journal_count(j),
             n_all = content == RS_JOURNAL_THERE && !j->finished ? rs_journal_share(&j->key) : 0;
    rs_journal_disconnect(j);
    j->n_committed = 0;
    j->finished = false;
    if (content == RS_JOURNAL_EMPTY || (content == RS_JOURNAL_THERE && n == 0))
        return 0;
    if (overwrite)
        return rs_run_file_may_replace(j->file, true, err);
    if (content == RS_JOURNAL_BAD)
        return rs_err_set(err, RS_E_USAGE, "%s; --force starts anew", why.text);
    return rs_err_set(err, RS_E_USAGE,
                      "%s holds %" PRIu64 " of %" PRIu64
                      " replicas of an interrupted run; --resume %s goes on, --force starts anew",
                      j->file, n, n_all, j->path);
}

static int take_file(struct journal *j, bool overwrite, struct err *err)
{
    struct stat about;
    if (rs_run_file_may_replace(j->path, overwrite, err) != 0)
        return -1;
    j->fd = rs_run_file_lock(j->file, true, err);
    if (j->fd < 0)
        return -1;
    if (fstat(j->fd, &about) == 0 && about.st_size > 0 && look_at_old(j, overwrite, err) != 0)
        return -1;
    if (ftruncate(j->fd, 0) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", j->file, strerror(errno));
    remove_companion(j);
    return 0;
}

static int fill(struct journal *j, struct err *err)
{
    if (rs_journal_connect(j, true, err) != 0 || rs_journal_execute(j, "BEGIN", err) != 0 ||
        rs_journal_execute(j, rs_journal_schema_text, err) != 0 ||
        rs_journal_put_key(j, err) != 0 || rs_journal_execute(j, "COMMIT", err) != 0)
        return -1;
    rs_run_file_sync_folder(j->file);
    return 0;
}

struct journal *rs_journal_create(const char *path,
                                  bool overwrite,
                                  const struct journal_key *key,
                                  const struct scenario *sc,
                                  int64_t commit_ns,
                                  struct err *err)
{
    struct journal *j = rs_journal_blank(path);
    j->commit_ns = commit_ns;
    if (take_file(j, overwrite, err) != 0) {
        rs_journal_free(j);
        return NULL;
    }
    j->overwrite = overwrite;
    rs_journal_take_key(j, key, sc);
    if (fill(j, err) == 0)
        return j;
    rs_journal_remove(j);
    return NULL;
}

void rs_journal_set_commit(struct journal *j, int64_t commit_ns)
{
    j->commit_ns = commit_ns;
}

bool rs_journal_is_full(const struct journal *j)
{
    return j->full;
}

uint64_t rs_journal_bytes(const struct journal *j)
{
    return rs_run_file_bytes(j->file);
}

/* ---- appended to ----------------------------------------------------------------------------------------------------- */

/* After a failure nobody asks how far the transaction came: it is undone as a whole. */
static int give_up(struct journal *j, struct err *err)
{
    rs_journal_sql_error(j, &j->why);
    rs_err_set(err, j->why.code, "%s", j->why.text);
    j->failed = true;
    j->n_waiting = 0;
    if (!sqlite3_get_autocommit(j->sql))
        (void)sqlite3_exec(j->sql, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

static int commit(struct journal *j, struct err *err)
{
    if (j->n_waiting == 0 || j->failed)
        return 0;
    int64_t began_ns = wall_ns();
    if (sqlite3_exec(j->sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return give_up(j, err);
    j->n_committed += j->n_waiting;
    j->n_waiting = 0;
    j->committed_at_ns = wall_ns();
    j->took_ns = j->committed_at_ns - began_ns;
    return 0;
}

static int commit_if_due(struct journal *j, struct err *err)
{
    int64_t wait_ns = j->commit_ns;
    if (wait_ns == 0)
        wait_ns = j->took_ns > RS_NS_PER_S / COMMIT_SHARE ? COMMIT_SHARE * j->took_ns : RS_NS_PER_S;
    return wall_ns() - j->committed_at_ns >= wait_ns ? commit(j, err) : 0;
}

static void pack(struct journal *j, const struct history *h)
{
    rs_history_encode(h, &j->raw);
    size_t most = ZSTD_compressBound(j->raw.n);
    if (most > j->packed.cap) {
        j->packed.p = rs_xrealloc(j->packed.p, most);
        j->packed.cap = most;
    }
    if (!j->squeeze)
        j->squeeze = ZSTD_createCCtx();
    j->packed.n = ZSTD_compressCCtx(j->squeeze, j->packed.p, most, j->raw.p, j->raw.n, ZSTD_LEVEL);
    assert(!ZSTD_isError(j->packed.n));
}

static int insert(struct journal *j, uint64_t replica)
{
    if (!j->insert && sqlite3_prepare_v3(j->sql, "INSERT INTO journal VALUES (?, ?)", -1,
                                         SQLITE_PREPARE_PERSISTENT, &j->insert, NULL) != SQLITE_OK)
        return -1;
    if (j->n_waiting == 0 && sqlite3_exec(j->sql, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return -1;
    sqlite3_bind_int64(j->insert, 1, (int64_t)replica);
    sqlite3_bind_blob64(j->insert, 2, j->packed.p, j->packed.n, SQLITE_STATIC);
    int rc = sqlite3_step(j->insert);
    if (rc == SQLITE_DONE)
        rc = sqlite3_reset(j->insert);
    return rc == SQLITE_OK ? 0 : -1;
}

static int append(struct journal *j, const struct history *h, struct err *err)
{
    assert(h->replica == j->key.shard + rs_journal_count(j) * j->key.n_shard);
    pack(j, h);
    if (insert(j, h->replica) != 0)
        return give_up(j, err);
    j->n_waiting++;
    j->n_bytes += j->packed.n;
    return commit_if_due(j, err);
}

int rs_journal_append(struct journal *j, const struct history *h, struct err *err)
{
    assert(!j->finished);
    pthread_mutex_lock(&j->lock);
    int rc = j->failed ? rs_err_set(err, j->why.code, "%s", j->why.text) : append(j, h, err);
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int rs_journal_tick(struct journal *j, struct err *err)
{
    pthread_mutex_lock(&j->lock);
    int rc = commit_if_due(j, err);
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int rs_journal_commit(struct journal *j, struct err *err)
{
    pthread_mutex_lock(&j->lock);
    int rc = commit(j, err);
    pthread_mutex_unlock(&j->lock);
    return rc;
}

/* ---- ended ----------------------------------------------------------------------------------------------------------- */

void rs_journal_remove(struct journal *j)
{
    rs_journal_disconnect(j);
    (void)unlink(j->file);
    remove_companion(j);
    rs_journal_free(j);
}

int rs_journal_pause(struct journal *j, struct err *err)
{
    int rc = rs_journal_commit(j, err);
    if (rs_journal_count(j) == 0) {
        rs_journal_remove(j);
    } else {
        rs_journal_disconnect(j);
        if (!j->failed) /* else it is still needed to undo what failed */
            remove_companion(j);
        rs_journal_free(j);
    }
    return rc;
}

int rs_journal_finish(struct journal *j, struct err *err)
{
    int rc = rs_journal_commit(j, err);
    if (rc == 0)
        rc = rs_journal_execute(j, "UPDATE meta SET value = 'finished' WHERE key = 'state'", err);
    rs_journal_disconnect(j);
    if (rc == 0) {
        remove_companion(j);
        rc = rs_run_file_publish(j->file, j->path, j->overwrite, err);
    }
    rs_journal_free(j);
    return rc;
}
