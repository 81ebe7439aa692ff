/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded signals on a panel. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retro_page.h"
#include "sim/arena.h"

struct range {
    double least, most, least_positive;
};

/* Of the levels that the axis shows. */
static void widen(struct range *r, const struct axis *x, const struct past_signal *s)
{
    for (int i = 0; i < s->n; i++) {
        double v = s->level[i];
        if (s->until[i] < x->lo || s->at[i] > x->hi || isnan(v))
            continue;
        r->least = fmin(r->least, v);
        r->most = fmax(r->most, v);
        if (v > 0)
            r->least_positive = fmin(r->least_positive, v);
    }
}

/* Values that span decades get a logarithmic axis, unless one of them is not above 0. */
struct axis rs_past_y_axis(const struct axis *x, int n, const struct past_signal *const *s)
{
    struct range r = {INFINITY, -INFINITY, INFINITY};
    for (int i = 0; i < n; i++)
        widen(&r, x, s[i]);
    if (n > 0 && s[0]->kind == RS_PAST_RATIO)
        return (struct axis){RS_SCALE_ROOT, 0, fmin(1, fmax(0.005, 1.15 * r.most))};
    if (!(r.least <= r.most) || (r.least == 0 && r.most == 0))
        return (struct axis){RS_SCALE_LINEAR, 0, 1};
    if (s[0]->kind == RS_PAST_VALUE && r.least > 0 && r.most > 20 * r.least_positive)
        return (struct axis){RS_SCALE_LOG, r.least / 1.4, r.most * 1.4};
    double low = fmin(0, r.least), high = fmax(0, r.most), room = high - low;
    return (struct axis){RS_SCALE_LINEAR, low < 0 ? low - 0.06 * room : 0, high + 0.12 * room};
}

struct ticks rs_past_y_ticks(const struct panel *p)
{
    int n_want = (int)fmax(3, p->box.h / 40);
    if (p->y.scale == RS_SCALE_ROOT)
        return rs_ticks_ratio(p->y, p->box.h);
    return p->y.scale == RS_SCALE_LOG ? rs_ticks_log(p->y, n_want + 2)
                                      : rs_ticks_linear(p->y.lo, p->y.hi, n_want, 1, "");
}

void rs_past_y_title(const struct panel *p, const struct past_signal *s)
{
    const struct text_style style = {.size = RS_TEXT_BODY};
    const char *scale = p->y.scale == RS_SCALE_LOG    ? "log scale"
                        : p->y.scale == RS_SCALE_ROOT ? "root scale"
                                                      : "";
    const char *unit = s->kind == RS_PAST_RATIO ? "%" : *s->unit ? s->unit : "value";
    char title[96];
    snprintf(title, sizeof title, *scale ? "%s (%s)" : "%s", unit, scale);
    if (rs_label_width(title, &style) > p->box.h)
        snprintf(title, sizeof title, *scale ? "%s (%.*s)" : "%s", unit, (int)strcspn(scale, " "),
                 scale);
    rs_panel_y_title(p, title);
}

/* Whether point i goes on where the one before it ended. */
static bool joins(const struct past_signal *s, int i)
{
    double step = s->until[i] - s->at[i];
    return i > 0 && s->at[i] - s->until[i - 1] <= 0.01 * step;
}

void rs_past_signal(const struct panel *p, const struct past_signal *s, enum colour colour)
{
    size_t cap = 3 * (size_t)s->n + 3;
    double *x = rs_xcalloc(cap, sizeof *x), *level = rs_xcalloc(cap, sizeof *level);
    double *low = rs_xcalloc(cap, sizeof *low), *high = rs_xcalloc(cap, sizeof *high);
    int n = 0;
    for (int i = 0; i < s->n; i++) {
        if (s->until[i] < p->x.lo || s->at[i] > p->x.hi)
            continue;
        if (n > 0 && !joins(s, i)) {
            x[n] = s->at[i];
            level[n] = low[n] = high[n] = NAN;
            n++;
        }
        const double end[2] = {fmax(s->at[i], p->x.lo), fmin(s->until[i], p->x.hi)};
        for (int k = 0; k < 2; k++) {
            x[n] = end[k];
            level[n] = s->level[i];
            low[n] = s->low[i];
            high[n++] = s->high[i];
        }
    }
    rs_panel_band(p, n, x, low, high, colour, 0.18);
    rs_panel_line(p, n, x, 0, level, colour, s->n > 400 ? 1.5 : 2.2);
    free(x);
    free(level);
    free(low);
    free(high);
}
