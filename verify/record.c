/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "record_parts.h"
#include "run_file.h"
#include "sim/arena.h"
#include "words.h"

/* So many histories tell how much room one takes. */
#define ROOM_REPLICAS 100

struct record {
    const struct scenario *scenario;
    struct journal *journal;
    struct database *db; /* the draft; NULL of a shard */
    char *path;          /* owned: of the record */
    uint64_t n_empty;    /* bytes of journal and draft before the first history */
    uint64_t n_past;     /* histories that the journal had when it was opened */
    bool merge;          /* the shards have the histories: the journal is there for its lock */
};

static int draft(struct record *r,
                 const struct record_options *opt,
                 const struct run_engine *engine,
                 struct err *err)
{
    r->db = rs_database_create(&rs_run_schema, opt->path, rs_journal_overwrites(r->journal), err);
    if (!r->db)
        return -1;
    struct findings *findings = engine->check(r->scenario);
    int rc = rs_record_scenario(r->db, r->scenario, engine, err);
    if (rc == 0)
        rc = rs_record_findings(r->db, findings, err);
    rs_findings_free(findings);
    return rc;
}

static uint64_t draft_bytes(const struct record *r)
{
    return r->db ? rs_database_bytes(r->db) : 0;
}

static void free_record(struct record *r)
{
    free(r->path);
    free(r);
}

struct record *rs_record_open(const struct record_options *opt,
                              const struct scenario *sc,
                              const struct run_engine *engine,
                              struct err *err)
{
    struct journal *j = opt->resumed;
    if (j && rs_journal_matches(j, opt->key, sc, err) != 0) {
        rs_journal_close(j);
        return NULL;
    }
    if (j)
        rs_journal_set_commit(j, opt->commit_ns);
    else
        j = rs_journal_create(opt->path, opt->overwrite, opt->key, sc, opt->commit_ns, err);
    if (!j)
        return NULL;
    struct record *r = rs_xcalloc(1, sizeof *r);
    r->scenario = sc;
    r->journal = j;
    r->path = rs_xstrdup(opt->path);
    r->n_past = rs_journal_count(j);
    r->merge = opt->key->merge;
    if (opt->key->n_shard > 1 || draft(r, opt, engine, err) == 0) {
        r->n_empty = (r->n_past > 0 ? 0 : rs_journal_bytes(j)) + draft_bytes(r);
        return r;
    }
    (void)rs_record_pause(r, NULL);
    return NULL;
}

int rs_record_read(struct record *r, uint64_t replica, struct history *out, struct err *err)
{
    return rs_journal_read(r->journal, r->scenario, replica, out, err);
}

void rs_record_tick(struct record *r)
{
    if (r)
        (void)rs_journal_tick(r->journal, NULL);
}

int rs_record_keep(struct record *r, struct err *err)
{
    return rs_journal_commit(r->journal, err);
}

static int finish(struct journal *j, struct database *db, struct err *err)
{
    if (!db)
        return rs_journal_finish(j, err);
    if (rs_database_finish(db, err) != 0) {
        (void)rs_journal_pause(j, NULL);
        return -1;
    }
    rs_journal_remove(j);
    return 0;
}

/* Somebody else's file has the record's name by now: what to do. */
static void tell_taken(const char *path, const char *again, struct err *err)
{
    if (!err || err->code != RS_E_USAGE || !rs_run_file_is_there(path))
        return;
    size_t at = strlen(err->text), room = sizeof err->text - at;
    if (again)
        snprintf(err->text + at, room, "; move it away and %s again", again);
    else
        snprintf(
            err->text + at, room,
            "; %s.part is kept: move the file away, and rollsim verify --resume %s finishes it",
            path, path);
}

int rs_record_finish(struct record *r, struct err *err)
{
    char *path = rs_xstrdup(r->path);
    const char *again = r->merge ? "merge" : rs_journal_count(r->journal) == 0 ? "begin" : NULL;
    struct journal *j = r->journal;
    struct database *db = r->db;
    free_record(r);
    int rc = finish(j, db, err);
    if (rc != 0)
        tell_taken(path, again, err);
    free(path);
    return rc;
}

/*
 * A full disk: how much more room all replicas would take, by what those up to now took; of a few nothing can be said. The
 * draft's room is free again then. An estimate from above: the run may have enough before.
 */
static int tell_room(const struct record *r, struct err *err)
{
    uint64_t n = rs_journal_count(r->journal);
    if (!err || n < ROOM_REPLICAS ||
        !(rs_journal_is_full(r->journal) || (r->db && rs_database_is_full(r->db))))
        return -1;
    double now = (double)rs_journal_bytes(r->journal), draft = (double)draft_bytes(r),
           empty = (double)r->n_empty;
    double all =
        empty + fmax(now + draft - empty, 0.0) * (double)rs_journal_wanted(r->journal) / (double)n;
    size_t at = strlen(err->text);
    snprintf(err->text + at, sizeof err->text - at,
             "; %.0f MB must be free for the %" PRIu64 " replicas that are wanted",
             fmax(ceil((all - now) / 1e6), 1.0), rs_journal_wanted(r->journal));
    return -1;
}

/* The draft goes first: it takes room that the last commit may need. */
int rs_record_pause(struct record *r, struct err *err)
{
    rs_database_abandon(r->db);
    int rc = rs_journal_pause(r->journal, err);
    free_record(r);
    return rc;
}

void rs_record_abandon(struct record *r)
{
    if (!r)
        return;
    rs_database_abandon(r->db);
    rs_journal_remove(r->journal);
    free_record(r);
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

static int put_replica(struct record *r, const struct history *h, struct err *err)
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

/* The journal comes first: the draft is a copy that can be made again. What the shards have is not kept twice. */
int rs_record_replica(struct record *r, const struct history *h, struct err *err)
{
    if (r->n_past > 0)
        r->n_past--;
    else if (!r->merge && rs_journal_append(r->journal, h, err) != 0)
        return tell_room(r, err);
    return r->db && put_replica(r, h, err) != 0 ? tell_room(r, err) : 0;
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
