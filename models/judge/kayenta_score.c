/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The score: each group's share of metrics that pass, times its weight; a group whose metrics all lack data, or could not be
 * tested, counts as all good. A critical metric that fails, or half of the metrics without data, make it 0.
 */
#include <math.h>

#include "kayenta.h"

/* 0..100; a group without any metric that counts has 100. */
static double
group_score(const struct kayenta_spec *spec, const struct kayenta_result *result, int g)
{
    int n_pass = 0, n = 0;
    for (int i = 0; i < spec->n_metric; i++) {
        for (int k = 0; k < spec->metric[i].n_group; k++) {
            if (spec->metric[i].group[k] != g || result[i].label > RS_KAYENTA_NODATA_FAILS)
                continue;
            n_pass += result[i].label == RS_KAYENTA_PASS;
            n++;
        }
    }
    return n > 0 ? (double)n_pass / n * 100.0 : 100.0;
}

/* To two decimals, halves up: of the decimal number that is shown, so a hair below a half is one. */
static double rounded(double score)
{
    return floor(score * 100.0 + 0.5 + 1e-9) / 100.0;
}

static double summary(const struct kayenta_spec *spec, const struct kayenta_result *result)
{
    int n_share = 0;
    double score = 0.0;
    for (int g = 0; g < spec->n_group; g++)
        n_share += isnan(spec->group[g].weight);
    for (int g = 0; g < spec->n_group; g++) {
        double weight = isnan(spec->group[g].weight) ? (100.0 - spec->weight_sum) / n_share
                                                     : spec->group[g].weight;
        score += group_score(spec, result, g) * (weight / 100.0);
    }
    return rounded(score);
}

struct kayenta_score rs_kayenta_score(const struct kayenta_spec *spec,
                                      const struct kayenta_result *result)
{
    struct kayenta_score out = {.failed_by = -1};
    int n_nodata = 0;
    for (int i = 0; i < spec->n_metric; i++) {
        n_nodata += result[i].label == RS_KAYENTA_NODATA_LABEL;
        if (out.failed_by < 0 && result[i].critical && result[i].label != RS_KAYENTA_PASS)
            out.failed_by = i;
    }
    out.too_little = out.failed_by < 0 && 100.0 * n_nodata / spec->n_metric >= RS_KAYENTA_NODATA;
    if (out.failed_by < 0 && !out.too_little)
        out.score = summary(spec, result);
    return out;
}
