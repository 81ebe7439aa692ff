/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prometheus' text format and OpenMetrics. Source: the exposition format's page of Prometheus' documentation; OpenMetrics 1.0,
 * sections on the text format and on exemplars.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series_text.h"
#include "sim/arena.h"

enum { LINE_MAX_ = 1 << 20 };

/*
 * A series is read once; the same text later is found by its hash. Files repeat each series at every scrape, and reading labels
 * is most of the work.
 */
struct known {
    uint64_t hash;
    char *text; /* owned; NULL = free place */
    int series;
};

struct exposition {
    struct series_reader *r;
    struct known *known; /* [n_place], open addressing */
    size_t n_known, n_place;
    int line;
    bool ended;       /* "# EOF" */
    char family[256]; /* of the last "# TYPE" */
    enum recorded_type type;
    /* Whether timestamps are seconds or milliseconds is told by the end of the file alone. */
    struct pending {
        int series;
        int64_t at_ms; /* as seconds */
        double v;
    } * sample;
    size_t n_sample, cap_sample;
    int fraction_line, fraction_col; /* of the first timestamp that is no whole number; 0 = none */
    int late_line, late_col;         /* of the first that cannot be seconds */
    int first_line, first_col;       /* of the first timestamp */
    int64_t low_ms, high_ms;         /* the span of all of them, as seconds */
    int far_line, far_col;           /* of the first that cannot be milliseconds */
};

static uint64_t hash_of(const char *text, size_t n) /* FNV-1a */
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static struct known *place_of(struct exposition *e, const char *text, size_t n, uint64_t hash)
{
    for (size_t i = hash & (e->n_place - 1);; i = (i + 1) & (e->n_place - 1)) {
        struct known *k = &e->known[i];
        if (!k->text || (k->hash == hash && strncmp(k->text, text, n) == 0 && k->text[n] == '\0')) {
            return k;
        }
    }
}

static void grow_known(struct exposition *e)
{
    struct known *old = e->known;
    size_t n_old = e->n_place;
    e->n_place = n_old ? 2 * n_old : 256;
    e->known = rs_xcalloc(e->n_place, sizeof(*e->known));
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].text) {
            *place_of(e, old[i].text, strlen(old[i].text), old[i].hash) = old[i];
        }
    }
    free(old);
}

static int column_of(const char *line, const char *p)
{
    int col = 1;
    for (const char *q = line; q < p; q++) {
        col += (*q & 0xc0) != 0x80;
    }
    return col;
}

/* "# TYPE name counter" */
static void read_type(struct exposition *e, const char *line)
{
    char name[sizeof(e->family)], word[16];
    if (sscanf(line, "# TYPE %255s %15s", name, word) == 2) {
        memcpy(e->family, name, sizeof(name));
        e->type = strcmp(word, "counter") == 0 ? RS_TYPE_COUNTER
                  : strcmp(word, "gauge") == 0 ? RS_TYPE_GAUGE
                                               : RS_TYPE_UNTOLD;
    }
}

/* OpenMetrics' counters are called by the family and "_total". */
static enum recorded_type type_of(const struct exposition *e, const char *name)
{
    size_t n = strlen(e->family);
    bool same = name && n > 0 && strncmp(name, e->family, n) == 0;
    same = same && (!name[n] || (e->type == RS_TYPE_COUNTER && strcmp(name + n, "_total") == 0));
    return same ? e->type : RS_TYPE_UNTOLD;
}

/* The series whose text is line[0..n), or -1 with an error. */
static int series_of(struct exposition *e, const char *line, size_t n)
{
    struct recorded *set = e->r->set;
    uint64_t hash = hash_of(line, n);
    if (2 * e->n_known >= e->n_place) {
        grow_known(e);
    }
    struct known *place = place_of(e, line, n, hash);
    if (place->text) {
        return place->series;
    }
    struct series_fault fault;
    rs_labels labels = 0;
    char *text = rs_xcalloc(n + 1, 1), *kept = rs_xcalloc(n + 1, 1);
    memcpy(text, line, n);
    memcpy(kept, line, n);
    int status = rs_series_labels(&labels, set->labels, text, RS_QUOTING_EXPOSITION,
                                  e->r->opt->metric, &fault);
    free(text);
    if (status != 0) {
        free(kept);
        return rs_series_refuse(e->r, RS_E_SYNTAX, e->line, fault.col, "%s", fault.text);
    }
    *place = (struct known){hash, kept, rs_recorded_series(set, labels)};
    struct recorded_series *series = &set->series[place->series];
    if (series->type == RS_TYPE_UNTOLD) {
        series->type = type_of(e, rs_labels_get(set->labels, labels, "__name__"));
    }
    e->n_known++;
    return place->series;
}

/* Cuts the next word off *p; "" at the end. */
static char *next_word(char **p)
{
    char *word = *p + strspn(*p, " \t");
    char *end = word + strcspn(word, " \t");
    *p = end + (*end != '\0');
    *end = '\0';
    return word;
}

static int refuse(struct exposition *e, int col, const char *what, const char *seen)
{
    return rs_series_refuse(e->r, RS_E_SYNTAX, e->line, col, "%s, got \"%.60s\"", what, seen);
}

/* Behind the series: value, timestamp, perhaps an exemplar, which is passed over. */
static void read_sample(struct exposition *e, const char *line, int series, char *p)
{
    struct pending sample = {.series = series};
    char *value = next_word(&p);
    int value_col = column_of(line, value);
    char *time = next_word(&p);
    int time_col = column_of(line, time);
    char *rest = p + strspn(p, " \t");
    int status = rs_series_seconds(&sample.at_ms, time);
    if (rs_series_value(&sample.v, value) != 0) {
        refuse(e, value_col, "a value is expected behind the series", value);
    } else if (!*time || *time == '#') {
        rs_series_refuse(e->r, RS_E_SYNTAX, e->line, value_col,
                         "the sample has no timestamp; a recording needs one on every line");
    } else if (status != 0) {
        refuse(e, time_col,
               status == RS_SERIES_FAR ? "the timestamp is " RS_SERIES_RANGE
                                       : "a timestamp must be a number",
               time);
    } else if (*rest && *rest != '#') {
        refuse(e, column_of(line, rest), "only an exemplar may follow the timestamp", rest);
    } else {
        if (e->fraction_line == 0 && time[strspn(time, "+-0123456789")]) {
            e->fraction_line = e->line;
            e->fraction_col = time_col;
        }
        if (e->n_sample == 0) {
            e->first_line = e->line;
            e->first_col = time_col;
            e->low_ms = e->high_ms = sample.at_ms;
        }
        e->low_ms = sample.at_ms < e->low_ms ? sample.at_ms : e->low_ms;
        e->high_ms = sample.at_ms > e->high_ms ? sample.at_ms : e->high_ms;
        if (e->late_line == 0 && !rs_series_time_fits(sample.at_ms)) {
            e->late_line = e->line;
            e->late_col = time_col;
        }
        if (e->far_line == 0 && !rs_series_time_fits(sample.at_ms / 1000)) {
            e->far_line = e->line;
            e->far_col = time_col;
        }
        if (e->n_sample == e->cap_sample) {
            e->cap_sample = e->cap_sample ? 2 * e->cap_sample : 1024;
            e->sample = rs_xrealloc(e->sample, sizeof(*e->sample) * e->cap_sample);
        }
        e->sample[e->n_sample++] = sample;
    }
}

static void read_line(struct exposition *e, char *line, size_t n)
{
    char *p = line + strspn(line, " \t");
    if (strlen(line) < n) {
        rs_series_refuse(e->r, RS_E_SYNTAX, e->line, 1, "the line holds a NUL character");
        return;
    }
    if (e->ended && *p) {
        rs_series_refuse(e->r, RS_E_SYNTAX, e->line, 1, "nothing may follow \"# EOF\"");
        e->r->n_error = RS_SERIES_ERRORS; /* it would be said of every line */
        return;
    }
    if (*p == '#') {
        e->ended = strcmp(p, "# EOF") == 0;
        read_type(e, p);
        return;
    }
    if (!*p) {
        return;
    }
    const char *end = rs_series_end(p, RS_QUOTING_EXPOSITION);
    /* Old exporters put a blank between the name and its braces. */
    const char *next = end + strspn(end, " \t");
    if (*next == '{' && !memchr(p, '{', (size_t)(end - p))) {
        end = rs_series_end(next, RS_QUOTING_EXPOSITION);
    }
    int n_before = e->r->n_error;
    int series = series_of(e, p, (size_t)(end - p));
    if (series < 0) {
        struct err *last =
            e->r->errors && e->r->errors->n > 0 ? &e->r->errors->item[e->r->errors->n - 1] : NULL;
        if (last && e->r->n_error > n_before) {
            last->col += (int)(p - line);
        }
        return;
    }
    read_sample(e, line, series, line + (end - line));
}

/* As milliseconds these times would all lie in a few weeks of 1970: the seconds of a file that has lost its end. */
static bool looks_like_seconds(const struct exposition *e)
{
    static const int64_t year_1990_ms = INT64_C(631152000000),
                         year_2100_ms = INT64_C(4102444800000);
    return e->n_sample > 0 && e->low_ms >= year_1990_ms && e->high_ms < year_2100_ms;
}

/* Hands the samples over, now that the unit of their times is known. */
static int finish(struct exposition *e, enum series_format *out_format)
{
    *out_format = e->ended ? RS_SERIES_OPENMETRICS : RS_SERIES_PROMETHEUS;
    bool has_fraction = e->fraction_line > 0;
    if (!e->ended && (has_fraction || looks_like_seconds(e))) {
        return rs_series_refuse(
            e->r, RS_E_SYNTAX, has_fraction ? e->fraction_line : e->first_line,
            has_fraction ? e->fraction_col : e->first_col,
            "without \"# EOF\" at the end of the file times are milliseconds, and "
            "this looks like seconds; OpenMetrics cut short?");
    }
    if (e->ended && e->late_line > 0) {
        return rs_series_refuse(
            e->r, RS_E_RANGE, e->late_line, e->late_col,
            "a timestamp of OpenMetrics is in seconds; this one is " RS_SERIES_RANGE);
    }
    if (!e->ended && e->far_line > 0) {
        return rs_series_refuse(e->r, RS_E_RANGE, e->far_line, e->far_col,
                                "the timestamp is " RS_SERIES_RANGE);
    }
    for (size_t i = 0; i < e->n_sample; i++) {
        const struct pending *s = &e->sample[i];
        rs_recorded_add(e->r->set, s->series, e->ended ? s->at_ms : s->at_ms / 1000, s->v);
    }
    return 0;
}

/* Not one line held a sample: that is one mistake, not one a line. */
static void refuse_format(struct series_reader *r, int n_error)
{
    struct err_list *list = r->errors;
    if (list && list->n_dropped == 0 && list->n >= (size_t)n_error) {
        int line = list->item[list->n - (size_t)n_error].line;
        list->n -= (size_t)n_error;
        rs_series_refuse(
            r, RS_E_SYNTAX, line, 1,
            "the text is none that is read: OpenMetrics or Prometheus text, query_range JSON, "
            "or CSV that begins with a heading");
    }
}

int rs_series_read_exposition(struct series_reader *r, enum series_format *out_format)
{
    struct exposition e = {.r = r};
    size_t n = 0;
    bool too_long = false;
    int n_before = r->n_error;
    while (!rs_series_gives_up(r)) {
        e.line = r->source->line;
        char *line = rs_source_line(r->source, LINE_MAX_, &n, &too_long);
        if (too_long) {
            rs_series_refuse(r, RS_E_SYNTAX, e.line, 1, "the line is longer than %d bytes",
                             LINE_MAX_);
        }
        if (!line) {
            break;
        }
        read_line(&e, line, n);
    }
    if (r->source->damaged) { /* which is told by whoever opened it */
        *out_format = RS_SERIES_PROMETHEUS;
    } else if (r->n_error == n_before) {
        finish(&e, out_format);
    } else if (e.n_sample == 0 && r->n_error - n_before >= 3) {
        refuse_format(r, r->n_error - n_before);
    }
    for (size_t i = 0; i < e.n_place; i++) {
        free(e.known[i].text);
    }
    free(e.known);
    free(e.sample);
    return r->n_error == n_before ? 0 : -1;
}
