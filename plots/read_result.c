/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chosen replicas, rollbacks, durations, outcomes and the timing card. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"

int rs_record_kept(struct record *r, struct kept *out, int fault, const char *why, struct err *err)
{
    int status = 0;
    *out = (struct kept){.replica = -1, .onset_s = NAN, .ended_s = NAN, .sim_s = NAN};
    struct query *q = rs_query_new(
        r, err,
        "SELECT c.replica, c.why, r.onset_s, r.ended_s, r.sim_s, r.outcome FROM chosen c "
        "JOIN replica r USING (replica) WHERE coalesce(c.fault, -1) = ? "
        "ORDER BY r.onset_s IS NULL, NOT EXISTS (SELECT 1 FROM episode e WHERE e.replica = "
        "c.replica AND e.fault = c.fault), c.why <> ?, c.why <> 'first', c.replica LIMIT 1",
        "is", (int64_t)fault, why);
    if (rs_query_next(r, q, &status, err)) {
        out->replica = rs_query_int(q, 0);
        rs_query_text(out->why, sizeof out->why, q, 1);
        rs_query_text(out->outcome, sizeof out->outcome, q, 5);
        out->onset_s = rs_query_real(q, 2);
        out->ended_s = rs_query_real(q, 3);
        out->sim_s = rs_query_real(q, 4);
    }
    rs_query_free(q);
    return status;
}

int rs_record_rollback(
    struct record *r, struct rollback *out, int64_t replica, int fault, struct err *err)
{
    char sql[640];
    int n = snprintf(sql, sizeof sql, "SELECT p.name, e.detector");
    for (int m = 0; m < RS_CLOCK_N; m++)
        n += snprintf(sql + n, sizeof sql - (size_t)n, ", e.%s", rs_clock_name((enum clock_mark)m));
    snprintf(sql + n, sizeof sql - (size_t)n,
             " FROM episode e LEFT JOIN procedure p USING (procedure) WHERE e.replica = ? "
             "AND e.fault = ? ORDER BY e.episode LIMIT 1");
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q = rs_query_new(r, err, sql, "ii", replica, (int64_t)fault);
    out->found = rs_query_next(r, q, &status, err);
    for (int m = 0; m < RS_CLOCK_N; m++)
        out->at_s[m] = out->found ? rs_query_real(q, m + 2) : NAN;
    if (out->found) {
        rs_query_text(out->procedure, sizeof out->procedure, q, 0);
        rs_query_text(out->detector, sizeof out->detector, q, 1);
    }
    rs_query_free(q);
    return status;
}

static int read_sla(struct record *r, double *out, int fault, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(r, err,
                     "SELECT p.sla_s FROM episode e JOIN procedure p USING (procedure) WHERE "
                     "e.fault = ? GROUP BY procedure ORDER BY count(*) DESC, procedure LIMIT 1",
                     "i", (int64_t)fault);
    *out = rs_query_next(r, q, &status, err) ? rs_query_real(q, 0) : NAN;
    rs_query_free(q);
    return status;
}

int rs_record_durations(struct record *r, struct durations *out, int fault, struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q =
        rs_query_new(r, err,
                     "SELECT e.completed - e.detected AS s, e.cut FROM episode e JOIN (SELECT "
                     "replica, min(episode) AS episode FROM episode WHERE fault = ? GROUP BY "
                     "replica) f ON f.replica = e.replica AND f.episode = e.episode "
                     "WHERE e.detected IS NOT NULL ORDER BY s IS NULL, s",
                     "i", (int64_t)fault);
    while (rs_query_next(r, q, &status, err)) {
        double s = rs_query_real(q, 0);
        out->n++;
        if (isnan(s))
            out->n_cut += (int)rs_query_int(q, 1) != 0;
        else
            rs_push(&out->s, out->n_done++, s);
    }
    rs_query_free(q);
    return status ? status : read_sla(r, &out->sla_s, fault, err);
}

void rs_durations_clear(struct durations *d)
{
    free(d->s);
    memset(d, 0, sizeof *d);
}

int rs_record_outcomes(struct record *r, struct outcomes *out, int fault, struct err *err)
{
    int status = 0;
    memset(out, 0, sizeof *out);
    struct query *q =
        rs_query_new(r, err,
                     "SELECT outcome, fault IS NULL OR fault_started, count(*) FROM replica "
                     "WHERE coalesce(fault, -1) = ? GROUP BY 1, 2",
                     "i", (int64_t)fault);
    while (rs_query_next(r, q, &status, err)) {
        char name[32];
        rs_query_text(name, sizeof name, q, 0);
        int64_t n = rs_query_int(q, 2);
        if (!(int)rs_query_int(q, 1)) {
            out->n_not_started += n;
            continue;
        }
        out->n += n;
        for (int o = 0; o < RS_OUTCOME_N; o++) {
            if (strcmp(name, rs_outcome_name((enum outcome)o)) == 0)
                out->count[o] += n;
        }
    }
    rs_query_free(q);
    return status;
}

bool rs_never_began(char *buf, size_t n, const struct outcomes *o)
{
    if (o->n > 0 || o->n_not_started == 0)
        return false;
    snprintf(buf, n, "the fault never began in %lld replica%s", (long long)o->n_not_started,
             o->n_not_started == 1 ? "" : "s");
    return true;
}

static int
read_legs(struct record *r, struct timing *out, int fault, int64_t procedure, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(r, err,
                     "SELECT from_mark, to_mark, n, n_open, p50_s, p95_s, max_s FROM card "
                     "WHERE fault = ? AND procedure = ? ORDER BY leg",
                     "ii", (int64_t)fault, procedure);
    while (rs_query_next(r, q, &status, err)) {
        out->row = rs_grown(out->row, out->n, sizeof *out->row);
        struct card_row *leg = &out->row[out->n++];
        rs_query_text(leg->from, sizeof leg->from, q, 0);
        rs_query_text(leg->to, sizeof leg->to, q, 1);
        leg->n = rs_query_int(q, 2);
        leg->n_open = rs_query_int(q, 3);
        leg->p50_s = rs_query_real(q, 4);
        leg->p95_s = rs_query_real(q, 5);
        leg->max_s = rs_query_real(q, 6);
    }
    rs_query_free(q);
    return status;
}

int rs_record_timing(struct record *r, struct timing *out, int fault, struct err *err)
{
    int status = 0;
    int64_t procedure = -1;
    memset(out, 0, sizeof *out);
    struct query *q = rs_query_new(
        r, err,
        "SELECT s.procedure, p.name, n_present, n_episode, n_missed, n_within, s.sla_s, "
        "within_low, within_high FROM card_summary s LEFT JOIN procedure p USING (procedure) "
        "WHERE fault = ? AND n_episode > 0 ORDER BY n_episode DESC, s.procedure",
        "i", (int64_t)fault);
    for (int row = 0; rs_query_next(r, q, &status, err); row++) {
        if (row > 0) {
            out->n_other_procedure++;
            continue;
        }
        procedure = rs_query_int(q, 0);
        rs_query_text(out->procedure, sizeof out->procedure, q, 1);
        out->n_present = rs_query_int(q, 2);
        out->n_episode = rs_query_int(q, 3);
        out->n_missed = rs_query_int(q, 4);
        out->n_within = rs_query_int(q, 5);
        out->sla_s = rs_query_real(q, 6);
        out->within_low = rs_query_real(q, 7);
        out->within_high = rs_query_real(q, 8);
    }
    rs_query_free(q);
    return status ? status : read_legs(r, out, fault, procedure, err);
}

void rs_timing_clear(struct timing *t)
{
    free(t->row);
    memset(t, 0, sizeof *t);
}
