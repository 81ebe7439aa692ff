/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expressions over a quarter of an hour of odd series, with what the real Prometheus of three generations makes of them:
 * data/promql_values.txt, whose first lines tell its form. Real sums may differ in the last bits from run to run (promtool
 * reads series in no fixed order), hence the relative tolerance of 1e-12; everything else is exact.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"
#include "series_text.h"

#define STEP_MS 15000

static const enum promql_dialect dialects[] = {RS_PROMQL_2_42, RS_PROMQL_2_53, RS_PROMQL_3};

struct values {
    struct label_table *labels;
    struct tsdb *db;
    char **line; /* [n] */
    int n, at;
    int n_case, n_wrong;
};

static bool close_to(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-12 * fabs(a);
}

/* A complaint or NULL; the expected lines are [from, to). */
static const char *compare(struct values *t, const struct vector *v, int from, int to)
{
    for (int i = from; i < to; i++) {
        rs_labels set = series_labels(t->labels, t->line[i]);
        const struct vector_item *item = NULL;
        double expected;

        for (int j = 0; j < v->n; j++) {
            item = v->item[j].labels == set ? &v->item[j] : item;
        }
        if (item == NULL) {
            return "an element is missing";
        }
        if (series_number(series_split(t->line[i]), &expected) < 0 ||
            !close_to(item->v, expected)) {
            return "another value";
        }
    }
    return v->n == to - from ? NULL : "more elements than expected";
}

static void complain(struct values *t,
                     enum promql_dialect dialect,
                     const char *expr,
                     const char *why,
                     struct vector *v)
{
    char text[300];

    t->n_wrong++;
    printf("FAIL %s in %s: %s\n", expr, rs_promql_dialect_names[dialect], why);
    for (int i = 0; i < v->n && i < 8; i++) {
        printf("    got %s %.17g\n",
               rs_labels_format(text, sizeof text, t->labels, v->item[i].labels), v->item[i].v);
    }
}

static void check(
    struct values *t, enum promql_dialect dialect, int64_t t_ms, const char *expr, int from, int to)
{
    bool fails = from < to && t->line[from][0] == '!';
    struct arena *arena = rs_arena_new();
    struct promql_text text = {expr, {"values", 1, 1}, 0, dialect};
    struct vector v = {NULL, 0};
    struct err err = {0};
    const struct promql *q = rs_promql_parse(arena, &text, &err);
    struct promql_eval *e = NULL;
    const char *why = err.text;

    t->n_case++;
    if (q != NULL) {
        e = rs_promql_eval_new(q, t->db, rs_promql_options_default());
        if (rs_promql_eval(e, t_ms, &v, &err) < 0) {
            why = fails ? NULL : err.text;
        } else {
            why = fails ? "it should fail" : compare(t, &v, from, to);
        }
    } else if (err.code == RS_E_UNSUPPORTED) {
        why = to == from ? NULL : err.text; /* native: the real one gives nothing for floats */
    }
    if (why != NULL) {
        complain(t, dialect, expr, why, &v);
    }
    rs_promql_eval_free(e);
    rs_arena_free(arena);
}

/* The case at line[at], "? seconds expression". */
static void run_case(struct values *t)
{
    char *expr;
    int64_t t_ms = 1000 * strtol(t->line[t->at++] + 2, &expr, 10);

    while (t->at < t->n && t->line[t->at][0] == '@') {
        const char *who = t->line[t->at++] + 1;
        int from = t->at;

        while (t->at < t->n && strchr("?@", t->line[t->at][0]) == NULL) {
            t->at++;
        }
        for (int i = 0; i < 3; i++) {
            const char *name = rs_promql_dialect_names[dialects[i]];
            const char *hit = strstr(who, name);

            /* "3" is in "2.53" too: names stand between blanks. */
            while (hit != NULL && (hit[-1] != ' ' || isgraph((unsigned char)hit[strlen(name)]))) {
                hit = strstr(hit + 1, name);
            }
            if (hit != NULL) {
                check(t, dialects[i], t_ms, expr + 1, from, t->at);
            }
        }
    }
}

int main(void)
{
    static char *line[4000];
    static char buf[8192];
    struct values t = {.labels = rs_label_table_new(), .line = line};
    FILE *f = fopen(DATA_DIR "/promql_values.txt", "r");

    if (f == NULL) {
        perror(DATA_DIR "/promql_values.txt");
        return 1;
    }
    while (t.n < 4000 && fgets(buf, sizeof buf, f) != NULL) {
        buf[strcspn(buf, "\n")] = '\0';
        if (buf[0] != '#') {
            line[t.n++] = strdup(buf);
        }
    }
    (void)fclose(f);
    t.db = rs_tsdb_new(t.labels);
    while (t.at < t.n) {
        if (line[t.at][0] == '=') {
            (void)series_load(t.db, line[t.at++] + 2, 0, STEP_MS);
        } else {
            run_case(&t);
        }
    }
    printf("%d cases, %d wrong\n", t.n_case, t.n_wrong);
    for (int i = 0; i < t.n; i++) {
        free(line[i]);
    }
    rs_tsdb_free(t.db);
    rs_label_table_free(t.labels);
    return t.n_wrong != 0 || t.n_case < 1000;
}
