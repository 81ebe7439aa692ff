/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The proof: what the search found is decided again, as rollsim verify decides, on replicas that it did not see. A setting that was
 * the best of many on the search's replicas was also the luckiest there; on fresh ones it has no luck left.
 */
#include "sim/arena.h"
#include "sim/stream.h"
#include "verify/tune_search.h"

/* 32 bits are enough to be another seed, and few enough to be typed. */
static uint64_t fresh_seed(uint64_t seed)
{
    struct stream s = rs_stream_open(seed, 0, rs_stream_hash("tune/fresh"));
    uint64_t fresh = rs_stream_u64(&s) >> 32;
    return fresh == seed ? fresh + 1 : fresh;
}

struct watch {
    const struct tune_search_options *opt;
    uint64_t n_before, n_all; /* replicas of the run before, and of all of them */
};

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    const struct watch *w = ctx;
    (void)n_total;
    return w->opt->tick && w->opt->tick(w->opt->tick_ctx, w->n_before + n_done, w->n_all, 1);
}

/* The run is the result's: rs_tune_result_clear. NULL with err. */
static struct run_result *
decide(const struct tune_result *r, const struct scenario *sc, struct watch *w, struct err *err)
{
    struct run_options opt = {.n_replica = r->plan->fresh_replicas,
                              .seed = r->fresh_seed,
                              .n_job = w->opt->n_job,
                              .gsl_samplers = w->opt->gsl_samplers,
                              .cancel = w->opt->cancel,
                              .tick = tick,
                              .tick_ctx = w};
    struct run_result *run = RS_ARENA_ARRAY(r->arena, struct run_result, 1);
    if (rs_run(sc, &opt, run, err) != 0)
        return NULL;
    w->n_before += opt.n_replica;
    return run;
}

static struct scenario *
setting_of(const struct tune_source *src, const uint16_t *value, struct err *err)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = src->scenario(src->ctx, value, &errors);
    if (!sc && errors.n > 0)
        *err = errors.item[0];
    else if (!sc)
        rs_err_set(err, RS_E_INTERNAL, "the chosen setting makes no scenario, and nobody says why");
    rs_err_list_clear(&errors);
    return sc;
}

int rs_tune_prove(const struct tune_source *src,
                  const struct tune_search_options *opt,
                  struct tune_result *result,
                  struct err *err)
{
    if (result->chosen < 0)
        return 0;
    bool moves = result->chosen != result->today;
    struct watch w = {opt, 0, result->plan->fresh_replicas * (moves ? 2 : 1)};
    struct err own = {0};
    struct scenario *sc = setting_of(src, result->point[result->chosen].value, err ? err : &own);
    if (!sc)
        return -1;
    result->chosen_scenario = sc;
    result->fresh_seed = fresh_seed(result->seed);
    result->fresh = decide(result, sc, &w, err);
    if (!result->fresh)
        return -1;
    result->fresh_today = moves ? decide(result, result->scenario, &w, err) : result->fresh;
    return result->fresh_today ? 0 : -1;
}
