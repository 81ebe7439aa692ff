/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watch windows and the steps of a ramp: kept for as long as the runbook asks, holds not counted. */
#include <stdint.h>

#include "conform.h"

static const struct conform_step *step_of(const struct conform *c, int stage, int list, int i)
{
    return &c->step[c->stage[stage].from[list] + i];
}

static bool is_done(const struct conform_step *s)
{
    return s->at.how != RS_HOW_UNKNOWN && !s->elsewhere;
}

/* The watch begins when the last entry action is done; what is known of it. */
static void begin_entry(const struct conform *c, int stage, struct conform_watch *w)
{
    const struct conform_stage *st = &c->stage[stage];
    int n = st->n_step[RS_LIST_ENTRY];
    w->from = st->in;
    w->exact_from = n == 0 && st->noted;
    w->begun = n == 0;
    for (int i = 0; i < n; i++) {
        const struct conform_step *s = step_of(c, stage, RS_LIST_ENTRY, i);
        if (s->action->kind == RS_ACT_WAIT) {
            w->exact_from = false;
            continue;
        }
        if (!is_done(s) && !s->due) {
            w->begun = false;
            continue;
        }
        w->begun = true;
        w->exact_from = is_done(s);
        if (is_done(s) && s->at.best_ns >= w->from.best_ns)
            w->from = s->at;
    }
}

/* It ends with the next step that is noted; a step in between that nobody noted may have ended it earlier. */
static void end_watch(const struct conform *c, int stage, struct conform_watch *w)
{
    const struct conform_stage *st = &c->stage[stage];
    bool exact = true;
    for (int i = w->ramp + 1; i < st->n_step[RS_LIST_RAMP] + st->n_step[RS_LIST_CLOSING]; i++) {
        int n_ramp = st->n_step[RS_LIST_RAMP];
        const struct conform_step *s = i < n_ramp ? step_of(c, stage, RS_LIST_RAMP, i)
                                                  : step_of(c, stage, RS_LIST_CLOSING, i - n_ramp);
        if (is_done(s)) {
            w->to = s->at;
            w->exact_to = exact;
            w->gone_on = true;
            return;
        }
        exact = exact && !s->due;
    }
    w->to = st->out;
    w->exact_to = exact;
    w->gone_on = st->left == RS_LEFT_FORWARD;
}

int rs_conform_watches(const struct conform *c, int stage, struct conform_watch *out)
{
    const struct stage *st = &c->plan->stage[stage];
    int n = 0;
    out[n] = (struct conform_watch){.ramp = -1, .asked_ns = st->watch_ns};
    begin_entry(c, stage, &out[n]);
    end_watch(c, stage, &out[n]);
    n += out[n].begun;
    for (int i = 0; i < c->stage[stage].n_step[RS_LIST_RAMP] && n < RS_CONFORM_WATCHES; i++) {
        const struct conform_step *s = step_of(c, stage, RS_LIST_RAMP, i);
        if (!is_done(s))
            continue;
        out[n] = (struct conform_watch){.ramp = i,
                                        .begun = true,
                                        .from = s->at,
                                        .exact_from = true,
                                        .asked_ns = st->ramp[i].watch_ns};
        end_watch(c, stage, &out[n]);
        n++;
    }
    return n;
}

/* ---- how long ---- */

/* Takes off what a hold between from and to took. */
static void without_holds(const struct conform *c,
                          int stage,
                          const struct conform_watch *w,
                          struct conform_span *length)
{
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if ((m->event != RS_EVENT_HELD && m->event != RS_EVENT_HALTED) ||
            (m->stage >= 0 && m->stage != stage))
            continue;
        struct retro_instant held = rs_conform_mark(c, i), until = w->to;
        if (held.best_ns < w->from.best_ns || held.best_ns >= w->to.best_ns)
            continue;
        bool told = false;
        for (int k = 0; k < c->e->n_mark; k++) {
            struct retro_instant at = rs_conform_mark(c, k);
            if (c->e->mark[k].event != RS_EVENT_RESUMED || at.best_ns < held.best_ns ||
                at.best_ns > until.best_ns)
                continue;
            until = at;
            told = true;
        }
        struct conform_span took = rs_conform_gap(c, &held, &until);
        if (took.hi_ns == RS_NEVER)
            length->lo_ns = 0;
        else if (length->lo_ns != INT64_MIN)
            length->lo_ns -= took.hi_ns > 0 ? took.hi_ns : 0;
        if (told && length->hi_ns != RS_NEVER)
            length->hi_ns -= took.lo_ns > 0 ? took.lo_ns : 0;
    }
}

/* A length in a runbook is a round figure: so much less is still the same. */
static int64_t slack_ns(int64_t asked_ns)
{
    int64_t slack = asked_ns / 50;
    return slack > 300 * RS_NS_PER_S ? 300 * RS_NS_PER_S : slack;
}

/* A gate that orders to go on may end a watch before its time. */
static bool may_end_early(const struct stage *st)
{
    for (int i = 0; i < st->n_gate; i++) {
        if (st->gate[i].then == RS_THEN_PROMOTE)
            return true;
    }
    return false;
}

static struct conform_span
length_of(const struct conform *c, int stage, const struct conform_watch *w)
{
    struct conform_span length = rs_conform_gap(c, &w->from, &w->to);
    if (length.lo_ns < 0 || !w->exact_from || !w->exact_to)
        length.lo_ns = 0;
    without_holds(c, stage, w, &length);
    return length;
}

static void say_ended(struct conform *c,
                      struct conform_about about,
                      int stage,
                      const char *what,
                      const struct conform_watch *w,
                      struct conform_span length)
{
    const struct conform_stage *st = &c->stage[stage];
    const char *so_long = rs_conform_long(c, length), *asked = rs_conform_duration(c, w->asked_ns);
    switch (st->left) {
    case RS_LEFT_BACK:
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "%s of %s ended after %s with the rollback %s", what, asked, so_long,
                       c->r->rebuilt.episode[st->episode].name);
        return;
    case RS_LEFT_STOPPED:
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "%s of %s ended after %s: the stage was held", what, asked, so_long);
        return;
    case RS_LEFT_NOT:
    case RS_LEFT_FORWARD:
        rs_conform_say(c, about,
                       length.lo_ns >= w->asked_ns ? RS_RETRO_CONFORMS : RS_RETRO_UNDECIDABLE, NULL,
                       "%s of %s: the evidence ends %s into it", what, asked, so_long);
        return;
    }
}

static void say_watch(struct conform *c,
                      struct conform_about about,
                      int stage,
                      const char *what,
                      const struct conform_watch *w)
{
    const struct stage *st = &c->plan->stage[stage];
    struct conform_span length = length_of(c, stage, w);
    const char *so_long = rs_conform_long(c, length), *asked = rs_conform_duration(c, w->asked_ns);
    about.when = &w->to;
    if (!w->gone_on) {
        say_ended(c, about, stage, what, w, length);
        return;
    }
    if (length.hi_ns < w->asked_ns - slack_ns(w->asked_ns)) {
        if (may_end_early(st)) {
            rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL,
                           "%s of %s was left after %s; a gate of the stage lets it go on earlier",
                           what, asked, so_long);
            return;
        }
        rs_conform_say(c, about, RS_RETRO_DEVIATES,
                       rs_arena_printf(c->r->arena,
                                       "let a machine hold %s until %s are over, or ask for a "
                                       "watch that is kept",
                                       rs_conform_stage_name(c, stage), asked),
                       "%s of %s was cut short: it lasted %s, until %s", what, asked, so_long,
                       rs_conform_when(c, &w->to));
    } else if (length.lo_ns >= w->asked_ns - slack_ns(w->asked_ns)) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL, "%s of %s was kept: it lasted %s", what,
                       asked, so_long);
    } else {
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL, "%s of %s lasted %s: %s", what, asked,
                       so_long,
                       w->exact_from && w->exact_to ? "within the uncertainty"
                       : w->exact_to                ? "when it began is not noted"
                                                    : "when it ended is not noted");
    }
}

static void say_ramp_step(struct conform *c, int stage, int i)
{
    const struct conform_step *s = step_of(c, stage, RS_LIST_RAMP, i);
    const struct conform_step *last = i > 0 ? step_of(c, stage, RS_LIST_RAMP, i - 1) : NULL;
    struct conform_about about = rs_conform_of_step(c, s);
    const char *what = s->words;
    if (!is_done(s) && !s->due)
        return;
    if (s->flag_step < 0) {
        rs_conform_say_missing(c, s);
        return;
    }
    if (s->elsewhere || (last && is_done(last) && rs_conform_gap(c, &last->at, &s->at).hi_ns < 0)) {
        rs_conform_say(c, about, RS_RETRO_DEVIATES,
                       "go up in the order of the ramp, or write the ramp as it is gone",
                       "\"%s\" was done at %s, out of the order of the ramp of %s", what,
                       rs_conform_when(c, &s->at), rs_conform_stage_name(c, stage));
        return;
    }
    struct conform_watch watch[RS_CONFORM_WATCHES];
    int n = rs_conform_watches(c, stage, watch);
    for (int k = 0; k < n; k++) {
        if (watch[k].ramp == i)
            say_watch(c, about, stage,
                      rs_arena_printf(c->r->arena, "the watch at %g%%", s->action->percent),
                      &watch[k]);
    }
}

void rs_conform_watch(struct conform *c, int stage)
{
    struct conform_watch watch[RS_CONFORM_WATCHES];
    int n = rs_conform_watches(c, stage, watch);
    const struct stage *st = &c->plan->stage[stage];
    if (n > 0 && watch[0].ramp < 0 && st->watch_ns > 0)
        say_watch(c, rs_conform_of_stage(c, RS_CONFORM_WATCH, stage), stage,
                  rs_arena_printf(c->r->arena, "the watch of %s", rs_conform_stage_name(c, stage)),
                  &watch[0]);
    for (int i = 0; i < c->stage[stage].n_step[RS_LIST_RAMP]; i++)
        say_ramp_step(c, stage, i);
}
