/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole of what was recorded, under the stages and over the flags, with episodes and the alerts of every rule set. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "retro_page.h"
#include "sim/arena.h"

enum { MAX_PANEL = 10, MAX_LINE = 3, MAX_ROW = 24, GAP = 38, LANE = 34 };

static const enum colour line_colour[MAX_LINE] = {RS_COLOUR_BLUE, RS_COLOUR_ORANGE,
                                                  RS_COLOUR_PURPLE};

/* Signals that share a panel. */
struct group {
    int n;
    const struct past_signal *at[MAX_LINE];
    bool matters; /* one of them changed, or shows an episode */
};

struct sheet {
    const struct past *p;
    struct panel all; /* x and width of everything over time */
    struct ticks x;
    char x_title[96];
    int n_group, n_left_out; /* signals that have no place */
    int n_quiet;             /* signals that are 0 all the time and show nothing */
    char quiet[192];         /* names of the first of them */
    int n_quiet_named;
    struct group *group;
    int n_row, n_row_left;
    struct past_row *row;
};

/* ---- what is shown --------------------------------------------------------------------------------------------------- */

static bool matters(const struct past *p, int signal)
{
    for (int i = 0; i < p->n_change; i++) {
        if (p->change[i].signal == signal)
            return true;
    }
    for (int i = 0; i < p->n_episode; i++) {
        if (p->episode[i].signal == signal)
            return true;
    }
    return false;
}

/* The ratios of one service stand together: their scale is one. */
static struct group *group_of(struct sheet *s, const struct past_signal *signal)
{
    for (int i = 0; i < s->n_group; i++) {
        const struct past_signal *first = s->group[i].at[0];
        if (signal->kind == RS_PAST_RATIO && first->kind == RS_PAST_RATIO && *signal->service &&
            strcmp(first->service, signal->service) == 0 && s->group[i].n < MAX_LINE)
            return &s->group[i];
    }
    return &s->group[s->n_group++];
}

/* A counter that never counted needs no panel. */
static bool is_quiet(const struct past_signal *s)
{
    bool all = s->n > 0;
    for (int i = 0; i < s->n; i++)
        all = all && s->level[i] == 0;
    return all;
}

static void note_quiet(struct sheet *s, const struct past_signal *signal)
{
    enum { ROOM = 130 }; /* signs that the foot of the page has for them */
    size_t used = strlen(s->quiet);
    s->n_quiet++;
    if (used > 0 && used + strlen(signal->name) > ROOM)
        return;
    snprintf(s->quiet + used, sizeof s->quiet - used, "%s%s",
             used ? ", " : "always 0: ", signal->name);
    s->n_quiet_named++;
}

/* All groups, and of too many those that matter first, in the order in which they come. */
static void make_groups(struct sheet *s)
{
    s->group = rs_xcalloc((size_t)s->p->n_signal + 1, sizeof *s->group);
    for (int i = 0; i < s->p->n_signal; i++) {
        const struct past_signal *signal = &s->p->signal[i];
        if (signal->n == 0)
            continue;
        if (is_quiet(signal) && !matters(s->p, i)) {
            note_quiet(s, signal);
            continue;
        }
        struct group *g = group_of(s, signal);
        g->at[g->n++] = signal;
        g->matters = g->matters || matters(s->p, i);
    }
    int n_matter = 0, n_other = 0, n = 0;
    for (int i = 0; i < s->n_group; i++)
        n_matter += s->group[i].matters;
    n_other = MAX_PANEL > n_matter ? MAX_PANEL - n_matter : 0;
    for (int i = 0; i < s->n_group; i++) {
        bool stays = n < MAX_PANEL && (s->group[i].matters || n_other-- > 0);
        if (stays)
            s->group[n++] = s->group[i];
        else
            s->n_left_out += s->group[i].n;
    }
    s->n_group = n;
}

static void see(struct axis *x, double at)
{
    if (!isnan(at)) {
        x->lo = fmin(x->lo, at);
        x->hi = fmax(x->hi, at);
    }
}

/* All that was recorded, and all that is known to have happened. */
static struct axis time_axis(const struct past *p)
{
    struct axis x = {RS_SCALE_LINEAR, INFINITY, -INFINITY};
    for (int i = 0; i < p->n_signal; i++) {
        if (p->signal[i].n > 0) {
            see(&x, p->signal[i].at[0]);
            see(&x, p->signal[i].until[p->signal[i].n - 1]);
        }
    }
    for (int i = 0; i < p->r.stage.n; i++)
        see(&x, p->entered[i].best);
    for (int i = 0; i < p->n_step; i++)
        see(&x, p->step[i].at.best);
    for (int i = 0; i < p->n_episode; i++) {
        double from, until;
        if (rs_past_extent(&p->episode[i], &from, &until)) {
            see(&x, from);
            see(&x, until);
        }
    }
    if (!(x.lo < x.hi))
        x = isfinite(x.lo) ? (struct axis){RS_SCALE_LINEAR, x.lo - 1800, x.lo + 1800}
                           : (struct axis){RS_SCALE_LINEAR, 0, 3600};
    return x;
}

bool rs_past_has_trajectory(const struct past *p)
{
    bool any = p->stages.n > 0 || p->n_step > 0;
    for (int i = 0; i < p->n_signal; i++)
        any = any || p->signal[i].n > 0;
    return any;
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

/* Between two instants over the whole panel; never so thin that it is not seen. */
static void
shade(const struct panel *p, double from, double until, enum colour colour, double alpha)
{
    if (!(until >= p->x.lo && from <= p->x.hi))
        return;
    double x0 = rs_panel_x(p, from), x1 = rs_panel_x(p, until);
    rs_canvas_rect(p->c, (struct rect){x0, p->box.y, fmax(x1 - x0, 2), p->box.h}, colour, alpha);
}

static void draw_known(const struct panel *p, const struct past *past)
{
    for (int i = 0; i < past->n_known; i++) {
        const struct past_known *k = &past->known[i];
        shade(p, k->from, isnan(k->until) ? k->from : k->until, RS_COLOUR_YELLOW, 0.55);
    }
}

static void draw_spans(const struct panel *p, const struct past *past)
{
    double from, until;
    for (int i = 0; i < past->n_episode; i++) {
        if (rs_past_extent(&past->episode[i], &from, &until))
            shade(p, from, until, RS_COLOUR_MUTED, 0.22);
    }
}

static void wedge(struct canvas *c, double x, double y, enum colour colour)
{
    rs_canvas_fill(c, 3, (double[]){x - 7, x + 7, x}, (double[]){y, y, y + 12}, colour, 1);
}

/* A wedge at the upper edge for each change found in the signal. */
static void draw_changes(const struct panel *p, const struct past *past, const struct group *g)
{
    for (int i = 0; i < past->n_change; i++) {
        const struct past_change *c = &past->change[i];
        for (int k = 0; k < g->n; k++) {
            if (&past->signal[c->signal] != g->at[k])
                continue;
            wedge(p->c, rs_panel_x(p, c->at.best), p->box.y, line_colour[k]);
        }
    }
}

static void head(const struct panel *p, const struct group *g)
{
    const struct text_style style = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    char fitted[128];
    bool named = g->n > 1 && *g->at[0]->service;
    rs_text_fit(fitted, sizeof fitted, named ? g->at[0]->service : g->at[0]->name, &style,
                p->box.w);
    rs_canvas_text(p->c, p->box.x, p->box.y - 15, fitted, &style);
}

/* Without its service, which the head names. */
static const char *short_name(const struct past_signal *s)
{
    size_t n = strlen(s->service);
    bool led = n > 0 && strncmp(s->name, s->service, n) == 0 && s->name[n] == ' ';
    return led ? s->name + n + 1 : s->name;
}

static double last_level(const struct past_signal *s)
{
    double v = NAN;
    for (int i = s->n - 1; i >= 0 && isnan(v); i--)
        v = s->level[i];
    return v;
}

static void draw_group(struct panel *p, const struct sheet *s, const struct group *g)
{
    struct side_label label[MAX_LINE];
    int n = 0, n_value = 0;
    struct past_curve curve[MAX_LINE];
    assert(g->n > 0 && g->n <= MAX_LINE);
    for (int k = 0; k < g->n; k++)
        curve[k] = rs_past_curve(p, g->at[k]);
    p->y = rs_past_y_axis(g->n, curve);
    struct ticks y = rs_past_y_ticks(p);
    draw_known(p, s->p);
    draw_spans(p, s->p);
    rs_panel_frame(p, &s->x, false, &y);
    rs_past_y_title(p, g->at[0]);
    head(p, g);
    for (int k = g->n - 1; k >= 0; k--) {
        rs_past_curve_draw(p, &curve[k], line_colour[k], false);
        rs_past_curve_clear(&curve[k]);
    }
    for (int k = 0; k < g->n; k++) {
        double last = last_level(g->at[k]);
        n_value += !isnan(last);
        if (isnan(last) || g->n == 1) /* the head names it */
            continue;
        label[n] = (struct side_label){rs_panel_y(p, last), line_colour[k], RS_DASH_SOLID, ""};
        snprintf(label[n++].text, sizeof label->text, "%s", short_name(g->at[k]));
    }
    draw_changes(p, s->p, g);
    rs_panel_side_labels(p, n, label, RS_PAGE_RIGHT - 10);
    if (n_value == 0)
        rs_panel_say(p, "no value was recorded");
}

/* ---- the page -------------------------------------------------------------------------------------------------------- */

static void draw_alarms(struct panel *p, const struct sheet *s)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    struct rect all = p->box;
    char text[64];
    p->box.h = RS_PAST_ROW;
    for (int i = 0; i < s->n_row; i++) {
        rs_past_row_draw(p, s->p, &s->row[i]);
        p->box.y += RS_PAST_ROW;
    }
    if (s->n_row_left > 0) {
        snprintf(text, sizeof text, "and %d more rows", s->n_row_left);
        rs_canvas_text(p->c, p->box.x + 8, p->box.y + RS_PAST_ROW / 2.0, text, &style);
    }
    p->box = all;
    rs_past_left(p, all.y + all.h / 2, "alerts");
}

static void draw_key(const struct sheet *s, double y)
{
    struct canvas *c = s->all.c;
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    struct key_item item[2];
    int n = 0;
    double x = RS_PAGE_LEFT;
    if (s->p->n_episode > 0)
        item[n++] = (struct key_item){RS_COLOUR_MUTED, 0.22, RS_DASH_SOLID, "episode"};
    if (s->p->n_known > 0)
        item[n++] = (struct key_item){RS_COLOUR_YELLOW, 0.55, RS_DASH_SOLID, "known fault"};
    if (s->n_group > 0 && s->p->n_change > 0) {
        wedge(c, x + 8, y - 6, RS_COLOUR_BLUE);
        rs_canvas_text(c, x + 28, y, "a change was found", &style);
        x += 220;
    }
    if (s->n_group > 0)
        rs_key_draw(c, x, y, n, item);
    if (s->n_row > 0)
        rs_past_alarm_key(c, RS_PAGE_LEFT + 16, y + 32);
}

static double alarm_height(const struct sheet *s)
{
    return (s->n_row + (s->n_row_left > 0)) * (double)RS_PAST_ROW;
}

static void draw_over_time(struct sheet *s, double panel_h)
{
    const struct past *p = s->p;
    struct panel at = s->all;
    at.box.y = RS_PAGE_TOP;
    at.box.h = RS_PAST_RIBBON;
    rs_past_ribbon(&at, p, at.x.hi);
    at.box.y += RS_PAST_RIBBON + GAP;
    for (int i = 0; i < s->n_group; i++) {
        at.box.h = panel_h;
        draw_group(&at, s, &s->group[i]);
        at.box.y += panel_h + GAP;
    }
    if (p->n_episode > 0) {
        at.box.h = LANE + 12;
        rs_past_episodes_draw(&at, p);
        at.box.y += at.box.h + 8;
    }
    if (s->n_row > 0) {
        at.box.h = alarm_height(s);
        draw_alarms(&at, s);
        at.box.y += at.box.h + 8;
    }
    at.box.h = rs_flags_height(&p->r);
    rs_panel_frame(&at, &s->x, true, NULL);
    if (p->r.flag.n > 0)
        rs_past_flags(&at, p);
    else
        rs_panel_say(&at, "no flag is known to have been set");
    rs_panel_x_title(&at, s->x_title);
    draw_key(s, at.box.y + at.box.h + 84);
    rs_past_list_draw(at.c, p, at.box.y + at.box.h + 84 + (s->n_row > 0 ? 72 : 40));
}

/* At the foot: what is not shown. */
static void say_left_out(const struct sheet *s, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    char text[320], fitted[320], left_out[48] = "", more[32] = "";
    if (s->n_left_out > 0)
        snprintf(left_out, sizeof left_out, "%d more signal%s no place here", s->n_left_out,
                 s->n_left_out == 1 ? " has" : "s have");
    if (s->n_quiet > s->n_quiet_named)
        snprintf(more, sizeof more, " and %d more", s->n_quiet - s->n_quiet_named);
    snprintf(text, sizeof text, "%s%s%s%s", left_out, *left_out && s->n_quiet ? " · " : "",
             s->quiet, more);
    rs_text_fit(fitted, sizeof fitted, text, &style, RS_PAGE_WIDTH - 320);
    rs_canvas_text(s->all.c, 40, y, fitted, &style);
}

void rs_picture_retro_trajectory(struct canvas *c,
                                 const struct past *p,
                                 const struct past_episode *episode)
{
    (void)episode;
    struct sheet s = {
        .p = p,
        .all = {.c = c,
                .box = {RS_PAGE_LEFT, 0, RS_PAGE_WIDTH - RS_PAGE_LEFT - RS_PAGE_RIGHT, 0},
                .x = time_axis(p),
                .y = {RS_SCALE_LINEAR, 0, 1}}};
    char subtitle[256], from[48], until[48];
    make_groups(&s);
    s.x = rs_past_ticks(p, &s.all.x, s.x_title);
    s.row = rs_past_rows(p, s.all.x.lo, s.all.x.hi, MAX_ROW, &s.n_row, &s.n_row_left);
    double panel_h = s.n_group <= 2 ? 230 : s.n_group <= 5 ? 150 : 110;
    double height = RS_PAGE_TOP + RS_PAST_RIBBON + GAP + s.n_group * (panel_h + GAP) +
                    (p->n_episode > 0 ? LANE + 20 : 0) + (s.n_row > 0 ? alarm_height(&s) + 8 : 0) +
                    rs_flags_height(&p->r) + 84 + (s.n_row > 0 ? 72 : 40) + rs_past_list_height(p) +
                    50;
    snprintf(subtitle, sizeof subtitle, "%s to %s · %d source%s, on the clock of %s",
             rs_past_time(from, sizeof from, p, s.all.x.lo),
             rs_past_time(until, sizeof until, p, s.all.x.hi), p->n_source,
             p->n_source == 1 ? "" : "s", *p->reference ? p->reference : "the first source");
    rs_past_page(c, p, height, "The rollout as it was recorded", subtitle);
    draw_over_time(&s, panel_h);
    say_left_out(&s, height - 22);
    free(s.row);
    free(s.group);
}
