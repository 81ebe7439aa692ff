/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"
#include "retro_past.h"
#include "sim/arena.h"

/* One row of an answer; 0, or -1: it cannot be (the tables do not fit together). */
typedef int (*row_fn)(struct past *p, struct query *q);

static int read_rows(struct past *p, const char *sql, row_fn take, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(&p->r, err, sql, "");
    while (rs_query_next(&p->r, q, &status, err)) {
        if (take(p, q)) {
            status = rs_err_set(
                err, RS_E_USAGE,
                "the retrospective's database is damaged: rows of a table do not fit together");
            break;
        }
    }
    rs_query_free(q);
    return status;
}

/* A new last element of a growing array, all zero; n counts it. */
#define ADD(array, n)                                                                              \
    ((array) = rs_grown((array), (n), sizeof *(array)), memset(&(array)[(n)++], 0, sizeof *(array)))

static struct past_instant instant_at(struct query *q, int column)
{
    return (struct past_instant){rs_query_real(q, column), rs_query_real(q, column + 1),
                                 rs_query_real(q, column + 2)};
}

static struct past_band band_at(struct query *q, int column)
{
    return (struct past_band){rs_query_real(q, column), rs_query_real(q, column + 1),
                              rs_query_real(q, column + 2)};
}

/* The element of that id, its first member; NULL ids and unknown ones are -1. */
#define FIND(array, n, q, column) find((array), (n), sizeof *(array), (q), (column))
static int find(const void *array, int n, size_t size, struct query *q, int column)
{
    if (rs_query_null(q, column))
        return -1;
    int64_t id = rs_query_int(q, column);
    for (int i = n - 1; i >= 0; i--) {
        int64_t own;
        memcpy(&own, (const char *)array + size * (size_t)i, sizeof own);
        if (own == id)
            return i;
    }
    return -1;
}

/* ---- what is told once ----------------------------------------------------------------------------------------------- */

static int take_meta(struct past *p, struct query *q)
{
    const struct {
        const char *key;
        char *to;
        size_t n;
    } texts[] = {
        {"name", p->name, sizeof p->name},
        {"reference", p->reference, sizeof p->reference},
        {"scenario_name", p->r.scenario, sizeof p->r.scenario},
        {"rollsim_version", p->r.version, sizeof p->r.version},
    };
    char key[64];
    rs_query_text(key, sizeof key, q, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(key, texts[i].key) == 0)
            rs_query_text(texts[i].to, texts[i].n, q, 1);
    }
    if (strcmp(key, "confidence") == 0)
        p->r.confidence = rs_query_real(q, 1);
    else if (strcmp(key, "dated") == 0)
        p->dated = rs_query_int(q, 1) != 0;
    return 0;
}

static int take_source_count(struct past *p, struct query *q)
{
    p->n_source = (int)rs_query_int(q, 0);
    return 0;
}

/* ---- stages and flags ------------------------------------------------------------------------------------------------ */

static struct named *add_name(struct named_list *list, const char *name)
{
    struct named *x = ADD(list->at, list->n);
    x->id = list->n - 1;
    x->service = -1;
    snprintf(x->name, sizeof x->name, "%s", name);
    return x;
}

static int take_stage(struct past *p, struct query *q)
{
    char name[64];
    rs_query_text(name, sizeof name, q, 0);
    struct named *x = add_name(&p->r.stage, name);
    rs_query_text(x->title, sizeof x->title, q, 1);
    int i = p->r.stage.n - 1;
    p->entered = rs_grown(p->entered, i, sizeof *p->entered);
    p->entered[i] = instant_at(q, 2);
    if (isnan(p->entered[i].best))
        return 0;
    /* By time, which need not be the order of the runbook. */
    rs_push(&p->stages.t_s, p->stages.n, 0);
    rs_push(&p->stages.x, p->stages.n, 0);
    int k = p->stages.n++;
    for (; k > 0 && p->stages.t_s[k - 1] > p->entered[i].best; k--) {
        p->stages.t_s[k] = p->stages.t_s[k - 1];
        p->stages.x[k] = p->stages.x[k - 1];
    }
    p->stages.t_s[k] = p->entered[i].best;
    p->stages.x[k] = i;
    return 0;
}

static int take_step(struct past *p, struct query *q)
{
    char name[64], state[16];
    rs_query_text(name, sizeof name, q, 0);
    rs_query_text(state, sizeof state, q, 1);
    int flag = 0;
    while (flag < p->r.flag.n && strcmp(p->r.flag.at[flag].name, name) != 0)
        flag++;
    if (flag == p->r.flag.n)
        add_name(&p->r.flag, name);
    double percent = rs_query_real(q, 2);
    struct past_step *s = ADD(p->step, p->n_step);
    s->flag = flag;
    s->exposure = strcmp(state, "off") == 0 ? 0 : isnan(percent) ? 1 : percent / 100;
    s->at = instant_at(q, 3);
    return s->exposure >= 0 && s->exposure <= 1 ? 0 : -1;
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

static int take_signal(struct past *p, struct query *q)
{
    char kind[16];
    struct past_signal *s = ADD(p->signal, p->n_signal);
    s->id = rs_query_int(q, 0);
    rs_query_text(s->name, sizeof s->name, q, 1);
    rs_query_text(s->unit, sizeof s->unit, q, 2);
    rs_query_text(kind, sizeof kind, q, 3);
    rs_query_text(s->service, sizeof s->service, q, 4);
    s->kind = strcmp(kind, "ratio") == 0   ? RS_PAST_RATIO
              : strcmp(kind, "count") == 0 ? RS_PAST_COUNT
                                           : RS_PAST_VALUE;
    return 0;
}

enum { N_POINT_COLUMN = 7 };

static int take_point(struct past *p, struct query *q)
{
    int i = FIND(p->signal, p->n_signal, q, 0);
    if (i < 0)
        return -1;
    struct past_signal *s = &p->signal[i];
    double **to[N_POINT_COLUMN] = {&s->at,    &s->until, &s->n_of, &s->k_of,
                                   &s->level, &s->low,   &s->high};
    for (int k = 0; k < N_POINT_COLUMN; k++)
        rs_push(to[k], s->n, rs_query_real(q, 1 + k));
    s->n++;
    return 0;
}

static int take_change(struct past *p, struct query *q)
{
    struct past_change *c = ADD(p->change, p->n_change);
    c->id = rs_query_int(q, 0);
    c->signal = FIND(p->signal, p->n_signal, q, 1);
    c->at = instant_at(q, 2);
    double *to[] = {&c->before, &c->after, &c->after_low, &c->after_high};
    for (int k = 0; k < 4; k++)
        *to[k] = rs_query_real(q, 5 + k);
    return c->signal < 0 ? -1 : 0;
}

static int take_known(struct past *p, struct query *q)
{
    struct past_known *k = ADD(p->known, p->n_known);
    rs_query_text(k->name, sizeof k->name, q, 0);
    k->from = rs_query_real(q, 1);
    k->until = rs_query_real(q, 2);
    k->change = FIND(p->change, p->n_change, q, 3);
    k->error = rs_query_real(q, 4);
    return k->change < 0 && !rs_query_null(q, 3) ? -1 : 0;
}

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

static int take_episode(struct past *p, struct query *q)
{
    struct past_episode *e = ADD(p->episode, p->n_episode);
    const struct {
        char *to;
        size_t n;
    } texts[] = {
        {e->name, sizeof e->name},       {e->procedure, sizeof e->procedure},
        {e->ref, sizeof e->ref},         {e->stage, sizeof e->stage},
        {e->service, sizeof e->service}, {e->alert, sizeof e->alert},
        {e->verdict, sizeof e->verdict}, {e->why, sizeof e->why},
    };
    e->id = rs_query_int(q, 0);
    for (int i = 0; i < 8; i++)
        rs_query_text(texts[i].to, texts[i].n, q, 1 + i);
    e->signal = FIND(p->signal, p->n_signal, q, 9);
    e->sla_s = rs_query_real(q, 10);
    return e->signal < 0 && !rs_query_null(q, 9) ? -1 : 0;
}

static enum past_how how_of(const char *name)
{
    static const char *const names[RS_PAST_HOW_N] = {"recorded", "computed", "inferred", "bounded",
                                                     "unknown"};
    int i = 0;
    while (i < RS_PAST_UNKNOWN && strcmp(names[i], name) != 0)
        i++;
    return (enum past_how)i;
}

/* Of the flag's way to the instances only the end is shown where the parts of the way are not known. */
static bool is_part(struct query *q)
{
    char name[32];
    rs_query_text(name, sizeof name, q, 1);
    return strncmp(name, "effective_p", 11) == 0 && rs_query_null(q, 5);
}

static int take_mark(struct past *p, struct query *q)
{
    int i = FIND(p->episode, p->n_episode, q, 0);
    if (i < 0)
        return -1;
    if (is_part(q))
        return 0;
    struct past_episode *e = &p->episode[i];
    struct past_mark *m = ADD(e->mark, e->n_mark);
    char how[16];
    rs_query_text(m->name, sizeof m->name, q, 1);
    rs_query_text(how, sizeof how, q, 2);
    m->how = how_of(how);
    m->never = rs_query_int(q, 3) != 0;
    m->at = instant_at(q, 4);
    rs_query_text(m->why, sizeof m->why, q, 7);
    return 0;
}

static int take_leg(struct past *p, struct query *q)
{
    int i = FIND(p->episode, p->n_episode, q, 0);
    if (i < 0)
        return -1;
    struct past_episode *e = &p->episode[i];
    struct past_leg *l = ADD(e->leg, e->n_leg);
    rs_query_text(l->from, sizeof l->from, q, 1);
    rs_query_text(l->to, sizeof l->to, q, 2);
    l->low = rs_query_real(q, 3);
    l->best = rs_query_real(q, 4);
    l->high = rs_query_real(q, 5);
    return 0;
}

/* ---- what if --------------------------------------------------------------------------------------------------------- */

static int take_question(struct past *p, struct query *q)
{
    struct past_question *x = ADD(p->question, p->n_question);
    x->id = rs_query_int(q, 0);
    rs_query_text(x->name, sizeof x->name, q, 1);
    x->happened = rs_query_int(q, 2) != 0;
    return 0;
}

static int take_alarm(struct past *p, struct query *q)
{
    struct past_alarm *a = ADD(p->alarm, p->n_alarm);
    a->question = FIND(p->question, p->n_question, q, 0);
    a->episode = FIND(p->episode, p->n_episode, q, 1);
    rs_query_text(a->alert, sizeof a->alert, q, 2);
    a->pending = rs_query_real(q, 3);
    a->firing = rs_query_real(q, 4);
    a->notified = rs_query_real(q, 5);
    return a->question < 0 || (a->episode < 0 && !rs_query_null(q, 1)) ? -1 : 0;
}

static int take_outcome(struct past *p, struct query *q)
{
    struct past_outcome *o = ADD(p->outcome, p->n_outcome);
    o->question = FIND(p->question, p->n_question, q, 0);
    o->episode = FIND(p->episode, p->n_episode, q, 1);
    rs_query_text(o->refused, sizeof o->refused, q, 2);
    double *to[] = {&o->detected, &o->commanded, &o->completed, &o->completed_low,
                    &o->completed_high};
    for (int k = 0; k < 5; k++)
        *to[k] = rs_query_real(q, 3 + k);
    o->errors = band_at(q, 8);
    o->users_hurt = band_at(q, 11);
    return o->question < 0 || o->episode < 0 ? -1 : 0;
}

/* ---- fits ------------------------------------------------------------------------------------------------------------ */

static int take_fit(struct past *p, struct query *q)
{
    struct past_fit *f = ADD(p->fit, p->n_fit);
    f->id = rs_query_int(q, 0);
    rs_query_text(f->name, sizeof f->name, q, 1);
    rs_query_text(f->method, sizeof f->method, q, 2);
    rs_query_text(f->refused, sizeof f->refused, q, 3);
    rs_query_text(f->test, sizeof f->test, q, 4);
    f->p_value = rs_query_real(q, 5);
    f->fits = rs_query_int(q, 6) != 0;
    return 0;
}

static int take_parameter(struct past *p, struct query *q)
{
    int i = FIND(p->fit, p->n_fit, q, 0);
    if (i < 0) /* of a fit without durations: not drawn */
        return 0;
    struct past_fit *f = &p->fit[i];
    struct past_parameter *x = ADD(f->parameter, f->n_parameter);
    rs_query_text(x->name, sizeof x->name, q, 1);
    rs_query_text(x->unit, sizeof x->unit, q, 2);
    x->assumed = rs_query_real(q, 3);
    x->value = rs_query_real(q, 4);
    x->low = rs_query_real(q, 5);
    x->high = rs_query_real(q, 6);
    return 0;
}

static int take_duration(struct past *p, struct query *q)
{
    int i = FIND(p->fit, p->n_fit, q, 0);
    if (i < 0)
        return -1;
    struct past_fit *f = &p->fit[i];
    struct past_band *d = ADD(f->duration, f->n_duration);
    *d = band_at(q, 1);
    d->high = isnan(d->high) ? INFINITY : d->high;
    return d->low <= d->high ? 0 : -1;
}

static int take_curve(struct past *p, struct query *q)
{
    int i = FIND(p->fit, p->n_fit, q, 0);
    if (i < 0)
        return 0;
    struct past_fit *f = &p->fit[i];
    double **to[] = {&f->x, &f->fitted, &f->assumed};
    for (int k = 0; k < 3; k++)
        rs_push(to[k], f->n_curve, rs_query_real(q, 1 + k));
    f->n_curve++;
    return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

/* Each table after those that it points to. */
static const struct {
    const char *sql;
    row_fn take;
} tables[] = {
    {"SELECT key, value FROM meta", take_meta},
    {"SELECT count(*) FROM source", take_source_count},
    {"SELECT name, title, lo, best, hi FROM stage ORDER BY stage", take_stage},
    {"SELECT flag, state, percent, lo, best, hi FROM flag_step WHERE best IS NOT NULL ORDER BY "
     "best, step",
     take_step},
    {"SELECT signal, name, unit, kind, service FROM signal ORDER BY signal", take_signal},
    {"SELECT signal, at, until, n, k, level, low, high FROM point ORDER BY signal, at", take_point},
    {"SELECT change, signal, lo, best, hi, before, after, after_low, after_high FROM change ORDER "
     "BY best, change",
     take_change},
    {"SELECT name, from_time, until_time, change, error FROM known ORDER BY from_time, known",
     take_known},
    {"SELECT episode, name, procedure, ref, stage, service, alert, verdict, why, signal, sla FROM "
     "episode ORDER BY episode",
     take_episode},
    {"SELECT episode, instant, how, never, lo, best, hi, why FROM instant ORDER BY episode, place",
     take_mark},
    {"SELECT episode, from_instant, to_instant, low, best, high FROM leg ORDER BY episode, place",
     take_leg},
    {"SELECT counterfactual, name, happened FROM counterfactual ORDER BY happened DESC, "
     "counterfactual",
     take_question},
    {"SELECT a.counterfactual, a.episode, a.alert, a.pending, a.firing, a.notified FROM alarm a "
     "LEFT JOIN counterfactual c USING (counterfactual) ORDER BY c.happened DESC, "
     "a.counterfactual, "
     "a.alert, coalesce(a.firing, a.pending), a.alarm",
     take_alarm},
    {"SELECT o.counterfactual, episode, refused, detected, commanded, completed, completed_low, "
     "completed_high, errors_low, errors, errors_high, users_hurt_low, users_hurt, users_hurt_high "
     "FROM outcome o LEFT JOIN counterfactual c USING (counterfactual) ORDER BY episode, "
     "c.happened "
     "DESC, o.counterfactual",
     take_outcome},
    {"SELECT fit, name, method, refused, test, p_value, fits FROM fit WHERE fit IN (SELECT fit "
     "FROM fit_duration) ORDER BY fit",
     take_fit},
    {"SELECT fit, name, unit, assumed, value, low, high FROM fit_parameter ORDER BY fit, parameter",
     take_parameter},
    {"SELECT fit, low, best, high FROM fit_duration ORDER BY fit, best, duration", take_duration},
    {"SELECT fit, x, fitted, assumed FROM fit_curve ORDER BY fit, x", take_curve},
};

int rs_past_open(struct past *out, const char *path, struct err *err)
{
    memset(out, 0, sizeof *out);
    if (rs_retrodb_open(&out->r, path, err))
        return -1;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (read_rows(out, tables[i].sql, tables[i].take, err)) {
            rs_past_close(out);
            return -1;
        }
    }
    if (!(out->r.confidence > 0 && out->r.confidence < 1))
        out->r.confidence = 0.95;
    return 0;
}

void rs_past_close(struct past *p)
{
    for (int i = 0; i < p->n_signal; i++) {
        struct past_signal *s = &p->signal[i];
        double *array[N_POINT_COLUMN] = {s->at,    s->until, s->n_of, s->k_of,
                                         s->level, s->low,   s->high};
        for (int k = 0; k < N_POINT_COLUMN; k++)
            free(array[k]);
    }
    for (int i = 0; i < p->n_episode; i++) {
        free(p->episode[i].mark);
        free(p->episode[i].leg);
    }
    for (int i = 0; i < p->n_fit; i++) {
        struct past_fit *f = &p->fit[i];
        free(f->parameter);
        free(f->duration);
        free(f->x);
        free(f->fitted);
        free(f->assumed);
    }
    void *array[] = {p->entered,  p->step,  p->signal,  p->change, p->episode,
                     p->question, p->alarm, p->outcome, p->fit,    p->known};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++)
        free(array[i]);
    rs_steps_clear(&p->stages);
    rs_record_close(&p->r);
    memset(p, 0, sizeof *p);
}

const struct past_mark *rs_past_mark(const struct past_episode *e, const char *name)
{
    for (int i = 0; i < e->n_mark; i++) {
        const struct past_mark *m = &e->mark[i];
        if (strcmp(m->name, name) == 0 && !m->never && !isnan(m->at.best))
            return m;
    }
    return NULL;
}
