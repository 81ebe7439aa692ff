/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rule of a rule file: its kind, durations, labels and annotations with their templates. Source: model/rulefmt. */
#include <string.h>

#include "../text/value.h"
#include "models/template.h"
#include "rule_read.h"

#define RULE(field) offsetof(struct rule, field)

const struct node *rs_rule_value(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value && !rs_node_is_null(value) ? value : NULL;
}

/* ---- durations ---- */

/* "1y2w3d4h5m6s7ms": every unit at most once, from large to small, whole numbers. -1 if it is no such thing. */
static int parse_duration(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"y", INT64_C(31536000000)},
                 {"w", 604800000},
                 {"d", 86400000},
                 {"h", 3600000},
                 {"m", 60000},
                 {"s", 1000},
                 {"ms", 1}};
    const int64_t max_ms = INT64_MAX / 1000000; /* Prometheus counts nanoseconds */
    int64_t sum = 0;
    size_t next = 0;
    if (strcmp(text, "0") == 0) {
        *out_ms = 0;
        return 0;
    }
    do {
        int64_t v = 0;
        size_t n_digit = strspn(text, "0123456789"), n_unit = 0, i = next;
        for (size_t k = 0; k < n_digit; k++) {
            v = v > max_ms ? v : v * 10 + (text[k] - '0');
        }
        text += n_digit;
        n_unit = strcspn(text, "0123456789");
        while (i < 7 &&
               (strlen(units[i].unit) != n_unit || strncmp(units[i].unit, text, n_unit) != 0)) {
            i++;
        }
        if (n_digit == 0 || i == 7 || v > (max_ms - sum) / units[i].ms) {
            return -1;
        }
        sum += v * units[i].ms;
        next = i + 1;
        text += n_unit;
    } while (*text);
    *out_ms = sum;
    return 0;
}

int rs_rule_duration(struct reader *r, const struct node *map, const char *key, int64_t *out_ns)
{
    const struct node *node = rs_rule_value(map, key);
    int64_t ms = 0;
    if (node && (node->kind != RS_NODE_SCALAR || parse_duration(node->text, &ms) != 0)) {
        char seen[64];
        return rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                               "\"%s\" must be a Prometheus duration like 90s, 5m or 1h30m, got %s",
                               key, rs_node_describe(seen, sizeof(seen), node));
    }
    *out_ns = ms * 1000000;
    return 0;
}

/* ---- labels and annotations ---- */

/* Up to 2.53 letters, digits and underscores; since 3 any text. */
static bool is_label_name(const struct reader *r, const char *name)
{
    return r->dialect == RS_PROMQL_3 ? name[0] != '\0' : rs_is_label_name(name);
}

static int check_name(struct reader *r, const struct pair *pair, bool is_label)
{
    char seen[64];
    if (!is_label_name(r, pair->key) || (is_label && strcmp(pair->key, "__name__") == 0)) {
        return rs_err_list_add(r->errors, RS_E_TYPE, pair->at, "\"%s\" is no %s name%s", pair->key,
                               is_label ? "label" : "annotation",
                               r->dialect != RS_PROMQL_3 && pair->key[0] != '\0' &&
                                       strcmp(pair->key, "__name__") != 0
                                   ? " before Prometheus 3"
                                   : "");
    }
    if (pair->value->kind != RS_NODE_SCALAR) {
        return rs_err_list_add(r->errors, RS_E_TYPE, pair->value->at, "\"%s\" must be text, got %s",
                               pair->key, rs_node_describe(seen, sizeof(seen), pair->value));
    }
    return 0;
}

/* A template's text where YAML folds lines has other lines than the file: then only its beginning is a place. */
static const struct template *
compile(struct reader *r, const char *what, const struct pair *pair, const char *alert)
{
    const struct node *node = pair->value;
    bool placed = strncmp(node->text, node->code, strlen(node->code)) == 0;
    struct err err = {0};
    const struct template *t = rs_template_parse(
        r->arena,
        &(struct template_text){node->text, node->code_at, node->code_indent, alert, r->dialect},
        &err);
    if (!t) {
        err.line = placed ? err.line : node->at.line;
        err.col = placed ? err.col : node->at.col;
        rs_err_context(&err, "%s \"%s\"", what, pair->key);
        rs_err_list_push(r->errors, &err);
    }
    return t;
}

void rs_rule_group_labels(struct reader *r, const struct node *map, bool has_alert)
{
    const struct node *labels = rs_rule_value(map, "labels");
    if (labels && labels->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, labels->at, "labels must be a map of names to texts");
        return;
    }
    for (int i = 0; labels && i < labels->n; i++) {
        if (check_name(r, &labels->pair[i], true) == 0 && has_alert &&
            rs_template_has_action(labels->pair[i].value->text)) {
            (void)compile(r, "label", &labels->pair[i], "");
        }
    }
}

/* Where one map's texts go: names to labels, and their templates. */
struct texts {
    int n;
    struct label *label;
    const struct template **template;
    bool any; /* there is a template among them */
};

static void put_text(struct texts *to, struct label one, const struct template *t)
{
    int at = 0;
    while (at < to->n && strcmp(to->label[at].name, one.name) != 0) {
        at++; /* an equal name overrides */
    }
    to->label[at] = one;
    to->template[at] = t;
    to->n += at == to->n;
    to->any = to->any || t != NULL;
}

/* alert NULL: a recording rule, whose labels stand for themselves. */
static void add_texts(
    struct reader *r, const struct node *map, const char *what, const char *alert, struct texts *to)
{
    for (int i = 0; map && i < map->n; i++) {
        const struct pair *pair = &map->pair[i];
        const struct template *t = NULL;
        if (check_name(r, pair, strcmp(what, "label") == 0) != 0) {
            continue;
        }
        if (alert && rs_template_has_action(pair->value->text)) {
            t = compile(r, what, pair, alert);
        }
        put_text(to,
                 (struct label){pair->key, rs_node_is_null(pair->value) ? "" : pair->value->text},
                 t);
    }
}

static struct texts new_texts(struct reader *r, const struct node *one, const struct node *other)
{
    int n = (one ? one->n : 0) + (other ? other->n : 0);
    return (struct texts){.label = RS_ARENA_ARRAY(r->arena, struct label, n),
                          .template = RS_ARENA_ARRAY(r->arena, const struct template *, n)};
}

/* The map under a key; NULL if there is none, with an error if it is something else. */
static const struct node *map_of(struct reader *r, const struct node *item, const char *key)
{
    const struct node *map = rs_rule_value(item, key);
    if (map && map->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, map->at, "%s must be a map of names to texts", key);
        return NULL;
    }
    return map;
}

/* Labels of the group, then those of the rule. What is wrong with the group's has been told. */
static void
read_labels(struct reader *r, const struct node *group, const struct node *item, struct rule *rule)
{
    const struct node *own = map_of(r, item, "labels");
    struct texts to = new_texts(r, group, own);
    struct reader quiet = *r;
    struct err_list told;
    rs_err_list_init(&told);
    quiet.errors = &told;
    add_texts(&quiet, group && group->kind == RS_NODE_MAP ? group : NULL, "label", rule->alert,
              &to);
    rs_err_list_clear(&told);
    add_texts(r, own, "label", rule->alert, &to);
    rule->n_label = to.n;
    rule->label = to.label;
    rule->label_template = to.any ? to.template : NULL;
}

static void read_annotations(struct reader *r, const struct node *item, struct rule *rule)
{
    const struct node *own = map_of(r, item, "annotations");
    struct texts to = new_texts(r, own, NULL);
    add_texts(r, own, "annotation", rule->alert, &to);
    rule->n_annotation = to.n;
    rule->annotation = to.label;
    rule->annotation_template = to.any ? to.template : NULL;
}

/* ---- the rule ---- */

static const struct key rule_keys[] = {
    {"record", RS_V_OWN, .shape = "text", .help = "Metric that is written."},
    {"alert", RS_V_OWN, .shape = "text", .help = "Name of the alert."},
    {"expr", RS_V_PROMQL, RS_KEY_REQUIRED, .at = RULE(expr), .n_at = RULE(expr_text),
     .help = "PromQL."},
    {"for", RS_V_OWN, .shape = "duration", .help = "Pending so long before it fires."},
    {"keep_firing_for", RS_V_OWN, .shape = "duration", .help = "Fires so much longer."},
    {"labels", RS_V_OWN, .shape = "map", .help = "Labels."},
    {"annotations", RS_V_OWN, .shape = "map", .help = "Texts."},
};
static const struct section rule_section = {"rule",
                                            "",
                                            rule_keys,
                                            RS_N_KEY(rule_keys),
                                            .size = sizeof(struct rule),
                                            .has_mark = true,
                                            .mark_at = RULE(at)};

/* A name; NULL if it is absent or empty, which Prometheus takes for the same. */
static const char *
read_name(struct reader *r, const struct node *item, const char *key, struct rule *out)
{
    const struct node *node = rs_rule_value(item, key);
    char seen[64];
    if (!node) {
        return NULL;
    }
    if (node->kind != RS_NODE_SCALAR) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be text, got %s", key,
                        rs_node_describe(seen, sizeof(seen), node));
        return NULL;
    }
    out->name_at = node->text[0] ? node->at : out->name_at;
    return node->text[0] ? node->text : NULL;
}

static void check_kind(struct reader *r, const struct node *item, const struct rule *rule)
{
    const struct pair *alert = rs_node_pair(item, "alert"), *record = rs_node_pair(item, "record");
    if (rule->record && rule->alert) {
        bool alert_first = alert->at.line < record->at.line ||
                           (alert->at.line == record->at.line && alert->at.col < record->at.col);
        rs_err_list_add(r->errors, RS_E_KEY, alert_first ? record->at : alert->at,
                        "a rule needs exactly one of record, alert, got more");
    } else if (!rule->record && !rule->alert) {
        rs_err_list_add(r->errors, RS_E_KEY, item->at,
                        "a rule needs exactly one of record, alert, got none");
    }
}

static bool is_metric_name(const struct reader *r, const char *name)
{
    return r->dialect == RS_PROMQL_3 ? strpbrk(name, "{}") == NULL : rs_is_metric_name(name);
}

/* What only alerts have: a recording rule may hold it where it says nothing (0, an empty map). */
static void check_recording(struct reader *r, const struct node *item, const struct rule *rule)
{
    const struct {
        const char *key;
        bool given;
    } alert_only[] = {{"for", rule->for_ns != 0},
                      {"keep_firing_for", rule->keep_firing_for_ns != 0},
                      {"annotations", rule->n_annotation != 0}};
    for (int i = 0; i < 3; i++) {
        if (alert_only[i].given) {
            rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(item, alert_only[i].key)->at,
                            "\"%s\" goes only with \"alert\"", alert_only[i].key);
        }
    }
    if (!is_metric_name(r, rule->record)) {
        rs_err_list_add(r->errors, RS_E_TYPE, rule->name_at,
                        r->dialect == RS_PROMQL_3
                            ? "\"record\" must be a metric name without braces, got \"%s\""
                            : "\"record\" must be a Prometheus metric name, got \"%s\"",
                        rule->record);
    }
}

void rs_rule_read(struct rule_reader *q,
                  const struct node *item,
                  const struct node *group_labels,
                  struct rule *out)
{
    struct reader *r = q->r;
    (void)rs_read_section(r, &rule_section, "a rule", item, out);
    if (item->kind != RS_NODE_MAP) {
        return;
    }
    const struct node *expr = rs_rule_value(item, "expr");
    out->expr_at = expr ? expr->code_at : item->at;
    out->record = read_name(r, item, "record", out);
    out->alert = read_name(r, item, "alert", out);
    check_kind(r, item, out);
    (void)rs_rule_duration(r, item, "for", &out->for_ns);
    (void)rs_rule_duration(r, item, "keep_firing_for", &out->keep_firing_for_ns);
    read_labels(r, group_labels, item, out);
    read_annotations(r, item, out);
    if (out->record && !out->alert) {
        check_recording(r, item, out);
    }
}
