/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "schema_text.h"
#include "sim/arena.h"
#include "verify/store.h"

static const char *const table_names[RS_TABLE_N] = {
    [RS_TABLE_META] = "meta",
    [RS_TABLE_STAGE] = "stage",
    [RS_TABLE_FLAG] = "flag",
    [RS_TABLE_SERVICE] = "service",
    [RS_TABLE_FAULT] = "fault",
    [RS_TABLE_PROCEDURE] = "procedure",
    [RS_TABLE_THRESHOLD] = "threshold",
    [RS_TABLE_ASSUMPTION] = "assumption",
    [RS_TABLE_REPLICA] = "replica",
    [RS_TABLE_EPISODE] = "episode",
    [RS_TABLE_CHOSEN] = "chosen",
    [RS_TABLE_TRACE] = "trace",
    [RS_TABLE_TRAJECTORY] = "trajectory",
    [RS_TABLE_BAND] = "band",
    [RS_TABLE_VERDICT] = "verdict",
    [RS_TABLE_VERDICT_STEP] = "verdict_step",
    [RS_TABLE_VERDICT_PREMISE] = "verdict_premise",
    [RS_TABLE_FINDING] = "finding",
    [RS_TABLE_EVIDENCE] = "evidence",
    [RS_TABLE_CARD] = "card",
    [RS_TABLE_CARD_SUMMARY] = "card_summary",
};

struct database {
    char *path, *part; /* owned */
    int part_fd;       /* holds the lock of whoever writes the part; -1 = not ours */
    bool overwrite;
    sqlite3 *sql;
    sqlite3_stmt *insert[RS_TABLE_N]; /* made at first use */
};

static int sql_error(const struct database *db, struct err *err)
{
    return rs_err_set(err, RS_E_IO, "%s: %s", db->part, sqlite3_errmsg(db->sql));
}

static int execute(struct database *db, const char *text, struct err *err)
{
    return sqlite3_exec(db->sql, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(db, err);
}

static char *with_ending(const char *path, const char *ending)
{
    size_t n = strlen(path) + strlen(ending) + 1;
    char *out = rs_xcalloc(n, 1);
    snprintf(out, n, "%s%s", path, ending);
    return out;
}

/* A record of any version: SQLite's header with our application id, at byte 68 (sqlite.org/fileformat.html, 1.3). */
static bool is_record(const char *path)
{
    static const char magic[16] = "SQLite format 3", id[4] = {'r', 'o', 'l', 'l'};
    char head[72] = {0};
    FILE *from = fopen(path, "rb");
    if (!from)
        return false;
    size_t n = fread(head, 1, sizeof head, from);
    fclose(from);
    return n == sizeof head && memcmp(head, magic, sizeof magic) == 0 &&
           memcmp(head + 68, id, sizeof id) == 0;
}

/* Overwriting is for records: not for a scenario given by mistake, a device or a link. */
static int refuse_existing(const struct database *db, struct err *err)
{
    struct stat about;
    if (lstat(db->path, &about) != 0)
        return 0;
    if (!db->overwrite)
        return rs_err_set(err, RS_E_USAGE, "%s exists already and is not overwritten", db->path);
    if (S_ISREG(about.st_mode) && (about.st_size == 0 || is_record(db->path)))
        return 0;
    return rs_err_set(err, RS_E_USAGE, "%s is no record of a run and is not overwritten", db->path);
}

/*
 * The part is ours once we hold its lock and its name still leads to it: a run that died leaves one without a lock, which is
 * emptied; a run that is under way holds it; one that has just ended has given it another name.
 */
static int take_part(struct database *db, struct err *err)
{
    struct stat here, named;
    db->part_fd = open(db->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (db->part_fd < 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", db->part, strerror(errno));
    if (flock(db->part_fd, LOCK_EX | LOCK_NB) == 0 && fstat(db->part_fd, &here) == 0 &&
        stat(db->part, &named) == 0 && here.st_ino == named.st_ino && here.st_dev == named.st_dev &&
        ftruncate(db->part_fd, 0) == 0)
        return 0;
    close(db->part_fd);
    db->part_fd = -1;
    return rs_err_set(err, RS_E_USAGE, "another run is writing %s", db->part);
}

static int create(struct database *db, struct err *err)
{
    if (refuse_existing(db, err) != 0 || take_part(db, err) != 0)
        return -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(db->part, &db->sql, flags, NULL) != SQLITE_OK)
        return sql_error(db, err);
    /* A failed run throws its file away, so no journal; the sync comes once, at the end. The page size is pinned. */
    if (execute(db,
                "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                "PRAGMA locking_mode=EXCLUSIVE",
                err) != 0)
        return -1;
    return execute(db, rs_schema_text, err) != 0 ? -1 : execute(db, "BEGIN", err);
}

struct database *rs_database_create(const char *path, bool overwrite, struct err *err)
{
    struct database *db = rs_xcalloc(1, sizeof *db);
    db->path = rs_xstrdup(path);
    db->part = with_ending(path, ".part");
    db->part_fd = -1;
    db->overwrite = overwrite;
    if (create(db, err) == 0)
        return db;
    rs_database_abandon(db);
    return NULL;
}

static int prepare(struct database *db, enum table table, int n, struct err *err)
{
    char text[320];
    int at = snprintf(text, sizeof text, "INSERT INTO %s VALUES (?", table_names[table]);
    assert(n >= 1 && at + 2 * n + 2 < (int)sizeof text);
    for (int i = 1; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, ",?");
    snprintf(text + at, sizeof text - (size_t)at, ")");
    int rc =
        sqlite3_prepare_v3(db->sql, text, -1, SQLITE_PREPARE_PERSISTENT, &db->insert[table], NULL);
    return rc == SQLITE_OK ? 0 : sql_error(db, err);
}

static int bind(sqlite3_stmt *st, int column, const struct value *v)
{
    switch (v->kind) {
    case RS_VALUE_NULL: return sqlite3_bind_null(st, column);
    case RS_VALUE_INT: return sqlite3_bind_int64(st, column, v->i);
    case RS_VALUE_REAL: return sqlite3_bind_double(st, column, v->d);
    case RS_VALUE_TEXT: return sqlite3_bind_text(st, column, v->t, -1, SQLITE_STATIC);
    }
    assert(!"a value of no kind");
    return SQLITE_MISUSE;
}

int rs_database_insert(
    struct database *db, enum table table, int n, const struct value *value, struct err *err)
{
    if (!db->insert[table] && prepare(db, table, n, err) != 0)
        return -1;
    sqlite3_stmt *st = db->insert[table];
    assert(sqlite3_bind_parameter_count(st) == n);
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < n; i++)
        rc = bind(st, i + 1, &value[i]);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc != SQLITE_DONE)
        return rs_err_set(err, RS_E_IO, "%s: table %s: %s", db->part, table_names[table],
                          sqlite3_errmsg(db->sql));
    sqlite3_reset(st);
    return 0;
}

static int close_sql(struct database *db)
{
    for (int i = 0; i < RS_TABLE_N; i++) {
        sqlite3_finalize(db->insert[i]);
        db->insert[i] = NULL;
    }
    int rc = sqlite3_close(db->sql);
    db->sql = NULL;
    return rc == SQLITE_OK ? 0 : -1;
}

/* Waits until a file's, or a folder's, content is on the disk. */
static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

/* The rename must last, too. A folder that cannot be synced (some network disks) is no reason to throw a run away. */
static void sync_folder_of(const char *path)
{
    char *folder = rs_xstrdup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    (void)sync_path(slash ? folder : ".");
    free(folder);
}

static int finish(struct database *db, struct err *err)
{
    if (execute(db, "COMMIT", err) != 0)
        return -1;
    if (close_sql(db) != 0)
        return rs_err_set(err, RS_E_IO, "%s: cannot be closed", db->part);
    if (sync_path(db->part) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", db->part, strerror(errno));
    if (refuse_existing(db, err) != 0) /* somebody else may have made it in the meantime */
        return -1;
    if (rename(db->part, db->path) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", db->path, strerror(errno));
    sync_folder_of(db->path);
    return 0;
}

static void release(struct database *db)
{
    (void)close_sql(db);
    if (db->part_fd >= 0)
        close(db->part_fd);
    free(db->path);
    free(db->part);
    free(db);
}

int rs_database_finish(struct database *db, struct err *err)
{
    int rc = finish(db, err);
    if (rc != 0)
        rs_database_abandon(db);
    else
        release(db);
    return rc;
}

void rs_database_abandon(struct database *db)
{
    if (!db)
        return;
    (void)close_sql(db);
    if (db->part_fd >= 0) /* what was refused is not ours to remove */
        (void)unlink(db->part);
    release(db);
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static int read_pragma(sqlite3 *sql, const char *text, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int rc = -1;
    if (sqlite3_prepare_v2(sql, text, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        *out = sqlite3_column_int64(st, 0);
        rc = 0;
    }
    sqlite3_finalize(st);
    return rc;
}

static int check_open(sqlite3 *sql, const char *path, struct err *err)
{
    int64_t id, version;
    if (read_pragma(sql, "PRAGMA application_id", &id) != 0 ||
        read_pragma(sql, "PRAGMA user_version", &version) != 0 || id != RS_STORE_APPLICATION_ID)
        return rs_err_set(err, RS_E_USAGE, "%s is not the record of a rollsim run", path);
    if (version >= RS_STORE_VERSION_OLDEST && version <= RS_STORE_VERSION)
        return 0;
    return rs_err_set(err, RS_E_UNSUPPORTED,
                      "%s has schema version %lld; this rollsim reads versions %d to %d", path,
                      (long long)version, RS_STORE_VERSION_OLDEST, RS_STORE_VERSION);
}

int rs_store_check(const char *path, struct err *err)
{
    if (access(path, R_OK) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", path, strerror(errno));
    sqlite3 *sql = NULL;
    int rc = -1;
    if (sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        rc = check_open(sql, path, err);
    else
        rs_err_set(err, RS_E_IO, "%s: %s", path, sqlite3_errmsg(sql));
    sqlite3_close(sql);
    return rc;
}
