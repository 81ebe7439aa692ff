/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where paths of `tune:` lead: what stands there today, and what the file is with another value in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune_case.h"

/* One parameter: a list of today's value and another one. */
struct row {
    const char *what; /* this test's words */
    const char *
        text; /* of the rule file (rules/), of Alertmanager's (alertmanager/); NULL = the minimal one's */
    const char *path, *value;
    const char *says;      /* what it is called */
    const char *today;     /* its text */
    const char *from, *to; /* what changes in the file */
    bool is_site;
};

#define RULE(expr) "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: " expr "\n"
#define JOB "{job=\"web\"}"

static const struct row rows[] = {
    /* scalars of every style */
    {"plain", RULE("sum(http_requests_total) > 5"), "rules/A/threshold", "7",
     "threshold of alert A", "5", "> 5", "> 7", true},
    {"a sign belongs to the number", RULE("sum(http_requests_total) > -5"), "rules/A/threshold",
     "3", "threshold of alert A", "-5", "> -5", "> 3", true},
    {"an exponent", RULE("sum(http_requests_total) > 1e-3"), "rules/A/threshold", "0.5",
     "threshold of alert A", "1e-3", "1e-3", "0.5", true},
    {"on the left", RULE("5 < sum(http_requests_total)"), "rules/A/threshold", "6.25",
     "threshold of alert A", "5", "5 <", "6.25 <", true},
    {"in brackets", RULE("sum(http_requests_total) > ( 5 )"), "rules/A/threshold", "6",
     "threshold of alert A", "5", "( 5 )", "( 6 )", true},
    {"single quotes", RULE("'sum(http_requests_total{job=\"it''s\"}) > 5'"), "rules/A/threshold",
     "77", "threshold of alert A", "5", "> 5'", "> 77'", true},
    {"double quotes", RULE("\"sum(http_requests_total{job=\\\"a\\\\\\\\b\\\"}) >\\n 5\""),
     "rules/A/threshold", "77", "threshold of alert A", "5", "\\n 5", "\\n 77", true},
    {"double quotes over lines",
     RULE("\"sum(http_requests_total) \\\n           >\n\n           5\""), "rules/A/threshold",
     "77", "threshold of alert A", "5", "           5\"", "           77\"", true},
    {"plain over lines", RULE("sum(http_requests_total)\n          >\n          5"),
     "rules/A/threshold", "6", "threshold of alert A", "5", "          5\n", "          6\n", true},
    {"a literal block", RULE("|\n          sum(http_requests_total)\n            > 5\n"),
     "rules/A/threshold", "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"a literal block with a comment in PromQL",
     RULE("|\n          # more than 5, that is > 5\n          sum(http_requests_total)   # 5\n     "
          "     > 5.0\n"),
     "rules/A/threshold", "6", "threshold of alert A", "5.0", "> 5.0", "> 6", true},
    {"a literal block with its indentation told",
     RULE("|2\n            sum(http_requests_total)\n            > 5\n"), "rules/A/threshold", "6",
     "threshold of alert A", "5", "> 5", "> 6", true},
    {"a folded block", RULE(">-\n          sum(http_requests_total)\n\n          > 5\n"),
     "rules/A/threshold", "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"a folded block with a comment in PromQL",
     RULE(">\n          sum(http_requests_total) > 5  # 5\n"), "rules/A/threshold", "6",
     "threshold of alert A", "5", "> 5", "> 6", true},
    {"behind characters of several bytes",
     RULE("sum(http_requests_total{job=\"größer→\"}) > 5 # ü"), "rules/A/threshold", "6",
     "threshold of alert A", "5", "> 5", "> 6", true},
    {"in braces",
     "groups: [{name: g, rules: [{alert: A, expr: 'sum(http_requests_total) > 5'}]}]\n",
     "rules/A/threshold", "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"CR LF",
     "groups:\r\n  - name: g\r\n    rules:\r\n      - alert: A\r\n        expr: |\r\n          "
     "sum(http_requests_total)\r\n          > 5\r\n",
     "rules/A/threshold", "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"a byte order mark", "\xef\xbb\xbf" RULE("sum(http_requests_total) > 5"), "rules/A/threshold",
     "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"an anchor before the value", RULE("&a sum(http_requests_total) > 5"), "rules/A/threshold",
     "6", "threshold of alert A", "5", "> 5", "> 6", true},
    {"a manifest",
     "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: monitoring.coreos.com/v1\nkind: "
     "PrometheusRule\n"
     "metadata: {name: x}\nspec:\n  groups:\n    - name: g\n      rules:\n        - alert: A\n"
     "          expr: sum(http_requests_total) > 5\n",
     "rules/A/threshold", "6", "threshold of alert A", "5", "> 5", "> 6", true},
    /* kinds of literals */
    {"a range", RULE("sum(rate(http_requests_total[5m])) > 5"), "rules/A/range", "10m",
     "range of alert A", "5m", "[5m]", "[10m]", true},
    {"one range of two", RULE("rate(http_requests_total[5m]) > rate(http_requests_total[1h])"),
     "rules/A/range[2]", "2h", "range[2] of alert A", "1h", "[1h]", "[2h]", true},
    {"a factor", RULE("rate(http_requests_total[5m]) > 14.4 * 0.001"), "rules/A/number[1]", "6",
     "number[1] of alert A", "14.4", "14.4", "6", true},
    {"an argument", RULE("topk(3, http_requests_total) > 1"), "rules/A/number", "4",
     "number of alert A", "3", "(3,", "(4,", true},
    {"an offset", RULE("http_requests_total offset 1h > 5"), "rules/A/offset", "2h",
     "offset of alert A", "1h", "1h", "2h", true},
    {"an offset back", RULE("http_requests_total offset -1h > 5"), "rules/A/offset", "2h",
     "offset of alert A", "-1h", "-1h", "2h", true},
    {"a subquery's step", RULE("max_over_time(http_requests_total[1h:1m]) > 5"), "rules/A/step",
     "30s", "step of alert A", "1m", ":1m", ":30s", true},
    {"a subquery's range", RULE("max_over_time(rate(http_requests_total[5m])[1h:1m]) > 5"),
     "rules/A/range[2]", "30m", "range[2] of alert A", "1h", "[1h", "[30m", true},
    {"the second of two thresholds", RULE("http_requests_total > 5 and http_requests_total < 9"),
     "rules/A/threshold[2]", "8", "threshold[2] of alert A", "9", "< 9", "< 8", true},
    /* which rule */
    {"by its group", NULL, "rules/web/Errors/threshold", "0.02", "threshold of alert Errors",
     "0.01", "> 0.01", "> 0.02", true},
    {"by its file", NULL, "rules/rules.yml/Errors/threshold", "0.02", "threshold of alert Errors",
     "0.01", "> 0.01", "> 0.02", true},
    {"by both", NULL, "rules/rules.yml/web/Errors/threshold", "0.02", "threshold of alert Errors",
     "0.01", "> 0.01", "> 0.02", true},
    {"the second of one name",
     RULE("http_requests_total > 5\n      - {alert: A, expr: http_requests_total > 8}"),
     "rules/A[2]/threshold", "9", "threshold of alert A", "8", "> 8", "> 9", true},
    {"a name with a slash and a blank",
     "groups:\n  - name: a/b c\n    rules:\n      - alert: x/y z\n        expr: "
     "http_requests_total > 5\n",
     "rules/a/b c/x/y z/threshold", "6", "threshold of alert x/y z", "5", "> 5", "> 6", true},
    {"a recording rule is no site",
     RULE("job:errors:ratio > 5\n      - {record: 'job:errors:ratio', expr: 'http_requests_total * "
          "3'}"),
     "rules/job:errors:ratio/number", "2", "number of recording rule job:errors:ratio", "3", "* 3",
     "* 2", false},
    /* keys of a rule */
    {"for", NULL, "rules/Errors/for", "2m", "for of alert Errors", "1m", "for: 1m", "for: 2m",
     true},
    {"keep_firing_for comes behind for", NULL, "rules/Errors/keep_firing_for", "5m",
     "keep_firing_for of alert Errors", "0s", "        for: 1m\n",
     "        for: 1m\n        keep_firing_for: 5m\n", true},
    {"for comes behind expr", RULE("http_requests_total > 5\n        labels: {a: b}"),
     "rules/A/for", "5m", "for of alert A", "0s", "        labels",
     "        for: 5m\n        labels", true},
    {"and before the comment of what follows",
     RULE("http_requests_total > 5   # five\n\n        # who\n        labels: {a: b}"),
     "rules/A/for", "5m", "for of alert A", "0s", "        # who", "        for: 5m\n        # who",
     true},
    {"for in front of the end", RULE("http_requests_total > 5"), "rules/A/for", "5m",
     "for of alert A", "0s", "> 5\n", "> 5\n        for: 5m\n", true},
    {"for behind the end of a file without one",
     "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: http_requests_total > 5",
     "rules/A/for", "5m", "for of alert A", "0s", "> 5", "> 5\n        for: 5m", true},
    {"for behind a block",
     RULE("|\n          http_requests_total\n            > 5\n\n  - name: h\n    rules: []"),
     "rules/A/for", "5m", "for of alert A", "0s", "> 5\n", "> 5\n        for: 5m\n", true},
    {"for behind a block with a hash in it",
     RULE("|\n          http_requests_total\n            > 5\n          # 5\n        labels: {a: "
          "b}"),
     "rules/A/for", "5m", "for of alert A", "0s", "        labels",
     "        for: 5m\n        labels", true},
    {"for with CR LF",
     "groups:\r\n  - name: g\r\n    rules:\r\n      - alert: A\r\n        expr: "
     "http_requests_total\r\n",
     "rules/A/for", "5m", "for of alert A", "0s", "total\r\n", "total\r\n        for: 5m\r\n",
     true},
    {"for in braces", "groups: [{name: g, rules: [{alert: A, expr: 'http_requests_total > 5'}]}]\n",
     "rules/A/for", "5m", "for of alert A", "0s", "> 5'", "> 5', for: 5m", true},
    {"for in JSON",
     "{\"groups\": [{\"name\": \"g\", \"rules\": [\n  {\n    \"alert\": \"A\",\n    \"expr\": "
     "\"http_requests_total > 5\"\n  }\n]}]}\n",
     "rules/A/for", "5m", "for of alert A", "0s", "> 5\"", "> 5\",\n    \"for\": \"5m\"", true},
    {"interval", NULL, "rules/web/interval", "15s", "interval of group web", "30s",
     "  - name: web\n", "  - name: web\n    interval: 15s\n", false},
    {"an interval that is there", "groups:\n  - name: g\n    interval: 1m\n    rules: []\n",
     "rules/g/interval", "15s", "interval of group g", "1m", "1m", "15s", false},
    /* Alertmanager */
    {"group_wait", NULL, "alertmanager/route/group_wait", "30s", "group_wait of route in am.yml",
     "10s", "10s", "30s", false},
    {"group_interval by default", NULL, "alertmanager/route/group_interval", "1m",
     "group_interval of route in am.yml", "5m", "  receiver: pager\n",
     "  receiver: pager\n  group_interval: 1m\n", false},
    {"group_wait from the route above",
     "route:\n  receiver: pager\n  group_wait: 7s\n  routes:\n    - matchers: ['a=\"b\"']\n      "
     "routes:\n        - matchers: ['c=\"d\"']\nreceivers: [{name: pager}]\n",
     "alertmanager/route/routes[1]/routes[1]/group_wait", "1s", "group_wait of routes[1] in am.yml",
     "7s", "'c=\"d\"']\n", "'c=\"d\"']\n          group_wait: 1s\n", false},
    {"a route by its receiver",
     "route:\n  receiver: pager\n  routes:\n    - {receiver: other, matchers: ['a=\"b\"'], "
     "repeat_interval: 3h}\nreceivers: [{name: pager}, {name: other}]\n",
     "alertmanager/route/routes/other/repeat_interval", "1h", "repeat_interval of other in am.yml",
     "3h", "3h", "1h", false},
};

static void check_row(const struct row *row)
{
    char parameters[512];
    snprintf(parameters, sizeof(parameters), "    - {path: '%s', values: ['%s']}", row->path,
             row->value);
    bool is_am = strncmp(row->path, "alertmanager/", 13) == 0;
    struct scenario *sc = tune_case_loaded(&(struct tune_case){.rules = is_am ? NULL : row->text,
                                                               .am = is_am ? row->text : NULL,
                                                               .parameters = parameters});
    const struct tune_plan *plan = sc->tune;
    ck_assert_int_eq(plan->n_param, 1);
    const struct tune_param *p = &plan->param[0];
    ck_assert_str_eq(p->what, row->says);
    ck_assert_str_eq(p->path, row->path);
    ck_assert_str_eq(p->value[p->today].text, row->today);
    ck_assert_int_eq(p->n_value, 2);
    ck_assert_int_eq(p->site, row->is_site ? 0 : -1);
    ck_assert_int_eq(plan->n_site, row->is_site);
    uint16_t today = 0, other = 0;
    rs_tune_today(plan, &today);
    other = (uint16_t)(1 - today);
    ck_assert_str_eq(p->value[other].text, row->value);
    tune_case_expect(plan, &today, row->from, row->from);
    tune_case_expect(plan, &other, row->from, row->to);
    rs_scenario_free(sc);
}

START_TEST(test_row)
{
    /* A failure prints the row's words. */
    fprintf(stderr, "%s\n", rows[_i].what);
    check_row(&rows[_i]);
}
END_TEST

/* The scenario's own keys, many at once: what they are today. */
static const struct {
    const char *path, *values;
    const char *says, *today;
    enum tune_type type;
    int site; /* -1 = none */
} own[] = {
    {"runbook/stages/canary/watch", "[1h]", "watch of canary", "30m", RS_TUNE_DURATION, -1},
    {"runbook/stages/canary/look_every", "[1m]", "look_every of canary", "5m", RS_TUNE_DURATION,
     -1},
    {"runbook/stages/canary/ramp/steps[1]/watch", "[1h]", "watch of steps[1]", "10m",
     RS_TUNE_DURATION, -1},
    {"runbook/stages/canary/ramp/steps[2]/percent", "[90]", "percent of steps[2]", "100",
     RS_TUNE_NUMBER, -1},
    {"runbook/stages/canary/gates/errors/fail_if/threshold", "[0.02]", "threshold of gate errors",
     "0.01", RS_TUNE_NUMBER, 0},
    {"runbook/stages/canary/gates/errors/fail_if/range", "[2m]", "range of gate errors", "5m",
     RS_TUNE_DURATION, 0},
    {"runbook/stages/canary/gates/errors/when", "[end]", "when of errors", "looks", RS_TUNE_WORD,
     -1},
    {"runbook/stages/canary/gates/errors/in_a_row", "[2, 3]", "in_a_row of errors", "1",
     RS_TUNE_COUNT, -1},
    {"runbook/procedures/back/trigger/threshold", "[0.02]", "threshold of trigger of back", "0.01",
     RS_TUNE_NUMBER, 1},
    {"runbook/procedures/back/actions/cache/takes", "[1s]", "takes of cache", "5s",
     RS_TUNE_DURATION, -1},
    {"flags/NEW/propagation/polling/every", "[5s]", "every of NEW", "15s", RS_TUNE_DURATION, -1},
    {"flags/NEW/default", "[on]", "default of NEW", "off", RS_TUNE_WORD, -1},
    {"services/web/instances", "[3]", "instances of web", "2", RS_TUNE_COUNT, -1},
    {"services/web/scrape/loss", "[0%, 1%]", "loss of web", "0.1%", RS_TUNE_RATIO, -1},
    {"services/web/metrics/buckets[2]", "[200ms]", "buckets of buckets[2]", "100ms",
     RS_TUNE_DURATION, -1},
    {"services/web/paths/old/errors/500", "[0.2%]", "500 of old", "0.1%", RS_TUNE_RATIO, -1},
    {"roles/on-call/acknowledge/lognormal/median", "[1m]", "median of on-call", "2m",
     RS_TUNE_DURATION, -1},
    {"monitoring/evaluation_interval", "[15s]", "evaluation_interval of monitoring", "30s",
     RS_TUNE_DURATION, -1},
    {"horizon", "[2d]", "horizon of the scenario", "1d", RS_TUNE_DURATION, -1},
};

START_TEST(test_own_keys)
{
    char text[8192] = "";
    int n = 0;
    for (int i = 0; i < N_ROW(own); i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "    - {path: '%s', values: %s}\n", own[i].path,
                 own[i].values);
    }
    struct scenario *sc = tune_case_loaded(&(struct tune_case){.parameters = text});
    const struct tune_plan *plan = sc->tune;
    for (int i = 0; i < N_ROW(own); i++) {
        const struct tune_param *p = &plan->param[n++];
        fprintf(stderr, "%s\n", p->path);
        ck_assert_str_eq(p->what, own[i].says);
        ck_assert_str_eq(p->value[p->today].text, own[i].today);
        ck_assert_int_eq(p->type, own[i].type);
        ck_assert_int_eq(p->site, own[i].site);
    }
    ck_assert_int_eq(plan->n_param, n);
    ck_assert_int_eq(plan->n_site, 2);
    ck_assert_str_eq(plan->site[0].what, "gate errors");
    ck_assert_ptr_eq(plan->site[0].expr, sc->response.stage[0].gate[0].expr);
    ck_assert_int_eq(plan->site[0].n_param, 2);
    ck_assert_int_eq(plan->site[0].param[1], 5);
    ck_assert_ptr_eq(plan->site[1].expr, sc->response.procedure[0].trigger);
    rs_scenario_free(sc);
}
END_TEST

/* A key that is not there, and what is in force then. */
START_TEST(test_never)
{
    char *text = changed_text("      look_every: 5m\n", "");
    struct scenario *sc = tune_case_loaded(&(struct tune_case){
        .scenario = text,
        .parameters = "    - {path: runbook/stages/canary/look_every, values: [1m, 5m]}"});
    const struct tune_param *p = &sc->tune->param[0];
    ck_assert_int_eq(p->n_value, 3);
    ck_assert_int_eq(p->today, 2); /* never is the largest */
    ck_assert_str_eq(p->value[2].text, "never");
    ck_assert(isinf(p->value[2].number));
    tune_case_expect(sc->tune, &(uint16_t){2}, "    - name: canary\n", "    - name: canary\n");
    tune_case_expect(sc->tune, &(uint16_t){0}, "    - name: canary\n",
                     "    - name: canary\n      look_every: 1m\n");
    rs_scenario_free(sc);
    free(text);
}
END_TEST

/* ---- values ---- */

static const struct {
    const char *what, *path, *how, *want; /* want: all values, today's in brackets */
} lists[] = {
    {"sorted", "rules/Errors/threshold", "values: [0.05, 0.001]", "0.001 [0.01] 0.05"},
    {"today's text stays as it is written", "rules/Errors/for", "values: [60s, 2m]", "[1m] 2m"},
    {"a step", "rules/Errors/for", "from: 0s, to: 4m, step: 90s", "0s [1m] 1m30s 3m"},
    {"the last one is not lost", "rules/Errors/threshold", "from: 0.1, to: 0.7, step: 0.1",
     "[0.01] 0.1 0.2 0.3 0.4 0.5 0.6 0.7"},
    {"a factor", "rules/Errors/threshold", "from: 0.001, to: 0.1, factor: 10", "0.001 [0.01] 0.1"},
    {"a factor of durations", "rules/Errors/for", "from: 15s, to: 5m, factor: 2",
     "15s 30s [1m] 2m 4m"},
    {"percent as today's", "services/web/scrape/loss", "from: 0%, to: 1%, step: 0.5%",
     "0% [0.1%] 0.5% 1%"},
    {"counts", "services/web/instances", "from: 1, to: 4, step: 1", "1 [2] 3 4"},
    {"words as listed", "runbook/stages/canary/gates/errors/when",
     "values: [end, looks, continuous]", "[looks] end continuous"},
    {"one value", "rules/Errors/threshold", "values: [0.05]", "[0.01] 0.05"},
};

START_TEST(test_list)
{
    char parameters[256], got[256] = "";
    snprintf(parameters, sizeof(parameters), "    - {path: %s, %s}", lists[_i].path, lists[_i].how);
    struct scenario *sc = tune_case_loaded(&(struct tune_case){.parameters = parameters});
    const struct tune_param *p = &sc->tune->param[0];
    for (int i = 0; i < p->n_value; i++) {
        size_t used = strlen(got);
        bool is_today = i == p->today;
        snprintf(got + used, sizeof(got) - used, "%s%s%s%s", i > 0 ? " " : "", is_today ? "[" : "",
                 p->value[i].text, is_today ? "]" : "");
        ck_assert(p->type == RS_TUNE_WORD ? isnan(p->value[i].number)
                                          : i == 0 || p->value[i].number > p->value[i - 1].number);
    }
    ck_assert_msg(strcmp(got, lists[_i].want) == 0, "%s: %s", lists[_i].what, got);
    rs_scenario_free(sc);
}
END_TEST

/* ---- refused, with the reason ---- */

static const struct {
    const char *what, *rules, *path, *reason;
} refused[] = {
    {"an alias of the expression",
     "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: &e 'http_requests_total > 5'}\n   "
     "   - {alert: B, expr: *e}\n",
     "rules/A/threshold", "an alias shares it with other places"},
    {"the same from the alias' side",
     "groups:\n  - name: g\n    rules:\n      - {alert: A, expr: &e 'http_requests_total > 5'}\n   "
     "   - {alert: B, expr: *e}\n",
     "rules/B/threshold", "an alias shares it with other places"},
    {"a merged key",
     "groups:\n  - name: g\n    rules:\n      - &a {alert: A, expr: 'http_requests_total > 5', "
     "for: 1m}\n      - {<<: *a, alert: B}\n",
     "rules/B/for", "an alias shares it with other places"},
    {"a number in an escape", RULE("\"http_requests_total > \\x35\""), "rules/A/threshold",
     "its text holds escapes"},
    {"a number over two lines", RULE("\"http_requests_total > -\\\n        5\""),
     "rules/A/threshold", "it is broken over two lines"},
    {"one of several thresholds", RULE("http_requests_total > 5 and http_requests_total < 9"),
     "rules/A/threshold", "threshold[1] is 5, threshold[2] is 9"},
    {"two of one name",
     RULE("http_requests_total > 5\n      - {alert: A, expr: http_requests_total > 8}"),
     "rules/A/threshold",
     "2 rules have that name; put the group or the file in front of it, like rules/g/A/..., or a "
     "number behind it, [2]"},
    {"for without a value", RULE("http_requests_total > 5\n        for:"), "rules/A/for",
     "stands in the file without a value"},
    {"for in a block", RULE("http_requests_total > 5\n        for: |-\n          1m"),
     "rules/A/for", "it is a block of lines"},
    {"a map with nothing of its own",
     "groups:\n  - name: g\n    rules:\n      - &a {alert: A, expr: http_requests_total > 5}\n     "
     " - {<<: *a}\n",
     "rules/A[2]/for", "there is no good place for it"},
};

START_TEST(test_refused)
{
    char parameters[256];
    struct err_list errors;
    rs_err_list_init(&errors);
    snprintf(parameters, sizeof(parameters), "    - {path: '%s', values: [%s]}", refused[_i].path,
             strstr(refused[_i].path, "threshold") ? "6" : "6m");
    ck_assert_ptr_null(tune_case_load(
        &(struct tune_case){.rules = refused[_i].rules, .parameters = parameters}, &errors));
    ck_assert_msg(errors.n > 0, "%s", refused[_i].what);
    bool found = false;
    for (size_t i = 0; i < errors.n; i++) {
        found = found || strstr(errors.item[i].text, refused[_i].reason);
    }
    ck_assert_msg(found, "%s: %s", refused[_i].what, errors.item[0].text);
    rs_err_list_clear(&errors);
}
END_TEST

/* Both ranges of a ratio take one value; settings are numbered with the last parameter turning fastest. */
START_TEST(test_space)
{
    struct scenario *sc = tune_case_loaded(&(struct tune_case){
        .parameters = "    - {path: 'rules/job:errors:ratio/range', values: [1m, 2m]}\n"
                      "    - {path: rules/Errors/for, values: [2m]}"});
    const struct tune_plan *plan = sc->tune;
    uint16_t value[2];
    ck_assert_int_eq(plan->param[0].n_place, 2);
    ck_assert_uint_eq(rs_tune_space(plan), 6);
    for (uint64_t i = 0; i < 6; i++) {
        rs_tune_setting(plan, i, value);
        ck_assert_uint_eq(value[0] * 2U + value[1], i);
    }
    rs_tune_today(plan, value);
    ck_assert_uint_eq(value[0], 2);
    ck_assert_uint_eq(value[1], 0);
    size_t n = 0;
    char *text = rs_tune_file_text(plan, 0, (uint16_t[]){0, 1}, &n);
    ck_assert_ptr_nonnull(strstr(text, "\"5..\"}[1m])) / sum(rate(http_requests_total[1m]))"));
    ck_assert_ptr_nonnull(strstr(text, "for: 2m"));
    free(text);
    rs_scenario_free(sc);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_row, 0, N_ROW(rows));
    tcase_add_test(tc, test_own_keys);
    tcase_add_test(tc, test_never);
    tcase_add_loop_test(tc, test_list, 0, N_ROW(lists));
    tcase_add_loop_test(tc, test_refused, 0, N_ROW(refused));
    tcase_add_test(tc, test_space);
}

int main(void)
{
    return run_tests("tune_paths", add);
}
