/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts and kills between any two writes. A run is logged write by write; for every moment the disk is made as it may be
 * then, and the run must go on from there and come to the same bytes, with all that it had promised to keep.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "runs.h"

enum { N_REPLICA = 24, N_BEFORE_STOP = 9 };

static const struct row {
    const char *words;
    bool old_record; /* one is replaced */
    bool stopped;    /* Ctrl-C after some, then goes on: both lives are in the log */
    bool shard;      /* the record is the journal itself */
    int64_t commit_ns;
} rows[] = {
    {"a commit for each replica", false, false, false, 1},
    {"one commit", false, false, false, INT64_MAX},
    {"in place of an old record", true, false, false, 1},
    {"stopped and gone on with", false, true, false, 1},
    {"a shard", false, false, true, 1},
    {"a shard, stopped and gone on with", false, true, true, INT64_MAX},
};

static struct run_options options_of(const struct row *row, const char *path)
{
    struct run_options opt = runs_options(path, N_REPLICA, 1, row->commit_ns);
    opt.overwrite = row->old_record;
    opt.n_shard = row->shard ? 2 : 1;
    return opt;
}

static int
run_until(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    return opt->replica >= N_BEFORE_STOP ? rs_err_set(err, RS_E_STOPPED, "stopped")
                                         : made_up_engine.sim_run(sim, opt, h, err);
}

static void
begin(const struct run_engine *engine, const struct scenario *sc, const struct run_options *opt)
{
    struct run_result result;
    struct err err = {0};
    ck_assert_msg(rs_run_with(engine, sc, opt, &result, &err) == 0, "%s", err.text);
    rs_run_result_clear(&result);
}

static void log_run(const struct row *row, const struct scenario *sc, const struct run_options *opt)
{
    struct err err = {0};
    struct run_engine stops = made_up_engine;
    stops.sim_run = run_until;
    begin(row->stopped ? &stops : &made_up_engine, sc, opt);
    if (row->stopped)
        ck_assert_msg(runs_go_on(&made_up_engine, sc, opt, &err) == 0, "%s", err.text);
    disk_log_stop();
}

/* What a run must come to, and what stood there before it. */
struct wanted {
    struct file_bytes old, record;
    char *shard; /* its rows; NULL = not a shard */
};

static bool is_done(const struct wanted *want, const char *path)
{
    if (!want->shard)
        return runs_same(path, want->record);
    char *got = runs_shard_text(path);
    bool same = strcmp(got, want->shard) == 0;
    free(got);
    return same;
}

/* What the disk has at that moment, and what comes of it. */
static void check_moment(const struct row *row,
                         const struct scenario *sc,
                         const char *folder,
                         int at,
                         enum disk_loss loss,
                         uint64_t seed,
                         const struct wanted *want)
{
    char path[128], part[128], words[160];
    struct err err = {0};
    (void)snprintf(words, sizeof words, "%s: entry %d, loss %d, seed %llu", row->words, at,
                   (int)loss, (unsigned long long)seed);
    runs_folder_empty(folder);
    struct run_options opt = options_of(row, runs_path(path, folder, ""));
    if (row->old_record)
        runs_write(path, want->old.p, want->old.n);
    disk_replay(folder, at, loss, seed);
    bool done = runs_exists(path) && !(row->old_record && runs_same(path, want->old));
    ck_assert_msg(!done || is_done(want, path), "%s: neither the old record nor the new", words);
    if (!done && !runs_exists(runs_path(part, folder, ".part"))) {
        ck_assert_msg(disk_promised(at) == 0, "%s: nothing is kept", words);
        begin(&made_up_engine, sc, &opt);
    } else {
        struct journal *j = rs_journal_resume(path, &err);
        uint64_t n = j ? rs_journal_count(j) : 0, promised = disk_promised(at);
        ck_assert_msg(done || n >= promised, "%s: %d kept of %d: %s", words, (int)n, (int)promised,
                      err.text);
        rs_journal_close(j);
        err = (struct err){0};
        ck_assert_msg(runs_go_on(&made_up_engine, sc, &opt, &err) == 0, "%s: %s", words, err.text);
    }
    ck_assert_msg(is_done(want, path), "%s: another result", words);
    ck_assert_msg(!runs_exists(runs_path(part, folder, ".part")), "%s: .part is left", words);
}

static void check_all(const struct row *row,
                      const struct scenario *sc,
                      const char *folder,
                      const struct wanted *want)
{
    int n = disk_log_count(), n_moment = 0, step = runs_long() ? 1 : 7;
    ck_assert_int_gt(n, 40);
    for (int at = (int)(row - rows) % step; at <= n; at += step) {
        for (int loss = 0; loss < DISK_LOSS_N; loss++) {
            int n_seed = loss != DISK_TORN ? 1 : runs_long() ? 8 : 2;
            for (int seed = 0; seed < n_seed; seed++, n_moment++)
                check_moment(row, sc, folder, at, (enum disk_loss)loss, (uint64_t)(at * 64 + seed),
                             want);
        }
    }
    printf("%s: %d entries, %d moments\n", row->words, n, n_moment);
}

START_TEST(test_any_moment)
{
    const struct row *row = &rows[_i];
    struct scenario *sc = made_up_scenario();
    char *folder = runs_folder_new("crash"), *again = runs_folder_new("crash"), path[128];
    struct wanted want = {.old = runs_reference(sc, folder, 5)};
    struct run_options opt = options_of(row, runs_path(path, folder, ""));
    if (row->old_record)
        runs_write(path, want.old.p, want.old.n);
    disk_log_start(folder);
    log_run(row, sc, &opt);
    want.record = runs_read(path);
    want.shard = row->shard ? runs_shard_text(path) : NULL;
    if (!row->shard) {
        struct file_bytes plain = runs_reference(sc, again, N_REPLICA);
        ck_assert(runs_same(path, plain));
        free(plain.p);
    }
    check_all(row, sc, again, &want);
    disk_log_clear();
    free(want.old.p);
    free(want.record.p);
    free(want.shard);
    runs_folder_free(folder);
    runs_folder_free(again);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crash");
    TCase *tc = tcase_create("crash");
    tcase_add_loop_test(tc, test_any_moment, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_set_timeout(tc, 3600);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
