/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backtest for people. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../text_table.h"
#include "backtest_words.h"
#include "sim/clock.h"

enum { INDENT = 2, ROWS_MAX = 1000 };

static void heading(FILE *to, const char *text, bool colour)
{
    fputc('\n', to);
    rs_text_styled(to, RS_STYLE_BOLD, colour, text);
    fputc('\n', to);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void time_cell(struct text_table *t, enum text_style style, int64_t t_ms, int64_t since_ms)
{
    char text[48];
    rs_text_table_cell(t, style, "%s", rs_backtest_time_short(text, sizeof(text), t_ms, since_ms));
}

static void span_cell(struct text_table *t, enum text_style style, int64_t ms)
{
    char text[40];
    rs_text_table_cell(t, style, "%s", rs_duration_format(text, sizeof(text), ms * RS_NS_PER_MS));
}

static void print_activations(FILE *to, const struct backtest *b, int width, bool colour)
{
    static const struct text_column column[] = {{"alert", .narrowest = 16},
                                                {"labels", .narrowest = 16},
                                                {"active from"},
                                                {"firing from"},
                                                {"cleared at"},
                                                {"fired for", .right = true}};
    struct text_table *t = rs_text_table_new(6, column);
    int n = b->n_activation < ROWS_MAX ? b->n_activation : ROWS_MAX;
    for (int i = 0; i < n; i++) {
        const struct activation *a = &b->activation[i];
        bool fired = a->firing_ms != RS_NEVER;
        enum text_style style = fired ? RS_STYLE_PLAIN : RS_STYLE_DIM;
        char *labels = rs_backtest_labels(b->labels, a->labels);
        rs_text_table_cell(t, fired ? RS_STYLE_BAD : style, "%s", a->rule->alert);
        rs_text_table_cell(t, style, "%s", labels);
        time_cell(t, style, a->active_ms, RS_NEVER);
        if (fired) {
            time_cell(t, style, a->firing_ms, a->active_ms);
        } else {
            rs_text_table_cell(t, style, "·");
        }
        if (a->cleared_ms == RS_NEVER) {
            rs_text_table_cell(t, style, "still up");
        } else {
            time_cell(t, style, a->cleared_ms, a->active_ms);
        }
        if (fired) {
            span_cell(t, style, rs_activation_firing_ms(a));
        } else {
            rs_text_table_cell(t, style, "·");
        }
        free(labels);
    }
    heading(to, "Activations", colour);
    if (n == 0) {
        fputs("  None: no alert was ever pending.\n", to);
    } else {
        rs_text_table_print(t, to, INDENT, width, colour);
    }
    if (n < b->n_activation) {
        fprintf(to, "  %d more; --csv and --json have all of them\n", b->n_activation - n);
    }
    rs_text_table_free(t);
}

static void print_totals(
    FILE *to, const struct backtest *b, const struct backtest_spec *spec, int width, bool colour)
{
    static const struct text_column column[] = {{"alert", .narrowest = 16},
                                                {"group", .narrowest = 8, .optional = true},
                                                {"active", .right = true},
                                                {"fired", .right = true},
                                                {"firing in all", .right = true},
                                                {"longest", .right = true},
                                                {"first fired"}};
    int n = 0;
    struct backtest_total *total = rs_backtest_totals(b, spec, &n);
    struct text_table *t = rs_text_table_new(7, column);
    for (int i = 0; i < n; i++) {
        const struct backtest_total *x = &total[i];
        enum text_style style = x->n_active ? RS_STYLE_PLAIN : RS_STYLE_DIM;
        rs_text_table_cell(t, x->n_fired ? RS_STYLE_BAD : style, "%s", x->rule->alert);
        rs_text_table_cell(t, style, "%s", x->group->name);
        rs_text_table_cell(t, style, x->n_active ? "%d" : "·", x->n_active);
        rs_text_table_cell(t, style, x->n_fired ? "%d" : "·", x->n_fired);
        if (x->n_fired) {
            span_cell(t, style, x->firing_ms);
            span_cell(t, style, x->longest_ms);
            time_cell(t, style, x->first_firing_ms, RS_NEVER);
        } else {
            for (int k = 0; k < 3; k++) {
                rs_text_table_cell(t, style, "%s", k < 2 ? "·" : "");
            }
        }
    }
    if (n > 0) {
        heading(to, "Alerts", colour);
        rs_text_table_print(t, to, INDENT, width, colour);
    }
    rs_text_table_free(t);
    free(total);
}

static void print_failures(FILE *to, const struct backtest *b, int width, bool colour)
{
    if (b->n_failure == 0) {
        return;
    }
    heading(to, "Rules that could not be evaluated", colour);
    for (int i = 0; i < b->n_failure; i++) {
        const struct backtest_failure *f = &b->failure[i];
        char time[48];
        rs_text_styled(to, RS_STYLE_BAD, colour, "  ✘ ");
        fprintf(to, "%s of group %s: %" PRIu64 " time%s, first at %s (%s:%d)\n",
                f->rule->alert ? f->rule->alert : f->rule->record, f->group->name, f->n,
                plural(f->n), rs_backtest_time_short(time, sizeof(time), f->first_ms, RS_NEVER),
                f->rule->at.file, f->rule->at.line);
        rs_text_wrap(to, f->text, 4, width);
    }
}

/* "HighErrors, SlowPortal (2)": names of the alerts, each once. */
static void
alerts_cell(struct text_table *t, const struct backtest *b, const struct backtest_notice *n)
{
    char text[512];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < n->n_firing + n->n_resolved; i++) {
        const char *name = rs_labels_get(b->labels, n->alert[i], "alertname");
        int n_same = 0;
        bool seen = false;
        for (int k = 0; k < n->n_firing + n->n_resolved; k++) {
            bool same = strcmp(rs_labels_get(b->labels, n->alert[k], "alertname"), name) == 0;
            seen = seen || (same && k < i);
            n_same += same;
        }
        if (seen || used >= sizeof(text) - 8) {
            continue;
        }
        int put = snprintf(text + used, sizeof(text) - used, n_same > 1 ? "%s%s (%d)" : "%s%s",
                           used ? ", " : "", name, n_same);
        used = used + (size_t)put < sizeof(text) ? used + (size_t)put : sizeof(text) - 1;
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

static void print_notices(FILE *to, const struct backtest *b, int width, bool colour)
{
    static const struct text_column column[] = {{"at"},
                                                {"receiver", .narrowest = 12},
                                                {"group", .right = true},
                                                {"firing", .right = true},
                                                {"resolved", .right = true},
                                                {"alerts", .narrowest = 16}};
    heading(to, "Notifications", colour);
    if (b->n_notice == 0) {
        fputs("  None: Alertmanager would have sent nothing.\n", to);
        return;
    }
    struct text_table *t = rs_text_table_new(6, column);
    int n = b->n_notice < ROWS_MAX ? b->n_notice : ROWS_MAX;
    for (int i = 0; i < n; i++) {
        const struct backtest_notice *x = &b->notice[i];
        int64_t at_ms = x->at_ns / RS_NS_PER_MS;
        time_cell(t, RS_STYLE_PLAIN, at_ms, RS_NEVER);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", x->receiver);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, x->group);
        rs_text_table_cell(t, x->n_firing ? RS_STYLE_BAD : RS_STYLE_DIM, x->n_firing ? "%d" : "·",
                           x->n_firing);
        rs_text_table_cell(t, x->n_resolved ? RS_STYLE_GOOD : RS_STYLE_DIM,
                           x->n_resolved ? "%d" : "·", x->n_resolved);
        alerts_cell(t, b, x);
    }
    rs_text_table_print(t, to, INDENT, width, colour);
    if (n < b->n_notice) {
        fprintf(to, "  %d more; --json has all of them\n", b->n_notice - n);
    }
    rs_text_table_free(t);
}

void rs_backtest_print(
    FILE *to, const struct backtest *b, const struct backtest_spec *spec, int width, bool colour)
{
    char from[48], until[48];
    width = width < 60 ? 60 : width > 200 ? 200 : width;
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
    print_activations(to, b, width, colour);
    print_totals(to, b, spec, width, colour);
    print_failures(to, b, width, colour);
    if (spec->am) {
        print_notices(to, b, width, colour);
    }
}
