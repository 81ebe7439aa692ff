/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a backtest is worded, the same in all its forms. */
#ifndef VERIFY_BACKTEST_WORDS_H
#define VERIFY_BACKTEST_WORDS_H

#include "verify/backtest.h"

/*
 * For people: as rs_backtest_time, but without the date where it is that of `since_ms` (RS_NEVER: whole), and seconds as a duration
 * ("2d16h45m").
 */
char *rs_backtest_time_short(char *buf, size_t n, int64_t t_ms, int64_t since_ms);

/*
 * Labels without alertname, as name=value joined by commas; a value that holds more than letters, digits and ._:/- stands in
 * quotes. Heap text, the caller frees it.
 */
char *rs_backtest_labels(const struct label_table *table, rs_labels set);
/* A value as Prometheus prints it: shortest text that reads back, "NaN", "+Inf". n >= 40. Returns buf. */
char *rs_backtest_value(char *buf, size_t n, double v);

/* The same without an exponent, as the API of Prometheus has it. */
void rs_backtest_put_value(FILE *to, double v);

/* "severity="page", window="5m"": the labels that the rule fixes and other alerting rules of its name have not. Heap text. */
char *rs_backtest_distinction(const struct rule *rule, const struct backtest_spec *spec);

/* Totals of one alerting rule. */
struct backtest_total {
    const struct rule *rule;
    const struct rule_group *group;
    int n_active, n_fired;
    int64_t pending_ms, firing_ms; /* sums; of what is up at the end, until its last evaluation */
    int64_t longest_ms;            /* of one firing */
    int64_t first_firing_ms;       /* RS_NEVER: never fired */
    int n_selector,
        n_missing; /* of its expression, and those that no series ever matched; without absent()'s */
};
/* One per alerting rule, in the order of the files; *out_n. The caller frees it. */
struct backtest_total *
rs_backtest_totals(const struct backtest *b, const struct backtest_spec *spec, int *out_n);
/* How long it fired, ms; 0 if it never did. */
int64_t rs_activation_firing_ms(const struct activation *a);

#endif
