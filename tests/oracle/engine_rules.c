/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_rules DIALECT RULE_FILE SERIES_FILE INTERVAL_MS END_MS SELECTOR REPLICAS : the groups of a rule file evaluated at 0,
 * INTERVAL_MS ... END_MS, for comparison with `promtool test rules`.
 *
 * All is done REPLICAS times over, with resets between; the last is told, so that what a reset forgets to forget shows. For
 * every round comes a line "T MS N", N being the number of rules that failed in it, then what SELECTOR selects at MS: one line
 * per element, its labels as a JSON object, a tab and the value with 17 digits. As in promtool the selector sees what later
 * rounds write at or before MS, as a query offset makes them do.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_data.h"
#include "scenarios/load.h"

/* The selector looks back by this, a multiple of every interval and more than every query offset. */
#define DELAY_MS 60000

struct world {
    struct engine_data data;
    struct tsdb *db;
    struct arena *arena;
    const struct rule_file *file;
    struct rule_runner **runner; /* [file->n_group] */
    struct promql_eval *watch;
    int next;   /* sample */
    int *n_bad; /* per round, owned */
};

static int dialect_of(const char *name)
{
    for (int i = 0; i < RS_PROMQL_DIALECT_N; i++) {
        if (strcmp(rs_promql_dialect_names[i], name) == 0) {
            return i;
        }
    }
    (void)fprintf(stderr, "engine_rules: no dialect %s\n", name);
    exit(2);
}

static char *read_file(struct arena *arena, const char *path, size_t *n)
{
    static char text[1 << 20];
    FILE *from = fopen(path, "r");

    if (from == NULL) {
        (void)fprintf(stderr, "engine_rules: cannot read %s\n", path);
        exit(2);
    }
    *n = fread(text, 1, sizeof text, from);
    (void)fclose(from);
    return rs_arena_strndup(arena, text, *n);
}

static void load_rules(struct world *w, enum promql_dialect dialect, const char *path)
{
    struct err_list errors;
    size_t n;
    char *text = read_file(w->arena, path, &n);

    rs_err_list_init(&errors);
    w->file = rs_rule_file_parse(w->arena, dialect, path, text, n, &errors);
    if (w->file == NULL) {
        rs_err_list_print(&errors, stderr);
        exit(2);
    }
    rs_err_list_clear(&errors);
}

static void
start(struct world *w, enum promql_dialect dialect, const char *selector, int64_t step_ms)
{
    struct rule_runner_options opt = rs_rule_runner_options_default();
    struct err err = {0};
    const char *watched = rs_arena_printf(w->arena, "%s offset 1m", selector);
    const struct promql *q = rs_promql_parse(
        w->arena, &(struct promql_text){watched, {"watched", 1, 1}, 0, dialect}, &err);

    if (q == NULL) {
        rs_err_print(&err, stderr);
        exit(2);
    }
    opt.promql.subquery_step_ms = opt.interval_ms = step_ms;
    opt.write_alerts = true;
    w->watch = rs_promql_eval_new(q, w->db, opt.promql);
    w->runner = rs_xcalloc((size_t)w->file->n_group + 1, sizeof(struct rule_runner *));
    for (int i = 0; i < w->file->n_group; i++) {
        w->runner[i] = rs_rule_runner_new(&w->file->group[i], w->db, &opt);
    }
}

/* promtool loads the samples only as far as the round has come, and evaluates the groups in order. */
static int round_at(struct world *w, int64_t t_ms)
{
    int n_bad = 0;

    w->next = engine_feed(&w->data, w->db, w->next, t_ms);
    for (int i = 0; i < w->file->n_group; i++) {
        n_bad += rs_rule_runner_eval(w->runner[i], t_ms, NULL);
    }
    return n_bad;
}

/* What the selector gave at t_ms, and how the round of that time went. */
static void watch(struct world *w, int64_t t_ms, int n_bad, bool tell)
{
    struct vector v;
    struct err err = {0};

    if (rs_promql_eval(w->watch, t_ms + DELAY_MS, &v, &err) < 0) {
        rs_err_print(&err, stderr);
        exit(2);
    }
    if (!tell) {
        return;
    }
    (void)printf("T %lld %d\n", (long long)t_ms, n_bad);
    for (int i = 0; i < v.n; i++) {
        engine_print_labels(stdout, w->data.labels, v.item[i].labels);
        (void)printf("\t%.17g\n", v.item[i].v);
    }
}

static void replica(struct world *w, int64_t interval_ms, int64_t end_ms, bool tell)
{
    for (int64_t t = 0; t <= end_ms + DELAY_MS; t += interval_ms) {
        if (t <= end_ms) {
            w->n_bad[t / interval_ms] = round_at(w, t);
        }
        if (t >= DELAY_MS) {
            watch(w, t - DELAY_MS, w->n_bad[(t - DELAY_MS) / interval_ms], tell);
        }
    }
}

static void reset(struct world *w)
{
    rs_tsdb_reset(w->db);
    for (int i = 0; i < w->file->n_group; i++) {
        rs_rule_runner_reset(w->runner[i]);
    }
    w->next = 0;
}

static void clear(struct world *w)
{
    for (int i = 0; i < w->file->n_group; i++) {
        rs_rule_runner_free(w->runner[i]);
    }
    free(w->runner);
    free(w->n_bad);
    rs_promql_eval_free(w->watch);
    rs_tsdb_free(w->db);
    engine_clear(&w->data);
    rs_arena_free(w->arena);
}

int main(int argc, char **argv)
{
    struct world w = {.arena = rs_arena_new()};
    enum promql_dialect dialect;
    int64_t interval_ms, end_ms;
    long n_replica;

    if (argc != 8) {
        (void)fprintf(stderr,
                      "usage: engine_rules DIALECT RULE_FILE SERIES_FILE INTERVAL_MS END_MS "
                      "SELECTOR REPLICAS\n");
        return 2;
    }
    dialect = (enum promql_dialect)dialect_of(argv[1]);
    interval_ms = strtoll(argv[4], NULL, 10);
    end_ms = strtoll(argv[5], NULL, 10);
    n_replica = strtol(argv[7], NULL, 10);
    engine_read(&w.data, argv[3]);
    w.db = engine_database(&w.data);
    load_rules(&w, dialect, argv[2]);
    start(&w, dialect, argv[6], interval_ms);
    w.n_bad = rs_xcalloc((size_t)(end_ms / interval_ms + 1), sizeof *w.n_bad);
    for (long i = 1; i <= n_replica; i++) {
        reset(&w);
        replica(&w, interval_ms, end_ms, i == n_replica);
    }
    clear(&w);
    return 0;
}
