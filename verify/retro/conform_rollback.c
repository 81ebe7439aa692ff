/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rollback: called for by something, done as the procedure has it, in time, and escalated when nobody took it. */
#include <stdio.h>
#include <string.h>

#include "models/response.h"

#include "conform.h"

static const int64_t hour_ns = 3600 * RS_NS_PER_S;

/* ---- called for ---- */

static bool is_alert_of(const struct procedure *p, const char *alert)
{
    for (int i = 0; alert && i < p->n_alert; i++) {
        if (strcmp(p->alert[i], alert) == 0)
            return true;
    }
    return false;
}

/* A check that orders this procedure failed in the stage; its words, or NULL. */
static const char *
failed_check(const struct conform *c, const struct retro_episode *e, int64_t until_ns)
{
    for (int i = 0; i < c->n_step; i++) {
        const struct conform_step *s = &c->step[i];
        if (s->failed < 0 || s->stage < 0)
            continue;
        const struct stage *st = &c->plan->stage[s->stage];
        if (st->check_then == RS_THEN_ROLLBACK && st->check_procedure == e->procedure &&
            rs_conform_mark(c, s->failed).lo_ns <= until_ns)
            return rs_arena_printf(c->r->arena, "the check \"%s\" failed", s->words);
    }
    return NULL;
}

/* One condition in a span: at some evaluation it was so. */
static enum conform_reading
any_in(const struct conform *c, int asked, bool trips_on, int64_t lo_ns, int64_t hi_ns)
{
    struct conform_question q = {.asked = asked, .trips_on = trips_on, .role = -1, .stage = -1};
    return rs_conform_read_at(c, &q, lo_ns, hi_ns).reading;
}

struct call {
    const char *by;
    bool could_say; /* something was looked at and said no */
};

static void by_gates(const struct conform *c,
                     const struct retro_episode *e,
                     int64_t lo_ns,
                     int64_t hi_ns,
                     struct call *out)
{
    for (int i = 0; i < c->plan->n_stage && !out->by; i++) {
        const struct stage *st = &c->plan->stage[i];
        const struct conform_stage *cs = &c->stage[i];
        if (!cs->reached || cs->in.lo_ns > hi_ns || cs->out.hi_ns < lo_ns)
            continue;
        if (st->on_hold.given && st->on_hold.then == RS_THEN_ROLLBACK &&
            st->on_hold.procedure == e->procedure)
            out->by = rs_arena_printf(c->r->arena, "%s may be given up with it",
                                      rs_conform_stage_name(c, i));
        for (int g = 0; g < st->n_gate && !out->by; g++) {
            if (st->gate[g].then != RS_THEN_ROLLBACK || st->gate[g].procedure != e->procedure)
                continue;
            enum conform_reading is = any_in(c, rs_retro_asked(c->r, RS_ASKS_GATE, i, g),
                                             !st->gate[g].require, lo_ns, hi_ns);
            if (is >= RS_READ_UNSURE)
                out->by = rs_arena_printf(c->r->arena, "gate %s tripped", st->gate[g].name);
            out->could_say = out->could_say || is == RS_READ_NO;
        }
    }
}

static void by_alerts(const struct conform *c,
                      const struct procedure *p,
                      int64_t lo_ns,
                      int64_t hi_ns,
                      struct call *out)
{
    const struct backtest *run = c->r->seen.run;
    if (!run || c->e->n_rule_file == 0 || p->n_alert == 0)
        return;
    out->could_say = true;
    for (int i = 0; i < run->n_activation && !out->by; i++) {
        const struct activation *a = &run->activation[i];
        int64_t until_ns = a->cleared_ms == RS_NEVER ? RS_NEVER : a->cleared_ms * RS_NS_PER_MS;
        if (is_alert_of(p, a->rule->alert) && a->firing_ms != RS_NEVER && until_ns >= lo_ns &&
            a->firing_ms * RS_NS_PER_MS <= hi_ns)
            out->by = rs_arena_printf(c->r->arena, "alert %s fired", a->rule->alert);
    }
}

static void say_called_for(struct conform *c, int episode)
{
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    const struct procedure *p = &c->plan->procedure[e->procedure];
    const struct retro_instant *in_hand = rs_conform_in_hand(e);
    const struct retro_instant *detected = &e->at[RS_CLOCK_DETECTED];
    struct conform_about about =
        rs_conform_of_procedure(c, RS_CONFORM_UNCALLED, e->procedure, episode);
    if (!in_hand)
        return;
    about.when = in_hand;
    /* A page is trusted: what called for it may be over by the time somebody acts. */
    int64_t lo_ns = in_hand->lo_ns - hour_ns, hi_ns = in_hand->hi_ns;
    if (rs_conform_known(detected) && detected->lo_ns < lo_ns)
        lo_ns = detected->lo_ns - 2 * rs_conform_every_ns(c);
    struct call call = {.by = failed_check(c, e, hi_ns)};
    if (!call.by && is_alert_of(p, e->alert) && rs_conform_known(detected))
        call.by = rs_arena_printf(c->r->arena, "alert %s fired", e->alert);
    enum conform_reading trigger =
        any_in(c, rs_retro_asked(c->r, RS_ASKS_TRIGGER, e->procedure, 0), true, lo_ns, hi_ns);
    if (!call.by && trigger >= RS_READ_UNSURE)
        call.by = "its trigger was true";
    call.could_say = trigger == RS_READ_NO;
    by_gates(c, e, lo_ns, hi_ns, &call);
    if (!call.by)
        by_alerts(c, p, lo_ns, hi_ns, &call);
    if (call.by) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL, "the rollback %s was called for: %s",
                       e->name, call.by);
        return;
    }
    bool cannot = !call.could_say;
    rs_conform_say(
        c, about, cannot ? RS_RETRO_UNDECIDABLE : RS_RETRO_DEVIATES,
        cannot ? NULL
               : rs_arena_printf(c->r->arena,
                                 "write down what made people roll back by %s, if it is a "
                                 "trigger that the runbook lacks",
                                 p->name),
        cannot ? "what called for the rollback %s, in hand at %s, cannot be read from the "
                 "recording"
               : "the rollback %s was in hand at %s, and no trigger, gate, check or alert "
                 "of the runbook called for it in the hour before",
        e->name, rs_conform_when(c, in_hand));
}

/* ---- SLA ---- */

/* The longest part of the way from detected to completed, as far as the instants between are known. */
static const char *longest_leg(const struct conform *c, const struct retro_episode *e)
{
    const char *name = NULL;
    int64_t most_ns = 0;
    int last = RS_CLOCK_DETECTED;
    for (int m = RS_CLOCK_DETECTED + 1; m <= RS_CLOCK_COMPLETED; m++) {
        if (m == RS_CLOCK_EFFECTIVE_P50 || m == RS_CLOCK_EFFECTIVE_P95 ||
            !rs_conform_known(&e->at[m]))
            continue;
        int64_t ns = e->at[m].best_ns - e->at[last].best_ns;
        if (ns > most_ns) {
            most_ns = ns;
            name = rs_arena_printf(c->r->arena, "%s to %s took %s", rs_retro_instant_name(last),
                                   rs_retro_instant_name(m), rs_conform_duration(c, ns));
        }
        last = m;
    }
    return name;
}

static void say_sla(struct conform *c, int episode)
{
    static const enum retro_verdict verdict[] = {[RS_SLA_KEPT] = RS_RETRO_CONFORMS,
                                                 [RS_SLA_BROKEN] = RS_RETRO_DEVIATES,
                                                 [RS_SLA_UNDECIDABLE] = RS_RETRO_UNDECIDABLE};
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    if (e->sla == RS_SLA_NONE)
        return;
    struct conform_about about = rs_conform_of_procedure(c, RS_CONFORM_SLA, e->procedure, episode);
    const struct retro_instant *done = &e->at[RS_CLOCK_COMPLETED];
    about.when = rs_conform_known(done) ? done : &e->at[RS_CLOCK_DETECTED];
    const char *leg = e->sla == RS_SLA_BROKEN ? longest_leg(c, e) : NULL;
    rs_conform_say(c, about, verdict[e->sla],
                   leg ? rs_arena_printf(c->r->arena, "shorten the longest leg: %s", leg) : NULL,
                   "the %s from detection to completion of %s: %s%s%s",
                   rs_conform_duration(c, e->sla_ns), e->name, rs_retro_sla_name(e->sla),
                   e->sla_why ? ", " : "", e->sla_why ? e->sla_why : "");
}

/* ---- escalation ---- */

static int channel_of(const struct conform *c, const char *receiver)
{
    for (int i = 0; i < c->sc->monitoring.n_channel; i++) {
        const char *own = c->sc->monitoring.channel[i].receiver;
        if (own && receiver && strcmp(own, receiver) == 0)
            return i;
    }
    return -1;
}

/* The channel on which the alert was told first, of those that escalate; -1 = none, or not known. */
static int page_channel(const struct conform *c, const struct retro_episode *e, int64_t until_ns)
{
    const struct backtest *run = c->r->seen.run;
    for (int i = 0; run && i < run->n_notice && run->notice[i].at_ns <= until_ns; i++) {
        const struct backtest_notice *n = &run->notice[i];
        int channel = channel_of(c, n->receiver);
        if (channel < 0 || c->sc->monitoring.channel[channel].silent)
            continue;
        for (int k = 0; k < n->n_firing; k++) {
            const char *alert = rs_labels_get(run->labels, n->alert[k], "alertname");
            if (alert && e->alert && strcmp(alert, e->alert) == 0)
                return channel;
        }
    }
    if (run && c->e->alertmanager)
        return -1;
    for (int i = 0; i < c->sc->monitoring.n_channel; i++) {
        if (!c->sc->monitoring.channel[i].silent && c->sc->monitoring.channel[i].receiver)
            return i;
    }
    return -1;
}

static int escalated(const struct conform *c, int64_t from_ns, int64_t until_ns)
{
    for (int i = 0; i < c->e->n_mark; i++) {
        struct retro_instant at = rs_conform_mark(c, i);
        if (c->e->mark[i].event == RS_EVENT_ESCALATED && at.hi_ns >= from_ns &&
            at.lo_ns <= until_ns)
            return i;
    }
    return -1;
}

/* Would an escalation have been written down by itself? */
static bool escalations_are_noted(const struct conform *c)
{
    for (int i = 0; i < c->e->n_source; i++) {
        if (c->e->source[i].kind == RS_SOURCE_NOTIFICATIONS)
            return true;
    }
    return escalated(c, INT64_MIN, RS_NEVER) >= 0;
}

static void say_escalation(struct conform *c, int episode)
{
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    const struct retro_instant *told = rs_conform_known(&e->at[RS_CLOCK_NOTIFIED])
                                           ? &e->at[RS_CLOCK_NOTIFIED]
                                           : &e->at[RS_CLOCK_DETECTED];
    const struct retro_instant *in_hand = rs_conform_in_hand(e);
    struct retro_instant end = in_hand ? *in_hand : rs_conform_at(c->end_ns, 0);
    int channel = is_alert_of(&c->plan->procedure[e->procedure], e->alert)
                      ? page_channel(c, e, end.hi_ns)
                      : -1;
    int target = channel >= 0 ? rs_page_target(c->plan, e->procedure, channel) : -1;
    if (target < 0 || !rs_conform_known(told))
        return;
    const struct role *role = &c->plan->role[target];
    if (role->escalates_to < 0 || role->escalate_after_ns == RS_NEVER)
        return;
    const char *who = role->title ? role->title : role->name;
    const char *next = c->plan->role[role->escalates_to].title
                           ? c->plan->role[role->escalates_to].title
                           : c->plan->role[role->escalates_to].name;
    struct conform_span gap = rs_conform_gap(c, told, &end);
    struct conform_about about =
        rs_conform_of_procedure(c, RS_CONFORM_ESCALATION, e->procedure, episode);
    about.ref = role->ref;
    about.says = NULL;
    about.at = role->at;
    about.when = &end;
    const char *after = rs_conform_duration(c, role->escalate_after_ns);
    const char *took = rs_conform_long(c, gap);
    int mark = escalated(c, told->lo_ns, end.hi_ns);
    if (mark >= 0) {
        struct retro_instant at = rs_conform_mark(c, mark);
        about.when = &at;
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "the page of %s was escalated at %s, %s after it was told", e->name,
                       rs_conform_when(c, &at), rs_conform_long(c, rs_conform_gap(c, told, &at)));
    } else if (gap.hi_ns <= role->escalate_after_ns) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "%s had the page of %s in hand after %s; it escalates after %s", who,
                       e->name, took, after);
    } else if (gap.lo_ns > role->escalate_after_ns) {
        bool noted = escalations_are_noted(c);
        rs_conform_say(
            c, about, noted ? RS_RETRO_DEVIATES : RS_RETRO_UNDECIDABLE,
            rs_arena_printf(c->r->arena, "let the paging service escalate to %s by itself", next),
            "nobody had the page of %s in hand for %s, it escalates to %s after %s, and "
            "no escalation is noted%s",
            e->name, took, next, after, noted ? "" : "; there is no log in which one would stand");
    } else {
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE, NULL,
                       "the page of %s was in hand after %s and escalates after %s: within the "
                       "uncertainty",
                       e->name, took, after);
    }
}

void rs_conform_rollback(struct conform *c, int episode)
{
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    if (e->procedure >= 0 && e->had_rollback)
        say_called_for(c, episode);
    if (e->procedure >= 0)
        say_escalation(c, episode);
    rs_conform_procedure(c, episode);
    say_sla(c, episode);
}
