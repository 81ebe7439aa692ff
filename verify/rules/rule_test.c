/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Source of what is compared and when: cmd/promtool/unittest.go of Prometheus 2.42 and 3.5, testGroup.test: "if
 * ts <= eval_time < ts + evaluation_interval, the alerts of the round at ts are compared"; expressions come after all rounds.
 */
#include "verify/rule_test.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_words.h"
#include "sim/clock.h"

struct text_list { /* in the arena */
    const char **at;
    int n, cap;
};

struct group_run {
    const struct rule_group *group;
    struct rule_runner *runner;
    int place; /* in group_eval_order; 0 = not named */
};

struct run {
    struct arena *arena;
    const struct rule_test_file *file;
    const struct rule_test *test;
    struct tsdb *db;
    struct group_run *group; /* [n_group] in the order of evaluation */
    int n_group;
    struct test_failure *failure;
    int n_failure, cap_failure;
    int n_series_kept; /* series of db that are known to be kept whole */
    /* while alerts are collected */
    struct rule_runner *runner;
    const char *alertname;
    struct text_list *got;
};

static const char *format_time(struct run *r, int64_t ns)
{
    char text[40];
    return rs_arena_strdup(r->arena, rs_duration_format(text, sizeof(text), ns));
}

static void push_text(struct run *r, struct text_list *list, const char *text)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        const char **grown = RS_ARENA_ARRAY(r->arena, const char *, list->cap);
        if (list->n > 0) {
            memcpy(grown, list->at, sizeof(*grown) * (size_t)list->n);
        }
        list->at = grown;
    }
    list->at[list->n++] = text;
}

static struct test_failure *add_failure(struct run *r, struct mark at)
{
    if (r->n_failure == r->cap_failure) {
        r->cap_failure = r->cap_failure ? 2 * r->cap_failure : 8;
        struct test_failure *grown = RS_ARENA_ARRAY(r->arena, struct test_failure, r->cap_failure);
        if (r->n_failure > 0) {
            memcpy(grown, r->failure, sizeof(*grown) * (size_t)r->n_failure);
        }
        r->failure = grown;
    }
    r->failure[r->n_failure] = (struct test_failure){.at = at};
    return &r->failure[r->n_failure++];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct text_list *list)
{
    if (list->n > 1) {
        qsort(list->at, (size_t)list->n, sizeof(*list->at), by_text);
    }
}

/* ---- alerts ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* name="value", with what is special in quotes written as PromQL has it. */
static void print_label(FILE *to, const struct label *label)
{
    fprintf(to, "%s=\"", label->name);
    for (const char *p = label->value; *p; p++) {
        if (*p == '"' || *p == '\\' || *p == '\n') {
            fputc('\\', to);
        }
        fputc(*p == '\n' ? 'n' : *p, to);
    }
    fputc('"', to);
}

/* One alert as text: a line of labels, one for each annotation. Both arrays are sorted here. */
static const char *alert_text(
    struct run *r, struct label *label, int n_label, struct label *annotation, int n_annotation)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    if (n_label > 1) {
        qsort(label, (size_t)n_label, sizeof(*label), by_name);
    }
    if (n_annotation > 1) {
        qsort(annotation, (size_t)n_annotation, sizeof(*annotation), by_name);
    }
    fputc('{', to);
    for (int i = 0; i < n_label; i++) {
        fputs(i ? ", " : "", to);
        print_label(to, &label[i]);
    }
    fputc('}', to);
    for (int i = 0; i < n_annotation; i++) {
        fputs("\n  ", to);
        print_label(to, &annotation[i]);
    }
    fclose(to);
    const char *kept = rs_arena_strdup(r->arena, text);
    free(text);
    return kept;
}

static void take_alert(void *ctx, const struct alert *a)
{
    struct run *r = ctx;
    const struct label_table *table = r->test->data->labels;
    if (a->state != RS_ALERT_FIRING || strcmp(a->rule->alert, r->alertname) != 0) {
        return;
    }
    int n_label = rs_labels_count(table, a->labels), n_annotation = a->rule->n_annotation;
    struct label *label = RS_ARENA_ARRAY(r->arena, struct label, n_label);
    struct label *annotation = RS_ARENA_ARRAY(r->arena, struct label, n_annotation);
    for (int i = 0; i < n_label; i++) {
        label[i] = rs_labels_at(table, a->labels, i);
    }
    for (int i = 0; i < n_annotation; i++) {
        char *text = rs_rule_runner_annotation(r->runner, a, i);
        annotation[i] =
            (struct label){a->rule->annotation[i].name, rs_arena_strdup(r->arena, text)};
        free(text);
    }
    push_text(r, r->got, alert_text(r, label, n_label, annotation, n_annotation));
}

static const char *
expected_text(struct run *r, const struct alert_case *c, const struct exp_alert *e)
{
    int n = 0;
    struct label *label = RS_ARENA_ARRAY(r->arena, struct label, e->n_label + 1);
    struct label *annotation = RS_ARENA_ARRAY(r->arena, struct label, e->n_annotation);
    for (int i = 0; i < e->n_label; i++) {
        if (strcmp(e->label[i].name, "alertname") != 0) {
            label[n++] = e->label[i];
        }
    }
    label[n++] = (struct label){"alertname", c->alertname};
    if (e->n_annotation > 0) {
        memcpy(annotation, e->annotation, sizeof(*annotation) * (size_t)e->n_annotation);
    }
    return alert_text(r, label, n, annotation, e->n_annotation);
}

static bool knows_alert(const struct run *r, const char *name)
{
    for (int g = 0; g < r->n_group; g++) {
        for (int i = 0; i < r->group[g].group->n_rule; i++) {
            const struct rule *rule = &r->group[g].group->rule[i];
            if (rule->alert && strcmp(rule->alert, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_alerts(struct run *r, const struct alert_case *c)
{
    struct text_list want = {0}, got = {0};
    for (int i = 0; i < c->n_alert; i++) {
        push_text(r, &want, expected_text(r, c, &c->alert[i]));
    }
    r->alertname = c->alertname;
    r->got = &got;
    for (int g = 0; g < r->n_group; g++) {
        r->runner = r->group[g].runner;
        rs_rule_runner_alerts(r->runner, take_alert, r);
    }
    sort(&want);
    sort(&got);
    bool same = want.n == got.n;
    for (int i = 0; same && i < want.n; i++) {
        same = strcmp(want.at[i], got.at[i]) == 0;
    }
    if (same) {
        return;
    }
    struct test_failure *f = add_failure(r, c->at);
    f->what = rs_arena_printf(r->arena, "alert %s at %s", c->alertname, format_time(r, c->eval_ns));
    f->want = want.at;
    f->n_want = want.n;
    f->got = got.at;
    f->n_got = got.n;
    if (!knows_alert(r, c->alertname)) {
        f->why = rs_arena_printf(r->arena, "no rule has the alert \"%s\"", c->alertname);
    }
}

/* ---- expressions ---- */

struct value { /* one sample, of either side */
    const struct label_table *table;
    rs_labels labels;
    double v;
};

static int by_labels(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    return rs_labels_compare(x->table, x->labels, y->labels);
}

/* Equal, or with fuzzy_compare one apart in the last place. */
static bool same_value(const struct run *r, double want, double got)
{
    return want == got || (r->file->fuzzy &&
                           (nextafter(want, INFINITY) == got || nextafter(want, -INFINITY) == got));
}

static const char *value_text(struct run *r, const struct value *x)
{
    char number[40];
    char *series = rs_backtest_series(x->table, x->labels);
    const char *text =
        rs_arena_printf(r->arena, "%s %s", series, rs_backtest_value(number, sizeof(number), x->v));
    free(series);
    return text;
}

static void compare_values(struct run *r,
                           const struct expr_case *c,
                           struct value *want,
                           int n_want,
                           struct value *got,
                           int n_got)
{
    struct text_list lines[2] = {{0}, {0}};
    bool same = n_want == n_got, nan = false;
    if (n_want > 1) {
        qsort(want, (size_t)n_want, sizeof(*want), by_labels);
    }
    if (n_got > 1) {
        qsort(got, (size_t)n_got, sizeof(*got), by_labels);
    }
    for (int i = 0; same && i < n_want; i++) {
        same = want[i].labels == got[i].labels && same_value(r, want[i].v, got[i].v);
    }
    if (same) {
        return;
    }
    for (int i = 0; i < n_want; i++) {
        nan = nan || isnan(want[i].v);
        push_text(r, &lines[0], value_text(r, &want[i]));
    }
    for (int i = 0; i < n_got; i++) {
        push_text(r, &lines[1], value_text(r, &got[i]));
    }
    struct test_failure *f = add_failure(r, c->at);
    sort(&lines[0]);
    sort(&lines[1]);
    f->what = rs_arena_printf(r->arena, "%s at %s", c->text, format_time(r, c->eval_ns));
    f->why = nan ? "an expected NaN matches nothing, not even NaN" : NULL;
    f->want = lines[0].at;
    f->n_want = lines[0].n;
    f->got = lines[1].at;
    f->n_got = lines[1].n;
}

static void fail_expr(struct run *r, const struct expr_case *c, const char *why)
{
    struct test_failure *f = add_failure(r, c->at);
    f->what = rs_arena_printf(r->arena, "%s at %s", c->text ? c->text : "(no expression)",
                              format_time(r, c->eval_ns));
    f->why = rs_arena_strdup(r->arena, why);
}

static struct promql_options eval_options(const struct run *r)
{
    struct promql_options opt = rs_promql_options_default();
    opt.subquery_step_ms = r->file->interval_ns / RS_NS_PER_MS;
    return opt;
}

static void check_expr(struct run *r, const struct expr_case *c)
{
    struct vector v = {0};
    struct err err = {0};
    if (!c->expr) {
        fail_expr(r, c, c->err.text);
        return;
    }
    if (rs_promql_type(c->expr) != RS_PQL_SCALAR && rs_promql_type(c->expr) != RS_PQL_VECTOR) {
        fail_expr(r, c, "the result is neither a vector nor a scalar");
        return;
    }
    struct promql_eval *eval = rs_promql_eval_new(c->expr, r->db, eval_options(r));
    if (rs_promql_eval(eval, r->test->start_ms + c->eval_ns / RS_NS_PER_MS, &v, &err) != 0) {
        fail_expr(r, c, err.text);
    } else {
        const struct label_table *table = r->test->data->labels;
        struct value *want = RS_ARENA_ARRAY(r->arena, struct value, c->n_sample);
        struct value *got = RS_ARENA_ARRAY(r->arena, struct value, v.n);
        for (int i = 0; i < c->n_sample; i++) {
            want[i] = (struct value){table, c->sample[i].labels, c->sample[i].value};
        }
        for (int i = 0; i < v.n; i++) {
            got[i] = (struct value){table, v.item[i].labels, v.item[i].v};
        }
        compare_values(r, c, want, c->n_sample, got, v.n);
    }
    rs_promql_eval_free(eval);
}

/* ---- rounds ---- */

static void note_failure(void *ctx, int64_t t_ms, const struct rule *rule, const struct err *err)
{
    struct run *r = ctx;
    struct test_failure *f = add_failure(r, rule->at);
    f->of_rule = true;
    f->what = rs_arena_printf(r->arena, "rule %s at %s", rule->alert ? rule->alert : rule->record,
                              format_time(r, (t_ms - r->test->start_ms) * RS_NS_PER_MS));
    f->why = rs_arena_strdup(r->arena, err ? err->text : "the evaluation failed");
}

/* What rules write must stay for the expressions that are looked at after all rounds. */
static void keep_series(struct run *r)
{
    for (; r->n_series_kept < rs_tsdb_count(r->db); r->n_series_kept++) {
        rs_tsdb_retain(r->db, r->n_series_kept, INT64_MAX / 4);
    }
}

static void make_groups(struct run *r)
{
    const struct rule_test_file *file = r->file;
    int n = 0;
    for (int f = 0; f < file->n_rule_file; f++) {
        n += file->rule_file[f]->n_group;
    }
    r->group = RS_ARENA_ARRAY(r->arena, struct group_run, n);
    for (int f = 0; f < file->n_rule_file; f++) {
        for (int g = 0; g < file->rule_file[f]->n_group; g++) {
            struct group_run one = {.group = &file->rule_file[f]->group[g]};
            for (int i = 0; i < file->n_order; i++) {
                one.place = strcmp(file->order[i], one.group->name) == 0 ? i : one.place;
            }
            int at = r->n_group++; /* insertion keeps the order of the files among equals */
            for (; at > 0 && r->group[at - 1].place > one.place; at--) {
                r->group[at] = r->group[at - 1];
            }
            r->group[at] = one;
        }
    }
    struct rule_runner_options opt = rs_rule_runner_options_default();
    opt.promql = eval_options(r);
    opt.interval_ms = file->interval_ns / RS_NS_PER_MS;
    opt.n_external = r->test->n_external;
    opt.external = r->test->external;
    opt.external_url = r->test->external_url;
    opt.write_alerts = true;
    opt.annotations = true;
    for (int g = 0; g < r->n_group; g++) {
        r->group[g].runner = rs_rule_runner_new(r->group[g].group, r->db, &opt);
    }
}

static int64_t last_eval_ns(const struct rule_test *test)
{
    int64_t last_ns = 0;
    for (int i = 0; i < test->n_alert_case; i++) {
        last_ns = test->alert_case[i].eval_ns > last_ns ? test->alert_case[i].eval_ns : last_ns;
    }
    for (int i = 0; i < test->n_expr_case; i++) {
        last_ns = test->expr_case[i].eval_ns > last_ns ? test->expr_case[i].eval_ns : last_ns;
    }
    return last_ns;
}

/* Samples are loaded round by round: what comes after the last round is never seen. */
static void cut_data(struct recorded *data, int64_t last_ms)
{
    for (int i = 0; i < data->n_series; i++) {
        while (data->series[i].n > 0 &&
               data->series[i].sample[data->series[i].n - 1].t_ms > last_ms) {
            data->series[i].n--;
        }
    }
}

/* All rounds, with the alerts of each compared; false when a rule failed. */
static bool go(struct run *r)
{
    const struct rule_sink sink = {.ctx = r, .failed = note_failure};
    const struct rule_test *test = r->test;
    int64_t step_ns = r->file->interval_ns, last_ns = last_eval_ns(test);
    for (int64_t t_ns = 0; t_ns <= last_ns; t_ns += step_ns) {
        for (int g = 0; g < r->n_group; g++) {
            rs_rule_runner_eval(r->group[g].runner, test->start_ms + t_ns / RS_NS_PER_MS, &sink);
            keep_series(r);
        }
        if (r->n_failure > 0 && r->failure[r->n_failure - 1].of_rule) {
            return false;
        }
        for (int i = 0; i < test->n_alert_case; i++) {
            const struct alert_case *c = &test->alert_case[i];
            if (t_ns <= c->eval_ns && c->eval_ns < t_ns + step_ns) {
                check_alerts(r, c);
            }
        }
    }
    return true;
}

/* Expressions are looked at after all rounds: what they look ahead for has been loaded by then, whoever read it. */
static void load_all(struct run *r, int64_t last_ms)
{
    for (int i = 0; i < rs_tsdb_count(r->db); i++) {
        rs_tsdb_touch(r->db, i, last_ms);
    }
}

struct test_outcome rs_rule_test_run(struct arena *arena,
                                     const struct rule_test_file *file,
                                     const struct rule_test *test)
{
    struct run r = {.arena = arena, .file = file, .test = test};
    assert(file->interval_ns > 0);
    int64_t last_ns = last_eval_ns(test) / file->interval_ns * file->interval_ns;
    int64_t last_ms = test->start_ms + last_ns / RS_NS_PER_MS;
    cut_data(test->data, last_ms);
    r.db = rs_tsdb_new(test->data->labels);
    rs_recorded_attach(test->data, r.db, true);
    make_groups(&r);
    if (go(&r)) {
        load_all(&r, last_ms);
        for (int i = 0; i < test->n_expr_case; i++) {
            check_expr(&r, &test->expr_case[i]);
        }
    }
    for (int g = 0; g < r.n_group; g++) {
        rs_rule_runner_free(r.group[g].runner);
    }
    rs_tsdb_free(r.db);
    return (struct test_outcome){.test = test,
                                 .n_case = test->n_alert_case + test->n_expr_case,
                                 .n_failure = r.n_failure,
                                 .failure = r.failure};
}
