/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the pictures need of a search's database (verify/tune.sql), as plain arrays: all of it is read at once. Times are seconds,
 * ratios 0..1, INFINITY = never, NaN = nothing to tell.
 */
#ifndef PLOTS_SEARCH_H
#define PLOTS_SEARCH_H

#include "read.h"

struct estimate {
    double value, low, high;
    int64_t n;
};

struct search_value {
    char text[48];
    double number; /* seconds for durations; NaN for words */
};

struct search_param {
    char name[64], what[128], type[16];
    int today, chosen; /* values; chosen -1: there is no chosen setting */
    int n_value;
    struct search_value *value; /* [n_value] owned */
};

struct search_objective {
    char name[96], stat[16], unit[24]; /* unit "" for probabilities */
};

enum point_state {
    RS_SEARCH_FRONT,
    RS_SEARCH_DOMINATED,
    RS_SEARCH_EXCLUDED,
    RS_SEARCH_ILLEGAL,
    RS_SEARCH_STATE_N
};

struct search_point {
    enum point_state state;
    bool today, chosen;
    struct estimate *at; /* [n_objective] owned */
};

/* One parameter moved. */
struct search_step {
    bool around_chosen;
    int param, value, objective;
    struct estimate at;
};

struct search_cell {
    char fault[64];
    bool chosen;
    double error_ratio, traffic, per_s, within_s, low, high;
    int64_t n, n_detected;
};

struct search {
    struct record r; /* the connection, and what the pages' heads say */
    char method[24];
    int64_t n_space;
    bool stopped;
    int n_param, n_objective, n_point, n_step, n_cell;
    struct search_param *param;         /* [n_param] owned */
    struct search_objective *objective; /* [n_objective] owned */
    struct search_point *point;         /* [n_point] owned */
    struct search_step *step;           /* [n_step] owned */
    struct search_cell *cell;           /* [n_cell] owned; by fault, today's before the chosen */
    int n_fault;
    struct named *fault; /* [n_fault] owned; those that have a map, in the order of their names */
};

/* Opens for reading and reads all; refuses what is no search of this version. Must be closed when 0 was returned. 0 or -1. */
int rs_search_open(struct search *out, const char *path, struct err *err);
void rs_search_close(struct search *s);

/* The point that is today's, or the chosen one; NULL = none. */
const struct search_point *rs_search_today(const struct search *s);
const struct search_point *rs_search_chosen(const struct search *s);

/* An objective's value that can be drawn: told, and above 0 or 0 or never. */
bool rs_search_told(const struct estimate *e);

#endif
