/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/replica.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "simulator.h"

int64_t rs_loop_ms(const struct simulator *sim, int64_t now_ns)
{
    return sim->sc->starts_at_unix_ns / RS_NS_PER_MS + now_ns / RS_NS_PER_MS;
}

int64_t rs_loop_ns(const struct simulator *sim, int64_t t_ms)
{
    return (t_ms - sim->sc->starts_at_unix_ns / RS_NS_PER_MS) * RS_NS_PER_MS;
}

/*
 * Label sets are never forgotten, and a label that is made from a value is a new one every time: past so many sets the plan is
 * laid out anew. Nothing that a replica does depends on it.
 */
#define LABEL_SETS_MAX 50000

/*
 * Where requests are events, a recorded second can bring many at one instant, each with its attempts: more than the kernel
 * takes for a loop.
 */
#define EVENTS_OF_REQUESTS 20000000

static int plan_new(struct simulator *sim, struct err *err)
{
    const struct scenario *sc = sim->sc;
    sim->kernel = rs_kernel_new();
    for (int i = 0; i < sc->n_service; i++) {
        if (rs_service_one_by_one(sc, i))
            rs_kernel_limit(sim->kernel, EVENTS_OF_REQUESTS);
    }
    sim->labels = rs_label_table_new();
    sim->db = rs_tsdb_new(sim->labels);
    sim->system = rs_system_new(sc, sim->kernel, sim->db);
    sim->responder = rs_responder_new(sc, sim->kernel);
    rs_system_branch(sim->system, &sim->branch);
    rs_responder_branch(sim->responder, &sim->branch);
    sim->which_hash = rs_stream_hash("fault/which");
    rs_loop_record_new(sim);
    if (sim->lane_plan)
        sim->lanes = rs_loop_lanes_new(sim);
    if (rs_loop_monitor_new(sim) != 0)
        return rs_err_set(err, RS_E_INTERNAL, "the monitoring plan cannot be made");
    if (sim->lanes)
        rs_loop_lanes_ready(sim);
    rs_tsdb_seal(sim->db);
    return 0;
}

static void plan_free(struct simulator *sim)
{
    rs_loop_monitor_free(sim);
    rs_loop_lanes_free(sim->lanes);
    rs_loop_record_free(sim);
    rs_responder_free(sim->responder);
    rs_system_free(sim->system);
    rs_tsdb_free(sim->db);
    rs_label_table_free(sim->labels);
    rs_kernel_free(sim->kernel);
}

struct simulator *
rs_loop_new(const struct scenario *sc, const struct lane_plan *plan, struct err *err)
{
    struct simulator *sim = rs_xcalloc(1, sizeof *sim);
    sim->sc = sc;
    sim->lane_plan = plan;
    if (plan_new(sim, err) != 0) {
        rs_simulator_free(sim);
        return NULL;
    }
    return sim;
}

struct simulator *rs_simulator_new(const struct scenario *sc, struct err *err)
{
    return rs_loop_new(sc, NULL, err);
}

void rs_simulator_free(struct simulator *sim)
{
    if (!sim)
        return;
    plan_free(sim);
    free(sim);
}

/* ---- what the system tells ---- */

static void
flag_effective(void *ctx, int64_t now_ns, int flag, uint64_t version, int n_done, int n_total)
{
    struct simulator *sim = ctx;
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FLAG_AT, flag, n_done,
                         rs_system_flag_exposure(sim->system, flag),
                         "%s in force on %d of %d instances", sim->sc->flag[flag].name, n_done,
                         n_total);
    rs_responder_flag(sim->responder, now_ns, flag, version, n_done, n_total);
}

static void fault_onset(void *ctx, int64_t now_ns, int fault)
{
    struct simulator *sim = ctx;
    const struct fault *f = &sim->sc->fault[fault];
    rs_loop_record_onset(sim, now_ns);
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FAULT, fault, 0, 0.0, "fault begins: %s",
                         f->title ? f->title : f->name);
    rs_responder_fault(sim->responder, now_ns, RS_CLOCK_ONSET, fault);
}

static void fault_first_bad(void *ctx, int64_t now_ns, int fault)
{
    struct simulator *sim = ctx;
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FAULT, fault, 1, 0.0,
                         "first scrape that carries %s", sim->sc->fault[fault].name);
    rs_responder_fault(sim->responder, now_ns, RS_CLOCK_FIRST_BAD, fault);
}

static void fault_end(void *ctx, int64_t now_ns, int fault, bool residue_left)
{
    struct simulator *sim = ctx;
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FAULT, fault, 2, 0.0,
                         residue_left ? "%s ends, its residue stays" : "%s ends",
                         sim->sc->fault[fault].name);
}

static void residue_end(void *ctx, int64_t now_ns, int fault)
{
    struct simulator *sim = ctx;
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FAULT, fault, 3, 0.0, "residue of %s is gone",
                         sim->sc->fault[fault].name);
}

/* ---- what the response may see and do ---- */

static const struct condition_eval *eval_of(const struct simulator *sim, const struct promql *expr)
{
    for (int i = 0; i < sim->n_condition; i++) {
        if (sim->condition[i].expr == expr)
            return &sim->condition[i];
    }
    assert(!"the response asked for an expression that is not in the plan");
    return NULL;
}

static bool port_is_true(void *ctx, const struct promql *expr)
{
    struct simulator *sim = ctx;
    const struct condition_eval *c = eval_of(sim, expr);
    int64_t t_ms = rs_loop_ms(sim, rs_kernel_now(sim->kernel));
    return c->eval ? rs_promql_true(c->eval, t_ms) : rs_loop_lanes_true(sim, c->site, t_ms);
}

static int port_measure(
    void *ctx, const struct promql *expr, int64_t now_ns, struct vector *out, struct err *err)
{
    struct simulator *sim = ctx;
    return rs_promql_eval(eval_of(sim, expr)->eval, rs_loop_ms(sim, now_ns), out, err);
}

static uint64_t port_set_flag(void *ctx, int flag, bool on, int cohort, double percent)
{
    struct simulator *sim = ctx;
    int64_t now_ns = rs_kernel_now(sim->kernel);
    if (sim->opt.trace)
        rs_history_trace(sim->out, now_ns, RS_TRACE_FLAG_SET, flag, cohort, on ? percent : 0.0,
                         "%s set %s", sim->sc->flag[flag].name, on ? "on" : "off");
    int fault = sim->out->fault;
    if (fault >= 0 && sim->sc->fault[fault].onset_flag == flag)
        rs_loop_record_close(sim);
    return rs_system_set_flag(sim->system, flag, on, cohort, percent);
}

static bool port_flag_settled(void *ctx, int flag)
{
    struct simulator *sim = ctx;
    return rs_system_flag_settled(sim->system, flag);
}

static void port_clear_component(void *ctx, int component)
{
    struct simulator *sim = ctx;
    rs_system_clear_component(sim->system, component);
}

static void port_remove_path(void *ctx, int service, int path)
{
    struct simulator *sim = ctx;
    rs_system_remove_path(sim->system, service, path);
}

static double port_check_ratio(void *ctx, int service, int cohort, double max_latency_s)
{
    struct simulator *sim = ctx;
    struct outlook o = rs_system_outlook(sim->system, service, cohort, max_latency_s);
    return o.error_ratio + (1.0 - o.error_ratio) * o.slow_ratio;
}

static void port_stage_entered(void *ctx, int stage)
{
    struct simulator *sim = ctx;
    int fault = sim->out->fault;
    if (fault >= 0 && sim->sc->fault[fault].onset_stage == stage)
        rs_loop_record_close(sim);
    rs_system_stage_entered(sim->system, stage);
}

static int port_live_fault(void *ctx)
{
    struct simulator *sim = ctx;
    return rs_system_fault_live(sim->system) ? sim->out->fault : -1;
}

static bool port_alert_firing(void *ctx, const char *alert)
{
    return rs_loop_alert_firing(ctx, alert);
}

static void tail_over(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct simulator *sim = ctx;
    (void)now_ns;
    (void)arg;
    sim->over = true;
    rs_kernel_stop(sim->kernel);
}

static void port_settled(void *ctx, enum outcome o)
{
    struct simulator *sim = ctx;
    (void)o; /* the responder has written it into the history */
    int64_t end_ns = rs_kernel_now(sim->kernel) + sim->sc->tail_ns;
    rs_kernel_at(sim->kernel, end_ns, "end of the tail", tail_over, sim, 0);
}

/* ---- one replica ---- */

/* One draw per replica picks at most one fault, so their probabilities add up. */
static int draw_fault(const struct simulator *sim)
{
    if (sim->opt.fault >= -1)
        return sim->opt.fault;
    struct stream s = rs_stream_open(sim->opt.seed, sim->opt.replica, sim->which_hash);
    double u = rs_stream_uniform(&s), sum = 0.0;
    for (int i = 0; i < sim->sc->n_fault; i++) {
        sum += sim->sc->fault[i].probability;
        if (u < sum)
            return i;
    }
    return -1;
}

static void begin(struct simulator *sim)
{
    const struct scenario *sc = sim->sc;
    struct history *out = sim->out;
    rs_history_reset(out);
    out->replica = sim->opt.replica;
    out->world = rs_scenario_world(sc, sim->opt.replica);
    out->fault = draw_fault(sim);
    if (out->n_stage != sc->response.n_stage) {
        out->n_stage = sc->response.n_stage;
        out->stage_at_ns =
            rs_xrealloc(out->stage_at_ns, sizeof *out->stage_at_ns * (size_t)(out->n_stage + 1));
    }
    for (int i = 0; i < out->n_stage; i++)
        out->stage_at_ns[i] = RS_NEVER;

    const struct system_sink sink = {
        .ctx = sim,
        .flag_effective = flag_effective,
        .fault_onset = fault_onset,
        .fault_first_bad = fault_first_bad,
        .fault_end = fault_end,
        .residue_end = residue_end,
    };
    const struct response_port port = {
        .ctx = sim,
        .is_true = port_is_true,
        .measure = port_measure,
        .set_flag = port_set_flag,
        .flag_settled = port_flag_settled,
        .clear_component = port_clear_component,
        .remove_path = port_remove_path,
        .check_ratio = port_check_ratio,
        .stage_entered = port_stage_entered,
        .live_fault = port_live_fault,
        .alert_firing = port_alert_firing,
        .settled = port_settled,
    };
    sim->branch = 0;
    sim->over = false;
    rs_kernel_reset(sim->kernel);
    rs_kernel_heed(sim->kernel, sim->opt.cancel);
    rs_tsdb_reset(sim->db);
    if (sim->lanes)
        rs_loop_lanes_begin(sim);
    rs_system_samplers(sim->system, sim->opt.gsl_samplers);
    rs_responder_samplers(sim->responder, sim->opt.gsl_samplers);
    rs_system_reset(sim->system, sim->opt.seed, sim->opt.replica, out->world, out->fault, &sink);
    rs_loop_monitor_reset(sim, out->world);
    rs_loop_record_reset(sim);
    rs_responder_reset(sim->responder, sim->opt.seed, sim->opt.replica, &port, out, sim->opt.trace);
}

/* Somebody, or automation, has carried out something against a fault: an alert alone is nobody. */
static bool attended(const struct history *h)
{
    for (int i = 0; i < h->n_episode; i++) {
        if (h->episode[i].at_ns[RS_CLOCK_COMMANDED] != RS_NEVER)
            return true;
    }
    return false;
}

static void finish(struct simulator *sim)
{
    struct history *out = sim->out;
    out->sim_ns = rs_kernel_now(sim->kernel);
    bool unattended = !attended(out) && rs_system_fault_live(sim->system);
    if (unattended && (out->outcome == RS_OUTCOME_COMPLETED || out->outcome == RS_OUTCOME_RUNNING))
        out->outcome = RS_OUTCOME_MISSED;
    for (int i = 0; i < out->n_episode; i++) {
        struct episode *e = &out->episode[i];
        e->cut = e->at_ns[RS_CLOCK_COMPLETED] == RS_NEVER && !e->gave_up;
    }
    rs_loop_record_totals(sim);
    if (sim->opt.trace)
        rs_history_trace(out, out->sim_ns, RS_TRACE_OUTCOME, (int)out->outcome, out->stage_reached,
                         0.0, "outcome: %s", rs_outcome_name(out->outcome));
}

/* Runs to the horizon, changing the branch word where the options say. */
static int run_branches(struct simulator *sim, struct err *err)
{
    const struct replica_options *opt = &sim->opt;
    int64_t end_ns = sim->sc->horizon_ns;
    if (opt->until_ns > 0 && opt->until_ns < end_ns)
        end_ns = opt->until_ns;
    for (int i = 0; i < opt->n_branch && !sim->over; i++) {
        assert(i == 0 || opt->branch[i].after_ns >= opt->branch[i - 1].after_ns);
        if (opt->branch[i].after_ns >= end_ns)
            break;
        if (rs_kernel_run(sim->kernel, opt->branch[i].after_ns, err) != 0)
            return -1;
        sim->branch = opt->branch[i].word;
    }
    return sim->over ? 0 : rs_kernel_run(sim->kernel, end_ns, err);
}

int rs_loop_run(struct simulator *sim,
                const struct replica_options *opt,
                struct history *out,
                struct err *err)
{
    assert(opt->fault >= -2 && opt->fault < sim->sc->n_fault);
    sim->opt = *opt;
    sim->out = out;
    begin(sim);
    if (run_branches(sim, err) != 0)
        return rs_err_context(err, "replica %llu", (unsigned long long)opt->replica);
    finish(sim);
    return 0;
}

int rs_loop_renew(struct simulator *sim, struct err *err)
{
    if (rs_label_table_sets(sim->labels) <= LABEL_SETS_MAX)
        return 0;
    const struct simulator fresh = {.sc = sim->sc, .lane_plan = sim->lane_plan};
    plan_free(sim);
    *sim = fresh;
    return plan_new(sim, err);
}

int rs_simulator_run(struct simulator *sim,
                     const struct replica_options *opt,
                     struct history *out,
                     struct err *err)
{
    assert(!sim->lane_plan);
    return rs_loop_renew(sim, err) != 0 ? -1 : rs_loop_run(sim, opt, out, err);
}
