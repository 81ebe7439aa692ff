/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* ---- the table of states --------------------------------------------------------------------------------------------- */

/* Any mixing will do: states are compared whole. Constants of the finaliser of MurmurHash3 (Appleby, public domain). */
static uint64_t hash_of(const uint16_t *state, int n)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < n; i++) {
        h = (h ^ state[i]) * 0xff51afd7ed558ccdu;
        h ^= h >> 33;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 29;
}

static void place(struct search *s, uint32_t i)
{
    uint64_t mask = s->n_slot - 1;
    uint64_t at = hash_of(rs_search_state(s, i), s->n_word) & mask;
    while (s->slot[at])
        at = (at + 1) & mask;
    s->slot[at] = i + 1;
}

static void grow(struct search *s)
{
    s->cap = s->cap ? 2 * s->cap : 1024;
    s->state = rs_xrealloc(s->state, sizeof *s->state * (unsigned)s->n_word * s->cap);
    s->parent = rs_xrealloc(s->parent, sizeof *s->parent * s->cap);
    s->label = rs_xrealloc(s->label, sizeof *s->label * s->cap);
    if (s->keep_edges)
        s->edge_from = rs_xrealloc(s->edge_from, sizeof *s->edge_from * ((size_t)s->cap + 1));
    free(s->slot);
    s->n_slot = 2 * (uint64_t)s->cap;
    s->slot = rs_xcalloc(s->n_slot, sizeof *s->slot);
    for (uint32_t i = 0; i < s->n; i++)
        place(s, i);
}

static uint32_t find(const struct search *s, const uint16_t *state)
{
    uint64_t mask = s->n_slot - 1;
    size_t size = sizeof *state * (unsigned)s->n_word;
    for (uint64_t at = hash_of(state, s->n_word) & mask; s->slot[at]; at = (at + 1) & mask) {
        if (memcmp(rs_search_state(s, s->slot[at] - 1), state, size) == 0)
            return s->slot[at] - 1;
    }
    return RS_SEARCH_NONE;
}

static uint32_t put(struct search *s, const uint16_t *state, uint32_t parent, uint32_t label)
{
    if (s->n == s->cap)
        grow(s);
    memcpy(s->state + (uint64_t)s->n * (unsigned)s->n_word, state,
           sizeof *state * (unsigned)s->n_word);
    s->parent[s->n] = parent;
    s->label[s->n] = label;
    place(s, s->n);
    return s->n++;
}

/* ---- the search ------------------------------------------------------------------------------------------------------ */

static void keep_edge(struct search *s, uint32_t to, uint32_t label)
{
    if (s->n_edge == s->cap_edge) {
        s->cap_edge = s->cap_edge ? 2 * s->cap_edge : 4096;
        s->edge = rs_xrealloc(s->edge, sizeof *s->edge * s->cap_edge);
        s->edge_label = rs_xrealloc(s->edge_label, sizeof *s->edge_label * s->cap_edge);
    }
    s->edge[s->n_edge] = to;
    s->edge_label[s->n_edge++] = label;
}

void rs_search_add(struct search *s, const uint16_t *state, uint32_t label)
{
    uint32_t to = find(s, state);
    if (to == RS_SEARCH_NONE) {
        if (s->n >= s->limit) {
            s->truncated = true;
            return;
        }
        to = put(s, state, s->at, label);
    }
    if (s->keep_edges)
        keep_edge(s, to, label);
}

void rs_search_run(struct search *out,
                   const struct search_machine *m,
                   const uint16_t *initial,
                   uint64_t limit,
                   bool keep_edges)
{
    assert(m->n_word > 0 && limit >= 1 && limit <= UINT64_C(1) << 31);
    *out = (struct search){.n_word = m->n_word, .limit = limit, .keep_edges = keep_edges};
    uint16_t *state = rs_xcalloc((unsigned)m->n_word, sizeof *state);
    put(out, initial, 0, 0);
    for (out->at = 0; out->at < out->n; out->at++) {
        if (keep_edges)
            out->edge_from[out->at] = out->n_edge;
        /* A copy: the table moves while it grows. */
        memcpy(state, rs_search_state(out, out->at), sizeof *state * (unsigned)m->n_word);
        m->next(m->ctx, state, out);
    }
    if (keep_edges)
        out->edge_from[out->n] = out->n_edge;
    free(state);
}

void rs_search_clear(struct search *s)
{
    free(s->state);
    free(s->parent);
    free(s->label);
    free(s->edge);
    free(s->edge_label);
    free(s->edge_from);
    free(s->slot);
    memset(s, 0, sizeof *s);
}

uint32_t *rs_search_path(const struct search *s, uint32_t to, uint32_t *length)
{
    uint32_t n = 0;
    for (uint32_t i = to; i != 0; i = s->parent[i])
        n++;
    uint32_t *path = rs_xcalloc((size_t)n + 1, sizeof *path);
    for (uint32_t i = to, k = n; k > 0; i = s->parent[i])
        path[k--] = i;
    *length = n;
    return path;
}

/* ---- questions about the graph --------------------------------------------------------------------------------------- */

void rs_search_can_reach(const struct search *s, bool *mark)
{
    assert(s->keep_edges);
    /* The transitions turned round: counted, summed up, filled in. */
    uint64_t *from = rs_xcalloc((size_t)s->n + 2, sizeof *from);
    uint32_t *back = rs_xcalloc(s->n_edge + 1, sizeof *back);
    uint32_t *todo = rs_xcalloc((size_t)s->n + 1, sizeof *todo);
    for (uint64_t k = 0; k < s->n_edge; k++)
        from[s->edge[k] + 2]++;
    for (uint64_t i = 2; i < (uint64_t)s->n + 2; i++)
        from[i] += from[i - 1];
    for (uint32_t i = 0; i < s->n; i++) {
        for (uint64_t k = s->edge_from[i]; k < s->edge_from[i + 1]; k++)
            back[from[s->edge[k] + 1]++] = i;
    }
    uint32_t n_todo = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (mark[i])
            todo[n_todo++] = i;
    }
    while (n_todo > 0) {
        uint32_t i = todo[--n_todo];
        for (uint64_t k = from[i]; k < from[i + 1]; k++) {
            if (!mark[back[k]]) {
                mark[back[k]] = true;
                todo[n_todo++] = back[k];
            }
        }
    }
    free(todo);
    free(back);
    free(from);
}

/*
 * Strongly connected components without recursion: Tarjan, SIAM J. Comput. 1 (1972) 146-160. A component of several states,
 * or of one that leads to itself, is a circle.
 */
struct components {
    const struct search *s;
    bool (*may)(uint32_t label);
    uint32_t n_seen, n_stack, n_path;
    uint32_t *number, *low; /* [n] order of the visit, from 1; smallest that is reached */
    bool *on_stack;
    uint32_t *stack, *path; /* [n] members of unfinished components; the way down */
    uint64_t *next_edge;    /* [n] */
    uint32_t found;
};

static void enter(struct components *c, uint32_t i)
{
    c->number[i] = c->low[i] = ++c->n_seen;
    c->next_edge[i] = c->s->edge_from[i];
    c->stack[c->n_stack++] = i;
    c->on_stack[i] = true;
    c->path[c->n_path++] = i;
}

static void take(struct components *c, uint32_t i, uint64_t k)
{
    uint32_t to = c->s->edge[k];
    if (!c->may(c->s->edge_label[k]))
        return;
    if (to == i && i < c->found)
        c->found = i;
    if (c->number[to] == 0)
        enter(c, to);
    else if (c->on_stack[to] && c->number[to] < c->low[i])
        c->low[i] = c->number[to];
}

static void leave(struct components *c, uint32_t i)
{
    c->n_path--;
    if (c->n_path > 0 && c->low[i] < c->low[c->path[c->n_path - 1]])
        c->low[c->path[c->n_path - 1]] = c->low[i];
    if (c->low[i] != c->number[i])
        return;
    bool alone = c->stack[c->n_stack - 1] == i;
    uint32_t member;
    do {
        member = c->stack[--c->n_stack];
        c->on_stack[member] = false;
        if (!alone && member < c->found)
            c->found = member;
    } while (member != i);
}

uint32_t rs_search_circle(const struct search *s, bool (*may)(uint32_t label))
{
    assert(s->keep_edges);
    struct components c = {.s = s,
                           .may = may,
                           .number = rs_xcalloc(s->n, sizeof *c.number),
                           .low = rs_xcalloc(s->n, sizeof *c.low),
                           .on_stack = rs_xcalloc(s->n, sizeof *c.on_stack),
                           .stack = rs_xcalloc(s->n, sizeof *c.stack),
                           .path = rs_xcalloc(s->n, sizeof *c.path),
                           .next_edge = rs_xcalloc(s->n, sizeof *c.next_edge),
                           .found = RS_SEARCH_NONE};
    for (uint32_t root = 0; root < s->n; root++) {
        if (c.number[root] == 0)
            enter(&c, root);
        while (c.n_path > 0) {
            uint32_t i = c.path[c.n_path - 1];
            if (c.next_edge[i] < s->edge_from[i + 1])
                take(&c, i, c.next_edge[i]++);
            else
                leave(&c, i);
        }
    }
    free(c.next_edge);
    free(c.path);
    free(c.stack);
    free(c.on_stack);
    free(c.low);
    free(c.number);
    return c.found;
}
