/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objectives against each other, two by two, with a point for every setting that was looked at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "gauge.h"
#include "pictures.h"
#include "search_page.h"

enum { MAX_SHOWN = 4, LEFT = 176, TOP = 150, RIGHT = 40, BELOW = 150, COLUMN = 400, GAP = 64 };

struct matrix {
    const struct search *s;
    struct canvas *c;
    int n;     /* objectives shown */
    int n_box; /* points with a box */
    struct gauge gauge[MAX_SHOWN];
};

static bool is_drawn(const struct search_point *p, int x, int y)
{
    return p->state != RS_SEARCH_ILLEGAL && rs_search_told(&p->at[x]) && rs_search_told(&p->at[y]);
}

static enum search_mark mark_of(const struct search_point *p)
{
    if (p->today)
        return p->chosen ? RS_MARK_BOTH : RS_MARK_TODAY;
    if (p->chosen)
        return RS_MARK_CHOSEN;
    return p->state == RS_SEARCH_FRONT       ? RS_MARK_FRONT
           : p->state == RS_SEARCH_DOMINATED ? RS_MARK_DOMINATED
                                             : RS_MARK_EXCLUDED;
}

static bool has_box(const struct search_point *p)
{
    return p->state == RS_SEARCH_FRONT || p->today || p->chosen;
}

/* So many boxes can lie on one another and still be told apart; of more, only those of the settings that are named are drawn. */
enum { MAX_BOXES = 60 };

static bool is_boxed(const struct matrix *m, const struct search_point *p)
{
    return has_box(p) && (m->n_box <= MAX_BOXES || p->today || p->chosen);
}

/* Of what is faint only the estimate must be on the page, of the others the whole box. */
static struct gauge make_gauge(const struct matrix *m, int objective)
{
    const struct search *s = m->s;
    struct gauge_range r = rs_gauge_range();
    for (int i = 0; i < s->n_point; i++) {
        const struct search_point *p = &s->point[i];
        if (p->state == RS_SEARCH_ILLEGAL || !rs_search_told(&p->at[objective]))
            continue;
        rs_gauge_see(&r, p->at[objective].value);
        if (is_boxed(m, p))
            rs_gauge_see_estimate(&r, &p->at[objective]);
    }
    return rs_gauge_make(&s->objective[objective], &r);
}

/* ---- one panel ------------------------------------------------------------------------------------------------------- */

struct pair { /* value */
    const struct matrix *m;
    int x, y; /* objectives */
    struct rect box;
};

static double at_x(const struct pair *p, double v)
{
    return rs_gauge_x(&p->m->gauge[p->x], &p->box, v);
}

static double at_y(const struct pair *p, double v)
{
    return rs_gauge_y(&p->m->gauge[p->y], &p->box, v);
}

static double or_else(double v, double other)
{
    return isnan(v) ? other : v;
}

/* What is not ruled out, in both directions. */
static void draw_box(const struct pair *p, const struct search_point *point, enum colour colour)
{
    const struct estimate *ex = &point->at[p->x], *ey = &point->at[p->y];
    /* Many boxes are drawn lightly, so that where they are dense can still be seen. */
    bool many = p->m->n_box > 30 && colour == RS_COLOUR_BLUE;
    double x0 = at_x(p, or_else(ex->low, ex->value)), x1 = at_x(p, or_else(ex->high, ex->value));
    double y0 = at_y(p, or_else(ey->high, ey->value)), y1 = at_y(p, or_else(ey->low, ey->value));
    double x[5] = {x0, x1, x1, x0, x0}, y[5] = {y0, y0, y1, y1, y0};
    rs_canvas_rect(p->m->c, (struct rect){x0, y0, x1 - x0, y1 - y0}, colour, many ? 0.035 : 0.1);
    rs_canvas_polyline(p->m->c, 5, x, y, many ? RS_COLOUR_SKY : colour, many ? 0.4 : 1);
}

static void draw_points(const struct pair *p, enum search_mark mark)
{
    const struct search *s = p->m->s;
    for (int i = 0; i < s->n_point; i++) {
        const struct search_point *point = &s->point[i];
        if (is_drawn(point, p->x, p->y) && mark_of(point) == mark)
            rs_search_mark(p->m->c, at_x(p, point->at[p->x].value), at_y(p, point->at[p->y].value),
                           mark);
    }
}

static enum colour box_colour(const struct search_point *p)
{
    return p->chosen ? RS_COLOUR_GREEN : p->today ? RS_COLOUR_VERMILLION : RS_COLOUR_BLUE;
}

static bool meets(const struct rect *a, const struct rect *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

static bool within(const struct rect *a, const struct rect *b)
{
    return a->x >= b->x && a->y >= b->y && a->x + a->w <= b->x + b->w && a->y + a->h <= b->y + b->h;
}

/* Beside its mark where there is room: to the right, left, above, below; and not on what is taken. */
static void label_point(const struct pair *p,
                        const struct search_point *point,
                        const char *text,
                        struct rect *taken,
                        int *n_taken)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .bold = true};
    double x = at_x(p, point->at[p->x].value), y = at_y(p, point->at[p->y].value);
    double w = rs_label_width(text, &style), h = style.size + 2;
    const struct rect place[] = {
        {x + 20, y - h / 2, w, h},      {x - 20 - w, y - h / 2, w, h},
        {x - w / 2, y - 20 - h, w, h},  {x - w / 2, y + 20, w, h},
        {x + 14, y - 20 - h, w, h},     {x + 14, y + 20, w, h},
        {x - 14 - w, y - 20 - h, w, h}, {x - 14 - w, y + 20, w, h},
    };
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        bool fits = within(&place[i], &p->box);
        for (int k = 0; k < *n_taken; k++)
            fits = fits && !meets(&place[i], &taken[k]);
        if (!fits)
            continue;
        taken[(*n_taken)++] = place[i];
        rs_canvas_rect(p->m->c, place[i], RS_COLOUR_PAPER, 0.8);
        rs_canvas_text(p->m->c, place[i].x, place[i].y + h / 2, text, &style);
        return;
    }
}

static void draw_named(const struct pair *p)
{
    const struct search_point *today = rs_search_today(p->m->s),
                              *chosen = rs_search_chosen(p->m->s);
    const struct search_point *named[2] = {today, chosen != today ? chosen : NULL};
    const char *text[2] = {today && today == chosen ? "today = chosen" : "today", "chosen"};
    struct rect taken[4];
    int n_taken = 0;
    for (int i = 0; i < 2; i++) {
        if (!named[i] || !is_drawn(named[i], p->x, p->y))
            continue;
        double x = at_x(p, named[i]->at[p->x].value), y = at_y(p, named[i]->at[p->y].value);
        /* Where they are alike in both objectives the second would hide the first. */
        bool hides = n_taken > 0 && hypot(x - 14 - taken[0].x, y - 14 - taken[0].y) < 14;
        rs_search_mark(p->m->c, x, y, hides ? RS_MARK_BOTH : mark_of(named[i]));
        taken[n_taken++] = (struct rect){x - 14, y - 14, 28, 28};
    }
    for (int i = 0; i < 2; i++) {
        if (named[i] && is_drawn(named[i], p->x, p->y))
            label_point(p, named[i], text[i], taken, &n_taken);
    }
}

static int count_drawn(const struct pair *p)
{
    int n = 0;
    for (int i = 0; i < p->m->s->n_point; i++)
        n += is_drawn(&p->m->s->point[i], p->x, p->y);
    return n;
}

/* x_labels, y_labels: the panel stands at the matrix's lower or left edge. */
static void draw_pair(const struct pair *p, bool x_labels, bool y_labels)
{
    const struct matrix *m = p->m;
    rs_gauge_draw_x(&m->gauge[p->x], m->c, &p->box, x_labels);
    rs_gauge_draw_y(&m->gauge[p->y], m->c, &p->box, y_labels);
    rs_gauge_frame(m->c, &p->box);
    if (x_labels)
        rs_search_title(m->c, p->box.x + p->box.w / 2, p->box.y + p->box.h + 58, p->box.w + GAP / 2,
                        m->gauge[p->x].title, false);
    if (y_labels)
        rs_search_title(m->c, p->box.x - 120, p->box.y + p->box.h / 2, p->box.h + GAP / 2,
                        m->gauge[p->y].title, true);
    if (count_drawn(p) == 0) {
        struct panel panel = {.c = m->c, .box = p->box};
        rs_panel_say(&panel, "no setting has numbers for both");
        return;
    }
    draw_points(p, RS_MARK_DOMINATED);
    draw_points(p, RS_MARK_EXCLUDED);
    rs_canvas_clip(m->c, &p->box);
    for (int i = 0; i < m->s->n_point; i++) {
        const struct search_point *point = &m->s->point[i];
        if (is_drawn(point, p->x, p->y) && is_boxed(m, point))
            draw_box(p, point, box_colour(point));
    }
    rs_canvas_clip(m->c, NULL);
    draw_points(p, RS_MARK_FRONT);
    draw_named(p);
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static int count(const struct search *s, enum point_state state)
{
    int n = 0;
    for (int i = 0; i < s->n_point; i++)
        n += s->point[i].state == state;
    return n;
}

/* Returns the height that it took. */
static double draw_key(const struct matrix *m, struct rect box)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    const struct search *s = m->s;
    int n_front = count(s, RS_SEARCH_FRONT), n_beaten = count(s, RS_SEARCH_DOMINATED);
    int n_out = count(s, RS_SEARCH_EXCLUDED), n_illegal = count(s, RS_SEARCH_ILLEGAL);
    struct {
        bool shown;
        enum search_mark mark;
        char text[96];
    } row[5] = {
        {true, RS_MARK_FRONT, ""},
        {n_beaten > 0, RS_MARK_DOMINATED, ""},
        {n_out > 0, RS_MARK_EXCLUDED, ""},
        {rs_search_today(s) != NULL, RS_MARK_TODAY, ""},
        {rs_search_chosen(s) != NULL, RS_MARK_CHOSEN, ""},
    };
    snprintf(row[0].text, sizeof row[0].text, "%d not shown to be beaten", n_front);
    snprintf(row[1].text, sizeof row[1].text, "%d beaten by another", n_beaten);
    snprintf(row[2].text, sizeof row[2].text, "%d break a claim that is to be kept", n_out);
    snprintf(row[3].text, sizeof row[3].text, "today's setting");
    snprintf(row[4].text, sizeof row[4].text, "the chosen setting");
    double y = box.y;
    char fitted[160], line[160];
    for (int i = 0; i < 5; i++) {
        if (!row[i].shown)
            continue;
        rs_search_mark(m->c, box.x + 14, y, row[i].mark);
        rs_text_fit(fitted, sizeof fitted, row[i].text, &style, box.w - 36);
        rs_canvas_text(m->c, box.x + 36, y, fitted, &style);
        y += 30;
    }
    rs_canvas_rect(m->c, (struct rect){box.x, y - 9, 28, 18}, RS_COLOUR_BLUE, 0.2);
    snprintf(line, sizeof line, "%s together with %.4g %%",
             m->n_box > MAX_BOXES ? "both boxes hold" : "boxes hold",
             100 * s->r.confidence);
    rs_text_fit(fitted, sizeof fitted, line, &style, box.w - 36);
    rs_canvas_text(m->c, box.x + 36, y, fitted, &style);
    y += 30;
    if (n_illegal > 0) {
        snprintf(line, sizeof line, "%d make no legal scenario", n_illegal);
        rs_text_fit(fitted, sizeof fitted, line, &style, box.w - 36);
        rs_canvas_text(m->c, box.x + 36, y, fitted, &style);
        y += 30;
    }
    return y - box.y;
}

/* Beside the only panel, or above the diagonal, where there are none: the key, and what was chosen. */
static void draw_side(const struct matrix *m, double w, double h)
{
    double x = LEFT + w + GAP + 20, y = TOP + 12;
    if (m->n == 2) {
        double key = draw_key(m, (struct rect){x, y, COLUMN - 54, h}) + 24;
        rs_search_settings(m->c, m->s, (struct rect){x, y + key, COLUMN - 54, h - key - 12});
    } else if (m->n == 3) {
        draw_key(m, (struct rect){x, y, w * 0.56, h});
        rs_search_settings(m->c, m->s, (struct rect){x + w * 0.6, y, w * 0.4 - 24, h - 12});
    } else {
        draw_key(m, (struct rect){x, y, w - 20, h});
        rs_search_settings(m->c, m->s, (struct rect){x + w + GAP, y, w - 20, 2 * h + GAP - 12});
    }
}

/* The panels below the diagonal: one for two objectives, six for four. */
static void draw_matrix(const struct matrix *m)
{
    int rows = m->n - 1;
    bool single = rows == 1;
    double all = RS_PAGE_WIDTH - LEFT - RIGHT - (single ? COLUMN : (rows - 1) * GAP);
    double w = all / rows, h = single ? 620 : rows == 2 ? 430 : 320;
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j <= i; j++) {
            struct pair p = {m, j, i + 1, {LEFT + j * (w + GAP), TOP + i * (h + GAP), w, h}};
            draw_pair(&p, i == rows - 1, j == 0);
        }
    }
    draw_side(m, w, h);
}

static double page_height(int n)
{
    int rows = n - 1;
    double h = rows == 1 ? 620 : rows == 2 ? 430 : 320;
    return TOP + rows * (h + GAP) - GAP + BELOW;
}

void rs_picture_pareto(struct canvas *c, const struct search *s, const struct named *fault)
{
    (void)fault;
    struct matrix m = {
        .s = s, .c = c, .n = s->n_objective < MAX_SHOWN ? s->n_objective : MAX_SHOWN};
    char subtitle[96] = "lower is better";
    if (s->n_objective > MAX_SHOWN)
        snprintf(subtitle, sizeof subtitle, "the first %d of %d objectives; lower is better",
                 MAX_SHOWN, s->n_objective);
    if (m.n < 2) {
        struct panel p = {.c = c, .box = {LEFT, TOP, RS_PAGE_WIDTH - LEFT - RIGHT, 300}};
        rs_search_page(c, s, page_height(2), "What the settings come to", subtitle);
        rs_panel_say(&p, "with fewer than two objectives there is nothing to weigh");
        return;
    }
    m.n_box = count(s, RS_SEARCH_FRONT);
    for (int i = 0; i < m.n; i++)
        m.gauge[i] = make_gauge(&m, i);
    rs_search_page(c, s, page_height(m.n), "What the settings come to, objective by objective",
                   subtitle);
    draw_matrix(&m);
}
