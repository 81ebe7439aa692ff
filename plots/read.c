/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "read.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"
#include "sim/arena.h"
#include "verify/store.h"

static sqlite3 *connection(const struct record *r)
{
    return (sqlite3 *)(void *)r->db;
}

/* A file that is not what it was is the user's; a disk that cannot be read is the machine's. */
static int db_error(const struct record *r, struct err *err)
{
    int rc = sqlite3_errcode(connection(r));
    const char *path = sqlite3_db_filename(connection(r), "main");
    bool damaged = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB || rc == SQLITE_ERROR;
    return rs_err_set(err, damaged ? RS_E_USAGE : RS_E_IO, "%s%s: %s", path ? path : "the database",
                      damaged ? " is damaged" : "", sqlite3_errmsg(connection(r)));
}

static sqlite3_stmt *statement(struct query *q)
{
    return (sqlite3_stmt *)(void *)q;
}

struct query *
rs_query_new(struct record *r, struct err *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(connection(r), sql, -1, &q, NULL) != SQLITE_OK) {
        db_error(r, err);
        return NULL;
    }
    va_list ap;
    va_start(ap, types);
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'i')
            sqlite3_bind_int64(q, i + 1, va_arg(ap, int64_t));
        else
            sqlite3_bind_text(q, i + 1, va_arg(ap, const char *), -1, SQLITE_STATIC);
    }
    va_end(ap);
    return (struct query *)(void *)q;
}

void rs_query_free(struct query *q)
{
    sqlite3_finalize(statement(q));
}

bool rs_query_next(struct record *r, struct query *q, int *status, struct err *err)
{
    int rc = q ? sqlite3_step(statement(q)) : SQLITE_ERROR;
    *status = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : q ? db_error(r, err) : -1;
    return rc == SQLITE_ROW;
}

bool rs_query_null(struct query *q, int column)
{
    return sqlite3_column_type(statement(q), column) == SQLITE_NULL;
}

int64_t rs_query_int(struct query *q, int column)
{
    return sqlite3_column_int64(statement(q), column);
}

double rs_query_real(struct query *q, int column)
{
    return rs_query_null(q, column) ? NAN : sqlite3_column_double(statement(q), column);
}

void rs_query_text(char *buf, size_t n, struct query *q, int column)
{
    const char *s = (const char *)sqlite3_column_text(statement(q), column);
    if (snprintf(buf, n, "%s", s ? s : "") < (int)n)
        return;
    /* Cut: not in the middle of a UTF-8 character. */
    size_t end = n - 1;
    while (end > 0 && ((unsigned char)s[end] & 0xc0) == 0x80)
        end--;
    buf[end] = '\0';
}

/* Makes room for one more element in a growing array: capacities are powers of two. */
void *rs_grown(void *array, int n, size_t size)
{
    bool full = n == 0 || (n >= 16 && (n & (n - 1)) == 0);
    return full ? rs_xrealloc(array, size * (size_t)(n < 16 ? 16 : 2 * n)) : array;
}

void rs_push(double **array, int n, double v)
{
    *array = rs_grown(*array, n, sizeof **array);
    (*array)[n] = v;
}

static int pragma(struct record *r, int64_t *out, const char *sql, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(r, err, sql, "");
    *out = rs_query_next(r, q, &status, err) ? rs_query_int(q, 0) : 0;
    rs_query_free(q);
    return status;
}

static int check_kind(struct record *r, const char *path, struct err *err)
{
    int64_t id = 0, version = 0;
    struct err why = {0};
    if (pragma(r, &id, "PRAGMA application_id", &why) || id != RS_STORE_APPLICATION_ID)
        return rs_err_set(err, RS_E_IO, "%s is not a run database of rollsim", path);
    if (pragma(r, &version, "PRAGMA user_version", err))
        return -1;
    /* What is drawn is in the tables that no version has changed. */
    if (version < RS_STORE_VERSION_OLDEST || version > RS_STORE_VERSION)
        return rs_err_set(err, RS_E_UNSUPPORTED,
                          "%s has schema version %lld, this rollsim reads versions %d to %d: run "
                          "verify again to make a new one",
                          path, (long long)version, RS_STORE_VERSION_OLDEST, RS_STORE_VERSION);
    return rs_store_check(path, err);
}

static int check_search(struct record *r, const char *path, struct err *err)
{
    (void)r;
    return rs_store_check_search(path, err);
}

static int check_retro(struct record *r, const char *path, struct err *err)
{
    (void)r;
    return rs_store_check_retro(path, err);
}

static int open_db(struct record *out,
                   const char *path,
                   int (*check)(struct record *r, const char *path, struct err *err),
                   struct err *err)
{
    memset(out, 0, sizeof *out);
    FILE *f = fopen(path, "rb");
    if (!f)
        return rs_err_set(err, RS_E_IO, "cannot read %s: %s", path, strerror(errno));
    fclose(f);
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    out->db = (struct record_db *)(void *)db;
    int status = rc == SQLITE_OK ? 0 : rs_err_set(err, RS_E_IO, "cannot open %s", path);
    if (status || check(out, path, err)) {
        rs_record_close(out);
        return -1;
    }
    return 0;
}

int rs_rundb_open(struct record *out, const char *path, struct err *err)
{
    if (open_db(out, path, check_kind, err))
        return -1;
    if (rs_read_info(out, err)) {
        rs_record_close(out);
        return -1;
    }
    return 0;
}

int rs_searchdb_open(struct record *out, const char *path, struct err *err)
{
    return open_db(out, path, check_search, err);
}

int rs_retrodb_open(struct record *out, const char *path, struct err *err)
{
    return open_db(out, path, check_retro, err);
}

void rs_record_close(struct record *r)
{
    sqlite3_close(connection(r));
    free(r->stage.at);
    free(r->flag.at);
    free(r->service.at);
    free(r->fault.at);
    free(r->threshold);
    memset(r, 0, sizeof *r);
}
