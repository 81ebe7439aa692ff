/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A YAML document as a tree with positions. Scalars keep their text as written: what `on` or `5m` means is decided by the
 * typed getters, never here. Aliases and merge keys are resolved (shared, not copied); everything lives in the arena.
 * Refused with a place: text that is not UTF-8, doubled keys, keys that are not words, foreign tags, a second document (but for rs_yaml_parse_all),
 * more than 50 levels, more than 4 MiB of text, more than 500,000 nodes (aliases counted each time they are used).
 */
#ifndef SCENARIOS_YAML_NODE_H
#define SCENARIOS_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/arena.h"
#include "sim/err.h"

enum node_kind { RS_NODE_SCALAR, RS_NODE_MAP, RS_NODE_LIST };
enum node_style { RS_STYLE_PLAIN, RS_STYLE_QUOTED, RS_STYLE_BLOCK };

struct node;

struct pair {
    const char *key;
    struct mark at; /* of the key */
    const struct node *value;
};

struct node {
    enum node_kind kind;
    enum node_style style; /* SCALAR */
    struct mark at;        /* first character of the value */
    /* Behind the last character; of a block scalar or a block collection maybe behind blank lines and comments, too. */
    struct mark end;
    bool is_flow;     /* MAP, LIST: written with braces or brackets */
    const char *text; /* SCALAR: NUL-terminated, holds no NUL */
    /* SCALAR, for a reader that places errors inside it: the text (as in the file where YAML folds lines), where its first
     * character stands, and the columns that stand before every later line. */
    const char *code;
    struct mark code_at;
    int code_indent;
    int n;                          /* MAP: pairs, LIST: items */
    const struct pair *pair;        /* [n] in file order, merged ones last */
    const struct node *const *item; /* [n] */
    size_t weight; /* nodes below and including this one, aliases counted each time */
};

/* The root, or NULL with the first mistake added to errors. `file` must outlive the arena's users. */
const struct node *rs_yaml_parse(
    struct arena *arena, const char *file, const char *text, size_t n, struct err_list *errors);

/*
 * The same for files of several documents: *out receives their roots. Returns their number, 0 for an empty file, -1 with the
 * first mistake added to errors.
 */
int rs_yaml_parse_all(struct arena *arena,
                      const char *file,
                      const char *text,
                      size_t n,
                      struct err_list *errors,
                      const struct node *const **out);

/* The value of a key, or NULL; also NULL where map is NULL or no map. */
const struct node *rs_node_get(const struct node *map, const char *key);
/* The same over an array of pairs. */
const struct pair *rs_pair_find(const struct pair *pair, int n, const char *key);
/* The whole pair, or NULL. */
const struct pair *rs_node_pair(const struct node *map, const char *key);
/* `~`, `null` or nothing at all. */
bool rs_node_is_null(const struct node *node);
/* "a map", "a list", "nothing", or the scalar's text in quotes, shortened; for messages. buf: n >= 64. Returns buf. */
char *rs_node_describe(char *buf, size_t n, const struct node *node);

/* ---- yaml_text.c: the text under the tree ---- */

struct line_table { /* value; points into the text and the arena */
    const char *text;
    size_t n_text;
    size_t n_line;
    const size_t *begin; /* [n_line] byte offsets */
};

struct line_table rs_lines_new(struct arena *arena, const char *text, size_t n);
/* Byte offset of a place (line and col from 0, col in characters); clamped to the text. */
size_t rs_lines_offset(const struct line_table *lines, size_t line, size_t col);
/* Line and column, from 1, of a byte offset. */
struct mark rs_lines_mark(const struct line_table *lines, const char *file, size_t offset);
/* Passes over a byte order mark, which libyaml would count as a column of the first line. */
void rs_text_skip_mark(const char **text, size_t *n);
/* Blanks before the first line with text, from `from` on; 0 when there is none. */
int rs_text_indent(const char *from, const char *end);
/* Checks that the text is UTF-8 without control characters: 0, or -1 with an error added. */
int rs_text_check(const struct line_table *lines, const char *file, struct err_list *errors);

#endif
