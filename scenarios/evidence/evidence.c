/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence from a document or a scenario, and from the files of the command line. */
#include "scenarios/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text/file.h"
#include "evidence_read.h"
#include "models/rules.h"
#include "patch.h"
#include "scenarios/load.h"
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

static int
read_marks(struct evidence_reading *g, const struct source_draft *d, enum retro_source_kind kind)
{
    int source = rs_evidence_source(g, d, kind);
    const char *path = source < 0 ? NULL : rs_evidence_open(g, source, d);
    struct text_source from;
    if (!path || rs_source_open(&from, path, g->r->errors) != 0) {
        return -1;
    }
    struct reader r = *g->r;
    r.file = path;
    struct marks_reading m = {.r = &r, .e = g->e, .source = source};
    return rs_marks_read(&m, &from);
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
    case RS_SOURCE_NOTIFICATIONS: return read_marks(g, &d, file->kind);
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

static void take_scenario(struct retro_evidence *e, struct scenario *sc)
{
    e->scenario = sc;
    e->patch = rs_evidence_patch;
    e->name = sc->name;
    e->title = sc->title;
    e->n_rule_file = sc->monitoring.n_rule_file;
    e->rule_file = (const struct rule_file *const *)sc->monitoring.rule_file;
    e->alertmanager = sc->monitoring.alertmanager;
    e->evaluation_interval_ns = sc->monitoring.evaluation_interval_ns;
    e->lookback_ns = sc->monitoring.lookback_ns;
    e->dialect = sc->monitoring.dialect;
}

/* ---- the whole ---- */

static size_t count_errors(const struct reader *r)
{
    return r->errors->n + r->errors->n_dropped;
}

static void begin(struct evidence_reading *g, struct reader *r, const char *file)
{
    r->file = rs_arena_strdup(r->arena, file);
    r->folder = rs_file_folder(r->arena, file);
    r->hash = rs_file_hash_new(r->arena);
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

static struct retro_evidence *finish(struct evidence_reading *g, size_t n_before)
{
    struct reader *r = g->r;
    struct retro_evidence *e = g->e;
    if (count_errors(r) == n_before && e->n_source == 0) {
        rs_err_list_add(r->errors, RS_E_USAGE, (struct mark){r->file, 0, 0},
                        "there is no evidence: name metrics, logs, a timeline, annotations or "
                        "notifications");
    }
    rs_err_list_sort(r->errors);
    if (count_errors(r) == n_before) {
        rs_evidence_finish_data(g);
        e->reference = reference_of(e);
        e->sha256 = rs_file_hash_hex(r->hash);
    }
    free(g->source_by_labels);
    rs_file_hash_free(r->hash);
    if (count_errors(r) > n_before) {
        rs_evidence_close(e);
        return NULL;
    }
    return e;
}

struct retro_evidence *rs_evidence_load(const char *path,
                                        const struct evidence_file *more,
                                        int n_more,
                                        const char *const *rules,
                                        int n_rules,
                                        struct err_list *errors)
{
    struct reader r = {.arena = rs_arena_new(), .errors = errors};
    size_t n_before = count_errors(&r);
    struct evidence_reading g;
    begin(&g, &r, path);
    (void)rules, (void)n_rules;
    struct scenario *sc = rs_scenario_load(path, errors);
    if (sc) {
        take_scenario(g.e, sc);
        rs_file_hash_text(r.hash, path, sc->sha256, strlen(sc->sha256));
        read_files(&g, more, n_more);
    }
    return finish(&g, n_before);
}

struct retro_evidence *
rs_evidence_parse(const char *file, const char *text, size_t n, struct err_list *errors)
{
    (void)file, (void)text, (void)n, (void)errors;
    return NULL;
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
