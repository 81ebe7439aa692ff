/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document tree: places, anchors, merges, limits. */
#include "../../scenarios/text/yaml_node.h"

#include <stdio.h>
#include <string.h>

#include "changed.h"

static struct arena *arena;
static struct err_list errors;

static const struct node *parse(const char *text)
{
    arena = rs_arena_new();
    rs_err_list_init(&errors);
    return rs_yaml_parse(arena, "a.yaml", text, strlen(text), &errors);
}

static void finish(void)
{
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

/* Where a reader of code would start to count, for each way to write a scalar under the key "k". */
static const struct {
    const char *yaml, *code;
    int line, col, indent;
} places[] = {
    {"k: a + b\n", "a + b", 1, 4, 0},
    {"k: 'a + b'\n", "a + b", 1, 5, 0},
    {"k: \"a + b\"\n", "a + b", 1, 5, 0},
    {"k: |\n  a\n    + b\n", "a\n  + b", 2, 3, 2},
    {"k: |-\n   a\n", "a", 2, 4, 3},
    {"k: |  # why\n  a\n", "a", 2, 3, 2},
    {"k: |2\n    a\n", "  a", 2, 3, 2},
    {"k: |\n\n  a\n", "\na", 2, 3, 2},
    {"k: >\n  a\n  + b\nl: 1\n", "  a\n  + b", 2, 1, 0},
    {"k: >\n  a # c\n  + b\n", "a # c + b", 2, 3, 2},
    {"k: a\n  + b\n", "a\n  + b", 1, 4, 0},
    {"\xc3\xa9: 1\nk: \xc3\xa9 + b\n", "\xc3\xa9 + b", 2, 4, 0},
};

START_TEST(test_places)
{
    const struct node *k = rs_node_get(parse(places[_i].yaml), "k");
    ck_assert_ptr_nonnull(k);
    ck_assert_str_eq(k->code, places[_i].code);
    ck_assert_int_eq(k->code_at.line, places[_i].line);
    ck_assert_int_eq(k->code_at.col, places[_i].col);
    ck_assert_int_eq(k->code_indent, places[_i].indent);
    finish();
}
END_TEST

START_TEST(test_aliases_and_merges)
{
    const struct node *root = parse("base: &b {x: 1, y: 2}\n"
                                    "other: &o {y: 3, z: 4}\n"
                                    "one: {<<: *b, x: 5}\n"
                                    "two: {<<: [*o, *b]}\n"
                                    "same: *b\n");
    ck_assert_ptr_nonnull(root);
    const struct node *one = rs_node_get(root, "one"), *two = rs_node_get(root, "two");
    ck_assert_str_eq(rs_node_get(one, "x")->text, "5");
    ck_assert_str_eq(rs_node_get(one, "y")->text, "2");
    ck_assert_int_eq(one->n, 2);
    ck_assert_str_eq(rs_node_get(two, "y")->text, "3"); /* the first of the list wins */
    ck_assert_str_eq(rs_node_get(two, "x")->text, "1");
    ck_assert_ptr_eq(rs_node_get(root, "same"), rs_node_get(root, "base"));
    finish();
}
END_TEST

static const struct {
    const char *yaml, *message;
    int line, col;
} wrongs[] = {
    {"a: 1\na: 2\n", "key \"a\" occurs twice, first at line 1", 2, 1},
    {"a: &x [*x]\n", "alias \"*x\" names no anchor that is complete before it", 1, 8},
    {"a: {<<: 3}\n", "`<<` must name a map or a list of maps", 1, 9},
    {"[a]: 1\n", "a key must be a word, not a map, a list or an alias", 1, 1},
    {"a: \"x\\0y\"\n", "the text holds a NUL character", 1, 4},
    {"a: 1\n---\nb: 1\n", "a second document begins here; a file holds one", 2, 1},
    {"a: [1\n",
     "not YAML: did not find expected ',' or ']' (while parsing a flow sequence that starts at "
     "line 1)",
     2, 1},
    {"\n\n", "the file is empty", 1, 1},
    {"a: \xff\n", "the file must be UTF-8, got the byte 0xff", 1, 4},
    {"a: \xc0\xaf\n", "the file must be UTF-8, got the byte 0xc0", 1, 4},
    {"a: \xed\xa0\x80\n", "the file must be UTF-8, got the byte 0xed", 1, 4},
};

START_TEST(test_wrong)
{
    parse(wrongs[_i].yaml);
    ck_assert_uint_eq(errors.n, 1);
    ck_assert_str_eq(errors.item[0].text, wrongs[_i].message);
    ck_assert_int_eq(errors.item[0].line, wrongs[_i].line);
    ck_assert_int_eq(errors.item[0].col, wrongs[_i].col);
    finish();
}
END_TEST

/* Ten levels of ten aliases each: 10^10 values if anybody walked them. */
START_TEST(test_many_laughs)
{
    char text[2048];
    size_t n = (size_t)snprintf(text, sizeof(text), "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s*a%d", j > 0 ? ", " : "", i - 1);
        }
        n += (size_t)snprintf(text + n, sizeof(text) - n, "]\n");
    }
    ck_assert_ptr_null(parse(text));
    ck_assert_uint_eq(errors.n, 1);
    ck_assert_str_eq(errors.item[0].text, "the document is too large: more than 500000 values");
    finish();
}
END_TEST

START_TEST(test_raw_words)
{
    const struct node *root = parse("on: off\nn: ~\nq: \"~\"\nempty:\n");
    ck_assert_str_eq(rs_node_get(root, "on")->text, "off");
    ck_assert(rs_node_is_null(rs_node_get(root, "n")));
    ck_assert(!rs_node_is_null(rs_node_get(root, "q")));
    ck_assert(rs_node_is_null(rs_node_get(root, "empty")));
    finish();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_places, 0, N_ROW(places));
    tcase_add_test(tc, test_aliases_and_merges);
    tcase_add_loop_test(tc, test_wrong, 0, N_ROW(wrongs));
    tcase_add_test(tc, test_many_laughs);
    tcase_add_test(tc, test_raw_words);
}

int main(void)
{
    return run_tests("yaml_node", add);
}
