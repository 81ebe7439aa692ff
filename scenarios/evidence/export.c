/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/export.h"
#include "../text/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/retro_evidence.h"

/* ---- metrics ---- */

/* Length of the family's name, and its type, told by the ending as the exposition format has it. */
static size_t family(const char *name, const char **type)
{
    static const char *const of_histogram[] = {"_bucket", "_count", "_sum"};
    *type = "unknown";
    if (rs_text_ends_with(name, "_total")) {
        *type = "counter";
        return strlen(name) - strlen("_total");
    }
    for (int i = 0; i < 3; i++) {
        if (rs_text_ends_with(name, of_histogram[i])) {
            *type = "histogram";
            return strlen(name) - strlen(of_histogram[i]);
        }
    }
    return strlen(name);
}

static void print_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (const char *c = text; *c; c++) {
        if (*c == '\n')
            fputs("\\n", to);
        else if (*c == '"' || *c == '\\')
            fprintf(to, "\\%c", *c);
        else
            fputc(*c, to);
    }
    fputc('"', to);
}

/* The series as the format writes it; heap. */
static char *series_text(const struct label_table *table, rs_labels set, const char *name)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    const char *before = "{";
    fputs(name, to);
    for (int i = 0; i < rs_labels_count(table, set); i++) {
        struct label l = rs_labels_at(table, set, i);
        if (strcmp(l.name, "__name__") == 0)
            continue;
        fprintf(to, "%s%s=", before, l.name);
        print_quoted(to, l.value);
        before = ",";
    }
    fputs(*before == ',' ? "} " : " ", to);
    fclose(to);
    return text;
}

static void print_samples(FILE *to, const struct recorded_series *s, const char *text)
{
    for (size_t i = 0; i < s->n; i++) {
        int64_t t = s->sample[i].t_ms;
        if (rs_tsdb_is_stale(s->sample[i].v))
            continue;
        fprintf(to, "%s%.17g %" PRId64 ".%03d\n", text, s->sample[i].v, t / 1000, (int)(t % 1000));
    }
}

void rs_export_metrics(FILE *to, const struct recorded *set)
{
    const char *before = "";
    size_t n_before = 0;
    for (int i = 0; i < set->n_series; i++) {
        const struct recorded_series *s = &set->series[i];
        const char *name = rs_labels_get(set->labels, s->labels, "__name__"), *type;
        if (!name)
            continue;
        size_t n = family(name, &type);
        if (n != n_before || strncmp(before, name, n) != 0)
            fprintf(to, "# TYPE %.*s %s\n", (int)n, name, type);
        before = name;
        n_before = n;
        char *text = series_text(set->labels, s->labels, name);
        print_samples(to, s, text);
        free(text);
    }
    fputs("# EOF\n", to);
}

/* ---- timeline ---- */

/* A line of it; they come by kind, and are put in order at the end. */
struct line {
    int64_t at_ns;
    int number;
    char *text;
    size_t n;
};

struct noted {
    FILE *to; /* of the line that is being written */
    int n, cap;
    struct line *line; /* [n] */
    const struct scenario *sc;
    const struct history *h;
};

static void begin(struct noted *w, int64_t at_ns, int event)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->line = rs_xrealloc(w->line, sizeof(*w->line) * (size_t)w->cap);
    }
    struct line *l = &w->line[w->n];
    *l = (struct line){.at_ns = at_ns, .number = w->n++};
    w->to = open_memstream(&l->text, &l->n);
    char at[40];
    rs_time_format(at, sizeof(at), w->sc->starts_at_unix_ns + at_ns / RS_NS_PER_MS * RS_NS_PER_MS);
    fprintf(w->to, "  - {at: %s, event: %s", at, rs_retro_event_name(event));
}

static void tell(const struct noted *w, const char *key, const char *value)
{
    if (!value)
        return;
    fprintf(w->to, ", %s: ", key);
    print_quoted(w->to, value);
}

static void finish(struct noted *w)
{
    fputs("}\n", w->to);
    fclose(w->to);
}

static int by_time(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->at_ns != y->at_ns ? (x->at_ns > y->at_ns ? 1 : -1) : x->number - y->number;
}

static const char *actor(const struct noted *w, int role)
{
    return role < 0 ? "automation" : w->sc->response.role[role].name;
}

static const char *stage_name(const struct noted *w, int stage)
{
    return stage < 0 ? NULL : w->sc->response.stage[stage].name;
}

/* Marks of the clock that leave a trace with people or with their tools. */
static bool is_noted(int m)
{
    static const bool noted[RS_CLOCK_N] = {
        [RS_CLOCK_DETECTED] = true, [RS_CLOCK_NOTIFIED] = true,  [RS_CLOCK_ACKNOWLEDGED] = true,
        [RS_CLOCK_DECIDED] = true,  [RS_CLOCK_EFFECTIVE] = true, [RS_CLOCK_COMPLETED] = true,
        [RS_CLOCK_RESOLVED] = true};
    return noted[m];
}

static const char *words_of(const struct noted *w, const struct action *a)
{
    const struct scenario *sc = w->sc;
    if (a->title)
        return a->title;
    if (a->kind == RS_ACT_PURGE || a->kind == RS_ACT_ROTATE)
        return sc->component[a->component].name;
    return a->kind == RS_ACT_REMOVE ? sc->service[a->service].path[a->path].name : NULL;
}

static int event_of(const struct action *a, bool passed)
{
    if (a->kind == RS_ACT_CHECK)
        return passed ? RS_EVENT_CHECK_PASSED : RS_EVENT_CHECK_FAILED;
    if (a->kind == RS_ACT_NOTIFY)
        return RS_EVENT_COMMUNICATED;
    return a->kind == RS_ACT_DOCUMENT ? RS_EVENT_DOCUMENTED : RS_EVENT_ACTION_DONE;
}

static void tell_action(struct noted *w, const struct trace_event *e, int stage)
{
    if (!e->action || e->action->kind == RS_ACT_SET_FLAG)
        return;
    begin(w, e->at_ns, event_of(e->action, e->passed));
    tell(w, "actor", actor(w, e->a));
    tell(w, "stage", stage_name(w, stage));
    if (e->b >= 0 && e->b < w->h->n_episode)
        tell(w, "episode", w->sc->response.procedure[w->h->episode[e->b].procedure].name);
    tell(w, "subject", words_of(w, e->action));
    if (e->action->kind == RS_ACT_REMOVE)
        tell(w, "note", w->sc->service[e->action->service].name);
    finish(w);
}

static void tell_flag(struct noted *w, const struct trace_event *e)
{
    begin(w, e->at_ns, RS_EVENT_FLAG_SET);
    tell(w, "flag", w->sc->flag[e->a].name);
    fprintf(w->to, ", on: %s, percent: %.12g", e->x > 0.0 ? "true" : "false", e->x);
    if (e->b >= 0)
        tell(w, "note", w->sc->cohort[e->b].name);
    finish(w);
}

static void tell_gate(struct noted *w, const struct trace_event *e)
{
    if (e->b < 0 || e->a < 0)
        return;
    begin(w, e->at_ns, e->passed ? RS_EVENT_GATE_PASSED : RS_EVENT_GATE_FAILED);
    tell(w, "stage", stage_name(w, e->a));
    tell(w, "subject", w->sc->response.stage[e->a].gate[e->b].name);
    finish(w);
}

static void tell_outcome(struct noted *w)
{
    static const int event[RS_OUTCOME_N] = {[RS_OUTCOME_COMPLETED] = RS_EVENT_FINISHED,
                                            [RS_OUTCOME_ROLLED_BACK] = RS_EVENT_FINISHED,
                                            [RS_OUTCOME_HELD] = RS_EVENT_HELD,
                                            [RS_OUTCOME_HALTED] = RS_EVENT_HALTED};
    int what = event[w->h->outcome];
    if (what == 0 || w->h->ended_ns == RS_NEVER)
        return;
    begin(w, w->h->ended_ns, what);
    tell(w, "note", rs_outcome_name(w->h->outcome));
    finish(w);
}

static void tell_episodes(struct noted *w)
{
    for (int i = 0; i < w->h->n_episode; i++) {
        const struct episode *e = &w->h->episode[i];
        for (int m = 0; m < RS_CLOCK_N; m++) {
            if (!is_noted(m) || e->at_ns[m] == RS_NEVER)
                continue;
            begin(w, e->at_ns[m], m);
            tell(w, "episode", w->sc->response.procedure[e->procedure].name);
            if (m == RS_CLOCK_DETECTED)
                tell(w, "subject", e->detector);
            finish(w);
        }
    }
}

static void tell_checklist(struct noted *w)
{
    for (int i = 0; i < w->sc->response.n_checklist; i++) {
        const struct checklist_item *item = &w->sc->response.checklist[i];
        if (!item->done)
            continue;
        begin(w, 0, RS_EVENT_CHECKED_OFF);
        tell(w, "subject", item->text);
        finish(w);
    }
}

void rs_export_timeline(FILE *to, const struct scenario *sc, const struct history *h)
{
    struct noted w = {.sc = sc, .h = h};
    int stage = -1;
    tell_checklist(&w);
    for (int i = 0; i < h->n_trace; i++) {
        const struct trace_event *e = &h->trace[i];
        if (e->kind == RS_TRACE_STAGE) {
            stage = e->a;
            begin(&w, e->at_ns, RS_EVENT_STAGE_ENTERED);
            tell(&w, "stage", stage_name(&w, stage));
            finish(&w);
        } else if (e->kind == RS_TRACE_FLAG_SET) {
            tell_flag(&w, e);
        } else if (e->kind == RS_TRACE_ACTION || e->kind == RS_TRACE_SIDE) {
            tell_action(&w, e, stage);
        } else if (e->kind == RS_TRACE_GATE) {
            tell_gate(&w, e);
        }
    }
    tell_episodes(&w);
    tell_outcome(&w);
    if (w.n > 0)
        qsort(w.line, (size_t)w.n, sizeof(*w.line), by_time);
    fputs("timeline: 1\nevents:\n", to);
    for (int i = 0; i < w.n; i++) {
        fputs(w.line[i].text, to);
        free(w.line[i].text);
    }
    free(w.line);
}
