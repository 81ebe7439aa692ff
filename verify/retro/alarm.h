/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules would have done over the recording, and which of it bears on which episode. */
#ifndef VERIFY_RETRO_ALARM_H
#define VERIFY_RETRO_ALARM_H

#include "retro/harm.h"
#include "verify/retro_counter.h"

/* Rules over series, as the evidence's own are run; heap: rs_backtest_free. query may be NULL. */
struct backtest *rs_alarm_run(const struct retro *r,
                              struct recorded *data,
                              int n_file,
                              const struct rule_file *const *file,
                              const struct am_config *am,
                              const struct backtest_query *query);

/* The alarms of a run, each given to the episode in which it began to fire (or, never firing, was pending). */
void rs_alarm_list(struct retro_counterfactual *out,
                   const struct retro *r,
                   const struct harm *harm /* [n_episode] */,
                   const struct backtest *run);

/* May the alert bring about the rollback of the episode: by the runbook's word, or because it reads what the service exposes? */
bool rs_alarm_bears_on(const struct retro *r,
                       const struct retro_episode *e,
                       const struct rule *rule,
                       const struct label_table *labels,
                       rs_labels set);
/*
 * The earliest firing, from the onset up to then, of an alert that bears on the episode; -1 = none. Index into the run's
 * activations.
 */
int rs_alarm_first(const struct retro *r,
                   const struct harm *h,
                   const struct backtest *run,
                   int64_t until_ns);
/* An alert that bears on the episode and was firing already when the fault began, or NULL. */
const char *
rs_alarm_standing(const struct retro *r, const struct harm *h, const struct backtest *run);
/* When Alertmanager tells somebody of it; RS_NEVER = nobody. */
int64_t rs_alarm_notified(const struct backtest *run, const struct activation *a);
/* One line: an alert that bears on the episode and cannot be judged, since it asks for what is in no series; NULL = none. */
const char *rs_alarm_blind(const struct retro *r, const struct harm *h, const struct backtest *run);
/* Does any alert of the run bear on the episode? */
bool rs_alarm_any(const struct retro *r,
                  const struct harm *h,
                  int n_file,
                  const struct rule_file *const *file);

/* From the onset to the fault's end: when an alarm is this episode's, windows of rules not yet counted. */
struct alarm_span {
    int64_t from_ns, until_ns;
};
struct alarm_span rs_alarm_span(const struct harm *h);

/*
 * The series, as if the fault had gone on from where it really ended: each series of the service rises by the share of its
 * requests (a counter: by the rate) that it had while the fault was at its level; `size` times that share's excess over what
 * it was before. NULL: it cannot be made, *why says why. Free with rs_recorded_free.
 */
struct recorded *rs_harm_extend(const struct harm *h, double size, const char **why);
/* How sure the level of the fault is: its kind, its mean, and bounds of the level over the mean, for `size`. */
struct harm_size {
    int kind;
    double mean, low, high;
};
struct harm_size rs_harm_size(const struct harm *h, uint64_t seed);

#endif
