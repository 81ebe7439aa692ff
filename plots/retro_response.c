/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times that a distribution was fitted to. A time is known within bounds, so what the sample's distribution function may be lies
 * between that of the upper and that of the lower ends; the band of Dvoretzky, Kiefer & Wolfowitz goes around both, and holds for the
 * true distribution whatever the times were within their bounds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "retro_page.h"
#include "sim/arena.h"
#include "verify/stats.h"

enum {
    FIT_LEFT = 130,
    TOP = 262,
    GAP_X = 110,
    GAP_Y = 236,
    CELL_H = 320,
    MAX_BARS = 60,
    MAX_CELL = 24
};

bool rs_past_has_response(const struct past *p)
{
    return p->n_fit > 0;
}

/* ---- the sample ------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* One end of all times, rising. */
static double *ends(const struct past_fit *f, bool high)
{
    double *v = rs_xcalloc((size_t)f->n_duration + 1, sizeof *v);
    for (int i = 0; i < f->n_duration; i++)
        v[i] = high ? f->duration[i].high : f->duration[i].low;
    qsort(v, (size_t)f->n_duration, sizeof *v, by_value);
    return v;
}

static double share_until(const double *v, int n, double x)
{
    int k = 0;
    while (k < n && v[k] <= x)
        k++;
    return (double)k / n;
}

struct past_bounds rs_past_bounds(const struct past_fit *f, const struct axis *axis, double wider)
{
    int m = f->n_duration, n_place = 0;
    double *low = ends(f, false), *high = ends(f, true);
    double *place = rs_xcalloc(2 * (size_t)m + 2, sizeof *place);
    struct past_bounds b = {0};
    size_t cap = 4 * (size_t)m + 6;
    b.x = rs_xcalloc(cap, sizeof *b.x);
    b.low = rs_xcalloc(cap, sizeof *b.low);
    b.high = rs_xcalloc(cap, sizeof *b.high);
    place[n_place++] = axis->lo;
    for (int i = 0; i < m; i++) {
        if (low[i] > axis->lo && low[i] < axis->hi)
            place[n_place++] = low[i];
        if (high[i] > axis->lo && high[i] < axis->hi)
            place[n_place++] = high[i];
    }
    qsort(place, (size_t)n_place, sizeof *place, by_value);
    for (int i = 0; i < n_place; i++) {
        const double end[2] = {place[i], i + 1 < n_place ? place[i + 1] : axis->hi};
        for (int k = 0; k < 2; k++) {
            b.x[b.n] = end[k];
            b.low[b.n] = fmax(0, share_until(high, m, place[i]) - wider);
            b.high[b.n++] = fmin(1, share_until(low, m, place[i]) + wider);
        }
    }
    free(low);
    free(high);
    free(place);
    return b;
}

void rs_past_bounds_clear(struct past_bounds *b)
{
    free(b->x);
    free(b->low);
    free(b->high);
    memset(b, 0, sizeof *b);
}

static void draw_bounds(const struct panel *p, const struct past_fit *f, double wider, double alpha)
{
    struct past_bounds b = rs_past_bounds(f, &p->x, wider);
    rs_panel_band(p, b.n, b.x, b.low, b.high, RS_COLOUR_SKY, alpha);
    if (wider == 0) {
        rs_panel_line(p, b.n, b.x, 0, b.low, RS_COLOUR_INK, 1.5);
        rs_panel_line(p, b.n, b.x, 0, b.high, RS_COLOUR_INK, 1.5);
    }
    rs_past_bounds_clear(&b);
}

/* Each time at the height of its rank, while they can be told apart: a bar from its lower to its upper end. */
static void draw_bars(const struct panel *p, const struct past_fit *f)
{
    for (int i = 0; i < f->n_duration && f->n_duration <= MAX_BARS; i++) {
        const struct past_band *d = &f->duration[i];
        double y = rs_panel_y(p, (i + 0.5) / f->n_duration);
        double x0 = rs_panel_x(p, d->low), x1 = rs_panel_x(p, fmin(d->high, p->x.hi));
        rs_canvas_line(p->c, x0, y, x1, y, RS_COLOUR_INK, 2,
                       isinf(d->high) ? RS_DASH_DOTTED : RS_DASH_SOLID);
        if (isinf(d->high)) {
            rs_canvas_line(p->c, x1 - 9, y - 5, x1, y, RS_COLOUR_INK, 2, RS_DASH_SOLID);
            rs_canvas_line(p->c, x1 - 9, y + 5, x1, y, RS_COLOUR_INK, 2, RS_DASH_SOLID);
        } else {
            rs_canvas_disc(p->c, rs_panel_x(p, d->best), y, 3.5, RS_COLOUR_INK);
        }
    }
}

/* ---- one fit --------------------------------------------------------------------------------------------------------- */

/* The times that were seen, and the middle 98 % of the curves. */
static struct axis time_axis(const struct past_fit *f)
{
    double lo = INFINITY, hi = 0, shortest = INFINITY;
    for (int i = 0; i < f->n_duration; i++) {
        const struct past_band *d = &f->duration[i];
        if (d->high > 0)
            shortest = fmin(shortest, isinf(d->high) ? fmax(d->low, 1) : d->high);
        if (d->low > 0)
            lo = fmin(lo, d->low);
        else if (d->best > 0)
            lo = fmin(lo, d->best / 2);
        hi = fmax(hi, isinf(d->high) ? d->low : d->high);
    }
    for (int i = 0; i < f->n_curve; i++) {
        const double y[2] = {f->fitted[i], f->assumed[i]};
        for (int k = 0; k < 2; k++) {
            if (y[k] >= 0.01 && y[k] <= 0.99 && f->x[i] > 0) {
                lo = fmin(lo, f->x[i]);
                hi = fmax(hi, f->x[i]);
            }
        }
    }
    /* Where all that is known is "less than a minute", a curve may go on to microseconds: two decades of it are enough. */
    lo = isfinite(shortest) ? fmax(lo, shortest / 100) : lo;
    lo = isfinite(lo) ? lo : 1;
    hi = fmax(hi, 3 * lo);
    return (struct axis){RS_SCALE_LOG, lo / 1.2, hi * 1.2};
}

/* The assumed curve is broken: told apart without its colour too. */
static void draw_curves(const struct panel *p, const struct past_fit *f)
{
    double *broken = rs_xcalloc((size_t)f->n_curve + 1, sizeof *broken);
    for (int i = 0; i < f->n_curve; i++)
        broken[i] = i / 3 % 2 ? NAN : f->assumed[i];
    rs_panel_line(p, f->n_curve, f->x, 0, broken, RS_COLOUR_VERMILLION, 4);
    rs_panel_line(p, f->n_curve, f->x, 0, f->fitted, RS_COLOUR_BLUE, 4);
    free(broken);
}

static void say_number(char *buf, size_t n, double v, const char *unit)
{
    if (strcmp(unit, "s") == 0 && v >= 0)
        rs_past_span(buf, n, v);
    else
        snprintf(buf, n, "%.3g%s%s", v, *unit ? " " : "", unit);
}

static void say_parameter(char *buf, size_t n, const struct past_parameter *x)
{
    char value[40], low[40], high[40], assumed[40], tail[64] = "";
    say_number(value, sizeof value, x->value, x->unit);
    say_number(low, sizeof low, x->low, x->unit);
    say_number(high, sizeof high, x->high, x->unit);
    say_number(assumed, sizeof assumed, x->assumed, x->unit);
    if (!isnan(x->assumed))
        snprintf(tail, sizeof tail, "; assumed %s", assumed);
    if (isnan(x->low) || isnan(x->high))
        snprintf(buf, n, "%s %s%s", x->name, value, tail);
    else
        snprintf(buf, n, "%s %s (%s to %s)%s", x->name, value, low, high, tail);
}

static int n_open(const struct past_fit *f)
{
    int n = 0;
    for (int i = 0; i < f->n_duration; i++)
        n += isinf(f->duration[i].high);
    return n;
}

static void put(const struct panel *p, double up, const char *text, const struct text_style *style)
{
    char fitted[256];
    rs_text_fit(fitted, sizeof fitted, text, style, p->box.w + 20);
    rs_canvas_text(p->c, p->box.x, p->box.y - up, fitted, style);
}

/* Five lines above the panel: name, how many, two parameters, how well it fits. */
static void draw_words(const struct panel *p, const struct past_fit *f)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    const struct text_style body = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    char line[320], open[64] = "";
    if (n_open(f) > 0)
        snprintf(open, sizeof open, ", of them %d not over when the evidence ends", n_open(f));
    put(p, 122, f->name, &head);
    snprintf(line, sizeof line, "n = %d%s", f->n_duration, open);
    put(p, 96, line, &body);
    if (*f->refused) {
        snprintf(line, sizeof line, "not fitted: %s", f->refused);
        put(p, 72, line, &body);
        return;
    }
    for (int i = 0; i < f->n_parameter && i < 2; i++) {
        say_parameter(line, sizeof line, &f->parameter[i]);
        put(p, i == 0 ? 72 : 48, line, &body);
    }
    if (!isnan(f->p_value))
        snprintf(line, sizeof line, "%s: p = %.2g, %s", *f->test ? f->test : "test", f->p_value,
                 f->fits ? "fits" : "does not fit");
    else
        snprintf(line, sizeof line, "how well it fits was not tested");
    put(p, 24, line, &body);
}

/* Wide enough that two places at least are labelled: one says nothing of a scale. */
static struct ticks time_ticks(struct panel *p)
{
    struct ticks x = rs_ticks_duration_log(p->x, p->box.w);
    for (int i = 0; i < 40 && x.n < 2; i++) {
        p->x.lo /= 1.3;
        p->x.hi *= 1.3;
        x = rs_ticks_duration_log(p->x, p->box.w);
    }
    return x;
}

static void draw_fit(struct panel *p, const struct past *past, const struct past_fit *f)
{
    p->x = time_axis(f);
    struct ticks x = time_ticks(p);
    struct ticks y = rs_ticks_linear(0, 1, 5, 100, " %");
    double half = rs_dkw_half_width((uint64_t)f->n_duration, past->r.confidence);
    draw_bounds(p, f, half, 0.3);
    draw_bounds(p, f, 0, 0.75);
    rs_panel_frame(p, &x, true, &y);
    draw_curves(p, f);
    draw_bars(p, f);
    draw_words(p, f);
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static bool any_assumed(const struct past *p)
{
    bool any = false;
    for (int i = 0; i < p->n_fit; i++) {
        for (int k = 0; k < p->fit[i].n_curve; k++)
            any = any || !isnan(p->fit[i].assumed[k]);
    }
    return any;
}

static void draw_key(struct canvas *c, const struct past *p, double y)
{
    char band[96];
    snprintf(band, sizeof band, "its %g %% DKW band", 100 * p->r.confidence);
    const struct key_item item[] = {
        {RS_COLOUR_BLUE, 1, RS_DASH_SOLID, "fitted"},
        {RS_COLOUR_SKY, 0.75, RS_DASH_SOLID, "what was seen, between the times' ends"},
        {RS_COLOUR_SKY, 0.3, RS_DASH_SOLID, band},
        {RS_COLOUR_INK, 1, RS_DASH_SOLID, "one time (dotted: not over)"},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, "assumed so far"},
    };
    rs_key_draw(c, 60, y, any_assumed(p) ? 5 : 4, item);
}

void rs_picture_retro_response(struct canvas *c,
                               const struct past *p,
                               const struct past_episode *episode)
{
    (void)episode;
    int n = p->n_fit < MAX_CELL ? p->n_fit : MAX_CELL;
    int columns = n < 2 ? 1 : 2, rows = n > 0 ? (n + columns - 1) / columns : 1;
    double w = (RS_PAGE_WIDTH - FIT_LEFT - 60 - GAP_X * (columns - 1)) / columns;
    double bottom = TOP + rows * (CELL_H + GAP_Y) - GAP_Y;
    char subtitle[96] = "share that is over by then";
    if (n < p->n_fit)
        snprintf(subtitle, sizeof subtitle, "share that is over by then; the first %d of %d", n,
                 p->n_fit);
    rs_past_page(c, p, bottom + 146, "How long things took, and what the model says", subtitle);
    struct panel at = {.c = c, .y = {RS_SCALE_LINEAR, 0, 1}};
    for (int i = 0; i < n; i++) {
        at.box = (struct rect){FIT_LEFT + (i % columns) * (w + GAP_X),
                               TOP + (i / columns) * (CELL_H + GAP_Y), w, CELL_H};
        draw_fit(&at, p, &p->fit[i]);
        if (i % columns == 0)
            rs_panel_y_title(&at, "share that is over (%)");
        if (i + columns >= n)
            rs_panel_x_title(&at, "time it took (log scale)");
    }
    if (n == 0) {
        at.box = (struct rect){FIT_LEFT, TOP, w, CELL_H};
        rs_panel_say(&at, "no distribution of times was fitted (rollsim retro --learn)");
        return;
    }
    draw_key(c, p, bottom + 96);
}
