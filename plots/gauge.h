/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An axis for an objective of a search. It is logarithmic where the values span decades, and then has a place of its own for zero;
 * what never happens stands beyond its upper end. So no value has to be left out or moved.
 */
#ifndef PLOTS_GAUGE_H
#define PLOTS_GAUGE_H

#include "chart.h"
#include "search.h"

enum gauge_unit { RS_GAUGE_SHARE, RS_GAUGE_TIME, RS_GAUGE_PLAIN };

struct gauge { /* value */
    struct axis axis;
    bool zero, never; /* places for them before and beyond the axis */
    enum gauge_unit unit;
    char title[160]; /* the objective with its unit */
};

/* Collects what an axis must show: a value and both ends of its interval. */
struct gauge_range {
    double least, most; /* of positive numbers; least > most: none yet */
    bool zero, never;
};
struct gauge_range rs_gauge_range(void);
void rs_gauge_see(struct gauge_range *r, double v); /* NaN is not seen */
/* The value, and the ends of its interval. */
void rs_gauge_see_estimate(struct gauge_range *r, const struct estimate *e);

struct gauge rs_gauge_make(const struct search_objective *o, const struct gauge_range *r);

/* Pixels along the box; NaN stays NaN. */
double rs_gauge_x(const struct gauge *g, const struct rect *box, double v);
double rs_gauge_y(const struct gauge *g, const struct rect *box, double v);

/* Grid, ticks and labels; the frame is drawn by the caller (rs_gauge_frame). */
void rs_gauge_draw_x(const struct gauge *g, struct canvas *c, const struct rect *box, bool labels);
void rs_gauge_draw_y(const struct gauge *g, struct canvas *c, const struct rect *box, bool labels);
void rs_gauge_frame(struct canvas *c, const struct rect *box);

/* "2.5 %", "4m 07s", "never". n >= 40. Returns buf. */
char *rs_gauge_say(const struct gauge *g, char *buf, size_t n, double v);

#endif
