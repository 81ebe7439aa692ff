/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed loop against closed forms, and its promises: repeatable, independent of what runs beside it. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/clock.h"

static struct scenario *load(const char *name)
{
    char path[512];
    struct err_list errors;
    rs_err_list_init(&errors);
    snprintf(path, sizeof path, "%s/%s", RS_SOURCE_DIR, name);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

/* Valgrind looks for errors of memory, which show in few replicas: it gets a twentieth of them. */
static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

static void run(struct simulator *sim, uint64_t replica, int fault, struct history *h)
{
    struct replica_options opt = {.seed = 11, .replica = replica, .fault = fault};
    struct err err = {0};
    ck_assert_msg(rs_simulator_run(sim, &opt, h, &err) == 0, "%s", err.text);
}

/*
 * Alert latency: s + e + e * ceil(for / e) is the supremum over phases and onsets (scrape 15 s, evaluation 60 s, for 90 s:
 * 195 s). 1500 worlds: none may exceed it, the slowest comes within 10 s of it. With independent uniform phases the
 * latency is U(0,15) + U(0,60) + 120 s, which exceeds 185 s with probability 10^2 / (2 * 15 * 60) = 1/18, so that all
 * 1500 stay below with probability (17/18)^1500 < 1e-37.
 */
START_TEST(test_alert_latency_supremum)
{
    struct scenario *sc = load("tests/loop/scenarios/latency.yaml");
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    double worst = 0.0, sum = 0.0;
    uint64_t n = few() ? 75 : 1500;
    rs_history_init(&h);
    for (uint64_t i = 0; i < n; i++) {
        run(sim, i, 0, &h);
        ck_assert_int_eq(h.n_episode, 1);
        const struct episode *e = &h.episode[0];
        double s = rs_s_from_ns(rs_episode_leg(e, RS_CLOCK_ONSET, RS_CLOCK_DETECTED));
        ck_assert_double_le(s, 195.0);
        ck_assert_int_eq(rs_episode_leg(e, RS_CLOCK_PENDING, RS_CLOCK_DETECTED), 120 * RS_NS_PER_S);
        /* group_wait 10 s, delivery 1 s, then the person's constants. */
        ck_assert_int_eq(rs_episode_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED), 11 * RS_NS_PER_S);
        ck_assert_int_eq(rs_episode_leg(e, RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED),
                         10 * RS_NS_PER_S);
        ck_assert_int_eq(rs_episode_leg(e, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED),
                         20 * RS_NS_PER_S);
        ck_assert_int_eq(rs_episode_leg(e, RS_CLOCK_DECIDED, RS_CLOCK_COMMANDED), 5 * RS_NS_PER_S);
        ck_assert_int_le(rs_episode_leg(e, RS_CLOCK_COMMANDED, RS_CLOCK_EFFECTIVE),
                         15 * RS_NS_PER_S);
        ck_assert_int_eq(e->at_ns[RS_CLOCK_COMPLETED], e->at_ns[RS_CLOCK_EFFECTIVE]);
        worst = s > worst ? s : worst;
        sum += s;
    }
    ck_assert_double_gt(worst, few() ? 170.0 : 185.0);
    /* Mean 120 + 7.5 + 30 = 157.5 s, sd sqrt(15^2/12 + 60^2/12) = 17.9 s; 5 sigma of the mean: false alarm 6e-7. */
    ck_assert_double_le(fabs(sum / (double)n - 157.5), 5.0 * 17.9 / sqrt((double)n));
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

/*
 * Gates with known trip probability, 6000 replicas, bounds at 5 sigma (false alarm below 1e-5 for both together):
 * P(Poisson(3) >= 10) = 0.00110249 and P(Binomial(100, 0.01) >= 3) = 0.07937320.
 */
START_TEST(test_gate_probabilities)
{
    struct scenario *sc = load("tests/loop/scenarios/gates.yaml");
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    int n = few() ? 60 : 6000, n_held = 0, n_halted = 0;
    rs_history_init(&h);
    for (int i = 0; i < n; i++) {
        run(sim, (uint64_t)i, -1, &h);
        n_held += h.outcome == RS_OUTCOME_HELD;
        n_halted += h.outcome == RS_OUTCOME_HALTED;
    }
    double p_count = 0.00110248813012, p_check = 0.0793732022522;
    ck_assert_double_le(fabs(n_held - n * p_count), 5.0 * sqrt(n * p_count) + 1.0);
    ck_assert(few() || n_held > 0);
    int n_checked = n - n_held;
    ck_assert_double_le(fabs(n_halted - n_checked * p_check),
                        5.0 * sqrt(n_checked * p_check * (1.0 - p_check)));
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

/* An alert that nobody attends to is nobody acting: the fault is live at the end and the replica is missed. */
START_TEST(test_nobody_acts)
{
    struct scenario *sc = load("tests/loop/scenarios/unattended.yaml");
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    rs_history_init(&h);
    run(sim, 0, 0, &h);
    ck_assert_int_eq(h.n_episode, 1); /* the alert fired */
    ck_assert_int_eq(h.outcome, RS_OUTCOME_MISSED);
    run(sim, 0, -1, &h);
    ck_assert_int_eq(h.outcome, RS_OUTCOME_COMPLETED);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

static bool same_history(const struct history *a, const struct history *b)
{
    if (a->n_trace != b->n_trace || a->n_request != b->n_request || a->n_error != b->n_error ||
        a->users_hurt != b->users_hurt || a->n_episode != b->n_episode)
        return false;
    for (int i = 0; i < a->n_trace; i++) {
        if (a->trace[i].at_ns != b->trace[i].at_ns ||
            strcmp(a->trace[i].text, b->trace[i].text) != 0)
            return false;
    }
    for (int i = 0; i < a->n_episode; i++) {
        if (memcmp(a->episode[i].at_ns, b->episode[i].at_ns, sizeof a->episode[i].at_ns) != 0)
            return false;
    }
    return true;
}

/* A replica is a function of scenario, seed, number and fault: not of what its simulator ran before. */
START_TEST(test_replica_alone_is_replica_in_a_row)
{
    struct scenario *sc = load("scenarios/prisma/prisma.yaml");
    struct err err = {0};
    int n_fault = sc->n_fault;
    for (int fault = -1; fault < (few() ? 1 : n_fault); fault++) {
        struct simulator *used = rs_simulator_new(sc, &err), *fresh = rs_simulator_new(sc, &err);
        struct history a, b;
        rs_history_init(&a);
        rs_history_init(&b);
        run(used, 3, (fault + 2) % (n_fault + 1) - 1, &a);
        struct replica_options opt = {.seed = 5, .replica = 9, .fault = fault, .trace = true};
        ck_assert_int_eq(rs_simulator_run(used, &opt, &a, &err), 0);
        ck_assert_int_eq(rs_simulator_run(fresh, &opt, &b, &err), 0);
        ck_assert_msg(same_history(&a, &b), "fault %d", fault);
        rs_history_clear(&a);
        rs_history_clear(&b);
        rs_simulator_free(used);
        rs_simulator_free(fresh);
    }
    rs_scenario_free(sc);
}
END_TEST

/*
 * Every evaluation makes a new label: some 9,000 sets a history. The simulator that runs a dozen of them lays its plan out anew
 * on the way, and nothing shows it.
 */
START_TEST(test_labels_of_values_are_forgotten)
{
    struct scenario *sc = load("tests/loop/scenarios/valued.yaml");
    struct err err = {0};
    struct simulator *used = rs_simulator_new(sc, &err);
    struct history a, b;
    rs_history_init(&a);
    rs_history_init(&b);
    for (uint64_t replica = 0; replica < (few() ? 2 : 12); replica++) {
        struct replica_options opt = {.seed = 5, .replica = replica, .fault = -1, .trace = true};
        ck_assert_int_eq(rs_simulator_run(used, &opt, &a, &err), 0);
        if (replica % 4 == 3) {
            struct simulator *fresh = rs_simulator_new(sc, &err);
            ck_assert_int_eq(rs_simulator_run(fresh, &opt, &b, &err), 0);
            ck_assert_int_gt(b.n_alert_fired, 1000);
            ck_assert_msg(same_history(&a, &b), "replica %llu", (unsigned long long)replica);
            rs_simulator_free(fresh);
        }
    }
    rs_history_clear(&a);
    rs_history_clear(&b);
    rs_simulator_free(used);
    rs_scenario_free(sc);
}
END_TEST

/*
 * With hashed offsets a group is evaluated at k * 60 s + offset of Unix time in every world; the offsets are those that another
 * implementation, checked against real servers, gives for /etc/prometheus/latency-rules.yml and the group "errors".
 */
static const struct {
    int offsets, dialect;
    int64_t offset_ms;
} hashed[] = {
    {RS_OFFSETS_HASHED, RS_PROMQL_3, 6126},
    {RS_OFFSETS_HASHED, RS_PROMQL_2_42, 57742},
    {RS_OFFSETS_HASHED_SLICES, RS_PROMQL_2_53, 57742},
};

START_TEST(test_hashed_offsets)
{
    struct scenario *sc = load("tests/loop/scenarios/latency.yaml");
    struct err err = {0};
    struct history h;
    sc->monitoring.group_offsets = hashed[_i].offsets;
    sc->monitoring.dialect = hashed[_i].dialect;
    sc->starts_at_unix_ns +=
        7123 * RS_NS_PER_MS; /* the offsets are of the epoch, not of the start */
    struct simulator *sim = rs_simulator_new(sc, &err);
    rs_history_init(&h);
    for (uint64_t i = 0; i < 5; i++) {
        run(sim, i, 0, &h);
        ck_assert_int_eq(h.n_episode, 1);
        int64_t at_ms =
            (sc->starts_at_unix_ns + h.episode[0].at_ns[RS_CLOCK_DETECTED]) / RS_NS_PER_MS;
        ck_assert_int_eq(at_ms % 60000, hashed[_i].offset_ms);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

/* The instants of an episode come in the order of the clock. */
START_TEST(test_clock_marks_are_in_order)
{
    static const enum clock_mark order[] = {
        RS_CLOCK_ONSET,         RS_CLOCK_FIRST_BAD,    RS_CLOCK_PENDING,  RS_CLOCK_DETECTED,
        RS_CLOCK_NOTIFIED,      RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED,  RS_CLOCK_COMMANDED,
        RS_CLOCK_EFFECTIVE_P50, RS_CLOCK_EFFECTIVE,    RS_CLOCK_COMPLETED};
    struct scenario *sc = load("scenarios/prisma/prisma.yaml");
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    int n_episode = 0;
    rs_history_init(&h);
    for (uint64_t r = 0; r < (few() ? 6u : 60u); r++) {
        run(sim, r, (int)(r % (uint64_t)sc->n_fault), &h);
        for (int i = 0; i < h.n_episode; i++) {
            int64_t last_ns = 0;
            n_episode++;
            for (size_t m = 0; m < sizeof order / sizeof *order; m++) {
                int64_t at_ns = h.episode[i].at_ns[order[m]];
                /* A threshold can be crossed by healthy noise before the fault shows: then the first marks may come later. */
                if (at_ns == RS_NEVER || (m < 2 && at_ns > h.episode[i].at_ns[RS_CLOCK_DETECTED]))
                    continue;
                ck_assert_msg(at_ns >= last_ns,
                              "replica %d episode %d: %s before the mark that precedes it", (int)r,
                              i, rs_clock_name(order[m]));
                last_ns = at_ns;
            }
        }
    }
    ck_assert_int_gt(n_episode, few() ? 2 : 20);
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tc = tcase_create("loop");
    tcase_add_test(tc, test_alert_latency_supremum);
    tcase_add_test(tc, test_gate_probabilities);
    tcase_add_test(tc, test_nobody_acts);
    tcase_add_test(tc, test_replica_alone_is_replica_in_a_row);
    tcase_add_test(tc, test_labels_of_values_are_forgotten);
    tcase_add_loop_test(tc, test_hashed_offsets, 0, (int)(sizeof hashed / sizeof *hashed));
    tcase_add_test(tc, test_clock_marks_are_in_order);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
