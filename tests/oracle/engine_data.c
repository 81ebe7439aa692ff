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

static int read_series(struct tsdb *db, char *fields)
{
    struct label label[LABELS_MAX];
    int n = 0, series;

    for (char *name = next_field(&fields); name != NULL; name = next_field(&fields)) {
        char *value = next_field(&fields);

        if (value == NULL || n == LABELS_MAX) {
            (void)fprintf(stderr, "engine: a series line is cut or has too many labels\n");
            exit(2);
        }
        label[n++] = (struct label){name, value};
    }
    series = rs_tsdb_series(db, rs_labels_intern(rs_tsdb_labels(db), n, label));
    rs_tsdb_retain(db, series, INT64_MAX / 4);
    return series;
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

struct engine_sample *engine_read(struct tsdb *db, const char *path, int *out_n)
{
    FILE *from = fopen(path, "r");
    struct engine_sample *out = NULL;
    int n = 0, cap = 0, series = -1;

    if (from == NULL) {
        (void)fprintf(stderr, "engine: cannot read %s\n", path);
        exit(2);
    }
    for (char *line = engine_line(from); line != NULL; line = engine_line(from)) {
        char *end;

        if (strncmp(line, "S\t", 2) == 0) {
            series = read_series(db, line + 2);
            continue;
        }
        if (n == cap) {
            cap = cap ? 2 * cap : 1024;
            out = rs_xrealloc(out, (size_t)cap * sizeof *out);
        }
        out[n].t_ms = strtoll(line, &end, 10);
        out[n].series = series;
        out[n].v = strcmp(end, " stale") == 0 ? rs_tsdb_stale() : strtod(end, NULL);
        n++;
    }
    (void)fclose(from);
    qsort(out, (size_t)n, sizeof *out, compare_samples);
    *out_n = n;
    return out;
}

struct tsdb *engine_load(struct label_table *labels, const char *path)
{
    struct tsdb *db = rs_tsdb_new(labels);
    int n;
    struct engine_sample *sample = engine_read(db, path, &n);

    for (int i = 0; i < n; i++) {
        (void)rs_tsdb_append(db, sample[i].series, sample[i].t_ms, sample[i].v);
    }
    free(sample);
    return db;
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
