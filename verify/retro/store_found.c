/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found, in the record: episodes with their clock, contradictions, conformance, what if. */
#include "store.h"

static const char *episode_service(const struct retro *r, const struct retro_episode *e)
{
    return rs_retro_service_name(r, e->service);
}

static int put_instants(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_episode *e = &r->rebuilt.episode[i];
    int rc = 0;
    for (int place = 0; rc == 0 && place < RS_RETRO_INSTANT_N; place++) {
        int k = rs_retro_instant_at(place);
        const struct retro_instant *at = &e->at[k];
        rc = RS_INSERT(db, T_INSTANT, err, int_value(i), int_value(place),
                       text_value(rs_retro_instant_name(k)), text_value(rs_retro_how_name(at->how)),
                       int_value(at->never), instant_value(at->lo_ns), best_value(at),
                       instant_value(at->hi_ns),
                       real_value(rs_retro_is_told(at) ? at->confidence : (double)NAN),
                       text_value(at->why));
    }
    return rc;
}

static int put_legs(struct database *db, const struct retro *r, int i, struct err *err)
{
    struct retro_leg leg[RS_RETRO_LEGS];
    int n = rs_retro_legs(leg, &r->rebuilt.episode[i]), rc = 0;
    for (int k = 0; rc == 0 && k < n; k++)
        rc = RS_INSERT(db, T_LEG, err, int_value(i), int_value(k),
                       text_value(rs_retro_instant_name(leg[k].from)),
                       text_value(rs_retro_instant_name(leg[k].to)), instant_value(leg[k].lo_ns),
                       instant_value(leg[k].best_ns), instant_value(leg[k].hi_ns));
    return rc;
}

static int put_episode(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_episode *e = &r->rebuilt.episode[i];
    const struct scenario *sc = r->evidence->scenario;
    const char *ref = sc && e->procedure >= 0 ? sc->response.procedure[e->procedure].ref : NULL;
    int rc = RS_INSERT(db, T_EPISODE, err, int_value(i), text_value(e->name),
                       text_value(rs_retro_procedure_name(r, e->procedure)), text_value(ref),
                       text_value(rs_retro_stage_name(r, e->stage)),
                       text_value(episode_service(r, e)), text_value(e->alert), id_value(e->signal),
                       instant_value(e->sla_ns), text_value(rs_retro_sla_name(e->sla)),
                       text_value(e->sla == RS_SLA_NONE ? NULL : e->sla_why));
    rc = rc ? rc : put_instants(db, r, i, err);
    return rc ? rc : put_legs(db, r, i, err);
}

static int
put_contradiction(struct database *db, int i, const struct retro_contradiction *c, struct err *err)
{
    return RS_INSERT(db, T_CONTRADICTION, err, int_value(i), id_value(c->episode),
                     text_value(c->text), id_value(c->mark_a), id_value(c->mark_b));
}

static int put_finding(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_finding *f = &r->conformance.finding[i];
    bool placed = f->at.line > 0;
    char code[16];
    return RS_INSERT(
        db, T_FINDING, err, int_value(i), text_value(rs_retro_code(code, sizeof code, f->rule)),
        text_value(rs_retro_rule_name(f->rule)), text_value(rs_retro_verdict_name(f->verdict)),
        text_value(f->ref), text_value(f->says), text_value(rs_retro_stage_name(r, f->stage)),
        text_value(rs_retro_procedure_name(r, f->procedure)), id_value(f->episode),
        instant_value(f->when.lo_ns), best_value(&f->when), instant_value(f->when.hi_ns),
        text_value(f->text), text_value(f->mend), text_value(placed ? f->at.file : NULL),
        placed ? int_value(f->at.line) : null_value(),
        placed ? int_value(f->at.col) : null_value());
}

/* ---- what if ----------------------------------------------------------------------------------------------------------- */

static int
put_alarm(struct database *db, int i, int k, const struct retro_alarm *a, struct err *err)
{
    return RS_INSERT(db, T_ALARM, err, int_value(i), int_value(k), id_value(a->episode),
                     text_value(a->alert), text_value(a->labels ? a->labels : ""),
                     instant_value(a->pending_ns), instant_value(a->firing_ns),
                     instant_value(a->notified_ns));
}

static int put_outcome(struct database *db, int i, const struct retro_outcome *o, struct err *err)
{
    return RS_INSERT(db, T_OUTCOME, err, int_value(i), int_value(o->episode),
                     text_value(o->refused), best_value(&o->detected), best_value(&o->commanded),
                     best_value(&o->completed), instant_value(o->completed.lo_ns),
                     instant_value(o->completed.hi_ns), real_value(o->errors.low),
                     real_value(o->errors.best), real_value(o->errors.high),
                     real_value(o->users_hurt.low), real_value(o->users_hurt.best),
                     real_value(o->users_hurt.high), real_value(o->budget.low),
                     real_value(o->budget.best), real_value(o->budget.high),
                     real_value(o->errors_saved.low), real_value(o->errors_saved.best),
                     real_value(o->errors_saved.high), text_value(o->rests_on));
}

static int put_counterfactual(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_counterfactual *c = &r->counterfactual[i];
    int rc = RS_INSERT(db, T_COUNTERFACTUAL, err, int_value(i), text_value(c->name),
                       text_value(c->happened ? "happened" : rs_retro_what_if_name(c->kind)),
                       int_value(c->happened));
    for (int k = 0; rc == 0 && k < c->n_alarm; k++)
        rc = put_alarm(db, i, k, &c->alarm[k], err);
    for (int k = 0; rc == 0 && k < c->n_outcome; k++)
        rc = put_outcome(db, i, &c->outcome[k], err);
    return rc;
}

int rs_retro_put_found(struct database *db, const struct retro *r, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < r->rebuilt.n_episode; i++)
        rc = put_episode(db, r, i, err);
    for (int i = 0; rc == 0 && i < r->rebuilt.n_contradiction; i++)
        rc = put_contradiction(db, i, &r->rebuilt.contradiction[i], err);
    for (int i = 0; rc == 0 && i < r->conformance.n_finding; i++)
        rc = put_finding(db, r, i, err);
    for (int i = 0; rc == 0 && i < r->n_counterfactual; i++)
        rc = put_counterfactual(db, r, i, err);
    return rc;
}
