/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rank_task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_args.h"

/* Texts, each with its terminating zero: seed, shard, shards, GSL's samplers, threads (0 = the rank's own), scenario, then the --traffic. */
void rs_rank_task_tell(struct ranks *ranks,
                       const struct cli_args *args,
                       const struct run_options *opt)
{
    char *text = NULL;
    size_t n;
    if (!ranks) {
        return;
    }
    FILE *to = open_memstream(&text, &n);
    const uint64_t numbers[] = {opt->seed, opt->shard, opt->n_shard, opt->gsl_samplers,
                                args->jobs.given ? args->jobs.value : 0};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        fprintf(to, "%" PRIu64 "%c", numbers[i], 0);
    }
    fprintf(to, "%s%c", args->operand[0], 0);
    for (int i = 0; i < args->n_traffic; i++) {
        fprintf(to, "%s%c", args->traffic[i], 0);
    }
    fclose(to);
    rs_ranks_tell(ranks, text, n);
    free(text);
}

static const char *next_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

static uint64_t next_number(const char **at)
{
    return strtoull(next_text(at), NULL, 10);
}

void rs_rank_task_serve(struct ranks *ranks)
{
    struct bytes task;
    if (!rs_ranks_told(ranks, &task)) {
        return;
    }
    const char *at = (const char *)task.p, *end = at + task.n;
    struct run_options opt = {.ranks = ranks};
    struct cli_args args = {.n_operand = 1};
    opt.seed = next_number(&at);
    opt.shard = next_number(&at);
    opt.n_shard = next_number(&at);
    opt.gsl_samplers = next_number(&at);
    opt.n_job = (int)next_number(&at);
    opt.n_job = opt.n_job > 0 ? opt.n_job : rs_ranks_threads(ranks);
    args.operand[0] = next_text(&at);
    while (at < end && args.n_traffic < RS_MAX_TRAFFIC) {
        args.traffic[args.n_traffic++] = next_text(&at);
    }
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_args_scenario_load(&args, &errors);
    rs_run_serve(sc, &opt, sc ? NULL : &errors.item[0]);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    free(task.p);
}
