/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What queues do to a rollout, in whole scenarios: an overload that feeds itself after its cause is gone, and a rollback that
 * is an outage of its own. Each has the same scenario beside it with the one thing mended.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define FOLDER RS_SOURCE_DIR "/tests/queue/"
#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define N_REPLICA 3

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = rs_xcalloc(1, 1 << 16);
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fread(text, 1, (1 << 16) - 1, f), 0);
    fclose(f);
    return text;
}

/* With the first occurrence of `from` replaced. */
static struct scenario *load(const char *path, const char *from, const char *to)
{
    char *text = read_text(path), *changed = rs_xcalloc(1, 1 << 17);
    const char *at = strstr(text, from);
    struct err_list errors;
    ck_assert_ptr_nonnull(at);
    snprintf(changed, 1 << 17, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(path, changed, strlen(changed), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    free(text);
    free(changed);
    return sc;
}

/* Errors and requests of a service between two times. */
struct share {
    double n_error, n_request;
};

static struct share between(const struct trajectory *t, double from_s, double until_s)
{
    struct share s = {0};
    for (int i = 0; i < t->n; i++) {
        double at_s = rs_s_from_ns(t->t0_ns + (i + 1) * t->step_ns);
        if (at_s > from_s && at_s <= until_s) {
            s.n_error += t->n_error[i];
            s.n_request += t->n_request[i];
        }
    }
    return s;
}

struct row {
    const char *words, *file, *from, *to;
    double from_s, until_s;         /* what is looked at */
    double error_least, error_most; /* share of errors there, in each replica */
    double per_s_least, per_s_most; /* attempts a second */
};

static const struct row rows[] = {
    {"before the outage all is well", "retry-storm.yaml", "attempts: 4", "attempts: 4", 0, 120, 0,
     0.001, 90, 110},
    {"the storm goes on when the outage is long over", "retry-storm.yaml", "attempts: 4",
     "attempts: 4", 400, 600, 0.95, 1, 350, 450},
    {"without retries the queue drains", "retry-storm.yaml", "retries: {attempts: 4",
     "retries: {budget: 0%, attempts: 4", 400, 600, 0, 0.001, 90, 110},
    {"a budget of a tenth lets it drain", "retry-storm.yaml", "attempts: 4",
     "budget: 10%, attempts: 4", 400, 600, 0, 0.001, 90, 110},
    {"so does a service that cancels what nobody waits for", "retry-storm.yaml", "worked_off",
     "cancelled", 400, 600, 0, 0.001, 90, 110},
    {"a rollback onto a cold path is an outage", "cold-legacy.yaml", "factor: 6", "factor: 6", 600,
     780, 0.5, 1, 70, 90},
    {"onto a warm one it is none", "cold-legacy.yaml", "factor: 6", "factor: 1", 600, 780, 0, 0.001,
     70, 90},
    {"nor onto a cold one with workers enough", "cold-legacy.yaml", "workers: 2,", "workers: 12,",
     600, 780, 0, 0.001, 70, 90},
};

START_TEST(test_row)
{
    const struct row *r = &rows[_i];
    char path[512];
    struct err err = {0};
    struct history h;
    snprintf(path, sizeof path, "%s%s", FOLDER, r->file);
    struct scenario *sc = load(path, r->from, r->to);
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_ptr_nonnull(sim);
    rs_history_init(&h);
    for (uint64_t i = 0; i < N_REPLICA; i++) {
        struct replica_options opt = {.seed = 1, .replica = i, .fault = 0};
        rs_history_reset(&h);
        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        struct share s = between(&h.trajectory[0], r->from_s, r->until_s);
        double error = s.n_error / s.n_request, per_s = s.n_request / (r->until_s - r->from_s);
        ck_assert_msg(error >= r->error_least && error <= r->error_most, "%s: errors %g", r->words,
                      error);
        ck_assert_msg(per_s >= r->per_s_least && per_s <= r->per_s_most, "%s: %g a second",
                      r->words, per_s);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("storms");
    TCase *tc = tcase_create("storms");
    tcase_add_loop_test(tc, test_row, 0, N(rows));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
