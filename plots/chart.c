/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chart.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* 0..1 along the axis. */
static double along(struct axis a, double v)
{
    assert(a.lo < a.hi);
    double f = NAN;
    switch (a.scale) {
    case RS_SCALE_LINEAR: f = (v - a.lo) / (a.hi - a.lo); break;
    case RS_SCALE_LOG: f = isnan(v) ? NAN : v <= 0 ? 0 : log(v / a.lo) / log(a.hi / a.lo); break;
    case RS_SCALE_ROOT:
        f = sqrt(fmax(0, v) / a.hi);
        f = isnan(v) ? NAN : f;
        break;
    }
    return isnan(f) ? NAN : f < 0 ? 0 : f > 1 ? 1 : f;
}

double rs_panel_x(const struct panel *p, double v)
{
    return p->box.x + p->box.w * along(p->x, v);
}

double rs_panel_y(const struct panel *p, double v)
{
    return p->box.y + p->box.h * (1 - along(p->y, v));
}

void rs_panel_frame(const struct panel *p,
                    const struct ticks *x,
                    bool x_labels,
                    const struct ticks *y)
{
    struct rect b = p->box;
    const struct text_style below = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    const struct text_style left = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    rs_canvas_clip(p->c, NULL);
    for (int i = 0; x && i < x->n; i++) {
        double at = rs_panel_x(p, x->at[i].at);
        rs_canvas_line(p->c, at, b.y, at, b.y + b.h, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        if (x_labels)
            rs_canvas_text(p->c, at, b.y + b.h + 18, x->at[i].label, &below);
    }
    for (int i = 0; y && i < y->n; i++) {
        double at = rs_panel_y(p, y->at[i].at);
        rs_canvas_line(p->c, b.x, at, b.x + b.w, at, RS_COLOUR_GRID, 1, RS_DASH_SOLID);
        rs_canvas_text(p->c, b.x - 8, at, y->at[i].label, &left);
    }
    double fx[5] = {b.x, b.x + b.w, b.x + b.w, b.x, b.x};
    double fy[5] = {b.y, b.y, b.y + b.h, b.y + b.h, b.y};
    rs_canvas_polyline(p->c, 5, fx, fy, RS_COLOUR_MUTED, 1.2);
}

void rs_panel_x_title(const struct panel *p, const char *text)
{
    const struct text_style style = {
        .size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    rs_canvas_text(p->c, p->box.x + p->box.w / 2, p->box.y + p->box.h + 46, text, &style);
}

void rs_panel_y_title(const struct panel *p, const char *text)
{
    const struct text_style style = {
        .size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE, .upright = true};
    char line[160];
    rs_text_fit(line, sizeof line, text, &style, p->box.h);
    rs_canvas_text(p->c, p->box.x - 92, p->box.y + p->box.h / 2, line, &style);
}

void rs_panel_say(const struct panel *p, const char *text)
{
    const struct text_style style = {
        .size = RS_TEXT_BODY, .colour = RS_COLOUR_MUTED, .align = RS_ALIGN_CENTRE};
    char line[160];
    rs_text_fit(line, sizeof line, text, &style, p->box.w - 20);
    double w = rs_label_width(line, &style) + 16, h = style.size + 12;
    double x = p->box.x + p->box.w / 2, y = p->box.y + p->box.h / 2;
    rs_canvas_rect(p->c, (struct rect){x - w / 2, y - h / 2, w, h}, RS_COLOUR_PAPER, 0.9);
    rs_canvas_text(p->c, x, y, line, &style);
}

void rs_panel_band(const struct panel *p,
                   int n,
                   const double *x,
                   const double *lo,
                   const double *hi,
                   enum colour colour,
                   double alpha)
{
    double *px = rs_xcalloc(2 * (size_t)n + 1, sizeof *px);
    double *py = rs_xcalloc(2 * (size_t)n + 1, sizeof *py);
    int from = 0;
    for (int i = 0; i <= n; i++) {
        if (i < n && !isnan(lo[i]) && !isnan(hi[i]))
            continue;
        int m = i - from;
        for (int k = 0; k < m; k++) { /* forth along hi, back along lo */
            px[k] = px[2 * m - 1 - k] = rs_panel_x(p, x[from + k]);
            py[k] = rs_panel_y(p, hi[from + k]);
            py[2 * m - 1 - k] = rs_panel_y(p, lo[from + k]);
        }
        if (m >= 2)
            rs_canvas_fill(p->c, 2 * m, px, py, colour, alpha);
        from = i + 1;
    }
    free(px);
    free(py);
}

void rs_panel_line(const struct panel *p,
                   int n,
                   const double *x,
                   double x_shift,
                   const double *y,
                   enum colour colour,
                   double width)
{
    double *px = rs_xcalloc((size_t)n + 1, sizeof *px), *py = rs_xcalloc((size_t)n + 1, sizeof *py);
    for (int i = 0; i < n; i++) {
        double at = x[i] + x_shift;
        px[i] = rs_panel_x(p, at);
        /* Outside the axis there is no line, rather than one along the frame. */
        py[i] = at < p->x.lo || at > p->x.hi ? NAN : rs_panel_y(p, y[i]);
    }
    rs_canvas_clip(p->c, &p->box);
    rs_canvas_polyline(p->c, n, px, py, colour, width);
    rs_canvas_clip(p->c, NULL);
    free(px);
    free(py);
}

void rs_panel_level(const struct panel *p, double y, enum colour colour)
{
    double at = rs_panel_y(p, y);
    rs_canvas_line(p->c, p->box.x, at, p->box.x + p->box.w, at, colour, 2, RS_DASH_DASHED);
}

void rs_panel_upright(
    const struct panel *p, double x, enum colour colour, double width, enum dash dash)
{
    if (!(x >= p->x.lo && x <= p->x.hi))
        return;
    double at = rs_panel_x(p, x);
    rs_canvas_line(p->c, at, p->box.y, at, p->box.y + p->box.h, colour, width, dash);
}

void rs_spread(double *at, int n, double gap, double lo, double hi)
{
    /* A cluster that collides is centred on the mean of its wishes; clusters that then collide are joined. */
    double *sum = rs_xcalloc((size_t)n + 1, sizeof *sum);
    int *size = rs_xcalloc((size_t)n + 1, sizeof *size);
    int m = 0;
    for (int i = 0; i < n; i++) {
        sum[m] = at[i];
        size[m++] = 1;
        while (m > 1) {
            double left = sum[m - 2] / size[m - 2], right = sum[m - 1] / size[m - 1];
            if (right - left >= gap * (size[m - 2] + size[m - 1]) / 2.0)
                break;
            sum[m - 2] += sum[m - 1];
            size[m - 2] += size[m - 1];
            m--;
        }
    }
    int i = 0;
    for (int k = 0; k < m; k++) {
        double first = sum[k] / size[k] - gap * (size[k] - 1) / 2.0;
        for (int j = 0; j < size[k]; j++)
            at[i++] = first + gap * j;
    }
    free(sum);
    free(size);
    for (i = 0; i < n; i++)
        at[i] = fmax(at[i], lo + gap * i);
    for (i = n - 1; i >= 0; i--)
        at[i] = fmin(at[i], hi - gap * (n - 1 - i));
}

static int by_height(const void *a, const void *b)
{
    const struct side_label *x = a, *y = b;
    return x->y < y->y ? -1 : x->y > y->y ? 1 : strcmp(x->text, y->text);
}

void rs_panel_side_labels(const struct panel *p, int n, struct side_label *label, double width)
{
    double *at = rs_xcalloc((size_t)n + 1, sizeof *at);
    qsort(label, (size_t)n, sizeof *label, by_height);
    for (int i = 0; i < n; i++)
        at[i] = label[i].y;
    rs_spread(at, n, RS_TEXT_SMALL + 4, p->box.y - 4, p->box.y + p->box.h + 4);
    double edge = p->box.x + p->box.w;
    for (int i = 0; i < n; i++) {
        struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
        char text[128];
        rs_text_fit(text, sizeof text, label[i].text, &style, width - 44);
        rs_canvas_line(p->c, edge, label[i].y, edge + 14, at[i], label[i].colour, 2, RS_DASH_SOLID);
        rs_canvas_line(p->c, edge + 14, at[i], edge + 38, at[i], label[i].colour, 3, label[i].dash);
        rs_canvas_text(p->c, edge + 44, at[i], text, &style);
    }
    free(at);
}

void rs_key_draw(struct canvas *c, double x, double y, int n, const struct key_item *item)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    for (int i = 0; i < n; i++) {
        if (item[i].alpha < 1)
            rs_canvas_rect(c, (struct rect){x, y - 8, 34, 16}, item[i].colour, item[i].alpha);
        else
            rs_canvas_line(c, x, y, x + 34, y, item[i].colour, 3, item[i].dash);
        rs_canvas_text(c, x + 42, y, item[i].text, &style);
        x += 42 + rs_label_width(item[i].text, &style) + 28;
    }
}
