/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose samplers draw a history's variates (replica_options.gsl_samplers): other histories, the same distributions. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/clock.h"

enum { N = 400, N_QUANTITY = 4 };
static const char *const quantity[N_QUANTITY] = {"requests", "errors", "users hurt", "rollback"};

struct histories {
    double x[N_QUANTITY][N];
};

static void draw(struct histories *out, const struct scenario *sc, uint64_t seed, bool gsl, size_t n)
{
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;
    rs_history_init(&h);
    for (size_t i = 0; i < n; i++) {
        struct replica_options opt = {.seed = seed, .replica = i, .fault = 0, .gsl_samplers = gsl};
        ck_assert_msg(rs_simulator_run(sim, &opt, &h, &err) == 0, "%s", err.text);
        ck_assert_int_eq(h.n_episode, 1);
        const struct episode *e = &h.episode[0];
        out->x[0][i] = (double)h.n_request;
        out->x[1][i] = (double)h.n_error;
        out->x[2][i] = (double)h.users_hurt;
        out->x[3][i] = rs_s_from_ns(rs_episode_leg(e, RS_CLOCK_ONSET, RS_CLOCK_COMPLETED));
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Two samples of N: Kolmogorov and Smirnov's asymptotic p-value, too large where values tie. */
static double two_sample_p(double *a, double *b)
{
    qsort(a, N, sizeof(*a), by_value);
    qsort(b, N, sizeof(*b), by_value);
    double distance = 0, p = 0;
    for (size_t i = 0, j = 0; i < N && j < N;) {
        double x = fmin(a[i], b[j]);
        while (i < N && a[i] <= x) {
            i++;
        }
        while (j < N && b[j] <= x) {
            j++;
        }
        distance = fmax(distance, fabs((double)i - (double)j) / N);
    }
    double lambda2 = distance * distance * N / 2;
    for (int k = 1; k < 100; k++) {
        p += (k % 2 ? 2 : -2) * exp(-2 * k * k * lambda2);
    }
    return distance == 0 ? 1 : p;
}

/* Seeds apart, so that the samples are independent. False-alarm rate 1e-6 a quantity. */
START_TEST(test_same_distributions)
{
    static struct histories own, gsl, same;
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc =
        rs_scenario_load(RS_SOURCE_DIR "/tests/loop/scenarios/latency.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    /* Valgrind looks for errors of memory, which show in few replicas. */
    bool few = getenv("RS_UNDER_VALGRIND") != NULL;
    draw(&own, sc, 21, false, few ? 5 : N);
    draw(&same, sc, 21, true, 5);
    draw(&gsl, sc, 22, true, few ? 5 : N);
    for (int i = 0; i < 5; i++) {
        /* Some 700,000 requests: the chance that two histories have as many is 1 in 2000. */
        ck_assert(same.x[0][i] != own.x[0][i]);
    }
    for (int q = 0; q < N_QUANTITY && !few; q++) {
        double p = two_sample_p(own.x[q], gsl.x[q]);
        ck_assert_msg(p > 1e-6, "%s: p-value %g", quantity[q], p);
    }
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("samplers");
    TCase *tc = tcase_create("samplers");
    tcase_add_test(tc, test_same_distributions);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
