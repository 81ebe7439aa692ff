/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers are the product's own (scenarios/), in the words of these tests. */
#include "series_text.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../scenarios/series/series_notation.h"
#include "sim/arena.h"

const char *series_split(const char *line)
{
    const char *end = rs_series_end(line, RS_QUOTING_PROMQL);

    return end + strspn(end, " \t");
}

rs_labels series_labels(struct label_table *t, const char *line)
{
    size_t n = (size_t)(rs_series_end(line, RS_QUOTING_PROMQL) - line);
    char *text = rs_xcalloc(n + 1, 1);
    struct series_fault fault;
    rs_labels set = 0;

    memcpy(text, line, n);
    if (rs_series_labels(&set, t, text, RS_QUOTING_PROMQL, "", &fault) != 0) {
        printf("%s: column %d: %s\n", line, fault.col, fault.text);
        exit(1);
    }
    free(text);
    return set;
}

int series_number(const char *text, double *out)
{
    return rs_series_value(out, text);
}

int series_values(const char *text, struct value *out, int cap)
{
    struct notation_value *value = NULL;
    struct series_fault fault;
    size_t n = 0;
    int line = 0, kept = 0;

    if (rs_notation_values(text, RS_PROMQL_3, &value, &n, &fault, &line) != 0) {
        return -1;
    }
    if (n > 0 && value[n - 1].kind == RS_NOTATION_NATIVE) {
        out[0] = (struct value){VALUE_NATIVE, 0.0};
        kept = 1;
        n = 0;
    }
    for (size_t i = 0; i < n && kept < cap; i++) {
        out[kept++] = (struct value){value[i].kind == RS_NOTATION_GAP     ? VALUE_GAP
                                     : value[i].kind == RS_NOTATION_STALE ? VALUE_STALE
                                                                          : VALUE_NUMBER,
                                     value[i].v};
    }
    free(value);
    return kept;
}

int series_load(struct tsdb *db, const char *line, int64_t start_ms, int64_t step_ms)
{
    static struct value value[20000];
    int series = rs_tsdb_series(db, series_labels(rs_tsdb_labels(db), line));
    int n = series_values(series_split(line), value, 20000);

    assert(n >= 0);
    rs_tsdb_retain(db, series, INT64_MAX / 4);
    for (int i = 0; i < n; i++) {
        if (value[i].kind == VALUE_NUMBER || value[i].kind == VALUE_STALE) {
            (void)rs_tsdb_append(db, series, start_ms + i * step_ms,
                                 value[i].kind == VALUE_STALE ? rs_tsdb_stale() : value[i].v);
        }
    }
    return series;
}

int series_almost(double a, double b)
{
    double sum = fabs(a) + fabs(b), diff = fabs(a - b);

    if ((isnan(a) && isnan(b)) || a == b) {
        return 1;
    }
    if (a == 0.0 || b == 0.0 || sum < DBL_MIN) {
        return diff < 1e-6 * DBL_MIN;
    }
    return diff / fmin(sum, DBL_MAX) < 1e-6;
}
