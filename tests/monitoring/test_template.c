/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates against texts measured on the real programs. Each row of template_rows.txt: $value, the template, what Prometheus
 * 3.5 makes of it; then, where they differ, what 2.42 makes of it, and what 2.53 does. Separated by |#|, with \n for a line
 * break. "!" in front: it is refused at load with these words.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/template.h"
#include "series_text.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct label_table *labels;
static struct tsdb *db;
static struct arena *arena;
static struct promql_eval *eval;

static const char *const series[] = {
    "up{instance=\"a:1\",job=\"api\"} 1",
    "up{instance=\"b:2\",job=\"api\"} 0",
    "up{instance=\"c:3\",job=\"db\"} 1",
};

static void setup(void)
{
    labels = rs_label_table_new();
    db = rs_tsdb_new(labels);
    arena = rs_arena_new();
    eval = NULL;
    for (int i = 0; i < N(series); i++) {
        (void)series_load(db, series[i], 0, 60000);
    }
}

static void teardown(void)
{
    rs_promql_eval_free(eval);
    rs_tsdb_free(db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
}

static int query(void *ctx, const char *text, int64_t t_ms, struct vector *out, struct err *err)
{
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){text, {"query", 1, 1}, 0, RS_PROMQL_3}, err);
    (void)ctx;
    if (q == NULL) {
        return -1;
    }
    if (rs_promql_type(q) == RS_PQL_MATRIX || rs_promql_type(q) == RS_PQL_STRING) {
        return rs_err_set(err, RS_E_TYPE, "rule result is not a vector or scalar");
    }
    rs_promql_eval_free(eval);
    eval = rs_promql_eval_new(q, db, rs_promql_options_default());
    return rs_promql_eval(eval, t_ms, out, err);
}

static char *expand(const char *text, const char *value, enum promql_dialect dialect)
{
    const struct label external[] = {{"cluster", "c1"}, {"region", "eu"}};
    char series_of[256];
    struct err err = {0};
    struct template_data data = {.table = labels,
                                 .external_url = "http://prom.example/p",
                                 .n_external = 2,
                                 .external = external,
                                 .query = query};
    const struct template *t = rs_template_parse(
        arena, &(struct template_text){text, {"r.yml", 1, 1}, 0, "T", dialect}, &err);

    if (t == NULL) {
        char *out = malloc(400);

        ck_assert_ptr_nonnull(out);
        snprintf(out, 400, "!%s",
                 strncmp(err.text, "template: ", 10) == 0 ? err.text + 10 : err.text);
        return out;
    }
    snprintf(series_of, sizeof series_of,
             "v{instance=\"web-1.example.com:9090\",job=\"api\",msg=\"a<b>&'\\\"c\",n=\"%s\"}",
             value);
    data.labels = series_labels(labels, series_of);
    ck_assert_int_eq(series_number(value, &data.value), 0);
    return rs_template_expand(t, &data, NULL);
}

/* ---- the rows ---- */

struct row {
    char *field[5]; /* value, text, expected of 3, of 2.42, of 2.53 */
};

static void unescape(char *s)
{
    char *to = s;

    for (; *s != '\0'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
            *to++ = (char)(*s == 'n' ? '\n' : *s == 't' ? '\t' : *s == 'r' ? '\r' : *s);
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static int split(char *line, struct row *row)
{
    int n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *p = line; p != NULL && n < 5; n++) {
        char *next = strstr(p, "|#|");

        if (next != NULL) {
            *next = '\0';
            next += 3;
        }
        row->field[n] = p;
        p = next;
    }
    for (int i = 0; i < n; i++) {
        unescape(row->field[i]);
    }
    return n;
}

static int n_bad;

static void
check(const struct row *row, int line, enum promql_dialect dialect, const char *expected)
{
    char *got = expand(row->field[1], row->field[0], dialect);

    if (strcmp(got, expected) != 0) {
        n_bad++;
        fprintf(stderr, "row %d (%s): %s of %s\n  got      %s\n  expected %s\n", line,
                rs_promql_dialect_names[dialect], row->field[1], row->field[0], got, expected);
    }
    free(got);
}

START_TEST(texts_are_those_of_prometheus)
{
    FILE *from = fopen(RS_SOURCE_DIR "/tests/monitoring/template_rows.txt", "r");
    static char line[1 << 16];
    int n_row = 0;

    ck_assert_ptr_nonnull(from);
    n_bad = 0;
    while (fgets(line, sizeof line, from) != NULL) {
        struct row row;
        int n = split(line, &row);

        ck_assert_int_ge(n, 3);
        n_row++;
        check(&row, n_row, RS_PROMQL_3, row.field[2]);
        check(&row, n_row, RS_PROMQL_2_53, row.field[n == 5 ? 4 : 2]);
        check(&row, n_row, RS_PROMQL_2_42, row.field[n >= 4 ? 3 : 2]);
    }
    fclose(from);
    ck_assert_int_gt(n_row, 700);
    ck_assert_int_eq(n_bad, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("template");
    TCase *tc = tcase_create("template");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, texts_are_those_of_prometheus);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
