/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of marks: never a crash; refused with words, or marks that have a time and a place. */
#ifndef TESTS_FUZZ_MARKS_H
#define TESTS_FUZZ_MARKS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../scenarios/evidence/evidence_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_marks(const struct retro_evidence *e)
{
    const struct retro_source *s = &e->source[0];
    if (s->n_taken != (uint64_t)e->n_mark) {
        abort();
    }
    for (int i = 0; i < e->n_mark; i++) {
        const struct retro_mark *m = &e->mark[i];
        bool percent = isnan(m->percent) || (m->percent >= 0.0 && m->percent <= 100.0);
        if (m->event < 0 || m->event >= RS_EVENT_N || m->written_lo_ns >= m->written_hi_ns ||
            !m->at.file || !percent || m->stage >= 0 || m->flag >= 0) {
            abort();
        }
    }
    for (int i = 0; i < e->n_note; i++) {
        if (!e->note[i].text[0] || !e->note[i].at.file) {
            abort();
        }
    }
}

static void read_marks(enum retro_source_kind kind,
                       const struct marks_how *how,
                       const uint8_t *data,
                       size_t size)
{
    struct err_list errors;
    struct retro_source source = {.name = "it", .file = "it", .kind = kind};
    struct retro_evidence e = {.arena = rs_arena_new(), .n_source = 1, .source = &source};
    struct reader r = {.arena = e.arena, .errors = &errors, .file = "it"};
    struct marks_reading m;
    struct text_source from;
    rs_err_list_init(&errors);
    if (rs_marks_begin(&m, &r, &e, 0, how) != 0) {
        abort();
    }
    rs_source_from_memory(&from, "it", (const char *)data, size);
    int status = rs_marks_read(&m, &from);
    if ((status == 0) != (errors.n == 0)) {
        abort();
    }
    if (status == 0) {
        look_at_marks(&e);
    }
    rs_err_list_clear(&errors);
    rs_arena_free(e.arena);
}

#endif
