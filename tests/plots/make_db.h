/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run database with made-up but plausible numbers for a rollout of six stages with five faults. */
#ifndef TESTS_PLOTS_MAKE_DB_H
#define TESTS_PLOTS_MAKE_DB_H

enum made_kind {
    MADE_FULL,
    MADE_EMPTY,   /* the schema and nothing in it */
    MADE_BARE,    /* names and replicas, but no trajectory, no band, no episode, no trace */
    MADE_AWKWARD, /* FULL, with long names, '#' and '&' in them, and one fault that nobody notices */
    MADE_N
};

/* Writes a new database at path (an old one is replaced); the same bytes of content for the same kind. */
void make_db(const char *path, enum made_kind kind);
/* The same, made and not copied. */
void make_db_anew(const char *path, enum made_kind kind);

/*
 * An unchecked fixture: each kind is made once, before the tests are forked, and make_db copies it.
 * Most of what a test of pictures takes is the making of its database.
 */
void make_db_prepare(void);
void make_db_forget(void);

#endif
