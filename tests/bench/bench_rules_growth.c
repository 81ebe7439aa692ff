/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the cost of one evaluation grows with the window, function by function. */
#include "bench_rules.h"

#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "models/promql.h"
#include "sim/arena.h"
#include "sim/stream.h"

enum { STEP_MS = 15000, DAYS = 3, N_FILL = DAYS * 86400 * 1000 / STEP_MS + 40, N_EVAL = 400 };

static const char *const windows[] = {"5m", "1h", "1d", "3d"};
enum { N_WINDOW = 4 };

/* The window stands between; x counts in whole numbers and is reset now and then, f is fractional. */
static const struct shape {
    const char *head, *tail;
} shapes[] = {
    {"rate(x[", "])"},
    {"increase(f[", "])"},
    {"changes(x[", "])"},
    {"resets(x[", "])"},
    {"count_over_time(x[", "])"},
    {"min_over_time(f[", "])"},
    {"max_over_time(f[", "])"},
    {"sum_over_time(x[", "])"},
    {"avg_over_time(x[", "])"},
    {"sum_over_time(f[", "])"},
    {"avg_over_time(f[", "])"},
    {"quantile_over_time(0.9, f[", "])"},
    {"stddev_over_time(f[", "])"},
    {"max_over_time(rate(x[5m])[", ":1m])"},
    {"avg_over_time(rate(x[5m])[", ":1m])"},
};

struct feed {
    struct tsdb *db;
    struct stream stream;
    int whole, fractional;
    int64_t t_ms;
    double count;
};

static void feed_one(struct feed *f)
{
    f->count += (double)rs_stream_below(&f->stream, 100);
    if (rs_stream_below(&f->stream, 500) == 0) {
        f->count = 0.0;
    }
    (void)rs_tsdb_append(f->db, f->whole, f->t_ms, f->count);
    (void)rs_tsdb_append(f->db, f->fractional, f->t_ms, rs_stream_uniform(&f->stream));
    f->t_ms += STEP_MS;
}

/* ns per evaluation while time moves on by a sample between two of them. */
static double measure_ns(const struct shape *shape, const char *window)
{
    struct arena *arena = rs_arena_new();
    struct label_table *labels = rs_label_table_new();
    struct feed f = {.db = rs_tsdb_new(labels), .stream = rs_stream_open(1, 0, 0)};
    struct promql_text text = {NULL, {"bench", 1, 1}, 0, RS_PROMQL_3};
    char expr[160];
    const struct promql *q;
    struct promql_eval *e;
    struct vector v;
    double used_s = 0.0, start_s;

    (void)snprintf(expr, sizeof expr, "%s%s%s", shape->head, window, shape->tail);
    text.text = expr;
    q = rs_promql_parse(arena, &text, NULL);
    f.whole = rs_tsdb_series(f.db, rs_labels_intern(labels, 1, &(struct label){"__name__", "x"}));
    f.fractional =
        rs_tsdb_series(f.db, rs_labels_intern(labels, 1, &(struct label){"__name__", "f"}));
    e = rs_promql_eval_new(q, f.db, rs_promql_options_default());
    for (int i = 0; i < N_FILL; i++) {
        feed_one(&f);
    }
    (void)rs_promql_eval(e, f.t_ms - STEP_MS, &v, NULL);
    for (int i = 0; i < N_EVAL; i++) {
        feed_one(&f);
        start_s = bench_cpu_s();
        (void)rs_promql_eval(e, f.t_ms - STEP_MS, &v, NULL);
        used_s += bench_cpu_s() - start_s;
    }
    bench_keep(v.n > 0 ? v.item[0].v : 0.0);
    rs_promql_eval_free(e);
    rs_tsdb_free(f.db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
    return 1e9 * used_s / N_EVAL;
}

/* What the clock itself costs, taken off above. */
static double clock_ns(void)
{
    double start_s = bench_cpu_s(), s = 0.0;

    for (int i = 0; i < 10000; i++) {
        s = bench_cpu_s() - start_s;
    }
    return 1e9 * s / 10000;
}

void bench_growth(void)
{
    double empty_ns = clock_ns();

    printf("R5   ns per evaluation by window; growth = longest / shortest (%d times the samples)\n",
           DAYS * 288);
    printf("     %-36s %9s %9s %9s %9s %8s\n", "", windows[0], windows[1], windows[2], windows[3],
           "growth");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        double ns[N_WINDOW];

        printf("     %s%s%s%*s", shapes[i].head, "...", shapes[i].tail,
               33 - (int)(strlen(shapes[i].head) + strlen(shapes[i].tail)), "");
        for (int k = 0; k < N_WINDOW; k++) {
            ns[k] = measure_ns(&shapes[i], windows[k]) - empty_ns;
            printf(" %9.0f", ns[k]);
        }
        printf(" %8.1f\n", ns[N_WINDOW - 1] / ns[0]);
        fflush(stdout);
    }
}
