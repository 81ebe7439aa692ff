/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bands, trajectories, flags and stages over time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"

int rs_record_band(struct record *r,
                   struct band *out,
                   int fault,
                   int service,
                   const char *grid,
                   const char *metric,
                   struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q =
        rs_query_new(r, err,
                     "SELECT t_s, q05, q25, q50, q75, q95, n FROM band WHERE fault = ? AND "
                     "service = ? AND grid = ? AND metric = ? ORDER BY i",
                     "iiss", (int64_t)fault, (int64_t)service, grid, metric);
    while (rs_query_next(r, q, &status, err)) {
        rs_push(&out->t_s, out->n, rs_query_real(q, 0));
        for (int k = 0; k < RS_BAND_N; k++)
            rs_push(&out->q[k], out->n, rs_query_real(q, k + 1));
        int64_t n = rs_query_int(q, 6);
        out->n_replica_max = n > out->n_replica_max ? n : out->n_replica_max;
        out->n++;
    }
    rs_query_free(q);
    return status;
}

void rs_band_clear(struct band *b)
{
    free(b->t_s);
    for (int k = 0; k < RS_BAND_N; k++)
        free(b->q[k]);
    memset(b, 0, sizeof *b);
}

int rs_record_track(struct record *r,
                    struct track *out,
                    int64_t replica,
                    int service,
                    const char *grid,
                    struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q = rs_query_new(
        r, err,
        "SELECT t_s, 1.0 * n_error / nullif(n_request, 0), latency_p50_s, latency_p95_s, "
        "latency_p99_s, step_s FROM trajectory WHERE replica = ? AND service = ? AND grid = ? "
        "ORDER BY i",
        "iis", replica, (int64_t)service, grid);
    while (rs_query_next(r, q, &status, err)) {
        rs_push(&out->t_s, out->n, rs_query_real(q, 0));
        for (int k = 0; k < RS_TRACK_N; k++)
            rs_push(&out->v[k], out->n, rs_query_real(q, k + 1));
        out->step_s = rs_query_real(q, 5);
        out->n++;
    }
    rs_query_free(q);
    return status;
}

void rs_track_clear(struct track *t)
{
    free(t->t_s);
    for (int k = 0; k < RS_TRACK_N; k++)
        free(t->v[k]);
    memset(t, 0, sizeof *t);
}

static void push_step(struct steps *s, double t_s, double x)
{
    rs_push(&s->t_s, s->n, t_s);
    rs_push(&s->x, s->n, x);
    s->n++;
}

int rs_record_exposure(
    struct record *r, struct steps *out, int64_t replica, const struct named *flag, struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    push_step(out, 0, flag->initially_on ? 1 : 0);
    struct query *q =
        rs_query_new(r, err,
                     "SELECT at_s, x FROM trace WHERE replica = ? AND kind = 'flag_at' AND "
                     "a = ? ORDER BY seq",
                     "ii", replica, (int64_t)flag->id);
    while (rs_query_next(r, q, &status, err))
        push_step(out, rs_query_real(q, 0), fmin(1, fmax(0, rs_query_real(q, 1))));
    rs_query_free(q);
    return status;
}

int rs_record_stages(struct record *r, struct steps *out, int64_t replica, struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q = rs_query_new(
        r, err, "SELECT at_s, a FROM trace WHERE replica = ? AND kind = 'stage' ORDER BY seq", "i",
        replica);
    while (rs_query_next(r, q, &status, err))
        push_step(out, rs_query_real(q, 0), rs_query_real(q, 1));
    rs_query_free(q);
    return status;
}

void rs_steps_clear(struct steps *s)
{
    free(s->t_s);
    free(s->x);
    memset(s, 0, sizeof *s);
}
