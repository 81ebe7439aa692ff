/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* ---- words ----------------------------------------------------------------------------------------------------------- */

void rs_past_page(
    struct canvas *c, const struct past *p, double height, const char *title, const char *subtitle)
{
    char line[512], foot[64];
    bool other = *p->r.scenario && strcmp(p->r.scenario, p->name) != 0;
    snprintf(line, sizeof line, "%s%s%s%s%s", p->name, other ? " · scenario " : "",
             other ? p->r.scenario : "", *subtitle ? " · " : "", subtitle);
    snprintf(foot, sizeof foot, "rollsim %s", p->r.version);
    rs_page_open(c, height, title, line, foot);
}

char *rs_past_time(char *buf, size_t n, const struct past *p, double at)
{
    char text[40];
    if (isnan(at)) {
        snprintf(buf, n, "unknown");
    } else if (!p->dated) {
        double size = round(fabs(at)), days = floor(size / 86400);
        int rest = (int)(size - 86400 * days);
        if (days > 0)
            snprintf(text, sizeof text, "%.0f d ", days);
        snprintf(buf, n, "%s%s%d:%02d:%02d", at < 0 ? "−" : "", days > 0 ? text : "", rest / 3600,
                 rest / 60 % 60, rest % 60);
    } else {
        rs_time_format(text, sizeof text, rs_ns_from_s(round(at)));
        snprintf(buf, n, "%.10s %.8s UTC", text, text + 11);
    }
    return buf;
}

char *rs_past_span(char *buf, size_t n, double s)
{
    if (isnan(s))
        snprintf(buf, n, "unknown");
    else
        rs_duration_human(buf, n, rs_ns_from_s(fmax(0, s)));
    return buf;
}

struct ticks rs_past_ticks(const struct past *p, const struct axis *x, char *title)
{
    enum { N_TITLE = 96, N_WANT = 10 };
    const char *unit = "";
    if (p->dated) {
        char from[48];
        rs_past_time(from, sizeof from, p, x->lo);
        snprintf(title, N_TITLE, "time (UTC; the axis begins on %.10s)", from);
        return rs_ticks_clock(x->lo, x->hi, x->hi - x->lo < 600 ? 8 : N_WANT);
    }
    if (x->hi - x->lo > 3 * 86400.0 && x->lo >= 0) {
        snprintf(title, N_TITLE, "time since the evidence's zero (d = days, h = hours)");
        return rs_ticks_days(x->lo, x->hi, N_WANT);
    }
    struct ticks t = rs_ticks_time(x->lo, x->hi, 12, &unit);
    snprintf(title, N_TITLE, "time since the evidence's zero (%s)", unit);
    return t;
}

double rs_past_right_room(const struct panel *p)
{
    return RS_PAGE_WIDTH - 16 - (p->box.x + p->box.w + 12);
}

void rs_past_right(const struct panel *p, double y, const char *text)
{
    const struct text_style style = {.size = RS_TEXT_SMALL - 1, .colour = RS_COLOUR_INK};
    char fitted[256];
    rs_text_fit(fitted, sizeof fitted, text, &style, rs_past_right_room(p));
    rs_canvas_text(p->c, p->box.x + p->box.w + 12, y, fitted, &style);
}

void rs_past_left(const struct panel *p, double y, const char *text)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL - 1, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    char fitted[128];
    rs_text_fit(fitted, sizeof fitted, text, &style, p->box.x - 24);
    rs_canvas_text(p->c, p->box.x - 8, y, fitted, &style);
}

/* ---- stages and flags ------------------------------------------------------------------------------------------------ */

/* What may be on either side of a change: from lo to hi, at least as wide as can be seen. */
static void doubt(const struct panel *p, const struct past_instant *at, const struct rect *bar)
{
    if (isnan(at->lo) || isnan(at->hi) || at->hi < p->x.lo || at->lo > p->x.hi)
        return;
    double x0 = rs_panel_x(p, at->lo), x1 = rs_panel_x(p, at->hi);
    if (x1 - x0 > 2)
        rs_canvas_rect(p->c, (struct rect){x0, bar->y, x1 - x0, bar->h}, RS_COLOUR_MUTED, 0.35);
}

void rs_past_ribbon(const struct panel *p, const struct past *past, double end)
{
    rs_ribbon_draw(p, &past->r, &past->stages, 0, end);
    for (int i = 0; i < past->r.stage.n; i++)
        doubt(p, &past->entered[i], &p->box);
    if (past->stages.n == 0)
        rs_panel_say(p, "no stage is known to have been entered");
}

void rs_past_flags(const struct panel *p, const struct past *past)
{
    rs_flags_title(p, &past->r);
    for (int flag = 0; flag < past->r.flag.n; flag++) {
        struct steps s = {0};
        s.t_s = rs_xcalloc((size_t)past->n_step + 1, sizeof *s.t_s);
        s.x = rs_xcalloc((size_t)past->n_step + 1, sizeof *s.x);
        for (int i = 0; i < past->n_step; i++) {
            if (past->step[i].flag != flag)
                continue;
            s.t_s[s.n] = past->step[i].at.best;
            s.x[s.n++] = past->step[i].exposure;
        }
        rs_flag_draw(p, flag, &past->r.flag.at[flag], &s, 0, p->x.hi);
        rs_steps_clear(&s);
        struct rect bar = rs_flag_box(p, flag);
        for (int i = 0; i < past->n_step; i++) {
            if (past->step[i].flag == flag)
                doubt(p, &past->step[i].at, &bar);
        }
    }
}

/* ---- instants -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *words;
    enum colour colour;
} hows[RS_PAST_HOW_N] = {
    [RS_PAST_RECORDED] = {"recorded", RS_COLOUR_BLUE},
    [RS_PAST_COMPUTED] = {"computed from the rules", RS_COLOUR_GREEN},
    [RS_PAST_INFERRED] = {"inferred from the series", RS_COLOUR_VERMILLION},
    [RS_PAST_BOUNDED] = {"bounded by the order", RS_COLOUR_MUTED},
    [RS_PAST_UNKNOWN] = {"unknown", RS_COLOUR_FAINT},
};

enum colour rs_past_how_colour(enum past_how how)
{
    return hows[how].colour;
}

const char *rs_past_how_words(enum past_how how)
{
    return hows[how].words;
}

void rs_past_symbol(struct canvas *c, double x, double y, enum past_how how)
{
    enum colour colour = hows[how].colour;
    double px[4] = {x - 9, x, x + 9, x}, py[4] = {y, y - 9, y, y + 9};
    switch (how) {
    case RS_PAST_RECORDED: rs_canvas_disc(c, x, y, 7, colour); break;
    case RS_PAST_COMPUTED:
        rs_canvas_rect(c, (struct rect){x - 6.5, y - 6.5, 13, 13}, colour, 1);
        break;
    case RS_PAST_INFERRED: rs_canvas_fill(c, 4, px, py, colour, 1); break;
    case RS_PAST_BOUNDED:
    case RS_PAST_UNKNOWN:
        rs_canvas_disc(c, x, y, 7, colour);
        rs_canvas_disc(c, x, y, 4, RS_COLOUR_PAPER);
        break;
    }
}

void rs_past_how_key(struct canvas *c, double x, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    for (int i = 0; i < RS_PAST_UNKNOWN; i++) {
        rs_canvas_line(c, x - 16, y, x + 16, y, hows[i].colour, 5, RS_DASH_SOLID);
        rs_past_symbol(c, x, y, (enum past_how)i);
        rs_canvas_text(c, x + 26, y, hows[i].words, &style);
        x += 26 + rs_label_width(hows[i].words, &style) + 44;
    }
}

void rs_past_interval(const struct panel *p,
                      const struct past_instant *at,
                      double y,
                      enum colour colour)
{
    double x = rs_panel_x(p, at->best);
    double x0 = isnan(at->lo) ? p->box.x : rs_panel_x(p, at->lo);
    double x1 = isnan(at->hi) ? p->box.x + p->box.w : rs_panel_x(p, at->hi);
    rs_canvas_line(p->c, x0, y, x, y, colour, isnan(at->lo) ? 2.5 : 6,
                   isnan(at->lo) ? RS_DASH_DOTTED : RS_DASH_SOLID);
    rs_canvas_line(p->c, x, y, x1, y, colour, isnan(at->hi) ? 2.5 : 6,
                   isnan(at->hi) ? RS_DASH_DOTTED : RS_DASH_SOLID);
}

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

enum colour rs_past_verdict_colour(const char *verdict)
{
    return strcmp(verdict, "kept") == 0          ? RS_COLOUR_GREEN
           : strcmp(verdict, "broken") == 0      ? RS_COLOUR_VERMILLION
           : strcmp(verdict, "undecidable") == 0 ? RS_COLOUR_ORANGE
                                                 : RS_COLOUR_MUTED;
}

bool rs_past_extent(const struct past_episode *e, double *from, double *until)
{
    *from = INFINITY;
    *until = -INFINITY;
    for (int i = 0; i < e->n_mark; i++) {
        const struct past_mark *m = &e->mark[i];
        if (m->never || isnan(m->at.best))
            continue;
        *from = fmin(*from, m->at.best);
        *until = fmax(*until, m->at.best);
    }
    return *from <= *until;
}

bool rs_past_leg_is_response(const struct past_leg *l)
{
    return strcmp(l->from, "detected") == 0 && strcmp(l->to, "completed") == 0;
}

char *rs_past_leg_words(char *buf, size_t n, const struct past_episode *e)
{
    char low[40], best[40], high[40];
    buf[0] = '\0';
    for (int i = 0; i < e->n_leg; i++) {
        const struct past_leg *l = &e->leg[i];
        if (!rs_past_leg_is_response(l) || isnan(l->best))
            continue;
        rs_past_span(low, sizeof low, l->low);
        rs_past_span(high, sizeof high, l->high);
        rs_past_span(best, sizeof best, l->best);
        if (strcmp(low, high) == 0)
            snprintf(buf, n, "%s", best);
        else
            snprintf(buf, n, "%s (%s to %s)", best, low, high);
    }
    return buf;
}
