/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of alerts, their timers, and what is sent. Source: dispatch/dispatch.go (groups) and notify/notify.go (deduplication)
 * of Alertmanager 0.25, 0.28 and 0.33. Deliveries succeed at once.
 */
#include "models/alertmanager.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "am_private.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* "expiry min(2*repeat, 120h)": how long the notification log remembers; what expired goes at the next sweep. */
#define LOG_RETENTION_NS (INT64_C(120) * 3600 * RS_NS_PER_S)
#define LOG_SWEEP_NS (15 * 60 * RS_NS_PER_S)
/* Until 0.31 an empty group lives on until it is swept. */
#define GROUP_SWEEP_NS (30 * RS_NS_PER_S)
/* cluster.peer-timeout: so long a peer waits for each one before it. */
#define PEER_TIMEOUT_NS (15 * RS_NS_PER_S)

struct member {
    int known;
    uint32_t n_post; /* as of the flush at hand */
    bool resolved;   /* likewise */
};

struct set_list {
    rs_labels *at; /* [n], owned, sorted */
    int n, cap;
};

struct group {
    const struct am_node *node;
    rs_labels key; /* the values of the group_by labels */
    uint64_t id;   /* order of creation */
    bool alive, flushed;
    int64_t timer_ns;
    int64_t empty_since_ns; /* while alive without members */
    struct member *member;  /* [n_member], owned */
    int n_member, cap_member;
    /* A flush that waits for earlier peers: began at tick_ns, goes on at busy_ns. RS_NEVER: none. */
    int64_t tick_ns, busy_ns;
    struct set_list firing, resolved;
    /* The notification log of (this group, its receiver): outlives the group. */
    bool logged;
    int64_t log_ns, log_expires_ns;
    struct set_list log_firing, log_resolved;
};

struct alertmanager {
    struct am_settings settings;
    struct am_alerts alerts;
    struct group **group; /* [n_group], alive or remembered */
    int n_group, cap_group;
    struct group **live; /* [n_live] in order of creation */
    int n_live, cap_live;
    struct label_map *by_key; /* [n_node], from the key to an index in group */
    uint64_t next_id;
    int64_t next_ns;
    rs_am_hold on_hold; /* may be NULL */
    void *hold_ctx;
};

/* ---- sets of alerts -------------------------------------------------------------------------- */

static void set_insert(const struct label_table *t, struct set_list *list, rs_labels set)
{
    int at;

    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->at = rs_xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
    }
    for (at = list->n++; at > 0 && rs_labels_compare(t, list->at[at - 1], set) > 0; at--) {
        list->at[at] = list->at[at - 1];
    }
    list->at[at] = set;
}

/* Both are sorted, so one pass will do. */
static bool set_is_subset(const struct set_list *sub, const struct set_list *of)
{
    int j = 0;

    for (int i = 0; i < sub->n; i++) {
        while (j < of->n && of->at[j] != sub->at[i]) {
            j++;
        }
        if (j == of->n) {
            return false;
        }
    }
    return true;
}

static void set_swap(struct set_list *a, struct set_list *b)
{
    struct set_list c = *a;

    *a = *b;
    *b = c;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct alertmanager *rs_am_new(const struct am_config *config,
                               const struct am_settings *settings,
                               struct label_table *labels)
{
    struct alertmanager *am = rs_xcalloc(1, sizeof *am);

    assert(settings->started_ns <= 0 && settings->peer >= 0);
    am->settings = *settings;
    rs_am_alerts_init(&am->alerts, config, &am->settings, labels);
    am->by_key = rs_xcalloc((size_t)am->alerts.tree.n_node, sizeof *am->by_key);
    am->next_ns = RS_NEVER;
    return am;
}

static void group_free(struct group *g)
{
    free(g->member);
    free(g->firing.at);
    free(g->resolved.at);
    free(g->log_firing.at);
    free(g->log_resolved.at);
    free(g);
}

void rs_am_free(struct alertmanager *am)
{
    if (am == NULL) {
        return;
    }
    for (int i = 0; i < am->n_group; i++) {
        group_free(am->group[i]);
    }
    free(am->group);
    free(am->live);
    for (int i = 0; i < am->alerts.tree.n_node; i++) {
        rs_label_map_clear(&am->by_key[i]);
    }
    free(am->by_key);
    rs_am_alerts_clear(&am->alerts);
    free(am);
}

void rs_am_reset(struct alertmanager *am)
{
    for (int i = 0; i < am->n_group; i++) {
        struct group *g = am->group[i];

        g->alive = g->logged = false;
        g->n_member = 0;
        g->busy_ns = RS_NEVER;
    }
    am->n_live = 0;
    am->next_id = 0;
    am->next_ns = RS_NEVER;
    rs_am_alerts_reset(&am->alerts);
}

void rs_am_on_hold(struct alertmanager *am, rs_am_hold fn, void *ctx)
{
    am->on_hold = fn;
    am->hold_ctx = ctx;
}

struct route_visit {
    void (*fn)(void *ctx, const struct am_route *route);
    void *ctx;
};

static void visit_route(void *ctx, const struct am_node *node)
{
    const struct route_visit *v = ctx;

    v->fn(v->ctx, node->route);
}

void rs_am_routes_of(const struct alertmanager *am,
                     rs_labels alert,
                     void (*fn)(void *ctx, const struct am_route *route),
                     void *ctx)
{
    struct route_visit v = {fn, ctx};

    rs_am_route(&am->alerts.tree, alert, visit_route, &v);
}

void rs_am_routes_guess(const struct alertmanager *am,
                        rs_labels alert,
                        const struct am_guess *guess)
{
    rs_am_route_guess(&am->alerts.tree, alert, guess);
}

/* ---- arrivals -------------------------------------------------------------------------------- */

struct finding {
    struct alertmanager *am;
    int known;
};

/* The group of an alert in one route; it exists, if only as a memory, from the first time on that it is asked for. */
static void find_group(void *ctx, const struct am_node *node)
{
    const struct finding *f = ctx;
    struct alertmanager *am = f->am;
    rs_labels key =
        rs_am_group_key(am->alerts.labels, node->route, am->alerts.known[f->known].labels);
    int i = rs_label_map_get(&am->by_key[node->index], key);

    if (i < 0) {
        if (am->n_group == am->cap_group) {
            am->cap_group = am->cap_group ? 2 * am->cap_group : 8;
            am->group = rs_xrealloc(am->group, (size_t)am->cap_group * sizeof(struct group *));
        }
        i = am->n_group++;
        am->group[i] = rs_xcalloc(1, sizeof(struct group));
        am->group[i]->node = node;
        am->group[i]->key = key;
        am->group[i]->busy_ns = RS_NEVER;
        rs_label_map_put(&am->by_key[node->index], key, i);
    }
    rs_am_alerts_add_dest(&am->alerts, f->known, i);
}

/*
 * The group's life begins: it waits group_wait before its first flush.
 */
static void group_begin(struct alertmanager *am, struct group *g, int64_t now_ns)
{
    g->alive = true;
    g->flushed = false;
    g->n_member = 0;
    g->id = am->next_id++;
    g->timer_ns = now_ns + g->node->route->group_wait_ns;
    if (am->n_live == am->cap_live) {
        am->cap_live = am->cap_live ? 2 * am->cap_live : 8;
        am->live = rs_xrealloc(am->live, (size_t)am->cap_live * sizeof(struct group *));
    }
    am->live[am->n_live++] = g;
}

/* Until 0.31: has the group been empty at a sweep? */
static bool group_is_swept(const struct alertmanager *am, const struct group *g, int64_t now_ns)
{
    return g->n_member == 0 &&
           rs_am_last_sweep(&am->settings, now_ns, GROUP_SWEEP_NS) > g->empty_since_ns;
}

static void live_remove(struct alertmanager *am, const struct group *g)
{
    int i = 0;

    while (am->live[i] != g) {
        i++;
    }
    am->n_live--;
    memmove(&am->live[i], &am->live[i + 1], (size_t)(am->n_live - i) * sizeof(struct group *));
}

/* A group that an alert arrives for: new, or one that has been ticking. */
static void group_wake(struct alertmanager *am, struct group *g, int64_t now_ns)
{
    if (g->alive && group_is_swept(am, g, now_ns)) {
        g->alive = false;
        live_remove(am, g);
    }
    if (!g->alive) {
        group_begin(am, g, now_ns);
    } else if (g->n_member == 0 && g->timer_ns <= now_ns) {
        /* The ticks of an empty group were not worth an event. */
        int64_t every = g->node->route->group_interval_ns;

        g->timer_ns += ((now_ns - g->timer_ns) / every + 1) * every;
    }
}

static void member_put(struct group *g, int known)
{
    for (int i = 0; i < g->n_member; i++) {
        if (g->member[i].known == known) {
            return;
        }
    }
    if (g->n_member == g->cap_member) {
        g->cap_member = g->cap_member ? 2 * g->cap_member : 4;
        g->member = rs_xrealloc(g->member, (size_t)g->cap_member * sizeof *g->member);
    }
    g->member[g->n_member++] = (struct member){.known = known};
}

static void group_insert(struct alertmanager *am, struct group *g, int known, int64_t now_ns)
{
    bool created = !g->alive;
    int64_t waited_ns = now_ns - am->alerts.known[known].starts_ns;

    group_wake(am, g, now_ns);
    created = created || g->n_member == 0;
    member_put(g, known);
    /*
     * "Immediately trigger a flush if the wait duration for this alert is already over": until 0.29 whenever one comes before
     * the first flush, since 0.30 only for the one that the group is made for.
     */
    if (!g->flushed && waited_ns > g->node->route->group_wait_ns &&
        (created || am->settings.version < RS_AM_0_33)) {
        g->timer_ns = now_ns;
    }
    if (g->timer_ns < am->next_ns) {
        am->next_ns = g->timer_ns;
    }
}

void rs_am_post(
    struct alertmanager *am, int64_t now_ns, rs_labels alert, int64_t starts_ns, int64_t ends_ns)
{
    bool is_new, timeout = ends_ns == RS_NEVER;
    int known = rs_am_alerts_find(&am->alerts, alert, &is_new);
    const struct known *k;

    if (is_new) {
        struct finding f = {am, known};

        rs_am_route(&am->alerts.tree, alert, find_group, &f);
    }
    rs_am_alerts_report(
        &am->alerts, known, now_ns,
        (struct known){.timeout = timeout,
                       .starts_ns = starts_ns,
                       .ends_ns = timeout ? now_ns + am->alerts.resolve_timeout_ns : ends_ns});
    k = &am->alerts.known[known];
    for (int i = 0; i < k->n_dest; i++) {
        group_insert(am, am->group[am->alerts.dest[k->dest + i]], known, now_ns);
    }
}

/* ---- what is sent ---------------------------------------------------------------------------- */

/*
 * needsUpdate of notify.go, in its order. The log was written a moment after its own tick, so that a tick at exactly
 * repeat_interval is too early.
 */
static bool needs_update(const struct alertmanager *am, const struct group *g, int64_t now_ns)
{
    bool expired = rs_am_last_sweep(&am->settings, now_ns, LOG_SWEEP_NS) >= g->log_expires_ns;
    /* Since 0.32 the tick's own time counts, before that the clock. */
    int64_t judged_ns = am->settings.version >= RS_AM_0_33 ? g->tick_ns : now_ns;

    if (!g->logged || expired) {
        return g->firing.n > 0;
    }
    if (!set_is_subset(&g->firing, &g->log_firing)) {
        return true;
    }
    if (g->firing.n == 0) {
        return g->log_firing.n > 0;
    }
    if (g->node->send_resolved && !set_is_subset(&g->resolved, &g->log_resolved)) {
        return true;
    }
    return g->log_ns < judged_ns - g->node->route->repeat_interval_ns;
}

static void write_log(struct group *g, int64_t now_ns)
{
    int64_t repeat = g->node->route->repeat_interval_ns;

    g->logged = true;
    g->log_ns = now_ns;
    g->log_expires_ns = now_ns + (repeat < LOG_RETENTION_NS / 2 ? 2 * repeat : LOG_RETENTION_NS);
    /* What has been sent is not needed any more. */
    set_swap(&g->log_firing, &g->firing);
    set_swap(&g->log_resolved, &g->resolved);
}

static void send(const struct group *g, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    struct am_notification n = {.receiver = g->node->route->receiver,
                                .route = g->node->route,
                                .group = g->id,
                                .group_key = g->key,
                                .n_firing = g->firing.n,
                                .n_resolved = g->node->send_resolved ? g->resolved.n : 0,
                                .firing = g->firing.at,
                                .resolved = g->resolved.at};

    /* Without send_resolved an all-clear is only logged. */
    if (n.n_firing + n.n_resolved > 0 && notify != NULL) {
        notify(ctx, now_ns, &n);
    }
}

/* The second half of a flush: is there news, then the resolved alerts leave the group. */
static void
flush_end(struct alertmanager *am, struct group *g, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    int n = 0;

    g->busy_ns = RS_NEVER;
    if (g->firing.n + g->resolved.n > 0 && needs_update(am, g, now_ns)) {
        send(g, now_ns, notify, ctx);
        write_log(g, now_ns);
    }
    for (int i = 0; i < g->n_member; i++) {
        struct member m = g->member[i];

        if (!m.resolved || m.n_post != am->alerts.known[m.known].n_post) {
            g->member[n++] = m;
        }
    }
    g->n_member = n;
    g->empty_since_ns = now_ns;
    /* Since 0.32 an empty group is gone at once, and a new one waits group_wait again. */
    g->alive = n > 0 || am->settings.version < RS_AM_0_33;
}

/* The first half: who is in it, and who of them is muted. */
static void flush_begin(
    struct alertmanager *am, struct group *g, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    bool muted = rs_am_route_is_muted(g->node->route, am->settings.starts_unix_ns + now_ns);

    g->timer_ns = now_ns + g->node->route->group_interval_ns;
    g->tick_ns = now_ns;
    g->flushed = true;
    g->firing.n = g->resolved.n = 0;
    for (int i = 0; i < g->n_member; i++) {
        struct member *m = &g->member[i];
        const struct known *k = &am->alerts.known[m->known];

        m->n_post = k->n_post;
        m->resolved = rs_am_is_resolved(k, now_ns);
        struct am_held held = {.route = g->node->route, .group_key = g->key, .alert = k->labels};
        held.why = muted ? RS_HOLD_INTERVAL : rs_am_mute(&am->alerts, m->known, now_ns, &held);
        if (held.why == RS_HOLD_NONE) {
            set_insert(am->alerts.labels, m->resolved ? &g->resolved : &g->firing, k->labels);
        } else if (am->on_hold != NULL && !m->resolved) {
            am->on_hold(am->hold_ctx, now_ns, &held);
        }
    }
    if (am->settings.peer > 0 && g->firing.n + g->resolved.n > 0) {
        g->busy_ns = now_ns + am->settings.peer * PEER_TIMEOUT_NS;
    } else {
        flush_end(am, g, now_ns, notify, ctx);
    }
}

/* ---- timers ---------------------------------------------------------------------------------- */

int64_t rs_am_next(const struct alertmanager *am)
{
    return am->next_ns;
}

/* When the group must be looked at again. */
static int64_t group_next(const struct group *g)
{
    if (g->busy_ns != RS_NEVER) {
        return g->busy_ns;
    }
    return g->n_member > 0 ? g->timer_ns : RS_NEVER;
}

void rs_am_tick(struct alertmanager *am, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    int n = 0;

    am->next_ns = RS_NEVER;
    for (int i = 0; i < am->n_live; i++) {
        struct group *g = am->live[i];

        if (g->busy_ns <= now_ns) {
            flush_end(am, g, now_ns, notify, ctx);
        }
        if (g->busy_ns == RS_NEVER && g->n_member > 0 && g->timer_ns <= now_ns) {
            flush_begin(am, g, now_ns, notify, ctx);
        }
        if (g->alive && group_is_swept(am, g, now_ns)) {
            g->alive = false;
        }
        if (!g->alive) {
            continue;
        }
        am->live[n++] = g;
        if (group_next(g) < am->next_ns) {
            am->next_ns = group_next(g);
        }
    }
    am->n_live = n;
}
