/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search over small machines whose graphs are known: numbers of states, shortest ways, what reaches what, circles. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "reach/search.h"
#include "sim/arena.h"

/* A graph as a list of edges; states are its nodes. */
struct graph {
    int n_edge;
    struct {
        uint16_t from, to;
        uint32_t label;
    } edge[24];
};

static void graph_next(const void *ctx, const uint16_t *state, struct search *to)
{
    const struct graph *g = ctx;
    for (int i = 0; i < g->n_edge; i++) {
        if (g->edge[i].from == state[0])
            rs_search_add(to, &g->edge[i].to, g->edge[i].label);
    }
}

static struct search search_graph(const struct graph *g, uint64_t limit)
{
    struct search s;
    struct search_machine m = {.ctx = g, .n_word = 1, .next = graph_next};
    uint16_t initial = 0;
    rs_search_run(&s, &m, &initial, limit, true);
    return s;
}

/* The number under which a node was found, or RS_SEARCH_NONE. */
static uint32_t number_of(const struct search *s, uint16_t node)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (rs_search_state(s, i)[0] == node)
            return i;
    }
    return RS_SEARCH_NONE;
}

static bool is_free(uint32_t label)
{
    return label != 9; /* 9: bounded */
}

static const struct {
    const char *words;
    struct graph g;
    uint32_t n;      /* states */
    uint16_t goal;   /* a node */
    uint32_t length; /* of a shortest way to it */
    unsigned reach;  /* bit i: node i can reach the goal */
    int circle;      /* node on the first circle, or -1 */
} rows[] = {
    {"one state", {0}, 1, 0, 0, 0x1, -1},
    {"a chain", {3, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}}}, 4, 3, 3, 0xf, -1},
    {"the shorter way is found although it is told later",
     {5, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {0, 4, 1}, {4, 3, 1}}},
     5,
     3,
     2,
     0x1f,
     -1},
    {"a state that leads to itself", {2, {{0, 1, 1}, {1, 1, 1}}}, 2, 1, 1, 0x3, 1},
    {"a circle behind a tail", {4, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 1, 1}}}, 4, 3, 3, 0xf, 1},
    {"a circle that is bounded is none",
     {4, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 1, 9}}},
     4,
     3,
     3,
     0xf,
     -1},
    {"two ways round, one of them free",
     {6, {{0, 1, 1}, {1, 2, 1}, {2, 1, 9}, {1, 3, 1}, {3, 1, 1}, {3, 4, 1}}},
     5,
     4,
     3,
     0x1f,
     1},
    {"a dead branch does not reach the goal",
     {3, {{0, 1, 1}, {0, 2, 1}, {2, 3, 1}}},
     4,
     3,
     2,
     0xd,
     -1},
    {"the entry to a circle is not on it",
     {5, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 2, 1}, {1, 4, 1}}},
     5,
     4,
     2,
     0x13,
     2},
    {"what cannot be reached is not searched", {2, {{0, 1, 1}, {5, 6, 1}}}, 2, 1, 1, 0x3, -1},
};

START_TEST(test_graphs)
{
    struct search s = search_graph(&rows[_i].g, 100);
    ck_assert_msg(!s.truncated && s.n == rows[_i].n, "%s: %u states", rows[_i].words, s.n);
    uint32_t goal = number_of(&s, rows[_i].goal), length;
    ck_assert_uint_ne(goal, RS_SEARCH_NONE);
    uint32_t *path = rs_search_path(&s, goal, &length);
    ck_assert_msg(length == rows[_i].length, "%s: %u steps", rows[_i].words, length);
    ck_assert_uint_eq(path[0], 0);
    ck_assert_uint_eq(path[length], goal);
    free(path);
    bool *mark = rs_xcalloc(s.n, sizeof *mark);
    mark[goal] = true;
    rs_search_can_reach(&s, mark);
    for (uint32_t i = 0; i < s.n; i++) {
        uint16_t node = rs_search_state(&s, i)[0];
        ck_assert_msg(mark[i] == (rows[_i].reach >> node & 1), "%s: node %u", rows[_i].words, node);
    }
    free(mark);
    uint32_t circle = rs_search_circle(&s, is_free);
    int node = circle == RS_SEARCH_NONE ? -1 : rs_search_state(&s, circle)[0];
    ck_assert_msg(node == rows[_i].circle, "%s: circle at %d", rows[_i].words, node);
    rs_search_clear(&s);
}
END_TEST

/* n switches, any of which may be turned: 2^n states, and every way to a state is as long as it has switches on. */
static void switches_next(const void *ctx, const uint16_t *state, struct search *to)
{
    int n = *(const int *)ctx;
    uint16_t next[20];
    for (int i = 0; i < n; i++) {
        memcpy(next, state, sizeof *next * (size_t)n);
        next[i] ^= 1;
        rs_search_add(to, next, (uint32_t)i);
    }
}

START_TEST(test_many_states)
{
    int n = 14;
    uint16_t initial[20] = {0};
    struct search s;
    struct search_machine m = {.ctx = &n, .n_word = n, .next = switches_next};
    rs_search_run(&s, &m, initial, 1u << n, true);
    ck_assert_uint_eq(s.n, 1u << n);
    ck_assert(!s.truncated);
    ck_assert_uint_eq(s.n_edge, (uint64_t)n << n);
    for (uint32_t i = 0; i < s.n; i += 37) {
        uint32_t length, n_on = 0;
        free(rs_search_path(&s, i, &length));
        for (int k = 0; k < n; k++)
            n_on += rs_search_state(&s, i)[k];
        ck_assert_uint_eq(length, n_on);
    }
    rs_search_clear(&s);
    rs_search_run(&s, &m, initial, (1u << n) - 1, false);
    ck_assert_uint_eq(s.n, (1u << n) - 1);
    ck_assert_msg(s.truncated, "one state less than there are");
    rs_search_clear(&s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("search");
    TCase *tc = tcase_create("search");
    tcase_add_loop_test(tc, test_graphs, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, test_many_states);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
