/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A retrospective for machines (docs/retro.schema.json). Names are those of the record's tables and columns (verify/retro.sql);
 * keys may be added, none is renamed or changes its meaning. Instants are seconds, null = not told or open on that side.
 */
#include "json_parts.h"

#include <math.h>

#include "verify/retro_report.h"

/* ---- parts that many rows have ----------------------------------------------------------------------------------------- */

json_t *rs_retro_json_time(int64_t ns)
{
    return ns == RS_NEVER || ns == INT64_MIN ? json_null() : rs_json_real(rs_s_from_ns(ns));
}

void rs_retro_json_instant(json_t *row, const struct retro *r, const struct retro_instant *at)
{
    bool is_told = rs_retro_is_told(at);
    char text[40];
    rs_json_set(row, "lo", rs_retro_json_time(at->lo_ns));
    rs_json_set(row, "best", is_told ? rs_retro_json_time(at->best_ns) : json_null());
    rs_json_set(row, "hi", rs_retro_json_time(at->hi_ns));
    if (is_told && rs_retro_is_dated(r))
        rs_json_set(row, "time", rs_json_text(rs_time_format(text, sizeof text, at->best_ns)));
    else
        rs_json_set(row, "time", json_null());
}

void rs_retro_json_place(json_t *row, struct mark at)
{
    bool placed = at.line > 0;
    rs_json_set(row, "file", rs_json_text(at.file));
    rs_json_set(row, "line", placed ? json_integer(at.line) : json_null());
    rs_json_set(row, "column", placed ? json_integer(at.col) : json_null());
}

json_t *rs_retro_json_index(int i)
{
    return i < 0 ? json_null() : json_integer(i);
}

/* ---- what was read ----------------------------------------------------------------------------------------------------- */

static json_t *source_row(const struct retro *r, int i)
{
    const struct retro_source *s = &r->evidence->source[i];
    const struct retro_offset *o = &r->rebuilt.offset[i];
    bool any = s->first_ns != RS_NEVER;
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(s->name));
    rs_json_set(row, "kind", rs_json_text(rs_retro_source_kind_name(s->kind)));
    rs_json_set(row, "file", rs_json_text(s->file));
    rs_json_set(row, "format", rs_json_text(s->format));
    rs_json_set(row, "sha256", rs_json_text(s->sha256));
    rs_json_set(row, "n_line", rs_json_count(s->n_line));
    rs_json_set(row, "n_taken", rs_json_count(s->n_taken));
    rs_json_set(row, "n_rejected", rs_json_count(s->n_rejected));
    rs_json_set(row, "n_duplicate", rs_json_count(s->n_duplicate));
    rs_json_set(row, "n_out_of_order", rs_json_count(s->n_out_of_order));
    rs_json_set(row, "first", any ? rs_retro_json_time(s->first_ns) : json_null());
    rs_json_set(row, "last", any ? rs_retro_json_time(s->last_ns) : json_null());
    rs_json_set(row, "clock", rs_json_text(rs_retro_clock_how_name(o->how)));
    rs_json_set(row, "offset_low", rs_retro_json_time(o->lo_ns));
    rs_json_set(row, "offset", rs_retro_json_time(o->best_ns));
    rs_json_set(row, "offset_high", rs_retro_json_time(o->hi_ns));
    rs_json_set(row, "n_pair", json_integer(o->n_pair));
    rs_json_set(row, "n_agree", json_integer(o->n_agree));
    rs_json_set(row, "why", rs_json_text(o->why));
    return row;
}

static json_t *note_row(const struct note *n)
{
    json_t *row = json_object();
    rs_retro_json_place(row, n->at);
    rs_json_set(row, "text", rs_json_text(n->text));
    return row;
}

static json_t *mark_row(const struct retro *r, int i)
{
    const struct retro_mark *m = &r->evidence->mark[i];
    bool sets = m->event == RS_EVENT_FLAG_SET;
    json_t *row = json_object();
    int64_t lo_ns = 0, hi_ns = 0;
    rs_retro_mark_instant(r, i, &lo_ns, &hi_ns);
    rs_retro_json_place(row, m->at);
    rs_json_set(row, "source", rs_json_text(r->evidence->source[m->source].name));
    rs_json_set(row, "event", rs_json_text(rs_retro_event_name(m->event)));
    rs_json_set(row, "lo", rs_retro_json_time(lo_ns));
    rs_json_set(row, "hi", rs_retro_json_time(hi_ns));
    rs_json_set(row, "episode", rs_json_text(m->episode));
    rs_json_set(row, "actor", rs_json_text(m->actor));
    rs_json_set(row, "stage", rs_json_text(rs_retro_stage_name(r, m->stage)));
    rs_json_set(row, "flag", rs_json_text(rs_retro_flag_name(r, m->flag)));
    rs_json_set(row, "state", rs_json_text(!sets ? NULL : m->on ? "on" : "off"));
    rs_json_set(row, "percent", rs_json_real(sets ? m->percent : (double)NAN));
    rs_json_set(row, "subject", rs_json_text(m->subject));
    rs_json_set(row, "note", rs_json_text(m->note));
    return row;
}

static json_t *known_row(const struct retro *r, int i)
{
    const struct retro_known *k = &r->evidence->known[i];
    int change = rs_retro_change_of(r, k);
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(k->name));
    rs_json_set(row, "from_time", rs_retro_json_time(k->from_ns));
    rs_json_set(row, "until_time", rs_retro_json_time(k->until_ns));
    rs_json_set(row, "change", rs_retro_json_index(change));
    rs_json_set(row, "error",
                change < 0
                    ? json_null()
                    : rs_json_real(rs_s_from_ns(r->rebuilt.change[change].best_ns - k->from_ns)));
    return row;
}

static void set_read(json_t *root, const struct retro *r)
{
    const struct retro_evidence *e = r->evidence;
    json_t *sources = json_array(), *notes = json_array(), *marks = json_array(),
           *known = json_array();
    for (int i = 0; i < e->n_source; i++)
        rs_json_add(sources, source_row(r, i));
    for (int i = 0; i < e->n_note; i++)
        rs_json_add(notes, note_row(&e->note[i]));
    for (int i = 0; i < e->n_mark; i++)
        rs_json_add(marks, mark_row(r, i));
    for (int i = 0; i < e->n_known; i++)
        rs_json_add(known, known_row(r, i));
    rs_json_set(root, "source", sources);
    rs_json_set(root, "note", notes);
    rs_json_set(root, "mark", marks);
    rs_json_set(root, "known", known);
}

/* ---- the rollout ------------------------------------------------------------------------------------------------------- */

static json_t *stage_row(const struct retro *r, int i)
{
    const struct stage *s = &r->evidence->scenario->response.stage[i];
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(s->name));
    rs_json_set(row, "title", rs_json_text(s->title));
    rs_json_set(row, "ref", rs_json_text(s->ref));
    rs_json_set(row, "how", rs_json_text(rs_retro_how_name(r->rebuilt.stage[i].how)));
    rs_json_set(row, "why", rs_json_text(r->rebuilt.stage[i].why));
    rs_retro_json_instant(row, r, &r->rebuilt.stage[i]);
    return row;
}

static json_t *flag_row(const struct retro *r, const struct retro_flag_step *s)
{
    json_t *row = json_object();
    rs_json_set(row, "flag", rs_json_text(rs_retro_flag_name(r, s->flag)));
    rs_json_set(row, "state", rs_json_text(s->on ? "on" : "off"));
    rs_json_set(row, "percent", rs_json_real(s->percent));
    rs_json_set(row, "how", rs_json_text(rs_retro_how_name(s->at.how)));
    rs_json_set(row, "why", rs_json_text(s->at.why));
    rs_retro_json_instant(row, r, &s->at);
    return row;
}

static json_t *signal_row(const struct retro *r, const struct retro_signal *s)
{
    json_t *row = json_object();
    rs_json_set(row, "name", rs_json_text(s->name));
    rs_json_set(row, "unit", rs_json_text(s->unit));
    rs_json_set(row, "kind", rs_json_text(rs_retro_signal_kind_name(s->kind)));
    rs_json_set(row, "service", rs_json_text(rs_retro_service_name(r, s->service)));
    rs_json_set(row, "n_point", rs_json_count(s->n));
    return row;
}

json_t *rs_retro_json_change(const struct retro_change *c)
{
    json_t *row = json_object();
    rs_json_set(row, "signal", rs_retro_json_index(c->signal));
    rs_json_set(row, "lo", rs_retro_json_time(c->lo_ns));
    rs_json_set(row, "best", rs_retro_json_time(c->best_ns));
    rs_json_set(row, "hi", rs_retro_json_time(c->hi_ns));
    rs_json_set(row, "before", rs_json_real(c->before));
    rs_json_set(row, "before_low", rs_json_real(c->before_lo));
    rs_json_set(row, "before_high", rs_json_real(c->before_hi));
    rs_json_set(row, "after", rs_json_real(c->after));
    rs_json_set(row, "after_low", rs_json_real(c->after_lo));
    rs_json_set(row, "after_high", rs_json_real(c->after_hi));
    rs_json_set(row, "ramp", rs_json_real(c->ramp_s));
    rs_json_set(row, "log10_odds", rs_json_real(c->log10_odds));
    return row;
}

static void set_rollout(json_t *root, const struct retro *r)
{
    const struct retro_rebuilt *b = &r->rebuilt;
    const struct scenario *sc = r->evidence->scenario;
    json_t *stages = json_array(), *flags = json_array(), *signals = json_array(),
           *changes = json_array(), *finished = json_object();
    for (int i = 0; sc && b->stage && i < sc->response.n_stage; i++)
        rs_json_add(stages, stage_row(r, i));
    for (int i = 0; i < b->n_flag_step; i++)
        rs_json_add(flags, flag_row(r, &b->flag_step[i]));
    for (int i = 0; i < b->n_signal; i++)
        rs_json_add(signals, signal_row(r, &b->signal[i]));
    for (int i = 0; i < b->n_change; i++)
        rs_json_add(changes, rs_retro_json_change(&b->change[i]));
    rs_json_set(finished, "how", rs_json_text(rs_retro_how_name(b->finished.how)));
    rs_json_set(finished, "why", rs_json_text(b->finished.why));
    rs_retro_json_instant(finished, r, &b->finished);
    rs_json_set(root, "stage", stages);
    rs_json_set(root, "flag_step", flags);
    rs_json_set(root, "signal", signals);
    rs_json_set(root, "change", changes);
    rs_json_set(root, "finished", finished);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static json_t *about_scenario(const struct scenario *sc)
{
    if (!sc)
        return json_null();
    json_t *s = json_object();
    rs_json_set(s, "name", rs_json_text(sc->name));
    rs_json_set(s, "title", rs_json_text(sc->title));
    rs_json_set(s, "file", rs_json_text(sc->file));
    rs_json_set(s, "sha256", rs_json_text(sc->sha256));
    return s;
}

int rs_retro_print_json(FILE *to, const struct retro *r, int exit_status)
{
    const struct retro_evidence *e = r->evidence;
    json_t *root = json_object();
    rs_json_set(root, "rollsim_version", rs_json_text(RS_VERSION));
    rs_json_set(root, "name", rs_json_text(e->name));
    rs_json_set(root, "title", rs_json_text(e->title));
    rs_json_set(root, "file", rs_json_text(e->file));
    rs_json_set(root, "sha256", rs_json_text(e->sha256));
    rs_json_set(root, "confidence", rs_json_real(e->confidence));
    rs_json_set(root, "reference",
                rs_json_text(e->n_source > 0 ? e->source[e->reference].name : NULL));
    rs_json_set(root, "dated", json_boolean(rs_retro_is_dated(r)));
    rs_json_set(root, "exit_status", json_integer(exit_status));
    rs_json_set(root, "scenario", about_scenario(e->scenario));
    set_read(root, r);
    set_rollout(root, r);
    rs_retro_json_found(root, r);
    rs_retro_json_what_if(root, r);
    rs_json_set(root, "learnt", rs_retro_json_learnt(r));
    return rs_json_print(to, root);
}
