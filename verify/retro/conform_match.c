/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which mark, or which setting of a flag, shows which thing that was due. Nobody writes the runbook's words: the plain words
 * are compared (rs_conform_meant). The surest matches are made first, so that a vague note takes only what is left over.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conform.h"

/* How well the step fits a setting of a flag, 0..100. */
static int flag_fits(const struct conform_step *s, const struct retro_flag_step *f)
{
    const struct action *a = s->action;
    if (a->flag != f->flag || a->on != f->on)
        return 0;
    if (!a->on)
        return 100;
    if (isnan(f->percent))
        return a->percent >= 100.0 ? 100 : 60;
    return fabs(f->percent - a->percent) < 0.01 ? 100 : 0;
}

static bool is_of_kind(const struct retro_mark *m, enum action_kind kind, bool *loose)
{
    *loose = false;
    switch (kind) {
    case RS_ACT_CHECK:
        *loose = m->event == RS_EVENT_ACTION_DONE;
        return *loose || m->event == RS_EVENT_CHECK_PASSED || m->event == RS_EVENT_CHECK_FAILED;
    case RS_ACT_PURGE:
    case RS_ACT_ROTATE:
    case RS_ACT_REMOVE:
    case RS_ACT_WAIT: return m->event == RS_EVENT_ACTION_DONE;
    case RS_ACT_NOTIFY:
        *loose = m->event == RS_EVENT_ACTION_DONE;
        return *loose || m->event == RS_EVENT_COMMUNICATED;
    case RS_ACT_DOCUMENT:
        *loose = m->event == RS_EVENT_ACTION_DONE;
        return *loose || m->event == RS_EVENT_DOCUMENTED;
    case RS_ACT_SET_FLAG: return false;
    }
    return false;
}

static int better(int a, int b)
{
    return a > b ? a : b;
}

/* How well somebody's words mean this step: by its title, or by what it acts on; names that many share count for less. */
static int words_fit(const struct conform_step *s, const char *words)
{
    int best = rs_conform_meant(words, s->words);
    best = better(best, rs_conform_meant(words, s->things[0]));
    return better(best, rs_conform_meant(words, s->things[1]) * 3 / 4);
}

static int mark_fits(const struct conform *c, const struct conform_step *s, int mark)
{
    const struct retro_mark *m = &c->e->mark[mark];
    bool loose;
    if (!is_of_kind(m, s->action->kind, &loose) ||
        (m->stage >= 0 && s->stage >= 0 && m->stage != s->stage))
        return 0;
    if (s->episode >= 0 && m->episode &&
        strcmp(m->episode, c->r->rebuilt.episode[s->episode].name) != 0)
        return 0;
    char both[256];
    const char *words = m->subject;
    if (words && m->note && s->action->kind == RS_ACT_REMOVE) { /* "legacy", and of which service */
        snprintf(both, sizeof both, "%s %s", words, m->note);
        words = both;
    }
    int fit = words_fit(s, words);
    if (!m->subject && m->note)
        fit = words_fit(s, m->note) / 2;
    if (fit == 0 && !m->subject && !loose && (m->stage >= 0 || m->episode))
        fit = 10;
    return loose && fit < 50 ? 0 : fit;
}

static bool lies_in(const struct conform_step *s, const struct retro_instant *at)
{
    return at->hi_ns >= s->lo_ns && at->lo_ns <= s->hi_ns;
}

/* The earliest unused one of the best that fit; -1 = none reaches `least`. */
static int best_flag(const struct conform *c, const struct conform_step *s, int least, bool within)
{
    int best = -1, best_fit = least - 1;
    for (int i = 0; i < c->r->rebuilt.n_flag_step; i++) {
        const struct retro_flag_step *f = &c->r->rebuilt.flag_step[i];
        if (c->flag_used[i] || (within && !lies_in(s, &f->at)))
            continue;
        int fit = flag_fits(s, f);
        if (fit > best_fit) {
            best = i;
            best_fit = fit;
        }
    }
    return best;
}

static int best_mark(const struct conform *c, const struct conform_step *s, int least, bool within)
{
    int best = -1, best_fit = least - 1;
    int64_t best_ns = RS_NEVER;
    for (int i = 0; i < c->e->n_mark; i++) {
        struct retro_instant at = rs_conform_mark(c, i);
        if (c->mark_used[i] || (within && !lies_in(s, &at)))
            continue;
        int fit = mark_fits(c, s, i);
        if (fit > best_fit || (fit == best_fit && best >= 0 && at.best_ns < best_ns)) {
            best = i;
            best_fit = fit;
            best_ns = at.best_ns;
        }
    }
    return best;
}

static bool is_failed(const struct conform *c, int mark)
{
    return c->e->mark[mark].event == RS_EVENT_CHECK_FAILED;
}

/* A check may be done again: the last time counts, and that it failed before is kept. */
static void follow_check(struct conform *c, struct conform_step *s, int fit)
{
    if (is_failed(c, s->mark))
        s->failed = s->mark;
    for (;;) {
        int again = best_mark(c, s, fit, true);
        if (again < 0)
            return;
        c->mark_used[again] = true;
        if (is_failed(c, again) && s->failed < 0)
            s->failed = again;
        s->mark = again;
        s->at = rs_conform_mark(c, again);
    }
}

static void take(struct conform *c, struct conform_step *s, int least, bool within)
{
    if (s->action->kind == RS_ACT_SET_FLAG) {
        s->flag_step = best_flag(c, s, least, within);
        if (s->flag_step < 0)
            return;
        c->flag_used[s->flag_step] = true;
        s->at = c->r->rebuilt.flag_step[s->flag_step].at;
    } else {
        s->mark = best_mark(c, s, least, within);
        if (s->mark < 0)
            return;
        c->mark_used[s->mark] = true;
        s->at = rs_conform_mark(c, s->mark);
        if (s->action->kind == RS_ACT_CHECK)
            follow_check(c, s, mark_fits(c, s, s->mark));
    }
    s->elsewhere = !within;
}

void rs_conform_match(struct conform *c)
{
    static const struct {
        int least;
        bool within;
    } pass[] = {{80, true}, {50, true}, {10, true}, {70, false}};
    for (size_t p = 0; p < sizeof pass / sizeof *pass; p++) {
        for (int i = 0; i < c->n_step; i++) {
            struct conform_step *s = &c->step[i];
            bool found = s->mark >= 0 || s->flag_step >= 0;
            if (!found && (pass[p].within || s->list <= RS_LIST_CLOSING))
                take(c, s, pass[p].least, pass[p].within);
        }
    }
}

/* ---- what nobody noted ---- */

static bool is_found(const struct conform_step *s)
{
    return s->mark >= 0 || s->flag_step >= 0;
}

void rs_conform_count(struct conform *c)
{
    /* A team may note all flags and no message: kinds of which nothing at all is noted say nothing of the log. */
    for (int i = 0; i < c->n_step; i++) {
        if (is_found(&c->step[i]))
            c->kind_noted[c->step[i].action->kind] = true;
    }
    for (int i = 0; i < c->n_step; i++) {
        const struct conform_step *s = &c->step[i];
        if (!s->due || s->action->kind == RS_ACT_WAIT || !c->kind_noted[s->action->kind])
            continue;
        c->n_due++;
        c->n_found += is_found(s);
    }
    for (int i = 0; i < c->plan->n_stage; i++) {
        c->n_due += c->stage[i].reached;
        c->n_found += c->stage[i].noted;
    }
}

struct conform_missing rs_conform_missing(const struct conform *c, const struct conform_step *about)
{
    const double forgets_at_most = 0.03;
    if (about && !c->kind_noted[about->action->kind])
        return (struct conform_missing){false, "nothing of its kind is noted anywhere"};
    int n_due = c->n_due - (about && about->due); /* it is one of those that are not found */
    /* The mean of what is believed of the share of forgotten notes, after Jeffreys: Beta(1/2, 1/2) before. */
    double forgotten = (n_due - c->n_found + 0.5) / (n_due + 1.0);
    const char *why = rs_arena_printf(c->r->arena,
                                      "%d of %d other things that were due are noted, so a note is "
                                      "forgotten in about %.2g %% of cases",
                                      c->n_found, n_due, 100.0 * forgotten);
    return (struct conform_missing){forgotten <= forgets_at_most, why};
}

void rs_conform_say_missing(struct conform *c, const struct conform_step *s)
{
    struct conform_about about = rs_conform_of_step(c, s);
    const char *what = s->words, *of = rs_conform_occasion(c, s);
    if (!s->due) {
        const char *left = s->stage >= 0 && s->list != RS_LIST_SIDE
                               ? "the stage ended before it had to be done"
                               : "the evidence ends before it had to be done";
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL, "\"%s\"%s is not noted; %s", what, of,
                       left);
        return;
    }
    struct conform_missing m = rs_conform_missing(c, s);
    if (m.deviates) {
        rs_conform_say(c, about, RS_RETRO_DEVIATES,
                       rs_arena_printf(c->r->arena,
                                       "make \"%s\" a step that the next one waits for, or take it "
                                       "out of the runbook",
                                       what),
                       "\"%s\"%s was due and is noted nowhere; %s", what, of, m.why);
        return;
    }
    rs_conform_say(c, about, RS_RETRO_UNDECIDABLE,
                   rs_arena_printf(c->r->arena, "say who notes when \"%s\" is done", what),
                   "\"%s\"%s was due, and whether it was done is not noted; %s", what, of, m.why);
}
