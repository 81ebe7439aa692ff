/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"
#include "sim/arena.h"

static int damaged(struct err *err, const char *what)
{
    return rs_err_set(err, RS_E_USAGE, "the search's database is damaged: %s", what);
}

static int read_meta(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(&s->r, err, "SELECT key, value FROM meta", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        char key[64];
        rs_query_text(key, sizeof key, q, 0);
        if (strcmp(key, "scenario_name") == 0)
            rs_query_text(s->r.scenario, sizeof s->r.scenario, q, 1);
        else if (strcmp(key, "rollsim_version") == 0)
            rs_query_text(s->r.version, sizeof s->r.version, q, 1);
        else if (strcmp(key, "seed") == 0)
            rs_query_text(s->r.seed, sizeof s->r.seed, q, 1);
        else if (strcmp(key, "method") == 0)
            rs_query_text(s->method, sizeof s->method, q, 1);
        else if (strcmp(key, "confidence") == 0)
            s->r.confidence = rs_query_real(q, 1);
        else if (strcmp(key, "n_space") == 0)
            s->n_space = rs_query_int(q, 1);
        else if (strcmp(key, "stopped") == 0)
            s->stopped = rs_query_int(q, 1) != 0;
    }
    rs_query_free(q);
    if (!(s->r.confidence > 0 && s->r.confidence < 1))
        s->r.confidence = 0.95;
    return status;
}

static int read_params(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(
        &s->r, err, "SELECT name, what, type, today, param FROM parameter ORDER BY param", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        s->param = rs_grown(s->param, s->n_param, sizeof *s->param);
        struct search_param *p = &s->param[s->n_param];
        memset(p, 0, sizeof *p);
        rs_query_text(p->name, sizeof p->name, q, 0);
        rs_query_text(p->what, sizeof p->what, q, 1);
        rs_query_text(p->type, sizeof p->type, q, 2);
        p->today = (int)rs_query_int(q, 3);
        p->chosen = -1;
        if (rs_query_int(q, 4) != s->n_param++) {
            status = damaged(err, "its parameters are not numbered from 0 on");
            break;
        }
    }
    rs_query_free(q);
    return status;
}

static int read_values(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(
        &s->r, err, "SELECT param, value, text, number FROM value ORDER BY param, value", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        int64_t i = rs_query_int(q, 0);
        if (i < 0 || i >= s->n_param || rs_query_int(q, 1) != s->param[i].n_value) {
            status = damaged(err, "a value of no parameter");
            break;
        }
        struct search_param *p = &s->param[i];
        p->value = rs_grown(p->value, p->n_value, sizeof *p->value);
        struct search_value *v = &p->value[p->n_value++];
        rs_query_text(v->text, sizeof v->text, q, 2);
        v->number = rs_query_real(q, 3);
    }
    rs_query_free(q);
    for (int i = 0; status == 0 && i < s->n_param; i++) {
        if (s->param[i].today < 0 || s->param[i].today >= s->param[i].n_value)
            status = damaged(err, "a parameter without today's value");
    }
    return status;
}

static int read_objectives(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(
        &s->r, err, "SELECT name, stat, unit, objective FROM objective ORDER BY objective", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        s->objective = rs_grown(s->objective, s->n_objective, sizeof *s->objective);
        struct search_objective *o = &s->objective[s->n_objective];
        rs_query_text(o->name, sizeof o->name, q, 0);
        rs_query_text(o->stat, sizeof o->stat, q, 1);
        rs_query_text(o->unit, sizeof o->unit, q, 2);
        if (rs_query_int(q, 3) != s->n_objective++) {
            status = damaged(err, "its objectives are not numbered from 0 on");
            break;
        }
    }
    rs_query_free(q);
    return status;
}

static enum point_state state_of(const char *name)
{
    static const char *const names[RS_SEARCH_STATE_N] = {"front", "dominated", "excluded",
                                                         "illegal"};
    int i = 0;
    while (i < RS_SEARCH_STATE_N && strcmp(names[i], name) != 0)
        i++;
    return (enum point_state)i;
}

static int read_points(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(
        &s->r, err, "SELECT state, today, chosen, point FROM point ORDER BY point", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        char state[16];
        s->point = rs_grown(s->point, s->n_point, sizeof *s->point);
        struct search_point *p = &s->point[s->n_point];
        rs_query_text(state, sizeof state, q, 0);
        p->state = state_of(state);
        p->today = rs_query_int(q, 1) != 0;
        p->chosen = rs_query_int(q, 2) != 0;
        p->at = rs_xcalloc((size_t)s->n_objective + 1, sizeof *p->at);
        for (int i = 0; i < s->n_objective; i++)
            p->at[i] = (struct estimate){NAN, NAN, NAN, 0};
        if (rs_query_int(q, 3) != s->n_point++ || p->state == RS_SEARCH_STATE_N) {
            status = damaged(err, "its points are not numbered from 0 on, or are of no kind");
            break;
        }
    }
    rs_query_free(q);
    return status;
}

static int read_estimates(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(&s->r, err, "SELECT point, objective, value, low, high, n FROM estimate", "");
    while (rs_query_next(&s->r, q, &status, err)) {
        int64_t point = rs_query_int(q, 0), objective = rs_query_int(q, 1);
        if (point < 0 || point >= s->n_point || objective < 0 || objective >= s->n_objective) {
            status = damaged(err, "an estimate of no point");
            break;
        }
        s->point[point].at[objective] = (struct estimate){rs_query_real(q, 2), rs_query_real(q, 3),
                                                          rs_query_real(q, 4), rs_query_int(q, 5)};
    }
    rs_query_free(q);
    return status;
}

static int read_chosen(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(&s->r, err,
                     "SELECT s.param, s.value FROM setting s JOIN point p USING (point) WHERE "
                     "p.chosen <> 0 ORDER BY s.param",
                     "");
    while (rs_query_next(&s->r, q, &status, err)) {
        int64_t param = rs_query_int(q, 0), value = rs_query_int(q, 1);
        if (param < 0 || param >= s->n_param || value < 0 || value >= s->param[param].n_value) {
            status = damaged(err, "a chosen value that there is not");
            break;
        }
        s->param[param].chosen = (int)value;
    }
    rs_query_free(q);
    return status;
}

static int read_steps(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(&s->r, err,
                     "SELECT around = 'chosen', param, value, objective, estimate, low, high, n "
                     "FROM sensitivity ORDER BY param, objective, around, value",
                     "");
    while (rs_query_next(&s->r, q, &status, err)) {
        s->step = rs_grown(s->step, s->n_step, sizeof *s->step);
        struct search_step *x = &s->step[s->n_step++];
        *x = (struct search_step){
            .around_chosen = rs_query_int(q, 0) != 0,
            .param = (int)rs_query_int(q, 1),
            .value = (int)rs_query_int(q, 2),
            .objective = (int)rs_query_int(q, 3),
            .at = {rs_query_real(q, 4), rs_query_real(q, 5), rs_query_real(q, 6),
                   rs_query_int(q, 7)},
        };
        if (x->param < 0 || x->param >= s->n_param || x->objective < 0 ||
            x->objective >= s->n_objective || x->value < 0 ||
            x->value >= s->param[x->param].n_value) {
            status = damaged(err, "a step of no parameter");
            break;
        }
    }
    rs_query_free(q);
    return status;
}

/* The faults that have a map, each once: the cells come in their order. */
static void note_fault(struct search *s, const char *name)
{
    if (s->n_fault > 0 && strcmp(s->fault[s->n_fault - 1].name, name) == 0)
        return;
    s->fault = rs_grown(s->fault, s->n_fault, sizeof *s->fault);
    struct named *f = &s->fault[s->n_fault];
    memset(f, 0, sizeof *f);
    f->id = s->n_fault++;
    snprintf(f->name, sizeof f->name, "%s", name);
}

static int read_cells(struct search *s, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(
        &s->r, err,
        "SELECT fault, setting = 'chosen', error_ratio, traffic, traffic_per_s, within_s, low, "
        "high, n, n_detected FROM map ORDER BY fault, setting <> 'today', traffic, error_ratio",
        "");
    while (rs_query_next(&s->r, q, &status, err)) {
        s->cell = rs_grown(s->cell, s->n_cell, sizeof *s->cell);
        struct search_cell *c = &s->cell[s->n_cell++];
        rs_query_text(c->fault, sizeof c->fault, q, 0);
        c->chosen = rs_query_int(q, 1) != 0;
        double *to[] = {&c->error_ratio, &c->traffic, &c->per_s, &c->within_s, &c->low, &c->high};
        for (int i = 0; i < 6; i++)
            *to[i] = rs_query_real(q, 2 + i);
        c->n = rs_query_int(q, 8);
        c->n_detected = rs_query_int(q, 9);
        if (!(c->error_ratio > 0 && c->traffic > 0 && c->n_detected <= c->n)) {
            status = damaged(err, "a cell of the detection map that cannot be");
            break;
        }
        note_fault(s, c->fault);
    }
    rs_query_free(q);
    return status;
}

int rs_search_open(struct search *out, const char *path, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (rs_searchdb_open(&out->r, path, err))
        return -1;
    if (read_meta(out, err) || read_params(out, err) || read_values(out, err) ||
        read_objectives(out, err) || read_points(out, err) || read_estimates(out, err) ||
        read_chosen(out, err) || read_steps(out, err) || read_cells(out, err)) {
        rs_search_close(out);
        return -1;
    }
    return 0;
}

void rs_search_close(struct search *s)
{
    for (int i = 0; i < s->n_param; i++)
        free(s->param[i].value);
    for (int i = 0; i < s->n_point; i++)
        free(s->point[i].at);
    free(s->param);
    free(s->objective);
    free(s->point);
    free(s->step);
    free(s->cell);
    free(s->fault);
    rs_record_close(&s->r);
    memset(s, 0, sizeof *s);
}

const struct search_point *rs_search_today(const struct search *s)
{
    for (int i = 0; i < s->n_point; i++) {
        if (s->point[i].today)
            return &s->point[i];
    }
    return NULL;
}

const struct search_point *rs_search_chosen(const struct search *s)
{
    for (int i = 0; i < s->n_point; i++) {
        if (s->point[i].chosen)
            return &s->point[i];
    }
    return NULL;
}

bool rs_search_told(const struct estimate *e)
{
    return !isnan(e->value);
}
