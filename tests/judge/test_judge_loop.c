/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges in the loop: they begin with the watch, measure what Prometheus has, and what they say is done. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made.h"
#include "models/judge.h"
#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define S(seconds) ((int64_t)((seconds)*1e9))

enum { N_REPLICA = 8 };

static void run(struct simulator *sim, uint64_t replica, int fault, bool trace, struct history *h)
{
    struct err err = {0};
    struct replica_options opt = {.seed = 5, .replica = replica, .fault = fault, .trace = trace};
    int status = rs_simulator_run(sim, &opt, h, &err);
    ck_assert_msg(status == 0, "%s", err.text);
}

static bool said(const struct history *h, const char *text)
{
    for (int i = 0; i < h->n_trace; i++) {
        if (strstr(h->trace[i].text, text))
            return true;
    }
    return false;
}

/*
 * From the onset to the order: the first failing measurement is at most an interval and the fill of the window (a scrape to carry
 * it, a second one for a rate: 10 s) away, then three more intervals: 180 to 250 s, and at 60 k s after the watch began, whatever
 * the phases.
 */
static void check_times(const char *format, const char *name)
{
    char judges[1000];
    snprintf(judges, sizeof judges, format, "");
    struct scenario *sc = made_scenario(&(struct made){.judges = judges});
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    rs_history_init(&h);
    for (uint64_t i = 0; i < N_REPLICA; i++) {
        run(sim, i, 0, false, &h);
        ck_assert_int_eq(h.n_episode, 1);
        const struct episode *e = &h.episode[0];
        int64_t detected = e->at_ns[RS_CLOCK_DETECTED], onset = e->at_ns[RS_CLOCK_ONSET];
        ck_assert_int_eq(e->by, RS_BY_GATE);
        ck_assert_ptr_eq(e->detector, sc->response.judge[0].name);
        ck_assert_str_eq(e->detector, name);
        ck_assert_int_eq(e->fault, 0);
        ck_assert_int_eq((detected - h.stage_at_ns[0]) % S(60), 0);
        ck_assert_int_ge(detected - onset, S(180));
        ck_assert_int_le(detected - onset, S(250));
        ck_assert_int_eq(e->at_ns[RS_CLOCK_DECIDED], detected);
        ck_assert_int_eq(e->at_ns[RS_CLOCK_ACKNOWLEDGED], RS_NEVER);
        ck_assert_int_eq(h.outcome, RS_OUTCOME_ROLLED_BACK);
        ck_assert(!h.false_rollback);
    }
    run(sim, 3, -1, true, &h);
    ck_assert_int_eq(h.n_episode, 0);
    ck_assert_int_eq(h.outcome, RS_OUTCOME_COMPLETED);
    ck_assert(said(&h, "says passed: go on"));
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}

START_TEST(test_argo)
{
    check_times(ARGO, "analysis");
}
END_TEST

START_TEST(test_flagger)
{
    check_times(FLAGGER, "flag");
}
END_TEST

/* A history with a judge's episode travels as bytes, and its detector is found again. */
START_TEST(test_codec)
{
    char judges[1000];
    snprintf(judges, sizeof judges, ARGO, "");
    struct scenario *sc = made_scenario(&(struct made){.judges = judges});
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h, back;
    struct bytes bytes = {0};
    rs_history_init(&h);
    rs_history_init(&back);
    run(sim, 0, 0, false, &h);
    rs_history_encode(&h, &bytes);
    ck_assert_int_eq(rs_history_decode(&back, sc, bytes.p, bytes.n, &err), 0);
    ck_assert_ptr_eq(back.episode[0].detector, sc->response.judge[0].name);
    free(bytes.p);
    rs_history_clear(&back);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

static const struct {
    const char *keys;
    enum outcome outcome;
    int n_episode;
    const char *said;
} orders[] = {
    {", failed: hold, erred: hold", RS_OUTCOME_HELD, 0, "judge analysis says failed: hold"},
    {", failed: halt", RS_OUTCOME_HALTED, 0, "judge analysis says failed: halt"},
    {", failed: promote", RS_OUTCOME_MISSED, 0, "judge analysis says failed: go on"},
};

START_TEST(test_order)
{
    char judges[1000], *procedure;
    snprintf(judges, sizeof judges, ARGO, orders[_i].keys);
    procedure = strstr(judges, "procedure: back, "); /* goes only with a rollback */
    ck_assert_ptr_nonnull(procedure);
    memset(procedure, ' ', strlen("procedure: back, "));
    struct scenario *sc = made_scenario(&(struct made){.judges = judges});
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    rs_history_init(&h);
    run(sim, 1, 0, true, &h);
    ck_assert_int_eq(h.outcome, orders[_i].outcome);
    ck_assert_int_eq(h.n_episode, orders[_i].n_episode);
    ck_assert(said(&h, orders[_i].said));
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

static const char ramped[] =
    "    - {name: before, watch: 5m}\n"
    "    - name: only\n"
    "      watch: 90s\n"
    "      ramp: {flag: NEW, steps: [{percent: 10, watch: 90s}, {percent: 100, watch: 2h}]}\n"
    "      on_hold: {look_again: 7m}\n";

/*
 * One run over all watches of the stage, ramp included, measures at 60 k s from the first watch on (300 s here); one that begins
 * anew at each step, at 60 k s from 480 s on: 300 + 90 + 90.
 */
START_TEST(test_ramp)
{
    static const char *const keys[] = {"", ", each_step: on"};
    static const int begins_s[] = {300, 480};
    for (int k = 0; k < 2; k++) {
        char judges[1000];
        snprintf(judges, sizeof judges, ARGO, keys[k]);
        struct scenario *sc = made_scenario(&(struct made){.judges = judges, .stages = ramped});
        struct err err = {0};
        struct simulator *sim = rs_simulator_new(sc, &err);
        struct history h;
        rs_history_init(&h);
        for (uint64_t i = 0; i < N_REPLICA; i++) {
            run(sim, i, 0, true, &h);
            ck_assert_int_eq(h.n_episode, 1);
            ck_assert_int_eq((h.episode[0].at_ns[RS_CLOCK_DETECTED] - S(begins_s[k])) % S(60), 0);
            ck_assert_int_eq(h.episode[0].stage, 1);
        }
        ck_assert_int_eq(said(&h, "says passed"), k); /* at the end of each step, or never */
        rs_history_clear(&h);
        rs_simulator_free(sim);
        rs_scenario_free(sc);
    }
}
END_TEST

/* A judge that holds is heard again: somebody looks, nothing else holds the stage up, and the judge begins anew. */
START_TEST(test_held)
{
    char judges[1000];
    snprintf(judges, sizeof judges, ARGO, ", failed: hold, erred: hold");
    memset(strstr(judges, "procedure: back, "), ' ', strlen("procedure: back, "));
    struct scenario *sc = made_scenario(&(struct made){.judges = judges, .stages = ramped});
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    int64_t held_ns = 0;
    int n_held = 0;
    rs_history_init(&h);
    run(sim, 2, 0, true, &h);
    for (int i = 0; i < h.n_trace; i++) {
        if (!strstr(h.trace[i].text, "says failed: hold"))
            continue;
        if (n_held++ >
            0) /* 7 min until the look; measured at once; the limit of 3 passed 3 min later */
            ck_assert_int_eq(h.trace[i].at_ns - held_ns, S(420 + 180));
        held_ns = h.trace[i].at_ns;
    }
    ck_assert_int_gt(n_held, 3);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

/* What falls on the end of the watch is measured before it ends: the failing tick that makes the fourth. */
START_TEST(test_end_of_watch)
{
    static const struct {
        const char *stages;
        enum outcome outcome;
    } rows[] = {
        {"    - {name: early, watch: 40m}\n    - {name: only, watch: 180s}\n",
         RS_OUTCOME_ROLLED_BACK},
        {"    - {name: early, watch: 40m}\n    - {name: only, watch: 179s}\n", RS_OUTCOME_MISSED},
    };
    char judges[1000];
    snprintf(judges, sizeof judges, ARGO, "");
    for (int i = 0; i < N(rows); i++) {
        struct scenario *sc =
            made_scenario(&(struct made){.judges = judges, .stages = rows[i].stages});
        struct err err = {0};
        struct simulator *sim = rs_simulator_new(sc, &err);
        struct history h;
        rs_history_init(&h);
        run(sim, 0, 0, false, &h);
        ck_assert_int_eq(h.outcome, rows[i].outcome);
        rs_history_clear(&h);
        rs_simulator_free(sim);
        rs_scenario_free(sc);
    }
}
END_TEST

/* A simulator gives the same history of a replica however often, and whatever ran before. */
START_TEST(test_again)
{
    char judges[1000];
    snprintf(judges, sizeof judges, FLAGGER, "");
    struct scenario *sc = made_scenario(&(struct made){.judges = judges});
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    struct bytes first = {0}, again = {0};
    rs_history_init(&h);
    run(sim, 4, 0, false, &h);
    rs_history_encode(&h, &first);
    run(sim, 5, 0, false, &h);
    run(sim, 4, 0, false, &h);
    rs_history_encode(&h, &again);
    ck_assert_uint_eq(first.n, again.n);
    ck_assert_mem_eq(first.p, again.p, first.n);
    free(first.p);
    free(again.p);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

/* The shipped example: on trial the judges only tell; what they see, they see on time. */
START_TEST(test_shipped)
{
    struct err_list errors;
    struct err err = {0};
    struct history h;
    rs_err_list_init(&errors);
    struct scenario *sc =
        rs_scenario_load(RS_SOURCE_DIR "/scenarios/canary-judges/canary-judges.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    struct simulator *sim = rs_simulator_new(sc, &err);
    rs_history_init(&h);
    run(sim, 0, rs_scenario_fault(sc, "broken"), true, &h);
    ck_assert(said(&h, "judge analysis says failed: go on"));
    ck_assert_int_gt(h.n_episode, 0); /* by people: the alert */
    ck_assert_int_eq(h.episode[0].by, RS_BY_ALERT);
    run(sim, 0, -1, true, &h);
    ck_assert(!said(&h, "says failed"));
    ck_assert(said(&h, "judge analysis says passed") && said(&h, "judge flagger says passed"));
    ck_assert_int_eq(h.outcome, RS_OUTCOME_COMPLETED);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judges in the loop");
    TCase *tc = tcase_create("loop");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_argo);
    tcase_add_test(tc, test_flagger);
    tcase_add_test(tc, test_codec);
    tcase_add_loop_test(tc, test_order, 0, N(orders));
    tcase_add_test(tc, test_ramp);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_end_of_watch);
    tcase_add_test(tc, test_again);
    tcase_add_test(tc, test_shipped);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
