/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One change in a window: its posterior over the instant, on a grid that is made finer where there is something to tell apart.
 * Cells are halved twice while they hold more than a small share of all, and so are their neighbours: the likelihood falls off
 * from the change to either side, so the way to it leads uphill from cell to cell.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beta.h"
#include "retro/posterior.h"
#include "sim/arena.h"

enum { FIRST_CELLS = 128, MOST_CELLS = 20000, FIRST_RAMPS = 8, MOST_GRIDS = 64 };
static const double heavy = 2e-3; /* of all: a cell that holds more is made finer */
static const double heavy_here =
    5e-2; /* or of its own grid: a grid that is too coarse hides what it holds */
static const double heavy_ramp =
    0.1; /* of all: lengths of the ramp that hold more are told apart more finely */
static const double finest_ramp = 0.05;   /* in ln of the length */
static const double odds_of_a_ramp = 1.0; /* as likely as a step, beforehand */

struct cell {
    double from_s, until_s, log_mass;
    double a, b; /* levels there: RATIO ln odds, COUNT ln rate, VALUE as it is */
};

struct grid { /* one length of the ramp, which stands for those around it */
    double ramp_s, log_prior;
    double from_ln, until_ln; /* of the lengths; step: 0, 0 */
    struct cell *cell;
    int n;
    double log_total;
};

struct search {
    const struct post_window *w;
    enum retro_direction direction;
    double finest_s;
    double ln_span; /* of all lengths of ramps */
    int n_grid;
    struct grid grid[MOST_GRIDS]; /* the step first */
    double log_total;             /* odds of a change in the window, all in all */
};

static double log_add(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);
    return isinf(low) ? high : high + log1p(exp(low - high));
}

/* The scale on which a level's error is about normal, and back. */
static double scaled(enum retro_signal_kind kind, double level)
{
    if (kind == RS_SIGNAL_VALUE)
        return level;
    return kind == RS_SIGNAL_RATIO ? log(level) - log1p(-level) : log(level);
}

static double unscaled(enum retro_signal_kind kind, double x)
{
    if (kind == RS_SIGNAL_VALUE)
        return x;
    return kind == RS_SIGNAL_RATIO ? 1.0 / (1.0 + exp(-x)) : exp(x);
}

static struct cell
measured(const struct search *s, const struct grid *g, double from_s, double until_s)
{
    struct post_at at = {0.5 * (from_s + until_s), g->ramp_s};
    struct post_levels l = rs_post_levels(s->w, at, s->direction);
    double log_width = log((until_s - from_s) / s->w->span_s);
    return (struct cell){from_s, until_s, l.log_odds + log_width + g->log_prior,
                         scaled(s->w->kind, l.a), scaled(s->w->kind, l.b)};
}

static void sum_up(struct search *s)
{
    s->log_total = -INFINITY;
    for (int i = 0; i < s->n_grid; i++) {
        struct grid *g = &s->grid[i];
        g->log_total = -INFINITY;
        for (int k = 0; k < g->n; k++)
            g->log_total = log_add(g->log_total, g->cell[k].log_mass);
        s->log_total = log_add(s->log_total, g->log_total);
    }
}

static double width(const struct cell *c)
{
    return c->until_s - c->from_s;
}

/* Which cells to make finer; returns how many. */
static int mark_heavy(const struct search *s, const struct grid *g, bool *split)
{
    int n = 0;
    double limit = fmin(s->log_total + log(heavy), g->log_total + log(heavy_here));
    memset(split, 0, sizeof(*split) * (size_t)g->n);
    for (int i = 0; i < g->n; i++) {
        if (g->cell[i].log_mass < limit)
            continue;
        split[i] = width(&g->cell[i]) > s->finest_s;
        for (int k = i - 1; k <= i + 1; k += 2) {
            if (k >= 0 && k < g->n && width(&g->cell[k]) >= 0.99 * width(&g->cell[i]))
                split[k] = width(&g->cell[k]) > s->finest_s;
        }
    }
    for (int i = 0; i < g->n; i++)
        n += split[i];
    return n;
}

static void refine(const struct search *s, struct grid *g, const bool *split, int n_split)
{
    struct cell *next = rs_xcalloc((size_t)(g->n + 3 * n_split), sizeof(*next));
    int n = 0;
    for (int i = 0; i < g->n; i++) {
        if (!split[i]) {
            next[n++] = g->cell[i];
            continue;
        }
        double from = g->cell[i].from_s, quarter = 0.25 * width(&g->cell[i]);
        for (int k = 0; k < 4; k++) {
            double until = k == 3 ? g->cell[i].until_s : from + quarter * (k + 1);
            next[n++] = measured(s, g, from + quarter * k, until);
        }
    }
    free(g->cell);
    g->cell = next;
    g->n = n;
}

/* Cells until none of them is too heavy, in every grid. */
static void refine_all(struct search *s)
{
    sum_up(s);
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < s->n_grid; i++) {
            struct grid *g = &s->grid[i];
            bool *split = rs_xcalloc((size_t)g->n, sizeof(*split));
            int n = mark_heavy(s, g, split);
            if (n > 0 && g->n + 3 * n <= MOST_CELLS) {
                refine(s, g, split, n);
                more = true;
            }
            free(split);
        }
        sum_up(s);
    }
}

/* A grid for ramps of these lengths, or for the step; a long ramp needs no cells finer than itself to be found. */
static struct grid made_grid(const struct search *s, double from_ln, double until_ln)
{
    struct grid g = {.from_ln = from_ln, .until_ln = until_ln, .n = FIRST_CELLS};
    if (until_ln > from_ln) {
        g.ramp_s = exp(0.5 * (from_ln + until_ln));
        g.log_prior =
            log(odds_of_a_ramp / (1.0 + odds_of_a_ramp) * (until_ln - from_ln) / s->ln_span);
        g.n = (int)fmin(fmax(4.0 * s->w->span_s / g.ramp_s, 16.0), FIRST_CELLS);
    } else if (s->ln_span > 0.0) {
        g.log_prior = -log1p(odds_of_a_ramp);
    }
    g.cell = rs_xcalloc((size_t)g.n, sizeof(*g.cell));
    double step = s->w->span_s / g.n;
    for (int k = 0; k < g.n; k++)
        g.cell[k] = measured(s, &g, step * k, k == g.n - 1 ? s->w->span_s : step * (k + 1));
    return g;
}

/* Tells lengths of ramps apart where much of the odds lies on one grid. Returns whether there was any. */
static bool split_ramps(struct search *s)
{
    bool any = false;
    for (int i = s->n_grid; i-- > 1;) {
        struct grid *g = &s->grid[i];
        double from = g->from_ln, third = (g->until_ln - from) / 3.0;
        if (g->log_total < s->log_total + log(heavy_ramp) || third < finest_ramp ||
            s->n_grid + 2 > MOST_GRIDS)
            continue;
        free(g->cell);
        *g = made_grid(s, from + third, from + 2.0 * third);
        s->grid[s->n_grid++] = made_grid(s, from, from + third);
        s->grid[s->n_grid++] = made_grid(s, from + 2.0 * third, from + 3.0 * third);
        any = true;
    }
    return any;
}

static void clear(struct search *s)
{
    for (int i = 0; i < s->n_grid; i++) {
        free(s->grid[i].cell);
        s->grid[i].cell = NULL;
    }
}

/* A step, and ramps from two intervals up to half of the window. */
static void
search_in(struct search *s, const struct post_window *w, const struct retro_change_options *opt)
{
    *s = (struct search){.w = w, .direction = opt->direction};
    s->finest_s = fmax(fmax(w->spacing_s, w->longest_s / 8.0) / 8.0, w->span_s * 1e-6);
    double shortest = log(2.0 * fmax(w->spacing_s, w->longest_s)), longest = log(0.5 * w->span_s);
    int n_ramp = opt->ramps && longest > shortest ? FIRST_RAMPS : 0;
    s->ln_span = n_ramp ? longest - shortest : 0.0;
    s->grid[s->n_grid++] = made_grid(s, 0.0, 0.0);
    for (int i = 0; i < n_ramp; i++) {
        double step = s->ln_span / n_ramp;
        s->grid[s->n_grid++] = made_grid(s, shortest + step * i, shortest + step * (i + 1));
    }
    do {
        refine_all(s);
    } while (split_ramps(s));
}

/* ---- what is told of it ---- */

static double share_before(const struct search *s, double t_s)
{
    double sum = 0.0;
    for (int i = 0; i < s->n_grid; i++) {
        for (int k = 0; k < s->grid[i].n; k++) {
            const struct cell *c = &s->grid[i].cell[k];
            if (c->from_s >= t_s)
                break;
            double part = t_s >= c->until_s ? 1.0 : (t_s - c->from_s) / width(c);
            sum += part * exp(c->log_mass - s->log_total);
        }
    }
    return sum;
}

static double quantile(const struct search *s, double q)
{
    double low = 0.0, high = s->w->span_s;
    for (int i = 0; i < 50; i++) {
        double mid = 0.5 * (low + high);
        if (share_before(s, mid) < q)
            low = mid;
        else
            high = mid;
    }
    return 0.5 * (low + high);
}

static double likeliest_ramp(const struct search *s)
{
    double best = -INFINITY, ramp_s = 0.0;
    for (int i = 0; i < s->n_grid; i++) {
        if (s->grid[i].log_total > best) {
            best = s->grid[i].log_total;
            ramp_s = s->grid[i].ramp_s;
        }
    }
    return ramp_s;
}

/* The likeliest instant with that ramp. */
static double top(const struct search *s, double ramp_s)
{
    double best = -INFINITY, at_s = 0.0;
    for (int i = 0; i < s->n_grid; i++) {
        for (int k = 0; s->grid[i].ramp_s == ramp_s && k < s->grid[i].n; k++) {
            const struct cell *c = &s->grid[i].cell[k];
            double density = c->log_mass - log(width(c));
            if (density > best) {
                best = density;
                at_s = 0.5 * (c->from_s + c->until_s);
            }
        }
    }
    return at_s;
}

/* The q-quantile of Beta(k + 1/2, n - k + 1/2), by bisection in the logit: GSL's inverse does not always converge. */
static double beta_quantile(double n, double k, double q)
{
    double low = -40.0, high = 40.0;
    for (int i = 0; i < 80; i++) {
        double mid = 0.5 * (low + high), x = 1.0 / (1.0 + exp(-mid)), y = 1.0 / (1.0 + exp(mid));
        if (rs_beta_tails(k + 0.5, fmax(n - k, 0.0) + 0.5, x, y).lower < q)
            low = mid;
        else
            high = mid;
    }
    return 1.0 / (1.0 + exp(-0.5 * (low + high)));
}

/* The same of a rate: gamma of shape k + 1/2 over n seconds. */
static double gamma_quantile(double n, double k, double q)
{
    double low = -60.0, high = log(k + 50.0) + 2.0;
    for (int i = 0; i < 80; i++) {
        double mid = 0.5 * (low + high);
        if (gsl_cdf_gamma_P(exp(mid), k + 0.5, 1.0) < q)
            low = mid;
        else
            high = mid;
    }
    return exp(0.5 * (low + high)) / fmax(n, 1e-9);
}

struct level {
    double best, low, high;
};

/* Variance of a level over the posterior of the instant and the ramp, on its scale. */
static double spread_of(const struct search *s, bool after)
{
    double sum = 0.0, squares = 0.0, all = 0.0;
    for (int i = 0; i < s->n_grid; i++) {
        for (int k = 0; k < s->grid[i].n; k++) {
            const struct cell *c = &s->grid[i].cell[k];
            double p = exp(c->log_mass - s->log_total), x = after ? c->b : c->a;
            if (p > 0.0 && isfinite(x)) {
                all += p;
                sum += p * x;
                squares += p * x * x;
            }
        }
    }
    return all > 0.0 ? fmax(squares / all - sum / all * (sum / all), 0.0) : 0.0;
}

/* As if the instant were known. */
static struct level
level_there(const struct post_window *w, const struct post_levels *l, bool after, double confidence)
{
    double tail = 0.5 * (1.0 - confidence);
    double n = after ? l->n_b : l->n_a, k = after ? l->k_b : l->k_a;
    if (w->kind == RS_SIGNAL_VALUE) {
        double x = after ? l->b : l->a, sd = after ? l->sd_b : l->sd_a;
        double t = sd * gsl_cdf_tdist_Pinv(1.0 - tail, l->freedom);
        return (struct level){x, x - t, x + t};
    }
    double best = n > 0.0 ? k / n : 0.0;
    bool none = k < 0.5, all = n - k < 0.5; /* then the level may be 0, or 1 */
    n *= w->weight;
    k *= w->weight;
    if (w->kind == RS_SIGNAL_RATIO)
        return (struct level){best, none ? 0.0 : beta_quantile(n, k, tail),
                              all ? 1.0 : beta_quantile(n, k, 1.0 - tail)};
    return (struct level){best, none ? 0.0 : gamma_quantile(n, k, tail),
                          gamma_quantile(n, k, 1.0 - tail)};
}

/* And wider by what is not known of the instant. */
static struct level
level_told(const struct search *s, const struct post_levels *l, bool after, double confidence)
{
    enum retro_signal_kind kind = s->w->kind;
    struct level there = level_there(s->w, l, after, confidence);
    double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * confidence), more = z * z * spread_of(s, after);
    double mid = scaled(kind, there.best), low = scaled(kind, there.low),
           high = scaled(kind, there.high);
    if (!isfinite(mid)) /* no event at all, or nothing but */
        mid = mid < 0.0 ? fmin(high, 0.0) - 1.0 : fmax(low, 0.0) + 1.0;
    there.low = unscaled(kind, mid - sqrt((mid - low) * (mid - low) + more));
    there.high = unscaled(kind, mid + sqrt((high - mid) * (high - mid) + more));
    double off = kind == RS_SIGNAL_VALUE ? s->w->mean : 0.0;
    return (struct level){there.best + off, fmin(there.low, there.best) + off,
                          fmax(there.high, there.best) + off};
}

static int64_t instant(int64_t from_ns, double s)
{
    return from_ns + (int64_t)llround(s * 1e9);
}

bool rs_post_change(struct retro_change *out,
                    const struct retro_signal *s,
                    int64_t from_ns,
                    int64_t until_ns,
                    const struct post_noise *noise,
                    const struct retro_change_options *opt)
{
    *out = (struct retro_change){.signal = -1, .log10_odds = -INFINITY, .weight = 1.0};
    struct post_window *w = rs_post_window_new(s, from_ns, until_ns, noise);
    if (!w)
        return false;
    struct search search;
    struct post_at at;
    struct post_levels l;
    for (bool weighed = false;; weighed = true) {
        search_in(&search, w, opt);
        at.ramp_s = likeliest_ramp(&search);
        at.at_s = top(&search, at.ramp_s);
        l = rs_post_levels(w, at, opt->direction);
        double worth = weighed || noise->whole ? w->weight : rs_post_worth(w, at, &l);
        if (worth >= w->weight)
            break;
        clear(&search);
        rs_post_window_weigh(w, worth);
    }
    double tail = 0.5 * (1.0 - opt->confidence);
    out->lo_ns = instant(from_ns, quantile(&search, tail));
    out->best_ns = instant(from_ns, quantile(&search, 0.5));
    out->hi_ns = instant(from_ns, quantile(&search, 1.0 - tail));
    out->ramp_s = at.ramp_s;
    out->log10_odds = search.log_total / M_LN10;
    out->weight = w->weight;
    struct level a = level_told(&search, &l, false, opt->confidence);
    struct level b = level_told(&search, &l, true, opt->confidence);
    out->before = a.best;
    out->before_lo = a.low;
    out->before_hi = a.high;
    out->after = b.best;
    out->after_lo = b.low;
    out->after_hi = b.high;
    double least = opt->min_log10_odds > 0.0 ? opt->min_log10_odds : 2.0;
    out->found = out->log10_odds >= least;
    clear(&search);
    rs_post_window_free(w);
    return out->found;
}

bool rs_retro_change_at(struct retro_change *out,
                        const struct retro_signal *s,
                        int64_t from_ns,
                        int64_t until_ns,
                        const struct retro_change_options *opt)
{
    struct post_noise noise = rs_post_noise_of(s);
    return rs_post_change(out, s, from_ns, until_ns, &noise, opt);
}
