/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded signals on a panel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retro_page.h"
#include "sim/arena.h"
#include "verify/stats.h"

/* A step of the curve is at least so many pixels wide, where there is something to join. */
static const double narrow = 5;

/* ---- curves ---------------------------------------------------------------------------------------------------------- */

struct cell {
    double at, until, n, k, sum; /* sum: of the levels */
    double low, high;            /* of its one point */
    int n_point, n_value;
};

static void join(struct cell *c, const struct past_signal *s, int i)
{
    c->n += s->n_of[i];
    c->k += s->k_of[i];
    if (!isnan(s->level[i])) {
        c->sum += s->level[i];
        c->n_value++;
    }
    c->low = s->low[i];
    c->high = s->high[i];
    c->n_point++;
}

static double level_of(const struct cell *c, enum past_kind kind)
{
    if (kind != RS_PAST_VALUE && c->n_point > 1 && c->n > 0)
        return c->k / c->n;
    return c->n_value > 0 ? c->sum / c->n_value : NAN;
}

/* Of a point by itself the record has the interval; of joined ratios it is made the same way. */
static struct interval interval_of(const struct cell *c, enum past_kind kind)
{
    if (c->n_point == 1)
        return (struct interval){c->low, c->high};
    if (kind == RS_PAST_RATIO && c->n >= 1 && c->k >= 0 && c->k <= c->n)
        return rs_clopper_pearson((uint64_t)llround(c->k), (uint64_t)llround(c->n), 0.95);
    return (struct interval){NAN, NAN};
}

static void put(struct past_curve *out, double x, double level, struct interval of)
{
    out->x[out->n] = x;
    out->level[out->n] = level;
    out->low[out->n] = of.low;
    out->high[out->n++] = of.high;
}

static void end_cell(struct past_curve *out, const struct cell *c, const struct axis *x)
{
    double level = level_of(c, out->kind);
    struct interval of = interval_of(c, out->kind);
    if (c->n_point == 0)
        return;
    put(out, fmax(c->at, x->lo), level, of);
    put(out, fmin(c->until, x->hi), level, of);
    if (isnan(level))
        return;
    out->least = fmin(out->least, level);
    /* An interval is shown whole unless few observations make it far wider than any level. */
    out->most = fmax(out->most, isnan(of.high) ? level : fmin(of.high, 2 * level));
    if (level > 0)
        out->least_positive = fmin(out->least_positive, level);
}

/* Whether the point may have the level of the cell: twice its own interval is allowed, so that noise is joined and spikes stay. */
static bool is_like(const struct cell *c, const struct past_signal *s, int i)
{
    double level = level_of(c, s->kind), own = s->level[i];
    return level >= own - 2 * (own - s->low[i]) && level <= own + 2 * (s->high[i] - own);
}

/* What starts before the cell's end is another instance's; what follows a cell that is too narrow and is like it widens it. */
static bool takes(const struct panel *p, struct cell *c, const struct past_signal *s, int i)
{
    double at = s->at[i], near = 0.01 * (s->until[i] - at);
    if (c->n_point == 0)
        return false;
    if (at < c->until - near)
        return true;
    bool wide = rs_panel_x(p, c->until) - rs_panel_x(p, c->at) >= narrow;
    if (wide || at > c->until + near || !is_like(c, s, i))
        return false;
    c->until = s->until[i];
    return true;
}

struct past_curve rs_past_curve(const struct panel *p, const struct past_signal *s)
{
    struct past_curve out = {
        .kind = s->kind, .least = INFINITY, .most = -INFINITY, .least_positive = INFINITY};
    struct cell c = {0};
    size_t cap = 3 * (size_t)s->n + 3;
    out.x = rs_xcalloc(cap, sizeof *out.x);
    out.level = rs_xcalloc(cap, sizeof *out.level);
    out.low = rs_xcalloc(cap, sizeof *out.low);
    out.high = rs_xcalloc(cap, sizeof *out.high);
    for (int i = 0; i < s->n; i++) {
        double at = s->at[i], until = s->until[i];
        if (until < p->x.lo || at > p->x.hi)
            continue;
        if (!takes(p, &c, s, i)) {
            end_cell(&out, &c, &p->x);
            if (c.n_point > 0 && at > c.until + 0.01 * (until - at))
                put(&out, at, NAN, (struct interval){NAN, NAN});
            c = (struct cell){.at = at, .until = until};
        }
        join(&c, s, i);
    }
    end_cell(&out, &c, &p->x);
    return out;
}

void rs_past_curve_clear(struct past_curve *c)
{
    free(c->x);
    free(c->level);
    free(c->low);
    free(c->high);
    memset(c, 0, sizeof *c);
}

void rs_past_curve_draw(const struct panel *p,
                        const struct past_curve *c,
                        enum colour colour,
                        bool with_interval)
{
    if (with_interval)
        rs_panel_band(p, c->n, c->x, c->low, c->high, colour, 0.18);
    rs_panel_line(p, c->n, c->x, 0, c->level, colour, 2);
}

/* ---- axes ------------------------------------------------------------------------------------------------------------ */

/* Values that span decades get a logarithmic axis, unless one of them is not above 0. */
struct axis rs_past_y_axis(int n, const struct past_curve *c)
{
    double least = INFINITY, most = -INFINITY, least_positive = INFINITY;
    for (int i = 0; i < n; i++) {
        least = fmin(least, c[i].least);
        most = fmax(most, c[i].most);
        least_positive = fmin(least_positive, c[i].least_positive);
    }
    if (n > 0 && c[0].kind == RS_PAST_RATIO)
        return (struct axis){RS_SCALE_ROOT, 0, fmin(1, fmax(0.005, 1.15 * most))};
    if (!(least <= most) || (least == 0 && most == 0))
        return (struct axis){RS_SCALE_LINEAR, 0, 1};
    if (c[0].kind == RS_PAST_VALUE && least > 0 && most > 20 * least_positive)
        return (struct axis){RS_SCALE_LOG, least / 1.4, most * 1.4};
    double low = fmin(0, least), high = fmax(0, most), room = high - low;
    return (struct axis){RS_SCALE_LINEAR, low < 0 ? low - 0.06 * room : 0, high + 0.12 * room};
}

struct ticks rs_past_y_ticks(const struct panel *p)
{
    int n_want = (int)fmax(3, p->box.h / 40);
    if (p->y.scale == RS_SCALE_ROOT)
        return rs_ticks_ratio(p->y, p->box.h);
    return p->y.scale == RS_SCALE_LOG ? rs_ticks_log(p->y, n_want + 2)
                                      : rs_ticks_linear(p->y.lo, p->y.hi, n_want, 1, "");
}

void rs_past_y_title(const struct panel *p, const struct past_signal *s)
{
    const struct text_style style = {.size = RS_TEXT_BODY};
    const char *scale = p->y.scale == RS_SCALE_LOG    ? "log scale"
                        : p->y.scale == RS_SCALE_ROOT ? "root scale"
                                                      : "";
    const char *unit = s->kind == RS_PAST_RATIO ? "%" : *s->unit ? s->unit : "value";
    char title[96];
    snprintf(title, sizeof title, *scale ? "%s (%s)" : "%s", unit, scale);
    if (rs_label_width(title, &style) > p->box.h)
        snprintf(title, sizeof title, *scale ? "%s (%.*s)" : "%s", unit, (int)strcspn(scale, " "),
                 scale);
    rs_panel_y_title(p, title);
}
