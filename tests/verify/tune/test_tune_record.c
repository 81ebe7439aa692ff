/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search as a file: what is in it, and that nobody takes it for something else. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "made_tune.h"
#include "made_up.h"
#include "run_file.h"
#include "verify/journal.h"
#include "verify/store.h"
#include "verify/tune_report.h"

static struct tune_result tune;
static char folder[64], db[96];

static void set_up(void)
{
    made_tune(&tune, true);
    snprintf(folder, sizeof folder, "/tmp/rollsim-test-tune-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(db, sizeof db, "%s/tune.db", folder);
}

static void tear_down(void)
{
    made_tune_clear(&tune);
    unlink(db);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static void record(void)
{
    struct err err = {0};
    ck_assert_msg(rs_tune_record(&tune, db, false, &err) == 0, "%s", err.text);
}

/* ---- what is in it ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *query, *answer;
} rows[] = {
    {"PRAGMA application_id", "1919904884"},
    {"PRAGMA user_version", "1"},
    {"SELECT value FROM meta WHERE key = 'scenario_name'", "made-up"},
    {"SELECT value FROM meta WHERE key = 'fresh_seed'", "2024"},
    {"SELECT value FROM meta WHERE key = 'n_history'", "2345"},
    {"SELECT count(*) FROM parameter", "4"},
    {"SELECT today FROM parameter WHERE name = 'for'", "2"},
    {"SELECT group_concat(number, ' ') FROM value WHERE param = 0", "0.0 60.0 120.0 240.0"},
    {"SELECT number FROM value WHERE param = 3 AND value = 0", "NULL"},
    {"SELECT group_concat(stat, ' ') FROM objective", "miss quantile probability rate"},
    {"SELECT count(*) FROM claim", "8"},
    {"SELECT sum(kept) FROM claim", "6"},
    {"SELECT bound FROM claim WHERE name = 'detected-in-15m'", "900.0"},
    {"SELECT group_concat(state, ' ') FROM point",
     "dominated front front front front front excluded illegal"},
    {"SELECT point FROM point WHERE chosen", "4"},
    {"SELECT point FROM point WHERE today", "0"},
    {"SELECT beaten_by FROM point WHERE point = 0", "4"},
    {"SELECT breaks FROM point WHERE point = 6", "3"},
    {"SELECT why FROM point WHERE point = 7", "group_wait is longer than group_interval"},
    {"SELECT count(*) FROM setting", "32"},
    {"SELECT count(*) FROM estimate", "28"}, /* the illegal one has none */
    {"SELECT value FROM estimate WHERE point = 5 AND objective = 1", "Inf"},
    {"SELECT value FROM estimate WHERE point = 6 AND objective = 1", "NULL"},
    {"SELECT count(*) FROM claim_estimate", "56"},
    {"SELECT group_concat(why, ' ') FROM unsaved", "people runbook"},
    {"SELECT best FROM unsaved WHERE claim = 7", "NULL"},
    {"SELECT count(*) FROM sensitivity WHERE \"around\" = 'chosen'", "24"},
    {"SELECT difference FROM sensitivity WHERE param = 0 AND value = 0 AND objective = 1", "-68.0"},
    {"SELECT n_detected FROM map WHERE setting = 'chosen'", "97"},
    {"SELECT fault FROM map LIMIT 1", "portal-errors"},
    {"SELECT count(*) FROM verdict WHERE setting = 'today'", "8"},
    {"SELECT verdict FROM verdict WHERE setting = 'chosen' AND claim = 0", "violated"},
    {"SELECT count(*) FROM front", "6"},
    {"SELECT setting FROM front WHERE mark = 'chosen'",
     "for=1m, threshold=1%, alertmanager/route/group_wait=10s, route=pager"},
};

static int answer(void *ctx, int n, char **value, char **name)
{
    char *to = ctx;
    (void)n, (void)name;
    snprintf(to, 256, "%s", value[0] ? value[0] : "NULL");
    return 0;
}

START_TEST(test_rows)
{
    sqlite3 *sql;
    record();
    ck_assert_int_eq(sqlite3_open_v2(db, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[256] = "no row";
        ck_assert_msg(sqlite3_exec(sql, rows[i].query, answer, got, NULL) == SQLITE_OK, "%s: %s",
                      rows[i].query, sqlite3_errmsg(sql));
        ck_assert_msg(strcmp(got, rows[i].answer) == 0, "%s: %s", rows[i].query, got);
    }
    sqlite3_close(sql);
}
END_TEST

/* ---- what it is not ---------------------------------------------------------------------------------------------------- */

START_TEST(test_is_no_run)
{
    struct err err = {0};
    record();
    ck_assert_int_eq(rs_store_check_search(db, &err), 0);
    ck_assert(rs_store_is_search(db));
    ck_assert_int_eq(rs_store_check(db, &err), -1);
    ck_assert_ptr_nonnull(
        strstr(err.text, "is the record of a search (rollsim tune), not of a run"));
    err = (struct err){0};
    ck_assert_ptr_null(rs_journal_resume(db, &err));
    ck_assert_ptr_nonnull(
        strstr(err.text, "is the record of a search (rollsim tune), not of a run"));
    err = (struct err){0};
    ck_assert_ptr_null(rs_journal_open(db, &err)); /* merge */
    ck_assert_ptr_nonnull(strstr(err.text, "is the record of a search"));
}
END_TEST

START_TEST(test_a_run_is_no_search)
{
    struct run_options opt = {.n_replica = 10, .seed = 7, .n_job = 1, .db_path = db};
    struct run_result run;
    struct err err = {0};
    ck_assert_int_eq(rs_run_with(&made_up_engine, tune.scenario, &opt, &run, NULL), 0);
    rs_run_result_clear(&run);
    ck_assert(!rs_store_is_search(db));
    ck_assert_int_eq(rs_store_check_search(db, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is not the record of a search"));
}
END_TEST

/* ---- what is there already --------------------------------------------------------------------------------------------- */

static void put(const char *path, const char *text)
{
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    fputs(text, to);
    fclose(to);
}

START_TEST(test_replaces_only_records)
{
    struct err err = {0};
    record();
    ck_assert_int_eq(rs_tune_record(&tune, db, false, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
    ck_assert_int_eq(rs_tune_record(&tune, db, true, NULL), 0);
    put(db, "name: a scenario\n");
    err = (struct err){0};
    ck_assert_int_eq(rs_tune_record(&tune, db, true, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is no record"));
}
END_TEST

/* The histories of a run that is not over lie beside the name that it will have. */
START_TEST(test_leaves_an_interrupted_run_alone)
{
    char part[112];
    struct err err = {0};
    snprintf(part, sizeof part, "%s.part", db);
    put(part, "histories");
    ck_assert_int_eq(rs_tune_record(&tune, db, false, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is of a run that is not over"));
    ck_assert_int_eq((int)rs_run_file_bytes(part), 9);
    ck_assert(access(db, F_OK) != 0);
    unlink(part);
}
END_TEST

/* Nowhere to write: told, and nothing half-made is left. */
START_TEST(test_no_folder)
{
    char path[128];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/nowhere/tune.db", folder);
    ck_assert_int_eq(rs_tune_record(&tune, path, false, &err), -1);
    ck_assert_int_eq(err.code, RS_E_IO);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tune_record");
    TCase *tc = tcase_create("record");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_is_no_run);
    tcase_add_test(tc, test_a_run_is_no_search);
    tcase_add_test(tc, test_replaces_only_records);
    tcase_add_test(tc, test_leaves_an_interrupted_run_alone);
    tcase_add_test(tc, test_no_folder);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
