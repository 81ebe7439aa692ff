/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "canvas.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <plplot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page_file.h"
#include "sim/arena.h"

/* PLplot counts text in millimetres and hands pango points at 96 a inch: one em of 1 px is 25.4 / 96 mm. */
#define MM_PER_PX (25.4 / 96)

struct canvas {
    char *path, *part; /* owned; NULL when it only records */
    bool svg, drawing;
    double width, height;
    struct rect clip;      /* of lines */
    struct set_text *text; /* [n_text] owned */
    int n_text, cap_text;
};

struct rgb {
    PLINT r, g, b;
};

static const struct rgb palette[RS_COLOUR_N] = {
    [RS_COLOUR_PAPER] = {255, 255, 255},  [RS_COLOUR_INK] = {0, 0, 0},
    [RS_COLOUR_MUTED] = {85, 85, 85},     [RS_COLOUR_FAINT] = {160, 160, 160},
    [RS_COLOUR_GRID] = {221, 221, 221},   [RS_COLOUR_SHADE] = {242, 242, 242},
    [RS_COLOUR_ORANGE] = {230, 159, 0},   [RS_COLOUR_SKY] = {86, 180, 233},
    [RS_COLOUR_GREEN] = {0, 158, 115},    [RS_COLOUR_YELLOW] = {240, 228, 66},
    [RS_COLOUR_BLUE] = {0, 114, 178},     [RS_COLOUR_VERMILLION] = {213, 94, 0},
    [RS_COLOUR_PURPLE] = {204, 121, 167},
};

/*
 * PLplot ends the program when it cannot go on. What can be foreseen is checked before; this says the rest in our words.
 */
static int say_fatal(const char *message)
{
    fprintf(stderr, "rollsim: error: the plotting library gave up: %s\n", message);
    return 4; /* exit status: internal error */
}

/* An operation that PLplot refuses is our bug: the picture would lack something. */
static void say_refused(const char *message)
{
    fprintf(stderr, "rollsim: error: the plotting library refused: %s\n", message);
    abort();
}

/* The cairo devices live in a package of their own; without it plinit would ask on the terminal. */
static int check_driver(const char *device, struct err *err)
{
    enum { MAX_DEVICE = 100 };
    const char *menu[MAX_DEVICE], *name[MAX_DEVICE];
    const char **p_menu = menu, **p_name = name;
    int n = MAX_DEVICE;
    plgFileDevs(&p_menu, &p_name, &n);
    for (int i = 0; i < n; i++) {
        if (strcmp(name[i], device) == 0)
            return 0;
    }
    return rs_err_set(err, RS_E_IO,
                      "PLplot has no device %s: install its cairo driver (Debian: "
                      "plplot-driver-cairo)",
                      device);
}

/* PLplot ends the program when it cannot open its file, so we open it first. */
static int check_writable(const char *part, struct err *err)
{
    FILE *f = fopen(part, "wb");
    if (!f)
        return rs_err_set(err, RS_E_IO, "cannot write %s: %s", part, strerror(errno));
    fclose(f);
    return 0;
}

static char *join(const char *a, const char *b)
{
    size_t n = strlen(a) + strlen(b) + 1;
    char *s = rs_xrealloc(NULL, n);
    snprintf(s, n, "%s%s", a, b);
    return s;
}

int rs_canvas_new(struct canvas **out, const char *path, const char *format, struct err *err)
{
    *out = NULL;
    bool svg = format && strcmp(format, "svg") == 0;
    if (format && !svg && strcmp(format, "png") != 0)
        return rs_err_set(err, RS_E_USAGE, "a picture's format must be svg or png, got %s", format);
    struct canvas *c = rs_xrealloc(NULL, sizeof *c);
    memset(c, 0, sizeof *c);
    c->svg = svg;
    if (format) {
        char *part = join(path, ".part");
        if (check_driver(svg ? "svgcairo" : "pngcairo", err) || check_writable(part, err)) {
            free(part);
            free(c);
            return -1;
        }
        c->part = part;
        c->path = rs_xstrdup(path);
    }
    *out = c;
    return 0;
}

void rs_canvas_free(struct canvas *c)
{
    if (!c)
        return;
    if (c->drawing)
        plend();
    if (c->part)
        unlink(c->part);
    for (int i = 0; i < c->n_text; i++)
        free(c->text[i].text);
    free(c->text);
    free(c->part);
    free(c->path);
    free(c);
}

void rs_canvas_begin(struct canvas *c, double width, double height)
{
    assert(c->width == 0 && width > 0 && height > 0);
    c->width = width;
    c->height = height;
    rs_canvas_clip(c, NULL);
    if (!c->path)
        return;
    PLINT r[RS_COLOUR_N + 1], g[RS_COLOUR_N + 1], b[RS_COLOUR_N + 1];
    for (int i = 0; i <= RS_COLOUR_N; i++) { /* the last one is mixed for each fill */
        r[i] = i < RS_COLOUR_N ? palette[i].r : 0;
        g[i] = i < RS_COLOUR_N ? palette[i].g : 0;
        b[i] = i < RS_COLOUR_N ? palette[i].b : 0;
    }
    plsexit(say_fatal);
    plsabort(say_refused);
    plsdev(c->svg ? "svgcairo" : "pngcairo");
    plsfnam(c->part);
    plspage(0, 0, (PLINT)width, (PLINT)height, 0, 0);
    plspause(0);
    plscmap0(r, g, b, RS_COLOUR_N + 1);
    plinit();
    c->drawing = true;
    pladv(0);
    plpsty(0);
}

int rs_canvas_finish(struct canvas *c, const char *title, struct err *err)
{
    if (!c->path)
        return 0;
    assert(c->drawing);
    plend();
    c->drawing = false;
    int status = c->svg ? rs_page_file_svg(c->part, title, c->n_text, c->text, err)
                        : rs_page_file_png(c->part, err);
    if (status == 0 && rename(c->part, c->path))
        status = rs_err_set(err, RS_E_IO, "cannot rename %s: %s", c->part, strerror(errno));
    if (status == 0) {
        free(c->part);
        c->part = NULL;
    }
    return status;
}

double rs_canvas_width(const struct canvas *c)
{
    return c->width;
}

double rs_canvas_height(const struct canvas *c)
{
    return c->height;
}

void rs_canvas_clip(struct canvas *c, const struct rect *r)
{
    c->clip = r ? *r : (struct rect){0, 0, c->width, c->height};
}

/*
 * From now on PLplot cuts at r. The window has the viewport's own pixels, so coordinates mean the same whatever the cut.
 */
static void cut_at(struct canvas *c, struct rect r)
{
    double top = c->height - r.y, bottom = c->height - (r.y + r.h);
    plvpor(r.x / c->width, (r.x + r.w) / c->width, bottom / c->height, top / c->height);
    plwind(r.x, r.x + r.w, bottom, top);
}

static void cut_at_page(struct canvas *c)
{
    cut_at(c, (struct rect){0, 0, c->width, c->height});
}

static void draw_run(struct canvas *c, int n, const double *x, const double *y)
{
    enum { CHUNK = 256 };
    double px[CHUNK], py[CHUNK];
    for (int from = 0; from + 1 < n; from += CHUNK - 1) {
        int m = n - from < CHUNK ? n - from : CHUNK;
        for (int i = 0; i < m; i++) {
            px[i] = x[from + i];
            py[i] = c->height - y[from + i];
        }
        plline(m, px, py);
    }
}

void rs_canvas_polyline(
    struct canvas *c, int n, const double *x, const double *y, enum colour colour, double width)
{
    if (!c->drawing)
        return;
    cut_at(c, c->clip);
    plcol0(colour);
    plwidth(width);
    int from = 0;
    for (int i = 0; i <= n; i++) {
        if (i == n || isnan(x[i]) || isnan(y[i])) {
            draw_run(c, i - from, x + from, y + from);
            from = i + 1;
        }
    }
}

void rs_canvas_line(struct canvas *c,
                    double x0,
                    double y0,
                    double x1,
                    double y1,
                    enum colour colour,
                    double width,
                    enum dash dash)
{
    double length = hypot(x1 - x0, y1 - y0);
    double on = dash == RS_DASH_DASHED ? 10 : dash == RS_DASH_DOTTED ? 3 : length;
    double period = dash == RS_DASH_SOLID ? length : on + (dash == RS_DASH_DASHED ? 6 : 5);
    if (!(length > 0))
        return;
    for (double at = 0; at < length; at += period) {
        double a = at / length, b = fmin(at + on, length) / length;
        double x[2] = {x0 + a * (x1 - x0), x0 + b * (x1 - x0)};
        double y[2] = {y0 + a * (y1 - y0), y0 + b * (y1 - y0)};
        rs_canvas_polyline(c, 2, x, y, colour, width);
    }
}

static void
fill(struct canvas *c, int n, const double *x, const double *y, struct rgb colour, double alpha)
{
    if (!c->drawing || n < 3)
        return;
    double *py = rs_xrealloc(NULL, sizeof *py * (size_t)n);
    for (int i = 0; i < n; i++)
        py[i] = c->height - y[i];
    cut_at_page(c);
    plscol0a(RS_COLOUR_N, colour.r, colour.g, colour.b, alpha);
    plcol0(RS_COLOUR_N);
    plwidth(0.2); /* cairo strokes the outline as well */
    plfill(n, x, py);
    free(py);
}

void rs_canvas_fill(
    struct canvas *c, int n, const double *x, const double *y, enum colour colour, double alpha)
{
    fill(c, n, x, y, palette[colour], alpha);
}

/*
 * Cividis, by its values at the quarters: from blue to yellow, and rising evenly in lightness, for eyes with and without red
 * and green alike. Source: Nunez, Anderton & Renslow, PLoS ONE 13(7) (2018) e0199239.
 */
static struct rgb shade(double share)
{
    static const struct rgb at[5] = {
        {0, 34, 78}, {67, 78, 108}, {125, 124, 120}, {188, 174, 108}, {254, 232, 56}};
    double place = 4 * fmin(1, fmax(0, share)), part = place - floor(place);
    int i = (int)place < 3 ? (int)place : 3;
    part = place >= 4 ? 1 : part;
    return (struct rgb){(PLINT)lround(at[i].r + part * (at[i + 1].r - at[i].r)),
                        (PLINT)lround(at[i].g + part * (at[i + 1].g - at[i].g)),
                        (PLINT)lround(at[i].b + part * (at[i + 1].b - at[i].b))};
}

void rs_canvas_shade(struct canvas *c, struct rect r, double share)
{
    double x[4] = {r.x, r.x + r.w, r.x + r.w, r.x};
    double y[4] = {r.y, r.y, r.y + r.h, r.y + r.h};
    if (r.w > 0 && r.h > 0)
        fill(c, 4, x, y, shade(share), 1);
}

void rs_canvas_rect(struct canvas *c, struct rect r, enum colour colour, double alpha)
{
    double x[4] = {r.x, r.x + r.w, r.x + r.w, r.x};
    double y[4] = {r.y, r.y, r.y + r.h, r.y + r.h};
    if (r.w > 0 && r.h > 0)
        rs_canvas_fill(c, 4, x, y, colour, alpha);
}

void rs_canvas_disc(struct canvas *c, double x, double y, double radius, enum colour colour)
{
    enum { N = 24 };
    double px[N], py[N];
    for (int i = 0; i < N; i++) {
        double angle = 2 * 3.14159265358979 * i / N;
        px[i] = x + radius * cos(angle);
        py[i] = y + radius * sin(angle);
    }
    rs_canvas_fill(c, N, px, py, colour, 1);
}

static void
record_text(struct canvas *c, double x, double y, const char *text, const struct text_style *style)
{
    if (c->n_text == c->cap_text) {
        c->cap_text = c->cap_text ? 2 * c->cap_text : 64;
        c->text = rs_xrealloc(c->text, sizeof *c->text * (size_t)c->cap_text);
    }
    double w = rs_label_width(text, style), h = style->size;
    double back = style->align == RS_ALIGN_LEFT ? 0 : style->align == RS_ALIGN_CENTRE ? w / 2 : w;
    struct rect box = {x - back, y - h / 2, w, h};
    if (style->upright)
        box = (struct rect){x - h / 2, y - (w - back), h, w};
    c->text[c->n_text++] = (struct set_text){.text = rs_xstrdup(text), .box = box};
}

void rs_canvas_text(
    struct canvas *c, double x, double y, const char *text, const struct text_style *style)
{
    if (!*text)
        return;
    record_text(c, x, y, text, style);
    if (!c->drawing)
        return;
    /* '#' starts PLplot's escapes; doubled it stands for itself. */
    char *doubled = rs_xrealloc(NULL, 2 * strlen(text) + 1);
    size_t n = 0;
    for (const char *s = text; *s; s++) {
        if (*s == '#')
            doubled[n++] = '#';
        doubled[n++] = *s;
    }
    doubled[n] = '\0';
    cut_at_page(c);
    plcol0(style->colour);
    plsfont(PL_FCI_SANS, PL_FCI_UPRIGHT, style->bold ? PL_FCI_BOLD : PL_FCI_MEDIUM);
    plschr(style->size * MM_PER_PX, 1);
    double just = style->align == RS_ALIGN_LEFT ? 0 : style->align == RS_ALIGN_CENTRE ? 0.5 : 1;
    plptex(x, c->height - y, style->upright ? 0 : 1, style->upright ? 1 : 0, just, doubled);
    free(doubled);
}

const struct set_text *rs_canvas_texts(const struct canvas *c, int *n)
{
    *n = c->n_text;
    return c->text;
}
