/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence from a document or a scenario, and from the files of the command line. */
#include "scenarios/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text/file.h"
#include "evidence_keys.h"
#include "models/rules.h"
#include "patch.h"
#include "scenarios/load.h"
#include "scenarios/rules.h"
#include "sim/clock.h"
#include "verify/retro_evidence.h"

/* ---- what grows: room doubles at powers of two, so there is no capacity to keep ---- */

static void *room(struct arena *arena, const void *array, int n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0) {
        return (void *)(uintptr_t)array;
    }
    void *grown = rs_arena_alloc(arena, size * (size_t)(n ? 2 * n : 1));
    if (n > 0) {
        memcpy(grown, array, size * (size_t)n);
    }
    return grown;
}

void rs_evidence_note(struct retro_evidence *e, struct mark at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct note *note = room(e->arena, e->note, e->n_note, sizeof(*note));
    note[e->n_note++] = (struct note){at, rs_arena_vprintf(e->arena, fmt, args)};
    e->note = note;
    va_end(args);
}

void rs_evidence_add_mark(struct retro_evidence *e, struct retro_mark m)
{
    e->mark = room(e->arena, e->mark, e->n_mark, sizeof(*e->mark));
    e->mark[e->n_mark++] = m;
}

/* ---- sources ---- */

static int find_source(const struct retro_evidence *e, const char *name)
{
    for (int i = 0; i < e->n_source; i++) {
        if (strcmp(e->source[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* A file's name; with a number behind it where another source has it. */
static const char *name_of(struct retro_evidence *e, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *name = base;
    for (int i = 2; find_source(e, name) >= 0; i++) {
        name = rs_arena_printf(e->arena, "%s %d", base, i);
    }
    return name;
}

int rs_evidence_source(struct evidence_reading *g,
                       const struct source_draft *d,
                       enum retro_source_kind kind)
{
    struct retro_evidence *e = g->e;
    if (d->name && find_source(e, d->name) >= 0) {
        return rs_err_list_add(g->r->errors, RS_E_KEY, rs_retell_at(d->map, "name"),
                               "two sources are called \"%s\"", d->name);
    }
    struct retro_source s = {.name = d->name ? d->name : name_of(e, d->file),
                             .file = d->file,
                             .kind = kind,
                             .at = d->at,
                             .offset_given = d->map && rs_node_get(d->map, "offset"),
                             .offset_ns = d->offset_ns,
                             .accuracy_ns = d->accuracy_ns,
                             .service = -1,
                             .first_ns = RS_NEVER,
                             .last_ns = RS_NEVER};
    e->source = room(e->arena, e->source, e->n_source, sizeof(s));
    e->source[e->n_source] = s;
    return e->n_source++;
}

const char *rs_evidence_open(struct evidence_reading *g, int source, const struct source_draft *d)
{
    struct mark at = d->map ? rs_retell_at(d->map, "file") : (struct mark){0};
    const char *path = d->map ? rs_file_path(g->r, d->file, at) : d->file;
    if (!path || rs_file_check(g->r->errors, path, at) != 0 ||
        rs_file_hash_file(g->r, path, at) != 0) {
        return NULL;
    }
    int n = 0;
    const struct input_file *input = rs_file_hash_inputs(g->r->hash, &n);
    g->e->source[source].sha256 = input[n - 1].sha256;
    g->e->source[source].file = path;
    return path;
}

/* ---- from the command line ---- */

static int read_metrics(struct evidence_reading *g, const struct source_draft *d)
{
    static const struct node nothing = {.kind = RS_NODE_MAP};
    struct metrics_draft with = {.source = *d, .data = {.file = d->file, .map = &nothing}};
    const char *folder = g->r->folder;
    g->r->folder = ""; /* as it was typed */
    int status = rs_evidence_metrics(g, &with);
    g->r->folder = folder;
    return status;
}

static int read_file(struct evidence_reading *g, const struct evidence_file *file)
{
    struct source_draft d = {.file = rs_arena_strdup(g->r->arena, file->path)};
    switch (file->kind) {
    case RS_SOURCE_METRICS: return read_metrics(g, &d);
    case RS_SOURCE_LOG:
        return rs_evidence_log(g, &(struct log_draft){.source = d, .service = file->service});
    case RS_SOURCE_TIMELINE:
    case RS_SOURCE_ANNOTATIONS:
    case RS_SOURCE_NOTIFICATIONS: return rs_evidence_marks_file(g, &d, file->kind, NULL);
    case RS_SOURCE_KIND_N: break;
    }
    return -1;
}

/* Metrics go before logs, which must not count what they have; all others as they stand. */
static void read_files(struct evidence_reading *g, const struct evidence_file *file, int n)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < n; i++) {
            if ((file[i].kind == RS_SOURCE_METRICS) == (pass == 0)) {
                (void)read_file(g, &file[i]);
            }
        }
    }
}

/* ---- a scenario ---- */

void rs_evidence_take_scenario(struct evidence_reading *g, struct scenario *sc)
{
    struct retro_evidence *e = g->e;
    e->scenario = sc;
    e->patch = rs_evidence_patch;
    e->name = sc->name;
    e->title = sc->title;
    e->n_rule_file = sc->monitoring.n_rule_file;
    e->rule_file = (const struct rule_file *const *)sc->monitoring.rule_file;
    e->alertmanager = sc->monitoring.alertmanager;
    e->evaluation_interval_ns = sc->monitoring.evaluation_interval_ns;
    e->lookback_ns = sc->monitoring.lookback_ns;
    g->r->dialect = (enum promql_dialect)sc->monitoring.dialect;
    /* The scenario's hash stands for its files. */
    rs_file_hash_text(g->r->hash, sc->file, sc->sha256, strlen(sc->sha256));
}

/* ---- the whole ---- */

static size_t count_errors(const struct reader *r)
{
    return r->errors->n + r->errors->n_dropped;
}

/* file NULL: no other file may be opened. */
static void begin(struct evidence_reading *g, struct reader *r, const char *file)
{
    r->arena = rs_arena_new();
    r->file = rs_arena_strdup(r->arena, file ? file : "evidence");
    r->folder = file ? rs_file_folder(r->arena, file) : NULL;
    r->hash = rs_file_hash_new(r->arena);
    r->sc = RS_ARENA_ARRAY(r->arena, struct scenario, 1);
    r->sc->arena = r->arena;
    struct retro_evidence *e = RS_ARENA_ARRAY(r->arena, struct retro_evidence, 1);
    *e = (struct retro_evidence){.arena = r->arena,
                                 .file = r->file,
                                 .data = rs_recorded_new(NULL),
                                 .evaluation_interval_ns = 60 * RS_NS_PER_S,
                                 .lookback_ns = 300 * RS_NS_PER_S,
                                 .sla_ns = RS_NEVER,
                                 .confidence = 0.95};
    *g = (struct evidence_reading){.r = r, .e = e};
}

/* The first source of metrics, else the first one. */
static int reference_of(const struct retro_evidence *e)
{
    for (int i = 0; i < e->n_source; i++) {
        if (e->source[i].kind == RS_SOURCE_METRICS) {
            return i;
        }
    }
    return 0;
}

static bool is_dated(int64_t ns)
{
    return rs_recorded_is_absolute(ns / RS_NS_PER_MS);
}

/* Where a source of marks first writes a time of the other kind; else where the source is named. */
static struct mark
odd_time(const struct retro_evidence *e, int source, bool dated, struct mark otherwise)
{
    for (int i = 0; i < e->n_mark; i++) {
        if (e->mark[i].source == source && is_dated(e->mark[i].written_lo_ns) != dated) {
            return e->mark[i].at;
        }
    }
    return otherwise;
}

static int first_mark(const struct retro_evidence *e, int source)
{
    int i = 0;
    while (i < e->n_mark && e->mark[i].source != source) {
        i++;
    }
    return i;
}

/* Either all have dates, or none has. */
static void check_dates(struct evidence_reading *g)
{
    const struct retro_source *first = NULL;
    for (int i = 0; i < g->e->n_source; i++) {
        const struct retro_source *s = &g->e->source[i];
        if (s->first_ns == RS_NEVER) {
            continue;
        }
        first = first ? first : s;
        bool dated = is_dated(first->first_ns);
        struct mark at = s->at.line > 0 ? s->at : (struct mark){s->file, 0, 0};
        if (is_dated(s->first_ns) != is_dated(s->last_ns)) {
            int k = first_mark(g->e, i);
            bool usual = k == g->e->n_mark || is_dated(g->e->mark[k].written_lo_ns);
            rs_err_list_add(g->r->errors, RS_E_RANGE, odd_time(g->e, i, usual, at),
                            "\"%s\" has times with dates and times without", s->name);
            return;
        }
        if (is_dated(s->first_ns) != dated) {
            rs_err_list_add(g->r->errors, RS_E_RANGE, odd_time(g->e, i, dated, at),
                            "\"%s\" has times %s dates, \"%s\" %s: evidence has one calendar or "
                            "none",
                            s->name, dated ? "without" : "with", first->name,
                            dated ? "with" : "without");
            return;
        }
    }
}

/* What is left when all was read; NULL, and all is freed, if there were errors. */
static struct retro_evidence *
finish(struct evidence_reading *g, const struct retro_draft *draft, size_t n_before)
{
    struct reader *r = g->r;
    struct retro_evidence *e = g->e;
    if (count_errors(r) == n_before && e->n_source == 0) {
        rs_err_list_add(r->errors, RS_E_USAGE, (struct mark){r->file, 0, 0},
                        "there is no evidence: name metrics, logs, a timeline, annotations or "
                        "notifications");
    }
    if (count_errors(r) == n_before) {
        check_dates(g);
    }
    if (count_errors(r) == n_before) {
        rs_evidence_finish_data(g);
        e->reference = reference_of(e);
        e->dialect = r->dialect;
        if (draft) {
            rs_evidence_document_end(g, draft);
        }
        rs_evidence_doubts(g);
        e->sha256 = rs_file_hash_hex(r->hash);
    }
    rs_err_list_sort(r->errors);
    free(g->source_by_labels);
    rs_file_hash_free(r->hash);
    if (count_errors(r) > n_before) {
        rs_evidence_close(e);
        return NULL;
    }
    return e;
}

static void ask(struct retro_evidence *e, struct retro_what_if question)
{
    struct retro_what_if *all = RS_ARENA_ARRAY(e->arena, struct retro_what_if, e->n_what_if + 1);
    for (int i = 0; i < e->n_what_if; i++) {
        all[i] = e->what_if[i];
    }
    all[e->n_what_if++] = question;
    e->what_if = all;
}

/* Rule files of the command line: today's where there are none, else a question what they would have done. */
static void read_rules(struct evidence_reading *g, const char *const *path, int n)
{
    struct reader *r = g->r;
    struct retro_evidence *e = g->e;
    const struct rule_file **file = RS_ARENA_ARRAY(r->arena, const struct rule_file *, n);
    struct retro_what_if with = {.kind = RS_IF_RULES, .procedure = -1, .file = file};
    for (int i = 0; i < n; i++) {
        struct rules_loaded one;
        const char *kept = rs_arena_strdup(r->arena, path[i]);
        with.name = i == 0 ? kept : rs_arena_printf(r->arena, "%s, %s", with.name, kept);
        if (rs_rules_load(&one, r->arena, r->dialect, kept, r->errors) != 0 ||
            rs_file_hash_file(r, kept, (struct mark){0}) != 0) {
            continue;
        }
        with.alertmanager = one.am ? one.am : with.alertmanager;
        if (one.file) {
            file[with.n_file++] = one.file;
        }
    }
    if (n > 0 && e->n_rule_file == 0) {
        e->n_rule_file = with.n_file;
        e->rule_file = file;
        e->alertmanager = with.alertmanager ? with.alertmanager : e->alertmanager;
    } else if (n > 0) {
        if (with.n_file == 0) { /* only routes: the rules of today */
            with.n_file = e->n_rule_file;
            with.file = e->rule_file;
        }
        ask(e, with);
    }
}

struct command_line {
    const struct evidence_file *file;
    int n_file;
    const char *const *rules;
    int n_rules;
};

/* text NULL: it could not be read. */
static struct retro_evidence *read_document(struct evidence_reading *g,
                                            const char *text,
                                            size_t n,
                                            size_t n_before,
                                            const struct command_line *with,
                                            bool is_earlier)
{
    struct reader *r = g->r;
    struct retro_draft *d = RS_ARENA_ARRAY(r->arena, struct retro_draft, 1);
    d->is_earlier = is_earlier;
    if (text) {
        g->e->text = rs_arena_strndup(r->arena, text, n);
        rs_file_hash_text(r->hash, r->file, text, n);
        r->root = rs_yaml_parse(r->arena, r->file, text, n, r->errors);
    }
    if (r->root) {
        rs_evidence_document(g, d);
        read_files(g, with->file, with->n_file);
        read_rules(g, with->rules, with->n_rules);
    }
    return finish(g, d, n_before);
}

static struct retro_evidence *load_document(const char *path,
                                            const struct command_line *with,
                                            bool is_earlier,
                                            struct err_list *errors)
{
    struct reader r = {.errors = errors};
    struct evidence_reading g;
    size_t n = 0, n_before = count_errors(&r);
    begin(&g, &r, path);
    const char *text = rs_file_read(r.arena, path, (struct mark){NULL, 0, 0}, &n, errors);
    return read_document(&g, text, n, n_before, with, is_earlier);
}

struct retro_evidence *rs_evidence_load(const char *path,
                                        const struct evidence_file *more,
                                        int n_more,
                                        const char *const *rules,
                                        int n_rules,
                                        struct err_list *errors)
{
    const struct command_line with = {more, n_more, rules, n_rules};
    if (rs_is_evidence(path)) {
        return load_document(path, &with, false, errors);
    }
    struct reader r = {.errors = errors};
    struct evidence_reading g;
    size_t n_before = count_errors(&r);
    begin(&g, &r, path);
    struct scenario *sc = rs_scenario_load(path, errors);
    if (sc) {
        rs_evidence_take_scenario(&g, sc);
        read_files(&g, more, n_more);
        read_rules(&g, rules, n_rules);
    }
    return finish(&g, NULL, n_before);
}

struct retro_evidence *rs_evidence_load_earlier(const char *path, struct err_list *errors)
{
    static const struct command_line nothing = {0};
    return load_document(path, &nothing, true, errors);
}

struct retro_evidence *
rs_evidence_parse(const char *file, const char *text, size_t n, struct err_list *errors)
{
    static const struct command_line nothing = {0};
    struct reader r = {.errors = errors};
    struct evidence_reading g;
    size_t n_before = count_errors(&r);
    begin(&g, &r, file);
    return read_document(&g, text, n, n_before, &nothing, false);
}

void rs_evidence_close(struct retro_evidence *e)
{
    if (!e) {
        return;
    }
    struct arena *arena = e->arena;
    for (int i = 0; i < e->n_earlier; i++) {
        rs_evidence_close(e->earlier[i]);
    }
    rs_recorded_free(e->data);
    rs_scenario_free(e->scenario);
    rs_arena_free(arena);
}

bool rs_is_evidence(const char *path)
{
    FILE *from = fopen(path, "rb");
    char line[256];
    bool found = false, begins = true;
    while (from && !found && fgets(line, (int)sizeof(line), from)) {
        found = begins && strncmp(line, "retro:", 6) == 0;
        begins = strchr(line, '\n') != NULL;
    }
    if (from) {
        fclose(from);
    }
    return found;
}
