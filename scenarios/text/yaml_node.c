/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree is built from libyaml's events by recursive descent; the first mistake ends it. */
#include "yaml_node.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum {
    DEPTH_MAX = 50,
    TEXT_MAX = 4 << 20,
    WEIGHT_MAX = 500000,
    PAIRS_MAX = 2000,
    DOCUMENT_MAX = 1000
};

struct anchor {
    const char *name;
    const struct node *node;
    const struct anchor *older;
};

struct builder {
    struct arena *arena;
    const char *file;
    struct err_list *errors;
    struct line_table lines;
    const struct anchor *anchor;
    size_t n_node;
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    bool only_one; /* a second document is an error */
};

static struct mark mark_of(const struct builder *b, yaml_mark_t m)
{
    return (struct mark){b->file, (int)m.line + 1, (int)m.column + 1};
}

static const struct node *refuse(struct builder *b, struct mark at, const char *what)
{
    rs_err_list_add(b->errors, RS_E_SYNTAX, at, "%s", what);
    return NULL;
}

static void report_parser(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    struct mark at = mark_of(b, p->problem_mark);
    if (p->error == YAML_READER_ERROR) {
        at = rs_lines_mark(&b->lines, b->file, p->problem_offset);
    }
    const char *problem = p->problem ? p->problem : "the text cannot be read";
    size_t offset = rs_lines_offset(&b->lines, p->problem_mark.line, p->problem_mark.column);
    if (p->error == YAML_SCANNER_ERROR && offset < b->lines.n_text &&
        b->lines.text[offset] == '\t') {
        problem = "a tab cannot stand here; indent with blanks";
    }
    if (p->context && p->context_mark.line != p->problem_mark.line) {
        rs_err_list_add(b->errors, RS_E_SYNTAX, at, "not YAML: %s (%s that starts at line %d)",
                        problem, p->context, (int)p->context_mark.line + 1);
    } else {
        rs_err_list_add(b->errors, RS_E_SYNTAX, at, "not YAML: %s", problem);
    }
}

static bool next_event(struct builder *b)
{
    if (b->has_event) {
        yaml_event_delete(&b->event);
    }
    b->has_event = yaml_parser_parse(&b->parser, &b->event) != 0;
    if (!b->has_event) {
        report_parser(b);
    }
    return b->has_event;
}

static const char *copy_source(struct builder *b, size_t from, size_t to)
{
    while (to > from && strchr(" \t\r\n", b->lines.text[to - 1])) {
        to--;
    }
    return rs_arena_strndup(b->arena, b->lines.text + from, to > from ? to - from : 0);
}

/* Without the line breaks that a block leaves at its end: an error at the end stands where people see the end. */
static const char *trimmed(struct builder *b, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1])) {
        n--;
    }
    return rs_arena_strndup(b->arena, text, n);
}

/* Fills `code`: where YAML folds lines the source itself is taken, so that line and column stay true. */
static void place_code(struct builder *b, struct node *node)
{
    yaml_scalar_style_t style = b->event.data.scalar.style;
    yaml_mark_t from = b->event.start_mark, to = b->event.end_mark;
    const char *end = b->lines.text + b->lines.n_text;
    node->code = node->text;
    node->code_at = node->at;
    if (node->style == RS_STYLE_QUOTED) {
        node->code_at.col++;
    } else if (node->style == RS_STYLE_PLAIN && to.line > from.line) {
        node->code = copy_source(b, rs_lines_offset(&b->lines, from.line, from.column),
                                 rs_lines_offset(&b->lines, to.line, to.column));
    } else if (node->style == RS_STYLE_BLOCK) {
        size_t body = rs_lines_offset(&b->lines, from.line + 1, 0);
        node->code_at = (struct mark){b->file, (int)from.line + 2, 1};
        /* A comment would swallow what folding puts behind it; then the folded text is what counts. */
        if (style == YAML_FOLDED_SCALAR_STYLE && !strchr(node->text, '#')) {
            node->code = copy_source(b, body, rs_lines_offset(&b->lines, to.line, to.column));
            return;
        }
        node->code = trimmed(b, node->text);
        int in_text = rs_text_indent(node->text, node->text + strlen(node->text));
        int in_file = rs_text_indent(b->lines.text + body, end);
        node->code_indent = in_file > in_text ? in_file - in_text : 0;
        node->code_at.col += node->code_indent;
    }
}

static enum node_style style_of(yaml_scalar_style_t style)
{
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        return RS_STYLE_QUOTED;
    }
    if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        return RS_STYLE_BLOCK;
    }
    return RS_STYLE_PLAIN;
}

static struct node *new_node(struct builder *b, enum node_kind kind)
{
    struct node *node = RS_ARENA_ARRAY(b->arena, struct node, 1);
    node->kind = kind;
    node->at = mark_of(b, b->event.start_mark);
    node->end = mark_of(b, b->event.end_mark);
    node->weight = 1;
    return node;
}

static const struct node *build_scalar(struct builder *b)
{
    const char *value = (const char *)b->event.data.scalar.value;
    size_t n = b->event.data.scalar.length;
    struct node *node = new_node(b, RS_NODE_SCALAR);
    if (memchr(value, '\0', n)) {
        return refuse(b, node->at, "the text holds a NUL character");
    }
    node->text = rs_arena_strndup(b->arena, value, n);
    node->style = style_of(b->event.data.scalar.style);
    place_code(b, node);
    return node;
}

static const struct node *build(struct builder *b, int depth);

static bool add_weight(struct builder *b, struct node *node, const struct node *child)
{
    node->weight += child->weight;
    if (node->weight > WEIGHT_MAX) {
        refuse(b, node->at, "the document is too large: more than 500000 values");
        return false;
    }
    return true;
}

static const struct node *build_list(struct builder *b, int depth)
{
    struct node *node = new_node(b, RS_NODE_LIST);
    node->is_flow = b->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    const struct node **item = NULL;
    int cap = 0;
    for (;;) {
        if (!next_event(b)) {
            return NULL;
        }
        if (b->event.type == YAML_SEQUENCE_END_EVENT) {
            node->end = mark_of(b, b->event.end_mark);
            node->item = item;
            return node;
        }
        const struct node *child = build(b, depth + 1);
        if (!child || !add_weight(b, node, child)) {
            return NULL;
        }
        if (node->n == cap) {
            cap = cap ? 2 * cap : 8;
            const struct node **grown = RS_ARENA_ARRAY(b->arena, const struct node *, cap);
            if (node->n > 0) {
                memcpy(grown, item, sizeof(const struct node *) * (size_t)node->n);
            }
            item = grown;
        }
        assert(item);
        item[node->n++] = child;
    }
}

/* Pairs of one map while it is built, and what `<<` merges into it afterwards. */
struct pairs {
    struct pair *pair;
    int n, cap;
    const struct node *merge;
};

static void add_pair(struct builder *b, struct pairs *pairs, struct pair pair)
{
    if (pairs->n == pairs->cap) {
        pairs->cap = pairs->cap ? 2 * pairs->cap : 8;
        struct pair *grown = RS_ARENA_ARRAY(b->arena, struct pair, pairs->cap);
        if (pairs->n > 0) {
            memcpy(grown, pairs->pair, sizeof(struct pair) * (size_t)pairs->n);
        }
        pairs->pair = grown;
    }
    pairs->pair[pairs->n++] = pair;
}

/* Keys of the map itself win over merged ones; of several merged maps the first wins (YAML merge key type). */
static bool merge_map(struct builder *b, struct pairs *pairs, const struct node *from)
{
    if (from->kind != RS_NODE_MAP) {
        refuse(b, from->at, "`<<` must name a map or a list of maps");
        return false;
    }
    for (int i = 0; i < from->n; i++) {
        if (pairs->n >= PAIRS_MAX) {
            refuse(b, from->at, "a map has more than 2000 keys");
            return false;
        }
        if (!rs_pair_find(pairs->pair, pairs->n, from->pair[i].key)) {
            add_pair(b, pairs, from->pair[i]);
        }
    }
    return true;
}

static bool merge(struct builder *b, struct pairs *pairs)
{
    const struct node *from = pairs->merge;
    if (!from) {
        return true;
    }
    if (from->kind != RS_NODE_LIST) {
        return merge_map(b, pairs, from);
    }
    for (int i = 0; i < from->n; i++) {
        if (!merge_map(b, pairs, from->item[i])) {
            return false;
        }
    }
    return true;
}

/* The event in hand is a key: checks it, reads its value. */
static bool build_pair(struct builder *b, struct node *node, struct pairs *pairs, int depth)
{
    struct mark at = mark_of(b, b->event.start_mark);
    if (b->event.type != YAML_SCALAR_EVENT) {
        refuse(b, at, "a key must be a word, not a map, a list or an alias");
        return false;
    }
    bool is_plain = style_of(b->event.data.scalar.style) == RS_STYLE_PLAIN;
    const struct node *key = build_scalar(b);
    if (!key || !next_event(b)) {
        return false;
    }
    const struct node *value = build(b, depth + 1);
    if (!value || !add_weight(b, node, value)) {
        return false;
    }
    if (is_plain && strcmp(key->text, "<<") == 0) {
        pairs->merge = value;
        return true;
    }
    const struct pair *first = rs_pair_find(pairs->pair, pairs->n, key->text);
    if (first) {
        rs_err_list_add(b->errors, RS_E_KEY, at, "key \"%s\" occurs twice, first at line %d",
                        key->text, first->at.line);
        return true; /* the first one stands, and the rest of the file is still looked at */
    }
    if (pairs->n >= PAIRS_MAX) {
        refuse(b, at, "a map has more than 2000 keys");
        return false;
    }
    add_pair(b, pairs, (struct pair){key->text, at, value});
    return true;
}

static const struct node *build_map(struct builder *b, int depth)
{
    struct node *node = new_node(b, RS_NODE_MAP);
    node->is_flow = b->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    struct pairs pairs = {NULL, 0, 0, NULL};
    for (;;) {
        if (!next_event(b)) {
            return NULL;
        }
        if (b->event.type == YAML_MAPPING_END_EVENT) {
            node->end = mark_of(b, b->event.end_mark);
            break;
        }
        if (!build_pair(b, node, &pairs, depth)) {
            return NULL;
        }
    }
    if (!merge(b, &pairs)) {
        return NULL;
    }
    node->n = pairs.n;
    node->pair = pairs.pair;
    return node;
}

static const struct node *build_alias(struct builder *b)
{
    const char *name = (const char *)b->event.data.alias.anchor;
    for (const struct anchor *a = b->anchor; a; a = a->older) {
        if (strcmp(a->name, name) == 0) {
            return a->node;
        }
    }
    rs_err_list_add(b->errors, RS_E_SYNTAX, mark_of(b, b->event.start_mark),
                    "alias \"*%s\" names no anchor that is complete before it", name);
    return NULL;
}

static bool tag_is_foreign(const yaml_char_t *tag)
{
    static const char own[] = "tag:yaml.org,2002:";
    return tag && strcmp((const char *)tag, "!") != 0 &&
           strncmp((const char *)tag, own, sizeof(own) - 1) != 0;
}

static const struct node *build_fresh(struct builder *b, int depth)
{
    if (b->event.type == YAML_SCALAR_EVENT) {
        return build_scalar(b);
    }
    if (b->event.type == YAML_SEQUENCE_START_EVENT) {
        return build_list(b, depth);
    }
    assert(b->event.type == YAML_MAPPING_START_EVENT);
    return build_map(b, depth);
}

/* The event in hand begins a value. */
static const struct node *build(struct builder *b, int depth)
{
    struct mark at = mark_of(b, b->event.start_mark);
    if (depth > DEPTH_MAX) {
        return refuse(b, at, "nested deeper than 50 levels");
    }
    if (b->event.type == YAML_ALIAS_EVENT) {
        return build_alias(b);
    }
    if (++b->n_node > WEIGHT_MAX) {
        return refuse(b, at, "the document is too large: more than 500000 values");
    }
    /* The three kinds of event keep tag and anchor in the same order, but not in one place. */
    const yaml_char_t *tag = NULL, *anchor = NULL;
    if (b->event.type == YAML_SCALAR_EVENT) {
        tag = b->event.data.scalar.tag, anchor = b->event.data.scalar.anchor;
    } else if (b->event.type == YAML_SEQUENCE_START_EVENT) {
        tag = b->event.data.sequence_start.tag, anchor = b->event.data.sequence_start.anchor;
    } else {
        tag = b->event.data.mapping_start.tag, anchor = b->event.data.mapping_start.anchor;
    }
    if (tag_is_foreign(tag)) {
        return refuse(b, at, "tags of one's own are not supported");
    }
    const char *name = anchor ? rs_arena_strdup(b->arena, (const char *)anchor) : NULL;
    const struct node *node = build_fresh(b, depth);
    if (node && name) {
        struct anchor *a = RS_ARENA_ARRAY(b->arena, struct anchor, 1);
        *a = (struct anchor){name, node, b->anchor};
        b->anchor = a;
    }
    return node;
}

/* The event in hand begins a document: its root, with the document's end in hand afterwards. */
static const struct node *build_document(struct builder *b)
{
    b->anchor = NULL; /* anchors end with their document */
    if (!next_event(b)) {
        return NULL;
    }
    const struct node *root = build(b, 0);
    return root && next_event(b) ? root : NULL;
}

/* All documents; 0 for an empty file, -1 with an error added. */
static int build_stream(struct builder *b, const struct node ***out)
{
    int n = 0, n_max = b->only_one ? 1 : DOCUMENT_MAX;
    *out = RS_ARENA_ARRAY(b->arena, const struct node *, n_max);
    if (!next_event(b)) { /* stream start */
        return -1;
    }
    while (next_event(b)) {
        if (b->event.type == YAML_STREAM_END_EVENT) {
            return n;
        }
        if (n == n_max) {
            refuse(b, mark_of(b, b->event.start_mark),
                   b->only_one ? "a second document begins here; a file holds one"
                               : "the file holds more than 1000 documents");
            return -1;
        }
        (*out)[n] = build_document(b);
        if (!(*out)[n++]) {
            return -1;
        }
    }
    return -1;
}

static int parse(struct builder *b, const char *text, size_t n, const struct node ***out)
{
    rs_text_skip_mark(&text, &n);
    if (n > TEXT_MAX) {
        refuse(b, (struct mark){b->file, 1, 1}, "the file is larger than 4 MiB");
        return -1;
    }
    b->lines = rs_lines_new(b->arena, text, n);
    if (rs_text_check(&b->lines, b->file, b->errors) != 0) {
        return -1;
    }
    if (!yaml_parser_initialize(&b->parser)) {
        refuse(b, (struct mark){NULL, 0, 0}, "out of memory");
        return -1;
    }
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, n);
    int n_root = build_stream(b, out);
    if (b->has_event) {
        yaml_event_delete(&b->event);
    }
    yaml_parser_delete(&b->parser);
    return n_root;
}

int rs_yaml_parse_all(struct arena *arena,
                      const char *file,
                      const char *text,
                      size_t n,
                      struct err_list *errors,
                      const struct node *const **out)
{
    struct builder b = {.arena = arena, .file = file, .errors = errors};
    const struct node **root = NULL;
    int n_root = parse(&b, text, n, &root);
    *out = root;
    return n_root;
}

const struct node *rs_yaml_parse(
    struct arena *arena, const char *file, const char *text, size_t n, struct err_list *errors)
{
    struct builder b = {.arena = arena, .file = file, .errors = errors, .only_one = true};
    const struct node **root = NULL;
    int n_root = parse(&b, text, n, &root);
    if (n_root == 0) {
        return refuse(&b, (struct mark){file, 1, 1}, "the file is empty");
    }
    return n_root == 1 ? root[0] : NULL;
}
