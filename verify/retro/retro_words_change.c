/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of changes: which of them no episode explains, which shows a known fault; and of pauses that somebody noted. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "report_words.h"
#include "retro_words.h"
#include "sim/clock.h"

#define SLACK_NS (60 * RS_NS_PER_S)

/* ---- words --------------------------------------------------------------------------------------------------------- */

const char *rs_retro_unit(const struct retro_signal *s)
{
    return s->kind == RS_SIGNAL_RATIO ? "ratio" : s->unit ? s->unit : "";
}

const char *rs_retro_change_words(struct arena *arena,
                                  const struct retro *r,
                                  int signal,
                                  const struct retro_change *c)
{
    char before[64], after[128], ramp[32], at[40];
    const struct retro_signal *s = &r->rebuilt.signal[signal];
    const char *unit = rs_retro_unit(s);
    struct retro_range level = {c->after, c->after_lo, c->after_hi};
    bool ramps = c->ramp_s > 0.0;
    return rs_arena_printf(
        arena, "%s from %s to %s%s%s at %s", s->name,
        rs_retro_in_unit(before, sizeof before, c->before, unit),
        rs_retro_range(after, sizeof after, level, unit), ramps ? " within " : "",
        ramps ? rs_seconds_human(ramp, sizeof ramp, c->ramp_s) : "",
        rs_retro_time_of_day(at, sizeof at, r,
                             rs_retro_shown_within(c->lo_ns, c->best_ns, c->hi_ns)));
}

/* ---- pauses -------------------------------------------------------------------------------------------------------- */

struct retro_instant rs_retro_mark_at(const struct retro *r, int mark)
{
    struct retro_instant at = {.how = RS_HOW_RECORDED,
                               .confidence = 1,
                               .source = r->evidence->mark[mark].source,
                               .mark = mark};
    rs_retro_mark_instant(r, mark, &at.lo_ns, &at.hi_ns);
    at.best_ns = at.lo_ns + (at.hi_ns - at.lo_ns) / 2;
    return at;
}

const char *rs_retro_pause_words(struct arena *arena, const struct retro *r, int mark)
{
    const struct retro_mark *m = &r->evidence->mark[mark];
    if (m->event != RS_EVENT_HELD && m->event != RS_EVENT_HALTED && m->event != RS_EVENT_RESUMED)
        return NULL;
    const char *stage = rs_retro_stage_name(r, m->stage), *said = m->subject ? m->subject : m->note;
    const char *event = rs_retro_event_name(m->event);
    if (said && strcmp(said, event) == 0)
        said = NULL;
    return rs_arena_printf(arena, "%s%s%s%s%s", event, stage ? " in " : "", stage ? stage : "",
                           said ? ": " : "", said ? said : "");
}

bool rs_retro_has_notes(const struct retro *r)
{
    for (int i = 0; i < r->evidence->n_source; i++) {
        enum retro_source_kind kind = r->evidence->source[i].kind;
        if (kind == RS_SOURCE_TIMELINE || kind == RS_SOURCE_ANNOTATIONS)
            return true;
    }
    return false;
}

const char *rs_retro_no_rollback_words(const struct retro *r)
{
    return rs_retro_has_notes(r) ? ", no rollback was noted"
                                 : ", whether there was a rollback nobody noted";
}

const char *rs_retro_unseen_words(const struct retro *r)
{
    if (r->rebuilt.n_signal == 0 && !r->evidence->scenario && r->evidence->data &&
        r->evidence->data->n_series > 0)
        return "No signal was looked at: without a scenario the document's `signals` say which "
               "series to judge by.";
    return "No recorded series shows it.";
}

/* ---- which way hurts ----------------------------------------------------------------------------------------------- */

static bool hurts(const struct retro *r, const struct retro_change *c)
{
    if (c->signal < 0)
        return true;
    switch (r->rebuilt.signal[c->signal].bad) {
    case RS_EITHER_WAY: return true;
    case RS_UPWARDS: return c->after > c->before;
    case RS_DOWNWARDS: return c->after < c->before;
    }
    assert(!"a direction of no kind");
    return false;
}

/* ---- what no episode explains -------------------------------------------------------------------------------------- */

/* From the first known instant to the last, the fault's own changes with it. false: none is known. */
static bool extent(const struct retro_episode *e, int64_t *from_ns, int64_t *until_ns)
{
    *from_ns = RS_NEVER;
    *until_ns = INT64_MIN;
    for (int i = 0; i < RS_CLOCK_N; i++) {
        const struct retro_instant *at = &e->at[i];
        if (!rs_retro_is_told(at))
            continue;
        int64_t lo_ns = at->lo_ns == INT64_MIN ? at->best_ns : at->lo_ns,
                hi_ns = at->hi_ns == RS_NEVER ? at->best_ns : at->hi_ns;
        *from_ns = lo_ns < *from_ns ? lo_ns : *from_ns;
        *until_ns = hi_ns > *until_ns ? hi_ns : *until_ns;
    }
    if (e->up.found) {
        *from_ns = e->up.lo_ns < *from_ns ? e->up.lo_ns : *from_ns;
        *until_ns = e->up.hi_ns > *until_ns ? e->up.hi_ns : *until_ns;
    }
    if (e->down.found)
        *until_ns = e->down.hi_ns > *until_ns ? e->down.hi_ns : *until_ns;
    return *from_ns != RS_NEVER && *until_ns != INT64_MIN;
}

static bool is_explained(const struct retro *r, const struct retro_change *c)
{
    int64_t from_ns, until_ns;
    for (int i = 0; i < r->rebuilt.n_episode; i++) {
        if (extent(&r->rebuilt.episode[i], &from_ns, &until_ns) && c->hi_ns >= from_ns - SLACK_NS &&
            c->lo_ns <= until_ns + SLACK_NS)
            return true;
    }
    return false;
}

const int *rs_retro_unexplained(struct arena *arena, const struct retro *r, int *out_n)
{
    const struct retro_change *change = r->rebuilt.change;
    int *out = RS_ARENA_ARRAY(arena, int, r->rebuilt.n_change + 1), n = 0;
    for (int i = 0; i < r->rebuilt.n_change; i++) {
        const struct retro_change *c = &change[i];
        if (c->signal < 0 || c->signal >= r->rebuilt.n_signal || !hurts(r, c) || is_explained(r, c))
            continue;
        int k = n++;
        for (; k > 0 && change[out[k - 1]].log10_odds < c->log10_odds; k--)
            out[k] = out[k - 1];
        out[k] = i;
    }
    *out_n = n;
    return out;
}

/* ---- known faults, by their changes -------------------------------------------------------------------------------- */

int rs_retro_change_of(const struct retro *r, const struct retro_known *known)
{
    const int64_t least_ns = 60 * RS_NS_PER_S;
    bool ends = known->until_ns != RS_NEVER;
    int64_t early_ns = ends ? (known->until_ns - known->from_ns) / 2 : least_ns;
    int64_t from_ns = known->from_ns - (early_ns > least_ns ? early_ns : least_ns);
    int found = -1;
    for (int i = 0; i < r->rebuilt.n_change; i++) {
        const struct retro_change *c = &r->rebuilt.change[i];
        if (c->best_ns < from_ns || (ends && c->best_ns > known->until_ns) || !hurts(r, c))
            continue;
        if (found < 0 || c->log10_odds > r->rebuilt.change[found].log10_odds)
            found = i;
    }
    return found;
}
