/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run that goes on from histories that are there already comes to what a whole run comes to. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "made_up.h"
#include "run_text.h"

static char folder[64], db_path[96];
static struct scenario *sc;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/rollsim-test-past-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(db_path, sizeof db_path, "%s/run.db", folder);
    sc = made_up_scenario();
}

static void tear_down(void)
{
    rs_scenario_free(sc);
    unlink(db_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static struct run_options options(uint64_t n, int n_job, const char *path)
{
    return (struct run_options){
        .n_replica = n, .seed = 7, .n_job = n_job, .db_path = path, .overwrite = true};
}

/* Histories that were made before, as bytes: what a journal hands to a run. */
struct past {
    uint64_t n; /* of the first so many replicas */
    struct bytes *history;
    uint64_t n_read;
};

static struct past make_past(uint64_t n)
{
    struct past past = {.n = n, .history = calloc(n + 1, sizeof *past.history)};
    void *sim = made_up_engine.sim_new(sc, NULL);
    struct history h;
    rs_history_init(&h);
    for (uint64_t i = 0; i < n; i++) {
        struct replica_options opt = {.seed = 7, .replica = i, .fault = -2};
        ck_assert_int_eq(made_up_engine.sim_run(sim, &opt, &h, NULL), 0);
        rs_history_encode(&h, &past.history[i]);
    }
    rs_history_clear(&h);
    made_up_engine.sim_free(sim);
    return past;
}

static void past_clear(struct past *past)
{
    for (uint64_t i = 0; i < past->n; i++)
        free(past->history[i].p);
    free(past->history);
}

static int
read_past(void *ctx, const struct scenario *of, uint64_t replica, struct history *h, struct err *e)
{
    struct past *past = ctx;
    if (replica >= past->n)
        return 0;
    ck_assert_uint_eq(replica, past->n_read++); /* in their order, each once */
    return rs_history_decode(h, of, past->history[replica].p, past->history[replica].n, e) == 0
               ? 1
               : -1;
}

/* However much of it is there already: nothing, a part, all, more than early stopping wants. */
START_TEST(test_same_from_a_past)
{
    static const struct {
        uint64_t n_past;
        bool all;
    } rows[] = {{0, true},  {1, true},   {299, true}, {600, true},
                {0, false}, {40, false}, {600, false}};
    struct run_options whole = options(600, 1, db_path), part = options(600, 2, db_path);
    whole.all_replicas = part.all_replicas = rows[_i].all;
    char *json = run_text_json(sc, &whole), *tables = run_text_dump(db_path);
    struct past past = make_past(rows[_i].n_past);
    part.read = read_past;
    part.read_ctx = &past;
    char *json_again = run_text_json(sc, &part), *tables_again = run_text_dump(db_path);
    ck_assert_str_eq(json, json_again);
    ck_assert_msg(strcmp(tables, tables_again) == 0, "the record");
    ck_assert(past.n_read == past.n || !rows[_i].all);
    free(json);
    free(tables);
    free(json_again);
    free(tables_again);
    past_clear(&past);
}
END_TEST

static bool tick_after(void *ctx, uint64_t n_done, uint64_t n_total)
{
    ck_assert_uint_le(n_done, n_total);
    return n_done >= *(uint64_t *)ctx;
}

/* Whoever asks to stop while histories are read is heard, and what was read counts. */
START_TEST(test_stopped_in_a_past)
{
    uint64_t after = 100;
    struct past past = make_past(600);
    struct run_result r;
    struct run_options opt = options(600, 1, NULL);
    opt.all_replicas = true;
    opt.read = read_past;
    opt.read_ctx = &past;
    opt.tick = tick_after;
    opt.tick_ctx = &after;
    ck_assert_int_eq(rs_run_with(&made_up_engine, sc, &opt, &r, NULL), 0);
    ck_assert(r.stopped);
    ck_assert_uint_ge(r.n_replica, 100);
    ck_assert_uint_lt(r.n_replica, 200);
    rs_run_result_clear(&r);
    past_clear(&past);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("run_past");
    TCase *tc = tcase_create("past");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_same_from_a_past, 0, 7);
    tcase_add_test(tc, test_stopped_in_a_past);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
