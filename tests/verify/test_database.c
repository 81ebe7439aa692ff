/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that a record is written to before it has its name. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "made_up.h"
#include "verify/run.h"
#include "verify/store.h"

/* A part whose writer lives is left alone, as is one that nobody knows; one that holds nothing is written anew. */
START_TEST(test_two_runs_do_not_share_a_part)
{
    char folder[] = "/tmp/rollsim-test-database-XXXXXX", db_path[96], part_path[112];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(db_path, sizeof db_path, "%s/run.db", folder);
    (void)snprintf(part_path, sizeof part_path, "%s.part", db_path);
    struct scenario *sc = made_up_scenario();
    int fd = open(part_path, O_RDWR | O_CREAT, 0644);
    struct run_options opt = {
        .n_replica = 10, .seed = 7, .n_job = 1, .db_path = db_path, .overwrite = true};
    struct run_result r;
    struct err err = {0};
    ck_assert_int_eq((int)write(fd, "theirs", 6), 6);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, &err), -1);
    ck_assert_int_eq(err.code, RS_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "another run is writing"));
    ck_assert(access(part_path, F_OK) == 0 && access(db_path, F_OK) != 0);
    ck_assert_int_eq(flock(fd, LOCK_UN), 0);
    err = (struct err){0};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "run.db.part is no record of a run"));
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    close(fd);
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, NULL), 0);
    ck_assert_int_eq(rs_store_check(db_path, NULL), 0);
    ck_assert(access(part_path, F_OK) != 0);
    rs_run_result_clear(&r);
    rs_scenario_free(sc);
    unlink(db_path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("database");
    TCase *tc = tcase_create("part");
    tcase_add_test(tc, test_two_runs_do_not_share_a_part);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
