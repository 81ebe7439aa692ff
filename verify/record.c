/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <stdlib.h>

#include "database.h"
#include "record_parts.h"
#include "sim/arena.h"
#include "words.h"

struct record {
    const struct scenario *scenario;
    struct database *db;
};

struct record *rs_record_open(const char *path,
                              bool overwrite,
                              const struct scenario *sc,
                              const struct run_engine *engine,
                              struct err *err)
{
    struct database *db = rs_database_create(path, overwrite, err);
    if (!db)
        return NULL;
    struct findings *findings = engine->check(sc);
    int rc = rs_record_scenario(db, sc, engine, err);
    if (rc == 0)
        rc = rs_record_findings(db, findings, err);
    rs_findings_free(findings);
    if (rc != 0) {
        rs_database_abandon(db);
        return NULL;
    }
    struct record *r = rs_xcalloc(1, sizeof *r);
    r->scenario = sc;
    r->db = db;
    return r;
}

int rs_record_finish(struct record *r, struct err *err)
{
    int rc = rs_database_finish(r->db, err);
    free(r);
    return rc;
}

void rs_record_abandon(struct record *r)
{
    if (!r)
        return;
    rs_database_abandon(r->db);
    free(r);
}

struct database *rs_record_database(struct record *r)
{
    return r->db;
}

const struct scenario *rs_record_of(const struct record *r)
{
    return r->scenario;
}

/* ---- every replica --------------------------------------------------------------------------------------------------- */

static int put_episode(struct record *r, const struct history *h, int number, struct err *err)
{
    const struct episode *e = &h->episode[number];
    const int64_t *at = e->at_ns;
    return RS_INSERT(r->db, RS_TABLE_EPISODE, err, count_value(h->replica), int_value(number),
                     int_value(e->procedure), id_value(e->stage), id_value(e->fault),
                     text_value(rs_detected_by_name(e->by)), text_value(e->detector),
                     time_value(at[RS_CLOCK_ONSET]), time_value(at[RS_CLOCK_FIRST_BAD]),
                     time_value(at[RS_CLOCK_PENDING]), time_value(at[RS_CLOCK_DETECTED]),
                     time_value(at[RS_CLOCK_NOTIFIED]), time_value(at[RS_CLOCK_ACKNOWLEDGED]),
                     time_value(at[RS_CLOCK_DECIDED]), time_value(at[RS_CLOCK_COMMANDED]),
                     time_value(at[RS_CLOCK_EFFECTIVE_P50]), time_value(at[RS_CLOCK_EFFECTIVE_P95]),
                     time_value(at[RS_CLOCK_EFFECTIVE]), time_value(at[RS_CLOCK_COMPLETED]),
                     time_value(at[RS_CLOCK_RECOVERED]), time_value(at[RS_CLOCK_RESOLVED]),
                     int_value(e->gave_up), int_value(e->cut));
}

int rs_record_replica(struct record *r, const struct history *h, struct err *err)
{
    int rc =
        RS_INSERT(r->db, RS_TABLE_REPLICA, err, count_value(h->replica), count_value(h->world),
                  id_value(h->fault), int_value(h->fault_started), time_value(h->onset_ns),
                  text_value(rs_outcome_name(h->outcome)), id_value(h->stage_reached),
                  time_value(h->ended_ns), time_value(h->sim_ns), int_value(h->n_episode),
                  int_value(h->false_rollback), count_value(h->n_request), count_value(h->n_error),
                  count_value(h->n_slow), count_value(h->users_hurt), real_value(h->budget_burned),
                  int_value(h->n_page), int_value(h->n_alert_fired),
                  h->fault_started ? count_value(h->users_hurt_since_onset) : null_value());
    for (int i = 0; rc == 0 && i < h->n_episode; i++)
        rc = put_episode(r, h, i, err);
    return rc;
}

/* ---- chosen replicas ------------------------------------------------------------------------------------------------- */

int rs_record_chosen(struct record *r, const struct pick *p, struct err *err)
{
    return RS_INSERT(r->db, RS_TABLE_CHOSEN, err, count_value(p->replica), id_value(p->fault),
                     text_value(p->why));
}

static const char *trace_kind_name(enum trace_kind k)
{
    switch (k) {
    case RS_TRACE_STAGE: return "stage";
    case RS_TRACE_ACTION: return "action";
    case RS_TRACE_FLAG_SET: return "flag_set";
    case RS_TRACE_FLAG_AT: return "flag_at";
    case RS_TRACE_FAULT: return "fault";
    case RS_TRACE_ALERT: return "alert";
    case RS_TRACE_NOTICE: return "notice";
    case RS_TRACE_PERSON: return "person";
    case RS_TRACE_GATE: return "gate";
    case RS_TRACE_CLOCK: return "clock";
    case RS_TRACE_SIDE: return "side";
    case RS_TRACE_OUTCOME: return "outcome";
    case RS_TRACE_KIND_N: break;
    }
    return "";
}

static int put_trajectory(struct record *r,
                          uint64_t replica,
                          const char *grid,
                          const struct trajectory *t,
                          struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < t->n; i++) {
        rc = RS_INSERT(r->db, RS_TABLE_TRAJECTORY, err, count_value(replica), text_value(grid),
                       int_value(t->service), int_value(i), time_value(t->t0_ns + i * t->step_ns),
                       time_value(t->step_ns), int_value(t->n_request[i]), int_value(t->n_error[i]),
                       real_value((double)t->latency_s_p50[i]),
                       real_value((double)t->latency_s_p95[i]),
                       real_value((double)t->latency_s_p99[i]));
    }
    return rc;
}

static int put_trace(struct record *r, const struct history *h, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < h->n_trace; i++) {
        const struct trace_event *e = &h->trace[i];
        rc = RS_INSERT(r->db, RS_TABLE_TRACE, err, count_value(h->replica), int_value(i),
                       time_value(e->at_ns), text_value(trace_kind_name(e->kind)), int_value(e->a),
                       int_value(e->b), real_value(e->x), text_value(e->text));
    }
    return rc;
}

int rs_record_history(struct record *r, const struct history *h, struct err *err)
{
    int rc = put_trace(r, h, err);
    for (int i = 0; rc == 0 && i < h->n_trajectory; i++)
        rc = put_trajectory(r, h->replica, "whole", &h->trajectory[i], err);
    if (rc == 0 && h->has_close)
        rc = put_trajectory(r, h->replica, "close", &h->close, err);
    return rc;
}
