/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An entry of the evidence log, in Markdown. What it holds is what the runbook's post-rollout section asks for: metrics and
 * validation evidence to archive, lessons for the retrospective, and the deviations that the runbook is to be mended by.
 */
#include "note_parts.h"

#include <inttypes.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"

/* ---- signs ------------------------------------------------------------------------------------------------------------- */

void rs_retro_note_put(FILE *to, const char *text)
{
    for (; *text; text++) {
        bool is_link = *text == ']' && text[1] && strchr("([:", text[1]);
        if (is_link || strchr("|*_`<>\\", *text))
            fputc('\\', to);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, to);
    }
}

void rs_retro_note_cell(FILE *to, const char *text)
{
    fputs(" ", to);
    rs_retro_note_put(to, text ? text : "");
    fputs(" |", to);
}

/* Where a file lies on this machine is nobody's business. */
static const char *shown(const char *path)
{
    return path && path[0] == '/' ? strrchr(path, '/') + 1 : path;
}

/* ---- head -------------------------------------------------------------------------------------------------------------- */

static int64_t first_instant(const struct retro *r)
{
    int64_t first_ns = RS_NEVER;
    for (int i = 0; i < r->evidence->n_source; i++) {
        int64_t ns = r->evidence->source[i].first_ns;
        first_ns = ns < first_ns ? ns : first_ns;
    }
    return first_ns;
}

static void put_head(const struct retro_note *n)
{
    const struct retro_evidence *e = n->r->evidence;
    char date[40] = "";
    fputs("<!-- made by rollsim retro -->\n## ",
          n->to); /* by its first sign it is known as a report */
    if (rs_retro_is_dated(n->r)) {
        rs_retro_time_words(date, sizeof date, n->r, first_instant(n->r));
        date[strcspn(date, " ")] = '\0';
        fprintf(n->to, "%s: ", date);
    }
    rs_retro_note_put(n->to, e->title ? e->title : e->name);
    fputs("\n\n", n->to);
    if (e->scenario) {
        rs_retro_note_put(
            n->to, rs_arena_printf(n->arena, "Held against %s%s%s (scenario %s, sha256 %.12s). ",
                                   e->scenario->title ? e->scenario->title : e->scenario->name,
                                   e->scenario->document ? ", " : "",
                                   e->scenario->document ? e->scenario->document : "",
                                   e->scenario->name, e->scenario->sha256));
    } else {
        fputs("There was no scenario, so nothing was held against a runbook. ", n->to);
    }
    char percent[32];
    fprintf(n->to, "Times are %s; each interval holds at %s.\n\n",
            rs_retro_is_dated(n->r) ? "UTC" : "counted from the evidence's zero",
            rs_percent_human(percent, sizeof percent, e->confidence));
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------------- */

static const char *sla_leg(const struct retro_note *n, const struct retro_episode *e)
{
    int64_t lo_ns = 0, best_ns = 0, hi_ns = 0;
    char span[128];
    if (!rs_retro_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED, &lo_ns, &best_ns, &hi_ns))
        return "not known";
    return rs_arena_strdup(n->arena, rs_retro_span_words(span, sizeof span, lo_ns, best_ns, hi_ns));
}

static void put_verdicts(const struct retro_note *n)
{
    const struct retro *r = n->r;
    const struct scenario *sc = r->evidence->scenario;
    const int *of = r->conformance.n_by_verdict;
    char sla[32];
    fputs("### Verdicts\n\n", n->to);
    if (r->rebuilt.n_episode > 0)
        fputs("| episode | ref | allowed | detected → completed | verdict | because |\n"
              "|---|---|---|---|---|---|\n",
              n->to);
    for (int i = 0; i < r->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &r->rebuilt.episode[i];
        fputs("|", n->to);
        rs_retro_note_cell(n->to, e->name);
        rs_retro_note_cell(n->to, sc && e->procedure >= 0 ? sc->response.procedure[e->procedure].ref
                                                          : NULL);
        rs_retro_note_cell(
            n->to, e->sla_ns == RS_NEVER ? "-" : rs_duration_format(sla, sizeof sla, e->sla_ns));
        rs_retro_note_cell(n->to, sla_leg(n, e));
        fprintf(n->to, " **%s** |", e->sla == RS_SLA_NONE ? "no SLA" : rs_retro_sla_name(e->sla));
        rs_retro_note_cell(n->to, e->sla_why);
        fputc('\n', n->to);
    }
    fputs(r->rebuilt.n_episode > 0 ? "\n" : "No episode was found in the evidence.\n\n", n->to);
    if (r->conformance.n_finding > 0)
        fprintf(n->to,
                "Of %d things held against the runbook %d conform, %d deviate and %d cannot be "
                "decided.\n\n",
                r->conformance.n_finding, of[RS_RETRO_CONFORMS], of[RS_RETRO_DEVIATES],
                of[RS_RETRO_UNDECIDABLE]);
}

/* ---- deviations -------------------------------------------------------------------------------------------------------- */

static void put_findings(const struct retro_note *n, enum retro_verdict wanted, const char *heading)
{
    const struct retro_conformance *c = &n->r->conformance;
    char code[16], time[40];
    if (c->n_by_verdict[wanted] == 0)
        return;
    fprintf(n->to, "### %s\n\n| ref | at | what | code |\n|---|---|---|---|\n", heading);
    for (int i = 0; i < c->n_finding; i++) {
        const struct retro_finding *f = &c->finding[i];
        if (f->verdict != wanted)
            continue;
        fputs("|", n->to);
        rs_retro_note_cell(n->to, f->ref);
        rs_retro_note_cell(
            n->to, rs_retro_is_told(&f->when)
                       ? rs_retro_time_words(time, sizeof time, n->r, rs_retro_shown(&f->when))
                       : "");
        rs_retro_note_cell(n->to, f->text);
        rs_retro_note_cell(n->to, rs_arena_printf(n->arena, "%s %s",
                                                  rs_retro_code(code, sizeof code, f->rule),
                                                  rs_retro_rule_name(f->rule)));
        fputc('\n', n->to);
    }
    fputc('\n', n->to);
}

static void put_contradictions(const struct retro_note *n)
{
    const struct retro_rebuilt *b = &n->r->rebuilt;
    if (b->n_contradiction == 0)
        return;
    fputs("### Contradictions in the evidence\n\n", n->to);
    for (int i = 0; i < b->n_contradiction; i++) {
        fputs("- ", n->to);
        rs_retro_note_put(n->to, b->contradiction[i].text);
        fputc('\n', n->to);
    }
    fputc('\n', n->to);
}

/* ---- what to change ---------------------------------------------------------------------------------------------------- */

static bool was_said(const struct retro_conformance *c, int i)
{
    for (int k = 0; k < i; k++) {
        if (c->finding[k].mend && c->finding[k].verdict != RS_RETRO_CONFORMS &&
            strcmp(c->finding[k].mend, c->finding[i].mend) == 0)
            return true;
    }
    return false;
}

/* Each mend once, at the first finding that calls for it. */
static void put_changes(const struct retro_note *n)
{
    const struct retro_conformance *c = &n->r->conformance;
    int n_said = 0;
    for (int i = 0; i < c->n_finding; i++) {
        const struct retro_finding *f = &c->finding[i];
        if (!f->mend || f->verdict == RS_RETRO_CONFORMS || was_said(c, i))
            continue;
        if (n_said++ == 0)
            fputs("### What to change in the runbook\n\n", n->to);
        fputs("- [ ] ", n->to);
        rs_retro_note_put(n->to, rs_arena_printf(n->arena, "%s%s%s", f->ref ? f->ref : "",
                                                 f->ref ? ": " : "", f->mend));
        fputc('\n', n->to);
    }
    if (n_said > 0)
        fputc('\n', n->to);
}

/* ---- evidence ---------------------------------------------------------------------------------------------------------- */

static void put_source(const struct retro_note *n, int i)
{
    const struct retro_source *s = &n->r->evidence->source[i];
    const struct retro_offset *o = &n->r->rebuilt.offset[i];
    char offset[128];
    fputs("|", n->to);
    rs_retro_note_cell(n->to, s->name);
    rs_retro_note_cell(n->to, rs_retro_source_kind_name(s->kind));
    rs_retro_note_cell(n->to, shown(s->file));
    fprintf(n->to, " %" PRIu64 " |", s->n_taken);
    rs_retro_note_cell(n->to, rs_retro_lost(n->arena, s));
    rs_retro_note_cell(n->to, o->how == RS_CLOCK_IS_REFERENCE
                                  ? "reference"
                                  : rs_arena_printf(n->arena, "%s, %s%s%s",
                                                    rs_retro_clock_how_name(o->how),
                                                    rs_retro_offset_words(offset, sizeof offset, o),
                                                    o->why ? "; " : "", o->why ? o->why : ""));
    fprintf(n->to, " %s%.12s%s |\n", s->sha256 ? "`" : "", s->sha256 ? s->sha256 : "",
            s->sha256 ? "`" : "");
}

static void put_evidence(const struct retro_note *n)
{
    const struct retro_evidence *e = n->r->evidence;
    fputs(
        "### Evidence\n\n| source | kind | file | taken | not as it should be | clock | sha256 |\n"
        "|---|---|---|---|---|---|---|\n",
        n->to);
    for (int i = 0; i < e->n_source; i++)
        put_source(n, i);
    fputc('\n', n->to);
    for (int i = 0; i < e->n_note; i++) {
        const struct mark at = e->note[i].at;
        fputs("- ", n->to);
        if (at.file)
            rs_retro_note_put(
                n->to, at.line > 0 ? rs_arena_printf(n->arena, "%s:%d: ", shown(at.file), at.line)
                                   : rs_arena_printf(n->arena, "%s: ", shown(at.file)));
        rs_retro_note_put(n->to, e->note[i].text);
        fputc('\n', n->to);
    }
    if (e->n_note > 0)
        fputc('\n', n->to);
}

/* A path in a link: spaces and brackets would end it. */
static void put_link(FILE *to, const char *path)
{
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (c <= ' ' || strchr("()<>[]%", *path))
            fprintf(to, "%%%02X", c);
        else
            fputc(c, to);
    }
}

static void put_pictures(const struct retro_note *n)
{
    if (n->with->n_picture == 0)
        return;
    fputs("### Pictures\n\n", n->to);
    for (int i = 0; i < n->with->n_picture; i++) {
        const char *path = n->with->picture[i], *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
        fputs("![", n->to);
        rs_retro_note_put(
            n->to, rs_arena_strndup(n->arena, name, dot ? (size_t)(dot - name) : strlen(name)));
        fputs("](", n->to);
        put_link(n->to, path);
        fputs(")\n\n", n->to);
    }
}

static void put_repeat(const struct retro_note *n)
{
    const struct retro_evidence *e = n->r->evidence;
    if (n->with->command)
        fprintf(n->to, "### To repeat it\n\n    %s\n\n", n->with->command);
    fprintf(n->to, "rollsim %s; all that was read has sha256 `%.12s`.", RS_VERSION,
            e->sha256 ? e->sha256 : "");
    if (n->with->record) {
        fputs(" The record is ", n->to);
        rs_retro_note_put(n->to, n->with->record);
        fputc('.', n->to);
    }
    fputc('\n', n->to);
}

int rs_retro_print_markdown(FILE *to, const struct retro *r, const struct retro_entry *with)
{
    struct retro_note n = {to, r, with, rs_arena_new()};
    put_head(&n);
    put_verdicts(&n);
    put_findings(&n, RS_RETRO_DEVIATES, "What deviated from the runbook");
    put_findings(&n, RS_RETRO_UNDECIDABLE, "What cannot be decided");
    put_changes(&n);
    rs_retro_note_episodes(&n);
    rs_retro_note_changes(&n);
    rs_retro_note_known(&n);
    put_contradictions(&n);
    rs_retro_note_what_if(&n);
    rs_retro_note_learnt(&n);
    put_pictures(&n);
    put_evidence(&n);
    put_repeat(&n);
    rs_arena_free(n.arena);
    return ferror(to) ? -1 : 0;
}
