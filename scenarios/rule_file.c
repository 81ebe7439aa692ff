/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prometheus rule files, as Prometheus reads them (model/rulefmt): unknown keys, doubled groups and odd labels are errors. */
#include <string.h>

#include "reader.h"
#include "value.h"

#define RULE(field) offsetof(struct rule, field)

struct group_draft {
    const char *name;
    int64_t interval_ns, query_offset_ns;
    uint64_t limit;
};

static bool has(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value && !rs_node_is_null(value);
}

/* Prometheus knows neither fractions nor units below the millisecond. */
static void check_duration(struct reader *r, const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    if (node && node->kind == RS_NODE_SCALAR &&
        (strchr(node->text, '.') || strstr(node->text, "us") || strstr(node->text, "ns"))) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                        "\"%s\" must be a Prometheus duration like 90s, 5m or 1h30m, got \"%s\"",
                        key, node->text);
    }
}

/* ---- labels ---- */

static int read_label(struct reader *r, const struct pair *pair, bool is_label, struct label *out)
{
    if (!rs_is_label_name(pair->key) || (is_label && strcmp(pair->key, "__name__") == 0)) {
        return rs_err_list_add(r->errors, RS_E_TYPE, pair->at, "\"%s\" is no label name",
                               pair->key);
    }
    if (pair->value->kind != RS_NODE_SCALAR) {
        char seen[64];
        return rs_err_list_add(r->errors, RS_E_TYPE, pair->value->at, "\"%s\" must be text, got %s",
                               pair->key, rs_node_describe(seen, sizeof(seen), pair->value));
    }
    if (is_label && strstr(pair->value->text, "{{")) {
        return rs_err_list_add(r->errors, RS_E_UNSUPPORTED, pair->value->at,
                               "templated labels are not supported, got \"%.60s\"",
                               pair->value->text);
    }
    *out = (struct label){pair->key, rs_node_is_null(pair->value) ? "" : pair->value->text};
    return 0;
}

/* Labels of the group, then those of the rule: an equal name overrides. Returns the number. */
static int read_labels(struct reader *r,
                       const struct node *group,
                       const struct node *own,
                       bool is_label,
                       const struct label **out)
{
    const struct node *from[2] = {group, own};
    int n_max = 0, n = 0;
    for (int i = 0; i < 2; i++) {
        if (from[i] && !rs_node_is_null(from[i]) && from[i]->kind != RS_NODE_MAP) {
            rs_err_list_add(r->errors, RS_E_TYPE, from[i]->at,
                            "labels must be a map of names to texts");
            return 0;
        }
        n_max += from[i] ? from[i]->n : 0;
    }
    struct label *label = RS_ARENA_ARRAY(r->arena, struct label, n_max);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; from[i] && j < from[i]->n; j++) {
            struct label one = {"", ""};
            int at = 0;
            if (read_label(r, &from[i]->pair[j], is_label, &one) != 0) {
                continue;
            }
            while (at < n && strcmp(label[at].name, one.name) != 0) {
                at++;
            }
            label[at] = one;
            n += at == n;
        }
    }
    *out = label;
    return n;
}

/* ---- rules ---- */

static void check_recording(struct reader *r, const struct node *map, const struct rule *rule)
{
    static const char *const alert_only[] = {"for", "keep_firing_for", "annotations"};
    for (int i = 0; i < 3; i++) {
        if (has(map, alert_only[i])) {
            rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, alert_only[i])->at,
                            "\"%s\" goes only with \"alert\"", alert_only[i]);
        }
    }
    if (!rs_is_metric_name(rule->record)) {
        rs_err_list_add(r->errors, RS_E_TYPE, rs_node_get(map, "record")->at,
                        "\"record\" must be a Prometheus metric name, got \"%s\"", rule->record);
    }
}

static void finish_rule(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct rule *rule = draft;
    (void)out;
    check_duration(r, map, "for");
    check_duration(r, map, "keep_firing_for");
    if (rule->record) {
        check_recording(r, map, rule);
    }
}

static const struct key rule_keys[] = {
    {"record", RS_V_TEXT, RS_KEY_ONE_OF, .at = RULE(record), .help = "Metric that is written."},
    {"alert", RS_V_TEXT, RS_KEY_ONE_OF, .at = RULE(alert), .help = "Name of the alert."},
    {"expr", RS_V_PROMQL, RS_KEY_REQUIRED, .at = RULE(expr), .n_at = RULE(expr_text),
     .help = "PromQL."},
    {"for", RS_V_DURATION, .at = RULE(for_ns), .help = "Pending so long before it fires."},
    {"keep_firing_for", RS_V_DURATION, .at = RULE(keep_firing_for_ns),
     .help = "Fires so much longer."},
    {"labels", RS_V_OWN, .shape = "map", .help = "Labels."},
    {"annotations", RS_V_OWN, .shape = "map", .help = "Texts."},
};
static const struct section rule_section = {"rule",
                                            "",
                                            rule_keys,
                                            RS_N_KEY(rule_keys),
                                            .size = sizeof(struct rule),
                                            .has_mark = true,
                                            .mark_at = RULE(at),
                                            .finish = finish_rule};

static const struct key group_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct group_draft, name), .help = "Name."},
    {"interval", RS_V_DURATION, .at = offsetof(struct group_draft, interval_ns),
     .help = "Interval."},
    {"query_offset", RS_V_DURATION, .at = offsetof(struct group_draft, query_offset_ns),
     .help = "Offset."},
    {"limit", RS_V_COUNT, .at = offsetof(struct group_draft, limit), .help = "Limit."},
    {"labels", RS_V_OWN, .shape = "map", .help = "Labels of all rules."},
    {"rules", RS_V_OWN, .shape = "list", .help = "Rules."},
};
static const struct section group_section = {"rule group", "", group_keys, RS_N_KEY(group_keys),
                                             .size = sizeof(struct group_draft)};

static const struct key file_keys[] = {{"groups", RS_V_OWN, .shape = "list", .help = "Groups."}};
static const struct section file_section = {"rule file", "", file_keys, RS_N_KEY(file_keys),
                                            .size = 1};

/* Items of a list that may be absent; NULL with an error if it is something else. */
static const struct node *
list_of(struct reader *r, const struct node *map, const char *key, int *out_n)
{
    const struct node *list = rs_node_get(map, key);
    *out_n = 0;
    if (!list || rs_node_is_null(list)) {
        return NULL;
    }
    if (list->kind != RS_NODE_LIST) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return NULL;
    }
    if (rs_read_length(r, key, list) != 0) {
        return NULL;
    }
    *out_n = list->n;
    return list;
}

static void
refuse_unsupported(struct reader *r, const struct node *map, const struct group_draft *d)
{
    if (d->limit != 0) {
        rs_err_list_add(r->errors, RS_E_UNSUPPORTED, rs_node_pair(map, "limit")->at,
                        "\"limit\" of a rule group is not supported");
    }
    if (d->query_offset_ns != 0) {
        rs_err_list_add(r->errors, RS_E_UNSUPPORTED, rs_node_pair(map, "query_offset")->at,
                        "\"query_offset\" of a rule group is not supported");
    }
    check_duration(r, map, "interval");
}

static void read_group(struct reader *r, const struct node *map, struct rule_group *group)
{
    struct group_draft d = {0};
    int n_rule = 0;
    if (rs_read_section(r, &group_section, "a rule group", map, &d) == 0) {
        refuse_unsupported(r, map, &d);
    }
    const struct node *list = list_of(r, map, "rules", &n_rule);
    struct rule *rule = RS_ARENA_ARRAY(r->arena, struct rule, n_rule);
    for (int i = 0; i < n_rule; i++) {
        const struct node *item = list->item[i];
        if (rs_read_section(r, &rule_section, "a rule", item, &rule[i]) != 0) {
            continue;
        }
        rule[i].n_label = read_labels(r, rs_node_get(map, "labels"), rs_node_get(item, "labels"),
                                      true, &rule[i].label);
        rule[i].n_annotation =
            read_labels(r, NULL, rs_node_get(item, "annotations"), false, &rule[i].annotation);
    }
    *group = (struct rule_group){.name = d.name,
                                 .interval_ns = d.interval_ns,
                                 .n_rule = n_rule,
                                 .rule = rule,
                                 .at = map->at};
}

static void check_group_names(struct reader *r, const struct rule_group *group, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (group[i].name && group[j].name && strcmp(group[i].name, group[j].name) == 0) {
                rs_err_list_add(r->errors, RS_E_KEY, group[i].at,
                                "rule group \"%s\" is named twice in one file", group[i].name);
                break;
            }
        }
    }
}

const struct rule_file *
rs_rule_file_read(struct reader *r, const char *file, const char *text, size_t n)
{
    size_t n_before = r->errors->n + r->errors->n_dropped;
    const struct node *root = rs_yaml_parse(r->arena, file, text, n, r->errors);
    char ignored = 0;
    if (!root || rs_read_section(r, &file_section, "a rule file", root, &ignored) != 0) {
        return NULL;
    }
    int n_group = 0;
    const struct node *list = list_of(r, root, "groups", &n_group);
    struct rule_group *group = RS_ARENA_ARRAY(r->arena, struct rule_group, n_group);
    for (int i = 0; i < n_group; i++) {
        read_group(r, list->item[i], &group[i]);
    }
    check_group_names(r, group, n_group);
    struct rule_file *out = RS_ARENA_ARRAY(r->arena, struct rule_file, 1);
    *out = (struct rule_file){.file = file, .n_group = n_group, .group = group};
    return r->errors->n + r->errors->n_dropped == n_before ? out : NULL;
}

const struct rule_file *rs_rule_file_parse(struct arena *arena,
                                           enum promql_dialect dialect,
                                           const char *file,
                                           const char *text,
                                           size_t n,
                                           struct err_list *errors)
{
    struct err_list own;
    rs_err_list_init(&own);
    struct reader r = {.arena = arena,
                       .errors = errors ? errors : &own,
                       .file = file,
                       .dialect = dialect,
                       .null_is_absent = true};
    const struct rule_file *out = rs_rule_file_read(&r, file, text, n);
    rs_err_list_clear(&own);
    return out;
}
