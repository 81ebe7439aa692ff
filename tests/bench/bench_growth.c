/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * S1: how the cost of a run grows with the number of replicas, scrapes, series, rules and services. The scenarios are written
 * here; each row changes one number and leaves the others.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "process.h"
#include "scenarios/load.h"
#include "verify/run.h"

struct shape {
    int n_replica, n_scrape, n_instance, n_rule, n_service; /* rules: of each service */
};
static const struct shape usual = {
    .n_replica = 8, .n_scrape = 480, .n_instance = 2, .n_rule = 4, .n_service = 1};

/* Every other rule reads the histogram. */
static void write_rule(FILE *to, int service, int i)
{
    fprintf(to, "  - alert: Bad%d_%d\n    for: 1m\n    expr: |\n", service, i);
    if (i % 2 == 0) {
        fprintf(to,
                "      sum(rate(http_requests_total{job=\"s%d\",code=\"500\"}[5m]))\n"
                "        / sum(rate(http_requests_total{job=\"s%d\"}[5m])) > 0.%02d\n",
                service, service, 5 + i);
    } else {
        fprintf(to,
                "      histogram_quantile(0.9, sum by (le)\n"
                "        (rate(http_request_duration_seconds_bucket{job=\"s%d\"}[5m]))) > 0.%02d\n",
                service, 30 + i);
    }
}

static void write_rules(FILE *to, const struct shape *s)
{
    fprintf(to, "groups:\n- name: all\n  rules:\n");
    for (int k = 0; k < s->n_service; k++) {
        for (int i = 0; i < s->n_rule; i++) {
            write_rule(to, k, i);
        }
    }
}

static void write_service(FILE *to, int k, int n_instance)
{
    fprintf(to,
            "  - name: s%d\n"
            "    instances: %d\n"
            "    scrape: {every: 15s}\n"
            "    metrics: {requests: http_requests_total, latency: http_request_duration_seconds,\n"
            "              buckets: [10ms, 30ms, 100ms, 300ms, 1s]}\n"
            "    paths:\n"
            "      - {name: new, when: [NEW], latency: {exponential: {mean: 10ms}}, errors: {500: "
            "0.1%%}}\n"
            "      - {name: old, latency: {exponential: {mean: 10ms}}}\n",
            k, n_instance);
}

static void write_scenario(FILE *to, const struct shape *s)
{
    int horizon_s = 15 * s->n_scrape;
    fprintf(to,
            "rollsim: 1\n"
            "name: growth\n"
            "starts_at: 2026-03-02T09:00:00Z\n"
            "horizon: %ds\n"
            "tail: 0s\n"
            "replicas: %d\n"
            "trajectory_step: 60s\n"
            "cohorts:\n"
            "  - {name: users, population: 1000}\n"
            "flags:\n"
            "  - {name: NEW, default: on, safe: off, propagation: {polling: {every: 15s}}}\n"
            "services:\n",
            horizon_s, s->n_replica);
    for (int k = 0; k < s->n_service; k++) {
        write_service(to, k, s->n_instance);
    }
    fprintf(to, "traffic:\n");
    for (int k = 0; k < s->n_service; k++) {
        fprintf(to, "  - {service: s%d, cohort: users, profile: {constant: {per_s: 50}}}\n", k);
    }
    fprintf(to,
            "monitoring:\n"
            "  evaluation_interval: 15s\n"
            "  rules: [growth-rules.yml]\n"
            "runbook:\n"
            "  stages:\n"
            "    - {name: whole, title: The whole time, watch: %ds}\n"
            "claims:\n"
            "  - name: answered\n"
            "    says: Most requests are answered\n"
            "    expectation: {of: error_ratio, cap: 1}\n"
            "    at_most: 50%%\n",
            horizon_s);
}

static struct scenario *make(struct bench *b, const struct shape *s)
{
    char path[512];
    struct err_list errors;
    FILE *to = bench_create(b, "growth-rules.yml");
    if (to == NULL) {
        return NULL;
    }
    write_rules(to, s);
    fclose(to);
    to = bench_create(b, "growth.yaml");
    if (to == NULL) {
        return NULL;
    }
    write_scenario(to, s);
    fclose(to);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(bench_path(b, "growth.yaml", path), &errors);
    if (sc == NULL) {
        bench_fails(b, "the scenario of S1: %.70s", errors.item[0].text);
    }
    rs_err_list_clear(&errors);
    return sc;
}

/* Of all threads: the run has workers of its own. */
static double process_cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* CPU seconds of n runs without a record; reading the scenario is left out. */
static double run_shape(struct bench *b, const struct shape *s, uint64_t n)
{
    struct scenario *sc = make(b, s);
    struct err err = {0};
    int status = sc != NULL ? 0 : -1;
    double start_s = process_cpu_s();
    for (uint64_t i = 0; i < n && status == 0; i++) {
        struct run_result result;
        struct run_options opt = {
            .n_replica = (uint64_t)s->n_replica, .seed = 7, .n_job = 1, .all_replicas = true};
        status = rs_run(sc, &opt, &result, &err);
        if (status == 0) {
            rs_run_result_clear(&result);
        }
    }
    double used_s = process_cpu_s() - start_s;
    rs_scenario_free(sc);
    return status == 0         ? used_s
           : b->why[0] != '\0' ? -1
                               : bench_fails(b, "a run of S1: %.70s", err.text);
}

static double by_replicas(struct bench *b, double size, uint64_t n)
{
    struct shape s = usual;
    s.n_replica = (int)size;
    return run_shape(b, &s, n);
}

static double by_scrapes(struct bench *b, double size, uint64_t n)
{
    struct shape s = usual;
    s.n_scrape = (int)size;
    return run_shape(b, &s, n);
}

static double by_instances(struct bench *b, double size, uint64_t n)
{
    struct shape s = usual;
    s.n_instance = (int)size;
    return run_shape(b, &s, n);
}

static double by_rules(struct bench *b, double size, uint64_t n)
{
    struct shape s = usual;
    s.n_rule = (int)size;
    return run_shape(b, &s, n);
}

static double by_services(struct bench *b, double size, uint64_t n)
{
    struct shape s = usual;
    s.n_service = (int)size;
    return run_shape(b, &s, n);
}

static const double replicas[] = {16, 32, 64, 128, 256, 512};
static const double scrapes[] = {960, 1920, 3840, 7680, 15360, 30720};
static const double few[] = {2, 4, 8, 16, 32, 64};
static const double services[] = {1, 2, 4, 8, 16, 32};

#define GROWTH(what, fn, sizes)                                                                    \
    {                                                                                              \
        "S1", what, NULL, fn, NULL, 0, 2, 0, AT_MOST, 1.05, .unit = "ms", .size = sizes,           \
                                                            .n_size = 6                            \
    }
static const struct bench_row rows[] = {
    GROWTH("growth with the replicas", by_replicas, replicas),
    GROWTH("growth with the scrapes", by_scrapes, scrapes),
    GROWTH("growth with the series (instances)", by_instances, few),
    GROWTH("growth with the rules", by_rules, few),
    GROWTH("growth with the services", by_services, services),
};

const struct bench_group bench_growth = {rows, sizeof rows / sizeof rows[0]};
