/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A Canary of Flagger with the MetricTemplates that it names, in one file. How long the analysis runs follows from its weights or
 * iterations; the weights themselves are the stage's own ramp.
 */
#include <math.h>
#include <string.h>

#include "judge_read.h"
#include "models/judge_flagger.h"
#include "sim/clock.h"

struct analysis {
    int64_t interval_ns;
    int64_t iterations, max_weight, step_weight, threshold;
};

struct canary_draft {
    const char *provider;
    bool skip;
};

struct metric_draft {
    struct flagger_metric metric;
    const char *interval;
    double threshold;
    double min, max;
};

struct flagger_reading {
    struct judge_source *s;
    const struct node *const *root; /* [n_root] */
    int n_root;
    const struct node *canary; /* its document */
    struct analysis analysis;
    const char *provider;
    int n_metric, cap_metric;
    struct flagger_metric *metric;
};

#define ANALYSIS(field) offsetof(struct analysis, field)
#define METRIC(field) offsetof(struct metric_draft, field)

static const char ignored_in_spec[] =
    "metricsServer autoscalerRef ingressRef upstreamRef routeRef progressDeadlineSeconds "
    "revertOnDeletion suspend";
static const struct key canary_keys[] = {
    {"provider", RS_V_TEXT, .at = offsetof(struct canary_draft, provider)},
    {"skipAnalysis", RS_V_BOOL, .at = offsetof(struct canary_draft, skip)},
    {"targetRef", RS_V_OWN, RS_KEY_REQUIRED},
    {"service", RS_V_OWN},
    {"analysis", RS_V_OWN, RS_KEY_ONE_OF},
    {"canaryAnalysis", RS_V_OWN, RS_KEY_ONE_OF},
    {"metricsServer", RS_V_OWN},
    {"autoscalerRef", RS_V_OWN},
    {"ingressRef", RS_V_OWN},
    {"upstreamRef", RS_V_OWN},
    {"routeRef", RS_V_OWN},
    {"progressDeadlineSeconds", RS_V_OWN},
    {"revertOnDeletion", RS_V_OWN},
    {"suspend", RS_V_OWN},
};
static const struct section canary_section = {
    .name = "Canary", .key = canary_keys, .n_key = RS_N_KEY(canary_keys)};

static const char ignored_in_analysis[] =
    "mirror mirrorWeight stepWeightPromotion alerts webhooks sessionAffinity primaryReadyThreshold "
    "canaryReadyThreshold";
static const struct key analysis_keys[] = {
    {"interval", RS_V_DURATION, .def = "60s", .at = ANALYSIS(interval_ns), .max = 31536000},
    {"iterations", RS_V_OWN},
    {"maxWeight", RS_V_OWN},
    {"stepWeight", RS_V_OWN},
    {"stepWeights", RS_V_OWN},
    {"threshold", RS_V_OWN},
    {"metrics", RS_V_OWN},
    {"match", RS_V_OWN},
    {"mirror", RS_V_OWN},
    {"mirrorWeight", RS_V_OWN},
    {"stepWeightPromotion", RS_V_OWN},
    {"alerts", RS_V_OWN},
    {"webhooks", RS_V_OWN},
    {"sessionAffinity", RS_V_OWN},
    {"primaryReadyThreshold", RS_V_OWN},
    {"canaryReadyThreshold", RS_V_OWN},
};
static const struct section analysis_section = {
    .name = "analysis", .key = analysis_keys, .n_key = RS_N_KEY(analysis_keys)};

static const struct key range_keys[] = {
    {"min", RS_V_NUMBER, .min = -1e300, .max = 1e300, .at = METRIC(min)},
    {"max", RS_V_NUMBER, .min = -1e300, .max = 1e300, .at = METRIC(max)},
};
static const struct section range_section = {
    .name = "thresholdRange", .key = range_keys, .n_key = RS_N_KEY(range_keys)};

static const struct key metric_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = METRIC(metric.name)},
    {"interval", RS_V_TEXT, .at = METRIC(interval)},
    {"threshold", RS_V_NUMBER, .min = -1e300, .max = 1e300, .at = METRIC(threshold)},
    {"thresholdRange", RS_V_MAP, .of = &range_section},
    {"query", RS_V_OWN},
    {"templateRef", RS_V_OWN},
    {"templateVariables", RS_V_OWN},
};
static const struct section metric_section = {.name = "metric",
                                              .key = metric_keys,
                                              .n_key = RS_N_KEY(metric_keys),
                                              .has_mark = true,
                                              .mark_at = METRIC(metric.at)};

/* ---- queries ----------------------------------------------------------------------------------- */

struct model { /* what {{ ... }} stands for in one metric */
    const struct flagger_reading *f;
    const struct node *metric;
    const char *interval;
};

static const char *spec_text(const struct flagger_reading *f, const char *map, const char *key)
{
    return rs_judge_text(rs_node_get(rs_node_get(f->canary, "spec"), map), key);
}

static const char *model_word(const struct model *m, const char *word)
{
    const struct flagger_reading *f = m->f;
    const char *target = spec_text(f, "targetRef", "name"), *other = NULL;
    if (strcmp(word, "name") == 0) {
        return rs_judge_document_name(f->canary);
    }
    if (strcmp(word, "namespace") == 0) {
        const char *space = rs_judge_text(rs_node_get(f->canary, "metadata"), "namespace");
        return space ? space : "default";
    }
    if (strcmp(word, "interval") == 0) {
        return m->interval;
    }
    if (strcmp(word, "service") == 0) {
        other = spec_text(f, "service", "name");
    } else if (strcmp(word, "ingress") == 0) {
        other = spec_text(f, "ingressRef", "name");
    } else if (strncmp(word, "variables.", 10) == 0) {
        return rs_judge_text(rs_node_get(m->metric, "templateVariables"), word + 10);
    } else if (strcmp(word, "target") != 0) {
        return NULL;
    }
    return other ? other : target;
}

static const char *lookup(struct judge_source *s, void *ctx, const char *word, struct mark at)
{
    const char *value = model_word(ctx, word);
    if (!value) {
        rs_err_list_add(s->r->errors, RS_E_REF, at,
                        "nothing stands for {{ %s }}: name, namespace, target, service, ingress, "
                        "interval and variables.NAME are put in",
                        word);
    }
    return value;
}

static const struct promql *read_query(struct flagger_reading *f, const struct node *node)
{
    static const struct key row = {"query", RS_V_PROMQL, .at = 0, .n_at = sizeof(void *)};
    struct {
        const struct promql *promql;
        const char *text;
    } out = {0};
    if (rs_read_value(f->s->r, &row, node, &out) != 0) {
        return NULL;
    }
    if (rs_promql_type(out.promql) == RS_PQL_SCALAR) {
        rs_judge_note(f->s, node->at,
                      "every check fails by this query: a scalar is no answer that Flagger reads");
    }
    return out.promql;
}

static const struct promql *
read_template_query(struct flagger_reading *f, const struct model *m, const struct node *node)
{
    const struct node *filled = rs_judge_put_in_all(f->s, node, lookup, (void *)(uintptr_t)m);
    return filled ? read_query(f, filled) : NULL;
}

/* The query of a MetricTemplate; NULL with an error. */
static const struct node *find_template(struct flagger_reading *f, const struct node *ref)
{
    struct judge_source *s = f->s;
    const char *name = rs_judge_text(ref, "name");
    if (!name) {
        rs_err_list_add(s->r->errors, RS_E_KEY, ref->at, "\"templateRef\" needs the key \"name\"");
        return NULL;
    }
    for (int i = 0; i < f->n_root; i++) {
        const struct node *spec = rs_node_get(f->root[i], "spec");
        if (strcmp(rs_judge_document_kind(f->root[i]), "MetricTemplate") != 0 ||
            strcmp(rs_judge_document_name(f->root[i]), name) != 0) {
            continue;
        }
        const char *type = rs_judge_text(rs_node_get(spec, "provider"), "type");
        const struct node *query = rs_node_get(spec, "query");
        if (!type || strcmp(type, "prometheus") != 0) {
            rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, f->root[i]->at,
                            "the provider of a MetricTemplate must be prometheus, got %s",
                            type ? type : "none");
            return NULL;
        }
        if (!query || query->kind != RS_NODE_SCALAR) {
            rs_err_list_add(s->r->errors, RS_E_KEY, f->root[i]->at,
                            "a MetricTemplate needs the key \"query\"");
            return NULL;
        }
        return query;
    }
    rs_err_list_add(s->r->errors, RS_E_REF, ref->at,
                    "there is no MetricTemplate \"%s\" in this file", name);
    return NULL;
}

/* ---- one metric -------------------------------------------------------------------------------- */

static bool is(const char *name, const char *other)
{
    return strcmp(name, other) == 0;
}

/* thresholdRange counts; the old `threshold` is the least success rate, or the most of anything else. */
static void set_range(struct metric_draft *d, const struct node *node)
{
    bool success = is(d->metric.name, "request-success-rate");
    const struct node *range = rs_node_get(node, "thresholdRange");
    bool given = range && !rs_node_is_null(range);
    const struct node *min = rs_node_get(range, "min"), *max = rs_node_get(range, "max");
    d->metric.min = -INFINITY;
    d->metric.max = INFINITY;
    if (given && min && !rs_node_is_null(min)) {
        d->metric.min = d->min;
    }
    if (given && max && !rs_node_is_null(max)) {
        d->metric.max = d->max;
    }
    if (!given && success) {
        d->metric.min = d->threshold;
    } else if (!given) {
        d->metric.max = d->threshold;
    }
    d->metric.whole_ms = is(d->metric.name, "request-duration");
    if (d->metric.whole_ms) {
        d->metric.min = trunc(d->metric.min);
        d->metric.max = trunc(d->metric.max);
    }
}

static const struct promql *
builtin_query(struct flagger_reading *f, const struct model *m, const struct metric_draft *d)
{
    struct judge_source *s = f->s;
    const struct node *query = rs_node_get(rs_node_get(s->map, "queries"), d->metric.name);
    if (!query || query->kind != RS_NODE_SCALAR) {
        rs_err_list_add(s->r->errors, RS_E_REF, d->metric.at,
                        "the query of the built-in metric \"%s\" depends on the mesh: give it in "
                        "the judge's \"queries\"",
                        d->metric.name);
        return NULL;
    }
    return read_template_query(f, m, query);
}

/* Checked once with those that have their own query, and once with those that name a template: that is the order. */
static void read_metric(struct flagger_reading *f, const struct node *node, bool templates)
{
    struct judge_source *s = f->s;
    struct metric_draft d = {0};
    if (rs_read_section(s->r, &metric_section, "a metric", node, &d) != 0) {
        return;
    }
    const struct node *ref = rs_node_get(node, "templateRef"), *own = rs_node_get(node, "query");
    const struct model m = {f, node, d.interval && d.interval[0] ? d.interval : "1m"};
    bool builtin =
        is(d.metric.name, "request-success-rate") || is(d.metric.name, "request-duration");
    bool by_ref = ref && !rs_node_is_null(ref), by_own = own && !rs_node_is_null(own);
    set_range(&d, node);
    const struct node *text = templates && by_ref ? find_template(f, ref) : NULL;
    if (text) {
        d.metric.query = read_template_query(f, &m, text);
    } else if (!templates && builtin) {
        d.metric.query = builtin_query(f, &m, &d);
    } else if (!templates && by_own) {
        d.metric.query = read_query(f, own); /* the tool puts nothing into these */
    } else if (!templates && !by_ref) {
        rs_judge_note(s, d.metric.at,
                      "metric \"%s\" has neither a query nor a template: Flagger checks nothing",
                      d.metric.name);
    }
    if (d.metric.query) {
        RS_PUSH(s->r->arena, f->metric, f->n_metric, f->cap_metric, d.metric);
    }
}

static void read_metrics(struct flagger_reading *f, const struct node *list)
{
    char seen[64];
    if (!list || rs_node_is_null(list)) {
        return;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(f->s->r->errors, RS_E_TYPE, list->at, "\"metrics\" must be a list, got %s",
                        rs_node_describe(seen, sizeof(seen), list));
        return;
    }
    if (rs_read_length(f->s->r, "metrics", list) != 0) {
        return;
    }
    for (int i = 0; i < 2 * list->n; i++) {
        size_t n_before = f->s->r->errors->n + f->s->r->errors->n_dropped;
        read_metric(f, list->item[i % list->n], i >= list->n);
        if (i == list->n - 1 && f->s->r->errors->n + f->s->r->errors->n_dropped > n_before) {
            return; /* each mistake is told once */
        }
    }
}

/* ---- how long ---------------------------------------------------------------------------------- */

/* Good checks until it promotes: INT64_MAX = it never does by itself. */
static int64_t good_checks(const struct flagger_reading *f, const struct node *node)
{
    const struct analysis *a = &f->analysis;
    const struct node *match = rs_node_get(node, "match"),
                      *steps = rs_node_get(node, "stepWeights");
    bool by_match = match && match->kind == RS_NODE_LIST && match->n > 0;
    bool kubernetes = f->provider && is(f->provider, "kubernetes");
    int64_t iterations = a->iterations;
    if (kubernetes && iterations < 1) {
        iterations = 10; /* what the tool sets there */
    }
    if (iterations >
        0) { /* A/B takes one check an iteration, blue/green one more after the switch */
        return by_match && !kubernetes ? iterations : iterations + 1;
    }
    if (steps && steps->kind == RS_NODE_LIST && steps->n > 0) {
        return steps->n;
    }
    int64_t max = a->max_weight > 0 ? a->max_weight : 100;
    return a->step_weight > 0 ? (max + a->step_weight - 1) / a->step_weight : INT64_MAX;
}

static void note_weights(struct flagger_reading *f, const struct node *node)
{
    static const char *const weights[] = {"maxWeight", "stepWeight", "stepWeights", "iterations"};
    for (int i = 0; i < 4; i++) {
        const struct pair *pair = rs_node_pair(node, weights[i]);
        if (pair) {
            rs_judge_note(f->s, pair->at,
                          "\"%s\" tells how many checks there are; the traffic is shifted by the "
                          "stage's own ramp",
                          pair->key);
            return; /* one word for all of them */
        }
    }
}

/* ---- the file ---------------------------------------------------------------------------------- */

static void
read_analysis(struct flagger_reading *f, const struct node *node, struct flagger_spec *out)
{
    struct judge_source *s = f->s;
    if (rs_read_section(s->r, &analysis_section, "\"analysis\"", node, &f->analysis) != 0) {
        return;
    }
    struct analysis *a = &f->analysis;
    if (rs_judge_whole(s, node, "iterations", 0, &a->iterations) != 0 ||
        rs_judge_whole(s, node, "maxWeight", 0, &a->max_weight) != 0 ||
        rs_judge_whole(s, node, "stepWeight", 0, &a->step_weight) != 0 ||
        rs_judge_whole(s, node, "threshold", INT32_MIN, &a->threshold) != 0) {
        return;
    }
    int64_t least_ns = 10 * RS_NS_PER_S;
    if (f->analysis.interval_ns < least_ns) {
        rs_judge_note(s, rs_node_get(node, "interval")->at,
                      "Flagger takes 10s for an interval below that");
    }
    rs_judge_note_ignored(s, node, ignored_in_analysis);
    note_weights(f, node);
    read_metrics(f, rs_node_get(node, "metrics"));
    out->interval_ns = f->analysis.interval_ns < least_ns ? least_ns : f->analysis.interval_ns;
    out->threshold = f->analysis.threshold > 0 ? f->analysis.threshold : 1;
    out->n_pass = good_checks(f, node);
}

static void read_canary(struct flagger_reading *f, struct flagger_spec *out)
{
    struct judge_source *s = f->s;
    const struct node *spec = rs_node_get(f->canary, "spec");
    struct canary_draft d = {0};
    if (!spec) {
        rs_err_list_add(s->r->errors, RS_E_KEY, f->canary->at, "a Canary needs the key \"spec\"");
        return;
    }
    if (rs_read_section(s->r, &canary_section, "\"spec\"", spec, &d) != 0) {
        return;
    }
    if (d.skip) {
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, rs_node_pair(spec, "skipAnalysis")->at,
                        "\"skipAnalysis\" leaves nothing to judge");
        return;
    }
    rs_judge_note_ignored(s, spec, ignored_in_spec);
    f->provider = d.provider;
    const struct node *analysis = rs_node_get(spec, "analysis");
    read_analysis(f, analysis ? analysis : rs_node_get(spec, "canaryAnalysis"), out);
}

/* The only Canary of the file; NULL with an error. */
static const struct node *find_canary(struct flagger_reading *f)
{
    struct judge_source *s = f->s;
    const struct node *found = NULL;
    for (int i = 0; i < f->n_root; i++) {
        const char *kind = rs_judge_document_kind(f->root[i]);
        if (is(kind, "Canary") && found) {
            rs_err_list_add(s->r->errors, RS_E_KEY, f->root[i]->at,
                            "a second Canary stands here; a judge is one");
            return NULL;
        }
        if (is(kind, "Canary")) {
            found = f->root[i];
        } else if (!is(kind, "MetricTemplate") && !rs_node_is_null(f->root[i])) {
            rs_judge_note(s, f->root[i]->at,
                          "neither a Canary nor a MetricTemplate: this document is not read");
        }
    }
    if (!found) {
        rs_err_list_add(s->r->errors, RS_E_KEY, f->root[0]->at, "the file has no Canary");
    }
    return found;
}

void rs_judge_read_flagger(struct judge_source *s, struct judge *out)
{
    struct flagger_reading f = {.s = s};
    struct flagger_spec *spec = RS_ARENA_ARRAY(s->r->arena, struct flagger_spec, 1);
    f.n_root = rs_judge_documents(s, &f.root);
    f.canary = f.n_root > 0 ? find_canary(&f) : NULL;
    if (!f.canary) {
        return;
    }
    read_canary(&f, spec);
    spec->n_metric = f.n_metric;
    spec->metric = f.metric;
    out->spec.flagger = spec;
}
