/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What belongs to a group as a whole: its limit, its query offset, templates of its alerts' labels, who is told of failures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/template.h"
#include "rule_text.h"
#include "series_text.h"
#include "sim/clock.h"

#define T0 INT64_C(1600000000000)

static struct label_table *labels;
static struct tsdb *db;
static struct arena *arena;

static void setup(void)
{
    labels = rs_label_table_new();
    db = rs_tsdb_new(labels);
    arena = rs_arena_new();
}

static void teardown(void)
{
    rs_tsdb_free(db);
    rs_label_table_free(labels);
    rs_arena_free(arena);
}

static struct rule_runner *runner(const struct rule_group *group, int64_t offset_s)
{
    struct rule_runner_options opt = rs_rule_runner_options_default();

    opt.interval_ms = 15000;
    opt.query_offset_ms = offset_s * 1000;
    return rs_rule_runner_new(group, db, &opt);
}

static void set(const char *series, int64_t t_ms, double v)
{
    ck_assert(rs_tsdb_append(db, rs_tsdb_series(db, series_labels(labels, series)), t_ms, v));
}

static double value_now(const char *text, int64_t t_ms)
{
    struct promql_eval *e =
        rs_promql_eval_new(expression(arena, text), db, rs_promql_options_default());
    struct vector v;
    double result;

    ck_assert_int_eq(rs_promql_eval(e, t_ms, &v, NULL), 0);
    ck_assert_int_le(v.n, 1);
    result = v.n == 0 ? (double)NAN : v.item[0].v;
    rs_promql_eval_free(e);
    return result;
}

/* What the sink hears, in words: "A pending>firing," and so on. */
struct heard {
    char text[2000];
    const struct alert *last; /* that changed */
};

static void say(struct heard *h, const char *a, const char *b, const char *c)
{
    size_t n = strlen(h->text);

    snprintf(h->text + n, sizeof h->text - n, "%s%s%s,", a, b, c);
}

static void changed(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    char words[64];

    (void)t_ms;
    snprintf(words, sizeof words, "%s>%s", rs_alert_state_name(from),
             rs_alert_state_name(a->state));
    say(ctx, a->rule->alert, " ", words);
    ((struct heard *)ctx)->last = a;
}

static void sent(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms)
{
    (void)t_ms;
    (void)ends_ms;
    say(ctx, "sent ", a->state == RS_ALERT_FIRING ? "firing" : "resolved", "");
}

static void failed(void *ctx, int64_t t_ms, const struct rule *rule, const struct err *err)
{
    (void)t_ms;
    say(ctx, rule->record ? rule->record : rule->alert, ": ", err->text);
}

static const char *eval(struct rule_runner *r, int64_t t_ms, struct heard *h)
{
    struct rule_sink sink = {h, changed, sent, failed};

    h->text[0] = '\0';
    (void)rs_rule_runner_eval(r, t_ms, &sink);
    return h->text;
}

static void count(void *ctx, const struct alert *a)
{
    ck_assert_int_ne(a->state, RS_ALERT_INACTIVE);
    ++*(int *)ctx;
}

/* "if limit > 0 && numActivePending > limit": all is forgotten, nothing is written, nobody is sent anything. */
START_TEST(too_many_alerts_clear_the_rule)
{
    struct rule rule[] = {alert_rule(arena, "A", "x > 0", 0, 0),
                          alert_rule(arena, "B", "sum(ALERTS{alertname=\"A\"}) > 0", 0, 0)};
    struct rule_group group = {.name = "g", .limit = 1, .n_rule = 2, .rule = rule};
    struct rule_runner *r = runner(&group, 0);
    struct heard h;
    int n = 0;

    set("x{i=\"1\"}", T0, 1);
    set("x{i=\"2\"}", T0, 0);
    ck_assert_str_eq(eval(r, T0, &h),
                     "A inactive>firing,sent firing,B inactive>firing,sent firing,");
    set("x{i=\"2\"}", T0 + 15000, 1);
    ck_assert_str_eq(eval(r, T0 + 15000, &h),
                     "A firing>inactive,A: exceeded limit of 1 with 2 alerts,");
    rs_rule_runner_alerts(r, count, &n);
    ck_assert_int_eq(n, 1); /* B goes on: what A wrote before has no stale marker */
    ck_assert_double_eq(value_now("sum(ALERTS{alertname=\"A\"})", T0 + 15000), 1);
    set("x{i=\"2\"}", T0 + 30000, 0);
    ck_assert_str_eq(eval(r, T0 + 30000, &h), "A inactive>firing,sent firing,"); /* anew */
    ck_assert_int_eq(h.last->active_ms, T0 + 30000);
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(too_many_series_are_not_recorded)
{
    struct rule rule = {.record = "y", .expr = expression(arena, "x")};
    struct rule_group group = {.name = "g", .limit = 1, .n_rule = 1, .rule = &rule};
    struct rule_runner *r = runner(&group, 0);
    struct heard h;

    set("x{i=\"1\"}", T0, 1);
    ck_assert_str_eq(eval(r, T0, &h), "");
    set("x{i=\"2\"}", T0 + 15000, 2);
    ck_assert_str_eq(eval(r, T0 + 15000, &h), "y: exceeded limit of 1 with 2 series,");
    ck_assert_double_eq(value_now("y", T0 + 15000), 1); /* no stale marker either */
    rs_rule_runner_free(r);
}
END_TEST

/* Expressions look, and samples are written, so much earlier; the alert's own times are those of the evaluation. */
static const struct {
    const char *what;
    bool own;
    int own_s, global_s, expected_s;
} offsets[] = {
    {"none", false, 0, 0, 0},
    {"the group's", true, 60, 0, 60},
    {"the global one", false, 0, 30, 30},
    {"the group's wins", true, 60, 30, 60},
    {"even if it is 0", true, 0, 30, 0},
};

START_TEST(query_offset)
{
    int64_t off = offsets[_i].expected_s * INT64_C(1000), t = T0 + off;
    struct rule rule[] = {{.record = "y", .expr = expression(arena, "x * 10")},
                          alert_rule(arena, "A", "y > 0", 0, 0)};
    struct rule_group group = {.name = "g",
                               .has_query_offset = offsets[_i].own,
                               .query_offset_ns = offsets[_i].own_s * INT64_C(1000000000),
                               .n_rule = 2,
                               .rule = rule};
    struct rule_runner *r = runner(&group, offsets[_i].global_s);
    struct heard h;

    ck_assert(isnan(value_now("ALERTS", T0)));
    set("x", T0, 1);
    set("x", T0 + 1, 2); /* not yet to be seen */
    ck_assert_str_eq(eval(r, t, &h), "A inactive>firing,sent firing,");
    ck_assert_double_eq(value_now("y", T0), 10);
    ck_assert_double_eq(value_now("timestamp(y)", T0 + off), T0 / 1000.0);
    ck_assert_double_eq(value_now("ALERTS", T0), 1);
    ck_assert_double_eq(value_now("ALERTS_FOR_STATE", T0), (double)(t / 1000));
    ck_assert_int_eq(h.last->active_ms, t);
    rs_rule_runner_free(r);
}
END_TEST

static const struct template *template(const char *text)
{
    struct err err = {0};
    const struct template *t = rs_template_parse(
        arena, &(struct template_text){text, {"test", 1, 1}, 0, "A", RS_PROMQL_3}, &err);

    ck_assert_msg(t != NULL, "%s: %s", text, err.text);
    return t;
}

/* One alert A with a label `x` that is a template. */
static struct rule_runner *templated(struct rule *rule, struct rule_group *group, const char *text)
{
    const struct template **t = RS_ARENA_ARRAY(arena, const struct template *, 1);
    struct label *label = RS_ARENA_ARRAY(arena, struct label, 1);

    t[0] = template(text);
    label[0] = (struct label){"x", text};
    *rule = alert_rule(arena, "A", "m > 0", 0, 0);
    rule->n_label = 1;
    rule->label = label;
    rule->label_template = t;
    *group = (struct rule_group){.name = "g", .n_rule = 1, .rule = rule};
    return runner(group, 0);
}

static const struct {
    const char *text, *label, *after; /* m is 1, then 2 */
    bool only_labels;
} templates[] = {
    {"{{ $labels.job }}-{{ $labels.__name__ }}", "api-m", "api-m", true},
    {"{{ with $labels.job }}{{ . | toUpper }}{{ end }}", "API", "API", true},
    {"{{ with . }}{{ .Labels.job }}{{ end }}", "api", "api", false}, /* "." is all */
    {"{{ define \"d\" }}{{ . }}{{ end }}{{ template \"d\" $labels.job }}", "api", "api", true},
    {"{{ define \"d\" }}{{ .Value }}{{ end }}{{ template \"d\" . }}", "1", "2", false},
    {"{{ range $labels }}{{ . }}{{ end }}", "mapi", "mapi", true},
    {"{{ $value }}", "1", "2", false},
    {"{{ .Value | humanize }}", "1", "2", false},
    {"{{ $labels.nope }}", "", "", true},
    {"{{ query \"n\" | first | value }}", "7", "8", false},
    {"{{ range query \"n\" }}{{ .Labels.job }}{{ end }}", "db", "db", false},
    {"{{ if gt $value 1.5 }}page{{ else }}ticket{{ end }}", "ticket", "page", false},
};

START_TEST(labels_are_expanded)
{
    struct rule rule;
    struct rule_group group;
    struct rule_runner *r = templated(&rule, &group, templates[_i].text);
    bool same = strcmp(templates[_i].label, templates[_i].after) == 0;
    struct heard h;

    ck_assert_int_eq(rs_template_only_needs_labels(rule.label_template[0]),
                     templates[_i].only_labels);
    set("m{job=\"api\"}", T0, 1);
    set("n{job=\"db\"}", T0, 7);
    ck_assert_str_eq(eval(r, T0, &h), "A inactive>firing,sent firing,");
    ck_assert_str_eq(rs_labels_get(labels, h.last->labels, "x"), templates[_i].label);
    ck_assert_str_eq(rs_labels_get(labels, h.last->labels, "alertname"), "A");
    ck_assert_str_eq(rs_labels_get(labels, h.last->labels, "__name__"), "");
    set("m{job=\"api\"}", T0 + 15000, 2);
    set("n{job=\"db\"}", T0 + 15000, 8);
    /* another label is another alert, and the old one resolves */
    ck_assert_str_eq(eval(r, T0 + 15000, &h), same ? ""
                                                   : "A firing>inactive,A inactive>firing,"
                                                     "sent resolved,sent firing,");
    ck_assert_str_eq(rs_labels_get(labels, h.last->labels, "x"), templates[_i].after);
    rs_rule_runner_free(r);
}
END_TEST

/* An evaluation behind the newest samples needs those before its window's begin, which is as much earlier. */
START_TEST(query_offset_keeps_samples_longer)
{
    struct rule rule = alert_rule(arena, "A", "increase(m[5m]) > 0", 0, 0);
    struct rule_group group = {.name = "g",
                               .query_offset_ns = 45 * RS_NS_PER_S,
                               .has_query_offset = true,
                               .n_rule = 1,
                               .rule = &rule};
    int m = rs_tsdb_series(db, series_labels(labels, "m"));
    struct rule_runner *r = runner(&group, 0);

    ck_assert_int_ge(rs_tsdb_retention(db, m), 345000);
    rs_rule_runner_free(r);
}
END_TEST

/* A template that comes to nothing: no label of the alert, but its text is one of the alert's series. */
START_TEST(series_of_an_alert_have_the_text_of_an_empty_template)
{
    struct rule rule;
    struct rule_group group;
    struct rule_runner *r = templated(&rule, &group, "{{ $labels.nope }}");
    struct heard h;
    const char *series = "ALERTS{alertstate=\"firing\", x=\"{{ $labels.nope }}\"}";

    ck_assert_double_nan(
        value_now(series, T0)); /* now somebody selects them: they will be written */
    set("m", T0, 1);
    (void)eval(r, T0, &h);
    ck_assert_str_eq(rs_labels_get(labels, h.last->labels, "x"), "");
    ck_assert_double_eq(value_now(series, T0), 1.0);
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(two_results_that_become_one_alert_are_an_error)
{
    struct rule rule;
    struct rule_group group;
    struct label both[] = {{"x", "{{ $value }}"}, {"i", ""}};
    const struct template *t[] = {template("{{ $value }}"), NULL};
    struct rule_runner *r;
    struct heard h;

    rule = alert_rule(arena, "A", "m", 0, 0);
    rule.n_label = 2;
    rule.label = both;
    rule.label_template = t;
    group = (struct rule_group){.name = "g", .n_rule = 1, .rule = &rule};
    r = runner(&group, 0);
    set("m{i=\"1\"}", T0, 1);
    set("m{i=\"2\"}", T0, 2);
    ck_assert_str_eq(eval(r, T0, &h),
                     "A inactive>firing,A inactive>firing,sent firing,sent firing,");
    set("m{i=\"2\"}", T0 + 15000, 1);
    ck_assert_str_eq(eval(r, T0 + 15000, &h),
                     "A: vector contains metrics with the same labelset after applying alert "
                     "labels,");
    rs_rule_runner_free(r);
}
END_TEST

START_TEST(annotations_on_demand)
{
    struct label text[] = {
        {"a", "{{ $value }} of {{ $labels.job }} at {{ query \"n\" | first | value }}"},
        {"b", "plain"},
        {"c", "{{ $labels.job | humanize }}"}};
    const struct template *t[] = {template(text[0].value), NULL, template(text[2].value)};
    struct rule rule = alert_rule(arena, "A", "m > 0", 0, 60);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    struct rule_runner_options opt = rs_rule_runner_options_default();
    struct rule_runner *r;
    struct heard h;
    static const char *const expected[] = {
        "1.5 of api at 7", "plain",
        "<error expanding template: error executing template __alert_A: template: "
        "__alert_A:1:129: executing \"__alert_A\" at <humanize>: error calling humanize: "
        "strconv.ParseFloat: parsing \"api\": invalid syntax>"};

    rule.n_annotation = 3;
    rule.annotation = text;
    rule.annotation_template = t;
    opt.annotations = true;
    r = rs_rule_runner_new(&group, db, &opt);
    set("m{job=\"api\"}", T0, 1.5);
    set("n", T0, 7);
    (void)eval(r, T0, &h);
    set("m{job=\"api\"}", T0 + 15000,
        0); /* kept firing: the texts stay those of the last true round */
    set("n", T0 + 15000, 8);
    (void)eval(r, T0 + 15000, &h);
    ck_assert_int_eq(h.last->seen_ms, T0);
    for (int i = 0; i < 3; i++) {
        char *got = rs_rule_runner_annotation(r, h.last, i);

        ck_assert_str_eq(got, expected[i]);
        free(got);
    }
    rs_rule_runner_free(r);
}
END_TEST

/* promtool's rounds begin at Unix time 0, where "never sent" and "sent at 0" must differ. */
START_TEST(time_zero_is_a_time)
{
    struct rule rule = alert_rule(arena, "A", "vector(1)", 0, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    struct rule_runner *r = runner(&group, 0);
    struct heard h;

    ck_assert_str_eq(eval(r, 0, &h), "A inactive>firing,sent firing,");
    ck_assert_str_eq(eval(r, 15000, &h), "");
    ck_assert_str_eq(eval(r, 60000, &h), "");
    ck_assert_str_eq(eval(r, 75000, &h), "sent firing,");
    rs_rule_runner_free(r);
}
END_TEST

/* "scalar -> one sample {}", whatever its value; NaN alerts too. */
START_TEST(a_scalar_always_alerts)
{
    static const char *const scalars[] = {"0", "NaN", "1 - 1", "scalar(nothing)"};
    struct rule rule = alert_rule(arena, "A", scalars[_i], 0, 0);
    struct rule_group group = {.name = "g", .n_rule = 1, .rule = &rule};
    struct rule_runner *r = runner(&group, 0);
    struct heard h;

    ck_assert_str_eq(eval(r, T0, &h), "A inactive>firing,sent firing,");
    rs_rule_runner_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rule_group");
    TCase *tc = tcase_create("rule_group");
    SRunner *sr;
    int n_failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, too_many_alerts_clear_the_rule);
    tcase_add_test(tc, too_many_series_are_not_recorded);
    tcase_add_loop_test(tc, query_offset, 0, (int)(sizeof offsets / sizeof *offsets));
    tcase_add_loop_test(tc, labels_are_expanded, 0, (int)(sizeof templates / sizeof *templates));
    tcase_add_test(tc, query_offset_keeps_samples_longer);
    tcase_add_test(tc, series_of_an_alert_have_the_text_of_an_empty_template);
    tcase_add_test(tc, two_results_that_become_one_alert_are_an_error);
    tcase_add_test(tc, annotations_on_demand);
    tcase_add_test(tc, time_zero_is_a_time);
    tcase_add_loop_test(tc, a_scalar_always_alerts, 0, 4);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
