/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/response.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "responder.h"
#include "sim/arena.h"

/* ---- made once ------------------------------------------------------------------------------- */

static void *array(int n, size_t size)
{
    return rs_xcalloc(n > 0 ? (size_t)n : 1, size);
}

static void add_watch(struct responder *r, const char *alert)
{
    if (!alert || rs_responder_watch(r, alert))
        return;
    r->watch = rs_xrealloc(r->watch, sizeof *r->watch * (size_t)(r->n_watch + 1));
    r->watch[r->n_watch++] = (struct alert_watch){.name = alert};
}

static void make_watches(struct responder *r)
{
    for (int p = 0; p < r->plan->n_procedure; p++) {
        const struct procedure *proc = &r->plan->procedure[p];
        for (int i = 0; i < proc->n_alert; i++)
            add_watch(r, proc->alert[i]);
    }
    for (int i = 0; i < r->plan->n_automation; i++)
        add_watch(r, r->plan->automation[i].alert);
}

/* Setting the next percentage of a ramp is an action like any other, of the stage's role. */
static struct action *ramp_actions(const struct stage *st)
{
    if (st->n_ramp == 0)
        return NULL;
    struct action *out = array(st->n_ramp, sizeof *out);
    for (int i = 0; i < st->n_ramp; i++) {
        out[i] = (struct action){.at = st->ramp[i].at,
                                 .kind = RS_ACT_SET_FLAG,
                                 .flag = st->ramp_flag,
                                 .cohort = st->ramp_cohort,
                                 .component = -1,
                                 .service = -1,
                                 .path = -1,
                                 .channel = -1,
                                 .on = st->ramp[i].percent > 0.0,
                                 .percent = st->ramp[i].percent,
                                 .takes = rs_dist_constant(0.0),
                                 .max_attempts = 1,
                                 .blocking = true};
        out[i].takes.a = NAN; /* the doer's default */
    }
    return out;
}

static void make_stages(struct responder *r)
{
    int n = r->plan->n_stage;
    r->entry = array(n, sizeof *r->entry);
    r->ramp = array(n, sizeof *r->ramp);
    r->closing = array(n, sizeof *r->closing);
    r->ramp_action = array(n, sizeof *r->ramp_action);
    for (int i = 0; i < n; i++) {
        const struct stage *st = &r->plan->stage[i];
        r->entry[i] = rs_action_sources_new("stage", st->name, st->n_action);
        r->ramp[i] = rs_action_sources_new("ramp", st->name, st->n_ramp);
        r->closing[i] = rs_action_sources_new("closing", st->name, st->n_closing);
        r->ramp_action[i] = ramp_actions(st);
    }
}

static void make_people(struct responder *r)
{
    const struct response *plan = r->plan;
    const struct monitoring *mon = &r->sc->monitoring;
    r->sees = array(plan->n_role * mon->n_channel, sizeof *r->sees);
    r->acknowledge = array(plan->n_role * plan->n_procedure, sizeof *r->acknowledge);
    r->decide = array(plan->n_role * plan->n_procedure, sizeof *r->decide);
    for (int i = 0; i < plan->n_role; i++) {
        const char *role = plan->role[i].name;
        for (int c = 0; c < mon->n_channel; c++)
            r->sees[i * mon->n_channel + c] =
                rs_source_new("role/%s/sees/%s", role, mon->channel[c].name);
        for (int p = 0; p < plan->n_procedure; p++) {
            const char *proc = plan->procedure[p].name;
            int at = i * plan->n_procedure + p;
            r->acknowledge[at] = rs_source_new("role/%s/ack/%s", role, proc);
            r->decide[at] = rs_source_new("role/%s/decide/%s", role, proc);
        }
    }
    r->delay = array(plan->n_automation, sizeof *r->delay);
    for (int i = 0; i < plan->n_automation; i++)
        r->delay[i] = rs_source_new("automation/%s/delay", plan->automation[i].name);
    r->side = rs_action_sources_new("side", "step", plan->n_side_step);
}

static void make_rollbacks(struct responder *r)
{
    const struct response *plan = r->plan;
    r->rollback = array(plan->n_procedure, sizeof *r->rollback);
    for (int p = 0; p < plan->n_procedure; p++) {
        const struct procedure *proc = &plan->procedure[p];
        r->rollback[p] = (struct rollback){
            .r = r,
            .procedure = p,
            .paged = array(plan->n_role, sizeof(bool)),
            .ack = array(plan->n_role, sizeof(rs_event)),
            .flag = array(r->sc->n_flag, sizeof(struct flag_wait)),
            .sources = rs_action_sources_new("procedure", proc->name, proc->n_action),
        };
    }
}

static int most_gates(const struct response *plan)
{
    int most = 0;
    for (int i = 0; i < plan->n_stage; i++)
        most = plan->stage[i].n_gate > most ? plan->stage[i].n_gate : most;
    return most;
}

struct responder *rs_responder_new(const struct scenario *sc, struct kernel *k)
{
    struct responder *r = rs_xcalloc(1, sizeof *r);
    r->sc = sc;
    r->plan = &sc->response;
    r->k = k;
    make_watches(r);
    make_stages(r);
    make_people(r);
    make_rollbacks(r);
    r->judging = rs_judges_new(r);
    r->in_a_row = array(most_gates(r->plan), sizeof *r->in_a_row);
    r->onset_ns = array(sc->n_fault, sizeof *r->onset_ns);
    r->first_bad_ns = array(sc->n_fault, sizeof *r->first_bad_ns);
    return r;
}

static void free_stages(struct responder *r)
{
    for (int i = 0; i < r->plan->n_stage; i++) {
        free(r->entry[i]);
        free(r->ramp[i]);
        free(r->closing[i]);
        free(r->ramp_action[i]);
    }
    free(r->entry);
    free(r->ramp);
    free(r->closing);
    free(r->ramp_action);
}

void rs_responder_free(struct responder *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->n_side_task; i++)
        free(r->side_task[i]);
    free(r->side_task);
    free(r->in_a_row);
    free(r->first_bad_ns);
    free(r->onset_ns);
    for (int p = 0; p < r->plan->n_procedure; p++) {
        free(r->rollback[p].paged);
        free(r->rollback[p].ack);
        free(r->rollback[p].flag);
        free(r->rollback[p].sources);
    }
    free(r->rollback);
    rs_judges_free(r);
    free(r->side);
    free(r->delay);
    free(r->decide);
    free(r->acknowledge);
    free(r->sees);
    free_stages(r);
    free(r->watch);
    free(r);
}

/* ---- each replica ---------------------------------------------------------------------------- */

static void reset_rollback(struct rollback *rb)
{
    const struct responder *r = rb->r;
    struct rollback keep = *rb;
    *rb = (struct rollback){.r = keep.r,
                            .procedure = keep.procedure,
                            .paged = keep.paged,
                            .ack = keep.ack,
                            .flag = keep.flag,
                            .sources = keep.sources,
                            .state = RS_ROLLBACK_NONE,
                            .episode = -1,
                            .doer = -1,
                            .on_call = -1,
                            .channel = -1,
                            .first_flag = -1};
    memset(rb->paged, 0, sizeof *rb->paged * (size_t)r->plan->n_role);
    memset(rb->ack, 0, sizeof *rb->ack * (size_t)r->plan->n_role);
    memset(rb->flag, 0, sizeof *rb->flag * (size_t)r->sc->n_flag);
}

static void reset_history(struct responder *r)
{
    struct history *h = r->out;
    int n = r->plan->n_stage;
    if (!h->stage_at_ns || h->n_stage != n) {
        h->stage_at_ns = rs_xrealloc(h->stage_at_ns, sizeof *h->stage_at_ns * (size_t)(n ? n : 1));
        h->n_stage = n;
    }
    for (int i = 0; i < n; i++)
        h->stage_at_ns[i] = RS_NEVER;
    h->stage_reached = -1;
    h->outcome = RS_OUTCOME_RUNNING;
    h->ended_ns = RS_NEVER;
    h->false_rollback = false;
    h->n_episode = 0;
}

static void reset_marks(struct responder *r)
{
    r->first_onset_ns = RS_NEVER;
    for (int f = 0; f < r->sc->n_fault; f++)
        r->onset_ns[f] = r->first_bad_ns[f] = RS_NEVER;
    for (int i = 0; i < r->n_watch; i++)
        r->watch[i] = (struct alert_watch){.name = r->watch[i].name,
                                           .pending_ns = RS_NEVER,
                                           .firing_ns = RS_NEVER,
                                           .fault = -1,
                                           .stage = -1};
}

void rs_responder_samplers(struct responder *r, bool gsl)
{
    r->gsl_samplers = gsl;
}

void rs_responder_branch(struct responder *r, const uint64_t *branch)
{
    r->branch = branch;
}

void rs_responder_reset(struct responder *r,
                        uint64_t seed,
                        uint64_t replica,
                        const struct response_port *port,
                        struct history *out,
                        bool trace)
{
    r->seed = seed;
    r->replica = replica;
    r->epoch++;
    r->port = *port;
    r->out = out;
    r->trace = trace;
    r->settled = false;
    reset_history(r);
    reset_marks(r);
    for (int p = 0; p < r->plan->n_procedure; p++)
        reset_rollback(&r->rollback[p]);
    for (int i = 0; i < r->n_side_task; i++)
        r->side_task[i]->running = false;
    rs_judges_reset(r);
    rs_side_begin(r);
    rs_rollout_begin(r);
}

/* ---- the door -------------------------------------------------------------------------------- */

struct alert_watch *rs_responder_watch(struct responder *r, const char *alert)
{
    for (int i = 0; i < r->n_watch; i++) {
        if (strcmp(r->watch[i].name, alert) == 0)
            return &r->watch[i];
    }
    return NULL;
}

/*
 * The procedure's own spelling of the alert, which lives as long as the scenario; NULL = it does
 * not lead there.
 */
static const char *leads_to(const struct responder *r, const char *alert, int procedure)
{
    const struct procedure *proc = &r->plan->procedure[procedure];
    for (int i = 0; i < proc->n_alert; i++) {
        if (strcmp(proc->alert[i], alert) == 0)
            return proc->alert[i];
    }
    return NULL;
}

/*
 * Evaluation times are whole milliseconds, the kernel's are not: automation begins at the kernel's.
 */
static void
automate(struct responder *r, const struct alert_watch *w, int procedure, int64_t delay_ns)
{
    struct rollback *rb = &r->rollback[procedure];
    if (rb->state > RS_ROLLBACK_NOTIFIED)
        return;
    if (rb->state == RS_ROLLBACK_NONE) {
        struct detection d = {.by = RS_BY_ALERT,
                              .detector = w->name,
                              .pending_ns = w->pending_ns,
                              .detected_ns = w->firing_ns,
                              .fault = w->fault,
                              .stage = w->stage};
        rs_rollback_open(rb, &d);
    }
    rs_rollback_automate(rb, rs_kernel_now(r->k), delay_ns);
}

static void
alert_begins(struct responder *r, int64_t now_ns, struct alert_watch *w, int64_t active_ns)
{
    w->firing = true;
    w->pending_ns = active_ns;
    w->firing_ns = now_ns;
    w->fault = r->port.live_fault(r->port.ctx);
    w->stage = r->out->stage_reached;
    for (int i = 0; i < r->out->n_episode; i++) {
        struct episode *e = &r->out->episode[i];
        if (e->by == RS_BY_ALERT && strcmp(e->detector, w->name) == 0)
            e->at_ns[RS_CLOCK_RESOLVED] = RS_NEVER; /* it is back */
        if (leads_to(r, w->name, e->procedure) && e->at_ns[RS_CLOCK_PENDING] == RS_NEVER &&
            active_ns < e->at_ns[RS_CLOCK_DETECTED])
            e->at_ns[RS_CLOCK_PENDING] = active_ns;
    }
    for (int i = 0; i < r->plan->n_automation; i++) {
        const struct automation *a = &r->plan->automation[i];
        if (a->alert && strcmp(a->alert, w->name) == 0)
            automate(r, w, a->procedure, rs_source_ns(r, &r->delay[i], &a->delay));
    }
    for (int p = 0; p < r->plan->n_procedure; p++) {
        if (r->plan->procedure[p].by < 0 && leads_to(r, w->name, p))
            automate(r, w, p, 0);
    }
}

static void alert_ends(struct responder *r, int64_t now_ns, struct alert_watch *w)
{
    w->firing = false;
    for (int i = 0; i < r->out->n_episode; i++) {
        struct episode *e = &r->out->episode[i];
        if (e->by != RS_BY_ALERT || strcmp(e->detector, w->name) != 0)
            continue;
        e->at_ns[RS_CLOCK_RESOLVED] = now_ns;
        rs_trace_say(r, RS_TRACE_CLOCK, RS_CLOCK_RESOLVED, i, "resolved: %s has cleared", w->name);
    }
}

void rs_responder_alert(
    struct responder *r, int64_t now_ns, const char *alert, bool firing, int64_t active_ns)
{
    struct alert_watch *w = rs_responder_watch(r, alert);
    if (!w)
        return;
    if (firing && !w->firing)
        alert_begins(r, now_ns, w, active_ns);
    else if (!firing && w->firing && !r->port.alert_firing(r->port.ctx, alert))
        alert_ends(r, now_ns, w);
}

struct message {
    int channel, n_alert;
    const char *const *alert;              /* [n_alert] */
    const int64_t *pending_ns, *firing_ns; /* [n_alert] */
};

/* The alert of the message that leads to the procedure and fired first; -1 = none. */
static int earliest(const struct responder *r, const struct message *m, int procedure)
{
    int best = -1;
    for (int i = 0; i < m->n_alert; i++) {
        if (leads_to(r, m->alert[i], procedure) &&
            (best < 0 || m->firing_ns[i] < m->firing_ns[best]))
            best = i;
    }
    return best;
}

static void open_by_message(struct rollback *rb, const struct message *m, int i)
{
    struct responder *r = rb->r;
    const struct alert_watch *w = rs_responder_watch(r, m->alert[i]);
    bool known = w->firing_ns != RS_NEVER;
    struct detection d = {.by = RS_BY_ALERT,
                          .detector = leads_to(r, m->alert[i], rb->procedure),
                          .pending_ns = m->pending_ns[i],
                          .detected_ns = m->firing_ns[i],
                          .fault = known ? w->fault : r->port.live_fault(r->port.ctx),
                          .stage = known ? w->stage : r->out->stage_reached};
    rs_rollback_open(rb, &d);
}

static void take_message(struct rollback *rb, int64_t now_ns, const struct message *m, int i)
{
    struct responder *r = rb->r;
    if (rb->state > RS_ROLLBACK_NOTIFIED)
        return; /* somebody has it in hand, or it is done */
    if (rs_page_target(r->plan, rb->procedure, m->channel) < 0) {
        const char *channel = r->sc->monitoring.channel[m->channel].name;
        rs_trace_say(r, RS_TRACE_PERSON, -1, rb->episode, "nobody attends %s", channel);
        return;
    }
    if (rb->state == RS_ROLLBACK_NONE)
        open_by_message(rb, m, i);
    if (rb->state == RS_ROLLBACK_DETECTED) {
        rs_rollback_mark(rb, RS_CLOCK_NOTIFIED, now_ns);
        rs_rollback_move(rb, RS_ROLLBACK_NOTIFIED);
    }
    rs_people_page(rb, now_ns, m->channel);
}

static bool leads_anywhere(const struct responder *r, const char *alert)
{
    for (int p = 0; p < r->plan->n_procedure; p++) {
        if (leads_to(r, alert, p))
            return true;
    }
    return false;
}

void rs_responder_notice(struct responder *r,
                         int64_t now_ns,
                         int channel,
                         int n_alert,
                         const char *const *alert,
                         const int64_t *pending_ns,
                         const int64_t *firing_ns)
{
    assert(channel >= 0 && channel < r->sc->monitoring.n_channel);
    const struct message m = {channel, n_alert, alert, pending_ns, firing_ns};
    for (int i = 0; i < n_alert; i++) {
        if (!leads_anywhere(r, alert[i]))
            rs_trace_say(r, RS_TRACE_NOTICE, channel, -1, "no procedure names %s", alert[i]);
    }
    for (int p = 0; p < r->plan->n_procedure; p++) {
        int i = earliest(r, &m, p);
        if (i >= 0)
            take_message(&r->rollback[p], now_ns, &m, i);
    }
}

void rs_responder_flag(
    struct responder *r, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total)
{
    assert(flag >= 0 && flag < r->sc->n_flag);
    for (int p = 0; p < r->plan->n_procedure; p++)
        rs_effect_flag(&r->rollback[p], now_ns, flag, version, n_done, n_total);
}

void rs_responder_fault(struct responder *r, int64_t now_ns, enum clock_mark m, int fault)
{
    assert(fault >= 0 && fault < r->sc->n_fault);
    if (m != RS_CLOCK_ONSET && m != RS_CLOCK_FIRST_BAD)
        return;
    int64_t *at = m == RS_CLOCK_ONSET ? &r->onset_ns[fault] : &r->first_bad_ns[fault];
    if (*at != RS_NEVER)
        return;
    *at = now_ns;
    if (m == RS_CLOCK_ONSET && now_ns < r->first_onset_ns)
        r->first_onset_ns = now_ns;
    for (int i = 0; i < r->out->n_episode; i++) { /* a check may have seen it before any scrape */
        struct episode *e = &r->out->episode[i];
        if (e->fault == fault && e->at_ns[m] == RS_NEVER)
            e->at_ns[m] = now_ns;
    }
}
