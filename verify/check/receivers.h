/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One way of an alert to people, judged: its route, the channel, who attends it, when, how surely and how soon. */
#ifndef VERIFY_CHECK_RECEIVERS_H
#define VERIFY_CHECK_RECEIVERS_H

#include "check.h"
#include "models/alertmanager.h"
#include "models/rules.h"
#include "schedule.h"

struct receiving {
    struct check *c;
    const struct scenario *sc;
    struct label_table *labels;
    struct alertmanager *am;
    struct schedule plan;
};

/* One alert on its way to people. */
struct page {
    const struct rule *rule;
    int procedure;
    bool people; /* nobody but people acts on it */
    bool called; /* automation acts, for a role that must know: somebody has to be called */
};

/* How bad a way is: of several ways that an alert takes the best one counts. */
enum fault_kind {
    RS_WAY_GOOD,
    RS_WAY_SLOW,
    RS_WAY_OVERLOOKED, /* may never be seen */
    RS_WAY_SILENT,     /* a chat */
    RS_WAY_OFF_HOURS,
    RS_WAY_MUTED,
    RS_WAY_NOBODY,
    RS_WAY_NO_CHANNEL
};

struct way {
    enum fault_kind kind;
    const struct am_route *route;
    int channel, role;
    int64_t time_ns;   /* by kind: muted, waited for hours */
    double seconds, p; /* by kind: median to the acknowledgement; P(never seen) */
};

/* The best channel behind the route's receiver. */
struct way
rs_way_judge(const struct receiving *x, const struct page *page, const struct am_route *route);

#endif
