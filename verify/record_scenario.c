/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scenario says, as tables: what plots need to name and to draw, thresholds among them. */
#include <ctype.h>
#include <string.h>

#include "models/rules.h"
#include "record_parts.h"

/* ---- thresholds: whose they are, and in which unit --------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* Whether a metric name stands in PromQL text as a whole word, or as a histogram's with _bucket, _sum or _count. */
static bool mentions(const char *text, const char *metric)
{
    static const char *const endings[] = {"", "_bucket", "_sum", "_count"};
    size_t n = metric ? strlen(metric) : 0;
    for (const char *at = text; n > 0 && (at = strstr(at, metric)) != NULL; at++) {
        if (at > text && is_name_char(at[-1]))
            continue;
        for (int i = 0; i < 4; i++) {
            size_t m = strlen(endings[i]);
            if (strncmp(at + n, endings[i], m) == 0 && !is_name_char(at[n + m]))
                return true;
        }
    }
    return false;
}

/* Whether a quoted word of the text is the name: job="portal", job=~"portal|settings". */
static bool quotes(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = text; n > 0 && (at = strstr(at, name)) != NULL; at++) {
        bool opens = at > text && strchr("\"'`|(", at[-1]);
        if (opens && at[n] != '\0' && strchr("\"'`|)", at[n]))
            return true;
    }
    return false;
}

static bool service_exposes(const struct service *s, const char *text)
{
    if (mentions(text, s->requests_metric) || mentions(text, s->latency_metric))
        return true;
    for (int i = 0; i < s->n_counter; i++) {
        if (mentions(text, s->counter[i].metric))
            return true;
    }
    return false;
}

/* The one service that a matcher names or, failing that, the one that exposes a metric of the text; -1 if none or several. */
static int service_of_text(const struct scenario *sc, const char *text)
{
    int n_named = 0, n_exposing = 0, named = -1, exposing = -1;
    for (int i = 0; i < sc->n_service; i++) {
        if (quotes(text, sc->service[i].name)) {
            named = i;
            n_named++;
        }
        if (service_exposes(&sc->service[i], text)) {
            exposing = i;
            n_exposing++;
        }
    }
    if (n_named > 0)
        return n_named == 1 ? named : -1;
    return n_exposing == 1 ? exposing : -1;
}

/* The expression behind a recorded metric that the text reads, or NULL. */
static const char *recorded_text(const struct scenario *sc, const char *text)
{
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int i = 0; i < file->group[g].n_rule; i++) {
                const struct rule *rule = &file->group[g].rule[i];
                if (rule->record && rule->expr_text != text && mentions(text, rule->record))
                    return rule->expr_text;
            }
        }
    }
    return NULL;
}

static int count_word(const char *text, const char *word)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

static const char *unit_of_text(const char *text)
{
    bool divides = strchr(text, '/') != NULL;
    if (strstr(text, "histogram_quantile") ||
        (divides && strstr(text, "_sum") && strstr(text, "_count")))
        return "seconds";
    if (divides && count_word(text, "rate(") + count_word(text, "increase(") >= 2)
        return "ratio";
    return "number";
}

struct condition_row { /* a condition of the runbook or the rule files */
    const char *name, *source, *ref, *text;
    const struct promql *expr;
};

static int put_threshold(struct database *db,
                         const struct scenario *sc,
                         const struct condition_row *row,
                         const struct promql_threshold *t,
                         struct err *err)
{
    const char *own = t->text ? t->text : row->text, *text = own;
    int service = service_of_text(sc, text);
    const char *unit = unit_of_text(text);
    /* A recorded metric tells neither: what it was made of does. Rules on rules on rules are rare; two steps are looked at. */
    for (int i = 0; i < 2 && (text = recorded_text(sc, text)) != NULL; i++) {
        service = service < 0 ? service_of_text(sc, text) : service;
        unit = strcmp(unit, "number") == 0 ? unit_of_text(text) : unit;
    }
    return RS_INSERT(db, RS_TABLE_THRESHOLD, err, text_value(row->name ? row->name : ""),
                     text_value(row->source), id_value(service), text_value(own),
                     real_value(t->value), text_value(unit), text_value(row->ref));
}

static int put_condition(struct database *db,
                         const struct scenario *sc,
                         const struct run_engine *engine,
                         const struct condition_row *row,
                         struct err *err)
{
    struct promql_threshold found[8];
    if (!row->expr || !row->text)
        return 0;
    struct arena *arena = rs_arena_new();
    int n = engine->thresholds(arena, row->expr, found, 8), rc = 0;
    for (int i = 0; rc == 0 && i < n; i++)
        rc = put_threshold(db, sc, row, &found[i], err);
    rs_arena_free(arena);
    return rc;
}

static int put_gates(struct database *db,
                     const struct scenario *sc,
                     const struct run_engine *engine,
                     struct err *err)
{
    int rc = 0;
    for (int i = 0; i < sc->response.n_stage; i++) {
        const struct stage *stage = &sc->response.stage[i];
        for (int j = 0; rc == 0 && j < stage->n_gate; j++) {
            const struct gate *g = &stage->gate[j];
            struct condition_row row = {g->name, "gate", g->ref, g->expr_text, g->expr};
            rc = put_condition(db, sc, engine, &row, err);
        }
    }
    return rc;
}

static int put_triggers(struct database *db,
                        const struct scenario *sc,
                        const struct run_engine *engine,
                        struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->response.n_procedure; i++) {
        const struct procedure *p = &sc->response.procedure[i];
        struct condition_row row = {p->name, "trigger", p->ref, p->trigger_text, p->trigger};
        rc = put_condition(db, sc, engine, &row, err);
    }
    return rc;
}

static int put_alerts_of(struct database *db,
                         const struct scenario *sc,
                         const struct run_engine *engine,
                         const struct rule_group *group,
                         struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < group->n_rule; i++) {
        const struct rule *r = &group->rule[i];
        struct condition_row row = {r->alert, "alert", NULL, r->expr_text, r->expr};
        rc = r->alert ? put_condition(db, sc, engine, &row, err) : 0;
    }
    return rc;
}

static int put_alerts(struct database *db,
                      const struct scenario *sc,
                      const struct run_engine *engine,
                      struct err *err)
{
    int rc = 0;
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; rc == 0 && g < file->n_group; g++)
            rc = put_alerts_of(db, sc, engine, &file->group[g], err);
    }
    return rc;
}

/* ---- the elements ---------------------------------------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int put_stages(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->response.n_stage; i++) {
        const struct stage *s = &sc->response.stage[i];
        rc = RS_INSERT(db, RS_TABLE_STAGE, err, int_value(i), text_value(or_empty(s->name)),
                       text_value(s->title), text_value(s->ref), time_value(s->watch_ns));
    }
    return rc;
}

static int put_flags(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_flag; i++) {
        const struct flag *f = &sc->flag[i];
        rc = RS_INSERT(db, RS_TABLE_FLAG, err, int_value(i), text_value(or_empty(f->name)),
                       text_value(f->ref), int_value(f->initially_on));
    }
    return rc;
}

static int put_services(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_service; i++) {
        const struct service *s = &sc->service[i];
        rc = RS_INSERT(db, RS_TABLE_SERVICE, err, int_value(i), text_value(or_empty(s->name)),
                       text_value(s->ref), isinf(s->slow_s) ? null_value() : real_value(s->slow_s),
                       real_value(s->slo_error_ratio));
    }
    return rc;
}

static int put_faults(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_fault; i++) {
        const struct fault *f = &sc->fault[i];
        rc = RS_INSERT(db, RS_TABLE_FAULT, err, int_value(i), text_value(or_empty(f->name)),
                       text_value(f->title), text_value(f->ref), real_value(f->probability),
                       id_value(f->service));
    }
    return rc;
}

static int put_procedures(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->response.n_procedure; i++) {
        const struct procedure *p = &sc->response.procedure[i];
        rc = RS_INSERT(db, RS_TABLE_PROCEDURE, err, int_value(i), text_value(or_empty(p->name)),
                       text_value(p->title), text_value(p->ref), time_value(p->sla_ns),
                       text_value(p->trigger_text));
    }
    return rc;
}

static int put_assumptions(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_assumption; i++) {
        const struct assumption *a = &sc->assumption[i];
        rc = RS_INSERT(db, RS_TABLE_ASSUMPTION, err, text_value(or_empty(a->id)),
                       text_value(or_empty(a->text)), text_value(a->source),
                       int_value(a->placeholder));
    }
    return rc;
}

static int put_sources(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_input; i++)
        rc = RS_INSERT(db, RS_TABLE_SOURCE, err, int_value(i), text_value(sc->input[i].path),
                       text_value(sc->input[i].sha256));
    return rc;
}

int rs_record_scenario(struct database *db,
                       const struct scenario *sc,
                       const struct run_engine *engine,
                       struct err *err)
{
    if (put_sources(db, sc, err) != 0 || put_stages(db, sc, err) != 0 ||
        put_flags(db, sc, err) != 0 || put_services(db, sc, err) != 0 ||
        put_faults(db, sc, err) != 0 || put_procedures(db, sc, err) != 0 ||
        put_assumptions(db, sc, err) != 0)
        return -1;
    if (put_gates(db, sc, engine, err) != 0 || put_triggers(db, sc, engine, err) != 0)
        return -1;
    return put_alerts(db, sc, engine, err);
}
