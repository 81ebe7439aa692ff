/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <math.h>

#include "sim/clock.h"
#include "timeline.h"
#include "verify/told.h"

/* 15 digits hold every nanosecond of three weeks in seconds, and print without the noise of the 17th. */
#define JSON_STYLE (JSON_INDENT(2) | JSON_REAL_PRECISION(15))

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *seconds(int64_t at_ns)
{
    return at_ns == RS_NEVER ? json_null() : json_real((double)at_ns / 1e9);
}

/* Replica numbers and seeds are 64-bit without a sign; JSON integers here have one. */
static json_t *whole(uint64_t n)
{
    return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

static json_t *trace_event(const struct scenario *sc, const struct trace_event *e)
{
    char at[40];
    rs_time_format(at, sizeof at, sc->starts_at_unix_ns + e->at_ns);
    return json_pack("{s:s, s:o, s:s, s:o}", "at", at, "at_s", seconds(e->at_ns), "kind",
                     rs_trace_kind_name(e->kind), "text", text_or_null(e->text));
}

static json_t *episode(const struct scenario *sc, const struct episode *e)
{
    const struct procedure *p = &sc->response.procedure[e->procedure];
    json_t *clock = json_object();
    for (int m = 0; m < RS_CLOCK_N; m++) {
        json_object_set_new(clock, rs_clock_name((enum clock_mark)m), seconds(e->at_ns[m]));
    }
    int64_t leg_ns = rs_episode_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:b, s:o, s:o, s:o}", "procedure",
                     p->name, "ref", text_or_null(p->ref), "stage",
                     text_or_null(e->stage >= 0 ? sc->response.stage[e->stage].name : NULL),
                     "fault", text_or_null(e->fault >= 0 ? sc->fault[e->fault].name : NULL),
                     "detected_by", rs_told_by_name(e->by), "detector", text_or_null(e->detector),
                     "gave_up", e->gave_up, "cut", e->cut, "clock_s", clock,
                     "detected_to_completed_s", leg_ns < 0 ? json_null() : seconds(leg_ns),
                     "limit_s", seconds(p->sla_ns));
}

/* A leg that never ended has no number: "never" says that it is no missing one. */
static json_t *claim_row(const struct scenario *sc, const struct claim *c, const struct history *h)
{
    struct claim_told told = rs_claim_tell(sc, c, h);
    return json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:s, s:s}", "name", c->name, "ref",
                     text_or_null(c->ref), "state", rs_told_state_name(told.state), "value",
                     real_or_null(told.value), "never", isinf(told.value) != 0, "limit",
                     real_or_null(told.limit), "wanted", told.at_most ? "at-most" : "at-least",
                     "unit", told.unit);
}

static json_t *totals(const struct history *h)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "requests", whole(h->n_request),
                     "failed", whole(h->n_error), "slow", whole(h->n_slow), "users_hurt",
                     whole(h->users_hurt), "users_hurt_since_onset",
                     h->fault_started ? whole(h->users_hurt_since_onset) : json_null(),
                     "budget_burned", real_or_null(h->budget_burned), "messages_sent",
                     (int)h->n_page, "alerts_fired", (int)h->n_alert_fired);
}

static json_t *
header(const struct scenario *sc, const struct history *h, const struct told_run *run)
{
    char again[RS_AGAIN_SIZE], starts[40];
    rs_told_run_command(again, sizeof again, run);
    rs_time_format(starts, sizeof starts, sc->starts_at_unix_ns);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "scenario", sc->name, "file",
                     run->file, "sha256", sc->sha256, "starts_at", starts, "seed", whole(run->seed),
                     "replica", whole(h->replica), "world", whole(h->world), "again", again);
}

void rs_timeline_print_json(const struct scenario *sc,
                            const struct history *h,
                            const struct told_run *run,
                            FILE *to)
{
    json_t *root = header(sc, h, run);
    json_object_set_new(root, "fault",
                        text_or_null(h->fault >= 0 ? sc->fault[h->fault].name : NULL));
    json_object_set_new(root, "onset_s", seconds(h->onset_ns));
    json_object_set_new(root, "outcome", json_string(rs_outcome_name(h->outcome)));
    bool has_stage = h->stage_reached >= 0 && h->stage_reached < sc->response.n_stage;
    json_object_set_new(root, "stage_reached",
                        text_or_null(has_stage ? sc->response.stage[h->stage_reached].name : NULL));
    json_object_set_new(root, "settled_s", seconds(h->ended_ns));
    json_object_set_new(root, "false_rollback", json_boolean(h->false_rollback));
    json_object_set_new(root, "totals", totals(h));
    json_t *episodes = json_array();
    for (int i = 0; i < h->n_episode; i++) {
        json_array_append_new(episodes, episode(sc, &h->episode[i]));
    }
    json_object_set_new(root, "episodes", episodes);
    json_t *claims = json_array();
    for (int i = 0; i < sc->n_claim; i++) {
        json_array_append_new(claims, claim_row(sc, &sc->claim[i], h));
    }
    json_object_set_new(root, "claims", claims);
    json_t *trace = json_array();
    for (int i = 0; i < h->n_trace; i++) {
        json_array_append_new(trace, trace_event(sc, &h->trace[i]));
    }
    json_object_set_new(root, "trace", trace);
    json_dumpf(root, to, JSON_STYLE);
    fputc('\n', to);
    json_decref(root);
}
