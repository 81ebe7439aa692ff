/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the bytes of a scalar stand in its file. YAML takes indentation away, folds lines and resolves escapes, and tells nobody
 * how: so text and source are walked side by side. What is not blank stands in both in one order.
 */
#include <string.h>

#include "tune_read.h"

struct walk {
    const char *text, *source, *end; /* the next bytes of both */
    bool single, is_double;          /* in quotes */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The three line breaks that YAML 1.1 has besides CR and LF. */
static size_t odd_break(const char *p, const char *end)
{
    if (end - p >= 2 && memcmp(p, "\xc2\x85", 2) == 0) {
        return 2;
    }
    bool three =
        end - p >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0);
    return three ? 3 : 0;
}

/* Blanks, line breaks, and in double quotes the escapes that stand for them. */
static void skip_source_blanks(struct walk *w)
{
    while (w->source < w->end) {
        if (is_blank(*w->source)) {
            w->source++;
        } else if (w->is_double && *w->source == '\\' && w->source + 1 < w->end &&
                   w->source[1] != '\0' && strchr("nrt \n\r\t", w->source[1])) {
            w->source += 2;
        } else if (odd_break(w->source, w->end)) {
            w->source += odd_break(w->source, w->end);
        } else {
            return;
        }
    }
}

static void skip_text_blanks(struct walk *w)
{
    const char *end = w->text + strlen(w->text);
    while (*w->text) {
        size_t odd = odd_break(w->text, end);
        if (!is_blank(*w->text) && !odd) {
            return;
        }
        w->text += odd ? odd : 1;
    }
}

/* Bytes of the source that stand for the next byte of the text; 0 = they do not agree. Other escapes than these are not followed. */
static size_t step(const struct walk *w)
{
    size_t left = (size_t)(w->end - w->source);
    if (left == 0) {
        return 0;
    }
    if (w->single && *w->source == '\'') {
        return left > 1 && w->source[1] == '\'' && *w->text == '\'' ? 2 : 0;
    }
    if (w->is_double && *w->source == '\\') {
        return left > 1 && w->source[1] == *w->text && strchr("\"\\/", *w->text) ? 2 : 0;
    }
    return *w->source == *w->text ? 1 : 0;
}

/* Anchors and tags stand in front of a value and are no part of it. */
static void skip_properties(struct walk *w)
{
    while (w->source < w->end && (*w->source == '&' || *w->source == '!')) {
        while (w->source < w->end && !is_blank(*w->source)) {
            w->source++;
        }
        while (w->source < w->end && is_blank(*w->source)) {
            w->source++;
        }
    }
}

static struct walk begin(const struct tune_doc *doc, const struct node *scalar)
{
    size_t from = rs_tune_offset(doc, scalar->at), until = rs_tune_offset(doc, scalar->end);
    struct walk w = {.text = scalar->text, .source = doc->text + from, .end = doc->text + until};
    skip_properties(&w);
    if (scalar->style == RS_STYLE_QUOTED && w.source + 2 <= w.end) {
        w.single = *w.source == '\'';
        w.is_double = *w.source == '"';
        w.source++;
        w.end--;
    } else if (scalar->style == RS_STYLE_BLOCK) { /* behind the line of the "|" */
        const char *line = memchr(w.source, '\n', (size_t)(w.end - w.source));
        w.source = line ? line + 1 : w.end;
    }
    return w;
}

const size_t *
rs_tune_align(struct arena *arena, const struct tune_doc *doc, const struct node *scalar)
{
    struct walk w = begin(doc, scalar);
    size_t n = strlen(scalar->text);
    size_t *at = RS_ARENA_ARRAY(arena, size_t, n + 1);
    for (;;) {
        const char *blank = w.text;
        skip_text_blanks(&w);
        skip_source_blanks(&w);
        /* Blanks are placed where the text goes on: nobody cuts there. */
        for (; blank < w.text; blank++) {
            at[blank - scalar->text] = (size_t)(w.source - doc->text);
        }
        at[w.text - scalar->text] = (size_t)(w.source - doc->text);
        if (*w.text == '\0') {
            return at;
        }
        size_t taken = step(&w);
        if (taken == 0) {
            return NULL;
        }
        w.source += taken;
        w.text++;
    }
}
