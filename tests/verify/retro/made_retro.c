/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_retro.h"

#include <math.h>
#include <string.h>

#include "models/dist.h"
#include "sim/clock.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))
#define MADE_DAY INT64_C(1759276800) /* 2025-10-01T00:00:00Z */

int64_t made_at(int hour, int minute, double second)
{
    return (MADE_DAY + hour * 3600 + minute * 60) * RS_NS_PER_S + rs_ns_from_s(second);
}

/* A copy of an array of constants in the arena, so that tests may change it. */
static void *kept(struct arena *arena, const void *from, size_t n_bytes)
{
    void *to = rs_arena_alloc(arena, n_bytes + 1);
    memcpy(to, from, n_bytes);
    return to;
}
#define KEEP(arena, array) kept((arena), (array), sizeof(array))

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
    static const struct note note[] = {
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
    m->evidence.note = note;
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
                                  .why = why};
}

static const struct retro_instant unknown_instant = {.how = RS_HOW_UNKNOWN,
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
        unknown_instant,
    };
    const struct retro_flag_step step[] = {
        {0, true, 25,
         told(RS_HOW_RECORDED, made_at(9, 30, 35), made_at(9, 31, 5), made_at(9, 31, 35),
              "timeline.yaml:5")},
        {0, false, NAN,
         told(RS_HOW_INFERRED, made_at(10, 17, 40), made_at(10, 17, 55), made_at(10, 18, 20),
              "change of portal errors")},
        {1, true, 100, unknown_instant},
    };
    m->retro.rebuilt.stage = KEEP(arena, stage);
    m->retro.rebuilt.n_flag_step = N_OF(step);
    m->retro.rebuilt.flag_step = KEEP(arena, step);
    m->retro.rebuilt.finished = unknown_instant;
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
        e.at[i] = unknown_instant;
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
        e[2].at[i] = i == RS_CLOCK_ONSET ? e[2].at[i] : unknown_instant;
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

/* ---- conformance ------------------------------------------------------------------------------------------------------- */

static void make_conformance(struct made_retro *m, struct arena *arena)
{
    const struct retro_finding finding[] = {
        {RS_CONFORM_CHECKLIST,
         RS_RETRO_UNDECIDABLE,
         "§2",
         "Backup taken",
         {"prisma.yaml", 300, 5},
         unknown_instant,
         -1,
         -1,
         -1,
         "nothing was noted of the backup",
         NULL},
        {RS_CONFORM_ORDER,
         RS_RETRO_CONFORMS,
         "§3 Stage 1",
         NULL,
         {"prisma.yaml", 340, 5},
         m->retro.rebuilt.stage[0],
         0,
         -1,
         -1,
         "stage-1 was entered first, as asked",
         NULL},
        {RS_CONFORM_WATCH,
         RS_RETRO_DEVIATES,
         "§3 Stage 1",
         "watch for 1h",
         {"prisma.yaml", 352, 7},
         m->retro.rebuilt.stage[1],
         0,
         -1,
         -1,
         "stage-2 was entered 47m after stage-1 was done; a watch of 1h was asked for",
         "say who may cut the watch short, or make it 45m"},
        {RS_CONFORM_SLA,
         RS_RETRO_DEVIATES,
         "§4",
         NULL,
         {NULL, 0, 0},
         m->retro.rebuilt.episode[0].at[RS_CLOCK_COMPLETED],
         0,
         0,
         0,
         "the rollback took 5m25s to 6m20s; 5m were allowed",
         "let automation set the flag"},
    };
    m->retro.conformance = (struct retro_conformance){
        N_OF(finding),
        KEEP(arena, finding),
        {[RS_RETRO_CONFORMS] = 1, [RS_RETRO_DEVIATES] = 2, [RS_RETRO_UNDECIDABLE] = 1}};
}

/* ---- what if ----------------------------------------------------------------------------------------------------------- */

static const struct retro_band untold = {NAN, NAN, NAN};

static struct retro_outcome made_outcome(const struct made_retro *m, double share)
{
    const struct retro_episode *e = &m->retro.rebuilt.episode[0];
    return (struct retro_outcome){
        .episode = 0,
        .detected = e->at[RS_CLOCK_DETECTED],
        .commanded = e->at[RS_CLOCK_COMMANDED],
        .completed = e->at[RS_CLOCK_COMPLETED],
        .errors = {480 * share, 512 * share, 545 * share},
        .users_hurt = {300 * share, 333 * share, 380 * share},
        .budget = {0.21 * share, 0.24 * share, 0.27 * share},
        .errors_saved = {480 * (1 - share), 512 * (1 - share), 545 * (1 - share)},
        .rests_on = "errors per request measured, traffic as recorded, people as seen"};
}

static struct retro_outcome made_refusal(const struct made_retro *m, int episode, const char *why)
{
    (void)m;
    return (struct retro_outcome){.episode = episode,
                                  .refused = why,
                                  .detected = unknown_instant,
                                  .commanded = unknown_instant,
                                  .completed = unknown_instant,
                                  .errors = untold,
                                  .users_hurt = untold,
                                  .budget = untold,
                                  .errors_saved = untold};
}

static void make_what_if(struct made_retro *m, struct arena *arena)
{
    static const struct {
        const char *name;
        enum retro_what_if_kind kind;
        double share;
    } asked[] = {{"as it happened", RS_IF_RULES, 1},
                 {"tighter", RS_IF_RULES, 0.5},
                 {"gate-02", RS_IF_GATE, 0.75},
                 {"automation", RS_IF_AUTOMATION, 0.25},
                 {"no rollback", RS_IF_NO_ROLLBACK, 12}};
    const struct retro_alarm alarm[] = {
        {0, "PortalErrors", "severity=\"page\"", made_at(10, 11, 30), made_at(10, 12, 0),
         made_at(10, 12, 12)},
        {-1, "Noise", "", RS_NEVER, made_at(11, 2, 0), RS_NEVER},
        {1, "OnlyPending", "a=\"b|c\"", made_at(11, 10, 0), RS_NEVER, RS_NEVER},
    };
    struct retro_counterfactual *c =
        RS_ARENA_ARRAY(arena, struct retro_counterfactual, N_OF(asked));
    for (int i = 0; i < N_OF(asked); i++) {
        c[i] = (struct retro_counterfactual){asked[i].name,
                                             asked[i].kind,
                                             i == 0,
                                             0,
                                             NULL,
                                             3,
                                             RS_ARENA_ARRAY(arena, struct retro_outcome, 3)};
        c[i].outcome[0] = made_outcome(m, asked[i].share);
        c[i].outcome[1] = made_refusal(m, 1, "no series of settlement was recorded");
        c[i].outcome[2] = made_refusal(m, 2, "no fault was seen in it");
    }
    c[1].n_alarm = N_OF(alarm);
    c[1].alarm = KEEP(arena, alarm);
    c[2].outcome[0].users_hurt = untold;
    c[4].outcome[0].completed.never = true;
    c[4].outcome[0].errors_saved = (struct retro_band){-6000, -5632, -5300};
    m->retro.n_counterfactual = N_OF(asked);
    m->retro.counterfactual = c;
}

/* ---- what was learnt --------------------------------------------------------------------------------------------------- */

static void make_fits(struct retro_learnt *l, struct arena *arena)
{
    static const struct retro_parameter ack[] = {{"median", "s", 120, 84, 55, 131},
                                                 {"p95", "s", 600, 240, 140, INFINITY}},
                                        base[] = {{"ratio", "ratio", NAN, 0.0017, 0.0012, 0.0023}};
    static const struct retro_duration duration[] = {
        {80, 82, 84, "episode portal-outage"},
        {40, 60, INFINITY, "not yet acknowledged when the evidence ended"}};
    struct dist *law = RS_ARENA_ARRAY(arena, struct dist, 2);
    law[0] = rs_dist_lognormal(84, 0.95, 240);
    law[1] = rs_dist_lognormal(120, 0.95, 600);
    const struct retro_fit fit[] = {
        {.kind = RS_FIT_PEOPLE,
         .name = "on-call acknowledges",
         .path = "roles/on-call/acknowledge",
         .text = "{median: 84s, p95: 4m}",
         .method = "maximum likelihood, interval-censored lognormal",
         .source = "pagerduty.json, timeline.yaml",
         .placeholder = true,
         .n = 6,
         .n_parameter = N_OF(ack),
         .parameter = KEEP(arena, ack),
         .test = "Anderson-Darling",
         .statistic = 0.41,
         .p_value = 0.34,
         .fits = true,
         .n_duration = N_OF(duration),
         .duration = KEEP(arena, duration),
         .law = &law[0],
         .assumed_law = &law[1]},
        {.kind = RS_FIT_BASE_ERRORS,
         .name = "portal errors before the rollout",
         .method = "beta-binomial",
         .source = "metrics.om.gz",
         .n = 120000,
         .n_parameter = N_OF(base),
         .parameter = KEEP(arena, base),
         .test = "dispersion",
         .statistic = 93.2,
         .p_value = 0.0004,
         .fits = false},
        {.kind = RS_FIT_FAULT_SIZE,
         .name = "size of the fault of settlement",
         .path = "faults/settlement/effect/errors",
         .refused = "no series of settlement was recorded",
         .statistic = NAN,
         .p_value = NAN,
         .fits = true},
    };
    l->n_fit = N_OF(fit);
    l->fit = KEEP(arena, fit);
}

static void make_learnt(struct made_retro *m, struct arena *arena)
{
    static const struct retro_predicted predicted[] = {
        {"onset to detected", "s", 0, 88, 40, 75, 180, 0.62, 200},
        {"failed requests", "", -1, 512, 90, 160, 400, 0.01, 198},
        {"users hurt", "", 0, NAN, 100, 200, 300, NAN, 0}};
    static const char diff[] = "--- prisma.yaml\n+++ prisma.yaml\n@@ -1 +1 @@\n-    acknowledge: "
                               "{median: 2m, p95: 10m}\n+    acknowledge: {median: 84s, p95: 4m}\n";
    struct retro_learnt *l = RS_ARENA_ARRAY(arena, struct retro_learnt, 1);
    make_fits(l, arena);
    l->n_predicted = N_OF(predicted);
    l->predicted = KEEP(arena, predicted);
    l->fault = "portal-errors";
    l->diff = KEEP(arena, diff);
    l->patched = rs_arena_strdup(arena, "name: prisma\n");
    m->retro.learnt = l;
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
    m->retro.rebuilt.finished = unknown_instant;
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
    make_conformance(out, arena);
    make_what_if(out, arena);
    make_learnt(out, arena);
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
