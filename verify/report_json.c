/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run for machines. The keys are documented by their names; times are seconds, and say so. */
#include <math.h>

#include <jansson.h>

#include "machine.h"
#include "reading.h"
#include "verify/report.h"
#include "words.h"

static json_t *outcome_rows(const struct run_result *r)
{
    json_t *rows = json_array();
    for (int fault = -1; fault < r->scenario->n_fault; fault++) {
        json_t *row = json_object(), *by = json_object();
        for (int o = 0; o < RS_OUTCOME_N; o++)
            rs_json_set(by, rs_outcome_name((enum outcome)o),
                        rs_json_count(r->outcome_by_fault[(fault + 1) * RS_OUTCOME_N + o]));
        rs_json_set(row, "fault",
                    fault < 0 ? json_null() : rs_json_text(r->scenario->fault[fault].name));
        rs_json_set(row, "outcomes", by);
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *witness(struct arena *arena, const struct run_result *r, const struct verdict *v)
{
    const struct scenario *sc = r->scenario;
    if (!v->has_witness)
        return json_null();
    json_t *w = json_object();
    rs_json_set(w, "replica", rs_json_count(v->witness));
    rs_json_set(w, "fault",
                v->witness_fault < 0 ? json_null()
                                     : rs_json_text(sc->fault[v->witness_fault].name));
    rs_json_set(w, "command", rs_json_text(rs_witness_command(arena, r, v)));
    return w;
}

/* Seconds; a time without an upper end is the word for it. */
static json_t *end_of(double s)
{
    return s == (double)INFINITY ? rs_json_text("infinite") : rs_json_real(s);
}

static json_t *phase(double low_s, double high_s)
{
    json_t *p = json_object();
    rs_json_set(p, "low_s", rs_json_real(low_s));
    rs_json_set(p, "high_s", end_of(high_s));
    return p;
}

static void set_place(json_t *row, struct mark at)
{
    rs_json_set(row, "file", rs_json_text(at.file));
    rs_json_set(row, "line", at.line > 0 ? json_integer(at.line) : json_null());
    rs_json_set(row, "column", at.col > 0 ? json_integer(at.col) : json_null());
}

static json_t *step_rows(const struct verdict *v)
{
    json_t *rows = json_array();
    for (int i = 0; i < v->n_step; i++) {
        const struct verdict_step *s = &v->step[i];
        json_t *row = json_object();
        rs_json_set(row, "text", rs_json_text(s->text));
        rs_json_set(row, "ref", rs_json_text(s->ref));
        set_place(row, s->at);
        if (v->engine == RS_ENGINE_BOUND) {
            rs_json_set(row, "low_s", rs_json_real(s->low_s));
            rs_json_set(row, "high_s", end_of(s->high_s));
        }
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *
premise_rows(struct arena *arena, const struct run_result *r, const struct verdict *v)
{
    struct premise premise[RS_MAX_PREMISE];
    int n = rs_verdict_premises(premise, arena, r, v);
    json_t *all = json_object();
    for (int i = 0; i < n; i++)
        rs_json_set(all, premise[i].name, rs_json_text(premise[i].text));
    return all;
}

static void set_samples(json_t *row, const struct verdict *v)
{
    rs_json_set(row, "confidence", rs_json_real(v->confidence));
    rs_json_set(row, "decided_at",
                v->kind == RS_VERDICT_UNDECIDED ? json_null() : rs_json_count(v->n_replica));
    rs_json_set(row, "n", rs_json_count(v->n_applicable));
    rs_json_set(row, "n_hit", rs_verdict_counts_hits(v) ? rs_json_count(v->n_hit) : json_null());
    rs_json_set(row, "n_undecided", rs_json_count(v->n_undecided));
    rs_json_set(row, "n_capped", rs_json_count(v->n_capped));
    rs_json_set(row, "n_more", v->n_more ? rs_json_count(v->n_more) : json_null());
}

/* What only one kind of engine has to say. */
static void set_by_engine(json_t *row, const struct verdict *v)
{
    const struct claim *c = v->claim;
    if (rs_claim_is_statistical(c))
        set_samples(row, v);
    if (c->kind == RS_CLAIM_BOUND) {
        rs_json_set(row, "best_phase", phase(v->best_phase_low_s, v->best_phase_high_s));
        rs_json_set(row, "worst_phase", phase(v->worst_phase_low_s, v->worst_phase_high_s));
    }
    if (!rs_claim_has_quantity(c))
        rs_json_set(row, "n_state", rs_json_count(v->n_state));
    if (!rs_claim_is_statistical(c))
        rs_json_set(row, "steps", step_rows(v));
}

static json_t *claim_row(struct arena *arena, const struct run_result *r, const struct verdict *v)
{
    const struct claim *c = v->claim;
    char given[128];
    bool open = v->kind == RS_VERDICT_UNDECIDED, states = !rs_claim_has_quantity(c);
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(c->name));
    rs_json_set(row, "says", rs_json_text(c->says));
    rs_json_set(row, "reading", rs_json_text(rs_claim_reading(arena, r->scenario, c)));
    rs_json_set(row, "ref", rs_json_text(c->ref));
    set_place(row, c->at);
    rs_json_set(row, "kind", rs_json_text(rs_claim_kind_name(c->kind)));
    rs_json_set(row, "given",
                rs_json_text(rs_claim_given_text(given, sizeof given, r->scenario, c)));
    rs_json_set(row, "quantity", states ? json_null() : rs_json_text(rs_quantity_name(c->of)));
    rs_json_set(row, "verdict", rs_json_text(rs_verdict_name(v->kind)));
    rs_json_set(row, "engine", rs_json_text(rs_engine_name(v->engine)));
    rs_json_set(row, "guarantee", rs_json_text(rs_engine_guarantee(v->engine)));
    rs_json_set(row, "reason", rs_json_text(open ? rs_open_reason_name(v->reason) : NULL));
    rs_json_set(row, "estimate", rs_json_real(rs_claim_estimate_in_unit(c, v->estimate)));
    rs_json_set(row, "low", rs_json_real(rs_claim_estimate_in_unit(c, v->interval.low)));
    rs_json_set(row, "high", rs_json_real(rs_claim_estimate_in_unit(c, v->interval.high)));
    rs_json_set(row, "direction", rs_json_text(rs_claim_direction(c)));
    rs_json_set(row, "bound", rs_json_real(rs_claim_wanted_in_unit(c)));
    rs_json_set(row, "unit", rs_json_text(rs_claim_unit(c)));
    rs_json_set(row, "worst", rs_json_real(rs_claim_in_unit(c, v->worst)));
    rs_json_set(row, "worst_unit", rs_json_text(rs_claim_quantity_unit(c)));
    rs_json_set(row, "margin_s", rs_json_real(v->margin_s));
    rs_json_set(row, "witness", witness(arena, r, v));
    rs_json_set(row, "placeholder", rs_json_text(v->placeholder));
    rs_json_set(row, "premises", premise_rows(arena, r, v));
    set_by_engine(row, v);
    return row;
}

static json_t *leg_row(const struct card_leg *leg)
{
    json_t *row = json_object();
    rs_json_set(row, "from", rs_json_text(rs_clock_name(leg->from)));
    rs_json_set(row, "to", rs_json_text(rs_clock_name(leg->to)));
    rs_json_set(row, "n", rs_json_count(leg->n));
    rs_json_set(row, "n_open", rs_json_count(leg->n_open));
    rs_json_set(row, "p50_s", rs_json_real(leg->s_p50));
    rs_json_set(row, "p95_s", rs_json_real(leg->s_p95));
    rs_json_set(row, "p99_s", rs_json_real(leg->s_p99));
    rs_json_set(row, "max_s", rs_json_real(leg->s_max));
    rs_json_set(row, "best_world_s", rs_json_real(leg->s_best_world));
    rs_json_set(row, "worst_world_s", rs_json_real(leg->s_worst_world));
    rs_json_set(row, "worst_replica", leg->n ? rs_json_count(leg->worst_replica) : json_null());
    return row;
}

static json_t *card_row(const struct scenario *sc, const struct card *c)
{
    json_t *row = json_object(), *legs = json_array();
    const struct procedure *p = c->procedure < 0 ? NULL : &sc->response.procedure[c->procedure];
    for (int i = 0; i < c->n_leg; i++)
        rs_json_add(legs, leg_row(&c->leg[i]));
    rs_json_set(row, "fault", c->fault < 0 ? json_null() : rs_json_text(sc->fault[c->fault].name));
    rs_json_set(row, "procedure", rs_json_text(p ? p->name : NULL));
    rs_json_set(row, "ref", rs_json_text(p ? p->ref : NULL));
    rs_json_set(row, "n_present", rs_json_count(c->n_present));
    rs_json_set(row, "n_episode", rs_json_count(c->n_episode));
    rs_json_set(row, "n_missed", rs_json_count(c->n_missed));
    rs_json_set(row, "sla_s", rs_json_real(c->sla_s));
    rs_json_set(row, "n_within", rs_json_count(c->n_within));
    rs_json_set(row, "within_low", rs_json_real(c->within.low));
    rs_json_set(row, "within_high", rs_json_real(c->within.high));
    rs_json_set(row, "legs", legs);
    return row;
}

static json_t *about_scenario(const struct scenario *sc)
{
    json_t *s = json_object();
    rs_json_set(s, "name", rs_json_text(sc->name));
    rs_json_set(s, "title", rs_json_text(sc->title));
    rs_json_set(s, "document", rs_json_text(sc->document));
    rs_json_set(s, "file", rs_json_text(sc->file));
    rs_json_set(s, "sha256", rs_json_text(sc->sha256));
    return s;
}

static json_t *about_family(const struct run_result *r)
{
    json_t *f = json_object();
    rs_json_set(f, "confidence", rs_json_real(r->scenario->confidence));
    rs_json_set(f, "n_claim", json_integer(rs_family_size(r->scenario)));
    rs_json_set(f, "correction", rs_json_text("bonferroni over e-values"));
    rs_json_set(f, "n_left_out", json_integer(r->n_left_out));
    return f;
}

int rs_run_print_json(FILE *to, const struct run_result *r)
{
    struct arena *arena = rs_arena_new();
    json_t *root = json_object(), *claims = json_array(), *cards = json_array();
    for (int i = 0; i < r->n_verdict; i++)
        rs_json_add(claims, claim_row(arena, r, &r->verdict[i]));
    for (int i = 0; i < r->n_card; i++)
        rs_json_add(cards, card_row(r->scenario, &r->card[i]));
    rs_json_set(root, "rollsim_version", rs_json_text(RS_VERSION));
    rs_json_set(root, "scenario", about_scenario(r->scenario));
    rs_json_set(root, "seed", rs_json_count(r->seed));
    rs_json_set(root, "random_stream", rs_json_text(RS_RANDOM_STREAM));
    rs_json_set(root, "n_replica", rs_json_count(r->n_replica));
    rs_json_set(root, "n_budget", rs_json_count(r->n_budget));
    rs_json_set(root, "all_decided", json_boolean(r->enough));
    rs_json_set(root, "stopped_early", json_boolean(r->stopped));
    rs_json_set(root, "confidence", rs_json_real(r->scenario->confidence));
    rs_json_set(root, "family", about_family(r));
    rs_json_set(root, "exit_status", json_integer(rs_run_status(r)));
    rs_json_set(root, "n_no_fault", rs_json_count(r->n_no_fault));
    rs_json_set(root, "n_false_rollback", rs_json_count(r->n_false_rollback));
    rs_json_set(root, "outcomes", outcome_rows(r));
    rs_json_set(root, "claims", claims);
    rs_json_set(root, "timing_card", cards);
    rs_arena_free(arena);
    return rs_json_print(to, root);
}

int rs_run_print_json_errors(FILE *to, const struct err_list *errors, int exit_status)
{
    json_t *root = json_object();
    rs_json_set(root, "rollsim_version", rs_json_text(RS_VERSION));
    rs_json_set(root, "exit_status", json_integer(exit_status));
    rs_json_set(root, "errors", rs_json_errors(errors));
    return rs_json_print(to, root);
}
