/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_parts.h"

#include <math.h>

#include "sim/clock.h"

#define MADE_DAY INT64_C(1759276800) /* 2025-10-01T00:00:00Z */

int64_t made_at(int hour, int minute, double second)
{
    return (MADE_DAY + hour * 3600 + minute * 60) * RS_NS_PER_S + rs_ns_from_s(second);
}

/* ---- the scenario ------------------------------------------------------------------------------------------------------ */

static void make_scenario(struct scenario *sc)
{
    static const struct service service[] = {{.name = "portal"}, {.name = "settlement"}};
    static const struct flag flag[] = {{.name = "PRISMA_READS"}, {.name = "LEGACY_FALLBACK"}};
    static const struct stage stage[] = {
        {.name = "stage-1", .title = "Reads", .ref = "§3 Stage 1"},
        {.name = "stage-2", .title = "Orchestrator", .ref = "§3 Stage 2"},
        {.name = "stage-3", .title = NULL, .ref = NULL},
    };
    static const struct procedure procedure[] = {
        {.name = "portal-outage", .title = "Portal outage", .ref = "§4 row 3"},
        {.name = "settlement-inconsistency", .title = "Settlement", .ref = "§4 row 2"},
    };
    *sc = (struct scenario){
        .file = "prisma.yaml",
        .sha256 = "5ce0a1105ce0a1105ce0a1105ce0a1105ce0a1105ce0a1105ce0a1105ce0a110",
        .name = "prisma",
        .title = "Prisma persistence rollout",
        .document = "Runbook, 2025-09-26",
        .n_service = N_OF(service),
        .service = service,
        .n_flag = N_OF(flag),
        .flag = flag,
        .response = {.n_stage = N_OF(stage),
                     .stage = stage,
                     .n_procedure = N_OF(procedure),
                     .procedure = procedure},
    };
}

/* ---- the evidence ------------------------------------------------------------------------------------------------------ */

static void make_sources(struct made_retro *m, struct arena *arena)
{
    const struct retro_source source[] = {
        {.name = "prometheus",
         .file = "metrics.om.gz",
         .format = "openmetrics",
         .sha256 = "aa11",
         .kind = RS_SOURCE_METRICS,
         .service = -1,
         .accuracy_ns = RS_NS_PER_S,
         .n_line = 120034,
         .n_taken = 120000,
         .n_rejected = 4,
         .n_duplicate = 20,
         .n_out_of_order = 10,
         .first_ns = made_at(9, 0, 0),
         .last_ns = made_at(12, 0, 0)},
        {.name = "notes",
         .file = "timeline.yaml",
         .format = "yaml",
         .sha256 = "bb22",
         .kind = RS_SOURCE_TIMELINE,
         .service = -1,
         .accuracy_ns = 30 * RS_NS_PER_S,
         .n_line = 41,
         .n_taken = 9,
         .first_ns = made_at(9, 0, 30),
         .last_ns = made_at(11, 55, 0)},
        {.name = "pager",
         .file = "pagerduty.json",
         .format = "pagerduty",
         .kind = RS_SOURCE_NOTIFICATIONS,
         .service = -1,
         .offset_given = true,
         .offset_ns = -2 * RS_NS_PER_S,
         .n_line = 6,
         .n_taken = 6,
         .first_ns = made_at(10, 12, 40),
         .last_ns = made_at(10, 30, 0)},
        {.name = "access.log",
         .file = "access.log",
         .format = NULL,
         .kind = RS_SOURCE_LOG,
         .service = 0,
         .first_ns = RS_NEVER,
         .last_ns = RS_NEVER},
    };
    const struct retro_offset offset[] = {
        {RS_CLOCK_IS_REFERENCE, 0, 0, 0, 0, 0, "all times are told on this clock"},
        {RS_CLOCK_ESTIMATED, 1900 * RS_NS_PER_MS, 2100 * RS_NS_PER_MS, 2400 * RS_NS_PER_MS, 5, 4,
         "4 of 5 pairs agree"},
        {RS_CLOCK_GIVEN, -2 * RS_NS_PER_S, -2 * RS_NS_PER_S, -2 * RS_NS_PER_S, 0, 0, "given: -2s"},
        {RS_CLOCK_ASSUMED, 0, 0, 0, 0, 0, "no mark pairs it with another source"},
    };
    m->evidence.n_source = N_OF(source);
    m->evidence.source = KEEP(arena, source);
    m->retro.rebuilt.offset = KEEP(arena, offset);
}

static void make_marks(struct made_retro *m, struct arena *arena)
{
    const struct retro_mark mark[] = {
        {.event = RS_EVENT_STAGE_ENTERED,
         .source = 1,
         .written_lo_ns = made_at(9, 30, 0),
         .written_hi_ns = made_at(9, 31, 0),
         .actor = "on-call",
         .stage = 0,
         .flag = -1,
         .percent = NAN,
         .at = {"timeline.yaml", 4, 5}},
        {.event = RS_EVENT_FLAG_SET,
         .source = 1,
         .written_lo_ns = made_at(9, 31, 7),
         .written_hi_ns = made_at(9, 31, 8),
         .episode = "e1",
         .stage = -1,
         .flag = 0,
         .on = true,
         .percent = 25,
         .note = "a | bar and *stars*\nin two lines",
         .at = {"timeline.yaml", 5, 5}},
        {.event = RS_CLOCK_ACKNOWLEDGED,
         .source = 2,
         .written_lo_ns = made_at(10, 14, 2),
         .written_hi_ns = made_at(10, 14, 3),
         .subject = "PortalErrors",
         .stage = -1,
         .flag = -1,
         .percent = NAN},
    };
    const struct note note[] = {
        {{"metrics.om.gz", 7021, 1}, "the last line is cut short and was rejected"},
        {{"pagerduty.json", 0, 0}, "times have no zone: UTC, as the source says"},
    };
    const struct retro_known known[] = {
        {"drill", made_at(10, 10, 0), made_at(10, 16, 0), {"faults.csv", 2, 1}},
        {"never seen", made_at(11, 30, 0), made_at(11, 31, 0), {"faults.csv", 3, 1}},
        {NULL, made_at(11, 0, 0), RS_NEVER, {"faults.csv", 4, 1}},
    };
    m->evidence.n_mark = N_OF(mark);
    m->evidence.mark = KEEP(arena, mark);
    m->evidence.n_note = N_OF(note);
    m->evidence.note = KEEP(arena, note);
    m->evidence.n_known = N_OF(known);
    m->evidence.known = KEEP(arena, known);
}

/* ---- what was rebuilt -------------------------------------------------------------------------------------------------- */

static struct retro_instant
told(enum retro_how how, int64_t lo_ns, int64_t best_ns, int64_t hi_ns, const char *why)
{
    return (struct retro_instant){.how = how,
                                  .lo_ns = lo_ns,
                                  .best_ns = best_ns,
                                  .hi_ns = hi_ns,
                                  .confidence = how == RS_HOW_INFERRED ? 0.95 : 1,
                                  .source = how == RS_HOW_RECORDED ? 1 : -1,
                                  .mark = -1,
                                  .own_lo_ns = INT64_MIN,
                                  .own_hi_ns = RS_NEVER,
                                  .why = why};
}

const struct retro_instant made_unknown = {.how = RS_HOW_UNKNOWN,
                                           .lo_ns = INT64_MIN,
                                           .best_ns = 0,
                                           .hi_ns = RS_NEVER,
                                           .source = -1,
                                           .mark = -1,
                                           .why = "nothing bears on it"};

static void make_rollout(struct made_retro *m, struct arena *arena)
{
    const struct retro_instant stage[] = {
        told(RS_HOW_RECORDED, made_at(9, 29, 28), made_at(9, 30, 0), made_at(9, 31, 28),
             "timeline.yaml:4, as written to the minute"),
        told(RS_HOW_BOUNDED, made_at(9, 31, 28), made_at(9, 31, 28), RS_NEVER,
             "only that it came after stage-1"),
        made_unknown,
    };
    const struct retro_flag_step step[] = {
        {0, true, 25,
         told(RS_HOW_RECORDED, made_at(9, 30, 35), made_at(9, 31, 5), made_at(9, 31, 35),
              "timeline.yaml:5")},
        {0, false, NAN,
         told(RS_HOW_INFERRED, made_at(10, 17, 40), made_at(10, 17, 55), made_at(10, 18, 20),
              "change of portal errors")},
        {1, true, 100, made_unknown},
    };
    m->retro.rebuilt.stage = KEEP(arena, stage);
    m->retro.rebuilt.n_flag_step = N_OF(step);
    m->retro.rebuilt.flag_step = KEEP(arena, step);
    m->retro.rebuilt.finished = made_unknown;
}

static void make_signals(struct made_retro *m, struct arena *arena)
{
    enum { N_POINT = 24 };
    struct retro_point *ratio = RS_ARENA_ARRAY(arena, struct retro_point, N_POINT),
                       *value = RS_ARENA_ARRAY(arena, struct retro_point, N_POINT);
    for (int i = 0; i < N_POINT; i++) {
        int64_t lo_ns = made_at(10, 6 + i, 0), hi_ns = made_at(10, 7 + i, 0);
        bool bad = i >= 5 && i < 12;
        ratio[i] = (struct retro_point){lo_ns, hi_ns, 600, bad ? 75 : 1, 0};
        value[i] = (struct retro_point){lo_ns, hi_ns, 0, 0, bad ? 1.5 : 0.25};
    }
    ratio[23].n = ratio[23].k = 0; /* no traffic: nothing is told */
    const struct retro_signal signal[] = {
        {"portal errors", "ratio", RS_SIGNAL_RATIO, RS_UPWARDS, 0, 0, N_POINT, ratio},
        {"rollbacks", "1/s", RS_SIGNAL_COUNT, RS_UPWARDS, 1, 0, N_POINT, ratio},
        {"backlog", "s", RS_SIGNAL_VALUE, RS_EITHER_WAY, -1, 0, N_POINT, value},
        {"empty", "", RS_SIGNAL_VALUE, RS_DOWNWARDS, -1, 0, 0, NULL},
    };
    const struct retro_change change[] = {
        {true, 0, made_at(10, 10, 41), made_at(10, 11, 2), made_at(10, 11, 30), 0.0017, 0.125,
         0.118, 0.132, 0.0012, 0.0023, 30, 41.5},
        {true, 0, made_at(10, 17, 40), made_at(10, 17, 55), made_at(10, 18, 20), 0.125, 0.0017,
         0.0009, 0.003, 0.118, 0.132, 0, 38.25},
    };
    m->retro.rebuilt.n_signal = N_OF(signal);
    m->retro.rebuilt.signal = KEEP(arena, signal);
    m->retro.rebuilt.n_change = N_OF(change);
    m->retro.rebuilt.change = KEEP(arena, change);
}

static struct retro_episode made_outage(const struct made_retro *m)
{
    struct retro_episode e = {.name = "portal-outage",
                              .procedure = 0,
                              .stage = 0,
                              .service = 0,
                              .alert = "PortalErrors",
                              .had_rollback = true,
                              .sla_ns = 300 * RS_NS_PER_S,
                              .sla = RS_SLA_BROKEN,
                              .sla_why =
                                  "5m25s at least from detected to completed, 5m are allowed",
                              .signal = 0,
                              .up = m->retro.rebuilt.change[0],
                              .down = m->retro.rebuilt.change[1]};
    for (int i = 0; i < RS_RETRO_INSTANT_N; i++)
        e.at[i] = made_unknown;
    e.at[RS_RETRO_CHANGED] = told(RS_HOW_RECORDED, made_at(9, 30, 35), made_at(9, 31, 5),
                                  made_at(9, 31, 35), "timeline.yaml:5, as written to the second");
    e.at[RS_CLOCK_ONSET] = told(RS_HOW_INFERRED, made_at(10, 10, 41), made_at(10, 11, 2),
                                made_at(10, 11, 30), "change of portal errors");
    e.at[RS_CLOCK_FIRST_BAD] = told(RS_HOW_COMPUTED, made_at(10, 11, 15), made_at(10, 11, 30),
                                    made_at(10, 11, 30), "first scrape after it");
    e.at[RS_CLOCK_DETECTED] = told(RS_HOW_COMPUTED, made_at(10, 12, 0), made_at(10, 12, 30),
                                   made_at(10, 12, 30), "PortalErrors fires");
    e.at[RS_CLOCK_NOTIFIED] = told(RS_HOW_RECORDED, made_at(10, 12, 42), made_at(10, 12, 42),
                                   made_at(10, 12, 42), "pagerduty.json:2");
    e.at[RS_CLOCK_ACKNOWLEDGED] = told(RS_HOW_RECORDED, made_at(10, 14, 4), made_at(10, 14, 4.5),
                                       made_at(10, 14, 5), "pagerduty.json:3");
    e.at[RS_CLOCK_DECIDED] = told(RS_HOW_BOUNDED, made_at(10, 14, 4), made_at(10, 15, 50),
                                  made_at(10, 17, 40), "between acknowledged and commanded");
    e.at[RS_CLOCK_COMMANDED] = told(RS_HOW_RECORDED, made_at(10, 17, 30), made_at(10, 17, 40),
                                    made_at(10, 17, 45), "timeline.yaml:9");
    e.at[RS_CLOCK_COMPLETED] = told(RS_HOW_RECORDED, made_at(10, 17, 55), made_at(10, 18, 10),
                                    made_at(10, 18, 20), "timeline.yaml:11");
    e.at[RS_CLOCK_RECOVERED] = told(RS_HOW_BOUNDED, made_at(10, 18, 10), made_at(10, 18, 10),
                                    RS_NEVER, "only that it came after completed");
    e.at[RS_CLOCK_RESOLVED] = (struct retro_instant){.how = RS_HOW_COMPUTED,
                                                     .never = true,
                                                     .lo_ns = made_at(12, 0, 0),
                                                     .best_ns = RS_NEVER,
                                                     .hi_ns = RS_NEVER,
                                                     .source = 0,
                                                     .mark = -1,
                                                     .why = "still firing at the end"};
    return e;
}

static void make_episodes(struct made_retro *m, struct arena *arena)
{
    struct retro_episode *e = RS_ARENA_ARRAY(arena, struct retro_episode, 3);
    e[0] = made_outage(m);
    e[1] = made_outage(m);
    e[1].name = "settlement-inconsistency";
    e[1].procedure = 1;
    e[1].stage = 1;
    e[1].service = 1;
    e[1].alert = NULL;
    e[1].sla = RS_SLA_UNDECIDABLE;
    e[1].sla_why = "4m40s to 6m20s: completed is known to the minute only";
    e[1].up.found = e[1].down.found = false;
    e[1].signal = -1;
    e[2] = made_outage(m);
    e[2].name = "episode 3";
    e[2].procedure = e[2].stage = e[2].service = -1;
    e[2].had_rollback = false;
    e[2].sla = RS_SLA_NONE;
    e[2].sla_ns = RS_NEVER;
    e[2].sla_why = NULL;
    for (int i = 0; i < RS_CLOCK_N; i++)
        e[2].at[i] = i == RS_CLOCK_ONSET ? e[2].at[i] : made_unknown;
    static const struct retro_contradiction contradiction[] = {
        {"notes have \"acknowledged\" at 10:20:00 and pager at 10:14:04: 5m26s apart, 32 s are "
         "explained by the clocks",
         1, 2, 0},
        {"completed comes before commanded", -1, -1, -1},
    };
    m->retro.rebuilt.n_episode = 3;
    m->retro.rebuilt.episode = e;
    m->retro.rebuilt.n_contradiction = N_OF(contradiction);
    m->retro.rebuilt.contradiction = KEEP(arena, contradiction);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static struct arena *begin(struct made_retro *m)
{
    struct arena *arena = rs_arena_new();
    *m = (struct made_retro){.evidence = {.arena = arena,
                                          .file = "prisma-2025-10.yaml",
                                          .name = "prisma-2025-10",
                                          .title = "The Prisma rollout of October",
                                          .text = "retro: 1\n",
                                          .sha256 = "0123456789abcdef0123456789abcdef",
                                          .sla_ns = RS_NEVER,
                                          .confidence = 0.95},
                             .retro = {.arena = arena}};
    m->retro.evidence = &m->evidence;
    m->retro.rebuilt.finished = made_unknown;
    return arena;
}

void made_retro(struct made_retro *out)
{
    struct arena *arena = begin(out);
    make_scenario(&out->scenario);
    out->evidence.scenario = &out->scenario;
    make_sources(out, arena);
    make_marks(out, arena);
    make_rollout(out, arena);
    make_signals(out, arena);
    make_episodes(out, arena);
    made_conformance(out, arena);
    made_what_if(out, arena);
    made_learnt(out, arena);
}

void made_retro_empty(struct made_retro *out)
{
    struct arena *arena = begin(out);
    out->evidence.title = NULL;
    out->evidence.text = NULL;
    out->evidence.n_source = 1;
    out->evidence.source = RS_ARENA_ARRAY(arena, struct retro_source, 1);
    out->evidence.source[0] = (struct retro_source){.name = "a.csv",
                                                    .file = "a.csv",
                                                    .kind = RS_SOURCE_TIMELINE,
                                                    .service = -1,
                                                    .first_ns = RS_NEVER,
                                                    .last_ns = RS_NEVER};
    out->retro.rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, 1);
}

void made_retro_clear(struct made_retro *m)
{
    rs_arena_free(m->evidence.arena);
}
