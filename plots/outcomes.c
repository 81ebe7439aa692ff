/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "sim/arena.h"

enum { LEFT = 400, RIGHT = 60, TOP = 140, ROW = 96, BAR = 46 };

/* Light and dark colours alternate; black words can be read on each. */
static const enum colour colours[RS_OUTCOME_N] = {
    [RS_OUTCOME_COMPLETED] = RS_COLOUR_GREEN, [RS_OUTCOME_ROLLED_BACK] = RS_COLOUR_SKY,
    [RS_OUTCOME_HELD] = RS_COLOUR_YELLOW,     [RS_OUTCOME_HALTED] = RS_COLOUR_ORANGE,
    [RS_OUTCOME_MISSED] = RS_COLOUR_PURPLE,   [RS_OUTCOME_RUNNING] = RS_COLOUR_GRID,
};

static const char *outcome_words(int o)
{
    const char *name = rs_outcome_name((enum outcome)o);
    return o == RS_OUTCOME_ROLLED_BACK ? "rolled back" : name;
}

static void format_share(char *buf, size_t n, int64_t count, int64_t all)
{
    double percent = 100.0 * (double)count / (double)all;
    snprintf(buf, n, percent < 10 || (percent > 99 && count < all) ? "%.1f %%" : "%.0f %%",
             percent);
}

/* A share too narrow for its number: its words stand beneath it. */
struct beneath {
    double at, left, width; /* pixels; at = middle of the share */
    char text[48];
};

/* Each as near to its share as the others and the frame let it. */
static void draw_beneath(const struct panel *p, struct beneath *b, int n, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    double from = p->box.x + 6, to = p->box.x + p->box.w - 6;
    for (int i = 0; i < n; i++) {
        b[i].width = rs_label_width(b[i].text, &style);
        b[i].left = fmax(b[i].at - b[i].width / 2, from);
        from = b[i].left + b[i].width + 14;
    }
    for (int i = n - 1; i >= 0; i--) {
        b[i].left = fmin(b[i].left, to - b[i].width);
        to = b[i].left - 14;
        double foot = fmin(fmax(b[i].at, b[i].left), b[i].left + b[i].width);
        rs_canvas_line(p->c, b[i].at, y, foot, y + 9, RS_COLOUR_MUTED, 1.2, RS_DASH_SOLID);
        rs_canvas_text(p->c, b[i].left, y + 20, b[i].text, &style);
    }
}

static void draw_shares(const struct panel *p, const struct outcomes *o, double y)
{
    const struct text_style inside = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK, .align = RS_ALIGN_CENTRE};
    struct beneath beneath[RS_OUTCOME_N];
    int n_beneath = 0;
    char share[16];
    int64_t before = 0;
    for (int i = 0; i < RS_OUTCOME_N; i++) {
        if (o->count[i] == 0)
            continue;
        double x0 = rs_panel_x(p, (double)before / (double)o->n);
        before += o->count[i];
        double x1 = rs_panel_x(p, (double)before / (double)o->n);
        rs_canvas_rect(p->c, (struct rect){x0, y, x1 - x0, BAR}, colours[i], 0.85);
        if (before < o->n)
            rs_canvas_line(p->c, x1, y, x1, y + BAR, RS_COLOUR_PAPER, 2, RS_DASH_SOLID);
        format_share(share, sizeof share, o->count[i], o->n);
        if (rs_label_width(share, &inside) + 8 < x1 - x0) {
            rs_canvas_text(p->c, (x0 + x1) / 2, y + BAR / 2.0, share, &inside);
        } else {
            struct beneath *b = &beneath[n_beneath++];
            b->at = (x0 + x1) / 2;
            snprintf(b->text, sizeof b->text, "%s %s", outcome_words(i), share);
        }
    }
    draw_beneath(p, beneath, n_beneath, y + BAR);
}

static void draw_row(const struct panel *p, const char *name, const struct outcomes *o, double y)
{
    const struct text_style head = {
        .size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .align = RS_ALIGN_RIGHT, .bold = true};
    const struct text_style body = {
        .size = RS_TEXT_SMALL, .colour = RS_COLOUR_MUTED, .align = RS_ALIGN_RIGHT};
    char text[128], line[96];
    rs_text_fit(text, sizeof text, name, &head, LEFT - 50);
    rs_canvas_text(p->c, LEFT - 14, y + BAR / 2.0 - 12, text, &head);
    if (o->n_not_started > 0)
        snprintf(line, sizeof line, "n = %lld (+ %lld not begun)", (long long)o->n,
                 (long long)o->n_not_started);
    else
        snprintf(line, sizeof line, "n = %lld", (long long)o->n);
    rs_canvas_text(p->c, LEFT - 14, y + BAR / 2.0 + 13, line, &body);
    if (o->n > 0) {
        draw_shares(p, o, y);
    } else {
        struct panel row = *p;
        row.box.y = y;
        row.box.h = BAR;
        rs_panel_say(&row, "no replica");
    }
}

/* Only the outcomes that occur. */
static void draw_key(struct canvas *c, const struct outcomes *o, int n, double y)
{
    struct key_item item[RS_OUTCOME_N];
    int n_item = 0;
    for (int k = 0; k < RS_OUTCOME_N; k++) {
        int64_t count = 0;
        for (int i = 0; i < n; i++)
            count += o[i].count[k];
        if (count > 0)
            item[n_item++] = (struct key_item){colours[k], 0.85, RS_DASH_SOLID, outcome_words(k)};
    }
    rs_key_draw(c, LEFT, y, n_item, item);
}

static void draw(struct canvas *c, const struct record *r, const struct outcomes *o)
{
    int n = r->fault.n + 1;
    rs_page_begin(c, r, TOP + ROW * n + 160, "How the rollouts end, by the fault that is present",
                  "a fault counts where it began");
    struct panel p = {.c = c,
                      .box = {LEFT, TOP, RS_PAGE_WIDTH - LEFT - RIGHT, (double)ROW * n},
                      .x = {RS_SCALE_LINEAR, 0, 1},
                      .y = {RS_SCALE_LINEAR, 0, 1}};
    struct ticks x = rs_ticks_linear(0, 1, 10, 100, " %");
    rs_panel_frame(&p, &x, true, NULL);
    for (int i = 0; i < n; i++)
        draw_row(&p, i == 0 ? "no fault" : r->fault.at[i - 1].name, &o[i], TOP + ROW * i + 12);
    rs_panel_x_title(&p, "share of replicas (%)");
    draw_key(c, o, n, p.box.y + p.box.h + 92);
}

int rs_picture_outcomes(struct canvas *c,
                        struct record *r,
                        const struct named *fault,
                        struct err *err)
{
    (void)fault;
    int n = r->fault.n, status = 0;
    struct outcomes *o = rs_xcalloc((size_t)n + 1, sizeof *o);
    for (int i = 0; status == 0 && i <= n; i++)
        status = rs_record_outcomes(r, &o[i], i == 0 ? RS_NO_FAULT : r->fault.at[i - 1].id, err);
    if (status == 0)
        draw(c, r, o);
    free(o);
    return status;
}
