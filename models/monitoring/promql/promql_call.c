/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Function calls: the two general shapes (element by element, window by window), and the functions
 * that fit neither.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../regex/regex.h"
#include "promql_math.h"
#include "promql_window.h"
#include "sim/arena.h"

int rs_call_params(struct promql_eval *e, struct cell *c, int64_t t_ms, double *param)
{
    int main_arg = 0, k = 0;

    for (int i = 0; i < c->n_arg; i++) {
        struct cell *arg = c->arg[i];

        if (arg->node->type != RS_PQL_SCALAR) {
            main_arg = i;
            continue;
        }
        if (arg->eval(e, arg, t_ms) < 0) {
            return -1;
        }
        assert(k < RS_MAX_PARAM);
        param[k++] = arg->item[0].v;
    }
    if (k == 0) {
        param[0] = c->node->u.call.fn->omitted;
    }
    return main_arg;
}

static int eval_map(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    const struct func_row *fn = c->node->u.call.fn;
    double param[RS_MAX_PARAM];
    int main_arg = rs_call_params(e, c, t_ms, param);
    struct cell *arg;

    if (main_arg < 0) {
        return -1;
    }
    arg = c->arg[main_arg];
    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        rs_cell_push(c, rs_cell_bare(e, c, arg->item[i].labels), fn->map(arg->item[i].v, param));
    }
    return rs_eval_unique(e, c);
}

static int eval_range(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    const struct func_row *fn = c->node->u.call.fn;
    double param[RS_MAX_PARAM], v;
    int main_arg = rs_call_params(e, c, t_ms, param), n;
    struct range_window w;
    struct cell *arg;

    if (main_arg < 0) {
        return -1;
    }
    arg = c->arg[main_arg];
    n = arg->prepare(e, arg, t_ms);
    c->n = 0;
    for (int i = 0; i < n; i++) {
        if (arg->window(e, arg, i, &w) && fn->range(&v, &w, param)) {
            rs_cell_push(c, fn->keeps_name ? w.labels : w.bare, v);
        }
    }
    if (n < 0) {
        return -1;
    }
    return arg->may_collide ? rs_eval_unique(e, c) : 0;
}

struct cell *rs_call_cell(struct promql_eval *e, const struct node *n)
{
    const struct func_row *fn = n->u.call.fn;
    rs_eval_fn eval = fn->map != NULL ? eval_map : fn->range != NULL ? eval_range : fn->call;
    struct cell *c = rs_cell_make(n, eval, n->u.call.n_arg);

    for (int i = 0; i < c->n_arg; i++) {
        c->arg[i] = rs_cell_new(e, n->u.call.arg[i]);
    }
    if (fn->range != NULL) {
        c->eval = rs_range_eval(e, c, eval_range);
    }
    if (fn->call == rs_call_timestamp && c->arg[0]->node->kind == RS_NODE_SELECTOR) {
        rs_selector_gives_times(c->arg[0]);
    }
    return c;
}

/* max < min gives nothing at all. */
int rs_call_clamp(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    double param[RS_MAX_PARAM] = {0};
    struct cell *arg = c->arg[0];

    if (rs_call_params(e, c, t_ms, param) < 0 || arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n && !(param[1] < param[0]); i++) {
        double v = rs_math_max(param[0], rs_math_min(param[1], arg->item[i].v));

        rs_cell_push(c, rs_cell_bare(e, c, arg->item[i].labels), v);
    }
    return rs_eval_unique(e, c);
}

/*
 * "absent(x{job="a",job="b",foo="bar"}): job is removed from the output": the first = sets a
 * label, any further matcher of
 * that name deletes it (createLabelsForAbsentFunction).
 */
static rs_labels absent_labels(struct promql_eval *e, const struct node *n)
{
    rs_labels set = 0;

    if (n->kind != RS_NODE_SELECTOR) {
        return 0;
    }
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        bool had = false;

        if (strcmp(m->name, RS_METRIC_NAME) == 0) {
            continue;
        }
        for (int j = 0; j < i; j++) {
            const struct pql_matcher *before = &n->u.sel.matcher[j];

            had = had || (before->op == RS_MATCH_EQ && strcmp(before->name, m->name) == 0);
        }
        set = rs_labels_with(e->labels, set, m->name, m->op == RS_MATCH_EQ && !had ? m->value : "");
    }
    return set;
}

static void give_absent(struct promql_eval *e, struct cell *c)
{
    rs_labels set = rs_label_map_get(&c->map, 0);

    if (set < 0) {
        set = absent_labels(e, c->node->u.call.arg[0]);
        rs_label_map_put(&c->map, 0, set);
    }
    rs_cell_push(c, set, 1.0);
}

int rs_call_absent(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    if (arg->n == 0) {
        give_absent(e, c);
    }
    return 0;
}

int rs_call_absent_over_time(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];
    int n = arg->prepare(e, arg, t_ms);
    struct range_window w;

    c->n = 0;
    for (int i = 0; i < n; i++) {
        if (arg->window(e, arg, i, &w)) {
            return 0;
        }
    }
    if (n < 0) {
        return -1;
    }
    give_absent(e, c);
    return 0;
}

int rs_call_scalar(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    rs_cell_push(c, 0, arg->n == 1 ? arg->item[0].v : (double)NAN);
    return 0;
}

int rs_call_vector(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    rs_cell_push(c, 0, arg->item[0].v);
    return 0;
}

int rs_call_time(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    (void)e;
    c->n = 0;
    rs_cell_push(c, 0, (double)t_ms / 1000.0);
    return 0;
}

int rs_call_pi(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    (void)e;
    (void)t_ms;
    c->n = 0;
    rs_cell_push(c, 0, 3.14159265358979323846);
    return 0;
}

int rs_call_timestamp(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[0];
    bool selector = arg->node->kind == RS_NODE_SELECTOR;

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        rs_cell_push(c, rs_cell_bare(e, c, arg->item[i].labels),
                     selector ? arg->item[i].v : (double)t_ms / 1000.0);
    }
    return rs_eval_unique(e, c);
}

/* ---- label_replace and label_join ------------------------------------------------------------ */

static const char *string_arg(const struct cell *c, int i)
{
    return c->arg[i]->node->u.string;
}

static void regex_free(void *state)
{
    rs_regex_free(state);
}

static rs_labels replace(struct promql_eval *e, struct cell *c, rs_labels set)
{
    const char *source = rs_labels_get(e->labels, set, string_arg(c, 3));
    char *value = rs_regex_expand(c->state, source, string_arg(c, 2));

    if (value != NULL) {
        set = rs_labels_with(e->labels, set, string_arg(c, 1), value);
        free(value);
    }
    return set;
}

static rs_labels join(struct promql_eval *e, const struct cell *c, rs_labels set)
{
    const char *separator = string_arg(c, 2);
    size_t size = 1, n = 0;
    char *text;

    for (int i = 3; i < c->n_arg; i++) {
        size += strlen(rs_labels_get(e->labels, set, string_arg(c, i))) + strlen(separator);
    }
    text = rs_xcalloc(size, 1);
    for (int i = 3; i < c->n_arg; i++) {
        const char *part = rs_labels_get(e->labels, set, string_arg(c, i));

        if (i > 3) {
            memcpy(text + n, separator, strlen(separator));
            n += strlen(separator);
        }
        memcpy(text + n, part, strlen(part));
        n += strlen(part);
    }
    set = rs_labels_with(e->labels, set, string_arg(c, 1), text);
    free(text);
    return set;
}

static int relabel(struct promql_eval *e,
                   struct cell *c,
                   int64_t t_ms,
                   rs_labels (*change)(struct promql_eval *e, struct cell *c, rs_labels set))
{
    struct cell *arg = c->arg[0];

    if (arg->eval(e, arg, t_ms) < 0) {
        return -1;
    }
    c->n = 0;
    for (int i = 0; i < arg->n; i++) {
        rs_labels set = rs_label_map_get(&c->map, arg->item[i].labels);

        if (set < 0) {
            set = change(e, c, arg->item[i].labels);
            rs_label_map_put(&c->map, arg->item[i].labels, set);
        }
        rs_cell_push(c, set, arg->item[i].v);
    }
    return 0;
}

int rs_call_label_replace(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    if (c->state == NULL) {
        char why[200];

        c->state = rs_regex_new(string_arg(c, 4), rs_promql_regex(e->q->dialect), why, sizeof why);
        c->state_free = regex_free;
        assert(c->state != NULL); /* refused when parsing */
    }
    return relabel(e, c, t_ms, replace) < 0 ? -1 : rs_eval_unique(e, c);
}

static rs_labels join_of(struct promql_eval *e, struct cell *c, rs_labels set)
{
    return join(e, c, set);
}

/* 2.53 lets equal label sets pass here: what is around label_join complains, or adds them up. */
int rs_call_label_join(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    if (relabel(e, c, t_ms, join_of) < 0) {
        return -1;
    }
    return e->q->dialect == RS_PROMQL_2_53 ? 0 : rs_eval_unique(e, c);
}
