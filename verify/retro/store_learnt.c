/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was learnt, in the record, with the curves that pictures are drawn of. */
#include <math.h>

#include "models/dist.h"
#include "store.h"

#define N_CURVE 200 /* points */

/* ---- curves ------------------------------------------------------------------------------------------------------------ */

/* From the half-percent point of the law that lies lower to the 99.5th of the one that lies higher. Laws of one value have none. */
static bool ends_of_curve(double *from, double *until, const struct retro_fit *f)
{
    *from = rs_dist_quantile(f->law, 0.005);
    *until = rs_dist_quantile(f->law, 0.995);
    if (f->assumed_law) {
        *from = fmin(*from, rs_dist_quantile(f->assumed_law, 0.005));
        *until = fmax(*until, rs_dist_quantile(f->assumed_law, 0.995));
    }
    return *until > *from && isfinite(*until);
}

/* Steps of like ratio where all of it is above zero, else of like size. */
static int put_curve(struct database *db, int i, const struct retro_fit *f, struct err *err)
{
    double from, until;
    int rc = 0;
    if (!f->law || !ends_of_curve(&from, &until, f))
        return 0;
    for (int k = 0; rc == 0 && k < N_CURVE; k++) {
        double part = (double)k / (N_CURVE - 1);
        double x = from > 0.0 ? from * pow(until / from, part) : from + part * (until - from);
        rc = RS_INSERT(db, T_FIT_CURVE, err, int_value(i), real_value(x),
                       real_value(rs_dist_cdf(f->law, x)),
                       real_value(f->assumed_law ? rs_dist_cdf(f->assumed_law, x) : (double)NAN));
    }
    return rc;
}

/* ---- fits -------------------------------------------------------------------------------------------------------------- */

static struct value finite_value(double x)
{
    return real_value(isinf(x) ? (double)NAN : x);
}

static int put_parameters(struct database *db, int i, const struct retro_fit *f, struct err *err)
{
    int rc = 0;
    for (int k = 0; rc == 0 && k < f->n_parameter; k++) {
        const struct retro_parameter *p = &f->parameter[k];
        rc = RS_INSERT(db, T_FIT_PARAMETER, err, int_value(i), int_value(k), text_value(p->name),
                       text_value(p->unit), real_value(p->assumed), real_value(p->value),
                       finite_value(p->low), finite_value(p->high));
    }
    for (int k = 0; rc == 0 && k < f->n_duration; k++) {
        const struct retro_duration *d = &f->duration[k];
        rc = RS_INSERT(db, T_FIT_DURATION, err, int_value(i), int_value(k), real_value(d->lo_s),
                       real_value(isinf(d->best_s) ? d->lo_s : d->best_s), finite_value(d->hi_s),
                       text_value(d->whence));
    }
    return rc;
}

static int put_fit(struct database *db, int i, const struct retro_fit *f, struct err *err)
{
    bool tested = f->test != NULL;
    int rc = RS_INSERT(db, T_FIT, err, int_value(i), text_value(rs_retro_fit_kind_name(f->kind)),
                       text_value(f->name), text_value(f->path), text_value(f->text),
                       text_value(f->method), text_value(f->source), text_value(f->refused),
                       int_value(f->placeholder), count_value(f->n), text_value(f->test),
                       real_value(tested ? f->statistic : (double)NAN),
                       real_value(tested ? f->p_value : (double)NAN), int_value(f->fits));
    rc = rc ? rc : put_parameters(db, i, f, err);
    return rc ? rc : put_curve(db, i, f, err);
}

static int
put_predicted(struct database *db, int i, const struct retro_predicted *p, struct err *err)
{
    return RS_INSERT(db, T_PREDICTED, err, int_value(i), text_value(p->name), text_value(p->unit),
                     id_value(p->episode), real_value(p->seen), real_value(p->low),
                     real_value(p->median), real_value(p->high), real_value(p->p_value),
                     count_value(p->n));
}

int rs_retro_put_learnt(struct database *db, const struct retro *r, struct err *err)
{
    const struct retro_learnt *l = r->learnt;
    int rc = 0;
    for (int i = 0; rc == 0 && l && i < l->n_fit; i++)
        rc = put_fit(db, i, &l->fit[i], err);
    for (int i = 0; rc == 0 && l && i < l->n_predicted; i++)
        rc = put_predicted(db, i, &l->predicted[i], err);
    return rc;
}
