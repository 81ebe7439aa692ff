/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retrospective as a file: what is in it, how points are joined, and that nobody takes it for something else. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "made_told.h"
#include "sim/clock.h"
#include "verify/retro_report.h"
#include "verify/store.h"

static struct made_retro made;
static char folder[64], db[96];

static void set_up(void)
{
    made_retro(&made);
    snprintf(folder, sizeof folder, "/tmp/rollsim-test-retro-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(db, sizeof db, "%s/retro.db", folder);
}

static void tear_down(void)
{
    made_retro_clear(&made);
    unlink(db);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static void record(void)
{
    struct err err = {0};
    ck_assert_msg(rs_retro_record(&made.retro, db, false, &err) == 0, "%s", err.text);
}

static int answer(void *ctx, int n, char **value, char **name)
{
    char *to = ctx;
    (void)n, (void)name;
    snprintf(to, 256, "%s", value[0] ? value[0] : "NULL");
    return 0;
}

static void ask(char got[256], const char *query)
{
    sqlite3 *sql;
    ck_assert_int_eq(sqlite3_open_v2(db, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    snprintf(got, 256, "no row");
    ck_assert_msg(sqlite3_exec(sql, query, answer, got, NULL) == SQLITE_OK, "%s: %s", query,
                  sqlite3_errmsg(sql));
    sqlite3_close(sql);
}

/* ---- what is in it ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *query, *answer;
} rows[] = {
    {"PRAGMA application_id", "1919904882"},
    {"PRAGMA user_version", "1"},
    {"SELECT value FROM meta WHERE key = 'name'", "prisma-2025-10"},
    {"SELECT value FROM meta WHERE key = 'scenario_file'", "prisma.yaml"},
    {"SELECT value FROM meta WHERE key = 'reference'", "prometheus"},
    {"SELECT value FROM meta WHERE key = 'confidence'", "0.94999999999999996"},
    {"SELECT value FROM meta WHERE key = 'dated'", "1"},
    {"SELECT value FROM meta WHERE key = 'text'", "retro: 1\n"},
    {"SELECT group_concat(kind, ' ') FROM source", "metrics timeline notifications log"},
    {"SELECT group_concat(clock, ' ') FROM source", "reference estimated given assumed"},
    {"SELECT offset_low || ' ' || offset || ' ' || offset_high || ' ' || n_agree || '/' || n_pair "
     "FROM source WHERE source = 1",
     "1.9 2.1 2.4 4/5"},
    {"SELECT n_line || ' ' || n_taken || ' ' || n_rejected || ' ' || n_duplicate || ' ' || "
     "n_out_of_order FROM source WHERE source = 0",
     "120034 120000 4 20 10"},
    {"SELECT datetime(first, 'unixepoch') FROM source WHERE source = 0", "2025-10-01 09:00:00"},
    {"SELECT first FROM source WHERE source = 3", "NULL"},
    {"SELECT last FROM source WHERE source = 3", "NULL"},
    {"SELECT line FROM note WHERE note = 0", "7021"},
    {"SELECT line FROM note WHERE note = 1", "NULL"},
    /* Written to the minute, 2.1 s ahead at [1.9, 2.4], good to 30 s: -32.4 s .. +28.1 s. */
    {"SELECT round(lo - 1759311000, 1) || ' ' || round(hi - 1759311000, 1) FROM mark WHERE mark = "
     "0",
     "-32.4 88.1"},
    {"SELECT stage || ' ' || actor FROM mark WHERE mark = 0", "stage-1 on-call"},
    {"SELECT flag || ' ' || state || ' ' || percent FROM mark WHERE mark = 1",
     "PRISMA_READS on 25.0"},
    {"SELECT state FROM mark WHERE mark = 0", "NULL"},
    {"SELECT line FROM mark WHERE mark = 2", "NULL"},
    {"SELECT group_concat(how, ' ') FROM stage", "recorded bounded unknown"},
    {"SELECT hi FROM stage WHERE stage = 1", "NULL"},
    {"SELECT best IS NOT NULL FROM stage WHERE stage = 1", "1"},
    {"SELECT best FROM stage WHERE stage = 2", "NULL"},
    {"SELECT lo FROM stage WHERE stage = 2", "NULL"},
    {"SELECT count(lo) FROM instant WHERE how = 'unknown' AND NOT never", "0"},
    {"SELECT group_concat(state, ' ') FROM flag_step", "on off on"},
    {"SELECT percent FROM flag_step WHERE step = 1", "NULL"},
    {"SELECT group_concat(kind, ' ') FROM signal", "ratio count value value"},
    {"SELECT count(*) FROM point WHERE signal = 0", "24"},
    {"SELECT k / n = level AND low < level AND level < high FROM point WHERE signal = 0 LIMIT 1",
     "1"},
    {"SELECT count(*) FROM point WHERE signal = 0 AND level IS NULL", "1"}, /* no traffic */
    {"SELECT count(low) FROM point WHERE signal <> 0", "0"},
    {"SELECT n FROM point WHERE signal = 2 LIMIT 1", "NULL"},
    {"SELECT count(*) FROM point WHERE signal = 3", "0"},
    {"SELECT round(best - lo) || ' ' || after || ' ' || ramp FROM change WHERE change = 0",
     "21.0 0.125 30.0"},
    {"SELECT group_concat(verdict, ' ') FROM episode", "broken undecidable none"},
    {"SELECT ref || ' ' || sla || ' ' || service FROM episode WHERE episode = 0",
     "§4 row 3 300.0 portal"},
    {"SELECT sla FROM episode WHERE episode = 2", "NULL"},
    {"SELECT why FROM episode WHERE episode = 2", "NULL"},
    {"SELECT signal FROM episode WHERE episode = 1", "NULL"},
    {"SELECT group_concat(instant, ' ') FROM instant WHERE episode = 0 AND place < 3",
     "changed onset first_bad_sample"},
    {"SELECT count(*) FROM instant WHERE episode = 1", "15"},
    {"SELECT never || ' ' || (best IS NULL) || ' ' || (hi IS NULL) FROM instant WHERE episode = 0 "
     "AND instant = 'resolved'",
     "1 1 1"},
    {"SELECT best FROM instant WHERE episode = 0 AND instant = 'pending'", "NULL"},
    {"SELECT confidence FROM instant WHERE episode = 0 AND instant = 'onset'", "0.95"},
    {"SELECT group_concat(ifnull(episode, '-'), ' ') FROM contradiction", "0 -"},
    {"SELECT mark_b FROM contradiction WHERE contradiction = 0", "2"},
    {"SELECT group_concat(code, ' ') FROM finding", "RR101 RR102 RR106 RR113"},
    {"SELECT group_concat(verdict, ' ') FROM finding", "undecidable conforms deviates deviates"},
    {"SELECT line FROM finding WHERE finding = 3", "NULL"},
    {"SELECT best FROM finding WHERE finding = 0", "NULL"},
    {"SELECT count(*) FROM deviations", "2"},
    {"SELECT group_concat(kind, ', ') FROM counterfactual",
     "happened, rules, gate, automation, no rollback"},
    {"SELECT group_concat(ifnull(episode, '-'), ' ') FROM alarm", "0 - 1"},
    {"SELECT firing FROM alarm WHERE alert = 'OnlyPending'", "NULL"},
    {"SELECT count(refused) FROM outcome", "10"},
    {"SELECT errors_low || ' ' || errors || ' ' || errors_high FROM outcome WHERE counterfactual = "
     "1 AND episode = 0",
     "240.0 256.0 272.5"},
    {"SELECT users_hurt FROM outcome WHERE counterfactual = 2 AND episode = 0", "NULL"},
    {"SELECT completed FROM outcome WHERE counterfactual = 4 AND episode = 0", "NULL"},
    {"SELECT group_concat(kind, ', ') FROM fit", "people, base errors, fault size"},
    {"SELECT text || ' ' || placeholder || ' ' || fits FROM fit WHERE fit = 0",
     "{median: 84s, p95: 4m} 1 1"},
    {"SELECT statistic FROM fit WHERE fit = 2", "NULL"},
    {"SELECT high FROM fit_parameter WHERE fit = 0 AND parameter = 1", "NULL"},
    {"SELECT assumed FROM fit_parameter WHERE fit = 1", "NULL"},
    {"SELECT high FROM fit_duration WHERE duration = 1", "NULL"},
    {"SELECT count(*) || ' ' || count(assumed) FROM fit_curve", "200 200"},
    /* Of the fitted one the median is 84 s: the curve crosses a half there, and the assumed one at 120 s. */
    {"SELECT round(max(x)) BETWEEN 81 AND 84 FROM fit_curve WHERE fitted <= 0.5", "1"},
    {"SELECT round(max(x)) BETWEEN 115 AND 120 FROM fit_curve WHERE assumed <= 0.5", "1"},
    {"SELECT p_value FROM predicted WHERE predicted = 2", "NULL"},
    {"SELECT seen FROM predicted WHERE predicted = 2", "NULL"},
    {"SELECT change || ' ' || error FROM known WHERE known = 0", "0 62.0"},
    {"SELECT change FROM known WHERE known = 1", "NULL"},
    {"SELECT until_time FROM known WHERE known = 2", "NULL"},
    {"SELECT at FROM clock WHERE episode = 'portal-outage' AND instant = 'detected'",
     "2025-10-01 10:12:30"},
};

START_TEST(test_rows)
{
    record();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char got[256];
        ask(got, rows[i].query);
        ck_assert_msg(strcmp(got, rows[i].answer) == 0, "%s: %s", rows[i].query, got);
    }
}
END_TEST

START_TEST(test_the_least)
{
    char got[256];
    made_retro_clear(&made);
    made_retro_empty(&made);
    record();
    ask(got, "SELECT count(*) FROM source");
    ck_assert_str_eq(got, "1");
    ask(got, "SELECT count(*) FROM episode");
    ck_assert_str_eq(got, "0");
    ask(got, "SELECT value FROM meta WHERE key = 'dated'");
    ck_assert_str_eq(got, "0");
}
END_TEST

/* ---- joined points ----------------------------------------------------------------------------------------------------- */

enum { N_LONG = 40320 }; /* a week, every 15 s */

/* A long signal: all that was counted is still counted, and near the episode nothing is joined. */
static void make_long(struct retro_point *point)
{
    for (int i = 0; i < N_LONG; i++) {
        int64_t lo_ns = made_at(0, 0, 0) + 15 * RS_NS_PER_S * (int64_t)i;
        point[i] = (struct retro_point){lo_ns, lo_ns + 15 * RS_NS_PER_S, 10, i % 7 == 0, 0};
    }
    made.retro.rebuilt.signal[0].n = N_LONG;
    made.retro.rebuilt.signal[0].point = point;
}

static const struct {
    const char *query, *answer;
} joined[] = {
    {"SELECT count(*) BETWEEN 1000 AND 2000 FROM point WHERE signal = 0", "1"},
    {"SELECT sum(n) || ' ' || sum(k) FROM point WHERE signal = 0", "403200.0 5760.0"},
    {"SELECT max(until - at) FROM point WHERE signal = 0 AND at > 1759313000 AND at < 1759314000",
     "15.0"},
    {"SELECT max(until - at) < 3600 * 6 FROM point WHERE signal = 0", "1"},
};

START_TEST(test_long_signals_are_joined)
{
    struct retro_point *point = calloc(N_LONG, sizeof *point);
    ck_assert_ptr_nonnull(point);
    make_long(point);
    record();
    free(point);
    for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++) {
        char got[256];
        ask(got, joined[i].query);
        ck_assert_msg(strcmp(got, joined[i].answer) == 0, "%s: %s", joined[i].query, got);
    }
}
END_TEST

/* Three instances, scraped at phases of their own, two of them at the same time: what they counted of one time is one row. */
START_TEST(test_instances_count_together)
{
    enum { N = 3 * 40 };
    struct retro_point point[N];
    static const int phase_s[3] = {0, 0, 5};
    char got[256];
    for (int i = 0; i < N; i++) {
        int64_t lo_ns = made_at(10, 6, 0) + (15 * (int64_t)(i / 3) + phase_s[i % 3]) * RS_NS_PER_S;
        point[i] = (struct retro_point){lo_ns, lo_ns + 15 * RS_NS_PER_S, 10, 1, 0};
    }
    made.retro.rebuilt.signal[0].n = N;
    made.retro.rebuilt.signal[0].point = point;
    record();
    ask(got, "SELECT count(*) || ' ' || sum(n) || ' ' || sum(k) FROM point WHERE signal = 0");
    ck_assert_str_eq(got, "40 1200.0 120.0");
    ask(got, "SELECT count(*) FROM point a JOIN point b ON a.signal = b.signal AND a.at < b.at AND "
             "b.at < a.until WHERE a.signal = 0"); /* none overlap */
    ck_assert_str_eq(got, "0");
}
END_TEST

/* Without an episode and without a change every hour is worth the same. */
START_TEST(test_joined_evenly_without_episodes)
{
    struct retro_point *point = calloc(N_LONG, sizeof *point);
    char got[256];
    ck_assert_ptr_nonnull(point);
    make_long(point);
    made.retro.rebuilt.n_episode = 0;
    made.retro.rebuilt.n_change = 0;
    made.retro.n_counterfactual = 0;
    made.retro.conformance.n_finding = 0;
    record();
    free(point);
    ask(got, "SELECT max(until - at) - min(until - at) <= 15 FROM point WHERE signal = 0");
    ck_assert_str_eq(got, "1");
}
END_TEST

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

START_TEST(test_replaced_only_when_asked)
{
    struct err err = {0};
    record();
    ck_assert_int_eq(rs_retro_record(&made.retro, db, false, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "exists already"));
    err = (struct err){0};
    ck_assert_msg(rs_retro_record(&made.retro, db, true, &err) == 0, "%s", err.text);
    FILE *to = fopen(db, "w"); /* something else of the user's */
    ck_assert_ptr_nonnull(to);
    fputs("rollsim: 1\n", to);
    fclose(to);
    ck_assert_int_eq(rs_retro_record(&made.retro, db, true, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "is no record"));
}
END_TEST

START_TEST(test_a_folder_that_is_not_there)
{
    struct err err = {0};
    ck_assert_int_eq(rs_retro_record(&made.retro, "/tmp/rollsim-no-such-folder/x.db", false, &err),
                     -1);
    ck_assert_int_ne(err.code, RS_E_NONE);
}
END_TEST

START_TEST(test_same_bytes)
{
    char other[104];
    struct err err = {0};
    snprintf(other, sizeof other, "%s.2", db);
    record();
    ck_assert_int_eq(rs_retro_record(&made.retro, other, false, &err), 0);
    FILE *a = fopen(db, "rb"), *b = fopen(other, "rb");
    int c = 0;
    while (c != EOF) {
        c = fgetc(a);
        ck_assert_int_eq(c, fgetc(b));
    }
    fclose(a);
    fclose(b);
    unlink(other);
}
END_TEST

START_TEST(test_is_no_run_and_no_search)
{
    struct err err = {0};
    record();
    ck_assert(!rs_store_is_search(db));
    ck_assert_int_eq(rs_store_check(db, &err), -1);
    err = (struct err){0};
    ck_assert_int_eq(rs_store_check_search(db, &err), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retro record");
    TCase *tc = tcase_create("record");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_the_least);
    tcase_add_test(tc, test_long_signals_are_joined);
    tcase_add_test(tc, test_instances_count_together);
    tcase_add_test(tc, test_joined_evenly_without_episodes);
    tcase_add_test(tc, test_replaced_only_when_asked);
    tcase_add_test(tc, test_a_folder_that_is_not_there);
    tcase_add_test(tc, test_same_bytes);
    tcase_add_test(tc, test_is_no_run_and_no_search);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
