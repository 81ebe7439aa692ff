/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retrospective as a SQLite file: what was asked, what was read, what was written down. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "run_file.h"
#include "schema_text.h"
#include "verify/retro_report.h"

static const char *const names[T_N] = {
    [T_META] = "meta",
    [T_SOURCE] = "source",
    [T_NOTE] = "note",
    [T_MARK] = "mark",
    [T_STAGE] = "stage",
    [T_FLAG_STEP] = "flag_step",
    [T_SIGNAL] = "signal",
    [T_POINT] = "point",
    [T_CHANGE] = "change",
    [T_EPISODE] = "episode",
    [T_INSTANT] = "instant",
    [T_LEG] = "leg",
    [T_CONTRADICTION] = "contradiction",
    [T_FINDING] = "finding",
    [T_COUNTERFACTUAL] = "counterfactual",
    [T_ALARM] = "alarm",
    [T_OUTCOME] = "outcome",
    [T_FIT] = "fit",
    [T_FIT_PARAMETER] = "fit_parameter",
    [T_FIT_DURATION] = "fit_duration",
    [T_FIT_CURVE] = "fit_curve",
    [T_PREDICTED] = "predicted",
    [T_KNOWN] = "known",
};
static const struct database_schema schema = {rs_retro_schema_text, T_N, names};

/* ---- what was asked and read ----------------------------------------------------------------------------------------- */

static int put_text(struct database *db, const char *key, const char *text, struct err *err)
{
    return text ? RS_INSERT(db, T_META, err, text_value(key), text_value(text)) : 0;
}

static int put_meta(struct database *db, const struct retro *r, struct err *err)
{
    const struct retro_evidence *e = r->evidence;
    const struct scenario *sc = e->scenario;
    char confidence[32];
    snprintf(confidence, sizeof confidence, "%.17g", e->confidence);
    return put_text(db, "name", e->name, err) || put_text(db, "title", e->title, err) ||
                   put_text(db, "file", e->file, err) || put_text(db, "text", e->text, err) ||
                   put_text(db, "sha256", e->sha256, err) ||
                   put_text(db, "rollsim_version", RS_VERSION, err) ||
                   put_text(db, "scenario_name", sc ? sc->name : NULL, err) ||
                   put_text(db, "scenario_file", sc ? sc->file : NULL, err) ||
                   put_text(db, "scenario_sha256", sc ? sc->sha256 : NULL, err) ||
                   put_text(db, "confidence", confidence, err) ||
                   put_text(db, "reference", e->n_source > 0 ? e->source[e->reference].name : NULL,
                            err) ||
                   put_text(db, "dated", rs_retro_is_dated(r) ? "1" : "0", err)
               ? -1
               : 0;
}

static int put_source(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_source *s = &r->evidence->source[i];
    const struct retro_offset *o = &r->rebuilt.offset[i];
    return RS_INSERT(
        db, T_SOURCE, err, int_value(i), text_value(s->name),
        text_value(rs_retro_source_kind_name(s->kind)), text_value(s->file), text_value(s->format),
        text_value(s->sha256), count_value(s->n_line), count_value(s->n_taken),
        count_value(s->n_rejected), count_value(s->n_duplicate), count_value(s->n_out_of_order),
        instant_value(s->first_ns), instant_value(s->first_ns == RS_NEVER ? RS_NEVER : s->last_ns),
        text_value(rs_retro_clock_how_name(o->how)), instant_value(o->lo_ns),
        instant_value(o->best_ns), instant_value(o->hi_ns), int_value(o->n_pair),
        int_value(o->n_agree), text_value(o->why));
}

static int put_note(struct database *db, int i, const struct note *n, struct err *err)
{
    bool placed = n->at.line > 0;
    return RS_INSERT(db, T_NOTE, err, int_value(i), text_value(n->at.file),
                     placed ? int_value(n->at.line) : null_value(),
                     placed ? int_value(n->at.col) : null_value(), text_value(n->text));
}

static int put_mark(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_mark *m = &r->evidence->mark[i];
    bool sets = m->event == RS_EVENT_FLAG_SET;
    int64_t lo_ns = 0, hi_ns = 0;
    rs_retro_mark_instant(r, i, &lo_ns, &hi_ns);
    return RS_INSERT(db, T_MARK, err, int_value(i), int_value(m->source),
                     text_value(rs_retro_event_name(m->event)), instant_value(lo_ns),
                     instant_value(hi_ns), text_value(m->episode), text_value(m->actor),
                     text_value(rs_retro_stage_name(r, m->stage)),
                     text_value(rs_retro_flag_name(r, m->flag)),
                     text_value(!sets   ? NULL
                                : m->on ? "on"
                                        : "off"),
                     real_value(sets ? m->percent : (double)NAN), text_value(m->subject),
                     text_value(m->note), m->at.line > 0 ? int_value(m->at.line) : null_value());
}

/* ---- the rollout ------------------------------------------------------------------------------------------------------- */

static int put_stage(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct stage *s = &r->evidence->scenario->response.stage[i];
    const struct retro_instant *at = &r->rebuilt.stage[i];
    return RS_INSERT(db, T_STAGE, err, int_value(i), text_value(s->name), text_value(s->title),
                     text_value(s->ref), text_value(rs_retro_how_name(at->how)),
                     instant_value(at->lo_ns), best_value(at), instant_value(at->hi_ns));
}

static int put_flag_step(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_flag_step *s = &r->rebuilt.flag_step[i];
    return RS_INSERT(db, T_FLAG_STEP, err, int_value(i), text_value(rs_retro_flag_name(r, s->flag)),
                     text_value(s->on ? "on" : "off"), real_value(s->percent),
                     text_value(rs_retro_how_name(s->at.how)), instant_value(s->at.lo_ns),
                     best_value(&s->at), instant_value(s->at.hi_ns));
}

static int put_rollout(struct database *db, const struct retro *r, struct err *err)
{
    const struct scenario *sc = r->evidence->scenario;
    int rc = 0;
    for (int i = 0; rc == 0 && sc && r->rebuilt.stage && i < sc->response.n_stage; i++)
        rc = put_stage(db, r, i, err);
    for (int i = 0; rc == 0 && i < r->rebuilt.n_flag_step; i++)
        rc = put_flag_step(db, r, i, err);
    return rc;
}

static int put_known(struct database *db, const struct retro *r, int i, struct err *err)
{
    const struct retro_known *k = &r->evidence->known[i];
    int change = rs_retro_change_of(r, k);
    double error_s =
        change < 0 ? (double)NAN : rs_s_from_ns(r->rebuilt.change[change].best_ns - k->from_ns);
    return RS_INSERT(db, T_KNOWN, err, int_value(i), text_value(k->name ? k->name : ""),
                     instant_value(k->from_ns), instant_value(k->until_ns), id_value(change),
                     real_value(error_s));
}

static int put_read(struct database *db, const struct retro *r, struct err *err)
{
    const struct retro_evidence *e = r->evidence;
    int rc = 0;
    for (int i = 0; rc == 0 && i < e->n_source; i++)
        rc = put_source(db, r, i, err);
    for (int i = 0; rc == 0 && i < e->n_note; i++)
        rc = put_note(db, i, &e->note[i], err);
    for (int i = 0; rc == 0 && i < e->n_mark; i++)
        rc = put_mark(db, r, i, err);
    rc = rc ? rc : put_rollout(db, r, err);
    for (int i = 0; rc == 0 && i < e->n_known; i++)
        rc = put_known(db, r, i, err);
    return rc;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static int write_draft(const struct retro *r, const char *path, bool overwrite, struct err *err)
{
    struct database *db = rs_database_create(&schema, path, overwrite, err);
    if (!db)
        return -1;
    int rc = put_meta(db, r, err);
    rc = rc ? rc : put_read(db, r, err);
    rc = rc ? rc : rs_retro_put_series(db, r, err);
    rc = rc ? rc : rs_retro_put_found(db, r, err);
    rc = rc ? rc : rs_retro_put_learnt(db, r, err);
    if (rc == 0)
        return rs_database_finish(db, err);
    rs_database_abandon(db);
    return -1;
}

/* PATH.part is what runs and searches lock by, too, so that nothing else writes the draft meanwhile. */
int rs_retro_record(const struct retro *r, const char *path, bool overwrite, struct err *err)
{
    if (rs_run_file_may_replace(path, overwrite, err) != 0)
        return -1;
    char *part = rs_run_file_name(path, ".part");
    int rc = -1, fd = -1;
    if (rs_run_file_bytes(part) > 0)
        rs_err_set(err, RS_E_USAGE,
                   "%s is of a run that is not over; record the retrospective elsewhere", part);
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
