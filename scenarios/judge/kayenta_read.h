/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the readers of Kayenta's files share: kayenta_read.c the configuration, kayenta_request.c when and whom it judges, kayenta_query.c a metric's queries. */
#ifndef SCENARIOS_KAYENTA_READ_H
#define SCENARIOS_KAYENTA_READ_H

#include "judge_read.h"
#include "models/judge_kayenta.h"

/* Not given: NaN, or -1. */
struct kayenta_request {
    double pass, marginal;
    int64_t lifetime_ns, interval_ns, lookback_ns, begin_after_ns, step_ns;
    struct mark at; /* of what says when; the judge's own place where only the scenario does */
    const struct node *scopes; /* a list, or NULL */
    const struct node *config; /* of a request that brings its configuration, or NULL */
    struct mark lookback_at;
};

enum kayenta_side { RS_KAYENTA_CONTROL, RS_KAYENTA_EXPERIMENT };

/*
 * The request of the judge's file (root), of the file that the scenario names, and of the scenario's own keys, which go before.
 * 0, or -1 with errors added.
 */
int rs_kayenta_request(struct judge_source *s,
                       const struct node *root,
                       struct kayenta_request *out);

/* The value of a word between ${ and } for a metric of that scope; NULL if there is none. */
const char *rs_kayenta_bound(struct judge_source *s,
                             const struct kayenta_request *q,
                             const char *scope_name,
                             enum kayenta_side side,
                             const char *word);

/* A list under a key; NULL where there is none, or with an error. */
const struct node *rs_kayenta_list(struct judge_source *s, const struct node *map, const char *key);

/* control and experiment of the metric; NULL where an error was added. out->name is there. */
void rs_kayenta_queries(struct judge_source *s,
                        const struct kayenta_request *request,
                        const struct node *templates,
                        const struct node *metric,
                        struct kayenta_metric *out);

#endif
