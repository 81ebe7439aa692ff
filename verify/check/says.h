/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers in the words of a document: "if errors > 0.5 % or p95 latency above 200 ms". */
#ifndef VERIFY_CHECK_SAYS_H
#define VERIFY_CHECK_SAYS_H

#include <stdbool.h>

enum said_unit { RS_SAID_PLAIN, RS_SAID_PERCENT, RS_SAID_SECONDS };

struct said_number {
    double value; /* shares of 1, seconds, or plain */
    enum said_unit unit;
    bool compared; /* a sign or a word of comparison stands before it: >, below, at least */
};

#define RS_SAID_MAX 16
/* The numbers of a text in their order; at most RS_SAID_MAX. Minutes and longer times are windows and are left out. */
int rs_said_numbers(const char *text, struct said_number out[RS_SAID_MAX]);

/* Is one of the words in it, as a whole word, in any case? List ends with NULL. */
bool rs_says_any(const char *text, const char *const words[]);
/* A word for a statistic: p95, percentile, median, average, ... */
bool rs_says_statistic(const char *text);
bool rs_says_mean(const char *text);
/* A word for what a share is of: requests, answers, ratio, ... */
bool rs_says_whole(const char *text);
/* The quantile that it names (p95, 95th percentile, median), or NaN. */
double rs_says_quantile(const char *text);

#endif
