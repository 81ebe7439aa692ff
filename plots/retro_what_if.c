/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each question comes to in each episode: failed requests and users hurt, with their bands. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "gauge.h"
#include "pictures.h"
#include "retro_page.h"

enum { LEFT = 330, TOP = 200, HEAD = 36, ROW = 30, RIGHT = 60, GAP = 70, MAX_EPISODE = 40 };

struct column {
    struct gauge gauge;
    struct rect box;
    bool users; /* else errors */
};

struct sheet {
    struct canvas *c;
    const struct past *p;
    int n_column;
    struct column column[2];
    int n_episode; /* shown */
    double bottom;
};

static const struct past_band *band_of(const struct past_outcome *o, const struct column *k)
{
    return k->users ? &o->users_hurt : &o->errors;
}

static bool is_told(const struct past *p, bool users)
{
    for (int i = 0; i < p->n_outcome; i++) {
        const struct past_outcome *o = &p->outcome[i];
        if (!*o->refused && !isnan(users ? o->users_hurt.best : o->errors.best))
            return true;
    }
    return false;
}

/* A question that is refused says so in the picture too, once another is answered. */
bool rs_past_has_what_if(const struct past *p)
{
    return is_told(p, false) || is_told(p, true);
}

static struct column make_column(const struct past *p, bool users)
{
    struct column k = {.users = users};
    struct search_objective o = {.stat = "mean"};
    struct gauge_range r = rs_gauge_range();
    snprintf(o.name, sizeof o.name, "%s", users ? "users hurt" : "failed requests");
    for (int i = 0; i < p->n_outcome; i++) {
        const struct past_band *b = band_of(&p->outcome[i], &k);
        const struct estimate e = {b->best, b->low, b->high, 0};
        if (!*p->outcome[i].refused)
            rs_gauge_see_estimate(&r, &e);
    }
    k.gauge = rs_gauge_make(&o, &r);
    return k;
}

static void
draw_band(const struct sheet *s, const struct column *k, const struct past_outcome *o, double y)
{
    const struct past_band *b = band_of(o, k);
    bool happened = s->p->question[o->question].happened;
    enum colour colour = happened ? RS_COLOUR_INK : RS_COLOUR_BLUE;
    if (isnan(b->best)) {
        const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
        rs_canvas_text(s->c, k->box.x + 10, y, "cannot be told", &style);
        return;
    }
    double x0 = rs_gauge_x(&k->gauge, &k->box, isnan(b->low) ? b->best : b->low);
    double x1 = rs_gauge_x(&k->gauge, &k->box, isnan(b->high) ? b->best : b->high);
    double x = rs_gauge_x(&k->gauge, &k->box, b->best);
    rs_canvas_line(s->c, x0, y, x1, y, colour, 5, RS_DASH_SOLID);
    if (happened)
        rs_canvas_rect(s->c, (struct rect){x - 7, y - 7, 14, 14}, colour, 1);
    else
        rs_canvas_disc(s->c, x, y, 7, colour);
}

static void draw_row(const struct sheet *s, const struct past_outcome *o, double y)
{
    const struct text_style name = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    const struct text_style words = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    char text[256], fitted[256];
    rs_text_fit(fitted, sizeof fitted, s->p->question[o->question].name, &name, LEFT - 70);
    rs_canvas_text(s->c, LEFT - 14, y, fitted, &name);
    if (*o->refused) {
        snprintf(text, sizeof text, "cannot be answered: %s", o->refused);
        rs_text_fit(fitted, sizeof fitted, text, &words, RS_PAGE_WIDTH - LEFT - RIGHT - 20);
        double w = rs_label_width(fitted, &words);
        rs_canvas_rect(s->c, (struct rect){LEFT + 4, y - 11, w + 12, 22}, RS_COLOUR_PAPER, 0.9);
        rs_canvas_text(s->c, LEFT + 10, y, fitted, &words);
        return;
    }
    for (int i = 0; i < s->n_column; i++)
        draw_band(s, &s->column[i], o, y);
}

static int n_rows(const struct past *p, int episode)
{
    int n = 0;
    for (int i = 0; i < p->n_outcome; i++)
        n += p->outcome[i].episode == episode;
    return n;
}

/* One after the other: its name over its rows, each group on a ground of its own. */
static void draw_rows(const struct sheet *s)
{
    const struct text_style head = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    double y = TOP;
    for (int i = 0; i < s->n_episode; i++) {
        char fitted[160];
        double h = HEAD + ROW * n_rows(s->p, i);
        if (n_rows(s->p, i) == 0)
            continue;
        rs_text_fit(fitted, sizeof fitted, s->p->episode[i].name, &head, RS_PAGE_WIDTH - 120);
        rs_canvas_rect(s->c, (struct rect){40, y, RS_PAGE_WIDTH - 80, HEAD - 6}, RS_COLOUR_SHADE,
                       1);
        rs_canvas_text(s->c, 50, y + (HEAD - 6) / 2.0, fitted, &head);
        double row = y + HEAD + ROW / 2.0 - 3;
        for (int k = 0; k < s->p->n_outcome; k++) {
            if (s->p->outcome[k].episode != i)
                continue;
            draw_row(s, &s->p->outcome[k], row);
            row += ROW;
        }
        y += h;
    }
}

static void draw_columns(struct sheet *s)
{
    const struct text_style title = {
        .size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    double w = (RS_PAGE_WIDTH - LEFT - RIGHT - GAP * (s->n_column - 1)) / s->n_column;
    for (int i = 0; i < s->n_column; i++) {
        struct column *k = &s->column[i];
        k->box = (struct rect){LEFT + i * (w + GAP), TOP, w, s->bottom - TOP};
        rs_gauge_draw_x(&k->gauge, s->c, &k->box, true);
        rs_gauge_frame(s->c, &k->box);
        rs_canvas_text(s->c, k->box.x + w / 2, s->bottom + 46, k->gauge.title, &title);
    }
}

static void draw_key(const struct sheet *s, double y)
{
    char band[96];
    snprintf(band, sizeof band, "asked (disc), with its %g %% band", 100 * s->p->r.confidence);
    const struct key_item item[] = {
        {RS_COLOUR_INK, 1, RS_DASH_SOLID, "as it happened (square)"},
        {RS_COLOUR_BLUE, 1, RS_DASH_SOLID, band},
    };
    rs_key_draw(s->c, LEFT, y, 2, item);
}

void rs_picture_retro_what_if(struct canvas *c,
                              const struct past *p,
                              const struct past_episode *episode)
{
    (void)episode;
    struct sheet s = {.c = c, .p = p, .bottom = TOP};
    char subtitle[128] = "from the onset on, beyond what fails anyway";
    s.n_episode = p->n_episode < MAX_EPISODE ? p->n_episode : MAX_EPISODE;
    if (s.n_episode < p->n_episode)
        snprintf(subtitle, sizeof subtitle,
                 "from the onset on, beyond what fails anyway; the first %d of %d episodes",
                 s.n_episode, p->n_episode);
    for (int users = 0; users < 2; users++) {
        if (is_told(p, users == 1))
            s.column[s.n_column++] = make_column(p, users == 1);
    }
    for (int i = 0; i < s.n_episode; i++)
        s.bottom += n_rows(p, i) > 0 ? HEAD + ROW * n_rows(p, i) : 0;
    s.bottom = s.n_column > 0 ? s.bottom : TOP + 200;
    rs_past_page(c, p, s.bottom + 150, "What would have happened", subtitle);
    if (s.n_column == 0) {
        struct panel at = {.c = c, .box = {60, TOP, RS_PAGE_WIDTH - 120, 200}};
        rs_panel_say(&at, "no question could be answered from this evidence");
        return;
    }
    draw_columns(&s);
    draw_rows(&s);
    draw_key(&s, 140);
}
