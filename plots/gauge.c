/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gauge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"

/* The places of zero and never, in pixels across and upright; and the values from least to most that make an axis logarithmic. */
enum { PLACE_X = 72, PLACE_Y = 44, LOG_FROM = 25 };

/* ---- range ----------------------------------------------------------------------------------------------------------- */

struct gauge_range rs_gauge_range(void)
{
    return (struct gauge_range){.least = INFINITY, .most = -INFINITY};
}

void rs_gauge_see(struct gauge_range *r, double v)
{
    if (isnan(v))
        return;
    if (isinf(v)) {
        r->never = r->never || v > 0;
    } else if (v <= 0) {
        r->zero = true;
    } else {
        r->least = fmin(r->least, v);
        r->most = fmax(r->most, v);
    }
}

void rs_gauge_see_estimate(struct gauge_range *r, const struct estimate *e)
{
    if (!rs_search_told(e))
        return;
    rs_gauge_see(r, e->value);
    rs_gauge_see(r, e->high);
    /* The lower end may well be 0 or next to it: it is drawn as far as the axis goes. */
    if (e->low > e->value / LOG_FROM)
        rs_gauge_see(r, e->low);
}

/* ---- the axis -------------------------------------------------------------------------------------------------------- */

static enum gauge_unit unit_of(const struct search_objective *o)
{
    bool share = strcmp(o->stat, "miss") == 0 || strcmp(o->stat, "probability") == 0;
    return share && !*o->unit          ? RS_GAUGE_SHARE
           : strcmp(o->unit, "s") == 0 ? RS_GAUGE_TIME
                                       : RS_GAUGE_PLAIN;
}

static void set_title(struct gauge *g, const struct search_objective *o)
{
    const char *scale = g->axis.scale == RS_SCALE_LOG ? "log scale" : "", *unit = "";
    switch (g->unit) {
    case RS_GAUGE_SHARE: unit = "%"; break;
    case RS_GAUGE_TIME: break; /* its ticks have their units */
    case RS_GAUGE_PLAIN: unit = o->unit; break;
    }
    const char *comma = *unit && *scale ? ", " : "";
    if (*unit || *scale)
        snprintf(g->title, sizeof g->title, "%s (%s%s%s)", o->name, unit, comma, scale);
    else
        snprintf(g->title, sizeof g->title, "%s", o->name);
}

struct gauge rs_gauge_make(const struct search_objective *o, const struct gauge_range *r)
{
    struct gauge g = {.never = r->never, .unit = unit_of(o)};
    bool any = r->least <= r->most;
    double least = any ? r->least : 0.01, most = any ? r->most : 1;
    double full = g.unit == RS_GAUGE_SHARE ? 1 : INFINITY;
    if (any && most > LOG_FROM * least) {
        g.axis = (struct axis){RS_SCALE_LOG, least / 1.3, fmin(most * 1.3, fmax(full, most))};
        g.zero = r->zero;
    } else if (!r->zero && least > 0.6 * most) { /* far from zero: what differs is seen */
        double room = fmax(most - least, most * 0.02);
        g.axis = (struct axis){RS_SCALE_LINEAR, fmax(0, least - 0.3 * room),
                               fmin(most + 0.3 * room, fmax(full, most * 1.001))};
    } else {
        g.axis = (struct axis){RS_SCALE_LINEAR, 0, fmin(most * 1.08, fmax(full, most))};
    }
    set_title(&g, o);
    return g;
}

/* A value between the places at the ends, from..to pixels; `place` of them for each. */
static double along(const struct gauge *g, double from, double to, double place, double v)
{
    if (isnan(v))
        return NAN;
    double sign = to > from ? 1 : -1;
    double first = from + (g->zero ? sign * place : 0), last = to - (g->never ? sign * place : 0);
    if (isinf(v) && v > 0)
        return g->never ? to - sign * place / 2 : to;
    if (g->axis.scale == RS_SCALE_LOG && v <= 0)
        return g->zero ? from + sign * place / 2 : from;
    struct panel p = {.box = {0, 0, 1, 1}, .x = g->axis};
    return first + (last - first) * rs_panel_x(&p, v);
}

double rs_gauge_x(const struct gauge *g, const struct rect *box, double v)
{
    return along(g, box->x, box->x + box->w, PLACE_X, v);
}

double rs_gauge_y(const struct gauge *g, const struct rect *box, double v)
{
    return along(g, box->y + box->h, box->y, PLACE_Y, v);
}

/* ---- ticks ----------------------------------------------------------------------------------------------------------- */

char *rs_gauge_say(const struct gauge *g, char *buf, size_t n, double v)
{
    if (isinf(v)) {
        snprintf(buf, n, "never");
        return buf;
    }
    switch (g->unit) {
    case RS_GAUGE_SHARE: snprintf(buf, n, "%.3g %%", 100 * v); break;
    case RS_GAUGE_TIME: rs_duration_human(buf, n, rs_ns_from_s(v)); break;
    case RS_GAUGE_PLAIN: snprintf(buf, n, "%.4g", v); break;
    }
    return buf;
}

/* Per cent on a logarithmic axis: the ticks of 100 times the value. */
static struct ticks share_log(struct axis axis, int n_want)
{
    struct ticks t =
        rs_ticks_log((struct axis){RS_SCALE_LOG, 100 * axis.lo, 100 * axis.hi}, n_want);
    for (int i = 0; i < t.n; i++) {
        char number[16];
        snprintf(number, sizeof number, "%.15s", t.at[i].label);
        t.at[i].at /= 100;
        snprintf(t.at[i].label, sizeof t.at[i].label, "%s %%", number);
    }
    return t;
}

/* Round times of a linear axis with their unit, so that no title has to name it. */
static struct ticks time_linear(struct axis axis, int n_want)
{
    const char *unit;
    struct ticks t = rs_ticks_time(axis.lo, axis.hi, n_want, &unit);
    const char *brief = *unit == 's' ? "s" : *unit == 'm' ? "min" : "h";
    if (t.n < 2) { /* closer together than the round ones */
        double size = *unit == 's' ? 1 : *unit == 'm' ? 60 : 3600;
        t = rs_ticks_linear(axis.lo, axis.hi, n_want, 1 / size, "");
    }
    for (int i = 0; i < t.n; i++) {
        char number[16];
        snprintf(number, sizeof number, "%.15s", t.at[i].label);
        snprintf(t.at[i].label, sizeof t.at[i].label, "%s %s", number, brief);
    }
    return t;
}

static struct ticks ticks_of(const struct gauge *g, double room, double each)
{
    int n = (int)fmax(2, room / each);
    bool log = g->axis.scale == RS_SCALE_LOG;
    switch (g->unit) {
    case RS_GAUGE_SHARE:
        return log ? share_log(g->axis, n) : rs_ticks_linear(g->axis.lo, g->axis.hi, n, 100, " %");
    case RS_GAUGE_TIME: return log ? rs_ticks_duration_log(g->axis, room) : time_linear(g->axis, n);
    case RS_GAUGE_PLAIN: break;
    }
    return log ? rs_ticks_log(g->axis, n) : rs_ticks_linear(g->axis.lo, g->axis.hi, n, 1, "");
}

/* The places at the ends are set off by a dotted line and named as ticks are. */
static int places(const struct gauge *g, struct tick *out /* [2] */)
{
    int n = 0;
    if (g->zero) {
        out[n] = (struct tick){.at = 0};
        snprintf(out[n++].label, sizeof out->label, g->unit == RS_GAUGE_SHARE ? "0 %%" : "0");
    }
    if (g->never) {
        out[n] = (struct tick){.at = INFINITY};
        snprintf(out[n++].label, sizeof out->label, "never");
    }
    return n;
}

void rs_gauge_draw_x(const struct gauge *g, struct canvas *c, const struct rect *box, bool labels)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    struct tick place[2];
    int n = places(g, place);
    double room = box->w - n * PLACE_X, below = box->y + box->h + 18, free_from = box->x - 60;
    for (int i = 0; i < n; i++) {
        double at = rs_gauge_x(g, box, place[i].at);
        double edge = at + (i == 0 && g->zero ? PLACE_X : -PLACE_X) / 2.0;
        rs_canvas_line(c, edge, box->y, edge, box->y + box->h, RS_COLOUR_FAINT, 1.5,
                       RS_DASH_DOTTED);
        rs_canvas_line(c, at, box->y, at, box->y + box->h, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        if (labels)
            rs_canvas_text(c, at, below, place[i].label, &style);
        if (place[i].at == 0)
            free_from = at + rs_label_width(place[i].label, &style) / 2 + 8;
    }
    double never = g->never ? box->x + box->w - PLACE_X / 2.0 - 34 : box->x + box->w + 60;
    struct ticks t = ticks_of(g, room, 90);
    for (int i = 0; i < t.n; i++) {
        double at = rs_gauge_x(g, box, t.at[i].at);
        double half = rs_label_width(t.at[i].label, &style) / 2;
        rs_canvas_line(c, at, box->y, at, box->y + box->h, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        if (!labels || at - half < free_from || at + half > never)
            continue;
        rs_canvas_text(c, at, below, t.at[i].label, &style);
        free_from = at + half + 8;
    }
}

void rs_gauge_draw_y(const struct gauge *g, struct canvas *c, const struct rect *box, bool labels)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    struct tick place[2];
    int n = places(g, place);
    double room = box->h - n * PLACE_Y, lowest = INFINITY, highest = -INFINITY, gap = 22;
    for (int i = 0; i < n; i++) {
        double at = rs_gauge_y(g, box, place[i].at);
        double edge = at + (i == 0 && g->zero ? -PLACE_Y : PLACE_Y) / 2.0;
        rs_canvas_line(c, box->x, edge, box->x + box->w, edge, RS_COLOUR_FAINT, 1.5,
                       RS_DASH_DOTTED);
        rs_canvas_line(c, box->x, at, box->x + box->w, at, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        if (labels)
            rs_canvas_text(c, box->x - 8, at, place[i].label, &style);
        if (place[i].at == 0)
            lowest = at - gap;
        else
            highest = at + gap;
    }
    struct ticks t = ticks_of(g, room, 40);
    for (int i = 0; i < t.n; i++) {
        double at = rs_gauge_y(g, box, t.at[i].at);
        rs_canvas_line(c, box->x, at, box->x + box->w, at, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        if (!labels || at > lowest || at < highest)
            continue;
        rs_canvas_text(c, box->x - 8, at, t.at[i].label, &style);
        lowest = at - gap;
    }
}

void rs_gauge_frame(struct canvas *c, const struct rect *b)
{
    double x[5] = {b->x, b->x + b->w, b->x + b->w, b->x, b->x};
    double y[5] = {b->y, b->y, b->y + b->h, b->y + b->h, b->y};
    rs_canvas_clip(c, NULL);
    rs_canvas_polyline(c, 5, x, y, RS_COLOUR_MUTED, 1.2);
}
