/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs that are killed by SIGKILL, again and again, at random moments and at random writes (in the middle of a commit and of the
 * finish, too), each gone on with until it is done: the record has the same bytes as that of a run that nobody disturbed.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "runs.h"

enum { N_REPLICA = 40, N_ENTRY = 400, US_REPLICA = 200 };

static void sleep_us(uint64_t us)
{
    nanosleep(&(struct timespec){(time_t)(us / 1000000), (long)(us % 1000000 * 1000)}, NULL);
}

static int
run_slowly(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    sleep_us(US_REPLICA);
    return made_up_engine.sim_run(sim, opt, h, err);
}

/* Where the kills fell. */
struct tally {
    int n_timed, n_write; /* kills by the clock, and at a write */
    int n_early, n_middle, n_finish,
        n_renamed; /* before a history was kept, with some, with all, with the record in place */
};

static void look(struct tally *t, const char *path, const char *part)
{
    struct journal *j = runs_exists(part) ? rs_journal_resume(path, NULL) : NULL;
    uint64_t n = j ? rs_journal_count(j) : 0;
    rs_journal_close(j);
    t->n_renamed += runs_exists(path);
    t->n_early += n == 0 && !runs_exists(path);
    t->n_middle += n > 0 && n < N_REPLICA;
    t->n_finish += n == N_REPLICA && !runs_exists(path);
}

/* One life of a run: 0 when it came to its end, 1 when it was killed. */
static int live(const struct scenario *sc,
                const char *folder,
                const struct run_options *opt,
                uint64_t *seed,
                struct tally *t)
{
    struct run_engine slow = made_up_engine;
    slow.sim_run = run_slowly;
    bool at_write = runs_below(seed, 2);
    int entry = (int)runs_below(seed, N_ENTRY), status = 0;
    uint64_t us = runs_below(seed, 2 * N_REPLICA * US_REPLICA);
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        disk_log_start(folder);
        disk_kill_at(at_write ? entry : -1);
        int rc = runs_go_on(&slow, sc, opt, &err);
        if (rc != 0)
            fprintf(stderr, "%s\n", err.text);
        _exit(rc == 0 ? 0 : 9);
    }
    if (!at_write) {
        sleep_us(us);
        (void)kill(child, SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        ck_assert_int_eq(WEXITSTATUS(status), 0);
        return 0;
    }
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    t->n_timed += !at_write;
    t->n_write += at_write;
    return 1;
}

START_TEST(test_killed_again_and_again)
{
    struct scenario *sc = made_up_scenario();
    char *folder = runs_folder_new("kill"), path[128], part[128];
    struct file_bytes want = runs_reference(sc, folder, N_REPLICA);
    uint64_t seed = 5;
    int n_kill = 0, n_run = 0, n_wanted = runs_long() ? 2000 : 100;
    struct tally t = {0};
    static const int64_t commits[] = {1, 500000, 3000000, INT64_MAX};
    runs_path(part, folder, ".part");
    for (; n_kill < n_wanted; n_run++) {
        int n_job = 1 + (int)runs_below(&seed, 3);
        struct run_options opt = runs_options(runs_path(path, folder, ""), N_REPLICA, n_job,
                                              commits[runs_below(&seed, 4)]);
        while (live(sc, folder, &opt, &seed, &t)) {
            n_kill++;
            look(&t, path, part);
        }
        ck_assert_msg(runs_same(path, want), "after %d kills: other bytes", n_kill);
        ck_assert(!runs_exists(part));
        runs_folder_empty(folder);
    }
    printf("%d kills of %d runs: %d by the clock, %d at a write; with no history kept %d, some %d, "
           "all "
           "%d, with the record in place %d\n",
           n_kill, n_run, t.n_timed, t.n_write, t.n_early, t.n_middle, t.n_finish, t.n_renamed);
    ck_assert_int_gt(t.n_early, 0);
    ck_assert_int_gt(t.n_middle, n_kill / 5);
    ck_assert_int_gt(t.n_finish, 0);
    free(want.p);
    runs_folder_free(folder);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kill");
    TCase *tc = tcase_create("kill");
    tcase_add_test(tc, test_killed_again_and_again);
    tcase_set_timeout(tc, 3600);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
