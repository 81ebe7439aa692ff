/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom an alert reaches. Every alert that leads to a procedure is routed by its labels, as Alertmanager does it; then the channels
 * behind the receivers are held against who attends them, when, and how surely. An alert on which automation acts needs to
 * reach somebody; one on which people act must reach them at every hour, surely, and in time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "exposed.h"
#include "receivers.h"

#define MAX_REACHED 32
struct reached {
    int n;
    const struct am_route *route[MAX_REACHED];
};

/* ---- routes ---- */

static void reach(void *ctx, const struct am_route *route)
{
    struct reached *r = ctx;
    for (int i = 0; i < r->n; i++) {
        if (r->route[i] == route)
            return;
    }
    if (r->n < MAX_REACHED)
        r->route[r->n++] = route;
}

/* ---- findings ---- */

/*
 * What has to be mended where a chat is the only way. A receiver of its own was meant to call people, so the channel is at fault; a
 * route that names the default receiver is; and an alert that no route takes is at fault with its labels.
 */
static struct mark
where_silent(const struct receiving *x, const struct page *page, const struct way *w)
{
    const struct am_config *am = x->sc->monitoring.alertmanager;
    if (w->route == &am->root && am->root.n_child > 0)
        return page->rule->name_at;
    bool as_default = w->route != &am->root && strcmp(w->route->receiver, am->root.receiver) == 0;
    return as_default ? w->route->at : x->sc->monitoring.channel[w->channel].at;
}

static const char *human(struct check *c, double s)
{
    char text[40];
    int64_t ns = rs_ns_from_s(s >= 1.0 ? round(s) : s);
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof text, ns));
}

static struct finding *tell(const struct receiving *x,
                            const struct page *page,
                            const struct way *w,
                            struct mark at,
                            const char *code)
{
    struct check *c = x->c;
    const struct procedure *p = &x->sc->response.procedure[page->procedure];
    const char *channel = w->channel >= 0 ? x->sc->monitoring.channel[w->channel].name : "";
    const char *role = w->role >= 0 ? x->sc->response.role[w->role].name : "";
    const char *text = "";
    switch (w->kind) {
    case RS_WAY_GOOD: break;
    case RS_WAY_NO_CHANNEL:
        text = rs_arena_printf(c->arena,
                               "it is routed to %s, and no channel stands behind that receiver",
                               w->route->receiver);
        break;
    case RS_WAY_NOBODY:
        text = rs_arena_printf(c->arena, "it comes up on %s, which no role attends", channel);
        break;
    case RS_WAY_MUTED:
        text = rs_arena_printf(
            c->arena, "its route to %s is silent for %s of the time in which %s may be called for",
            w->route->receiver, human(c, rs_s_from_ns(w->time_ns)), p->name);
        break;
    case RS_WAY_OFF_HOURS:
        text = rs_arena_printf(
            c->arena,
            "outside working hours nobody reads %s: a message may wait %s for %s, and "
            "%s has %s",
            channel, w->time_ns == RS_NEVER ? "for ever" : human(c, rs_s_from_ns(w->time_ns)), role,
            p->name, human(c, rs_s_from_ns(p->sla_ns)));
        break;
    case RS_WAY_SILENT:
        text =
            rs_arena_printf(c->arena,
                            "it reaches people through %s alone, where an unread message does not "
                            "escalate, and %s has %s",
                            channel, p->name, human(c, rs_s_from_ns(p->sla_ns)));
        break;
    case RS_WAY_OVERLOOKED:
        text = rs_arena_printf(
            c->arena, "%s overlooks %.3g%% of the messages on %s, and then nobody else is called",
            role, 100.0 * w->p, channel);
        break;
    case RS_WAY_SLOW:
        text = rs_arena_printf(
            c->arena, "half of the time %s takes more than %s to acknowledge it, and %s has %s",
            role, human(c, w->seconds), p->name, human(c, rs_s_from_ns(p->sla_ns)));
        break;
    }
    return rs_check_add(c, code, at, p->ref,
                        rs_arena_printf(c->arena, "alert %s", page->rule->alert), "%s", text);
}

static struct mark place_of(const struct receiving *x, const struct page *page, const struct way *w)
{
    switch (w->kind) {
    case RS_WAY_GOOD: break;
    case RS_WAY_NO_CHANNEL: return w->route->at;
    case RS_WAY_MUTED: return w->route->at;
    case RS_WAY_NOBODY: return x->sc->monitoring.channel[w->channel].at;
    case RS_WAY_SILENT: return where_silent(x, page, w);
    case RS_WAY_OFF_HOURS:
        if (x->sc->monitoring.channel[w->channel].silent)
            return where_silent(x, page, w);
        return x->sc->response.role[w->role].at;
    case RS_WAY_OVERLOOKED:
    case RS_WAY_SLOW: return x->sc->response.role[w->role].at;
    }
    return page->rule->name_at;
}

static void
mend(const struct receiving *x, const struct page *page, const struct way *w, struct finding *f)
{
    struct check *c = x->c;
    const char *channel = w->channel >= 0 ? x->sc->monitoring.channel[w->channel].name : "";
    const char *role = w->role >= 0 ? x->sc->response.role[w->role].name : "";
    switch (w->kind) {
    case RS_WAY_GOOD: break;
    case RS_WAY_NO_CHANNEL:
        rs_check_mend(c, f, "give %s a channel, or route %s to a receiver that has one",
                      w->route->receiver, page->rule->alert);
        break;
    case RS_WAY_NOBODY: rs_check_mend(c, f, "let a role attend %s", channel); break;
    case RS_WAY_MUTED:
        rs_check_mend(c, f, "keep the time intervals off this route while the rollout runs");
        break;
    case RS_WAY_OFF_HOURS:
    case RS_WAY_SILENT:
        rs_check_mend(
            c, f,
            "route %s to a pager that somebody attends at all hours, or let automation act on it",
            page->rule->alert);
        break;
    case RS_WAY_OVERLOOKED:
        rs_check_mend(c, f, "say to whom %s escalates, and after how long", role);
        break;
    case RS_WAY_SLOW:
        rs_check_mend(c, f, "let automation act on %s, or page somebody who answers sooner",
                      page->rule->alert);
        break;
    }
}

/* One finding for one place: two alerts may go the same bad way. */
static bool is_told(const struct check *c, const char *code, struct mark at)
{
    for (int i = 0; i < c->n; i++) {
        const struct finding *f = &c->item[i];
        if (strcmp(f->code->name, code) == 0 && f->at.line == at.line && f->at.col == at.col &&
            f->at.file && at.file && strcmp(f->at.file, at.file) == 0)
            return true;
    }
    return false;
}

static void tell_way(const struct receiving *x, const struct page *page, const struct way *w)
{
    struct check *c = x->c;
    const char *code = w->kind == RS_WAY_SLOW ? "receiver-slow" : "receiver-unattended";
    struct mark at = place_of(x, page, w);
    if (is_told(c, code, at))
        return;
    struct finding *f = tell(x, page, w, at, code);
    rs_check_words(c, f, "receiver", "%s", w->route->receiver);
    if (w->channel >= 0)
        rs_check_words(c, f, "channel", "%s", x->sc->monitoring.channel[w->channel].name);
    if (w->role >= 0)
        rs_check_words(c, f, "role", "%s", x->sc->response.role[w->role].name);
    if (w->kind == RS_WAY_MUTED)
        rs_check_number(f, "muted_s", rs_s_from_ns(w->time_ns));
    if (w->kind == RS_WAY_OFF_HOURS)
        rs_check_number(f, "longest_wait_s",
                        w->time_ns == RS_NEVER ? INFINITY : rs_s_from_ns(w->time_ns));
    if (w->role >= 0 && page->people && w->kind <= RS_WAY_OFF_HOURS) {
        rs_check_number(f, "p_overlooked", w->p);
        rs_check_number(f, "median_to_acknowledged_s", w->seconds);
        rs_check_number(f, "sla_s",
                        rs_s_from_ns(x->sc->response.procedure[page->procedure].sla_ns));
    }
    mend(x, page, w, f);
}

/* ---- silences ---- */

static bool silenced(const struct receiving *x, const struct am_silence *s, rs_labels alert)
{
    struct matcher_text *text = RS_ARENA_ARRAY(x->c->arena, struct matcher_text, s->n_matcher);
    static const char *const op[] = {"=", "!=", "=~", "!~"}; /* in the order of enum match_op */
    for (int i = 0; i < s->n_matcher; i++)
        text[i] =
            (struct matcher_text){s->matcher[i].name, op[s->matcher[i].op], s->matcher[i].value};
    /* Alertmanager's expressions are those of 2.53: its dot does not match the end of a line. */
    struct promql_selector *sel = rs_promql_selector_new(NULL, text, s->n_matcher, RS_PROMQL_2_53);
    bool takes = rs_promql_selector_takes(sel, x->labels, alert, NULL);
    rs_promql_selector_free(sel);
    return takes;
}

static void check_silences(const struct receiving *x, const struct page *page, rs_labels alert)
{
    const struct monitoring *m = &x->sc->monitoring;
    int64_t from, until;
    if (!rs_schedule_exposed(x->sc, &x->plan, page->procedure, &from, &until))
        return;
    for (int i = 0; i < m->n_silence; i++) {
        const struct am_silence *s = &m->silence[i];
        int64_t a = s->from_ns > from ? s->from_ns : from,
                b = s->until_ns < until ? s->until_ns : until;
        if (a >= b || !silenced(x, s, alert) || is_told(x->c, "receiver-unattended", s->at))
            continue;
        struct finding *f = rs_check_add(
            x->c, "receiver-unattended", s->at, s->ref,
            rs_arena_printf(x->c->arena, "alert %s", page->rule->alert),
            "it is silenced for %s of the time in which %s may be called for",
            human(x->c, rs_s_from_ns(b - a)), x->sc->response.procedure[page->procedure].name);
        rs_check_number(f, "silenced_s", rs_s_from_ns(b - a));
        rs_check_number(f, "exposed_s", rs_s_from_ns(until - from));
        rs_check_mend(x->c, f, "end the silence before the rollout exposes %s",
                      x->sc->response.procedure[page->procedure].name);
    }
}

/* ---- all alerts ---- */

/*
 * Automation rolls back, and whoever is called to it hears of it only when all should be over. Where people act, the budget
 * tells of the route's wait.
 */
static void
check_group_wait(const struct receiving *x, const struct page *page, const struct way *w)
{
    const struct procedure *p = &x->sc->response.procedure[page->procedure];
    if (!page->called || p->sla_ns == RS_NEVER || w->kind != RS_WAY_GOOD ||
        (w->route->group_wait_ns <= p->sla_ns && w->route->group_interval_ns <= p->sla_ns) ||
        is_told(x->c, "part-over-budget", w->route->at))
        return;
    bool first = w->route->group_wait_ns > p->sla_ns; /* else an alert that joins a live group */
    const char *what = first ? "group_wait" : "group_interval";
    double wait_s = rs_s_from_ns(first ? w->route->group_wait_ns : w->route->group_interval_ns),
           sla_s = rs_s_from_ns(p->sla_ns);
    struct finding *f = rs_check_add(
        x->c, "part-over-budget", w->route->at, p->ref,
        rs_arena_printf(x->c->arena, "group of %s", p->name),
        "its %s alone (%s) is longer than is allowed for %s (%s): who is called may hear of "
        "alert %s when all should be over",
        what, human(x->c, wait_s), p->name, human(x->c, sla_s), page->rule->alert);
    rs_check_words(x->c, f, "leg", "group");
    rs_check_number(f, "leg_s", wait_s);
    rs_check_number(f, "sla_s", sla_s);
    rs_check_mend(x->c, f, "bring %s below %s", what, human(x->c, sla_s));
}

/* The worst of the alerts that the rule raises; of one alert's ways the best. */
static void check_page(const struct receiving *x, const struct page *page)
{
    struct way worst = {.kind = RS_WAY_GOOD};
    int n = rs_exposed_count(x->c->exposed);
    for (int i = 0; i < n; i++) {
        struct label label[64];
        int n_label = rs_exposed_alert(x->c->exposed, i, page->rule->alert, label, 64);
        if (n_label == 0)
            continue;
        struct reached r = {0};
        rs_labels alert = rs_labels_intern(x->labels, n_label, label);
        rs_am_routes_of(x->am, alert, reach, &r);
        struct way best = {.kind = RS_WAY_NO_CHANNEL, .channel = -1, .role = -1};
        for (int k = 0; k < r.n; k++) {
            struct way w = rs_way_judge(x, page, r.route[k]);
            if (k == 0 || w.kind < best.kind)
                best = w;
        }
        if (best.kind > worst.kind)
            worst = best;
        check_group_wait(x, page, &best);
        check_silences(x, page, alert);
    }
    if (worst.kind != RS_WAY_GOOD)
        tell_way(x, page, &worst);
}

static bool acts_alone(const struct scenario *sc, const char *alert, int procedure)
{
    return sc->response.procedure[procedure].by < 0 || rs_cover_automated(sc, alert, procedure);
}

/* An alert that sees nothing of the trigger is there for information: it needs to call nobody. */
static bool sees_trigger(const struct receiving *x, const struct rule *rule, int procedure)
{
    const struct procedure *p = &x->sc->response.procedure[procedure];
    if (!p->trigger)
        return true;
    struct promql_condition condition = rs_cover_condition(x->c, p->trigger);
    for (int i = 0; i < condition.n_term; i++) {
        if (rs_cover_sees(x->c, &condition.term[i], p->trigger, rule->expr, rule->alert))
            return true;
    }
    return false;
}

static void check_rule(struct receiving *x, const struct rule *rule)
{
    const struct response *plan = &x->sc->response;
    for (int p = 0; p < plan->n_procedure; p++) {
        struct page page = {
            .rule = rule, .procedure = p, .people = !acts_alone(x->sc, rule->alert, p)};
        if (!rs_cover_leads(x->sc, rule->alert, p))
            continue;
        page.called = !page.people && plan->procedure[p].by >= 0 && sees_trigger(x, rule, p);
        if (x->am) {
            check_page(x, &page);
        } else if (page.people && !is_told(x->c, "receiver-unattended", plan->procedure[p].at)) {
            struct finding *f = rs_check_add(
                x->c, "receiver-unattended", plan->procedure[p].at, plan->procedure[p].ref,
                rs_arena_printf(x->c->arena, "alert %s", rule->alert),
                "no Alertmanager stands behind the rules: nobody is told of it");
            rs_check_number(f, "n_channel", x->sc->monitoring.n_channel);
            rs_check_mend(x->c, f,
                          "name the Alertmanager file under monitoring, or let automation act");
        }
    }
}

void rs_check_receivers(struct check *c)
{
    const struct monitoring *m = &c->sc->monitoring;
    struct receiving x = {.c = c, .sc = c->sc, .labels = rs_label_table_new()};
    struct am_settings settings = rs_am_settings_default();
    settings.version = (enum am_version)m->alertmanager_version;
    x.am = m->alertmanager ? rs_am_new(m->alertmanager, &settings, x.labels) : NULL;
    rs_schedule_make(c->arena, c->sc, &x.plan);
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            for (int i = 0; i < m->rule_file[f]->group[g].n_rule; i++) {
                const struct rule *rule = &m->rule_file[f]->group[g].rule[i];
                if (rule->alert)
                    check_rule(&x, rule);
            }
        }
    }
    rs_am_free(x.am);
    rs_label_table_free(x.labels);
}
