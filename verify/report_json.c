/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run for machines. The keys are documented by their names; times are seconds, and say so. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "verify/report.h"
#include "words.h"

/* Sets a key. Out of memory ends the program, as everywhere. */
static void set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *text(const char *t)
{
    return t ? json_string(t) : json_null();
}

static json_t *count(uint64_t n)
{
    char digits[24];
    if (n <= INT64_MAX)
        return json_integer((json_int_t)n);
    snprintf(digits, sizeof digits, "%" PRIu64,
             n); /* a seed may be larger than JSON readers bear */
    return json_string(digits);
}

static json_t *outcome_rows(const struct run_result *r)
{
    json_t *rows = json_array();
    for (int fault = -1; fault < r->scenario->n_fault; fault++) {
        json_t *row = json_object(), *by = json_object();
        for (int o = 0; o < RS_OUTCOME_N; o++)
            set(by, rs_outcome_name((enum outcome)o),
                count(r->outcome_by_fault[(fault + 1) * RS_OUTCOME_N + o]));
        set(row, "fault", fault < 0 ? json_null() : text(r->scenario->fault[fault].name));
        set(row, "outcomes", by);
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *witness(const struct scenario *sc, const struct verdict *v)
{
    if (!v->has_witness)
        return json_null();
    json_t *w = json_object();
    set(w, "replica", count(v->witness));
    set(w, "fault", v->witness_fault < 0 ? json_null() : text(sc->fault[v->witness_fault].name));
    return w;
}

static json_t *claim_row(const struct scenario *sc, const struct verdict *v)
{
    const struct claim *c = v->claim;
    char given[128];
    json_t *row = json_object();
    set(row, "name", text(c->name));
    set(row, "says", text(c->says));
    set(row, "ref", text(c->ref));
    set(row, "kind", text(rs_claim_kind_name(c->kind)));
    set(row, "given", text(rs_claim_given_text(given, sizeof given, sc, c)));
    set(row, "quantity", text(rs_quantity_name(c->of)));
    set(row, "verdict", text(rs_verdict_name(v->kind)));
    set(row, "estimate", real(rs_claim_estimate_in_unit(c, v->estimate)));
    set(row, "low", real(rs_claim_estimate_in_unit(c, v->interval.low)));
    set(row, "high", real(rs_claim_estimate_in_unit(c, v->interval.high)));
    set(row, "confidence", real(v->confidence));
    set(row, "direction", text(c->at_most ? "<=" : ">="));
    set(row, "bound", real(rs_claim_estimate_in_unit(c, c->limit)));
    set(row, "unit", text(rs_claim_unit(c)));
    set(row, "worst", real(rs_claim_in_unit(c, v->worst)));
    set(row, "worst_unit", text(rs_claim_quantity_unit(c)));
    set(row, "n", count(v->n_applicable));
    set(row, "n_hit", c->kind == RS_CLAIM_PROBABILITY ? count(v->n_hit) : json_null());
    set(row, "n_undecided", count(v->n_undecided));
    set(row, "n_capped", count(v->n_capped));
    set(row, "n_more", v->n_more ? count(v->n_more) : json_null());
    set(row, "witness", witness(sc, v));
    set(row, "placeholder", text(v->placeholder));
    return row;
}

static json_t *leg_row(const struct card_leg *leg)
{
    json_t *row = json_object();
    set(row, "from", text(rs_clock_name(leg->from)));
    set(row, "to", text(rs_clock_name(leg->to)));
    set(row, "n", count(leg->n));
    set(row, "n_open", count(leg->n_open));
    set(row, "p50_s", real(leg->s_p50));
    set(row, "p95_s", real(leg->s_p95));
    set(row, "p99_s", real(leg->s_p99));
    set(row, "max_s", real(leg->s_max));
    set(row, "best_world_s", real(leg->s_best_world));
    set(row, "worst_world_s", real(leg->s_worst_world));
    set(row, "worst_replica", leg->n ? count(leg->worst_replica) : json_null());
    return row;
}

static json_t *card_row(const struct scenario *sc, const struct card *c)
{
    json_t *row = json_object(), *legs = json_array();
    const struct procedure *p = c->procedure < 0 ? NULL : &sc->response.procedure[c->procedure];
    for (int i = 0; i < c->n_leg; i++)
        json_array_append_new(legs, leg_row(&c->leg[i]));
    set(row, "fault", c->fault < 0 ? json_null() : text(sc->fault[c->fault].name));
    set(row, "procedure", text(p ? p->name : NULL));
    set(row, "ref", text(p ? p->ref : NULL));
    set(row, "n_present", count(c->n_present));
    set(row, "n_episode", count(c->n_episode));
    set(row, "n_missed", count(c->n_missed));
    set(row, "sla_s", real(c->sla_s));
    set(row, "n_within", count(c->n_within));
    set(row, "within_low", real(c->within.low));
    set(row, "within_high", real(c->within.high));
    set(row, "legs", legs);
    return row;
}

static json_t *about_scenario(const struct scenario *sc)
{
    json_t *s = json_object();
    set(s, "name", text(sc->name));
    set(s, "title", text(sc->title));
    set(s, "document", text(sc->document));
    set(s, "file", text(sc->file));
    set(s, "sha256", text(sc->sha256));
    return s;
}

int rs_run_print_json(FILE *to, const struct run_result *r)
{
    json_t *root = json_object(), *claims = json_array(), *cards = json_array();
    for (int i = 0; i < r->n_verdict; i++)
        json_array_append_new(claims, claim_row(r->scenario, &r->verdict[i]));
    for (int i = 0; i < r->n_card; i++)
        json_array_append_new(cards, card_row(r->scenario, &r->card[i]));
    set(root, "rollsim_version", text(RS_VERSION));
    set(root, "scenario", about_scenario(r->scenario));
    set(root, "seed", count(r->seed));
    set(root, "n_replica", count(r->n_replica));
    set(root, "stopped_early", json_boolean(r->stopped));
    set(root, "confidence", real(r->scenario->confidence));
    set(root, "exit_status", json_integer(rs_run_status(r)));
    set(root, "n_no_fault", count(r->n_no_fault));
    set(root, "n_false_rollback", count(r->n_false_rollback));
    set(root, "outcomes", outcome_rows(r));
    set(root, "claims", claims);
    set(root, "timing_card", cards);
    int rc = json_dumpf(root, to, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    json_decref(root);
    return rc == 0 && fputc('\n', to) != EOF ? 0 : -1;
}
