/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breadth-first search over the states of any machine. States are rows of 16-bit words, stored whole and compared whole: two
 * states are never taken for one because their hashes agree. The order in which states are found is that in which the
 * machine tells successors, so nothing depends on the hash.
 */
#ifndef REACH_SEARCH_H
#define REACH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct search;

struct search_machine {
    const void *ctx;
    int n_word;
    /* Calls rs_search_add for every successor of the state, in a fixed order. */
    void (*next)(const void *ctx, const uint16_t *state, struct search *to);
};

struct search { /* init by rs_search_run, clear by rs_search_clear; read-only between */
    int n_word;
    uint64_t limit;
    bool truncated; /* there are more states than limit: what was not found proves nothing */
    uint32_t n;
    uint16_t *state;  /* [n * n_word] in the order found; 0 is the initial state */
    uint32_t *parent; /* [n] from which it was found first; 0's is 0 */
    uint32_t *label;  /* [n] of that transition */
    bool keep_edges;
    uint64_t n_edge, cap_edge;
    uint32_t *edge;       /* [n_edge] targets, by source */
    uint32_t *edge_label; /* [n_edge] */
    uint64_t
        *edge_from; /* [n + 1] first edge of a source; a source that was not expanded has none */
    uint32_t *slot; /* [n_slot] state + 1, 0 = free */
    uint64_t n_slot;
    uint32_t cap;
    uint32_t at; /* the state being expanded */
};

#define RS_SEARCH_NONE UINT32_MAX

/* limit: 1..2^31. Keeps the transitions if asked to, for the questions below. */
void rs_search_run(struct search *out,
                   const struct search_machine *m,
                   const uint16_t *initial,
                   uint64_t limit,
                   bool keep_edges);
void rs_search_clear(struct search *s);

/* For machines only: a successor of the state being expanded. */
void rs_search_add(struct search *s, const uint16_t *state, uint32_t label);

static inline const uint16_t *rs_search_state(const struct search *s, uint32_t i)
{
    return s->state + (uint64_t)i * (unsigned)s->n_word;
}

/* The path from the initial state: *length transitions; path[0..*length] are the states, caller frees. */
uint32_t *rs_search_path(const struct search *s, uint32_t to, uint32_t *length);

/*
 * From which states can one be reached that is marked? Marks those, too: mark[n] in and out. Needs the transitions; what was
 * not expanded reaches only itself.
 */
void rs_search_can_reach(const struct search *s, bool *mark);

/*
 * The first found of the states on a circle of transitions all of which may be taken without end; RS_SEARCH_NONE if there is
 * none. may(label): nothing bounds how often the transition is taken. Needs the transitions.
 */
uint32_t rs_search_circle(const struct search *s, bool (*may)(uint32_t label));

#endif
