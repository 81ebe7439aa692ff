/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The evaluator: one cell per node of the tree, holding the node's result and its caches. Label
 * sets are numbers, so a cell
 * remembers what each input set becomes (label_map) and hashes strings only when it meets a set
 * for the first time.
 */
#ifndef MONITORING_PROMQL_EVAL_H
#define MONITORING_PROMQL_EVAL_H

#include <math.h>

#include "../store/tsdb_private.h"
#include "promql_ast.h"

/* What the dialects disagree on (results of floats and classic histograms). */
struct toggles {
    bool left_open;   /* >= 3.0: ranges and the look-back leave out their start */
    bool clamp_after; /* >= 2.51: zero clamp of rate after the threshold */
    bool compensated; /* >= 2.54: Kahan-Neumaier sums and direct means */
};
struct toggles rs_promql_toggles(enum promql_dialect dialect);

/*
 * The samples of one series in a range selector or subquery, stale markers taken out, oldest
 * first.
 */
struct range_window {
    const struct sample *run[2];
    int n_run[2];
    int n;         /* n_run[0] + n_run[1], > 0 */
    int64_t lo_ms; /* the selector's range, offset included */
    int64_t hi_ms;
    const struct toggles *toggle;
    rs_labels labels, bare; /* of the series; without its name */
};

static inline const struct sample *rs_window_first(const struct range_window *w)
{
    return &w->run[0][0];
}

/* i-th from the newest. */
static inline const struct sample *rs_window_last(const struct range_window *w, int i)
{
    return i < w->n_run[1] ? &w->run[1][w->n_run[1] - 1 - i]
                           : &w->run[0][w->n_run[0] - 1 - (i - w->n_run[1])];
}

typedef int (*rs_eval_fn)(struct promql_eval *e, struct cell *c, int64_t t_ms);

struct cell {
    const struct node *node;
    rs_eval_fn eval; /* fills item[n]; NULL for matrices and strings */
    int n_arg;
    struct cell **arg;        /* [n_arg], owned */
    struct vector_item *item; /* [n], the result */
    int n, cap;
    /*
     * Grows whenever a label set is written over another one in item[] (rs_cell_push sees to it;
     * who moves items himself must, too): while it stands still, the first so many items have the
     * labels that they had, and what was derived from labels alone still holds.
     */
    uint64_t shape;
    uint64_t unique_shape; /* the shape whose first n_unique items are known to differ */
    int n_unique;
    struct label_map map; /* what an input label set becomes; its meaning is the node's */
    /*
     * Matrices: prepare() returns the number of series or -1, window() one of them, false if it
     * has no samples.
     */
    rs_eval_fn prepare;
    bool (*window)(struct promql_eval *e, struct cell *c, int i, struct range_window *w);
    bool may_collide; /* two series differ only in their names */
    void *state;      /* the node kind's own, freed by state_free */
    void (*state_free)(void *state);
};

struct promql_eval {
    const struct promql *q;
    struct tsdb *db;
    struct label_table *labels;
    struct promql_options opt;
    struct toggles toggle;
    struct cell *root;
    int64_t now_ms; /* of the outermost evaluation: what has been scraped by then can be seen */
    struct err *err;
    int n_still;
    struct cell **
        still; /* [n_still] while all of their series stand still there is no result (promql_idle.c); 0 = never */
    bool zeros; /* of these series come zeros or nothing, so that it depends on who asks: */
    bool zeros_matter;
    uint64_t *seen; /* [cap_seen] per label set, the pass that met it last */
    int cap_seen;
    uint64_t pass;
};

/* promql_idle.c: finds out, once, whether and when there is surely no result; is it so now? */
void rs_eval_note_idle(struct promql_eval *e);
/*
 * The same for one whose values are only compared with numbers (promql_variants.c): while its series stand still it gives zeros
 * or nothing, and that is nothing as long as no zero passes (zeros_matter false; at first they matter).
 */
void rs_eval_note_zeros(struct promql_eval *e);
void rs_eval_zeros_matter(struct promql_eval *e, bool they_do);
bool rs_eval_is_idle(struct promql_eval *e, int64_t t_ms);

void rs_cell_grow(struct cell *c);
static inline void rs_cell_push(struct cell *c, rs_labels labels, double v)
{
    if (c->n == c->cap) {
        rs_cell_grow(c);
    }
    if (c->item[c->n].labels != labels) {
        c->item[c->n].labels = labels;
        c->shape++;
    }
    c->item[c->n++].v = v;
}

/* The cell of a node and of all below; parentheses vanish. */
struct cell *rs_cell_new(struct promql_eval *e, const struct node *n);
void rs_cell_free(struct cell *c);
struct cell *rs_selector_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_subquery_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_call_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_aggr_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_count_values_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_sum_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_binary_cell(struct promql_eval *e, const struct node *n);
struct cell *rs_cell_make(const struct node *n, rs_eval_fn eval, int n_arg);

/* -1 if two items of the result have the same labels. */
int rs_eval_unique(struct promql_eval *e, struct cell *c);
/* A new pass over label sets; then rs_eval_meet is true the first time that a set is met in it. */
void rs_eval_new_pass(struct promql_eval *e);
bool rs_eval_meet(struct promql_eval *e, rs_labels set);
/* set without its name, remembered in c->map. */
rs_labels rs_cell_bare(struct promql_eval *e, struct cell *c, rs_labels set);
/* When a selector or subquery evaluated at t_ms looks, by its offset and @. */
int64_t rs_modified_time(const struct promql_eval *e, const struct modifiers *mod, int64_t t_ms);
/* Selectors give the samples' own times in seconds as values: timestamp(x). */
void rs_selector_gives_times(struct cell *c);
/* The value of op, and whether a filtering comparison keeps the element. */
double rs_op_apply(enum op_kind op, double lhs, double rhs, bool *keep);

/*
 * Neumaier's compensated sum; *c is the compensation. Prometheus calls it kahanSumInc; up to 2.53
 * it let the compensation go astray when the sum was infinite (`guarded` false).
 */
static inline void rs_kahan_as(double inc, double *sum, double *c, bool guarded)
{
    double t = *sum + inc;

    if (guarded && isinf(t)) {
        *c = 0.0;
    } else if (fabs(*sum) >= fabs(inc)) {
        *c += (*sum - t) + inc;
    } else {
        *c += (inc - t) + *sum;
    }
    *sum = t;
}

static inline void rs_kahan(double inc, double *sum, double *c)
{
    rs_kahan_as(inc, sum, c, true);
}

/*
 * q-quantile of v[n], sorted in place (NaN first): linear between ranks. q outside 0..1 gives
 * -Inf, +Inf; NaN gives NaN.
 */
double rs_quantile(double q, double *v, int n);
/* Up to so many values the order of 0 and -0 is that of Prometheus too. */
#define RS_SORT_FEW 12

/* Between which ranks (from 0) a quantile lies. */
struct rank {
    int low, high;
    double weight; /* v[low] * (1 - weight) + v[high] * weight */
    double v;      /* the result where no value is asked */
};
/* False: the result is rank->v, whatever the n values are. */
bool rs_quantile_rank(double q, int n, struct rank *rank);

/* promql_range.c */
bool rs_range_rate(double *out, const struct range_window *w, const double *param);
bool rs_range_increase(double *out, const struct range_window *w, const double *param);
bool rs_range_delta(double *out, const struct range_window *w, const double *param);
bool rs_range_irate(double *out, const struct range_window *w, const double *param);
bool rs_range_idelta(double *out, const struct range_window *w, const double *param);
bool rs_range_changes(double *out, const struct range_window *w, const double *param);
bool rs_range_resets(double *out, const struct range_window *w, const double *param);

/* promql_over_time.c */
bool rs_range_sum(double *out, const struct range_window *w, const double *param);
bool rs_range_avg(double *out, const struct range_window *w, const double *param);
bool rs_range_min(double *out, const struct range_window *w, const double *param);
bool rs_range_max(double *out, const struct range_window *w, const double *param);
bool rs_range_count(double *out, const struct range_window *w, const double *param);
bool rs_range_last(double *out, const struct range_window *w, const double *param);
bool rs_range_present(double *out, const struct range_window *w, const double *param);
bool rs_range_quantile(double *out, const struct range_window *w, const double *param);
bool rs_range_stddev(double *out, const struct range_window *w, const double *param);
bool rs_range_stdvar(double *out, const struct range_window *w, const double *param);

/* promql_call.c */
int rs_call_absent(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_absent_over_time(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_clamp(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_scalar(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_vector(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_time(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_timestamp(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_pi(struct promql_eval *e, struct cell *c, int64_t t_ms);
/*
 * Evaluates the scalar arguments of a call into param[RS_MAX_PARAM] in order. Returns the index of
 * the one vector or matrix, or -1.
 */
int rs_call_params(struct promql_eval *e, struct cell *c, int64_t t_ms, double *param);
int rs_call_label_replace(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_label_join(struct promql_eval *e, struct cell *c, int64_t t_ms);

/* promql_histogram.c */
int rs_call_histogram_quantile(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_histogram_fraction(struct promql_eval *e, struct cell *c, int64_t t_ms);

/* promql_map.c */
double rs_map_abs(double v, const double *param);
double rs_map_ceil(double v, const double *param);
double rs_map_floor(double v, const double *param);
double rs_map_sqrt(double v, const double *param);
double rs_map_exp(double v, const double *param);
double rs_map_ln(double v, const double *param);
double rs_map_log2(double v, const double *param);
double rs_map_log10(double v, const double *param);
double rs_map_sin(double v, const double *param);
double rs_map_cos(double v, const double *param);
double rs_map_tan(double v, const double *param);
double rs_map_asin(double v, const double *param);
double rs_map_acos(double v, const double *param);
double rs_map_atan(double v, const double *param);
double rs_map_sinh(double v, const double *param);
double rs_map_cosh(double v, const double *param);
double rs_map_tanh(double v, const double *param);
double rs_map_asinh(double v, const double *param);
double rs_map_acosh(double v, const double *param);
double rs_map_atanh(double v, const double *param);
double rs_map_deg(double v, const double *param);
double rs_map_rad(double v, const double *param);
double rs_map_sgn(double v, const double *param);
double rs_map_round(double v, const double *param);
double rs_map_clamp_min(double v, const double *param);
double rs_map_clamp_max(double v, const double *param);

/* promql_dates.c: of the time given, or of the evaluation's */
int rs_call_year(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_month(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_day_of_month(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_day_of_week(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_day_of_year(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_days_in_month(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_hour(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_minute(struct promql_eval *e, struct cell *c, int64_t t_ms);

/* promql_regression.c */
bool rs_range_deriv(double *out, const struct range_window *w, const double *param);
int rs_call_predict_linear(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_holt_winters(struct promql_eval *e, struct cell *c, int64_t t_ms);

/* promql_sort.c */
int rs_call_sort(struct promql_eval *e, struct cell *c, int64_t t_ms);
int rs_call_sort_desc(struct promql_eval *e, struct cell *c, int64_t t_ms);
struct sorter {                /* zero = empty; keeps the memory that long lists take */
    struct vector_item *spare; /* [cap_spare] */
    int cap_spare;
};
/* Best first, NaN last: the largest if `top`, else the smallest. Equal values keep their order. */
void rs_sorter_run(struct sorter *s, struct vector_item *item /* [n] */, int n, bool top);
void rs_sorter_clear(struct sorter *s);

#endif
