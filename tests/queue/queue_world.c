/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue_world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double bounds[] = {0.5, 1, 2, 4, 8, 16, 32, 64};

static struct dist exponential(double mean_s)
{
    return (struct dist){.kind = RS_DIST_EXPONENTIAL, .a = mean_s, .cap_s = INFINITY};
}

void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    for (int i = 0; i < 2; i++)
        w->path[i] = (struct path){.name = i ? "second" : "first",
                                   .latency = exponential(1.0),
                                   .fallback = -1,
                                   .fallback_counter = -1};
    w->dependency[0] = (struct dependency){.name = "a", .hold = exponential(1.0)};
    w->dependency[1] = (struct dependency){.name = "b", .hold = exponential(1.0)};
    w->service = (struct service){.name = "api",
                                  .n_instance = 1,
                                  .n_path = 1,
                                  .path = w->path,
                                  .requests_metric = "requests",
                                  .latency_metric = "latency",
                                  .n_bucket = 8,
                                  .bucket_s = bounds,
                                  .scrape_interval_ns = 15 * RS_NS_PER_S,
                                  .slow_s = INFINITY,
                                  .slo_error_ratio = NAN,
                                  .engine = RS_SERVICE_REQUESTS};
    w->cohort = (struct cohort){.name = "users", .population = 1000};
    w->rate = 1.0;
    w->traffic.profile = (struct profile){.kind = RS_PROFILE_CONSTANT,
                                          .n = 1,
                                          .per_s = &w->rate,
                                          .scale = 1.0,
                                          .bursts = {.factor = 1.0}};
    w->fault = (struct fault){.name = "fault",
                              .target = RS_TARGET_PATH,
                              .dependency = -1,
                              .onset = RS_ONSET_TIME,
                              .onset_flag = -1,
                              .onset_stage = -1,
                              .onset_service = -1,
                              .onset_delay = rs_dist_constant(0.0),
                              .effect = {.latency_factor = 1.0},
                              .ends_with_component = -1,
                              .ends_after_ns = RS_NEVER,
                              .residue = {.latency_factor = 1.0},
                              .residue_component = -1,
                              .residue_ttl_ns = RS_NEVER};
    w->sc = (struct scenario){.name = "queue",
                              .starts_at_unix_ns = INT64_C(1759136400000) * RS_NS_PER_MS,
                              .horizon_ns = 1000000 * RS_NS_PER_S,
                              .n_cohort = 1,
                              .cohort = &w->cohort,
                              .n_traffic = 1,
                              .traffic = &w->traffic,
                              .n_service = 1,
                              .service = &w->service,
                              .n_dependency = 2,
                              .dependency = w->dependency,
                              .n_fault = 1,
                              .fault = &w->fault};
}

void world_calls(struct world *w, int n, const double *at_s)
{
    w->traffic.profile = (struct profile){
        .kind = RS_PROFILE_LOG, .n = n, .at_s = at_s, .scale = 1.0, .bursts = {.factor = 1.0}};
}

struct capacity world_capacity(int n_worker, int n_place, double timeout_s)
{
    return (struct capacity){.given = true,
                             .n_worker = n_worker,
                             .n_place = n_place,
                             .n_connection = RS_UNLIMITED,
                             .timeout_ns = rs_ns_from_s(timeout_s)};
}

void world_start(struct world *w)
{
    w->kernel = rs_kernel_new();
    w->labels = rs_label_table_new();
    w->db = rs_tsdb_new(w->labels);
    w->sys = rs_system_new(&w->sc, w->kernel, w->db);
    for (int i = 0; i < rs_tsdb_count(w->db); i++)
        rs_tsdb_retain(w->db, i, 60000);
    rs_tsdb_seal(w->db);
}

void world_reset(struct world *w, uint64_t replica, bool fault)
{
    rs_kernel_reset(w->kernel);
    rs_tsdb_reset(w->db);
    rs_system_reset(w->sys, 1, replica, 0, fault ? 0 : -1, NULL);
}

void world_run(struct world *w, double until_s)
{
    struct err err = {0};
    if (rs_kernel_run(w->kernel, rs_ns_from_s(until_s), &err) != 0)
        rs_err_print(&err, stderr);
}

void world_clear(struct world *w)
{
    rs_system_free(w->sys);
    rs_tsdb_free(w->db);
    rs_label_table_free(w->labels);
    rs_kernel_free(w->kernel);
}

struct seen world_seen(struct world *w)
{
    struct seen s = {0};
    const struct site *site = &w->sys->site[0];
    for (int i = 0; i < site->service->n_instance; i++) {
        const struct target *t = &site->target[i];
        for (int c = 0; c < site->n_code; c++) {
            s.n += t->count[c];
            s.n_ok += site->code[c] == 200 ? t->count[c] : 0;
            s.n_500 += site->code[c] == 500 ? t->count[c] : 0;
            s.n_503 += site->code[c] == 503 ? t->count[c] : 0;
            s.n_504 += site->code[c] == 504 ? t->count[c] : 0;
        }
        s.latency_s += t->latency_sum[0];
    }
    return s;
}
