/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small scenario with judges in it. */
#ifndef TESTS_JUDGE_MADE_H
#define TESTS_JUDGE_MADE_H

#include "models/scenario.h"

/* A list of one judge, and keys that it has besides (", failed: hold"). */
#define ARGO                                                                                       \
    "  judges:\n    - {name: analysis, kind: argo, file: argo.yaml, stages: [only], procedure: "   \
    "back, "                                                                                       \
    "args: {most: '0.05'}%s}\n"
#define FLAGGER                                                                                    \
    "  judges:\n    - {name: flag, kind: flagger, file: flagger.yaml, stages: [only], procedure: " \
    "back, "                                                                                       \
    "queries: {request-success-rate: '100 * (1 - (sum(rate(http_requests_total{code=\"500\"}[{{ "  \
    "interval }}])) or "                                                                           \
    "vector(0)) / sum(rate(http_requests_total[{{ interval }}])))'}%s}\n"

struct made { /* each NULL: what the small scenario has */
    const char *judges;
    const char *stages;    /* one of two hours */
    const char *procedure; /* more keys of the procedure "back" */
    const char *claim;     /* that it is rolled back */
};
struct scenario *made_scenario(const struct made *m);

#endif
