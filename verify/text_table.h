/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table for a terminal: cells row by row, columns as wide as they need, narrowed where they may be. UTF-8, one cell a sign. */
#ifndef VERIFY_TEXT_TABLE_H
#define VERIFY_TEXT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

enum text_style {
    RS_STYLE_PLAIN,
    RS_STYLE_GOOD,
    RS_STYLE_BAD,
    RS_STYLE_OPEN,
    RS_STYLE_DIM,
    RS_STYLE_BOLD
};

struct text_column {
    const char *head; /* borrowed */
    bool right;       /* numbers */
    int narrowest; /* > 0: may be cut down to so many signs, with an ellipsis, when the table does not fit */
    bool optional; /* left out when that is not enough, the rightmost first */
};

struct text_table; /* opaque, heap */

struct text_table *rs_text_table_new(int n_column, const struct text_column *column);
void rs_text_table_free(struct text_table *t); /* NULL ok */

/* The next cell of the present row; control characters are spelled out. */
void rs_text_table_cell(struct text_table *t, enum text_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A line between the rows before and after; the present row must be full. */
void rs_text_table_rule(struct text_table *t);

/* Columns whose cells are all empty are left out. */
void rs_text_table_print(const struct text_table *t, FILE *to, int indent, int width, bool colour);

/* Heads of the columns that printing to that width leaves out for want of room: "until, users hurt"; "" = none. In the table. */
const char *rs_text_table_left_out(const struct text_table *t, int indent, int width);

/* Number of signs on the screen: code points. */
int rs_text_width(const char *text);
/* Prints text broken at spaces into lines of at most width signs, each indented. */
void rs_text_wrap(FILE *to, const char *text, int indent, int width);
/* The same behind `at` columns that are printed already, if at > 0: a space goes between, or a new line. */
void rs_text_wrap_on(FILE *to, const char *text, int at, int indent, int width);
/* Prints text with control characters spelled out: \n, \x1b. */
void rs_text_tame(FILE *to, const char *text);
/* Prints text in a style when colour is set, else plainly; control characters are spelled out. */
void rs_text_styled(FILE *to, enum text_style style, bool colour, const char *text);

#endif
