/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants that the rules and the runbook's conditions tell, over the recorded series. */
#include <string.h>
#include <strings.h>

#include "retro/rebuild.h"

static void set(struct retro_instant *at, struct span s, const char *why)
{
    *at = (struct retro_instant){.how = RS_HOW_COMPUTED,
                                 .lo_ns = s.lo_ns,
                                 .hi_ns = s.hi_ns,
                                 .best_ns = rs_span_best(s),
                                 .confidence = 1.0,
                                 .source = -1,
                                 .mark = -1,
                                 .own_lo_ns = INT64_MIN,
                                 .own_hi_ns = RS_NEVER,
                                 .why = why};
}

/*
 * ALERTS in the recording begins, and ends, at an evaluation: of an interval at its end, if no sample was lost. Of two, which is
 * what an end without a stale marker leaves, in the middle.
 */
static int64_t likeliest(const struct rebuild *b, const struct firing *f, struct span s)
{
    int64_t at_ns = s.hi_ns - b->slack_ns;
    bool whole = s.hi_ns - s.lo_ns <= b->r->evidence->evaluation_interval_ns + 2 * b->slack_ns;
    return f->recorded && whole && at_ns >= s.lo_ns ? at_ns : rs_span_best(s);
}

static const char *whence(struct arena *arena, const struct firing *f, const char *what)
{
    return rs_arena_printf(arena,
                           f->recorded ? "ALERTS of %s %s" : "the rules over the series: %s %s",
                           f->alert, what);
}

/* ---- the alert ---- */

static bool is_of(const struct rebuild *b, const struct group *g, const struct firing *f)
{
    return f->fired.lo_ns != RS_NEVER &&
           rs_alert_procedure(b->r->evidence->scenario, f->alert) == g->procedure &&
           g->procedure >= 0 && rs_span_apart(f->fired, g->extent) == 0;
}

/* The first time in the group that this alert, or any, was up. */
static const struct firing *
first_firing(const struct rebuild *b, const struct group *g, const char *alert)
{
    const struct firing *first = NULL;
    for (int i = 0; i < b->n_firing; i++) {
        const struct firing *f = &b->firing[i];
        if (is_of(b, g, f) && (!alert || strcmp(f->alert, alert) == 0) &&
            (!first || f->fired.lo_ns < first->fired.lo_ns))
            first = f;
    }
    return first;
}

/* The last time that this alert was up in the group: it may clear and come back. */
static const struct firing *
last_firing(const struct rebuild *b, const struct group *g, const char *alert)
{
    const struct firing *last = NULL;
    for (int i = 0; i < b->n_firing; i++) {
        const struct firing *f = &b->firing[i];
        if (is_of(b, g, f) && strcmp(f->alert, alert) == 0 &&
            (!last || f->fired.lo_ns > last->fired.lo_ns)) {
            last = f;
        }
    }
    return last;
}

static const char *subject_of(const struct rebuild *b, const struct retro_instant *at)
{
    return at->mark >= 0 ? b->r->evidence->mark[at->mark].subject : NULL;
}

/* The first known instant of those that follow the detection. */
static const struct retro_instant *first_after(const struct retro_episode *ep)
{
    for (int i = RS_CLOCK_NOTIFIED; i <= RS_CLOCK_COMPLETED; i++) {
        if (rs_instant_known(&ep->at[i]))
            return &ep->at[i];
    }
    return NULL;
}

/*
 * Somebody may have seen on a board, or by a check, what the alert saw only later. He is notified and has acknowledged at that
 * moment, and when the alert fires already the alert has detected it. So the alert did if the first notice or acknowledgement
 * that is known comes after it; if neither is known it may have been seen from the time on when the trigger held.
 */
static bool may_be_seen_before(const struct retro_episode *ep)
{
    return !rs_instant_known(&ep->at[RS_CLOCK_NOTIFIED]) &&
           !rs_instant_known(&ep->at[RS_CLOCK_ACKNOWLEDGED]);
}

static int64_t earliest_in_stage(const struct rebuild *b, int64_t until_ns)
{
    const struct retro_rebuilt *t = &b->r->rebuilt;
    int64_t from_ns = INT64_MIN;
    int n_stage = b->r->evidence->scenario ? b->r->evidence->scenario->response.n_stage : 0;
    for (int i = 0; i < n_stage; i++) {
        if (rs_instant_known(&t->stage[i]) && t->stage[i].lo_ns <= until_ns &&
            t->stage[i].lo_ns > from_ns)
            from_ns = t->stage[i].lo_ns;
    }
    return from_ns;
}

/* The earliest time from which anybody who looked could have seen the procedure called for: INT64_MIN if that is not known. */
static int64_t visible_from(const struct rebuild *b, int procedure, int64_t until_ns)
{
    const struct retro *r = b->r;
    int64_t every_ns = r->evidence->evaluation_interval_ns, first_ns = RS_NEVER;
    int64_t from_ns = earliest_in_stage(b, until_ns);
    for (int i = 0; i < r->seen.n_asked; i++) {
        const struct retro_asked *a = &r->seen.asked[i];
        bool leads = a->what == RS_ASKS_TRIGGER && a->procedure == procedure;
        if (a->what == RS_ASKS_GATE) {
            const struct gate *g = &r->evidence->scenario->response.stage[a->stage].gate[a->gate];
            leads = g->then == RS_THEN_ROLLBACK && g->procedure == procedure && !g->require;
        }
        if (!leads)
            continue;
        if (a->blind)
            return from_ns;
        int64_t t_ns = rs_retro_first_true(r, i, from_ns == INT64_MIN ? 0 : from_ns, until_ns);
        if (t_ns < first_ns)
            first_ns = t_ns;
    }
    if (first_ns == RS_NEVER)
        return from_ns;
    const struct procedure *p = &r->evidence->scenario->response.procedure[procedure];
    return first_ns - every_ns - b->slack_ns -
           rs_rebuild_missing(b, first_ns, rs_rebuild_reach(b, p->trigger));
}

static void detect(struct rebuild *b, struct retro_episode *ep, const struct firing *f)
{
    struct retro_instant *at = &ep->at[RS_CLOCK_DETECTED];
    const char *subject = subject_of(b, at);
    if (!rs_instant_known(at)) {
        const struct retro_instant *next = first_after(ep);
        if (next && next->hi_ns < f->fired.lo_ns)
            return; /* somebody was before the alert */
        struct span s = f->fired;
        const char *why = whence(b->arena, f, "fired");
        if (next && may_be_seen_before(ep)) {
            int64_t from_ns = visible_from(b, ep->procedure, f->fired.hi_ns);
            if (from_ns != INT64_MIN && from_ns < s.lo_ns)
                s.lo_ns = from_ns;
            why = rs_arena_printf(b->arena, "%s; %s", why,
                                  from_ns != INT64_MIN ? "it could be seen on a board before"
                                                       : "if nobody saw it on a board before");
        }
        set(at, s, why);
        at->best_ns = likeliest(b, f, f->fired);
        ep->alert = f->alert;
        return;
    }
    if (!subject || strcmp(subject, f->alert) != 0) {
        if (!ep->alert && !ep->detector && rs_span_apart(rs_instant_span(at), f->fired) == 0)
            ep->alert = f->alert;
        return;
    }
    ep->alert = f->alert;
    struct span both = rs_span_meet(rs_instant_span(at), f->fired);
    if (!rs_span_empty(both)) {
        at->lo_ns = both.lo_ns;
        at->hi_ns = both.hi_ns;
        at->best_ns = at->best_ns < both.lo_ns   ? both.lo_ns
                      : at->best_ns > both.hi_ns ? both.hi_ns
                                                 : at->best_ns;
        at->why = rs_arena_printf(b->arena, "%s; %s", at->why, whence(b->arena, f, "fired then"));
    }
}

static void
tell_if_apart(struct rebuild *b, int episode, int instant, struct span s, const struct firing *f)
{
    const struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    const struct retro_instant *at = &ep->at[instant];
    const char *subject = subject_of(b, at);
    if (at->how != RS_HOW_RECORDED || !subject || strcmp(subject, f->alert) != 0 ||
        s.lo_ns == RS_NEVER || rs_span_apart(rs_instant_span(at), s) == 0) {
        return;
    }
    rs_rebuild_contradict(
        b, at->mark, -1, episode, "%s: %s %s (%s), but %s it is %s", ep->name, f->alert,
        rs_retro_instant_name(instant), rs_retro_span(b->arena, rs_instant_span(at)),
        f->recorded ? "by ALERTS" : "by the rules over the series", rs_retro_span(b->arena, s));
    b->at_odds[instant] = b->at_odds[instant] ? b->at_odds[instant] : b->told;
}

static bool is_alert(const struct rebuild *b, const char *word)
{
    const struct retro_evidence *e = b->r->evidence;
    if (rs_alert_procedure(e->scenario, word) >= 0)
        return true;
    for (int i = 0; i < b->n_firing; i++) {
        if (strcmp(b->firing[i].alert, word) == 0)
            return true;
    }
    for (int f = 0; f < e->n_rule_file; f++) {
        for (int g = 0; g < e->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &e->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                if (group->rule[i].alert && strcmp(group->rule[i].alert, word) == 0)
                    return true;
            }
        }
    }
    return false;
}

/* By the mark: an alert, if it names one; else what its words say, a look, a check or a gate. */
static void who_detected(const struct rebuild *b, struct retro_episode *ep)
{
    const struct retro_instant *at = &ep->at[RS_CLOCK_DETECTED];
    const char *subject = subject_of(b, at);
    if (at->mark < 0)
        return;
    int event = b->r->evidence->mark[at->mark].event;
    if (subject && is_alert(b, subject)) {
        ep->alert = subject;
    } else if (subject) {
        ep->detector = subject;
    } else if (event != RS_CLOCK_DETECTED) {
        ep->detector = event == RS_EVENT_CHECK_FAILED ? "a check" : "a gate";
    }
}

static void by_alert(struct rebuild *b, const struct group *g, int episode)
{
    struct retro_episode *ep = &b->r->rebuilt.episode[episode];
    who_detected(b, ep);
    const struct firing *f = ep->alert ? first_firing(b, g, ep->alert) : NULL;
    if (!f)
        f = first_firing(b, g, NULL);
    if (!f)
        return;
    tell_if_apart(b, episode, RS_CLOCK_DETECTED, f->fired, f);
    detect(b, ep, f);
    bool detected = ep->alert && strcmp(ep->alert, f->alert) == 0;
    if (!rs_instant_known(&ep->at[RS_CLOCK_PENDING]) && detected) {
        set(&ep->at[RS_CLOCK_PENDING], f->pending, whence(b->arena, f, "was pending"));
        ep->at[RS_CLOCK_PENDING].best_ns = likeliest(b, f, f->pending);
    }
    const struct firing *last = last_firing(b, g, f->alert);
    if (!rs_instant_known(&ep->at[RS_CLOCK_RESOLVED]) && detected &&
        last->cleared.lo_ns != RS_NEVER) {
        set(&ep->at[RS_CLOCK_RESOLVED], last->cleared, whence(b->arena, last, "cleared"));
        ep->at[RS_CLOCK_RESOLVED].best_ns = likeliest(b, last, last->cleared);
    }
}

/* Nobody noted it and no alert fired: from when on could it be seen? */
static void by_look(struct rebuild *b, struct retro_episode *ep)
{
    struct retro_instant *at = &ep->at[RS_CLOCK_DETECTED];
    const struct retro_instant *next = first_after(ep);
    if (rs_instant_known(at) || !next || ep->procedure < 0 || next->hi_ns == RS_NEVER)
        return;
    int64_t from_ns = visible_from(b, ep->procedure, next->hi_ns);
    if (from_ns == INT64_MIN || from_ns > next->hi_ns)
        return;
    set(at, (struct span){from_ns, next->hi_ns},
        "nobody noted it; from when its trigger could be seen until what came next");
    at->how = RS_HOW_BOUNDED;
}

/* ---- recovered ---- */

/* Has it recovered at the evaluation at t? -1: not known. */
static int is_back(const struct retro *r, const struct group *g, int64_t t_ns)
{
    int asked = rs_retro_asked(r, RS_ASKS_RECOVERED, g->procedure, -1);
    if (asked >= 0)
        return rs_retro_true(r, asked, t_ns);
    asked = rs_retro_asked(r, RS_ASKS_TRIGGER, g->procedure, -1);
    int called = asked >= 0 ? rs_retro_true(r, asked, t_ns) : -1;
    return called < 0 ? -1 : !called;
}

/*
 * The last time by which it was back for somebody who looks every interval, in any phase, from the first time on when it was at
 * an evaluation of ours: if it is not at one of the next, others may have seen only those.
 */
static int64_t
back_for_all(const struct rebuild *b, const struct group *g, int64_t t_ns, int64_t begun_ns)
{
    const struct backtest *run = b->r->seen.run;
    int64_t every_ns = run->interval_ms * RS_NS_PER_MS, to_ns = run->to_ms * RS_NS_PER_MS;
    int64_t since_ns = t_ns;
    for (; t_ns <= to_ns && t_ns <= (since_ns > begun_ns ? since_ns : begun_ns) + every_ns;
         t_ns += every_ns) {
        while (t_ns <= to_ns && is_back(b->r, g, t_ns) == 0) {
            t_ns += every_ns;
            since_ns = t_ns;
        }
    }
    return since_ns <= to_ns ? since_ns : RS_NEVER;
}

static void recover(struct rebuild *b, const struct group *g, struct retro_episode *ep)
{
    const struct retro *r = b->r;
    const struct backtest *run = r->seen.run;
    struct retro_instant *at = &ep->at[RS_CLOCK_RECOVERED];
    struct span from = rs_instant_room(ep, RS_CLOCK_COMMANDED);
    if (rs_instant_known(at) || !ep->had_rollback || g->procedure < 0 || !run ||
        rs_span_empty(from) || from.lo_ns == INT64_MIN || from.hi_ns == RS_NEVER) {
        return;
    }
    const struct procedure *p = &r->evidence->scenario->response.procedure[g->procedure];
    int64_t every_ns = run->interval_ms * RS_NS_PER_MS, first_ns = run->from_ms * RS_NS_PER_MS;
    int64_t t_ns = first_ns;
    if (from.lo_ns > first_ns)
        t_ns += (from.lo_ns - first_ns + every_ns - 1) / every_ns * every_ns;
    while (t_ns <= run->to_ms * RS_NS_PER_MS && is_back(r, g, t_ns) == 0)
        t_ns += every_ns;
    if (t_ns > run->to_ms * RS_NS_PER_MS || is_back(r, g, t_ns) < 0)
        return;
    int64_t all_ns = back_for_all(b, g, t_ns, from.hi_ns);
    if (all_ns == RS_NEVER)
        return;
    int64_t reach_ns = rs_rebuild_reach(b, p->recovered ? p->recovered : p->trigger);
    int64_t off_ns =
        every_ns + b->slack_ns + rs_rebuild_missing(b, all_ns, reach_ns + all_ns - t_ns);
    struct span s = {t_ns - off_ns, (all_ns > from.hi_ns ? all_ns : from.hi_ns) + off_ns};
    if (s.lo_ns < from.lo_ns)
        s.lo_ns = from.lo_ns;
    set(at, s,
        p->recovered ? "from when on the runbook's condition of recovery holds over the series"
                     : "from when on the trigger does not hold any more, over the series");
}

void rs_instants_by_alert(struct rebuild *b, const struct group *g, int episode)
{
    by_alert(b, g, episode);
    by_look(b, &b->r->rebuilt.episode[episode]);
}

void rs_instants_by_condition(struct rebuild *b, const struct group *g, int episode)
{
    recover(b, g, &b->r->rebuilt.episode[episode]);
}
