/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "pictures.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/stats.h"

enum { LEFT = 130, TOP = 212, CELL_GAP_X = 100, CELL_GAP_Y = 152, CELL_H = 290 };

/* Vertices of the staircase from the left edge: 2 * n_done + 2 points. half_width shifts it, cut at 0 and 1. */
static int
staircase(double *x, double *y, const struct durations *d, double lo, double hi, double shift)
{
    int n = 0;
    double level = fmin(1, fmax(0, shift));
    x[n] = lo;
    y[n++] = level;
    for (int i = 0; i < d->n_done; i++) {
        double at = fmin(hi, fmax(lo, d->s[i]));
        x[n] = at;
        y[n++] = level;
        level = fmin(1, fmax(0, (i + 1.0) / d->n + shift));
        x[n] = at;
        y[n++] = level;
    }
    x[n] = hi;
    y[n++] = level;
    return n;
}

static void
draw_curve(const struct panel *p, const struct durations *d, double half_width, enum colour colour)
{
    size_t cap = 2 * (size_t)d->n_done + 2;
    double *x = rs_xcalloc(cap, sizeof *x), *low = rs_xcalloc(cap, sizeof *low);
    double *high = rs_xcalloc(cap, sizeof *high), *mid = rs_xcalloc(cap, sizeof *mid);
    staircase(x, low, d, p->x.lo, p->x.hi, -half_width);
    staircase(x, high, d, p->x.lo, p->x.hi, half_width);
    int n = staircase(x, mid, d, p->x.lo, p->x.hi, 0);
    if (half_width > 0)
        rs_panel_band(p, n, x, low, high, colour, 0.25);
    rs_panel_line(p, n, x, 0, mid, colour, half_width > 0 ? 3 : 1);
    free(x);
    free(low);
    free(high);
    free(mid);
}

static int n_at_most(const struct durations *d, double s)
{
    int n = 0;
    while (n < d->n_done && d->s[n] <= s)
        n++;
    return n;
}

/* From the fastest to past the budget; at most 1 % of the completed ones may lie beyond. */
static struct axis time_axis(const struct durations *d, int n)
{
    double lo = 60, hi = 600;
    for (int i = 0; i < n; i++) {
        if (d[i].n_done == 0)
            continue;
        lo = fmin(lo, d[i].s[0]);
        hi = fmax(hi, 1.05 * d[i].s[(int)ceil(0.99 * d[i].n_done) - 1]);
        if (isfinite(d[i].sla_s))
            hi = fmax(hi, 2 * d[i].sla_s);
    }
    return (struct axis){RS_SCALE_LOG, fmax(1, lo / 1.2), hi};
}

/* What the curve cannot say: how many, within the budget, beyond the axis, never. */
static void draw_words(const struct panel *p,
                       const struct named *fault,
                       const struct durations *d,
                       const struct outcomes *o)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    const struct text_style body = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    char line[160], text[160], budget[32], more[48] = "";
    rs_text_fit(text, sizeof text, fault->name, &head, p->box.w);
    rs_canvas_text(p->c, p->box.x, p->box.y - 84, text, &head);
    if (isfinite(d->sla_s) && d->n > 0) {
        rs_duration_format(budget, sizeof budget, rs_ns_from_s(d->sla_s));
        snprintf(line, sizeof line, "n = %d, %.3g %% within %s", d->n,
                 100.0 * n_at_most(d, d->sla_s) / d->n, budget);
    } else {
        snprintf(line, sizeof line, "n = %d", d->n);
    }
    rs_canvas_text(p->c, p->box.x, p->box.y - 60, line, &body);
    if (rs_never_began(line, sizeof line, o))
        return;
    int beyond = d->n_done - n_at_most(d, p->x.hi);
    if (beyond > 0)
        snprintf(more, sizeof more, ", %d later than the axis", beyond);
    int64_t n_never = o->n > d->n ? o->n - d->n : 0;
    snprintf(line, sizeof line, "%lld never rolled back%s", (long long)n_never, more);
    rs_text_fit(text, sizeof text, line, &body, p->box.w + 30);
    rs_canvas_text(p->c, p->box.x, p->box.y - 38, text, &body);
    int n_open = d->n - d->n_done;
    if (d->n_cut > 0 && d->n_cut == n_open)
        snprintf(line, sizeof line, "%d not completed when the run ended", n_open);
    else if (d->n_cut > 0)
        snprintf(line, sizeof line, "%d never completed; of %d the run ended", n_open, d->n_cut);
    else
        snprintf(line, sizeof line, "%d never completed", n_open);
    rs_text_fit(text, sizeof text, line, &body, p->box.w + 30);
    rs_canvas_text(p->c, p->box.x, p->box.y - 15, text, &body);
}

static void draw_cell(struct panel *p,
                      const struct record *r,
                      const struct durations *d,
                      const struct outcomes *o,
                      int which)
{
    struct ticks x = rs_ticks_duration_log(p->x, p->box.w);
    struct ticks y = rs_ticks_linear(0, 1, 5, 100, " %");
    rs_panel_frame(p, &x, true, &y);
    for (int i = 0; i < r->fault.n; i++) {
        if (i != which && d[i].n > 0 && d[which].n > 0)
            draw_curve(p, &d[i], 0, RS_COLOUR_FAINT);
    }
    draw_words(p, &r->fault.at[which], &d[which], &o[which]);
    if (isfinite(d[which].sla_s))
        rs_panel_upright(p, d[which].sla_s, RS_COLOUR_VERMILLION, 2.5, RS_DASH_DASHED);
    if (d[which].n == 0) {
        char text[96];
        bool began = !rs_never_began(text, sizeof text, &o[which]);
        rs_panel_say(p, began ? "never detected: no rollback to time" : text);
        return;
    }
    double half_width = rs_dkw_half_width((uint64_t)d[which].n, r->confidence);
    draw_curve(p, &d[which], half_width, RS_COLOUR_BLUE);
}

/* The promise, in words, from the budgets of the procedures. */
static void draw_key(struct canvas *c, const struct record *r, const struct durations *d, double y)
{
    double sla = NAN;
    bool same = true;
    for (int i = 0; i < r->fault.n; i++) {
        same = same && (isnan(sla) || isnan(d[i].sla_s) || d[i].sla_s == sla);
        sla = isfinite(d[i].sla_s) ? d[i].sla_s : sla;
    }
    char promise[64] = "promised time", band[96];
    if (same && isfinite(sla) && fmod(sla, 60) == 0)
        snprintf(promise, sizeof promise, "%g min promise", sla / 60);
    snprintf(band, sizeof band, "%g %% DKW band of the whole curve", 100 * r->confidence);
    const struct key_item item[] = {
        {RS_COLOUR_BLUE, 1, RS_DASH_SOLID, "this fault"},
        {RS_COLOUR_BLUE, 0.25, RS_DASH_SOLID, band},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, promise},
        {RS_COLOUR_FAINT, 1, RS_DASH_SOLID, "the other faults"},
    };
    rs_key_draw(c, LEFT, y, r->fault.n > 1 ? 4 : 3, item);
}

static void
draw(struct canvas *c, const struct record *r, const struct durations *d, const struct outcomes *o)
{
    int n = r->fault.n, columns = n < 3 ? (n > 0 ? n : 1) : 3, rows = (n + columns - 1) / columns;
    double w = (RS_PAGE_WIDTH - LEFT - 50 - CELL_GAP_X * (columns - 1)) / columns;
    double bottom = TOP + rows * (CELL_H + CELL_GAP_Y) - CELL_GAP_Y + (n ? 0 : CELL_H);
    rs_page_begin(c, r, bottom + 140, "How long a rollback takes, from detection to completion",
                  "first rollback of each replica; share that is done by then");
    struct panel p = {
        .c = c, .box = {LEFT, TOP, w, CELL_H}, .x = time_axis(d, n), .y = {RS_SCALE_LINEAR, 0, 1}};
    for (int i = 0; i < n; i++) {
        p.box.x = LEFT + (i % columns) * (w + CELL_GAP_X);
        p.box.y = TOP + (i / columns) * (CELL_H + CELL_GAP_Y);
        draw_cell(&p, r, d, o, i);
        if (i % columns == 0)
            rs_panel_y_title(&p, "rollbacks done (%)");
        if (i + columns >= n)
            rs_panel_x_title(&p, "time since detection (log scale)");
    }
    if (n == 0) {
        p.box.w = RS_PAGE_WIDTH - LEFT - 50;
        rs_panel_say(&p, "the scenario has no faults: there is no rollback to time");
    }
    draw_key(c, r, d, bottom + 92);
}

int rs_picture_ecdf(struct canvas *c, struct record *r, const struct named *fault, struct err *err)
{
    (void)fault;
    int n = r->fault.n, status = 0;
    struct durations *d = rs_xcalloc((size_t)n + 1, sizeof *d);
    struct outcomes *o = rs_xcalloc((size_t)n + 1, sizeof *o);
    for (int i = 0; status == 0 && i < n; i++) {
        status = rs_record_durations(r, &d[i], r->fault.at[i].id, err);
        if (status == 0)
            status = rs_record_outcomes(r, &o[i], r->fault.at[i].id, err);
    }
    if (status == 0)
        draw(c, r, d, o);
    free(o);
    for (int i = 0; i < n; i++)
        rs_durations_clear(&d[i]);
    free(d);
    return status;
}
