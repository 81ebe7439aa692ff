/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows by number: which samples of which series a range selector or a subquery has at an
 * instant. A function that can judge a window by its ends and by what the series remembers works
 * on slices; one that must see every sample takes a range_window (promql_eval.h).
 */
#ifndef MONITORING_PROMQL_WINDOW_H
#define MONITORING_PROMQL_WINDOW_H

#include "promql_eval.h"

struct pick { /* a series that was selected, and where its window was found last */
    int series;
    rs_labels labels, bare;
    uint64_t from, to;
};

/* The head of the state of every matrix cell. */
struct ranges {
    struct pick *pick; /* [n] sorted by labels for selectors, in order of appearance else */
    int n, cap;
    int64_t lo_ms, hi_ms;   /* the range at this evaluation */
    struct series *own;     /* the picks' series; NULL = the tsdb's, which may be lazy */
    struct sample *scratch; /* [cap_scratch] of windows that are copied */
    int cap_scratch;
};

/* The samples [from, to) without `to - from - n` stale markers among them; neither end is one. */
struct slice {
    struct series *s;
    uint64_t from, to;
    int n; /* > 0 */
};

static inline const struct sample *rs_slice_first(const struct slice *w)
{
    return rs_series_sample(w->s, w->from);
}

static inline const struct sample *rs_slice_last(const struct slice *w)
{
    return rs_series_sample(w->s, w->to - 1);
}

/* Takes stale markers off the ends and counts the rest; false if nothing is left. */
bool rs_slice_trim(struct slice *w);

/* The series of pick i, filled up to now. */
static inline struct series *rs_ranges_series(struct promql_eval *e, struct ranges *r, int i)
{
    int series = r->pick[i].series;

    if (r->own != NULL) {
        return &r->own[series];
    }
    rs_series_touch(e->db, series, e->now_ms);
    return &e->db->series[series];
}

/* The slice of pick i; false if it is empty. */
static inline bool rs_ranges_slice(struct promql_eval *e, struct ranges *r, int i, struct slice *w)
{
    struct series *s = rs_ranges_series(e, r, i);
    struct pick *p = &r->pick[i];

    p->from = rs_series_after(s, r->lo_ms - !e->toggle.left_open, p->from);
    p->to = r->hi_ms >= s->last_ms ? s->end : rs_series_after(s, r->hi_ms, p->to);
    if (p->from >= p->to) {
        return false;
    }
    *w = (struct slice){s, p->from, p->to, (int)(p->to - p->from)};
    return s->stale_end <= p->from || rs_slice_trim(w);
}

/* The same as a window of samples, in place or copied. */
bool rs_ranges_window(struct promql_eval *e, struct ranges *r, int i, struct range_window *w);
void rs_slice_window(struct promql_eval *e,
                     struct ranges *r,
                     const struct slice *from,
                     struct range_window *w);

/* The series that a selector picks now. */
struct ranges *rs_selector_ranges(struct promql_eval *e, struct cell *c);
void rs_selector_keep_more(struct promql_eval *e, struct cell *c, int64_t more_ms);
void rs_subquery_keep_more(struct cell *c, int64_t more_ms);
/* Evaluates the arguments, then the matrix cell's prepare(): its ranges, or NULL after an error. */
struct ranges *rs_call_ranges(struct promql_eval *e, struct cell *c, int64_t t_ms, double *param);

/*
 * An order can be moved to the next window only if the samples that have left are still there to be
 * taken out. An eighth more is kept; whoever moves by more than that starts anew, at eight times the
 * cost of what has changed.
 */
void rs_ranges_keep_more(struct promql_eval *e, struct cell *matrix);

/* How the call of a range function is evaluated, its arguments being made: walks() if need be. */
rs_eval_fn rs_range_eval(struct promql_eval *e, struct cell *c, rs_eval_fn walks);

/* promql_slide.c */
typedef bool (*rs_slice_fn)(double *out, const struct slice *w);
int rs_eval_extrapolated(struct promql_eval *e, struct cell *c, int64_t t_ms);
bool rs_slice_irate(double *out, const struct slice *w);
bool rs_slice_idelta(double *out, const struct slice *w);
bool rs_slice_changes(double *out, const struct slice *w);
bool rs_slice_resets(double *out, const struct slice *w);
bool rs_slice_count(double *out, const struct slice *w);
bool rs_slice_first_value(double *out, const struct slice *w);
bool rs_slice_last_value(double *out, const struct slice *w);
bool rs_slice_present(double *out, const struct slice *w);
/* False if only a walk gives what Prometheus gives. */
bool rs_slice_sum(double *out, const struct slice *w);
bool rs_slice_avg(double *out, const struct slice *w);

#endif
