/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run_text.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "made_up.h"
#include "verify/report.h"

char *run_text_json(const struct scenario *sc, const struct run_options *opt)
{
    struct run_result r;
    struct err err = {0};
    ck_assert_msg(rs_run_with(&made_up_engine, sc, opt, &r, &err) == 0, "%s", err.text);
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    ck_assert_int_eq(rs_run_print_json(to, &r), 0);
    fclose(to);
    rs_run_result_clear(&r);
    return text;
}

static int dump_row(void *ctx, int n, char **value, char **name)
{
    FILE *to = ctx;
    (void)name;
    for (int i = 0; i < n; i++)
        fprintf(to, "%s|", value[i] ? value[i] : "NULL");
    fputc('\n', to);
    return 0;
}

char *run_text_dump(const char *path)
{
    static const char *const tables[] = {
        "meta",       "stage",      "flag",    "service", "fault",       "procedure",
        "threshold",  "assumption", "replica", "episode", "chosen",      "trace",
        "trajectory", "band",       "verdict", "card",    "card_summary"};
    char *text = NULL, query[64];
    size_t n;
    FILE *to = open_memstream(&text, &n);
    sqlite3 *sql;
    ck_assert_int_eq(sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(query, sizeof query, "SELECT * FROM %s", tables[i]);
        ck_assert_int_eq(sqlite3_exec(sql, query, dump_row, to, NULL), SQLITE_OK);
    }
    sqlite3_close(sql);
    fclose(to);
    return text;
}
