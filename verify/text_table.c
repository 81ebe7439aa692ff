/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

struct cell {
    const char *text; /* in the arena; NULL = a rule runs through here */
    enum text_style style;
};

struct text_table {
    struct arena *arena;
    int n_column;
    const struct text_column *column;
    struct cell *cell; /* [n_cell] owned, row by row */
    size_t n_cell, cap_cell;
};

struct text_table *rs_text_table_new(int n_column, const struct text_column *column)
{
    struct text_table *t = rs_xcalloc(1, sizeof *t);
    t->arena = rs_arena_new();
    t->n_column = n_column;
    t->column = column;
    return t;
}

void rs_text_table_free(struct text_table *t)
{
    if (!t)
        return;
    rs_arena_free(t->arena);
    free(t->cell);
    free(t);
}

static void add_cell(struct text_table *t, struct cell c)
{
    if (t->n_cell == t->cap_cell) {
        t->cap_cell = t->cap_cell ? 2 * t->cap_cell : 64;
        t->cell = rs_xrealloc(t->cell, t->cap_cell * sizeof *t->cell);
    }
    t->cell[t->n_cell++] = c;
}

/* What comes from a file must not steer the terminal: control characters are spelled as in C. */
static void put_tame(FILE *to, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    for (; p < end; p++) {
        bool c1 = end - p > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* up to U+009F */
        p += c1;
        if (*p == '\n')
            fputs("\\n", to);
        else if (c1 || *p < 0x20 || *p == 0x7f)
            fprintf(to, "\\x%02x", *p);
        else
            fputc(*p, to);
    }
}

void rs_text_tame(FILE *to, const char *text)
{
    put_tame(to, text, strlen(text));
}

static const char *tame(struct arena *arena, const char *text)
{
    char *heap = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&heap, &n);
    rs_text_tame(to, text);
    fclose(to);
    const char *kept = rs_arena_strdup(arena, heap);
    free(heap);
    return kept;
}

void rs_text_table_cell(struct text_table *t, enum text_style style, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_cell(t, (struct cell){tame(t->arena, text), style});
}

void rs_text_table_rule(struct text_table *t)
{
    assert(t->n_cell % (size_t)t->n_column == 0);
    for (int i = 0; i < t->n_column; i++)
        add_cell(t, (struct cell){NULL, RS_STYLE_PLAIN});
}

/* ---- signs ----------------------------------------------------------------------------------------------------------- */

static bool starts_sign(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80; /* not the rest of a longer UTF-8 sign */
}

int rs_text_width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += starts_sign(*text);
    return n;
}

/* Bytes of the first n signs. */
static size_t bytes_of(const char *text, int n)
{
    size_t i = 0;
    for (; text[i]; i++) {
        if (starts_sign(text[i]) && n-- == 0)
            break;
    }
    return i;
}

static const char *style_code(enum text_style style)
{
    switch (style) {
    case RS_STYLE_PLAIN: return "";
    case RS_STYLE_GOOD: return "\033[32m";
    case RS_STYLE_BAD: return "\033[1;31m";
    case RS_STYLE_OPEN: return "\033[33m";
    case RS_STYLE_DIM: return "\033[2m";
    case RS_STYLE_BOLD: return "\033[1m";
    }
    assert(!"a style of no kind");
    return "";
}

void rs_text_styled(FILE *to, enum text_style style, bool colour, const char *text)
{
    bool painted = colour && style != RS_STYLE_PLAIN;
    fputs(painted ? style_code(style) : "", to);
    rs_text_tame(to, text);
    fputs(painted ? "\033[0m" : "", to);
}

void rs_text_wrap_on(FILE *to, const char *text, int at, int indent, int width)
{
    while (*text) {
        size_t n = strcspn(text, " \n");
        int signs = 0;
        for (size_t i = 0; i < n; i++)
            signs += starts_sign(text[i]);
        if (at > indent && signs >= width - at) {
            fputc('\n', to);
            at = 0;
        }
        if (at == 0)
            at = fprintf(to, "%*s", indent, "");
        else
            at += fprintf(to, " ");
        put_tame(to, text, n);
        at += signs;
        text += n;
        text += strspn(text, " \n");
    }
    fputc('\n', to);
}

void rs_text_wrap(FILE *to, const char *text, int indent, int width)
{
    rs_text_wrap_on(to, text, 0, indent, width);
}

/* ---- printing -------------------------------------------------------------------------------------------------------- */

#define MAX_COLUMN 16
#define GAP 2

static void measure(const struct text_table *t, int *width /* [n_column] */)
{
    for (int c = 0; c < t->n_column; c++) {
        width[c] = 0;
        for (size_t i = (size_t)c; i < t->n_cell; i += (size_t)t->n_column) {
            int w = t->cell[i].text ? rs_text_width(t->cell[i].text) : 0;
            width[c] = w > width[c] ? w : width[c];
        }
        int head = rs_text_width(t->column[c].head);
        if (width[c] > 0 && head > width[c])
            width[c] = head;
    }
}

static int total(const struct text_table *t, const int *width)
{
    int sum = -GAP;
    for (int c = 0; c < t->n_column; c++)
        sum += width[c] > 0 ? width[c] + GAP : 0;
    return sum;
}

static int narrowest_total(const struct text_table *t, const int *width)
{
    int sum = total(t, width);
    for (int c = 0; c < t->n_column; c++) {
        int least = t->column[c].narrowest;
        sum -= least > 0 && width[c] > least ? width[c] - least : 0;
    }
    return sum;
}

/* Leaves out what may be left out, then takes from the widest column that may give, until the table fits or none can. */
static void narrow(const struct text_table *t, int *width, int room)
{
    for (int c = t->n_column - 1; c >= 0 && narrowest_total(t, width) > room; c--)
        width[c] = t->column[c].optional ? 0 : width[c];
    for (int over = total(t, width) - room; over > 0; over--) {
        int widest = -1;
        for (int c = 0; c < t->n_column; c++) {
            bool gives = t->column[c].narrowest > 0 && width[c] > t->column[c].narrowest;
            if (gives && (widest < 0 || width[c] > width[widest]))
                widest = c;
        }
        if (widest < 0)
            return;
        width[widest]--;
    }
}

/* Text cut to width signs. */
static void print_cut(FILE *to, const char *text, int width)
{
    if (rs_text_width(text) <= width) {
        fputs(text, to);
    } else {
        fwrite(text, 1, bytes_of(text, width - 1), to);
        fputs("…", to);
    }
}

/* Gaps are printed only before text, so that no line ends in spaces. */
static void print_row(const struct text_table *t,
                      FILE *to,
                      int indent,
                      const struct cell *row,
                      const int *width,
                      bool colour)
{
    int gap = indent;
    for (int c = 0; c < t->n_column; c++) {
        int n = rs_text_width(row[c].text);
        int pad = width[c] > n ? width[c] - n : 0;
        bool right = t->column[c].right, painted = colour && row[c].style != RS_STYLE_PLAIN;
        if (width[c] == 0)
            continue;
        if (n > 0) {
            fprintf(to, "%*s", gap + (right ? pad : 0), "");
            fputs(painted ? style_code(row[c].style) : "", to);
            print_cut(to, row[c].text, width[c]);
            fputs(painted ? "\033[0m" : "", to);
            gap = right ? 0 : pad;
        } else {
            gap += width[c];
        }
        gap += GAP;
    }
    fputc('\n', to);
}

static void print_rule(FILE *to, int indent, int n)
{
    fprintf(to, "%*s", indent, "");
    for (int i = 0; i < n; i++)
        fputs("─", to);
    fputc('\n', to);
}

const char *rs_text_table_left_out(const struct text_table *t, int indent, int width)
{
    int full[MAX_COLUMN], w[MAX_COLUMN];
    const char *heads = "";
    assert(t->n_column <= MAX_COLUMN);
    measure(t, full);
    memcpy(w, full, sizeof *w * (size_t)t->n_column);
    narrow(t, w, width - indent);
    for (int c = 0; c < t->n_column; c++) {
        if (full[c] > 0 && w[c] == 0)
            heads =
                rs_arena_printf(t->arena, "%s%s%s", heads, *heads ? ", " : "", t->column[c].head);
    }
    return heads;
}

void rs_text_table_print(const struct text_table *t, FILE *to, int indent, int width, bool colour)
{
    assert(t->n_column <= MAX_COLUMN && t->n_cell % (size_t)t->n_column == 0);
    int w[MAX_COLUMN];
    struct cell head[MAX_COLUMN];
    measure(t, w);
    narrow(t, w, width - indent);
    for (int c = 0; c < t->n_column; c++)
        head[c] = (struct cell){t->column[c].head, RS_STYLE_DIM};
    print_row(t, to, indent, head, w, colour);
    for (size_t i = 0; i < t->n_cell; i += (size_t)t->n_column) {
        if (t->cell[i].text)
            print_row(t, to, indent, &t->cell[i], w, colour);
        else
            print_rule(to, indent, total(t, w));
    }
}
