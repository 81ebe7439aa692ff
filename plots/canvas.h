/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page to draw on. The one place that knows PLplot. Coordinates are pixels of the page, x to the right, y DOWN.
 * A canvas with format NULL draws nothing and only records its texts, so that tests can ask what stands where.
 * PLplot is global state: one canvas that draws may be open at a time (assert).
 */
#ifndef PLOTS_CANVAS_H
#define PLOTS_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/err.h"

/* Okabe & Ito's eight colours, told apart by colour-blind eyes too, and greys. */
enum colour {
    RS_COLOUR_PAPER,
    RS_COLOUR_INK,
    RS_COLOUR_MUTED, /* secondary text */
    RS_COLOUR_FAINT, /* lines behind others */
    RS_COLOUR_GRID,
    RS_COLOUR_SHADE, /* empty rows */
    RS_COLOUR_ORANGE,
    RS_COLOUR_SKY,
    RS_COLOUR_GREEN,
    RS_COLOUR_YELLOW,
    RS_COLOUR_BLUE,
    RS_COLOUR_VERMILLION,
    RS_COLOUR_PURPLE,
    RS_COLOUR_N
};

enum align { RS_ALIGN_LEFT, RS_ALIGN_CENTRE, RS_ALIGN_RIGHT };
enum dash { RS_DASH_SOLID, RS_DASH_DASHED, RS_DASH_DOTTED };

struct rect { /* pixels; x, y = upper left corner */
    double x, y, w, h;
};

struct text_style {
    double size; /* em in pixels */
    enum colour colour;
    enum align align;
    bool bold;
    bool upright; /* turned by 90 degrees, to be read from below */
};

/* A text as it was set, with the box that it needs. */
struct set_text {
    char *text;      /* owned by the canvas */
    struct rect box; /* pixels */
};

struct canvas; /* opaque, heap */

/*
 * Makes a canvas for a file that appears only with rs_canvas_finish. format: "svg", "png" or NULL (records only; path may be
 * NULL then). Returns 0 or -1 (unknown format, no driver, directory not writable).
 */
int rs_canvas_new(struct canvas **out, const char *path, const char *format, struct err *err);
/* Frees; an unfinished file is removed. NULL ok. */
void rs_canvas_free(struct canvas *c);
/* Opens the page, once. width, height: pixels. */
void rs_canvas_begin(struct canvas *c, double width, double height);
/*
 * Closes the page and renames the file into place. An SVG gets <title> and <desc> (all texts, since cairo sets them as glyph
 * paths that no reader can search). 0 or -1 (disk full).
 */
int rs_canvas_finish(struct canvas *c, const char *title, struct err *err);

double rs_canvas_width(const struct canvas *c);
double rs_canvas_height(const struct canvas *c);

/* Lines are cut at this rectangle from now on; NULL = at the page. Does not cut fills or texts. */
void rs_canvas_clip(struct canvas *c, const struct rect *r);
/* x, y: [n]; NaN breaks the line. width in pixels. */
void rs_canvas_polyline(
    struct canvas *c, int n, const double *x, const double *y, enum colour colour, double width);
void rs_canvas_line(struct canvas *c,
                    double x0,
                    double y0,
                    double x1,
                    double y1,
                    enum colour colour,
                    double width,
                    enum dash dash);
/* A filled polygon; alpha 0..1. */
void rs_canvas_fill(
    struct canvas *c, int n, const double *x, const double *y, enum colour colour, double alpha);
void rs_canvas_rect(struct canvas *c, struct rect r, enum colour colour, double alpha);
/* A share 0..1 as colour: dark blue is 0, yellow 1; told apart by colour-blind eyes and in grey. Below 1/2 words on it are white. */
void rs_canvas_shade(struct canvas *c, struct rect r, double share);
void rs_canvas_disc(struct canvas *c, double x, double y, double radius, enum colour colour);
/* Sets a text; (x, y) is the middle of its height at the left end, centre or right end. UTF-8, one line. */
void rs_canvas_text(
    struct canvas *c, double x, double y, const char *text, const struct text_style *style);

/* Width in pixels, by the advance widths of DejaVu Sans: among the widest of the common fonts, so others need less. */
double rs_label_width(const char *text, const struct text_style *style);
/* Copies the text, shortened with an ellipsis so that it fits max_width pixels. Returns buf. */
char *rs_text_fit(
    char *buf, size_t n, const char *text, const struct text_style *style, double max_width);

/* The texts set so far, in order. Valid until the next one. */
const struct set_text *rs_canvas_texts(const struct canvas *c, int *n);

#endif
