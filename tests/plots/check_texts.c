/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check_texts.h"

#include <check.h>
#include <stdbool.h>

/* Letters need about three quarters of the em: boxes may touch by the rest. */
static bool overlap(const struct rect *a, const struct rect *b)
{
    double slack = 4;
    return a->x + slack < b->x + b->w && b->x + slack < a->x + a->w && a->y + slack < b->y + b->h &&
           b->y + slack < a->y + a->h;
}

void check_texts(const struct canvas *c, const char *picture)
{
    int n;
    const struct set_text *t = rs_canvas_texts(c, &n);
    ck_assert_int_ge(n, 3); /* title, subtitle, footer */
    for (int i = 0; i < n; i++) {
        const struct rect *a = &t[i].box;
        ck_assert_msg(a->x >= 0 && a->y >= 0 && a->x + a->w <= rs_canvas_width(c) &&
                          a->y + a->h <= rs_canvas_height(c),
                      "%s: '%s' leaves the page", picture, t[i].text);
        for (int k = 0; k < i; k++)
            ck_assert_msg(!overlap(a, &t[k].box), "%s: '%s' stands on '%s'", picture, t[i].text,
                          t[k].text);
    }
}
