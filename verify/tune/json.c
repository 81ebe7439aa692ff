/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search for machines. docs/tune.md tells the keys; keys may be added, none is renamed or changes its meaning. */
#include <math.h>

#include <jansson.h>

#include "machine.h"
#include "tune/tune_words.h"
#include "words.h"

/* What has no end is the word for it. */
static json_t *real(double x)
{
    return isinf(x) ? rs_json_text(x > 0.0 ? "infinite" : "-infinite") : rs_json_real(x);
}

static json_t *estimate(const struct tune_estimate *e)
{
    json_t *o = json_object();
    rs_json_set(o, "value", real(e->value));
    rs_json_set(o, "low", real(e->low));
    rs_json_set(o, "high", real(e->high));
    rs_json_set(o, "n", rs_json_count(e->n));
    return o;
}

static json_t *index_or_null(int i)
{
    return i < 0 ? json_null() : json_integer(i);
}

static json_t *claim_name(const struct tune_result *r, int claim)
{
    return claim < 0 ? json_null() : rs_json_text(r->scenario->claim[claim].name);
}

/* ---- what was asked ---------------------------------------------------------------------------------------------------- */

static json_t *parameter_rows(const struct tune_plan *plan)
{
    json_t *rows = json_array();
    for (int i = 0; i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        json_t *row = json_object(), *values = json_array();
        for (int v = 0; v < p->n_value; v++)
            rs_json_add(values, rs_json_text(p->value[v].text));
        rs_json_set(row, "name", rs_json_text(p->name));
        rs_json_set(row, "path", rs_json_text(p->path));
        rs_json_set(row, "what", rs_json_text(p->what));
        rs_json_set(row, "ref", rs_json_text(p->ref));
        rs_json_set(row, "type", rs_json_text(rs_tune_type_name(p->type)));
        rs_json_set(row, "today", rs_json_text(p->value[p->today].text));
        rs_json_set(row, "values", values);
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *objective_rows(const struct tune_plan *plan)
{
    json_t *rows = json_array();
    for (int i = 0; i < plan->n_objective; i++) {
        const struct tune_objective *o = &plan->objective[i];
        json_t *row = json_object();
        rs_json_set(row, "name", rs_json_text(o->name));
        rs_json_set(row, "says", rs_json_text(o->says));
        rs_json_set(row, "ref", rs_json_text(o->ref));
        rs_json_set(row, "stat", rs_json_text(rs_tune_stat_name(o->stat)));
        rs_json_set(row, "unit", rs_json_text(o->unit ? o->unit : ""));
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *about_scenario(const struct scenario *sc)
{
    json_t *s = json_object();
    rs_json_set(s, "name", rs_json_text(sc->name));
    rs_json_set(s, "title", rs_json_text(sc->title));
    rs_json_set(s, "file", rs_json_text(sc->file));
    rs_json_set(s, "sha256", rs_json_text(sc->sha256));
    return s;
}

/* ---- what came of it --------------------------------------------------------------------------------------------------- */

static json_t *point_objectives(const struct tune_result *r, const struct tune_point *p)
{
    json_t *all = json_object();
    for (int k = 0; p->objective && k < r->plan->n_objective; k++)
        rs_json_set(all, r->plan->objective[k].name, estimate(&p->objective[k]));
    return all;
}

static json_t *point_claims(const struct tune_result *r, const struct tune_point *p)
{
    json_t *all = json_object();
    for (int k = 0; p->claim && k < r->scenario->n_claim; k++) {
        const struct claim *c = &r->scenario->claim[k];
        if (rs_claim_is_statistical(c))
            rs_json_set(all, c->name, estimate(&p->claim[k]));
    }
    return all;
}

static json_t *point_row(const struct tune_result *r, int i)
{
    const struct tune_point *p = &r->point[i];
    json_t *row = json_object(), *setting = json_object();
    for (int k = 0; k < r->plan->n_param; k++)
        rs_json_set(setting, r->plan->param[k].name,
                    rs_json_text(r->plan->param[k].value[p->value[k]].text));
    rs_json_set(row, "point", json_integer(i));
    rs_json_set(row, "state", rs_json_text(rs_tune_state_name(p->state)));
    rs_json_set(row, "today", json_boolean(i == r->today));
    rs_json_set(row, "chosen", json_boolean(i == r->chosen));
    rs_json_set(row, "beaten_by",
                index_or_null(p->state == RS_POINT_DOMINATED ? p->beaten_by : -1));
    rs_json_set(row, "breaks", claim_name(r, p->state == RS_POINT_EXCLUDED ? p->breaks : -1));
    rs_json_set(row, "proved_out", json_boolean(p->proved_out));
    rs_json_set(row, "why", rs_json_text(p->why));
    rs_json_set(row, "n_replica", rs_json_count(p->n_replica));
    rs_json_set(row, "setting", setting);
    rs_json_set(row, "objectives", point_objectives(r, p));
    rs_json_set(row, "claims", point_claims(r, p));
    return row;
}

static json_t *unsaved_row(const struct tune_result *r, const struct tune_unsaved *u)
{
    json_t *row = json_object();
    rs_json_set(row, "claim", claim_name(r, u->claim));
    rs_json_set(row, "why", rs_json_text(rs_tune_obstacle_name(u->why)));
    rs_json_set(row, "text", rs_json_text(u->text));
    rs_json_set(row, "nearest_point", index_or_null(u->best));
    rs_json_set(row, "nearest", estimate(&u->near));
    rs_json_set(row, "proved", json_boolean(u->proved));
    return row;
}

static json_t *step_row(const struct tune_result *r, const struct tune_step *s)
{
    const struct tune_param *p = &r->plan->param[s->param];
    json_t *row = json_object(), *all = json_object(), *moves = json_object();
    for (int k = 0; k < r->plan->n_objective; k++) {
        rs_json_set(all, r->plan->objective[k].name, estimate(&s->objective[k]));
        rs_json_set(moves, r->plan->objective[k].name, estimate(&s->difference[k]));
    }
    rs_json_set(row, "around", rs_json_text(s->around_chosen ? "chosen" : "today"));
    rs_json_set(row, "parameter", rs_json_text(p->name));
    rs_json_set(row, "value", rs_json_text(p->value[s->value].text));
    rs_json_set(row, "objectives", all);
    rs_json_set(row, "differences", moves);
    return row;
}

static json_t *verdict_of(const struct verdict *v)
{
    const struct claim *c = v->claim;
    bool open = v->kind == RS_VERDICT_UNDECIDED;
    json_t *row = json_object();
    rs_json_set(row, "verdict", rs_json_text(rs_verdict_name(v->kind)));
    rs_json_set(row, "engine", rs_json_text(rs_engine_name(v->engine)));
    rs_json_set(row, "guarantee", rs_json_text(rs_engine_guarantee(v->engine)));
    rs_json_set(row, "reason", rs_json_text(open ? rs_open_reason_name(v->reason) : NULL));
    rs_json_set(row, "estimate", real(rs_claim_estimate_in_unit(c, v->estimate)));
    rs_json_set(row, "low", real(rs_claim_estimate_in_unit(c, v->interval.low)));
    rs_json_set(row, "high", real(rs_claim_estimate_in_unit(c, v->interval.high)));
    rs_json_set(row, "n",
                rs_claim_is_statistical(c) ? rs_json_count(v->n_applicable) : json_null());
    return row;
}

static json_t *claim_row(const struct tune_result *r, int i)
{
    const struct claim *c = &r->scenario->claim[i];
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(c->name));
    rs_json_set(row, "ref", rs_json_text(c->ref));
    rs_json_set(row, "kept", json_boolean(rs_claim_is_kept(r->plan, i)));
    rs_json_set(row, "can_be_kept", json_boolean(!rs_claim_unsaved(r, i)));
    rs_json_set(row, "direction", rs_json_text(rs_claim_direction(c)));
    rs_json_set(row, "bound", rs_json_real(rs_claim_wanted_in_unit(c)));
    rs_json_set(row, "unit", rs_json_text(rs_claim_unit(c)));
    rs_json_set(row, "today",
                r->fresh_today ? verdict_of(&r->fresh_today->verdict[i]) : json_null());
    rs_json_set(row, "chosen", r->fresh ? verdict_of(&r->fresh->verdict[i]) : json_null());
    return row;
}

static json_t *map_row(const struct tune_result *r, const struct tune_map *m)
{
    json_t *row = json_object(), *cells = json_array();
    for (int i = 0; i < m->n_cell; i++) {
        const struct tune_cell *c = &m->cell[i];
        json_t *cell = json_object();
        rs_json_set(cell, "setting", rs_json_text(c->chosen ? "chosen" : "today"));
        rs_json_set(cell, "error_ratio", rs_json_real(c->error_ratio));
        rs_json_set(cell, "traffic", rs_json_real(c->traffic));
        rs_json_set(cell, "traffic_per_s", rs_json_real(c->traffic_per_s));
        rs_json_set(cell, "n", rs_json_count(c->n));
        rs_json_set(cell, "n_detected", rs_json_count(c->n_detected));
        rs_json_set(cell, "low", rs_json_real(c->low));
        rs_json_set(cell, "high", rs_json_real(c->high));
        rs_json_add(cells, cell);
    }
    rs_json_set(row, "fault", rs_json_text(r->scenario->fault[m->fault].name));
    rs_json_set(row, "within_s", rs_json_real(m->within_s));
    rs_json_set(row, "cells", cells);
    return row;
}

static void set_rows(json_t *root, const struct tune_result *r)
{
    json_t *points = json_array(), *unsaved = json_array(), *steps = json_array(),
           *claims = json_array(), *maps = json_array();
    for (int i = 0; i < r->n_point; i++)
        rs_json_add(points, point_row(r, i));
    for (int i = 0; i < r->n_unsaved; i++)
        rs_json_add(unsaved, unsaved_row(r, &r->unsaved[i]));
    for (int i = 0; i < r->n_step; i++)
        rs_json_add(steps, step_row(r, &r->step[i]));
    for (int i = 0; i < r->scenario->n_claim; i++)
        rs_json_add(claims, claim_row(r, i));
    for (int i = 0; i < r->n_map; i++)
        rs_json_add(maps, map_row(r, &r->map[i]));
    rs_json_set(root, "points", points);
    rs_json_set(root, "unsaved", unsaved);
    rs_json_set(root, "sensitivity", steps);
    rs_json_set(root, "claims", claims);
    rs_json_set(root, "maps", maps);
}

int rs_tune_print_json(FILE *to, const struct tune_result *r, const struct tune_words *words)
{
    json_t *root = json_object();
    struct arena *arena = rs_arena_new();
    rs_json_set(root, "rollsim_version", rs_json_text(RS_VERSION));
    rs_json_set(root, "scenario", about_scenario(r->scenario));
    rs_json_set(root, "command", rs_json_text(rs_tune_command(arena, r, words, false)));
    rs_json_set(root, "proof_command", rs_json_text(rs_tune_proof_command(arena, r, words, false)));
    rs_json_set(root, "seed", rs_json_count(r->seed));
    rs_json_set(root, "fresh_seed", r->fresh ? rs_json_count(r->fresh_seed) : json_null());
    rs_json_set(root, "n_fresh", r->fresh ? rs_json_count(r->fresh->n_replica) : json_null());
    rs_json_set(root, "confidence", rs_json_real(r->plan->confidence));
    rs_json_set(root, "method", rs_json_text(r->method));
    rs_json_set(root, "n_space", rs_json_count(r->n_space));
    rs_json_set(root, "n_asked", rs_json_count(r->n_asked));
    rs_json_set(root, "n_history", rs_json_count(r->n_history));
    rs_json_set(root, "stopped_early", json_boolean(r->stopped));
    rs_json_set(root, "exit_status", json_integer(rs_tune_status(r)));
    rs_json_set(root, "parameters", parameter_rows(r->plan));
    rs_json_set(root, "objectives", objective_rows(r->plan));
    rs_json_set(root, "chosen", index_or_null(r->chosen));
    rs_json_set(root, "chosen_why", rs_json_text(r->chosen_why));
    rs_json_set(root, "diff", rs_json_text(words->diff));
    set_rows(root, r);
    rs_arena_free(arena);
    return rs_json_print(to, root);
}
