/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence of one episode over tests/verify/retro/what_if.yaml, filled by hand, and what is answered. */
#ifndef TESTS_VERIFY_RETRO_MADE_WHAT_IF_H
#define TESTS_VERIFY_RETRO_MADE_WHAT_IF_H

#include "retro/what_if.h"
#include "sim/clock.h"

#define WHAT_IF_DATA RS_SOURCE_DIR "/tests/verify/retro/"

struct made {
    struct arena *arena;
    struct scenario *sc;
    struct retro_evidence e;
    struct retro r;
    struct retro_offset offset;
    struct retro_source source;
    struct retro_episode episode;
    struct retro_flag_step step[8];
};

/* Recorded, known to off_ns either way. */
struct retro_instant made_at(int64_t best_ns, int64_t off_ns);
struct retro_change made_change(int64_t best_ns, int64_t off_ns);
/* The scenario with another base ratio of errors, and with one text put for another, everywhere (from NULL: none). */
struct scenario *made_load_with(double base, const char *from, const char *to);
/* One episode of which nothing is known yet, no series; takes sc. */
void made_init(struct made *m, struct scenario *sc);
void made_clear(struct made *m);
/* The counter of the only instance's requests with that code. */
int made_series(struct made *m, const char *code);
/*
 * Ten requests a second for two hours. From 60:00 on so many of the 150 of each scrape fail, until the rollback that is commanded at
 * 70:00 and works at once. Nothing fails otherwise, and all instants are known to the nanosecond.
 */
void made_by_hand(struct made *m, double failures);
/* All questions; series are put in order. */
void made_ask(struct made *m);
/* The outcome of the question called so. */
const struct retro_outcome *made_outcome(const struct made *m, const char *name);

#endif
