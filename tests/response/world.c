/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

static const char conditions[N_CONDITION];
static const char *const revert_alerts[] = {"HighErrors"};
static const char *const second_alerts[] = {"Other"};

const struct promql *world_condition(int i)
{
    return (const struct promql *)(const void *)&conditions[i];
}

void world_true(struct world *w, int condition, double from_s, double until_s)
{
    w->true_from_ns[condition] = S(from_s);
    w->true_until_ns[condition] = S(until_s);
}

static struct dist doers_own(void)
{
    struct dist d = rs_dist_constant(0.0);
    d.a = NAN;
    return d;
}

static struct action action(enum action_kind kind, const char *title)
{
    return (struct action){.title = title,
                           .kind = kind,
                           .flag = -1,
                           .cohort = -1,
                           .component = -1,
                           .service = -1,
                           .path = -1,
                           .channel = -1,
                           .percent = 100.0,
                           .max_latency_s = INFINITY,
                           .takes = doers_own(),
                           .max_attempts = 1,
                           .blocking = true};
}

static struct action set_flag(int flag, bool on)
{
    struct action a = action(RS_ACT_SET_FLAG, NULL);
    a.flag = flag;
    a.on = on;
    return a;
}

static void make_system(struct world *w)
{
    w->flag[NEW] = (struct flag){.name = "NEW"};
    w->flag[FALLBACK] = (struct flag){.name = "FALLBACK", .initially_on = true, .safe_on = true};
    w->component[0] = (struct component){.name = "cache"};
    w->cohort[0] = (struct cohort){.name = "admins", .population = 40};
    w->path[0] = (struct path){.name = "new"};
    w->path[1] = (struct path){.name = "legacy"};
    w->service[0] = (struct service){.name = "shop", .n_instance = 4, .n_path = 2, .path = w->path};
    w->fault[0] = (struct fault){.name = "broken"};
    w->channel[PAGER] = (struct channel){.name = "pager"};
    w->channel[CHAT] = (struct channel){.name = "chat"};
    struct scenario *sc = &w->sc;
    sc->name = "test";
    sc->n_flag = N_FLAG, sc->flag = w->flag;
    sc->n_component = 1, sc->component = w->component;
    sc->n_cohort = 1, sc->cohort = w->cohort;
    sc->n_service = 1, sc->service = w->service;
    sc->n_fault = 1, sc->fault = w->fault;
    sc->monitoring.n_channel = N_CHANNEL, sc->monitoring.channel = w->channel;
    sc->monitoring.evaluation_interval_ns = S(30);
    rs_time_parse(&sc->starts_at_unix_ns, "2025-09-29T09:00:00Z"); /* a Monday */
    sc->horizon_ns = S(3 * 86400);
}

static void make_roles(struct world *w)
{
    w->on_call_attends[0] = (struct attention){.channel = PAGER, .sees = 1.0};
    w->on_call_attends[1] = (struct attention){.channel = CHAT, .sees = 0.0};
    w->lead_attends[0] = (struct attention){.channel = PAGER, .sees = 1.0};
    w->role[ON_CALL] = (struct role){.name = "on-call",
                                     .title = "On-call engineer",
                                     .n_attention = 2,
                                     .attention = w->on_call_attends,
                                     .acknowledge = rs_dist_constant(120),
                                     .decide = rs_dist_constant(60),
                                     .act = rs_dist_constant(20),
                                     .notice = rs_dist_constant(45),
                                     .from_ns = S(9 * 3600),
                                     .until_ns = S(18 * 3600),
                                     .weekdays = 0x1f,
                                     .escalates_to = LEAD,
                                     .escalate_after_ns = S(900)};
    w->role[LEAD] = (struct role){.name = "lead",
                                  .title = "Tech Lead",
                                  .n_attention = 1,
                                  .attention = w->lead_attends,
                                  .acknowledge = rs_dist_constant(180),
                                  .decide = rs_dist_constant(90),
                                  .act = rs_dist_constant(30),
                                  .notice = rs_dist_constant(45),
                                  .until_ns = S(86400),
                                  .weekdays = 0x7f,
                                  .escalates_to = -1,
                                  .escalate_after_ns = RS_NEVER};
    w->sc.response.n_role = N_ROLE, w->sc.response.role = w->role;
}

static void make_procedures(struct world *w)
{
    w->revert[0] = set_flag(NEW, false);
    w->revert[1] = action(RS_ACT_PURGE, NULL);
    w->revert[1].component = 0;
    w->revert[2] = action(RS_ACT_DOCUMENT, "Incident ticket");
    w->revert[2].takes = rs_dist_constant(1200);
    w->revert[2].blocking = false;
    w->second[0] = set_flag(FALLBACK, true);
    w->procedure[REVERT] = (struct procedure){.name = "revert",
                                              .title = "Errors spike",
                                              .trigger = world_condition(ERRORS),
                                              .n_alert = 1,
                                              .alert = revert_alerts,
                                              .by = ON_CALL,
                                              .n_action = 3,
                                              .action = w->revert,
                                              .sla_ns = S(300)};
    w->procedure[SECOND] = (struct procedure){.name = "second",
                                              .n_alert = 1,
                                              .alert = second_alerts,
                                              .by = LEAD,
                                              .n_action = 1,
                                              .action = w->second,
                                              .sla_ns = RS_NEVER};
    w->sc.response.n_procedure = N_PROCEDURE, w->sc.response.procedure = w->procedure;
}

static void make_stages(struct world *w)
{
    w->entry0[0] = action(RS_ACT_DOCUMENT, "Deploy with all flags off");
    w->entry0[0].takes = rs_dist_constant(600);
    w->entry1[0] = set_flag(NEW, true);
    w->entry1[0].cohort = 0;
    w->entry1[1] = action(RS_ACT_CHECK, "Smoke tests");
    w->entry1[1].service = 0;
    w->entry1[1].n_request = 30;
    w->entry1[1].takes = rs_dist_constant(180);
    w->closing[0] = set_flag(FALLBACK, false);
    w->gate[0] = (struct gate){.name = "no-errors",
                               .expr = world_condition(OTHER),
                               .when = RS_GATE_LOOKS,
                               .then = RS_THEN_ROLLBACK,
                               .procedure = REVERT};
    w->watched[0] = REVERT;
    w->stage[0] = (struct stage){.name = "stage-0",
                                 .title = "Dark launch",
                                 .by = ON_CALL,
                                 .n_action = 1,
                                 .action = w->entry0,
                                 .watch_ns = S(2400),
                                 .look_every_ns = RS_NEVER,
                                 .ramp_flag = -1,
                                 .ramp_cohort = -1};
    w->stage[1] = (struct stage){.name = "stage-1",
                                 .title = "Enable for admins",
                                 .by = ON_CALL,
                                 .n_action = 2,
                                 .action = w->entry1,
                                 .check_then = RS_THEN_ROLLBACK,
                                 .check_procedure = REVERT,
                                 .watch_ns = S(1800),
                                 .look_every_ns = S(300),
                                 .n_gate = 1,
                                 .gate = w->gate,
                                 .n_watched = 1,
                                 .watched = w->watched,
                                 .ramp_flag = NEW,
                                 .ramp_cohort = 0,
                                 .ramp = w->ramp,
                                 .n_closing = 1,
                                 .closing = w->closing};
    w->sc.response.n_stage = 2, w->sc.response.stage = w->stage;
}

struct world *world_new(void)
{
    struct world *w = rs_xcalloc(1, sizeof *w);
    make_system(w);
    make_roles(w);
    make_procedures(w);
    make_stages(w);
    w->automation[0] = (struct automation){.name = "auto-revert",
                                           .alert = "HighErrors",
                                           .procedure = REVERT,
                                           .delay = rs_dist_constant(7)};
    w->sc.response.automation = w->automation; /* n_automation stays 0 */
    w->side[0] = (struct side_step){.when = RS_STEP_STAGE_ENTERED,
                                    .action = action(RS_ACT_NOTIFY, "Stage transition"),
                                    .by = ON_CALL};
    w->side[0].action.channel = CHAT;
    w->sc.response.side_step = w->side; /* n_side_step stays 0 */
    for (int i = 0; i < N_CONDITION; i++)
        w->true_from_ns[i] = w->true_until_ns[i] = RS_NEVER;
    w->k = rs_kernel_new();
    rs_history_init(&w->h);
    return w;
}

void world_free(struct world *w)
{
    rs_responder_free(w->r);
    rs_kernel_free(w->k);
    rs_history_clear(&w->h);
    free(w);
}

/* ---- the port -------------------------------------------------------------------------------- */

static bool is_true(void *ctx, const struct promql *expr)
{
    struct world *w = ctx;
    int i = (int)((const char *)(const void *)expr - conditions);
    int64_t now = rs_kernel_now(w->k);
    w->n_asked++;
    if (w->chance > 0.0)
        return rs_stream_uniform(&w->toss) < w->chance;
    if (w->reads[i])
        return *w->reads[i] != '\0' && *w->reads[i]++ == '1';
    return now >= w->true_from_ns[i] && now < w->true_until_ns[i];
}

static void reaches(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct world *w = ctx;
    int flag = (int)(arg & 0xff);
    uint64_t version = arg >> 8;
    if (version != w->version[flag])
        return;
    rs_responder_flag(w->r, now_ns, flag, version, ++w->n_reached[flag], N_INSTANCE);
}

static uint64_t set_flag_port(void *ctx, int flag, bool on, int cohort, double percent)
{
    (void)cohort;
    struct world *w = ctx;
    int64_t now = rs_kernel_now(w->k);
    w->set[w->n_set++ % MAX_SET] =
        (struct flag_set){.at_ns = now, .flag = flag, .on = on, .percent = on ? percent : 0.0};
    uint64_t version = ++w->version[flag];
    w->n_reached[flag] = w->settles_at_once[flag] ? N_INSTANCE : 0;
    for (int i = 0; i < N_INSTANCE && !w->settles_at_once[flag]; i++)
        rs_kernel_at(w->k, now + S(5 * (i + 1)), "poll", reaches, w, version << 8 | (uint64_t)flag);
    return version;
}

static bool flag_settled(void *ctx, int flag)
{
    const struct world *w = ctx;
    return w->n_reached[flag] == N_INSTANCE;
}

static void clear_component(void *ctx, int component)
{
    (void)component;
    struct world *w = ctx;
    w->n_cleared++;
    w->cleared_ns = rs_kernel_now(w->k);
}

static void remove_path(void *ctx, int service, int path)
{
    (void)service;
    (void)path;
    ((struct world *)ctx)->n_removed++;
}

static double check_ratio(void *ctx, int service, int cohort, double max_latency_s)
{
    (void)service;
    (void)cohort;
    (void)max_latency_s;
    return ((struct world *)ctx)->check_ratio;
}

static void stage_entered(void *ctx, int stage)
{
    (void)ctx;
    (void)stage;
}

static int live_fault(void *ctx)
{
    return ((struct world *)ctx)->fault_live;
}

static bool alert_firing(void *ctx, const char *alert)
{
    (void)alert;
    return ((struct world *)ctx)->alert_firing;
}

static void settled(void *ctx, enum outcome o)
{
    struct world *w = ctx;
    w->settled[w->n_settled++ % MAX_SETTLED] = o;
}

void world_open(struct world *w, uint64_t replica, bool trace)
{
    static const struct response_port table = {.is_true = is_true,
                                               .set_flag = set_flag_port,
                                               .flag_settled = flag_settled,
                                               .clear_component = clear_component,
                                               .remove_path = remove_path,
                                               .check_ratio = check_ratio,
                                               .stage_entered = stage_entered,
                                               .live_fault = live_fault,
                                               .alert_firing = alert_firing,
                                               .settled = settled};
    struct response_port port = table;
    port.ctx = w;
    if (!w->r)
        w->r = rs_responder_new(&w->sc, w->k);
    rs_kernel_reset(w->k);
    rs_history_reset(&w->h);
    w->n_set = w->n_settled = w->n_cleared = w->n_removed = w->n_asked = 0;
    w->fault_live = -1;
    w->alert_firing = false;
    memset(w->version, 0, sizeof w->version);
    memset(w->n_reached, 0, sizeof w->n_reached);
    rs_responder_reset(w->r, 7, replica, &port, &w->h, trace);
}

void world_run(struct world *w, double until_s)
{
    struct err err = {0};
    if (rs_kernel_run(w->k, S(until_s), &err) != 0) {
        rs_err_print(&err, stderr);
        abort();
    }
}

void world_play(struct world *w)
{
    world_open(w, 0, true);
    world_run(w, 86400);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void fires(void *ctx, int64_t now_ns, uint64_t pending_ns)
{
    struct world *w = ctx;
    w->alert_firing = true;
    rs_responder_alert(w->r, now_ns, "HighErrors", true, (int64_t)pending_ns);
}

void world_fires(struct world *w, double at_s, double pending_s)
{
    rs_kernel_at(w->k, S(at_s), "fires", fires, w, (uint64_t)S(pending_s));
}

static void clears(void *ctx, int64_t now_ns, uint64_t arg)
{
    (void)arg;
    struct world *w = ctx;
    w->alert_firing = false;
    rs_responder_alert(w->r, now_ns, "HighErrors", false, now_ns);
}

void world_clears(struct world *w, double at_s)
{
    rs_kernel_at(w->k, S(at_s), "clears", clears, w, 0);
}

/* channel, pending and firing in whole seconds: 4 + 30 + 30 bits */
static void message(void *ctx, int64_t now_ns, uint64_t arg)
{
    static const char *const alert[] = {"HighErrors"};
    struct world *w = ctx;
    int64_t pending = S(arg >> 30 & 0x3fffffff), firing = S(arg & 0x3fffffff);
    rs_responder_notice(w->r, now_ns, (int)(arg >> 60), 1, alert, &pending, &firing);
}

void world_message(struct world *w, double at_s, int channel, double pending_s, double firing_s)
{
    uint64_t arg = (uint64_t)channel << 60 | (uint64_t)pending_s << 30 | (uint64_t)firing_s;
    rs_kernel_at(w->k, S(at_s), "message", message, w, arg);
}

static void onset(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct world *w = ctx;
    w->fault_live = (int)arg;
    rs_responder_fault(w->r, now_ns, RS_CLOCK_ONSET, (int)arg);
}

static void first_bad(void *ctx, int64_t now_ns, uint64_t arg)
{
    rs_responder_fault(((struct world *)ctx)->r, now_ns, RS_CLOCK_FIRST_BAD, (int)arg);
}

void world_onset(struct world *w, double at_s)
{
    rs_kernel_at(w->k, S(at_s), "onset", onset, w, 0);
    rs_kernel_at(w->k, S(at_s + 12), "first bad", first_bad, w, 0);
}

bool world_said(const struct world *w, const char *text)
{
    for (int i = 0; i < w->h.n_trace; i++) {
        if (strstr(w->h.trace[i].text, text))
            return true;
    }
    return false;
}

double world_mark(const struct world *w, int i, enum clock_mark m)
{
    int64_t at = w->h.episode[i].at_ns[m];
    return at == RS_NEVER ? -1.0 : rs_s_from_ns(at);
}
