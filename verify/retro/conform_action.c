/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of actions: of a stage, and of a rollback. Done, in order, when they were due; checks passed, or what they order obeyed. */
#include "conform.h"

/* The nearest step before it in the same list that was found; NULL = none. */
static const struct conform_step *found_before(const struct conform *c,
                                               const struct conform_step *s)
{
    for (const struct conform_step *p = s - 1;
         p >= c->step && p->list == s->list && p->stage == s->stage && p->episode == s->episode;
         p--) {
        bool together = s->list != RS_LIST_PROCEDURE || p->action->blocking == s->action->blocking;
        if (p->at.how != RS_HOW_UNKNOWN && !p->elsewhere && together)
            return p;
    }
    return NULL;
}

static void say_elsewhere(struct conform *c, const struct conform_step *s)
{
    struct conform_about about = rs_conform_of_step(c, s);
    const char *what = s->words;
    const char *at = rs_conform_when(c, &s->at);
    const struct conform_stage *st = &c->stage[s->stage];
    const char *name = rs_conform_stage_name(c, s->stage);
    bool late = s->at.lo_ns > st->out.hi_ns;
    struct conform_span gap =
        late ? rs_conform_gap(c, &st->out, &s->at) : rs_conform_gap(c, &s->at, &st->in);
    rs_conform_say(c, about, RS_RETRO_DEVIATES,
                   rs_arena_printf(c->r->arena,
                                   "let what follows %s wait until \"%s\" is done, or move the "
                                   "step to where it is done",
                                   name, what),
                   late ? "\"%s\" was done at %s, %s after %s had been left"
                        : "\"%s\" was done at %s, %s before %s was entered",
                   what, at, rs_conform_long(c, gap), name);
}

/* A contradiction that was listed with what shows the step; NULL = none. */
static const struct retro_contradiction *at_odds(const struct conform *c,
                                                 const struct conform_step *s)
{
    const struct retro_rebuilt *t = &c->r->rebuilt;
    int mark = s->flag_step >= 0 ? t->flag_step[s->flag_step].at.mark : s->mark;
    for (int i = 0; i < t->n_contradiction && mark >= 0; i++) {
        if (t->contradiction[i].mark_a == mark || t->contradiction[i].mark_b == mark)
            return &t->contradiction[i];
    }
    return NULL;
}

/* An order that rests on a note which something else contradicts is no ground to change the runbook. */
static bool say_doubtful(struct conform *c,
                         const struct conform_step *s,
                         const struct conform_step *first,
                         struct conform_about about)
{
    const struct conform_step *doubtful = at_odds(c, s) ? s : first;
    const struct retro_contradiction *odds = at_odds(c, doubtful);
    if (!odds)
        return false;
    rs_conform_say(
        c, about, RS_RETRO_UNDECIDABLE, NULL,
        "\"%s\" is noted at %s and \"%s\", which comes first, at %s; but when \"%s\" was "
        "done is contradicted: %s",
        s->words, rs_conform_when(c, &s->at), first->words, rs_conform_when(c, &first->at),
        doubtful->words, odds->text);
    return true;
}

/* true: told that it was out of order. */
static bool say_order(struct conform *c, const struct conform_step *s)
{
    const struct conform_step *p = found_before(c, s);
    if (!p)
        return false;
    struct conform_span gap = rs_conform_gap(c, &p->at, &s->at);
    struct conform_about about = rs_conform_of_step(c, s);
    const char *what = s->words;
    const char *first = p->words;
    if (gap.hi_ns < 0) {
        if (say_doubtful(c, s, p, about))
            return true;
        rs_conform_say(c, about, RS_RETRO_DEVIATES,
                       "put the steps into the order in which they are done, or say why they must "
                       "not be",
                       "\"%s\" was done at %s, %s before \"%s\", which comes first", what,
                       rs_conform_when(c, &s->at), rs_conform_long(c, rs_conform_reverse(gap)),
                       first);
        return true;
    }
    if (s->at.best_ns >= p->at.best_ns)
        return false;
    rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL,
                   "\"%s\" at %s and \"%s\" at %s: which was first is within the uncertainty", what,
                   rs_conform_when(c, &s->at), first, rs_conform_when(c, &p->at));
    return true;
}

static void say_done(struct conform *c, const struct conform_step *s)
{
    if (say_order(c, s))
        return;
    rs_conform_say(c, rs_conform_of_step(c, s), RS_RETRO_CONFORMS, NULL, "\"%s\" was done at %s",
                   s->words, rs_conform_when(c, &s->at));
}

/* ---- checks ---- */

/* What the stage did after the check had failed: the first step that was done later in it. */
static const struct conform_step *went_on(const struct conform *c, const struct conform_step *s)
{
    for (int i = 0; i < c->n_step; i++) {
        const struct conform_step *k = &c->step[i];
        if (k->stage == s->stage && k->list != RS_LIST_SIDE && k > s && !k->elsewhere &&
            k->at.how != RS_HOW_UNKNOWN && rs_conform_gap(c, &s->at, &k->at).lo_ns > 0)
            return k;
    }
    return NULL;
}

static bool was_held(const struct conform *c, int stage, int64_t from_ns, int64_t until_ns)
{
    for (int i = 0; i < c->e->n_mark; i++) {
        const struct retro_mark *m = &c->e->mark[i];
        if (m->event != RS_EVENT_HELD && m->event != RS_EVENT_HALTED &&
            m->event != RS_EVENT_RESUMED)
            continue;
        struct retro_instant at = rs_conform_mark(c, i);
        if ((m->stage < 0 || m->stage == stage) && at.hi_ns >= from_ns && at.lo_ns <= until_ns)
            return true;
    }
    return false;
}

static const char *order_words(enum gate_then then)
{
    switch (then) {
    case RS_THEN_ROLLBACK: return "roll back";
    case RS_THEN_HOLD: return "hold";
    case RS_THEN_HALT: return "halt";
    case RS_THEN_PROMOTE: return "go on";
    }
    return "";
}

static void say_failed(struct conform *c, const struct conform_step *s)
{
    const struct conform_stage *st = &c->stage[s->stage];
    const struct stage *stage = &c->plan->stage[s->stage];
    struct retro_instant failed = rs_conform_mark(c, s->failed);
    struct conform_about about = rs_conform_of_step(c, s);
    about.when = &failed;
    const char *what = s->words, *at = rs_conform_when(c, &failed);
    const char *order = order_words(stage->check_then);
    bool passed = c->e->mark[s->mark].event != RS_EVENT_CHECK_FAILED;
    const struct conform_step *next = went_on(c, s);
    bool on = next || st->left == RS_LEFT_FORWARD;
    const char *mend = rs_arena_printf(
        c->r->arena,
        "let a machine keep the stage from going on after \"%s\" failed, or say when it "
        "may be done again",
        what);
    if (stage->check_then == RS_THEN_PROMOTE || (st->left == RS_LEFT_BACK && !on)) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL, "\"%s\" failed at %s, and %s", what, at,
                       st->left == RS_LEFT_BACK ? "it was rolled back"
                                                : "the runbook lets it pass");
    } else if (on && stage->check_then != RS_THEN_ROLLBACK && passed) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS,
                       stage->on_hold.given ? NULL : "say how a stage that is held goes on",
                       "\"%s\" failed at %s, was done again and had passed at %s", what, at,
                       rs_conform_when(c, &s->at));
    } else if (on) {
        rs_conform_say(c, about, RS_RETRO_DEVIATES, mend,
                       "\"%s\" failed at %s, which orders to %s, and the stage went on: %s%s", what,
                       at, order, next ? next->words : "it was left for the next",
                       passed ? " (it had passed when done again)" : "");
    } else if (stage->check_then != RS_THEN_ROLLBACK) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "\"%s\" failed at %s, which orders to %s, and the stage did not go on", what,
                       at, order);
    } else {
        bool held = was_held(c, s->stage, failed.lo_ns, c->end_ns);
        rs_conform_say(c, about, held ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE,
                       held ? mend : NULL, "\"%s\" failed at %s, which orders to roll back, and %s",
                       what, at,
                       held ? "the stage was held instead" : "what was done then is not noted");
    }
}

void rs_conform_actions(struct conform *c, int stage, enum conform_list list)
{
    const struct conform_stage *st = &c->stage[stage];
    for (int i = 0; i < st->n_step[list]; i++) {
        struct conform_step *s = &c->step[st->from[list] + i];
        bool found = s->mark >= 0 || s->flag_step >= 0;
        if (s->action->kind == RS_ACT_WAIT && !found)
            continue; /* nobody notes that he waits; it is part of the time between the others */
        if (!found && !s->due)
            continue; /* the stage ended before it */
        if (!found)
            rs_conform_say_missing(c, s);
        else if (s->elsewhere)
            say_elsewhere(c, s);
        else if (s->failed >= 0)
            say_failed(c, s);
        else
            say_done(c, s);
    }
}

void rs_conform_procedure(struct conform *c, int episode)
{
    for (int i = 0; i < c->n_step; i++) {
        struct conform_step *s = &c->step[i];
        if (s->list != RS_LIST_PROCEDURE || s->episode != episode || s->action->kind == RS_ACT_WAIT)
            continue;
        enum retro_rule rule = rs_conform_of_step(c, s).rule;
        if (rule != RS_CONFORM_PROCEDURE)
            continue; /* with the other messages and documents */
        if (s->mark < 0 && s->flag_step < 0)
            rs_conform_say_missing(c, s);
        else if (s->mark >= 0 && c->e->mark[s->mark].event == RS_EVENT_CHECK_FAILED)
            rs_conform_say(c, rs_conform_of_step(c, s), RS_RETRO_DEVIATES,
                           "say what is done when the check after a rollback fails",
                           "\"%s\" failed at %s and is not noted as passed after that", s->words,
                           rs_conform_when(c, &s->at));
        else
            say_done(c, s);
    }
}
