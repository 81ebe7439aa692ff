/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When Kayenta judges, and whom: a pipeline stage of Spinnaker (its canaryConfig), a request to the standalone service (its
 * executionRequest, with or without the configuration beside it), and the scenario's keys before either.
 */
#include <math.h>
#include <string.h>

#include "../text/file.h"
#include "kayenta_read.h"
#include "sim/clock.h"

#define KEYS(field) offsetof(struct kayenta_keys, field)

static const struct key kayenta_keys[] = {
    {"request", RS_V_FILE, .at = KEYS(request),
     .help = "A stage of a Spinnaker pipeline, or a request to the standalone service (JSON): "
             "thresholds, times, scopes."},
    {"pass", RS_V_NUMBER, .max = 100, .def = "(the request's)", .at = KEYS(pass),
     .help = "The last score must come to it."},
    {"marginal", RS_V_NUMBER, .max = 100, .def = "(the request's)", .at = KEYS(marginal),
     .help = "A score that is not above it fails at once."},
    {"lifetime", RS_V_DURATION, .min = 60, .max = 31536000, .def = "(the request's)",
     .at = KEYS(lifetime_ns), .help = "It judges for so long; whole minutes count."},
    {"interval", RS_V_DURATION, .min = 60, .max = 31536000, .def = "(the request's; once)",
     .at = KEYS(interval_ns), .help = "A judgement every so often; whole minutes count."},
    {"lookback", RS_V_DURATION, .max = 31536000, .def = "(the request's; from the beginning)",
     .at = KEYS(lookback_ns), .help = "A judgement sees the last while only."},
    {"begin_after", RS_V_DURATION, .max = 31536000, .def = "(the request's; 0s)",
     .at = KEYS(begin_after_ns), .help = "Warm-up before the first interval."},
    {"step", RS_V_DURATION, .min = 1, .max = 86400, .def = "(the request's; 1m)",
     .at = KEYS(step_ns), .help = "Time between two points of a query."},
    {"control", RS_V_OWN, .shape = "map of names to texts",
     .help = "What ${scope}, ${location} and other words stand for in the control's queries."},
    {"experiment", RS_V_OWN, .shape = "map of names to texts",
     .help = "The same in the experiment's."},
    {"control_queries", RS_V_OWN, .shape = "map of metric names to PromQL",
     .help = "The control's query of a metric, instead of the configuration's."},
    {"experiment_queries", RS_V_OWN, .shape = "map of metric names to PromQL",
     .help = "The same of the experiment."},
};
const struct section rs_section_judge_kayenta = {
    "kayenta request", "When and of whom Kayenta judges.", kayenta_keys, RS_N_KEY(kayenta_keys)};

/* ---- values of a request ----------------------------------------------------------------------- */

static struct err_list *errors_of(struct judge_source *s)
{
    return s->r->errors;
}

static bool is_given(const struct node *node)
{
    return node && !rs_node_is_null(node) &&
           !(node->kind == RS_NODE_SCALAR && node->text[0] == '\0');
}

/* A number, which the tools also take as a text. Leaves *out where nothing is given. */
static void read_number(
    struct judge_source *s, const struct node *map, const char *key, double max, double *out)
{
    const struct key row = {key, RS_V_NUMBER, .min = 0.0, .max = max};
    const struct node *node = rs_node_get(map, key);
    if (is_given(node)) {
        rs_read_value(s->r, &row, node, out);
    }
}

static void read_minutes(
    struct judge_source *s, const struct node *map, const char *key, double unit_s, int64_t *out)
{
    double n = NAN;
    read_number(s, map, key, 31536000.0 / unit_s, &n);
    if (!isnan(n)) {
        *out = (int64_t)(n * unit_s) * RS_NS_PER_S;
    }
}

/* "PT1H30M": ISO 8601, days to seconds, whole numbers. -1 where it is none. */
static int64_t iso_duration(const char *p)
{
    static const struct {
        char letter;
        bool time;
        int64_t s;
    } units[] = {{'D', false, 86400}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
    int64_t total = 0;
    bool time = false, any = false;
    if (*p++ != 'P') {
        return -1;
    }
    for (size_t next = 0; *p;) {
        if (*p == 'T' && !time) {
            time = true;
            p++;
            continue;
        }
        int64_t n = 0;
        size_t digits = strspn(p, "0123456789"), i = next;
        for (size_t k = 0; k < digits && k < 9; k++) {
            n = 10 * n + (p[k] - '0');
        }
        p += digits;
        while (i < 4 && !(units[i].letter == *p && units[i].time == time)) {
            i++;
        }
        if (digits == 0 || digits > 9 || i == 4) {
            return -1;
        }
        total += n * units[i].s;
        next = i + 1;
        any = true;
        p++;
    }
    return any && total <= 31536000 ? total * RS_NS_PER_S : -1;
}

static void read_iso(struct judge_source *s, const struct node *map, const char *key, int64_t *out)
{
    const struct node *node = rs_node_get(map, key);
    char seen[64];
    if (!is_given(node)) {
        return;
    }
    int64_t ns = node->kind == RS_NODE_SCALAR ? iso_duration(node->text) : -1;
    if (ns < 0) {
        rs_err_list_add(errors_of(s), RS_E_SYNTAX, node->at,
                        "\"%s\" must be an ISO 8601 duration of at most a year (PT1H30M), got %s",
                        key, rs_node_describe(seen, sizeof(seen), node));
        return;
    }
    *out = ns;
}

static void refuse(struct judge_source *s, const struct node *map, const char *key, const char *why)
{
    const struct pair *pair = rs_node_pair(map, key);
    if (pair && is_given(pair->value)) {
        rs_err_list_add(errors_of(s), RS_E_UNSUPPORTED, pair->at, "\"%s\" is not supported: %s",
                        key, why);
    }
}

static void
read_thresholds(struct judge_source *s, const struct node *thresholds, struct kayenta_request *out)
{
    read_number(s, thresholds, "pass", 100.0, &out->pass);
    read_number(s, thresholds, "marginal", 100.0, &out->marginal);
}

static void
read_scopes(struct judge_source *s, const struct node *request, struct kayenta_request *out)
{
    static const char past[] = "the judge looks at the stage that is simulated";
    const struct node *scopes = rs_node_get(request, "scopes");
    char seen[64];
    if (!is_given(scopes)) {
        return;
    }
    if (scopes->kind != RS_NODE_LIST || scopes->n == 0) {
        rs_err_list_add(errors_of(s), RS_E_TYPE, scopes->at,
                        "\"scopes\" must be a list that is not empty, got %s",
                        rs_node_describe(seen, sizeof(seen), scopes));
        return;
    }
    out->scopes = scopes;
    read_minutes(s, scopes->item[0], "step", 1.0, &out->step_ns);
    for (int i = 0; i < scopes->n; i++) {
        const struct node *offset = rs_node_get(scopes->item[i], "controlOffsetInMinutes");
        refuse(s, scopes->item[i], "startTimeIso", past);
        refuse(s, scopes->item[i], "endTimeIso", past);
        if (is_given(offset) &&
            !(offset->kind == RS_NODE_SCALAR && strcmp(offset->text, "0") == 0)) {
            refuse(s, scopes->item[i], "controlOffsetInMinutes", "both sides are of the same time");
        }
    }
}

/* Of the standalone service. */
static void
read_execution(struct judge_source *s, const struct node *request, struct kayenta_request *out)
{
    read_thresholds(s, rs_node_get(request, "thresholds"), out);
    read_minutes(s, request, "lifetimeDurationMins", 60.0, &out->lifetime_ns);
    read_minutes(s, request, "beginAfterMins", 60.0, &out->begin_after_ns);
    read_minutes(s, request, "lookbackMins", 60.0, &out->lookback_ns);
    read_minutes(s, request, "analysisIntervalMins", 60.0, &out->interval_ns);
    read_scopes(s, request, out);
}

/* Of a pipeline; older stages give hours. */
static void
read_stage(struct judge_source *s, const struct node *config, struct kayenta_request *out)
{
    read_thresholds(s, rs_node_get(config, "scoreThresholds"), out);
    read_minutes(s, config, "lifetimeHours", 3600.0, &out->lifetime_ns);
    read_iso(s, config, "lifetimeDuration", &out->lifetime_ns);
    read_minutes(s, config, "beginCanaryAnalysisAfterMins", 60.0, &out->begin_after_ns);
    read_minutes(s, config, "lookbackMins", 60.0, &out->lookback_ns);
    read_minutes(s, config, "canaryAnalysisIntervalMins", 60.0, &out->interval_ns);
    read_scopes(s, config, out);
}

/* false: the root is none of them. */
static bool
read_request(struct judge_source *s, const struct node *root, struct kayenta_request *out)
{
    const struct node *execution = rs_node_get(root, "executionRequest");
    const struct node *config = rs_node_get(root, "canaryConfig");
    const struct node *retry = rs_node_get(root, "thresholds");
    if (execution && execution->kind == RS_NODE_MAP) {
        out->at = execution->at;
        out->config = config;
        read_execution(s, execution, out);
    } else if (config && config->kind == RS_NODE_MAP) {
        out->at = config->at;
        read_stage(s, config, out);
    } else if (retry && rs_node_get(root, "scopes")) {
        out->at = root->at;
        read_execution(s, root, out);
    } else {
        return false;
    }
    return true;
}

static void read_request_file(struct judge_source *s, struct kayenta_request *out)
{
    struct reader *r = s->r;
    const struct node *named = rs_node_get(rs_node_get(s->map, "kayenta"), "request");
    const char *path = rs_file_path(r, s->keys->kayenta.request, named->at);
    size_t n = 0;
    const char *text = path ? rs_file_read(r->arena, path, named->at, &n, r->errors) : NULL;
    if (!text) {
        return;
    }
    rs_file_hash_text(r->hash, path, text, n);
    const char *outer = r->file;
    r->file = path;
    const struct node *root = rs_yaml_parse(r->arena, path, text, n, r->errors);
    if (root && !read_request(s, root, out)) {
        rs_err_list_add(r->errors, RS_E_KEY, root->at,
                        "this is neither a canary stage (\"canaryConfig\" with \"scopes\") nor a "
                        "request (\"executionRequest\")");
    }
    r->file = outer;
}

/* ---- the scenario's keys ----------------------------------------------------------------------- */

static void set_number(const struct node *map, const char *key, double value, double *out)
{
    if (rs_node_pair(map, key)) {
        *out = value;
    }
}

static void set_time(const struct node *map, const char *key, int64_t value, int64_t *out)
{
    if (rs_node_pair(map, key)) {
        *out = value;
    }
}

static void set_keys(struct judge_source *s, struct kayenta_request *out)
{
    const struct node *map = rs_node_get(s->map, "kayenta");
    const struct kayenta_keys *k = &s->keys->kayenta;
    set_number(map, "pass", k->pass, &out->pass);
    set_number(map, "marginal", k->marginal, &out->marginal);
    set_time(map, "lifetime", k->lifetime_ns, &out->lifetime_ns);
    set_time(map, "interval", k->interval_ns, &out->interval_ns);
    set_time(map, "lookback", k->lookback_ns, &out->lookback_ns);
    set_time(map, "begin_after", k->begin_after_ns, &out->begin_after_ns);
    set_time(map, "step", k->step_ns, &out->step_ns);
    const struct pair *lookback = rs_node_pair(map, "lookback");
    out->lookback_at = lookback ? lookback->at : out->at;
}

int rs_kayenta_request(struct judge_source *s, const struct node *root, struct kayenta_request *out)
{
    size_t before = errors_of(s)->n + errors_of(s)->n_dropped;
    *out = (struct kayenta_request){.pass = NAN,
                                    .marginal = NAN,
                                    .lifetime_ns = -1,
                                    .interval_ns = -1,
                                    .lookback_ns = -1,
                                    .begin_after_ns = -1,
                                    .step_ns = -1,
                                    .at = s->map->at};
    read_request(s, root, out);
    const struct node *config = out->config;
    if (s->keys->kayenta.request) {
        read_request_file(s, out);
    }
    out->config = config; /* of the judge's own file only */
    set_keys(s, out);
    return errors_of(s)->n + errors_of(s)->n_dropped > before ? -1 : 0;
}

/* ---- scopes ------------------------------------------------------------------------------------ */

static const struct node *scope_named(const struct kayenta_request *q, const char *name)
{
    for (int i = 0; q->scopes && i < q->scopes->n; i++) {
        const char *own = rs_judge_text(q->scopes->item[i], "scopeName");
        if (strcmp(own ? own : "default", name) == 0) {
            return q->scopes->item[i];
        }
    }
    return NULL;
}

const char *rs_kayenta_bound(struct judge_source *s,
                             const struct kayenta_request *q,
                             const char *scope_name,
                             enum kayenta_side side,
                             const char *word)
{
    bool control = side == RS_KAYENTA_CONTROL;
    const struct node *map = rs_node_get(s->map, "kayenta");
    const char *own = rs_judge_text(rs_node_get(map, control ? "control" : "experiment"), word);
    const struct node *scope = scope_named(q, scope_name);
    const char *more = rs_judge_text(rs_node_get(scope, "extendedScopeParams"), word);
    if (own || more) {
        return own ? own : more;
    }
    if (strcmp(word, "scope") == 0) {
        return rs_judge_text(scope, control ? "controlScope" : "experimentScope");
    }
    if (strcmp(word, "location") == 0) {
        return rs_judge_text(scope, control ? "controlLocation" : "experimentLocation");
    }
    return NULL;
}
