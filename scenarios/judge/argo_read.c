/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AnalysisTemplates of Argo Rollouts. All of a file are merged, as a Rollout that names several merges them. Arguments are put
 * into every text of a metric, {{args.name}}; then the metric is read by its table. What the controller would refuse when it
 * makes the run (pkg/apis/rollouts/validation, utils/analysis) is refused here.
 */
#include <regex.h>
#include <string.h>

#include "judge_read.h"
#include "models/judge_argo.h"

struct metric_draft {
    struct argo_metric metric;
    const char *success, *failure;
};

struct argo_reading {
    struct judge_source *s;
    int n_metric, cap_metric;
    struct argo_metric *metric;
    const struct node *args; /* of the template that is read */
};

#define METRIC(field) offsetof(struct metric_draft, metric.field)

static const struct key prometheus_keys[] = {
    {"query", RS_V_PROMQL, RS_KEY_REQUIRED, .at = 0, .n_at = sizeof(void *)},
    {"address", RS_V_OWN},
    {"timeout", RS_V_OWN},
    {"insecure", RS_V_OWN},
    {"headers", RS_V_OWN},
    {"authentication", RS_V_OWN},
};
struct query {
    const struct promql *promql;
    const char *text;
};
static const struct section prometheus_section = {.name = "prometheus provider",
                                                  .key = prometheus_keys,
                                                  .n_key = RS_N_KEY(prometheus_keys),
                                                  .size = sizeof(struct query)};

static const struct key metric_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = METRIC(name)},
    {"interval", RS_V_DURATION, RS_KEY_POSITIVE, .max = 31536000, .def = "(one measurement)",
     .at = METRIC(interval_ns)},
    {"initialDelay", RS_V_DURATION, .max = 31536000, .at = METRIC(initial_delay_ns)},
    {"count", RS_V_OWN},
    {"failureLimit", RS_V_OWN},
    {"inconclusiveLimit", RS_V_OWN},
    {"consecutiveErrorLimit", RS_V_OWN},
    {"consecutiveSuccessLimit", RS_V_OWN},
    {"successCondition", RS_V_TEXT, .at = offsetof(struct metric_draft, success)},
    {"failureCondition", RS_V_TEXT, .at = offsetof(struct metric_draft, failure)},
    {"provider", RS_V_OWN, RS_KEY_REQUIRED},
};
static const struct section metric_section = {.name = "metric",
                                              .key = metric_keys,
                                              .n_key = RS_N_KEY(metric_keys),
                                              .size = sizeof(struct metric_draft),
                                              .has_mark = true,
                                              .mark_at = METRIC(at)};

static const struct key spec_keys[] = {
    {"metrics", RS_V_OWN, RS_KEY_REQUIRED},
    {"args", RS_V_OWN},
    {"dryRun", RS_V_OWN},
    {"measurementRetention", RS_V_OWN},
};
static const struct section spec_section = {
    .name = "AnalysisTemplate", .key = spec_keys, .n_key = RS_N_KEY(spec_keys)};

/* ---- arguments --------------------------------------------------------------------------------- */

/* The scenario's value, else the template's own. */
static const char *lookup(struct judge_source *s, void *ctx, const char *word, struct mark at)
{
    const struct argo_reading *a = ctx;
    if (strncmp(word, "args.", 5) != 0) {
        rs_err_list_add(s->r->errors, RS_E_REF, at, "only {{args.NAME}} is put in, got \"%s\"",
                        word);
        return NULL;
    }
    const char *name = word + 5, *value = rs_judge_named(s, "args", name);
    for (int i = 0; !value && a->args && a->args->kind == RS_NODE_LIST && i < a->args->n; i++) {
        const char *own = rs_judge_text(a->args->item[i], "name");
        if (own && strcmp(own, name) == 0) {
            value = rs_judge_text(a->args->item[i], "value");
        }
    }
    if (!value) {
        rs_err_list_add(s->r->errors, RS_E_REF, at,
                        "the argument \"%s\" has no value: give it in the judge's \"args\"", name);
    }
    return value;
}

/* ---- one metric -------------------------------------------------------------------------------- */

static void read_limits(struct argo_reading *a, const struct node *node, struct argo_metric *m)
{
    struct err_list *errors = a->s->r->errors;
    const struct node *count = rs_node_get(node, "count");
    m->error_limit = RS_ARGO_ERROR_LIMIT;
    int status = rs_judge_whole(a->s, node, "count", 0, &m->count);
    status |= rs_judge_whole(a->s, node, "failureLimit", -1, &m->failure_limit);
    status |= rs_judge_whole(a->s, node, "inconclusiveLimit", 0, &m->inconclusive_limit);
    status |= rs_judge_whole(a->s, node, "consecutiveErrorLimit", 0, &m->error_limit);
    status |= rs_judge_whole(a->s, node, "consecutiveSuccessLimit", 0, &m->success_limit);
    if (status != 0 || m->count == 0) {
        return;
    }
    if (m->count > 1 && m->interval_ns == 0) {
        rs_err_list_add(errors, RS_E_KEY, count->at,
                        "a \"count\" above 1 needs the key \"interval\"");
    }
    if (m->count < m->failure_limit) {
        rs_err_list_add(errors, RS_E_RANGE, count->at,
                        "\"count\" must be at least \"failureLimit\", %lld, got %lld",
                        (long long)m->failure_limit, (long long)m->count);
    }
    if (m->count < m->inconclusive_limit) {
        rs_err_list_add(errors, RS_E_RANGE, count->at,
                        "\"count\" must be at least \"inconclusiveLimit\", %lld, got %lld",
                        (long long)m->inconclusive_limit, (long long)m->count);
    }
}

static void read_provider(struct argo_reading *a, const struct node *node, struct argo_metric *m)
{
    struct judge_source *s = a->s;
    const struct node *provider = rs_node_get(node, "provider");
    const struct node *prometheus = rs_node_get(provider, "prometheus");
    struct query query = {0};
    if (provider->kind != RS_NODE_MAP || !prometheus || provider->n != 1) {
        const char *other =
            provider->kind == RS_NODE_MAP && provider->n > 0
                ? provider
                      ->pair[prometheus && provider->n > 1 && provider->pair[0].value == prometheus]
                      .key
                : "nothing";
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, provider->at,
                        "the provider must be prometheus and nothing else, got %s", other);
        return;
    }
    if (rs_read_section(s->r, &prometheus_section, "\"prometheus\"", prometheus, &query) == 0) {
        rs_judge_note_ignored(s, prometheus, "address timeout insecure headers authentication");
        m->query = query.promql;
    }
}

static const struct judge_condition *read_condition(struct argo_reading *a,
                                                    const struct node *node,
                                                    const char *key,
                                                    const struct promql *query)
{
    struct judge_source *s = a->s;
    const struct node *text = rs_node_get(node, key);
    struct err err = {0};
    if (!text || rs_node_is_null(text) || text->text[0] == '\0') {
        return NULL;
    }
    const struct judge_condition *c =
        rs_judge_condition_parse(s->r->arena, text->code, text->code_at, &err);
    if (!c) {
        rs_err_context(&err, "\"%s\"", key);
        rs_err_list_push(s->r->errors, &err);
        return NULL;
    }
    const char *misfit =
        query ? rs_judge_condition_misfit(c, rs_promql_type(query) != RS_PQL_SCALAR) : NULL;
    if (misfit) {
        rs_judge_note(s, text->at, "every measurement errs by this condition: %s", misfit);
    }
    return c;
}

static void read_metric(struct argo_reading *a, const struct node *node)
{
    struct judge_source *s = a->s;
    struct metric_draft d = {0};
    node = rs_judge_put_in_all(s, node, lookup, a);
    if (!node || rs_read_section(s->r, &metric_section, "a metric", node, &d) != 0) {
        return;
    }
    read_limits(a, node, &d.metric);
    read_provider(a, node, &d.metric);
    d.metric.success = read_condition(a, node, "successCondition", d.metric.query);
    d.metric.failure = read_condition(a, node, "failureCondition", d.metric.query);
    for (int i = 0; i < a->n_metric; i++) {
        if (strcmp(a->metric[i].name, d.metric.name) == 0) {
            rs_err_list_add(s->r->errors, RS_E_KEY, d.metric.at, "metric \"%s\" is named twice",
                            d.metric.name);
        }
    }
    RS_PUSH(s->r->arena, a->metric, a->n_metric, a->cap_metric, d.metric);
}

/* ---- dry runs ---------------------------------------------------------------------------------- */

/* The controller takes the name for a regular expression and does not anchor it. */
static void read_dry_run(struct argo_reading *a, const struct node *item)
{
    struct err_list *errors = a->s->r->errors;
    const char *name = rs_judge_text(item, "metricName");
    regex_t regex;
    int n = 0;
    if (!name) {
        rs_err_list_add(errors, RS_E_KEY, item->at, "a dry run needs the key \"metricName\"");
        return;
    }
    if (strchr(name, '\\') || regcomp(&regex, name, REG_EXTENDED | REG_NOSUB) != 0) {
        rs_err_list_add(errors, RS_E_UNSUPPORTED, item->at,
                        "\"metricName\" must be a plain regular expression, got \"%s\"", name);
        return;
    }
    for (int i = 0; i < a->n_metric; i++) {
        bool is_met = regexec(&regex, a->metric[i].name, 0, NULL, 0) == 0;
        a->metric[i].dry_run = a->metric[i].dry_run || is_met;
        n += is_met;
    }
    regfree(&regex);
    if (n == 0) {
        rs_err_list_add(errors, RS_E_REF, item->at, "the dry run \"%s\" names no metric", name);
    }
}

/* ---- the file ---------------------------------------------------------------------------------- */

/* A list under a key of a template's spec; NULL if there is none, with an error if it is something else. */
static const struct node *list_of(struct argo_reading *a, const struct node *spec, const char *key)
{
    char seen[64];
    const struct node *list = rs_node_get(spec, key);
    if (!list || rs_node_is_null(list)) {
        return NULL;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(a->s->r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return NULL;
    }
    return rs_read_length(a->s->r, key, list) == 0 ? list : NULL;
}

static void read_template(struct argo_reading *a, const struct node *spec)
{
    char ignored = 0;
    if (rs_read_section(a->s->r, &spec_section, "\"spec\"", spec, &ignored) != 0) {
        return;
    }
    rs_judge_note_ignored(a->s, spec, "measurementRetention");
    a->args = list_of(a, spec, "args");
    const struct node *metrics = list_of(a, spec, "metrics");
    for (int i = 0; metrics && i < metrics->n; i++) {
        read_metric(a, metrics->item[i]);
    }
}

static bool is_template(const struct node *root)
{
    const char *kind = rs_judge_document_kind(root);
    return strcmp(kind, "AnalysisTemplate") == 0 || strcmp(kind, "ClusterAnalysisTemplate") == 0;
}

static void read_documents(struct argo_reading *a, const struct node *const *root, int n)
{
    struct judge_source *s = a->s;
    for (int i = 0; i < n; i++) {
        const struct node *spec = rs_node_get(root[i], "spec");
        if (!is_template(root[i])) {
            if (!rs_node_is_null(root[i])) {
                rs_judge_note(s, root[i]->at, "no AnalysisTemplate: this document is not read");
            }
        } else if (!spec) {
            rs_err_list_add(s->r->errors, RS_E_KEY, root[i]->at,
                            "an AnalysisTemplate needs the key \"spec\"");
        } else {
            read_template(a, spec);
        }
    }
    /* Over the metrics of all templates, as they are merged. */
    for (int i = 0; i < n; i++) {
        const struct node *spec = is_template(root[i]) ? rs_node_get(root[i], "spec") : NULL;
        const struct node *dry = spec ? list_of(a, spec, "dryRun") : NULL;
        for (int k = 0; dry && k < dry->n; k++) {
            read_dry_run(a, dry->item[k]);
        }
    }
}

void rs_judge_read_argo(struct judge_source *s, struct judge *out)
{
    struct argo_reading a = {.s = s};
    const struct node *const *root = NULL;
    size_t n_before = s->r->errors->n + s->r->errors->n_dropped;
    int n = rs_judge_documents(s, &root);
    if (n < 0) {
        return;
    }
    read_documents(&a, root, n);
    if (a.n_metric == 0 && s->r->errors->n + s->r->errors->n_dropped == n_before) {
        rs_err_list_add(s->r->errors, RS_E_KEY, root[0]->at,
                        "the file has no AnalysisTemplate with a metric");
    }
    struct argo_spec *spec = RS_ARENA_ARRAY(s->r->arena, struct argo_spec, 1);
    *spec = (struct argo_spec){a.n_metric, a.metric, s->keys->query_time_ns};
    out->spec.argo = spec;
}
