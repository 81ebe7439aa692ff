/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to models/loop: the parts of one simulator and how they hang together. */
#ifndef MODELS_LOOP_SIMULATOR_H
#define MODELS_LOOP_SIMULATOR_H

#include "models/alertmanager.h"
#include "models/lanes.h"
#include "models/replica.h"
#include "models/response.h"
#include "models/rules.h"
#include "models/system.h"
#include "sim/kernel.h"

/* One rule group on the clock. */
struct group_timer {
    struct simulator *sim;
    struct rule_runner *runner;
    uint64_t phase_hash; /* of the stream that draws the group's phase, once per world */
    int64_t phase_ns;    /* where the server's hash puts it; -1 = drawn */
    int64_t interval_ns;
};

/* An alert that is firing now: people are told its times, Alertmanager only its labels. */
struct firing {
    rs_labels labels;
    const char *name; /* the rule's */
    int64_t pending_ns, firing_ns;
};

/* A message on its way to a channel; slots are reused. */
struct message {
    bool used;
    int channel, n, cap;
    const char **alert;
    int64_t *pending_ns, *firing_ns;
};

struct condition_eval {
    const struct promql *expr;
    struct promql_eval *eval; /* NULL: it has variants */
    int site;                 /* of the lanes; -1 = it is as the scenario has it */
};

struct lanes; /* lanes.c */

/* Counts of a service at the last point of a grid. */
struct baseline {
    uint64_t n_request, n_error;
    uint64_t *bucket; /* [n_bucket + 1] */
};

/* A grid of trajectory points over some services. */
struct grid {
    int64_t step_ns;
    struct baseline *last; /* [n_service] */
    uint64_t *diff;        /* scratch, the largest n_bucket + 1 */
};

struct simulator {
    const struct scenario *sc;
    const struct lane_plan *lane_plan; /* NULL: one scenario, one history */
    struct lanes *lanes;
    struct kernel *kernel;
    struct label_table *labels;
    struct tsdb *db;
    struct system *system;
    struct responder *responder;
    struct alertmanager *am; /* NULL: nobody is told */
    rs_event am_timer;
    int n_group;
    struct group_timer *group; /* [n_group] */
    int n_condition;
    struct condition_eval *condition; /* [n_condition] */
    int n_firing, cap_firing;
    struct firing *firing;
    int n_message;
    struct message *message;
    uint64_t *delivery_hash; /* [n_channel] */
    struct stream *delivery; /* [n_channel] */
    struct grid whole, close;
    bool close_on, close_done; /* the close grid is being recorded; it has seen its end */
    uint64_t n_request_onset, n_error_onset, users_hurt_onset;
    uint64_t which_hash;
    uint64_t branch; /* the word that all streams of the replica are tied to */
    bool over;       /* the tail has passed: nothing more happens */
    struct replica_options opt;
    struct history *out;
};

/* The wall clock that Prometheus would see, in ms. */
int64_t rs_loop_ms(const struct simulator *sim, int64_t now_ns);
int64_t rs_loop_ns(const struct simulator *sim, int64_t t_ms);

/* monitor.c: rules, Alertmanager and channels. */
int rs_loop_monitor_new(struct simulator *sim);
void rs_loop_monitor_free(struct simulator *sim);
void rs_loop_monitor_reset(struct simulator *sim, uint64_t world);
bool rs_loop_alert_firing(const struct simulator *sim, const char *alert);

/* replica.c: a simulator over a plan, and one replica; the lanes have been set. */
struct simulator *
rs_loop_new(const struct scenario *sc, const struct lane_plan *plan, struct err *err);
/* Lays the plan out anew if too many label sets have come together. 0 or -1. */
int rs_loop_renew(struct simulator *sim, struct err *err);
int rs_loop_run(struct simulator *sim,
                const struct replica_options *opt,
                struct history *out,
                struct err *err);

/* lanes.c, lanes_reach.c: many settings over one history (models/lanes.h). */
struct lanes *rs_loop_lanes_new(struct simulator *sim);
void rs_loop_lanes_free(struct lanes *l); /* NULL ok */
/* Gives the rules of a group their variants: before its runner is made, and after. */
void rs_loop_lanes_vary(struct simulator *sim,
                        int file,
                        int group,
                        struct rule_runner_options *opt);
void rs_loop_lanes_made(struct simulator *sim, int file, int group, struct rule_runner *runner);
/* The site of a condition's variants, which it makes; -1: the condition is as it is. */
int rs_loop_lanes_condition(struct simulator *sim,
                            const struct promql *expr,
                            const struct promql_options *opt);
/* Is the condition true, of all lanes that go on from here? */
bool rs_loop_lanes_true(struct simulator *sim, int site, int64_t t_ms);
/* The monitoring is made: what do lanes look at? */
void rs_loop_lanes_ready(struct simulator *sim);
/* All lanes of the run are there again. Before the system is reset. */
void rs_loop_lanes_begin(struct simulator *sim);
/* lanes_share.c: may an alert of the rule be read while it is pending? */
bool rs_loop_pending_is_read(const struct scenario *sc,
                             const struct lane_plan *plan,
                             const char *alert);

/* record.c: trajectories and totals. */
void rs_loop_record_new(struct simulator *sim);
void rs_loop_record_free(struct simulator *sim);
void rs_loop_record_reset(struct simulator *sim);
/* Starts the close grid of the present fault's service, if it has not started yet. */
void rs_loop_record_close(struct simulator *sim);
void rs_loop_record_onset(struct simulator *sim, int64_t now_ns);
void rs_loop_record_totals(struct simulator *sim);

#endif
