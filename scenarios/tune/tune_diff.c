/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A unified diff (POSIX diff -u). What has changed is known, so nothing is compared: lines that an edit touches, with three lines
 * around them.
 */
#include <stdlib.h>
#include <string.h>

#include "tune_text.h"

enum { CONTEXT = 3 };

/* Lines [from, until) of the old text, in bytes, become `text`. */
struct change {
    size_t from, until;
    char *text; /* owned */
    size_t n_text;
    int first, n; /* its edits */
};

struct patch {
    FILE *to;
    const char *text;
    size_t n;
    const struct tune_edit *edit;
    int n_change;
    struct change *change;
};

static size_t line_begin(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_end(const char *text, size_t n, size_t at)
{
    const char *end = memchr(text + at, '\n', n - at);
    return end ? (size_t)(end - text) + 1 : n;
}

/* Whole lines put in before another line leave that line alone. */
static bool is_new_line(const struct patch *p, const struct tune_place *place)
{
    size_t n = strlen(place->after);
    return place->from == place->until && line_begin(p->text, place->from) == place->from &&
           n > 0 && place->after[n - 1] == '\n';
}

static void collect(struct patch *p, int n_edit)
{
    p->change = rs_xcalloc((size_t)n_edit + 1, sizeof(*p->change));
    for (int i = 0; i < n_edit; i++) {
        const struct tune_place *place = p->edit[i].place;
        bool is_new = is_new_line(p, place);
        size_t from = is_new ? place->from : line_begin(p->text, place->from);
        size_t until = is_new ? from : line_end(p->text, p->n, place->until);
        struct change *last = p->n_change > 0 ? &p->change[p->n_change - 1] : NULL;
        if (last && from <= last->until) {
            last->until = until > last->until ? until : last->until;
            last->n++;
        } else {
            p->change[p->n_change++] = (struct change){from, until, NULL, 0, i, 1};
        }
    }
    for (int i = 0; i < p->n_change; i++) {
        struct change *c = &p->change[i];
        const struct tune_edit *edit = &p->edit[c->first];
        c->n_text = rs_tune_edited(NULL, p->text, c->from, c->until, edit, c->n);
        c->text = rs_xcalloc(c->n_text + 1, 1);
        (void)rs_tune_edited(c->text, p->text, c->from, c->until, edit, c->n);
    }
}

static size_t count_lines(const char *text, size_t n)
{
    size_t lines = n > 0 && text[n - 1] != '\n';
    for (size_t i = 0; i < n; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static void print_lines(FILE *to, char sign, const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t end = line_end(text, n, at);
        fputc(sign, to);
        fwrite(text + at, 1, end - at, to);
        if (text[end - 1] != '\n') {
            fputs("\n\\ No newline at end of file\n", to);
        }
        at = end;
    }
}

/* Up to CONTEXT lines back, but not beyond `stop`. */
static size_t back(const struct patch *p, size_t at, size_t stop)
{
    for (int i = 0; i < CONTEXT && at > stop; i++) {
        at = line_begin(p->text, at - 1);
    }
    return at;
}

static size_t forth(const struct patch *p, size_t at, int lines)
{
    for (int i = 0; i < lines && at < p->n; i++) {
        at = line_end(p->text, p->n, at);
    }
    return at;
}

/* "12,7"; a range without lines is told by the line before it. */
static void print_range(FILE *to, size_t before, size_t n)
{
    fprintf(to, "%zu", n > 0 ? before + 1 : before);
    if (n != 1) {
        fprintf(to, ",%zu", n);
    }
}

/* Changes [i, j), which lie so near to each other that their contexts touch. Returns by how many lines the text has grown. */
static long print_hunk(const struct patch *p, int i, int j, long grown)
{
    const struct change *first = &p->change[i], *last = &p->change[j - 1];
    size_t from = back(p, first->from, 0), until = forth(p, last->until, CONTEXT);
    size_t before = count_lines(p->text, from), n_old = count_lines(p->text + from, until - from);
    long more = 0;
    for (int k = i; k < j; k++) {
        const struct change *c = &p->change[k];
        more += (long)count_lines(c->text, c->n_text);
        more -= (long)count_lines(p->text + c->from, c->until - c->from);
    }
    fputs("@@ -", p->to);
    print_range(p->to, before, n_old);
    fputs(" +", p->to);
    print_range(p->to, (size_t)((long)before + grown), (size_t)((long)n_old + more));
    fputs(" @@\n", p->to);
    for (int k = i; k < j; k++) {
        const struct change *c = &p->change[k];
        print_lines(p->to, ' ', p->text + from, c->from - from);
        print_lines(p->to, '-', p->text + c->from, c->until - c->from);
        print_lines(p->to, '+', c->text, c->n_text);
        from = c->until;
    }
    print_lines(p->to, ' ', p->text + from, until - from);
    return more;
}

static void
print_file(FILE *to, const struct tune_file *f, const struct tune_edit *edit, int n_edit)
{
    struct patch p = {.to = to, .text = f->text, .n = f->n_text, .edit = edit};
    collect(&p, n_edit);
    fprintf(to, "--- %s\n+++ %s\n", f->path, f->path);
    long grown = 0;
    for (int i = 0, j; i < p.n_change; i = j) {
        for (j = i + 1; j < p.n_change; j++) {
            if (forth(&p, p.change[j - 1].until, 2 * CONTEXT) < p.change[j].from) {
                break;
            }
        }
        grown += print_hunk(&p, i, j, grown);
    }
    for (int i = 0; i < p.n_change; i++) {
        free(p.change[i].text);
    }
    free(p.change);
}

void rs_tune_print_diff(FILE *to, const struct tune_plan *plan, const uint16_t *value)
{
    for (int i = 0; i < plan->n_file; i++) {
        int n_edit = 0;
        struct tune_edit *edit = rs_tune_edits(plan, i, value, &n_edit);
        if (n_edit > 0) {
            print_file(to, &plan->file[i], edit, n_edit);
        }
        free(edit);
    }
}
