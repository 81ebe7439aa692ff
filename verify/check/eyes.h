/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the pass that looks for eyes: which metrics are read, and who watches the triggers. */
#ifndef VERIFY_CHECK_EYES_H
#define VERIFY_CHECK_EYES_H

#include "check.h"

/* An expression that somebody or something reads. */
struct eye {
    const struct promql *expr;
    const char *about;       /* "gate stage-1-errors" */
    const char *ref;         /* or NULL */
    const struct rule *rule; /* an alert's, a recording rule's; or NULL */
    bool missing;            /* it reads what nothing exposes */
    bool named;              /* an alert that an unwatched trigger should list: told of there */
};

struct eyes {
    struct check *c;
    int n;
    struct eye *eye; /* [n] */
    uint64_t *read;  /* the series that any of them reads, through what is recorded */
};

/* All gates, triggers and alerts, and the recording rules that these need. */
void rs_eyes_find(struct eyes *e, struct check *c);
/* Does this expression read what nothing exposes? */
bool rs_eyes_missing(const struct eyes *e, const struct promql *expr);

/* Does a judge of the stage roll back by the procedure, and measure all series of its trigger? */
bool rs_eyes_judged(struct check *c, int stage, int procedure);

void rs_eyes_metrics(struct eyes *e); /* metric-missing, metric-unread; sets `missing` */
/* trigger-unwatched: of triggers, gates and stages; then of alerts. */
void rs_eyes_watch(struct eyes *e);
void rs_eyes_alerts(struct eyes *e);

#endif
