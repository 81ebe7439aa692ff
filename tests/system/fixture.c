/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define START_MS INT64_C(1759136400000) /* 2025-09-29T09:00:00Z */

static const double bounds[] = {0.05, 0.1, 0.2, 0.5, 1.0, 2.5};
static const struct condition reads_on = {READS, true}, migrate_on = {MIGRATE, true};

static void
make_service(struct fixture *f, int i, const char *name, int n, const struct condition *on)
{
    f->path[i][NEW] = (struct path){.name = "new",
                                    .n_when = 1,
                                    .when = on,
                                    .errors = {2, {500, 503}, {0.002, 0.001}},
                                    .latency = rs_dist_lognormal(0.09, 0.99, 0.45),
                                    .fallback = -1,
                                    .fallback_counter = -1};
    f->path[i][OLD] = (struct path){.name = "old",
                                    .errors = {1, {500}, {0.001}},
                                    .latency = rs_dist_lognormal(0.08, 0.99, 0.4),
                                    .fallback = -1,
                                    .fallback_counter = -1};
    f->counter[i][0] =
        (struct counter){.metric = "audit_total", .base_per_request = 1.5, .only_on_path = -1};
    f->counter[i][1] =
        (struct counter){.metric = "mismatch_total", .base_per_s = 0.01, .only_on_path = -1};
    f->service[i] = (struct service){.name = name,
                                     .n_instance = n,
                                     .n_path = N_PATH,
                                     .path = f->path[i],
                                     .requests_metric = "http_requests_total",
                                     .latency_metric = "http_request_duration_seconds",
                                     .n_bucket = 6,
                                     .bucket_s = bounds,
                                     .n_counter = 2,
                                     .counter = f->counter[i],
                                     .scrape_interval_ns = 30 * RS_NS_PER_S,
                                     .slow_s = 0.75,
                                     .slo_error_ratio = NAN};
}

static void make_fault(struct fixture *f, int i, const char *name, int service, int flag)
{
    f->fault[i] = (struct fault){.name = name,
                                 .target = RS_TARGET_PATH,
                                 .service = service,
                                 .path = NEW,
                                 .dependency = -1,
                                 .onset = RS_ONSET_FLAG_EXPOSED,
                                 .onset_flag = flag,
                                 .onset_stage = -1,
                                 .onset_service = -1,
                                 .onset_delay = rs_dist_constant(60.0),
                                 .effect = {.errors = {1, {500}, {0.2}}, .latency_factor = 1.0},
                                 .ends_with_exposure = true,
                                 .ends_with_component = -1,
                                 .ends_after_ns = RS_NEVER,
                                 .residue = {.latency_factor = 1.0},
                                 .residue_component = -1,
                                 .residue_ttl_ns = RS_NEVER};
}

static void make_traffic(struct fixture *f, int i, int service, int cohort, double rate)
{
    f->rate[i] = rate;
    f->traffic[i] = (struct traffic){.service = service,
                                     .cohort = cohort,
                                     .profile = {.kind = RS_PROFILE_CONSTANT,
                                                 .n = 1,
                                                 .per_s = &f->rate[i],
                                                 .scale = 1.0,
                                                 .bursts = {.factor = 1.0}}};
}

void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->cohort[STAFF] = (struct cohort){.name = "staff", .population = 500};
    f->cohort[AGENTS] = (struct cohort){.name = "agents", .population = 20000};
    make_service(f, DASH, "dash", 2, &reads_on);
    make_service(f, PORTAL, "portal", 3, &migrate_on);
    f->flag[READS] = (struct flag){.name = "READS",
                                   .propagation = {RS_PROPAGATION_POLLING, rs_dist_constant(0.0),
                                                   .poll_ns = 15 * RS_NS_PER_S}};
    f->flag[MIGRATE] = (struct flag){
        .name = "MIGRATE", .propagation = {RS_PROPAGATION_STREAMING, rs_dist_constant(0.0)}};
    make_traffic(f, 0, DASH, STAFF, 4.0);
    make_traffic(f, 1, PORTAL, AGENTS, 30.0);
    f->dependency = (struct dependency){.name = "db"};
    f->component[CACHE] = (struct component){.name = "cache"};
    make_fault(f, 0, "dash-errors", DASH, READS);
    make_fault(f, 1, "portal-errors", PORTAL, MIGRATE);
    f->sc = (struct scenario){.name = "made-up",
                              .starts_at_unix_ns = START_MS * RS_NS_PER_MS,
                              .horizon_ns = 3600 * RS_NS_PER_S,
                              .n_cohort = N_COHORT,
                              .cohort = f->cohort,
                              .n_traffic = 2,
                              .traffic = f->traffic,
                              .n_service = N_SERVICE,
                              .service = f->service,
                              .n_dependency = 1,
                              .dependency = &f->dependency,
                              .n_flag = N_FLAG,
                              .flag = f->flag,
                              .n_component = N_COMPONENT,
                              .component = f->component,
                              .n_fault = 2,
                              .fault = f->fault};
}

void fixture_start(struct fixture *f)
{
    f->kernel = rs_kernel_new();
    f->labels = rs_label_table_new();
    f->db = rs_tsdb_new(f->labels);
    f->sys = rs_system_new(&f->sc, f->kernel, f->db);
    rs_tsdb_seal(f->db);
}

void fixture_clear(struct fixture *f)
{
    rs_system_free(f->sys);
    rs_tsdb_free(f->db);
    rs_label_table_free(f->labels);
    rs_kernel_free(f->kernel);
}

int fixture_series(struct fixture *f,
                   const char *metric,
                   int service,
                   int instance,
                   const char *name,
                   const char *value,
                   double span_s)
{
    char who[64];
    snprintf(who, sizeof who, "%s-%d", f->service[service].name, instance);
    struct label label[4] = {
        {"__name__", metric}, {"job", f->service[service].name}, {"instance", who}};
    if (name)
        label[3] = (struct label){name, value};
    int n = rs_tsdb_count(f->db);
    int series = rs_tsdb_series(f->db, rs_labels_intern(f->labels, name ? 4 : 3, label));
    if (series >= n)
        return -1; /* the system has not declared it */
    rs_tsdb_retain(f->db, series, (int64_t)(span_s * 1000.0));
    return series;
}

/* ---- sink ---- */

static void
on_effective(void *ctx, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total)
{
    struct fixture *f = ctx;
    (void)flag;
    (void)version;
    (void)n_done;
    f->effective_at_ns[f->n_effective++ % 16] = now_ns;
    f->n_total = n_total;
}

static void on_onset(void *ctx, int64_t now_ns, int fault)
{
    struct fixture *f = ctx;
    (void)fault;
    f->n_onset++;
    f->onset_ns = now_ns;
}

static void on_first_bad(void *ctx, int64_t now_ns, int fault)
{
    struct fixture *f = ctx;
    (void)fault;
    f->n_first_bad++;
    f->first_bad_ns = now_ns;
}

static void on_end(void *ctx, int64_t now_ns, int fault, bool residue_left)
{
    struct fixture *f = ctx;
    (void)fault;
    f->n_end++;
    f->end_ns = now_ns;
    f->residue_left = residue_left;
}

static void on_residue_end(void *ctx, int64_t now_ns, int fault)
{
    struct fixture *f = ctx;
    (void)fault;
    f->n_residue_end++;
    f->residue_end_ns = now_ns;
}

void fixture_reset(struct fixture *f, uint64_t replica, int fault)
{
    const struct system_sink sink = {f,      on_effective,  on_onset, on_first_bad,
                                     on_end, on_residue_end};
    f->n_effective = f->n_onset = f->n_first_bad = f->n_end = f->n_residue_end = 0;
    rs_kernel_reset(f->kernel);
    rs_tsdb_reset(f->db);
    rs_system_reset(f->sys, 1, replica, 0, fault, &sink);
}

void fixture_run(struct fixture *f, double until_s)
{
    struct err err = {0};
    if (rs_kernel_run(f->kernel, rs_ns_from_s(until_s), &err) != 0)
        rs_err_print(&err, stderr);
}

int64_t fixture_ms(double t_s)
{
    return START_MS + (int64_t)floor(t_s * 1000.0 + 1e-6);
}

const struct sample *fixture_read(struct fixture *f, int series)
{
    int64_t now_ms = fixture_ms(rs_s_from_ns(rs_kernel_now(f->kernel)));
    rs_tsdb_touch(f->db, series, now_ms);
    return rs_tsdb_last(f->db, series, now_ms);
}
