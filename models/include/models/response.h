/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The response: the runbook as an executable document, people and automation. It reads conditions and sets flags only through
 * the ports it is given, and lives on the kernel's events. One per worker, reset per replica.
 *
 * A procedure is carried out at most once in a replica. An episode opens when its alert's message is visible, or when somebody
 * sees by himself that the procedure is called for (DETECTED is then still the alert's firing, if that came first). The rollout
 * goes on while a message lies unread, and stops for good when somebody, or automation, has a rollback in hand. A rollout
 * that was held or halted and is rolled back afterwards ends as rolled back; `settled` is told only once.
 */
#ifndef MODELS_RESPONSE_H
#define MODELS_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "models/promql.h"
#include "models/scenario.h"
#include "sim/kernel.h"

/* What the response may see and do. All set; called with the kernel's present time. */
struct response_port {
    void *ctx;
    bool (*is_true)(void *ctx, const struct promql *expr); /* a dashboard query now */
    /* What a canary judge measures now: 0, or -1 with err. The vector is valid until the next call. */
    int (*measure)(
        void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err);
    uint64_t (*set_flag)(void *ctx, int flag, bool on, int cohort, double percent); /* version */
    bool (*flag_settled)(void *ctx, int flag);
    void (*clear_component)(void *ctx, int component);
    void (*remove_path)(void *ctx, int service, int path);
    /* Probability that one check request fails (error or slower than max_latency_s). */
    double (*check_ratio)(void *ctx, int service, int cohort, double max_latency_s);
    void (*stage_entered)(void *ctx, int stage);
    int (*live_fault)(void *ctx);                       /* index of the fault live now, or -1 */
    bool (*alert_firing)(void *ctx, const char *alert); /* any alert of that name firing now;
                                                           after the change, in rs_responder_alert */
    void (*settled)(
        void *ctx,
        enum outcome o); /* the rollout's fate is sealed: the loop runs on for the tail */
};

struct response;  /* the plan is `struct response` in scenario.h; the running one: */
struct responder; /* opaque, heap */

struct responder *rs_responder_new(const struct scenario *sc, struct kernel *k);
void rs_responder_free(struct responder *r); /* NULL ok */
/* Ties the streams of all replicas to a branch word (sim/stream.h). Borrowed. */
void rs_responder_branch(struct responder *r, const uint64_t *branch);
/* From the next reset on: are variates drawn by GSL's samplers (struct stream.gsl)? */
void rs_responder_samplers(struct responder *r, bool gsl);

/*
 * Starts a replica at time 0, on a kernel just reset: schedules the first stage. out receives stages, episodes, outcome and,
 * if `trace`, the trace; the caller has reset it.
 */
void rs_responder_reset(struct responder *r,
                        uint64_t seed,
                        uint64_t replica,
                        const struct response_port *port,
                        struct history *out,
                        bool trace);

/* An alert changed to pending or firing, or stopped. For automation and for the clock's marks. */
void rs_responder_alert(
    struct responder *r, int64_t now_ns, const char *alert, bool firing, int64_t active_ns);
/* A notification becomes visible on a channel; alerts are the firing ones' names. */
void rs_responder_notice(struct responder *r,
                         int64_t now_ns,
                         int channel,
                         int n_alert,
                         const char *const *alert,
                         const int64_t *pending_ns,
                         const int64_t *firing_ns);
/* Progress of a flag's propagation. */
void rs_responder_flag(
    struct responder *r, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total);
/* The fault's instants, for the clock. */
void rs_responder_fault(struct responder *r, int64_t now_ns, enum clock_mark m, int fault);

/* How the role attends the channel, or NULL. */
const struct attention *rs_role_attends(const struct role *role, int channel);
/*
 * Whom a message on the channel pages: the first of the procedure's escalation chain who attends it, else the first of all
 * roles; -1 = nobody. A chain may be a ring.
 */
int rs_page_target(const struct response *plan, int procedure, int channel);

/* Working hours, on the calendar (Unix ns). */
bool rs_hours_within(const struct role *role, int64_t unix_ns);
/* unix_ns itself within hours, else the next start of hours; RS_NEVER = the role never works. */
int64_t rs_hours_next(const struct role *role, int64_t unix_ns);

#endif
