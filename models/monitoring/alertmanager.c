/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager 0.33: dispatch/dispatch.go (groups and their timers), notify/notify.go (muting and
 * deduplication),
 * provider/mem (merging of updates). One instance, no cluster, deliveries succeed at once.
 */
#include "models/alertmanager.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "am_match.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* "expiry min(2*repeat, 120h)": how long the notification log remembers. */
#define LOG_RETENTION_NS (INT64_C(120) * 3600 * RS_NS_PER_S)

struct known { /* an alert as last told */
    rs_labels labels;
    int64_t starts_ns, ends_ns;
};

struct known_list {
    struct known *at; /* [n], owned */
    int n, cap;
};

struct set_list {
    rs_labels *at; /* [n], owned */
    int n, cap;
};

struct group {
    const struct am_node *node;
    rs_labels key; /* the values of the group_by labels */
    uint64_t id;   /* order of creation */
    bool alive;
    int64_t timer_ns;
    struct known_list member;
    /* The notification log of (this group, its receiver): outlives the group. */
    bool logged;
    int64_t log_ns, log_expires_ns;
    struct set_list log_firing, log_resolved;
};

struct alertmanager {
    const struct am_config *config;
    struct am_settings settings;
    struct label_table *labels;
    struct am_tree *tree;
    struct known_list alert; /* every alert ever told, the inhibitors' source */
    struct label_map by_labels;
    struct group **group; /* [n_group], alive or remembered */
    int n_group, cap_group;
    uint64_t next_id;
    struct set_list firing, resolved; /* of the flush at hand */
};

/* ---- lists ----------------------------------------------------------------------------------- */

static struct known *known_push(struct known_list *list, struct known k)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 4;
        list->at = rs_xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
    }
    list->at[list->n] = k;
    return &list->at[list->n++];
}

static void set_push(struct set_list *list, rs_labels set)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->at = rs_xrealloc(list->at, (size_t)list->cap * sizeof *list->at);
    }
    list->at[list->n++] = set;
}

static void set_insert_sorted(const struct label_table *t, struct set_list *list, rs_labels set)
{
    int at;

    set_push(list, set);
    for (at = list->n - 1; at > 0 && rs_labels_compare(t, list->at[at - 1], set) > 0; at--) {
        list->at[at] = list->at[at - 1];
    }
    list->at[at] = set;
}

static bool set_has(const struct set_list *list, rs_labels set)
{
    for (int i = 0; i < list->n; i++) {
        if (list->at[i] == set) {
            return true;
        }
    }
    return false;
}

static bool set_is_subset(const struct set_list *sub, const struct set_list *of)
{
    for (int i = 0; i < sub->n; i++) {
        if (!set_has(of, sub->at[i])) {
            return false;
        }
    }
    return true;
}

static void set_copy(struct set_list *to, const struct set_list *from)
{
    to->n = 0;
    for (int i = 0; i < from->n; i++) {
        set_push(to, from->at[i]);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

const char *const rs_am_version_names[] = {"0.25", "0.28", "0.33", NULL};

struct am_settings rs_am_settings_default(void)
{
    return (struct am_settings){.version = RS_AM_0_33};
}

struct alertmanager *rs_am_new(const struct am_config *config,
                               const struct am_settings *settings,
                               struct label_table *labels)
{
    struct alertmanager *am = rs_xcalloc(1, sizeof *am);

    am->config = config;
    am->settings = *settings;
    am->labels = labels;
    am->tree = rs_am_tree_new(config, labels);
    return am;
}

static void group_free(struct group *g)
{
    free(g->member.at);
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
    free(am->alert.at);
    free(am->firing.at);
    free(am->resolved.at);
    rs_label_map_clear(&am->by_labels);
    rs_am_tree_free(am->tree);
    free(am);
}

void rs_am_reset(struct alertmanager *am)
{
    for (int i = 0; i < am->n_group; i++) {
        struct group *g = am->group[i];

        g->alive = g->logged = false;
        g->member.n = 0;
    }
    am->alert.n = 0;
    am->next_id = 0;
    rs_label_map_reset(&am->by_labels);
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

    rs_am_route(am->tree, alert, visit_route, &v);
}

/* ---- arrivals -------------------------------------------------------------------------------- */

static bool is_resolved(const struct known *k, int64_t now_ns)
{
    return k->ends_ns <= now_ns;
}

/*
 * alert.Merge and provider/mem.Put: overlapping reports are one alert with the earliest start; of
 * two ends the later one
 * counts, unless the newer report is resolved and the older is not.
 */
static struct known merge(const struct known *old, struct known new, int64_t now_ns)
{
    bool overlap = (new.ends_ns > old->starts_ns &&new.ends_ns < old->ends_ns) ||
                   (new.starts_ns > old->starts_ns &&new.starts_ns < old->ends_ns);

    if (!overlap) {
        return new;
    }
    if (old->starts_ns < new.starts_ns) {
        new.starts_ns = old->starts_ns;
    }
    if ((!is_resolved(&new, now_ns) || is_resolved(old, now_ns)) && old->ends_ns > new.ends_ns) {
        new.ends_ns = old->ends_ns;
    }
    return new;
}

static struct known remember(struct alertmanager *am, struct known k, int64_t now_ns)
{
    int i = rs_label_map_get(&am->by_labels, k.labels);

    if (i < 0) {
        rs_label_map_put(&am->by_labels, k.labels, am->alert.n);
        return *known_push(&am->alert, k);
    }
    am->alert.at[i] = merge(&am->alert.at[i], k, now_ns);
    return am->alert.at[i];
}

static struct group *group_of(struct alertmanager *am, const struct am_node *node, rs_labels key)
{
    struct group *g;

    for (int i = 0; i < am->n_group; i++) {
        if (am->group[i]->node == node && am->group[i]->key == key) {
            return am->group[i];
        }
    }
    if (am->n_group == am->cap_group) {
        am->cap_group = am->cap_group ? 2 * am->cap_group : 8;
        am->group = rs_xrealloc(am->group, (size_t)am->cap_group * sizeof(struct group *));
    }
    g = rs_xcalloc(1, sizeof *g);
    g->node = node;
    g->key = key;
    am->group[am->n_group++] = g;
    return g;
}

struct arrival {
    struct alertmanager *am;
    struct known alert;
    int64_t now_ns;
};

/*
 * Puts the alert into its group of one route. A new group waits group_wait, unless the alert has
 * waited that long already.
 */
static void dispatch(void *ctx, const struct am_node *node)
{
    const struct arrival *a = ctx;
    const struct am_route *route = node->route;
    struct group *g = group_of(a->am, node, rs_am_group_key(a->am->labels, route, a->alert.labels));
    bool waited = a->alert.starts_ns + route->group_wait_ns < a->now_ns;

    if (!g->alive) {
        g->alive = true;
        g->id = a->am->next_id++;
        g->member.n = 0;
        g->timer_ns = waited ? a->now_ns : a->now_ns + route->group_wait_ns;
    }
    for (int i = 0; i < g->member.n; i++) {
        if (g->member.at[i].labels == a->alert.labels) {
            g->member.at[i] = a->alert;
            return;
        }
    }
    (void)known_push(&g->member, a->alert);
}

void rs_am_post(
    struct alertmanager *am, int64_t now_ns, rs_labels alert, int64_t starts_ns, int64_t ends_ns)
{
    struct arrival a = {am, {alert, starts_ns, ends_ns}, now_ns};

    a.alert = remember(am, a.alert, now_ns);
    rs_am_route(am->tree, alert, dispatch, &a);
}

/* ---- timers ---------------------------------------------------------------------------------- */

int64_t rs_am_next(const struct alertmanager *am)
{
    int64_t next = RS_NEVER;

    for (int i = 0; i < am->n_group; i++) {
        const struct group *g = am->group[i];

        if (g->alive && g->timer_ns < next) {
            next = g->timer_ns;
        }
    }
    return next;
}

struct sources {
    const struct alertmanager *am;
    int64_t now_ns;
};

static bool is_live_source(void *ctx, rs_labels set)
{
    const struct sources *s = ctx;
    int i = rs_label_map_get(&s->am->by_labels, set);

    return i >= 0 && !is_resolved(&s->am->alert.at[i], s->now_ns);
}

/* Is the alert silenced by another one? Looked at only when a group is flushed. */
static bool is_inhibited(struct alertmanager *am, rs_labels target, int64_t now_ns)
{
    struct sources ctx = {am, now_ns};

    for (int i = 0; i < am->alert.n; i++) {
        rs_labels source = am->alert.at[i].labels;

        if (is_live_source(&ctx, source) && rs_am_inhibits(am->tree, source, target)) {
            return true;
        }
    }
    return false;
}

/*
 * needsUpdate of notify.go, in its order. `now` is the tick's time; the log was written a moment
 * after its own tick.
 */
static bool needs_update(const struct alertmanager *am, const struct group *g, int64_t now_ns)
{
    if (!g->logged || now_ns > g->log_expires_ns) {
        return am->firing.n > 0;
    }
    if (!set_is_subset(&am->firing, &g->log_firing)) {
        return true;
    }
    if (am->firing.n == 0) {
        return g->log_firing.n > 0;
    }
    if (g->node->send_resolved && !set_is_subset(&am->resolved, &g->log_resolved)) {
        return true;
    }
    return g->log_ns < now_ns - g->node->route->repeat_interval_ns;
}

static void write_log(const struct alertmanager *am, struct group *g, int64_t now_ns)
{
    int64_t repeat = g->node->route->repeat_interval_ns;

    g->logged = true;
    g->log_ns = now_ns;
    g->log_expires_ns = now_ns + (repeat < LOG_RETENTION_NS / 2 ? 2 * repeat : LOG_RETENTION_NS);
    set_copy(&g->log_firing, &am->firing);
    set_copy(&g->log_resolved, &am->resolved);
}

static void notify_group(
    struct alertmanager *am, struct group *g, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    struct am_notification n = {.receiver = g->node->route->receiver,
                                .route = g->node->route,
                                .group = g->id,
                                .group_key = g->key,
                                .n_firing = am->firing.n,
                                .n_resolved = g->node->send_resolved ? am->resolved.n : 0,
                                .firing = am->firing.at,
                                .resolved = am->resolved.at};

    /* Without send_resolved an all-clear is only logged. */
    if (n.n_firing + n.n_resolved > 0 && notify != NULL) {
        notify(ctx, now_ns, &n);
    }
}

static void
flush(struct alertmanager *am, struct group *g, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    int n = 0;

    am->firing.n = am->resolved.n = 0;
    for (int i = 0; i < g->member.n; i++) {
        const struct known *k = &g->member.at[i];

        if (!is_inhibited(am, k->labels, now_ns)) {
            set_insert_sorted(am->labels, is_resolved(k, now_ns) ? &am->resolved : &am->firing,
                              k->labels);
        }
    }
    if (am->firing.n + am->resolved.n > 0 && needs_update(am, g, now_ns)) {
        write_log(am, g, now_ns);
        notify_group(am, g, now_ns, notify, ctx);
    }
    for (int i = 0; i < g->member.n; i++) {
        if (!is_resolved(&g->member.at[i], now_ns)) {
            g->member.at[n++] = g->member.at[i];
        }
    }
    g->member.n = n;
    g->alive =
        n > 0; /* >= 0.32: an empty group is gone at once, and a new one waits group_wait again */
}

void rs_am_tick(struct alertmanager *am, int64_t now_ns, rs_am_notify notify, void *ctx)
{
    uint64_t from = 0;

    for (;;) {
        struct group *due = NULL;

        for (int i = 0; i < am->n_group; i++) {
            struct group *g = am->group[i];

            if (g->alive && g->timer_ns <= now_ns && g->id >= from &&
                (due == NULL || g->id < due->id)) {
                due = g;
            }
        }
        if (due == NULL) {
            return;
        }
        from = due->id + 1;
        due->timer_ns = now_ns + due->node->route->group_interval_ns;
        flush(am, due, now_ns, notify, ctx);
    }
}
