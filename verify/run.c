/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/run.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run_parts.h"
#include "sim/arena.h"
#include "verify/bound.h"
#include "verify/reach.h"
#include "verify/split.h"

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
                                          .gsl_samplers = r->options->gsl_samplers,
                                          .n_job = r->options->n_job,
                                          .confidence = 1.0 - alpha,
                                          .tick = r->options->tick,
                                          .tick_ctx = r->options->tick_ctx,
                                          .cancel = r->options->cancel};
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
        rs_tally_spill(&r->tally[i], r->spill);
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
        .seed = r->options->seed,
        .replica = p->replica,
        .fault = -2,
        .trace = true,
        .gsl_samplers = r->options->gsl_samplers,
    };
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
    int n;
    const struct pick *p = rs_pick_book_choose(r->pick, r->result, &n);
    int rc = rs_spill_status(r->spill, err);
    if (rc != 0)
        return rc;
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
    if (rs_run_is_shard(r->options)) {
        struct record *part = r->record;
        r->record = NULL;
        return rs_record_finish(part, err);
    }
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
    r->spill = rs_spill_new();
    r->card = rs_card_book_new(sc, r->spill);
    if (!r->options->db_path)
        return 0;
    r->pick = rs_pick_book_new(sc, r->spill);
    r->band = rs_band_book_new(sc);
    return rs_run_open_record(r, err);
}

/*
 * A record that is open still. What ends a replica for a reason of the scenario's would do so again: such a run leaves nothing
 * behind. Any other can go on.
 */
static int leave_record(struct reduction *r, int rc, enum rs_errc why, struct err *err)
{
    if (!r->record)
        return rc;
    if (rc != 0 && why != RS_E_IO && why != RS_E_INTERNAL && !r->options->resume) {
        rs_record_abandon(r->record);
        return rc;
    }
    return rs_record_pause(r->record, rc == 0 ? err : NULL) != 0 ? -1 : rc;
}

static void close_books(struct reduction *r)
{
    rs_band_book_free(r->band);
    rs_pick_book_free(r->pick);
    rs_card_book_free(r->card);
    for (int i = 0; i < r->scenario->n_claim; i++)
        rs_tally_clear(&r->tally[i]);
    rs_spill_free(r->spill);
    free(r->tally);
    free(r->verdict);
}

int rs_run_with(const struct run_engine *engine,
                const struct scenario *sc,
                const struct run_options *opt,
                struct run_result *out,
                struct err *err)
{
    assert(opt->n_job >= 1 && (!rs_run_is_shard(opt) || opt->db_path));
    *out = (struct run_result){.scenario = sc,
                               .seed = opt->seed,
                               .n_budget = opt->n_replica,
                               .gsl_samplers = opt->gsl_samplers,
                               .n_left_out = opt->n_left_out,
                               .replay_words = opt->replay_words};
    struct reduction r = {.engine = engine, .scenario = sc, .options = opt, .result = out};
    struct err own = {0};
    int rc = open_books(&r, &own);
    bool decides = !rs_run_is_shard(opt);
    if (rc == 0 && decides)
        rc = decide_beforehand(&r, &own);
    if (rc == 0 && opt->n_replica > 0 && wants_replicas(&r))
        rc = rs_run_replicas(&r, &own);
    if (rc == 0 && decides)
        decide(&r);
    if (rc == 0)
        rc = rs_spill_status(r.spill, &own);
    if (rc == 0 && r.record && !out->stopped)
        rc = record_all(&r, &own);
    rc = leave_record(&r, rc, own.code, &own);
    if (rc != 0)
        rs_err_set(err, own.code, "%s", own.text);
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
