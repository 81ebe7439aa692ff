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

enum { FIRST_CELLS = 128, MOST_CELLS = 20000, RAMPS = 10 };
static const double heavy = 2e-3;         /* of all: a cell that holds more is made finer */
static const double odds_of_a_ramp = 1.0; /* as likely as a step, beforehand */

struct cell {
    double from_s, until_s, log_mass;
};

struct grid { /* one length of the ramp */
    double ramp_s, log_prior;
    struct cell *cell;
    int n;
};

struct search {
    const struct post_window *w;
    enum retro_direction direction;
    double finest_s;
    int n_grid;
    struct grid grid[RAMPS + 1];
    double log_total; /* odds of a change in the window, all in all */
};

static double log_add(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);
    return isinf(low) ? high : high + log1p(exp(low - high));
}

static struct cell
measured(const struct search *s, const struct grid *g, double from_s, double until_s)
{
    struct post_at at = {0.5 * (from_s + until_s), g->ramp_s};
    struct post_levels l = rs_post_levels(s->w, at, s->direction);
    double log_width = log((until_s - from_s) / s->w->span_s);
    return (struct cell){from_s, until_s, l.log_odds + log_width + g->log_prior};
}

static void sum_up(struct search *s)
{
    s->log_total = -INFINITY;
    for (int i = 0; i < s->n_grid; i++) {
        for (int k = 0; k < s->grid[i].n; k++)
            s->log_total = log_add(s->log_total, s->grid[i].cell[k].log_mass);
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
    double limit = s->log_total + log(heavy);
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

static void search_at(struct search *s)
{
    for (int i = 0; i < s->n_grid; i++) {
        struct grid *g = &s->grid[i];
        g->n = FIRST_CELLS;
        g->cell = rs_xcalloc((size_t)g->n, sizeof(*g->cell));
        double step = s->w->span_s / g->n;
        for (int k = 0; k < g->n; k++)
            g->cell[k] = measured(s, g, step * k, k == g->n - 1 ? s->w->span_s : step * (k + 1));
    }
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

static void clear(struct search *s)
{
    for (int i = 0; i < s->n_grid; i++) {
        free(s->grid[i].cell);
        s->grid[i].cell = NULL;
    }
}

/* A step, and ramps from two intervals up to half of the window. */
static void
begin(struct search *s, const struct post_window *w, const struct retro_change_options *opt)
{
    *s = (struct search){.w = w, .direction = opt->direction, .n_grid = 1};
    s->finest_s = fmax(fmax(w->spacing_s, w->longest_s / 8.0) / 8.0, w->span_s * 1e-6);
    double shortest = 2.0 * fmax(w->spacing_s, w->longest_s), longest = 0.5 * w->span_s;
    if (!opt->ramps || !(longest > shortest))
        return;
    s->grid[0].log_prior = -log1p(odds_of_a_ramp);
    for (int i = 0; i < RAMPS; i++) {
        struct grid *g = &s->grid[s->n_grid++];
        g->ramp_s = shortest * pow(longest / shortest, (i + 0.5) / RAMPS);
        g->log_prior = log(odds_of_a_ramp / (1.0 + odds_of_a_ramp) / RAMPS);
    }
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
        double sum = -INFINITY;
        for (int k = 0; k < s->grid[i].n; k++)
            sum = log_add(sum, s->grid[i].cell[k].log_mass);
        if (sum > best) {
            best = sum;
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

static struct level
level_between(const struct post_window *w, double n, double k, double confidence)
{
    double tail = 0.5 * (1.0 - confidence), to = w->weight;
    if (w->kind == RS_SIGNAL_RATIO) {
        return (struct level){n > 0.0 ? k / n : NAN, beta_quantile(to * n, to * k, tail),
                              beta_quantile(to * n, to * k, 1.0 - tail)};
    }
    return (struct level){n > 0.0 ? k / n : NAN, gamma_quantile(to * n, to * k, tail),
                          gamma_quantile(to * n, to * k, 1.0 - tail)};
}

static struct level
level_around(const struct post_window *w, double x, double sd, double freedom, double confidence)
{
    double t = gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, freedom);
    return (struct level){w->mean + x, w->mean + x - t * sd, w->mean + x + t * sd};
}

static void tell_levels(struct retro_change *out,
                        const struct post_window *w,
                        const struct post_levels *l,
                        double confidence)
{
    struct level a, b;
    if (w->kind == RS_SIGNAL_VALUE) {
        a = level_around(w, l->a, l->sd_a, l->freedom, confidence);
        b = level_around(w, l->b, l->sd_b, l->freedom, confidence);
    } else {
        a = level_between(w, l->n_a, l->k_a, confidence);
        b = level_between(w, l->n_b, l->k_b, confidence);
    }
    out->before = a.best;
    out->before_lo = a.low;
    out->before_hi = a.high;
    out->after = b.best;
    out->after_lo = b.low;
    out->after_hi = b.high;
}

static int64_t instant(int64_t from_ns, double s)
{
    return from_ns + (int64_t)llround(s * 1e9);
}

bool rs_retro_change_at(struct retro_change *out,
                        const struct retro_signal *s,
                        int64_t from_ns,
                        int64_t until_ns,
                        const struct retro_change_options *opt)
{
    *out = (struct retro_change){.signal = -1, .log10_odds = -INFINITY};
    struct post_window *w = rs_post_window_new(s, from_ns, until_ns);
    if (!w)
        return false;
    struct search search;
    struct post_at at;
    struct post_levels l;
    for (bool weighed = false;; weighed = true) {
        begin(&search, w, opt);
        search_at(&search);
        at.ramp_s = likeliest_ramp(&search);
        at.at_s = top(&search, at.ramp_s);
        l = rs_post_levels(w, at, opt->direction);
        double worth = weighed ? 1.0 : rs_post_worth(w, at, &l);
        if (worth >= 1.0)
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
    tell_levels(out, w, &l, opt->confidence);
    double least = opt->min_log10_odds > 0.0 ? opt->min_log10_odds : 2.0;
    out->found = out->log10_odds >= least;
    clear(&search);
    rs_post_window_free(w);
    return out->found;
}
