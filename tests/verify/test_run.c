/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run over made-up histories: the same for any number of threads, and what its record holds. */
#include "verify/run.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "made_up.h"
#include "run_text.h"
#include "sim/arena.h"
#include "verify/journal.h"
#include "verify/report.h"
#include "verify/store.h"

static char folder[64], db_path[96], part_path[112];
static struct scenario *sc;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/rollsim-test-run-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(db_path, sizeof db_path, "%s/run.db", folder);
    snprintf(part_path, sizeof part_path, "%s.part", db_path);
    sc = made_up_scenario();
}

static void tear_down(void)
{
    rs_scenario_free(sc);
    unlink(db_path);
    unlink(part_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static struct run_options options(uint64_t n, int n_job, const char *path)
{
    return (struct run_options){
        .n_replica = n, .seed = 7, .n_job = n_job, .db_path = path, .overwrite = true};
}

/* ---- determinism ------------------------------------------------------------------------------------------------------ */

START_TEST(test_same_for_any_threads)
{
    struct run_options one = options(600, 1, db_path);
    char *json = run_text_json(sc, &one), *rows = run_text_dump(db_path);
    ck_assert_uint_gt(strlen(json), 5000);
    ck_assert_uint_gt(strlen(rows), 100000);
    static const int jobs[] = {1, 2, 3};
    for (int i = 0; i < 3; i++) {
        struct run_options again = options(600, jobs[i], db_path);
        char *json_again = run_text_json(sc, &again), *rows_again = run_text_dump(db_path);
        ck_assert_msg(strcmp(json, json_again) == 0, "JSON of %d threads", jobs[i]);
        ck_assert_msg(strcmp(rows, rows_again) == 0, "record of %d threads", jobs[i]);
        free(json_again);
        free(rows_again);
    }
    struct run_options other = options(600, 1, NULL);
    other.seed = 8;
    char *json_other = run_text_json(sc, &other);
    ck_assert_str_ne(json, json_other);
    free(json_other);
    free(json);
    free(rows);
}
END_TEST

/* ---- what the record holds -------------------------------------------------------------------------------------------- */

static const struct {
    const char *words, *query, *want;
} queries[] = {
    {"every replica",
     "SELECT count(*), min(replica), max(replica), count(DISTINCT world) FROM replica",
     "600|0|599|10"},
    {"outcomes",
     "SELECT count(*) = (SELECT count(*) FROM replica WHERE outcome = 'rolled-back') FROM episode",
     "1"},
    {"clocks rise",
     "SELECT count(*) FROM episode WHERE completed < effective OR effective < commanded OR decided "
     "< acknowledged",
     "0"},
    {"a look has no pending",
     "SELECT count(*) > 0, max(pending) IS NULL FROM episode WHERE detected_by = 'look'", "1|1"},
    {"meta", "SELECT group_concat(key) FROM (SELECT key FROM meta ORDER BY key)",
     "confidence,correction,family_size,horizon_s,n_budget,n_left_out,n_replica,random_stream,"
     "rollsim_version,samplers,scenario_file,scenario_name,"
     "scenario_sha256,scenario_text,scenario_title,seed,starts_at,stopped_early,trajectory_step_s"},
    {"meta values",
     "SELECT group_concat(value) FROM meta WHERE key IN ('n_replica', 'seed', 'starts_at', "
     "'stopped_early')",
     "600,7,2025-09-29T09:00:00Z,0"},
    {"elements",
     "SELECT (SELECT count(*) FROM stage), (SELECT count(*) FROM flag), (SELECT count(*) FROM "
     "service), "
     "(SELECT count(*) FROM fault), (SELECT count(*) FROM procedure), (SELECT count(*) FROM "
     "assumption)",
     "2|1|2|3|2|1"},
    {"no slow limit is null",
     "SELECT slow_s IS NULL, slo_error_ratio IS NULL FROM service WHERE name = 'dashboard'", "1|1"},
    {"a gate's threshold",
     "SELECT name, service, value, unit, ref FROM threshold WHERE source = 'gate'",
     "reads-ok|0|0.005|ratio|§3 Stage 1"},
    {"a trigger over a recorded metric",
     "SELECT name, service, value, unit FROM threshold WHERE source = 'trigger'",
     "portal-rollback|1|0.02|ratio"},
    {"an alert's threshold",
     "SELECT name, service, value, unit FROM threshold WHERE source = 'alert'",
     "PortalSlow|1|2.0|seconds"},
    {"chosen, by fault and reason",
     "SELECT group_concat(why || ':' || n) FROM (SELECT why, count(*) AS n FROM chosen WHERE why "
     "NOT LIKE 'witness%' GROUP BY why)",
     "first:4,median:2,worst:2"},
    {"the worst is the worst",
     "SELECT count(*) FROM chosen c JOIN replica r USING (replica) WHERE c.why = 'worst' AND "
     "(SELECT completed - detected FROM episode e WHERE e.replica = c.replica AND episode = 0) < "
     "(SELECT max(completed - detected) FROM episode e JOIN replica r2 ON r2.replica = e.replica "
     "WHERE r2.fault IS r.fault AND e.episode = 0)",
     "0"},
    {"the median has half on either side",
     "SELECT max(abs(below - above)) <= 1 FROM (SELECT "
     "(SELECT count(*) FROM episode e JOIN replica r2 USING (replica) WHERE r2.fault = c.fault AND "
     "e.completed - e.detected < m.completed - m.detected) AS below, "
     "(SELECT count(*) FROM episode e JOIN replica r2 USING (replica) WHERE r2.fault = c.fault AND "
     "e.completed - e.detected > m.completed - m.detected) AS above "
     "FROM chosen c JOIN episode m USING (replica) WHERE c.why = 'median')",
     "1"},
    {"the violated claim's witness",
     "SELECT count(*) FROM chosen c JOIN verdict v ON c.replica = v.witness WHERE why = 'witness: "
     "' || name AND verdict = 'violated'",
     "1"},
    {"chosen replicas are whole",
     "SELECT count(*) FROM chosen WHERE replica NOT IN (SELECT replica FROM trace) OR "
     "replica NOT IN (SELECT replica FROM trajectory WHERE grid = 'whole')",
     "0"},
    {"others are not",
     "SELECT count(*) FROM trajectory WHERE replica NOT IN (SELECT replica FROM chosen)", "0"},
    {"two trace events each",
     "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM trace GROUP BY replica)", "2|2"},
    {"a missing latency is null",
     "SELECT count(*) > 0, max(latency_p99_s) IS NULL FROM trajectory WHERE i = 0", "1|1"},
    {"bands cover the grid",
     "SELECT count(*), min(t_s), max(t_s), max(n) FROM band WHERE fault = -1 AND service = 0 AND "
     "grid = 'whole' AND metric = 'error_ratio'",
     "24|0.0|13800.0|"},
    {"bands are ordered",
     "SELECT count(*) FROM band WHERE q05 > q25 OR q25 > q50 OR q50 > q75 OR q75 > q95", "0"},
    {"the fault stands out in its own service",
     "SELECT (SELECT max(q50) FROM band WHERE fault = 1 AND service = 1 AND grid = 'close' AND "
     "metric = 'error_ratio') > 0.06, "
     "(SELECT max(q50) FROM band WHERE fault = 1 AND service = 0 AND grid = 'whole' AND metric = "
     "'error_ratio') < 0.01",
     "1|1"},
    {"before the onset it is calm",
     "SELECT max(q95) < 0.01 FROM band WHERE grid = 'close' AND metric = 'error_ratio' AND t_s < "
     "-60",
     "1"},
    {"verdicts",
     "SELECT count(*), sum(verdict = 'violated'), sum(placeholder = 'on-call.decide') FROM verdict",
     "8|1|6"},
    {"the family",
     "SELECT group_concat(value) FROM meta WHERE key IN ('family_size', 'n_budget', 'n_left_out')",
     "8,600,0"},
    {"findings stand beside the verdicts",
     "SELECT code, severity, place, ref, evidence FROM findings",
     "over-budget|error|made-up.yaml:12|§4|worst_s=680.0; leg=poll; most_s=Inf"},
    {"times are seconds",
     "SELECT bound, unit, direction, kind, given FROM verdict WHERE name = 'detected-in-15m'",
     "900.0|s|<=|quantile|fault portal-errors"},
    {"ratios are ratios",
     "SELECT bound, unit, estimate BETWEEN low AND high, worst > 300 FROM verdict WHERE name = "
     "'rollback-in-5m'",
     "0.95|ratio|1|1"},
    {"nothing came up",
     "SELECT n_applicable, estimate IS NULL, witness IS NULL, low, high FROM verdict WHERE name "
     "LIKE '%back-door'",
     "0|1|1|0.0|1.0"},
    {"the card against the episodes",
     "SELECT c.n = (SELECT count(*) FROM episode WHERE fault = 1), abs(c.max_s - (SELECT "
     "max(completed - detected) FROM episode WHERE fault = 1)) < 1e-6 "
     "FROM card c WHERE c.fault = 1 AND from_mark = 'detected' AND to_mark = 'completed'",
     "1|1"},
    {"the summary",
     "SELECT n_within = (SELECT count(*) FROM episode WHERE fault = 1 AND completed - detected <= "
     "300), sla_s FROM card_summary WHERE fault = 1",
     "1|300.0"},
    {"a fault nobody acts on",
     "SELECT procedure, n_episode, n_present = n_missed FROM card_summary WHERE fault = 2",
     "-1|0|1"},
    {"views work",
     "SELECT (SELECT count(*) FROM verdicts), (SELECT count(*) > 20 FROM timing_card), (SELECT "
     "count(*) FROM replicas)",
     "8|1|600"},
    {"a false alarm can come before a fault",
     "SELECT count(*) > 0 FROM replica WHERE fault = 2 AND false_rollback", "1"},
    {"sound", "PRAGMA integrity_check", "ok"},
};

struct answer {
    char text[512];
};

static int first_row(void *ctx, int n, char **value, char **name)
{
    struct answer *a = ctx;
    size_t at = 0;
    (void)name;
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(a->text + at, sizeof a->text - at, "%s%s", i ? "|" : "",
                               value[i] ? value[i] : "NULL");
    return 0;
}

START_TEST(test_record)
{
    struct run_options opt = options(600, 2, db_path);
    struct run_result r;
    struct err err = {0};
    ck_assert_msg(rs_run_with(&made_up_engine, sc, &opt, &r, &err) == 0, "%s", err.text);
    ck_assert(!exists(part_path));
    ck_assert_int_eq(rs_store_check(db_path, &err), 0);
    sqlite3 *sql;
    ck_assert_int_eq(sqlite3_open_v2(db_path, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct answer a = {{0}};
        char *why = NULL;
        int rc = sqlite3_exec(sql, queries[i].query, first_row, &a, &why);
        ck_assert_msg(rc == SQLITE_OK, "%s: %s", queries[i].words, why);
        size_t n = strlen(queries[i].want);
        bool open =
            n > 0 && queries[i].want[n - 1] == '|'; /* the last value is not told beforehand */
        ck_assert_msg(open ? strncmp(a.text, queries[i].want, n) == 0
                           : strcmp(a.text, queries[i].want) == 0,
                      "%s: got %s, want %s", queries[i].words, a.text, queries[i].want);
    }
    sqlite3_close(sql);
    ck_assert_int_eq(rs_run_status(&r), 1);
    ck_assert_uint_eq(r.n_false_rollback,
                      r.outcome_by_fault[RS_OUTCOME_ROLLED_BACK]); /* fault -1 */
    rs_run_result_clear(&r);
}
END_TEST

/* ---- what goes wrong --------------------------------------------------------------------------------------------------- */

static int
fail_at_50(void *sim, const struct replica_options *opt, struct history *out, struct err *err)
{
    if (opt->replica == 50)
        return rs_err_set(err, RS_E_LOOP, "a loop");
    return made_up_engine.sim_run(sim, opt, out, err);
}

static int fail_when_repeated(void *sim,
                              const struct replica_options *opt,
                              struct history *out,
                              struct err *err)
{
    return opt->trace ? rs_err_set(err, RS_E_LOOP, "a loop")
                      : made_up_engine.sim_run(sim, opt, out, err);
}

static int differ_when_repeated(void *sim,
                                const struct replica_options *opt,
                                struct history *out,
                                struct err *err)
{
    int rc = made_up_engine.sim_run(sim, opt, out, err);
    out->n_error += opt->trace;
    return rc;
}

static void *no_simulator(const struct scenario *s, struct err *err)
{
    (void)s;
    rs_err_set(err, RS_E_INTERNAL, "no simulator");
    return NULL;
}

static const struct {
    void *(*sim_new)(const struct scenario *sc, struct err *err);
    int (*sim_run)(void *sim,
                   const struct replica_options *opt,
                   struct history *out,
                   struct err *err);
    const char *text;
    bool kept; /* there was something, and it is worth to go on */
} failures[] = {
    {NULL, fail_at_50, "replica 50: a loop"},
    {NULL, fail_when_repeated, "a loop"},
    {NULL, differ_when_repeated, "came out differently when repeated", true},
    {no_simulator, NULL, "no simulator"},
};

START_TEST(test_failed_run_leaves_what_helps)
{
    struct run_engine engine = made_up_engine;
    engine.sim_run = failures[_i].sim_run ? failures[_i].sim_run : engine.sim_run;
    engine.sim_new = failures[_i].sim_new ? failures[_i].sim_new : engine.sim_new;
    struct run_options opt = options(100, 2, db_path);
    struct run_result r;
    struct err err = {0};
    ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &r, &err), -1);
    ck_assert_msg(strstr(err.text, failures[_i].text) != NULL, "%s", err.text);
    /* A failure of ours or the machine's need not come again: what was done is kept. */
    ck_assert(!exists(db_path) && exists(part_path) == failures[_i].kept);
    rs_run_result_clear(&r); /* harmless */
}
END_TEST

START_TEST(test_existing_file_is_kept)
{
    FILE *f = fopen(db_path, "w");
    fputs("mine", f);
    fclose(f);
    struct run_options opt = options(10, 1, db_path);
    opt.overwrite = false;
    struct run_result r;
    struct err err = {0};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, &err), -1);
    ck_assert_int_eq(err.code, RS_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
    char text[8] = "";
    f = fopen(db_path, "r");
    ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
    fclose(f);
    ck_assert_str_eq(text, "mine");
    ck_assert(!exists(part_path));

    struct err other = {0};
    ck_assert_int_eq(rs_store_check(db_path, &other), -1);
    ck_assert_ptr_nonnull(strstr(other.text, "not the record of a rollsim run"));
    opt.overwrite = true; /* what is no record is not overwritten either */
    err = (struct err){0};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, &err), -1);
    ck_assert_int_eq(err.code, RS_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "no record of a run"));
    remove(db_path);
    for (int i = 0; i < 2; i++) { /* a record is */
        ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, NULL), 0);
        ck_assert_int_eq(rs_store_check(db_path, NULL), 0);
        rs_run_result_clear(&r);
    }
}
END_TEST

START_TEST(test_bad_paths)
{
    struct err err = {0};
    ck_assert_int_eq(rs_store_check(db_path, &err), -1);
    ck_assert_int_eq(err.code, RS_E_IO);
    struct run_options opt = options(10, 1, "/nonexistent/run.db");
    struct run_result r;
    struct err no_folder = {0};
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, &no_folder), -1);
    ck_assert_int_eq(no_folder.code, RS_E_IO);
}
END_TEST

START_TEST(test_other_version_is_refused)
{
    struct run_options opt = options(10, 1, db_path);
    struct run_result r;
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, NULL), 0);
    rs_run_result_clear(&r);
    sqlite3 *sql;
    ck_assert_int_eq(sqlite3_open(db_path, &sql), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(sql, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
    struct err err = {0};
    ck_assert_int_eq(rs_store_check(db_path, &err), -1);
    ck_assert_int_eq(err.code, RS_E_UNSUPPORTED);
}
END_TEST

static int n_run; /* one thread runs and counts */

static int
count_runs(void *sim, const struct replica_options *opt, struct history *out, struct err *err)
{
    n_run += !opt->trace;
    return made_up_engine.sim_run(sim, opt, out, err);
}

static bool stop_now(void *ctx, uint64_t n_done, uint64_t n_total)
{
    (void)ctx, (void)n_done;
    ck_assert_uint_eq(n_total, 1000000);
    return true;
}

START_TEST(test_stopped_run_keeps_what_was_done)
{
    struct run_engine engine = made_up_engine;
    engine.sim_run = count_runs;
    struct run_options opt = options(1000000, 1, db_path);
    opt.tick = stop_now;
    struct run_result r;
    ck_assert_int_eq(rs_run_with(&engine, sc, &opt, &r, NULL), 0);
    ck_assert(r.stopped);
    ck_assert_uint_lt(r.n_replica, 1000000);
    ck_assert_int_ge(n_run, (int)r.n_replica);
    ck_assert(!exists(db_path));
    struct err err = {0};
    ck_assert_int_eq(rs_store_check(part_path, &err), -1); /* histories, and no verdict */
    ck_assert_ptr_nonnull(strstr(err.text, "--resume"));
    struct journal *j = rs_journal_resume(db_path, NULL);
    ck_assert_uint_eq(rs_journal_count(j), r.n_replica);
    rs_journal_close(j);
    rs_run_result_clear(&r);
}
END_TEST

START_TEST(test_no_replicas)
{
    struct run_options opt = options(0, 1, db_path);
    struct run_result r;
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, NULL), 0);
    ck_assert_int_eq(rs_run_status(&r), 3); /* nothing is shown */
    rs_run_result_clear(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run");
    TCase *tc = tcase_create("run");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_same_for_any_threads);
    tcase_add_test(tc, test_record);
    tcase_add_loop_test(tc, test_failed_run_leaves_what_helps, 0,
                        (int)(sizeof failures / sizeof failures[0]));
    tcase_add_test(tc, test_existing_file_is_kept);
    tcase_add_test(tc, test_bad_paths);
    tcase_add_test(tc, test_other_version_is_refused);
    tcase_add_test(tc, test_stopped_run_keeps_what_was_done);
    tcase_add_test(tc, test_no_replicas);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
