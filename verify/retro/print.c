/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's page of a retrospective: head, evidence, the rollout; the other parts have files of their own. */
#include <assert.h>
#include <inttypes.h>

#include "print_parts.h"
#include "report_words.h"
#include "sim/clock.h"
#include "verify/retro_report.h"

#define MAX_NOTE 50 /* on a terminal; the record has them all */

static int within_limits(int width)
{
    return width < 60 ? 60 : width > 200 ? 200 : width;
}

void rs_retro_page_heading(const struct retro_page *p, const char *text)
{
    if (rs_text_width(text) > p->width) {
        rs_text_wrap(p->to, text, 0, p->width);
        return;
    }
    rs_text_styled(p->to, RS_STYLE_BOLD, p->colour, text);
    fputc('\n', p->to);
}

void rs_retro_page_table(const struct retro_page *p, struct text_table *t)
{
    const char *left_out = rs_text_table_left_out(t, 2, p->width);
    rs_text_table_print(t, p->to, 2, p->width, p->colour);
    if (*left_out)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena,
                                     "(no room here for: %s; a wider page, -o and --json have it)",
                                     left_out),
                     2, p->width);
    rs_text_table_free(t);
}

const char *rs_retro_sla_sign(enum retro_sla s)
{
    switch (s) {
    case RS_SLA_NONE: return "·";
    case RS_SLA_KEPT: return "✔";
    case RS_SLA_BROKEN: return "✘";
    case RS_SLA_UNDECIDABLE: return "?";
    }
    assert(!"a verdict of no kind");
    return "";
}

enum text_style rs_retro_sla_style(enum retro_sla s)
{
    switch (s) {
    case RS_SLA_NONE: return RS_STYLE_PLAIN;
    case RS_SLA_KEPT: return RS_STYLE_GOOD;
    case RS_SLA_BROKEN: return RS_STYLE_BAD;
    case RS_SLA_UNDECIDABLE: return RS_STYLE_OPEN;
    }
    assert(!"a verdict of no kind");
    return RS_STYLE_PLAIN;
}

/* ---- head -------------------------------------------------------------------------------------------------------------- */

/* "name (file, sha256 0123456789ab)" */
static const char *
about(const struct retro_page *p, const char *name, const char *file, const char *sha256)
{
    return rs_arena_printf(p->arena, "%s (%s%s%.12s)", name, file ? file : "-",
                           sha256 ? ", sha256 " : "", sha256 ? sha256 : "");
}

static void print_line(const struct retro_page *p, const char *key, const char *text)
{
    fprintf(p->to, "%-10s ", key);
    rs_text_wrap_on(p->to, text, 10, 11, p->width);
}

static const char *verdicts_text(const struct retro_page *p)
{
    const struct retro *r = p->r;
    const int *n = r->conformance.n_by_verdict;
    const char *text = rs_arena_printf(p->arena, "%d episode%s", r->rebuilt.n_episode,
                                       r->rebuilt.n_episode == 1 ? "" : "s");
    for (int s = RS_SLA_KEPT; s <= RS_SLA_UNDECIDABLE; s++) {
        int n_sla = rs_retro_count_sla(r, (enum retro_sla)s);
        if (n_sla > 0)
            text = rs_arena_printf(p->arena, "%s, %d SLA%s %s", text, n_sla, n_sla == 1 ? "" : "s",
                                   rs_retro_sla_name((enum retro_sla)s));
    }
    if (r->conformance.n_finding > 0)
        text = rs_arena_printf(p->arena, "%s; %d deviation%s from the runbook, %d undecidable",
                               text, n[RS_RETRO_DEVIATES], n[RS_RETRO_DEVIATES] == 1 ? "" : "s",
                               n[RS_RETRO_UNDECIDABLE]);
    if (r->rebuilt.n_contradiction > 0)
        text = rs_arena_printf(p->arena, "%s; %d contradiction%s", text, r->rebuilt.n_contradiction,
                               r->rebuilt.n_contradiction == 1 ? "" : "s");
    return text;
}

static void print_head(const struct retro_page *p)
{
    const struct retro_evidence *e = p->r->evidence;
    const struct scenario *sc = e->scenario;
    char percent[32];
    rs_retro_page_heading(p, e->title ? e->title : e->name);
    print_line(p, "evidence", about(p, e->name, e->file, e->sha256));
    if (sc)
        print_line(p, "scenario", about(p, sc->name, sc->file, sc->sha256));
    else
        print_line(p, "scenario", "none: nothing is held against a runbook");
    if (e->n_source > 0)
        print_line(p, "times",
                   rs_arena_printf(p->arena, "%s, on the clock of %s; each interval holds at %s",
                                   rs_retro_is_dated(p->r) ? "UTC" : "since the evidence's zero",
                                   e->source[e->reference].name,
                                   rs_percent_human(percent, sizeof percent, e->confidence)));
    print_line(p, "in short", verdicts_text(p));
    fputc('\n', p->to);
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------------- */

static void verdict_row(const struct retro_page *p, struct text_table *t, int i)
{
    const struct retro_episode *e = &p->r->rebuilt.episode[i];
    const struct scenario *sc = p->r->evidence->scenario;
    const char *ref = sc && e->procedure >= 0 ? sc->response.procedure[e->procedure].ref : NULL;
    int64_t lo_ns = 0, best_ns = 0, hi_ns = 0;
    bool is_known =
        rs_retro_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, &lo_ns, &best_ns, &hi_ns);
    char sla[32], span[128];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", e->name);
    rs_text_table_cell(t, rs_retro_sla_style(e->sla), "%s %s", rs_retro_sla_sign(e->sla),
                       e->sla == RS_SLA_NONE ? "no SLA" : rs_retro_sla_name(e->sla));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       is_known ? rs_retro_span_words(span, sizeof span, lo_ns, best_ns, hi_ns)
                                : "not known");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       e->sla_ns == RS_NEVER ? "-"
                                             : rs_duration_format(sla, sizeof sla, e->sla_ns));
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", ref ? ref : "");
}

/* Of one episode its own part says the same. */
static void print_verdicts(const struct retro_page *p)
{
    static const struct text_column column[] = {{"episode", .narrowest = 12},
                                                {"SLA"},
                                                {"detected → completed", .narrowest = 20},
                                                {"allowed", .optional = true},
                                                {"ref", .optional = true}};
    if (p->r->rebuilt.n_episode < 2)
        return;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < p->r->rebuilt.n_episode; i++)
        verdict_row(p, t, i);
    rs_retro_page_heading(p, "Verdicts");
    rs_retro_page_table(p, t);
    fputc('\n', p->to);
}

/* ---- evidence ---------------------------------------------------------------------------------------------------------- */

/* Entries of a notification log or of annotations are counted, however they lie on lines. */
static bool counts_entries(const struct retro_source *s)
{
    return s->kind == RS_SOURCE_NOTIFICATIONS || s->kind == RS_SOURCE_ANNOTATIONS;
}

/* What was not taken, or not as it stood: a line for each source that has any of it. */
static void print_lost(const struct retro_page *p, const struct retro_source *s)
{
    const char *lost = rs_retro_lost(p->arena, s);
    if (!*lost)
        return;
    fputs("  ", p->to);
    rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "!");
    rs_text_wrap_on(p->to,
                    rs_arena_printf(p->arena, "%s: of %" PRIu64 " %s %s", s->name, s->n_line,
                                    counts_entries(s) ? "entries" : "lines", lost),
                    3, 4, p->width);
}

static int64_t whole_s(int64_t ns)
{
    return rs_retro_shown_within(INT64_MIN, ns, RS_NEVER);
}

static void source_row(const struct retro_page *p, struct text_table *t, int i)
{
    const struct retro_source *s = &p->r->evidence->source[i];
    const struct retro_offset *o = &p->r->rebuilt.offset[i];
    bool any = s->first_ns != RS_NEVER;
    char from[40], until[40], offset[128];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", s->name);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", rs_retro_source_kind_name(s->kind));
    rs_text_table_cell(t, s->n_taken ? RS_STYLE_PLAIN : RS_STYLE_OPEN, "%" PRIu64, s->n_taken);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       any ? rs_retro_time_words(from, sizeof from, p->r, whole_s(s->first_ns))
                           : "");
    rs_text_table_cell(
        t, RS_STYLE_PLAIN, "%s",
        any ? rs_retro_time_after(until, sizeof until, p->r, whole_s(s->last_ns), s->first_ns)
            : "");
    rs_text_table_cell(t, o->how == RS_CLOCK_ASSUMED ? RS_STYLE_OPEN : RS_STYLE_PLAIN, "%s",
                       rs_retro_clock_how_name(o->how));
    rs_text_table_cell(
        t, RS_STYLE_PLAIN, "%s",
        o->how == RS_CLOCK_IS_REFERENCE ? "" : rs_retro_offset_words(offset, sizeof offset, o));
}

/* What each clock's offset rests on; of the reference there is nothing to say. */
static void print_why(const struct retro_page *p, int i)
{
    const struct retro_offset *o = &p->r->rebuilt.offset[i];
    if (o->how == RS_CLOCK_IS_REFERENCE || !o->why || !*o->why)
        return;
    fputs("  ·", p->to);
    rs_text_wrap_on(p->to,
                    rs_arena_printf(p->arena, "%s: %s", p->r->evidence->source[i].name, o->why), 3,
                    4, p->width);
}

static void print_sources(const struct retro_page *p)
{
    static const struct text_column column[] = {
        {"source", .narrowest = 10},
        {"kind", .optional = true},
        {"taken", .right = true},
        {"from", .optional = true},
        {"until", .optional = true},
        {"clock"},
        {"off by"},
    };
    const struct retro_evidence *e = p->r->evidence;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < e->n_source; i++)
        source_row(p, t, i);
    rs_retro_page_heading(p, "Evidence");
    rs_retro_page_table(p, t);
    for (int i = 0; i < e->n_source; i++)
        print_why(p, i);
    for (int i = 0; i < e->n_source; i++)
        print_lost(p, &e->source[i]);
    fputc('\n', p->to);
}

/* ---- the rollout ------------------------------------------------------------------------------------------------------- */

/* A stage or a flag, with its instant. */
struct step {
    const struct retro_instant *at;
    const char *text;
};

/* What has no time comes last, in the order in which it was given. */
static void add_step(struct step *step, int *n, struct step s)
{
    int k = (*n)++;
    for (; k > 0 && rs_retro_is_told(s.at) &&
           (!rs_retro_is_told(step[k - 1].at) || step[k - 1].at->best_ns > s.at->best_ns);
         k--)
        step[k] = step[k - 1];
    step[k] = s;
}

static const char *stage_text(const struct retro_page *p, int i)
{
    const struct stage *s = &p->r->evidence->scenario->response.stage[i];
    return rs_arena_printf(p->arena, "%s%s%s%s%s%s", s->name, s->title ? ": " : "",
                           s->title ? s->title : "", s->ref ? " (" : "", s->ref ? s->ref : "",
                           s->ref ? ")" : "");
}

static const char *flag_text(const struct retro_page *p, const struct retro_flag_step *s)
{
    const char *name = rs_retro_flag_name(p->r, s->flag);
    if (s->on && s->percent < 100.0)
        return rs_arena_printf(p->arena, "%s set on for %.3g%%", name ? name : "a flag",
                               s->percent);
    return rs_arena_printf(p->arena, "%s set %s", name ? name : "a flag", s->on ? "on" : "off");
}

/* What was held, halted or resumed stands among the stages: else a reader sees a rollout that stops for no reason. */
static void add_pauses(const struct retro_page *p, struct step *step, int *n)
{
    for (int i = 0; i < p->r->evidence->n_mark; i++) {
        const char *text = rs_retro_pause_words(p->arena, p->r, i);
        if (!text)
            continue;
        struct retro_instant *at = RS_ARENA_ARRAY(p->arena, struct retro_instant, 1);
        *at = rs_retro_mark_at(p->r, i);
        add_step(step, n, (struct step){at, text});
    }
}

static void print_rollout(const struct retro_page *p)
{
    static const struct text_column column[] = {
        {"at"}, {"what", .narrowest = 16}, {"how", .optional = true}, {"within"}};
    const struct retro_rebuilt *b = &p->r->rebuilt;
    const struct scenario *sc = p->r->evidence->scenario;
    int n_stage = sc && b->stage ? sc->response.n_stage : 0, n = 0;
    int n_mark = p->r->evidence->n_mark;
    struct step *step =
        RS_ARENA_ARRAY(p->arena, struct step, n_stage + b->n_flag_step + n_mark + 1);
    for (int i = 0; i < n_stage; i++)
        add_step(step, &n, (struct step){&b->stage[i], stage_text(p, i)});
    for (int i = 0; i < b->n_flag_step; i++)
        add_step(step, &n, (struct step){&b->flag_step[i].at, flag_text(p, &b->flag_step[i])});
    add_pauses(p, step, &n);
    if (n == 0)
        return;
    if (rs_retro_is_told(&b->finished))
        add_step(step, &n, (struct step){&b->finished, "the rollout is over"});
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    char time[40], within[100];
    for (int i = 0; i < n; i++) {
        bool is_told = rs_retro_is_told(step[i].at);
        rs_text_table_cell(
            t, RS_STYLE_PLAIN, "%s",
            is_told ? rs_retro_time_words(time, sizeof time, p->r, rs_retro_shown(step[i].at))
                    : "-");
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", step[i].text);
        rs_text_table_cell(t, is_told ? RS_STYLE_PLAIN : RS_STYLE_DIM, "%s",
                           step[i].at->never ? "never" : rs_retro_how_name(step[i].at->how));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           is_told ? rs_retro_around(within, sizeof within, step[i].at) : "");
    }
    rs_retro_page_heading(p, "The rollout");
    rs_retro_page_table(p, t);
    fputc('\n', p->to);
}

/* ---- notes ------------------------------------------------------------------------------------------------------------- */

static void print_notes(const struct retro_page *p)
{
    const struct retro_evidence *e = p->r->evidence;
    if (e->n_note == 0)
        return;
    rs_retro_page_heading(p, "Notes on what was read");
    for (int i = 0; i < e->n_note && i < MAX_NOTE; i++) {
        const struct note *n = &e->note[i];
        const char *place = !n->at.file      ? ""
                            : n->at.line > 0 ? rs_arena_printf(p->arena, "%s:%d:%d: ", n->at.file,
                                                               n->at.line, n->at.col)
                                             : rs_arena_printf(p->arena, "%s: ", n->at.file);
        rs_text_wrap(p->to, rs_arena_printf(p->arena, "%s%s", place, n->text), 2, p->width);
    }
    if (e->n_note > MAX_NOTE)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "%d more are in the record (-o) and in --json.",
                                     e->n_note - MAX_NOTE),
                     2, p->width);
    fputc('\n', p->to);
}

void rs_retro_print_text(FILE *to, const struct retro *r, int width, bool colour)
{
    struct retro_page p = {to, r, within_limits(width), colour, rs_arena_new()};
    print_head(&p);
    print_verdicts(&p);
    print_sources(&p);
    print_rollout(&p);
    rs_retro_print_episodes(&p);
    rs_retro_print_changes(&p);
    rs_retro_print_known(&p);
    rs_retro_print_contradictions(&p);
    rs_retro_print_conformance(&p);
    rs_retro_print_what_if(&p);
    rs_retro_print_learnt(&p);
    print_notes(&p);
    rs_arena_free(p.arena);
}
