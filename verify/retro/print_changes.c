/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What got worse and no episode explains; and how well known faults were found. */
#include <math.h>

#include "print_parts.h"
#include "report_words.h"
#include "sim/clock.h"

#define MAX_KNOWN 20 /* on a terminal; the record has them all */

void rs_retro_print_changes(const struct retro_page *p)
{
    int n = 0;
    const int *which = rs_retro_unexplained(p->arena, p->r, &n);
    if (n == 0)
        return;
    rs_retro_page_heading(p, "Changes");
    rs_text_wrap(p->to,
                 p->r->rebuilt.n_episode > 0
                     ? "For the worse, and in no episode; the surest first:"
                     : "For the worse, though there is no episode; the surest first:",
                 2, p->width);
    for (int i = 0; i < n && i < RS_RETRO_UNEXPLAINED_TOLD; i++) {
        const struct retro_change *c = &p->r->rebuilt.change[which[i]];
        fputs("  ", p->to);
        rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "!");
        rs_text_wrap_on(p->to,
                        rs_arena_printf(p->arena, "%s, at odds of 10^%.0f to 1",
                                        rs_retro_change_words(p->arena, p->r, c->signal, c),
                                        fmin(c->log10_odds, 9999.0)),
                        3, 4, p->width);
    }
    if (n > RS_RETRO_UNEXPLAINED_TOLD)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "%d more are in the record (-o) and in --json.",
                                     n - RS_RETRO_UNEXPLAINED_TOLD),
                     2, p->width);
    fputc('\n', p->to);
}

static void known_row(const struct retro_page *p, struct text_table *t, int i)
{
    const struct retro_known *k = &p->r->evidence->known[i];
    int found = rs_retro_change_of(p->r, k);
    const struct retro_change *c = found < 0 ? NULL : &p->r->rebuilt.change[found];
    char from[40], at[40], error[40];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", k->name ? k->name : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       rs_retro_time_words(from, sizeof from, p->r, k->from_ns));
    rs_text_table_cell(
        t, c ? RS_STYLE_PLAIN : RS_STYLE_OPEN, "%s",
        c ? rs_retro_time_after(at, sizeof at, p->r,
                                rs_retro_shown_within(c->lo_ns, c->best_ns, c->hi_ns), k->from_ns)
          : "not found");
    double late_s = c ? rs_s_from_ns(c->best_ns - k->from_ns) : 0;
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s%s",
                       !c           ? ""
                       : late_s < 0 ? "-"
                                    : "+",
                       c ? rs_seconds_human(error, sizeof error, fabs(late_s)) : "");
    rs_text_table_cell(t, RS_STYLE_DIM, "%s",
                       c && c->signal >= 0 ? p->r->rebuilt.signal[c->signal].name : "");
}

void rs_retro_print_known(const struct retro_page *p)
{
    static const struct text_column column[] = {{"known fault", .narrowest = 12},
                                                {"from"},
                                                {"change found"},
                                                {"off by", .right = true},
                                                {"in", .narrowest = 12, .optional = true}};
    int n = p->r->evidence->n_known, n_found = 0;
    if (n == 0)
        return;
    for (int i = 0; i < n; i++)
        n_found += rs_retro_change_of(p->r, &p->r->evidence->known[i]) >= 0;
    rs_retro_page_heading(
        p, rs_arena_printf(p->arena, "Known faults: %d, of them %d found", n, n_found));
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < n && i < MAX_KNOWN; i++)
        known_row(p, t, i);
    rs_retro_page_table(p, t);
    if (n > MAX_KNOWN)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "%d more are in the record (-o) and in --json.",
                                     n - MAX_KNOWN),
                     2, p->width);
    fputc('\n', p->to);
}
