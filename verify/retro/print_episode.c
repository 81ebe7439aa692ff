/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock of each episode, and what contradicts what. */
#include <math.h>
#include <string.h>

#include "print_parts.h"
#include "report_words.h"
#include "sim/clock.h"

/* ---- head -------------------------------------------------------------------------------------------------------------- */

static void print_head(const struct retro_page *p, int i)
{
    const struct retro *r = p->r;
    const struct retro_episode *e = &r->rebuilt.episode[i];
    const struct scenario *sc = r->evidence->scenario;
    const char *ref = sc && e->procedure >= 0 ? sc->response.procedure[e->procedure].ref : NULL;
    const char *stage = rs_retro_stage_name(r, e->stage);
    const char *by = e->alert ? e->alert : e->detector;
    const char *text = rs_arena_printf(p->arena, "Episode %d of %d: %s%s%s%s%s%s%s%s%s%s", i + 1,
                                       r->rebuilt.n_episode, e->name, ref ? " (" : "",
                                       ref ? ref : "", ref ? ")" : "", stage ? ", in " : "",
                                       stage ? stage : "", by ? ", detected by " : "", by ? by : "",
                                       e->had_rollback ? "" : rs_retro_no_rollback_words(p->r), "");
    rs_retro_page_heading(p, text);
    if (e->sla == RS_SLA_NONE) {
        rs_text_wrap(p->to, "No SLA is asked of it.", 2, p->width);
        return;
    }
    char sla[32];
    const char *sign =
        rs_arena_printf(p->arena, "%s %s", rs_retro_sla_sign(e->sla), rs_retro_sla_name(e->sla));
    fputs("  SLA ", p->to);
    const char *allowed = rs_duration_format(sla, sizeof sla, e->sla_ns);
    fprintf(p->to, "%s: ", allowed);
    rs_text_styled(p->to, rs_retro_sla_style(e->sla), p->colour, sign);
    if (e->sla_why)
        rs_text_wrap_on(p->to, rs_arena_printf(p->arena, "(%s)", e->sla_why),
                        8 + rs_text_width(allowed) + rs_text_width(sign), 6, p->width);
    else
        fputc('\n', p->to);
}

static void print_changes(const struct retro_page *p, const struct retro_episode *e)
{
    if (e->signal < 0 || e->signal >= p->r->rebuilt.n_signal) {
        rs_text_wrap(p->to, rs_retro_unseen_words(p->r), 2, p->width);
        return;
    }
    if (e->up.found)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "Seen: %s, at odds of 10^%.0f to 1.",
                                     rs_retro_change_words(p->arena, p->r, e->signal, &e->up),
                                     fmin(e->up.log10_odds, 9999.0)),
                     2, p->width);
    if (e->down.found)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "Gone: %s.",
                                     rs_retro_change_words(p->arena, p->r, e->signal, &e->down)),
                     2, p->width);
}

/* ---- instants ---------------------------------------------------------------------------------------------------------- */

static enum text_style how_style(enum retro_how how)
{
    return how == RS_HOW_INFERRED || how == RS_HOW_BOUNDED ? RS_STYLE_OPEN : RS_STYLE_PLAIN;
}

static void print_instants(const struct retro_page *p, const struct retro_episode *e)
{
    static const struct text_column column[] = {{"instant"},
                                                {"at"},
                                                {"within"},
                                                {"how", .optional = true},
                                                {"rests on", .narrowest = 30, .optional = true}};
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    const char *unknown = NULL;
    int64_t day_ns = INT64_MIN; /* the date is told where it changes */
    char time[40], within[100];
    int n = 0;
    for (int place = 0; place < RS_RETRO_INSTANT_N; place++) {
        int i = rs_retro_instant_at(place);
        const struct retro_instant *at = &e->at[i];
        bool is_told = rs_retro_is_told(at);
        if (!is_told && !at->never) {
            unknown = rs_arena_printf(p->arena, "%s%s%s", unknown ? unknown : "",
                                      unknown ? ", " : "", rs_retro_instant_name(i));
            continue;
        }
        n++;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_retro_instant_name(i));
        rs_text_table_cell(
            t, RS_STYLE_PLAIN, "%s",
            is_told ? rs_retro_time_after(time, sizeof time, p->r, rs_retro_shown(at), day_ns)
                    : "never");
        day_ns = is_told ? at->best_ns : day_ns;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           is_told ? rs_retro_around(within, sizeof within, at) : "");
        rs_text_table_cell(t, how_style(at->how), "%s", rs_retro_how_name(at->how));
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", at->why ? at->why : "");
    }
    if (n > 0)
        rs_retro_page_table(p, t);
    else
        rs_text_table_free(t);
    if (unknown)
        rs_text_wrap(p->to, rs_arena_printf(p->arena, "Not known: %s.", unknown), 2, p->width);
}

static void print_legs(const struct retro_page *p, const struct retro_episode *e)
{
    static const struct text_column column[] = {{"leg"}, {"time", .right = false}};
    struct retro_leg leg[RS_RETRO_LEGS];
    int n = rs_retro_legs(leg, e);
    if (n == 0)
        return;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    char span[128];
    for (int i = 0; i < n; i++) {
        bool is_sla = leg[i].from == RS_CLOCK_DETECTED && leg[i].to == RS_CLOCK_COMPLETED;
        rs_text_table_cell(t, is_sla ? RS_STYLE_BOLD : RS_STYLE_PLAIN, "%s → %s",
                           rs_retro_instant_name(leg[i].from), rs_retro_instant_name(leg[i].to));
        rs_text_table_cell(
            t, is_sla ? RS_STYLE_BOLD : RS_STYLE_PLAIN, "%s",
            rs_retro_span_words(span, sizeof span, leg[i].lo_ns, leg[i].best_ns, leg[i].hi_ns));
    }
    rs_retro_page_table(p, t);
}

void rs_retro_print_episodes(const struct retro_page *p)
{
    for (int i = 0; i < p->r->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &p->r->rebuilt.episode[i];
        print_head(p, i);
        print_changes(p, e);
        print_instants(p, e);
        print_legs(p, e);
        fputc('\n', p->to);
    }
    if (p->r->rebuilt.n_episode == 0) {
        rs_text_wrap(p->to, "No episode was found in the evidence.", 0, p->width);
        fputc('\n', p->to);
    }
}

void rs_retro_print_contradictions(const struct retro_page *p)
{
    const struct retro_rebuilt *b = &p->r->rebuilt;
    if (b->n_contradiction == 0)
        return;
    rs_retro_page_heading(p, "Contradictions in the evidence");
    for (int i = 0; i < b->n_contradiction; i++) {
        const struct retro_contradiction *c = &b->contradiction[i];
        const char *of = rs_retro_episode_name(p->r, c->episode);
        if (of && strncmp(c->text, of, strlen(of)) == 0 &&
            c->text[strlen(of)] == ':') /* it says so itself */
            of = NULL;
        fputs("  ", p->to);
        rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "!");
        rs_text_wrap_on(p->to,
                        rs_arena_printf(p->arena, "%s%s%s", of ? of : "", of ? ": " : "", c->text),
                        3, 4, p->width);
    }
    fputc('\n', p->to);
}
