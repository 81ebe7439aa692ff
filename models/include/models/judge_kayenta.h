/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A canary configuration of Kayenta with its request, read (scenarios/judge) and judged (models/judge/kayenta.c). */
#ifndef MODELS_JUDGE_KAYENTA_H
#define MODELS_JUDGE_KAYENTA_H

#include "models/judge.h"

enum kayenta_direction { RS_KAYENTA_EITHER, RS_KAYENTA_INCREASE, RS_KAYENTA_DECREASE };

struct kayenta_metric {
    const char *name;
    struct mark at;
    const struct promql *control, *experiment;
    enum kayenta_direction direction;
    bool critical, must_have_data;
    bool replace_nan;      /* by 0; else they are removed */
    bool remove_outliers;  /* else kept */
    double outlier_factor; /* > 0, of the interquartile range */
    bool cles; /* the effect is the common language effect size; else the ratio of means */
    double allowed_increase, allowed_decrease, critical_increase, critical_decrease;
    int n_group;
    const int *group; /* [n_group] */
};

struct kayenta_group {
    const char *name;
    double weight; /* NaN: not named among the weights; shares what they leave of 100 */
};

struct kayenta_spec {
    int n_metric;
    const struct kayenta_metric *metric; /* [n_metric] > 0 */
    int n_group;
    const struct kayenta_group *group; /* [n_group] in the order in which metrics name them */
    double weight_sum;     /* of all weights that are given, of groups without metrics too */
    double pass, marginal; /* scores, 0..100 */
    int64_t begin_after_ns;
    int64_t interval_ns; /* > 0, between judgements */
    int n_judgement;     /* >= 1 */
    int64_t
        lookback_ns; /* 0: from the beginning; else at most begin_after + interval, whole steps of it apart */
    int64_t step_ns; /* > 0, between points */
};

#endif
