/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_verdicts.h"

#include <math.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

#define PLACE(line_) .at = {"made-up.yaml", (line_), 5}
#define FIVE_MINUTES (300.0 * (double)RS_NS_PER_S)

static const struct claim claims[N_MADE_VERDICT] = {
    {.name = "bound-proved",
     .says = "No rollback takes more than 5 minutes",
     .ref = "§4",
     .kind = RS_CLAIM_BOUND,
     .from = RS_CLOCK_DETECTED,
     .to = RS_CLOCK_COMPLETED,
     .procedure = 0,
     .within = FIVE_MINUTES,
     PLACE(201)},
    {.name = "bound-refuted",
     .ref = "§4 row 3",
     .kind = RS_CLAIM_BOUND,
     .from_condition = true,
     .to = RS_CLOCK_COMPLETED,
     .procedure = -1,
     .within = FIVE_MINUTES,
     PLACE(207)},
    {.name = "bound-unbounded",
     .says = "Somebody acts",
     .kind = RS_CLAIM_BOUND,
     .from = RS_CLOCK_DETECTED,
     .to = RS_CLOCK_COMPLETED,
     .procedure = 1,
     .within = FIVE_MINUTES,
     PLACE(213)},
    {.name = "bound-loose",
     .says = "A <tag> & \"quotes\" \x01 and \xff",
     .kind = RS_CLAIM_BOUND,
     .to = RS_CLOCK_DETECTED,
     .procedure = -1,
     .within = FIVE_MINUTES,
     PLACE(219)},
    {.name = "always-proved",
     .says = "There is a way back from everywhere",
     .kind = RS_CLAIM_ALWAYS,
     .reaches = true,
     PLACE(225)},
    {.name = "never-violated",
     .says = "No dependent flag is left on",
     .ref = "§1",
     .kind = RS_CLAIM_NEVER,
     PLACE(231)},
    {.name = "always-truncated",
     .says = "Nothing is ever stuck",
     .kind = RS_CLAIM_ALWAYS,
     PLACE(237)},
};

static const struct verdict_step legs[] = {
    {.text = "scrape every 30s", PLACE(40), .low_s = 0, .high_s = 30},
    {.text = "on-call acknowledges, or it escalates after 10m",
     .ref = "§6",
     .at = {"roles.yml", 7, 3},
     .low_s = 5,
     .high_s = 600},
};
static const struct verdict_step endless[] = {
    {.text = "delivery to slack", PLACE(55), .low_s = 1, .high_s = 5},
    {.text = "on-call decides: a lognormal has no upper end",
     .ref = "§6",
     PLACE(60),
     .low_s = 0,
     .high_s = INFINITY},
};
static const struct verdict_step trace[] = {
    {.text = "stage-1 sets PRISMA_READS on",
     .ref = "§3 Stage 1",
     PLACE(120),
     .low_s = NAN,
     .high_s = NAN},
    {.text = "stage-2 sets ORCHESTRATOR on",
     .ref = "§3 Stage 2",
     PLACE(131),
     .low_s = NAN,
     .high_s = NAN},
    {.text = "the rollback of reads sets PRISMA_READS off", .low_s = NAN, .high_s = NAN},
};

static struct verdict blank(enum verdict_kind kind, enum engine engine)
{
    return (struct verdict){
        .kind = kind,
        .engine = engine,
        .estimate = NAN,
        .interval = {NAN, NAN},
        .confidence = NAN,
        .worst = NAN,
        .margin_s = NAN,
        .best_phase_low_s = NAN,
        .best_phase_high_s = NAN,
        .worst_phase_low_s = NAN,
        .worst_phase_high_s = NAN,
        .witness_fault = -1,
    };
}

static struct verdict
bound(enum verdict_kind kind, double best_s, double worst_s, int n, const struct verdict_step *step)
{
    struct verdict v = blank(kind, RS_ENGINE_BOUND);
    v.best_phase_low_s = v.worst_phase_low_s = 6.0;
    v.best_phase_high_s = best_s;
    v.worst_phase_high_s = worst_s;
    v.margin_s = 300.0 - worst_s;
    v.n_step = n;
    v.step = step;
    return v;
}

static struct verdict
states(enum verdict_kind kind, uint64_t n, int n_step, const struct verdict_step *step)
{
    struct verdict v = blank(kind, RS_ENGINE_EXHAUSTIVE);
    v.n_state = n;
    v.n_step = n_step;
    v.step = step;
    return v;
}

void made_verdicts_add(struct run_result *r)
{
    struct verdict made[N_MADE_VERDICT] = {
        bound(RS_VERDICT_PROVED, 230, 272, 2, legs),
        bound(RS_VERDICT_REFUTED, 600, 630, 2, legs),
        bound(RS_VERDICT_UNBOUNDED, INFINITY, INFINITY, 2, endless),
        bound(RS_VERDICT_UNDECIDED, 280, 310, 0, NULL),
        states(RS_VERDICT_PROVED, 1204, 0, NULL),
        states(RS_VERDICT_VIOLATED, 97, 3, trace),
        states(RS_VERDICT_UNDECIDED, 1000000, 0, NULL),
    };
    made[3].reason = RS_OPEN_LOOSE;
    made[6].reason = RS_OPEN_TRUNCATED;
    made[1].placeholder = "on-call.decide";
    for (int i = 0; i < N_MADE_VERDICT; i++)
        made[i].claim = &claims[i];
    size_t n = (size_t)r->n_verdict;
    r->verdict = rs_xrealloc(r->verdict, (n + N_MADE_VERDICT) * sizeof *r->verdict);
    memcpy(r->verdict + n, made, sizeof made);
    r->n_verdict += N_MADE_VERDICT;
}
