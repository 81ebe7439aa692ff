/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cover.h"

#include <string.h>

#include "exposed.h"

/* ---- alerts ---- */

const struct rule *rs_cover_alert(const struct scenario *sc, const char *name, int i)
{
    const struct monitoring *m = &sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                const char *alert = group->rule[k].alert;
                if (alert && strcmp(alert, name) == 0 && i-- == 0)
                    return &group->rule[k];
            }
        }
    }
    return NULL;
}

bool rs_cover_automated(const struct scenario *sc, const char *alert, int procedure)
{
    for (int i = 0; i < sc->response.n_automation; i++) {
        const struct automation *a = &sc->response.automation[i];
        if (a->procedure == procedure && a->alert && strcmp(a->alert, alert) == 0)
            return true;
    }
    return false;
}

bool rs_cover_leads(const struct scenario *sc, const char *alert, int procedure)
{
    const struct procedure *p = &sc->response.procedure[procedure];
    for (int i = 0; i < p->n_alert; i++) {
        if (strcmp(p->alert[i], alert) == 0)
            return true;
    }
    return rs_cover_automated(sc, alert, procedure);
}

/* ---- what a comparison looks at ---- */

enum direction { RS_GOES_UP, RS_GOES_DOWN };

struct view {
    bool known;
    bool latency; /* of answers; their number otherwise */
    enum direction direction;
    uint64_t *set; /* the series that move it */
};

static uint64_t *series_of(struct check *c, const char *metric, const struct matcher_text *m, int n)
{
    uint64_t *set = RS_ARENA_ARRAY(c->arena, uint64_t, rs_exposed_words(c->exposed));
    struct promql_selector *s =
        rs_promql_selector_new(metric, m, n, (enum promql_dialect)c->sc->monitoring.dialect);
    rs_exposed_select(c->exposed, s, set);
    rs_promql_selector_free(s);
    return set;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* The targets of a histogram, as their _count series: buckets and sums of one histogram are views of one thing. */
static uint64_t *targets_of(struct check *c, const uint64_t *set)
{
    const struct exposed *x = c->exposed;
    uint64_t *out = RS_ARENA_ARRAY(c->arena, uint64_t, rs_exposed_words(x));
    for (int i = 0; i < rs_exposed_count(x); i++) {
        if (!rs_exposed_has(set, i))
            continue;
        const char *name = rs_exposed_label(x, i, "__name__");
        size_t stem = strlen(name) - (ends_with(name, "_bucket")  ? 7
                                      : ends_with(name, "_sum")   ? 4
                                      : ends_with(name, "_count") ? 6
                                                                  : 0);
        for (int k = 0; k < rs_exposed_count(x); k++) {
            const char *other = rs_exposed_label(x, k, "__name__");
            if (strncmp(other, name, stem) == 0 && strcmp(other + stem, "_count") == 0 &&
                strcmp(rs_exposed_label(x, k, "job"), rs_exposed_label(x, i, "job")) == 0 &&
                strcmp(rs_exposed_label(x, k, "instance"), rs_exposed_label(x, i, "instance")) == 0)
                out[k / 64] |= UINT64_C(1) << (k % 64);
        }
    }
    return out;
}

static enum direction direction_of(const struct comparison *cmp)
{
    switch (cmp->op) {
    case RS_CMP_GT:
    case RS_CMP_GE:
    case RS_CMP_NE:
    case RS_CMP_PRESENT: return RS_GOES_UP;
    case RS_CMP_LT:
    case RS_CMP_LE:
    case RS_CMP_ABSENT: return RS_GOES_DOWN;
    case RS_CMP_EQ: return cmp->limit > 0.0 ? RS_GOES_UP : RS_GOES_DOWN;
    }
    return RS_GOES_UP;
}

/* A share that must not fall is the share of the rest that must not rise. */
static struct view view_of_ratio(struct check *c, const struct comparison *cmp)
{
    struct view v = {.known = true, .direction = direction_of(cmp)};
    v.set = series_of(c, cmp->metric, cmp->matcher, cmp->n_matcher);
    uint64_t *of = series_of(c, cmp->of_metric, cmp->of_matcher, cmp->n_of_matcher);
    uint64_t rest = 0;
    for (int i = 0; i < rs_exposed_words(c->exposed); i++)
        rest |= of[i] & ~v.set[i];
    if (v.direction == RS_GOES_DOWN && rest) {
        for (int i = 0; i < rs_exposed_words(c->exposed); i++)
            v.set[i] = of[i] & ~v.set[i];
        v.direction = RS_GOES_UP;
    }
    return v;
}

static struct view view_of(struct check *c, const struct comparison *cmp)
{
    struct view v = {.known = true, .direction = direction_of(cmp)};
    switch (cmp->kind) {
    case RS_MEASURE_RATIO: return view_of_ratio(c, cmp);
    case RS_MEASURE_QUANTILE:
    case RS_MEASURE_MEAN:
        v.latency = true;
        v.set = targets_of(c, series_of(c, cmp->metric, cmp->matcher, cmp->n_matcher));
        return v;
    case RS_MEASURE_COUNT:
    case RS_MEASURE_RATE:
    case RS_MEASURE_VALUE:
        v.set = series_of(c, cmp->metric, cmp->matcher, cmp->n_matcher);
        return v;
    case RS_MEASURE_ALERT:
    case RS_MEASURE_OTHER: break;
    }
    return (struct view){0};
}

static bool within(struct check *c, const uint64_t *inner, const uint64_t *outer)
{
    uint64_t any = 0, out = 0;
    for (int i = 0; i < rs_exposed_words(c->exposed); i++) {
        any |= inner[i];
        out |= inner[i] & ~outer[i];
    }
    return any && !out;
}

static bool same_alert(const struct comparison *a, const struct comparison *b, const char *name)
{
    if (b->kind != RS_MEASURE_ALERT)
        return false;
    return (name && strcmp(b->alert, name) == 0) ||
           (a->kind == RS_MEASURE_ALERT && strcmp(a->alert, b->alert) == 0);
}

/* Does comparison `by` have nothing to wait for once `cmp` is true? */
static bool
sees(struct check *c, const struct comparison *cmp, const struct comparison *by, const char *name)
{
    if (rs_comparison_same_measure(cmp, by) && direction_of(cmp) == direction_of(by))
        return true;
    if (same_alert(by, cmp, name))
        return true;
    struct view a = view_of(c, cmp), b = view_of(c, by);
    return a.known && b.known && a.latency == b.latency && a.direction == b.direction &&
           within(c, a.set, b.set);
}

/* ---- what cannot be told apart into measures ---- */

struct reading_set {
    struct check *c;
    uint64_t *set;
    int depth;
};

static void add_read(void *ctx, const struct promql_reading *r)
{
    struct reading_set *x = ctx;
    struct exposed *ex = x->c->exposed;
    struct promql_selector *s =
        rs_promql_selector_of(r, (enum promql_dialect)x->c->sc->monitoring.dialect);
    rs_exposed_select(ex, s, x->set);
    rs_promql_selector_free(s);
    const struct rule *rule;
    for (int i = 0; r->metric && x->depth < 8 && (rule = rs_exposed_recorder(ex, r->metric, i));
         i++) {
        x->depth++;
        rs_promql_readings(rule->expr, add_read, x);
        x->depth--;
    }
}

/* Where a condition is not understood it is enough that it reads something that the other reads as well: never guessed at. */
static bool reads_alike(struct check *c, const struct promql *a, const struct promql *b)
{
    int n_word = rs_exposed_words(c->exposed);
    struct reading_set x = {c, RS_ARENA_ARRAY(c->arena, uint64_t, n_word), 0};
    struct reading_set y = {c, RS_ARENA_ARRAY(c->arena, uint64_t, n_word), 0};
    rs_promql_readings(a, add_read, &x);
    rs_promql_readings(b, add_read, &y);
    for (int i = 0; i < n_word; i++) {
        if (x.set[i] & y.set[i])
            return true;
    }
    return false;
}

static bool understood(const struct condition_term *t)
{
    for (int i = 0; i < t->n; i++) {
        if (t->comparison[i].kind != RS_MEASURE_OTHER)
            return true;
    }
    return false;
}

struct promql_condition rs_cover_condition(struct check *c, const struct promql *q)
{
    const struct promql_records records = {c->sc->monitoring.n_rule_file,
                                           c->sc->monitoring.rule_file};
    struct promql_condition out;
    rs_promql_condition(c->arena, q, &records, &out);
    return out;
}

static bool term_sees(struct check *c,
                      const struct condition_term *term,
                      const struct condition_term *by,
                      const char *name)
{
    for (int i = 0; i < by->n; i++) {
        bool seen = by->comparison[i].kind == RS_MEASURE_OTHER;
        for (int k = 0; k < term->n && !seen; k++)
            seen = sees(c, &term->comparison[k], &by->comparison[i], name);
        if (!seen)
            return false;
    }
    return true;
}

bool rs_cover_sees(struct check *c,
                   const struct condition_term *term,
                   const struct promql *term_of,
                   const struct promql *by,
                   const char *name)
{
    struct promql_condition condition = rs_cover_condition(c, by);
    for (int i = 0; i < term->n; i++) { /* the trigger asks for the alert itself */
        if (name && term->comparison[i].kind == RS_MEASURE_ALERT && term->n == 1 &&
            strcmp(term->comparison[i].alert, name) == 0)
            return true;
    }
    for (int i = 0; i < condition.n_term; i++) {
        const struct condition_term *own = &condition.term[i];
        if (!understood(term) || !understood(own) ? reads_alike(c, term_of, by)
                                                  : term_sees(c, term, own, name))
            return true;
    }
    return false;
}

const struct rule *rs_cover_by_alerts(struct check *c,
                                      int procedure,
                                      const struct condition_term *term,
                                      const struct promql *term_of)
{
    const struct monitoring *m = &c->sc->monitoring;
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int k = 0; k < group->n_rule; k++) {
                const struct rule *rule = &group->rule[k];
                if (rule->alert && rs_cover_leads(c->sc, rule->alert, procedure) &&
                    rs_cover_sees(c, term, term_of, rule->expr, rule->alert))
                    return rule;
            }
        }
    }
    return NULL;
}

bool rs_cover_all_by_alerts(struct check *c, int procedure, const struct promql *q)
{
    struct promql_condition condition = rs_cover_condition(c, q);
    for (int i = 0; i < condition.n_term; i++) {
        if (!rs_cover_by_alerts(c, procedure, &condition.term[i], q))
            return false;
    }
    return true;
}
