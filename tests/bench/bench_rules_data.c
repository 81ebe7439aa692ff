/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench_rules_data.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/draw.h"
#include "sim/stream.h"

#define ERRORS "http_requests_total{code=~\"5..\"}"
#define BURN(range)                                                                                \
    "(sum(increase(http_requests_total{code=\"500\"}[" range "])) / "                              \
    "sum(increase(http_requests_total[" range "])) > 0.0144)"

static const struct rule_text {
    const char *record, *alert, *expr;
    int for_s, keep_s;
    const char *severity;
} texts[N_RULE] = {
    {"job:http_requests:rate5m", NULL, "sum by (job) (rate(http_requests_total[5m]))"},
    {"job:http_errors:rate5m", NULL, "sum by (job) (rate(" ERRORS "[5m]))"},
    {"job:http_error_ratio:rate5m", NULL, "job:http_errors:rate5m / job:http_requests:rate5m"},
    {NULL, "ErrorRatio", "job:http_error_ratio:rate5m > 0.02", 120, 0, "page"},
    {NULL, "InstanceErrorRatio",
     "sum by (job, instance) (rate(" ERRORS "[5m])) / "
     "sum by (job, instance) (rate(http_requests_total[5m])) > 0.05",
     300, 300, "ticket"},
    {NULL, "SlowP99",
     "histogram_quantile(0.99, sum by (job, le) "
     "(rate(http_request_duration_seconds_bucket[5m]))) > 1",
     60, 0, "page"},
    {NULL, "SlowP50Instance",
     "histogram_quantile(0.5, sum by (instance, le) "
     "(rate(http_request_duration_seconds_bucket[2m]))) > 0.2"},
    {NULL, "InstanceDown", "up == 0", 60, 0, NULL},
    {NULL, "MetricsAbsent",
     "absent(up{job=\"web\"}) or absent_over_time(http_requests_total{instance=\"i2\"}[3m])"},
    {NULL, "BudgetBurn", BURN("1h") " and " BURN("5m")},
};

const char *bench_rule_name(int i)
{
    return texts[i].record != NULL ? texts[i].record : texts[i].alert;
}

const struct rule_group *bench_group(struct arena *arena, int first, int n)
{
    struct rule_group *g = RS_ARENA_ARRAY(arena, struct rule_group, 1);
    struct rule *rule = RS_ARENA_ARRAY(arena, struct rule, n);

    for (int i = 0; i < n; i++) {
        const struct rule_text *text = &texts[first + i];
        struct label *severity = RS_ARENA_ARRAY(arena, struct label, 1);
        struct promql_text src = {text->expr, {"bench", 1, 1}, 0, RS_PROMQL_3};
        struct err err = {0};

        *severity = (struct label){"severity", text->severity};
        rule[i] = (struct rule){.record = text->record,
                                .alert = text->alert,
                                .expr = rs_promql_parse(arena, &src, &err),
                                .expr_text = text->expr,
                                .for_ns = text->for_s * INT64_C(1000000000),
                                .keep_firing_for_ns = text->keep_s * INT64_C(1000000000),
                                .n_label = text->severity != NULL,
                                .label = severity};
        if (rule[i].expr == NULL) {
            (void)fprintf(stderr, "%s: %s\n", text->expr, err.text);
            abort();
        }
    }
    *g = (struct rule_group){.name = "slo", .n_rule = n, .rule = rule};
    return g;
}

/* ---- the metrics ----------------------------------------------------------------------------- */

enum { N_BUCKET = 11 };
static const char *const bounds[N_BUCKET] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                             "0.5",   "1.0",  "2.5",   "5.0",  "+Inf"};
/* Shares of the buckets while all is well, and in the fault. */
static const double well[N_BUCKET] = {.31, .29, .2, .1, .06, .02, .01, .005, .003, .002, 0};
static const double ill[N_BUCKET] = {.02, .03, .05, .1, .1, .15, .2, .15, .1, .05, .05};

struct counters {
    uint64_t ok, failed, bucket[N_BUCKET], all;
    double seconds;
};

static void name_series(struct metrics *m, int instance)
{
    char(*name)[96] = m->name + instance * N_PER_INSTANCE;
    int k = 0;

    for (int failed = 0; failed < 2; failed++) {
        (void)snprintf(name[k++], sizeof *name,
                       "http_requests_total{code=\"%d00\",instance=\"i%d\",job=\"api\"}",
                       failed ? 5 : 2, instance);
    }
    for (int b = 0; b < N_BUCKET; b++) {
        (void)snprintf(name[k++], sizeof *name,
                       "http_request_duration_seconds_bucket{instance=\"i%d\",job=\"api\","
                       "le=\"%s\"}",
                       instance, bounds[b]);
    }
    (void)snprintf(name[k++], sizeof *name,
                   "http_request_duration_seconds_count{instance=\"i%d\",job=\"api\"}", instance);
    (void)snprintf(name[k++], sizeof *name,
                   "http_request_duration_seconds_sum{instance=\"i%d\",job=\"api\"}", instance);
    (void)snprintf(name[k++], sizeof *name, "up{instance=\"i%d\",job=\"api\"}", instance);
    assert(k == N_PER_INSTANCE);
}

static void serve(struct counters *c, struct stream *s, bool faulty)
{
    uint64_t n = 40 + rs_stream_below(s, 20);

    for (uint64_t i = 0; i < n; i++) {
        double share = rs_stream_uniform(s);
        int b = 0;

        for (const double *p = faulty ? ill : well; b < N_BUCKET - 1 && share >= p[b]; b++) {
            share -= p[b];
        }
        c->bucket[b]++;
        if (rs_stream_uniform(s) < (faulty ? 0.12 : 0.001)) {
            c->failed++;
        } else {
            c->ok++;
        }
    }
    c->all += n;
    c->seconds = round(1e6 * (c->seconds + (double)n * (faulty ? 0.4 : 0.02))) / 1e6;
}

static void put_row(double *v, const struct counters *c, bool scraped)
{
    uint64_t sum = 0;
    int k = 0;

    v[k++] = (double)c->ok;
    v[k++] = (double)c->failed;
    for (int b = 0; b < N_BUCKET; b++) {
        sum += c->bucket[b];
        v[k++] = (double)sum;
    }
    v[k++] = (double)c->all;
    v[k++] = c->seconds;
    for (int i = 0; i < k && !scraped; i++) {
        v[i] = (double)NAN;
    }
    v[k] = scraped;
}

struct metrics *metrics_new(int n_instance, int n_step)
{
    struct metrics *m = rs_xcalloc(1, sizeof *m);

    m->n_instance = n_instance;
    m->n_series = n_instance * N_PER_INSTANCE;
    m->n_step = n_step;
    m->name = rs_xcalloc((size_t)m->n_series, sizeof *m->name);
    m->v = rs_xcalloc((size_t)m->n_series * (size_t)n_step, sizeof *m->v);
    for (int i = 0; i < n_instance; i++) {
        struct stream s = rs_stream_open(7, (uint64_t)i, rs_stream_hash("bench/rules"));
        struct counters c = {0};

        name_series(m, i);
        for (int k = 0; k < n_step; k++) {
            if (i == 1 && k == n_step / 3) { /* a restart: all counters begin anew */
                c = (struct counters){0};
            }
            serve(&c, &s, i % 2 == 0 && k >= n_step * 45 / 100 && k < n_step * 6 / 10);
            put_row(m->v + (size_t)k * (size_t)m->n_series + i * N_PER_INSTANCE, &c,
                    !(i == 2 && k >= n_step / 2 && k < n_step / 2 + 20));
        }
    }
    return m;
}

void metrics_free(struct metrics *m)
{
    free(m->v);
    free(m->name);
    free(m);
}

rs_labels metrics_labels(struct label_table *t, const struct metrics *m, int series)
{
    struct label label[4] = {{"__name__", NULL}};
    char text[96], *at = text, *save;
    int n = 1;

    (void)snprintf(text, sizeof text, "%s", m->name[series]);
    label[0].value = strtok_r(at, "{", &save);
    while ((at = strtok_r(NULL, "=", &save)) != NULL && at[0] != '}') {
        label[n].name = at[0] == ',' ? at + 1 : at;
        label[n++].value = strtok_r(NULL, "\"", &save);
    }
    return rs_labels_intern(t, n, label);
}

/* ---- promtool's files ------------------------------------------------------------------------ */

void write_rule_file(FILE *to)
{
    (void)fprintf(to, "groups:\n- name: slo\n  rules:\n");
    for (int i = 0; i < N_RULE; i++) {
        const struct rule_text *r = &texts[i];

        (void)fprintf(to, "  - %s: %s\n    expr: '%s'\n", r->record ? "record" : "alert",
                      bench_rule_name(i), r->expr);
        if (r->for_s > 0) {
            (void)fprintf(to, "    for: %ds\n", r->for_s);
        }
        if (r->keep_s > 0) {
            (void)fprintf(to, "    keep_firing_for: %ds\n", r->keep_s);
        }
        if (r->severity != NULL) {
            (void)fprintf(to, "    labels: {severity: %s}\n", r->severity);
        }
    }
}

/* Tests one instant, the last: all rounds before it are evaluated on the way. */
void write_test_file(FILE *to, const struct metrics *m, const char *rule_file)
{
    (void)fprintf(to,
                  "rule_files: [%s]\nevaluation_interval: %ds\ntests:\n- interval: %ds\n"
                  "  input_series:\n",
                  rule_file, STEP_S, STEP_S);
    for (int i = 0; i < m->n_series; i++) {
        (void)fprintf(to, "  - series: '%s'\n    values: '", m->name[i]);
        for (int k = 0; k < m->n_step; k++) {
            double v = m->v[(size_t)k * (size_t)m->n_series + (size_t)i];

            (void)fprintf(to, isnan(v) ? " _" : " %.17g", v);
        }
        (void)fprintf(to, "'\n");
    }
    (void)fprintf(to,
                  "  alert_rule_test:\n  - eval_time: %ds\n    alertname: ErrorRatio\n"
                  "    exp_alerts: []\n",
                  (m->n_step - 1) * STEP_S);
}
