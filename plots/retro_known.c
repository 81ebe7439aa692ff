/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far the found changes are from the faults that somebody knows the times of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "retro_page.h"

enum { LEFT = 420, TOP = 126, MAX_ROW = 160, NAMED = 60, ROW = 30, ROW_LOW = 10, RIGHT = 300 };

/* Up to this many seconds the axis is linear, beyond it logarithmic, to either side. */
static const double linear_s = 10;

bool rs_past_has_known(const struct past *p)
{
    return p->n_known > 0;
}

static double place(double error)
{
    double size = fabs(error) / linear_s;
    return copysign(size <= 1 ? size : 1 + log(size), error);
}

static double error_low(const struct past *p, const struct past_known *k)
{
    return k->change < 0 ? NAN
                         : k->error + p->change[k->change].at.lo - p->change[k->change].at.best;
}

static double error_high(const struct past *p, const struct past_known *k)
{
    return k->change < 0 ? NAN
                         : k->error + p->change[k->change].at.hi - p->change[k->change].at.best;
}

/* As wide as the widest end, the same to both sides, at least half a minute. */
static struct axis error_axis(const struct past *p)
{
    double most = 30;
    for (int i = 0; i < p->n_known; i++) {
        const struct past_known *k = &p->known[i];
        const double v[3] = {k->error, error_low(p, k), error_high(p, k)};
        for (int j = 0; j < 3; j++)
            most = isnan(v[j]) ? most : fmax(most, fabs(v[j]));
    }
    return (struct axis){RS_SCALE_LINEAR, place(-1.15 * most), place(1.15 * most)};
}

static void add_tick(struct ticks *t, double at, const char *label)
{
    t->at[t->n].at = place(at);
    snprintf(t->at[t->n++].label, sizeof t->at->label, "%s", label);
}

/* Round times to either side, from the middle outwards, each with room for its words. */
static struct ticks error_ticks(const struct panel *p)
{
    static const struct {
        double s;
        const char *label;
    } round_ones[] = {{5, "5 s"},      {10, "10 s"},    {30, "30 s"},     {60, "1 min"},
                      {180, "3 min"},  {600, "10 min"}, {1800, "30 min"}, {7200, "2 h"},
                      {36000, "10 h"}, {172800, "2 d"}, {864000, "10 d"}};
    struct ticks t = {0};
    char label[24];
    double last = rs_panel_x(p, 0);
    add_tick(&t, 0, "0");
    for (size_t i = 0; i < sizeof round_ones / sizeof *round_ones; i++) {
        double x = rs_panel_x(p, place(round_ones[i].s));
        if (place(round_ones[i].s) > p->x.hi || x - last < 88)
            continue;
        snprintf(label, sizeof label, "−%s", round_ones[i].label);
        add_tick(&t, -round_ones[i].s, label);
        snprintf(label, sizeof label, "+%s", round_ones[i].label);
        add_tick(&t, round_ones[i].s, label);
        last = x;
    }
    return t;
}

/* Half of those that were found are no further off than this; NaN: none was found. */
static double median_error(const struct past *p)
{
    double best = NAN;
    int n_found = 0;
    for (int i = 0; i < p->n_known; i++)
        n_found += !isnan(p->known[i].error);
    /* The smallest that at least half are at most. */
    for (int i = 0; i < p->n_known; i++) {
        double v = fabs(p->known[i].error);
        int n = 0;
        for (int k = 0; k < p->n_known; k++)
            n += fabs(p->known[k].error) <= v;
        if (!isnan(v) && 2 * n >= n_found && !(v >= best))
            best = v;
    }
    return best;
}

static void draw_row(const struct panel *p, const struct past *past, const struct past_known *k)
{
    double y = p->box.y + p->box.h / 2;
    char words[160], span[40];
    bool named = p->box.h >= ROW;
    if (named)
        rs_past_left(p, y, k->name);
    if (k->change < 0 || isnan(k->error)) {
        if (named)
            rs_past_right(p, y, "not found");
        else
            rs_canvas_line(p->c, p->box.x + p->box.w + 6, y, p->box.x + p->box.w + 16, y,
                           RS_COLOUR_VERMILLION, 3, RS_DASH_SOLID);
        return;
    }
    double low = error_low(past, k), high = error_high(past, k);
    bool holds = low <= 0 && high >= 0;
    enum colour colour = holds ? RS_COLOUR_BLUE : RS_COLOUR_ORANGE;
    double x = rs_panel_x(p, place(k->error));
    rs_canvas_line(p->c, rs_panel_x(p, place(low)), y, rs_panel_x(p, place(high)), y, colour,
                   named ? 5 : 3, RS_DASH_SOLID);
    if (holds) {
        rs_canvas_disc(p->c, x, y, named ? 6 : 4, colour);
    } else {
        double half = named ? 6 : 4;
        rs_canvas_rect(p->c, (struct rect){x - half, y - half, 2 * half, 2 * half}, colour, 1);
    }
    if (!named)
        return;
    rs_relative_time(span, sizeof span, k->error);
    snprintf(words, sizeof words, "%s by %s", span,
             past->signal[past->change[k->change].signal].name);
    rs_past_right(p, y, words);
}

static void say_summary(char *buf, size_t n, const struct past *p)
{
    int n_found = 0, n_hold = 0;
    char median[40];
    for (int i = 0; i < p->n_known; i++) {
        const struct past_known *k = &p->known[i];
        n_found += !isnan(k->error);
        n_hold += error_low(p, k) <= 0 && error_high(p, k) >= 0;
    }
    rs_past_span(median, sizeof median, median_error(p));
    snprintf(buf, n, "%d of %d found", n_found, p->n_known);
    size_t used = strlen(buf);
    if (n_found > 0)
        snprintf(buf + used, n - used,
                 "; half of them within %s; the interval holds the known time of %d", median,
                 n_hold);
}

void rs_picture_retro_known(struct canvas *c,
                            const struct past *p,
                            const struct past_episode *episode)
{
    (void)episode;
    int n = p->n_known < MAX_ROW ? p->n_known : MAX_ROW;
    double row = n <= NAMED ? ROW : ROW_LOW, all = n > 0 ? n * row : 120;
    char subtitle[192];
    struct panel at = {.c = c,
                       .box = {LEFT, TOP, RS_PAGE_WIDTH - LEFT - RIGHT, all},
                       .x = error_axis(p),
                       .y = {RS_SCALE_LINEAR, 0, 1}};
    struct ticks x = error_ticks(&at);
    say_summary(subtitle, sizeof subtitle, p);
    size_t used = strlen(subtitle);
    if (n < p->n_known)
        snprintf(subtitle + used, sizeof subtitle - used, "; the first %d are shown", n);
    rs_past_page(c, p, TOP + all + 150, "Known faults, and the changes that were found for them",
                 subtitle);
    rs_panel_frame(&at, &x, true, NULL);
    rs_panel_upright(&at, 0, RS_COLOUR_INK, 2, RS_DASH_SOLID);
    rs_panel_x_title(&at, "found, minus known (linear up to 10 s, logarithmic beyond)");
    at.box.h = row;
    for (int i = 0; i < n; i++) {
        draw_row(&at, p, &p->known[i]);
        at.box.y += row;
    }
    at.box = (struct rect){LEFT, TOP, at.box.w, all};
    if (n == 0) {
        rs_panel_say(&at, "the evidence names no known faults");
        return;
    }
    const struct key_item item[] = {
        {RS_COLOUR_BLUE, 1, RS_DASH_SOLID,
         "interval of the change (disc): it holds the known time"},
        {RS_COLOUR_ORANGE, 1, RS_DASH_SOLID, "it does not (square)"},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_SOLID, "not found"},
    };
    rs_key_draw(c, 100, TOP + all + 92, n <= NAMED ? 2 : 3, item);
}
