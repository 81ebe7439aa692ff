/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning: fits of what was recorded, the scenario with them in it, and whether that scenario gives what was seen. */
#include "learn.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/clock.h"

/* ---- what the parts share ---- */

struct retro_fit *rs_learn_add(struct learning *l, enum retro_fit_kind kind, const char *name)
{
    if (l->n == l->cap) {
        struct retro_fit *more = RS_ARENA_ARRAY(l->arena, struct retro_fit, 2 * l->cap + 16);
        if (l->n > 0)
            memcpy(more, l->fit, sizeof(*more) * (size_t)l->n);
        l->fit = more;
        l->cap = 2 * l->cap + 16;
    }
    struct retro_fit *f = &l->fit[l->n++];
    *f = (struct retro_fit){.kind = kind,
                            .name = name,
                            .source = rs_learn_source(l),
                            .statistic = NAN,
                            .p_value = NAN,
                            .fits = true};
    return f;
}

void rs_learn_parameter(struct learning *l,
                        struct retro_fit *f,
                        const char *name,
                        const char *unit,
                        double assumed,
                        struct fit_value v)
{
    struct retro_parameter *more =
        RS_ARENA_ARRAY(l->arena, struct retro_parameter, f->n_parameter + 1);
    if (f->n_parameter > 0)
        memcpy(more, f->parameter, sizeof(*more) * (size_t)f->n_parameter);
    more[f->n_parameter++] = (struct retro_parameter){name, unit, assumed, v.value, v.low, v.high};
    f->parameter = more;
}

static const char *file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

const char *rs_learn_source(struct learning *l)
{
    const struct recorded *data = l->r->seen.data ? l->r->seen.data : l->e->data;
    const char *text = l->e->name ? l->e->name : "a rollout";
    for (int i = 0; i < l->e->n_source && i < 4; i++)
        text = rs_arena_printf(l->arena, "%s%s %s", text, i ? "," : ":",
                               file_name(l->e->source[i].file));
    if (l->e->n_source > 4)
        text = rs_arena_printf(l->arena, "%s and %d more", text, l->e->n_source - 4);
    if (data && data->n_sample > 0 && rs_recorded_is_absolute(data->first_ms)) {
        char from[48], until[48];
        rs_time_format(from, sizeof(from), data->first_ms / 1000 * RS_NS_PER_S);
        rs_time_format(until, sizeof(until), data->last_ms / 1000 * RS_NS_PER_S);
        text = rs_arena_printf(l->arena, "%s; %s to %s", text, from, until);
    }
    return text;
}

const char *rs_learn_duration_text(struct learning *l, double s)
{
    if (!(s > 0.0))
        return "0s";
    if (s < 1e-3)
        return rs_arena_printf(l->arena, "%.0fus", fmax(1e6 * s, 1.0));
    if (s < 1.0)
        return rs_arena_printf(l->arena, "%.4gms", 1e3 * s);
    char text[48];
    double whole = round(s);
    /* The shortest exact form where there is one: 2m, not 120s. */
    if (fabs(s - whole) < 1e-9 * s)
        return rs_arena_strdup(l->arena,
                               rs_duration_format(text, sizeof(text), rs_ns_from_s(whole)));
    return s < 1e4 ? rs_arena_printf(l->arena, "%.4gs", s)
                   : rs_arena_strdup(l->arena,
                                     rs_duration_format(text, sizeof(text), rs_ns_from_s(whole)));
}

const char *rs_learn_ratio_text(struct learning *l, double ratio)
{
    char text[48];
    snprintf(text, sizeof(text), "%.4g", 100.0 * ratio);
    if (strchr(text, 'e')) /* the language has no exponents */
        snprintf(text, sizeof(text), "%.9f", 100.0 * ratio);
    return rs_arena_printf(l->arena, "%s%%", text);
}

const char *rs_retro_quoted(struct arena *arena, const char *text)
{
    char *out = RS_ARENA_ARRAY(arena, char, 2 * strlen(text) + 3), *at = out;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = (unsigned char)*text < 0x20 ? ' ' : *text;
    }
    *at = '"';
    return out;
}

const char *rs_learn_lognormal_text(
    struct learning *l, double median_s, const char *quantile, double at_s, double cap_s)
{
    const char *cap = "";
    const char *median = rs_learn_duration_text(l, median_s);
    const char *at = rs_learn_duration_text(l, fmax(at_s, 1.01 * median_s));
    if (isfinite(cap_s))
        cap = rs_arena_printf(l->arena, ", cap: %s", rs_learn_duration_text(l, cap_s));
    return rs_arena_printf(l->arena, "{lognormal: {median: %s, %s: %s}%s, source: %s}", median,
                           quantile, at, cap, rs_retro_quoted(l->arena, rs_learn_source(l)));
}

/* ---- the patch ---- */

static bool is_legal(const struct learning *l, const char *path, const char *text)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    bool ok = l->e->patch(l->sc, 1, &path, &text, NULL, NULL, NULL, NULL, &errors) == 0;
    rs_err_list_clear(&errors);
    return ok;
}

/* Each alone first: a value that has no place in the file is told, and takes nothing else down with it. */
static int gather(struct learning *l, const char **path, const char **text)
{
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        struct retro_fit *f = &l->fit[i];
        if (!f->path || !f->text || f->refused)
            continue;
        bool taken = false;
        for (int k = 0; k < n; k++)
            taken = taken || strcmp(path[k], f->path) == 0;
        if (taken) { /* two procedures that set one flag */
            f->method =
                rs_arena_printf(l->arena, "%s; told only: another fit is written there", f->method);
            f->path = NULL;
            continue;
        }
        if (!is_legal(l, f->path, f->text)) {
            f->refused = "the scenario's file has no place where it could be written";
            f->path = NULL;
            continue;
        }
        path[n] = f->path;
        text[n++] = f->text;
    }
    return n;
}

static int write_patch(struct learning *l,
                       struct retro_learnt *out,
                       struct scenario **patched,
                       struct err_list *errors)
{
    const char **path = RS_ARENA_ARRAY(l->arena, const char *, l->n);
    const char **text = RS_ARENA_ARRAY(l->arena, const char *, l->n);
    int n = gather(l, path, text);
    char *whole = NULL, *diff = NULL;
    out->diff = rs_arena_strdup(l->arena, "");
    out->again = l->sc->text && strstr(l->sc->text, rs_retro_quoted(l->arena, rs_learn_source(l)));
    if (n == 0 || out->again)
        return 0;
    if (l->e->patch(l->sc, n, path, text, rs_learn_source(l), patched, &whole, &diff, errors) != 0)
        return -1;
    out->patched = rs_arena_strdup(l->arena, whole);
    out->diff = rs_arena_strdup(l->arena, diff);
    free(whole);
    free(diff);
    return 0;
}

/* ---- earlier rollouts ---- */

/* As far as the rebuilding; NULL with errors. */
static struct retro *rebuilt(const struct retro_evidence *e, struct err_list *errors)
{
    struct arena *arena = rs_arena_new();
    struct retro *r = rs_arena_alloc(arena, sizeof(*r));
    r->arena = arena;
    r->evidence = e;
    r->rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, e->n_source);
    if (rs_retro_align_series(r, errors) == 0 && rs_retro_see(r, errors) == 0 &&
        rs_retro_rebuild(r, errors) == 0)
        return r;
    rs_retro_free(r);
    return NULL;
}

static int open_earlier(struct learning *l, struct err_list *errors)
{
    l->set = RS_ARENA_ARRAY(l->arena, struct retro *, l->e->n_earlier + 1);
    l->set[l->n_episode_set++] = l->r;
    for (int i = 0; i < l->e->n_earlier; i++) {
        struct retro *r = rebuilt(l->e->earlier[i], errors);
        if (!r)
            return -1;
        l->set[l->n_episode_set++] = r;
    }
    return 0;
}

/* ---- the whole ---- */

static void fit_all(struct learning *l)
{
    if (l->sc && l->e->data && l->e->data->n_sample > 0) {
        rs_learn_traffic_fits(l);
        rs_learn_base_fits(l);
        rs_learn_fault_fits(l);
    }
    rs_learn_people_fits(l);
    if (l->sc)
        rs_learn_propagation_fits(l);
}

int rs_retro_learn(struct retro *r, const struct retro_options *opt, struct err_list *errors)
{
    const struct retro_evidence *e = r->evidence;
    struct learning l = {.r = r,
                         .e = e,
                         .sc = e->scenario,
                         .arena = r->arena,
                         .confidence = e->confidence > 0.0 ? e->confidence : 0.95,
                         .fault_index = -1};
    struct retro_learnt *out = RS_ARENA_ARRAY(r->arena, struct retro_learnt, 1);
    struct scenario *patched = NULL;
    int status = open_earlier(&l, errors);
    if (status == 0) {
        fit_all(&l);
        rs_learn_hold_back(&l);
        out->diff = rs_arena_strdup(r->arena, "");
        status = l.sc ? write_patch(&l, out, &patched, errors) : 0;
    }
    out->n_fit = l.n;
    out->fit = l.fit;
    out->fault = l.fault;
    if (status == 0)
        status = rs_learn_predict(&l, patched ? patched : l.sc, opt, out, errors);
    for (int i = 1; i < l.n_episode_set; i++)
        rs_retro_free(l.set[i]);
    rs_scenario_free(patched);
    r->learnt = out;
    return status;
}

/* ---- on disk ---- */

static int fail(struct err *err, const char *path, const char *what)
{
    return rs_err_at(err, RS_E_IO, (struct mark){path, 0, 0}, "%s: %s", what, strerror(errno));
}

/* Does the file hold still what the scenario was read from? */
static int check_unchanged(const struct scenario *sc, const char *path, struct err *err)
{
    FILE *from = fopen(path, "rb");
    size_t want = strlen(sc->text);
    if (!from)
        return fail(err, sc->file, "cannot be read again");
    char *now = rs_xcalloc(want + 2, 1);
    size_t n = fread(now, 1, want + 1, from);
    bool same = n == want && memcmp(now, sc->text, n) == 0;
    fclose(from);
    free(now);
    return same ? 0
                : rs_err_at(err, RS_E_IO, (struct mark){sc->file, 0, 0},
                            "the file has changed since it was read; nothing was written");
}

/* A new file takes the old one's name and mode: whole, or not at all. */
static int replace(const char *shown, const char *path, const char *text, struct err *err)
{
    size_t room = strlen(path) + sizeof(".XXXXXX"), n = strlen(text);
    char *part = rs_xcalloc(room, 1);
    struct stat info;
    snprintf(part, room, "%s.XXXXXX", path);
    int fd = stat(path, &info) == 0 ? mkstemp(part) : -1;
    int status = 0;
    if (fd < 0) {
        status = fail(err, shown, "cannot be written to");
        free(part);
        return status;
    }
    FILE *to = fdopen(fd, "wb");
    bool failed = fwrite(text, 1, n, to) != n || fflush(to) != 0 ||
                  fchmod(fd, info.st_mode & 07777) != 0 || fsync(fd) != 0;
    failed = fclose(to) != 0 || failed;
    if (failed || rename(part, path) != 0) {
        status = fail(err, shown, "cannot be replaced");
        unlink(part);
    }
    free(part);
    return status;
}

int rs_retro_learnt_write(const struct retro *r, struct err *err)
{
    const struct scenario *sc = r->evidence->scenario;
    if (r->learnt && r->learnt->again && sc)
        return rs_err_set(err, RS_E_USAGE,
                          "%s names this evidence as a source already: learnt twice it would count "
                          "twice; nothing is written",
                          sc->file);
    if (!r->learnt || !r->learnt->patched || !sc)
        return rs_err_set(err, RS_E_UNSUPPORTED, "nothing was learnt that could be written");
    char *path = realpath(sc->file, NULL);
    if (!path)
        return fail(err, sc->file, "cannot be written to");
    int status = check_unchanged(sc, path, err);
    if (status == 0)
        status = replace(sc->file, path, r->learnt->patched, err);
    free(path);
    return status;
}
