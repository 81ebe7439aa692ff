/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A canary configuration of Kayenta: metrics, how each is compared, groups and their weights, thresholds and times.
 */
#include "kayenta_read.h"

#include <math.h>
#include <string.h>

#include "sim/clock.h"

/* Points that a judge keeps: more need a longer step. */
#define MOST_POINTS 100000

struct canary_config { /* analysisConfigurations.canary */
    bool critical, must_have_data;
    double outlier_factor;
    double allowed_increase, allowed_decrease, critical_increase, critical_decrease;
    const char *measure;
};

struct kayenta_reading {
    struct judge_source *s;
    struct kayenta_request request;
    const struct node *templates;
    int n_metric, cap_metric;
    struct kayenta_metric *metric;
    int n_group, cap_group;
    struct kayenta_group *group;
};

#define CANARY(field) offsetof(struct canary_config, field)

static const struct key config_keys[] = {
    {"name", RS_V_OWN},
    {"description", RS_V_OWN},
    {"id", RS_V_OWN},
    {"applications", RS_V_OWN},
    {"configVersion", RS_V_OWN},
    {"createdTimestamp", RS_V_OWN},
    {"createdTimestampIso", RS_V_OWN},
    {"updatedTimestamp", RS_V_OWN},
    {"updatedTimestampIso", RS_V_OWN},
    {"isNew", RS_V_OWN},
    {"judge", RS_V_OWN},
    {"metrics", RS_V_OWN, RS_KEY_REQUIRED},
    {"templates", RS_V_OWN},
    {"classifier", RS_V_OWN, RS_KEY_REQUIRED},
};
static const struct section config_section = {
    .name = "canary configuration", .key = config_keys, .n_key = RS_N_KEY(config_keys)};

static const struct key classifier_keys[] = {
    {"groupWeights", RS_V_OWN},
    {"scoreThresholds", RS_V_OWN},
};
static const struct section classifier_section = {
    .name = "classifier", .key = classifier_keys, .n_key = RS_N_KEY(classifier_keys)};

static const struct key metric_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct kayenta_metric, name)},
    {"id", RS_V_OWN},
    {"query", RS_V_OWN, RS_KEY_REQUIRED},
    {"groups", RS_V_OWN},
    {"analysisConfigurations", RS_V_OWN},
    {"scopeName", RS_V_OWN},
};
static const struct section metric_section = {.name = "metric",
                                              .key = metric_keys,
                                              .n_key = RS_N_KEY(metric_keys),
                                              .has_mark = true,
                                              .mark_at = offsetof(struct kayenta_metric, at)};

#define EFFECT_LIMITS .min = 0.0, .max = 1e9
static const struct key effect_keys[] = {
    {"measure", RS_V_TEXT, .at = CANARY(measure)},
    {"allowedIncrease", RS_V_NUMBER, EFFECT_LIMITS, .at = CANARY(allowed_increase)},
    {"allowedDecrease", RS_V_NUMBER, EFFECT_LIMITS, .at = CANARY(allowed_decrease)},
    {"criticalIncrease", RS_V_NUMBER, EFFECT_LIMITS, .at = CANARY(critical_increase)},
    {"criticalDecrease", RS_V_NUMBER, EFFECT_LIMITS, .at = CANARY(critical_decrease)},
};
static const struct section effect_section = {
    .name = "effectSize", .key = effect_keys, .n_key = RS_N_KEY(effect_keys)};

static const struct key outlier_keys[] = {
    {"strategy", RS_V_OWN},
    {"outlierFactor", RS_V_NUMBER, RS_KEY_POSITIVE, .max = 1e9, .def = "3",
     .at = CANARY(outlier_factor)},
};
static const struct section outlier_section = {
    .name = "outliers", .key = outlier_keys, .n_key = RS_N_KEY(outlier_keys)};

static const struct key canary_keys[] = {
    {"direction", RS_V_OWN},
    {"nanStrategy", RS_V_OWN},
    {"critical", RS_V_BOOL, .at = CANARY(critical)},
    {"mustHaveData", RS_V_BOOL, .at = CANARY(must_have_data)},
    {"muted", RS_V_OWN},
    {"effectSize", RS_V_MAP, .of = &effect_section},
    {"outliers", RS_V_MAP, .of = &outlier_section},
};
static const struct section canary_section = {
    .name = "canary", .key = canary_keys, .n_key = RS_N_KEY(canary_keys)};

static struct err_list *errors_of(const struct kayenta_reading *k)
{
    return k->s->r->errors;
}

static bool is_text(const char *text, const char *other)
{
    return text && strcmp(text, other) == 0;
}

/* ---- one metric -------------------------------------------------------------------------------- */

/* A word that the judge does not know is the usual one to it. */
static int word_of(struct kayenta_reading *k,
                   const struct node *map,
                   const char *key,
                   const char *const *words /* NULL-terminated; the first is the usual one */)
{
    const char *text = rs_judge_text(map, key);
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    if (text && text[0]) {
        rs_judge_note(k->s, rs_node_get(map, key)->at,
                      "\"%s\" is no %s that Kayenta knows: it takes %s", text, key, words[0]);
    }
    return 0;
}

static void
read_analysis(struct kayenta_reading *k, const struct node *metric, struct kayenta_metric *out)
{
    static const char *const directions[] = {"either", "increase", "decrease", NULL};
    static const char *const nans[] = {"remove", "replace", NULL};
    static const char *const outliers[] = {"keep", "remove", NULL};
    const struct node *node = rs_node_get(rs_node_get(metric, "analysisConfigurations"), "canary");
    struct canary_config c = {.outlier_factor = 3.0};
    if (node && !rs_node_is_null(node) &&
        rs_read_section(k->s->r, &canary_section, "\"canary\"", node, &c) != 0) {
        return;
    }
    const struct node *effect = rs_node_get(node, "effectSize");
    out->cles = is_text(c.measure, "cles");
    if (c.measure && !out->cles && strcmp(c.measure, "meanRatio") != 0) {
        rs_judge_note(k->s, effect->at,
                      "\"%s\" is no measure that Kayenta knows: it takes meanRatio", c.measure);
    }
    double usual = out->cles ? 0.5 : 1.0;
    out->direction = (enum kayenta_direction)word_of(k, node, "direction", directions);
    out->replace_nan = word_of(k, node, "nanStrategy", nans) == 1;
    out->remove_outliers = word_of(k, rs_node_get(node, "outliers"), "strategy", outliers) == 1;
    out->outlier_factor = c.outlier_factor > 0.0 ? c.outlier_factor : 3.0;
    out->critical = c.critical;
    out->must_have_data = c.must_have_data;
    out->allowed_increase = rs_node_pair(effect, "allowedIncrease") ? c.allowed_increase : usual;
    out->allowed_decrease = rs_node_pair(effect, "allowedDecrease") ? c.allowed_decrease : usual;
    out->critical_increase = rs_node_pair(effect, "criticalIncrease") ? c.critical_increase : usual;
    out->critical_decrease = rs_node_pair(effect, "criticalDecrease") ? c.critical_decrease : usual;
    rs_judge_note_ignored(k->s, node ? node : metric, "muted");
}

static int group_of(struct kayenta_reading *k, const char *name)
{
    for (int i = 0; i < k->n_group; i++) {
        if (strcmp(k->group[i].name, name) == 0) {
            return i;
        }
    }
    RS_PUSH(k->s->r->arena, k->group, k->n_group, k->cap_group,
            ((struct kayenta_group){.name = name, .weight = NAN}));
    return k->n_group - 1;
}

static void
read_groups(struct kayenta_reading *k, const struct node *metric, struct kayenta_metric *out)
{
    const struct node *groups = rs_kayenta_list(k->s, metric, "groups");
    int n = groups ? groups->n : 0;
    int *group = RS_ARENA_ARRAY(k->s->r->arena, int, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        if (groups->item[i]->kind != RS_NODE_SCALAR) {
            rs_err_list_add(errors_of(k), RS_E_TYPE, groups->item[i]->at, "a group must be a name");
            return;
        }
        group[i] = group_of(k, groups->item[i]->text);
    }
    out->n_group = n;
    out->group = group;
    if (n == 0) {
        rs_judge_note(k->s, out->at,
                      "metric \"%s\" is in no group: it counts only where it is critical or has no "
                      "data",
                      out->name);
    }
}

static void read_metric(struct kayenta_reading *k, const struct node *node)
{
    struct kayenta_metric m = {0};
    if (rs_read_section(k->s->r, &metric_section, "a metric", node, &m) != 0) {
        return;
    }
    for (int i = 0; i < k->n_metric; i++) {
        if (strcmp(k->metric[i].name, m.name) == 0) {
            rs_err_list_add(errors_of(k), RS_E_KEY, m.at, "metric \"%s\" is named twice", m.name);
        }
    }
    rs_kayenta_queries(k->s, &k->request, k->templates, node, &m);
    read_analysis(k, node, &m);
    read_groups(k, node, &m);
    RS_PUSH(k->s->r->arena, k->metric, k->n_metric, k->cap_metric, m);
}

/* ---- weights, thresholds, times ---------------------------------------------------------------- */

static void
read_weights(struct kayenta_reading *k, const struct node *weights, struct kayenta_spec *out)
{
    const struct key row = {"groupWeights", RS_V_NUMBER, .min = 0.0, .max = 100.0};
    if (!weights || rs_node_is_null(weights)) {
        return;
    }
    if (weights->kind != RS_NODE_MAP) {
        rs_err_list_add(errors_of(k), RS_E_TYPE, weights->at,
                        "\"groupWeights\" must be a map of groups to weights");
        return;
    }
    for (int i = 0; i < weights->n; i++) {
        double weight = 0.0;
        bool found = false;
        if (rs_read_value(k->s->r, &row, weights->pair[i].value, &weight) != 0) {
            continue;
        }
        out->weight_sum += weight;
        for (int g = 0; g < k->n_group; g++) {
            if (strcmp(k->group[g].name, weights->pair[i].key) == 0) {
                k->group[g].weight = weight;
                found = true;
            }
        }
        if (!found) {
            rs_judge_note(k->s, weights->pair[i].at,
                          "no metric is in group \"%s\": its weight is lost to the score",
                          weights->pair[i].key);
        }
    }
}

static void
set_thresholds(struct kayenta_reading *k, const struct node *classifier, struct kayenta_spec *out)
{
    const struct node *own = rs_node_get(classifier, "scoreThresholds");
    const struct key row = {"scoreThresholds", RS_V_NUMBER, .min = 0.0, .max = 100.0};
    out->pass = k->request.pass;
    out->marginal = k->request.marginal;
    if (isnan(out->pass) && rs_node_get(own, "pass")) {
        rs_read_value(k->s->r, &row, rs_node_get(own, "pass"), &out->pass);
    }
    if (isnan(out->marginal) && rs_node_get(own, "marginal")) {
        rs_read_value(k->s->r, &row, rs_node_get(own, "marginal"), &out->marginal);
    }
    if (isnan(out->pass) || isnan(out->marginal)) {
        rs_err_list_add(errors_of(k), RS_E_KEY, k->s->map->at,
                        "Kayenta needs the scores \"pass\" and \"marginal\", of the judge's "
                        "\"kayenta\" or its request");
    } else if (out->marginal > out->pass) {
        rs_err_list_add(errors_of(k), RS_E_RANGE, k->s->map->at,
                        "\"marginal\" must be at most \"pass\", %g, got %g", out->pass,
                        out->marginal);
    }
}

static void check_points(struct kayenta_reading *k, const struct kayenta_spec *spec)
{
    const struct kayenta_request *q = &k->request;
    int64_t most_ns = spec->begin_after_ns + spec->interval_ns;
    if (spec->lookback_ns > most_ns) {
        rs_err_list_add(errors_of(k), RS_E_RANGE, q->lookback_at,
                        "the lookback must not reach back before the watch: at most %lld s, got "
                        "%lld s",
                        (long long)(most_ns / RS_NS_PER_S),
                        (long long)(spec->lookback_ns / RS_NS_PER_S));
    }
    if (spec->lookback_ns > 0 && spec->interval_ns % spec->step_ns != 0) {
        rs_err_list_add(errors_of(k), RS_E_RANGE, q->lookback_at,
                        "with a lookback the interval must be a whole number of steps of %lld s",
                        (long long)(spec->step_ns / RS_NS_PER_S));
    }
    if (spec->n_judgement * (spec->interval_ns / spec->step_ns) > MOST_POINTS) {
        rs_err_list_add(errors_of(k), RS_E_RANGE, q->at,
                        "the lifetime has more than %d points: take a longer step", MOST_POINTS);
    }
}

/* Whole minutes count, and an interval that is none or longer than the lifetime is the lifetime. */
static void set_times(struct kayenta_reading *k, struct kayenta_spec *out)
{
    const struct kayenta_request *q = &k->request;
    const int64_t minute_ns = 60 * RS_NS_PER_S;
    if (q->lifetime_ns < minute_ns) {
        rs_err_list_add(
            errors_of(k), RS_E_KEY, q->at,
            "Kayenta needs a lifetime of at least 1m, of the judge's \"kayenta\" or its "
            "request");
        return;
    }
    int64_t interval_ns =
        q->interval_ns <= 0 || q->interval_ns > q->lifetime_ns ? q->lifetime_ns : q->interval_ns;
    if (interval_ns < minute_ns) {
        rs_err_list_add(errors_of(k), RS_E_RANGE, q->at, "the interval must be at least 1m");
        return;
    }
    out->interval_ns = interval_ns;
    out->n_judgement = (int)((q->lifetime_ns / minute_ns) / (interval_ns / minute_ns));
    out->begin_after_ns = q->begin_after_ns > 0 ? q->begin_after_ns : 0;
    out->lookback_ns = q->lookback_ns > 0 ? q->lookback_ns : 0;
    out->step_ns = q->step_ns > 0 ? q->step_ns : minute_ns;
    check_points(k, out);
}

/* ---- the file ---------------------------------------------------------------------------------- */

static void
read_config(struct kayenta_reading *k, const struct node *config, struct kayenta_spec *out)
{
    char ignored = 0;
    if (rs_read_section(k->s->r, &config_section, "the canary configuration", config, &ignored) !=
        0) {
        return;
    }
    const struct node *judge = rs_node_get(config, "judge"),
                      *classifier = rs_node_get(config, "classifier");
    const char *name = rs_judge_text(judge, "name");
    if (name && strcmp(name, "NetflixACAJudge-v1.0") != 0) {
        rs_err_list_add(errors_of(k), RS_E_UNSUPPORTED, judge->at,
                        "the judge must be NetflixACAJudge-v1.0, got %s", name);
    }
    k->templates = rs_node_get(config, "templates");
    const struct node *metrics = rs_kayenta_list(k->s, config, "metrics");
    for (int i = 0; metrics && i < metrics->n; i++) {
        read_metric(k, metrics->item[i]);
    }
    if (metrics && metrics->n == 0) {
        rs_err_list_add(errors_of(k), RS_E_KEY, metrics->at, "there is no metric to judge by");
    }
    if (rs_read_section(k->s->r, &classifier_section, "\"classifier\"", classifier, &ignored) !=
        0) {
        return;
    }
    read_weights(k, rs_node_get(classifier, "groupWeights"), out);
    set_thresholds(k, classifier, out);
}

void rs_judge_read_kayenta(struct judge_source *s, struct judge *out)
{
    struct kayenta_reading k = {.s = s};
    struct kayenta_spec *spec = RS_ARENA_ARRAY(s->r->arena, struct kayenta_spec, 1);
    const struct node *root = rs_yaml_parse(s->r->arena, s->path, s->text, s->n, s->r->errors);
    *spec = (struct kayenta_spec){.n_judgement = 1};
    if (!root || rs_kayenta_request(s, root, &k.request) != 0) {
        return;
    }
    read_config(&k, k.request.config ? k.request.config : root, spec);
    set_times(&k, spec);
    spec->n_metric = k.n_metric;
    spec->metric = k.metric;
    spec->n_group = k.n_group;
    spec->group = k.group;
    out->spec.kayenta = spec;
}
