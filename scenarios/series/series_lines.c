/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON lines, an object a sample: what status pages and agents print. Each number in it is a series that is called by its path,
 * "server_zones.hg.requests"; one of the fields on top is the time. Words say nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "../requests/scan.h"
#include "../text/json_text.h"
#include "series_text.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { PATH_MAX_ = 512, LEAVES_MAX = 20000 };

struct leaf {
    int series;
    double v;
};

struct lines {
    struct series_reader *r;
    struct json_text j;
    struct time_reader time;
    char path[PATH_MAX_];
    struct leaf *leaf; /* [n], owned: of the object in hand */
    int n, cap;
    int time_rank; /* of the best field so far; -1 = none */
    int64_t t_ms;
};

/* Is this field on top the time, or a better one than that before? */
static int take_time(struct lines *l, const char *key)
{
    int rank = l->r->opt->time ? (strcmp(l->r->opt->time, key) == 0 ? 0 : -1)
                               : rs_time_name_rank(key, strlen(key));
    int64_t ns = 0;
    struct span text = {l->j.text, strlen(l->j.text)};
    if (rank < 0 || (l->time_rank >= 0 && rank >= l->time_rank) ||
        rs_scan_time(&l->time, text, &ns) != 0 || !rs_series_time_fits(ns / RS_NS_PER_MS)) {
        return 0;
    }
    l->time_rank = rank;
    l->t_ms = ns / RS_NS_PER_MS;
    return 1;
}

static int keep_leaf(struct lines *l, double v)
{
    struct label name = {"__name__", l->path};
    if (l->n == LEAVES_MAX) {
        return rs_json_refuse(&l->j, "the object holds more than %d numbers", LEAVES_MAX);
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        l->leaf = rs_xrealloc(l->leaf, sizeof(*l->leaf) * (size_t)l->cap);
    }
    int series = rs_recorded_series(l->r->set, rs_labels_intern(l->r->set->labels, 1, &name));
    l->leaf[l->n++] = (struct leaf){series, v};
    return 0;
}

/* Adds a name to the path; returns its length before, -1 if it becomes too long. */
static int enter(struct lines *l, const char *name)
{
    size_t n = strlen(l->path), more = strlen(name);
    if (n + more + 2 > PATH_MAX_) {
        return rs_json_refuse(&l->j, "a path is longer than %d characters", PATH_MAX_ - 1);
    }
    if (n > 0) {
        l->path[n] = '.';
    }
    memcpy(l->path + n + (n > 0), name, more + 1);
    return (int)n;
}

static int read_value(struct lines *l, int depth);

static int read_inside(struct lines *l, char opening, int depth)
{
    bool first = true;
    char closing = opening == '{' ? '}' : ']', number[16];
    if (rs_json_open(&l->j, opening) != 0) {
        return -1;
    }
    for (int i = 0; rs_json_element(&l->j, closing, &first); i++) {
        snprintf(number, sizeof(number), "%d", i);
        int n = enter(l, opening == '{' ? l->j.text : number);
        if (n < 0 || read_value(l, depth + 1) != 0) {
            return -1;
        }
        l->path[n] = '\0';
    }
    return l->j.failed ? -1 : 0;
}

static int read_value(struct lines *l, int depth)
{
    enum json_kind kind = rs_json_next(&l->j);
    double v = 0.0;
    if (kind == RS_JSON_OBJECT || kind == RS_JSON_ARRAY) {
        return read_inside(l, kind == RS_JSON_OBJECT ? '{' : '[', depth);
    }
    if (rs_json_scalar(&l->j) != 0) {
        return -1;
    }
    if ((depth == 1 && take_time(l, l->path)) || kind != RS_JSON_NUMBER) {
        return 0;
    }
    return rs_series_value(&v, l->j.text) == 0 ? keep_leaf(l, v) : 0;
}

static int read_object(struct lines *l)
{
    int line = l->j.line, col = l->j.col;
    l->n = 0;
    l->time_rank = -1;
    l->path[0] = '\0';
    if (read_inside(l, '{', 0) != 0) {
        return -1;
    }
    if (l->time_rank < 0) {
        l->j.line = line;
        l->j.col = col;
        return rs_json_refuse(&l->j, "the object has no field that is a time, called \"%s\"%s",
                              l->r->opt->time ? l->r->opt->time : "time",
                              l->r->opt->time ? "" : " or the like");
    }
    for (int i = 0; i < l->n; i++) {
        rs_recorded_add(l->r->set, l->leaf[i].series, l->t_ms, l->leaf[i].v);
    }
    return 0;
}

int rs_series_read_json_lines(struct series_reader *r)
{
    struct lines *l = rs_xcalloc(1, sizeof(*l));
    l->r = r;
    rs_time_reader_init(&l->time, r->opt->time_unit_s);
    rs_json_init(&l->j, r->source, r->errors);
    for (enum json_kind next = rs_json_next(&l->j); next != RS_JSON_END && !l->j.failed;
         next = rs_json_next(&l->j)) {
        int status = next == RS_JSON_OBJECT ? read_object(l)
                                            : rs_json_refuse(&l->j, "an object is expected here");
        if (status != 0) {
            break;
        }
    }
    int status = l->j.failed ? -1 : 0;
    r->n_error += status != 0;
    rs_json_clear(&l->j);
    free(l->leaf);
    free(l);
    return status;
}
