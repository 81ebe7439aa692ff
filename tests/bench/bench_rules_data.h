/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the benchmark of the rules evaluates: ten rules of a service with an objective, and a day
 * of its metrics with a fault, a restart and a hole. One table makes both our rule group and the
 * rule file that promtool is given, one array both our samples and promtool's.
 */
#ifndef TESTS_BENCH_RULES_DATA_H
#define TESTS_BENCH_RULES_DATA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/rules.h"

enum { STEP_S = 15, N_RULE = 10, N_PER_INSTANCE = 16 };

/* A day of samples on the grid of STEP_S from time 0. */
struct metrics {
    int n_instance, n_series, n_step; /* n_series = N_PER_INSTANCE * n_instance */
    char (*name)[96];                 /* [n_series] as written in a rule: name{label="value"} */
    double *v;                        /* [n_step * n_series], step by step; NaN = no sample */
};

struct metrics *metrics_new(int n_instance, int n_step);
void metrics_free(struct metrics *m);
rs_labels metrics_labels(struct label_table *t, const struct metrics *m, int series);

/* The ten rules as a group of ours, in the arena; with n < N_RULE, the first n from `first` on. */
const struct rule_group *bench_group(struct arena *arena, int first, int n);
const char *bench_rule_name(int i);

/* promtool's files: the rules, and the unit test with all series. */
void write_rule_file(FILE *to);
void write_test_file(FILE *to, const struct metrics *m, const char *rule_file);

#endif
