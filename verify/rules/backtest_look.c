/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An alert without data looks as healthy as one whose condition never holds: which of them is which is told here. */
#include "backtest_look.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_words.h"
#include "models/promql_inspect.h"
#include "sim/arena.h"
#include "sim/clock.h"

struct look {
    struct backtest *out;
    struct backtest_selector *selector;
    int n, cap;
    const struct rule *rule; /* at hand */
    const struct rule_group *group;
};

static void add_pick(void *ctx, const struct promql_pick *pick)
{
    struct look *l = ctx;
    const struct backtest_selector one = {
        .rule = l->rule,
        .group = l->group,
        .text = pick->text,
        .metric = pick->metric,
        .range_ms = pick->range_ms,
        .may_be_missing = pick->absent || (pick->metric && strncmp(pick->metric, "ALERTS", 6) == 0),
        .found = pick->found};
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->selector = rs_xrealloc(l->selector, sizeof(*l->selector) * (size_t)l->cap);
    }
    l->selector[l->n++] = one;
}

static int64_t interval_of(const struct rule_group *group, const struct backtest_spec *spec)
{
    return group->interval_ns > 0 ? group->interval_ns / RS_NS_PER_MS : spec->interval_ms;
}

/* A sample that is exactly as old as the lookback is still seen until 3.0. */
static bool leaves_gaps(const struct rule_group *group,
                        const struct rule *writer,
                        const struct backtest_spec *spec)
{
    int64_t interval_ms = interval_of(group, spec);
    return rs_promql_dialect(writer->expr) == RS_PROMQL_3 ? interval_ms >= spec->lookback_ms
                                                          : interval_ms > spec->lookback_ms;
}

/* The rules that read at an instant what this one writes, but for those behind it in its own group: they see it new. */
static void find_readers(const struct backtest *out, struct backtest_gap *gap)
{
    const struct rule *last = NULL;
    for (int i = 0; i < out->n_selector; i++) {
        const struct backtest_selector *s = &out->selector[i];
        if (s->rule && s->rule != last && s->range_ms == 0 && s->metric &&
            (s->group != gap->group || s->rule <= gap->writer) &&
            strcmp(s->metric, gap->writer->record) == 0) {
            gap->reader = gap->reader ? gap->reader : s->rule;
            gap->n_reader++;
            last = s->rule;
        }
    }
}

static void find_gaps(struct backtest *out, const struct backtest_spec *spec)
{
    struct backtest_gap *gap = NULL;
    int n = 0, cap = 0;
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                struct backtest_gap one = {.group = group, .writer = &group->rule[i]};
                if (one.writer->record && leaves_gaps(group, one.writer, spec)) {
                    find_readers(out, &one);
                }
                if (one.n_reader == 0) {
                    continue;
                }
                if (n == cap) {
                    cap = cap ? 2 * cap : 16;
                    gap = rs_xrealloc(gap, sizeof(*gap) * (size_t)cap);
                }
                gap[n++] = one;
            }
        }
    }
    out->gap = gap;
    out->n_gap = n;
}

void rs_backtest_look(struct backtest *out, const struct backtest_spec *spec, const struct tsdb *db)
{
    struct look l = {.out = out};
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            l.group = &spec->file[f]->group[g];
            for (int i = 0; i < l.group->n_rule; i++) {
                l.rule = &l.group->rule[i];
                rs_promql_picks(out->arena, l.rule->expr, db, add_pick, &l);
            }
        }
    }
    l.rule = NULL;
    l.group = NULL;
    for (int i = 0; i < spec->n_query; i++) {
        rs_promql_picks(out->arena, spec->query[i].expr, db, add_pick, &l);
    }
    out->selector = l.selector;
    out->n_selector = l.n;
    find_gaps(out, spec);
}

/* ---- told ---- */

/* The first of its text; absent()'s own do not count. */
static bool is_first(const struct backtest *b, int i)
{
    for (int k = 0; k < i; k++) {
        if (!b->selector[k].may_be_missing &&
            strcmp(b->selector[k].text, b->selector[i].text) == 0) {
            return false;
        }
    }
    return !b->selector[i].may_be_missing;
}

static void print_missing(FILE *to, const char *before, const struct backtest *b)
{
    enum { TOLD = 8 };
    int n = 0, n_missing = 0;
    for (int i = 0; i < b->n_selector; i++) {
        bool first = is_first(b, i);
        n += first;
        n_missing += first && !b->selector[i].found;
    }
    if (n_missing == 0) {
        return;
    }
    fprintf(to, "%s%d of %d selector%s matched no series: ", before, n_missing, n,
            n == 1 ? "" : "s");
    int n_told = 0;
    for (int i = 0; i < b->n_selector && n_told < TOLD; i++) {
        if (!b->selector[i].found && is_first(b, i)) {
            fprintf(to, "%s%s", n_told ? ", " : "", b->selector[i].text);
            n_told++;
        }
    }
    if (n_told < n_missing) {
        fprintf(to, " and %d more (--json has all)", n_missing - n_told);
    }
    fputc('\n', to);
}

void rs_backtest_print_notes(FILE *to,
                             const char *before,
                             const struct backtest *b,
                             const struct backtest_spec *spec)
{
    print_missing(to, before, b);
    for (int i = 0; i < b->n_gap; i++) {
        const struct backtest_gap *gap = &b->gap[i];
        char every[40], lookback[40];
        rs_duration_format(every, sizeof(every), interval_of(gap->group, spec) * RS_NS_PER_MS);
        rs_duration_format(lookback, sizeof(lookback), spec->lookback_ms * RS_NS_PER_MS);
        fprintf(to, "%s%s:%d: %s is recorded every %s and the lookback is %s: %s", before,
                gap->writer->at.file, gap->writer->at.line, gap->writer->record, every, lookback,
                gap->reader->alert ? gap->reader->alert : gap->reader->record);
        if (gap->n_reader > 1) {
            fprintf(to, " and %d more rule%s", gap->n_reader - 1, gap->n_reader == 2 ? "" : "s");
        }
        fprintf(to, " may see gaps, or nothing at all\n");
    }
}
