/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "sim/clock.h"

enum { LEFT = 390, RIGHT = 440, TOP = 160, ROW = 46, BAR = 22, MAX_MARK = 32, LATE_S = 1800 };

/* Where each leg starts when all legs take their median time. */
struct layout {
    int n_mark;
    struct {
        const char *name;
        double at_s;
    } mark[MAX_MARK];
    double end_s;       /* of the last leg but the total */
    bool from_detected; /* times count from the detection, not from the onset */
};

static double *find_mark(struct layout *l, const char *name)
{
    for (int i = 0; i < l->n_mark; i++) {
        if (strcmp(l->mark[i].name, name) == 0)
            return &l->mark[i].at_s;
    }
    return NULL;
}

static void set_mark(struct layout *l, const char *name, double at_s)
{
    if (l->n_mark < MAX_MARK && !find_mark(l, name)) {
        l->mark[l->n_mark].name = name;
        l->mark[l->n_mark++].at_s = at_s;
    }
}

static double leg_start(struct layout *l, const struct card_row *leg)
{
    double *at = find_mark(l, leg->from);
    return at ? *at : l->end_s;
}

static struct layout lay_out(const struct timing *t)
{
    struct layout l = {0};
    for (int i = 0; i < t->n; i++) {
        const struct card_row *leg = &t->row[i];
        double start = leg_start(&l, leg);
        set_mark(&l, leg->from, start);
        double end = start + (isnan(leg->p50_s) ? 0 : leg->p50_s);
        if (!find_mark(&l, leg->to)) {
            set_mark(&l, leg->to, end);
            l.end_s = fmax(l.end_s, end);
        }
    }
    return l;
}

static bool is_total(const struct card_row *leg)
{
    return strcmp(leg->from, "detected") == 0 && strcmp(leg->to, "completed") == 0;
}

/*
 * From the onset, or from shortly before the detection when that comes late, so that the response can be seen; to where
 * medians, budget and most whiskers end. What is longer is cut; its numbers stand in the columns.
 */
static struct axis time_axis(const struct timing *t, struct layout *l)
{
    double *at = find_mark(l, "detected"), detected = at ? *at : 0;
    double sla = isfinite(t->sla_s) ? t->sla_s : 300;
    double lo = l->from_detected || detected > 4 * sla ? detected - 0.5 * sla : 0;
    double hi = fmax(l->end_s, at && isfinite(t->sla_s) ? detected + sla : 0);
    double cap = lo + 2.5 * fmax(hi - lo, 30);
    for (int i = 0; i < t->n; i++) {
        double start = leg_start(l, &t->row[i]), whisker = start + t->row[i].p95_s;
        if (isfinite(whisker) && start >= lo)
            hi = fmax(hi, whisker);
    }
    hi = fmin(hi, cap);
    return (struct axis){RS_SCALE_LINEAR, lo, fmax(lo + 10, hi + 0.05 * (hi - lo))};
}

/* A detection long after the onset makes the time since the onset unhandy: then zero is the detection. */
static void choose_zero(struct layout *l)
{
    double *at = find_mark(l, "detected"), detected = at ? *at : 0;
    l->from_detected = detected > LATE_S;
    if (!l->from_detected)
        return;
    for (int i = 0; i < l->n_mark; i++)
        l->mark[i].at_s -= detected;
    l->end_s -= detected;
}

static void leg_name(char *buf, size_t n, const struct card_row *leg)
{
    snprintf(buf, n, "%s → %s", leg->from, leg->to);
    for (char *s = buf; *s; s++)
        *s = *s == '_' ? ' ' : *s;
}

static char *duration(char *buf, size_t n, double s)
{
    if (isnan(s))
        snprintf(buf, n, "-");
    else
        rs_duration_human(buf, n, rs_ns_from_s(s));
    return buf;
}

static const double column_at[4] = {110, 215, 320, 420}; /* right ends, from the frame's edge */

static void draw_numbers(const struct panel *p, const struct card_row *leg, double y)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    double edge = p->box.x + p->box.w;
    const double value[3] = {leg->p50_s, leg->p95_s, leg->max_s};
    char text[48];
    for (int k = 0; k < 3; k++)
        rs_canvas_text(p->c, edge + column_at[k], y, duration(text, sizeof text, value[k]), &style);
    if (leg->n_open > 0)
        snprintf(text, sizeof text, "%lld + %lld", (long long)leg->n, (long long)leg->n_open);
    else
        snprintf(text, sizeof text, "%lld", (long long)leg->n);
    rs_canvas_text(p->c, edge + column_at[3], y, text, &style);
}

/* An arrow head at the frame: the leg goes on, to the right or from the left. */
static void draw_goes_on(const struct panel *p, double y, bool right)
{
    double edge = right ? p->box.x + p->box.w : p->box.x, in = right ? -12 : 12;
    double x[3] = {edge + in, edge, edge + in}, py[3] = {y - 7, y, y + 7};
    rs_canvas_fill(p->c, 3, x, py, RS_COLOUR_INK, 1);
}

static void draw_leg(const struct panel *p, struct layout *l, const struct card_row *leg, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL,
                                     .colour = RS_COLOUR_INK,
                                     .align = RS_ALIGN_RIGHT,
                                     .bold = is_total(leg)};
    char name[96], fitted[96];
    leg_name(name, sizeof name, leg);
    rs_text_fit(fitted, sizeof fitted, name, &style, LEFT - 40);
    rs_canvas_text(p->c, p->box.x - 12, y, fitted, &style);
    draw_numbers(p, leg, y);
    if (isnan(leg->p50_s))
        return;
    double start = leg_start(l, leg);
    if (start + leg->max_s < p->x.lo) {
        draw_goes_on(p, y, false);
        return;
    }
    double x0 = rs_panel_x(p, start), x1 = rs_panel_x(p, start + leg->p50_s);
    double x95 = rs_panel_x(p, start + leg->p95_s), x_max = rs_panel_x(p, start + leg->max_s);
    enum colour colour = is_total(leg) ? RS_COLOUR_BLUE : RS_COLOUR_SKY;
    rs_canvas_rect(p->c, (struct rect){x0, y - BAR / 2.0, fmax(3, x1 - x0), BAR}, colour, 0.999);
    rs_canvas_line(p->c, x1, y, x95, y, RS_COLOUR_INK, 2.5, RS_DASH_SOLID);
    rs_canvas_line(p->c, x95, y - 6, x95, y + 6, RS_COLOUR_INK, 2.5, RS_DASH_SOLID);
    rs_canvas_line(p->c, x95, y, x_max, y, RS_COLOUR_MUTED, 1.2, RS_DASH_DOTTED);
    if (start < p->x.lo)
        draw_goes_on(p, y, false);
    if (start + leg->max_s > p->x.hi)
        draw_goes_on(p, y, true);
    else
        rs_canvas_line(p->c, x_max, y - 10, x_max, y + 10, RS_COLOUR_PURPLE, 3, RS_DASH_SOLID);
}

/* The promise counts from the detection. */
static void draw_budget(const struct panel *p, struct layout *l, const struct timing *t)
{
    double *detected = find_mark(l, "detected");
    if (!detected || !isfinite(t->sla_s))
        return;
    double x0 = rs_panel_x(p, *detected), x1 = rs_panel_x(p, *detected + t->sla_s);
    rs_canvas_rect(p->c, (struct rect){x0, p->box.y, x1 - x0, p->box.h}, RS_COLOUR_YELLOW, 0.22);
    rs_panel_upright(p, *detected, RS_COLOUR_ORANGE, 2, RS_DASH_DASHED);
    rs_panel_upright(p, *detected + t->sla_s, RS_COLOUR_VERMILLION, 3, RS_DASH_DASHED);
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    char text[64], sla[32];
    rs_duration_format(sla, sizeof sla, rs_ns_from_s(t->sla_s));
    snprintf(text, sizeof text, "budget: %s from detection", sla);
    double half = rs_label_width(text, &style) / 2, middle = (x0 + x1) / 2;
    middle = fmin(fmax(middle, p->box.x + half), p->box.x + p->box.w - half);
    rs_canvas_text(p->c, middle, p->box.y - 16, text, &style);
}

static void draw_heads(const struct panel *p)
{
    static const char *const head[4] = {"p50", "p95", "max", "n + open"};
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED, .align = RS_ALIGN_RIGHT};
    for (int k = 0; k < 4; k++)
        rs_canvas_text(p->c, p->box.x + p->box.w + column_at[k], p->box.y - 16, head[k], &style);
}

static void draw_key(const struct panel *p, double y)
{
    const struct key_item item[] = {
        {RS_COLOUR_SKY, 0.999, RS_DASH_SOLID, "median of the leg"},
        {RS_COLOUR_INK, 1, RS_DASH_SOLID, "to p95"},
        {RS_COLOUR_PURPLE, 1, RS_DASH_SOLID, "longest"},
        {RS_COLOUR_ORANGE, 1, RS_DASH_DASHED, "detected"},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, "end of the budget"},
    };
    const struct text_style note = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED};
    rs_key_draw(p->c, 60, y, 5, item);
    rs_canvas_text(
        p->c, 60, y + 32,
        "Each leg starts where the legs before it end when all take their medians; open = "
        "the leg began and did not end. An arrow: it goes on beyond the axis.",
        &note);
}

static void draw(struct canvas *c, const struct timing *t)
{
    struct layout l = lay_out(t);
    choose_zero(&l);
    const char *unit;
    struct panel p = {.c = c,
                      .box = {LEFT, TOP, RS_PAGE_WIDTH - LEFT - RIGHT, (double)ROW * t->n},
                      .x = time_axis(t, &l),
                      .y = {RS_SCALE_LINEAR, 0, 1}};
    struct ticks x = rs_ticks_time(p.x.lo, p.x.hi, 10, &unit);
    draw_budget(&p, &l, t);
    rs_panel_frame(&p, &x, true, NULL);
    draw_heads(&p);
    for (int i = 0; i < t->n; i++)
        draw_leg(&p, &l, &t->row[i], TOP + ROW * (i + 0.5));
    char title[64];
    snprintf(title, sizeof title, "time since %s (%s)",
             l.from_detected ? "detection" : "the fault's onset", unit);
    rs_panel_x_title(&p, title);
    draw_key(&p, p.box.y + p.box.h + 92);
}

static int64_t n_completed(const struct timing *t)
{
    for (int i = t->n - 1; i >= 0; i--) {
        if (is_total(&t->row[i]))
            return t->row[i].n;
    }
    return t->n_episode;
}

/* A rollback that was begun and not completed must not read as one that was. */
static void subtitle_of(char *buf, size_t n, const struct timing *t)
{
    char sla[32] = "", other[64] = "";
    if (isfinite(t->sla_s))
        rs_duration_format(sla, sizeof sla, rs_ns_from_s(t->sla_s));
    if (t->n_other_procedure > 0)
        snprintf(other, sizeof other, " · %d other procedures not shown", t->n_other_procedure);
    long long n_done = n_completed(t), n_missed = t->n_missed;
    bool open = n_done < t->n_episode;
    int used =
        snprintf(buf, n, "procedure %s · %lld rollbacks", t->procedure, (long long)t->n_episode);
    if (open)
        used += snprintf(buf + used, n - (size_t)used, " begun, %lld completed", n_done);
    if (*sla)
        used +=
            snprintf(buf + used, n - (size_t)used, ", %lld within %s", (long long)t->n_within, sla);
    if (!open)
        used += snprintf(buf + used, n - (size_t)used, " · %lld not rolled back", n_missed);
    else if (n_missed > 0)
        used += snprintf(buf + used, n - (size_t)used, " · in %lld replicas none begun", n_missed);
    snprintf(buf + used, n - (size_t)used, "%s", other);
}

static void say_why_none(struct canvas *c, const struct outcomes *o)
{
    struct panel empty = {.c = c, .box = {60, TOP, RS_PAGE_WIDTH - 120, 200}};
    char text[96];
    if (rs_never_began(text, sizeof text, o))
        rs_panel_say(&empty, text);
    else
        rs_panel_say(&empty, "nobody rolled back against this fault: there is no chain");
}

int rs_picture_chain(struct canvas *c, struct record *r, const struct named *fault, struct err *err)
{
    struct timing t;
    struct outcomes o = {0};
    char title[160], subtitle[320] = "";
    int status = rs_record_timing(r, &t, fault->id, err);
    if (status == 0)
        status = rs_record_outcomes(r, &o, fault->id, err);
    if (status == 0) {
        snprintf(title, sizeof title, "The response chain: %s", fault->name);
        if (t.n > 0)
            subtitle_of(subtitle, sizeof subtitle, &t);
        rs_page_begin(c, r, TOP + (t.n > 0 ? ROW * t.n : 200) + 190, title, subtitle);
        if (t.n > 0)
            draw(c, &t);
        else
            say_why_none(c, &o);
    }
    rs_timing_clear(&t);
    return status;
}
