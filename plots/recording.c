/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recording.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "frame.h"
#include "sim/arena.h"

enum { PANEL_GAP = 26, CAPTION = 26, BELOW = 150, RIGHT_BARE = 50 };

static const enum colour colours[RS_RECORDING_LINES] = {RS_COLOUR_BLUE, RS_COLOUR_ORANGE,
                                                        RS_COLOUR_GREEN, RS_COLOUR_PURPLE};

static double panel_height(int n)
{
    return n <= 1 ? 460 : n <= 3 ? 250 : 170;
}

/* Lowest (above 0 for LOG) and highest value of all lines. False: there is none. */
static bool find_range(const struct recording_panel *p, double *lo, double *hi)
{
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int k = 0; k < p->n_line; k++) {
        for (int i = 0; i < p->line[k].n; i++) {
            double y = p->line[k].y[i];
            if (isfinite(y) && (p->scale != RS_RECORDING_LOG || y > 0)) {
                *lo = fmin(*lo, y);
                *hi = fmax(*hi, y);
            }
        }
    }
    return *hi >= *lo;
}

static struct axis y_axis(const struct recording_panel *p, bool *has_value)
{
    double lo = 0, hi = 1;
    *has_value = find_range(p, &lo, &hi);
    if (!*has_value) {
        lo = p->scale == RS_RECORDING_LOG ? 0.1 : 0;
        hi = 1;
    }
    switch (p->scale) {
    case RS_RECORDING_SHARE: return (struct axis){RS_SCALE_ROOT, 0, fmin(1, fmax(0.01, 1.1 * hi))};
    case RS_RECORDING_LOG: return (struct axis){RS_SCALE_LOG, lo / 1.3, fmax(hi * 1.3, lo * 3)};
    case RS_RECORDING_LINEAR: break;
    }
    double low = fmin(lo, 0), room = fmax(hi, 0) - low;
    room = room > 0 ? room : 1;
    return (struct axis){RS_SCALE_LINEAR, low < 0 ? low - 0.05 * room : 0,
                         fmax(hi, 0) + 0.08 * room};
}

static struct ticks y_ticks(const struct recording_panel *p, const struct panel *at)
{
    int n = (int)(at->box.h / 45);
    switch (p->scale) {
    case RS_RECORDING_SHARE: return rs_ticks_ratio(at->y, at->box.h);
    case RS_RECORDING_LOG: return rs_ticks_log(at->y, n);
    case RS_RECORDING_LINEAR: break;
    }
    return rs_ticks_linear(at->y.lo, at->y.hi, n, 1, "");
}

/* The last value of the line, for its label; NaN if it has none. */
static double last_value(const struct recording_line *line)
{
    double y = NAN;
    for (int i = 0; i < line->n; i++) {
        y = isfinite(line->y[i]) ? line->y[i] : y;
    }
    return y;
}

static void draw_labels(const struct panel *at, const struct recording_panel *p)
{
    struct side_label label[RS_RECORDING_LINES];
    int n = 0;
    for (int k = 0; k < p->n_line; k++) {
        double y = last_value(&p->line[k]);
        if (p->line[k].label && isfinite(y)) {
            label[n] = (struct side_label){rs_panel_y(at, y), colours[k], RS_DASH_SOLID, ""};
            snprintf(label[n].text, sizeof label[n].text, "%s", p->line[k].label);
            n++;
        }
    }
    rs_panel_side_labels(at, n, label, RS_PAGE_RIGHT - 10);
}

static void draw_panel(const struct panel *frame,
                       const struct recording_panel *p,
                       const struct ticks *x,
                       bool last)
{
    struct panel at = *frame;
    bool has_value = false;
    at.y = y_axis(p, &has_value);
    struct ticks y = y_ticks(p, &at);
    for (int i = 0; i < p->n_shade; i++) {
        double from = rs_panel_x(&at, fmax(at.x.lo, p->shade[i].from_s));
        double to = rs_panel_x(&at, fmin(at.x.hi, p->shade[i].to_s));
        /* A gap that is too short for the page is still to be seen. */
        rs_canvas_rect(at.c, (struct rect){from, at.box.y, fmax(to - from, 1.5), at.box.h},
                       RS_COLOUR_VERMILLION, 0.18);
    }
    rs_panel_frame(&at, x, last, &y);
    rs_panel_y_title(&at, p->title);
    for (int k = 0; k < p->n_line; k++) {
        const struct recording_line *line = &p->line[k];
        rs_panel_line(&at, line->n, line->t_s, 0, line->y, colours[k], line->n > 400 ? 1.5 : 2.5);
    }
    for (int i = 0; i < p->n_mark; i++) {
        rs_panel_upright(&at, p->mark_s[i], RS_COLOUR_VERMILLION, 2, RS_DASH_DOTTED);
    }
    if (!has_value) {
        rs_panel_say(&at, "no value was recorded");
    }
    draw_labels(&at, p);
}

static void draw_key(struct canvas *c, double y, const struct recording_picture *r)
{
    struct key_item item[2];
    int n = 0;
    bool marked = false, shaded = false;
    for (int i = 0; i < r->n_panel; i++) {
        shaded = shaded || r->panel[i].n_shade > 0;
        marked = marked || r->panel[i].n_mark > 0;
    }
    if (shaded) {
        item[n++] = (struct key_item){RS_COLOUR_VERMILLION, 0.18, RS_DASH_SOLID, r->shade_words};
    }
    if (marked) {
        item[n++] = (struct key_item){RS_COLOUR_VERMILLION, 1, RS_DASH_DOTTED, r->mark_words};
    }
    rs_key_draw(c, RS_PAGE_LEFT, y, n, item);
}

/* Is there anything to be said beside the panels, above them? */
static bool has_labels(const struct recording_picture *r)
{
    bool any = false;
    for (int i = 0; i < r->n_panel; i++) {
        for (int k = 0; k < r->panel[i].n_line; k++) {
            any = any || r->panel[i].line[k].label;
        }
    }
    return any;
}

static bool has_captions(const struct recording_picture *r)
{
    bool any = false;
    for (int i = 0; i < r->n_panel; i++) {
        any = any || r->panel[i].caption;
    }
    return any;
}

static void draw_caption(const struct panel *at, const char *caption)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    char fitted[512];
    if (caption) {
        rs_text_fit(fitted, sizeof fitted, caption, &style, at->box.w);
        rs_canvas_text(at->c, at->box.x, at->box.y - 16, fitted, &style);
    }
}

void rs_recording_draw(struct canvas *c, const struct recording_picture *r)
{
    double height = panel_height(r->n_panel);
    double step = height + PANEL_GAP + (has_captions(r) ? CAPTION : 0);
    double all = r->n_panel * step - PANEL_GAP;
    double right = has_labels(r) ? RS_PAGE_RIGHT : RIGHT_BARE;
    const char *unit = "";
    char x_title[256];
    rs_page_open(c, RS_PAGE_TOP + all + BELOW, r->title, r->subtitle, r->footer);
    struct panel at = {
        .c = c,
        .box = {RS_PAGE_LEFT, RS_PAGE_TOP, RS_PAGE_WIDTH - RS_PAGE_LEFT - right, height},
        .x = {RS_SCALE_LINEAR, 0, r->end_s}};
    bool days = r->end_s > 3 * 86400;
    struct ticks x = days ? rs_ticks_days(0, r->end_s, 12) : rs_ticks_time(0, r->end_s, 12, &unit);
    for (int i = 0; i < r->n_panel; i++) {
        at.box.y = RS_PAGE_TOP + i * step + (step - PANEL_GAP - height);
        draw_caption(&at, r->panel[i].caption);
        draw_panel(&at, &r->panel[i], &x, i == r->n_panel - 1);
    }
    if (days) {
        snprintf(x_title, sizeof x_title, "%s (d = days, h = hours)", r->x_title);
    } else {
        snprintf(x_title, sizeof x_title, "%s (%s)", r->x_title, unit);
    }
    rs_panel_x_title(&at, x_title);
    draw_key(c, RS_PAGE_TOP + all + 96, r);
}

int rs_plot_recording(const char *path,
                      const char *format,
                      const struct recording_picture *picture,
                      struct err *err)
{
    struct canvas *c = NULL;
    if (rs_canvas_new(&c, path, format, err)) {
        return -1;
    }
    rs_recording_draw(c, picture);
    int status = rs_canvas_finish(c, picture->title, err);
    rs_canvas_free(c);
    return status;
}
