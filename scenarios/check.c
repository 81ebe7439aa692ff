/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What needs the whole scenario. All of it bears a scenario that is only partly read: errors stand in the list already. */
#include <stdio.h>
#include <string.h>

#include "reader.h"

/* ---- assumptions ---- */

static void check_assumptions(struct reader *r)
{
    const struct node *list = rs_node_get(r->root, "assumptions");
    for (int i = 0; i < r->names[RS_NAME_ASSUMPTION].n; i++) {
        const struct node *id = rs_node_get(list->item[i], "id");
        if (id && id->kind == RS_NODE_SCALAR && !r->assumption_used[i]) {
            rs_err_list_add(r->errors, RS_E_REF, id->at,
                            "assumption \"%s\" is used by no \"assumes\"", id->text);
        }
    }
}

/* ---- faults ---- */

static void check_probabilities(struct reader *r)
{
    double sum = 0.0;
    for (int i = 0; i < r->sc->n_fault; i++) {
        sum += r->sc->fault[i].probability;
    }
    if (sum > 1.0 + 1e-9) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_pair(r->root, "faults")->at,
                        "the probabilities of the faults must sum to at most 1, got %.6g", sum);
    }
}

/* A dependency that a service is named beside must be used by it, or the fault would be silent. */
static void check_dependency_faults(struct reader *r)
{
    for (int i = 0; i < r->sc->n_fault; i++) {
        const struct fault *f = &r->sc->fault[i];
        if (!f->name || f->target != RS_TARGET_DEPENDENCY || f->dependency < 0) {
            continue;
        }
        bool used = false;
        for (int s = 0; s < r->sc->n_service; s++) {
            const struct service *service = &r->sc->service[s];
            for (int p = 0; service->path && p < service->n_path; p++) {
                for (int u = 0; u < service->path[p].n_uses; u++) {
                    used = used || service->path[p].uses[u] == f->dependency;
                }
            }
        }
        if (!used) {
            rs_err_list_add(r->errors, RS_E_REF, f->at,
                            "fault \"%s\" hits a dependency that no path uses", f->name);
        }
    }
}

/* ---- flags ---- */

/* Marks all flags that `from` requires, directly or through others. */
static void mark_required(const struct scenario *sc, int from, bool *seen)
{
    const struct flag *flag = &sc->flag[from];
    for (int i = 0; i < flag->n_requires; i++) {
        int next = flag->requires[i];
        if (next >= 0 && !seen[next]) {
            seen[next] = true;
            mark_required(sc, next, seen);
        }
    }
}

/* One error for each cycle: at its flag with the smallest number. */
static void check_requires(struct reader *r)
{
    const struct scenario *sc = r->sc;
    bool *seen = RS_ARENA_ARRAY(r->arena, bool, (size_t)sc->n_flag *(size_t)sc->n_flag);
    for (int i = 0; i < sc->n_flag; i++) {
        mark_required(sc, i, seen + (size_t)i * (size_t)sc->n_flag);
    }
    for (int i = 0; i < sc->n_flag; i++) {
        bool smallest = seen[i * sc->n_flag + i];
        for (int j = 0; j < i; j++) {
            smallest = smallest && !(seen[i * sc->n_flag + j] && seen[j * sc->n_flag + i]);
        }
        if (smallest && sc->flag[i].name) {
            rs_err_list_add(r->errors, RS_E_REF, sc->flag[i].at,
                            "flag \"%s\" requires itself, directly or through others",
                            sc->flag[i].name);
        }
    }
}

/* ---- traffic ---- */

static void check_traffic(struct reader *r)
{
    const struct scenario *sc = r->sc;
    for (int i = 0; i < sc->n_traffic; i++) {
        for (int j = 0; j < i; j++) {
            if (sc->traffic[i].at.line > 0 && sc->traffic[i].service >= 0 &&
                sc->traffic[i].cohort >= 0 && sc->traffic[i].service == sc->traffic[j].service &&
                sc->traffic[i].cohort == sc->traffic[j].cohort) {
                rs_err_list_add(r->errors, RS_E_KEY, sc->traffic[i].at,
                                "traffic of %s to %s is given twice",
                                r->names[RS_NAME_COHORT].name[sc->traffic[i].cohort],
                                r->names[RS_NAME_SERVICE].name[sc->traffic[i].service]);
            }
        }
    }
}

/* ---- metrics ---- */

struct metrics {
    struct reader *r;
    const char **name;
    int n, cap;
};

static void expose(struct metrics *m, const char *name)
{
    if (name) {
        RS_PUSH(m->r->arena, m->name, m->n, m->cap, name);
    }
}

static void expose_service(struct metrics *m, const struct service *s)
{
    expose(m, s->requests_metric);
    static const char *const suffix[] = {"_bucket", "_sum", "_count"};
    for (int i = 0; s->latency_metric && i < 3; i++) {
        expose(m, rs_arena_printf(m->r->arena, "%s%s", s->latency_metric, suffix[i]));
    }
    for (int i = 0; s->counter && i < s->n_counter; i++) {
        expose(m, s->counter[i].metric);
    }
}

static void expose_rules(struct metrics *m, const struct monitoring *mon)
{
    for (int f = 0; f < mon->n_rule_file; f++) {
        for (int g = 0; g < mon->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &mon->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                expose(m, group->rule[i].record);
            }
        }
    }
}

static void check_selector(void *ctx, const char *metric, int64_t span_ms, struct mark at)
{
    struct metrics *m = ctx;
    (void)span_ms;
    for (int i = 0; i < m->n; i++) {
        if (!metric || strcmp(m->name[i], metric) == 0) {
            return;
        }
    }
    if (metric) {
        rs_refuse_name(m->r, RS_E_REF, at, metric, m->name, (size_t)m->n,
                       "metric \"%s\" is exposed by no service and recorded by no rule", metric);
    }
}

/* Mistakes in services or rule files would only echo here. */
static bool metrics_are_known(const struct reader *r)
{
    return r->sc->n_service > 0 && r->n_service_read == r->sc->n_service &&
           !r->names[RS_NAME_ALERT].unknown;
}

static void check_metrics(struct reader *r)
{
    struct metrics m = {.r = r};
    if (!metrics_are_known(r)) {
        return;
    }
    expose(&m, "up");
    expose(&m, "ALERTS");
    expose(&m, "ALERTS_FOR_STATE");
    for (int i = 0; i < r->sc->n_service; i++) {
        expose_service(&m, &r->sc->service[i]);
    }
    expose_rules(&m, &r->sc->monitoring);
    for (const struct expr *e = r->expr; e; e = e->next) {
        rs_promql_selectors(e->promql, 0, check_selector, &m);
    }
}

/* ---- sizes ---- */

static void check_grid(struct reader *r)
{
    const int64_t n_max = 100000;
    const struct scenario *sc = r->sc;
    if (sc->trajectory_step_ns > 0 && sc->horizon_ns / sc->trajectory_step_ns > n_max) {
        const struct node *step = rs_node_get(r->root, "trajectory_step");
        rs_err_list_add(
            r->errors, RS_E_RANGE, step ? step->at : r->root->at,
            "\"trajectory_step\" must leave at most %lld points in the horizon, got %lld",
            (long long)n_max, (long long)(sc->horizon_ns / sc->trajectory_step_ns));
    }
}

/* ---- sizes that the counting engine is built for ---- */

#define MAX_PATH 31
#define MAX_CODE 60
#define MAX_FLAG 20

struct numbers { /* distinct ones */
    int n, value[MAX_CODE + 1];
};

static void number_add(struct numbers *set, int value)
{
    for (int i = 0; i < set->n; i++) {
        if (set->value[i] == value)
            return;
    }
    if (set->n <= MAX_CODE)
        set->value[set->n++] = value;
}

static void add_codes(struct numbers *set, const struct error_mix *mix)
{
    for (int i = 0; i < mix->n; i++)
        number_add(set, mix->code[i]);
}

/* Is one of the service's streams a request log that tells how requests ended? */
static bool replays_endings(const struct scenario *sc, int service)
{
    for (int i = 0; i < sc->n_traffic; i++) {
        const struct profile *p = &sc->traffic[i].profile;
        if (sc->traffic[i].service == service && (p->status || p->latency_s))
            return true;
    }
    return false;
}

static void add_replayed_codes(struct numbers *set, const struct scenario *sc, int service)
{
    bool repeats = false;
    for (int p = 0; p < sc->service[service].n_path; p++)
        repeats = repeats || sc->service[service].path[p].as_recorded;
    for (int i = 0; repeats && i < sc->n_traffic; i++) {
        const struct profile *p = &sc->traffic[i].profile;
        for (int c = 0; sc->traffic[i].service == service && c < p->n_error_code; c++)
            number_add(set, p->error_code[c]);
    }
}

/* A path cannot answer as recorded where nothing is replayed. */
static void check_as_recorded(struct reader *r)
{
    const struct scenario *sc = r->sc;
    for (int i = 0; i < sc->n_service; i++) {
        for (int j = 0; j < sc->service[i].n_path; j++) {
            const struct path *p = &sc->service[i].path[j];
            if (p->as_recorded && p->at.line > 0 && !replays_endings(sc, i)) {
                rs_err_list_add(
                    r->errors, RS_E_REF, p->at,
                    "path %s answers as recorded, but no traffic of %s is a request log that "
                    "tells a status or a latency",
                    p->name, sc->service[i].name);
            }
        }
    }
}

static void add_flags(struct numbers *set, const struct path *p)
{
    for (int i = 0; i < p->n_when; i++)
        number_add(set, p->when[i].flag);
    for (int i = 0; i < p->n_fallback_when; i++)
        number_add(set, p->fallback_when[i].flag);
}

static void check_size(struct reader *r, const struct service *s, const char *what, int n, int most)
{
    if (n > most) {
        rs_err_list_add(r->errors, RS_E_RANGE, s->at, "service %s has more than %d %s", s->name,
                        most, what);
    }
}

static void check_sizes(struct reader *r)
{
    const struct scenario *sc = r->sc;
    for (int i = 0; i < sc->n_service; i++) {
        const struct service *s = &sc->service[i];
        struct numbers codes = {0}, flags = {0};
        add_replayed_codes(&codes, sc, i);
        for (int j = 0; j < s->n_path; j++) {
            add_codes(&codes, &s->path[j].errors);
            if (s->path[j].recorded && s->path[j].recorded->error_ratio)
                number_add(&codes, s->path[j].recorded->code);
            add_flags(&flags, &s->path[j]);
        }
        for (int j = 0; j < sc->n_dependency; j++)
            add_codes(&codes, &sc->dependency[j].errors);
        for (int j = 0; j < sc->n_fault; j++) {
            add_codes(&codes, &sc->fault[j].effect.errors);
            add_codes(&codes, &sc->fault[j].residue.errors);
        }
        check_size(r, s, "paths", s->n_path, MAX_PATH);
        check_size(r, s, "status codes, with those of dependencies and faults", codes.n, MAX_CODE);
        check_size(r, s, "flags in the conditions of its paths", flags.n, MAX_FLAG);
    }
}

void rs_check_scenario(struct reader *r)
{
    check_sizes(r);
    check_as_recorded(r);
    check_grid(r);
    check_assumptions(r);
    check_probabilities(r);
    check_dependency_faults(r);
    rs_check_capacity(r);
    check_requires(r);
    check_traffic(r);
    check_metrics(r);
}
