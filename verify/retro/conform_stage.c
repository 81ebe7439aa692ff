/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checklist, and the stages: entered in order, once, and not before their time. */
#include "conform.h"

/* ---- checklist ---- */

static int checked_off(const struct conform *c, const char *text)
{
    int best = -1, best_fit = 49;
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if (m->event != RS_EVENT_CHECKED_OFF)
            continue;
        int fit = rs_conform_meant(m->subject ? m->subject : m->note, text);
        if (fit > best_fit) {
            best = i;
            best_fit = fit;
        }
    }
    return best;
}

static int first_stage(const struct conform *c)
{
    int first = -1;
    for (int i = 0; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached &&
            (first < 0 || c->stage[i].in.best_ns < c->stage[first].in.best_ns))
            first = i;
    }
    return first;
}

static void
open_item(struct conform *c, const struct checklist_item *item, struct conform_about about)
{
    int n_other = 0;
    for (int i = 0; i < c->e->n_mark; i++)
        n_other += c->e->mark[i].event == RS_EVENT_CHECKED_OFF;
    const char *mend = rs_arena_printf(
        c->r->arena, "say who checks \"%s\" off and where, before the first stage", item->text);
    struct conform_missing m = rs_conform_missing(c, NULL);
    if (item->done)
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "\"%s\" is checked off in the runbook itself", item->text);
    else if (n_other == 0)
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, mend,
                       "\"%s\" is open in the runbook, and no item at all is noted as checked off",
                       item->text);
    else
        rs_conform_say(c, about, m.deviates ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE, mend,
                       "\"%s\" is open in the runbook and nobody noted that it was checked off, as "
                       "%d other item%s; %s",
                       item->text, n_other, n_other == 1 ? " was" : "s were", m.why);
}

void rs_conform_checklist(struct conform *c)
{
    int first = first_stage(c);
    for (int i = 0; i < c->plan->n_checklist; i++) {
        const struct checklist_item *item = &c->plan->checklist[i];
        struct conform_about about = {.rule = RS_CONFORM_CHECKLIST,
                                      .ref = item->ref,
                                      .at = item->at,
                                      .stage = -1,
                                      .procedure = -1,
                                      .episode = -1};
        int mark = checked_off(c, item->text);
        if (mark < 0) {
            open_item(c, item, about);
            continue;
        }
        struct retro_instant at = rs_conform_mark(c, mark);
        about.when = &at;
        if (first < 0) {
            rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL,
                           "\"%s\" was checked off at %s; when the first stage was entered is not "
                           "known",
                           item->text, rs_conform_when(c, &at));
            continue;
        }
        struct conform_span gap = rs_conform_gap(c, &at, &c->stage[first].in);
        const char *name = rs_conform_stage_name(c, first);
        bool in_time = gap.lo_ns >= 0 || (at.source == c->stage[first].in.source &&
                                          at.best_ns <= c->stage[first].in.best_ns);
        if (gap.hi_ns < 0)
            rs_conform_say(c, about, RS_RETRO_DEVIATES,
                           "let the first stage wait for the checklist: nothing in the runbook "
                           "keeps it from being entered",
                           "\"%s\" was checked off at %s, %s after %s had been entered", item->text,
                           rs_conform_when(c, &at), rs_conform_long(c, rs_conform_reverse(gap)),
                           name);
        else
            rs_conform_say(c, about, in_time ? RS_RETRO_CONFORMS : RS_RETRO_UNDECIDABLE, NULL,
                           "\"%s\" was checked off at %s; %s was entered at %s%s", item->text,
                           rs_conform_when(c, &at), name, rs_conform_when(c, &c->stage[first].in),
                           in_time ? "" : ", and which was first is within the uncertainty");
    }
}

/* ---- order ---- */

static int before(const struct conform *c, int stage)
{
    for (int i = stage - 1; i >= 0; i--) {
        if (c->stage[i].noted)
            return i;
    }
    return -1;
}

/* The next stage that was reached, or n_stage if the rollout was finished; -1 = nothing follows. */
static int after(const struct conform *c, int stage)
{
    for (int i = stage + 1; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached)
            return i;
    }
    return rs_conform_finished(c) ? c->plan->n_stage : -1;
}

/* Not entered, as far as is known, though something later was. */
static void skipped(struct conform *c, int stage)
{
    int next = after(c, stage);
    if (next < 0)
        return; /* not reached */
    struct conform_about about = rs_conform_of_stage(c, RS_CONFORM_ORDER, stage);
    const char *name = rs_conform_stage_name(c, stage);
    const char *then = next == c->plan->n_stage ? "the rollout was finished"
                                                : rs_arena_printf(c->r->arena, "%s was entered",
                                                                  rs_conform_stage_name(c, next));
    struct conform_missing m = rs_conform_missing(c, NULL);
    bool never = c->r->rebuilt.stage[stage].never;
    if (never || m.deviates)
        rs_conform_say(
            c, about, RS_RETRO_DEVIATES,
            rs_arena_printf(c->r->arena, "say whether %s may be left out, and when", name),
            "%s was skipped: %s and nothing of it is noted; %s", name, then, m.why);
    else
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, "have each stage noted when it is entered",
                       "whether %s was entered is not noted, though %s; %s", name, then, m.why);
}

/* A mark of entering it again, by the same source and not after a hold; -1 = none. */
static int again(const struct conform *c, int stage)
{
    int first = -1;
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if (m->event != RS_EVENT_STAGE_ENTERED || m->stage != stage)
            continue;
        struct retro_instant at = rs_conform_mark(c, i);
        if (first < 0) {
            first = i;
            continue;
        }
        struct retro_instant before_it = rs_conform_mark(c, first);
        if (m->source != c->e->mark[first].source || rs_conform_gap(c, &before_it, &at).lo_ns <= 0)
            continue;
        bool resumed = false;
        for (int k = 0; k < c->e->n_mark && !resumed; k++) {
            int64_t at_ns = rs_conform_mark(c, k).best_ns;
            resumed = c->e->mark[k].event == RS_EVENT_RESUMED && at_ns >= before_it.best_ns &&
                      at_ns <= at.hi_ns;
        }
        if (!resumed)
            return i;
    }
    return -1;
}

static void not_before(struct conform *c, int stage)
{
    const struct stage *st = &c->plan->stage[stage];
    const struct conform_stage *s = &c->stage[stage];
    int first = first_stage(c);
    if (st->not_before_ns <= 0 || first < 0)
        return;
    int64_t starts_ns = c->sc->starts_at_unix_ns;
    bool as_planned = c->stage[first].in.hi_ns >= starts_ns &&
                      c->stage[first].in.lo_ns <= rs_conform_add_ns(starts_ns, c->sc->horizon_ns);
    int64_t zero_ns = as_planned ? starts_ns : c->stage[first].in.best_ns;
    struct retro_instant due = rs_conform_at(rs_conform_add_ns(zero_ns, st->not_before_ns), 0);
    if (!as_planned) {
        due.lo_ns = c->stage[first].in.lo_ns + st->not_before_ns;
        due.hi_ns = c->stage[first].in.hi_ns + st->not_before_ns;
    }
    struct conform_span gap = rs_conform_gap(c, &due, &s->in);
    struct conform_about about = rs_conform_of_stage(c, RS_CONFORM_NOT_BEFORE, stage);
    enum retro_verdict v = gap.hi_ns < 0               ? RS_RETRO_DEVIATES
                           : gap.lo_ns >= -RS_NS_PER_S ? RS_RETRO_CONFORMS
                                                       : RS_RETRO_UNDECIDABLE;
    rs_conform_say(
        c, about, v,
        v == RS_RETRO_DEVIATES ? rs_arena_printf(c->r->arena,
                                                 "move the time before which %s is not "
                                                 "entered, or say who may enter it earlier",
                                                 rs_conform_stage_name(c, stage))
                               : NULL,
        "%s is not to be entered before %s (%s after the %s), and was entered at %s%s",
        rs_conform_stage_name(c, stage), rs_conform_when(c, &due),
        rs_conform_duration(c, st->not_before_ns),
        as_planned ? "start that the scenario gives" : "first stage was entered",
        rs_conform_when(c, &s->in), v == RS_RETRO_UNDECIDABLE ? ": within the uncertainty" : "");
}

void rs_conform_stage_order(struct conform *c, int stage)
{
    const struct conform_stage *s = &c->stage[stage];
    struct conform_about about = rs_conform_of_stage(c, RS_CONFORM_ORDER, stage);
    const char *name = rs_conform_stage_name(c, stage);
    if (!s->reached) {
        skipped(c, stage);
        return;
    }
    int twice = again(c, stage), last = before(c, stage);
    if (!s->noted) {
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, "have each stage noted when it is entered",
                       "%s was entered by %s; when is not noted", name, rs_conform_when(c, &s->in));
        return;
    }
    if (twice >= 0) {
        struct retro_instant at = rs_conform_mark(c, twice);
        about.when = &at;
        rs_conform_say(c, about, RS_RETRO_DEVIATES,
                       rs_arena_printf(c->r->arena, "say how %s is taken up again", name),
                       "%s was entered twice: at %s and again at %s", name,
                       rs_conform_when(c, &s->in), rs_conform_when(c, &at));
    } else if (last < 0) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL, "%s was entered at %s", name,
                       rs_conform_when(c, &s->in));
    } else {
        struct conform_span gap = rs_conform_gap(c, &c->stage[last].in, &s->in);
        const char *prev = rs_conform_stage_name(c, last);
        if (gap.hi_ns < 0)
            rs_conform_say(
                c, about, RS_RETRO_DEVIATES,
                rs_arena_printf(c->r->arena, "say whether %s may come before %s", name, prev),
                "%s was entered at %s, %s before %s", name, rs_conform_when(c, &s->in),
                rs_conform_long(c, rs_conform_reverse(gap)), prev);
        else
            rs_conform_say(c, about,
                           s->in.best_ns >= c->stage[last].in.best_ns ? RS_RETRO_CONFORMS
                                                                      : RS_RETRO_UNDECIDABLE,
                           NULL, "%s was entered at %s, %s after %s", name,
                           rs_conform_when(c, &s->in), rs_conform_long(c, gap), prev);
    }
    not_before(c, stage);
}
