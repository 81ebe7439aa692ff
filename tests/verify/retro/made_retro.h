/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence made by hand: sources, marks and counters, on the day on which the Prisma rollout begins. */
#ifndef TESTS_VERIFY_RETRO_MADE_RETRO_H
#define TESTS_VERIFY_RETRO_MADE_RETRO_H

#include "verify/retro.h"

enum { MADE_SOURCES = 8, MADE_MARKS = 256 };

struct made { /* begin / end */
    struct arena *arena;
    struct retro_evidence e;
    struct retro_source source[MADE_SOURCES];
    struct retro_mark mark[MADE_MARKS];
    int *source_of; /* of each series */
    int cap_series;
    struct retro *r; /* after made_rebuild */
};

/* 2025-09-29T09:00:00Z; all times below are seconds after it. */
extern const int64_t made_zero_ns;

/* prisma: over that scenario with its rules, else over none. SLA 5 minutes, confidence 95 %, evaluations every 30 s. */
void made_begin(struct made *m, bool prisma);
void made_end(struct made *m);

int made_source(struct made *m, const char *name, enum retro_source_kind kind, double accuracy_s);
/* Written as [at, at + width) on the source's clock. Returns its number; what else it says is set there. */
int made_mark(struct made *m, int source, int event, double at_s, double width_s);
/* A sample of a series. */
void made_sample(struct made *m, int source, const char *series, double at_s, double v);

/* Clocks, rules and everything that happened; m->r holds it. */
void made_rebuild(struct made *m);
/* The same where it must fail: what is said then, heap. */
char *made_refuse(struct made *m);

double made_s(int64_t t_ns);
int made_procedure(const struct made *m, const char *name);

#endif
