/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings over shared histories: every bit of every history is what the setting gives by itself, for any number of workers and
 * whoever else is asked about; and what is told when something goes wrong.
 */
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenarios/tune.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/stream.h"
#include "verify/tune_share.h"

/* ---- Prisma with something to turn ----------------------------------------------------------- */

static const char tune[] =
    "\ntune:\n"
    "  parameters:\n"
    "    - {path: rules/PortalSLA/threshold, values: [0.98, 0.995, 0.9965]}\n"
    "    - {path: rules/PortalSLA/range, values: [5m, 10m]}\n"
    "    - {path: rules/PortalSLA/for, values: [1m, 3m]}\n"
    "    - {path: rules/OrchestratorRollbacks/threshold, values: [0, 1]}\n"
    "    - {path: runbook/stages/stage-1/gates/stage-1-errors/fail_if/threshold, values: [0.001, "
    "0.02]}\n"
    "    - {path: alertmanager/route/group_wait, values: [0s]}\n"
    "    - {path: runbook/stages/stage-1/look_every, values: [1m]}\n"
    "  minimise:\n"
    "    - {false_rollback: true}\n";

enum { N_PARAM = 7, N_SAMPLE = 4 };

static char dir[64];

/* A file and what is to stand in the place of its own `tune:`, which is the last thing in it. */
static void copy_file(const char *folder, const char *name, const char *more)
{
    char from[512], to[512];
    snprintf(from, sizeof from, "%s/%s/%s", RS_SOURCE_DIR, folder, name);
    snprintf(to, sizeof to, "%s/%s", dir, name);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    ck_assert(in && out);
    for (char line[1024]; fgets(line, sizeof line, in) && strcmp(line, "tune:\n") != 0;)
        fputs(line, out);
    fputs(more, out);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

static struct scenario *today;
static struct tune_texts *texts;
static struct tune_source source;
static char path[128];

static void take_scenario(const char *name)
{
    struct err_list errors;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    rs_err_list_init(&errors);
    today = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(today);
    texts = rs_tune_texts_new(today, path, NULL, 0);
    source = rs_tune_source(texts);
}

static void set_up(void)
{
    snprintf(dir, sizeof dir, "/tmp/test_share-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    copy_file("scenarios/prisma", "prisma.yaml", tune);
    copy_file("scenarios/prisma", "alerts.yml", "");
    copy_file("scenarios/prisma", "alertmanager.yml", "");
    take_scenario("prisma.yaml");
    ck_assert_int_eq(today->tune->n_param, N_PARAM);
}

static void tear_down(void)
{
    DIR *d = opendir(dir);
    rs_tune_texts_free(texts);
    rs_scenario_free(today);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char name[512];
        snprintf(name, sizeof name, "%.64s/%.255s", dir, e->d_name);
        unlink(name);
    }
    closedir(d);
    rmdir(dir);
}

/* Settings drawn from all of them; the first is today's. */
static uint16_t *draw_settings(uint32_t n, uint64_t seed)
{
    struct stream s = rs_stream_open(seed, 0, rs_stream_hash("settings"));
    uint16_t *value = rs_xcalloc((size_t)n * N_PARAM, sizeof *value);
    rs_tune_today(today->tune, value);
    for (uint32_t i = N_PARAM; i < n * N_PARAM; i++)
        value[i] = (uint16_t)rs_stream_below(&s, (uint64_t)today->tune->param[i % N_PARAM].n_value);
    return value;
}

/* ---- what is measured: all of a history ------------------------------------------------------ */

static void measure(void *ctx, const struct scenario *sc, const struct history *h, double *out)
{
    struct bytes b = {0};
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    struct history copy = *h;
    (void)ctx;
    ck_assert_int_eq(sc->n_fault, today->n_fault);
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
    out[2] =
        h->n_episode > 0 ? rs_s_from_ns(h->episode[0].at_ns[RS_CLOCK_DETECTED]) : (double)INFINITY;
    out[3] = (double)h->n_request;
}

/* By replica and setting. */
struct gathered {
    uint64_t first;
    uint32_t n_setting;
    uint64_t n_told;
    double *sample; /* [n * n_setting * N_SAMPLE] */
    uint64_t last_replica;
    uint32_t last_first;
    uint64_t stop_after;
};

static int gather(void *ctx,
                  uint64_t replica,
                  uint32_t n,
                  const uint32_t *setting,
                  const double *sample,
                  struct err *err)
{
    struct gathered *g = ctx;
    (void)err;
    ck_assert(g->n_told == 0 || replica > g->last_replica ||
              (replica == g->last_replica && setting[0] > g->last_first));
    g->last_replica = replica;
    g->last_first = setting[0];
    g->n_told++;
    for (uint32_t i = 0; i < n; i++) {
        ck_assert(i == 0 || setting[i] > setting[i - 1]);
        double *to =
            &g->sample[((replica - g->first) * g->n_setting + setting[i]) * (uint64_t)N_SAMPLE];
        ck_assert(isnan(to[0])); /* each once */
        memcpy(to, sample, N_SAMPLE * sizeof *to);
    }
    return g->n_told == g->stop_after;
}

static struct tune_engine *engine(int n_job, bool plain)
{
    struct err err = {0};
    const struct tune_engine_options opt = {
        .seed = 5, .n_job = n_job, .n_sample = N_SAMPLE, .measure = measure, .plain = plain};
    struct tune_engine *e = rs_tune_engine_new(&source, &opt, &err);
    ck_assert_msg(e != NULL, "%s", err.text);
    return e;
}

static struct gathered gathered_of(const struct tune_ask *ask)
{
    struct gathered g = {.first = ask->first, .n_setting = ask->n_setting};
    size_t n = (size_t)ask->n * ask->n_setting * N_SAMPLE;
    g.sample = rs_xcalloc(n + 1, sizeof *g.sample);
    for (size_t i = 0; i < n; i++)
        g.sample[i] = (double)NAN;
    return g;
}

static struct gathered ask_with(const struct tune_ask *ask, int n_job, bool plain)
{
    struct err err = {0};
    struct gathered g = gathered_of(ask);
    struct tune_engine *e = engine(n_job, plain);
    ck_assert_msg(rs_tune_ask(e, ask, gather, &g, &err) == 0, "%s", err.text);
    struct tune_cost cost = rs_tune_engine_cost(e);
    ck_assert_uint_eq(cost.n_history, g.n_told);
    ck_assert_uint_eq(cost.n_asked, ask->n * ask->n_setting);
    ck_assert(plain || cost.n_history < cost.n_asked);
    ck_assert(cost.cpu_s > 0.0);
    rs_tune_engine_free(e);
    return g;
}

static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

static void
expect_same(const struct gathered *a, const struct gathered *b, uint64_t n, const char *words)
{
    for (uint64_t i = 0; i < n; i++) {
        const double *x = &a->sample[i * N_SAMPLE], *y = &b->sample[i * N_SAMPLE];
        ck_assert_msg(memcmp(x, y, N_SAMPLE * sizeof *x) == 0,
                      "%s: replica %d, setting %d: detected at %g and %g, %g and %g requests",
                      words, (int)(i / a->n_setting), (int)(i % a->n_setting), x[2], y[2], x[3],
                      y[3]);
    }
}

START_TEST(test_same_bits)
{
    uint32_t n = few() ? 8 : 24;
    uint16_t *value = draw_settings(n, 3);
    static const int faults[] = {-2, 2, 1};
    for (size_t f = 0; f < (few() ? 1 : sizeof faults / sizeof *faults); f++) {
        const struct tune_ask ask = {
            .fault = faults[f], .first = 7, .n = 2, .n_setting = n, .value = value};
        struct gathered plain = ask_with(&ask, 2, true);
        for (int n_job = 1; n_job <= (few() ? 1 : 3); n_job++) {
            struct gathered shared = ask_with(&ask, n_job, false);
            expect_same(&plain, &shared, ask.n * n, "shared");
            free(shared.sample);
        }
        free(plain.sample);
    }
    free(value);
}
END_TEST

/* What is told of a setting does not depend on which others are asked about. */
START_TEST(test_subsets)
{
    uint32_t n = few() ? 6 : 30, n_some = 0;
    uint16_t *value = draw_settings(n, 9), some[30 * N_PARAM];
    struct tune_ask ask = {.fault = 2, .n = few() ? 1 : 3, .n_setting = n, .value = value};
    struct gathered all = ask_with(&ask, 1, false);
    for (uint32_t i = 0; i < n; i += 3, n_some++)
        memcpy(&some[n_some * N_PARAM], &value[i * N_PARAM], N_PARAM * sizeof *some);
    ask.n_setting = n_some;
    ask.value = some;
    struct gathered part = gathered_of(&ask);
    struct tune_engine *e = engine(2, false);
    struct err err = {0};
    ck_assert_int_eq(rs_tune_ask(e, &ask, gather, &part, &err), 0);
    for (uint64_t r = 0; r < ask.n; r++) {
        for (uint32_t i = 0; i < n_some; i++)
            ck_assert_mem_eq(&part.sample[(r * n_some + i) * N_SAMPLE],
                             &all.sample[(r * n + 3 * i) * (uint64_t)N_SAMPLE],
                             N_SAMPLE * sizeof(double));
    }
    rs_tune_engine_free(e);
    free(all.sample);
    free(part.sample);
    free(value);
}
END_TEST

/* More own simulators than are kept: replicas go in turns, and nothing else changes. */
START_TEST(test_many_units)
{
    static const char many[] =
        "\ntune:\n"
        "  parameters:\n"
        "    - {path: alertmanager/route/group_wait, from: 1s, to: 50s, step: 1s}\n"
        "    - {path: rules/Errors/for, values: [1m, 3m]}\n"
        "  minimise:\n"
        "    - {false_rollback: true}\n";
    struct err err = {0};
    rs_tune_texts_free(texts);
    rs_scenario_free(today);
    copy_file("tests/loop/scenarios", "latency.yaml", many);
    copy_file("tests/loop/scenarios", "latency-rules.yml", "");
    copy_file("tests/loop/scenarios", "latency-am.yml", "");
    take_scenario("latency.yaml");
    uint32_t n = (uint32_t)rs_tune_space(today->tune);
    ck_assert_uint_ge(n, 100); /* 50 simulators */
    uint16_t *value = rs_xcalloc((size_t)n * 2, sizeof *value);
    for (uint32_t i = 0; i < n; i++)
        rs_tune_setting(today->tune, i, &value[(size_t)i * 2]);
    const struct tune_ask ask = {.fault = 0, .n = 18, .n_setting = n, .value = value};
    struct gathered g[2];
    for (int i = 0; i < 2; i++) {
        struct tune_engine *e = engine(1 + 2 * i, false);
        g[i] = gathered_of(&ask);
        ck_assert_msg(rs_tune_ask(e, &ask, gather, &g[i], &err) == 0, "%s", err.text);
        rs_tune_engine_free(e);
    }
    expect_same(&g[0], &g[1], ask.n * n, "jobs");
    free(g[0].sample);
    free(g[1].sample);
    free(value);
}
END_TEST

/* ---- the end before the end ------------------------------------------------------------------ */

START_TEST(test_told_stops)
{
    uint16_t *value = draw_settings(10, 1);
    const struct tune_ask ask = {.fault = -2, .n = 100000, .n_setting = 10, .value = value};
    struct err err = {0};
    struct tune_ask small = ask;
    small.n = 10;
    struct gathered g = gathered_of(&small);
    struct tune_engine *e = engine(2, false);
    g.stop_after = 3;
    ck_assert_int_eq(rs_tune_ask(e, &ask, gather, &g, &err), 1);
    ck_assert_uint_eq(g.n_told, 3);
    /* The engine is as good as new. */
    free(g.sample);
    g = gathered_of(&small);
    ck_assert_int_eq(rs_tune_ask(e, &small, gather, &g, &err), 0);
    rs_tune_engine_free(e);
    free(g.sample);
    free(value);
}
END_TEST

static atomic_bool cancel;

static int cancel_soon(void *ctx,
                       uint64_t replica,
                       uint32_t n,
                       const uint32_t *setting,
                       const double *sample,
                       struct err *err)
{
    (void)ctx, (void)replica, (void)n, (void)setting, (void)sample, (void)err;
    atomic_store(&cancel, true);
    return 0;
}

START_TEST(test_cancel_is_seen)
{
    uint16_t *value = draw_settings(10, 1);
    const struct tune_ask ask = {.fault = -2, .n = 100000, .n_setting = 10, .value = value};
    const struct tune_engine_options opt = {
        .seed = 5, .n_job = 2, .n_sample = N_SAMPLE, .measure = measure, .cancel = &cancel};
    struct err err = {0};
    struct tune_engine *e = rs_tune_engine_new(&source, &opt, &err);
    ck_assert_int_eq(rs_tune_ask(e, &ask, cancel_soon, NULL, &err), 1);
    ck_assert_int_eq(err.code, RS_E_NONE);
    rs_tune_engine_free(e);
    free(value);
}
END_TEST

/* A process that dies, in the worker or in a child of it, is told with a word. */
static void die(void *ctx, const struct scenario *sc, const struct history *h, double *out)
{
    (void)sc;
    for (int i = 0; i < N_SAMPLE; i++)
        out[i] = 0.0;
    if (h->replica == 3 && (*(const int *)ctx != SIGKILL || h->n_alert_fired > 0))
        raise(*(const int *)ctx);
}

START_TEST(test_death_is_told)
{
    static const int signals[] = {SIGUSR1, SIGKILL};
    int which = signals[_i];
    uint16_t *value = draw_settings(20, 1);
    const struct tune_ask ask = {.fault = 1, .n = 20, .n_setting = 20, .value = value};
    const struct tune_engine_options opt = {
        .seed = 5, .n_job = 2, .n_sample = N_SAMPLE, .measure = die, .measure_ctx = &which};
    struct err err = {0};
    struct gathered g = gathered_of(&ask);
    struct tune_engine *e = rs_tune_engine_new(&source, &opt, &err);
    ck_assert_int_eq(rs_tune_ask(e, &ask, gather, &g, &err), -1);
    ck_assert_int_eq(err.code, RS_E_INTERNAL);
    ck_assert_msg(strstr(err.text, "was ended by signal") != NULL, "%s", err.text);
    ck_assert_uint_eq(g.last_replica, 2); /* those before it have been told */
    rs_tune_engine_free(e);
    free(g.sample);
    free(value);
}
END_TEST

/* A setting that makes no legal scenario, as far as its source is concerned. */
static struct scenario *no_scenario(void *ctx, const uint16_t *value, struct err_list *errors)
{
    (void)ctx, (void)value;
    rs_err_list_add(errors, RS_E_RANGE, (struct mark){"x.yaml", 3, 9},
                    "look_every must be so and so");
    rs_err_list_add(errors, RS_E_RANGE, (struct mark){"x.yaml", 4, 1}, "and more");
    return NULL;
}

START_TEST(test_illegal_setting_is_named)
{
    uint16_t value[3 * N_PARAM];
    struct tune_source broken = source;
    struct err err = {0};
    for (int i = 0; i < 3; i++)
        rs_tune_today(today->tune, &value[i * N_PARAM]);
    value[N_PARAM + 0] = 0;     /* 0.98 */
    value[2 * N_PARAM + 6] = 0; /* 1m: another simulator */
    const struct tune_ask ask = {.fault = -1, .n = 4, .n_setting = 3, .value = value};
    const struct tune_engine_options opt = {
        .seed = 5, .n_job = 2, .n_sample = N_SAMPLE, .measure = measure};
    broken.scenario = no_scenario;
    struct gathered g = gathered_of(&ask);
    struct tune_engine *e = rs_tune_engine_new(&broken, &opt, &err);
    ck_assert_int_eq(rs_tune_ask(e, &ask, gather, &g, &err), -1);
    ck_assert_str_eq(err.file, "x.yaml");
    ck_assert_int_eq(err.line, 3);
    ck_assert_str_eq(err.text,
                     "with runbook/stages/stage-1/look_every 1m: look_every must be so and "
                     "so (and 1 more)");
    rs_tune_engine_free(e);
    free(g.sample);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("share");
    TCase *tc = tcase_create("share");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_same_bits);
    tcase_add_test(tc, test_subsets);
    if (!few())
        tcase_add_test(tc, test_many_units);
    tcase_add_test(tc, test_told_stops);
    tcase_add_test(tc, test_cancel_is_seen);
    tcase_add_loop_test(tc, test_death_is_told, 0, 2);
    tcase_add_test(tc, test_illegal_setting_is_named);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
