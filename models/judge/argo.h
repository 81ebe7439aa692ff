/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/judge: the verdict on one metric of an AnalysisRun as a pure function of its counts. */
#ifndef JUDGE_ARGO_H
#define JUDGE_ARGO_H

#include "models/judge_argo.h"

struct argo_counts {
    int64_t failed, inconclusive;
    int64_t error_row, success_row; /* in a row, up to the last measurement */
    int64_t count;                  /* measurements without an error */
};

/* RS_JUDGE_RUNNING: it is measured again. */
enum judge_verdict rs_argo_assess(const struct argo_metric *metric, const struct argo_counts *c);

#endif
