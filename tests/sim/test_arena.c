/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim_check.h"

START_TEST(test_pieces_are_zeroed_aligned_and_apart)
{
    static const size_t sizes[] = {0, 1, 7, 16, 100, 4000, 5000, 20000, 1, 300000, 0, 64};
    struct arena *arena = rs_arena_new();
    unsigned char *piece[N_ROW(sizes)];
    for (int i = 0; i < N_ROW(sizes); i++) {
        piece[i] = rs_arena_alloc(arena, sizes[i]);
        ck_assert_uint_eq((uintptr_t)piece[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++) {
            ASSERT_IN_LOOP(piece[i][j] == 0);
        }
        memset(piece[i], i + 1, sizes[i]);
    }
    for (int i = 0; i < N_ROW(sizes); i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            ASSERT_IN_LOOP(piece[i][j] == i + 1);
        }
    }
    ck_assert_ptr_ne(piece[0], piece[1]); /* even an empty piece has an address of its own */
    rs_arena_free(arena);
}
END_TEST

START_TEST(test_many_small_pieces)
{
    struct arena *arena = rs_arena_new();
    int *n = NULL;
    for (int i = 0; i < 10000; i++) {
        n = RS_ARENA_ARRAY(arena, int, 3);
        ASSERT_IN_LOOP(n[0] + n[1] + n[2] == 0);
        n[0] = n[1] = n[2] = i;
    }
    ck_assert_int_eq(n[2], 9999);
    rs_arena_free(arena);
    rs_arena_free(NULL);
}
END_TEST

START_TEST(test_text)
{
    struct arena *arena = rs_arena_new();
    ck_assert_str_eq(rs_arena_strdup(arena, "portal"), "portal");
    ck_assert_str_eq(rs_arena_strdup(arena, ""), "");
    ck_assert_str_eq(rs_arena_strndup(arena, "portal", 4), "port");
    ck_assert_str_eq(rs_arena_strndup(arena, "portal", 40), "portal");
    ck_assert_str_eq(rs_arena_printf(arena, "%s/%d", "scrape", 3), "scrape/3");
    char *lines = rs_arena_printf(arena, "%10000d", 7);
    ck_assert_uint_eq(strlen(lines), 10000);
    rs_arena_free(arena);
}
END_TEST

START_TEST(test_owned_buffers)
{
    int *n = rs_xcalloc(3, sizeof(*n));
    ck_assert_int_eq(n[0] + n[1] + n[2], 0);
    n = rs_xrealloc(n, 100 * sizeof(*n));
    n[99] = 1;
    free(n);
    char *text = rs_xstrdup("word");
    ck_assert_str_eq(text, "word");
    free(text);
    void *nothing = rs_xcalloc(0, 8);
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_pieces_are_zeroed_aligned_and_apart);
    tcase_add_test(tc, test_many_small_pieces);
    tcase_add_test(tc, test_text);
    tcase_add_test(tc, test_owned_buffers);
}

int main(void)
{
    return run_suite("arena", add_tests);
}
