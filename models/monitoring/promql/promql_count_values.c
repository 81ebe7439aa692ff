/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * count_values("label", v): how often each value occurs. Source: aggregationCountValues of promql/engine.go, Prometheus 3.5.
 * What a label set becomes depends on its value, so nothing is remembered from one evaluation to the next but the counters.
 */
#include <stdlib.h>

#include "promql_eval.h"
#include "sim/arena.h"

struct counter {
    rs_labels labels;
    uint64_t pass; /* the evaluation that met it last */
    int at;        /* its place in the result */
};

struct counters {
    struct counter *item; /* [n] */
    int n, cap;
    struct label_map by_labels;
    uint64_t pass;
    struct name_list grouping; /* of by: with the new label */
    const char **name;         /* [grouping.n], owned */
};

static void counters_free(void *state)
{
    struct counters *s = state;

    rs_label_map_clear(&s->by_labels);
    free(s->item);
    free(s->name);
    free(s);
}

static struct counter *counter_of(struct counters *s, rs_labels labels)
{
    int i = rs_label_map_get(&s->by_labels, labels);

    if (i < 0) {
        if (s->n == s->cap) {
            s->cap = s->cap ? 2 * s->cap : 8;
            s->item = rs_xrealloc(s->item, (size_t)s->cap * sizeof *s->item);
        }
        i = s->n++;
        s->item[i] = (struct counter){.labels = labels};
        rs_label_map_put(&s->by_labels, labels, i);
    }
    return &s->item[i];
}

static int eval_count_values(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    const struct node *n = c->node;
    const char *label = rs_node_bare(n->u.aggr.param)->u.string;
    struct cell *arg = c->arg[0];
    struct counters *s = c->state;

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    s->pass++;
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        char text[RS_NUMBER_TEXT];
        rs_labels set;
        struct counter *k;

        rs_number_text(text, arg->item[i].v, true);
        set = rs_labels_with(e->labels, arg->item[i].labels, label, text);
        set = n->u.aggr.without ? rs_labels_without(e->labels, set, s->grouping)
                                : rs_labels_keep(e->labels, set, s->grouping);
        k = counter_of(s, set);
        if (k->pass != s->pass) {
            k->pass = s->pass;
            k->at = c->n;
            rs_cell_push(c, set, 0.0);
        }
        c->item[k->at].v += 1.0;
    }
    return 0;
}

struct cell *rs_count_values_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c = rs_cell_make(n, eval_count_values, 1);
    struct counters *s = rs_xcalloc(1, sizeof *s);
    struct name_list list = n->u.aggr.label;

    c->arg[0] = rs_cell_new(e, n->u.aggr.expr);
    s->name = rs_xcalloc((size_t)list.n + 1, sizeof *s->name);
    for (int i = 0; i < list.n; i++) {
        s->name[i] = list.name[i];
    }
    s->name[list.n] = rs_node_bare(n->u.aggr.param)->u.string;
    s->grouping = (struct name_list){list.n + !n->u.aggr.without, s->name};
    c->state = s;
    c->state_free = counters_free;
    return c;
}
