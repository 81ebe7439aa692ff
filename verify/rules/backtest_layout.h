/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of a backtest: how wide they may be, and what of a time is printed. */
#ifndef VERIFY_BACKTEST_LAYOUT_H
#define VERIFY_BACKTEST_LAYOUT_H

#include "../text_table.h"
#include "verify/backtest.h"

enum { RS_BACKTEST_INDENT = 2, RS_BACKTEST_ROWS = 1000 };

struct backtest_layout {
    int width;    /* of the paper; of no terminal: without end */
    int wrap;     /* of running text */
    bool narrow;  /* times without year and zone, see rs_layout_time */
    bool one_day; /* and without a date, since all are of the day that the heading names */
    bool colour;
};

/* Signs that a text keeps: what it is long, but at most so many of 80. Columns that may be left out go before. */
int rs_layout_keep(const struct backtest_layout *l, int longest, int of_80);
/* The longer one of longest and the text, in signs. */
int rs_layout_longer(int longest, const char *text);
/* A cell with a time: whole, but without the date where it is that of since_ms; on a narrow terminal "09-22 09:04:30". */
void rs_layout_time(const struct backtest_layout *l,
                    struct text_table *t,
                    enum text_style style,
                    int64_t t_ms,
                    int64_t since_ms);
void rs_layout_heading(FILE *to, const struct backtest_layout *l, const char *text);

/* Notifications, and what was held back. */
void rs_backtest_print_am(FILE *to, const struct backtest *b, const struct backtest_layout *l);

#endif
