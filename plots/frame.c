/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"

enum { FLAG_ROW = 34, FLAG_BAR = 24 };

char *rs_format_count(char *buf, size_t n, int64_t v)
{
    char plain[24];
    int length = snprintf(plain, sizeof plain, "%lld", (long long)v);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < n; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buf[at++] = ',';
        buf[at++] = plain[i];
    }
    buf[at] = '\0';
    return buf;
}

void rs_page_open(
    struct canvas *c, double height, const char *title, const char *subtitle, const char *footer)
{
    rs_canvas_begin(c, RS_PAGE_WIDTH, height);
    const struct text_style head = {.size = RS_TEXT_TITLE, .colour = RS_COLOUR_INK, .bold = true};
    const struct text_style body = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_MUTED};
    const struct text_style foot = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED, .align = RS_ALIGN_RIGHT};
    char fitted[512];
    rs_text_fit(fitted, sizeof fitted, title, &head, RS_PAGE_WIDTH - 80);
    rs_canvas_text(c, 40, 40, fitted, &head);
    rs_text_fit(fitted, sizeof fitted, subtitle, &body, RS_PAGE_WIDTH - 80);
    rs_canvas_text(c, 40, 80, fitted, &body);
    rs_canvas_text(c, RS_PAGE_WIDTH - 30, height - 22, footer, &foot);
}

void rs_page_begin(struct canvas *c,
                   const struct record *r,
                   double height,
                   const char *title,
                   const char *subtitle)
{
    char count[32], line[512], foot[64];
    rs_format_count(count, sizeof count, r->n_replica);
    snprintf(line, sizeof line, "scenario %s · n = %s replicas · seed %s%s%s", r->scenario, count,
             r->seed, *subtitle ? " · " : "", subtitle);
    snprintf(foot, sizeof foot, "rollsim %s", r->version);
    rs_page_open(c, height, title, line, foot);
}

char *rs_relative_time(char *buf, size_t n, double s)
{
    char human[32];
    rs_duration_human(human, sizeof human, rs_ns_from_s(fabs(s)));
    snprintf(buf, n, "%s%s", s < 0 ? "-" : "+", human);
    return buf;
}

/* "stage-" of "stage-0", "stage-1", ...: what all names begin with up to the last '-', so that the rest can stand alone. */
static size_t common_prefix(const struct named_list *list)
{
    if (list->n < 2)
        return 0;
    size_t n = strlen(list->at[0].name), cut = 0;
    for (int i = 1; i < list->n; i++) {
        size_t k = 0;
        while (k < n && list->at[i].name[k] == list->at[0].name[k])
            k++;
        n = k;
    }
    for (size_t k = 0; k < n; k++) {
        if (list->at[0].name[k] == '-')
            cut = k + 1;
    }
    return cut;
}

/*
 * The name, else its end, else its end above the ribbon unless that runs into the one before. *free_from: where the last one
 * above ended.
 */
static void label_stage(const struct panel *p,
                        const struct record *r,
                        const struct named *stage,
                        double x0,
                        double x1,
                        double *free_from)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    const char *text = stage->name;
    double middle = (x0 + x1) / 2, y = p->box.y + p->box.h / 2;
    if (rs_label_width(text, &style) > x1 - x0 - 6)
        text += common_prefix(&r->stage);
    double half = rs_label_width(text, &style) / 2;
    if (2 * half > x1 - x0 - 2) {
        if (middle - half < *free_from)
            return;
        *free_from = middle + half + 6;
        y = p->box.y - 11;
    }
    rs_canvas_text(p->c, middle, y, text, &style);
}

static void side_title(const struct panel *p, const char *text)
{
    const struct text_style style = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    rs_canvas_text(p->c, p->box.x - 8, p->box.y + p->box.h / 2, text, &style);
}

void rs_ribbon_draw(const struct panel *p,
                    const struct record *r,
                    const struct steps *stages,
                    double shift_s,
                    double end_s)
{
    double free_from = p->box.x;
    side_title(p, "stage");
    rs_canvas_rect(p->c, p->box, RS_COLOUR_SHADE, 1);
    for (int i = 0; i < stages->n; i++) {
        double from = stages->t_s[i] + shift_s;
        double to = i + 1 < stages->n ? stages->t_s[i + 1] + shift_s : end_s;
        if (!(to > p->x.lo && from < p->x.hi))
            continue;
        double x0 = rs_panel_x(p, from), x1 = rs_panel_x(p, to);
        const struct named *stage = rs_named_find(&r->stage, (int)stages->x[i]);
        rs_canvas_rect(p->c, (struct rect){x0, p->box.y, x1 - x0, p->box.h},
                       i % 2 ? RS_COLOUR_YELLOW : RS_COLOUR_SKY, 0.45);
        rs_canvas_line(p->c, x0, p->box.y, x0, p->box.y + p->box.h, RS_COLOUR_MUTED, 1.5,
                       RS_DASH_SOLID);
        if (stage)
            label_stage(p, r, stage, x0, x1, &free_from);
    }
}

double rs_flags_height(const struct record *r)
{
    return FLAG_ROW * (r->flag.n ? r->flag.n : 1);
}

static void format_exposure(char *buf, size_t n, double exposure)
{
    if (exposure <= 0)
        snprintf(buf, n, "off");
    else
        snprintf(buf, n, exposure < 0.0995 ? "%.2g %%" : "%.0f %%", 100 * exposure);
}

/*
 * One stretch of constant exposure; the number stands in it where there is room. What is on for a few users only must still
 * be seen, so a bar is never thinner than 5 pixels. What lies beneath shines through.
 */
static void draw_exposure(const struct panel *p, double x0, double x1, double exposure)
{
    const struct text_style style = {.size = RS_TEXT_SMALL - 2, .colour = RS_COLOUR_INK};
    double h = exposure > 0 ? fmax(5, p->box.h * exposure) : 0;
    rs_canvas_rect(p->c, (struct rect){x0, p->box.y + p->box.h - h, x1 - x0, h}, RS_COLOUR_GREEN,
                   0.55);
    char text[16];
    format_exposure(text, sizeof text, exposure);
    double w = rs_label_width(text, &style), middle = p->box.y + p->box.h / 2;
    if (x1 - x0 <= w + 12)
        return;
    rs_canvas_rect(p->c, (struct rect){x0 + 4, middle - 9, w + 4, 18}, RS_COLOUR_PAPER, 0.6);
    rs_canvas_text(p->c, x0 + 6, middle, text, &style);
}

struct rect rs_flag_box(const struct panel *p, int row)
{
    return (struct rect){p->box.x, p->box.y + FLAG_ROW * row + (FLAG_ROW - FLAG_BAR) / 2.0,
                         p->box.w, FLAG_BAR};
}

void rs_flag_draw(const struct panel *all,
                  int row,
                  const struct named *flag,
                  const struct steps *s,
                  double shift_s,
                  double end)
{
    struct panel of_row = *all, *p = &of_row;
    p->box = rs_flag_box(all, row);
    const struct text_style name = {.size = RS_TEXT_SMALL - 1, .colour = RS_COLOUR_INK};
    char text[64];
    rs_canvas_rect(p->c, p->box, RS_COLOUR_GRID, 0.4);
    for (int i = 0; i < s->n;) {
        /* Several changes may leave the value as it was, or share one instant. */
        int next = i + 1;
        while (next < s->n && s->x[next] == s->x[i])
            next++;
        double from = s->t_s[i] + shift_s, to = next < s->n ? s->t_s[next] + shift_s : end;
        double x0 = rs_panel_x(p, from), x1 = rs_panel_x(p, fmin(to, end));
        if (to > p->x.lo && from < p->x.hi && x1 > x0)
            draw_exposure(p, x0, x1, s->x[i]);
        i = next;
    }
    rs_text_fit(text, sizeof text, flag->name, &name, RS_PAGE_RIGHT - 30);
    rs_canvas_text(p->c, p->box.x + p->box.w + 12, p->box.y + p->box.h / 2, text, &name);
}

void rs_flags_title(const struct panel *p, const struct record *r)
{
    /* Level, since one flag's row is too low for upright words. */
    const struct text_style style = {
        .size = RS_TEXT_SMALL - 1, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT};
    double middle = p->box.y + rs_flags_height(r) / 2;
    if (r->flag.n > 0) {
        rs_canvas_text(p->c, p->box.x - 8, middle - 10, "flag exposure", &style);
        rs_canvas_text(p->c, p->box.x - 8, middle + 10, "% of audience", &style);
    }
}

int rs_flags_draw(const struct panel *p,
                  struct record *r,
                  int64_t replica,
                  double shift_s,
                  double end_s,
                  struct err *err)
{
    rs_flags_title(p, r);
    for (int i = 0; i < r->flag.n; i++) {
        struct steps s;
        int status = rs_record_exposure(r, &s, replica, &r->flag.at[i], err);
        if (status == 0)
            rs_flag_draw(p, i, &r->flag.at[i], &s, shift_s, end_s);
        rs_steps_clear(&s);
        if (status)
            return -1;
    }
    return 0;
}

double rs_threshold_level(const struct threshold *t)
{
    bool success = strcmp(t->unit, "ratio") == 0 && t->value >= 0.5 && t->value <= 1;
    return success ? 1 - t->value : t->value;
}

static void format_level(char *buf, size_t n, const struct threshold *t)
{
    if (strcmp(t->unit, "ratio") != 0)
        snprintf(buf, n, "%.4g s", t->value);
    else if (rs_threshold_level(t) != t->value)
        snprintf(buf, n, "%.4g %% (%.4g %% good)", 100 * (1 - t->value), 100 * t->value);
    else
        snprintf(buf, n, "%.4g %%", 100 * t->value);
}

int rs_thresholds_draw(const struct panel *p,
                       const struct record *r,
                       int service,
                       const char *unit,
                       struct side_label *label,
                       int max)
{
    int n = 0;
    for (int i = 0; i < r->n_threshold; i++) {
        const struct threshold *t = &r->threshold[i];
        if (t->service != service || strcmp(t->unit, unit) != 0)
            continue;
        char level[48], text[sizeof label->text];
        format_level(level, sizeof level, t);
        snprintf(text, sizeof text, "%s %s", level, t->name);
        int same = 0;
        while (same < n && strcmp(label[same].text, text) != 0)
            same++;
        if (same < n || n == max)
            continue;
        label[n] = (struct side_label){.y = rs_panel_y(p, rs_threshold_level(t)),
                                       .colour = RS_COLOUR_VERMILLION,
                                       .dash = RS_DASH_DASHED};
        snprintf(label[n++].text, sizeof text, "%s", text);
        rs_panel_level(p, rs_threshold_level(t), RS_COLOUR_VERMILLION);
    }
    return n;
}
