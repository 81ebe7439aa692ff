/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"

void rs_search_page(struct canvas *c,
                    const struct search *s,
                    double height,
                    const char *title,
                    const char *subtitle)
{
    char looked[32], space[32], line[512], foot[64];
    rs_format_count(looked, sizeof looked, s->n_point);
    rs_format_count(space, sizeof space, s->n_space);
    snprintf(line, sizeof line, "scenario %s · %s of %s settings looked at%s · seed %s%s%s",
             s->r.scenario, looked, space, s->stopped ? " (cut short)" : "", s->r.seed,
             *subtitle ? " · " : "", subtitle);
    snprintf(foot, sizeof foot, "rollsim %s", s->r.version);
    rs_page_open(c, height, title, line, foot);
}

/* ---- marks ----------------------------------------------------------------------------------------------------------- */

static void square(struct canvas *c, double x, double y, double half, enum colour colour)
{
    rs_canvas_rect(c, (struct rect){x - half, y - half, 2 * half, 2 * half}, colour, 1);
}

static void cross(struct canvas *c, double x, double y, double half, enum colour colour)
{
    rs_canvas_line(c, x - half, y - half, x + half, y + half, colour, 2, RS_DASH_SOLID);
    rs_canvas_line(c, x - half, y + half, x + half, y - half, colour, 2, RS_DASH_SOLID);
}

void rs_search_mark(struct canvas *c, double x, double y, enum search_mark mark)
{
    switch (mark) {
    case RS_MARK_FRONT: rs_canvas_disc(c, x, y, 5, RS_COLOUR_BLUE); break;
    case RS_MARK_DOMINATED: square(c, x, y, 2.5, RS_COLOUR_FAINT); break;
    case RS_MARK_EXCLUDED: cross(c, x, y, 4.5, RS_COLOUR_ORANGE); break;
    case RS_MARK_TODAY:
        square(c, x, y, 10, RS_COLOUR_PAPER);
        square(c, x, y, 8, RS_COLOUR_VERMILLION);
        break;
    case RS_MARK_CHOSEN:
        rs_canvas_disc(c, x, y, 12, RS_COLOUR_PAPER);
        rs_canvas_disc(c, x, y, 10, RS_COLOUR_GREEN);
        break;
    case RS_MARK_BOTH:
        rs_canvas_disc(c, x, y, 15, RS_COLOUR_PAPER);
        rs_canvas_disc(c, x, y, 13, RS_COLOUR_GREEN);
        square(c, x, y, 7, RS_COLOUR_VERMILLION);
        break;
    }
}

/* ---- words ----------------------------------------------------------------------------------------------------------- */

/* Before the unit if both parts fit so, else the last space up to which the text fits; NULL: there is none. */
static const char *break_of(const char *text, const struct text_style *style, double room)
{
    const char *at = NULL, *unit = strrchr(text, '(');
    char head[256];
    if (unit && unit > text && unit[-1] == ' ' && rs_label_width(unit, style) <= room) {
        snprintf(head, sizeof head, "%.*s", (int)(unit - 1 - text), text);
        if (rs_label_width(head, style) <= room)
            return unit - 1;
    }
    for (const char *s = strchr(text, ' '); s; s = strchr(s + 1, ' ')) {
        snprintf(head, sizeof head, "%.*s", (int)(s - text), text);
        if (rs_label_width(head, style) > room)
            break;
        at = s;
    }
    return at;
}

void rs_search_title(
    struct canvas *c, double x, double y, double room, const char *text, bool upright)
{
    const struct text_style style = {.size = RS_TEXT_BODY,
                                     .colour = RS_COLOUR_INK,
                                     .align = RS_ALIGN_CENTRE,
                                     .upright = upright};
    const char *at = rs_label_width(text, &style) > room ? break_of(text, &style, room) : NULL;
    char first[256], rest[256];
    double half = at ? 12 : 0;
    snprintf(first, sizeof first, "%.*s", at ? (int)(at - text) : 255, text);
    rs_text_fit(rest, sizeof rest, first, &style, room);
    rs_canvas_text(c, upright ? x - half : x, upright ? y : y - half, rest, &style);
    if (!at)
        return;
    rs_text_fit(rest, sizeof rest, at + 1, &style, room);
    rs_canvas_text(c, upright ? x + half : x, upright ? y : y + half, rest, &style);
}

/* ---- settings -------------------------------------------------------------------------------------------------------- */

static int changed(const struct search *s)
{
    int n = 0;
    for (int i = 0; i < s->n_param; i++)
        n += s->param[i].chosen >= 0 && s->param[i].chosen != s->param[i].today;
    return n;
}

static void line_of(struct canvas *c, struct rect *box, const char *text, struct text_style style)
{
    char fitted[256];
    rs_text_fit(fitted, sizeof fitted, text, &style, box->w);
    rs_canvas_text(c, box->x, box->y, fitted, &style);
    box->y += 26;
    box->h -= 26;
}

void rs_search_settings(struct canvas *c, const struct search *s, struct rect box)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    const struct text_style name = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    const struct text_style value = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    int n = changed(s), n_told = 0;
    char line[256];
    if (!rs_search_chosen(s)) {
        line_of(c, &box, "no setting was chosen", head);
        return;
    }
    if (n == 0) {
        line_of(c, &box, "today's setting was chosen", head);
        return;
    }
    line_of(c, &box, "today → chosen", head);
    for (int i = 0; i < s->n_param; i++) {
        const struct search_param *p = &s->param[i];
        if (p->chosen < 0 || p->chosen == p->today)
            continue;
        if (box.h < (n - n_told > 1 ? 80 : 54)) {
            snprintf(line, sizeof line, "… and %d more", n - n_told);
            line_of(c, &box, line, value);
            return;
        }
        line_of(c, &box, p->name, name);
        snprintf(line, sizeof line, "    %s → %s", p->value[p->today].text,
                 p->value[p->chosen].text);
        line_of(c, &box, line, value);
        n_told++;
    }
    if (n < s->n_param && box.h >= 26) {
        snprintf(line, sizeof line, "the other %d as today", s->n_param - n);
        line_of(c, &box, line, name);
    }
}
