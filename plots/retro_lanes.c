/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes over time: alarms, rollbacks, episodes; and the list of the episodes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "retro_page.h"
#include "sim/arena.h"

enum { MAX_LISTED = 36, DISC_R = 13, COLUMNS = 2, LIST_ROW = 30 };

/* ---- alarms ---------------------------------------------------------------------------------------------------------- */

static bool shows(const struct past_alarm *a, double lo, double hi)
{
    double from = isnan(a->pending) ? a->firing : a->pending;
    double until = fmax(
        from, fmax(isnan(a->firing) ? from : a->firing, isnan(a->notified) ? from : a->notified));
    return until >= lo && from <= hi;
}

struct past_row *
rs_past_rows(const struct past *p, double lo, double hi, int max, int *out_n, int *n_left)
{
    struct past_row *row = rs_xcalloc((size_t)max + 1, sizeof *row);
    int n = 0;
    *n_left = 0;
    for (int from = 0, to; from < p->n_alarm; from = to) {
        const struct past_alarm *a = &p->alarm[from];
        bool any = false;
        for (to = from; to < p->n_alarm && p->alarm[to].question == a->question &&
                        strcmp(p->alarm[to].alert, a->alert) == 0;
             to++)
            any = any || shows(&p->alarm[to], lo, hi);
        if (!any)
            continue;
        if (n == max) {
            ++*n_left;
            continue;
        }
        row[n++] = (struct past_row){a->question, from, to - from};
    }
    *out_n = n;
    return row;
}

/* Questions have colours in turn; what happened is ink. */
static enum colour question_colour(const struct past *p, int question)
{
    static const enum colour turn[] = {RS_COLOUR_BLUE, RS_COLOUR_GREEN, RS_COLOUR_PURPLE,
                                       RS_COLOUR_ORANGE};
    return p->question[question].happened ? RS_COLOUR_INK : turn[question % 4];
}

/* A triangle where it fires, a cross where that is a false alarm. */
static void firing_mark(struct canvas *c, double x, double y, enum colour colour, bool lost)
{
    double px[3] = {x - 8, x + 8, x}, py[3] = {y + 8, y + 8, y - 8};
    if (!lost) {
        rs_canvas_fill(c, 3, px, py, colour, 1);
        return;
    }
    rs_canvas_line(c, x - 7, y - 7, x + 7, y + 7, colour, 3, RS_DASH_SOLID);
    rs_canvas_line(c, x - 7, y + 7, x + 7, y - 7, colour, 3, RS_DASH_SOLID);
}

static void notified_mark(struct canvas *c, double x, double y, enum colour colour)
{
    rs_canvas_line(c, x, y - 9, x, y + 9, colour, 4, RS_DASH_SOLID);
}

static bool inside(const struct panel *p, double at)
{
    return at >= p->x.lo && at <= p->x.hi;
}

void rs_past_row_draw(const struct panel *p, const struct past *past, const struct past_row *row)
{
    double y = p->box.y + p->box.h / 2;
    enum colour colour = question_colour(past, row->question);
    char words[256];
    rs_canvas_rect(p->c, (struct rect){p->box.x, p->box.y + 2, p->box.w, p->box.h - 4},
                   RS_COLOUR_SHADE, 1);
    for (int i = row->from; i < row->from + row->n; i++) {
        const struct past_alarm *a = &past->alarm[i];
        if (!shows(a, p->x.lo, p->x.hi))
            continue;
        double begin = isnan(a->pending) ? a->firing : a->pending;
        double end = isnan(a->notified) ? a->firing : a->notified;
        end = isnan(end) ? p->x.hi : end;
        rs_canvas_line(p->c, rs_panel_x(p, begin), y, rs_panel_x(p, end), y, colour, 2.5,
                       RS_DASH_SOLID);
        if (inside(p, a->notified))
            notified_mark(p->c, rs_panel_x(p, a->notified), y, colour);
        if (inside(p, a->firing))
            firing_mark(p->c, rs_panel_x(p, a->firing), y, colour, a->episode < 0);
    }
    const char *alert = past->alarm[row->from].alert, *set = past->question[row->question].name;
    const struct text_style style = {.size = RS_TEXT_SMALL - 1};
    double room = rs_past_right_room(p);
    snprintf(words, sizeof words, "%s · %s", alert, set);
    if (rs_label_width(words, &style) > room) { /* both give way */
        char half[128];
        double set_w = fmin(rs_label_width(set, &style), room / 2);
        rs_text_fit(half, sizeof half, alert, &style, room - set_w - 24);
        snprintf(words, sizeof words, "%s · %s", half, set);
    }
    rs_past_right(p, y, words);
}

void rs_past_alarm_key(struct canvas *c, double x, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    static const char *const words[] = {"alert fires", "fires outside of all episodes",
                                        "somebody is notified (line: from pending on)"};
    for (int i = 0; i < 3; i++) {
        rs_canvas_line(c, x - 14, y, x + 14, y, RS_COLOUR_INK, 2.5, RS_DASH_SOLID);
        if (i < 2)
            firing_mark(c, x, y, RS_COLOUR_INK, i == 1);
        else
            notified_mark(c, x + 14, y, RS_COLOUR_INK);
        rs_canvas_text(c, x + 24, y, words[i], &style);
        x += 24 + rs_label_width(words[i], &style) + 40;
    }
}

/* ---- rollbacks ------------------------------------------------------------------------------------------------------- */

/* detected, commanded, completed: a line with a triangle, a bar, and the interval of the last. */
void rs_past_outcome_draw(const struct panel *p,
                          const struct past *past,
                          const struct past_outcome *o)
{
    double y = p->box.y + p->box.h / 2;
    double from = isnan(o->detected) ? o->commanded : o->detected;
    double until = isnan(o->completed) ? p->x.hi : o->completed;
    char words[160];
    bool happened = past->question[o->question].happened;
    enum colour colour = happened ? RS_COLOUR_INK : RS_COLOUR_BLUE;
    rs_canvas_rect(p->c, (struct rect){p->box.x, p->box.y + 2, p->box.w, p->box.h - 4},
                   RS_COLOUR_SHADE, 1);
    if (!isnan(from))
        rs_canvas_line(p->c, rs_panel_x(p, from), y, rs_panel_x(p, until), y, colour, 2,
                       RS_DASH_SOLID);
    if (inside(p, o->detected)) {
        double x = rs_panel_x(p, o->detected);
        rs_canvas_fill(p->c, 3, (double[]){x - 8, x + 8, x}, (double[]){y + 8, y + 8, y - 8},
                       colour, 1);
    }
    if (inside(p, o->commanded)) {
        double x = rs_panel_x(p, o->commanded);
        rs_canvas_line(p->c, x, y - 9, x, y + 9, colour, 4, RS_DASH_SOLID);
    }
    if (!isnan(o->completed)) {
        const struct past_instant at = {
            isnan(o->completed_low) ? o->completed : o->completed_low, o->completed,
            isnan(o->completed_high) ? o->completed : o->completed_high};
        rs_past_interval(p, &at, y, colour);
        if (inside(p, o->completed))
            rs_canvas_disc(p->c, rs_panel_x(p, o->completed), y, 7, colour);
    }
    snprintf(words, sizeof words, "%s%s", past->question[o->question].name,
             o->completed > p->x.hi ? " →" : "");
    rs_past_right(p, y, words);
}

void rs_past_outcome_key(struct canvas *c, double x, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    static const char *const words[] = {"rollback: detected", "commanded",
                                        "completed (thick: its interval)"};
    for (int i = 0; i < 3; i++) {
        rs_canvas_line(c, x - 14, y, x + 14, y, RS_COLOUR_BLUE, i == 2 ? 6 : 2, RS_DASH_SOLID);
        if (i == 0)
            rs_canvas_fill(c, 3, (double[]){x - 8, x + 8, x}, (double[]){y + 8, y + 8, y - 8},
                           RS_COLOUR_BLUE, 1);
        else if (i == 1)
            rs_canvas_line(c, x, y - 9, x, y + 9, RS_COLOUR_BLUE, 4, RS_DASH_SOLID);
        else
            rs_canvas_disc(c, x, y, 7, RS_COLOUR_BLUE);
        rs_canvas_text(c, x + 24, y, words[i], &style);
        x += 24 + rs_label_width(words[i], &style) + 40;
    }
}

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

static void disc(struct canvas *c, double x, double y, int number, enum colour colour)
{
    const struct text_style digit = {.size = RS_TEXT_SMALL - 2,
                                     .colour = RS_COLOUR_PAPER,
                                     .align = RS_ALIGN_CENTRE,
                                     .bold = true};
    char text[16];
    snprintf(text, sizeof text, "%d", number + 1);
    rs_canvas_disc(c, x, y, DISC_R, colour);
    rs_canvas_text(c, x, y, text, &digit);
}

/* From its first to its last known instant, and thick from detected to completed. */
static void draw_bar(const struct panel *p, const struct past_episode *e, double y)
{
    double from, until;
    enum colour colour = rs_past_verdict_colour(e->verdict);
    if (!rs_past_extent(e, &from, &until))
        return;
    double x0 = rs_panel_x(p, from), x1 = fmax(rs_panel_x(p, until), x0 + 2);
    rs_canvas_line(p->c, x0, y, x1, y, colour, 3, RS_DASH_SOLID);
    const struct past_mark *a = rs_past_mark(e, "detected"), *b = rs_past_mark(e, "completed");
    if (!a || !b)
        return;
    x0 = rs_panel_x(p, a->at.best);
    x1 = fmax(rs_panel_x(p, b->at.best), x0 + 3);
    rs_canvas_rect(p->c, (struct rect){x0, y - 6, x1 - x0, 12}, colour, 1);
}

/* Bars, and above them the numbers of the list below, by time. */
void rs_past_episodes_draw(const struct panel *p, const struct past *past)
{
    int n = past->n_episode < MAX_LISTED ? past->n_episode : MAX_LISTED, n_placed = 0;
    double at[MAX_LISTED], wish[MAX_LISTED], from, until, y = p->box.y + p->box.h - 12;
    int number[MAX_LISTED];
    for (int i = 0; i < past->n_episode; i++)
        draw_bar(p, &past->episode[i], y);
    for (int i = 0; i < n; i++) {
        if (!rs_past_extent(&past->episode[i], &from, &until))
            continue;
        const struct past_mark *m = rs_past_mark(&past->episode[i], "detected");
        double x = rs_panel_x(p, m ? m->at.best : from);
        int k = n_placed++;
        for (; k > 0 && at[k - 1] > x; k--) {
            at[k] = at[k - 1];
            number[k] = number[k - 1];
        }
        at[k] = x;
        number[k] = i;
    }
    memcpy(wish, at, sizeof *at * (size_t)n_placed);
    rs_spread(at, n_placed, 2 * DISC_R + 3, p->box.x + DISC_R, p->box.x + p->box.w - DISC_R);
    for (int k = 0; k < n_placed; k++) {
        enum colour colour = rs_past_verdict_colour(past->episode[number[k]].verdict);
        rs_canvas_line(p->c, at[k], p->box.y + 8, wish[k], y - 4, colour, 1.2, RS_DASH_SOLID);
        disc(p->c, at[k], p->box.y + 2, number[k], colour);
    }
    rs_past_left(p, p->box.y + p->box.h / 2, "episodes");
}

static int listed(const struct past *p)
{
    return p->n_episode < MAX_LISTED ? p->n_episode : MAX_LISTED;
}

double rs_past_list_height(const struct past *p)
{
    int n = listed(p), rows = (n + COLUMNS - 1) / COLUMNS + (p->n_episode > n);
    return rows * LIST_ROW;
}

/* ": kept, 3m 28s of 5m 00s", as far as it is known. */
static void say_verdict(char *buf, size_t n, const struct past_episode *e)
{
    char took[40] = "", sla[40];
    for (int i = 0; i < e->n_leg; i++) {
        const struct past_leg *l = &e->leg[i];
        if (rs_past_leg_is_response(l) && !isnan(l->best))
            rs_past_span(took, sizeof took, l->best);
    }
    if (!isnan(e->sla_s))
        snprintf(buf, n, ": %s, %s of %s", e->verdict, *took ? took : "an unknown part",
                 rs_past_span(sla, sizeof sla, e->sla_s));
    else
        snprintf(buf, n, "%s%s", *took ? ": " : "", took);
}

void rs_past_list_draw(struct canvas *c, const struct past *p, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    double column = (RS_PAGE_WIDTH - 110) / COLUMNS;
    int n = listed(p), rows = (n + COLUMNS - 1) / COLUMNS;
    for (int i = 0; i < n; i++) {
        const struct past_episode *e = &p->episode[i];
        char tail[128], text[320], name[128];
        double x = 70 + column * (i / rows), line = y + LIST_ROW * (i % rows);
        say_verdict(tail, sizeof tail, e);
        /* The name gives way, not the verdict. */
        double room = column - 40 - rs_label_width(tail, &style);
        rs_text_fit(name, sizeof name, e->name, &style, fmax(room, 110));
        snprintf(text, sizeof text, "%s%s", name, tail);
        rs_text_fit(name, sizeof name, text, &style, column - 36);
        disc(c, x, line, i, rs_past_verdict_colour(e->verdict));
        rs_canvas_text(c, x + 20, line, name, &style);
    }
    if (p->n_episode > n) {
        char text[64];
        snprintf(text, sizeof text, "and %d more", p->n_episode - n);
        rs_canvas_text(c, 70, y + LIST_ROW * rows, text, &style);
    }
}
