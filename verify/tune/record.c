/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search as a SQLite file (verify/tune.sql). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "database.h"
#include "reading.h"
#include "run_file.h"
#include "schema_text.h"
#include "tune/tune_words.h"
#include "verify/tune_report.h"
#include "words.h"

enum search_table {
    T_META,
    T_SOURCE,
    T_PARAMETER,
    T_VALUE,
    T_OBJECTIVE,
    T_CLAIM,
    T_POINT,
    T_SETTING,
    T_ESTIMATE,
    T_CLAIM_ESTIMATE,
    T_UNSAVED,
    T_SENSITIVITY,
    T_MAP,
    T_VERDICT,
    T_N
};

static const char *const names[T_N] = {
    [T_META] = "meta",
    [T_SOURCE] = "source",
    [T_PARAMETER] = "parameter",
    [T_VALUE] = "value",
    [T_OBJECTIVE] = "objective",
    [T_CLAIM] = "claim",
    [T_POINT] = "point",
    [T_SETTING] = "setting",
    [T_ESTIMATE] = "estimate",
    [T_CLAIM_ESTIMATE] = "claim_estimate",
    [T_UNSAVED] = "unsaved",
    [T_SENSITIVITY] = "sensitivity",
    [T_MAP] = "map",
    [T_VERDICT] = "verdict",
};
static const struct database_schema schema = {rs_tune_schema_text, T_N, names};

static struct value text_or_empty(const char *text)
{
    return text_value(text ? text : "");
}

/* ---- what was asked ---------------------------------------------------------------------------------------------------- */

static int put_text(struct database *db, const char *key, const char *text, struct err *err)
{
    return text ? RS_INSERT(db, T_META, err, text_value(key), text_value(text)) : 0;
}

static int put_count(struct database *db, const char *key, uint64_t n, struct err *err)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, n);
    return put_text(db, key, text, err);
}

static int put_meta(struct database *db, const struct tune_result *r, struct err *err)
{
    const struct scenario *sc = r->scenario;
    char confidence[32];
    snprintf(confidence, sizeof confidence, "%.17g", r->plan->confidence);
    return put_text(db, "scenario_name", sc->name, err) ||
                   put_text(db, "scenario_title", sc->title, err) ||
                   put_text(db, "scenario_file", sc->file, err) ||
                   put_text(db, "scenario_text", sc->text, err) ||
                   put_text(db, "scenario_sha256", sc->sha256, err) ||
                   put_text(db, "rollsim_version", RS_VERSION, err) ||
                   put_count(db, "seed", r->seed, err) ||
                   (r->fresh && put_count(db, "fresh_seed", r->fresh_seed, err)) ||
                   put_count(db, "n_space", r->n_space, err) ||
                   put_text(db, "method", r->method, err) ||
                   put_text(db, "confidence", confidence, err) ||
                   put_count(db, "stopped", r->stopped, err) ||
                   put_text(db, "chosen_why", r->chosen_why, err) ||
                   put_count(db, "n_asked", r->n_asked, err) ||
                   put_count(db, "n_history", r->n_history, err)
               ? -1
               : 0;
}

static int put_sources(struct database *db, const struct scenario *sc, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < sc->n_input; i++)
        rc = RS_INSERT(db, T_SOURCE, err, int_value(i), text_value(sc->input[i].path),
                       text_value(sc->input[i].sha256));
    return rc;
}

static double number_of(const struct tune_param *p, int value)
{
    double x = p->value[value].number;
    return p->type == RS_TUNE_DURATION ? x / (double)RS_NS_PER_S : x;
}

static int put_parameters(struct database *db, const struct tune_plan *plan, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        rc = RS_INSERT(db, T_PARAMETER, err, int_value(i), text_value(p->name), text_value(p->path),
                       text_or_empty(p->what), text_value(p->ref),
                       text_value(rs_tune_type_name(p->type)), int_value(p->today));
        for (int v = 0; rc == 0 && v < p->n_value; v++)
            rc = RS_INSERT(db, T_VALUE, err, int_value(i), int_value(v),
                           text_value(p->value[v].text), real_value(number_of(p, v)));
    }
    return rc;
}

static int put_objectives(struct database *db, const struct tune_plan *plan, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < plan->n_objective; i++) {
        const struct tune_objective *o = &plan->objective[i];
        rc = RS_INSERT(db, T_OBJECTIVE, err, int_value(i), text_value(o->name), text_value(o->says),
                       text_value(o->ref), text_value(rs_tune_stat_name(o->stat)),
                       text_or_empty(o->unit));
    }
    return rc;
}

static int put_claims(struct database *db, const struct tune_result *r, struct err *err)
{
    int rc = 0;
    struct arena *arena = rs_arena_new();
    for (int i = 0; rc == 0 && i < r->scenario->n_claim; i++) {
        const struct claim *c = &r->scenario->claim[i];
        rc = RS_INSERT(db, T_CLAIM, err, int_value(i), text_value(c->name),
                       text_value(c->says ? c->says : rs_claim_reading(arena, r->scenario, c)),
                       text_value(c->ref), int_value(rs_claim_is_kept(r->plan, i)),
                       real_value(rs_claim_wanted_in_unit(c)), text_value(rs_claim_direction(c)),
                       text_value(rs_claim_unit(c)));
    }
    rs_arena_free(arena);
    return rc;
}

/* ---- what came of it --------------------------------------------------------------------------------------------------- */

static int put_estimate(struct database *db,
                        enum search_table table,
                        int point,
                        int of,
                        const struct tune_estimate *e,
                        struct err *err)
{
    return RS_INSERT(db, table, err, int_value(point), int_value(of), real_value(e->value),
                     real_value(e->low), real_value(e->high), count_value(e->n));
}

static int put_point(struct database *db, const struct tune_result *r, int i, struct err *err)
{
    const struct tune_point *p = &r->point[i];
    bool excluded = p->state == RS_POINT_EXCLUDED;
    int rc = RS_INSERT(db, T_POINT, err, int_value(i), text_value(rs_tune_state_name(p->state)),
                       int_value(i == r->today), int_value(i == r->chosen),
                       p->state == RS_POINT_DOMINATED ? id_value(p->beaten_by) : null_value(),
                       excluded ? id_value(p->breaks) : null_value(), text_value(p->why),
                       count_value(p->n_replica));
    for (int k = 0; rc == 0 && k < r->plan->n_param; k++)
        rc = RS_INSERT(db, T_SETTING, err, int_value(i), int_value(k), int_value(p->value[k]));
    for (int k = 0; rc == 0 && p->objective && k < r->plan->n_objective; k++)
        rc = put_estimate(db, T_ESTIMATE, i, k, &p->objective[k], err);
    for (int k = 0; rc == 0 && p->claim && k < r->scenario->n_claim; k++) {
        if (rs_claim_is_statistical(&r->scenario->claim[k]))
            rc = put_estimate(db, T_CLAIM_ESTIMATE, i, k, &p->claim[k], err);
    }
    return rc;
}

static int put_unsaved(struct database *db, const struct tune_unsaved *u, struct err *err)
{
    return RS_INSERT(db, T_UNSAVED, err, int_value(u->claim),
                     text_value(rs_tune_obstacle_name(u->why)), text_or_empty(u->text),
                     id_value(u->best), real_value(u->near.value), real_value(u->near.low),
                     real_value(u->near.high), int_value(u->proved));
}

static int put_step(struct database *db, const struct tune_step *s, int objective, struct err *err)
{
    const struct tune_estimate *e = &s->objective[objective], *d = &s->difference[objective];
    return RS_INSERT(db, T_SENSITIVITY, err, text_value(s->around_chosen ? "chosen" : "today"),
                     int_value(s->param), int_value(s->value), int_value(objective),
                     real_value(e->value), real_value(e->low), real_value(e->high),
                     real_value(d->value), real_value(d->low), real_value(d->high),
                     count_value(d->n));
}

static int
put_map(struct database *db, const struct tune_result *r, const struct tune_map *m, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < m->n_cell; i++) {
        const struct tune_cell *c = &m->cell[i];
        rc = RS_INSERT(db, T_MAP, err, text_value(r->scenario->fault[m->fault].name),
                       text_value(c->chosen ? "chosen" : "today"), real_value(c->error_ratio),
                       real_value(c->traffic), real_value(c->traffic_per_s),
                       real_value(m->within_s), count_value(c->n), count_value(c->n_detected),
                       real_value(c->low), real_value(c->high));
    }
    return rc;
}

static int put_verdict(
    struct database *db, const char *setting, int number, const struct verdict *v, struct err *err)
{
    const struct claim *c = v->claim;
    bool open = v->kind == RS_VERDICT_UNDECIDED;
    return RS_INSERT(db, T_VERDICT, err, text_value(setting), int_value(number),
                     text_value(c->name), text_value(c->ref), text_value(rs_verdict_name(v->kind)),
                     text_value(rs_engine_name(v->engine)),
                     text_value(rs_engine_guarantee(v->engine)),
                     text_value(open ? rs_open_reason_name(v->reason) : NULL),
                     real_value(rs_claim_estimate_in_unit(c, v->estimate)),
                     real_value(rs_claim_estimate_in_unit(c, v->interval.low)),
                     real_value(rs_claim_estimate_in_unit(c, v->interval.high)),
                     real_value(rs_claim_wanted_in_unit(c)), text_value(rs_claim_direction(c)),
                     text_value(rs_claim_unit(c)),
                     rs_claim_is_statistical(c) ? count_value(v->n_replica) : null_value(),
                     text_value(v->placeholder));
}

static int
put_verdicts(struct database *db, const char *setting, const struct run_result *r, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && r && i < r->n_verdict; i++)
        rc = put_verdict(db, setting, i, &r->verdict[i], err);
    return rc;
}

static int put_found(struct database *db, const struct tune_result *r, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < r->n_point; i++)
        rc = put_point(db, r, i, err);
    for (int i = 0; rc == 0 && i < r->n_unsaved; i++)
        rc = put_unsaved(db, &r->unsaved[i], err);
    for (int i = 0; rc == 0 && i < r->n_step; i++) {
        for (int k = 0; rc == 0 && k < r->plan->n_objective; k++)
            rc = put_step(db, &r->step[i], k, err);
    }
    for (int i = 0; rc == 0 && i < r->n_map; i++)
        rc = put_map(db, r, &r->map[i], err);
    if (rc == 0 && r->fresh_today != r->fresh)
        rc = put_verdicts(db, "today", r->fresh_today, err);
    return rc == 0 ? put_verdicts(db, "chosen", r->fresh, err) : rc;
}

static int
write_draft(const struct tune_result *r, const char *path, bool overwrite, struct err *err)
{
    struct database *db = rs_database_create(&schema, path, overwrite, err);
    if (!db)
        return -1;
    int rc = put_meta(db, r, err);
    rc = rc ? rc : put_sources(db, r->scenario, err);
    rc = rc ? rc : put_parameters(db, r->plan, err);
    rc = rc ? rc : put_objectives(db, r->plan, err);
    rc = rc ? rc : put_claims(db, r, err);
    rc = rc ? rc : put_found(db, r, err);
    if (rc == 0)
        return rs_database_finish(db, err);
    rs_database_abandon(db);
    return -1;
}

/* PATH.part is what runs lock by, too, so that nothing else writes the draft meanwhile; a run's histories in it are left alone. */
int rs_tune_record(const struct tune_result *r, const char *path, bool overwrite, struct err *err)
{
    if (rs_run_file_may_replace(path, overwrite, err) != 0)
        return -1;
    char *part = rs_run_file_name(path, ".part");
    int rc = -1, fd = -1;
    if (rs_run_file_bytes(part) > 0)
        rs_err_set(
            err, RS_E_USAGE,
            "%s is of a run that is not over, or of a search that was cut off in the middle of "
            "writing; delete it if it is nobody's, or record the search elsewhere",
            part);
    else
        fd = rs_run_file_lock(part, true, err);
    if (fd >= 0) {
        rc = write_draft(r, path, overwrite, err);
        (void)unlink(part);
        close(fd);
    }
    free(part);
    return rc;
}
