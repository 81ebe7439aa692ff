/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine_data.h"

#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

enum { LINE_MAX_BYTES = 65536, LABELS_MAX = 64 };

char *engine_line(FILE *from)
{
    static char line[LINE_MAX_BYTES];
    size_t n;

    if (fgets(line, sizeof line, from) == NULL) {
        return NULL;
    }
    n = strlen(line);
    if (n + 1 == sizeof line) {
        (void)fprintf(stderr, "engine: a line is longer than %d bytes\n", LINE_MAX_BYTES);
        exit(2);
    }
    if (n > 0 && line[n - 1] == '\n') {
        line[n - 1] = '\0';
    }
    return line;
}

static char *next_field(char **p)
{
    char *start = *p;

    if (start == NULL) {
        return NULL;
    }
    *p = strchr(start, '\t');
    if (*p != NULL) {
        *(*p)++ = '\0';
    }
    return start;
}

/* The labels of a series line; its number is its place among the series lines. */
static void read_series(struct engine_data *d, char *fields)
{
    struct label label[LABELS_MAX];
    int n = 0;

    for (char *name = next_field(&fields); name != NULL; name = next_field(&fields)) {
        char *value = next_field(&fields);

        if (value == NULL || n == LABELS_MAX) {
            (void)fprintf(stderr, "engine: a series line is cut or has too many labels\n");
            exit(2);
        }
        label[n++] = (struct label){name, value};
    }
    d->series = rs_xrealloc(d->series, ((size_t)d->n_series + 1) * sizeof *d->series);
    d->series[d->n_series++] = rs_labels_intern(d->labels, n, label);
}

/* By time, then by series, so that the order of the file does not matter. */
static int compare_samples(const void *a, const void *b)
{
    const struct engine_sample *x = a, *y = b;

    if (x->t_ms != y->t_ms) {
        return x->t_ms < y->t_ms ? -1 : 1;
    }
    return (x->series > y->series) - (x->series < y->series);
}

void engine_read(struct engine_data *d, const char *path)
{
    FILE *from = fopen(path, "r");
    int cap = 0;

    if (from == NULL) {
        (void)fprintf(stderr, "engine: cannot read %s\n", path);
        exit(2);
    }
    *d = (struct engine_data){.labels = rs_label_table_new()};
    for (char *line = engine_line(from); line != NULL; line = engine_line(from)) {
        struct engine_sample *s;
        char *end;

        if (strncmp(line, "S\t", 2) == 0) {
            read_series(d, line + 2);
            continue;
        }
        if (d->n_sample == cap) {
            cap = cap ? 2 * cap : 1024;
            d->sample = rs_xrealloc(d->sample, (size_t)cap * sizeof *d->sample);
        }
        s = &d->sample[d->n_sample++];
        s->t_ms = strtoll(line, &end, 10);
        s->series = d->n_series - 1;
        s->v = strcmp(end, " stale") == 0 ? rs_tsdb_stale() : strtod(end, NULL);
    }
    (void)fclose(from);
    if (d->n_sample > 0) {
        qsort(d->sample, (size_t)d->n_sample, sizeof *d->sample, compare_samples);
    }
}

void engine_clear(struct engine_data *d)
{
    rs_label_table_free(d->labels);
    free(d->series);
    free(d->sample);
}

struct tsdb *engine_database(const struct engine_data *d)
{
    struct tsdb *db = rs_tsdb_new(d->labels);

    for (int i = 0; i < d->n_series; i++) {
        (void)rs_tsdb_series(db, d->series[i]);
    }
    rs_tsdb_seal(db);
    return db;
}

int engine_feed(const struct engine_data *d, struct tsdb *db, int next, int64_t t_ms)
{
    for (; next < d->n_sample && d->sample[next].t_ms <= t_ms; next++) {
        const struct engine_sample *s = &d->sample[next];

        (void)rs_tsdb_append(db, s->series, s->t_ms, s->v);
    }
    return next;
}

static void print_string(FILE *to, const char *text)
{
    (void)fputc('"', to);
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            (void)fprintf(to, "\\%c", *p);
        } else if (*p < 0x20) {
            (void)fprintf(to, "\\u%04x", *p);
        } else {
            (void)fputc(*p, to);
        }
    }
    (void)fputc('"', to);
}

void engine_print_labels(FILE *to, const struct label_table *labels, rs_labels set)
{
    int n = rs_labels_count(labels, set);

    (void)fputc('{', to);
    for (int i = 0; i < n; i++) {
        struct label label = rs_labels_at(labels, set, i);

        (void)fputs(i > 0 ? ", " : "", to);
        print_string(to, label.name);
        (void)fputs(": ", to);
        print_string(to, label.value);
    }
    (void)fputc('}', to);
}
