/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows into a SQLite file that appears under its name only when it is whole. What is in it is a schema's matter: that of a run
 * (schema.sql), whose tables are named here, or another's, whose tables its writer names.
 */
#ifndef VERIFY_DATABASE_H
#define VERIFY_DATABASE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/clock.h"
#include "sim/err.h"

enum table {
    RS_TABLE_META,
    RS_TABLE_SOURCE,
    RS_TABLE_STAGE,
    RS_TABLE_FLAG,
    RS_TABLE_SERVICE,
    RS_TABLE_FAULT,
    RS_TABLE_PROCEDURE,
    RS_TABLE_THRESHOLD,
    RS_TABLE_ASSUMPTION,
    RS_TABLE_REPLICA,
    RS_TABLE_EPISODE,
    RS_TABLE_CHOSEN,
    RS_TABLE_TRACE,
    RS_TABLE_TRAJECTORY,
    RS_TABLE_BAND,
    RS_TABLE_VERDICT,
    RS_TABLE_VERDICT_STEP,
    RS_TABLE_VERDICT_PREMISE,
    RS_TABLE_FINDING,
    RS_TABLE_EVIDENCE,
    RS_TABLE_CARD,
    RS_TABLE_CARD_SUMMARY,
    RS_TABLE_N
};

/* What a file holds: the text that makes its tables, and their names. */
struct database_schema {
    const char *text;
    int n_table;
    const char *const *table; /* [n_table] */
};
extern const struct database_schema rs_run_schema; /* its tables are enum table */

enum value_kind { RS_VALUE_NULL, RS_VALUE_INT, RS_VALUE_REAL, RS_VALUE_TEXT };
struct value { /* value; text is borrowed until the insert returns */
    enum value_kind kind;
    int64_t i;
    double d;
    const char *t;
};

static inline struct value null_value(void)
{
    return (struct value){.kind = RS_VALUE_NULL};
}

static inline struct value int_value(int64_t i)
{
    return (struct value){.kind = RS_VALUE_INT, .i = i};
}

static inline struct value count_value(uint64_t n) /* a count above INT64_MAX would not be one */
{
    return int_value((int64_t)n);
}

static inline struct value id_value(int i) /* -1 = none */
{
    return i < 0 ? null_value() : int_value(i);
}

static inline struct value real_value(double d) /* NaN = none */
{
    return isnan(d) ? null_value() : (struct value){.kind = RS_VALUE_REAL, .d = d};
}

static inline struct value time_value(int64_t ns) /* seconds; RS_NEVER = did not happen */
{
    return ns == RS_NEVER ? null_value() : real_value(rs_s_from_ns(ns));
}

static inline struct value text_value(const char *t) /* NULL = none */
{
    return t ? (struct value){.kind = RS_VALUE_TEXT, .t = t} : null_value();
}

struct database; /* opaque, heap */

/*
 * Makes PATH.new with the schema (borrowed), in place of any that is there: the caller holds the lock of the run (verify/journal.h). NULL
 * with *err filled: the disk's word. Whether PATH may be overwritten matters at the end.
 */
struct database *rs_database_create(const struct database_schema *schema,
                                    const char *path,
                                    bool overwrite,
                                    struct err *err);

/* Inserts one row into that table of the schema, with a value for every column in its order. 0 or -1. */
int rs_database_insert(
    struct database *db, int table, int n, const struct value *value /* [n] */, struct err *err);

/* Makes it last and renames it. Frees db in any case; on failure PATH.new is gone and PATH as it was. 0 or -1. */
int rs_database_finish(struct database *db, struct err *err);
/* Whether it was for want of room that a call failed. */
bool rs_database_is_full(const struct database *db);
/* Bytes that it takes on the disk. */
uint64_t rs_database_bytes(const struct database *db);
/* Removes PATH.new. NULL ok. */
void rs_database_abandon(struct database *db);

#define RS_INSERT(db, table, err, ...)                                                             \
    rs_database_insert((db), (int)(table),                                                         \
                       (int)(sizeof((struct value[]){__VA_ARGS__}) / sizeof(struct value)),        \
                       (struct value[]){__VA_ARGS__}, (err))

#endif
