/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result becomes: labels of recorded series and of alerts, with their templates; annotations; the templates' queries. */
#include <stdlib.h>
#include <string.h>

#include "rules_private.h"

/* ---- queries of templates ---- */

/* The evaluator of a text, made at its first use. */
static struct text_query *query_of(struct rule_runner *r, const char *text)
{
    struct text_query *q = r->query;
    const struct promql *parsed;
    enum promql_dialect dialect;

    while (q != NULL && strcmp(q->text, text) != 0) {
        q = q->next;
    }
    if (q != NULL) {
        return q;
    }
    q = RS_ARENA_ARRAY(r->arena, struct text_query, 1);
    q->text = rs_arena_strdup(r->arena, text);
    q->next = r->query;
    r->query = q;
    dialect = rs_promql_dialect(r->group->rule[0].expr);
    parsed = rs_promql_parse(r->arena, &(struct promql_text){q->text, {"query", 1, 1}, 0, dialect},
                             &q->err);
    if (parsed != NULL &&
        (rs_promql_type(parsed) == RS_PQL_MATRIX || rs_promql_type(parsed) == RS_PQL_STRING)) {
        (void)rs_err_set(&q->err, RS_E_TYPE, "rule result is not a vector or scalar");
        parsed = NULL;
    }
    if (parsed != NULL) {
        q->eval = rs_promql_eval_new(parsed, r->db, r->opt.promql);
    }
    return q;
}

static int run_query(void *ctx, const char *text, int64_t t_ms, struct vector *out, struct err *err)
{
    struct text_query *q = query_of(ctx, text);

    if (q->eval == NULL) {
        *err = q->err;
        return -1;
    }
    return rs_promql_eval(q->eval, t_ms, out, err);
}

static void note_query(void *ctx, const char *text)
{
    (void)query_of(ctx, text);
}

static void note_queries(struct rule_runner *r, const struct template *const *t, int n)
{
    for (int i = 0; t != NULL && i < n; i++) {
        if (t[i] != NULL) {
            rs_template_queries(t[i], note_query, r);
        }
    }
}

void rs_rule_queries_new(struct rule_runner *r)
{
    r->arena = rs_arena_new();
    for (int i = 0; i < r->group->n_rule; i++) {
        const struct rule *rule = &r->group->rule[i];

        note_queries(r, rule->label_template, rule->n_label);
        if (r->opt.annotations) {
            note_queries(r, rule->annotation_template, rule->n_annotation);
        }
    }
}

void rs_rule_queries_free(struct rule_runner *r)
{
    for (struct text_query *q = r->query; q != NULL; q = q->next) {
        rs_promql_eval_free(q->eval);
    }
    rs_arena_free(r->arena);
}

/* ---- labels ---- */

static struct template_data
data_of(struct rule_runner *r, rs_labels result, double value, int64_t t_ms)
{
    return (struct template_data){.table = r->db->labels,
                                  .labels = result,
                                  .value = value,
                                  .t_ms = t_ms,
                                  .external_url = r->opt.external_url,
                                  .n_external = r->opt.n_external,
                                  .external = r->opt.external,
                                  .query = run_query,
                                  .ctx = r};
}

/* "The rule's labels override those of the result, an empty one removes": a label of the expanded text. */
static rs_labels with_label(struct rule_runner *r,
                            const struct rule *rule,
                            int i,
                            rs_labels out,
                            const struct template_data *data)
{
    const struct template *t = rule->label_template != NULL ? rule->label_template[i] : NULL;
    const char *name = rule->label[i].name;
    char *text;

    if (t == NULL) {
        return rs_labels_with(r->db->labels, out, name, rule->label[i].value);
    }
    text = rs_template_expand(t, data, NULL);
    out = rs_labels_with(r->db->labels, out, name, text);
    free(text);
    return out;
}

/* Labels of the result without its name, overridden by the rule's; then the recorded name, or alertname. */
static rs_labels
make_labels(struct rule_runner *r, const struct rule *rule, struct vector_item item, int64_t t_ms)
{
    static const char *const metric_name[] = {RS_METRIC_NAME};
    struct template_data data = data_of(r, item.labels, item.v, t_ms);
    rs_labels out =
        rs_labels_remove(r->db->labels, item.labels, (struct name_list){1, metric_name});

    if (rule->record != NULL) {
        out = rs_labels_with(r->db->labels, out, RS_METRIC_NAME, rule->record);
    }
    for (int i = 0; i < rule->n_label; i++) {
        out = with_label(r, rule, i, out, &data);
    }
    if (rule->alert != NULL) {
        out = rs_labels_with(r->db->labels, out, "alertname", rule->alert);
    }
    return out;
}

void rs_rule_output(struct rule_runner *r,
                    struct rule_state *s,
                    const struct vector *v,
                    int64_t t_ms)
{
    s->out.n = 0;
    for (int i = 0; i < v->n; i++) {
        rs_labels out = s->varies ? -1 : rs_label_map_get(&s->output, v->item[i].labels);

        if (out < 0) {
            out = make_labels(r, s->rule, v->item[i], t_ms);
            if (!s->varies) {
                rs_label_map_put(&s->output, v->item[i].labels, out);
            }
        }
        rs_int_list_push(&s->out, out);
    }
}

/* ---- annotations ---- */

char *rs_rule_runner_annotation(struct rule_runner *r, const struct alert *a, int i)
{
    const struct template *const *all = a->rule->annotation_template;
    struct template_data data = data_of(r, a->result, a->value, a->seen_ms);

    return all == NULL || all[i] == NULL ? rs_xstrdup(a->rule->annotation[i].value)
                                         : rs_template_expand(all[i], &data, NULL);
}
