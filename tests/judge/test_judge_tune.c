/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our alerts against our canary controller, as shipped: the settings of alerts and of judges' own files over shared histories are
 * to the bit what each gives by itself, and the controller at the wheel is the quicker one.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/tune.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/tune_share.h"

#define SCENARIO RS_SOURCE_DIR "/scenarios/canary-judges/canary-judges.yaml"

enum { N_PARAM = 6, N_SETTING = 64, N_SAMPLE = 3, N_REPLICA = 3, ARGO = 2 };

static struct scenario *today;
static struct tune_texts *texts;
static struct tune_source source;

static void set_up(void)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    today = rs_scenario_load(SCENARIO, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(today);
    ck_assert_int_eq(today->tune->n_param, N_PARAM);
    ck_assert_uint_eq(rs_tune_space(today->tune), N_SETTING);
    texts = rs_tune_texts_new(today, SCENARIO, NULL, 0);
    source = rs_tune_source(texts);
}

static void tear_down(void)
{
    rs_tune_texts_free(texts);
    rs_scenario_free(today);
}

/* A history as a number, and how long the release was out. The mark `pending` is nobody's here. */
static void measure(void *ctx, const struct scenario *sc, const struct history *h, double *out)
{
    struct bytes b = {0};
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    struct history copy = *h;
    (void)ctx, (void)sc;
    copy.episode = rs_xcalloc((size_t)h->n_episode + 1, sizeof *copy.episode);
    for (int i = 0; i < h->n_episode; i++) {
        copy.episode[i] = h->episode[i];
        copy.episode[i].at_ns[RS_CLOCK_PENDING] = RS_NEVER;
    }
    rs_history_encode(&copy, &b);
    for (size_t i = 0; i < b.n; i++)
        hash = (hash ^ b.p[i]) * UINT64_C(1099511628211);
    free(copy.episode);
    free(b.p);
    out[0] = (double)(hash >> 32);
    out[1] = (double)(hash & UINT32_MAX);
    int64_t leg_ns =
        h->n_episode > 0 ? rs_episode_leg(&h->episode[0], RS_CLOCK_ONSET, RS_CLOCK_COMPLETED) : -1;
    out[2] = leg_ns >= 0 ? rs_s_from_ns(leg_ns) : 10800.0;
}

static int gather(void *ctx,
                  uint64_t replica,
                  uint32_t n,
                  const uint32_t *setting,
                  const double *sample,
                  struct err *err)
{
    double(*to)[N_SAMPLE] = ctx;
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        memcpy(to[replica * N_SETTING + setting[i]], sample, N_SAMPLE * sizeof *sample);
    return 0;
}

static void ask(bool plain, int fault, const uint16_t *value, double (*out)[N_SAMPLE])
{
    struct err err = {0};
    const struct tune_engine_options opt = {
        .seed = 5, .n_job = 1, .n_sample = N_SAMPLE, .measure = measure, .plain = plain};
    const struct tune_ask a = {
        .fault = fault, .n = N_REPLICA, .n_setting = N_SETTING, .value = value};
    struct tune_engine *e = rs_tune_engine_new(&source, &opt, &err);
    ck_assert_msg(e != NULL, "%s", err.text);
    ck_assert_msg(rs_tune_ask(e, &a, gather, out, &err) == 0, "%s", err.text);
    rs_tune_engine_free(e);
}

START_TEST(test_same_and_quicker)
{
    static double shared[N_REPLICA * N_SETTING][N_SAMPLE], plain[N_REPLICA * N_SETTING][N_SAMPLE];
    static uint16_t value[N_SETTING * N_PARAM];
    static const char *const faults[] = {"broken", "flawed"};
    double sum[2][2] = {{0.0}}; /* [fault][argo at the wheel] */
    for (uint32_t i = 0; i < N_SETTING; i++)
        rs_tune_setting(today->tune, i, &value[(size_t)i * N_PARAM]);
    for (int f = 0; f < 2; f++) {
        int fault = rs_scenario_fault(today, faults[f]);
        ask(true, fault, value, plain);
        ask(false, fault, value, shared);
        ck_assert_mem_eq(plain, shared, sizeof plain);
        for (int i = 0; i < N_REPLICA * N_SETTING; i++) {
            const uint16_t *v = &value[(size_t)(i % N_SETTING) * N_PARAM];
            if (v[4] == today->tune->param[4].today) /* Flagger on trial */
                sum[f][v[ARGO] != today->tune->param[ARGO].today] += shared[i][2];
        }
        ck_assert_double_lt(sum[f][1], 0.8 * sum[f][0]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judges and alerts, tuned");
    TCase *tc = tcase_create("tune");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_same_and_quicker);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
