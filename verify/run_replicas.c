/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_parts.h"
#include "sim/arena.h"
#include "sim/ranks.h"
#include "sim/replicate.h"

/* So many histories of before are entered between two ticks. */
enum { TICK_EVERY = 64 };

bool rs_run_is_shard(const struct run_options *opt)
{
    return opt->n_shard > 1;
}

/* Of the budget, those that this run has to run: replica_at(0), replica_at(1), ... */
static uint64_t share(const struct run_options *opt)
{
    if (!rs_run_is_shard(opt))
        return opt->n_replica;
    assert(opt->shard < opt->n_shard);
    return (opt->n_replica + opt->n_shard - 1 - opt->shard) / opt->n_shard;
}

static uint64_t replica_at(const struct run_options *opt, uint64_t i)
{
    return rs_run_is_shard(opt) ? opt->shard + i * opt->n_shard : i;
}

/* ---- the fold -------------------------------------------------------------------------------------------------------- */

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
 * often as one likes, but replicas that are quick to run must not be overrepresented. A shard does not see the others' replicas
 * and cannot know.
 */
static bool is_enough(const struct reduction *r)
{
    return r->n_tally > 0 && r->n_open == 0 && !r->options->all_replicas &&
           !rs_run_is_shard(r->options);
}

static void enter(struct reduction *r, const struct history *h)
{
    struct run_result *out = r->result;
    out->outcome[h->outcome]++;
    out->outcome_by_fault[(h->fault + 1) * RS_OUTCOME_N + (int)h->outcome]++;
    out->n_false_rollback += h->fault < 0 && h->false_rollback;
    out->n_no_fault += h->fault < 0;
    weigh(r, h);
    rs_card_book_add(r->card, h);
    if (!r->record)
        return;
    rs_pick_book_add(r->pick, h);
    rs_band_book_add(r->band, h);
}

int rs_run_fold(struct reduction *r, const struct history *h, struct err *err)
{
    assert(h->replica == replica_at(r->options, r->result->n_replica));
    assert(h->fault >= -1 && h->fault < r->scenario->n_fault);
    r->result->n_replica++;
    if (!rs_run_is_shard(r->options))
        enter(r, h);
    if (rs_spill_status(r->spill, err) != 0 ||
        (r->record && rs_record_replica(r->record, h, err) != 0))
        return -1;
    return is_enough(r) ? 1 : 0;
}

/* ---- from before ---------------------------------------------------------------------------------------------------- */

static bool asked_to_stop(const struct reduction *r, uint64_t n_done)
{
    const struct run_options *opt = r->options;
    rs_record_tick(r->record);
    if (opt->cancel && atomic_load_explicit(opt->cancel, memory_order_relaxed))
        return true;
    return opt->tick && opt->tick(opt->tick_ctx, n_done, share(opt));
}

/* The next history that is there already: 1, 0 when there is none, -1. */
static int read_next(const struct reduction *r, struct history *h, struct err *err)
{
    const struct run_options *opt = r->options;
    uint64_t i = r->result->n_replica;
    if (i >= share(opt))
        return 0;
    if (opt->resume)
        return rs_record_read(r->record, replica_at(opt, i), h, err);
    if (!opt->read)
        return 0;
    return opt->read(opt->read_ctx, r->scenario, replica_at(opt, i), h, err);
}

/* 0: simulate what is left; 1: that was all; -1. */
static int enter_past(struct reduction *r, struct err *err)
{
    struct history h;
    rs_history_init(&h);
    int got = read_next(r, &h, err), verdict = 0;
    while (got > 0 && verdict == 0) {
        verdict = rs_run_fold(r, &h, err);
        if (verdict == 0 && r->result->n_replica % TICK_EVERY == 0)
            verdict = asked_to_stop(r, r->result->n_replica);
        if (verdict == 0)
            got = read_next(r, &h, err);
    }
    rs_history_clear(&h);
    return got < 0 ? -1 : verdict;
}

/* ---- simulated ------------------------------------------------------------------------------------------------------- */

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

static int
run_one(void *ctx, void *worker, uint64_t i, void *slot, const atomic_bool *cancel, struct err *err)
{
    const struct reduction *r = ctx;
    struct replica_options opt = {.seed = r->options->seed,
                                  .replica = replica_at(r->options, i),
                                  .fault = -2,
                                  .cancel = cancel,
                                  .gsl_samplers = r->options->gsl_samplers};
    rs_history_reset(slot);
    if (r->engine->sim_run(worker, &opt, slot, err) != 0)
        return rs_err_context(err, "replica %" PRIu64, opt.replica);
    return 0;
}

static int reduce(void *ctx, uint64_t i, void *slot, struct err *err)
{
    (void)i;
    return rs_run_fold(ctx, slot, err);
}

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    const struct reduction *r = ctx;
    (void)n_done;
    (void)n_total; /* those of this job; for people all count */
    return asked_to_stop(r, r->result->n_replica);
}

/* Histories as they travel between ranks. */
static void encode(void *ctx, const void *slot, struct bytes *out)
{
    (void)ctx;
    rs_history_encode(slot, out);
}

static int decode(void *ctx, void *slot, const void *p, size_t n, struct err *err)
{
    const struct reduction *r = ctx;
    return rs_history_decode(slot, r->scenario, p, n, err);
}

/* What decides a history, so that ranks which would make others are found out. Fits. */
enum { KEY_SIZE = 320 };
static const char *key_of(char *out, const struct reduction *r)
{
    const struct run_options *opt = r->options;
    snprintf(out, KEY_SIZE,
             "rollsim %s, scenario %.64s, seed %" PRIu64 ", shard %" PRIu64 "/%" PRIu64, RS_VERSION,
             r->scenario->sha256, opt->seed, opt->shard, opt->n_shard);
    return out;
}

static struct replicate_job job_of(struct reduction *r)
{
    return (struct replicate_job){
        .n_thread = r->options->n_job,
        .ctx = r,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .slot_new = slot_new,
        .slot_free = slot_free,
        .run = run_one,
        .encode = encode,
        .decode = decode,
    };
}

static int simulate(struct reduction *r, struct err *err)
{
    char key[KEY_SIZE];
    struct replicate_job job = job_of(r);
    job.first = r->result->n_replica;
    job.n = share(r->options) - r->result->n_replica;
    job.reduce = reduce;
    job.tick = tick;
    job.cancel = r->options->cancel;
    job.ranks = r->options->ranks;
    job.key = key_of(key, r);
    return rs_replicate(&job, NULL, err);
}

void rs_run_serve_with(const struct run_engine *engine,
                       const struct scenario *sc,
                       const struct run_options *opt,
                       const struct err *why)
{
    char key[KEY_SIZE];
    struct reduction r = {.engine = engine, .scenario = sc, .options = opt};
    if (!sc) {
        rs_ranks_serve(opt->ranks, NULL, why);
        return;
    }
    struct replicate_job job = job_of(&r);
    job.key = key_of(key, &r);
    rs_ranks_serve(opt->ranks, &job, NULL);
}

int rs_run_replicas(struct reduction *r, struct err *err)
{
    int rc = enter_past(r, err);
    if (rc == 0)
        rc = simulate(r, err);
    if (rc < 0)
        return -1;
    bool whole = r->result->n_replica == share(r->options);
    r->result->enough = !whole && is_enough(r);
    r->result->stopped = !whole && !r->result->enough;
    return 0;
}
