/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was learnt, for machines. */
#include "json_parts.h"

#include <math.h>

static json_t *parameter_rows(const struct retro_fit *f)
{
    json_t *rows = json_array();
    for (int i = 0; i < f->n_parameter; i++) {
        const struct retro_parameter *p = &f->parameter[i];
        json_t *row = json_object();
        rs_json_set(row, "name", rs_json_text(p->name));
        rs_json_set(row, "unit", rs_json_text(p->unit));
        rs_json_set(row, "assumed", rs_json_real(p->assumed));
        rs_json_set(row, "value", rs_json_real(p->value));
        rs_json_set(row, "low", rs_json_real(p->low));
        rs_json_set(row, "high", rs_json_real(p->high));
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *duration_rows(const struct retro_fit *f)
{
    json_t *rows = json_array();
    for (int i = 0; i < f->n_duration; i++) {
        const struct retro_duration *d = &f->duration[i];
        json_t *row = json_object();
        rs_json_set(row, "low", rs_json_real(d->lo_s));
        rs_json_set(row, "best", rs_json_real(d->best_s));
        rs_json_set(row, "high", rs_json_real(d->hi_s));
        rs_json_set(row, "whence", rs_json_text(d->whence));
        rs_json_add(rows, row);
    }
    return rows;
}

static json_t *fit_row(const struct retro_fit *f)
{
    bool tested = f->test != NULL;
    json_t *row = json_object();
    rs_json_set(row, "kind", rs_json_text(rs_retro_fit_kind_name(f->kind)));
    rs_json_set(row, "name", rs_json_text(f->name));
    rs_json_set(row, "path", rs_json_text(f->path));
    rs_json_set(row, "text", rs_json_text(f->text));
    rs_json_set(row, "method", rs_json_text(f->method));
    rs_json_set(row, "source", rs_json_text(f->source));
    rs_json_set(row, "refused", rs_json_text(f->refused));
    rs_json_set(row, "placeholder", json_boolean(f->placeholder));
    rs_json_set(row, "n", rs_json_count(f->n));
    rs_json_set(row, "parameter", parameter_rows(f));
    rs_json_set(row, "test", rs_json_text(f->test));
    rs_json_set(row, "statistic", rs_json_real(tested ? f->statistic : (double)NAN));
    rs_json_set(row, "p_value", rs_json_real(tested ? f->p_value : (double)NAN));
    rs_json_set(row, "fits", json_boolean(f->fits));
    rs_json_set(row, "duration", duration_rows(f));
    return row;
}

static json_t *predicted_row(const struct retro_predicted *p)
{
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(p->name));
    rs_json_set(row, "unit", rs_json_text(p->unit));
    rs_json_set(row, "episode", rs_retro_json_index(p->episode));
    rs_json_set(row, "seen", rs_json_real(p->seen));
    rs_json_set(row, "low", rs_json_real(p->low));
    rs_json_set(row, "median", rs_json_real(p->median));
    rs_json_set(row, "high", rs_json_real(p->high));
    rs_json_set(row, "p_value", rs_json_real(p->p_value));
    rs_json_set(row, "n", rs_json_count(p->n));
    return row;
}

json_t *rs_retro_json_learnt(const struct retro *r)
{
    const struct retro_learnt *l = r->learnt;
    if (!l)
        return json_null();
    json_t *o = json_object(), *fits = json_array(), *predicted = json_array();
    for (int i = 0; i < l->n_fit; i++)
        rs_json_add(fits, fit_row(&l->fit[i]));
    for (int i = 0; i < l->n_predicted; i++)
        rs_json_add(predicted, predicted_row(&l->predicted[i]));
    rs_json_set(o, "fit", fits);
    rs_json_set(o, "predicted", predicted);
    rs_json_set(o, "predict_refused", rs_json_text(l->predict_refused));
    rs_json_set(o, "fault", rs_json_text(l->fault));
    rs_json_set(o, "diff", rs_json_text(l->diff));
    return o;
}
