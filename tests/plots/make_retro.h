/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a retrospective (verify/retro.sql) with made-up but plausible numbers. */
#ifndef TESTS_PLOTS_MAKE_RETRO_H
#define TESTS_PLOTS_MAKE_RETRO_H

enum past_fixture {
    RETRO_FULL,    /* three episodes of a rollout of six stages */
    RETRO_ONE,     /* one episode, one service */
    RETRO_MANY,    /* twenty episodes, eight services */
    RETRO_EMPTY,   /* the schema and nothing in it */
    RETRO_BARE,    /* episodes from a timeline without dates: no series, no scenario, no question */
    RETRO_AWKWARD, /* FULL with long names, '#' and '&' in them, open intervals, and refusals */
    RETRO_N
};
extern const char *const past_fixture_name[RETRO_N];

/* Writes a new database at path (an old one is replaced); the same content for the same kind. */
void make_retro(const char *path, enum past_fixture kind);

#endif
