/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "signal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/system.h"
#include "sim/arena.h"
#include "sim/clock.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- codes ---- */

static void add_code(int code[RS_MAX_SERVICE_CODE], int *n, int value)
{
    for (int i = 0; i < *n; i++) {
        if (code[i] == value)
            return;
    }
    if (*n < RS_MAX_SERVICE_CODE)
        code[(*n)++] = value;
}

static void add_mix(int code[RS_MAX_SERVICE_CODE], int *n, const struct error_mix *m)
{
    for (int i = 0; i < m->n; i++)
        add_code(code, n, m->code[i]);
}

/* Statuses that recorded requests of the service ended with, where a path repeats them or follows a recording. */
static void
add_recorded(const struct scenario *sc, int service, int code[RS_MAX_SERVICE_CODE], int *n)
{
    const struct service *sv = &sc->service[service];
    bool repeats = false;
    for (int p = 0; p < sv->n_path; p++) {
        repeats |= sv->path[p].as_recorded;
        if (sv->path[p].recorded && sv->path[p].recorded->error_ratio)
            add_code(code, n, sv->path[p].recorded->code);
    }
    for (int i = 0; repeats && i < sc->n_traffic; i++) {
        const struct profile *p = &sc->traffic[i].profile;
        for (int c = 0; sc->traffic[i].service == service && c < p->n_error_code; c++)
            add_code(code, n, p->error_code[c]);
    }
}

int rs_service_codes(const struct scenario *sc, int service, int code[RS_MAX_SERVICE_CODE])
{
    const struct service *sv = &sc->service[service];
    int n = 0;
    add_code(code, &n, 200);
    add_code(code, &n, 503);
    for (int p = 0; p < sv->n_path; p++) {
        add_mix(code, &n, &sv->path[p].errors);
        for (int u = 0; u < sv->path[p].n_uses; u++)
            add_mix(code, &n, &sc->dependency[sv->path[p].uses[u]].errors);
        if (rs_path_times_out(&sv->path[p]))
            add_code(code, &n, 504);
    }
    add_recorded(sc, service, code, &n);
    for (int f = 0; f < sc->n_fault; f++) {
        add_mix(code, &n, &sc->fault[f].effect.errors);
        add_mix(code, &n, &sc->fault[f].residue.errors);
    }
    return n;
}

/* ---- one selector and one service ---- */

struct selector {
    const char *metric;
    const struct matcher_text *matcher;
    int n;
    enum promql_dialect dialect;
};

static bool allows(const struct selector *s, const char *label, const char *value)
{
    return rs_matchers_allow(s->matcher, s->n, label, value, s->dialect);
}

static bool names(const struct selector *s, const char *label)
{
    for (int i = 0; i < s->n; i++) {
        if (strcmp(s->matcher[i].label, label) == 0)
            return true;
    }
    return false;
}

static double instance_share(const struct selector *s, const struct service *sv)
{
    int n = 0;
    if (!names(s, "instance"))
        return 1.0;
    for (int i = 0; i < sv->n_instance; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s-%d", sv->name, i);
        n += allows(s, "instance", name);
    }
    return (double)n / sv->n_instance;
}

/* The paths whose series it takes; 0: none. */
static uint32_t path_set(const struct selector *s, const struct service *sv, bool told_apart)
{
    uint32_t all = sv->n_path < 31 ? (2u << sv->n_path) - 1u : UINT32_MAX, set = 0;
    if (!told_apart || !sv->by_path)
        return allows(s, "path", "") ? all : 0;
    for (int i = 0; i < sv->n_path && i < 31; i++) {
        if (allows(s, "path", sv->path[i].name))
            set |= 1u << i;
    }
    return sv->n_path < 31 && allows(s, "path", "none") ? set | 1u << sv->n_path : set;
}

/* Other labels than these no series of a service has. */
static bool other_labels_allow(const struct selector *s, bool has_code, bool has_le)
{
    for (int i = 0; i < s->n; i++) {
        const char *label = s->matcher[i].label;
        bool known = strcmp(label, "job") == 0 || strcmp(label, "instance") == 0 ||
                     strcmp(label, "path") == 0 || (has_code && strcmp(label, "code") == 0) ||
                     (has_le && strcmp(label, "le") == 0);
        if (!known && !allows(s, label, ""))
            return false;
    }
    return true;
}

/* The suffix of a series of the service's histogram, or NULL. */
static const char *histogram_suffix(const struct service *sv, const char *metric)
{
    size_t n = sv->latency_metric ? strlen(sv->latency_metric) : 0;
    if (n == 0 || strncmp(metric, sv->latency_metric, n) != 0)
        return NULL;
    const char *rest = metric + n;
    return strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0 || strcmp(rest, "_count") == 0
               ? rest
               : NULL;
}

/* The bucket that a selector names by le; NAN: several, or one that is not there. */
static double bucket_of(const struct selector *s, const struct service *sv)
{
    double found = NAN;
    int n = 0;
    if (!names(s, "le"))
        return INFINITY;
    for (int i = 0; i <= sv->n_bucket; i++) {
        char text[40] = "+Inf";
        if (i < sv->n_bucket)
            snprintf(text, sizeof text, "%.15g", sv->bucket_s[i]);
        if (allows(s, "le", text)) {
            n++;
            found = i < sv->n_bucket ? sv->bucket_s[i] : INFINITY;
        }
    }
    return n == 1 ? found : NAN;
}

static bool
take(const struct scenario *sc, int service, const struct selector *s, struct signal_side *out)
{
    const struct service *sv = &sc->service[service];
    *out = (struct signal_side){.counter = -1, .le_s = INFINITY};
    if (!s->metric || !allows(s, "job", sv->name))
        return false;
    if (sv->requests_metric && strcmp(s->metric, sv->requests_metric) == 0) {
        int code[RS_MAX_SERVICE_CODE], n = rs_service_codes(sc, service, code);
        out->what = RS_WHAT_REQUESTS;
        for (int i = 0; i < n; i++) {
            char text[16];
            snprintf(text, sizeof text, "%d", code[i]);
            if (allows(s, "code", text))
                out->codes |= 1u << i;
        }
    } else if (histogram_suffix(sv, s->metric)) {
        out->what = RS_WHAT_LATENCY;
        out->le_s = bucket_of(s, sv);
    } else {
        for (int i = 0; i < sv->n_counter && out->counter < 0; i++) {
            if (strcmp(s->metric, sv->counter[i].metric) == 0)
                out->counter = i;
        }
        out->what = out->counter >= 0 ? RS_WHAT_COUNTER : RS_WHAT_NONE;
    }
    out->paths = path_set(s, sv, out->what != RS_WHAT_COUNTER);
    out->instance_share = instance_share(s, sv);
    return out->what != RS_WHAT_NONE && out->paths != 0 && out->instance_share > 0.0 &&
           !isnan(out->le_s) &&
           other_labels_allow(s, out->what == RS_WHAT_REQUESTS, out->what == RS_WHAT_LATENCY);
}

/* ---- signals ---- */

static bool is_part(const struct signal_reads *r)
{
    const struct signal_side *p = &r->part, *w = &r->whole;
    if (p->what == RS_WHAT_NONE)
        return w->what == RS_WHAT_REQUESTS || w->what == RS_WHAT_LATENCY;
    return p->what == w->what && p->what != RS_WHAT_COUNTER && (p->codes & ~w->codes) == 0 &&
           (p->paths & ~w->paths) == 0 && p->instance_share == w->instance_share && isinf(w->le_s);
}

/* The first service of which the part takes anything. */
static const struct signal_reads *first_part(const struct signal *s)
{
    int i = 0;
    while (i < s->n - 1 && s->reads[i].part.what == RS_WHAT_NONE)
        i++;
    return &s->reads[i];
}

/* Good answers become bad ones, fast ones slow ones: one minus. */
static void turn_to_bad(struct signal *s)
{
    const struct signal_reads *r = first_part(s);
    bool fast = r->part.what == RS_WHAT_LATENCY && isfinite(r->part.le_s);
    bool good = r->part.what == RS_WHAT_REQUESTS && (r->part.codes & 1u) && (r->whole.codes & 1u) &&
                r->part.paths == r->whole.paths;
    if ((!fast && !good) || (fast && s->n > 1))
        return;
    for (int i = 0; i < s->n; i++) {
        struct signal_side *p = &s->reads[i].part;
        uint32_t codes = s->reads[i].whole.codes & ~p->codes;
        if (good) {
            *p = s->reads[i].whole;
            p->codes = codes;
        }
        p->slower = fast;
    }
    s->above = !s->above;
    s->limit = 1.0 - s->limit;
}

static struct signal
make(struct arena *arena, const struct comparison *c, const struct signal_reads *reads, int n)
{
    struct signal s = {.c = c,
                       .kind = c->kind,
                       .n = n,
                       .above = c->op == RS_CMP_GT || c->op == RS_CMP_GE,
                       .ordered = c->op <= RS_CMP_LE,
                       .limit = c->limit,
                       .window_s = (double)c->window_ms / 1000.0};
    s.reads = RS_ARENA_ARRAY(arena, struct signal_reads, n);
    memcpy(s.reads, reads, (size_t)n * sizeof *reads);
    if (c->op == RS_CMP_NE && c->limit == 0.0 && c->kind != RS_MEASURE_OTHER)
        s.ordered = s.above = true;
    s.is_share = c->kind == RS_MEASURE_RATIO && n > 0;
    for (int i = 0; i < n && s.is_share; i++)
        s.is_share = is_part(&s.reads[i]);
    if (s.is_share)
        turn_to_bad(&s);
    return s;
}

void rs_signal_read(struct arena *arena,
                    const struct scenario *sc,
                    const struct comparison *c,
                    struct signal **out,
                    int *n)
{
    enum promql_dialect dialect = (enum promql_dialect)sc->monitoring.dialect;
    const struct selector part = {c->metric, c->matcher, c->n_matcher, dialect};
    const struct selector whole = {c->of_metric, c->of_matcher, c->n_of_matcher, dialect};
    struct signal_reads *reads = RS_ARENA_ARRAY(arena, struct signal_reads, sc->n_service);
    int found = 0, n_part = 0, n_whole = 0;
    *n = 0;
    *out = NULL;
    bool apart = c->per_job || c->per_series;
    if (c->kind == RS_MEASURE_ALERT || c->kind == RS_MEASURE_OTHER)
        return;
    for (int i = 0; i < sc->n_service; i++) {
        struct signal_reads *r = &reads[found];
        r->service = i;
        bool takes = take(sc, i, &part, &r->part);
        bool of = !c->of_metric || take(sc, i, &whole, &r->whole);
        if (!takes)
            r->part = (struct signal_side){.what = RS_WHAT_NONE, .counter = -1, .le_s = INFINITY};
        if (!of)
            r->whole = (struct signal_side){.what = RS_WHAT_NONE, .counter = -1, .le_s = INFINITY};
        /* Where jobs are kept apart both must be of one; else all that is divided by counts. */
        bool counts = apart || !c->of_metric ? takes && of : takes || of;
        found += counts;
        n_part += counts && takes;
        n_whole += counts && of;
    }
    found = n_part > 0 && n_whole > 0 ? found : 0;
    apart = apart && found > 0;
    *n = apart ? found : 1;
    *out = RS_ARENA_ARRAY(arena, struct signal, *n);
    for (int i = 0; i < *n; i++)
        (*out)[i] =
            apart && found > 0 ? make(arena, c, &reads[i], 1) : make(arena, c, reads, found);
}

static bool same_side(const struct signal_side *a, const struct signal_side *b)
{
    return a->what == b->what && a->counter == b->counter && a->codes == b->codes &&
           a->paths == b->paths && a->instance_share == b->instance_share && a->le_s == b->le_s &&
           a->slower == b->slower;
}

/* increase() and rate() of the same are the same but for their unit. */
static enum measure_kind family(enum measure_kind k)
{
    return k == RS_MEASURE_RATE ? RS_MEASURE_COUNT : k;
}

bool rs_signal_same(const struct signal *a, const struct signal *b)
{
    if (family(a->kind) != family(b->kind) || a->n != b->n || a->c->averaged != b->c->averaged)
        return false;
    if (a->n == 0) /* of nothing that a service exposes: as it is written */
        return rs_comparison_same_measure(a->c, b->c);
    for (int i = 0; i < a->n; i++) {
        if (a->reads[i].service != b->reads[i].service ||
            !same_side(&a->reads[i].part, &b->reads[i].part) ||
            !same_side(&a->reads[i].whole, &b->reads[i].whole))
            return false;
    }
    return true;
}

static bool sides_meet(const struct signal_side *a, const struct signal_side *b)
{
    return a->what != RS_WHAT_NONE && a->what == b->what && a->counter == b->counter &&
           (a->paths & b->paths) != 0 &&
           (a->what != RS_WHAT_REQUESTS || (a->codes & b->codes) != 0);
}

bool rs_signal_meets(const struct signal *a, const struct signal *b)
{
    for (int i = 0; i < a->n; i++) {
        for (int j = 0; j < b->n; j++) {
            if (a->reads[i].service == b->reads[j].service &&
                sides_meet(&a->reads[i].part, &b->reads[j].part))
                return true;
        }
    }
    return false;
}

bool rs_signal_is_guard(const struct signal *s)
{
    bool counts = family(s->kind) == RS_MEASURE_COUNT;
    for (int i = 0; i < s->n && counts; i++) {
        const struct signal_side *p = &s->reads[i].part;
        counts = (p->what == RS_WHAT_REQUESTS && (p->codes & 1u)) ||
                 (p->what == RS_WHAT_LATENCY && isinf(p->le_s) && !p->slower && s->c->metric &&
                  !ends_with(s->c->metric, "_sum"));
    }
    return counts && s->n > 0 && s->above && s->ordered;
}

bool rs_term_decides(struct arena *arena,
                     const struct scenario *sc,
                     const struct condition_term *term,
                     int i)
{
    for (int k = 0; k < term->n; k++) {
        struct signal *s;
        int n;
        if (term->n == 1)
            break;
        rs_signal_read(arena, sc, &term->comparison[k], &s, &n);
        if ((n > 0 && rs_signal_is_guard(&s[0])) != (k != i))
            return false;
    }
    return true;
}

double rs_signal_events(const struct signal *s)
{
    double limit = s->kind == RS_MEASURE_RATE ? s->limit * s->window_s : s->limit;
    return fmax(1.0, ceil(limit - 1e-9));
}

/* ---- words ---- */

const char *rs_signal_words(struct arena *arena, const struct signal *s, double value)
{
    if (s->is_share)
        return rs_arena_printf(arena, "%.4g %%", 100.0 * value);
    bool time = s->kind == RS_MEASURE_QUANTILE || s->kind == RS_MEASURE_MEAN;
    return rs_arena_printf(arena, time ? "%.4gs" : "%.4g", value);
}

const char *rs_check_time(struct arena *arena, double s)
{
    char buf[48];
    if (s < 10.0 && s != floor(s))
        return rs_arena_printf(arena, "%.1fs", s);
    return s < 1e9
               ? rs_arena_strdup(arena, rs_duration_format(buf, sizeof buf, rs_ns_from_s(round(s))))
               : "ever";
}

/* ---- where conditions come from ---- */

struct promql_condition
rs_check_condition(struct arena *arena, const struct scenario *sc, const struct promql *q)
{
    const struct promql_records records = {sc->monitoring.n_rule_file, sc->monitoring.rule_file};
    struct promql_condition out;
    rs_promql_condition(arena, q, &records, &out);
    return out;
}

const struct rule *rs_check_alert(const struct scenario *sc, const char *name)
{
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int i = 0; i < file->group[g].n_rule; i++) {
                const struct rule *r = &file->group[g].rule[i];
                if (r->alert && strcmp(r->alert, name) == 0)
                    return r;
            }
        }
    }
    return NULL;
}
