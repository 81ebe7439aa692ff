/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the Alertmanager machine share: the alerts it knows, and what mutes them. */
#ifndef MONITORING_AM_PRIVATE_H
#define MONITORING_AM_PRIVATE_H

#include "am_match.h"

/*
 * An alert, by its label set. What follows from the labels alone is found out once and kept over a reset: many replicas see
 * the same label sets again and again, and matching expressions is what costs.
 */
struct known {
    rs_labels labels;
    int dest, n_dest; /* the groups it belongs to: am_alerts.dest[dest .. dest + n_dest) */
    /* Of this replica: */
    bool told;    /* Prometheus has sent it */
    bool timeout; /* without an end: ends_ns is our own */
    uint32_t n_post;
    int64_t starts_ns, ends_ns;
};

struct side { /* of one alert in one inhibition rule */
    bool source, target;
    int class; /* alerts with equal values for the rule's `equal` labels have the same */
};

struct am_alerts { /* value with owned parts: init / clear */
    const struct am_settings *settings;
    int64_t resolve_timeout_ns;
    struct label_table *labels;
    struct am_tree tree;
    struct known *known; /* [n] */
    int n, cap;
    struct label_map by_labels; /* to an index in known */
    int *dest;
    int n_dest, cap_dest;
    struct side *side; /* [n][n_inhibit] */
    bool *silenced;    /* [n][n_silence]: the silence's matchers fit */
    /* [n_inhibit], from the equal labels to a class; classes count through all rules. */
    struct label_map *class_of;
    int *representative; /* [n_class] index in known, -1 = none yet */
    int n_class, cap_class;
};

void rs_am_alerts_init(struct am_alerts *a,
                       const struct am_config *config,
                       const struct am_settings *settings,
                       struct label_table *labels);
void rs_am_alerts_clear(struct am_alerts *a);
void rs_am_alerts_reset(struct am_alerts *a);

/*
 * Index of the alert; *is_new says that its destinations must be found now. Takes in a report: what is known of it
 * afterwards is the merger of old and new.
 */
int rs_am_alerts_find(struct am_alerts *a, rs_labels labels, bool *is_new);
void rs_am_alerts_add_dest(struct am_alerts *a, int known, int group);
void rs_am_alerts_report(struct am_alerts *a, int known, int64_t now_ns, struct known told);

static inline bool rs_am_is_resolved(const struct known *k, int64_t now_ns)
{
    return k->ends_ns <= now_ns;
}

/* The last multiple of `every_ns` since Alertmanager's own start that is not after now_ns. */
int64_t rs_am_last_sweep(const struct am_settings *settings, int64_t now_ns, int64_t every_ns);

/* am_mute.c. Is the alert kept back by another one, or by a silence? By whom is told in *held. Asked only when a group is flushed. */
enum am_hold rs_am_mute(const struct am_alerts *a, int known, int64_t now_ns, struct am_held *held);
/* Is the whole route silent at this time of the calendar? */
bool rs_am_route_is_muted(const struct am_route *route, int64_t unix_ns);
/* A source has been reported: it may become the one that its class is judged by. */
void rs_am_source_told(struct am_alerts *a, int known);

#endif
