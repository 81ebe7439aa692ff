/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Triggers: true at a look or told by an alert, did a rollback come, and did it come soon? */
#include <string.h>

#include "conform.h"

static const int64_t patience_ns = 1800 * RS_NS_PER_S; /* of procedures that name no time */

/* The first sign that called for the procedure. */
struct sign {
    enum conform_reading reading;
    int64_t at_ns;
    const char *by; /* "a look in stage x", "alert X" */
    int stage;
    bool asked;        /* anything at all could have shown it */
    const char *blind; /* what could have, and cannot be read: "the watch of stage x"; or NULL */
    const char *idle;  /* why nobody had to look in a watch that was begun; or NULL */
    int idle_stage;
    bool looked; /* somebody looked, or had to */
};

static void
take_sign(struct sign *s, enum conform_reading reading, int64_t at_ns, const char *by, int stage)
{
    s->asked = true;
    if (reading < s->reading || (reading == s->reading && at_ns >= s->at_ns))
        return;
    s->reading = reading;
    s->at_ns = at_ns;
    s->by = by;
    s->stage = stage;
}

static bool is_watched(const struct stage *st, int procedure)
{
    for (int i = 0; i < st->n_watched; i++) {
        if (st->watched[i] == procedure)
            return true;
    }
    return false;
}

static void signs_of_stage(const struct conform *c, int procedure, int stage, struct sign *out)
{
    const struct stage *st = &c->plan->stage[stage];
    struct conform_watch watch[RS_CONFORM_WATCHES];
    struct conform_question q = {.asked = rs_retro_asked(c->r, RS_ASKS_TRIGGER, procedure, 0),
                                 .trips_on = true,
                                 .role = st->by,
                                 .every_ns = st->look_every_ns,
                                 .stage = stage};
    int n = rs_conform_watches(c, stage, watch);
    for (int i = 0; i < n; i++) {
        struct conform_read read = rs_conform_read_looks(c, &q, &watch[i]);
        if (read.idle) {
            out->idle = read.idle;
            out->idle_stage = stage;
            continue;
        }
        out->looked = true;
        if (read.reading == RS_READ_BLIND)
            out->blind =
                rs_arena_printf(c->r->arena, "the watch of %s", rs_conform_stage_name(c, stage));
        take_sign(out, read.reading, read.at_ns,
                  rs_arena_printf(c->r->arena,
                                  read.looks ? "at the look in %s" : "in the watch of %s",
                                  rs_conform_stage_name(c, stage)),
                  stage);
    }
}

static bool is_alert_of(const struct procedure *p, const char *alert)
{
    for (int i = 0; alert && i < p->n_alert; i++) {
        if (strcmp(alert, p->alert[i]) == 0)
            return true;
    }
    return false;
}

/* When somebody was told that it fires; RS_NEVER = never. Without Alertmanager, when it fires. */
static int64_t told_ns(const struct conform *c, const struct activation *a)
{
    const struct backtest *run = c->r->seen.run;
    int64_t until_ns = a->cleared_ms == RS_NEVER ? RS_NEVER : a->cleared_ms * RS_NS_PER_MS;
    if (!c->e->alertmanager)
        return a->firing_ms * RS_NS_PER_MS;
    for (int i = 0; i < run->n_notice; i++) {
        const struct backtest_notice *n = &run->notice[i];
        if (n->nobody || n->at_ns < a->firing_ms * RS_NS_PER_MS || n->at_ns > until_ns)
            continue;
        for (int k = 0; k < n->n_firing; k++) {
            if (n->alert[k] == a->labels)
                return n->at_ns;
        }
    }
    return RS_NEVER;
}

/* The rollout went on then: somebody had entered the first stage, and nobody had a rollback in hand that was not left behind. */
static bool is_under_way(const struct conform *c, int64_t at_ns)
{
    bool begun = false;
    int back = rs_conform_rollback_after(c, INT64_MIN, at_ns);
    int64_t back_ns =
        back < 0 ? INT64_MIN : rs_conform_in_hand(&c->r->rebuilt.episode[back])->best_ns;
    for (int i = 0; i < c->plan->n_stage; i++) {
        const struct conform_stage *s = &c->stage[i];
        begun = begun || (s->reached && s->in.lo_ns <= at_ns && s->in.best_ns > back_ns);
    }
    return begun;
}

static bool is_there(const struct conform *c, const char *metric)
{
    const struct recorded *data = c->r->seen.data;
    for (int i = 0; i < data->n_series; i++) {
        const char *name = rs_labels_get(data->labels, data->series[i].labels, "__name__");
        if (name && strcmp(name, metric) == 0)
            return true;
    }
    return false;
}

static bool is_written(const struct conform *c, const char *metric)
{
    for (int f = 0; f < c->e->n_rule_file; f++) {
        for (int g = 0; g < c->e->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &c->e->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                if (group->rule[i].record && strcmp(group->rule[i].record, metric) == 0)
                    return true;
            }
        }
    }
    return false;
}

/* An alert that asks for a metric of which nothing was recorded cannot have fired over the recording, whatever happened. */
static const char *blind_alert(const struct conform *c, const struct procedure *p)
{
    const struct backtest *run = c->r->seen.run;
    for (int i = 0; i < run->n_selector; i++) {
        const struct backtest_selector *s = &run->selector[i];
        if (!s->rule || !s->rule->alert || !s->metric || s->may_be_missing ||
            !is_alert_of(p, s->rule->alert))
            continue;
        if (!is_there(c, s->metric) && !is_written(c, s->metric))
            return rs_arena_printf(c->r->arena, "alert %s, which reads %s", s->rule->alert,
                                   s->metric);
    }
    return NULL;
}

static void signs_of_alerts(const struct conform *c, int procedure, struct sign *out)
{
    const struct backtest *run = c->r->seen.run;
    const struct procedure *p = &c->plan->procedure[procedure];
    for (int i = 0; run && i < run->n_activation; i++) {
        const struct activation *a = &run->activation[i];
        if (!is_alert_of(p, a->rule->alert) || a->firing_ms == RS_NEVER ||
            !is_under_way(c, a->firing_ms * RS_NS_PER_MS))
            continue;
        int64_t at_ns = told_ns(c, a);
        bool sure = at_ns != RS_NEVER && a->last_ms - a->firing_ms >= 2 * run->interval_ms;
        take_sign(out, sure ? RS_READ_YES : RS_READ_UNSURE,
                  at_ns == RS_NEVER ? a->firing_ms * RS_NS_PER_MS : at_ns,
                  rs_arena_printf(c->r->arena, "by alert %s", a->rule->alert), -1);
    }
    if (p->n_alert == 0 || !run || c->e->n_rule_file == 0)
        return;
    const char *blind = blind_alert(c, p);
    out->blind = blind ? blind : out->blind;
    take_sign(out, blind ? RS_READ_BLIND : RS_READ_NO, RS_NEVER, "by its alerts", -1);
}

static void say_late(struct conform *c, int procedure, int episode, const struct sign *s)
{
    const struct retro_episode *e = &c->r->rebuilt.episode[episode];
    const struct procedure *p = &c->plan->procedure[procedure];
    const struct retro_instant *commanded = rs_conform_known(&e->at[RS_CLOCK_COMMANDED])
                                                ? &e->at[RS_CLOCK_COMMANDED]
                                                : rs_conform_in_hand(e);
    struct conform_about about = rs_conform_of_procedure(c, RS_CONFORM_LATE, procedure, episode);
    if (p->sla_ns == RS_NEVER)
        return;
    struct retro_instant at = rs_conform_at(s->at_ns, rs_conform_every_ns(c));
    struct conform_span gap = rs_conform_gap(c, &at, commanded);
    about.when = commanded;
    enum retro_verdict v = gap.lo_ns > p->sla_ns    ? RS_RETRO_DEVIATES
                           : gap.hi_ns <= p->sla_ns ? RS_RETRO_CONFORMS
                                                    : RS_RETRO_UNDECIDABLE;
    rs_conform_say(c, about, v,
                   v == RS_RETRO_DEVIATES
                       ? rs_arena_printf(c->r->arena,
                                         "let what shows the trigger of %s page somebody, or let a "
                                         "machine command the rollback",
                                         p->name)
                       : NULL,
                   "the trigger of %s was shown at %s %s, and the rollback was commanded at %s, "
                   "%s later, of the %s that it may take%s",
                   p->name, rs_conform_when(c, &at), s->by, rs_conform_when(c, commanded),
                   rs_conform_long(c, gap), rs_conform_duration(c, p->sla_ns),
                   v == RS_RETRO_UNDECIDABLE ? ": within the uncertainty" : "");
}

static void say_called(struct conform *c, int procedure, const struct sign *s)
{
    const struct procedure *p = &c->plan->procedure[procedure];
    struct conform_about about = rs_conform_of_procedure(c, RS_CONFORM_MISSED, procedure, -1);
    struct retro_instant at = rs_conform_at(s->at_ns, rs_conform_every_ns(c));
    int back = rs_conform_rollback_after(c, s->at_ns - 2 * rs_conform_every_ns(c), RS_NEVER);
    int64_t limit_ns = p->sla_ns == RS_NEVER ? patience_ns : p->sla_ns;
    const char *when = rs_conform_when(c, &at);
    about.when = &at;
    about.stage = s->stage;
    if (back >= 0) {
        const struct retro_episode *e = &c->r->rebuilt.episode[back];
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "the trigger of %s was true at %s %s, and the rollback %s came", p->name,
                       when, s->by, e->name);
        if (e->procedure == procedure)
            say_late(c, procedure, back, s);
        return;
    }
    int64_t rest_ns = c->end_ns - s->at_ns;
    bool early = rest_ns < limit_ns;
    rs_conform_say(c, about, early ? RS_RETRO_UNDECIDABLE : RS_RETRO_DEVIATES,
                   early ? NULL
                         : rs_arena_printf(c->r->arena,
                                           "let the trigger of %s page somebody, or let a machine "
                                           "roll back",
                                           p->name),
                   "the trigger of %s was true at %s %s, and no rollback came in the %s until the "
                   "evidence ends",
                   p->name, when, s->by, rs_conform_duration(c, rest_ns));
}

static void say_perhaps(struct conform *c, int procedure, const struct sign *s)
{
    const struct procedure *p = &c->plan->procedure[procedure];
    struct conform_about about = rs_conform_of_procedure(c, RS_CONFORM_MISSED, procedure, -1);
    struct retro_instant at = rs_conform_at(s->at_ns, rs_conform_every_ns(c));
    int back = rs_conform_rollback_after(c, s->at_ns - 2 * rs_conform_every_ns(c), RS_NEVER);
    about.when = &at;
    about.stage = s->stage;
    if (back >= 0)
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "the trigger of %s may have been seen at %s %s, and the rollback %s came",
                       p->name, rs_conform_when(c, &at), s->by, c->r->rebuilt.episode[back].name);
    else
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE,
                       rs_arena_printf(c->r->arena,
                                       "have looks noted, or give the trigger of %s an alert",
                                       p->name),
                       "the trigger of %s was true at %s %s, too short or too near a look to say "
                       "that somebody must have seen it, and no rollback came",
                       p->name, rs_conform_when(c, &at), s->by);
}

static void say_not_shown(struct conform *c, int procedure, const struct sign *s)
{
    const struct procedure *p = &c->plan->procedure[procedure];
    struct conform_about about = rs_conform_of_procedure(c, RS_CONFORM_MISSED, procedure, -1);
    if (s->blind || (s->reading == RS_READ_BLIND && s->asked)) {
        rs_conform_say(c, about, RS_RETRO_UNDECIDABLE,
                       rs_arena_printf(c->r->arena,
                                       "record the metrics that the trigger and the alerts of %s "
                                       "read",
                                       p->name),
                       "whether the trigger of %s was ever true cannot be told: the recording "
                       "does not have what %s needs",
                       p->name, s->blind ? s->blind : "it");
    } else if (s->idle && !s->looked) {
        about.stage = s->idle_stage;
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "nobody had to look for the trigger of %s in %s%s: %s", p->name,
                       rs_conform_stage_name(c, s->idle_stage),
                       s->asked ? ", and no alert of it was told" : "", s->idle);
    } else if (s->reading == RS_READ_NO) {
        rs_conform_say(c, about, RS_RETRO_CONFORMS, NULL,
                       "the trigger of %s was not true at any look, and no alert of it was told",
                       p->name);
    }
}

void rs_conform_triggers(struct conform *c, int procedure)
{
    const struct procedure *p = &c->plan->procedure[procedure];
    struct sign s = {.reading = RS_READ_BLIND, .at_ns = RS_NEVER, .by = "", .stage = -1};
    for (int i = 0; i < c->plan->n_stage; i++) {
        if (c->stage[i].reached && p->trigger && is_watched(&c->plan->stage[i], procedure))
            signs_of_stage(c, procedure, i, &s);
    }
    signs_of_alerts(c, procedure, &s);
    switch (s.reading) {
    case RS_READ_BLIND:
    case RS_READ_NO: say_not_shown(c, procedure, &s); return;
    case RS_READ_UNSURE: say_perhaps(c, procedure, &s); return;
    case RS_READ_YES: say_called(c, procedure, &s); return;
    }
}
