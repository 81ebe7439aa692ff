/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_parts.h"

#include <math.h>

#include "models/dist.h"
#include "sim/clock.h"

/* ---- conformance ------------------------------------------------------------------------------------------------------- */

void made_conformance(struct made_retro *m, struct arena *arena)
{
    const struct retro_finding finding[] = {
        {RS_CONFORM_CHECKLIST,
         RS_RETRO_UNDECIDABLE,
         "§2",
         "Backup taken",
         {"prisma.yaml", 300, 5},
         made_unknown,
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
                                  .detected = made_unknown,
                                  .commanded = made_unknown,
                                  .completed = made_unknown,
                                  .errors = untold,
                                  .users_hurt = untold,
                                  .budget = untold,
                                  .errors_saved = untold};
}

void made_what_if(struct made_retro *m, struct arena *arena)
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

void made_learnt(struct made_retro *m, struct arena *arena)
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
