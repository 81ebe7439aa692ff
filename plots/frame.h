/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all pictures share: title, subtitle, footer, the stage ribbon and the flag-state overlay. */
#ifndef PLOTS_FRAME_H
#define PLOTS_FRAME_H

#include "chart.h"
#include "read.h"

/* The page's margins in pixels. The column at the right holds labels of thresholds and flags. */
#define RS_PAGE_WIDTH 1600.0
#define RS_PAGE_LEFT 140.0
#define RS_PAGE_RIGHT 380.0
#define RS_PAGE_TOP 118.0

/* Opens the page with title, subtitle and footer, each shortened to what fits. */
void rs_page_open(
    struct canvas *c, double height, const char *title, const char *subtitle, const char *footer);
/* The same for a run: subtitle is put behind scenario, number of replicas and seed. */
void rs_page_begin(struct canvas *c,
                   const struct record *r,
                   double height,
                   const char *title,
                   const char *subtitle);

/* Digits in groups of three ("12,000"): large numbers are easier to read. n >= 32. Returns buf. */
char *rs_format_count(char *buf, size_t n, int64_t v);

/* "4m 07s" with a sign, for times relative to something. n >= 40. Returns buf. */
char *rs_relative_time(char *buf, size_t n, double s);

/* The stages as a ribbon over axis x (seconds, after adding shift_s to the times). */
void rs_ribbon_draw(const struct panel *p, /* its y is not used */
                    const struct record *r,
                    const struct steps *stages,
                    double shift_s,
                    double end_s);

/* One row a flag, filled by exposure; height of all rows: rs_flags_height. Reads the replica's trace. 0 or -1. */
double rs_flags_height(const struct record *r);
int rs_flags_draw(const struct panel *p, /* box of all rows */
                  struct record *r,
                  int64_t replica,
                  double shift_s,
                  double end_s,
                  struct err *err);

/* The rows by themselves: the words left of all of them, and the i-th row of a flag whose exposure is known. */
void rs_flags_title(const struct panel *p, const struct record *r);
void rs_flag_draw(const struct panel *p, /* box of all rows */
                  int row,
                  const struct named *flag,
                  const struct steps *exposure,
                  double shift_s,
                  double end_s);
/* The bar of a row. */
struct rect rs_flag_box(const struct panel *p, int row);

/*
 * Thresholds of a service in a unit, as levels and side labels. Success ratios (0.5 and up,
 * as "success < 99 %") are drawn as the error ratio that is left. Returns how many labels were written, at most max.
 */
int rs_thresholds_draw(const struct panel *p,
                       const struct record *r,
                       int service,
                       const char *unit,
                       struct side_label *label,
                       int max);
/* The level at which it is drawn. */
double rs_threshold_level(const struct threshold *t);

#endif
