/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks: what somebody noted, from any of the forms; their names looked up, their times read, doubled ones taken once. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text/value.h"
#include "evidence_read.h"
#include "sim/clock.h"
#include "verify/retro_evidence.h"

/* ---- one mark ---- */

int rs_marks_event(struct reader *r, const char *word, struct mark at)
{
    const char *names[RS_EVENT_N + 1];
    int event = strcmp(word, "firing") == 0 ? RS_CLOCK_DETECTED : rs_retro_event(word);
    if (event >= 0) {
        return event;
    }
    for (int i = 0; i < RS_EVENT_N; i++) {
        names[i] = rs_retro_event_name(i);
    }
    names[RS_EVENT_N] = "firing";
    return rs_refuse_name(r, RS_E_REF, at, word, names, RS_EVENT_N + 1, "there is no event \"%s\"",
                          word);
}

struct thing { /* of the scenario, by name */
    const char *what;
    int n;
    const char *(*name)(const struct scenario *sc, int i);
};

static const char *stage_name(const struct scenario *sc, int i)
{
    return sc->response.stage[i].name;
}

static const char *flag_name(const struct scenario *sc, int i)
{
    return sc->flag[i].name;
}

/* Index by name; -1 where there is no scenario or the words are somebody else's; -2 with an error. */
static int
find_thing(struct marks_reading *m, const struct thing *t, const char *name, struct mark at)
{
    const struct scenario *sc = m->e->scenario;
    for (int i = 0; sc && i < t->n; i++) {
        if (strcmp(t->name(sc, i), name) == 0) {
            return i;
        }
    }
    if (!sc) {
        return -1;
    }
    if (m->lenient) {
        rs_evidence_note(m->e, at, "the scenario has no %s \"%s\"", t->what, name);
        return -1;
    }
    const char **names = RS_ARENA_ARRAY(m->r->arena, const char *, t->n);
    for (int i = 0; i < t->n; i++) {
        names[i] = t->name(sc, i);
    }
    rs_refuse_name(m->r, RS_E_REF, at, name, names, (size_t)t->n, "there is no %s \"%s\"", t->what,
                   name);
    return -2;
}

static int find_names(struct marks_reading *m, const struct mark_draft *d, struct retro_mark *out)
{
    const struct scenario *sc = m->e->scenario;
    out->stage = out->flag = -1;
    if (d->stage) {
        const struct thing stages = {"stage", sc ? sc->response.n_stage : 0, stage_name};
        out->stage = find_thing(m, &stages, d->stage, d->stage_at);
    }
    if (d->flag) {
        const struct thing flags = {"flag", sc ? sc->n_flag : 0, flag_name};
        out->flag = find_thing(m, &flags, d->flag, d->flag_at);
    }
    /* What the scenario does not know keeps its word. */
    const char *word = out->flag == -1 && d->flag     ? d->flag
                       : out->stage == -1 && d->stage ? d->stage
                                                      : NULL;
    out->subject = d->subject ? d->subject : word;
    return out->stage == -2 || out->flag == -2 ? -1 : 0;
}

/* A mistake in people's own timeline is an error, in what a tool wrote a note. 0 or -1. */
static int tell_mistake(struct marks_reading *m, struct mark at, const char *what, const char *text)
{
    if (!m->lenient) {
        return rs_err_list_add(m->r->errors, RS_E_TYPE, at, "%s, got \"%.60s\"", what, text);
    }
    rs_evidence_note(m->e, at, "%s, got \"%.60s\"", what, text);
    return 0;
}

/* What a flag was set to. */
static int find_setting(struct marks_reading *m, const struct mark_draft *d, struct retro_mark *out)
{
    int status = 0;
    bool has_percent = d->percent != NULL, has_on = d->on != NULL;
    out->percent = NAN;
    if (d->percent && (rs_value_percent(&out->percent, d->percent) != 0 ||
                       !(out->percent >= 0.0 && out->percent <= 100.0))) {
        status |= tell_mistake(m, d->percent_at, "\"percent\" must be 0..100", d->percent);
        out->percent = NAN;
        has_percent = false;
    }
    out->on = out->percent > 0.0;
    if (d->on && rs_value_bool(&out->on, d->on) != 0) {
        status |= tell_mistake(m, d->on_at, "\"on\" must be on or off", d->on);
        has_on = false;
    }
    bool unset = out->event == RS_EVENT_FLAG_SET && (!d->flag || (!has_on && !has_percent));
    if (unset && m->lenient) {
        out->event = RS_EVENT_NOTE;
        rs_evidence_note(m->e, d->event_at, "a flag was set, and it is not told which or to what");
    } else if (unset && status == 0) {
        status = rs_err_list_add(m->r->errors, RS_E_KEY, d->event_at,
                                 "flag_set needs a \"flag\", and \"on\" or \"percent\"");
    }
    return status;
}

static const char *keep(struct marks_reading *m, const char *text)
{
    return text && text[0] ? rs_arena_strdup(m->e->arena, text) : NULL;
}

/* All but the time. 0, or -1 with errors. */
static int fill(struct marks_reading *m, const struct mark_draft *d, struct retro_mark *out)
{
    *out = (struct retro_mark){.source = m->source, .at = d->here};
    out->event = rs_marks_event(m->r, d->event, d->event_at);
    int status = out->event < 0 ? -1 : 0;
    status |= find_names(m, d, out);
    status |= find_setting(m, d, out);
    return status;
}

int rs_marks_add_at(struct marks_reading *m, const struct mark_draft *d, struct when when)
{
    struct retro_mark out;
    if (fill(m, d, &out) != 0) {
        return -1;
    }
    out.written_lo_ns = when.lo_ns;
    out.written_hi_ns = when.hi_ns;
    out.at.file = m->e->source[m->source].file;
    out.episode = keep(m, d->episode);
    out.actor = keep(m, d->actor);
    out.note = keep(m, d->note);
    out.subject = keep(m, out.subject);
    if (when.doubled) {
        rs_evidence_note(
            m->e, out.at,
            "\"%s\" is twice on that clock, which went back over it: either may be meant", d->at);
    }
    rs_evidence_add_mark(m->e, out);
    return 0;
}

int rs_marks_add(struct marks_reading *m, const struct mark_draft *d, int64_t day)
{
    struct when when = {0};
    struct retro_mark unused;
    char why[160];
    if (rs_when_read(&when, d->at, &m->zone, day, why, sizeof(why)) == 0) {
        return rs_marks_add_at(m, d, when);
    }
    (void)fill(m, d, &unused); /* its other mistakes are told too */
    return rs_err_list_add(m->r->errors, RS_E_TYPE, d->at_at, "\"%.40s\" %s", d->at, why);
}

/* ---- the marks of one source ---- */

static int compare_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_double(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) - isnan(b) : (a > b) - (a < b);
}

/* 0: they say the same. */
static int compare_marks(const struct retro_mark *a, const struct retro_mark *b)
{
    if (a->written_lo_ns != b->written_lo_ns) {
        return a->written_lo_ns < b->written_lo_ns ? -1 : 1;
    }
    if (a->written_hi_ns != b->written_hi_ns) {
        return a->written_hi_ns < b->written_hi_ns ? -1 : 1;
    }
    int by = a->event - b->event;
    by = by ? by : a->stage - b->stage;
    by = by ? by : a->flag - b->flag;
    by = by ? by : a->on - b->on;
    by = by ? by : compare_double(a->percent, b->percent);
    by = by ? by : compare_text(a->episode, b->episode);
    by = by ? by : compare_text(a->actor, b->actor);
    by = by ? by : compare_text(a->subject, b->subject);
    return by ? by : compare_text(a->note, b->note);
}

static int by_content(const void *a, const void *b)
{
    const struct retro_mark *const *x = a, *const *y = b;
    int by = compare_marks(*x, *y);
    return by ? by : (*x > *y) - (*x < *y); /* they stand in one array */
}

/* Exact doubles go; the first one stays. */
static void drop_doubled(struct marks_reading *m)
{
    struct retro_evidence *e = m->e;
    struct retro_source *s = &e->source[m->source];
    int n = e->n_mark - m->first, kept = m->first;
    const struct retro_mark **order = rs_xcalloc((size_t)n + 1, sizeof(struct retro_mark *));
    bool *doubled = rs_xcalloc((size_t)n + 1, sizeof(*doubled));
    for (int i = 0; i < n; i++) {
        order[i] = &e->mark[m->first + i];
    }
    qsort(order, (size_t)n, sizeof(struct retro_mark *), by_content);
    for (int i = 1; i < n; i++) {
        if (compare_marks(order[i - 1], order[i]) == 0) {
            doubled[order[i] - &e->mark[m->first]] = true;
            s->n_duplicate++;
        }
    }
    struct mark at = {0};
    for (int i = 0; i < n; i++) {
        if (!doubled[i]) {
            e->mark[kept++] = e->mark[m->first + i];
        } else if (!at.line) {
            at = e->mark[m->first + i].at;
        }
    }
    e->n_mark = kept;
    if (s->n_duplicate > 0) {
        rs_evidence_note(e, at,
                         "marks that say exactly what one before them said: %llu, the first one "
                         "here; they count once",
                         (unsigned long long)s->n_duplicate);
    }
    free(doubled);
    free(order);
}

static void count_order(struct marks_reading *m)
{
    struct retro_evidence *e = m->e;
    struct retro_source *s = &e->source[m->source];
    int64_t latest = INT64_MIN;
    struct mark at = {0};
    for (int i = m->first; i < e->n_mark; i++) {
        const struct retro_mark *k = &e->mark[i];
        if (k->written_hi_ns <= latest && !m->unordered) {
            at = s->n_out_of_order++ == 0 ? k->at : at;
        }
        latest = k->written_lo_ns > latest ? k->written_lo_ns : latest;
        bool first = s->first_ns == RS_NEVER;
        s->first_ns = first || k->written_lo_ns < s->first_ns ? k->written_lo_ns : s->first_ns;
        s->last_ns = first || k->written_lo_ns > s->last_ns ? k->written_lo_ns : s->last_ns;
    }
    if (s->n_out_of_order > 0) {
        rs_evidence_note(e, at,
                         "marks earlier than one before them: %llu, the first one here; the times "
                         "count, not the order of lines",
                         (unsigned long long)s->n_out_of_order);
    }
}

/* What was read and is no mark. */
static void tell_passed(struct marks_reading *m)
{
    const struct retro_source *s = &m->e->source[m->source];
    if (s->n_rejected > 0) {
        struct mark at = {s->file, m->rejected_at.line, m->rejected_at.col};
        rs_evidence_note(m->e, at, "entries not taken: %llu, the first one here: %s",
                         (unsigned long long)s->n_rejected, m->rejected);
    }
    if (m->n_passed > 0) {
        rs_evidence_note(m->e, (struct mark){s->file, 0, 0},
                         "lines about something else than notifications: %llu",
                         (unsigned long long)m->n_passed);
    }
}

void rs_marks_finish(struct marks_reading *m)
{
    struct retro_source *s = &m->e->source[m->source];
    tell_passed(m);
    drop_doubled(m);
    count_order(m);
    s->n_taken = (uint64_t)(m->e->n_mark - m->first);
}

/* ---- which form it has ---- */

enum { TEXT_MAX = 4 << 20 };

/* The whole text, in the arena; NULL with an error. */
static const char *slurp(struct marks_reading *m, struct text_source *from, size_t *out_n)
{
    const char *text = NULL;
    *out_n = rs_source_peek(from, TEXT_MAX + 1, &text);
    if (*out_n > TEXT_MAX || from->damaged) {
        rs_err_list_add(m->r->errors, RS_E_IO, (struct mark){from->path, 0, 0}, "%s",
                        from->damaged ? rs_source_damage(from) : "larger than 4 MiB");
        return NULL;
    }
    return rs_arena_strndup(m->r->arena, text, *out_n);
}

static int read_yaml(struct marks_reading *m, struct text_source *from)
{
    size_t n = 0;
    const char *text = slurp(m, from, &n);
    return text ? rs_marks_read_yaml(m, text, n) : -1;
}

/* Does a line of the first block begin so? */
static bool has_line(const char *text, size_t n, const char *word)
{
    size_t n_word = strlen(word);
    for (const char *p = text, *end = text + n; p < end;) {
        if ((size_t)(end - p) >= n_word && memcmp(p, word, n_word) == 0) {
            return true;
        }
        const char *next = memchr(p, '\n', (size_t)(end - p));
        p = next ? next + 1 : end;
    }
    return false;
}

/* The first character that is neither blank nor in a comment; 0 = none. */
static char first_text(const char *text, size_t n)
{
    bool comment = false;
    for (size_t i = 0; i < n; i++) {
        comment = text[i] == '#' || (comment && text[i] != '\n');
        if (!comment && !strchr(" \t\r\n", text[i])) {
            return text[i];
        }
    }
    return '\0';
}

/* A table begins with its heading; a timeline says what it is on a line of its own. */
static bool is_table(const char *text, size_t n)
{
    bool yaml = has_line(text, n, "timeline:") || has_line(text, n, "events:") ||
                strchr("{-", first_text(text, n));
    return !yaml && memchr(text, ',', n) != NULL;
}

static int read_text(struct marks_reading *m, struct text_source *from)
{
    struct retro_source *s = &m->e->source[m->source];
    const char *text = NULL;
    size_t n = rs_source_peek(from, 1 << 16, &text);
    bool has_mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    from->at += has_mark ? 3 : 0;
    text += has_mark ? 3 : 0;
    n -= has_mark ? 3 : 0;
    char first = first_text(text, n);
    switch (s->kind) {
    case RS_SOURCE_TIMELINE:
        s->format = m->how->episodes ? "episode table" : is_table(text, n) ? "CSV" : "timeline";
        return m->how->episodes || is_table(text, n) ? rs_marks_read_csv(m, from)
                                                     : read_yaml(m, from);
    case RS_SOURCE_ANNOTATIONS:
        s->format = "Grafana annotations";
        return rs_marks_read_json(m, from);
    case RS_SOURCE_NOTIFICATIONS:
        return first == '{' || first == '[' ? rs_marks_read_json(m, from)
                                            : rs_marks_read_am_log(m, from);
    case RS_SOURCE_METRICS:
    case RS_SOURCE_LOG:
    case RS_SOURCE_KIND_N: break;
    }
    assert(!"a source without marks");
    return -1;
}

int rs_marks_begin(struct marks_reading *m,
                   struct reader *r,
                   struct retro_evidence *e,
                   int source,
                   const struct marks_how *how)
{
    static const struct marks_how nothing = {0};
    how = how ? how : &nothing;
    *m = (struct marks_reading){.r = r, .e = e, .source = source, .how = how, .first = e->n_mark};
    return how->zone ? rs_when_zone(r, how->zone, how->zone_at, &m->zone) : 0;
}

int rs_marks_read(struct marks_reading *m, struct text_source *from)
{
    int status = read_text(m, from);
    rs_source_close(from);
    if (status == 0) {
        rs_marks_finish(m);
    }
    return status;
}

int rs_evidence_marks_file(struct evidence_reading *g,
                           const struct source_draft *d,
                           enum retro_source_kind kind,
                           const struct marks_how *how)
{
    struct marks_reading m;
    struct text_source from;
    struct reader r = *g->r;
    int source = rs_evidence_source(g, d, kind);
    const char *path = source < 0 ? NULL : rs_evidence_open(g, source, d);
    if (!path || rs_marks_begin(&m, &r, g->e, source, how) != 0 ||
        rs_source_open(&from, path, r.errors) != 0) {
        return -1;
    }
    r.file = path;
    return rs_marks_read(&m, &from);
}

int rs_evidence_marks(struct retro_evidence *e,
                      int source,
                      const char *zone,
                      const char *text,
                      size_t n,
                      struct err_list *errors)
{
    struct reader r = {.arena = e->arena, .errors = errors, .file = e->source[source].file};
    struct marks_reading m;
    struct text_source from;
    const struct marks_how how = {.zone = zone, .zone_at = {r.file, 0, 0}};
    if (rs_marks_begin(&m, &r, e, source, &how) != 0) {
        return -1;
    }
    rs_source_from_memory(&from, r.file, text, n);
    return rs_marks_read(&m, &from);
}
