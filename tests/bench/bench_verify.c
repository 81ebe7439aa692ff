/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole runs of the program, from outside: W1 simulated time per CPU second, W3 threads and ranks, W4 memory, C1 the time of a
 * check.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "bench.h"
#include "bench_rules_peer.h"
#include "process.h"

static double seconds_simulated(const char *record)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    double s = -1;
    if (sqlite3_open_v2(record, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT sum(sim_s) FROM replica", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        s = sqlite3_column_double(q, 0);
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return s;
}

static const char *prisma(const struct bench *b, char *to)
{
    snprintf(to, 512, "%s/scenarios/prisma/prisma.yaml", b->source);
    return to;
}

/* CPU seconds for a simulated day of Prisma: all claims, n replicas, the record with its trajectories written. */
static double prisma_day(struct bench *b, double n_replica, uint64_t n)
{
    char scenario[512], record[512], replicas[32];
    struct process p;
    (void)n;
    snprintf(replicas, sizeof replicas, "%.0f", b->quick ? 20 : n_replica);
    const char *argv[] = {b->rollsim,   "verify", prisma(b, scenario),
                          "--all",      "--jobs", "1",
                          "--replicas", replicas, "--quiet",
                          "--force",    "-o",     bench_path(b, "w1.db", record),
                          NULL};
    if (bench_process(b, argv, NULL, true, &p) != 0) {
        return -1;
    }
    double simulated_s = seconds_simulated(record);
    return simulated_s > 0 ? p.cpu_s / simulated_s * 86400
                           : bench_fails(b, "the record of W1 cannot be read");
}

/* Wall seconds of Prisma's replicas with so many threads, or under so many ranks. */
static double prisma_wall(struct bench *b, uint64_t n, const char *threads, const char *ranks)
{
    char scenario[512], replicas[32];
    const char *argv[MAX_WORD];
    struct process p;
    int k = 0;
    snprintf(replicas, sizeof replicas, "%u", (unsigned)n);
    if (ranks != NULL) {
        const char *const words[] = {
            b->mpirun, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", ranks};
        for (; k < 7; k++) {
            argv[k] = words[k];
        }
    }
    /* One claim that is sampled: the exhaustive ones are decided before any replica, on one core. */
    const char *const words[] = {
        b->rollsim, "verify", prisma(b, scenario), "--claim", "no-false-rollback", "--all",
        "--jobs",   threads,  "--replicas",        replicas,  "--quiet",           NULL};
    for (int i = 0; i < 12; i++) {
        argv[k + i] = words[i];
    }
    return bench_process(b, argv, NULL, true, &p) == 0 ? p.wall_s : -1;
}

static double two_threads(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return prisma_wall(b, n, "2", NULL);
}

static double two_ranks(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return b->mpirun != NULL ? prisma_wall(b, n, "1", "2")
                             : bench_fails(b, "mpirun is not installed");
}

static double alone(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return prisma_wall(b, n, "1", NULL);
}

static double one_thread(struct bench *b, double unused, uint64_t n)
{
    return bench_shared(b, "one thread", alone, unused, n);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A short history with an alert rule, so that 10^5 of them take seconds; or one that is long because its requests are single. */
static const char small[] =
    "rollsim: 1\n"
    "name: small\n"
    "starts_at: 2026-03-02T09:00:00Z\n"
    "horizon: %.0fs\n"
    "tail: 0s\n"
    "trajectory_step: %.0fs\n"
    "seed: 7\n"
    "cohorts:\n"
    "  - {name: users, population: 1000}\n"
    "services:\n"
    "  - name: api\n"
    "    instances: 1\n"
    "    scrape: {every: %.0fs}\n"
    "    metrics: {requests: http_requests_total}\n"
    "    paths:\n"
    "      - name: only\n"
    "        latency: {exponential: {mean: 8ms}}\n"
    "%s"
    "traffic:\n"
    "  - {service: api, cohort: users, profile: {constant: {per_s: 1000}}}\n"
    "monitoring: {evaluation_interval: %.0fs}\n"
    "runbook:\n"
    "  stages:\n"
    "    - {name: whole, title: The whole time, watch: %.0fs}\n"
    "claims:\n"
    "  - name: answered\n"
    "    says: Most requests are answered\n"
    "    expectation: {of: error_ratio, cap: 1}\n"
    "    at_most: 50%%\n";

/* Bytes at the peak of `verify` with a record. */
static double
peak(struct bench *b, double horizon_s, double step_s, const char *capacity, uint64_t n_replica)
{
    char scenario[512], record[512], replicas[32];
    FILE *to = bench_create(b, "small.yaml");
    if (to == NULL) {
        return -1;
    }
    fprintf(to, small, horizon_s, step_s, step_s, capacity, step_s, horizon_s);
    if (fclose(to) != 0) {
        return bench_fails(b, "the scenario of W4 could not be written");
    }
    snprintf(replicas, sizeof replicas, "%u", (unsigned)n_replica);
    const char *argv[] = {b->rollsim,   "verify", bench_path(b, "small.yaml", scenario),
                          "--all",      "--jobs", "1",
                          "--replicas", replicas, "--quiet",
                          "--force",    "-o",     bench_path(b, "w4.db", record),
                          NULL};
    return bench_peak(b, argv);
}

static double peak_of_replicas(struct bench *b, double n_replica, uint64_t n)
{
    (void)n;
    return peak(b, 60, 30, "", b->quick ? (uint64_t)n_replica / 20 : (uint64_t)n_replica);
}

static double peak_of_1000(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return peak_of_replicas(b, 1000, n);
}

/* A thousand requests a second; scrapes, rounds and the trajectory's points are as many in the short replica as in the long. */
static double peak_of_requests(struct bench *b, double n_request, uint64_t n)
{
    (void)n;
    double horizon_s = n_request / 1000 / (b->quick ? 100 : 1);
    return peak(b, horizon_s, horizon_s / 10,
                "        capacity: {workers: 10, queue: 40, timeout: 50ms}\n", 1);
}

static double peak_of_million(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return peak_of_requests(b, 1e6, n);
}

/* ---- the check ------------------------------------------------------------------------------- */

static double check_wall(struct bench *b, double unused, uint64_t n)
{
    char scenario[512];
    struct process p;
    (void)unused, (void)n;
    const char *argv[] = {b->rollsim, "check", "--fail-on", "never", prisma(b, scenario), NULL};
    return bench_process(b, argv, NULL, false, &p) == 0 ? p.wall_s : -1;
}

/* A million bytes are 1 MB. Memory hardly varies from run to run, and its rows are long: three measurements are enough. */
static const struct bench_row rows[] = {
    {"W1", "verify Prisma: a simulated day", "promtool's day of rules alone", prisma_day,
     bench_promtool_day, 500, 1, 1, AT_LEAST, 2000, .unit = "ms"},
    {"W3", "a replica of Prisma, 2 threads (wall)", "1 thread", two_threads, one_thread, 0, 1000,
     1000, AT_LEAST, 1.95, .unit = "ms"},
    {"W3", "a replica of Prisma, 2 ranks (wall)", "1 thread", two_ranks, one_thread, 0, 1000, 1000,
     AT_LEAST, 1.9, .unit = "ms"},
    {"W4", "memory of 10^5 replicas", "10^3 replicas", peak_of_replicas, peak_of_1000, 1e5, 1, 1,
     AT_MOST, 1.05, .n_repeat = 3, .unit = "MB"},
    {"W4", "memory of a replica of 10^8 requests", "10^6 requests", peak_of_requests,
     peak_of_million, 1e8, 1, 1, AT_MOST, 1.05, .n_repeat = 3, .unit = "MB"},
    {"C1", "check Prisma (wall)", NULL, check_wall, NULL, 0, 1, 1, AT_MOST, 100, .unit = "ms"},
};

const struct bench_group bench_verify = {rows, sizeof rows / sizeof rows[0]};
