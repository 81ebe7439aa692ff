/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found of every claim and of the runbook: verdicts with their steps and premises, findings with their evidence. */
#include "reading.h"
#include "record_parts.h"
#include "words.h"

static struct value witness_fault(const struct scenario *sc, const struct verdict *v)
{
    if (!v->has_witness)
        return null_value();
    return text_value(v->witness_fault < 0 ? "none" : sc->fault[v->witness_fault].name);
}

static struct value line_value(int line)
{
    return line > 0 ? int_value(line) : null_value();
}

static int
put_step(struct database *db, int claim, int number, const struct verdict_step *s, struct err *err)
{
    return RS_INSERT(db, RS_TABLE_VERDICT_STEP, err, int_value(claim), int_value(number),
                     text_value(s->text), text_value(s->ref), text_value(s->at.file),
                     line_value(s->at.line), line_value(s->at.col), real_value(s->low_s),
                     real_value(s->high_s));
}

/* What replicas count, for claims that replicas decide; none of the others. */
static struct value if_statistical(const struct claim *c, struct value v)
{
    return rs_claim_is_statistical(c) ? v : null_value();
}

static int put_row(struct database *db,
                   const struct run_result *r,
                   struct arena *arena,
                   int number,
                   struct err *err)
{
    const struct verdict *v = &r->verdict[number];
    const struct claim *c = v->claim;
    bool decided = v->kind != RS_VERDICT_UNDECIDED;
    char given[128];
    return RS_INSERT(
        db, RS_TABLE_VERDICT, err, int_value(number), text_value(c->name),
        text_value(c->says ? c->says : ""), text_value(rs_claim_reading(arena, r->scenario, c)),
        text_value(c->ref), text_value(c->at.file), line_value(c->at.line),
        text_value(rs_claim_kind_name(c->kind)),
        text_value(rs_claim_given_text(given, sizeof given, r->scenario, c)),
        text_value(rs_verdict_name(v->kind)), text_value(rs_engine_name(v->engine)),
        text_value(rs_engine_guarantee(v->engine)),
        text_value(decided ? NULL : rs_open_reason_name(v->reason)),
        real_value(rs_claim_estimate_in_unit(c, v->estimate)),
        real_value(rs_claim_estimate_in_unit(c, v->interval.low)),
        real_value(rs_claim_estimate_in_unit(c, v->interval.high)),
        if_statistical(c, real_value(v->confidence)), real_value(rs_claim_wanted_in_unit(c)),
        text_value(rs_claim_direction(c)), text_value(rs_claim_unit(c)),
        real_value(rs_claim_in_unit(c, v->worst)), if_statistical(c, count_value(v->n_replica)),
        if_statistical(c, count_value(v->n_applicable)),
        rs_verdict_counts_hits(v) ? count_value(v->n_hit) : null_value(),
        if_statistical(c, count_value(v->n_undecided)),
        c->kind == RS_CLAIM_EXPECTATION ? count_value(v->n_capped) : null_value(),
        real_value(v->margin_s), real_value(v->best_phase_low_s), real_value(v->best_phase_high_s),
        real_value(v->worst_phase_low_s), real_value(v->worst_phase_high_s),
        rs_claim_has_quantity(c) ? null_value() : count_value(v->n_state),
        v->has_witness ? count_value(v->witness) : null_value(), witness_fault(r->scenario, v),
        text_value(rs_witness_command(arena, r, v)),
        v->n_more ? count_value(v->n_more) : null_value(), text_value(v->placeholder));
}

int rs_record_verdict(struct database *db, const struct run_result *r, int number, struct err *err)
{
    const struct verdict *v = &r->verdict[number];
    struct premise premise[RS_MAX_PREMISE];
    struct arena *arena = rs_arena_new();
    int n = rs_verdict_premises(premise, arena, r, v);
    int rc = put_row(db, r, arena, number, err);
    for (int i = 0; rc == 0 && i < n; i++)
        rc = RS_INSERT(db, RS_TABLE_VERDICT_PREMISE, err, int_value(number),
                       text_value(premise[i].name), text_value(premise[i].text));
    for (int i = 0; rc == 0 && i < v->n_step; i++)
        rc = put_step(db, number, i, &v->step[i], err);
    rs_arena_free(arena);
    return rc;
}

/* ---- findings -------------------------------------------------------------------------------------------------------- */

static int put_finding(struct database *db, int number, const struct finding *f, struct err *err)
{
    int rc = RS_INSERT(db, RS_TABLE_FINDING, err, int_value(number), text_value(f->code->name),
                       text_value(rs_severity_name(f->code->severity)),
                       text_value(f->code->summary), text_value(f->at.file), line_value(f->at.line),
                       line_value(f->at.col), text_value(f->ref), text_value(f->about),
                       text_value(f->text), text_value(f->mend));
    for (int i = 0; rc == 0 && i < f->n_evidence; i++) {
        const struct evidence *e = &f->evidence[i];
        rc = RS_INSERT(db, RS_TABLE_EVIDENCE, err, int_value(number), int_value(i),
                       text_value(e->name), e->text ? null_value() : real_value(e->value),
                       text_value(e->text));
    }
    return rc;
}

int rs_record_findings(struct database *db, const struct findings *f, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < f->n; i++)
        rc = put_finding(db, i, &f->item[i], err);
    return rc;
}
