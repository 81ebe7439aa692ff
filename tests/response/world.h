/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small world for the tests of the response: a scenario built by hand with constant times, a port
 * whose conditions are true in given intervals, and flags that reach four instances 5, 10, 15 and
 * 20 s after the change.
 *
 * The plan, when nothing happens (s):  0 stage-0, document 600 s, watch 2400 s;  3000 stage-1, sets
 * NEW (20 s) at 3020, check (180 s) at 3200, watch 1800 s with looks every 300 s; closing sets
 * FALLBACK off at 5020: completed.
 */
#ifndef TESTS_RESPONSE_WORLD_H
#define TESTS_RESPONSE_WORLD_H

#include "models/response.h"
#include "sim/clock.h"
#include "sim/stream.h"

#define S(seconds) ((int64_t)((seconds)*1e9))

enum { ON_CALL, LEAD, N_ROLE };
enum { PAGER, CHAT, N_CHANNEL };
enum { NEW, FALLBACK, N_FLAG };
enum { REVERT, SECOND, N_PROCEDURE };
enum { ERRORS, QUIET, OTHER, N_CONDITION };
enum { N_INSTANCE = 4, MAX_SET = 32, MAX_SETTLED = 4 };

struct flag_set { /* one call of set_flag */
    int64_t at_ns;
    int flag;
    bool on;
    double percent;
};

struct world {
    struct scenario sc;
    struct role role[N_ROLE];
    struct attention on_call_attends[N_CHANNEL], lead_attends[N_CHANNEL];
    struct channel channel[N_CHANNEL];
    struct flag flag[N_FLAG];
    struct component component[1];
    struct cohort cohort[1];
    struct service service[1];
    struct path path[2];
    struct fault fault[1];
    struct action entry0[1], entry1[2], closing[1], revert[3], second[1];
    struct gate gate[2];
    struct ramp_step ramp[2];
    int watched[1];
    struct stage stage[2];
    struct procedure procedure[N_PROCEDURE];
    struct automation automation[1];
    struct side_step side[1];

    struct kernel *k;
    struct responder *r;
    struct history h;

    /* what the world does */
    int64_t true_from_ns[N_CONDITION], true_until_ns[N_CONDITION]; /* [from, until) */
    /* Instead, if not NULL: what the reads of the condition find, one after another, '1' or '0'; behind them '0'. */
    const char *reads[N_CONDITION];
    double chance; /* instead, if not 0: each read is true with this probability */
    struct stream toss;
    double check_ratio;
    int fault_live; /* what port.live_fault says */
    bool settles_at_once[N_FLAG];
    bool alert_firing;
    /* what it has seen */
    int n_set;
    struct flag_set set[MAX_SET];
    uint64_t version[N_FLAG];
    int n_reached[N_FLAG];
    int n_settled;
    enum outcome settled[MAX_SETTLED];
    int n_cleared, n_removed, n_asked; /* n_asked: conditions evaluated */
    int64_t cleared_ns;
};

/* The plan above; the test changes it before world_open. */
struct world *world_new(void);
void world_free(struct world *w);
const struct promql *world_condition(int i);
/* The condition is true in [from, until) seconds. */
void world_true(struct world *w, int condition, double from_s, double until_s);

/* Makes the responder and starts the replica; may be called again for another replica. */
void world_open(struct world *w, uint64_t replica, bool trace);
void world_run(struct world *w, double until_s);
/* world_open(replica 0) and run to the end of the day. */
void world_play(struct world *w);

/* At at_s: the alert fires, having been pending since pending_s. */
void world_fires(struct world *w, double at_s, double pending_s);
/* At at_s: a message with that alert becomes visible on the channel. */
void world_message(struct world *w, double at_s, int channel, double pending_s, double firing_s);
void world_clears(struct world *w, double at_s);
/* At at_s: the fault begins and is live from then on. */
void world_onset(struct world *w, double at_s);

/* Whether the trace has a line with that text. */
bool world_said(const struct world *w, const char *text);
/* An instant of episode i in seconds, or -1. */
double world_mark(const struct world *w, int i, enum clock_mark m);

#endif
