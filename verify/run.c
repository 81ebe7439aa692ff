/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/run.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "band.h"
#include "card.h"
#include "pick.h"
#include "record.h"
#include "run_engine.h"
#include "sim/arena.h"
#include "sim/replicate.h"
#include "tally.h"
#include "verify/bound.h"
#include "verify/reach.h"
#include "verify/split.h"

/* Everything that grows while replicas come in. */
struct reduction {
    const struct run_engine *engine;
    const struct scenario *scenario;
    const struct run_options *options;
    struct run_result *result;
    struct verdict
        *verdict; /* [n_claim] of claims that no replica decides; claim NULL for the others */
    struct tally *tally; /* [n_claim] in use for the others */
    int n_tally, n_open; /* of them all, and those that are not decided yet */
    struct card_book *card;
    struct pick_book *pick; /* the last three only when a record is kept, else NULL */
    struct band_book *band;
    struct record *record;
};

/* ---- claims ---------------------------------------------------------------------------------------------------------- */

/*
 * The verdict on a claim that is decided from the scenario alone, or by runs of its own; claim NULL if replicas decide it.
 * The one place where the engines meet.
 */
static int decide_without_replicas(struct verdict *out,
                                   const struct reduction *r,
                                   const struct claim *c,
                                   double alpha,
                                   struct err *err)
{
    *out = (struct verdict){0};
    if (c->splitting.given) {
        const struct split_options opt = {.seed = r->options->seed,
                                          .n_job = r->options->n_job,
                                          .confidence = 1.0 - alpha,
                                          .tick = r->options->tick,
                                          .tick_ctx = r->options->tick_ctx};
        return rs_split_decide(r->result->arena, r->scenario, c, &opt, out, err);
    }
    if (rs_claim_is_statistical(c))
        return 0;
    *out = c->kind == RS_CLAIM_BOUND ? rs_bound_decide(r->result->arena, r->scenario, c)
                                     : rs_reach_decide(r->result->arena, r->scenario, c);
    return 0;
}

/*
 * The family: the statistical claims share the chance of any wrong verdict equally (Bonferroni over e-values). Of a claim's
 * two watches only one can be wrong, so a share need not be halved. What is proved takes none.
 */
static int decide_beforehand(struct reduction *r, struct err *err)
{
    const struct scenario *sc = r->scenario;
    int n_statistical = 0;
    for (int i = 0; i < sc->n_claim; i++)
        n_statistical += rs_claim_is_statistical(&sc->claim[i]);
    double alpha = (1.0 - sc->confidence) / fmax(n_statistical, 1.0);
    for (int i = 0; i < sc->n_claim; i++) {
        if (decide_without_replicas(&r->verdict[i], r, &sc->claim[i], alpha, err) != 0)
            return -1;
        if (r->verdict[i].claim)
            continue;
        rs_tally_init(&r->tally[i], &sc->claim[i], alpha);
        r->n_tally++;
    }
    r->n_open = r->n_tally;
    return 0;
}

/* A scenario whose claims are all decided from its text needs no history, unless somebody wants the record of them. */
static bool wants_replicas(const struct reduction *r)
{
    return r->n_tally > 0 || r->scenario->n_claim == 0 || r->record || r->options->all_replicas;
}

/* ---- replicas -------------------------------------------------------------------------------------------------------- */

static void *worker_new(void *ctx, struct err *err)
{
    struct reduction *r = ctx;
    return r->engine->sim_new(r->scenario, err);
}

static void worker_free(void *ctx, void *worker)
{
    struct reduction *r = ctx;
    r->engine->sim_free(worker);
}

static void *slot_new(void *ctx)
{
    (void)ctx;
    struct history *h = rs_xcalloc(1, sizeof *h);
    rs_history_init(h);
    return h;
}

static void slot_free(void *ctx, void *slot)
{
    (void)ctx;
    rs_history_clear(slot);
    free(slot);
}

static int run_one(void *ctx, void *worker, uint64_t replica, void *slot, struct err *err)
{
    const struct reduction *r = ctx;
    struct replica_options opt = {.seed = r->options->seed, .replica = replica, .fault = -2};
    rs_history_reset(slot);
    if (r->engine->sim_run(worker, &opt, slot, err) != 0)
        return rs_err_context(err, "replica %" PRIu64, replica);
    return 0;
}

/* Every claim's evidence sees every replica, also when it is decided: the interval goes on to shrink. */
static void weigh(struct reduction *r, const struct history *h)
{
    r->n_open = 0;
    for (int i = 0; i < r->scenario->n_claim; i++) {
        if (!r->verdict[i].claim)
            r->n_open += !rs_tally_add(&r->tally[i], r->scenario, h);
    }
}

/*
 * Looking after each replica, and in the order of their numbers, is what makes stopping early sound: evidence may be looked at as
 * often as one likes, but replicas that are quick to run must not be overrepresented.
 */
static bool is_enough(const struct reduction *r)
{
    return r->n_tally > 0 && r->n_open == 0 && !r->options->all_replicas;
}

static int reduce(void *ctx, uint64_t replica, void *slot, struct err *err)
{
    struct reduction *r = ctx;
    const struct history *h = slot;
    struct run_result *out = r->result;
    assert(h->replica == replica && h->fault >= -1 && h->fault < r->scenario->n_fault);
    out->n_replica++;
    out->outcome[h->outcome]++;
    out->outcome_by_fault[(h->fault + 1) * RS_OUTCOME_N + (int)h->outcome]++;
    out->n_false_rollback += h->fault < 0 && h->false_rollback;
    out->n_no_fault += h->fault < 0;
    weigh(r, h);
    rs_card_book_add(r->card, h);
    if (r->record) {
        rs_pick_book_add(r->pick, h);
        rs_band_book_add(r->band, h);
        if (rs_record_replica(r->record, h, err) != 0)
            return -1;
    }
    return is_enough(r) ? 1 : 0;
}

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    const struct reduction *r = ctx;
    return r->options->tick && r->options->tick(r->options->tick_ctx, n_done, n_total);
}

static int replicate(struct reduction *r, struct err *err)
{
    struct replicate_job job = {
        .first = 0,
        .n = r->options->n_replica,
        .n_thread = r->options->n_job,
        .ctx = r,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .slot_new = slot_new,
        .slot_free = slot_free,
        .run = run_one,
        .reduce = reduce,
        .tick = tick,
    };
    uint64_t n_done = 0;
    if (rs_replicate(&job, &n_done, err) != 0)
        return -1;
    assert(n_done == r->result->n_replica);
    r->result->enough = n_done < r->options->n_replica && is_enough(r);
    r->result->stopped = n_done < r->options->n_replica && !r->result->enough;
    return 0;
}

/* ---- what it comes to ------------------------------------------------------------------------------------------------ */

/* Of the person whose times stand for a guess, in the words of the scenario. */
static const char *placeholder_of(const struct reduction *r, const struct claim *c)
{
    int role;
    const char *part;
    if (!rs_claim_placeholder(r->scenario, c, &role, &part))
        return NULL;
    return rs_arena_printf(r->result->arena, "%s.%s", r->scenario->response.role[role].name, part);
}

static void decide(struct reduction *r)
{
    const struct scenario *sc = r->scenario;
    struct run_result *out = r->result;
    out->n_verdict = sc->n_claim;
    out->verdict = rs_xcalloc((size_t)sc->n_claim + 1, sizeof *out->verdict);
    for (int i = 0; i < sc->n_claim; i++) {
        out->verdict[i] =
            r->verdict[i].claim ? r->verdict[i] : rs_tally_decide(&r->tally[i], out->n_replica);
        if (rs_claim_is_statistical(&sc->claim[i]))
            out->verdict[i].placeholder = placeholder_of(r, &sc->claim[i]);
    }
    out->card = rs_card_book_rows(r->card, r->options->all_replicas, &out->n_card);
}

/* Runs a chosen replica again with its trace. It must be the replica that was counted. */
static int repeat(struct reduction *r, void *sim, const struct pick *p, struct err *err)
{
    struct replica_options opt = {
        .seed = r->options->seed, .replica = p->replica, .fault = -2, .trace = true};
    struct history h;
    rs_history_init(&h);
    int rc = r->engine->sim_run(sim, &opt, &h, err);
    if (rc == 0 && (h.fault != p->fault || h.n_error != p->n_error))
        rc = rs_err_set(err, RS_E_INTERNAL,
                        "replica %" PRIu64 " came out differently when repeated", p->replica);
    if (rc == 0)
        rc = rs_record_history(r->record, &h, err);
    rs_history_clear(&h);
    return rc;
}

static int record_chosen(struct reduction *r, struct err *err)
{
    int n, rc = 0;
    const struct pick *p = rs_pick_book_choose(r->pick, r->result, &n);
    void *sim = n > 0 ? r->engine->sim_new(r->scenario, err) : NULL;
    if (n > 0 && !sim)
        return -1;
    for (int i = 0; rc == 0 && i < n; i++) {
        rc = rs_record_chosen(r->record, &p[i], err);
        if (rc == 0 && (i == 0 || p[i].replica != p[i - 1].replica))
            rc = repeat(r, sim, &p[i], err);
    }
    r->engine->sim_free(sim);
    return rc;
}

static int record_all(struct reduction *r, struct err *err)
{
    if (rs_record_result(r->record, r->result, err) != 0 || record_chosen(r, err) != 0 ||
        rs_record_bands(r->record, r->band, err) != 0)
        return -1;
    struct record *record = r->record;
    r->record = NULL;
    return rs_record_finish(record, err);
}

static int open_books(struct reduction *r, struct err *err)
{
    const struct scenario *sc = r->scenario;
    struct run_result *out = r->result;
    out->arena = rs_arena_new();
    out->outcome_by_fault =
        rs_xcalloc(((size_t)sc->n_fault + 1) * RS_OUTCOME_N, sizeof *out->outcome_by_fault);
    r->verdict = rs_xcalloc((size_t)sc->n_claim + 1, sizeof *r->verdict);
    r->tally = rs_xcalloc((size_t)sc->n_claim + 1, sizeof *r->tally);
    r->card = rs_card_book_new(sc);
    if (!r->options->db_path)
        return 0;
    r->pick = rs_pick_book_new(sc);
    r->band = rs_band_book_new(sc);
    r->record = rs_record_open(r->options->db_path, r->options->overwrite, sc, r->engine, err);
    return r->record ? 0 : -1;
}

static void close_books(struct reduction *r)
{
    rs_record_abandon(r->record); /* NULL when it was finished */
    rs_band_book_free(r->band);
    rs_pick_book_free(r->pick);
    rs_card_book_free(r->card);
    for (int i = 0; i < r->scenario->n_claim; i++)
        rs_tally_clear(&r->tally[i]);
    free(r->tally);
    free(r->verdict);
}

int rs_run_with(const struct run_engine *engine,
                const struct scenario *sc,
                const struct run_options *opt,
                struct run_result *out,
                struct err *err)
{
    assert(opt->n_job >= 1);
    *out = (struct run_result){.scenario = sc,
                               .seed = opt->seed,
                               .n_budget = opt->n_replica,
                               .n_left_out = opt->n_left_out,
                               .replay_words = opt->replay_words};
    struct reduction r = {.engine = engine, .scenario = sc, .options = opt, .result = out};
    int rc = open_books(&r, err);
    if (rc == 0)
        rc = decide_beforehand(&r, err);
    if (rc == 0 && opt->n_replica > 0 && wants_replicas(&r))
        rc = replicate(&r, err);
    if (rc == 0)
        decide(&r);
    if (rc == 0 && r.record)
        rc = record_all(&r, err);
    close_books(&r);
    if (rc != 0)
        rs_run_result_clear(out);
    return rc;
}

void rs_run_result_clear(struct run_result *r)
{
    free(r->verdict);
    free(r->card);
    free(r->outcome_by_fault);
    rs_arena_free(r->arena);
    memset(r, 0, sizeof *r);
}

int rs_run_status(const struct run_result *r)
{
    int status = 0;
    for (int i = 0; i < r->n_verdict; i++) {
        if (rs_verdict_is_bad(r->verdict[i].kind))
            return 1;
        if (r->verdict[i].kind == RS_VERDICT_UNDECIDED)
            status = 3;
    }
    return status;
}
