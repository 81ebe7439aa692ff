/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pictures of a retrospective share: heads, time in words, signals, lanes over time, and marks by where they come from. */
#ifndef PLOTS_RETRO_PAGE_H
#define PLOTS_RETRO_PAGE_H

#include "chart.h"
#include "retro_past.h"

enum {
    RS_PAST_RIBBON = 34, /* heights in pixels */
    RS_PAST_ROW = 28
};

/* Opens the page; the subtitle is put behind name and scenario. */
void rs_past_page(
    struct canvas *c, const struct past *p, double height, const char *title, const char *subtitle);

/* "2025-10-07 13:42:07 UTC", or without dates the time since the evidence's zero ("1:39:12", "2 d 1:39:12"). n >= 48. Returns buf. */
char *rs_past_time(char *buf, size_t n, const struct past *p, double at);
/* Ticks of an axis of instants. *title (>= 96) gets the words below it. */
struct ticks rs_past_ticks(const struct past *p, const struct axis *x, char *title);
/* A span of time in words, "4m 07s"; "unknown" for NaN. n >= 40. Returns buf. */
char *rs_past_span(char *buf, size_t n, double s);

/* Words in the column to the right of the panel, shortened to what fits. y: their middle. */
double rs_past_right_room(const struct panel *p); /* its width */
void rs_past_right(const struct panel *p, double y, const char *text);
/* To the left of the panel. */
void rs_past_left(const struct panel *p, double y, const char *text);

/* The stages over axis x as they were entered, with the uncertainty of each entry. The box is the ribbon's. */
void rs_past_ribbon(const struct panel *p, const struct past *past, double end);
/* All flags over axis x; the box is that of all rows. */
void rs_past_flags(const struct panel *p, const struct past *past);

/* ---- signals --------------------------------------------------------------------------------------------------------- */

/*
 * A signal as steps: intervals that overlap (several instances), or are too narrow to be seen and alike, are joined, and where nothing was
 * recorded there is a NaN.
 */
struct past_curve {
    enum past_kind kind;
    int n;
    double *x, *level, *low, *high;     /* [n] owned; low and high NaN where there is no interval */
    double least, most, least_positive; /* of the levels; least > most: there is none */
};
/* Inside the axis of x of the panel, whose y is not used. */
struct past_curve rs_past_curve(const struct panel *p, const struct past_signal *s);
void rs_past_curve_clear(struct past_curve *c);
void rs_past_curve_draw(const struct panel *p,
                        const struct past_curve *c,
                        enum colour colour,
                        bool with_interval);
/* An axis of y for all of them: a root scale for ratios. */
struct axis rs_past_y_axis(int n, const struct past_curve *c);
struct ticks rs_past_y_ticks(const struct panel *p);
/* Unit and scale, in as many words as there is room for. */
void rs_past_y_title(const struct panel *p, const struct past_signal *s);

/* ---- instants -------------------------------------------------------------------------------------------------------- */

/* How an instant is known, as form and colour: disc, square, rhombus, ring. */
void rs_past_symbol(struct canvas *c, double x, double y, enum past_how how);
enum colour rs_past_how_colour(enum past_how how);
const char *rs_past_how_words(enum past_how how);
/* The key of the forms, from (x, y) to the right. */
void rs_past_how_key(struct canvas *c, double x, double y);
/* From lo to hi at height y, held inside the axis; sides that are open are dotted up to the frame. */
void rs_past_interval(const struct panel *p,
                      const struct past_instant *at,
                      double y,
                      enum colour colour);

/* ---- alarms ---------------------------------------------------------------------------------------------------------- */

/* Alarms of one alert by one question: of `alarm` from..from + n - 1. */
struct past_row {
    int question, from, n;
};
/* Rows of alarms that fire between lo and hi, at most max; *n_left: that had no place. Heap. */
struct past_row *
rs_past_rows(const struct past *p, double lo, double hi, int max, int *out_n, int *n_left);
/* Row i of the lane; its words stand in the right column. */
void rs_past_row_draw(const struct panel *p, const struct past *past, const struct past_row *row);
void rs_past_alarm_key(struct canvas *c, double x, double y);

/* ---- rollbacks ------------------------------------------------------------------------------------------------------- */

/* detected, commanded, completed of one question as a row of a lane; the question stands in the right column. */
void rs_past_outcome_draw(const struct panel *p,
                          const struct past *past,
                          const struct past_outcome *o);
void rs_past_outcome_key(struct canvas *c, double x, double y);

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

enum colour rs_past_verdict_colour(const char *verdict);
/* First and last known instants between which the episode lies. False: none is known. */
bool rs_past_extent(const struct past_episode *e, double *from, double *until);
/* detected to completed: what an SLA is about. */
bool rs_past_leg_is_response(const struct past_leg *l);
/* "4m 07s (3m 50s to 4m 20s)" of detected to completed, or "". n >= 96. Returns buf. */
char *rs_past_leg_words(char *buf, size_t n, const struct past_episode *e);

/* A lane of all episodes with their numbers, and the list that says what the numbers are. */
void rs_past_episodes_draw(const struct panel *p, const struct past *past);
double rs_past_list_height(const struct past *p);
void rs_past_list_draw(struct canvas *c, const struct past *p, double y);

/* ---- times ----------------------------------------------------------------------------------------------------------- */

/*
 * Between which the sample's distribution function lies, as times are known within bounds only: steps over the axis, `wider` more to
 * either side, cut at 0 and 1.
 */
struct past_bounds {
    int n;
    double *x, *low, *high; /* [n] owned; two points for each place where either jumps */
};
struct past_bounds rs_past_bounds(const struct past_fit *f, const struct axis *axis, double wider);
void rs_past_bounds_clear(struct past_bounds *b);

#endif
