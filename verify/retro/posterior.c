/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro/posterior.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static const double change_sd = 2.0;       /* of ln odds, of ln rate */
static const double value_change_sd = 3.0; /* in standard deviations of the noise */

/* ---- shares ---- */

/* How long the new level has been in force by t, all in all. */
static double in_force(double t, struct post_at at)
{
    double since = t - at.at_s;
    if (since <= 0.0)
        return 0.0;
    if (since < at.ramp_s)
        return 0.5 * since * since / at.ramp_s;
    return since - 0.5 * at.ramp_s;
}

double rs_post_share(const struct post_point *p, struct post_at at)
{
    if (p->hi_s > p->lo_s)
        return (in_force(p->hi_s, at) - in_force(p->lo_s, at)) / (p->hi_s - p->lo_s);
    double since = p->hi_s - at.at_s;
    if (since <= 0.0)
        return 0.0;
    return since < at.ramp_s ? since / at.ramp_s : 1.0;
}

/* First point with hi > t. */
static int first_after(const struct post_window *w, double t)
{
    int lo = 0, hi = w->n_point;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (w->point[mid].hi_s <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* First start > t. */
static int first_start(const struct post_window *w, double t)
{
    int lo = 0, hi = w->n_point;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (w->lo[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* What a change at that time leaves: points before it, points after it, and those that it cuts. */
struct cut {
    double n_a, k_a, n_b, k_b;
    int from, to; /* points among which the cut ones are: those with hi > at and lo <= through */
    double through_s;
};

static struct cut cut_at(const struct post_window *w, struct post_at at)
{
    struct cut c = {.through_s = at.at_s + at.ramp_s};
    c.from = first_after(w, at.at_s);
    c.to = first_after(w, c.through_s + w->longest_s);
    int start = first_start(w, c.through_s);
    c.n_a = w->n_until[c.from];
    c.k_a = w->k_until[c.from];
    c.n_b = w->n_from[start];
    c.k_b = w->k_from[start];
    return c;
}

/* A value at an instant is never cut by a step: at the step's own instant it is before it. */
static bool is_cut(const struct post_point *p, const struct cut *c)
{
    return p->lo_s <= c->through_s;
}

/* ---- counts ---- */

/* Gradient and information of the logarithm of the posterior in (ln level a, ln level b), odds instead of levels for RATIO. */
struct slope {
    double value, da, db, aa, ab, bb;
};

static double level_of(enum retro_signal_kind kind, double theta)
{
    return kind == RS_SIGNAL_RATIO ? 1.0 / (1.0 + exp(-theta)) : exp(theta);
}

/* d level / d theta */
static double pace_of(enum retro_signal_kind kind, double level)
{
    return kind == RS_SIGNAL_RATIO ? level * (1.0 - level) : level;
}

static double log_likelihood(enum retro_signal_kind kind, double n, double k, double level)
{
    if (kind == RS_SIGNAL_COUNT)
        return (k > 0.0 ? k * log(level) : 0.0) - n * level;
    return (k > 0.0 ? k * log(level) : 0.0) + (n > k ? (n - k) * log1p(-level) : 0.0);
}

/* d log likelihood / d level */
static double score(enum retro_signal_kind kind, double n, double k, double level)
{
    if (kind == RS_SIGNAL_COUNT)
        return k / level - n;
    return (k - n * level) / (level * (1.0 - level));
}

/* Expected information about the level. */
static double information(enum retro_signal_kind kind, double n, double level)
{
    return kind == RS_SIGNAL_COUNT ? n / level : n / (level * (1.0 - level));
}

/* Jeffreys' prior in theta; of COUNT a gamma of shape 1/2 around the window's mean. */
static double prior_rate(const struct post_window *w)
{
    return 0.5 * w->n / (w->k + 0.5);
}

static void add_prior(struct slope *s, const struct post_window *w, double theta)
{
    double level = level_of(w->kind, theta);
    if (w->kind == RS_SIGNAL_RATIO) {
        s->value += 0.5 * (log(level) + log1p(-level)) - log(M_PI);
        s->da += 0.5 - level;
        s->aa += level * (1.0 - level);
        return;
    }
    double beta = prior_rate(w);
    s->value += 0.5 * theta - beta * level + 0.5 * log(beta) - 0.5 * log(M_PI);
    s->da += 0.5 - beta * level;
    s->aa += beta * level;
}

static void add_part(struct slope *s,
                     const struct post_window *w,
                     double n,
                     double k,
                     double share,
                     double a,
                     double b)
{
    double level = (1.0 - share) * a + share * b;
    double to_a = (1.0 - share) * pace_of(w->kind, a), to_b = share * pace_of(w->kind, b);
    double more = w->weight * score(w->kind, n, k, level),
           info = w->weight * information(w->kind, n, level);
    s->value += w->weight * log_likelihood(w->kind, n, k, level);
    s->da += more * to_a;
    s->db += more * to_b;
    s->aa += info * to_a * to_a;
    s->ab += info * to_a * to_b;
    s->bb += info * to_b * to_b;
}

static struct slope slope_at(const struct post_window *w,
                             const struct cut *c,
                             struct post_at at,
                             double theta_a,
                             double theta_b)
{
    struct slope s = {0};
    double a = level_of(w->kind, theta_a), b = level_of(w->kind, theta_b);
    add_prior(&s, w, theta_a);
    double far = (theta_b - theta_a) / change_sd;
    s.value -= 0.5 * far * far + log(change_sd * sqrt(2.0 * M_PI));
    s.da += far / change_sd;
    s.db -= far / change_sd;
    s.aa += 1.0 / (change_sd * change_sd);
    s.ab -= 1.0 / (change_sd * change_sd);
    s.bb += 1.0 / (change_sd * change_sd);
    add_part(&s, w, c->n_a, c->k_a, 0.0, a, b);
    add_part(&s, w, c->n_b, c->k_b, 1.0, a, b);
    for (int i = c->from; i < c->to; i++) {
        if (is_cut(&w->point[i], c))
            add_part(&s, w, w->point[i].n, w->point[i].k, rs_post_share(&w->point[i], at), a, b);
    }
    return s;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double theta_of(const struct post_window *w, double n, double k)
{
    double level = (k + 0.5) / (n + (w->kind == RS_SIGNAL_RATIO ? 1.0 : 0.5 * w->n / (w->k + 0.5)));
    return w->kind == RS_SIGNAL_RATIO ? log(level) - log1p(-level) : log(level);
}

/* Climbs to the top by scoring, each step halved until it is one upwards. */
static struct slope climb(const struct post_window *w,
                          const struct cut *c,
                          struct post_at at,
                          double *theta_a,
                          double *theta_b)
{
    struct slope s = slope_at(w, c, at, *theta_a, *theta_b);
    for (int round = 0; round < 30; round++) {
        double det = s.aa * s.bb - s.ab * s.ab;
        double up_a = (s.bb * s.da - s.ab * s.db) / det, up_b = (s.aa * s.db - s.ab * s.da) / det;
        double gain = s.da * up_a + s.db * up_b;
        if (!(gain > 1e-7))
            break;
        double by = 1.0, largest = fmax(fabs(up_a), fabs(up_b));
        if (largest > 2.0)
            by = 2.0 / largest;
        bool better = false;
        for (int half = 0; half < 12 && !better; half++, by *= 0.5) {
            double a = clamp(*theta_a + by * up_a, -40.0, 40.0),
                   b = clamp(*theta_b + by * up_b, -40.0, 40.0);
            struct slope next = slope_at(w, c, at, a, b);
            if (next.value > s.value) {
                better = true;
                s = next;
                *theta_a = a;
                *theta_b = b;
            }
        }
        if (!better)
            break;
    }
    return s;
}

/*
 * Odds of which only one way counts. Half of the prior lies on that side, so that it counts twice there. Where the levels went the
 * other way the tail of the normal says nothing; a change the right way can then tell no more than none at all does.
 */
static double one_way(double log_odds, double log_share, bool wrong)
{
    log_odds += M_LN2 + log_share;
    return wrong ? fmin(log_odds, 0.0) : log_odds;
}

/* The likely shares of a cut point's count before and after: in proportion to the levels there. */
static void share_out(struct post_levels *l,
                      const struct post_window *w,
                      const struct cut *c,
                      struct post_at at)
{
    l->n_a = c->n_a;
    l->k_a = c->k_a;
    l->n_b = c->n_b;
    l->k_b = c->k_b;
    for (int i = c->from; i < c->to; i++) {
        const struct post_point *p = &w->point[i];
        if (!is_cut(p, c))
            continue;
        double share = rs_post_share(p, at), new = share * l->b, old = (1.0 - share) * l->a;
        double k_b = new + old > 0.0 ? p->k *new / (new + old) : 0.0;
        l->n_a += (1.0 - share) * p->n;
        l->n_b += share * p->n;
        l->k_a += p->k - k_b;
        l->k_b += k_b;
    }
}

static struct post_levels
count_levels(const struct post_window *w, struct post_at at, enum retro_direction d)
{
    struct cut c = cut_at(w, at);
    struct post_levels l = {0};
    struct post_levels even = {.a = 1.0, .b = 1.0};
    share_out(&even, w, &c, at);
    double theta_a = theta_of(w, even.n_a, even.k_a), theta_b = theta_of(w, even.n_b, even.k_b);
    struct slope s = climb(w, &c, at, &theta_a, &theta_b);
    double det = s.aa * s.bb - s.ab * s.ab;
    double sd = sqrt((s.aa + s.bb + 2.0 * s.ab) /
                     det); /* of the difference: the inverse's aa + bb - 2 ab */
    l.log_odds = s.value + log(2.0 * M_PI) - 0.5 * log(det) - w->log_null;
    if (d != RS_EITHER_WAY) {
        double z = (d == RS_UPWARDS ? theta_b - theta_a : theta_a - theta_b) / sd;
        l.log_odds = one_way(l.log_odds, log(gsl_cdf_ugaussian_P(fmax(z, -30.0))), z < 0.0);
    }
    l.a = level_of(w->kind, theta_a);
    l.b = level_of(w->kind, theta_b);
    share_out(&l, w, &c, at);
    return l;
}

/* One level for all: the same integral in one dimension. */
static double count_null(const struct post_window *w)
{
    double theta = theta_of(w, w->n, w->k);
    struct slope s = {0};
    for (int round = 0; round < 60; round++) {
        s = (struct slope){0};
        double level = level_of(w->kind, theta);
        add_prior(&s, w, theta);
        add_part(&s, w, w->n, w->k, 0.0, level, level);
        double up = s.da / s.aa;
        if (fabs(up) < 1e-9)
            break;
        theta = clamp(theta + clamp(up, -1.0, 1.0), -40.0, 40.0);
    }
    return s.value + 0.5 * log(2.0 * M_PI) - 0.5 * log(s.aa);
}

/* ---- values ---- */

/* What was rounded to a step is not known better than the step: its variance is in every value. */
static double rest_of(const struct post_window *w, double squares)
{
    double rounding = w->resolution * w->resolution / 12.0 + 1e-18 * w->mean * w->mean;
    return fmax(squares, 0.0) + w->n * fmax(rounding, 1e-300);
}

static struct post_levels
value_levels(const struct post_window *w, struct post_at at, enum retro_direction d)
{
    struct cut c = cut_at(w, at);
    double sum_w = c.n_b, sum_ww = c.n_b, sum_wy = c.k_b;
    for (int i = c.from; i < c.to; i++) {
        if (!is_cut(&w->point[i], &c))
            continue;
        double share = rs_post_share(&w->point[i], at);
        sum_w += share;
        sum_ww += share * share;
        sum_wy += share * w->point[i].k;
    }
    /* The mean of y is 0. */
    double mean_w = sum_w / w->n, spread = fmax(sum_ww - sum_w * mean_w, 0.0);
    double prior = 1.0 / (value_change_sd * value_change_sd);
    double known = w->noise.freedom;
    double n = w->weight * w->n, total = w->weight * rest_of(w, w->kk) + known * w->noise.variance;
    double held = w->weight * spread + prior, pull = w->weight * sum_wy;
    double rest =
        fmax(total - pull * pull / held, w->weight * rest_of(w, 0.0) + known * w->noise.variance);
    struct post_levels l = {.freedom = fmax(n - 1.0, 1.0) + known};
    l.log_odds = -0.5 * log1p(w->weight * spread / prior) + 0.5 * l.freedom * log(total / rest);
    double delta = pull / held, variance = rest / l.freedom;
    l.a = -mean_w * delta;
    l.b = l.a + delta;
    l.sd_a = sqrt(variance * (1.0 / n + mean_w * mean_w / held));
    l.sd_b = sqrt(variance * (1.0 / n + (1.0 - mean_w) * (1.0 - mean_w) / held));
    if (d != RS_EITHER_WAY) {
        double t = (d == RS_UPWARDS ? delta : -delta) / sqrt(variance / held);
        double share = gsl_cdf_tdist_P(fmax(t, -1e6), l.freedom);
        l.log_odds = one_way(l.log_odds, log(fmax(share, 1e-300)), t < 0.0);
    }
    return l;
}

/* ---- together ---- */

struct post_levels
rs_post_levels(const struct post_window *w, struct post_at at, enum retro_direction d)
{
    return w->kind == RS_SIGNAL_VALUE ? value_levels(w, at, d) : count_levels(w, at, d);
}

void rs_post_window_weigh(struct post_window *w, double weight)
{
    w->weight = weight;
    w->log_null = w->kind == RS_SIGNAL_VALUE ? 0.0 : count_null(w);
}
