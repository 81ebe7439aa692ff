/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All changes of a signal: the cuts of its cheapest segmentation, each placed by its posterior between its neighbours. Of
 * those whose odds are too low the least likely is taken out, and its neighbours, who have more room then, are looked at again.
 * Two in a row that go the same way may be one: the intervals that it cuts, or a ramp, look like a level between. They stay two if
 * they tell their window so much better than one does.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "retro/posterior.h"
#include "retro/segment.h"
#include "sim/arena.h"

struct work {
    const struct retro_signal *signal;
    const struct post_noise *noise;
    struct retro_change_options opt; /* either way */
    double least;
    int n;
    struct retro_change *change;
    bool *dirty;
};

/*
 * A window ends where the neighbour's interval ends; before those are known, at its cut, and at its likeliest instant where both
 * intervals lie over each other.
 */
static int64_t begin_of(const struct work *w, int i)
{
    if (i == 0)
        return w->signal->point[0].lo_ns - 1; /* a value at an instant is in the window too */
    const struct retro_change *before = &w->change[i - 1];
    return before->hi_ns < w->change[i].lo_ns ? before->hi_ns : before->best_ns;
}

static int64_t end_of(const struct work *w, int i)
{
    if (i == w->n - 1)
        return w->signal->point[w->signal->n - 1].hi_ns;
    const struct retro_change *after = &w->change[i + 1];
    return after->lo_ns > w->change[i].hi_ns ? after->lo_ns : after->best_ns;
}

/* In the first round the cuts stay where they are, so that the order in which they are looked at does not matter. */
static void look(struct work *w, struct retro_change *out)
{
    for (int i = 0; i < w->n; i++) {
        if (!w->dirty[i])
            continue;
        w->dirty[i] = false;
        rs_post_change(&out[i], w->signal, begin_of(w, i), end_of(w, i), w->noise, &w->opt);
    }
}

static void take_out(struct work *w, struct retro_change *seen, int i)
{
    size_t after = (size_t)(w->n - i - 1);
    memmove(&w->change[i], &w->change[i + 1], sizeof(*w->change) * after);
    memmove(&seen[i], &seen[i + 1], sizeof(*seen) * after);
    memmove(&w->dirty[i], &w->dirty[i + 1], sizeof(*w->dirty) * after);
    w->n--;
    if (i > 0)
        w->dirty[i - 1] = true;
    if (i < w->n)
        w->dirty[i] = true;
}

/* Which has too low odds, the lowest; -1: none. */
static int unlikely(const struct work *w, const struct retro_change *seen)
{
    int worst = -1;
    for (int i = 0; i < w->n; i++) {
        if (seen[i].log10_odds < w->least &&
            (worst < 0 || seen[i].log10_odds < seen[worst].log10_odds))
            worst = i;
    }
    return worst;
}

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

/* By how much changes i and i + 1 tell their window better than one change does, less what a second one costs. */
static double worth_two(const struct work *w, const struct retro_change *seen, int i)
{
    int64_t from = begin_of(w, i), until = end_of(w, i + 1);
    struct retro_change one;
    struct post_window *window = rs_post_window_new(w->signal, from, until, w->noise);
    if (!window)
        return INFINITY;
    rs_post_change(&one, w->signal, from, until, w->noise, &w->opt);
    rs_post_window_weigh(window, one.weight);
    double cut[2] = {seconds(seen[i].best_ns - from), seconds(seen[i + 1].best_ns - from)};
    double two = rs_post_deviance_of_steps(window, cut, 2);
    struct post_at at = {seconds(one.best_ns - from), one.ramp_s};
    struct post_levels l = rs_post_levels(window, at, RS_EITHER_WAY);
    double alone = rs_post_deviance(window, at, &l);
    double cost = 2.0 * log((double)window->n_point) + 2.0 * M_LN10 * w->least;
    rs_post_window_free(window);
    return alone - two - cost;
}

/* Of two in a row that may be one, the one to take out: the one with the lower odds. -1: there are none. */
static int superfluous(const struct work *w, const struct retro_change *seen)
{
    int worst = -1;
    double least = 0.0;
    for (int i = 0; i + 1 < w->n; i++) {
        if ((seen[i].after > seen[i].before) != (seen[i + 1].after > seen[i + 1].before))
            continue;
        double worth = worth_two(w, seen, i);
        if (worth < least) {
            least = worth;
            worst = seen[i].log10_odds < seen[i + 1].log10_odds ? i : i + 1;
        }
    }
    return worst;
}

static void settle(struct work *w)
{
    struct retro_change *seen = rs_xcalloc((size_t)w->n + 1, sizeof(*seen));
    for (int i = 0; i < w->n; i++)
        w->dirty[i] = true;
    for (;;) {
        look(w, seen);
        int out = unlikely(w, seen);
        if (out < 0)
            out = superfluous(w, seen);
        if (out < 0)
            break;
        take_out(w, seen, out);
    }
    for (int i = 0; i < w->n; i++)
        w->change[i] = seen[i];
    free(seen);
}

static bool goes(const struct retro_change *c, enum retro_direction d)
{
    return d == RS_EITHER_WAY || (d == RS_UPWARDS ? c->after > c->before : c->after < c->before);
}

struct retro_change *
rs_retro_changes(const struct retro_signal *s, const struct retro_change_options *opt, int *out_n)
{
    struct segments cuts = rs_segments(s);
    *out_n = 0;
    struct work w = {.signal = s, .noise = &cuts.noise, .opt = *opt, .n = cuts.n_cut};
    w.opt.direction = RS_EITHER_WAY;
    w.least = opt->min_log10_odds > 0.0 ? opt->min_log10_odds : 2.0;
    w.change = rs_xcalloc((size_t)w.n + 1, sizeof(*w.change));
    w.dirty = rs_xcalloc((size_t)w.n + 1, sizeof(*w.dirty));
    for (int i = 0; i < w.n; i++)
        w.change[i] = (struct retro_change){
            .lo_ns = cuts.at_ns[i], .best_ns = cuts.at_ns[i], .hi_ns = cuts.at_ns[i]};
    settle(&w); /* between cuts */
    /* Between intervals, where no other change is left in a window: now its own residuals tell how they follow each other. */
    cuts.noise.whole = false;
    settle(&w);
    for (int i = 0; i < w.n; i++) {
        if (goes(&w.change[i], opt->direction))
            w.change[(*out_n)++] = w.change[i];
    }
    free(w.dirty);
    free(cuts.at_ns);
    if (*out_n == 0) {
        free(w.change);
        return NULL;
    }
    return w.change;
}
