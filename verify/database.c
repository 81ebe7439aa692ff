/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "run_file.h"
#include "schema_text.h"
#include "sim/arena.h"
#include "verify/store.h"

static const char *const table_names[RS_TABLE_N] = {
    [RS_TABLE_META] = "meta",
    [RS_TABLE_SOURCE] = "source",
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
const struct database_schema rs_run_schema = {rs_schema_text, RS_TABLE_N, table_names};

struct database {
    const struct database_schema *schema;
    char *path, *draft; /* owned */
    bool overwrite, full;
    bool made; /* the draft is ours to remove */
    sqlite3 *sql;
    sqlite3_stmt **insert; /* [n_table of the schema], owned; made at first use */
};

static int sql_error(struct database *db, struct err *err)
{
    int why = sqlite3_system_errno(db->sql);
    db->full = sqlite3_errcode(db->sql) == SQLITE_FULL || why == ENOSPC || why == EDQUOT;
    if (!db->full && sqlite3_errcode(db->sql) == SQLITE_IOERR && why != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s: %s", db->draft, sqlite3_errmsg(db->sql),
                          strerror(why));
    return rs_err_set(err, RS_E_IO, "%s: %s", db->draft,
                      db->full ? "the disk is full" : sqlite3_errmsg(db->sql));
}

static int execute(struct database *db, const char *text, struct err *err)
{
    return sqlite3_exec(db->sql, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(db, err);
}

/* What a run that died left under this name is of no use: it goes, and nothing but our own file is opened. */
static int make_draft(struct database *db, struct err *err)
{
    (void)unlink(db->draft);
    int fd = open(db->draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", db->draft, strerror(errno));
    close(fd);
    db->made = true;
    return 0;
}

static int create(struct database *db, struct err *err)
{
    if (make_draft(db, err) != 0)
        return -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(db->draft, &db->sql, flags, NULL) != SQLITE_OK)
        return sql_error(db, err);
    /* A failed run throws its draft away, so no journal; the sync comes once, at the end. The page size is pinned, and the cache small: rows come in order. */
    if (execute(db,
                "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-256",
                err) != 0)
        return -1;
    return execute(db, db->schema->text, err) != 0 ? -1 : execute(db, "BEGIN", err);
}

struct database *rs_database_create(const struct database_schema *schema,
                                    const char *path,
                                    bool overwrite,
                                    struct err *err)
{
    struct database *db = rs_xcalloc(1, sizeof *db);
    db->schema = schema;
    db->insert = rs_xcalloc((size_t)schema->n_table, sizeof(sqlite3_stmt *));
    db->path = rs_xstrdup(path);
    db->draft = rs_run_file_name(path, ".new");
    db->overwrite = overwrite;
    if (create(db, err) == 0)
        return db;
    rs_database_abandon(db);
    return NULL;
}

static int prepare(struct database *db, int table, int n, struct err *err)
{
    char text[320];
    int at = snprintf(text, sizeof text, "INSERT INTO %s VALUES (?", db->schema->table[table]);
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
    struct database *db, int table, int n, const struct value *value, struct err *err)
{
    assert(table >= 0 && table < db->schema->n_table);
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
        return sql_error(db, err);
    sqlite3_reset(st);
    return 0;
}

static int close_sql(struct database *db)
{
    for (int i = 0; i < db->schema->n_table; i++) {
        sqlite3_finalize(db->insert[i]);
        db->insert[i] = NULL;
    }
    int rc = sqlite3_close(db->sql);
    db->sql = NULL;
    return rc == SQLITE_OK ? 0 : -1;
}

static int finish(struct database *db, struct err *err)
{
    if (execute(db, "COMMIT", err) != 0)
        return -1;
    if (close_sql(db) != 0)
        return rs_err_set(err, RS_E_IO, "%s: cannot be closed", db->draft);
    return rs_run_file_publish(db->draft, db->path, db->overwrite, err);
}

bool rs_database_is_full(const struct database *db)
{
    return db->full;
}

uint64_t rs_database_bytes(const struct database *db)
{
    return rs_run_file_bytes(db->draft);
}

static void release(struct database *db)
{
    (void)close_sql(db);
    free(db->path);
    free(db->draft);
    free((void *)db->insert);
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
    if (db->made)
        (void)unlink(db->draft);
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

/* Histories without verdicts: a run that is not over, or a part of one. */
static int refuse_journal(sqlite3 *sql, const char *path, struct err *err)
{
    int64_t n_table = 0, n_shard = 0, merging = 0;
    if (read_pragma(sql, "SELECT count(*) FROM sqlite_schema WHERE name = 'journal'", &n_table) !=
            0 ||
        n_table == 0)
        return 0;
    (void)read_pragma(sql, "SELECT value FROM meta WHERE key = 'n_shard'", &n_shard);
    size_t n = strlen(path), n_part = strlen(".part");
    bool part = n > n_part && strcmp(path + n - n_part, ".part") == 0;
    if (n_shard > 1 && !part)
        return rs_err_set(err, RS_E_USAGE,
                          "%s is one of %lld shards; rollsim merge makes a record of them", path,
                          (long long)n_shard);
    (void)read_pragma(sql, "SELECT value = 'merging' FROM meta WHERE key = 'state'", &merging);
    if (merging)
        return rs_err_set(err, RS_E_USAGE,
                          "%s is of a merge that is not over; if it was cut short, merge again",
                          path);
    return rs_err_set(err, RS_E_USAGE,
                      "%s is a run that is not over; rollsim verify --resume %.*s goes on", path,
                      (int)(part ? n - n_part : n), path);
}

static int check_open(sqlite3 *sql, const char *path, struct err *err)
{
    int64_t id, version;
    if (read_pragma(sql, "PRAGMA application_id", &id) != 0 ||
        read_pragma(sql, "PRAGMA user_version", &version) != 0)
        id = 0;
    if (id != RS_STORE_APPLICATION_ID)
        return rs_store_refuse(id, path, err);
    if (version >= RS_STORE_VERSION_OLDEST && version <= RS_STORE_VERSION)
        return refuse_journal(sql, path, err);
    return rs_err_set(err, RS_E_UNSUPPORTED,
                      "%s has schema version %lld; this rollsim reads versions %d to %d", path,
                      (long long)version, RS_STORE_VERSION_OLDEST, RS_STORE_VERSION);
}

int rs_store_refuse(int64_t id, const char *path, struct err *err)
{
    if (id == RS_STORE_TUNE_APPLICATION_ID)
        return rs_err_set(err, RS_E_USAGE,
                          "%s is the record of a search (rollsim tune), not of a run; rollsim plot "
                          "draws it",
                          path);
    if (id == RS_STORE_RETRO_APPLICATION_ID)
        return rs_err_set(err, RS_E_USAGE,
                          "%s is the record of a retrospective (rollsim retro), not of a run; "
                          "rollsim plot draws it",
                          path);
    return rs_err_set(err, RS_E_USAGE, "%s is not the record of a rollsim run", path);
}

/* What the records of other commands are: a search has no run's verdicts, and a run no search's points, so each is refused. */
struct other_kind {
    int64_t id, version;
    const char *what, *plural;
};
static const struct other_kind search_kind = {RS_STORE_TUNE_APPLICATION_ID, RS_STORE_TUNE_VERSION,
                                              "a search (rollsim tune)", "searches"};
static const struct other_kind retro_kind = {RS_STORE_RETRO_APPLICATION_ID, RS_STORE_RETRO_VERSION,
                                             "a retrospective (rollsim retro)", "retrospectives"};

static int check_other(sqlite3 *sql, const struct other_kind *k, const char *path, struct err *err)
{
    int64_t id, version;
    if (read_pragma(sql, "PRAGMA application_id", &id) != 0 ||
        read_pragma(sql, "PRAGMA user_version", &version) != 0 || id != k->id)
        return rs_err_set(err, RS_E_USAGE, "%s is not the record of %s", path, k->what);
    if (version == k->version)
        return 0;
    return rs_err_set(err, RS_E_UNSUPPORTED,
                      "%s has schema version %lld; this rollsim reads %s of version %lld", path,
                      (long long)version, k->plural, (long long)k->version);
}

static int check_search(sqlite3 *sql, const char *path, struct err *err)
{
    return check_other(sql, &search_kind, path, err);
}

static int check_retro(sqlite3 *sql, const char *path, struct err *err)
{
    return check_other(sql, &retro_kind, path, err);
}

static int64_t application_id(const char *path)
{
    sqlite3 *sql = NULL;
    int64_t id = 0;
    if (access(path, R_OK) == 0 &&
        sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        (void)read_pragma(sql, "PRAGMA application_id", &id);
    sqlite3_close(sql);
    return id;
}

bool rs_store_is_search(const char *path)
{
    return application_id(path) == RS_STORE_TUNE_APPLICATION_ID;
}

bool rs_store_is_retro(const char *path)
{
    return application_id(path) == RS_STORE_RETRO_APPLICATION_ID;
}

static int check_file(const char *path,
                      int (*check)(sqlite3 *sql, const char *path, struct err *err),
                      struct err *err)
{
    if (access(path, R_OK) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", path, strerror(errno));
    sqlite3 *sql = NULL;
    int rc = -1;
    if (sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        rc = check(sql, path, err);
    else
        rs_err_set(err, RS_E_IO, "%s: %s", path, sqlite3_errmsg(sql));
    sqlite3_close(sql);
    return rc;
}

int rs_store_check(const char *path, struct err *err)
{
    return check_file(path, check_open, err);
}

int rs_store_check_search(const char *path, struct err *err)
{
    return check_file(path, check_search, err);
}

int rs_store_check_retro(const char *path, struct err *err)
{
    return check_file(path, check_retro, err);
}

static int row_status(const char *verdict)
{
    static const char *const bad[] = {"violated", "refuted", "unbounded"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(verdict, bad[i]) == 0)
            return 1;
    }
    return strcmp(verdict, "undecided") == 0 ? 3 : 0;
}

static int print_verdicts(sqlite3 *sql, const char *path, FILE *to, struct err *err)
{
    static const char query[] = "SELECT verdict, printf('  %-10s %s%s%s', verdict, name, "
                                "CASE WHEN estimate IS NULL THEN '' ELSE printf(': %.6g [%.6g, "
                                "%.6g]', estimate, low, high) END, "
                                "CASE WHEN direction IS NULL THEN '' ELSE printf(', wanted %s %.6g "
                                "%s', direction, bound, unit) END) "
                                "FROM verdict ORDER BY claim";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(sql, query, -1, &st, NULL), status = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        int one = row_status((const char *)sqlite3_column_text(st, 0));
        if (to)
            fprintf(to, "%s\n", (const char *)sqlite3_column_text(st, 1));
        status = one == 1 || status == 1 ? 1 : one ? one : status;
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        status = rs_err_set(err, RS_E_USAGE, "%s is damaged: %s", path, sqlite3_errmsg(sql));
    sqlite3_finalize(st);
    return status;
}

int rs_store_verdicts(const char *path, FILE *to, struct err *err)
{
    if (rs_store_check(path, err) != 0)
        return -1;
    sqlite3 *sql = NULL;
    int rc = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL);
    int status = rc == SQLITE_OK ? print_verdicts(sql, path, to, err)
                                 : rs_err_set(err, RS_E_IO, "%s: %s", path, sqlite3_errmsg(sql));
    sqlite3_close(sql);
    return status;
}
