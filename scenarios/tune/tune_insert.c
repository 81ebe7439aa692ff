/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a key goes that is not in the file yet: as a line of its own beside the other keys of its map, or behind the last one
 * between braces. A guess at what reads well; whether it is right is tried out.
 */
#include <string.h>

#include "tune_read.h"

struct spot {
    const struct tune_doc *doc;
    const struct node *map;
    const struct pair **own; /* [n] that stand in the map itself, not merged into it */
    int n;
};

static bool is_before(struct mark a, struct mark b)
{
    return a.line < b.line || (a.line == b.line && a.col < b.col);
}

static struct spot spot_of(struct arena *arena, const struct tune_target *target)
{
    const struct node *map = target->map;
    struct spot s = {
        .doc = target->doc, .map = map, .own = RS_ARENA_ARRAY(arena, const struct pair *, map->n)};
    for (int i = 0; i < map->n; i++) {
        const struct pair *pair = &map->pair[i];
        /* An alias stands where its anchor is: nobody knows its end here. */
        if (!is_before(pair->at, map->at) && is_before(pair->at, map->end)) {
            s.own[s.n++] = pair;
        }
    }
    return s;
}

static bool is_alias(const struct pair *pair)
{
    return is_before(pair->value->at, pair->at);
}

static size_t line_begin(const struct tune_doc *doc, size_t at)
{
    while (at > doc->skip && doc->text[at - 1] != '\n') {
        at--;
    }
    return at;
}

/* Behind the line's break, or the end of the text. */
static size_t line_end(const struct tune_doc *doc, size_t at)
{
    const char *end = memchr(doc->text + at, '\n', doc->n - at);
    return end ? (size_t)(end - doc->text) + 1 : doc->n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool begins_line(const struct tune_doc *doc, size_t at)
{
    for (size_t i = line_begin(doc, at); i < at; i++) {
        if (doc->text[i] != ' ') {
            return false;
        }
    }
    return true;
}

/* Behind the last character of a value, however deep it goes. */
struct mark rs_tune_last_mark(const struct node *node)
{
    if (node->kind == RS_NODE_SCALAR || node->is_flow || node->n == 0) {
        return node->end;
    }
    struct mark last = node->at;
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        struct mark end = rs_tune_last_mark(below);
        last = is_before(last, end) ? end : last;
    }
    return last;
}

static size_t value_end(const struct tune_doc *doc, const struct pair *pair)
{
    size_t at = rs_tune_offset(doc, is_alias(pair) ? pair->at : rs_tune_last_mark(pair->value));
    if (is_alias(pair)) {
        return line_end(doc, at);
    }
    while (at > doc->skip && is_blank(doc->text[at - 1])) {
        at--;
    }
    return at;
}

static const char *line_break(const struct tune_doc *doc, size_t at)
{
    size_t end = line_end(doc, at);
    bool crlf = end >= 2 && doc->text[end - 1] == '\n' && doc->text[end - 2] == '\r';
    return crlf ? "\r\n" : "\n";
}

/* Comments right above a line belong to it. */
static size_t above_comments(const struct tune_doc *doc, size_t begin, size_t stop)
{
    while (begin > stop) {
        size_t before = line_begin(doc, begin - 1), i = before;
        while (i < begin && is_blank(doc->text[i])) {
            i++;
        }
        if (before < stop || i == begin || doc->text[i] != '#') {
            break;
        }
        begin = before;
    }
    return begin;
}

static void put_line(
    struct arena *arena, const struct spot *s, const char *key, int after, struct tune_place *out)
{
    const struct tune_doc *doc = s->doc;
    int indent = s->map->at.col - 1;
    const struct pair *behind = s->own[after];
    const char *end_of_line = line_break(doc, rs_tune_offset(doc, behind->at));
    if (after + 1 < s->n && begins_line(doc, rs_tune_offset(doc, s->own[after + 1]->at))) {
        size_t begin = line_begin(doc, rs_tune_offset(doc, s->own[after + 1]->at));
        bool is_block =
            behind->value->kind == RS_NODE_SCALAR && behind->value->style == RS_STYLE_BLOCK;
        size_t stop = is_block ? begin : line_end(doc, value_end(doc, behind));
        out->from = above_comments(doc, begin, stop);
        out->before = rs_arena_printf(arena, "%*s%s: ", indent, "", key);
        out->after = end_of_line;
    } else {
        out->from = line_end(doc, value_end(doc, behind));
        bool is_open = out->from == doc->n && (doc->n == 0 || doc->text[doc->n - 1] != '\n');
        out->before =
            rs_arena_printf(arena, "%s%*s%s: ", is_open ? end_of_line : "", indent, "", key);
        out->after = is_open ? "" : end_of_line;
    }
    out->until = out->from;
}

static void put_between_braces(struct arena *arena,
                               const struct spot *s,
                               const char *key,
                               struct tune_place *out)
{
    const struct pair *last = s->own[s->n - 1];
    size_t at = rs_tune_offset(s->doc, last->at);
    const char *quote = s->doc->text[at] == '"' ? "\"" : "";
    out->from = out->until = value_end(s->doc, last);
    const char *gap = " ";
    if (begins_line(s->doc, at)) {
        size_t begin = line_begin(s->doc, at);
        gap = rs_arena_printf(arena, "%s%.*s", line_break(s->doc, at), (int)(at - begin),
                              s->doc->text + begin);
    }
    /* What is quoted as a key is JSON, and there a duration must be quoted too. */
    out->before = rs_arena_printf(arena, ",%s%s%s%s: %s", gap, quote, key, quote, quote);
    out->after = quote;
}

int rs_tune_insert(struct tuning *t, const struct tune_target *target, struct tune_place *out)
{
    struct spot s = spot_of(t->r->arena, target);
    *out = (struct tune_place){.at = target->map->at};
    if (s.n == 0 || (target->map->is_flow && is_alias(s.own[s.n - 1]))) {
        return rs_tune_refuse(
            t, t->draft->path, RS_E_UNSUPPORTED,
            "\"%s\" is not in the file, and there is no good place for it; write it "
            "into the file first",
            target->key);
    }
    if (target->map->is_flow) {
        put_between_braces(t->r->arena, &s, target->key, out);
        return 0;
    }
    int after = 0;
    for (int i = 0; i < s.n; i++) {
        if (target->after && strcmp(s.own[i]->key, target->after) == 0) {
            after = i;
        }
    }
    put_line(t->r->arena, &s, target->key, after, out);
    return 0;
}
