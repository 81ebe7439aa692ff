/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_up.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/rules.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/draw.h"
#include "sim/stream.h"

#define STEP_NS (10 * MIN_NS)
#define SCRAPE_NS (30 * RS_NS_PER_S)

/* A condition is nothing here but the number that it compares with. */
static const double gate_number = 0.005, trigger_number = 0.02, alert_number = 2.0;

static const struct promql *condition(const double *number)
{
    return (const struct promql *)(const void *)number;
}

static const struct service services[] = {
    {.name = "dashboard",
     .requests_metric = "http_requests_total",
     .latency_metric = "http_request_duration_seconds",
     .slow_s = INFINITY,
     .slo_error_ratio = NAN},
    {.name = "portal",
     .ref = "§3",
     .requests_metric = "http_requests_total",
     .latency_metric = "http_request_duration_seconds",
     .slow_s = 2,
     .slo_error_ratio = 0.01},
};
static const struct flag flags[] = {{.name = "PORTAL", .ref = "§1"}};
static const struct fault faults[] = {
    {.name = "read-errors", .title = "Reads fail", .probability = 0.3, .service = 0},
    {.name = "portal-errors", .title = "Portal fails", .probability = 0.3, .service = 1},
    {.name = "never-seen", .title = "Nobody looks", .probability = 0.1, .service = 1},
};
static const struct role roles[] = {
    {.name = "on-call", .decide = {.placeholder = true}},
    {.name = "lead"},
};
static const struct gate gates[] = {
    {.name = "reads-ok",
     .ref = "§3 Stage 1",
     .expr_text = "sum(rate(http_requests_total{job=\"dashboard\",code=~\"5..\"}[5m])) / "
                  "sum(rate(http_requests_total{job=\"dashboard\"}[5m])) > 0.005"},
};
static const struct procedure procedures[] = {
    {.name = "read-rollback", .title = "Read rollback", .ref = "§4", .sla_ns = 5 * MIN_NS},
    {.name = "portal-rollback",
     .title = "Portal rollback",
     .ref = "§4 row 3",
     .sla_ns = 5 * MIN_NS,
     .trigger_text = "job:errors:ratio5m{job=~\"portal|x\"} > 0.02"},
};
static const struct assumption assumptions[] = {
    {.id = "ack", .text = "Times", .placeholder = true}};

static const struct claim claims[] = {
    {.name = "rollback-in-5m",
     .says = "A detected failure is rolled back within 5 minutes in at least 95 % of cases",
     .ref = "§4",
     .kind = RS_CLAIM_PROBABILITY,
     .given = RS_GIVEN_FAULT,
     .given_fault = 0,
     .of = RS_Q_LEG,
     .from = RS_CLOCK_DETECTED,
     .to = RS_CLOCK_COMPLETED,
     .procedure = -1,
     .within = 5.0 * MIN_NS,
     .limit = 0.95},
    {.name = "portal-in-20m",
     .says = "A portal failure is rolled back within 20 minutes of its onset",
     .ref = "§4 row 3",
     .kind = RS_CLAIM_PROBABILITY,
     .given = RS_GIVEN_FAULT,
     .given_fault = 1,
     .of = RS_Q_LEG,
     .from = RS_CLOCK_ONSET,
     .to = RS_CLOCK_COMPLETED,
     .procedure = 1,
     .within = 20.0 * MIN_NS,
     .limit = 0.8},
    {.name = "no-false-rollback",
     .says = "A healthy release is rolled back in at most 2 % of rollouts",
     .ref = "§3",
     .kind = RS_CLAIM_PROBABILITY,
     .given = RS_GIVEN_NO_FAULT,
     .of = RS_Q_FALSE_ROLLBACK,
     .at_most = true,
     .limit = 0.02},
    {.name = "detected-in-15m",
     .says = "95 % of failures are detected within 15 minutes",
     .ref = "§5",
     .kind = RS_CLAIM_QUANTILE,
     .given = RS_GIVEN_FAULT,
     .given_fault = 1,
     .of = RS_Q_LEG,
     .from = RS_CLOCK_ONSET,
     .to = RS_CLOCK_DETECTED,
     .procedure = -1,
     .q = 0.95,
     .at_most = true,
     .limit = 15.0 * MIN_NS},
    {.name = "users-hurt",
     .says = "A portal failure hurts at most 600 users on average",
     .ref = "§4 row 3",
     .kind = RS_CLAIM_EXPECTATION,
     .given = RS_GIVEN_FAULT,
     .given_fault = 1,
     .of = RS_Q_USERS_HURT,
     .at_most = true,
     .limit = 600,
     .cap = 2000},
    {.name = "never-seen-is-missed",
     .says = "Nobody sees the third fault",
     .kind = RS_CLAIM_PROBABILITY,
     .given = RS_GIVEN_FAULT,
     .given_fault = 2,
     .of = RS_Q_OUTCOME,
     .outcome = RS_OUTCOME_MISSED,
     .limit = 0.5},
    {.name = "pages",
     .says = "Two pages a rollout on average, at most",
     .kind = RS_CLAIM_EXPECTATION,
     .given = RS_GIVEN_ALL,
     .of = RS_Q_PAGES,
     .at_most = true,
     .limit = 2,
     .cap = 50},
    {.name = "rollback-through-the-back-door",
     .says = "The portal procedure serves read errors",
     .ref = "§4",
     .kind = RS_CLAIM_PROBABILITY,
     .given = RS_GIVEN_FAULT,
     .given_fault = 0,
     .of = RS_Q_LEG,
     .from = RS_CLOCK_DETECTED,
     .to = RS_CLOCK_COMPLETED,
     .procedure = 1,
     .within = 5.0 * MIN_NS,
     .limit = 0.95},
};

static struct rule_file *rules_of(struct arena *a)
{
    struct rule *rule = RS_ARENA_ARRAY(a, struct rule, 2);
    rule[0].record = "job:errors:ratio5m";
    rule[0].expr_text = "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m])) / "
                        "sum by (job) (rate(http_requests_total[5m]))";
    rule[1].alert = "PortalSlow";
    rule[1].expr = condition(&alert_number);
    rule[1].expr_text = "histogram_quantile(0.95, sum by (le) "
                        "(rate(http_request_duration_seconds_bucket{job=\"portal\"}[5m]))) > 2";
    struct rule_group *group = RS_ARENA_ARRAY(a, struct rule_group, 1);
    *group = (struct rule_group){.name = "portal", .n_rule = 2, .rule = rule};
    struct rule_file *file = RS_ARENA_ARRAY(a, struct rule_file, 1);
    *file = (struct rule_file){.file = "alerts.yml", .n_group = 1, .group = group};
    return file;
}

static void fill_response(struct arena *a, struct response *r)
{
    struct gate *gate = RS_ARENA_ARRAY(a, struct gate, 1);
    gate[0] = gates[0];
    gate[0].expr = condition(&gate_number);
    struct stage *stage = RS_ARENA_ARRAY(a, struct stage, 2);
    stage[0] = (struct stage){.name = "dark", .title = "Dark launch", .watch_ns = MIN_NS};
    stage[1] = (struct stage){
        .name = "reads", .ref = "§3", .watch_ns = 30 * MIN_NS, .n_gate = 1, .gate = gate};
    struct procedure *procedure = RS_ARENA_ARRAY(a, struct procedure, 2);
    memcpy(procedure, procedures, sizeof procedures);
    procedure[1].trigger = condition(&trigger_number);
    *r = (struct response){.n_role = 2,
                           .role = roles,
                           .n_stage = 2,
                           .stage = stage,
                           .n_procedure = 2,
                           .procedure = procedure};
}

struct scenario *made_up_scenario(void)
{
    struct arena *a = rs_arena_new();
    struct scenario *sc = RS_ARENA_ARRAY(a, struct scenario, 1);
    struct rule_file **file = RS_ARENA_ARRAY(a, struct rule_file *, 1);
    file[0] = rules_of(a);
    *sc = (struct scenario){
        .arena = a,
        .file = "made-up.yaml",
        .text = "name: made-up\n",
        .sha256 = "00",
        .name = "made-up",
        .title = "A made-up rollout",
        .starts_at_unix_ns = INT64_C(1759136400) * RS_NS_PER_S,
        .horizon_ns = 240 * MIN_NS,
        .n_world = 10,
        .trajectory_step_ns = STEP_NS,
        .confidence = 0.95,
        .n_service = 2,
        .service = services,
        .n_flag = 1,
        .flag = flags,
        .n_fault = 3,
        .fault = faults,
        .n_assumption = 1,
        .assumption = assumptions,
        .n_claim = (int)(sizeof claims / sizeof claims[0]),
        .claim = claims,
    };
    sc->monitoring.n_rule_file = 1;
    sc->monitoring.rule_file = file;
    fill_response(a, &sc->response);
    return sc;
}

/* ---- histories ------------------------------------------------------------------------------------------------------- */

void made_up_history(struct history *h, uint64_t replica, int fault)
{
    rs_history_reset(h);
    h->replica = replica;
    h->world = replica % 10;
    h->fault = fault;
    h->outcome = RS_OUTCOME_COMPLETED;
    h->stage_reached = 1;
    h->sim_ns = 240 * MIN_NS;
    h->budget_burned = NAN;
}

struct episode *made_up_episode(struct history *h, int procedure, int fault, enum detected_by by)
{
    if (h->n_episode == h->cap_episode) {
        h->cap_episode += 4;
        h->episode = rs_xrealloc(h->episode, (size_t)h->cap_episode * sizeof *h->episode);
    }
    struct episode *e = &h->episode[h->n_episode++];
    *e = (struct episode){
        .procedure = procedure, .stage = 1, .fault = fault, .by = by, .detector = "PortalSlow"};
    for (int i = 0; i < RS_CLOCK_N; i++)
        e->at_ns[i] = RS_NEVER;
    return e;
}

static void fill_trajectory(struct trajectory *t, int service, int64_t t0, int64_t step, int n)
{
    t->service = service;
    t->t0_ns = t0;
    t->step_ns = step;
    if (n > t->cap) {
        t->cap = n;
        t->n_request = rs_xrealloc(t->n_request, (size_t)n * sizeof *t->n_request);
        t->n_error = rs_xrealloc(t->n_error, (size_t)n * sizeof *t->n_error);
        t->latency_s_p50 = rs_xrealloc(t->latency_s_p50, (size_t)n * sizeof(float));
        t->latency_s_p95 = rs_xrealloc(t->latency_s_p95, (size_t)n * sizeof(float));
        t->latency_s_p99 = rs_xrealloc(t->latency_s_p99, (size_t)n * sizeof(float));
    }
    t->n = n;
}

static void
draw_trajectory(struct trajectory *t, struct stream *s, int64_t bad_from, int64_t bad_until)
{
    for (int i = 0; i < t->n; i++) {
        int64_t at = t->t0_ns + i * t->step_ns;
        double ratio = at >= bad_from && at < bad_until ? 0.08 : 0.001;
        t->n_request[i] = (uint32_t)rs_draw_poisson(s, 400);
        t->n_error[i] = (uint32_t)rs_draw_binomial(s, t->n_request[i], ratio);
        t->latency_s_p50[i] = (float)(0.05 + 0.01 * rs_stream_uniform(s));
        t->latency_s_p95[i] = (float)(0.2 + 0.05 * rs_stream_uniform(s));
        t->latency_s_p99[i] = i == 0 ? NAN : (float)(0.5 + 0.1 * rs_stream_uniform(s));
    }
}

static int draw_fault(struct stream *s)
{
    double u = rs_stream_uniform(s);
    return u < 0.3 ? 0 : u < 0.6 ? 1 : u < 0.7 ? 2 : -1;
}

/* The clock of a rollback after an onset: alert, page, people, flags. */
static void draw_clock(struct episode *e, struct stream *s, int64_t onset_ns)
{
    static const struct {
        enum clock_mark mark;
        double mean_s;
    } steps[] = {{RS_CLOCK_ONSET, 0},         {RS_CLOCK_FIRST_BAD, 15}, {RS_CLOCK_PENDING, 30},
                 {RS_CLOCK_DETECTED, 240},    {RS_CLOCK_NOTIFIED, 40},  {RS_CLOCK_ACKNOWLEDGED, 60},
                 {RS_CLOCK_DECIDED, 45},      {RS_CLOCK_COMMANDED, 30}, {RS_CLOCK_EFFECTIVE_P50, 8},
                 {RS_CLOCK_EFFECTIVE_P95, 5}, {RS_CLOCK_EFFECTIVE, 2},  {RS_CLOCK_COMPLETED, 10},
                 {RS_CLOCK_RECOVERED, 120},   {RS_CLOCK_RESOLVED, 60}};
    int64_t at = onset_ns;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        at += rs_ns_from_s(rs_draw_exponential(s, steps[i].mean_s));
        e->at_ns[steps[i].mark] = at;
    }
    if (e->by != RS_BY_ALERT) {
        e->at_ns[RS_CLOCK_PENDING] = e->at_ns[RS_CLOCK_NOTIFIED] = RS_NEVER;
        e->at_ns[RS_CLOCK_RESOLVED] = RS_NEVER;
    }
}

static void draw_rollback(struct history *h, struct stream *s)
{
    h->fault_started = true;
    h->onset_ns = 60 * MIN_NS + rs_ns_from_s(rs_draw_exponential(s, 60));
    h->users_hurt = (uint64_t)rs_draw_exponential(s, 500);
    if (h->fault == 2) {
        h->outcome = RS_OUTCOME_MISSED;
        return;
    }
    enum detected_by by = h->fault == 1 || rs_stream_uniform(s) < 0.7 ? RS_BY_ALERT : RS_BY_LOOK;
    draw_clock(made_up_episode(h, h->fault, h->fault, by), s, h->onset_ns);
    h->outcome = RS_OUTCOME_ROLLED_BACK;
    h->ended_ns = h->episode[0].at_ns[RS_CLOCK_COMPLETED];
}

static void draw_false_alarm(struct history *h, struct stream *s)
{
    struct episode *e = made_up_episode(h, 1, -1, RS_BY_GATE);
    draw_clock(e, s, 30 * MIN_NS);
    e->at_ns[RS_CLOCK_ONSET] = e->at_ns[RS_CLOCK_FIRST_BAD] = RS_NEVER;
    h->false_rollback = true;
    h->outcome = RS_OUTCOME_ROLLED_BACK;
}

static void draw_trajectories(struct history *h, struct stream *s)
{
    if (h->n_trajectory == 0) {
        h->n_trajectory = 2;
        h->trajectory = rs_xcalloc(2, sizeof *h->trajectory);
    }
    int64_t until = h->n_episode ? h->episode[0].at_ns[RS_CLOCK_EFFECTIVE] : RS_NEVER;
    for (int i = 0; i < 2; i++) {
        fill_trajectory(&h->trajectory[i], i, 0, STEP_NS, 24);
        draw_trajectory(&h->trajectory[i], s, h->fault == i ? h->onset_ns : RS_NEVER, until);
        for (int j = 0; j < 24; j++) {
            h->n_request += h->trajectory[i].n_request[j];
            h->n_error += h->trajectory[i].n_error[j];
        }
    }
    h->has_close = h->fault_started;
    if (!h->has_close)
        return;
    int64_t t0 = (h->onset_ns - 5 * MIN_NS) / SCRAPE_NS * SCRAPE_NS;
    fill_trajectory(&h->close, h->fault == 0 ? 0 : 1, t0, SCRAPE_NS, 40);
    draw_trajectory(&h->close, s, h->onset_ns, until);
}

static void tell(struct history *h, int64_t at_ns, enum trace_kind kind, const char *text)
{
    h->trace = rs_xrealloc(h->trace, ((size_t)h->n_trace + 1) * sizeof *h->trace);
    h->trace[h->n_trace++] = (struct trace_event){
        .at_ns = at_ns, .kind = kind, .a = 1, .x = NAN, .text = rs_xstrdup(text)};
    h->cap_trace = h->n_trace;
}

static void *sim_new(const struct scenario *sc, struct err *err)
{
    (void)sc, (void)err;
    return rs_xcalloc(1, 1);
}

static int sim_run(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    (void)sim, (void)err;
    struct stream s = rs_stream_open(opt->seed, opt->replica, rs_stream_hash("made-up"));
    made_up_history(h, opt->replica, draw_fault(&s));
    h->ended_ns = 200 * MIN_NS;
    h->n_page = (uint32_t)rs_draw_poisson(&s, 1.5);
    if (h->fault >= 0 && rs_stream_uniform(&s) < 0.95)
        draw_rollback(h, &s);
    else if (h->fault == 2 || (h->fault < 0 && rs_stream_uniform(&s) < 0.001))
        draw_false_alarm(h, &s);
    draw_trajectories(h, &s);
    if (opt->trace) {
        tell(h, 0, RS_TRACE_STAGE, "stage dark entered");
        tell(h, h->sim_ns, RS_TRACE_OUTCOME, rs_outcome_name(h->outcome));
    }
    return 0;
}

/* The made-up conditions are the numbers themselves. */
static int
thresholds(struct arena *arena, const struct promql *q, struct promql_threshold *out, int cap)
{
    (void)arena, (void)cap;
    memcpy(&out->value, q, sizeof out->value);
    out->text = NULL;
    return 1;
}

/* One finding, whatever the scenario. */
static struct findings *check(const struct scenario *sc)
{
    struct findings *f = rs_xcalloc(1, sizeof *f);
    *f = (struct findings){.arena = rs_arena_new(), .n = 1, .n_error = 1};
    f->item = rs_xcalloc(1, sizeof *f->item);
    f->item[0] = (struct finding){
        .code = rs_finding_code("over-budget"),
        .at = {sc->file, 12, 5},
        .ref = "§4",
        .about = "procedure read-rollback",
        .text = "it takes 11m20s at worst, 5m are allowed",
        .mend = "poll more often",
        .n_evidence = 3,
        .evidence = {{"worst_s", NULL, 680}, {"leg", "poll", 0}, {"most_s", NULL, INFINITY}}};
    return f;
}

const struct run_engine made_up_engine = {.sim_new = sim_new,
                                          .sim_free = free,
                                          .sim_run = sim_run,
                                          .check = check,
                                          .thresholds = thresholds};
