/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One metric. High is what is above by more than a quarter of the estimated shift, with 98 % confidence, and whose effect is at
 * least the allowed one; Low the same below. An effect that cannot be told (a mean of 0) is not asked for.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "kayenta.h"
#include "mann_whitney.h"
#include "sim/draw.h"

const char *rs_kayenta_label_name(enum kayenta_label l)
{
    static const char *const names[RS_KAYENTA_LABEL_N] = {
        [RS_KAYENTA_PASS] = "Pass",
        [RS_KAYENTA_HIGH] = "High",
        [RS_KAYENTA_LOW] = "Low",
        [RS_KAYENTA_NODATA_FAILS] = "NodataFailMetric",
        [RS_KAYENTA_NODATA_LABEL] = "Nodata",
        [RS_KAYENTA_ERROR] = "Error",
    };
    assert(l >= 0 && l < RS_KAYENTA_LABEL_N);
    return names[l];
}

/* ---- cleaning -------------------------------------------------------------------------------- */

static void handle_nan(struct kayenta_points *p, bool replace)
{
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (!isnan(p->v[i]))
            p->v[n++] = p->v[i];
        else if (replace)
            p->v[n++] = 0.0;
    }
    p->n = n;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double rs_percentile(const double *sorted, int n, double p)
{
    double at = p / 100.0 * (n - 1), low = floor(at);
    int i = (int)low;
    assert(n > 0);
    return i + 1 >= n ? sorted[n - 1] : sorted[i] + (at - low) * (sorted[i + 1] - sorted[i]);
}

/* Tukey's fences, but never within the first and the last hundredth. */
static void drop_outliers(struct kayenta_points *p, double factor)
{
    if (p->n == 0)
        return;
    double low = rs_percentile(p->v, p->n, 25.0), high = rs_percentile(p->v, p->n, 75.0);
    double reach = factor * (high - low);
    low = fmin(rs_percentile(p->v, p->n, 1.0), low - reach);
    high = fmax(rs_percentile(p->v, p->n, 99.0), high + reach);
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (!(p->v[i] > high || p->v[i] < low))
            p->v[n++] = p->v[i];
    }
    p->n = n;
}

/* Order tells nothing to any part of the judge, so points are sorted at once. */
static void clean(const struct kayenta_metric *m, struct kayenta_points *p)
{
    handle_nan(p, m->replace_nan);
    if (p->n > 1)
        qsort(p->v, (size_t)p->n, sizeof *p->v, compare);
    if (m->remove_outliers)
        drop_outliers(p, m->outlier_factor);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool same(const struct kayenta_points *a, const struct kayenta_points *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        if (a->v[i] != b->v[i])
            return false;
    }
    return true;
}

static bool constant(const struct kayenta_points *p)
{
    return p->v[0] == p->v[p->n - 1];
}

static void add_noise(struct kayenta_points *p, struct stream *noise)
{
    double sd = p->v[0] * RS_KAYENTA_NOISE;
    for (int i = 0; i < p->n; i++)
        p->v[i] += rs_draw_normal(noise) * sd;
    qsort(p->v, (size_t)p->n, sizeof *p->v, compare);
}

/* In two passes, so that what rounding lost in the first is put back. */
static double mean(const struct kayenta_points *p)
{
    double sum = 0.0, rest = 0.0;
    for (int i = 0; i < p->n; i++)
        sum += p->v[i];
    double m = sum / p->n;
    for (int i = 0; i < p->n; i++)
        rest += p->v[i] - m;
    return m + rest / p->n;
}

static double mean_ratio(const struct kayenta_points *experiment,
                         const struct kayenta_points *control)
{
    double e = mean(experiment), c = mean(control);
    return e == 0.0 || c == 0.0 ? NAN : e / c;
}

/* Not compared where it cannot be told. */
static bool at_least(double effect, double limit)
{
    return isnan(effect) || effect >= limit;
}

static bool at_most(double effect, double limit)
{
    return isnan(effect) || effect <= limit;
}

static struct kayenta_result compare_samples(const struct kayenta_metric *m,
                                             const struct kayenta_points *experiment,
                                             const struct kayenta_points *control)
{
    struct kayenta_result out = {.deviation = mean_ratio(experiment, control)};
    struct two_samples s = {experiment->v, experiment->n, control->v, control->n};
    struct shift shift;
    if (rs_mann_whitney(&s, RS_KAYENTA_CONFIDENCE, &shift) != 0) {
        out.label =
            RS_KAYENTA_ERROR; /* the tool marks it as such, and then forgets that it is critical */
        return out;
    }
    double slack = RS_KAYENTA_TOLERANCE * fabs(shift.estimate);
    double effect = m->cles ? rs_common_language(&s) : out.deviation;
    if (m->direction != RS_KAYENTA_DECREASE && shift.low > slack &&
        at_least(effect, m->allowed_increase)) {
        out.label = RS_KAYENTA_HIGH;
        out.critical = m->critical && at_least(effect, m->critical_increase);
    } else if (m->direction != RS_KAYENTA_INCREASE && shift.high < -slack &&
               at_most(effect, m->allowed_decrease)) {
        out.label = RS_KAYENTA_LOW;
        out.critical = m->critical && at_most(effect, m->critical_decrease);
    }
    return out;
}

/* Without data a metric whose gaps are replaced passes; whose are removed has none, or fails where it must have some. */
static struct kayenta_result without_data(const struct kayenta_metric *m)
{
    struct kayenta_result out = {.label = RS_KAYENTA_PASS, .deviation = 1.0};
    if (m->replace_nan)
        return out;
    out.label =
        m->must_have_data && !m->critical ? RS_KAYENTA_NODATA_FAILS : RS_KAYENTA_NODATA_LABEL;
    out.critical = m->critical;
    return out;
}

struct kayenta_result rs_kayenta_classify(const struct kayenta_metric *m,
                                          struct kayenta_points experiment,
                                          struct kayenta_points control,
                                          struct stream *noise)
{
    clean(m, &experiment);
    clean(m, &control);
    if (experiment.n == 0 || control.n == 0)
        return without_data(m);
    bool both_constant = constant(&experiment) && constant(&control);
    if (same(&experiment, &control) || (both_constant && experiment.v[0] == control.v[0]))
        return (struct kayenta_result){.label = RS_KAYENTA_PASS, .deviation = 1.0};
    if (both_constant) {
        add_noise(&experiment, noise);
        add_noise(&control, noise);
    }
    return compare_samples(m, &experiment, &control);
}
