/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings in the order of the runbook: checklist, stages, procedures, communication, what comes after, flags. */
#include <stdarg.h>
#include <string.h>

#include "conform.h"

struct conform_about rs_conform_of_stage(const struct conform *c, enum retro_rule rule, int stage)
{
    const struct stage *st = &c->plan->stage[stage];
    return (struct conform_about){.rule = rule,
                                  .ref = st->ref,
                                  .at = st->at,
                                  .stage = stage,
                                  .procedure = -1,
                                  .episode = -1,
                                  .when = c->stage[stage].reached ? &c->stage[stage].in : NULL};
}

struct conform_about
rs_conform_of_procedure(const struct conform *c, enum retro_rule rule, int procedure, int episode)
{
    const struct procedure *p = procedure >= 0 ? &c->plan->procedure[procedure] : NULL;
    return (struct conform_about){.rule = rule,
                                  .ref = p ? p->ref : NULL,
                                  .says = p ? p->says : NULL,
                                  .at = p ? p->at : (struct mark){0},
                                  .stage = episode >= 0 ? c->r->rebuilt.episode[episode].stage : -1,
                                  .procedure = procedure,
                                  .episode = episode};
}

/* Messages and documents have their own rules, wherever they stand but in a stage's own list. */
static enum retro_rule rule_of(const struct conform *c, const struct conform_step *s)
{
    bool told = s->action->kind == RS_ACT_NOTIFY, written = s->action->kind == RS_ACT_DOCUMENT;
    switch (s->list) {
    case RS_LIST_RAMP: return RS_CONFORM_RAMP;
    case RS_LIST_ENTRY:
    case RS_LIST_CLOSING:
        return s->action->kind == RS_ACT_CHECK ? RS_CONFORM_CHECK : RS_CONFORM_ACTION;
    case RS_LIST_PROCEDURE:
        return told      ? RS_CONFORM_COMMUNICATION
               : written ? RS_CONFORM_DOCUMENT
                         : RS_CONFORM_PROCEDURE;
    case RS_LIST_SIDE:
        if (c->plan->side_step[s->side].when == RS_STEP_FINISHED)
            return RS_CONFORM_POST_ROLLOUT;
        return written ? RS_CONFORM_DOCUMENT : RS_CONFORM_COMMUNICATION;
    }
    return RS_CONFORM_ACTION;
}

struct conform_about rs_conform_of_step(const struct conform *c, const struct conform_step *s)
{
    int procedure = s->episode >= 0 ? c->r->rebuilt.episode[s->episode].procedure : -1;
    return (struct conform_about){.rule = rule_of(c, s),
                                  .ref = s->action->ref,
                                  .at = s->action->at,
                                  .stage = s->stage,
                                  .procedure = procedure,
                                  .episode = s->episode,
                                  .when = s->at.how == RS_HOW_UNKNOWN ? NULL : &s->at};
}

static struct retro_finding *next_finding(struct conform *c)
{
    struct retro_conformance *out = &c->r->conformance;
    if (out->n_finding == c->cap_finding) {
        c->cap_finding = c->cap_finding ? 2 * c->cap_finding : 64;
        struct retro_finding *more =
            RS_ARENA_ARRAY(c->r->arena, struct retro_finding, c->cap_finding);
        if (out->n_finding)
            memcpy(more, out->finding, sizeof(*more) * (size_t)out->n_finding);
        out->finding = more;
    }
    return &out->finding[out->n_finding++];
}

void rs_conform_say(struct conform *c,
                    struct conform_about about,
                    enum retro_verdict verdict,
                    const char *mend,
                    const char *fmt,
                    ...)
{
    static const struct retro_instant none = {.how = RS_HOW_UNKNOWN,
                                              .lo_ns = INT64_MIN,
                                              .best_ns = RS_NEVER,
                                              .hi_ns = RS_NEVER,
                                              .source = -1,
                                              .mark = -1};
    va_list args;
    va_start(args, fmt);
    struct retro_finding *f = next_finding(c);
    *f = (struct retro_finding){.rule = about.rule,
                                .verdict = verdict,
                                .ref = about.ref,
                                .says = about.says,
                                .at = about.at,
                                .when = about.when ? *about.when : none,
                                .stage = about.stage,
                                .procedure = about.procedure,
                                .episode = about.episode,
                                .text = rs_arena_vprintf(c->r->arena, fmt, args),
                                .mend = mend};
    va_end(args);
    c->r->conformance.n_by_verdict[verdict]++;
}

/* First and last instant of the evidence, on the clock of reference; false: there is nothing in it. */
static bool evidence_span(struct conform *c)
{
    const struct retro_evidence *e = c->e;
    c->begin_ns = RS_NEVER;
    c->end_ns = INT64_MIN;
    for (int i = 0; i < e->n_source; i++) {
        const struct retro_source *s = &e->source[i];
        int64_t offset_ns = c->r->rebuilt.offset[i].best_ns;
        if (s->first_ns == RS_NEVER || s->last_ns == RS_NEVER)
            continue;
        if (s->first_ns - offset_ns < c->begin_ns)
            c->begin_ns = s->first_ns - offset_ns;
        if (s->last_ns - offset_ns > c->end_ns)
            c->end_ns = s->last_ns - offset_ns;
    }
    for (int i = 0; i < e->n_mark; i++) {
        struct retro_instant at = rs_conform_mark(c, i);
        c->begin_ns = at.lo_ns < c->begin_ns ? at.lo_ns : c->begin_ns;
        c->end_ns = at.hi_ns > c->end_ns ? at.hi_ns : c->end_ns;
    }
    return c->begin_ns <= c->end_ns;
}

static void hold_against(struct conform *c)
{
    rs_conform_read_begin(c);
    rs_conform_stages(c);
    rs_conform_due(c);
    rs_conform_match(c);
    rs_conform_due_by_later(c);
    rs_conform_count(c);
    rs_conform_checklist(c);
    for (int i = 0; i < c->plan->n_stage; i++) {
        rs_conform_stage_order(c, i);
        if (!c->stage[i].reached)
            continue;
        rs_conform_actions(c, i, RS_LIST_ENTRY);
        rs_conform_watch(c, i);
        rs_conform_gates(c, i);
        rs_conform_actions(c, i, RS_LIST_CLOSING);
    }
    for (int p = 0; p < c->plan->n_procedure; p++) {
        rs_conform_triggers(c, p);
        for (int i = 0; i < c->r->rebuilt.n_episode; i++) {
            if (c->r->rebuilt.episode[i].procedure == p)
                rs_conform_rollback(c, i);
        }
    }
    for (int i = 0; i < c->r->rebuilt.n_episode; i++) {
        if (c->r->rebuilt.episode[i].procedure < 0)
            rs_conform_rollback(c, i);
    }
    rs_conform_sides(c, RS_CONFORM_COMMUNICATION);
    rs_conform_sides(c, RS_CONFORM_DOCUMENT);
    rs_conform_sides(c, RS_CONFORM_POST_ROLLOUT);
    rs_conform_flags(c);
}

int rs_retro_conform(struct retro *r, struct err_list *errors)
{
    const struct scenario *sc = r->evidence->scenario;
    (void)errors;
    r->conformance = (struct retro_conformance){0};
    if (!sc)
        return 0;
    struct conform c = {.r = r, .sc = sc, .plan = &sc->response, .e = r->evidence};
    if (!evidence_span(&c))
        return 0;
    c.dated = rs_recorded_is_absolute(c.end_ns / RS_NS_PER_MS);
    c.mark_used = RS_ARENA_ARRAY(r->arena, bool, c.e->n_mark);
    c.flag_used = RS_ARENA_ARRAY(r->arena, bool, r->rebuilt.n_flag_step);
    c.stage = RS_ARENA_ARRAY(r->arena, struct conform_stage, c.plan->n_stage);
    hold_against(&c);
    return 0;
}
