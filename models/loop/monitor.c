/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monitoring on the clock: rule groups are evaluated, alerts go to Alertmanager, notifications travel to channels. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/judge.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "simulator.h"

static void group_due(void *ctx, int64_t now_ns, uint64_t arg);

static struct promql_options promql_options(const struct scenario *sc)
{
    struct promql_options opt = rs_promql_options_default();
    opt.lookback_ms = sc->monitoring.lookback_ns / RS_NS_PER_MS;
    return opt;
}

/*
 * The first slot of a group in scenario time: a server evaluates it at k * interval + offset of Unix time. Whole milliseconds,
 * as the timestamps of its samples are. -1 where the phase is drawn.
 */
static int64_t hashed_phase(const struct scenario *sc,
                            const struct rule_file *file,
                            const struct rule_group *g,
                            int64_t interval_ns)
{
    const struct monitoring *m = &sc->monitoring;
    enum label_encoding encoding =
        m->group_offsets == RS_OFFSETS_HASHED_SLICES || m->dialect == RS_PROMQL_2_42
            ? RS_ENCODING_SLICES
            : RS_ENCODING_STRINGS;
    int64_t start_ms = sc->starts_at_unix_ns / RS_NS_PER_MS, interval_ms, offset_ms;
    char *path;
    if (m->group_offsets == RS_OFFSETS_DRAWN)
        return -1;
    path = rs_rule_server_path(m->rules_path, file->path ? file->path : file->file);
    offset_ms = rs_rule_group_offset_ns(path, g->name, interval_ns, encoding) / RS_NS_PER_MS;
    interval_ms = interval_ns / RS_NS_PER_MS;
    free(path);
    return ((offset_ms - start_ms) % interval_ms + interval_ms) % interval_ms * RS_NS_PER_MS;
}

/*
 * The stream that draws a group's phase. The file goes by the name that the scenario gives it: a history must not depend on the
 * folder that somebody stands in.
 */
static uint64_t phase_hash(const struct rule_file *file, const struct rule_group *g)
{
    uint64_t stem = rs_stream_hash("phase/rules");
    stem = rs_stream_hash_index(stem, rs_stream_hash(file->path ? file->path : file->file));
    return rs_stream_hash_index(stem, rs_stream_hash(g->name));
}

static void add_group(struct simulator *sim, int file_number, int group_number)
{
    const struct rule_file *file = sim->sc->monitoring.rule_file[file_number];
    const struct rule_group *g = &file->group[group_number];
    struct group_timer *timer = &sim->group[sim->n_group++];
    timer->sim = sim;
    timer->interval_ns =
        g->interval_ns ? g->interval_ns : sim->sc->monitoring.evaluation_interval_ns;
    struct rule_runner_options opt = rs_rule_runner_options_default();
    opt.promql = promql_options(sim->sc);
    opt.interval_ms = timer->interval_ns / RS_NS_PER_MS;
    if (sim->lanes)
        rs_loop_lanes_vary(sim, file_number, group_number, &opt);
    timer->runner = rs_rule_runner_new(g, sim->db, &opt);
    if (sim->lanes)
        rs_loop_lanes_made(sim, file_number, group_number, timer->runner);
    timer->phase_hash = phase_hash(file, g);
    timer->phase_ns = hashed_phase(sim->sc, file, g, timer->interval_ns);
}

static void add_condition(struct simulator *sim, const struct promql *expr)
{
    if (!expr)
        return;
    struct condition_eval *c = &sim->condition[sim->n_condition++];
    struct promql_options opt = promql_options(sim->sc);
    c->expr = expr;
    c->site = sim->lanes ? rs_loop_lanes_condition(sim, expr, &opt) : -1;
    c->eval = c->site < 0 ? rs_promql_eval_new(expr, sim->db, opt) : NULL;
}

static void add_measured(void *ctx, const struct promql *expr)
{
    add_condition(ctx, expr);
}

static void count_measured(void *ctx, const struct promql *expr)
{
    (void)expr;
    ++*(int *)ctx;
}

static void add_conditions(struct simulator *sim)
{
    const struct response *r = &sim->sc->response;
    int n = 2 * r->n_procedure;
    for (int i = 0; i < r->n_stage; i++)
        n += r->stage[i].n_gate;
    for (int i = 0; i < r->n_judge; i++)
        rs_judge_exprs(&r->judge[i], count_measured, &n);
    sim->condition = rs_xcalloc((size_t)n + 1, sizeof *sim->condition);
    for (int i = 0; i < r->n_procedure; i++) {
        add_condition(sim, r->procedure[i].trigger);
        add_condition(sim, r->procedure[i].recovered);
    }
    for (int i = 0; i < r->n_stage; i++) {
        for (int j = 0; j < r->stage[i].n_gate; j++)
            add_condition(sim, r->stage[i].gate[j].expr);
    }
    for (int i = 0; i < r->n_judge; i++)
        rs_judge_exprs(&r->judge[i], add_measured, sim);
}

int rs_loop_monitor_new(struct simulator *sim)
{
    const struct monitoring *m = &sim->sc->monitoring;
    int n = 0;
    for (int i = 0; i < m->n_rule_file; i++)
        n += m->rule_file[i]->n_group;
    sim->group = rs_xcalloc((size_t)n + 1, sizeof *sim->group);
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_group; j++)
            add_group(sim, i, j);
    }
    add_conditions(sim);
    if (m->alertmanager) {
        struct am_settings settings = rs_am_settings_default();
        settings.version = (enum am_version)m->alertmanager_version;
        settings.starts_unix_ns = sim->sc->starts_at_unix_ns;
        settings.peer = m->alertmanager_peer;
        settings.n_silence = m->n_silence;
        settings.silence = m->silence;
        sim->am = rs_am_new(m->alertmanager, &settings, sim->labels);
    }
    sim->delivery = rs_xcalloc((size_t)m->n_channel + 1, sizeof *sim->delivery);
    sim->delivery_hash = rs_xcalloc((size_t)m->n_channel + 1, sizeof *sim->delivery_hash);
    for (int i = 0; i < m->n_channel; i++) {
        char name[512];
        snprintf(name, sizeof name, "delivery/%s", m->channel[i].name);
        sim->delivery_hash[i] = rs_stream_hash(name);
    }
    return 0;
}

void rs_loop_monitor_free(struct simulator *sim)
{
    for (int i = 0; i < sim->n_message; i++) {
        free(sim->message[i].alert);
        free(sim->message[i].pending_ns);
        free(sim->message[i].firing_ns);
    }
    free(sim->message);
    free(sim->firing);
    free(sim->delivery);
    free(sim->delivery_hash);
    for (int i = 0; i < sim->n_condition; i++)
        rs_promql_eval_free(sim->condition[i].eval);
    free(sim->condition);
    for (int i = 0; i < sim->n_group; i++)
        rs_rule_runner_free(sim->group[i].runner);
    free(sim->group);
    rs_am_free(sim->am);
}

/* ---- channels ---- */

static struct message *message_take(struct simulator *sim)
{
    for (int i = 0; i < sim->n_message; i++) {
        if (!sim->message[i].used)
            return &sim->message[i];
    }
    sim->message = rs_xrealloc(sim->message, sizeof *sim->message * (size_t)(sim->n_message + 1));
    struct message *m = &sim->message[sim->n_message++];
    memset(m, 0, sizeof *m);
    return m;
}

static void message_add(struct message *m, const struct firing *f)
{
    for (int i = 0; i < m->n; i++) {
        if (strcmp(m->alert[i], f->name) == 0)
            return; /* people read names: one line an alert name, the earliest times */
    }
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 4;
        m->alert = rs_xrealloc(m->alert, sizeof *m->alert * (size_t)m->cap);
        m->pending_ns = rs_xrealloc(m->pending_ns, sizeof *m->pending_ns * (size_t)m->cap);
        m->firing_ns = rs_xrealloc(m->firing_ns, sizeof *m->firing_ns * (size_t)m->cap);
    }
    m->alert[m->n] = f->name;
    m->pending_ns[m->n] = f->pending_ns;
    m->firing_ns[m->n] = f->firing_ns;
    m->n++;
}

static void message_visible(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct simulator *sim = ctx;
    struct message *m = &sim->message[arg];
    if (sim->opt.trace) {
        for (int i = 0; i < m->n; i++)
            rs_history_trace(sim->out, now_ns, RS_TRACE_NOTICE, m->channel, -1, 0.0,
                             "%s is visible on %s", m->alert[i],
                             sim->sc->monitoring.channel[m->channel].name);
    }
    m->used = false; /* before the call: nothing in it takes a message */
    rs_responder_notice(sim->responder, now_ns, m->channel, m->n, m->alert, m->pending_ns,
                        m->firing_ns);
}

static void
send_to_channel(struct simulator *sim, int64_t now_ns, int channel, const struct am_notification *n)
{
    struct message *m = message_take(sim);
    m->n = 0;
    m->channel = channel;
    for (int i = 0; i < sim->n_firing; i++) {
        for (int j = 0; j < n->n_firing; j++) {
            if (sim->firing[i].labels == n->firing[j])
                message_add(m, &sim->firing[i]);
        }
    }
    if (m->n == 0)
        return; /* resolved only: nobody is called for that */
    m->used = true;
    sim->out->n_page++;
    const struct dist *d = &sim->sc->monitoring.channel[channel].delivery;
    int64_t delay_ns = rs_ns_from_s(rs_dist_draw(d, &sim->delivery[channel]));
    rs_kernel_at(sim->kernel, now_ns + delay_ns, "message delivery", message_visible, sim,
                 (uint64_t)(m - sim->message));
}

static void notify(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    struct simulator *sim = ctx;
    const struct monitoring *m = &sim->sc->monitoring;
    for (int i = 0; i < m->n_channel; i++) {
        if (m->channel[i].receiver && strcmp(m->channel[i].receiver, n->receiver) == 0)
            send_to_channel(sim, now_ns, i, n);
    }
}

/* ---- Alertmanager ---- */

static void am_due(void *ctx, int64_t now_ns, uint64_t arg);

static void am_rearm(struct simulator *sim)
{
    int64_t next_ns = rs_am_next(sim->am);
    int64_t now_ns = rs_kernel_now(sim->kernel);
    if (next_ns < now_ns)
        next_ns = now_ns; /* a group that is flushed at once */
    if (!rs_kernel_move(sim->kernel, sim->am_timer, next_ns))
        sim->am_timer = rs_kernel_at(sim->kernel, next_ns, "alertmanager timer", am_due, sim, 0);
}

static void am_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct simulator *sim = ctx;
    (void)arg;
    rs_am_tick(sim->am, now_ns, notify, sim);
    am_rearm(sim);
}

/* ---- rules ---- */

bool rs_loop_alert_firing(const struct simulator *sim, const char *alert)
{
    for (int i = 0; i < sim->n_firing; i++) {
        if (strcmp(sim->firing[i].name, alert) == 0)
            return true;
    }
    return false;
}

static void firing_add(struct simulator *sim, const struct alert *a)
{
    if (sim->n_firing == sim->cap_firing) {
        sim->cap_firing = sim->cap_firing ? 2 * sim->cap_firing : 8;
        sim->firing = rs_xrealloc(sim->firing, sizeof *sim->firing * (size_t)sim->cap_firing);
    }
    sim->firing[sim->n_firing++] = (struct firing){
        .labels = a->labels,
        .name = a->rule->alert,
        .pending_ns = rs_loop_ns(sim, a->active_ms),
        .firing_ns = rs_loop_ns(sim, a->fired_ms),
    };
}

static void firing_remove(struct simulator *sim, rs_labels labels)
{
    for (int i = 0; i < sim->n_firing; i++) {
        if (sim->firing[i].labels == labels) {
            memmove(&sim->firing[i], &sim->firing[i + 1],
                    sizeof *sim->firing * (size_t)(sim->n_firing - i - 1));
            sim->n_firing--;
            return;
        }
    }
}

static void
trace_alert(struct simulator *sim, int64_t now_ns, const struct alert *a, enum alert_state from)
{
    char value[48] = ""; /* one that clears has none */
    if (a->state != RS_ALERT_INACTIVE)
        snprintf(value, sizeof value, " (value %.4g)", a->value);
    rs_history_trace(sim->out, now_ns, RS_TRACE_ALERT, (int)a->state, (int)from, a->value,
                     "%s %s -> %s%s", a->rule->alert, rs_alert_state_name(from),
                     rs_alert_state_name(a->state), value);
}

static void alert_changed(void *ctx, int64_t t_ms, const struct alert *a, enum alert_state from)
{
    struct simulator *sim = ctx;
    int64_t now_ns = rs_loop_ns(sim, t_ms);
    if (sim->opt.trace)
        trace_alert(sim, now_ns, a, from);
    if (a->state == RS_ALERT_FIRING) {
        firing_add(sim, a);
        sim->out->n_alert_fired++;
        rs_responder_alert(sim->responder, now_ns, a->rule->alert, true,
                           rs_loop_ns(sim, a->active_ms));
    } else if (from == RS_ALERT_FIRING) {
        firing_remove(sim, a->labels);
        if (!rs_loop_alert_firing(sim, a->rule->alert))
            rs_responder_alert(sim->responder, now_ns, a->rule->alert, false, now_ns);
    }
}

static void alert_send(void *ctx, int64_t t_ms, const struct alert *a, int64_t ends_ms)
{
    struct simulator *sim = ctx;
    rs_am_post(sim->am, rs_loop_ns(sim, t_ms), a->labels, rs_loop_ns(sim, a->fired_ms),
               rs_loop_ns(sim, ends_ms));
    am_rearm(sim);
}

static void group_due(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct group_timer *g = ctx;
    (void)arg;
    struct rule_sink sink = {
        .ctx = g->sim, .changed = alert_changed, .send = g->sim->am ? alert_send : NULL};
    rs_rule_runner_eval(g->runner, rs_loop_ms(g->sim, now_ns), &sink);
    rs_kernel_at(g->sim->kernel, now_ns + g->interval_ns, "rule evaluation", group_due, g, 0);
}

void rs_loop_monitor_reset(struct simulator *sim, uint64_t world)
{
    for (int i = 0; i < sim->n_message; i++)
        sim->message[i].used = false;
    sim->n_firing = 0;
    sim->am_timer = 0;
    if (sim->am)
        rs_am_reset(sim->am);
    for (int i = 0; i < sim->sc->monitoring.n_channel; i++) {
        sim->delivery[i] = rs_stream_open_branching(sim->opt.seed, sim->opt.replica,
                                                    sim->delivery_hash[i], &sim->branch);
        sim->delivery[i].gsl = sim->opt.gsl_samplers;
    }
    for (int i = 0; i < sim->n_group; i++) {
        struct group_timer *g = &sim->group[i];
        rs_rule_runner_reset(g->runner);
        /* Whole milliseconds, as Prometheus' timestamps are. */
        struct stream s = rs_stream_open(sim->opt.seed, world, g->phase_hash);
        uint64_t n_ms = (uint64_t)(g->interval_ns / RS_NS_PER_MS);
        int64_t phase_ns = (int64_t)rs_stream_below(&s, n_ms ? n_ms : 1) * RS_NS_PER_MS;
        if (g->phase_ns >= 0)
            phase_ns = g->phase_ns;
        rs_kernel_at(sim->kernel, phase_ns, "rule evaluation", group_due, g, 0);
    }
}
