/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timeline against the runbook: what deviates and what cannot be decided; what conforms is counted. */
#include "print_parts.h"

static void print_finding(const struct retro_page *p, const struct retro_finding *f)
{
    bool deviates = f->verdict == RS_RETRO_DEVIATES;
    const char *stage = rs_retro_stage_name(p->r, f->stage),
               *procedure = rs_retro_procedure_name(p->r, f->procedure),
               *episode = rs_retro_episode_name(p->r, f->episode);
    const char *of = episode ? episode : procedure ? procedure : stage;
    char code[16], time[40];
    fputs("  ", p->to);
    rs_text_styled(p->to, deviates ? RS_STYLE_BAD : RS_STYLE_OPEN, p->colour, deviates ? "✘" : "?");
    bool is_told = rs_retro_is_told(&f->when);
    rs_text_wrap_on(
        p->to,
        rs_arena_printf(
            p->arena, "%s %s%s%s%s%s%s%s%s", rs_retro_code(code, sizeof code, f->rule),
            rs_retro_rule_name(f->rule), f->ref ? ", " : "", f->ref ? f->ref : "", of ? ", " : "",
            of ? of : "", is_told ? ", " : "",
            is_told ? rs_retro_time_words(time, sizeof time, p->r, rs_retro_shown(&f->when)) : "",
            deviates ? "" : ": cannot be decided"),
        3, 4, p->width);
    rs_text_wrap(p->to, f->text, 4, p->width);
    if (f->says)
        rs_text_wrap(p->to, rs_arena_printf(p->arena, "asked: \"%s\"", f->says), 4, p->width);
    if (f->mend)
        rs_text_wrap(p->to, rs_arena_printf(p->arena, "mend: %s", f->mend), 4, p->width);
}

void rs_retro_print_conformance(const struct retro_page *p)
{
    const struct retro_conformance *c = &p->r->conformance;
    const int *n = c->n_by_verdict;
    if (c->n_finding == 0)
        return;
    rs_retro_page_heading(p, "Against the runbook");
    rs_text_wrap(
        p->to,
        rs_arena_printf(p->arena,
                        "%d thing%s held against it: %d conform%s, %d deviate%s, %d cannot "
                        "be decided.",
                        c->n_finding, c->n_finding == 1 ? "" : "s", n[RS_RETRO_CONFORMS],
                        n[RS_RETRO_CONFORMS] == 1 ? "s" : "", n[RS_RETRO_DEVIATES],
                        n[RS_RETRO_DEVIATES] == 1 ? "s" : "", n[RS_RETRO_UNDECIDABLE]),
        2, p->width);
    /* What deviates first: it is what a reader must act on. */
    for (int pass = 0; pass < 2; pass++) {
        enum retro_verdict wanted = pass == 0 ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE;
        for (int i = 0; i < c->n_finding; i++) {
            if (c->finding[i].verdict == wanted)
                print_finding(p, &c->finding[i]);
        }
    }
    fputc('\n', p->to);
}
