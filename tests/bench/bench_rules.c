/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules: ten of them over a day of 64 series, ours and `promtool test rules` on the same input
 * in one run; then where the time goes, and how it grows.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_rules.h"
#include "bench_rules_data.h"
#include "bench_rules_peer.h"
#include "sim/arena.h"

enum { N_DAY = 86400 / STEP_S + 1 };

static uint64_t n_alloc;

/* The linker sends every allocation of the program here first (--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);

void *__wrap_malloc(size_t n)
{
    n_alloc++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    n_alloc++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    n_alloc++;
    return __real_realloc(old, n);
}

/* ---- one run --------------------------------------------------------------------------------- */

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

static void world_make(struct world *w, const struct metrics *m, int first, int n)
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
    w->runner = rs_rule_runner_new(bench_group(w->arena, first, n), w->db, &opt);
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

/* Appends (and evaluates) the steps [from, to). */
static void run_steps(struct world *w, int from, int to, bool evaluates)
{
    struct rule_sink sink = {.ctx = &w->n_change, .changed = count_change};

    for (int k = from; k < to; k++) {
        append_row(w, k);
        if (evaluates) {
            (void)rs_rule_runner_eval(w->runner, INT64_C(1000) * STEP_S * k, &sink);
        }
    }
}

/*
 * CPU seconds of all steps, best of n_repeat: in a world just made, or in one that has run the same
 * day before, as the second replica of a simulation does.
 */
static double run_s(const struct metrics *m, int first, int n, bool evaluates, bool later)
{
    enum { N_REPEAT = 5 };
    double best_s = 1e300;

    for (int i = 0; i < N_REPEAT; i++) {
        struct world w;
        double start_s;

        world_make(&w, m, first, n);
        if (later) {
            run_steps(&w, 0, m->n_step, evaluates);
            rs_tsdb_reset(w.db);
            rs_rule_runner_reset(w.runner);
        }
        start_s = bench_cpu_s();
        run_steps(&w, 0, m->n_step, evaluates);
        start_s = bench_cpu_s() - start_s;
        best_s = start_s < best_s ? start_s : best_s;
        world_clear(&w);
    }
    return best_s;
}

/* ---- the sections ---------------------------------------------------------------------------- */

static void versus_promtool(const struct metrics *m)
{
    const double n_eval = (double)N_RULE * m->n_step;
    const char *promtool = peer_find();
    double ours_s = run_s(m, 0, N_RULE, true, false), later_s = run_s(m, 0, N_RULE, true, true);
    double more_s;
    struct peer_time peer;

    printf("R1   %d rules, %d series, %d rounds of %d s: rule evaluations per CPU second\n", N_RULE,
           m->n_series, m->n_step, STEP_S);
    printf("     ours      %12.0f   %8.4f s, the append of all samples and ALERTS included\n",
           n_eval / ours_s, ours_s);
    printf("     later     %12.0f   %8.4f s, a later replica of the same day\n", n_eval / later_s,
           later_s);
    if (promtool == NULL) {
        printf("     no promtool (ROLLSIM_PROMTOOL, build/oracles/*/usr/bin, PATH): no ratio\n");
        return;
    }
    if (!peer_measure(promtool, m, &peer)) {
        return;
    }
    more_s = run_s(m, 0, N_RULE, true, false);
    ours_s = more_s < ours_s ? more_s : ours_s;
    printf("     promtool  %12.0f   %8.4f s, version %s; reading its YAML included\n",
           n_eval / peer.all_s, peer.all_s, peer_version(promtool));
    printf("     ratio     %12.0f   >= 300  %s\n", peer.all_s / ours_s,
           peer.all_s / ours_s >= 300.0 ? "met" : "MISSED");
    printf("     ratio     %12.0f   without promtool's load and one trivial rule (%.3f s)\n",
           (peer.all_s - peer.load_s) / ours_s, peer.load_s);
    printf("     neither counts making the samples; ours are handed over as numbers, promtool's\n"
           "     as text\n");
}

static void by_rule(const struct metrics *m)
{
    double append_s = run_s(m, 0, N_RULE, false, true);

    printf("R2   ns per evaluation, the append of a round (%.0f ns, %.1f ns a sample) taken off\n",
           1e9 * append_s / m->n_step, 1e9 * append_s / m->n_step / m->n_series);
    for (int i = 0; i < N_RULE; i++) {
        /* A rule that reads recorded series is measured with those before it, and their time off. */
        int first = i == 2 || i == 3 ? 0 : i;
        double all_s = run_s(m, first, i - first + 1, true, true);
        double before_s = first < i ? run_s(m, first, i - first, true, true) : append_s;

        printf("     %-28s %8.0f\n", bench_rule_name(i),
               1e9 * (all_s - before_s) / (double)m->n_step);
    }
}

static void by_series(void)
{
    static const int n_instance[] = {1, 4, 40};

    printf("R3   rule evaluations per CPU second by number of series\n");
    for (int i = 0; i < 3; i++) {
        struct metrics *m = metrics_new(n_instance[i], N_DAY);
        double s = run_s(m, 0, N_RULE, true, false);

        printf("     %4d series %12.0f   %6.1f ns per series and round\n", m->n_series,
               (double)N_RULE * m->n_step / s, 1e9 * s / m->n_step / m->n_series);
        metrics_free(m);
    }
}

static void allocations(const struct metrics *m)
{
    struct world w;
    uint64_t n;
    int n_change;

    world_make(&w, m, 0, N_RULE);
    run_steps(&w, 0, m->n_step, true); /* the first replica makes the acquaintance of all labels */
    n_change = w.n_change;
    rs_tsdb_reset(w.db);
    rs_rule_runner_reset(w.runner);
    n = n_alloc;
    run_steps(&w, 0, m->n_step, true);
    printf("R4   allocations in a later replica: %lu in %d evaluations  0  %s\n",
           (unsigned long)(n_alloc - n), N_RULE * m->n_step, n_alloc == n ? "met" : "MISSED");
    printf("     alert state changes in a replica: %d, in the first too: %s\n",
           w.n_change - n_change, w.n_change == 2 * n_change ? "yes" : "NO");
    world_clear(&w);
}

int main(int argc, char **argv)
{
    struct metrics *m;

    if (argc > 1 && argv[1][0] == '-') {
        printf("usage: %s [ID...]   R1 against promtool, R2 by rule, R3 by number of series, R4\n"
               "allocations, R5 by length of window; all without one. CPU time, best of several.\n",
               argv[0]);
        return strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2;
    }
    m = metrics_new(4, N_DAY);
    if (bench_wanted("R1", argv + 1, argc - 1)) {
        versus_promtool(m);
    }
    if (bench_wanted("R2", argv + 1, argc - 1)) {
        by_rule(m);
    }
    if (bench_wanted("R3", argv + 1, argc - 1)) {
        by_series();
    }
    if (bench_wanted("R4", argv + 1, argc - 1)) {
        allocations(m);
    }
    if (bench_wanted("R5", argv + 1, argc - 1)) {
        bench_growth();
    }
    metrics_free(m);
    return EXIT_SUCCESS;
}
