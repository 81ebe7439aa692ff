/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A safe rollout of GrowthBook, or a ramp schedule with its monitoring, as the API gives them. What stands elsewhere in GrowthBook,
 * the organization's settings and how metrics are counted, is said in the scenario's `growthbook`.
 */
#include <string.h>

#include "judge_read.h"
#include "models/judge_growthbook.h"
#include "sim/clock.h"

/* The API takes no shorter one. */
#define LEAST_UPDATE_MIN 10.0

#define KEYS(field) offsetof(struct growthbook_keys, field)
#define METRIC(field) offsetof(struct growthbook_metric_keys, field)

static const char total_help[] = "A running total: what it was when the stage began is taken off.";

static const struct key users_keys[] = {
    {"control", RS_V_PROMQL, RS_KEY_REQUIRED, .at = KEYS(users[RS_CONTROL]),
     .n_at = KEYS(unused_text), .help = total_help},
    {"variation", RS_V_PROMQL, RS_KEY_REQUIRED, .at = KEYS(users[RS_VARIATION]),
     .n_at = KEYS(unused_text), .help = total_help},
};
static const struct section users_section = {"users of an experiment",
                                             "How many users each side has had.", users_keys,
                                             RS_N_KEY(users_keys)};

static const char *const type_words[] = {"proportion", "mean", NULL};
static const struct key metric_keys[] = {
    {"id", RS_V_TEXT, RS_KEY_REQUIRED, .at = METRIC(metric.id), .help = "As the rollout names it."},
    {"type", RS_V_WORD, .def = "proportion", .at = METRIC(type), .words = type_words,
     .help = "The share of users who did something, or the mean of a value per user."},
    {"inverse", RS_V_BOOL, .def = "off", .at = METRIC(metric.inverse),
     .help = "Less is better (errors)."},
    {"control", RS_V_PROMQL, RS_KEY_REQUIRED, .at = METRIC(metric.sum[RS_CONTROL]),
     .n_at = METRIC(unused_text), .help = "Running total of conversions, or of the value."},
    {"variation", RS_V_PROMQL, RS_KEY_REQUIRED, .at = METRIC(metric.sum[RS_VARIATION]),
     .n_at = METRIC(unused_text), .help = "The same of the variation."},
    {"control_squares", RS_V_PROMQL, .at = METRIC(metric.squares[RS_CONTROL]),
     .n_at = METRIC(unused_text), .help = "Running total of the squares of the value, of a mean."},
    {"variation_squares", RS_V_PROMQL, .at = METRIC(metric.squares[RS_VARIATION]),
     .n_at = METRIC(unused_text), .help = "The same of the variation."},
    {"min_sample", RS_V_NUMBER, .max = 1e15, .def = "150", .at = METRIC(metric.min_sample),
     .help = "The larger of both totals must come to it before anything is told."},
};

static void finish_metric(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct growthbook_metric_keys *k = draft;
    int n = !!k->metric.squares[RS_CONTROL] + !!k->metric.squares[RS_VARIATION];
    (void)out;
    k->metric.mean = k->type == 1;
    if (n != (k->metric.mean ? 2 : 0)) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        k->metric.mean ? "\"type: mean\" needs the keys \"control_squares\" and "
                                         "\"variation_squares\""
                                       : "sums of squares go only with \"type: mean\"");
    }
}

static const struct section metric_section = {"metric of an experiment",
                                              "How a guardrail or signal metric is counted.",
                                              metric_keys,
                                              RS_N_KEY(metric_keys),
                                              .size = sizeof(struct growthbook_metric_keys),
                                              .has_mark = true,
                                              .mark_at = METRIC(metric.at),
                                              .finish = finish_metric};

static const char *const health_words[] = {"hold", "rollback", "warn", NULL};
static const struct key growthbook_keys[] = {
    {"users", RS_V_MAP, RS_KEY_REQUIRED, .of = &users_section, .help = "Users of both sides."},
    {"metrics", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = KEYS(metric),
     .n_at = KEYS(n_metric), .of = &metric_section,
     .help = "How the metrics that the rollout names are counted."},
    {"split", RS_V_RATIO, .def = "50%", .at = KEYS(split),
     .help = "The variation's share of the users."},
    {"update_every", RS_V_DURATION, .min = 600, .max = 31536000, .def = "(the rollout's; 6h)",
     .at = KEYS(update_ns), .help = "Results are updated so often; the organization's setting."},
    {"alpha", RS_V_RATIO, .def = "5%", .at = KEYS(alpha),
     .help = "False alarms over all looks together; the organization's p-value threshold."},
    {"tuning", RS_V_NUMBER, RS_KEY_POSITIVE, .max = 1e15, .def = "5000", .at = KEYS(tuning),
     .help = "Users at which the confidence sequence is tightest."},
    {"two_sided", RS_V_BOOL, .def = "off", .at = KEYS(two_sided),
     .help = "Two-sided sequences, as the documentation has them; safe rollouts use one-sided."},
    {"srm", RS_V_RATIO, .def = "0.1%", .at = KEYS(srm),
     .help = "p-value below which users are not split as meant."},
    {"health", RS_V_WORD, .def = "(the rollout's; hold)", .at = KEYS(health), .words = health_words,
     .help = "What such a split, or no users at all, orders."},
    {"grace", RS_V_DURATION, .max = 31536000, .def = "24h", .at = KEYS(grace_ns),
     .help = "No users for longer than this is unhealthy."},
    {"min_users", RS_V_COUNT, .max = 1e15, .at = KEYS(min_users),
     .help = "The stage is not left with fewer users in all."},
};
const struct section rs_section_judge_growthbook = {
    "growthbook settings", "What GrowthBook knows beside the rollout itself.", growthbook_keys,
    RS_N_KEY(growthbook_keys)};

/* ---- the rollout's own file -------------------------------------------------------------------- */

struct rollout {
    struct judge_source *s;
    bool auto_rollback;
    double update_min;
    struct growthbook_spec *spec;
    int cap_metric;
    struct growthbook_metric *metric;
};

#define ROLLOUT(field) offsetof(struct rollout, field)

static const struct key safe_keys[] = {
    {"guardrailMetricIds", RS_V_OWN, RS_KEY_REQUIRED},
    {"autoRollback", RS_V_BOOL, .at = ROLLOUT(auto_rollback)},
    {"updateScheduleMinutes", RS_V_NUMBER, .max = 525600, .at = ROLLOUT(update_min)},
    {"maxDuration", RS_V_OWN},
    {"rampUpSchedule", RS_V_OWN},
    {"id", RS_V_OWN},
    {"organization", RS_V_OWN},
    {"dateCreated", RS_V_OWN},
    {"dateUpdated", RS_V_OWN},
    {"datasourceId", RS_V_OWN},
    {"exposureQueryId", RS_V_OWN},
    {"exposureQueryIdentifierType", RS_V_OWN},
    {"seed", RS_V_OWN},
    {"featureId", RS_V_OWN},
    {"environment", RS_V_OWN},
    {"status", RS_V_OWN},
    {"autoSnapshots", RS_V_OWN},
    {"startedAt", RS_V_OWN},
    {"analysisStartedAt", RS_V_OWN},
    {"lastSnapshotAttempt", RS_V_OWN},
    {"nextSnapshotAttempt", RS_V_OWN},
    {"analysisSummary", RS_V_OWN},
    {"pastNotifications", RS_V_OWN},
    {"gateSeed", RS_V_OWN},
    {"rampScheduleId", RS_V_OWN},
    {"trackingKey", RS_V_OWN},
};
static const struct section safe_section = {
    .name = "safe rollout", .key = safe_keys, .n_key = RS_N_KEY(safe_keys)};

static const struct key monitoring_keys[] = {
    {"datasourceId", RS_V_OWN},
    {"exposureQueryId", RS_V_OWN},
    {"guardrailMetricIds", RS_V_OWN, RS_KEY_REQUIRED},
    {"signalMetricIds", RS_V_OWN},
    {"updateScheduleMinutes", RS_V_NUMBER, .max = 525600, .at = ROLLOUT(update_min)},
    {"autoUpdate", RS_V_OWN},
};
static const struct section monitoring_section = {
    .name = "monitoringConfig", .key = monitoring_keys, .n_key = RS_N_KEY(monitoring_keys)};

static const struct growthbook_metric *counted(const struct rollout *o, const char *id)
{
    const struct growthbook_keys *k = &o->s->keys->growthbook;
    for (int i = 0; i < k->n_metric; i++) {
        if (strcmp(k->metric[i].metric.id, id) == 0) {
            return &k->metric[i].metric;
        }
    }
    return NULL;
}

static void read_metrics(struct rollout *o, const struct node *map, const char *key, bool signal)
{
    struct reader *r = o->s->r;
    const struct node *list = rs_node_get(map, key);
    char seen[64];
    if (!list || rs_node_is_null(list)) {
        return;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return;
    }
    if (rs_read_length(r, key, list) != 0) {
        return;
    }
    for (int i = 0; i < list->n; i++) {
        const struct node *id = list->item[i];
        const struct growthbook_metric *m =
            id->kind == RS_NODE_SCALAR ? counted(o, id->text) : NULL;
        if (!m) {
            rs_err_list_add(r->errors, RS_E_REF, id->at,
                            "how %s is counted is not known: give it in the judge's "
                            "\"growthbook: metrics\"",
                            rs_node_describe(seen, sizeof(seen), id));
            continue;
        }
        struct growthbook_metric own = *m;
        own.signal = signal;
        RS_PUSH(r->arena, o->metric, o->spec->n_metric, o->cap_metric, own);
    }
}

/* Every metric that is counted is named by the rollout. */
static void check_named(const struct rollout *o)
{
    const struct growthbook_keys *k = &o->s->keys->growthbook;
    for (int i = 0; i < k->n_metric; i++) {
        bool named = false;
        for (int n = 0; n < o->spec->n_metric; n++) {
            named |= strcmp(o->metric[n].id, k->metric[i].metric.id) == 0;
        }
        if (!named) {
            rs_err_list_add(o->s->r->errors, RS_E_REF, k->metric[i].metric.at,
                            "metric \"%s\" is no guardrail and no signal of the rollout",
                            k->metric[i].metric.id);
        }
    }
}

static void read_duration(struct rollout *o, const struct node *node)
{
    static const struct {
        const char *unit;
        int64_t s;
    } units[] = {{"weeks", 604800}, {"days", 86400}, {"hours", 3600}, {"minutes", 60}};
    const struct key row = {"amount", RS_V_NUMBER, RS_KEY_POSITIVE, .max = 1e5};
    const struct node *amount = rs_node_get(node, "amount");
    const char *unit = rs_judge_text(node, "unit");
    double n = 0.0;
    if (!node || rs_node_is_null(node)) {
        return;
    }
    if (!amount || rs_read_value(o->s->r, &row, amount, &n) != 0) {
        rs_err_list_add(o->s->r->errors, RS_E_KEY, node->at,
                        "\"maxDuration\" needs an \"amount\" and a \"unit\"");
        return;
    }
    for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            o->spec->max_duration_ns = (int64_t)(n * (double)units[i].s) * RS_NS_PER_S;
            return;
        }
    }
    rs_err_list_add(
        o->s->r->errors, RS_E_RANGE, node->at,
        "the unit of \"maxDuration\" must be one of weeks, days, hours, minutes, got %s",
        unit ? unit : "none");
}

static void read_health(struct rollout *o, const struct node *root)
{
    const char *text = rs_judge_text(root, "experimentHealthAction");
    for (int i = 0; text && health_words[i]; i++) {
        if (strcmp(text, health_words[i]) == 0) {
            o->spec->health = (enum growthbook_health)i;
            return;
        }
    }
    if (text) {
        rs_err_list_add(
            o->s->r->errors, RS_E_RANGE, rs_node_get(root, "experimentHealthAction")->at,
            "\"experimentHealthAction\" must be one of hold, rollback, warn, got \"%s\"", text);
    }
}

static void check_update(const struct rollout *o, const struct node *map)
{
    if (o->update_min > 0.0 && o->update_min < LEAST_UPDATE_MIN) {
        rs_err_list_add(o->s->r->errors, RS_E_RANGE, rs_node_get(map, "updateScheduleMinutes")->at,
                        "\"updateScheduleMinutes\" must be at least 10, got %g", o->update_min);
    }
}

static void read_safe(struct rollout *o, const struct node *root)
{
    if (rs_read_section(o->s->r, &safe_section, "the safe rollout", root, o) != 0) {
        return;
    }
    o->auto_rollback = !rs_node_pair(root, "autoRollback") || o->auto_rollback;
    rs_judge_note_ignored(o->s, root, "rampUpSchedule");
    if (!o->auto_rollback) {
        rs_judge_note(o->s, rs_node_get(root, "autoRollback")->at,
                      "without \"autoRollback\" nothing is rolled back: a guardrail that fails "
                      "leaves the judgement open");
    }
    check_update(o, root);
    read_metrics(o, root, "guardrailMetricIds", false);
    read_duration(o, rs_node_get(root, "maxDuration"));
}

/* Of a ramp schedule the monitoring counts; its steps are the stage's own ramp. */
static void read_ramp(struct rollout *o, const struct node *root, const struct node *monitoring)
{
    if (rs_read_section(o->s->r, &monitoring_section, "\"monitoringConfig\"", monitoring, o) != 0) {
        return;
    }
    o->auto_rollback = true;
    rs_judge_note_ignored(o->s, root, "steps endActions startDate cutoffDate lockdownConfig");
    check_update(o, monitoring);
    read_metrics(o, monitoring, "guardrailMetricIds", false);
    read_metrics(o, monitoring, "signalMetricIds", true);
    read_health(o, root);
}

static void set_keys(struct rollout *o, const struct node *map)
{
    const struct growthbook_keys *k = &o->s->keys->growthbook;
    struct growthbook_spec *spec = o->spec;
    const struct node *alpha = rs_node_get(map, "alpha");
    if (!(k->alpha > 0.0 && k->alpha < 0.5)) {
        rs_err_list_add(o->s->r->errors, RS_E_RANGE, alpha ? alpha->at : map->at,
                        "\"alpha\" must be above 0 and below 50%%, got %g", k->alpha);
    }
    if (!(k->split > 0.0 && k->split < 1.0)) {
        const struct node *split = rs_node_get(map, "split");
        rs_err_list_add(o->s->r->errors, RS_E_RANGE, split ? split->at : map->at,
                        "\"split\" must be above 0 and below 100%%, got %g", k->split);
    }
    spec->users[RS_CONTROL] = k->users[RS_CONTROL];
    spec->users[RS_VARIATION] = k->users[RS_VARIATION];
    spec->split = k->split;
    spec->alpha = k->alpha;
    spec->tuning = k->tuning;
    spec->two_sided = k->two_sided;
    spec->srm = k->srm;
    spec->grace_ns = k->grace_ns;
    spec->min_users = k->min_users;
    if (rs_node_pair(map, "health")) {
        spec->health = (enum growthbook_health)k->health;
    }
    spec->update_ns = 6 * 3600 * RS_NS_PER_S;
    if (o->update_min > 0.0) {
        spec->update_ns = (int64_t)(o->update_min * 60.0) * RS_NS_PER_S;
    }
    if (rs_node_pair(map, "update_every")) {
        spec->update_ns = k->update_ns;
    }
}

void rs_judge_read_growthbook(struct judge_source *s, struct judge *out)
{
    struct growthbook_spec *spec = RS_ARENA_ARRAY(s->r->arena, struct growthbook_spec, 1);
    struct rollout o = {.s = s, .spec = spec};
    const struct node *map = rs_node_get(s->map, "growthbook");
    *spec = (struct growthbook_spec){.max_duration_ns = RS_NEVER};
    if (!map) {
        rs_err_list_add(s->r->errors, RS_E_KEY, s->map->at,
                        "\"kind: growthbook\" needs the key \"growthbook\"");
        return;
    }
    const struct node *root = rs_yaml_parse(s->r->arena, s->path, s->text, s->n, s->r->errors);
    if (!root) {
        return;
    }
    static const char *const wrappers[] = {"safeRollout", "rampSchedule"};
    for (int i = 0; i < 2; i++) {
        const struct node *inner = rs_node_get(root, wrappers[i]);
        root = inner && inner->kind == RS_NODE_MAP ? inner : root;
    }
    const struct node *monitoring = rs_node_get(root, "monitoringConfig");
    if (monitoring && !rs_node_is_null(monitoring)) {
        read_ramp(&o, root, monitoring);
    } else {
        read_safe(&o, root);
    }
    check_named(&o);
    set_keys(&o, map);
    spec->auto_rollback = o.auto_rollback;
    spec->metric = o.metric;
    out->spec.growthbook = spec;
}
