/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts on a canvas: axes with ticks, bands, lines, thresholds, and labels that keep out of each other's way. */
#ifndef PLOTS_CHART_H
#define PLOTS_CHART_H

#include "canvas.h"

/* Sizes of text in pixels: readable when the picture is shown at half its size. */
#define RS_TEXT_TITLE 30.0
#define RS_TEXT_BODY 20.0
#define RS_TEXT_SMALL 18.0

enum scale {
    RS_SCALE_LINEAR,
    RS_SCALE_LOG,
    RS_SCALE_ROOT /* square root: shows small ratios and zero alike; lo = 0 */
};

struct axis {
    enum scale scale;
    double lo, hi; /* data, lo < hi; LOG: > 0 */
};

struct panel { /* value */
    struct canvas *c;
    struct rect box;
    struct axis x, y;
};

/* Data to pixels, held inside the box; NaN stays NaN. */
double rs_panel_x(const struct panel *p, double v);
double rs_panel_y(const struct panel *p, double v);

struct tick {
    double at; /* data */
    char label[24];
};
enum { RS_TICK_MAX = 32 };
struct ticks { /* value */
    int n;
    struct tick at[RS_TICK_MAX];
};

/* About n_want round numbers; the labels show value * factor and the suffix ("%"). */
struct ticks rs_ticks_linear(double lo, double hi, int n_want, double factor, const char *suffix);
/* Round ratios as per cent on a ROOT axis that is box_height pixels high. */
struct ticks rs_ticks_ratio(struct axis axis, double box_height);
/* 1, 2, 5 a decade, thinned to n_want, or round numbers on a short axis; labels are plain numbers. */
struct ticks rs_ticks_log(struct axis axis, int n_want);
/* Round durations on a logarithmic axis: "10 s", "5 min", "1 h". */
struct ticks rs_ticks_duration_log(struct axis axis, double box_width);
/* Round times of a linear axis in seconds; labels in days and hours ("1 d 6 h"). */
struct ticks rs_ticks_days(double lo, double hi, int n_want);
/* Round times in one unit; *unit is its name ("seconds", "minutes", "hours"). */
struct ticks rs_ticks_time(double lo, double hi, int n_want, const char **unit);
/* Round times of the day, UTC, of a linear axis in Unix seconds: "13:40", "13:40:15"; at midnight "7 Oct". */
struct ticks rs_ticks_clock(double lo, double hi, int n_want);

/* Grid, frame and labels. Either ticks may be NULL. Labels of x stand below, of y to the left. */
void rs_panel_frame(const struct panel *p,
                    const struct ticks *x,
                    bool x_labels,
                    const struct ticks *y);
void rs_panel_x_title(const struct panel *p, const char *text);
/* Centred on the box, to the left of tick labels of the usual width; never longer than the box is high. */
void rs_panel_y_title(const struct panel *p, const char *text);
/* Words in place of data. */
void rs_panel_say(const struct panel *p, const char *text);

/* The area between lo and hi; gaps where either is NaN. x, lo, hi: [n] data. */
void rs_panel_band(const struct panel *p,
                   int n,
                   const double *x,
                   const double *lo,
                   const double *hi,
                   enum colour colour,
                   double alpha);
/* x_shift is added to every x: half a step, when values belong to intervals. */
void rs_panel_line(const struct panel *p,
                   int n,
                   const double *x,
                   double x_shift,
                   const double *y,
                   enum colour colour,
                   double width);
void rs_panel_level(const struct panel *p, double y, enum colour colour);
void rs_panel_upright(
    const struct panel *p, double x, enum colour colour, double width, enum dash dash);

/* Moves rising positions apart to at least `gap`, inside lo..hi as far as they fit, each as near as may be to where it was. */
void rs_spread(double *at /* [n] */, int n, double gap, double lo, double hi);

/* Labels in the column right of a panel, each beside its height, with a leader where it had to give way. */
struct side_label {
    double y; /* pixels */
    enum colour colour;
    enum dash dash;
    char text[128];
};
void rs_panel_side_labels(const struct panel *p, int n, struct side_label *label, double width);

/* A key: short lines of colour with words, from (x, y) to the right. */
struct key_item {
    enum colour colour;
    double alpha; /* a patch if < 1, a line at 1 */
    enum dash dash;
    const char *text;
};
void rs_key_draw(struct canvas *c, double x, double y, int n, const struct key_item *item);

#endif
