/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One parameter moved at a time: a row of panels a parameter, a column an objective. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "gauge.h"
#include "pictures.h"
#include "search_page.h"
#include "sim/arena.h"

enum { MAX_SHOWN = 4, LEFT = 60, RIGHT = 40, TOP = 186, ROW = 326, PANEL = 176, GAP_X = 124 };

struct sheet {
    const struct search *s;
    struct canvas *c;
    int n; /* objectives shown */
    struct gauge gauge[MAX_SHOWN];
    bool around_chosen, around_today; /* there are steps of that kind */
};

struct cell { /* one panel; value */
    const struct sheet *sheet;
    int param, objective;
    struct rect box;
};

/* ---- where values stand ---------------------------------------------------------------------------------------------- */

static bool is_ordered(const struct search_param *p)
{
    for (int i = 0; i < p->n_value; i++) {
        if (!isfinite(p->value[i].number) ||
            (i > 0 && p->value[i].number <= p->value[i - 1].number))
            return false;
    }
    return p->n_value >= 2;
}

/*
 * Numbers stand where they belong, on a logarithmic scale where they span a lot; words, and numbers of which 0 is one of
 * many scales, stand side by side.
 */
static double place(const struct search_param *p, int value)
{
    double side_by_side = (value + 0.5) / p->n_value;
    if (!is_ordered(p))
        return side_by_side;
    double lo = p->value[0].number, hi = p->value[p->n_value - 1].number;
    double next = p->value[1].number, v = p->value[value].number, at;
    if (lo > 0 && hi > 12 * lo)
        at = log(v / lo) / log(hi / lo);
    else if (lo <= 0 && hi - lo > 40 * (next - lo))
        return side_by_side;
    else
        at = (v - lo) / (hi - lo);
    return 0.06 + 0.88 * at;
}

static double at_x(const struct cell *cell, int value)
{
    return cell->box.x + cell->box.w * place(&cell->sheet->s->param[cell->param], value);
}

/* ---- one panel ------------------------------------------------------------------------------------------------------- */

static void draw_upright(const struct cell *cell, int value, enum colour colour, enum dash dash)
{
    if (value < 0)
        return;
    double x = at_x(cell, value);
    rs_canvas_line(cell->sheet->c, x, cell->box.y, x, cell->box.y + cell->box.h, colour, 2.5, dash);
}

static void draw_estimate(
    const struct cell *cell, const struct estimate *e, double x, enum colour colour, double radius)
{
    struct canvas *c = cell->sheet->c;
    const struct gauge *g = &cell->sheet->gauge[cell->objective];
    double y = rs_gauge_y(g, &cell->box, e->value);
    double y0 = rs_gauge_y(g, &cell->box, isnan(e->low) ? e->value : e->low);
    double y1 = rs_gauge_y(g, &cell->box, isnan(e->high) ? e->value : e->high);
    rs_canvas_line(c, x, y0, x, y1, colour, 2.5, RS_DASH_SOLID);
    rs_canvas_line(c, x - 5, y0, x + 5, y0, colour, 2, RS_DASH_SOLID);
    rs_canvas_line(c, x - 5, y1, x + 5, y1, colour, 2, RS_DASH_SOLID);
    rs_canvas_disc(c, x, y, radius, colour);
}

/* The estimates of one series by value; NULL where there is none. The point around which it moves stands in it too. */
static void collect(const struct cell *cell, bool chosen, const struct estimate **at)
{
    const struct search *s = cell->sheet->s;
    const struct search_param *p = &s->param[cell->param];
    for (int i = 0; i < s->n_step; i++) {
        const struct search_step *x = &s->step[i];
        if (x->around_chosen == chosen && x->param == cell->param &&
            x->objective == cell->objective && rs_search_told(&x->at))
            at[x->value] = &x->at;
    }
    const struct search_point *base = chosen ? rs_search_chosen(s) : rs_search_today(s);
    int own = chosen ? p->chosen : p->today;
    if (base && own >= 0 && !at[own] && rs_search_told(&base->at[cell->objective]))
        at[own] = &base->at[cell->objective];
}

static void draw_series(const struct cell *cell, bool chosen)
{
    const struct sheet *sheet = cell->sheet;
    const struct search_param *p = &sheet->s->param[cell->param];
    const struct estimate **at = rs_xcalloc((size_t)p->n_value, sizeof(struct estimate *));
    enum colour colour = chosen ? RS_COLOUR_BLUE : RS_COLOUR_ORANGE;
    /* Two series stand a little apart, so that both intervals are seen. */
    double shift = sheet->around_chosen && sheet->around_today ? (chosen ? 4 : -4) : 0;
    double x0 = NAN, y0 = NAN;
    collect(cell, chosen, at);
    for (int i = 0; i < p->n_value; i++) {
        if (!at[i])
            continue;
        double x = at_x(cell, i) + shift;
        double y = rs_gauge_y(&sheet->gauge[cell->objective], &cell->box, at[i]->value);
        if (!isnan(x0))
            rs_canvas_line(sheet->c, x0, y0, x, y, colour, 1.2, RS_DASH_SOLID);
        x0 = x;
        y0 = y;
    }
    for (int i = 0; i < p->n_value; i++) {
        if (at[i])
            draw_estimate(cell, at[i], at_x(cell, i) + shift, colour, chosen ? 5 : 4);
    }
    free(at);
}

static bool is_empty(const struct cell *cell)
{
    const struct search *s = cell->sheet->s;
    for (int i = 0; i < s->n_step; i++) {
        if (s->step[i].param == cell->param && s->step[i].objective == cell->objective &&
            rs_search_told(&s->step[i].at))
            return false;
    }
    return true;
}

/* Values below: first those of today and the chosen setting, then what has room beside them. */
static void label_values(const struct cell *cell)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    const struct search_param *p = &cell->sheet->s->param[cell->param];
    double *from = rs_xcalloc(2 * (size_t)p->n_value, sizeof *from), *to = from + p->n_value;
    int n = 0;
    for (int k = -2; k < p->n_value; k++) {
        int value = k == -2 ? p->chosen : k == -1 ? p->today : k;
        if (value < 0 || (k == -1 && value == p->chosen) ||
            (k >= 0 && (value == p->chosen || value == p->today)))
            continue;
        char text[48];
        rs_text_fit(text, sizeof text, p->value[value].text, &style, cell->box.w / 2);
        double half = rs_label_width(text, &style) / 2, x = at_x(cell, value);
        x = fmin(fmax(x, cell->box.x - 60 + half), cell->box.x + cell->box.w + 30 - half);
        bool fits = true;
        for (int i = 0; i < n; i++)
            fits = fits && (x + half + 10 < from[i] || x - half - 10 > to[i]);
        if (!fits)
            continue;
        rs_canvas_text(cell->sheet->c, x, cell->box.y + cell->box.h + 18, text, &style);
        from[n] = x - half;
        to[n++] = x + half;
    }
    free(from);
}

static void draw_cell(const struct cell *cell)
{
    const struct sheet *sheet = cell->sheet;
    const struct search_param *p = &sheet->s->param[cell->param];
    rs_gauge_draw_y(&sheet->gauge[cell->objective], sheet->c, &cell->box, true);
    for (int i = 0; i < p->n_value; i++) {
        double x = at_x(cell, i);
        rs_canvas_line(sheet->c, x, cell->box.y, x, cell->box.y + cell->box.h, RS_COLOUR_GRID, 1,
                       RS_DASH_SOLID);
    }
    rs_gauge_frame(sheet->c, &cell->box);
    label_values(cell);
    if (is_empty(cell)) {
        struct panel panel = {.c = sheet->c, .box = cell->box};
        rs_panel_say(&panel, "it was not moved");
        return;
    }
    draw_upright(cell, p->chosen, RS_COLOUR_GREEN, RS_DASH_SOLID);
    draw_upright(cell, p->today, RS_COLOUR_VERMILLION, RS_DASH_DASHED);
    if (sheet->around_today)
        draw_series(cell, false);
    if (sheet->around_chosen)
        draw_series(cell, true);
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static struct gauge make_gauge(const struct search *s, int objective)
{
    struct gauge_range r = rs_gauge_range();
    for (int i = 0; i < s->n_step; i++) {
        if (s->step[i].objective == objective)
            rs_gauge_see_estimate(&r, &s->step[i].at);
    }
    const struct search_point *base[2] = {rs_search_today(s), rs_search_chosen(s)};
    for (int i = 0; i < 2; i++) {
        if (base[i])
            rs_gauge_see_estimate(&r, &base[i]->at[objective]);
    }
    return rs_gauge_make(&s->objective[objective], &r);
}

static void draw_key(const struct sheet *sheet, double y)
{
    struct key_item item[4];
    int n = 0;
    item[n++] = (struct key_item){RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, "today's value"};
    if (rs_search_chosen(sheet->s))
        item[n++] = (struct key_item){RS_COLOUR_GREEN, 1, RS_DASH_SOLID, "the chosen value"};
    if (sheet->around_chosen)
        item[n++] = (struct key_item){RS_COLOUR_BLUE, 1, RS_DASH_SOLID,
                                      "the others as in the chosen setting"};
    if (sheet->around_today)
        item[n++] =
            (struct key_item){RS_COLOUR_ORANGE, 1, RS_DASH_SOLID, "the others as they are today"};
    rs_key_draw(sheet->c, LEFT, y, n, item);
}

/* The parameter, what it is, and its two values in words, since not every value has room below the panels. */
static void draw_head(const struct sheet *sheet, const struct search_param *p, double y)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    const struct text_style body = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    const struct text_style values = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    char line[192];
    if (p->chosen < 0)
        snprintf(line, sizeof line, "today %s", p->value[p->today].text);
    else if (p->chosen == p->today)
        snprintf(line, sizeof line, "today and chosen %s", p->value[p->today].text);
    else
        snprintf(line, sizeof line, "today %s, chosen %s", p->value[p->today].text,
                 p->value[p->chosen].text);
    double end = RS_PAGE_WIDTH - RIGHT - rs_label_width(line, &values) - 20;
    rs_canvas_text(sheet->c, RS_PAGE_WIDTH - RIGHT, y, line, &values);
    rs_text_fit(line, sizeof line, p->name, &head, (end - LEFT) / 2);
    rs_canvas_text(sheet->c, LEFT, y, line, &head);
    double after = LEFT + rs_label_width(line, &head) + 16;
    if (strcmp(p->what, p->name) != 0) {
        rs_text_fit(line, sizeof line, p->what, &body, end - after);
        rs_canvas_text(sheet->c, after, y, line, &body);
    }
}

static void draw_row(const struct sheet *sheet, int param, double y, double w)
{
    draw_head(sheet, &sheet->s->param[param], y);
    for (int i = 0; i < sheet->n; i++) {
        struct cell cell = {sheet, param, i, {LEFT + GAP_X + i * (w + GAP_X), y + 80, w, PANEL}};
        rs_search_title(sheet->c, cell.box.x + w / 2, y + 48, w + GAP_X - 50, sheet->gauge[i].title,
                        false);
        draw_cell(&cell);
    }
}

void rs_picture_sensitivity(struct canvas *c, const struct search *s, const struct named *fault)
{
    (void)fault;
    struct sheet sheet = {
        .s = s, .c = c, .n = s->n_objective < MAX_SHOWN ? s->n_objective : MAX_SHOWN};
    char subtitle[128];
    for (int i = 0; i < s->n_step; i++) {
        sheet.around_chosen = sheet.around_chosen || s->step[i].around_chosen;
        sheet.around_today = sheet.around_today || !s->step[i].around_chosen;
    }
    for (int i = 0; i < sheet.n; i++)
        sheet.gauge[i] = make_gauge(s, i);
    snprintf(subtitle, sizeof subtitle, "bars hold together with %.4g %%%s", 100 * s->r.confidence,
             s->n_objective > MAX_SHOWN ? "; the first four objectives" : "");
    int rows = sheet.n > 0 ? s->n_param : 0;
    rs_search_page(c, s, TOP + (rows ? rows : 1) * ROW + 40, "What one parameter does, moved alone",
                   subtitle);
    if (rows == 0) {
        struct panel p = {.c = c, .box = {LEFT, TOP, RS_PAGE_WIDTH - LEFT - RIGHT, PANEL}};
        rs_panel_say(&p, "the search has no parameters or no objectives");
        return;
    }
    draw_key(&sheet, 126);
    double w = (RS_PAGE_WIDTH - LEFT - RIGHT - sheet.n * GAP_X) / sheet.n;
    for (int i = 0; i < rows; i++)
        draw_row(&sheet, i, TOP + i * ROW, w);
}
