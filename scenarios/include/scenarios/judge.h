/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A judge's own file as text: what a scenario's `runbook: judges:` reads, without the scenario. */
#ifndef SCENARIOS_JUDGE_H
#define SCENARIOS_JUDGE_H

#include "models/judge.h"
#include "models/promql.h"
#include "sim/err.h"

struct judge_text {
    enum judge_kind kind;
    const char *file; /* for messages */
    const char *text; /* NUL behind */
    size_t n;
    enum promql_dialect dialect;
    int64_t query_time_ns;    /* argo */
    int n_given;              /* args of argo, queries of flagger */
    const char *const *given; /* [2 * n_given] name, text, name, text */
    /* YAML of the keys `kayenta` and `growthbook` of a scenario's judge; NULL = neither. No other file can be named there. */
    const char *keys;
};

/*
 * In the arena; the file's name must live as long. It orders a rollback by procedure 0 when it failed or erred, a hold when it is
 * inconclusive, in stage 0. NULL with errors added (errors may be NULL).
 */
const struct judge *
rs_judge_parse(struct arena *arena, const struct judge_text *src, struct err_list *errors);

#endif
