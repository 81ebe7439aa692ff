/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tune: what it costs to know a thousand settings of Prisma's alerts over some replicas, against a run of one of them over the
 * same replicas. CPU time of all processes. Replicas as they are drawn, and those with the fault in which most settings part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "models/replica.h"
#include "process.h"
#include "scenarios/tune.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/tune_share.h"

/* As somebody would write it who asks what else his two paging alerts could say. */
static const char tune[] =
    "\ntune:\n"
    "  parameters:\n"
    "    - {path: rules/PortalSLA/threshold, values: [0.95, 0.97, 0.98, 0.985, 0.99]}\n"
    "    - {path: rules/PortalSLA/range, values: [5m, 10m, 30m, 1h]}\n"
    "    - {path: rules/PortalSLA/for, values: [0s, 1m, 2m, 5m, 10m]}\n"
    "    - {path: rules/OrchestratorRollbacks/threshold, values: [0, 1, 2, 3, 5]}\n"
    "    - {path: rules/OrchestratorRollbacks/range, values: [5m, 10m]}\n"
    "  minimise:\n"
    "    - {false_rollback: true}\n";

enum { N_SETTING = 1000 };

struct prisma {
    char path[512];
    struct scenario *sc;
    struct tune_texts *texts;
};

/* A file and what is to stand in the place of its own `tune:`, which is the last thing in it. */
static int copy(struct bench *b, const char *name, const char *more)
{
    char from[512];
    snprintf(from, sizeof from, "%.400s/scenarios/prisma/%s", b->source, name);
    FILE *in = fopen(from, "r"), *out = bench_create(b, name);
    if (in == NULL || out == NULL) {
        bench_fails(b, "%s cannot be copied", name);
    } else {
        for (char line[1024];
             fgets(line, sizeof line, in) != NULL && strcmp(line, "tune:\n") != 0;) {
            fputs(line, out);
        }
        fputs(more, out);
    }
    if (in != NULL) {
        fclose(in);
    }
    return out == NULL || fclose(out) != 0 || in == NULL ? -1 : 0;
}

static int load(struct bench *b, struct prisma *p)
{
    struct err_list errors;
    *p = (struct prisma){.sc = NULL};
    if (copy(b, "prisma.yaml", tune) != 0 || copy(b, "alerts.yml", "") != 0 ||
        copy(b, "alertmanager.yml", "") != 0) {
        return -1;
    }
    rs_err_list_init(&errors);
    p->sc = rs_scenario_load(bench_path(b, "prisma.yaml", p->path), &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    if (p->sc == NULL || rs_tune_space(p->sc->tune) != N_SETTING) {
        bench_fails(b, "the settings of Prisma cannot be read");
        return -1;
    }
    p->texts = rs_tune_texts_new(p->sc, p->path, NULL, 0);
    return 0;
}

static void unload(struct prisma *p)
{
    rs_tune_texts_free(p->texts);
    rs_scenario_free(p->sc);
}

static void measure(void *ctx, const struct scenario *sc, const struct history *h, double *out)
{
    (void)ctx;
    (void)sc;
    out[0] = h->n_episode > 0 ? rs_s_from_ns(h->episode[0].at_ns[RS_CLOCK_DETECTED]) : 0;
}

static int take(void *ctx,
                uint64_t replica,
                uint32_t n,
                const uint32_t *setting,
                const double *sample,
                struct err *err)
{
    (void)replica;
    (void)setting;
    (void)err;
    *(double *)ctx += n * sample[0];
    return 0;
}

/* How much was shared, once: it is the same in every repeat. */
static void say(const struct bench *b, const struct tune_cost *cost, uint64_t n)
{
    if (b->repeat == 0) {
        printf("     %d settings, %.0f replicas: %.1f different histories a replica\n", N_SETTING,
               (double)n, (double)cost->n_history / (double)n);
    }
}

static double shared(struct bench *b, double fault, uint64_t n)
{
    struct prisma p;
    struct err err = {.code = RS_E_NONE};
    double sum = 0, cpu_s = -1;
    if (load(b, &p) == 0) {
        const struct tune_source src = rs_tune_source(p.texts);
        const struct tune_engine_options opt = {
            .seed = 7, .n_job = 1, .n_sample = 1, .measure = measure};
        struct tune_engine *e = rs_tune_engine_new(&src, &opt, &err);
        uint16_t *value = rs_xcalloc((size_t)N_SETTING * (size_t)src.plan->n_param, sizeof *value);
        for (int i = 0; i < N_SETTING; i++) {
            rs_tune_setting(src.plan, (uint64_t)i, value + i * src.plan->n_param);
        }
        const struct tune_ask ask = {
            .fault = (int)fault, .n = n, .n_setting = N_SETTING, .value = value};
        if (e == NULL || rs_tune_ask(e, &ask, take, &sum, &err) != 0) {
            bench_fails(b, "%.80s", err.text);
        } else {
            struct tune_cost cost = rs_tune_engine_cost(e);
            cpu_s = cost.cpu_s;
            say(b, &cost, n);
        }
        free(value);
        rs_tune_engine_free(e);
    }
    bench_keep(sum);
    unload(&p);
    return cpu_s;
}

static double one_setting(struct bench *b, double fault, uint64_t n)
{
    struct prisma p;
    struct err err = {.code = RS_E_NONE};
    struct history h;
    double cpu_s = -1, sum = 0;
    rs_history_init(&h);
    if (load(b, &p) == 0) {
        double start_s = bench_cpu_s();
        struct simulator *sim = rs_simulator_new(p.sc, &err);
        for (uint64_t r = 0; r < n && err.code == RS_E_NONE; r++) {
            const struct replica_options opt = {.seed = 7, .replica = r, .fault = (int)fault};
            (void)rs_simulator_run(sim, &opt, &h, &err);
            sum += (double)h.sim_ns;
        }
        rs_simulator_free(sim);
        cpu_s = err.code == RS_E_NONE ? bench_cpu_s() - start_s : bench_fails(b, "%.80s", err.text);
    }
    bench_keep(sum);
    rs_history_clear(&h);
    unload(&p);
    return cpu_s;
}

static const struct bench_row rows[] = {
    {"tune", "1000 settings of Prisma's alerts, a replica", "a replica of one setting", shared,
     one_setting, -2, 100, 100, AT_MOST, 20, .n_repeat = 5, .unit = "ms"},
    {"tune", "... whose portal answers with errors", "a replica of one setting", shared,
     one_setting, 2, 40, 40, AT_MOST, 50, .n_repeat = 5, .unit = "ms"},
};

const struct bench_group bench_tune = {rows, sizeof rows / sizeof rows[0]};
