/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_query DIALECT SUBQUERY_STEP_MS SERIES_FILE <QUERIES : range queries through our own evaluator, for comparison with a
 * server's query_range.
 *
 * A query is a line "START_MS<tab>END_MS<tab>STEP_MS<tab>MODE<tab>EXPRESSION". MODE "all": the database has all samples from
 * the start and keeps them. "live": it gets them as time goes on, and keeps what the expression asks it to keep, as in a
 * simulation. The answer is a line "Q" and one of: "ok"; "refused TEXT", what the parser does not support; "error TEXT", a
 * mistake found while parsing or evaluating. After "ok" comes a line per series, its labels as a JSON object, a tab, and the
 * points "MS=VALUE" with 17 digits, oldest first.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_data.h"
#include "models/promql.h"

struct point {
    int64_t t_ms;
    double v;
};

struct series_points { /* what one label set got */
    struct point *point;
    int n, cap;
};

struct answer {               /* per label set, in the order in which they were met */
    struct series_points *of; /* [cap], by label set */
    int cap;
    rs_labels *met; /* [n_met] */
    int n_met, cap_met;
};

struct query {
    int64_t start_ms, end_ms, step_ms;
    bool live;
    const char *expr;
};

struct world {
    struct engine_data data;
    struct tsdb *full; /* all samples */
    enum promql_dialect dialect;
    struct promql_options opt;
    struct answer answer;
};

static void answer_add(struct answer *a, rs_labels set, int64_t t_ms, double v)
{
    struct series_points *s;

    if (set >= a->cap) {
        int cap = 2 * set + 64;

        a->of = rs_xrealloc(a->of, (size_t)cap * sizeof *a->of);
        memset(a->of + a->cap, 0, (size_t)(cap - a->cap) * sizeof *a->of);
        a->cap = cap;
    }
    s = &a->of[set];
    if (s->n == 0) {
        if (a->n_met == a->cap_met) {
            a->cap_met = a->cap_met ? 2 * a->cap_met : 64;
            a->met = rs_xrealloc(a->met, (size_t)a->cap_met * sizeof *a->met);
        }
        a->met[a->n_met++] = set;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        s->point = rs_xrealloc(s->point, (size_t)s->cap * sizeof *s->point);
    }
    s->point[s->n++] = (struct point){t_ms, v};
}

static void answer_print_and_clear(struct answer *a, const struct label_table *labels, bool print)
{
    for (int i = 0; i < a->n_met; i++) {
        struct series_points *s = &a->of[a->met[i]];

        if (print) {
            engine_print_labels(stdout, labels, a->met[i]);
            for (int k = 0; k < s->n; k++) {
                (void)printf("%c%lld=%.17g", k == 0 ? '\t' : ' ', (long long)s->point[k].t_ms,
                             s->point[k].v);
            }
            (void)putchar('\n');
        }
        s->n = 0;
    }
    a->n_met = 0;
}

static void answer_free(struct answer *a)
{
    for (int i = 0; i < a->cap; i++) {
        free(a->of[i].point);
    }
    free(a->of);
    free(a->met);
}

/* All steps; a failing one fails the query, as it does in the server. */
static int evaluate(struct world *w,
                    struct tsdb *db,
                    const struct promql *q,
                    const struct query *query,
                    struct err *err)
{
    struct promql_eval *e = rs_promql_eval_new(q, db, w->opt);
    int result = 0, next = 0;

    for (int64_t t = query->start_ms; t <= query->end_ms && result == 0; t += query->step_ms) {
        struct vector v;

        if (query->live) {
            next = engine_feed(&w->data, db, next, t);
        }
        result = rs_promql_eval(e, t, &v, err);
        for (int i = 0; result == 0 && i < v.n; i++) {
            answer_add(&w->answer, v.item[i].labels, t, v.item[i].v);
        }
    }
    rs_promql_eval_free(e);
    return result;
}

static void run(struct world *w, const struct query *query)
{
    struct arena *arena = rs_arena_new();
    struct tsdb *db = query->live ? engine_database(&w->data) : w->full;
    struct err err = {0};
    const struct promql *q = rs_promql_parse(
        arena, &(struct promql_text){query->expr, {"query", 1, 1}, 0, w->dialect}, &err);

    if (q == NULL) {
        (void)printf("Q\t%s %d: %s\n", err.code == RS_E_UNSUPPORTED ? "refused" : "error", err.col,
                     err.text);
    } else if (evaluate(w, db, q, query, &err) < 0) {
        (void)printf("Q\terror %s\n", err.text);
        answer_print_and_clear(&w->answer, w->data.labels, false);
    } else {
        (void)printf("Q\tok\n");
        answer_print_and_clear(&w->answer, w->data.labels, true);
    }
    if (query->live) {
        rs_tsdb_free(db);
    }
    rs_arena_free(arena);
}

static int read_query(struct query *out, char *line)
{
    char *p = line;

    out->start_ms = strtoll(p, &p, 10);
    out->end_ms = strtoll(p, &p, 10);
    out->step_ms = strtoll(p, &p, 10);
    out->live = strncmp(p, "\tlive\t", 6) == 0;
    out->expr = p + (out->live ? 6 : 5);
    return (out->live || strncmp(p, "\tall\t", 5) == 0) && out->step_ms > 0 ? 0 : -1;
}

static void start(struct world *w, char **argv)
{
    int dialect = 0;

    while (dialect < RS_PROMQL_DIALECT_N &&
           strcmp(rs_promql_dialect_names[dialect], argv[1]) != 0) {
        dialect++;
    }
    if (dialect == RS_PROMQL_DIALECT_N) {
        (void)fprintf(stderr, "engine_query: no dialect %s\n", argv[1]);
        exit(2);
    }
    w->dialect = (enum promql_dialect)dialect;
    w->opt = rs_promql_options_default();
    w->opt.subquery_step_ms = strtoll(argv[2], NULL, 10);
    engine_read(&w->data, argv[3]);
    w->full = engine_database(&w->data);
    for (int i = 0; i < w->data.n_series; i++) {
        rs_tsdb_retain(w->full, i, INT64_MAX / 4);
    }
    (void)engine_feed(&w->data, w->full, 0, INT64_MAX);
}

int main(int argc, char **argv)
{
    struct world w = {0};

    if (argc != 4) {
        (void)fprintf(stderr,
                      "usage: engine_query DIALECT SUBQUERY_STEP_MS SERIES_FILE <QUERIES\n");
        return 2;
    }
    start(&w, argv);
    for (char *line = engine_line(stdin); line != NULL; line = engine_line(stdin)) {
        struct query query;

        if (read_query(&query, line) < 0) {
            (void)fprintf(stderr, "engine_query: not a query: %s\n", line);
            return 2;
        }
        run(&w, &query);
    }
    answer_free(&w.answer);
    rs_tsdb_free(w.full);
    engine_clear(&w.data);
    return 0;
}
