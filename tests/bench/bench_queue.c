/* SPDX-License-Identifier: GPL-3.0-or-later */
/* W2: the request engine. */
#include <stdio.h>

#include "bench.h"
#include "bench_yardstick.h"
#include "models/replica.h"
#include "scenarios/load.h"

/* CPU seconds of n requests through ten workers and forty places, clients giving up: one replica, its building left out. */
static double requests(struct bench *b, double unused, uint64_t n)
{
    static const char text[] =
        "rollsim: 1\n"
        "name: mmck\n"
        "starts_at: 2026-03-02T09:00:00Z\n"
        "horizon: %ds\n"
        "tail: 0s\n"
        "trajectory_step: 100s\n"
        "cohorts:\n"
        "  - {name: users, population: 100000}\n"
        "services:\n"
        "  - name: api\n"
        "    instances: 1\n"
        "    scrape: {every: 15s}\n"
        "    metrics: {requests: http_requests_total, latency: http_request_duration_seconds,\n"
        "              buckets: [5ms, 10ms, 20ms, 50ms, 100ms]}\n"
        "    paths:\n"
        "      - name: only\n"
        "        latency: {exponential: {mean: 10.2ms}}\n"
        "        capacity: {workers: 10, queue: 40, timeout: 50ms}\n"
        "traffic:\n"
        "  - {service: api, cohort: users, profile: {constant: {per_s: 1000}}}\n"
        "monitoring: {evaluation_interval: 60s}\n"
        "runbook:\n"
        "  stages:\n"
        "    - {name: whole, title: The whole time, watch: %ds}\n";
    char yaml[2048];
    struct err_list errors;
    struct err err = {0};
    struct history h;
    int horizon_s = (int)(n / 1000) + 1;
    int length = snprintf(yaml, sizeof yaml, text, horizon_s, horizon_s);
    (void)unused;
    rs_err_list_init(&errors);
    rs_history_init(&h);
    struct scenario *sc = rs_scenario_parse(NULL, yaml, (size_t)length, &errors);
    struct simulator *sim = sc != NULL ? rs_simulator_new(sc, &err) : NULL;
    struct replica_options opt = {.seed = 7, .replica = (uint64_t)b->repeat, .fault = -1};
    double used_s = -1;
    if (sim != NULL) {
        double start_s = bench_cpu_s();
        int status = rs_simulator_run(sim, &opt, &h, &err);
        /* Arrivals are drawn: the time is brought to n of them. */
        used_s = (bench_cpu_s() - start_s) * (double)n / (double)(h.n_request + !h.n_request);
        used_s = status == 0 && h.n_request > 0 ? used_s : -1;
    }
    if (used_s < 0) {
        bench_fails(b, "the scenario of W2: %.70s", sc == NULL ? errors.item[0].text : err.text);
    }
    rs_simulator_free(sim);
    rs_scenario_free(sc);
    rs_history_clear(&h);
    rs_err_list_clear(&errors);
    return used_s;
}

static const struct bench_row rows[] = {
    {"W2", "a request through M/M/10/50 with timeouts", "Lindley recursion", requests, lindley, 0.9,
     1000000, 1000000, AT_MOST, 10},
};

const struct bench_group bench_queue = {rows, sizeof rows / sizeof rows[0]};
