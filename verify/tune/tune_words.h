/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How settings, objectives and what they come to are worded: the same in the terminal, in a review, in JSON and in the record. */
#ifndef VERIFY_TUNE_TUNE_WORDS_H
#define VERIFY_TUNE_TUNE_WORDS_H

#include <stddef.h>

#include "sim/arena.h"
#include "verify/tune_report.h"

const char *
rs_tune_type_name(enum tune_type t); /* "number", "ratio", "duration", "count", "word" */
const char *
rs_tune_stat_name(enum tune_stat s); /* "miss", "probability", "mean", "quantile", "rate" */

/* Whether it is told in per cent: probabilities and ratios. */
bool rs_objective_is_ratio(const struct tune_objective *o);
/*
 * A value of the objective: "3.1%", "4m42s", "0.31". NaN is "-"; what is infinite is "never" of a time, else "unbounded". The unit
 * of what is neither a ratio nor a time is left to the caller. n >= 32. Returns buf.
 */
char *rs_objective_human(char *buf, size_t n, const struct tune_objective *o, double value);
/* "3.1% [2%, 4.4%]"; "-" where there is nothing to tell. n >= 100. Returns buf. */
char *rs_tune_estimate_told(char *buf,
                            size_t n,
                            const struct tune_objective *o,
                            const struct tune_estimate *e);
/* The same of a difference, with its sign: "−12s [−15s, −9s]", "+0.3 points [...]" of ratios. n >= 120. Returns buf. */
char *rs_tune_difference_told(char *buf,
                              size_t n,
                              const struct tune_objective *o,
                              const struct tune_estimate *e);
/* The unit that goes behind such values, with a space in front: " pages/w"; "" for ratios and times. In the arena or constant. */
const char *rs_objective_unit_behind(struct arena *arena, const struct tune_objective *o);

/* "time to detect", "pages/w", "hurt, users": the objective with the unit of its numbers, for the head of a column. */
const char *rs_objective_head(struct arena *arena, const struct tune_objective *o);

/* What is held against a claim's limit, in the words of its kind: "96.1% [93%, 98.2%]". The estimate is in the claim's unit. */
char *
rs_claim_estimate_told(char *buf, size_t n, const struct claim *c, const struct tune_estimate *e);

/* How an estimate lies to another of the same objective, all of which are to be small: -1 it is shown to be less, 1 more, 0 neither. */
int rs_tune_estimate_side(const struct tune_estimate *e, const struct tune_estimate *than);
/* Whether a difference is shown: -1 it is less than 0, 1 more, 0 neither. */
int rs_tune_difference_side(const struct tune_estimate *difference);

/* Whether a claim of the scenario is one that a setting must keep. */
bool rs_claim_is_kept(const struct tune_plan *plan, int claim);
/* The claim's row among those that no setting can keep, or NULL. */
const struct tune_unsaved *rs_claim_unsaved(const struct tune_result *r, int claim);

/* "today", "chosen", "today, chosen" or "". */
const char *rs_point_mark(const struct tune_result *r, int point);

/* Parameters that the chosen setting changes. */
int rs_tune_n_changed(const struct tune_result *r);

/* "all 1440 settings", "412 of 3·10^9 settings, by NSGA-II": what was looked at. In the arena. */
const char *rs_tune_scope(struct arena *arena, const struct tune_result *r);

/*
 * "rollsim tune FILE --seed 7 --replicas 100": says the search again. base: without the folders of absolute paths. In the arena.
 */
const char *rs_tune_command(struct arena *arena,
                            const struct tune_result *r,
                            const struct tune_words *words,
                            bool base);
/* "rollsim verify FILE --seed 2024 --replicas 400": says the proof again, once the files are as chosen. NULL before the proof. */
const char *rs_tune_proof_command(struct arena *arena,
                                  const struct tune_result *r,
                                  const struct tune_words *words,
                                  bool base);

#endif
