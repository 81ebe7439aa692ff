/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exposed.h"
#include "sim/arena.h"

const char *rs_severity_name(enum severity s)
{
    switch (s) {
    case RS_SEVERITY_ERROR: return "error";
    case RS_SEVERITY_WARNING: return "warning";
    }
    assert(!"a severity of no kind");
    return "";
}

const struct finding_code *rs_finding_code(const char *name)
{
    for (const struct finding_code *c = rs_finding_codes; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

struct finding *rs_check_add(struct check *c,
                             const char *code,
                             struct mark at,
                             const char *ref,
                             const char *about,
                             const char *fmt,
                             ...)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 32;
        c->item = rs_xrealloc(c->item, (size_t)c->cap * sizeof *c->item);
    }
    struct finding *f = &c->item[c->n++];
    *f = (struct finding){.code = rs_finding_code(code), .at = at, .ref = ref, .about = about};
    assert(f->code);
    va_list args;
    va_start(args, fmt);
    f->text = rs_arena_vprintf(c->arena, fmt, args);
    va_end(args);
    return f;
}

void rs_check_number(struct finding *f, const char *name, double value)
{
    assert(f->n_evidence < RS_MAX_EVIDENCE);
    f->evidence[f->n_evidence++] = (struct evidence){.name = name, .value = value};
}

void rs_check_words(struct check *c, struct finding *f, const char *name, const char *fmt, ...)
{
    assert(f->n_evidence < RS_MAX_EVIDENCE);
    va_list args;
    va_start(args, fmt);
    f->evidence[f->n_evidence++] =
        (struct evidence){.name = name, .text = rs_arena_vprintf(c->arena, fmt, args)};
    va_end(args);
}

void rs_check_mend(struct check *c, struct finding *f, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    f->mend = rs_arena_vprintf(c->arena, fmt, args);
    va_end(args);
}

/* By place, then by code; what a pass found first stays first. */
static int by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int files = strcmp(x->at.file ? x->at.file : "", y->at.file ? y->at.file : "");
    if (files != 0)
        return files;
    if (x->at.line != y->at.line)
        return x->at.line < y->at.line ? -1 : 1;
    if (x->at.col != y->at.col)
        return x->at.col < y->at.col ? -1 : 1;
    int codes = strcmp(x->code->name, y->code->name);
    return codes != 0 ? codes : strcmp(x->text, y->text);
}

struct findings *rs_check_run(const struct scenario *sc)
{
    static void (*const pass[])(struct check *) = {
        rs_check_preconditions, rs_check_eyes,   rs_check_order,  rs_check_regions,
        rs_check_receivers,     rs_check_budget, rs_check_power,  rs_check_dilution,
        rs_check_statistic,     rs_check_states, rs_check_stages, rs_check_judges,
    };
    struct check c = {.sc = sc, .arena = rs_arena_new(), .exposed = rs_exposed_new(sc)};
    for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++)
        pass[i](&c);
    rs_exposed_free(c.exposed);
    if (c.n > 1)
        qsort(c.item, (size_t)c.n, sizeof *c.item, by_place);
    struct findings *f = rs_xcalloc(1, sizeof *f);
    *f = (struct findings){.arena = c.arena, .n = c.n, .item = c.item};
    for (int i = 0; i < c.n; i++) {
        assert(c.item[i].mend);
        f->n_error += c.item[i].code->severity == RS_SEVERITY_ERROR;
        f->n_warning += c.item[i].code->severity == RS_SEVERITY_WARNING;
    }
    return f;
}

void rs_findings_free(struct findings *f)
{
    if (!f)
        return;
    free(f->item);
    rs_arena_free(f->arena);
    free(f);
}
