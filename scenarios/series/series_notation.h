/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values as Prometheus' own tests write them: "1 2.5 _ stale 0+10x5 7x3 _x4". Source: promql/parser of Prometheus 3.5, the
 * grammar of series descriptions.
 */
#ifndef SCENARIOS_SERIES_NOTATION_H
#define SCENARIOS_SERIES_NOTATION_H

#include <stddef.h>

#include "models/promql.h"
#include "series_text.h"

enum notation_kind { RS_NOTATION_NUMBER, RS_NOTATION_GAP, RS_NOTATION_STALE, RS_NOTATION_NATIVE };

struct notation_value {
    enum notation_kind kind;
    double v;
};

enum { RS_NOTATION_MAX = 10000000 };

/*
 * Expands the values, numbers as the dialect has them. 0 with *out (owned by the caller: free) and *out_n, or -1 with *fault, its column counted from the text's
 * first character, *out_line lines below the first. A native histogram ends it: the last value is of that kind.
 */
int rs_notation_values(const char *text,
                       enum promql_dialect dialect,
                       struct notation_value **out,
                       size_t *out_n,
                       struct series_fault *fault,
                       int *out_line);

#endif
