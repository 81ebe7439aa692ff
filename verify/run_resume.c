/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a run that begins, or of one that goes on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "run_parts.h"
#include "sim/arena.h"

/* Names of the claims that were asked for, a line each; "" = all. */
static const char *claims_of(const struct reduction *r)
{
    const struct scenario *sc = r->scenario;
    const char *text = "";
    if (r->options->n_left_out == 0)
        return text;
    for (int i = 0; i < sc->n_claim; i++)
        text = rs_arena_printf(r->result->arena, "%s%s%s", text, i ? "\n" : "", sc->claim[i].name);
    return text;
}

static struct journal_key key_of(const struct reduction *r)
{
    const struct run_options *opt = r->options;
    bool shard = rs_run_is_shard(opt);
    return (struct journal_key){
        .scenario_sha256 = r->scenario->sha256,
        .scenario_file = r->scenario->file,
        .rollsim_version = RS_VERSION,
        .seed = opt->seed,
        .n_budget = opt->n_replica,
        .all_replicas = opt->all_replicas,
        .gsl_samplers = opt->gsl_samplers,
        .claims = claims_of(r),
        .traffic = opt->traffic,
        .shard = shard ? opt->shard : 0,
        .n_shard = shard ? opt->n_shard : 1,
        .merge = opt->merge,
    };
}

static bool same_history(const struct history *a, const struct history *b)
{
    struct bytes one = {0}, other = {0};
    rs_history_encode(a, &one);
    rs_history_encode(b, &other);
    bool same = one.n == other.n && memcmp(one.p, other.p, one.n) == 0;
    free(one.p);
    free(other.p);
    return same;
}

static int compare_past(struct reduction *r, uint64_t replica, struct err *err)
{
    struct replica_options opt = {.seed = r->options->seed,
                                  .replica = replica,
                                  .fault = -2,
                                  .gsl_samplers = r->options->gsl_samplers};
    struct history was, is;
    rs_history_init(&was);
    rs_history_init(&is);
    void *sim = NULL;
    int rc = rs_record_read(r->record, replica, &was, err) < 0 ? -1 : 0;
    if (rc == 0)
        rc = (sim = r->engine->sim_new(r->scenario, err)) ? 0 : -1;
    if (rc == 0)
        rc = r->engine->sim_run(sim, &opt, &is, err);
    if (rc == 0 && !same_history(&was, &is))
        rc = rs_err_set(err, RS_E_USAGE,
                        "%s.part was written by another build of rollsim, or on another kind of "
                        "machine: replica %" PRIu64 " comes out differently here",
                        r->options->db_path, replica);
    r->engine->sim_free(sim);
    rs_history_clear(&was);
    rs_history_clear(&is);
    return rc;
}

int rs_run_open_record(struct reduction *r, struct err *err)
{
    const struct run_options *opt = r->options;
    const struct journal_key key = key_of(r);
    const struct record_options record = {.path = opt->db_path,
                                          .overwrite = opt->overwrite,
                                          .key = &key,
                                          .resumed = opt->resume,
                                          .commit_ns = opt->commit_ns};
    uint64_t n_past = opt->resume ? rs_journal_count(opt->resume) : 0;
    r->record = rs_record_open(&record, r->scenario, r->engine, err);
    if (!r->record)
        return -1;
    return n_past > 0 ? compare_past(r, key.shard + (n_past - 1) * key.n_shard, err) : 0;
}
