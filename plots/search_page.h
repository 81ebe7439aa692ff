/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pictures of a search share: the head of the page, how a point is marked, and the list of what was chosen. */
#ifndef PLOTS_SEARCH_PAGE_H
#define PLOTS_SEARCH_PAGE_H

#include "chart.h"
#include "search.h"

/* Opens the page; the subtitle is put behind scenario, settings looked at and seed. */
void rs_search_page(struct canvas *c,
                    const struct search *s,
                    double height,
                    const char *title,
                    const char *subtitle);

/* Marks of different form and colour; the third is both at once. */
enum search_mark {
    RS_MARK_FRONT,
    RS_MARK_DOMINATED,
    RS_MARK_EXCLUDED,
    RS_MARK_TODAY,
    RS_MARK_CHOSEN,
    RS_MARK_BOTH
};
void rs_search_mark(struct canvas *c, double x, double y, enum search_mark mark);

/* A title of one line, or of two where it is too long; (x, y) is its middle, upright goes from below to above. */
void rs_search_title(
    struct canvas *c, double x, double y, double room, const char *text, bool upright);

/* What the chosen setting changes, in a column; height px at most. Without a chosen setting it says so. */
void rs_search_settings(struct canvas *c, const struct search *s, struct rect box);

#endif
