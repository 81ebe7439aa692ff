/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * R1: ten rules over a day of 64 series, ours and `promtool test rules` on the same input in one run. Neither counts making the
 * samples; ours are handed over as numbers, promtool's as text in a file.
 */
#include <math.h>
#include <stdlib.h>

#include "bench_rules_data.h"
#include "bench_rules_peer.h"
#include "process.h"
#include "sim/arena.h"

enum { N_DAY = 86400 / STEP_S + 1, N_INSTANCE = 4 };

struct world {
    struct arena *arena;
    struct label_table *labels;
    struct tsdb *db;
    struct promql_eval *alerts;
    struct rule_runner *runner;
    const struct metrics *m;
    int *series; /* [m->n_series] */
    int n_change;
};

static void count_change(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    (void)t_ms;
    (void)a;
    (void)from;
    ++*(int *)ctx;
}

static void world_make(struct world *w, const struct metrics *m)
{
    struct promql_text text = {"ALERTS", {"bench", 1, 1}, 0, RS_PROMQL_3};
    struct rule_runner_options opt = rs_rule_runner_options_default();

    *w = (struct world){.arena = rs_arena_new(), .labels = rs_label_table_new(), .m = m};
    w->db = rs_tsdb_new(w->labels);
    w->series = rs_xcalloc((size_t)m->n_series, sizeof *w->series);
    for (int i = 0; i < m->n_series; i++) {
        w->series[i] = rs_tsdb_series(w->db, metrics_labels(w->labels, m, i));
    }
    rs_tsdb_seal(w->db);
    opt.promql.subquery_step_ms = opt.interval_ms = STEP_S * 1000;
    /* Somebody who could ask for ALERTS, so that it is written as promtool writes it. */
    w->alerts = rs_promql_eval_new(rs_promql_parse(w->arena, &text, NULL), w->db, opt.promql);
    w->runner = rs_rule_runner_new(bench_group(w->arena, 0, N_RULE), w->db, &opt);
}

static void world_clear(struct world *w)
{
    rs_rule_runner_free(w->runner);
    rs_promql_eval_free(w->alerts);
    rs_tsdb_free(w->db);
    rs_label_table_free(w->labels);
    rs_arena_free(w->arena);
    free(w->series);
}

static void append_row(struct world *w, int step)
{
    const double *v = w->m->v + (size_t)step * (size_t)w->m->n_series;

    for (int i = 0; i < w->m->n_series; i++) {
        if (!isnan(v[i])) {
            (void)rs_tsdb_append(w->db, w->series[i], INT64_C(1000) * STEP_S * step, v[i]);
        }
    }
}

/* Appends and evaluates all steps. */
static void run_day(struct world *w)
{
    struct rule_sink sink = {.ctx = &w->n_change, .changed = count_change};

    for (int k = 0; k < w->m->n_step; k++) {
        append_row(w, k);
        (void)rs_rule_runner_eval(w->runner, INT64_C(1000) * STEP_S * k, &sink);
    }
}

/* CPU seconds of n days: each in a world just made, or each but the first in one that has run the same day before. */
static double days_s(struct bench *b, uint64_t n, bool later)
{
    struct metrics *m = metrics_new(N_INSTANCE, N_DAY);
    struct world w;
    double used_s = 0;
    (void)b;
    world_make(&w, m);
    for (uint64_t i = 0; i < n + later; i++) {
        double start_s = bench_cpu_s();
        run_day(&w);
        used_s += later && i == 0 ? 0 : bench_cpu_s() - start_s;
        if (later) {
            rs_tsdb_reset(w.db);
            rs_rule_runner_reset(w.runner);
        } else {
            world_clear(&w);
            world_make(&w, m);
        }
    }
    world_clear(&w);
    metrics_free(m);
    return used_s;
}

static double first_days(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return days_s(b, n, false);
}

/* As the second and every further replica of a simulation does it. */
static double later_days(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return days_s(b, n, true);
}

static bool write_files(struct bench *b)
{
    struct metrics *m = metrics_new(N_INSTANCE, N_DAY);
    FILE *rules = bench_create(b, "rules.yml"), *test = bench_create(b, "test.yml");
    bool done = rules != NULL && test != NULL;
    if (done) {
        write_rule_file(rules);
        write_test_file(test, m, "rules.yml");
    }
    if (rules != NULL) {
        done = fclose(rules) == 0 && done;
    }
    if (test != NULL) {
        done = fclose(test) == 0 && done;
    }
    metrics_free(m);
    return done;
}

static double test_rules(struct bench *b, double unused, uint64_t n)
{
    char path[512];
    struct process p;
    (void)unused, (void)n;
    if (b->promtool == NULL) {
        return bench_fails(b, "promtool is not installed");
    }
    if (!write_files(b)) {
        return bench_fails(b, "promtool's files could not be written");
    }
    const char *argv[] = {b->promtool, "test", "rules", bench_path(b, "test.yml", path), NULL};
    return bench_process(b, argv, NULL, false, &p) == 0 ? p.cpu_s : -1;
}

double bench_promtool_day(struct bench *b, double unused, uint64_t n)
{
    return bench_shared(b, "promtool", test_rules, unused, n);
}

static const struct bench_row rows[] = {
    {"R1", "10 rules, 24 h, 64 series: a day", "promtool test rules", first_days,
     bench_promtool_day, 0, 20, 1, AT_LEAST, 300, .unit = "ms"},
    {"R1", "the same, a later replica", "promtool test rules", later_days, bench_promtool_day, 0,
     20, 1, AT_LEAST, 300, .unit = "ms"},
};

const struct bench_group bench_rules = {rows, sizeof rows / sizeof rows[0]};
