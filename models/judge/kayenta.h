/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to models/judge: Kayenta's judge of two sets of points, without time and queries.
 *
 *   kayenta.c         the machine: points as time goes by, a judgement every interval
 *   kayenta_metric.c  one metric: cleaned, compared, classified
 *   kayenta_score.c   the metrics together: groups, weights, what fails all
 *   mann_whitney.c    the test
 */
#ifndef JUDGE_KAYENTA_H
#define JUDGE_KAYENTA_H

#include "models/judge_kayenta.h"
#include "sim/stream.h"

#define RS_KAYENTA_CONFIDENCE 0.98
#define RS_KAYENTA_TOLERANCE 0.25 /* of the Hodges-Lehmann estimate */
#define RS_KAYENTA_NOISE 1e-5     /* of the value: sd of the noise on two constant samples */
#define RS_KAYENTA_NODATA                                                                          \
    50.0 /* percent of the metrics: with so many without data the canary fails */

enum kayenta_label {
    RS_KAYENTA_PASS,
    RS_KAYENTA_HIGH,
    RS_KAYENTA_LOW,
    RS_KAYENTA_NODATA_FAILS, /* no data, and it must have some */
    RS_KAYENTA_NODATA_LABEL,
    RS_KAYENTA_ERROR, /* the test could not be made: counts nowhere */
    RS_KAYENTA_LABEL_N
};
const char *rs_kayenta_label_name(enum kayenta_label l);

struct kayenta_points { /* changed in place while they are cleaned */
    double *v;          /* [n] */
    int n;
};

struct kayenta_result {
    enum kayenta_label label;
    bool critical;    /* fails the whole canary */
    double deviation; /* ratio of the means; NaN where one of them is 0 */
};

/* The metric of one judgement. noise: drawn from only where both samples are constant. */
struct kayenta_result rs_kayenta_classify(const struct kayenta_metric *m,
                                          struct kayenta_points experiment,
                                          struct kayenta_points control,
                                          struct stream *noise);

struct kayenta_score {
    double score;    /* 0..100, two decimals */
    int failed_by;   /* a critical metric, or -1 */
    bool too_little; /* too many metrics without data */
};

/*
 *   result[n_metric]
 */
struct kayenta_score rs_kayenta_score(const struct kayenta_spec *spec,
                                      const struct kayenta_result *result);

/* The p-th percentile of sorted values, 0 < p < 100, n > 0; Hyndman & Fan, Am. Stat. 50 (1996) 361-365, definition 7. */
double rs_percentile(const double *sorted, int n, double p);

#endif
