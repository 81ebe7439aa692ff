/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and trends through the samples of a window: deriv, predict_linear, holt_winters. */
#include "promql_eval.h"

struct sums { /* compensated */
    double v, c;
};

/* Neumaier's sum; up to 2.53 its compensation became NaN when the sum overflowed. */
static void sums_add(struct sums *s, double v, bool guarded)
{
    double t = s->v + v;

    if (guarded && isinf(t)) {
        s->c = 0.0;
    } else if (fabs(s->v) >= fabs(v)) {
        s->c += (s->v - t) + v;
    } else {
        s->c += (v - t) + s->v;
    }
    s->v = t;
}

static bool is_constant(const struct range_window *w)
{
    double first = w->run[0][0].v;

    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            /* NaN is unequal to itself; a first sample alone decides nothing. */
            if ((r > 0 || i > 0) && w->run[r][i].v != first) {
                return false;
            }
        }
    }
    return true;
}

struct line {
    double slope; /* per second */
    double value; /* at the origin */
};

/*
 * Least squares, x in seconds from origin_ms. Equal values give their own level and no slope, infinite ones nothing but NaN.
 * Source: linearRegression of promql/functions.go, the same from 2.42 to 3.5.
 */
static struct line fit(const struct range_window *w, int64_t origin_ms)
{
    struct sums x = {0}, y = {0}, xy = {0}, xx = {0};
    double n = w->n, sum_x, sum_y, covariance, variance, slope;
    bool guarded = w->toggle->compensated;

    if (is_constant(w)) {
        double v = w->run[0][0].v;

        return isinf(v) ? (struct line){(double)NAN, (double)NAN} : (struct line){0.0, v};
    }
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++) {
            double at = (double)(w->run[r][i].t_ms - origin_ms) / 1000.0, v = w->run[r][i].v;

            sums_add(&x, at, guarded);
            sums_add(&y, v, guarded);
            sums_add(&xy, at * v, guarded);
            sums_add(&xx, at * at, guarded);
        }
    }
    sum_x = x.v + x.c;
    sum_y = y.v + y.c;
    covariance = (xy.v + xy.c) - sum_x * sum_y / n;
    variance = (xx.v + xx.c) - sum_x * sum_x / n;
    slope = covariance / variance;
    return (struct line){slope, sum_y / n - slope * sum_x / n};
}

bool rs_range_deriv(double *out, const struct range_window *w, const double *param)
{
    (void)param;
    if (w->n < 2) {
        return false;
    }
    *out = fit(w, rs_window_first(w)->t_ms).slope;
    return true;
}

/* The window function of one series; 0 = no result, 1 = *out, -1 = an error. */
typedef int (*trend_fn)(struct promql_eval *e,
                        const struct cell *c,
                        int64_t t_ms,
                        const struct range_window *w,
                        const double *param,
                        double *out);

static int eval_trend(struct promql_eval *e, struct cell *c, int64_t t_ms, trend_fn fn)
{
    double param[RS_MAX_PARAM], v = 0.0;
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
        int gives = arg->window(e, arg, i, &w) && w.n >= 1 ? fn(e, c, t_ms, &w, param, &v) : 0;

        if (gives < 0) {
            return -1;
        }
        if (gives > 0) {
            rs_cell_push(c, w.bare, v);
        }
    }
    if (n < 0) {
        return -1;
    }
    return arg->may_collide ? rs_eval_unique(e, c) : 0;
}

/* From the evaluation's time on, whatever the selector's offset. */
static int predict(struct promql_eval *e,
                   const struct cell *c,
                   int64_t t_ms,
                   const struct range_window *w,
                   const double *param,
                   double *out)
{
    struct line line;

    (void)e;
    (void)c;
    if (w->n < 2) {
        return 0;
    }
    line = fit(w, t_ms);
    *out = line.slope * param[0] + line.value;
    return 1;
}

int rs_call_predict_linear(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    return eval_trend(e, c, t_ms, predict);
}

static int check_factor(struct promql_eval *e, const struct cell *c, const char *what, double v)
{
    if (v > 0.0 && v < 1.0) {
        return 0;
    }
    /* NaN passes Prometheus' test, which asks for the bad cases. */
    return isnan(v) ? 0
                    : rs_err_at(e->err, RS_E_RANGE, c->node->at,
                                "the %s factor of holt_winters must be between 0 and 1, got %g",
                                what, v);
}

/*
 * Double exponential smoothing: a level that follows the values by the smoothing factor, a trend that follows the level by the
 * trend factor. Source: funcHoltWinters of promql/functions.go, 2.42; in 3 it is experimental under another name.
 */
static int smooth(struct promql_eval *e,
                  const struct cell *c,
                  int64_t t_ms,
                  const struct range_window *w,
                  const double *param,
                  double *out)
{
    double before = 0.0, level = rs_window_first(w)->v, trend;
    int k = 0;

    (void)t_ms;
    if (check_factor(e, c, "smoothing", param[0]) < 0 ||
        check_factor(e, c, "trend", param[1]) < 0) {
        return -1;
    }
    if (w->n < 2) {
        return 0;
    }
    trend = rs_window_last(w, w->n - 2)->v - level;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < w->n_run[r]; i++, k++) {
            double x = param[0] * w->run[r][i].v, y;

            if (k == 0) {
                continue;
            }
            if (k > 1) {
                double follow = param[1] * (level - before);

                y = (1.0 - param[1]) * trend;
                trend = follow + y;
            }
            y = (1.0 - param[0]) * (level + trend);
            before = level;
            level = x + y;
        }
    }
    *out = level;
    return 1;
}

int rs_call_holt_winters(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    return eval_trend(e, c, t_ms, smooth);
}
