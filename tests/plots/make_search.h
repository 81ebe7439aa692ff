/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A search's database with made-up but plausible numbers: six parameters, up to five objectives, two detection maps. */
#ifndef TESTS_PLOTS_MAKE_SEARCH_H
#define TESTS_PLOTS_MAKE_SEARCH_H

enum made_search {
    SEARCH_FOUR,    /* objectives */
    SEARCH_THREE,   /* and another setting chosen */
    SEARCH_TWO,     /* no claim broken, one map */
    SEARCH_FIVE,    /* more than are shown; today's setting is the chosen one */
    SEARCH_ONE,     /* one objective, one parameter, no map, nothing chosen, cut short */
    SEARCH_EMPTY,   /* the schema and nothing in it */
    SEARCH_AWKWARD, /* FOUR, with long names, '#' and '&' in them, cells that few replicas are behind, and numbers all alike */
    SEARCH_N
};
extern const char *const made_search_name[SEARCH_N];

/* Writes a new database at path (an old one is replaced); the same bytes of content for the same kind. */
void make_search(const char *path, enum made_search kind);

#endif
