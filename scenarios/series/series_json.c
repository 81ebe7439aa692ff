/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of Prometheus' query and query_range. Source: the HTTP API's page of Prometheus' documentation, "Expression query
 * result formats". Matrix and vector results; an answer, its data, its result, or a list of series alone.
 */
#include <stdlib.h>
#include <string.h>

#include "../text/json_text.h"
#include "series_text.h"
#include "sim/arena.h"

enum { LABELS_MAX = 256 };

/* One series of a result. Its values may stand before its labels. */
struct item {
    struct arena *arena; /* of the labels */
    int n_label;
    struct label label[LABELS_MAX + 1];
    bool has_metric;
    struct sample *sample; /* owned */
    size_t n, cap;
};

struct answer {
    struct series_reader *r;
    struct json_text j;
    struct item item;
    char *query; /* loose, owned: what this answers, where the file says so; NULL */
};

static int read_labels(struct answer *a)
{
    struct item *item = &a->item;
    bool first = true;
    if (rs_json_open(&a->j, '{') != 0) {
        return -1;
    }
    item->has_metric = true;
    while (rs_json_element(&a->j, '}', &first)) {
        const char *name = rs_arena_strdup(item->arena, a->j.text);
        for (int i = 0; i < item->n_label; i++) {
            if (strcmp(item->label[i].name, name) == 0) {
                return rs_json_refuse(&a->j, "a label occurs twice");
            }
        }
        if (item->n_label == LABELS_MAX) {
            return rs_json_refuse(&a->j, "the series has more than %d labels", LABELS_MAX);
        }
        if (!*name) {
            return rs_json_refuse(&a->j, "a label name must not be empty");
        }
        if (rs_json_next(&a->j) != RS_JSON_STRING) {
            return rs_json_refuse(&a->j, "a label value must be a text");
        }
        if (rs_json_scalar(&a->j) != 0) {
            return -1;
        }
        item->label[item->n_label++] =
            (struct label){name, rs_arena_strdup(item->arena, a->j.text)};
    }
    return a->j.failed ? -1 : 0;
}

/* [1647878249.5, "1"] */
static int read_point(struct answer *a)
{
    struct item *item = &a->item;
    struct sample s = {0};
    bool first = true;
    int n = 0;
    if (rs_json_open(&a->j, '[') != 0) {
        return -1;
    }
    while (rs_json_element(&a->j, ']', &first)) {
        if (n == 2) {
            return rs_json_refuse(&a->j, "a sample is a time and a value, nothing more");
        }
        if (rs_json_scalar(&a->j) != 0) {
            return -1;
        }
        int status = n == 0 ? rs_series_seconds(&s.t_ms, a->j.text) : 0;
        if (status == RS_SERIES_FAR || (status == 0 && n == 0 && !rs_series_time_fits(s.t_ms))) {
            return rs_json_refuse(&a->j, "the time is " RS_SERIES_RANGE ", got \"%.60s\"",
                                  a->j.text);
        }
        if (status != 0) {
            return rs_json_refuse(&a->j, "a time must be a number of seconds, got \"%.60s\"",
                                  a->j.text);
        }
        if (n == 1 && rs_series_value(&s.v, a->j.text) != 0) {
            return rs_json_refuse(&a->j, "a value must be a number, got \"%.60s\"", a->j.text);
        }
        n++;
    }
    if (a->j.failed || n != 2) {
        return rs_json_refuse(&a->j, "a sample is a time and a value");
    }
    if (item->n == item->cap) {
        item->cap = item->cap ? 2 * item->cap : 64;
        item->sample = rs_xrealloc(item->sample, sizeof(*item->sample) * item->cap);
    }
    item->sample[item->n++] = s;
    return 0;
}

static int read_points(struct answer *a)
{
    bool first = true;
    if (rs_json_open(&a->j, '[') != 0) {
        return -1;
    }
    while (rs_json_element(&a->j, ']', &first)) {
        if (read_point(a) != 0) {
            return -1;
        }
    }
    return a->j.failed ? -1 : 0;
}

/* Hands the series over. line and col: where it began. */
static int keep_item(struct answer *a, int line, int col)
{
    struct item *item = &a->item;
    bool named = false;
    a->j.line = line;
    a->j.col = col;
    if (!item->has_metric) {
        return rs_json_refuse(&a->j, "a series needs the key \"metric\"");
    }
    for (int i = 0; i < item->n_label; i++) {
        named = named ||
                (strcmp(item->label[i].name, "__name__") == 0 && item->label[i].value[0] != '\0');
    }
    if (!named && !a->r->opt->metric) {
        return rs_json_refuse(&a->j, "the series has no name (--metric gives one)");
    }
    if (!named) {
        item->label[item->n_label++] = (struct label){"__name__", a->r->opt->metric};
    }
    if (a->query && item->n_label < LABELS_MAX) { /* several answers have the same labels */
        item->label[item->n_label++] = (struct label){"query", a->query};
    }
    int series = rs_recorded_series(
        a->r->set, rs_labels_intern(a->r->set->labels, item->n_label, item->label));
    for (size_t i = 0; i < item->n; i++) {
        rs_recorded_add(a->r->set, series, item->sample[i].t_ms, item->sample[i].v);
    }
    return 0;
}

static int read_item(struct answer *a)
{
    int line = a->j.line, col = a->j.col, status = 0;
    bool first = true;
    a->item.arena = rs_arena_new();
    a->item.n_label = 0;
    a->item.n = 0;
    a->item.has_metric = false;
    if (rs_json_open(&a->j, '{') != 0) {
        rs_arena_free(a->item.arena);
        return -1;
    }
    while (status == 0 && rs_json_element(&a->j, '}', &first)) {
        const char *key = a->j.text;
        if (strcmp(key, "metric") == 0) {
            status = read_labels(a);
        } else if (strcmp(key, "values") == 0) {
            status = read_points(a);
        } else if (strcmp(key, "value") == 0) {
            status = read_point(a);
        } else if (strcmp(key, "histograms") == 0 || strcmp(key, "histogram") == 0) {
            status = rs_json_refuse(&a->j, "native histograms are not supported");
        } else {
            status = rs_json_skip(&a->j);
        }
    }
    status = status == 0 && !a->j.failed ? keep_item(a, line, col) : -1;
    rs_arena_free(a->item.arena);
    return status;
}

static int read_result(struct answer *a)
{
    bool first = true;
    if (rs_json_open(&a->j, '[') != 0) {
        return -1;
    }
    while (rs_json_element(&a->j, ']', &first)) {
        if (rs_json_next(&a->j) != RS_JSON_OBJECT) {
            return rs_json_refuse(&a->j, "a series is expected here; scalars and texts have none");
        }
        if (read_item(a) != 0) {
            return -1;
        }
    }
    return a->j.failed ? -1 : 0;
}

/* An answer, or its data: whatever holds a "result". */
static int read_answer(struct answer *a, int depth)
{
    int line = a->j.line, col = a->j.col;
    bool first = true, found = false;
    if (rs_json_open(&a->j, '{') != 0) {
        return -1;
    }
    while (rs_json_element(&a->j, '}', &first)) {
        int status = 0;
        if (strcmp(a->j.text, "result") == 0) {
            found = true;
            status = read_result(a);
        } else if (strcmp(a->j.text, "data") == 0 && depth == 0) {
            found = true;
            rs_json_next(&a->j);
            status = read_answer(a, depth + 1);
        } else if (a->r->opt->loose && depth == 0 && strcmp(a->j.text, "query") == 0) {
            status = rs_json_scalar(&a->j);
            free(a->query);
            a->query = status == 0 ? rs_xstrdup(a->j.text) : NULL;
        } else if (strcmp(a->j.text, "error") == 0 && rs_json_next(&a->j) == RS_JSON_STRING) {
            status = rs_json_scalar(&a->j);
            status = status == 0
                         ? rs_json_refuse(&a->j, "the answer is an error: %.160s", a->j.text)
                         : status;
        } else {
            status = rs_json_skip(&a->j);
        }
        if (status != 0) {
            return -1;
        }
    }
    a->j.line = line;
    a->j.col = col;
    if (!a->j.failed && !found) {
        return rs_json_refuse(&a->j, "the object holds neither \"data\" nor \"result\"");
    }
    return a->j.failed ? -1 : 0;
}

int rs_series_read_json(struct series_reader *r)
{
    struct answer *a = rs_xcalloc(1, sizeof(*a)); /* large for a stack */
    a->r = r;
    rs_json_init(&a->j, r->source, r->errors);
    for (enum json_kind next = rs_json_next(&a->j); next != RS_JSON_END && !a->j.failed;
         next = rs_json_next(&a->j)) {
        int status = next == RS_JSON_OBJECT  ? read_answer(a, 0)
                     : next == RS_JSON_ARRAY ? read_result(a)
                                             : rs_json_refuse(&a->j, "an answer is expected here");
        if (status != 0) {
            break;
        }
    }
    int status = a->j.failed ? -1 : 0;
    r->n_error += status != 0;
    rs_json_clear(&a->j);
    free(a->item.sample);
    free(a->query);
    free(a);
    return status;
}
