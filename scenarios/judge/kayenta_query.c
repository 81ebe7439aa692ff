/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queries of a metric, one a side, as Kayenta's Prometheus service makes them (kayenta-prometheus, QueryConfigUtils): words
 * between ${ and } are put into the template; an expression behind "PromQL:" is taken whole, anything else filters the metric,
 * whose average is asked for.
 */
#include <string.h>

#include "kayenta_read.h"

static const struct key query_keys[] = {
    {"type", RS_V_OWN},
    {"serviceType", RS_V_OWN},
    {"metricName", RS_V_OWN},
    {"customInlineTemplate", RS_V_OWN},
    {"customFilterTemplate", RS_V_OWN},
    {"customFilter", RS_V_OWN},
    {"labelBindings", RS_V_OWN},
    {"groupByFields", RS_V_OWN},
    {"resourceType", RS_V_OWN},
    {"scopeName", RS_V_OWN},
};
static const struct section query_section = {
    .name = "query", .key = query_keys, .n_key = RS_N_KEY(query_keys)};

const struct node *rs_kayenta_list(struct judge_source *s, const struct node *map, const char *key)
{
    char seen[64];
    const struct node *list = rs_node_get(map, key);
    if (!list || rs_node_is_null(list)) {
        return NULL;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(s->r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return NULL;
    }
    return rs_read_length(s->r, key, list) == 0 ? list : NULL;
}

struct template
{ /* of one metric's query, for one side */
    struct judge_source *s;
    const struct kayenta_request *request;
    const struct node *templates;
    const struct node *query;
    const char *scope_name;
    enum kayenta_side side;
};

struct text_out {
    struct arena *arena;
    char *text;
    int n, cap;
};

static void put(struct text_out *to, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        RS_PUSH(to->arena, to->text, to->n, to->cap, p[i]);
    }
}

static bool is_text(const char *text, const char *other)
{
    return text && strcmp(text, other) == 0;
}

/* What stands for a word, "name" or "name:-default"; NULL with an error. */
static const char *value_of(const struct template *t, const char *word, struct mark at)
{
    struct judge_source *s = t->s;
    const char *otherwise = strstr(word, ":-");
    const char *name =
        otherwise ? rs_arena_strndup(s->r->arena, word, (size_t)(otherwise - word)) : word;
    const char *value = rs_kayenta_bound(s, t->request, t->scope_name, t->side, name);
    if (!value && is_text(name, "resourceType")) {
        value = rs_judge_text(t->query, "resourceType");
    }
    if (!value && otherwise) {
        value = otherwise + 2;
    }
    if (!value) {
        rs_err_list_add(s->r->errors, RS_E_REF, at,
                        "nothing stands for ${%s}: give it in the judge's \"%s\"", name,
                        t->side == RS_KAYENTA_CONTROL ? "control" : "experiment");
    }
    return value;
}

/* The template with all of them put in; NULL with an error. */
static const char *expand(const struct template *t, const struct node *text)
{
    struct arena *arena = t->s->r->arena;
    struct text_out to = {.arena = arena};
    const char *p = text->text, *open;
    while ((open = strstr(p, "${"))) {
        const char *close = strchr(open, '}');
        if (!close) {
            rs_err_list_add(t->s->r->errors, RS_E_SYNTAX, text->at,
                            "\"}\" is missing after \"${\"");
            return NULL;
        }
        const char *value =
            value_of(t, rs_arena_strndup(arena, open + 2, (size_t)(close - open) - 2), text->at);
        if (!value) {
            return NULL;
        }
        put(&to, p, (size_t)(open - p));
        put(&to, value, strlen(value));
        p = close + 1;
    }
    put(&to, p, strlen(p) + 1);
    return to.text;
}

/* A query of its own text, which errors are placed in. NULL with an error. */
static const struct promql *
parse(struct judge_source *s, const struct node *place, const char *text)
{
    struct node node = *place;
    node.text = node.code = text;
    const struct promql *q = rs_read_promql(s->r, &node);
    if (q && rs_promql_type(q) != RS_PQL_VECTOR) {
        rs_err_list_add(s->r->errors, RS_E_TYPE, place->at,
                        "the query must give a vector: Kayenta reads no scalar");
        return NULL;
    }
    return q;
}

/* The metric's average, filtered by the template and the label bindings. */
static const char *
filtered(struct judge_source *s, const struct node *query, const char *name, const char *filter)
{
    struct arena *arena = s->r->arena;
    const struct node *labels = rs_kayenta_list(s, query, "labelBindings");
    const char *text = rs_arena_printf(arena, "avg(%s{%s", name, filter);
    for (int i = 0; labels && i < labels->n; i++) {
        if (labels->item[i]->kind == RS_NODE_SCALAR) {
            text = rs_arena_printf(arena, "%s,%s", text, labels->item[i]->text);
        }
    }
    return rs_arena_printf(arena, "%s})", text);
}

/* The template of a query, or NULL (with an error where it is missing). */
static const struct node *template_of(const struct template *t)
{
    struct judge_source *s = t->s;
    const struct node *query = t->query;
    const char *own = rs_judge_text(query, "customInlineTemplate");
    const char *named = rs_judge_text(query, "customFilterTemplate");
    if (own && own[0]) {
        return rs_node_get(query, "customInlineTemplate");
    }
    if (!named || !named[0]) {
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, query->at,
                        "the query has no template: filters by resource type depend on the "
                        "server; give \"customInlineTemplate\", or the judge's "
                        "\"control_queries\" and \"experiment_queries\"");
        return NULL;
    }
    const struct node *found = rs_node_get(t->templates, named);
    if (!found || found->kind != RS_NODE_SCALAR) {
        rs_err_list_add(s->r->errors, RS_E_REF, rs_node_get(query, "customFilterTemplate")->at,
                        "there is no template \"%s\"", named);
        return NULL;
    }
    return found;
}

static const struct promql *built_query(const struct template *t)
{
    struct judge_source *s = t->s;
    const struct node *node = template_of(t);
    const char *text = node ? expand(t, node) : NULL, *name = rs_judge_text(t->query, "metricName");
    if (!text) {
        return NULL;
    }
    if (strncmp(text, "PromQL:", 7) == 0) {
        return parse(s, node, text + 7);
    }
    if (!name || !name[0]) {
        rs_err_list_add(s->r->errors, RS_E_KEY, t->query->at,
                        "a template that is no \"PromQL:\" needs the key \"metricName\"");
        return NULL;
    }
    return parse(s, node, filtered(s, t->query, name, text));
}

/* The scenario's own text, else the configuration's. NULL with an error. */
static const struct promql *read_query(const struct template *t, const char *metric)
{
    const struct node *map = rs_node_get(t->s->map, "kayenta");
    const struct node *own = rs_node_get(
        rs_node_get(map, t->side == RS_KAYENTA_CONTROL ? "control_queries" : "experiment_queries"),
        metric);
    return own && own->kind == RS_NODE_SCALAR ? parse(t->s, own, own->text) : built_query(t);
}

void rs_kayenta_queries(struct judge_source *s,
                        const struct kayenta_request *request,
                        const struct node *templates,
                        const struct node *metric,
                        struct kayenta_metric *out)
{
    const struct node *query = rs_node_get(metric, "query");
    char ignored = 0;
    if (rs_read_section(s->r, &query_section, "\"query\"", query, &ignored) != 0) {
        return;
    }
    const char *type = rs_judge_text(query, "type"), *service = rs_judge_text(query, "serviceType");
    if (!is_text(type ? type : service, "prometheus")) {
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, query->at,
                        "the query's type must be prometheus, got %s", type ? type : "none");
        return;
    }
    const struct node *by = rs_kayenta_list(s, query, "groupByFields");
    const char *old = rs_judge_text(query, "customFilter");
    if (by && by->n > 0) {
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, by->at,
                        "\"groupByFields\" is not supported: a metric is one series on each side");
        return;
    }
    if (old && old[0]) {
        rs_err_list_add(s->r->errors, RS_E_UNSUPPORTED, rs_node_get(query, "customFilter")->at,
                        "\"customFilter\" is gone from Kayenta: use \"customInlineTemplate\"");
        return;
    }
    const char *scope = rs_judge_text(metric, "scopeName");
    struct template t = {
        s, request, templates, query, scope ? scope : "default", RS_KAYENTA_CONTROL};
    out->control = read_query(&t, out->name);
    t.side = RS_KAYENTA_EXPERIMENT;
    out->experiment = out->control ? read_query(&t, out->name) : NULL;
}
