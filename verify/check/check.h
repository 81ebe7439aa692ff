/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of rollsim check: one file a pass, each adds its findings. */
#ifndef VERIFY_CHECK_CHECK_H
#define VERIFY_CHECK_CHECK_H

#include "verify/check.h"

struct exposed; /* exposed.h */

struct check {
    const struct scenario *sc;
    struct arena *arena;     /* lives as long as the findings */
    struct exposed *exposed; /* the series that there are, for all passes */
    int n, cap;
    struct finding *item;
};

/*
 * Adds a finding of the code named (assert: it is one of rs_finding_codes) and returns it, valid until the next is added.
 * The format gives the text; evidence and mend are set afterwards.
 */
struct finding *rs_check_add(struct check *c,
                             const char *code,
                             struct mark at,
                             const char *ref,
                             const char *about,
                             const char *fmt,
                             ...) __attribute__((format(printf, 6, 7)));
void rs_check_number(struct finding *f, const char *name, double value);
void rs_check_words(struct check *c, struct finding *f, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void rs_check_mend(struct check *c, struct finding *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The passes, in the order in which they run. */
void rs_check_preconditions(struct check *c); /* open-precondition */
void rs_check_eyes(struct check *c);          /* trigger-unwatched, metric-unread, metric-missing */
void rs_check_order(struct check *c);         /* alert-laxer, alert-later */
void rs_check_regions(struct check *c);       /* grey-zone, contradiction */
/* Before the budget, which does not tell again that nobody may see a message. */
void rs_check_receivers(struct check *c); /* receiver-slow, receiver-unattended */
void rs_check_budget(struct check *c);    /* over-budget, part-over-budget, unbounded-rollback */
void rs_check_power(struct check *c);     /* cries-wolf, too-little-traffic */
void rs_check_dilution(struct check *c);  /* dilution, outage-hidden */
void rs_check_statistic(struct check *c); /* ambiguous-statistic, ratio-without-denominator */
void rs_check_states(
    struct check *c); /* no-way-back, dependent-left-on, removed-path-taken, dead-end, ... */
void rs_check_stages(
    struct check *c); /* unbounded-stage, halt-without-resume, irreversible-early */
void rs_check_judges(struct check *c); /* judge-late */

#endif
