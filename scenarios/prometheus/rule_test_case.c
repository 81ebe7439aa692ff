/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tests of a unit-test file: series, and what is expected of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../series/series_notation.h"
#include "rule_test_read.h"
#include "sim/clock.h"

#define OWN(key)                                                                                   \
    {                                                                                              \
        key, RS_V_OWN, .shape = "list", .help = ""                                                 \
    }

struct test_draft {
    const char *name;
    int64_t interval_ns;
    const char *external_url;
};

static const struct key test_keys[] = {
    {"name", RS_V_TEXT, .at = offsetof(struct test_draft, name), .help = ""},
    {"interval", RS_V_DURATION, .at = offsetof(struct test_draft, interval_ns), .help = ""},
    {"external_url", RS_V_TEXT, .at = offsetof(struct test_draft, external_url), .help = ""},
    OWN("input_series"),
    OWN("alert_rule_test"),
    OWN("promql_expr_test"),
    OWN("external_labels"),
    OWN("start_timestamp"),
};
static const struct section test_section = {"test", "", test_keys, RS_N_KEY(test_keys),
                                            .size = sizeof(struct test_draft)};

static const struct key series_keys[] = {OWN("series"), OWN("values")};
static const struct section series_section = {"series", "", series_keys, RS_N_KEY(series_keys),
                                              .size = 1};

static const struct key alert_keys[] = {
    {"alertname", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct alert_case, alertname),
     .help = ""},
    {"eval_time", RS_V_DURATION, .at = offsetof(struct alert_case, eval_ns), .help = ""},
    OWN("exp_alerts"),
};
static const struct section alert_section = {"alert test",
                                             "",
                                             alert_keys,
                                             RS_N_KEY(alert_keys),
                                             .size = sizeof(struct alert_case),
                                             .has_mark = true,
                                             .mark_at = offsetof(struct alert_case, at)};

static const struct key exp_alert_keys[] = {OWN("exp_labels"), OWN("exp_annotations")};
static const struct section exp_alert_section = {"expected alert", "", exp_alert_keys,
                                                 RS_N_KEY(exp_alert_keys), .size = 1};

static const struct key expr_keys[] = {
    OWN("expr"),
    {"eval_time", RS_V_DURATION, .at = offsetof(struct expr_case, eval_ns), .help = ""},
    OWN("exp_samples"),
};
static const struct section expr_section = {"expression test",
                                            "",
                                            expr_keys,
                                            RS_N_KEY(expr_keys),
                                            .size = sizeof(struct expr_case),
                                            .has_mark = true,
                                            .mark_at = offsetof(struct expr_case, at)};

static const struct key sample_keys[] = {OWN("labels"), OWN("value"), OWN("histogram")};
static const struct section sample_section = {"expected sample", "", sample_keys,
                                              RS_N_KEY(sample_keys), .size = 1};

/* The text under a key; NULL with an error where it must not be missing. */
static const struct node *
text_of(struct reader *r, const struct node *map, const char *key, bool required)
{
    const struct node *node = rs_node_get(map, key);
    if (!node || rs_node_is_null(node)) {
        if (required) {
            rs_err_list_add(r->errors, RS_E_KEY, map->at, "the key \"%s\" is missing", key);
        }
        return NULL;
    }
    if (node->kind != RS_NODE_SCALAR) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be text, got %s", key,
                        rs_node_describe(seen, sizeof(seen), node));
        return NULL;
    }
    return node;
}

static struct mark place(const struct node *node, int line, int col)
{
    struct mark at = node->code_at;
    at.line += line;
    at.col = line > 0 ? node->code_indent + col : at.col + col - 1;
    return at;
}

/* A series as PromQL writes it, in a scalar. 0 or -1 with an error. */
static int read_series_text(struct reader *r,
                            struct label_table *table,
                            const struct node *node,
                            bool may_be_nameless,
                            rs_labels *out)
{
    struct series_fault fault;
    char *text = rs_arena_strdup(r->arena, node->text);
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\n", text[n - 1])) {
        text[--n] = '\0';
    }
    size_t skip = strspn(text, " \t\n");
    if (rs_series_labels(out, table, text + skip, RS_QUOTING_PROMQL, may_be_nameless ? "" : NULL,
                         &fault) == 0) {
        return 0;
    }
    const char *option = strstr(fault.text, " (--metric"); /* of the command for recorded series */
    return rs_err_list_add(r->errors, RS_E_SYNTAX, place(node, 0, fault.col + (int)skip), "%.*s",
                           option ? (int)(option - fault.text) : (int)strlen(fault.text),
                           fault.text);
}

static void read_values(struct reader *r,
                        struct rule_test *test,
                        const struct node *node,
                        int series,
                        int64_t interval_ns)
{
    struct notation_value *value = NULL;
    struct series_fault fault = {0};
    size_t n = 0;
    int line = 0;
    if (rs_notation_values(node->code, r->dialect, &value, &n, &fault, &line) != 0) {
        rs_err_list_add(r->errors, RS_E_SYNTAX, place(node, line, fault.col), "%s", fault.text);
        return;
    }
    struct recorded *data = test->data;
    data->n_sample -= data->series[series].n; /* the last of equal series counts */
    data->series[series].n = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t t_ms = test->start_ms + (int64_t)i * (interval_ns / RS_NS_PER_MS);
        if (value[i].kind == RS_NOTATION_NATIVE) {
            rs_err_list_add(r->errors, RS_E_UNSUPPORTED, place(node, line, fault.col),
                            "native histograms are not supported");
        } else if (value[i].kind != RS_NOTATION_GAP) {
            rs_recorded_add(data, series, t_ms,
                            value[i].kind == RS_NOTATION_STALE ? rs_tsdb_stale() : value[i].v);
        }
    }
    free(value);
}

static void
read_input(struct reader *r, const struct node *map, struct rule_test *test, int64_t interval_ns)
{
    const struct node *list = rs_test_list(r, map, "input_series");
    for (int i = 0; i < list->n; i++) {
        char unused = 0;
        rs_labels labels = 0;
        if (rs_read_section(r, &series_section, "a series", list->item[i], &unused) != 0 &&
            list->item[i]->kind != RS_NODE_MAP) {
            continue;
        }
        const struct node *series = text_of(r, list->item[i], "series", true);
        const struct node *values = text_of(r, list->item[i], "values", false);
        if (series && read_series_text(r, test->data->labels, series, false, &labels) == 0 &&
            values) {
            read_values(r, test, values, rs_recorded_series(test->data, labels), interval_ns);
        }
    }
    rs_recorded_sort(test->data);
}

static void read_alert_cases(struct reader *r, const struct node *map, struct rule_test *test)
{
    const struct node *list = rs_test_list(r, map, "alert_rule_test");
    struct alert_case *cases = RS_ARENA_ARRAY(r->arena, struct alert_case, list->n);
    for (int i = 0; i < list->n; i++) {
        struct alert_case *c = &cases[i];
        char unused = 0;
        if (rs_read_section(r, &alert_section, "an alert test", list->item[i], c) != 0 &&
            list->item[i]->kind != RS_NODE_MAP) {
            continue;
        }
        const struct node *alerts = rs_test_list(r, list->item[i], "exp_alerts");
        struct exp_alert *alert = RS_ARENA_ARRAY(r->arena, struct exp_alert, alerts->n);
        for (int k = 0; k < alerts->n; k++) {
            const struct node *item = alerts->item[k];
            if (!rs_node_is_null(item) &&
                rs_read_section(r, &exp_alert_section, "an expected alert", item, &unused) == 0) {
                alert[k].n_label = rs_test_labels(r, item, "exp_labels", &alert[k].label);
                alert[k].n_annotation =
                    rs_test_labels(r, item, "exp_annotations", &alert[k].annotation);
            }
        }
        c->alert = alert;
        c->n_alert = alerts->n;
    }
    test->alert_case = cases;
    test->n_alert_case = list->n;
}

/* YAML's numbers: also .inf and .nan. */
static int read_number(struct reader *r, const struct node *node, double *out)
{
    const char *text = node->text, *word = text + strspn(text, "+-");
    if (*word == '.' && (strcasecmp(word, ".inf") == 0 || strcasecmp(word, ".nan") == 0)) {
        *out = strcasecmp(word, ".nan") == 0 ? (double)NAN : (double)INFINITY;
        *out = *text == '-' ? -*out : *out;
        return 0;
    }
    return rs_series_value(out, text) == 0
               ? 0
               : rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                                 "\"value\" must be a number, got \"%.60s\"", text);
}

static void
read_samples(struct reader *r, const struct node *map, struct rule_test *test, struct expr_case *c)
{
    const struct node *list = rs_test_list(r, map, "exp_samples");
    struct exp_sample *sample = RS_ARENA_ARRAY(r->arena, struct exp_sample, list->n);
    for (int i = 0; i < list->n; i++) {
        char unused = 0;
        if (rs_read_section(r, &sample_section, "an expected sample", list->item[i], &unused) !=
            0) {
            continue;
        }
        const struct pair *histogram = rs_node_pair(list->item[i], "histogram");
        if (histogram && !rs_node_is_null(histogram->value)) {
            rs_err_list_add(r->errors, RS_E_UNSUPPORTED, histogram->at,
                            "native histograms are not supported");
        }
        const struct node *labels = text_of(r, list->item[i], "labels", false);
        const struct node *value = text_of(r, list->item[i], "value", false);
        if (labels && labels->text[0]) {
            read_series_text(r, test->data->labels, labels, true, &sample[i].labels);
        }
        if (value) {
            read_number(r, value, &sample[i].value);
        }
    }
    c->sample = sample;
    c->n_sample = list->n;
}

static void read_expr_cases(struct reader *r, const struct node *map, struct rule_test *test)
{
    const struct node *list = rs_test_list(r, map, "promql_expr_test");
    struct expr_case *cases = RS_ARENA_ARRAY(r->arena, struct expr_case, list->n);
    for (int i = 0; i < list->n; i++) {
        struct expr_case *c = &cases[i];
        if (rs_read_section(r, &expr_section, "an expression test", list->item[i], c) != 0 &&
            list->item[i]->kind != RS_NODE_MAP) {
            continue;
        }
        const struct node *expr = text_of(r, list->item[i], "expr", true);
        if (expr) {
            struct promql_text text = {expr->code, expr->code_at, expr->code_indent, r->dialect};
            c->text = expr->text;
            c->expr = rs_promql_parse(r->arena, &text, &c->err);
            if (!c->expr && c->err.code == RS_E_UNSUPPORTED) {
                rs_err_list_push(r->errors, &c->err); /* not known is not failed */
            }
        }
        read_samples(r, list->item[i], test, c);
    }
    test->expr_case = cases;
    test->n_expr_case = list->n;
}

static void read_start(struct reader *r, const struct node *map, struct rule_test *test)
{
    const struct node *node = text_of(r, map, "start_timestamp", false);
    int status = node ? rs_series_date(&test->start_ms, node->text) : 0;
    if (status == RS_SERIES_FAR) {
        rs_err_list_add(r->errors, RS_E_RANGE, node->at,
                        "\"start_timestamp\" is " RS_SERIES_RANGE ", got \"%.60s\"", node->text);
    } else if (status != 0) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                        "\"start_timestamp\" must be RFC 3339 or seconds, got \"%.60s\"",
                        node->text);
    }
}

static void read_test(struct reader *r,
                      const struct node *map,
                      int64_t eval_interval_ns,
                      struct rule_test *test)
{
    struct test_draft draft = {0};
    test->at = map->at;
    test->data = rs_recorded_new(NULL);
    /* A mistake in one key hides none in the others. */
    if (rs_read_section(r, &test_section, "a test", map, &draft) != 0 && map->kind != RS_NODE_MAP) {
        return;
    }
    test->name = draft.name ? draft.name : "";
    test->external_url = draft.external_url;
    test->n_external = rs_test_labels(r, map, "external_labels", &test->external);
    read_start(r, map, test);
    read_input(r, map, test, draft.interval_ns > 0 ? draft.interval_ns : eval_interval_ns);
    read_alert_cases(r, map, test);
    read_expr_cases(r, map, test);
}

void rs_test_read_all(struct reader *r, const struct node *list, struct rule_test_file *out)
{
    struct rule_test *test = RS_ARENA_ARRAY(r->arena, struct rule_test, list->n);
    int64_t interval_ns = out->interval_ns > 0 ? out->interval_ns : RS_NS_PER_S;
    for (int i = 0; i < list->n; i++) {
        read_test(r, list->item[i], interval_ns, &test[i]);
    }
    out->test = test;
    out->n_test = list->n;
}
