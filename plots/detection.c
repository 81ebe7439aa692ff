/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detection probability of one fault over its size and the traffic, with today's setting and with the chosen one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "search_page.h"
#include "sim/clock.h"
#include "verify/tune_search.h"

enum { MAX_SIDE = 32, LEFT = 250, RIGHT = 40, TOP = 160, HEIGHT = 440, GAP = 60, BELOW = 210 };

/* An interval wider than this is told instead of its estimate. */
static const double vague = 0.4;

struct grid {
    int n_x, n_y;
    double x[MAX_SIDE], y[MAX_SIDE], per_s[MAX_SIDE]; /* rising */
    const struct search_cell *at[MAX_SIDE][MAX_SIDE]; /* [y][x], NULL = not looked at */
};

struct chart {
    struct canvas *c;
    struct rect box;
    struct grid grid;
};

/* ---- the grid -------------------------------------------------------------------------------------------------------- */

static int find_or_add(double *list, int *n, double v)
{
    int i = 0;
    while (i < *n && fabs(log(list[i] / v)) > 1e-9)
        i++;
    if (i == *n && *n < MAX_SIDE)
        list[(*n)++] = v;
    return i;
}

/* The cells come by traffic and then by error ratio, both rising. */
static struct grid make_grid(const struct search *s, const char *fault, bool chosen)
{
    struct grid g = {0};
    for (int i = 0; i < s->n_cell; i++) {
        const struct search_cell *c = &s->cell[i];
        if (c->chosen != chosen || strcmp(c->fault, fault) != 0)
            continue;
        int x = find_or_add(g.x, &g.n_x, c->error_ratio), y = find_or_add(g.y, &g.n_y, c->traffic);
        if (x == MAX_SIDE || y == MAX_SIDE)
            continue;
        g.at[y][x] = c;
        g.per_s[y] = c->per_s;
    }
    return g;
}

static double probability(const struct search_cell *c)
{
    return c && c->n > 0 ? (double)c->n_detected / (double)c->n : NAN;
}

static bool is_vague(const struct search_cell *cell)
{
    return cell->high - cell->low > vague;
}

/* The line of the estimates is drawn where they are worth it. */
static double firm_probability(const struct search_cell *c)
{
    return c && !is_vague(c) ? probability(c) : NAN;
}

static double low_end(const struct search_cell *c)
{
    return c && c->n > 0 ? c->low : NAN;
}

static double high_end(const struct search_cell *c)
{
    return c && c->n > 0 ? c->high : NAN;
}

/* ---- where things stand ---------------------------------------------------------------------------------------------- */

/* The steps of the axes are cells of one size: the grid is geometric, but for a last step that is cut at the largest ratio. */
static double middle_x(const struct chart *m, double column)
{
    return m->box.x + m->box.w * (column + 0.5) / m->grid.n_x;
}

static double middle_y(const struct chart *m, double row)
{
    return m->box.y + m->box.h * (1 - (row + 0.5) / m->grid.n_y);
}

static struct rect cell_rect(const struct chart *m, int column, int row)
{
    double w = m->box.w / m->grid.n_x, h = m->box.h / m->grid.n_y;
    return (struct rect){middle_x(m, column) - w / 2, middle_y(m, row) - h / 2, w, h};
}

/* ---- contours -------------------------------------------------------------------------------------------------------- */

typedef double (*of_cell)(const struct search_cell *c);

struct contour {
    of_cell of;
    double level;
    enum colour colour;
    double width;
    enum dash dash;
};

static double crossing(double a, double b, double level)
{
    return (level - a) / (b - a);
}

/*
 * Marching squares between the middles of four cells: the crossings of the four sides, in order around the square, are joined two
 * by two; of four of them so that the middle of the square falls on the side of its mean.
 */
static void draw_square(const struct chart *m, const struct contour *k, int column, int row)
{
    static const int corner[5][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};
    double v[5], x[4], y[4], mean = 0;
    int n = 0;
    for (int i = 0; i < 5; i++)
        v[i] = k->of(m->grid.at[row + corner[i][1]][column + corner[i][0]]);
    for (int i = 0; i < 4; i++) {
        if (isnan(v[i]))
            return;
        mean += v[i] / 4;
    }
    for (int i = 0; i < 4; i++) {
        if ((v[i] < k->level) == (v[i + 1] < k->level))
            continue;
        double t = crossing(v[i], v[i + 1], k->level);
        x[n] = middle_x(m, column + corner[i][0] + t * (corner[i + 1][0] - corner[i][0]));
        y[n++] = middle_y(m, row + corner[i][1] + t * (corner[i + 1][1] - corner[i][1]));
    }
    int from = n == 4 && (mean < k->level) == (v[0] < k->level) ? 0 : 3;
    for (int i = 0; i + 1 < n; i += 2) {
        int a = n == 4 ? (from + i) % 4 : i, b = n == 4 ? (from + i + 1) % 4 : i + 1;
        rs_canvas_line(m->c, x[a], y[a], x[b], y[b], k->colour, k->width, k->dash);
    }
}

static void draw_contour(const struct chart *m, struct contour k)
{
    for (int row = 0; row + 1 < m->grid.n_y; row++) {
        for (int column = 0; column + 1 < m->grid.n_x; column++)
            draw_square(m, &k, column, row);
    }
}

/* ---- one panel ------------------------------------------------------------------------------------------------------- */

static void hatch(const struct chart *m, const struct rect *r)
{
    rs_canvas_clip(m->c, r);
    for (double d = 8; d < r->w + r->h; d += 12)
        rs_canvas_line(m->c, r->x + d, r->y, r->x + d - r->h, r->y + r->h, RS_COLOUR_FAINT, 1,
                       RS_DASH_SOLID);
    rs_canvas_clip(m->c, NULL);
}

static void draw_cell(const struct chart *m, int column, int row)
{
    const struct search_cell *cell = m->grid.at[row][column];
    struct rect r = cell_rect(m, column, row);
    double p = probability(cell);
    if (!isnan(p))
        rs_canvas_shade(m->c, r, p);
    if (isnan(p) || is_vague(cell))
        hatch(m, &r);
}

/* Not all of them, and not none, is not told as if it were; a wide interval is told instead of its estimate. */
static void say_cell(char *buf, size_t n, const struct search_cell *cell)
{
    double p = probability(cell);
    if (isnan(p)) {
        snprintf(buf, n, cell ? "no data" : "");
        return;
    }
    if (is_vague(cell)) {
        snprintf(buf, n, "%.0f–%.0f %%", 100 * cell->low, 100 * cell->high);
        return;
    }
    bool near_all = p > 0.995 && cell->n_detected < cell->n;
    bool near_none = p < 0.005 && cell->n_detected > 0;
    snprintf(buf, n, near_all || near_none ? "%.1f %%" : "%.0f %%", 100 * p);
}

/* Low in the cell, since lines turn in the middles, and on a patch that parts them from a line all the same. */
static void label_cell(const struct chart *m, int column, int row)
{
    const struct search_cell *cell = m->grid.at[row][column];
    struct rect r = cell_rect(m, column, row);
    struct text_style style = {
        .size = RS_TEXT_SMALL - 1, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    char text[48], fitted[48];
    say_cell(text, sizeof text, cell);
    rs_text_fit(fitted, sizeof fitted, text, &style, r.w - 4);
    double w = fmin(rs_label_width(fitted, &style) + 6, r.w - 2), p = probability(cell);
    double x = r.x + r.w / 2, y = r.y + r.h - 18;
    struct rect patch = {x - w / 2, y - 10, w, 20};
    if (isnan(p) || is_vague(cell)) {
        rs_canvas_rect(m->c, patch, RS_COLOUR_PAPER, 0.9);
    } else {
        rs_canvas_shade(m->c, patch, p);
        style.colour = p < 0.5 ? RS_COLOUR_PAPER : RS_COLOUR_INK;
    }
    rs_canvas_text(m->c, x, y, fitted, &style);
}

static void draw_frame(const struct chart *m, bool y_labels)
{
    const struct text_style below = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    const struct text_style left = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    const struct grid *g = &m->grid;
    char text[64], factor[24];
    for (int i = 0; i < g->n_x; i++) {
        snprintf(text, sizeof text, "%.2g %%", 100 * g->x[i]);
        rs_canvas_text(m->c, middle_x(m, i), m->box.y + m->box.h + 18, text, &below);
    }
    for (int i = 0; y_labels && i < g->n_y; i++) {
        if (g->y[i] < 1)
            snprintf(factor, sizeof factor, "1/%.3g", 1 / g->y[i]);
        else
            snprintf(factor, sizeof factor, "%.3g", g->y[i]);
        snprintf(text, sizeof text, g->per_s[i] >= 10 ? "× %s: %.0f/s" : "× %s: %.2g/s", factor,
                 g->per_s[i]);
        rs_canvas_text(m->c, m->box.x - 10, middle_y(m, i), text, &left);
    }
    struct rect b = m->box;
    double x[5] = {b.x, b.x + b.w, b.x + b.w, b.x, b.x};
    double y[5] = {b.y, b.y, b.y + b.h, b.y + b.h, b.y};
    rs_canvas_polyline(m->c, 5, x, y, RS_COLOUR_MUTED, 1.2);
}

/* The scenario's own point: the cell with its traffic and the fault's own size. */
static void draw_own(const struct chart *m)
{
    for (int row = 0; row < m->grid.n_y; row++) {
        for (int column = 0; column < m->grid.n_x; column++) {
            double own = m->grid.x[0] / RS_TUNE_MAP_SMALLEST;
            if (fabs(log(m->grid.x[column] / own)) > 1e-6 || fabs(log(m->grid.y[row])) > 1e-6)
                continue;
            struct rect r = cell_rect(m, column, row);
            double x[5] = {r.x, r.x + r.w, r.x + r.w, r.x, r.x};
            double y[5] = {r.y, r.y, r.y + r.h, r.y + r.h, r.y};
            rs_canvas_polyline(m->c, 5, x, y, RS_COLOUR_PAPER, 8);
            rs_canvas_polyline(m->c, 5, x, y, RS_COLOUR_VERMILLION, 4);
        }
    }
}

static void draw_panel(const struct chart *m, const char *title, bool y_labels)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    rs_canvas_text(m->c, m->box.x, m->box.y - 20, title, &head);
    for (int row = 0; row < m->grid.n_y; row++) {
        for (int column = 0; column < m->grid.n_x; column++)
            draw_cell(m, column, row);
    }
    draw_frame(m, y_labels);
    const struct contour contours[] = {
        {low_end, 0.5, RS_COLOUR_INK, 5, RS_DASH_DOTTED},
        {high_end, 0.5, RS_COLOUR_INK, 5, RS_DASH_DOTTED},
        {low_end, 0.5, RS_COLOUR_PAPER, 2, RS_DASH_DOTTED},
        {high_end, 0.5, RS_COLOUR_PAPER, 2, RS_DASH_DOTTED},
        {firm_probability, 0.5, RS_COLOUR_INK, 7, RS_DASH_SOLID},
        {firm_probability, 0.5, RS_COLOUR_PAPER, 3, RS_DASH_SOLID},
        {firm_probability, 0.95, RS_COLOUR_INK, 3.5, RS_DASH_SOLID},
    };
    draw_own(m);
    for (size_t i = 0; i < sizeof contours / sizeof *contours; i++)
        draw_contour(m, contours[i]);
    for (int row = 0; row < m->grid.n_y; row++) {
        for (int column = 0; column < m->grid.n_x; column++)
            label_cell(m, column, row);
    }
    rs_search_title(m->c, m->box.x + m->box.w / 2, m->box.y + m->box.h + 50, m->box.w,
                    "requests that fail (% of those the fault hits, log scale)", false);
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static double draw_scale(struct canvas *c, double x, double y)
{
    enum { N = 100, W = 300 };
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    char text[16];
    for (int i = 0; i < N; i++)
        rs_canvas_shade(c, (struct rect){x + i * (double)W / N, y - 10, (double)W / N, 20},
                        (i + 0.5) / N);
    for (int i = 0; i <= 4; i++) {
        snprintf(text, sizeof text, "%d %%", 25 * i);
        rs_canvas_line(c, x + W * i / 4.0, y + 10, x + W * i / 4.0, y + 15, RS_COLOUR_INK, 1.5,
                       RS_DASH_SOLID);
        rs_canvas_text(c, x + W * i / 4.0, y + 28, text, &style);
    }
    return x + W + 60;
}

static double draw_words(struct canvas *c, double x, double y, const char *text)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    rs_canvas_text(c, x + 44, y, text, &style);
    return x + 44 + rs_label_width(text, &style) + 30;
}

static void draw_key(struct canvas *c, double y)
{
    double x = draw_scale(c, LEFT, y);
    rs_canvas_line(c, x, y, x + 36, y, RS_COLOUR_INK, 7, RS_DASH_SOLID);
    rs_canvas_line(c, x, y, x + 36, y, RS_COLOUR_PAPER, 3, RS_DASH_SOLID);
    double next = draw_words(c, x, y, "50 %");
    rs_canvas_line(c, x, y + 30, x + 36, y + 30, RS_COLOUR_INK, 3.5, RS_DASH_SOLID);
    draw_words(c, x, y + 30, "95 %");
    rs_canvas_line(c, next, y, next + 36, y, RS_COLOUR_INK, 5, RS_DASH_DOTTED);
    rs_canvas_line(c, next, y, next + 36, y, RS_COLOUR_PAPER, 2, RS_DASH_DOTTED);
    draw_words(c, next, y, "between these the 50 % line may run");
    double px[5] = {next + 4, next + 32, next + 32, next + 4, next + 4};
    double py[5] = {y + 21, y + 21, y + 39, y + 39, y + 21};
    rs_canvas_polyline(c, 5, px, py, RS_COLOUR_VERMILLION, 4);
    draw_words(c, next, y + 30, "as the scenario has it");
}

/* "100" or "100–400": how many replicas are behind a cell. */
static void say_replicas(char *buf, size_t n, const struct search *s, const char *fault)
{
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < s->n_cell; i++) {
        if (strcmp(s->cell[i].fault, fault) != 0)
            continue;
        least = s->cell[i].n < least ? s->cell[i].n : least;
        most = s->cell[i].n > most ? s->cell[i].n : most;
    }
    if (least >= most)
        snprintf(buf, n, "%lld", (long long)most);
    else
        snprintf(buf, n, "%lld–%lld", (long long)least, (long long)most);
}

static void begin(struct canvas *c, const struct search *s, const char *fault)
{
    char title[192], subtitle[192], replicas[48], within[32];
    double within_s = 0;
    for (int i = 0; i < s->n_cell; i++) {
        if (strcmp(s->cell[i].fault, fault) == 0)
            within_s = s->cell[i].within_s;
    }
    rs_duration_format(within, sizeof within, rs_ns_from_s(within_s));
    say_replicas(replicas, sizeof replicas, s, fault);
    snprintf(title, sizeof title, "%s: probability of detection within %s of its onset", fault,
             within);
    snprintf(subtitle, sizeof subtitle, "%s replicas a cell; intervals hold together with %.4g %%",
             replicas, 100 * s->r.confidence);
    rs_search_page(c, s, TOP + HEIGHT + BELOW, title, subtitle);
}

void rs_picture_detection(struct canvas *c, const struct search *s, const struct named *fault)
{
    double w = (RS_PAGE_WIDTH - LEFT - RIGHT - GAP) / 2;
    begin(c, s, fault->name);
    struct chart today = {c, {LEFT, TOP, w, HEIGHT}, make_grid(s, fault->name, false)};
    struct chart chosen = {c, {LEFT + w + GAP, TOP, w, HEIGHT}, make_grid(s, fault->name, true)};
    if (today.grid.n_x > 0)
        draw_panel(&today, "today's setting", true);
    if (chosen.grid.n_x > 0) {
        draw_panel(&chosen, "the chosen setting", today.grid.n_x == 0);
    } else {
        struct panel p = {.c = c, .box = chosen.box};
        rs_panel_say(&p,
                     rs_search_chosen(s) ? "today's setting was chosen" : "no setting was chosen");
    }
    rs_search_title(c, 40, TOP + HEIGHT / 2.0, HEIGHT, "traffic (requests per second, mean)", true);
    draw_key(c, TOP + HEIGHT + 120);
}
