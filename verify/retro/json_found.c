/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Episodes with their clock, contradictions and conformance, for machines. */
#include "json_parts.h"

#include <math.h>

static json_t *instant_rows(const struct retro *r, const struct retro_episode *e)
{
    json_t *rows = json_array();
    for (int place = 0; place < RS_RETRO_INSTANT_N; place++) {
        int i = rs_retro_instant_at(place);
        const struct retro_instant *at = &e->at[i];
        json_t *row = json_object();
        rs_json_set(row, "instant", rs_json_text(rs_retro_instant_name(i)));
        rs_json_set(row, "how", rs_json_text(rs_retro_how_name(at->how)));
        rs_json_set(row, "never", json_boolean(at->never));
        rs_json_set(row, "confidence",
                    rs_json_real(rs_retro_is_told(at) ? at->confidence : (double)NAN));
        rs_json_set(row, "why", rs_json_text(at->why));
        rs_retro_json_instant(row, r, at);
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *leg_rows(const struct retro_episode *e)
{
    struct retro_leg leg[RS_RETRO_LEGS];
    json_t *rows = json_array();
    int n = rs_retro_legs(leg, e);
    for (int i = 0; i < n; i++) {
        json_t *row = json_object();
        rs_json_set(row, "from_instant", rs_json_text(rs_retro_instant_name(leg[i].from)));
        rs_json_set(row, "to_instant", rs_json_text(rs_retro_instant_name(leg[i].to)));
        rs_json_set(row, "low", rs_retro_json_time(leg[i].lo_ns));
        rs_json_set(row, "best", rs_retro_json_time(leg[i].best_ns));
        rs_json_set(row, "high", rs_retro_json_time(leg[i].hi_ns));
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *episode_row(const struct retro *r, int i)
{
    const struct retro_episode *e = &r->rebuilt.episode[i];
    const struct scenario *sc = r->evidence->scenario;
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(e->name));
    rs_json_set(row, "procedure", rs_json_text(rs_retro_procedure_name(r, e->procedure)));
    rs_json_set(
        row, "ref",
        rs_json_text(sc && e->procedure >= 0 ? sc->response.procedure[e->procedure].ref : NULL));
    rs_json_set(row, "stage", rs_json_text(rs_retro_stage_name(r, e->stage)));
    rs_json_set(row, "service", rs_json_text(rs_retro_service_name(r, e->service)));
    rs_json_set(row, "alert", rs_json_text(e->alert));
    rs_json_set(row, "had_rollback", json_boolean(e->had_rollback));
    rs_json_set(row, "signal", rs_retro_json_index(e->signal));
    rs_json_set(row, "sla", rs_retro_json_time(e->sla_ns));
    rs_json_set(row, "verdict", rs_json_text(rs_retro_sla_name(e->sla)));
    rs_json_set(row, "why", rs_json_text(e->sla == RS_SLA_NONE ? NULL : e->sla_why));
    rs_json_set(row, "up", e->up.found ? rs_retro_json_change(&e->up) : json_null());
    rs_json_set(row, "down", e->down.found ? rs_retro_json_change(&e->down) : json_null());
    rs_json_set(row, "instant", instant_rows(r, e));
    rs_json_set(row, "leg", leg_rows(e));
    return row;
}

static json_t *contradiction_row(const struct retro_contradiction *c)
{
    json_t *row = json_object();
    rs_json_set(row, "episode", rs_retro_json_index(c->episode));
    rs_json_set(row, "text", rs_json_text(c->text));
    rs_json_set(row, "mark_a", rs_retro_json_index(c->mark_a));
    rs_json_set(row, "mark_b", rs_retro_json_index(c->mark_b));
    return row;
}

static json_t *finding_row(const struct retro *r, const struct retro_finding *f)
{
    json_t *row = json_object();
    char code[16];
    rs_json_set(row, "code", rs_json_text(rs_retro_code(code, sizeof code, f->rule)));
    rs_json_set(row, "rule", rs_json_text(rs_retro_rule_name(f->rule)));
    rs_json_set(row, "verdict", rs_json_text(rs_retro_verdict_name(f->verdict)));
    rs_json_set(row, "ref", rs_json_text(f->ref));
    rs_json_set(row, "says", rs_json_text(f->says));
    rs_json_set(row, "stage", rs_json_text(rs_retro_stage_name(r, f->stage)));
    rs_json_set(row, "procedure", rs_json_text(rs_retro_procedure_name(r, f->procedure)));
    rs_json_set(row, "episode", rs_retro_json_index(f->episode));
    rs_json_set(row, "text", rs_json_text(f->text));
    rs_json_set(row, "mend", rs_json_text(f->mend));
    rs_retro_json_place(row, f->at);
    rs_retro_json_instant(row, r, &f->when);
    return row;
}

void rs_retro_json_found(json_t *root, const struct retro *r)
{
    json_t *episodes = json_array(), *contradictions = json_array(), *findings = json_array();
    for (int i = 0; i < r->rebuilt.n_episode; i++)
        rs_json_add(episodes, episode_row(r, i));
    for (int i = 0; i < r->rebuilt.n_contradiction; i++)
        rs_json_add(contradictions, contradiction_row(&r->rebuilt.contradiction[i]));
    for (int i = 0; i < r->conformance.n_finding; i++)
        rs_json_add(findings, finding_row(r, &r->conformance.finding[i]));
    rs_json_set(root, "episode", episodes);
    rs_json_set(root, "contradiction", contradictions);
    rs_json_set(root, "finding", findings);
}
