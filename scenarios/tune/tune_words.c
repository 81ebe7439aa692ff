/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of a path, what is wrong with them, and the documents that they lead into. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune_read.h"

/* ---- words of a path ---- */

const char *rs_path_after(const char *rest, const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || strncmp(rest, name, n) != 0) {
        return NULL;
    }
    rest += n;
    return *rest == '/' && rest[1] ? rest + 1 : *rest == '\0' || *rest == '[' ? rest : NULL;
}

const char *rs_path_index(const char *rest, int *out_k)
{
    if (rest[0] != '[' || !isdigit((unsigned char)rest[1])) {
        return NULL;
    }
    char *end = NULL;
    long k = strtol(rest + 1, &end, 10);
    if (*end != ']' || k < 1 || k > 1000000) {
        return NULL;
    }
    end++;
    *out_k = (int)k;
    return *end == '/' && end[1] ? end + 1 : *end == '\0' || *end == '[' ? end : NULL;
}

const char *rs_path_word(struct arena *arena, const char *rest)
{
    size_t n = strcspn(rest, "/[");
    return rs_arena_strndup(arena, rest, n ? n : strcspn(rest, "/"));
}

const char *const rs_literal_words[RS_LITERAL_N] = {[RS_LITERAL_THRESHOLD] = "threshold",
                                                    [RS_LITERAL_NUMBER] = "number",
                                                    [RS_LITERAL_RANGE] = "range",
                                                    [RS_LITERAL_STEP] = "step",
                                                    [RS_LITERAL_OFFSET] = "offset"};

int rs_path_literal(const char *rest, int *out_literal, int *out_k)
{
    for (int i = 0; i < RS_LITERAL_N; i++) {
        const char *after = rs_path_after(rest, rs_literal_words[i]);
        *out_k = 0;
        if (after && *after == '[') {
            after = rs_path_index(after, out_k);
        }
        if (after && *after == '\0') {
            *out_literal = i;
            return 0;
        }
    }
    return -1;
}

/* ---- refusals ---- */

static struct mark place_of(const struct tuning *t, const char *rest)
{
    struct mark at = t->draft->path_at;
    for (const char *p = t->draft->path; p < rest; p++) {
        at.col += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return at;
}

int rs_tune_refuse(struct tuning *t, const char *rest, enum rs_errc code, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return rs_err_list_add(t->r->errors, code, place_of(t, rest), "%s", text);
}

int rs_tune_refuse_name(
    struct tuning *t, const char *rest, const char *const *name, int n, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const char *word = rs_path_word(t->r->arena, rest);
    return rs_refuse_name(t->r, RS_E_REF, place_of(t, rest), word, name, (size_t)n, "%s", text);
}

/* ---- documents ---- */

size_t rs_tune_offset(const struct tune_doc *doc, struct mark at)
{
    return doc->skip + rs_lines_offset(&doc->lines, (size_t)at.line - 1, (size_t)at.col - 1);
}

struct tune_doc *rs_tune_doc(struct tuning *t, const char *path)
{
    struct reader *r = t->r;
    for (int i = 0; i < t->n_doc; i++) {
        if (strcmp(t->doc[i]->path, path) == 0) {
            return t->doc[i];
        }
    }
    for (int i = 0; i < r->n_kept; i++) {
        if (strcmp(r->kept[i].path, path) != 0) {
            continue;
        }
        struct tune_doc *doc = RS_ARENA_ARRAY(r->arena, struct tune_doc, 1);
        const char *text = r->kept[i].text;
        size_t n = r->kept[i].n;
        *doc = (struct tune_doc){.path = path, .text = text, .n = n, .file = -1};
        rs_text_skip_mark(&text, &n);
        doc->skip = doc->n - n;
        doc->lines = rs_lines_new(r->arena, text, n);
        doc->n_root = rs_yaml_parse_all(r->arena, path, doc->text, doc->n, r->errors, &doc->root);
        if (doc->n_root < 0) {
            return NULL;
        }
        RS_PUSH(r->arena, t->doc, t->n_doc, t->cap_doc, doc);
        return doc;
    }
    rs_tune_refuse(t, t->draft->path, RS_E_REF, "the file \"%s\" was not read", path);
    return NULL;
}

bool rs_tune_holds(const struct node *node, const struct node *wanted)
{
    if (node == wanted) {
        return true;
    }
    for (int i = 0; i < node->n; i++) {
        const struct node *below = node->kind == RS_NODE_MAP ? node->pair[i].value : node->item[i];
        if (rs_tune_holds(below, wanted)) {
            return true;
        }
    }
    return false;
}
