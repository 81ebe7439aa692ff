/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pictures. Each opens the page of an empty canvas and draws on it; nothing is an error but a database that cannot be read:
 * where there is no data the picture says so in words. fault: the one shown, NULL for pictures of the whole run.
 */
#ifndef PLOTS_PICTURES_H
#define PLOTS_PICTURES_H

#include "canvas.h"
#include "read.h"

typedef int (*picture_fn)(struct canvas *c,
                          struct record *r,
                          const struct named *fault,
                          struct err *err);

/* Error ratio, and 95 % latency, of each service over the whole rollout without a fault. */
int rs_picture_rollout(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err);
int rs_picture_latency(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err);
/* One fault close by: error ratio, latency, flags, and the marks of the rollback clock. */
int rs_picture_episode(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err);
/* The legs of the response, end to end, against the budget. */
int rs_picture_chain(struct canvas *c,
                     struct record *r,
                     const struct named *fault,
                     struct err *err);
/* Distribution of detected -> completed, a panel a fault. */
int rs_picture_ecdf(struct canvas *c, struct record *r, const struct named *fault, struct err *err);
/* How replicas ended, a bar a fault. */
int rs_picture_outcomes(struct canvas *c,
                        struct record *r,
                        const struct named *fault,
                        struct err *err);

struct search;

/* The pictures of a search, from its whole record. All numbers are in memory, so nothing can go wrong. */

/* Objectives against each other. */
void rs_picture_pareto(struct canvas *c, const struct search *s, const struct named *fault);
/* One panel a parameter and objective: what moving it alone does. */
void rs_picture_sensitivity(struct canvas *c, const struct search *s, const struct named *fault);
/* Detection probability of the fault over its size and the traffic. */
void rs_picture_detection(struct canvas *c, const struct search *s, const struct named *fault);

struct past;
struct past_episode;

/*
 * The pictures of a retrospective, the same way. episode: the one shown, NULL for pictures of the whole. Each has a question beside
 * it whether the record has anything for it.
 */

/* Signals, stages, flags, episodes and the alerts of every rule set over the whole rollout. */
void rs_picture_retro_trajectory(struct canvas *c,
                                 const struct past *p,
                                 const struct past_episode *episode);
bool rs_past_has_trajectory(const struct past *p);
/* One episode close by: the instants of its clock with their uncertainty. */
void rs_picture_retro_episode(struct canvas *c,
                              const struct past *p,
                              const struct past_episode *episode);
/* Times that a distribution was fitted to, with the fitted and the assumed one. */
void rs_picture_retro_response(struct canvas *c,
                               const struct past *p,
                               const struct past_episode *episode);
bool rs_past_has_response(const struct past *p);
/* How far off the found changes are from the known faults. */
void rs_picture_retro_known(struct canvas *c,
                            const struct past *p,
                            const struct past_episode *episode);
bool rs_past_has_known(const struct past *p);
/* Errors and users hurt of each question in each episode. */
void rs_picture_retro_what_if(struct canvas *c,
                              const struct past *p,
                              const struct past_episode *episode);
bool rs_past_has_what_if(const struct past *p);

#endif
