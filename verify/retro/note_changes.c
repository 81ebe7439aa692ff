/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the entry of the evidence log: what got worse and no episode explains, and how well known faults were found. */
#include "note_parts.h"

#include <math.h>

#include "report_words.h"
#include "sim/clock.h"

#define MAX_KNOWN 20 /* in an entry; the record has them all */

void rs_retro_note_changes(const struct retro_note *n)
{
    int n_change = 0;
    const int *which = rs_retro_unexplained(n->arena, n->r, &n_change);
    if (n_change == 0)
        return;
    fputs("### Changes\n\nFor the worse, and in no episode; the surest first.\n\n", n->to);
    for (int i = 0; i < n_change && i < RS_RETRO_UNEXPLAINED_TOLD; i++) {
        const struct retro_change *c = &n->r->rebuilt.change[which[i]];
        fputs("- ", n->to);
        rs_retro_note_put(n->to,
                          rs_arena_printf(n->arena, "%s, at odds of 10^%.0f to 1.",
                                          rs_retro_change_words(n->arena, n->r, c->signal, c),
                                          fmin(c->log10_odds, 9999.0)));
        fputc('\n', n->to);
    }
    if (n_change > RS_RETRO_UNEXPLAINED_TOLD)
        fprintf(n->to, "- %d more are in the record.\n", n_change - RS_RETRO_UNEXPLAINED_TOLD);
    fputc('\n', n->to);
}

static void put_known(const struct retro_note *n, const struct retro_known *k)
{
    int found = rs_retro_change_of(n->r, k);
    const struct retro_change *c = found < 0 ? NULL : &n->r->rebuilt.change[found];
    char from[40], at[40], error[40];
    double late_s = c ? rs_s_from_ns(c->best_ns - k->from_ns) : 0;
    fputs("|", n->to);
    rs_retro_note_cell(n->to, k->name);
    rs_retro_note_cell(n->to, rs_retro_time_words(from, sizeof from, n->r, k->from_ns));
    rs_retro_note_cell(
        n->to, c ? rs_retro_time_words(at, sizeof at, n->r,
                                       rs_retro_shown_within(c->lo_ns, c->best_ns, c->hi_ns))
                 : "not found");
    rs_retro_note_cell(n->to,
                       c ? rs_arena_printf(n->arena, "%s%s", late_s < 0 ? "-" : "+",
                                           rs_seconds_human(error, sizeof error, fabs(late_s)))
                         : NULL);
    rs_retro_note_cell(n->to, c && c->signal >= 0 ? n->r->rebuilt.signal[c->signal].name : NULL);
    fputc('\n', n->to);
}

void rs_retro_note_known(const struct retro_note *n)
{
    const struct retro_evidence *e = n->r->evidence;
    if (e->n_known == 0)
        return;
    fputs("### Known faults\n\n| known fault | from | change found | off by | in |\n"
          "|---|---|---|---|---|\n",
          n->to);
    for (int i = 0; i < e->n_known && i < MAX_KNOWN; i++)
        put_known(n, &e->known[i]);
    fputc('\n', n->to);
    if (e->n_known > MAX_KNOWN)
        fprintf(n->to, "%d more are in the record.\n\n", e->n_known - MAX_KNOWN);
}
