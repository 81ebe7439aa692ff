/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sum by (...) (...): the aggregation that rules are made of. Which element belongs to which group
 * follows from the labels alone, so it is laid out once (a plan) and kept while the argument's
 * labels stay as they are; an evaluation then only adds.
 * Source: aggregation() of promql/engine.go, Prometheus 3.5.
 */
#include <stdlib.h>

#include "promql_eval.h"
#include "sim/arena.h"

struct sum_group {
    rs_labels labels;
    uint64_t pass; /* the layout that met it last */
    int place;     /* in that layout */
};

struct sum {
    struct sum_group *group; /* [n_group] all that were ever met */
    int n_group, cap_group;
    struct label_map by_labels; /* group labels -> group */
    /* The plan: for the first n_in items of the argument while its shape is this one. */
    uint64_t shape, pass;
    int n_in, n_out;
    int cap;
    rs_labels *labels; /* [n_out] groups in the order in which they are met */
    int *start;        /* [n_out + 1] in member */
    int *member;       /* [n_in] items group by group, each in the order of the argument */
    int *place;        /* [n_in] scratch */
};

static void sum_free(void *state)
{
    struct sum *s = state;

    free(s->group);
    rs_label_map_clear(&s->by_labels);
    free(s->labels);
    free(s->start);
    free(s->member);
    free(s->place);
    free(s);
}

/* The group of a label set met for the first time: hashes, once. */
static int group_new(struct promql_eval *e, struct cell *c, rs_labels set)
{
    const struct node *n = c->node;
    struct sum *s = c->state;
    rs_labels labels = n->u.aggr.without ? rs_labels_without(e->labels, set, n->u.aggr.label)
                                         : rs_labels_keep(e->labels, set, n->u.aggr.label);
    int i = rs_label_map_get(&s->by_labels, labels);

    if (i < 0) {
        if (s->n_group == s->cap_group) {
            s->cap_group = s->cap_group ? 2 * s->cap_group : 8;
            s->group = rs_xrealloc(s->group, (size_t)s->cap_group * sizeof *s->group);
        }
        i = s->n_group++;
        s->group[i] = (struct sum_group){.labels = labels};
        rs_label_map_put(&s->by_labels, labels, i);
    }
    rs_label_map_put(&c->map, set, i);
    return i;
}

static void plan_reserve(struct sum *s, int n)
{
    if (n > s->cap) {
        s->cap = 2 * n;
        s->labels = rs_xrealloc(s->labels, (size_t)s->cap * sizeof *s->labels);
        s->start = rs_xrealloc(s->start, (size_t)(s->cap + 2) * sizeof *s->start);
        s->member = rs_xrealloc(s->member, (size_t)s->cap * sizeof *s->member);
        s->place = rs_xrealloc(s->place, (size_t)s->cap * sizeof *s->place);
    }
}

/* Lays the items out by group: counts, then places (a counting sort). */
static void plan_make(struct promql_eval *e, struct cell *c, const struct cell *arg)
{
    struct sum *s = c->state;

    plan_reserve(s, arg->n + 1);
    s->pass++;
    s->n_out = 0;
    for (int i = 0; i < arg->n; i++) {
        int at = rs_label_map_get(&c->map, arg->item[i].labels);
        struct sum_group *g;

        at = at < 0 ? group_new(e, c, arg->item[i].labels) : at;
        g = &s->group[at];
        if (g->pass != s->pass) {
            g->pass = s->pass;
            g->place = s->n_out++;
            s->labels[g->place] = g->labels;
            s->start[g->place + 2] = 0;
        }
        s->place[i] = g->place;
        s->start[g->place + 2]++;
    }
    s->start[0] = s->start[1] = 0;
    for (int k = 2; k <= s->n_out; k++) {
        s->start[k] += s->start[k - 1];
    }
    for (int i = 0; i < arg->n; i++) {
        s->member[s->start[s->place[i] + 1]++] = i;
    }
    s->shape = arg->shape;
    s->n_in = arg->n;
}

static double add_plainly(const struct vector_item *item, const int *member, int n)
{
    double sum = item[member[0]].v;

    for (int i = 1; i < n; i++) {
        sum += item[member[i]].v;
    }
    return sum;
}

/*
 * Neumaier's sum asks which of the two is larger, a question that a processor cannot foresee.
 * Knuth's two-sum finds the same exact error without asking (barring overflow, so large numbers
 * take the way of rs_kahan): TAOCP 2, 4.2.2, theorem B.
 */
static double add_compensated(const struct vector_item *item, const int *member, int n)
{
    double sum = item[member[0]].v, c = 0.0;

    for (int i = 1; i < n; i++) {
        double v = item[member[i]].v;

        if (fabs(sum) < 0x1p1000 && fabs(v) < 0x1p1000) {
            double t = sum + v, part = t - sum;

            c += (sum - (t - part)) + (v - part);
            sum = t;
        } else {
            rs_kahan(v, &sum, &c);
        }
    }
    return sum + c;
}

static int eval_sum(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];
    struct sum *s = c->state;

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    if (s->shape != arg->shape || s->n_in != arg->n || s->pass == 0) {
        plan_make(e, c, arg);
    }
    c->n = 0;
    for (int k = 0; k < s->n_out; k++) {
        const int *member = s->member + s->start[k];
        int n = s->start[k + 1] - s->start[k];

        rs_cell_push(c, s->labels[k],
                     e->toggle.compensated ? add_compensated(arg->item, member, n)
                                           : add_plainly(arg->item, member, n));
    }
    return 0;
}

struct cell *rs_sum_cell(struct promql_eval *e, const struct node *n)
{
    struct cell *c = rs_cell_make(n, eval_sum, 1);

    c->arg[0] = rs_cell_new(e, n->u.aggr.expr);
    c->state = rs_xcalloc(1, sizeof(struct sum));
    c->state_free = sum_free;
    return c;
}
