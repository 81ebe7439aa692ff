/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One episode of a retrospective close by: the instants of its clock, and how surely each is known. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "retro_page.h"
#include "sim/arena.h"

enum {
    LEFT = 210,
    RIBBON_Y = 186,
    PANEL_Y = 262,
    PANEL_H = 220,
    GAP = 42,
    MARK_ROW = 30,
    MAX_PANEL = 3,
    MAX_ROW = 14
};

struct sheet {
    const struct past *p;
    const struct past_episode *e;
    struct panel all; /* x and width of everything over time */
    struct ticks x;
    char x_title[96];
    int n_signal;
    const struct past_signal *signal[MAX_PANEL];
    int n_row, n_row_left;
    struct past_row *row;
    int n_outcome;
    const struct past_outcome **outcome; /* [n_outcome] owned; those that tell of a rollback */
};

/* ---- the window ------------------------------------------------------------------------------------------------------ */

/* What may come long before or after the rest: it does not decide how long the axis is. */
static bool is_far(const struct past_mark *m)
{
    static const char *const names[] = {"changed", "recovered", "resolved"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(m->name, names[i]) == 0)
            return true;
    }
    return false;
}

static void see(struct axis *x, double at)
{
    if (!isnan(at)) {
        x->lo = fmin(x->lo, at);
        x->hi = fmax(x->hi, at);
    }
}

static void see_instant(struct axis *x, const struct past_instant *at)
{
    see(x, at->best);
    see(x, at->lo);
    see(x, at->hi);
}

/* The promised time after the detection is in it, and what is far off unless that would take more than half as much again. */
static struct axis time_axis(const struct past_episode *e)
{
    struct axis x = {RS_SCALE_LINEAR, INFINITY, -INFINITY};
    for (int pass = 0; pass < 2 && !(x.lo <= x.hi); pass++) {
        for (int i = 0; i < e->n_mark; i++) {
            if (!e->mark[i].never && (pass == 1 || !is_far(&e->mark[i])))
                see_instant(&x, &e->mark[i].at);
        }
    }
    const struct past_mark *detected = rs_past_mark(e, "detected");
    if (detected && !isnan(e->sla_s))
        see(&x, detected->at.best + e->sla_s);
    if (!(x.lo <= x.hi))
        return (struct axis){RS_SCALE_LINEAR, 0, 3600};
    const double core[2] = {x.lo, x.hi};
    double span = fmax(120, (core[1] - core[0]) / 2);
    for (int i = 0; i < e->n_mark; i++) {
        const struct past_mark *m = &e->mark[i];
        if (!m->never && is_far(m) && m->at.best >= core[0] - span && m->at.best <= core[1] + span)
            see(&x, m->at.best);
    }
    double pad = fmax(20, 0.07 * (x.hi - x.lo));
    return (struct axis){RS_SCALE_LINEAR, x.lo - pad, x.hi + pad};
}

static bool in_window(const struct axis *x, double at)
{
    return at >= x->lo && at <= x->hi;
}

static bool changes_in(const struct sheet *s, int signal)
{
    for (int i = 0; i < s->p->n_change; i++) {
        if (s->p->change[i].signal == signal && in_window(&s->all.x, s->p->change[i].at.best))
            return true;
    }
    return false;
}

static bool has_points(const struct sheet *s, int signal)
{
    const struct past_signal *x = &s->p->signal[signal];
    for (int i = 0; i < x->n; i++) {
        if (x->until[i] >= s->all.x.lo && x->at[i] <= s->all.x.hi)
            return true;
    }
    return false;
}

/* The signal that shows it, then others of its service, then what else changes in the window. */
static void choose_signals(struct sheet *s)
{
    const struct past_episode *e = s->e;
    for (int pass = 0; pass < 3; pass++) {
        for (int i = 0; i < s->p->n_signal && s->n_signal < MAX_PANEL; i++) {
            const struct past_signal *x = &s->p->signal[i];
            bool own = i == e->signal;
            bool same = *e->service && strcmp(x->service, e->service) == 0;
            bool wanted = pass == 0   ? own
                          : pass == 1 ? !own && same && s->n_signal < 2
                                      : changes_in(s, i);
            for (int k = 0; k < s->n_signal; k++)
                wanted = wanted && s->signal[k] != x;
            if (wanted && has_points(s, i))
                s->signal[s->n_signal++] = x;
        }
    }
}

static void choose_outcomes(struct sheet *s)
{
    s->outcome = rs_xcalloc((size_t)s->p->n_outcome + 1, sizeof(struct past_outcome *));
    for (int i = 0; i < s->p->n_outcome; i++) {
        const struct past_outcome *o = &s->p->outcome[i];
        bool told =
            !*o->refused && !(isnan(o->detected) && isnan(o->commanded) && isnan(o->completed));
        if (&s->p->episode[o->episode] == s->e && told && s->n_outcome < MAX_ROW)
            s->outcome[s->n_outcome++] = o;
    }
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

static enum colour upright_colour(const char *name)
{
    return strcmp(name, "onset") == 0       ? RS_COLOUR_VERMILLION
           : strcmp(name, "detected") == 0  ? RS_COLOUR_ORANGE
           : strcmp(name, "completed") == 0 ? RS_COLOUR_GREEN
                                            : RS_COLOUR_FAINT;
}

static void draw_uprights(const struct panel *p, const struct past_episode *e)
{
    for (int i = 0; i < e->n_mark; i++) {
        const struct past_mark *m = &e->mark[i];
        if (m->never || isnan(m->at.best))
            continue;
        enum colour colour = upright_colour(m->name);
        bool main_one = colour != RS_COLOUR_FAINT;
        rs_panel_upright(p, m->at.best, colour, main_one ? 2.5 : 1.2,
                         main_one ? RS_DASH_SOLID : RS_DASH_DOTTED);
    }
}

/*
 * The promise ends so long after the detection as it is likeliest; the row of the leg is drawn from there too. It lies over the
 * other lines and is wider than they are: through its gaps a completion at the same instant is seen.
 */
static void draw_sla(const struct panel *p, const struct past_episode *e)
{
    const struct past_mark *detected = rs_past_mark(e, "detected");
    if (detected && !isnan(e->sla_s))
        rs_panel_upright(p, detected->at.best + e->sla_s, RS_COLOUR_VERMILLION, 5, RS_DASH_DASHED);
}

/* Each change with its interval, and the level that came after it up to the next one. */
static void draw_changes(const struct panel *p, const struct past *past, int signal)
{
    for (int i = 0; i < past->n_change; i++) {
        const struct past_change *c = &past->change[i];
        if (c->signal != signal || !in_window(&p->x, c->at.best))
            continue;
        double x0 = rs_panel_x(p, c->at.lo), x1 = rs_panel_x(p, c->at.hi), until = p->x.hi;
        rs_canvas_rect(p->c, (struct rect){x0, p->box.y, fmax(2, x1 - x0), p->box.h},
                       RS_COLOUR_PURPLE, 0.3);
        rs_panel_upright(p, c->at.best, RS_COLOUR_PURPLE, 2, RS_DASH_SOLID);
        for (int k = past->n_change - 1; k > i; k--) {
            if (past->change[k].signal == signal)
                until = fmin(until, past->change[k].at.best);
        }
        const double x[2] = {c->at.best, until}, lo[2] = {c->after_low, c->after_low};
        const double hi[2] = {c->after_high, c->after_high}, y[2] = {c->after, c->after};
        rs_panel_band(p, 2, x, lo, hi, RS_COLOUR_PURPLE, 0.3);
        rs_panel_line(p, 2, x, 0, y, RS_COLOUR_PURPLE, 2.5);
    }
}

static void draw_signal(struct panel *p, const struct sheet *s, const struct past_signal *x)
{
    const struct text_style name = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    char text[128];
    struct past_curve curve = rs_past_curve(p, x);
    p->y = rs_past_y_axis(1, &curve);
    struct ticks y = rs_past_y_ticks(p);
    rs_panel_frame(p, &s->x, false, &y);
    rs_past_y_title(p, x);
    rs_text_fit(text, sizeof text, x->name, &name, p->box.w);
    rs_canvas_text(p->c, p->box.x, p->box.y - 16, text, &name);
    draw_changes(p, s->p, (int)(x - s->p->signal));
    rs_past_curve_draw(p, &curve, RS_COLOUR_BLUE, true);
    rs_past_curve_clear(&curve);
    draw_uprights(p, s->e);
    draw_sla(p, s->e);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------- */

#define LEAST_S 1e-3

/* Up to whole milliseconds. */
static double whole_ms(double s)
{
    return ceil(s / LEAST_S - 1e-6) * LEAST_S;
}

/* "13:42:07 -3 s +12 s": how far it may be from the likeliest instant to either side. */
static void say_instant(char *buf, size_t n, const struct past *p, const struct past_mark *m)
{
    char at[48], lo[40], hi[40], around[96] = "";
    rs_past_time(at, sizeof at, p, m->at.best);
    const char *time = p->dated ? at + 11 : at;
    at[p->dated ? 19 : strlen(at)] = '\0';
    double back = m->at.best - m->at.lo, forth = m->at.hi - m->at.best;
    snprintf(lo, sizeof lo, "∞");
    snprintf(hi, sizeof hi, "∞");
    if (back + forth <= 1.001 * LEAST_S) /* the time is told no finer */
        back = forth = 0;
    if (!isnan(back))
        rs_past_span(lo, sizeof lo, whole_ms(back));
    if (!isnan(forth))
        rs_past_span(hi, sizeof hi, whole_ms(forth));
    if (strcmp(lo, hi) == 0 && back + forth > 0)
        snprintf(around, sizeof around, " ± %s", lo);
    else if (!(back + forth <= 0))
        snprintf(around, sizeof around, " −%s +%s", lo, hi);
    snprintf(buf, n, "%s%s", time, around);
}

static void draw_mark(const struct panel *p, const struct past *past, const struct past_mark *m)
{
    double y = p->box.y + p->box.h / 2;
    char name[32], when[160], words[176];
    snprintf(name, sizeof name, "%s", m->name);
    for (char *s = name; *s; s++)
        *s = *s == '_' ? ' ' : *s;
    rs_past_left(p, y, name);
    if (m->never || isnan(m->at.best)) {
        rs_past_right(p, y, m->never ? "did not happen" : "not known");
        return;
    }
    bool after = m->at.best > p->x.hi, before = m->at.best < p->x.lo;
    rs_past_interval(p, &m->at, y, rs_past_how_colour(m->how));
    if (!after && !before)
        rs_past_symbol(p->c, rs_panel_x(p, m->at.best), y, m->how);
    say_instant(when, sizeof when, past, m);
    snprintf(words, sizeof words, "%s%s", when, after ? " →" : before ? " ←" : "");
    rs_past_right(p, y, words);
}

/* The leg that the promise is about, or NULL; it is drawn where the detection is known. */
static const struct past_leg *response_of(const struct past_episode *e)
{
    for (int i = 0; i < e->n_leg; i++) {
        if (rs_past_leg_is_response(&e->leg[i]) && !isnan(e->leg[i].best) &&
            rs_past_mark(e, "detected"))
            return &e->leg[i];
    }
    return NULL;
}

/*
 * How long it took, laid on the likeliest detection. Errors that both ends share (one clock) are not in it, so it may be known far
 * better than either end.
 */
static void draw_response(const struct panel *p, const struct past_episode *e)
{
    const struct past_leg *leg = response_of(e);
    const double from = rs_past_mark(e, "detected")->at.best;
    const struct past_instant end = {from + leg->low, from + leg->best, from + leg->high};
    double y = p->box.y + p->box.h / 2;
    char took[96];
    rs_past_left(p, y, "time it took");
    rs_canvas_line(p->c, rs_panel_x(p, from), y, rs_panel_x(p, end.best), y, RS_COLOUR_INK, 2,
                   RS_DASH_SOLID);
    rs_past_interval(p, &end, y, RS_COLOUR_INK);
    rs_canvas_line(p->c, rs_panel_x(p, end.best), y - 9, rs_panel_x(p, end.best), y + 9,
                   RS_COLOUR_INK, 3, RS_DASH_SOLID);
    rs_past_leg_words(took, sizeof took, e);
    rs_past_right(p, y, took);
}

static int n_clock_row(const struct past_episode *e)
{
    int n = e->n_mark + (response_of(e) != NULL);
    return n > 0 ? n : 1;
}

static void draw_clock(struct panel *p, const struct sheet *s)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    struct rect all = p->box;
    rs_canvas_text(p->c, all.x, all.y - 16, "the clock, with what each instant may have been",
                   &head);
    rs_panel_frame(p, &s->x, false, NULL);
    draw_uprights(p, s->e);
    draw_sla(p, s->e);
    p->box.h = MARK_ROW;
    for (int i = 0; i < s->e->n_mark; i++) {
        draw_mark(p, s->p, &s->e->mark[i]);
        p->box.y += MARK_ROW;
    }
    if (response_of(s->e))
        draw_response(p, s->e);
    p->box = all;
    if (s->e->n_mark == 0)
        rs_panel_say(p, "no instant of this episode is known");
}

/* ---- what if --------------------------------------------------------------------------------------------------------- */

static double what_if_height(const struct sheet *s)
{
    return (s->n_outcome + s->n_row + (s->n_row_left > 0)) * (double)RS_PAST_ROW;
}

static void draw_what_if(struct panel *p, const struct sheet *s)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    struct rect all = p->box;
    char text[64];
    p->box.h = RS_PAST_ROW;
    for (int i = 0; i < s->n_outcome; i++) {
        rs_past_outcome_draw(p, s->p, s->outcome[i]);
        p->box.y += RS_PAST_ROW;
    }
    if (s->n_outcome > 0)
        rs_past_left(p, all.y + s->n_outcome * RS_PAST_ROW / 2.0, "rollback");
    double rows = p->box.y;
    for (int i = 0; i < s->n_row; i++) {
        rs_past_row_draw(p, s->p, &s->row[i]);
        p->box.y += RS_PAST_ROW;
    }
    if (s->n_row > 0)
        rs_past_left(p, rows + s->n_row * RS_PAST_ROW / 2.0, "alerts");
    if (s->n_row_left > 0) {
        snprintf(text, sizeof text, "and %d more rows", s->n_row_left);
        rs_canvas_text(p->c, p->box.x + 8, p->box.y + RS_PAST_ROW / 2.0, text, &style);
    }
    p->box = all;
    draw_uprights(p, s->e);
    draw_sla(p, s->e);
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static bool shows_changes(const struct sheet *s)
{
    bool any = false;
    for (int i = 0; i < s->n_signal; i++)
        any = any || changes_in(s, (int)(s->signal[i] - s->p->signal));
    return any;
}

static void draw_key(const struct sheet *s, double y)
{
    char sla[40], promise[64];
    struct key_item item[5];
    int n = 0;
    rs_past_span(sla, sizeof sla, s->e->sla_s);
    snprintf(promise, sizeof promise, "%s promised", sla);
    item[n++] = (struct key_item){RS_COLOUR_VERMILLION, 1, RS_DASH_SOLID, "onset"};
    item[n++] = (struct key_item){RS_COLOUR_ORANGE, 1, RS_DASH_SOLID, "detected"};
    item[n++] = (struct key_item){RS_COLOUR_GREEN, 1, RS_DASH_SOLID, "completed"};
    if (!isnan(s->e->sla_s))
        item[n++] = (struct key_item){RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, promise};
    if (shows_changes(s))
        item[n++] = (struct key_item){RS_COLOUR_PURPLE, 0.3, RS_DASH_SOLID,
                                      "change found, level after it; intervals"};
    rs_key_draw(s->all.c, 60, y, n, item);
    rs_past_how_key(s->all.c, 76, y + 34);
    if (s->n_outcome > 0)
        rs_past_outcome_key(s->all.c, 76, y + 68);
    if (s->n_row > 0)
        rs_past_alarm_key(s->all.c, 76, y + (s->n_outcome > 0 ? 102 : 68));
}

static int key_rows(const struct sheet *s)
{
    return 2 + (s->n_outcome > 0) + (s->n_row > 0);
}

/* What is known of it, in the second line the verdict, in the third why. */
static void draw_head(struct canvas *c, const struct sheet *s, double height)
{
    const struct past_episode *e = s->e;
    const struct text_style style = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK},
                            why = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    char title[160], subtitle[512] = "", line[512], fitted[512], leg[96], sla[40];
    const struct {
        const char *words, *value;
    } parts[] = {{"procedure", e->procedure},
                 {"", e->ref},
                 {"in", e->stage},
                 {"service", e->service},
                 {"detected by", e->alert}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t used = strlen(subtitle);
        if (*parts[i].value)
            snprintf(subtitle + used, sizeof subtitle - used, "%s%s%s%s", used ? " · " : "",
                     parts[i].words, *parts[i].words ? " " : "", parts[i].value);
    }
    snprintf(title, sizeof title, "Episode: %s", e->name);
    rs_past_page(c, s->p, height, title, subtitle);
    rs_past_leg_words(leg, sizeof leg, e);
    if (isnan(e->sla_s))
        snprintf(line, sizeof line, "no time was promised%s%s", *leg ? "; it took " : "", leg);
    else
        snprintf(line, sizeof line, "promised within %s: %s%s%s",
                 rs_past_span(sla, sizeof sla, e->sla_s), e->verdict, *leg ? ", it took " : "",
                 leg);
    rs_text_fit(fitted, sizeof fitted, line, &style, RS_PAGE_WIDTH - 80);
    rs_canvas_text(c, 40, 112, fitted, &style);
    /* The reason has a line to itself: it is what a reader of "undecidable" looks for. */
    rs_text_fit(fitted, sizeof fitted, e->why, &why, RS_PAGE_WIDTH - 80);
    rs_canvas_text(c, 40, 138, fitted, &why);
}

static void draw_over_time(const struct sheet *s)
{
    struct panel at = s->all;
    at.box.y = RIBBON_Y;
    at.box.h = RS_PAST_RIBBON;
    rs_past_ribbon(&at, s->p, at.x.hi);
    at.box.y = PANEL_Y;
    at.box.h = PANEL_H;
    for (int i = 0; i < s->n_signal; i++) {
        draw_signal(&at, s, s->signal[i]);
        at.box.y += PANEL_H + GAP;
    }
    if (s->n_signal == 0) {
        at.box.h = 80;
        rs_panel_frame(&at, &s->x, false, NULL);
        rs_panel_say(&at, "no series was recorded around this episode");
        at.box.y += at.box.h + GAP;
    }
    at.box.h = MARK_ROW * n_clock_row(s->e);
    draw_clock(&at, s);
    at.box.y += at.box.h + 8;
    at.box.h = what_if_height(s);
    draw_what_if(&at, s);
    at.box.y += at.box.h + 8;
    at.box.h = rs_flags_height(&s->p->r);
    rs_panel_frame(&at, &s->x, true, NULL);
    if (s->p->r.flag.n > 0)
        rs_past_flags(&at, s->p);
    else
        rs_panel_say(&at, "no flag is known to have been set");
    rs_panel_x_title(&at, s->x_title);
    draw_key(s, at.box.y + at.box.h + 88);
}

void rs_picture_retro_episode(struct canvas *c,
                              const struct past *p,
                              const struct past_episode *episode)
{
    struct sheet s = {.p = p,
                      .e = episode,
                      .all = {.c = c,
                              .box = {LEFT, 0, RS_PAGE_WIDTH - LEFT - RS_PAGE_RIGHT, 0},
                              .x = time_axis(episode),
                              .y = {RS_SCALE_LINEAR, 0, 1}}};
    choose_signals(&s);
    choose_outcomes(&s);
    s.row = rs_past_rows(p, s.all.x.lo, s.all.x.hi, MAX_ROW, &s.n_row, &s.n_row_left);
    s.x = rs_past_ticks(p, &s.all.x, s.x_title);
    double signals = s.n_signal > 0 ? s.n_signal * (double)(PANEL_H + GAP) : 80 + GAP;
    double height = PANEL_Y + signals + MARK_ROW * n_clock_row(episode) + 16 + what_if_height(&s) +
                    rs_flags_height(&p->r) + 88 + 34 * key_rows(&s) + 40;
    draw_head(c, &s, height);
    draw_over_time(&s);
    free(s.row);
    free(s.outcome);
}
