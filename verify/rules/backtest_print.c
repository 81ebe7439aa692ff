/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backtest for people. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_layout.h"
#include "backtest_words.h"
#include "sim/clock.h"

enum {
    NARROW = 110 /* a table with three whole times needs more */
};

#define DAY_MS INT64_C(86400000)

void rs_layout_heading(FILE *to, const struct backtest_layout *l, const char *text)
{
    fputc('\n', to);
    rs_text_styled(to, RS_STYLE_BOLD, l->colour, text);
    fputc('\n', to);
}

int rs_layout_keep(const struct backtest_layout *l, int longest, int of_80)
{
    int most = of_80 * l->width / 80;
    return longest < most ? longest : most;
}

int rs_layout_longer(int longest, const char *text)
{
    int n = rs_text_width(text);
    return n > longest ? n : longest;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void rs_layout_time(const struct backtest_layout *l,
                    struct text_table *t,
                    enum text_style style,
                    int64_t t_ms,
                    int64_t since_ms)
{
    enum { DATE = 10, YEAR = 5 }; /* signs of "2025-09-22", of "2025-" */
    char text[48];
    if (!l->narrow || !rs_recorded_is_absolute(t_ms)) {
        rs_text_table_cell(t, style, "%s",
                           rs_backtest_time_short(text, sizeof(text), t_ms, since_ms));
        return;
    }
    bool same_day = since_ms != RS_NEVER && t_ms / DAY_MS == since_ms / DAY_MS;
    rs_backtest_time(text, sizeof(text), t_ms);
    text[strcspn(text, "Z")] = '\0';
    text[DATE] = ' ';
    rs_text_table_cell(t, style, "%s", text + (l->one_day || same_day ? DATE + 1 : YEAR));
}

/* Without dates only where the heading, which tells both ends, says which day it is. */
static bool is_one_day(const struct backtest *b)
{
    return rs_recorded_is_absolute(b->from_ms) && b->from_ms / DAY_MS == b->to_ms / DAY_MS;
}

static void span_cell(struct text_table *t, enum text_style style, int64_t ms)
{
    char text[40];
    rs_text_table_cell(t, style, "%s", rs_duration_format(text, sizeof(text), ms * RS_NS_PER_MS));
}

static void print_activations(FILE *to, const struct backtest *b, const struct backtest_layout *l)
{
    int n = b->n_activation < RS_BACKTEST_ROWS ? b->n_activation : RS_BACKTEST_ROWS;
    int name = 0, set = 0;
    for (int i = 0; i < n; i++) {
        char *labels = rs_backtest_labels(b->labels, b->activation[i].labels);
        name = rs_layout_longer(name, b->activation[i].rule->alert);
        set = rs_layout_longer(set, labels);
        free(labels);
    }
    const struct text_column column[] = {
        {"alert", .narrowest = rs_layout_keep(l, name, l->one_day ? 34 : 26)},
        {"labels", .narrowest = rs_layout_keep(l, set, l->one_day ? 20 : 18)},
        {"active from"},
        {"firing from"},
        {"cleared at", .optional = true},
        {"fired for", .right = true, .optional = true}};
    struct text_table *t = rs_text_table_new(6, column);
    for (int i = 0; i < n; i++) {
        const struct activation *a = &b->activation[i];
        bool fired = a->firing_ms != RS_NEVER;
        enum text_style style = fired ? RS_STYLE_PLAIN : RS_STYLE_DIM;
        char *labels = rs_backtest_labels(b->labels, a->labels);
        rs_text_table_cell(t, fired ? RS_STYLE_BAD : style, "%s", a->rule->alert);
        rs_text_table_cell(t, style, "%s", labels);
        rs_layout_time(l, t, style, a->active_ms, RS_NEVER);
        if (fired) {
            rs_layout_time(l, t, style, a->firing_ms, a->active_ms);
        } else {
            rs_text_table_cell(t, style, "never");
        }
        if (a->cleared_ms == RS_NEVER) {
            rs_text_table_cell(t, style, "still up");
        } else {
            rs_layout_time(l, t, style, a->cleared_ms, a->active_ms);
        }
        if (fired) {
            span_cell(t, style, rs_activation_firing_ms(a));
        } else {
            rs_text_table_cell(t, style, "%s", "");
        }
        free(labels);
    }
    rs_layout_heading(to, l, "Activations");
    if (n == 0) {
        fputs("  None: no alert was ever pending.\n", to);
    } else {
        rs_text_table_print(t, to, RS_BACKTEST_INDENT, l->width, l->colour);
    }
    if (n < b->n_activation) {
        fprintf(to, "  %d more; --csv and --json have all of them\n", b->n_activation - n);
    }
    rs_text_table_free(t);
}

/* An alert that was never active may have had nothing to look at. */
static void data_cell(struct text_table *t, const struct backtest_total *x)
{
    if (x->n_active > 0 || x->n_missing == 0) {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    } else if (x->n_missing == x->n_selector) {
        rs_text_table_cell(t, RS_STYLE_OPEN, "none");
    } else {
        rs_text_table_cell(t, RS_STYLE_OPEN, "lacks %d of %d", x->n_missing, x->n_selector);
    }
}

static void total_row(struct text_table *t,
                      const struct backtest_total *x,
                      const struct backtest_spec *spec,
                      const struct backtest_layout *l)
{
    enum text_style style = x->n_active ? RS_STYLE_PLAIN : RS_STYLE_DIM;
    char *distinction = rs_backtest_distinction(x->rule, spec);
    rs_text_table_cell(t, x->n_fired ? RS_STYLE_BAD : style, "%s", x->rule->alert);
    rs_text_table_cell(t, style, "%s", distinction);
    rs_text_table_cell(t, style, "%s", x->group->name);
    data_cell(t, x);
    rs_text_table_cell(t, style, "%d", x->n_active);
    rs_text_table_cell(t, style, "%d", x->n_fired);
    if (x->n_fired) {
        span_cell(t, style, x->firing_ms);
        span_cell(t, style, x->longest_ms);
        rs_layout_time(l, t, style, x->first_firing_ms, RS_NEVER);
    } else {
        rs_text_table_cell(t, style, "%s", "");
        rs_text_table_cell(t, style, "%s", "");
        rs_text_table_cell(t, style, "never");
    }
    free(distinction);
}

static void print_totals(FILE *to,
                         const struct backtest *b,
                         const struct backtest_spec *spec,
                         const struct backtest_layout *l)
{
    int n = 0, name = 0, which = 0;
    struct backtest_total *total = rs_backtest_totals(b, spec, &n);
    for (int i = 0; i < n; i++) {
        char *distinction = rs_backtest_distinction(total[i].rule, spec);
        name = rs_layout_longer(name, total[i].rule->alert);
        which = rs_layout_longer(which, distinction);
        free(distinction);
    }
    const struct text_column column[] = {
        {"alert", .narrowest = rs_layout_keep(l, name, which > 0 ? 26 : 46)},
        {"which", .narrowest = rs_layout_keep(l, which, 20)},
        {"group", .narrowest = 8, .optional = true},
        {"data"},
        {"active", .right = true},
        {"fired", .right = true},
        {"firing in all", .right = true, .optional = true},
        {"longest", .right = true, .optional = true},
        {"first fired", .optional = true}};
    struct text_table *t = rs_text_table_new(9, column);
    for (int i = 0; i < n; i++) {
        total_row(t, &total[i], spec, l);
    }
    if (n > 0) {
        rs_layout_heading(to, l, "Alerts");
        rs_text_table_print(t, to, RS_BACKTEST_INDENT, l->width, l->colour);
    }
    rs_text_table_free(t);
    free(total);
}

static void print_failures(FILE *to, const struct backtest *b, const struct backtest_layout *l)
{
    if (b->n_failure == 0) {
        return;
    }
    rs_layout_heading(to, l, "Rules that could not be evaluated");
    for (int i = 0; i < b->n_failure; i++) {
        const struct backtest_failure *f = &b->failure[i];
        char time[48];
        rs_text_styled(to, RS_STYLE_BAD, l->colour, "  ✘ ");
        rs_text_tame(to, f->rule->alert ? f->rule->alert : f->rule->record);
        fputs(" of group ", to);
        rs_text_tame(to, f->group->name);
        fprintf(to, ": %" PRIu64 " time%s, first at %s (%s:%d)\n", f->n, plural(f->n),
                rs_backtest_time_short(time, sizeof(time), f->first_ms, RS_NEVER), f->rule->at.file,
                f->rule->at.line);
        rs_text_wrap(to, f->text, 4, l->wrap);
    }
}

void rs_backtest_print(
    FILE *to, const struct backtest *b, const struct backtest_spec *spec, int width, bool colour)
{
    char from[48], until[48];
    bool endless = width == 0, narrow = !endless && width < NARROW;
    int limited = width < 60 ? 60 : width > 200 ? 200 : width;
    const struct backtest_layout l = {.width = endless ? INT_MAX / 64 : limited,
                                      .wrap = endless ? 100 : limited,
                                      .narrow = narrow,
                                      .one_day = narrow && is_one_day(b),
                                      .colour = colour};
    rs_backtest_time_short(from, sizeof(from), b->from_ms, RS_NEVER);
    rs_backtest_time_short(until, sizeof(until), b->to_ms, RS_NEVER);
    fprintf(to,
            "from %s to %s: %" PRIu64 " evaluation%s of rules, %d series, %" PRIu64 " samples\n",
            from, until, b->n_evaluation, plural(b->n_evaluation), spec->data->n_series,
            spec->data->n_sample);
    if (b->n_left_out > 0) {
        fprintf(to, "%d recorded series are left out: the rules write them themselves\n",
                b->n_left_out);
    }
    rs_backtest_print_notes(to, "", b, spec);
    print_activations(to, b, &l);
    print_totals(to, b, spec, &l);
    print_failures(to, b, &l);
    if (spec->am) {
        rs_backtest_print_am(to, b, &l);
    }
}
