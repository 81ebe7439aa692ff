/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prometheus rule files as Prometheus reads them (model/rulefmt): unknown keys, doubled groups and odd names are errors. And the
 * operator's manifests: PrometheusRule objects, alone, in a List, or in a stream of documents.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../text/value.h"
#include "rule_read.h"

void rs_rule_note(struct rule_reader *q, struct mark at, const char *text)
{
    RS_PUSH(q->r->arena, q->note, q->n_note, q->cap_note, ((struct note){at, text}));
}

/* ---- groups ---- */

static const struct key group_keys[] = {
    {"name", RS_V_OWN, .shape = "text", .help = "Name."},
    {"interval", RS_V_OWN, .shape = "duration", .help = "Interval."},
    {"query_offset", RS_V_OWN, .shape = "duration", .help = "Offset."},
    {"limit", RS_V_OWN, .shape = "number", .help = "Limit."},
    {"labels", RS_V_OWN, .shape = "map", .help = "Labels of all rules."},
    {"rules", RS_V_OWN, .shape = "list", .help = "Rules."},
    {"partial_response_strategy", RS_V_OWN, .shape = "text", .help = "Of Thanos."},
};
/* Without the operator's key at the end. */
static const struct section group_section = {"rule group", "", group_keys, RS_N_KEY(group_keys) - 1,
                                             .size = 1};
static const struct section manifest_group_section = {"rule group", "", group_keys,
                                                      RS_N_KEY(group_keys), .size = 1};

/* Items of a list that may be absent; NULL with an error if it is something else. */
static const struct node *
list_of(struct reader *r, const struct node *map, const char *key, int *out_n)
{
    const struct node *list = rs_rule_value(map, key);
    *out_n = 0;
    if (!list) {
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

static const char *read_group_name(struct reader *r, const struct node *map)
{
    const struct node *node = rs_rule_value(map, "name");
    if (!node || node->kind != RS_NODE_SCALAR || !node->text[0]) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_KEY, node ? node->at : map->at,
                        "a rule group must have a name, got %s",
                        node ? rs_node_describe(seen, sizeof(seen), node) : "none");
        return NULL;
    }
    return node->text;
}

/* A whole number as Go's YAML reads it into an int: 0x1f, 0o17, 017, 0b11, 1_000, 1e3. 0, or -1. */
static int read_go_int(int64_t *out, const char *text)
{
    char plain[64], *end;
    size_t n = 0;
    for (; *text != '\0' && n + 1 < sizeof plain; text++) {
        if (*text != '_') {
            plain[n++] = *text;
        }
    }
    plain[n] = '\0';
    char *digits = plain + (plain[0] == '-' || plain[0] == '+');
    int base = 0;
    if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'b')) {
        base = digits[1] == 'o' ? 8 : 2;
        memmove(digits, digits + 2, strlen(digits + 2) + 1);
    }
    errno = 0;
    *out = strtoll(plain, &end, base);
    if (*text == '\0' && isdigit((unsigned char)digits[0]) && *end == '\0' && errno == 0) {
        return 0;
    }
    double v = strtod(plain, &end);
    *out = fabs(v) < 9e18 ? (int64_t)v : 0;
    return isdigit((unsigned char)digits[0]) && *end == '\0' && v == (double)*out ? 0 : -1;
}

/* Prometheus takes a limit below 0 for none. */
static int read_limit(struct reader *r, const struct node *map)
{
    const struct node *node = rs_rule_value(map, "limit");
    int64_t n = 0;
    if (!node) {
        return 0;
    }
    if (node->kind != RS_NODE_SCALAR || node->style != RS_STYLE_PLAIN ||
        read_go_int(&n, node->text) != 0) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"limit\" must be a whole number, got %s",
                        rs_node_describe(seen, sizeof(seen), node));
        return 0;
    }
    return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : (int)n;
}

/* Keys that the dialect's Prometheus does not know yet. */
static void check_age(struct reader *r, const struct node *map)
{
    static const struct {
        const char *key, *since;
        unsigned refused; /* bits of dialects */
    } young[] = {{"query_offset", "2.53", 1U << RS_PROMQL_2_42},
                 {"labels", "3.0", 1U << RS_PROMQL_2_42 | 1U << RS_PROMQL_2_53}};
    for (size_t i = 0; i < sizeof(young) / sizeof(young[0]); i++) {
        const struct pair *pair = rs_node_pair(map, young[i].key);
        if (pair && (young[i].refused >> r->dialect & 1U)) {
            rs_err_list_add(r->errors, RS_E_UNSUPPORTED, pair->at,
                            "\"%s\" of a rule group is known from Prometheus %s, this is %s",
                            young[i].key, young[i].since, rs_promql_dialect_names[r->dialect]);
        }
    }
}

static bool has_alert(const struct node *list, int n)
{
    for (int i = 0; i < n; i++) {
        if (rs_rule_value(list->item[i], "alert")) {
            return true;
        }
    }
    return false;
}

static void read_group(struct rule_reader *q, const struct node *map, struct rule_group *group)
{
    struct reader *r = q->r;
    char ignored = 0;
    (void)rs_read_section(r, q->is_manifest ? &manifest_group_section : &group_section,
                          "a rule group", map, &ignored);
    *group = (struct rule_group){.at = map->at};
    if (map->kind != RS_NODE_MAP) {
        return;
    }
    const struct pair *thanos = rs_node_pair(map, "partial_response_strategy");
    if (thanos && q->is_manifest) {
        rs_rule_note(q, thanos->at, "\"partial_response_strategy\" is a Thanos key: ignored here");
    }
    group->name = read_group_name(r, map);
    group->limit = read_limit(r, map);
    (void)rs_rule_duration(r, map, "interval", &group->interval_ns);
    group->has_query_offset = rs_rule_value(map, "query_offset") != NULL;
    (void)rs_rule_duration(r, map, "query_offset", &group->query_offset_ns);
    check_age(r, map);
    int n_rule = 0;
    const struct node *list = list_of(r, map, "rules", &n_rule);
    rs_rule_group_labels(r, map, has_alert(list, n_rule));
    struct rule *rule = RS_ARENA_ARRAY(r->arena, struct rule, n_rule);
    for (int i = 0; i < n_rule; i++) {
        rs_rule_read(q, list->item[i], rs_rule_value(map, "labels"), &rule[i]);
    }
    group->n_rule = n_rule;
    group->rule = rule;
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

/* ---- one object: a file's groups, or those of a manifest's spec ---- */

struct groups {
    struct rule_group *group; /* [n] */
    int n, cap;
};

static void read_groups(struct rule_reader *q, const struct node *map, struct groups *to)
{
    int n = 0, first = to->n;
    const struct node *list = list_of(q->r, map, "groups", &n);
    for (int i = 0; i < n; i++) {
        struct rule_group group;
        read_group(q, list->item[i], &group);
        RS_PUSH(q->r->arena, to->group, to->n, to->cap, group);
    }
    check_group_names(q->r, to->group + first, to->n - first);
}

static const struct key file_keys[] = {{"groups", RS_V_OWN, .shape = "list", .help = "Groups."}};
static const struct section file_section = {"rule file", "", file_keys, RS_N_KEY(file_keys),
                                            .size = 1};
static const struct section spec_section = {"PrometheusRule's spec", "", file_keys,
                                            RS_N_KEY(file_keys), .size = 1};

/* ---- manifests ---- */

static bool text_is(const struct node *map, const char *key, const char *text)
{
    const struct node *value = rs_rule_value(map, key);
    return value && value->kind == RS_NODE_SCALAR && strcmp(value->text, text) == 0;
}

static bool is_manifest(const struct node *root)
{
    return rs_node_pair(root, "apiVersion") || rs_node_pair(root, "kind");
}

static bool is_list(const struct node *map)
{
    return text_is(map, "kind", "List") || text_is(map, "kind", "PrometheusRuleList");
}

static void read_prometheus_rule(struct rule_reader *q, const struct node *map, struct groups *to)
{
    struct reader *r = q->r;
    const struct node *version = rs_node_get(map, "apiVersion"), *spec = rs_rule_value(map, "spec");
    char seen[64], ignored = 0;
    if (!text_is(map, "apiVersion", "monitoring.coreos.com/v1")) {
        rs_err_list_add(
            r->errors, RS_E_UNSUPPORTED, version ? version->at : map->at,
            "a PrometheusRule must have the apiVersion monitoring.coreos.com/v1, got %s",
            version ? rs_node_describe(seen, sizeof(seen), version) : "none");
    }
    if (spec && rs_read_section(r, &spec_section, "\"spec\"", spec, &ignored) == 0) {
        read_groups(q, spec, to);
    }
}

/* An object, or a list of them. Returns how many PrometheusRules there were. */
static int read_object(struct rule_reader *q, const struct node *map, struct groups *to)
{
    if (text_is(map, "kind", "PrometheusRule")) {
        read_prometheus_rule(q, map, to);
        return 1;
    }
    if (is_list(map)) {
        int n = 0, n_read = 0;
        const struct node *list = list_of(q->r, map, "items", &n);
        for (int i = 0; i < n; i++) {
            /* a list in a list is no Kubernetes object, and might go on for ever */
            n_read += is_list(list->item[i]) ? 0 : read_object(q, list->item[i], to);
        }
        return n_read;
    }
    const struct node *kind = rs_node_get(map, "kind");
    char seen[64];
    rs_rule_note(q, map->at,
                 rs_arena_printf(q->r->arena, "this is no PrometheusRule but %s: ignored",
                                 kind ? rs_node_describe(seen, sizeof(seen), kind)
                                      : "something without a kind"));
    return 0;
}

static void
read_manifests(struct rule_reader *q, const struct node *const *root, int n, struct groups *to)
{
    int n_read = 0;
    q->is_manifest = true;
    for (int i = 0; i < n; i++) {
        if (root[i]->kind == RS_NODE_SCALAR && rs_node_is_null(root[i])) {
            continue; /* nothing between two separators */
        }
        n_read += read_object(q, root[i], to);
    }
    if (n_read == 0) {
        rs_err_list_add(q->r->errors, RS_E_TYPE, root[0]->at,
                        "the manifest holds no PrometheusRule");
    }
}

/* ---- the file ---- */

static bool any_manifest(const struct node *const *root, int n)
{
    for (int i = 0; i < n; i++) {
        if (is_manifest(root[i])) {
            return true;
        }
    }
    return false;
}

static void
read_documents(struct rule_reader *q, const struct node *const *root, int n, struct groups *to)
{
    char ignored = 0;
    if (n == 0 || (n == 1 && rs_node_is_null(root[0]))) {
        rs_rule_note(q, (struct mark){q->r->file, 1, 1}, "the file is empty");
    } else if (any_manifest(root, n)) {
        read_manifests(q, root, n, to);
    } else if (n > 1) {
        rs_err_list_add(q->r->errors, RS_E_SYNTAX, root[1]->at,
                        "a second document stands here; of several Prometheus reads only the "
                        "first");
    } else if (rs_read_section(q->r, &file_section, "a rule file", root[0], &ignored) == 0) {
        read_groups(q, root[0], to);
    }
}

const struct rule_file *
rs_rule_file_read(struct reader *r, const char *file, const char *text, size_t n)
{
    size_t n_before = r->errors->n + r->errors->n_dropped;
    const char *outer = r->file;
    const struct node *const *root = NULL;
    struct rule_reader q = {.r = r};
    struct groups groups = {0};
    int n_root = rs_yaml_parse_all(r->arena, file, text, n, r->errors, &root);
    r->file = file;
    if (n_root >= 0) {
        read_documents(&q, root, n_root, &groups);
    }
    r->file = outer;
    struct rule_file *out = RS_ARENA_ARRAY(r->arena, struct rule_file, 1);
    *out = (struct rule_file){.file = file,
                              .n_group = groups.n,
                              .group = groups.group,
                              .n_note = q.n_note,
                              .note = q.note,
                              .is_manifest = q.is_manifest};
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
