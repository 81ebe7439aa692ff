/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager: routes, grouping, group_wait, group_interval, repeat_interval, inhibition, resolve. A pure machine: time is
 * handed in, timers are asked for; the loop schedules them.
 */
#ifndef MODELS_ALERTMANAGER_H
#define MODELS_ALERTMANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "models/labels.h"
#include "sim/err.h"

enum match_op { RS_MATCH_EQ, RS_MATCH_NE, RS_MATCH_RE, RS_MATCH_NRE };

struct am_matcher {
    const char *name, *value; /* value of a regex: anchored at both ends */
    enum match_op op;
    struct mark at;
};

struct am_route {
    const char *receiver;
    int n_matcher;
    const struct am_matcher *matcher; /* all must match */
    bool go_on;                       /* `continue` */
    bool group_by_all;                /* '...' */
    int n_group_by;
    const char *const *group_by;
    int64_t group_wait_ns, group_interval_ns,
        repeat_interval_ns; /* inherited values filled in by the reader */
    int n_child;
    const struct am_route *child;
    struct mark at;
};

struct am_inhibit {
    int n_source, n_target, n_equal;
    const struct am_matcher *source, *target;
    const char *const *equal;
};

struct am_receiver {
    const char *name;
    bool send_resolved;
    struct mark at;
};

struct am_config {
    const char *file;
    struct am_route root;
    int n_receiver;
    const struct am_receiver *receiver;
    int n_inhibit;
    const struct am_inhibit *inhibit;
};

struct alertmanager; /* opaque, heap */

struct alertmanager *rs_am_new(const struct am_config *config, struct label_table *labels);
void rs_am_free(struct alertmanager *am); /* NULL ok */
void rs_am_reset(struct alertmanager *am);

/* An alert arrives from Prometheus. starts/ends in ns; resolved iff ends_ns <= now_ns. */
void rs_am_post(
    struct alertmanager *am, int64_t now_ns, rs_labels alert, int64_t starts_ns, int64_t ends_ns);

/* When the next group timer runs out; RS_NEVER if none. */
int64_t rs_am_next(const struct alertmanager *am);

struct am_notification { /* belongs to the machine, valid during the call */
    const char *receiver;
    const struct am_route *route;
    uint64_t group; /* number of the group, stable while it lives */
    int n_firing, n_resolved;
    const rs_labels *firing;   /* [n_firing] sorted */
    const rs_labels *resolved; /* [n_resolved] */
};
typedef void (*rs_am_notify)(void *ctx, int64_t now_ns, const struct am_notification *n);

/* Runs all timers due at now_ns, groups in order of creation. */
void rs_am_tick(struct alertmanager *am, int64_t now_ns, rs_am_notify notify, void *ctx);

#endif
